package zummer

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// AdminNotification is a row as an administrator sees it.
type AdminNotification struct {
	ID        string    `json:"id"`
	Rev       int       `json:"rev"`
	Follows   string    `json:"follows"`
	User      string    `json:"user"`
	Kind      string    `json:"kind"`
	Action    Action    `json:"action"`
	Title     string    `json:"title"`
	Text      string    `json:"text"`
	Phone     string    `json:"phone"`
	Name      string    `json:"name"`
	Client    *Object   `json:"client"`
	Object    *Object   `json:"object"`
	Source    string    `json:"source"` // "": published
	CallID    string    `json:"call_id"`
	Rule      string    `json:"rule"`
	Reason    string    `json:"reason"` // why it was made
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// NotificationFilter names rows; what is empty does not count.
type NotificationFilter struct {
	User, Source string
	State        string // pending (""), processed, expired, removed
	Page
}

// Notifications lists rows of all users, newest first.
func (a Admin) Notifications(ctx context.Context, f NotificationFilter) (items []AdminNotification, next string, err error) {
	return many[AdminNotification](ctx, a.c, at("notifications"), filter("user", f.User, "source", f.Source, "state", f.State), f.Page)
}

// Process takes a pending row out, as if it had been acknowledged.
func (a Admin) Process(ctx context.Context, id string) (AdminNotification, error) {
	return a.administrate(ctx, id, "process", nil)
}

// Expire takes a pending row out.
func (a Admin) Expire(ctx context.Context, id string) (AdminNotification, error) {
	return a.administrate(ctx, id, "expire", nil)
}

// Requeue brings a row back, under a new revision or as a new row.
func (a Admin) Requeue(ctx context.Context, id string) (AdminNotification, error) {
	return a.administrate(ctx, id, "requeue", nil)
}

// Reassign gives a pending row to another user.
func (a Admin) Reassign(ctx context.Context, id, login string) (AdminNotification, error) {
	return a.administrate(ctx, id, "reassign", map[string]string{"user": login})
}

// administrate asks once: a second one would change the row again.
func (a Admin) administrate(ctx context.Context, id, what string, in any) (AdminNotification, error) {
	var out AdminNotification
	err := a.c.call(ctx, http.MethodPost, at("notifications", id, what), in, &out)
	return out, err
}

// Step is one entry of a timeline.
type Step struct {
	At           time.Time `json:"at"`
	What         string    `json:"what"`
	User         string    `json:"user"`
	Notification string    `json:"notification"`
	Rev          int       `json:"rev"`
	Kind         string    `json:"kind"`
	Action       Action    `json:"action"`
	Source       string    `json:"source"`
	Rule         string    `json:"rule"`
	Reason       string    `json:"reason"`
	Session      string    `json:"session"`
	Detail       string    `json:"detail"`
	AfterMS      *int64    `json:"after_ms"` // of delivered
}

// Timeline is what happened to a notification and its call, oldest first.
func (a Admin) Timeline(ctx context.Context, id string) ([]Step, error) {
	return whole[Step](ctx, a.c, at("notifications", id, "timeline"))
}

// Unrouted is an extension that rang and that nobody owns.
type Unrouted struct {
	Source    string    `json:"source"`
	Extension string    `json:"extension"`
	Count     int       `json:"count"`
	LastAt    time.Time `json:"last_at"`
}

// Unrouted lists such extensions; since zero: of the last 24 h.
func (a Admin) Unrouted(ctx context.Context, since time.Time) ([]Unrouted, error) {
	q := url.Values{}
	if !since.IsZero() {
		q.Set("since", since.UTC().Format(time.RFC3339))
	}
	items, _, err := many[Unrouted](ctx, a.c, at("unrouted"), q, Page{})
	return items, err
}

// Webhook is one request of a source, as the journal has it.
type Webhook struct {
	ID         string            `json:"id"`
	Source     string            `json:"source"`
	Method     string            `json:"method"`
	Path       string            `json:"path"`
	ReceivedAt time.Time         `json:"received_at"`
	RemoteAddr string            `json:"remote_addr"`
	Outcome    string            `json:"outcome"` // stored, repeat, failed, empty
	Error      string            `json:"error"`
	Events     int               `json:"events"`
	CallID     string            `json:"call_id"`
	Headers    map[string]string `json:"headers"` // only of one webhook
	Body       string            `json:"body"`    // the same
}

// WebhookFilter names webhooks; what is empty does not count.
type WebhookFilter struct {
	Source, Outcome string
	Page
}

// Webhooks lists the journal, newest first.
func (a Admin) Webhooks(ctx context.Context, f WebhookFilter) (items []Webhook, next string, err error) {
	return many[Webhook](ctx, a.c, at("webhooks"), filter("source", f.Source, "outcome", f.Outcome), f.Page)
}

// Webhook is one webhook with its headers and body.
func (a Admin) Webhook(ctx context.Context, id string) (Webhook, error) {
	return one[Webhook](ctx, a.c, http.MethodGet, at("webhooks", id), nil)
}

// Replay runs a stored webhook again; of the answer only ID, Outcome and Error
// are set.
func (a Admin) Replay(ctx context.Context, id string) (Webhook, error) {
	return one[Webhook](ctx, a.c, http.MethodPost, at("webhooks", id, "replay"), nil)
}

// RawWebhook is the request as it was kept, without credentials.
func (a Admin) RawWebhook(ctx context.Context, id string) (string, error) {
	var b strings.Builder
	err := a.c.call(ctx, http.MethodGet, at("webhooks", id, "raw"), nil, &b)
	return b.String(), err
}

// RefusedHook is a request of a source that was not taken.
type RefusedHook struct {
	At         time.Time `json:"at"`
	Source     string    `json:"source"`
	Method     string    `json:"method"`
	RemoteAddr string    `json:"remote_addr"`
	Reason     string    `json:"reason"` // unknown_source, wrong_token, wrong_signature …
	Detail     string    `json:"detail"`
}

// Refused are the last 200 of them, of the process that answers.
func (a Admin) Refused(ctx context.Context) ([]RefusedHook, error) {
	return whole[RefusedHook](ctx, a.c, at("refused"))
}

// CallRecord is a call of the log.
type CallRecord struct {
	ID           string     `json:"id"`
	Conversation string     `json:"conversation"`
	Source       string     `json:"source"`
	Key          string     `json:"key"`
	State        string     `json:"state"`
	Direction    string     `json:"direction"`
	Phone        string     `json:"phone"`
	Hidden       bool       `json:"hidden"`
	Name         string     `json:"name"`
	DID          string     `json:"did"`
	StartedAt    *time.Time `json:"started_at"`
	AnsweredAt   *time.Time `json:"answered_at"`
	EndedAt      *time.Time `json:"ended_at"`
	TalkS        *int       `json:"talk_s"`
	Missed       bool       `json:"missed"`
	AnsweredBy   string     `json:"answered_by"`
	Recording    bool       `json:"recording"`
	Legs         []Leg      `json:"legs"`
}

// Leg is one attempt to ring one person.
type Leg struct {
	Extension  string     `json:"extension"`
	N          int        `json:"n"`
	User       string     `json:"user"`
	State      string     `json:"state"`
	RangAt     *time.Time `json:"rang_at"`
	AnsweredAt *time.Time `json:"answered_at"`
	EndedAt    *time.Time `json:"ended_at"`
	Reason     string     `json:"reason"`
}

// Calls lists all calls, newest first; user and source "": all.
func (a Admin) Calls(ctx context.Context, user, source string, p Page) (items []CallRecord, next string, err error) {
	return many[CallRecord](ctx, a.c, at("calls"), filter("user", user, "source", source), p)
}

// Call is one call of anybody.
func (a Admin) Call(ctx context.Context, id string) (CallRecord, error) {
	return one[CallRecord](ctx, a.c, http.MethodGet, at("calls", id), nil)
}

// Recording writes the sound of any call to w. It is asked once, and audited.
func (a Admin) Recording(ctx context.Context, id string, w io.Writer) error {
	return a.c.try(ctx, http.MethodGet, at("calls", id, "recording"), nil, w)
}

// Change is an entry of the audit.
type Change struct {
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Who    string    `json:"who"`
	From   string    `json:"from"`
	What   string    `json:"what"`
	Object string    `json:"object"`
	Detail string    `json:"detail"`
}

// Audit lists who changed the set-up, newest first.
func (a Admin) Audit(ctx context.Context, p Page) (items []Change, next string, err error) {
	return many[Change](ctx, a.c, at("audit"), url.Values{}, p)
}
