package handlers

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// Rows in the lists of the administrator's page.
const (
	pagePending  = 100
	pageWebhooks = 20
	pageRefused  = 20
)

func (p *pages) admin(c echo.Context) error {
	d, err := p.picture(c)
	if err != nil {
		return err
	}
	body, err := p.web.Admin(d)
	return write(c, http.StatusOK, body, err)
}

// picture reads all that the administrator's page shows.
func (p *pages) picture(c echo.Context) (web.AdminPage, error) {
	ctx, l := c.Request().Context(), p.lang(c)
	d := web.AdminPage{Frame: p.frame(c, "admin.js", func(w web.Words) string { return w.Admin }), DataURL: "/admin/pending.json?lang=" + string(l)}
	n, zone := names{p.a.d.Setup.Directory()}, models.ZoneOf(p.a.d.Timezone)

	rows, next, err := p.a.d.Journal.Notifications(ctx, models.AdminQuery{State: "pending", Limit: pagePending})
	if err != nil {
		return d, err
	}
	d.More = next != ""
	for i := range rows {
		d.Pending = append(d.Pending, n.pendingRow(&d.W, l, zone, &rows[i]))
	}
	unrouted, err := p.a.d.Journal.Unrouted(ctx, time.Now().Add(-24*time.Hour))
	if err != nil {
		return d, err
	}
	for _, u := range unrouted {
		d.Unrouted = append(d.Unrouted, web.UnroutedRow{W: &d.W, Key: strconv.FormatInt(u.SourceID, 10) + "/" + u.Extension, Source: n.slug(u.SourceID),
			Extension: u.Extension, Count: u.Count, Last: u.LastAt.In(zone)})
	}
	hooks, _, err := p.a.d.Journal.Webhooks(ctx, models.WebhookQuery{Limit: pageWebhooks})
	if err != nil {
		return d, err
	}
	for i := range hooks {
		h := &hooks[i]
		d.Webhooks = append(d.Webhooks, web.WebhookRow{W: &d.W, Key: idText(h.ID), ID: idText(h.ID), Source: n.slug(h.SourceID), At: h.ReceivedAt.In(zone),
			Outcome: h.Outcome, Result: web.OutcomeIn(l, h.Outcome), Error: h.Error, RawURL: "/v1/admin/webhooks/" + idText(h.ID) + "/raw"})
	}
	refused, total := p.a.Refused()
	for i, r := range refused[:min(len(refused), pageRefused)] {
		d.Refused = append(d.Refused, web.RefusedRow{W: &d.W, Key: strconv.FormatInt(total-int64(i), 10), Source: r.Source, At: r.At.In(zone), From: r.RemoteAddr,
			Reason: web.RefusalIn(l, r.Reason), Detail: r.Detail})
	}
	s, err := p.a.d.Journal.Stats(ctx)
	if err != nil {
		return d, err
	}
	d.Summary = web.Summary{Pending: s.Pending, Waiting: p.a.Waiting(), CallsToday: s.CallsToday, MissedToday: s.MissedToday, FailedToday: s.FailedToday, Refused: int(total)}
	return d, nil
}

func (n names) pendingRow(w *web.Words, l web.Lang, zone *time.Location, r *models.Notification) web.PendingRow {
	row := web.PendingRow{
		W: w, ID: idText(r.ID), Key: idText(r.ID), Rev: r.Rev, User: n.person(r.UserID), Kind: r.Kind, KindIn: web.KindIn(l, r.Kind), Action: web.ActionIn(l, r.Action),
		Title: r.Payload.Title, Text: r.Payload.Text, Phone: r.Payload.Phone, Contact: r.Payload.Name, Source: n.slug(r.SourceID), Since: r.UpdatedAt.In(zone), Expires: r.ExpiresAt,
	}
	if r.Payload.Client != nil {
		row.Contact = cmp.Or(r.Payload.Client.Title, row.Contact)
	}
	if !row.Expires.IsZero() {
		row.Expires = row.Expires.In(zone)
	}
	return row
}

// pictureBody is the picture for the page's script: each list as rows that the
// same templates have rendered.
type pictureBody struct {
	Lists   map[string][]rowBody `json:"lists"`
	Numbers map[string]int       `json:"numbers"`
	More    bool                 `json:"more"`
}

type rowBody struct {
	Key  string `json:"key"`
	HTML string `json:"html"`
}

// adminData answers 304 while nothing differs from what the page has.
func (p *pages) adminData(c echo.Context) error {
	d, err := p.picture(c)
	if err != nil {
		return err
	}
	s := d.Summary
	body := pictureBody{Lists: map[string][]rowBody{}, More: d.More, Numbers: map[string]int{
		"pending": s.Pending, "waiting": s.Waiting, "calls": s.CallsToday, "missed": s.MissedToday, "failed": s.FailedToday, "refused": s.Refused,
	}}
	for _, add := range []func() error{
		func() error {
			return addRows(p, body, "pending", d.Pending, func(r web.PendingRow) string { return r.Key })
		},
		func() error {
			return addRows(p, body, "unrouted", d.Unrouted, func(r web.UnroutedRow) string { return r.Key })
		},
		func() error {
			return addRows(p, body, "webhooks", d.Webhooks, func(r web.WebhookRow) string { return r.Key })
		},
		func() error {
			return addRows(p, body, "refused", d.Refused, func(r web.RefusedRow) string { return r.Key })
		},
	} {
		if err := add(); err != nil {
			return err
		}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode the lists: %w", err)
	}
	sum := sha256.Sum256(raw)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	c.Response().Header().Set("ETag", tag)
	if c.Request().Header.Get("If-None-Match") == tag {
		return c.NoContent(http.StatusNotModified)
	}
	return respond(c, http.StatusOK, typeJSON, raw)
}

func addRows[T any](p *pages, into pictureBody, list string, rows []T, key func(T) string) error {
	out := make([]rowBody, len(rows))
	for i, r := range rows {
		html, err := p.web.Row(r)
		if err != nil {
			return err
		}
		out[i] = rowBody{Key: key(r), HTML: html}
	}
	into.Lists[list] = out
	return nil
}

// timeline tells in words what happened to one notification, and why.
func (p *pages) timeline(c echo.Context) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	steps, err := p.a.d.Journal.Timeline(c.Request().Context(), id)
	if err != nil {
		return err
	}
	l, zone, n := p.lang(c), models.ZoneOf(p.a.d.Timezone), names{p.a.d.Setup.Directory()}
	d := web.TimelinePage{
		Frame: p.frame(c, "", func(w web.Words) string { return w.Timeline + " " + idText(id) }), ID: idText(id), Back: "/admin/?lang=" + string(l), Actions: len(steps) > 0,
	}
	for i := range steps {
		s := &steps[i]
		row := web.StepRow{At: s.At.In(zone), Text: web.StepIn(l, s, n.person(s.UserID)), Why: s.Reason, Rule: web.RuleIn(l, s.Rule, s.RulesVersion), Detail: web.DetailIn(l, s), Own: s.NotificationID == id || s.NotificationID == 0}
		if s.What == models.StepDelivered {
			row.Detail = "" // the client, which stands in the text
		}
		if s.WebhookID != 0 {
			row.Webhook = "/v1/admin/webhooks/" + idText(s.WebhookID) + "/raw"
		}
		d.Steps = append(d.Steps, row)
	}
	body, err := p.web.Timeline(d)
	return write(c, http.StatusOK, body, err)
}
