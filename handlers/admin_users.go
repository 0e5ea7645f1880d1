package handlers

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// userBody is a user as an administrator reads it.
type userBody struct {
	Login      string            `json:"login"`
	ExternalID *string           `json:"external_id"`
	Name       string            `json:"name"`
	PopOn      string            `json:"pop_on"`
	Quiet      bool              `json:"quiet"`
	Active     bool              `json:"active"`
	Pending    bool              `json:"pending"`
	Timezone   *string           `json:"timezone"`
	Extensions []extensionAnswer `json:"extensions"`
	CreatedAt  string            `json:"created_at"`
}

func userBodyOf(u *models.User, owned []extensionAnswer) userBody {
	if owned == nil {
		owned = []extensionAnswer{}
	}
	return userBody{
		Login: u.Login, ExternalID: orNull(u.ExternalID), Name: u.Name, PopOn: cmp.Or(u.PopOn, models.PopAnswered), Quiet: u.Quiet, Active: u.Active,
		Pending: u.Pending, Timezone: orNull(u.Timezone), Extensions: owned, CreatedAt: timeText(u.CreatedAt),
	}
}

// extensionsByUser lists who has which extensions, sorted.
func extensionsByUser(d *models.Directory) map[int64][]extensionAnswer {
	out := map[int64][]extensionAnswer{}
	n := names{d}
	for k, user := range d.Extensions {
		out[user] = append(out[user], extensionAnswer{Source: n.slug(k.SourceID), Number: k.Extension})
	}
	for _, list := range out {
		slices.SortFunc(list, func(x, y extensionAnswer) int {
			return cmp.Or(strings.Compare(x.Source, y.Source), strings.Compare(x.Number, y.Number))
		})
	}
	return out
}

func (a *API) listUsers(c echo.Context) error {
	d := a.d.Setup.Directory()
	owned := extensionsByUser(d)
	var items []userBody
	for _, u := range d.SortedUsers() {
		items = append(items, userBodyOf(u, owned[u.ID]))
	}
	return writePage(c, items, "")
}

// userOfPath finds the user of the path by login. Errors: NotFound.
func (a *API) userOfPath(c echo.Context) (*models.User, error) {
	login := pathParam(c, "login")
	u := a.d.Setup.Directory().UserByLogin(login)
	if u == nil {
		return nil, models.Errorf(models.NotFound, "no user %q", models.CutText(login, 80))
	}
	return u, nil
}

func (a *API) getUser(c echo.Context) error {
	u, err := a.userOfPath(c)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, userBodyOf(u, extensionsByUser(a.d.Setup.Directory())[u.ID]))
}

func (a *API) putUser(c echo.Context) error {
	f, err := readFields(c)
	if err != nil {
		return err
	}
	f.only("name", "external_id", "pop_on", "quiet", "active", "timezone",
		"login", "pending", "extensions", "created_at") // the last ones as GET shows them
	f.same("login", pathParam(c, "login"))
	a.sameExtensions(f, pathParam(c, "login"))
	in := models.UserInput{
		Name: f.optStr("name"), ExternalID: f.optStr("external_id"), PopOn: f.optStr("pop_on"), Timezone: f.optStr("timezone"),
		Quiet: f.optBool("quiet"), Active: f.optBool("active"),
	}
	if err := f.err(); err != nil {
		return err
	}
	u, err := a.d.Setup.PutUser(c.Request().Context(), actorOf(c), pathParam(c, "login"), in)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, userBodyOf(&u, extensionsByUser(a.d.Setup.Directory())[u.ID]))
}

// sameExtensions refuses other extensions than the user has: they are given at
// an address of their own.
func (a *API) sameExtensions(f *fields, login string) {
	if !f.has("extensions") {
		return
	}
	d := a.d.Setup.Directory()
	var has, given []string
	if u := d.UserByLogin(login); u != nil {
		for _, e := range extensionsByUser(d)[u.ID] {
			has = append(has, e.Source+"/"+e.Number)
		}
	}
	for _, v := range f.list("extensions") {
		m, _ := v.(map[string]any)
		given = append(given, fmt.Sprint(m["source"], "/", m["number"]))
	}
	slices.Sort(given)
	slices.Sort(has)
	if !slices.Equal(has, given) {
		f.fail("extensions", "are given one by one: PUT /v1/admin/extensions/SOURCE/EXTENSION")
	}
}

func (a *API) deleteUser(c echo.Context) error {
	if err := a.d.Setup.DeleteUser(c.Request().Context(), actorOf(c), pathParam(c, "login")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// tokenBody is a token without its text.
type tokenBody struct {
	ID        string   `json:"id"`
	User      *string  `json:"user"`
	Name      string   `json:"name"`
	Scopes    []string `json:"scopes"`
	CreatedAt string   `json:"created_at"`
	ExpiresAt *string  `json:"expires_at"`
	RevokedAt *string  `json:"revoked_at"`
}

func (n names) tokenBody(t *models.Token) tokenBody {
	return tokenBody{ID: idText(t.ID), User: orNull(n.login(t.UserID)), Name: t.Name, Scopes: t.Scopes,
		CreatedAt: timeText(t.CreatedAt), ExpiresAt: timeOrNull(t.ExpiresAt), RevokedAt: timeOrNull(t.RevokedAt)}
}

// listTokens lists all tokens, newest first, or those of the path's user.
func (a *API) listTokens(c echo.Context) error {
	f := queryFields(c)
	after, limit := pageParams(f)
	before := models.ParseID(after)
	if after != "" && before == 0 {
		f.fail("after", "is no cursor of this list")
	}
	if err := f.err(); err != nil {
		return err
	}
	d := a.d.Setup.Directory()
	user := int64(-1)
	if c.Param("login") != "" {
		u, err := a.userOfPath(c)
		if err != nil {
			return err
		}
		user = u.ID
	}
	var found []*models.Token
	for _, t := range d.Tokens {
		if (user < 0 || t.UserID == user) && (before == 0 || t.ID < before) {
			found = append(found, t)
		}
	}
	slices.SortFunc(found, func(x, y *models.Token) int { return cmp.Compare(y.ID, x.ID) })
	next := ""
	if len(found) > limit {
		found = found[:limit]
		next = idText(found[limit-1].ID)
	}
	items := make([]tokenBody, len(found))
	for i, t := range found {
		items[i] = names{d}.tokenBody(t)
	}
	return writePage(c, items, next)
}

func (a *API) newToken(c echo.Context) error {
	f, err := readFields(c)
	if err != nil {
		return err
	}
	f.only("name", "scopes", "expires_at")
	in := models.TokenInput{Name: f.strMax("name", models.MaxName), Scopes: f.strs("scopes"), ExpiresAt: f.time("expires_at", models.ZoneOf(a.d.Timezone))}
	if err := f.err(); err != nil {
		return err
	}
	user := int64(0)
	if c.Param("login") != "" {
		u, err := a.userOfPath(c)
		if err != nil {
			return err
		}
		user = u.ID
	}
	t, text, err := a.d.Setup.NewToken(c.Request().Context(), actorOf(c), user, in)
	if err != nil {
		return err
	}
	return writeNewToken(c, t, text)
}

func (a *API) getToken(c echo.Context) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	d := a.d.Setup.Directory()
	for _, t := range d.Tokens {
		if t.ID == id {
			return writeJSON(c, http.StatusOK, names{d}.tokenBody(t))
		}
	}
	return models.Errorf(models.NotFound, "no token %d", id)
}

func (a *API) revokeToken(c echo.Context) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	if err := a.d.Setup.RevokeToken(c.Request().Context(), actorOf(c), id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
