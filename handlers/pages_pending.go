package handlers

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// pagePending is how many rows a page of the list has.
const pagePending = 50

// actAtOnce bounds what one press of a button does to many rows.
const actAtOnce = 200

// pending is the first page: what is not processed yet.
func (p *pages) pending(c echo.Context) error {
	ctx := c.Request().Context()
	d := web.PendingPage{Frame: p.frame(c, "pending", "Ожидают", "Pending")}
	q, filter, err := p.pendingQuery(c)
	if err != nil {
		return err
	}
	d.Filter, d.Later = filter, q.After != ""
	d.ListURL = pendingURL(c, q.After)
	dir := p.a.d.Setup.Directory()
	n := names{dir}
	d.First = len(dir.Sources) == 0
	d.Users, d.Sources, d.Kinds = n.userOptions(filter.User), n.sourceOptions(filter.Source), kindOptions(d.Lang, filter.Kind)

	// Each change renews two parts: neither reads what only the other one shows.
	part := c.Request().Header.Get("HX-Target")
	if part != "numbers" {
		if err := p.pendingRows(c, q, &d); err != nil {
			return err
		}
	}
	if part != "pending" {
		if d.Summary, d.Broken, err = p.summary(c); err != nil {
			return err
		}
		unrouted, err := p.a.d.Journal.Unrouted(ctx, d.Now.Add(-24*time.Hour))
		if err != nil {
			return err
		}
		d.Unrouted = len(unrouted)
	}
	return p.show(c, "pending", d)
}

// pendingRows fills in the rows of the list.
func (p *pages) pendingRows(c echo.Context, q models.AdminQuery, d *web.PendingPage) error {
	ctx, n := c.Request().Context(), names{p.a.d.Setup.Directory()}
	rows, next, err := p.a.d.Journal.Notifications(ctx, q)
	if err != nil {
		return err
	}
	if next != "" {
		d.More = pendingURL(c, next)
	}
	told, err := p.a.d.Journal.Told(ctx, rows)
	if err != nil {
		return err
	}
	online := map[int64]bool{}
	for i := range rows {
		r := &rows[i]
		if _, ok := online[r.UserID]; !ok {
			online[r.UserID] = slices.ContainsFunc(p.a.d.Register.Sessions(r.UserID), func(s models.Session) bool { return s.Waiting || d.Now.Sub(s.LastPoll) < time.Minute })
		}
		row := n.pendingRow(r)
		row.Online = online[r.UserID]
		for _, s := range told[r.ID] {
			row.Seen = append(row.Seen, cmp.Or(s, d.T("без имени", "unnamed")))
		}
		d.Rows = append(d.Rows, row)
	}
	return nil
}

func (p *pages) summary(c echo.Context) (web.Summary, int, error) {
	s, err := p.a.d.Journal.Stats(c.Request().Context())
	if err != nil {
		return web.Summary{}, 0, err
	}
	return web.Summary{Pending: s.Pending, Waiting: p.a.Waiting(), CallsToday: s.CallsToday, MissedToday: s.MissedToday, Oldest: s.OldestPending}, s.FailedToday, nil
}

