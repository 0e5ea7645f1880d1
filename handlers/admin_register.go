package handlers

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// adminActions are what an administrator can do to a row.
var adminActions = [...]string{"process", "requeue", "reassign", "expire"}

// adminNotificationBody is a row as an administrator reads it.
type adminNotificationBody struct {
	ID        string         `json:"id"`
	Rev       int            `json:"rev"`
	Follows   *string        `json:"follows"`
	User      string         `json:"user"`
	Kind      string         `json:"kind"`
	Action    string         `json:"action"`
	Title     string         `json:"title"`
	Text      string         `json:"text"`
	Phone     *string        `json:"phone"`
	Name      *string        `json:"name"`
	Client    *models.Object `json:"client"`
	Object    *models.Object `json:"object"`
	Source    *string        `json:"source"`
	CallID    *string        `json:"call_id"`
	Rule      *string        `json:"rule"`
	Rules     int64          `json:"rules_version"`
	Reason    *string        `json:"reason"`
	CreatedAt string         `json:"created_at"`
	UpdatedAt string         `json:"updated_at"`
	ExpiresAt *string        `json:"expires_at"`
}

func (n names) notificationBody(r *models.Notification) adminNotificationBody {
	p := &r.Payload
	return adminNotificationBody{
		ID: idText(r.ID), Rev: r.Rev, Follows: idOrNull(r.Follows), User: n.login(r.UserID), Kind: r.Kind, Action: string(r.Action),
		Title: p.Title, Text: p.Text, Phone: orNull(p.Phone), Name: orNull(p.Name), Client: p.Client, Object: p.Object, Source: orNull(n.slug(r.SourceID)),
		CallID: idOrNull(r.CallID), Rule: orNull(r.Rule), Rules: r.RulesVersion, Reason: orNull(r.Reason), CreatedAt: timeText(r.CreatedAt), UpdatedAt: timeText(r.UpdatedAt), ExpiresAt: timeOrNull(r.ExpiresAt),
	}
}

func (a *API) listNotifications(c echo.Context) error {
	f := queryFields(c)
	q := models.AdminQuery{User: a.userParam(f, "user"), Source: a.sourceParam(f, "source"), State: oneOf(f, "state", "pending", "processed", "expired", "removed")}
	q.After, q.Limit = pageParams(f)
	if err := f.err(); err != nil {
		return err
	}
	rows, next, err := a.d.Journal.Notifications(c.Request().Context(), q)
	if err != nil {
		return err
	}
	n := names{a.d.Setup.Directory()}
	items := make([]adminNotificationBody, len(rows))
	for i := range rows {
		items[i] = n.notificationBody(&rows[i])
	}
	return writePage(c, items, next)
}

// administrate is one of adminActions; reassign names the user it goes to.
func (a *API) administrate(action string) echo.HandlerFunc {
	return func(c echo.Context) error {
		row, err := a.act(c, action)
		if err != nil {
			return err
		}
		return writeJSON(c, http.StatusOK, names{a.d.Setup.Directory()}.notificationBody(&row))
	}
}

func (a *API) act(c echo.Context, action string) (models.Notification, error) {
	id, err := idParam(c)
	if err != nil {
		return models.Notification{}, err
	}
	to := int64(0)
	if action == "reassign" {
		f, err := readFields(c)
		if err != nil {
			return models.Notification{}, err
		}
		f.only("user")
		f.required("user", models.MaxName)
		to = a.userParam(f, "user")
		if err := f.err(); err != nil {
			return models.Notification{}, err
		}
	}
	return a.administrateAs(c, id, action, to)
}

// administrateAs does action to a row and writes down who did it.
func (a *API) administrateAs(c echo.Context, id int64, action string, to int64) (models.Notification, error) {
	ctx, by := c.Request().Context(), actorOf(c)
	n, err := a.d.Register.Administrate(ctx, by, id, action, to)
	if err != nil {
		return n, err
	}
	detail := ""
	if to != 0 {
		detail = "to " + names{a.d.Setup.Directory()}.login(to)
	}
	return n, a.d.Setup.AuditNote(ctx, by, "notification."+action, idText(id), detail)
}

// replayAs runs a webhook again and writes down who did it.
func (a *API) replayAs(c echo.Context, id int64) (models.AcceptResult, error) {
	ctx, by := c.Request().Context(), actorOf(c)
	res, err := a.d.Register.Replay(ctx, by, id)
	if err != nil {
		return res, err
	}
	return res, a.d.Setup.AuditNote(ctx, by, "webhook.replay", idText(id), "outcome "+res.Outcome)
}

// stepBody is one entry of a timeline.
type stepBody struct {
	At           string  `json:"at"`
	What         string  `json:"what"`
	User         *string `json:"user"`
	Notification *string `json:"notification"`
	Rev          int     `json:"rev"`
	Kind         *string `json:"kind"`
	Action       *string `json:"action"`
	CallID       *string `json:"call_id"`
	WebhookID    *string `json:"webhook_id"`
	Source       *string `json:"source"`
	Rule         *string `json:"rule"`
	Rules        int64   `json:"rules_version"`
	Reason       *string `json:"reason"`
	Session      *string `json:"session"`
	Detail       *string `json:"detail"`
	AfterMS      *int64  `json:"after_ms"` // of delivered: since the revision was made
}

