package handlers

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// registerPeople puts the pages about people on the surface: administrators,
// users, groups, and the audit of what they do.
func (p *pages) registerPeople(add func(role, method, path string, h echo.HandlerFunc)) {
	const viewer, operator, admin = models.RoleViewer, models.RoleOperator, models.RoleAdmin
	add(viewer, "GET", "/account", p.account)
	add(viewer, "POST", "/account", p.putAccount)
	add(viewer, "POST", "/account/password", p.putMyPassword)
	add(viewer, "POST", "/account/sign-ins", p.endMySignIns)

	add(admin, "GET", "/administrators", p.administrators)
	add(admin, "POST", "/administrators", p.newAdministrator)
	add(admin, "GET", "/administrators/:login", p.administrator)
	add(admin, "POST", "/administrators/:login", p.putAdministrator)
	add(admin, "POST", "/administrators/:login/password", p.resetPassword)
	add(admin, "POST", "/administrators/:login/sign-ins", p.endSignInsOf)

	add(admin, "GET", "/audit", p.audit)
	add(admin, "GET", "/audit.csv", p.auditCSV)

	add(viewer, "GET", "/users", p.users)
	add(admin, "POST", "/users", p.newUser)
	add(viewer, "GET", "/users/:login", p.user)
	add(admin, "POST", "/users/:login", p.putUser)
	add(admin, "POST", "/users/:login/active", p.switchUser)
	add(admin, "POST", "/users/:login/groups", p.putUserGroups)
	add(admin, "POST", "/users/:login/tokens", p.newToken)
	add(admin, "POST", "/users/:login/tokens/:id/revoke", p.revokeToken)
	add(operator, "POST", "/users/:login/extensions", p.putUserExtension)
	add(operator, "POST", "/users/:login/test", p.testUser)

	add(admin, "GET", "/people", p.people)
	add(admin, "POST", "/people", p.matchPeople)
	add(admin, "POST", "/people/announced", p.confirmAnnounced)
	add(operator, "POST", "/people/asked", p.answerAsked)

	add(viewer, "GET", "/groups", p.groups)
	add(admin, "POST", "/groups", p.newGroup)
	add(viewer, "GET", "/groups/:name", p.group)
	add(admin, "POST", "/groups/:name", p.putGroup)
	add(admin, "POST", "/groups/:name/delete", p.deleteGroup)
}

// typed reads a form. Errors: Malformed.
func typed(c echo.Context) (url.Values, error) {
	form, err := c.FormParams()
	if err != nil {
		return nil, models.Errorf(models.Malformed, "the form cannot be read")
	}
	return form, nil
}

// wrong is the form with what is wrong in it. An error that no person can do
// anything about comes back.
func (p *pages) wrong(c echo.Context, form url.Values, err error) (web.Form, error) {
	own := publicError(err)
	if own == nil {
		return web.Form{}, err
	}
	shown := url.Values{}
	for name, v := range form { // passwords are typed anew
		if !strings.Contains(name, "password") && name != "old" && name != "new" && name != "again" {
			shown[name] = v
		}
	}
	return web.FormOf(p.lang(c), shown, own), nil
}

// stateOf names what a form was filled from.
func stateOf(stored url.Values) string {
	sum := sha256.Sum256([]byte(stored.Encode()))
	return hex.EncodeToString(sum[:8])
}

// filled is a form with what is stored, and with its name.
func filled(stored url.Values) url.Values {
	state := stateOf(stored)
	stored.Set("seen", state)
	return stored
}

// movedOn refuses a form that was filled from something else than what is
// stored now: what somebody else changed meanwhile would be lost.
func movedOn(form, stored url.Values) error {
	if seen := form.Get("seen"); seen != "" && seen != stateOf(stored) {
		return models.Coded(models.Conflict, "moved_on", "somebody else has changed this meanwhile: open it again")
	}
	return nil
}

// ticked is a checkbox.
func ticked(form url.Values, name string) *bool {
	on := form.Get(name) != ""
	return &on
}

// text is what was typed into a field, without space around it.
func text(form url.Values, name string) *string {
	s := strings.TrimSpace(form.Get(name))
	return &s
}

// newPassword is 80 random bits, easy to read out.
func newPassword() string {
	t := strings.ToLower(rand.Text()[:16])
	return t[:4] + "-" + t[4:8] + "-" + t[8:12] + "-" + t[12:]
}

// pathOf is an address below /admin with a name as its last part.
func pathOf(list, name string) string { return "/admin/" + list + "/" + url.PathEscape(name) }
