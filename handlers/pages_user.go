package handlers

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// screenDays is how far back a user's times are measured.
const screenDays = 7

// user is one user with everything that belongs to the user.
func (p *pages) user(c echo.Context) error {
	u, err := p.a.userOfPath(c)
	if err != nil {
		return err
	}
	return p.showUser(c, http.StatusOK, u, web.Form{}, web.Secret{})
}

func (p *pages) showUser(c echo.Context, status int, u *models.User, form web.Form, fresh web.Secret) error {
	dir := p.a.d.Setup.Directory()
	n := names{dir}
	d := web.UserPage{Frame: p.frame(c, "users", u.DisplayName(), u.DisplayName()), U: n.userRow(u, nil), Form: form, New: fresh}
	if d.Form.Values == nil {
		d.Form.Values = filled(userValues(u))
	}
	p.present(&d.U, u.ID, d.Now)
	d.Extensions, d.Asked = n.extensionRows(u.ID), n.asked(u.ID)
	d.Sources, d.Groups = n.sourceOptions(""), n.groupOptions(d.U.Groups...)
	for _, o := range n.userOptions("") {
		if o.Value != u.Login {
			d.Others = append(d.Others, o)
		}
	}
	d.Tokens, d.OldTokens = n.tokenRows(u.ID, d.Now)
	for _, s := range p.a.d.Register.Sessions(u.ID) {
		d.Sessions = append(d.Sessions, web.SessionRow{Name: s.Name, Client: s.Client, LastPoll: s.LastPoll, Waiting: s.Waiting, Busy: s.Busy})
	}
	m, err := p.a.d.Journal.ScreenTimes(c.Request().Context(), u.ID, d.Now.Add(-screenDays*24*time.Hour))
	if err != nil {
		return err
	}
	d.Screen = web.Screen{Told: m.Told, Opened: m.Opened, ToldP50: web.Lasted(d.Lang, m.ToldP50), ToldP95: web.Lasted(d.Lang, m.ToldP95), OpenP50: web.Lasted(d.Lang, m.OpenedP50), OpenP95: web.Lasted(d.Lang, m.OpenedP95)}
	return p.showAs(c, status, "user", d)
}

// userValues are what the form shows of a stored user.
func userValues(u *models.User) url.Values {
	v := url.Values{"name": {u.Name}, "external_id": {u.ExternalID}, "pop_on": {cmp.Or(u.PopOn, models.PopAnswered)}, "timezone": {u.Timezone}}
	if u.Quiet {
		v.Set("quiet", "on")
	}
	return v
}

// extensionRows are a user's phones: the own ones, and those that are shared.
func (n names) extensionRows(user int64) []web.ExtensionRow {
	var out []web.ExtensionRow
	row := func(k models.ExtKey) web.ExtensionRow {
		r := web.ExtensionRow{Source: n.slug(k.SourceID), Number: k.Extension}
		if s := n.d.Sources[k.SourceID]; s != nil {
			r.SourceName = cmp.Or(s.Name, s.Slug)
		}
		return r
	}
	for k, owner := range n.d.Extensions {
		if owner == user {
			out = append(out, row(k))
		}
	}
	for k, e := range n.d.Shared {
		if e.OwnerOf(user) == nil {
			continue
		}
		r := row(k)
		r.Mode, r.Today, r.Mine = e.Mode, n.person(e.Today()), e.Today() == user
		var others []string
		for _, o := range e.Owners {
			if o.UserID != user {
				others = append(others, n.person(o.UserID))
			}
		}
		slices.Sort(others)
		r.Others = strings.Join(others, ", ")
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b web.ExtensionRow) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.Number, b.Number))
	})
	return out
}

// tokenRows are a user's tokens that open something, newest first, and how many
// do no more.
func (n names) tokenRows(user int64, now time.Time) (out []web.TokenRow, old int) {
	var all []*models.Token
	for _, t := range n.d.Tokens {
		switch {
		case t.UserID != user:
		case t.ValidAt(now):
			all = append(all, t)
		default:
			old++
		}
	}
	slices.SortFunc(all, func(a, b *models.Token) int { return cmp.Compare(b.ID, a.ID) })
	for _, t := range all {
		out = append(out, web.TokenRow{ID: idText(t.ID), Name: t.Name, Scopes: strings.Join(t.Scopes, ", "), Made: t.CreatedAt, Ends: t.ExpiresAt})
	}
	return out, old
}