func (a *API) getTimeline(c echo.Context) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	steps, err := a.d.Journal.Timeline(c.Request().Context(), id)
	if err != nil {
		return err
	}
	n := names{a.d.Setup.Directory()}
	items := make([]stepBody, len(steps))
	for i, s := range steps {
		items[i] = stepBody{
			At: timeText(s.At), What: s.What, User: orNull(n.login(s.UserID)), Notification: idOrNull(s.NotificationID), Rev: s.Rev, Kind: orNull(s.Kind), Action: orNull(string(s.Action)),
			CallID: idOrNull(s.CallID), WebhookID: idOrNull(s.WebhookID), Source: orNull(n.slug(s.SourceID)), Rule: orNull(s.Rule), Rules: s.RulesVersion, Reason: orNull(s.Reason), Session: orNull(s.Session), Detail: orNull(s.Detail),
		}
		if s.What == models.StepDelivered {
			ms := s.After.Milliseconds()
			items[i].AfterMS = &ms
		}
	}
	return writePage(c, items, "")
}

// webhookBody is one entry of the journal; size, headers and body only when
// one webhook is asked for.
type webhookBody struct {
	ID         string            `json:"id"`
	Source     *string           `json:"source"`
	Method     string            `json:"method"`
	Path       string            `json:"path"`
	ReceivedAt string            `json:"received_at"`
	RemoteAddr string            `json:"remote_addr"`
	Outcome    string            `json:"outcome"`
	Error      *string           `json:"error"`
	Events     int               `json:"events"`
	CallID     *string           `json:"call_id"`
	Size       *int              `json:"size,omitempty"`
	Headers    map[string]string `json:"headers,omitempty"`
	Body       *string           `json:"body,omitempty"`
}

// webhookBody shows an entry; mask is of its source.
func (n names) webhookBody(w *models.Webhook, mask func(string) string) webhookBody {
	return webhookBody{ID: idText(w.ID), Source: orNull(n.slug(w.SourceID)), Method: w.Method, Path: mask(w.Path), ReceivedAt: timeText(w.ReceivedAt), RemoteAddr: w.RemoteAddr,
		Outcome: w.Outcome, Error: orNull(mask(w.Error)), Events: w.Events, CallID: idOrNull(w.CallID)}
}

func (a *API) listWebhooks(c echo.Context) error {
	f := queryFields(c)
	q := models.WebhookQuery{Source: a.sourceParam(f, "source"), Outcome: oneOf(f, "outcome", models.WebhookStored, models.WebhookRepeat, models.WebhookFailed, models.WebhookEmpty)}
	q.After, q.Limit = pageParams(f)
	if err := f.err(); err != nil {
		return err
	}
	list, next, err := a.d.Journal.Webhooks(c.Request().Context(), q)
	if err != nil {
		return err
	}
	n := names{a.d.Setup.Directory()}
	items, masks := make([]webhookBody, len(list)), map[int64]func(string) string{}
	for i := range list {
		id := list[i].SourceID
		if masks[id] == nil {
			masks[id] = maskOf(n.d.Sources[id])
		}
		items[i] = n.webhookBody(&list[i], masks[id])
		items[i].Path = models.CutText(items[i].Path, 2000)
	}
	return writePage(c, items, next)
}

func (a *API) webhookOf(c echo.Context) (models.Webhook, error) {
	id, err := idParam(c)
	if err != nil {
		return models.Webhook{}, err
	}
	return a.d.Journal.Webhook(c.Request().Context(), id)
}

func (a *API) getWebhook(c echo.Context) error {
	w, err := a.webhookOf(c)
	if err != nil {
		return err
	}
	dir := a.d.Setup.Directory()
	mask := maskOf(dir.Sources[w.SourceID])
	body := names{dir}.webhookBody(&w, mask)
	text, size := mask(validUTF8(w.Body)), len(w.Body)
	body.Size, body.Headers, body.Body = &size, openHeaders(w.Headers, mask), &text
	return writeJSON(c, http.StatusOK, body)
}

// openHeaders leaves out what lets somebody in, and masks it in what is left.
func openHeaders(in map[string]string, mask func(string) string) map[string]string {
	out := maps.Clone(in)
	maps.DeleteFunc(out, func(k, _ string) bool {
		k = strings.ToLower(k)
		return k == "authorization" || k == "cookie" || k == "proxy-authorization" || strings.Contains(k, "token") || strings.Contains(k, "api-key")
	})
	for k, v := range out {
		out[k] = mask(v)
	}
	return out
}

// getWebhookRaw shows the request as it came, as plain text, the source's
// secrets masked.
func (a *API) getWebhookRaw(c echo.Context) error {
	w, err := a.webhookOf(c)
	if err != nil {
		return err
	}
	mask := maskOf(a.d.Setup.Directory().Sources[w.SourceID])
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\n", w.Method, mask(w.Path))
	headers := openHeaders(w.Headers, mask)
	for _, k := range slices.Sorted(maps.Keys(headers)) {
		fmt.Fprintf(&b, "%s: %s\n", k, headers[k])
	}
	b.WriteByte('\n')
	b.WriteString(mask(validUTF8(w.Body)))
	c.Response().Header().Set("X-Content-Type-Options", "nosniff")
	c.Response().Header().Set("Cache-Control", "private, no-store")
	return respond(c, http.StatusOK, typeText, b.Bytes())
}

func (a *API) replayWebhook(c echo.Context) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	res, err := a.replayAs(c, id)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, struct {
		ID      string  `json:"id"`
		Outcome string  `json:"outcome"`
		Error   *string `json:"error"`
	}{idText(res.ID), res.Outcome, orNull(res.Error)})
}
