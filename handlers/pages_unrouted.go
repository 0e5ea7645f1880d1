package handlers

import (
	"context"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// unroutedDays are the times that the page can look back.
var unroutedDays = []struct {
	value, ru, en string
	back          time.Duration
}{
	{"1", "сутки", "a day", 24 * time.Hour},
	{"7", "неделя", "a week", 7 * 24 * time.Hour},
	{"30", "30 дней", "30 days", 30 * 24 * time.Hour},
}

// maxPending is how many rows a user's set holds.
const maxPending = 500

// unrouted is the extensions that nobody owns, and what users ask for.
func (p *pages) unrouted(c echo.Context) error {
	d := web.UnroutedPage{Frame: p.frame(c, "unrouted", "Номера без хозяина", "Unrouted"), ListURL: "/admin/unrouted" + filterOf(c, []string{"days"}, "")}
	back, chosen := unroutedDays[0].back, unroutedDays[0].value
	for _, o := range unroutedDays {
		if o.value == c.QueryParam("days") {
			back, chosen = o.back, o.value
		}
	}
	for _, o := range unroutedDays {
		d.Days = append(d.Days, web.Option{Value: o.value, Text: d.T(o.ru, o.en), Chosen: o.value == chosen})
	}
	list, err := p.a.d.Journal.Unrouted(c.Request().Context(), d.Now.Add(-back))
	if err != nil {
		return err
	}
	n := names{p.a.d.Setup.Directory()}
	for _, u := range list {
		d.Rows = append(d.Rows, web.UnroutedRow{ID: fmt.Sprintf("%d-%x", u.SourceID, crc32.ChecksumIEEE([]byte(u.Extension))), Source: n.slug(u.SourceID), Extension: u.Extension, Count: u.Count, Last: u.LastAt})
	}
	slices.SortStableFunc(d.Rows, func(x, y web.UnroutedRow) int { return y.Last.Compare(x.Last) })
	d.Users = n.userOptions("")
	for i := rowsOfChoices(len(d.Users)); i < len(d.Rows); i++ {
		d.Rows[i].Typed = true
	}
	for _, r := range n.requests() {
		asked, _ := time.Parse(time.RFC3339Nano, r.AskedAt) // our own words
		d.Requests = append(d.Requests, web.RequestRow{Source: r.Source, Extension: r.Extension, User: r.Name, Login: r.User, Asked: asked})
	}
	return p.show(c, "unrouted", d)
}

// rowsOfChoices is how many rows of a page each have a list of so many users to
// choose from; in the others a login is typed.
func rowsOfChoices(users int) int { return max(20, 20_000/max(users, 1)) }

// mapExtension gives an extension to a user, or makes it a phone of several.
func (p *pages) mapExtension(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return models.Errorf(models.Malformed, "the form cannot be read")
	}
	source, ext, back := form.Get("source"), form.Get("extension"), form.Get("back")
	if back == "" {
		back = "/admin/unrouted"
	}
	var users []int64
	var called []string
	for _, login := range form["user"] {
		u := p.a.d.Setup.Directory().UserByLogin(login)
		if u == nil || login == "" {
			return p.done(c, back, "", "", models.Errorf(models.NotFound, "no user %q", models.CutText(login, 80)))
		}
		users, called = append(users, u.ID), append(called, u.DisplayName())
	}
	mode, ctx := form.Get("mode"), c.Request().Context()
	before, err := p.newest(ctx, users)
	if err != nil {
		return err
	}
	switch {
	case len(users) == 0:
		return p.done(c, back, "", "", models.InvalidField("user", "is required"))
	case mode == models.SharedAll || mode == models.SharedCheckIn:
		err = p.a.d.Setup.ShareExtension(ctx, actorOf(c), source, ext, mode, users)
	default:
		err = p.a.d.Setup.MapExtension(ctx, actorOf(c), source, ext, users[0])
		called = called[:1]
	}
	if err != nil {
		return p.done(c, back, "", "", err)
	}
	after, err := p.newest(ctx, users)
	if err != nil {
		return err
	}
	ru, en := " Ничего не ждало.", " Nothing waited."
	if after > before {
		ru, en = " Что ждало, доставлено.", " What waited is delivered."
	}
	who := strings.Join(called, ", ")
	return p.done(c, back, web.OneStop("Номер "+models.CutText(ext, 80)+" назначен: "+who+".")+ru, "The extension "+models.CutText(ext, 80)+" belongs to "+who+" now."+en, nil)
}

// newest is the id of the last row that waits for one of these users; 0: none.
func (p *pages) newest(ctx context.Context, users []int64) (int64, error) {
	last := int64(0)
	for _, u := range users {
		rows, _, err := p.a.d.Journal.Notifications(ctx, models.AdminQuery{User: u, State: "pending", Limit: maxPending})
		if err != nil {
			return 0, err
		}
		for i := range rows {
			last = max(last, rows[i].ID)
		}
	}
	return last, nil
}

// refuseRequest drops what users asked for one extension.
func (p *pages) refuseRequest(c echo.Context) error {
	err := p.a.d.Setup.RefuseExtension(c.Request().Context(), actorOf(c), c.FormValue("source"), c.FormValue("extension"))
	return p.done(c, "/admin/unrouted", "Отказано.", "Refused.", err)
}
