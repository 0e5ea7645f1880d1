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

// pageCalls is how many calls a page of the log has.
const pageCalls = 50

// calls is the call log.
func (p *pages) calls(c echo.Context) error {
	d := web.CallsPage{Frame: p.frame(c, "calls", "Звонки", "Calls")}
	q, filter, err := p.callSearch(c)
	if err != nil {
		return err
	}
	d.Filter, d.Later = filter, q.After != ""
	d.ListURL, d.CSV = "/admin/calls"+filterOf(c, callFilters, q.After), "/admin/calls.csv"+filterOf(c, callFilters, "")
	n := names{p.a.d.Setup.Directory()}
	d.Users, d.Sources = n.userOptions(filter.User), n.sourceOptions(filter.Source)
	found, err := p.a.d.Journal.SearchCalls(c.Request().Context(), q)
	if err != nil {
		return err
	}
	for i := range found.Calls {
		row := n.callRow(&found.Calls[i])
		if row.Contact, err = p.callerName(c, &found.Calls[i]); err != nil {
			return err
		}
		d.Rows = append(d.Rows, row)
	}
	if d.Back = found.Back; found.Next != "" {
		d.More = "/admin/calls" + filterOf(c, callFilters, found.Next)
	}
	return p.show(c, "calls", d)
}

var callFilters = []string{"user", "source", "direction", "state", "from", "until", "text"}

// callSearch reads the filter; a day is one of the service's zone.
func (p *pages) callSearch(c echo.Context) (models.CallSearch, web.CallsFilter, error) {
	filter := web.CallsFilter{User: c.QueryParam("user"), Source: c.QueryParam("source"), Text: models.CutText(strings.TrimSpace(c.QueryParam("text")), 100)}
	q := models.CallSearch{After: c.QueryParam("after"), Limit: pageCalls, Text: searched(c, filter.Text)}
	var err error
	if q.User, err = p.userNamed(filter.User); err != nil {
		return q, filter, err
	}
	if q.Source, err = p.sourceNamed(filter.Source); err != nil {
		return q, filter, err
	}
	if s := c.QueryParam("state"); s == models.CallsLive || s == models.CallsAnswered || s == models.CallsMissed {
		filter.State, q.State = s, s
	}
	if way := models.Direction(c.QueryParam("direction")); way == models.In || way == models.Out || way == models.InternalCall {
		filter.Direction, q.Direction = string(way), way
	}
	if day, err := time.ParseInLocation(time.DateOnly, c.QueryParam("from"), p.zone()); err == nil {
		filter.From, q.From = c.QueryParam("from"), day
	}
	if day, err := time.ParseInLocation(time.DateOnly, c.QueryParam("until"), p.zone()); err == nil {
		filter.Until, q.Until = c.QueryParam("until"), day.AddDate(0, 0, 1)
	}
	return q, filter, nil
}

// userNamed finds the user that a filter names; 0 for "". Errors: NotFound.
func (p *pages) userNamed(login string) (int64, error) {
	if login == "" {
		return 0, nil
	}
	u := p.a.d.Setup.Directory().UserByLogin(login)
	if u == nil {
		return 0, models.Errorf(models.NotFound, "no user %q", models.CutText(login, 80))
	}
	return u.ID, nil
}

// sourceNamed finds the source that a filter names; 0 for "". Errors: NotFound.
func (p *pages) sourceNamed(slug string) (int64, error) {
	if slug == "" {
		return 0, nil
	}
	s := p.a.d.Setup.Directory().SourceBySlug(slug)
	if s == nil {
		return 0, models.Errorf(models.NotFound, "no source %q", models.CutText(slug, 80))
	}
	return s.ID, nil
}