// searched is the text that is looked for. Who is masked finds a number only by
// the whole of it: else its hidden digits could be guessed one after another.
func searched(c echo.Context, text string) string {
	digits := 0
	for _, r := range text {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	if who := adminOf(c); who != nil && who.Masked && digits > 0 && digits < 10 {
		return "\uffff" // no text of ours has it
	}
	return text
}

// pendingQuery reads the filter. Words that are none are no filter: an address
// that somebody kept must go on working.
func (p *pages) pendingQuery(c echo.Context) (models.AdminQuery, web.PendingFilter, error) {
	filter := web.PendingFilter{User: c.QueryParam("user"), Source: c.QueryParam("source"), Kind: models.CutText(c.QueryParam("kind"), 64), Text: models.CutText(strings.TrimSpace(c.QueryParam("text")), 100)}
	q := models.AdminQuery{State: "pending", After: c.QueryParam("after"), Limit: pagePending, Kind: filter.Kind, Text: searched(c, filter.Text)}
	dir := p.a.d.Setup.Directory()
	if u := dir.UserByLogin(filter.User); filter.User != "" && u != nil {
		q.User = u.ID
	} else if filter.User != "" {
		return q, filter, models.Errorf(models.NotFound, "no user %q", models.CutText(filter.User, 80))
	}
	if s := dir.SourceBySlug(filter.Source); filter.Source != "" && s != nil {
		q.Source = s.ID
	} else if filter.Source != "" {
		return q, filter, models.Errorf(models.NotFound, "no source %q", models.CutText(filter.Source, 80))
	}
	if age, ok := map[string]time.Duration{"1m": time.Minute, "1h": time.Hour, "24h": 24 * time.Hour}[c.QueryParam("age")]; ok {
		filter.Age, q.Made = c.QueryParam("age"), time.Now().Add(-age)
	}
	if s := c.QueryParam("seen"); s == "seen" || s == "unseen" {
		filter.Seen, q.Seen = s, s
	}
	return q, filter, nil
}

// pendingURL is the list with the filter of this request, from after on.
func pendingURL(c echo.Context, after string) string {
	q := url.Values{}
	for _, name := range []string{"user", "source", "kind", "age", "seen", "text"} {
		if v := c.QueryParam(name); v != "" {
			q.Set(name, v)
		}
	}
	if after != "" {
		q.Set("after", after)
	}
	if len(q) == 0 {
		return "/admin/"
	}
	return "/admin/?" + q.Encode()
}

func (n names) pendingRow(r *models.Notification) web.PendingRow {
	row := web.PendingRow{
		ID: idText(r.ID), Rev: r.Rev, User: n.person(r.UserID), Login: url.PathEscape(n.login(r.UserID)), Kind: r.Kind, Action: r.Action, Live: r.Live(),
		Title: r.Payload.Title, Text: r.Payload.Text, Phone: r.Payload.Phone, Contact: r.Payload.Name, Source: n.slug(r.SourceID),
		Since: r.UpdatedAt, Created: r.CreatedAt, Expires: r.ExpiresAt, Held: r.Session,
	}
	if r.Payload.Client != nil {
		row.Contact = cmp.Or(r.Payload.Client.Title, row.Contact)
	}
	return row
}

// userOptions are the active users, by name; those of one name with the login.
func (n names) userOptions(chosen string) []web.Option {
	var out []web.Option
	of := map[string]int{}
	for _, u := range n.d.SortedUsers() {
		if u.Active || u.Login == chosen {
			out = append(out, web.Option{Value: u.Login, Text: u.DisplayName(), Chosen: u.Login == chosen})
			of[u.DisplayName()]++
		}
	}
	for i := range out {
		if o := &out[i]; of[o.Text] > 1 && o.Text != o.Value {
			o.Text += " (" + o.Value + ")"
		}
	}
	return out
}

// sourceOptions are the sources, by slug.
func (n names) sourceOptions(chosen string) []web.Option {
	var out []web.Option
	for _, s := range slices.SortedFunc(maps.Values(n.d.Sources), func(a, b *models.Source) int { return strings.Compare(a.Slug, b.Slug) }) {
		out = append(out, web.Option{Value: s.Slug, Text: cmp.Or(s.Name, s.Slug), Chosen: s.Slug == chosen})
	}
	return out
}

// kindOptions are our own kinds, and all of a sender's.
func kindOptions(l web.Lang, chosen string) []web.Option {
	out := []web.Option{{Value: "call.", Text: web.Frame{Lang: l}.T("все звонки", "all calls")}}
	for _, k := range []string{models.KindRinging, models.KindAnswered, models.KindOutgoing, models.KindMissed, models.KindEnded, models.KindElsewhere, models.KindDigest} {
		out = append(out, web.Option{Value: k, Text: web.KindIn(l, k)})
	}
	out = append(out, web.Option{Value: "mail.", Text: web.Frame{Lang: l}.T("почта", "mail")}, web.Option{Value: "chat.", Text: web.Frame{Lang: l}.T("чаты", "chats")},
		web.Option{Value: "form.", Text: web.Frame{Lang: l}.T("формы сайта", "site forms")})
	if !slices.ContainsFunc(out, func(o web.Option) bool { return o.Value == chosen }) && chosen != "" {
		out = append(out, web.Option{Value: chosen, Text: chosen})
	}
	for i := range out {
		out[i].Chosen = out[i].Value == chosen
	}
	return out
}

// act is a button for one notification.
func (p *pages) act(action string) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := idParam(c)
		if err != nil {
			return err
		}
		back := "/admin/notifications/" + idText(id)
		made, err := p.administrate(c, id, action, c.FormValue("user"))
		ru, en := actedIn(action)
		if action == "requeue" && err == nil && made.ID != id {
			back = "/admin/notifications/" + idText(made.ID)
			ru, en = "Показано снова новым уведомлением: вот оно.", "Shown again, as a new notification: this one."
		}
		return p.done(c, back, ru, en, err)
	}
}

// administrate does action to one row; user is whom reassign gives it to.
func (p *pages) administrate(c echo.Context, id int64, action, user string) (models.Notification, error) {
	to := int64(0)
	if action == "reassign" {
		u := p.a.d.Setup.Directory().UserByLogin(user)
		if u == nil {
			return models.Notification{}, models.Errorf(models.NotFound, "no user %q", models.CutText(user, 80))
		}
		to = u.ID
	}
	return p.a.administrateAs(c, id, action, to)
}

func actedIn(action string) (ru, en string) {
	switch action {
	case "process":
		return "Отмечено обработанным.", "Marked as processed."
	case "requeue":
		return "Показано снова, новой ревизией.", "Shown again, as a new revision."
	case "reassign":
		return "Передано другому.", "Given to somebody else."
	}
	return "Снято.", "Taken out."
}

// actMany is a button for the chosen rows. Each is done by itself; what was
// not possible is told.
func (p *pages) actMany(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return models.Errorf(models.Malformed, "the form cannot be read")
	}
	action, ids := form.Get("action"), form["id"]
	back := form.Get("back")
	switch {
	case !slices.Contains(adminActions[:], action):
		return models.InvalidField("action", "is none of %s", strings.Join(adminActions[:], ", "))
	case len(ids) == 0:
		return p.done(c, back, "Ничего не выбрано.", "Nothing is chosen.", nil)
	case len(ids) > actAtOnce:
		return models.InvalidField("id", "more than %d rows at once", actAtOnce)
	}
	did, last := 0, error(nil)
	for _, text := range ids {
		id, err := strconv.ParseInt(text, 10, 64)
		if err == nil {
			_, err = p.administrate(c, id, action, form.Get("user"))
		}
		switch {
		case err == nil:
			did++
		case publicError(err) == nil:
			return err
		default:
			last = err
		}
	}
	if last != nil {
		own := publicError(last)
		return p.done(c, back, "", "", models.Errorf(own.Kind, "done: %s; not possible: %s; %s", strconv.Itoa(did), strconv.Itoa(len(ids)-did), own.Message))
	}
	ru, en := actedIn(action)
	if action == "requeue" {
		ru, en = "Показано снова.", "Shown again."
	}
	return p.done(c, back, fmt.Sprintf("%s Строк: %d.", ru, did), fmt.Sprintf("%s Rows: %d.", en, did), nil)
}