func (p *pages) putUser(c echo.Context) error {
	form, u, err := p.typedOfUser(c)
	if err != nil {
		return err
	}
	active := u.Active || u.Pending // who waits is taken in: an inactive user waits no more
	if err = movedOn(form, userValues(u)); err == nil {
		_, err = p.a.d.Setup.PutUser(c.Request().Context(), actorOf(c), u.Login, models.UserInput{Name: text(form, "name"), ExternalID: text(form, "external_id"),
			PopOn: text(form, "pop_on"), Timezone: text(form, "timezone"), Quiet: ticked(form, "quiet"), Active: &active})
	}
	if err != nil {
		f, err := p.wrong(c, form, err)
		if err != nil {
			return err
		}
		return p.showUser(c, http.StatusUnprocessableEntity, u, f, web.Secret{})
	}
	return p.done(c, pathOf("users", u.Login), "Сохранено.", "Saved.", nil)
}

// switchUser switches a user off, with all tokens, or on again.
func (p *pages) switchUser(c echo.Context) error {
	form, u, err := p.typedOfUser(c)
	if err != nil {
		return err
	}
	back := pathOf("users", u.Login)
	if form.Get("active") == "" {
		return p.done(c, back, "Пользователь отключён, его токены отозваны.", "The user is switched off and the tokens are revoked.", p.a.d.Setup.DeleteUser(c.Request().Context(), actorOf(c), u.Login))
	}
	_, err = p.a.d.Setup.PutUser(c.Request().Context(), actorOf(c), u.Login, models.UserInput{Name: &u.Name, PopOn: orNull(u.PopOn), Timezone: orNull(u.Timezone), Quiet: &u.Quiet})
	return p.done(c, back, "Пользователь включён.", "The user is switched on.", err)
}

// putUserGroups makes a user a member of exactly the chosen groups, at the end
// of those that are new.
func (p *pages) putUserGroups(c echo.Context) error {
	form, u, err := p.typedOfUser(c)
	if err != nil {
		return err
	}
	dir := p.a.d.Setup.Directory()
	n := names{dir}
	for _, g := range dir.Groups {
		in, wants := slices.Contains(g.Members, u.ID), slices.Contains(form["group"], g.Name)
		if in == wants {
			continue
		}
		var logins []string
		for _, m := range g.Members {
			if m != u.ID {
				logins = append(logins, n.login(m))
			}
		}
		if wants {
			logins = append(logins, u.Login)
		}
		if _, err := p.a.d.Setup.PutGroup(c.Request().Context(), actorOf(c), g.Name, logins); err != nil {
			return p.done(c, pathOf("users", u.Login), "", "", err)
		}
	}
	return p.done(c, pathOf("users", u.Login), "Группы сохранены.", "The groups are saved.", nil)
}

// newToken makes a token and shows it once.
func (p *pages) newToken(c echo.Context) error {
	form, u, err := p.typedOfUser(c)
	if err != nil {
		return err
	}
	in := models.TokenInput{Name: *text(form, "name"), Scopes: []string{models.ScopePoll}}
	if form.Get("dial") != "" {
		in.Scopes = append(in.Scopes, models.ScopeDial)
	}
	if days := map[string]int{"30": 30, "365": 365}[form.Get("days")]; days > 0 {
		in.ExpiresAt = time.Now().AddDate(0, 0, days)
	}
	t, secret, err := p.a.d.Setup.NewToken(c.Request().Context(), actorOf(c), u.ID, in)
	if err != nil {
		return p.done(c, pathOf("users", u.Login), "", "", err)
	}
	return p.showUser(c, http.StatusOK, u, web.Form{}, web.Secret{Of: t.Name, Text: secret})
}