// filterOf is the query of this request's filter, from a cursor on.
func filterOf(c echo.Context, names []string, after string) string {
	q := url.Values{}
	for _, name := range names {
		if v := c.QueryParam(name); v != "" {
			q.Set(name, v)
		}
	}
	if after != "" {
		q.Set("after", after)
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

func (n names) callRow(k *models.Call) web.CallRow {
	row := web.CallRow{ID: idText(k.ID), Start: k.StartedAt, Direction: k.Direction, State: k.State, Missed: k.Missed, Hidden: k.Hidden, Phone: k.Phone, Name: k.Name, DID: k.DID,
		Source: n.slug(k.Source), AnsweredBy: n.person(k.AnsweredBy), Talk: time.Duration(k.TalkS) * time.Second, Recording: k.Recording != ""}
	if s := n.d.Sources[k.Source]; s != nil {
		row.SourceName = cmp.Or(s.Name, s.Slug)
	}
	if row.Start.IsZero() {
		row.Start = k.AnsweredAt
	}
	if k.State == models.Answered {
		row.Talking = k.AnsweredAt
	}
	for i := range k.Legs {
		l := &k.Legs[i]
		name := cmp.Or(n.people(l.People()), l.Extension)
		if !l.AnsweredAt.IsZero() {
			row.AnsweredBy = cmp.Or(row.AnsweredBy, name)
		} else if name != "" && !slices.Contains(row.Rang, name) {
			row.Rang = append(row.Rang, name)
		}
	}
	row.Rang = slices.DeleteFunc(row.Rang, func(name string) bool { return name == row.AnsweredBy })
	return row
}

// people are the names of users.
func (n names) people(ids []int64) string {
	var out []string
	for _, id := range ids {
		if name := n.person(id); name != "" {
			out = append(out, name)
		}
	}
	return strings.Join(out, ", ")
}

// maxCSV bounds a file of calls.
const maxCSV = 100_000

// callsCSV is the log as a file for spreadsheets, with the page's filter.
func (p *pages) callsCSV(c echo.Context) error {
	f := p.frame(c, "calls", "Звонки", "Calls")
	q, _, err := p.callSearch(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	q.After, q.Limit = "", 1000
	found, err := p.a.d.Journal.SearchCalls(ctx, q)
	if err != nil {
		return err
	}
	if err := p.a.d.Setup.AuditNote(ctx, actorOf(c), "calls.export", "calls", ""); err != nil {
		return err
	}
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(10 * time.Minute)) // a test's recorder has none
	row, done := csvFile(c, "zummer-calls.csv", f.T("Начало", "Start"), f.T("Направление", "Direction"), f.T("Состояние", "State"), f.T("Номер", "Number"), f.T("Имя", "Name"), f.T("Набранный номер", "Dialled number"),
		f.T("Источник", "Source"), f.T("Ответил", "Answered by"), f.T("У кого звонило", "Rang at"), f.T("Разговор, с", "Talk, s"), f.T("Запись", "Recording"), f.T("Звонок", "Call"))
	n := names{p.a.d.Setup.Directory()}
	for written := 0; ; {
		for i := range found.Calls {
			if err := row(callCells(f, n.callRow(&found.Calls[i]))...); err != nil {
				return err
			}
		}
		if written += len(found.Calls); found.Next == "" || written >= maxCSV {
			return done()
		}
		if err := done(); err != nil {
			return err
		}
		q.After = found.Next
		if found, err = p.a.d.Journal.SearchCalls(ctx, q); err != nil {
			return err
		}
	}
}

// callCells is one line of the file.
func callCells(f web.Frame, r web.CallRow) []string {
	start, talk, recording := "", "", ""
	if !r.Start.IsZero() {
		start = r.Start.In(f.Zone).Format(time.DateTime)
	}
	if r.Talk > 0 {
		talk = idText(int64(r.Talk / time.Second))
	}
	if r.Recording {
		recording = f.T("есть", "yes")
	}
	phone := r.Phone
	if f.Masked() {
		phone = web.Mask(phone)
	}
	rang := make([]string, len(r.Rang))
	for i, name := range r.Rang { // an extension may be somebody's mobile number
		rang[i] = f.Text(name)
	}
	return []string{start, r.DirectionIn(f.Lang), r.StateIn(f.Lang), phone, f.Text(r.Name), f.Text(r.DID), f.Text(cmp.Or(r.SourceName, r.Source)), f.Text(r.AnsweredBy), strings.Join(rang, ", "), talk, recording, r.ID}
}
