package handlers

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/handlers/pbx"
	"zummer/models"
)

// askBudget bounds one command to a PBX or one question.
const askBudget = 15 * time.Second

// dial is POST /v1/calls: the PBX rings the user's phone, then the number. A
// token of a user dials for that user; a token of nobody names one. Under an
// Idempotency-Key the phone rings once: see dial_once.go.
func (a *API) dial(c echo.Context) error {
	f, err := readFields(c)
	if err != nil {
		return err
	}
	number, slug, login := f.required("phone", 64), f.str("source"), f.str("user")
	key := readIdempotencyKey(c, f)
	if err := f.err(); err != nil {
		return err
	}
	user, err := a.dialler(c, login)
	if err != nil {
		return err
	}
	// An order that was begun is finished, whether its client stays or not.
	ctx := context.WithoutCancel(c.Request().Context())
	place := func() (dialAnswer, error) { return a.place(ctx, actorOf(c), user, slug, number) }
	var answer dialAnswer
	if key == "" {
		answer, err = place()
	} else {
		answer, err = a.once(ctx, callerOf(c), key, []string{user.Login, slug, number}, place)
	}
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusAccepted, answer)
}

// dialAnswer says that the PBX took the order.
type dialAnswer struct {
	Order     string  `json:"order"`
	Source    string  `json:"source"`
	Extension string  `json:"extension"`
	Call      *string `json:"call"`
}

// place gives the order to the user's PBX. Errors: Conflict dial_unknown when
// nobody knows whether the phone rings.
func (a *API) place(ctx context.Context, by Actor, user *models.User, slug, number string) (dialAnswer, error) {
	source, dialer, from, err := a.line(user, slug)
	if err != nil {
		return dialAnswer{}, err
	}
	cfg := SourceConfig(source, a.d.Timezone, a.d.Region, time.Now())
	e164 := a.e164(source, number)
	if e164 == "" {
		return dialAnswer{}, models.InvalidField("phone", "is no telephone number")
	}
	order := pbx.Order{From: from, Phone: e164, ID: rand.Text()}
	ctx, cancel := context.WithTimeout(ctx, askBudget)
	defer cancel()
	if err := a.d.Setup.AuditNote(ctx, by, "call.dial", user.Login, "source "+source.Slug+", order "+order.ID); err != nil {
		return dialAnswer{}, err
	}
	sent := &sentOrder{do: a.d.Outbound(source)}
	call, err := dialer.Dial(ctx, sent, cfg, order)
	switch {
	case err != nil && (sent.lost.Load() || sent.wrote.Load() && ctx.Err() != nil):
		e := errDialUnknown()
		e.Cause = err
		a.log.WarnContext(ctx, "nobody knows whether an order was carried out", "source", source.Slug, "order", order.ID, "err", err)
		return dialAnswer{}, e
	case err != nil:
		return dialAnswer{}, err
	}
	return dialAnswer{Order: order.ID, Source: source.Slug, Extension: from, Call: orNull(call)}, nil
}

// dialler is the user whose phone rings.
func (a *API) dialler(c echo.Context, login string) (*models.User, error) {
	who := callerOf(c)
	if who.User != nil {
		if login != "" && a.d.Setup.Directory().UserByName(login) != who.User {
			return nil, models.Errorf(models.Forbidden, "this token dials for its own user only")
		}
		return who.User, nil
	}
	if login == "" {
		return nil, models.InvalidField("user", "is required: this token belongs to no user")
	}
	u := a.d.Setup.Directory().UserByName(login)
	if u == nil || !u.Active {
		return nil, models.Coded(models.NotFound, "unknown_user", "no user %q", models.CutText(login, 80))
	}
	return u, nil
}

// line finds the source that dials, and the user's phone there.
func (a *API) line(u *models.User, slug string) (s *models.Source, d pbx.Dialer, from string, err error) {
	dir := a.d.Setup.Directory()
	if slug != "" && dir.SourceBySlug(slug) == nil {
		return nil, nil, "", models.InvalidField("source", "no source %q", models.CutText(slug, 80))
	}
	var could []string
	for _, one := range dir.Sources {
		adapter, _ := pbx.Lookup(one.Kind)
		dialer, dials := adapter.(pbx.Dialer)
		exts := dir.ExtensionsOf(u.ID, one.ID)
		if !dials || !one.Active || len(exts) == 0 || slug != "" && one.Slug != slug {
			continue
		}
		could = append(could, one.Slug)
		s, d, from = one, dialer, exts[0]
	}
	switch {
	case len(could) == 1:
		return s, d, from, nil
	case slug != "":
		return nil, nil, "", models.InvalidField("source", "source %q cannot place calls for this user", slug)
	case len(could) == 0:
		return nil, nil, "", models.Coded(models.Conflict, "cannot_dial", "no PBX that places calls knows a phone of this user")
	}
	return nil, nil, "", models.InvalidField("source", "is required: this user has phones at %s", strings.Join(could, ", "))
}

// employeeBody is a person of the PBX, and the user it probably is.
type employeeBody struct {
	pbx.Employee
	Mapped  *string `json:"mapped"`  // login of the user who owns one of the addresses
	Matches *string `json:"matches"` // login of the user of the same e-mail or name, to be confirmed; null: none or several
}

// employees is GET /v1/admin/sources/{slug}/employees.
func (a *API) employees(c echo.Context) error {
	s, err := a.sourceOf(c, "slug")
	if err != nil {
		return err
	}
	people, err := a.peopleOf(c.Request().Context(), s)
	if err != nil {
		return err
	}
	dir := a.d.Setup.Directory()
	items := make([]employeeBody, len(people))
	for i, p := range people {
		items[i] = employeeBody{Employee: p, Matches: matchEmployee(dir, p)}
		if id := dir.Owner(s.ID, p.Addresses); id != 0 {
			items[i].Mapped = &dir.Users[id].Login
		}
	}
	return writePage(c, items, "")
}

// matchEmployee finds the one user who has the e-mail as login or external id,
// or the same name, whatever the order and case of its words.
func matchEmployee(d *models.Directory, p pbx.Employee) *string {
	var byMail, byName []*models.User
	for _, u := range d.SortedUsers() {
		if !u.Active {
			continue
		}
		local, _, _ := strings.Cut(p.Email, "@")
		if p.Email != "" && (strings.EqualFold(u.Login, p.Email) || strings.EqualFold(u.ExternalID, p.Email) || strings.EqualFold(u.Login, local)) {
			byMail = append(byMail, u)
		}
		if p.Name != "" && words(u.Name) == words(p.Name) {
			byName = append(byName, u)
		}
	}
	for _, found := range [][]*models.User{byMail, byName} {
		if len(found) == 1 {
			return &found[0].Login
		}
	}
	return nil
}

// words is a name for comparing: its words in lower case and order.
func words(name string) string {
	w := strings.Fields(strings.ToLower(strings.ReplaceAll(name, "ё", "е")))
	slices.Sort(w)
	return strings.Join(w, " ")
}