// revokeToken ends a token; the polls that wait with it end at once.
func (p *pages) revokeToken(c echo.Context) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	u, err := p.a.userOfPath(c)
	if err != nil {
		return err
	}
	for _, t := range p.a.d.Setup.Directory().Tokens {
		if t.ID == id && t.UserID == u.ID {
			return p.done(c, pathOf("users", u.Login), "Токен отозван.", "The token is revoked.", p.a.d.Setup.RevokeToken(c.Request().Context(), actorOf(c), id))
		}
	}
	return models.Errorf(models.NotFound, "no token %d", id)
}

// putUserExtension gives a user a phone, shares one with others, or takes it
// away. A phone of somebody else needs a tick that it shall go over.
func (p *pages) putUserExtension(c echo.Context) error {
	form, u, err := p.typedOfUser(c)
	if err != nil {
		return err
	}
	ctx, by, back := c.Request().Context(), actorOf(c), pathOf("users", u.Login)
	dir := p.a.d.Setup.Directory()
	n := names{dir}
	src := dir.SourceBySlug(form.Get("source"))
	number := models.NormalizeExtension(form.Get("number"))
	if src == nil {
		return p.done(c, back, "", "", models.Errorf(models.NotFound, "no source %q", models.CutText(form.Get("source"), 80)))
	}
	k := models.ExtKey{SourceID: src.ID, Extension: number}
	if form.Get("action") == "remove" {
		if e := dir.Shared[k]; e != nil && len(e.Owners) > 1 {
			var rest []int64
			for _, o := range e.Owners {
				if o.UserID != u.ID {
					rest = append(rest, o.UserID)
				}
			}
			err = p.a.d.Setup.ShareExtension(ctx, by, src.Slug, number, e.Mode, rest)
		} else if dir.Extensions[k] == u.ID || e != nil {
			err = p.a.d.Setup.MapExtension(ctx, by, src.Slug, number, 0)
		}
		return p.done(c, back, "Номер отвязан.", "The extension is taken away.", err)
	}
	if owner := dir.Extensions[k]; owner != 0 && owner != u.ID && form.Get("take") == "" {
		return p.done(c, back, "", "", models.InvalidField("number", "belongs to %s", n.person(owner)))
	}
	if mode := form.Get("mode"); mode != "" {
		users := []int64{u.ID}
		for _, login := range form["with"] {
			if other := dir.UserByLogin(login); other != nil {
				users = append(users, other.ID)
			}
		}
		err = p.a.d.Setup.ShareExtension(ctx, by, src.Slug, number, mode, users)
		return p.done(c, back, "Номер стал общим.", "The extension is shared.", err)
	}
	err = p.a.d.Setup.MapExtension(ctx, by, src.Slug, number, u.ID)
	return p.done(c, back, "Номер привязан. То, что его ждало, доставляется.", "The extension is mapped. What waited for it is being delivered.", err)
}

// testUser sends a user a notification that only says that it came.
func (p *pages) testUser(c echo.Context) error {
	u, err := p.a.userOfPath(c)
	if err != nil {
		return err
	}
	l := p.lang(c)
	f := web.Frame{Lang: l}
	rows, err := p.a.d.Register.Publish(c.Request().Context(), callerOf(c), models.Publication{User: u.Login, Kind: "test", Action: models.ActionShow, TTL: time.Hour, CollapseKey: "test",
		Payload: models.Payload{Title: f.T("Проверка связи", "Test"), Text: f.T("Это уведомление отправил администратор: ", "An administrator sent this notification: ") + adminOf(c).DisplayName()}})
	if err != nil || len(rows) == 0 {
		return p.done(c, pathOf("users", u.Login), "", "", err)
	}
	return p.done(c, "/admin/notifications/"+idText(rows[0].ID), "Отправлено. Здесь видно, получила ли его программа.", "Sent. This page tells whether a client gets it.", nil)
}

// typedOfUser is the form of a button on a user's page, and the user.
func (p *pages) typedOfUser(c echo.Context) (url.Values, *models.User, error) {
	form, err := typed(c)
	if err != nil {
		return nil, nil, err
	}
	u, err := p.a.userOfPath(c)
	return form, u, err
}
