package handlers

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

func (a *API) listAllCalls(c echo.Context) error {
	f := queryFields(c)
	q := models.CallQuery{User: a.userParam(f, "user"), Source: a.sourceParam(f, "source")}
	q.After, q.Limit = pageParams(f)
	if err := f.err(); err != nil {
		return err
	}
	calls, next, err := a.d.Journal.Calls(c.Request().Context(), q)
	if err != nil {
		return err
	}
	return writePage(c, callAnswers(a.d.Setup.Directory(), calls), next)
}

func (a *API) getAnyCall(c echo.Context) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	call, err := a.d.Journal.Call(c.Request().Context(), 0, id)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, callAnswerOf(a.d.Setup.Directory(), &call))
}

// contactBody is a contact as an administrator reads it.
type contactBody struct {
	ExternalID  string          `json:"external_id"`
	Phones      []string        `json:"phones"`
	Name        string          `json:"name"`
	Responsible *string         `json:"responsible"`
	Client      *models.Object  `json:"client"`
	Interests   []models.Object `json:"interests"`
	Seq         int64           `json:"seq"`
	UpdatedAt   string          `json:"updated_at"`
}

func (a *API) contactsByPhone(c echo.Context) error {
	f := queryFields(c)
	phone := f.required("phone", 64)
	if err := f.err(); err != nil {
		return err
	}
	found, err := a.d.Setup.ContactsByPhone(c.Request().Context(), phone)
	if err != nil {
		return err
	}
	n := names{a.d.Setup.Directory()}
	items := make([]contactBody, len(found))
	for i, k := range found {
		who := n.login(k.Responsible)
		if who == "" {
			who = k.RespLogin
		}
		items[i] = contactBody{ExternalID: k.ExternalID, Phones: notNil(k.Phones), Name: k.Name, Responsible: orNull(who), Client: k.Client,
			Interests: notNil(k.Interests), Seq: k.Seq, UpdatedAt: timeText(k.UpdatedAt)}
	}
	return writePage(c, items, "")
}

// notNil makes an absent list an empty one.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// refusalBody is a webhook that was turned away.
type refusalBody struct {
	At         string  `json:"at"`
	Source     string  `json:"source"`
	Method     string  `json:"method"`
	RemoteAddr string  `json:"remote_addr"`
	Reason     string  `json:"reason"`
	Detail     *string `json:"detail"`
}

func (a *API) listRefused(c echo.Context) error {
	last, _ := a.Refused()
	items := make([]refusalBody, len(last))
	for i, r := range last {
		items[i] = refusalBody{At: timeText(r.At), Source: r.Source, Method: r.Method, RemoteAddr: r.RemoteAddr, Reason: r.Reason, Detail: orNull(r.Detail)}
	}
	return writePage(c, items, "")
}

// unroutedBody is an extension that rang and that nobody owns.
type unroutedBody struct {
	Source    *string `json:"source"`
	Extension string  `json:"extension"`
	Count     int     `json:"count"`
	LastAt    string  `json:"last_at"`
}

func (a *API) listUnrouted(c echo.Context) error {
	f := queryFields(c)
	since := f.time("since", models.ZoneOf(a.d.Timezone))
	if err := f.err(); err != nil {
		return err
	}
	items, err := a.unrouted(c.Request().Context(), since)
	if err != nil {
		return err
	}
	return writePage(c, items, "")
}

// unrouted lists since a time, since a day ago when it is zero; newest first.
func (a *API) unrouted(ctx context.Context, since time.Time) ([]unroutedBody, error) {
	if since.IsZero() {
		since = time.Now().Add(-24 * time.Hour)
	}
	list, err := a.d.Journal.Unrouted(ctx, since)
	if err != nil {
		return nil, err
	}
	n := names{a.d.Setup.Directory()}
	items := make([]unroutedBody, len(list))
	for i, u := range list {
		items[i] = unroutedBody{Source: orNull(n.slug(u.SourceID)), Extension: u.Extension, Count: u.Count, LastAt: timeText(u.LastAt)}
	}
	slices.SortStableFunc(items, func(x, y unroutedBody) int { return strings.Compare(y.LastAt, x.LastAt) })
	return items, nil
}

// statsBody is the summary of now and today.
type statsBody struct {
	Pending       int     `json:"pending"`
	Users         int     `json:"users"`
	Contacts      int     `json:"contacts"`
	OldestPending *string `json:"oldest_pending"`
	CallsToday    int     `json:"calls_today"`
	MissedToday   int     `json:"missed_today"`
	WebhooksToday int     `json:"webhooks_today"`
	FailedToday   int     `json:"failed_today"`
	RepeatedToday int     `json:"repeated_today"`
	Waiting       int     `json:"waiting"`
}

func (a *API) getStats(c echo.Context) error {
	s, err := a.d.Journal.Stats(c.Request().Context())
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, statsBody{
		Pending: s.Pending, Users: s.Users, Contacts: s.Contacts, OldestPending: timeOrNull(s.OldestPending), CallsToday: s.CallsToday, MissedToday: s.MissedToday,
		WebhooksToday: s.WebhooksToday, FailedToday: s.FailedToday, RepeatedToday: s.RepeatedToday, Waiting: a.Waiting(),
	})
}

// auditBody is one change of the set-up.
type auditBody struct {
	ID     string  `json:"id"`
	At     string  `json:"at"`
	Who    string  `json:"who"`
	From   *string `json:"from"`
	What   string  `json:"what"`
	Object string  `json:"object"`
	Detail *string `json:"detail"`
}

func (a *API) listAudit(c echo.Context) error {
	f := queryFields(c)
	after, limit := pageParams(f)
	if err := f.err(); err != nil {
		return err
	}
	list, next, err := a.d.Journal.Audit(c.Request().Context(), after, limit)
	if err != nil {
		return err
	}
	items := make([]auditBody, len(list))
	for i, e := range list {
		items[i] = auditBody{ID: idText(e.ID), At: timeText(e.At), Who: e.Who, From: orNull(e.From), What: e.What, Object: e.Object, Detail: orNull(e.Detail)}
	}
	return writePage(c, items, next)
}
