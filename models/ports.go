package models

import "time"

// Caller is who makes a request: a token, and for clients its user.
type Caller struct {
	Token  *Token
	User   *User  // nil for tokens of nobody
	Client string // X-Client, cut to 200 characters
}

// Actor is who changes the set-up, for the audit.
type Actor struct {
	Who  string // token name, "cli"
	From string // remote address; "" on the command line
}

// Accepted is a webhook with what its adapter made of it.
type Accepted struct {
	Source  *Source
	Webhook Webhook
	Events  []Event // canonical, validated by the inbox
	Err     error   // why it could not be parsed; the webhook is kept with it
}

// AcceptResult tells what became of a webhook.
type AcceptResult struct {
	Outcome string // of Webhook
	ID      int64  // of the journal entry
	Error   string // public text when Outcome is failed
}

// Publication is what POST /v1/notifications asks for. Exactly one of User,
// Extension and Group is set.
type Publication struct {
	User           string // login or external id
	Source         string // of Extension
	Extension      string
	Group          string
	Kind           string
	Action         Action
	Payload        Payload
	CollapseKey    string
	TTL            time.Duration // 0: 14 days
	IdempotencyKey string        // "": none
	Hash           string        // SHA-256 hex of the canonical request, for the key
}

// Session is one running client as the last poll showed it.
type Session struct {
	Name     string
	Client   string
	LastPoll time.Time
	Waiting  bool
	Busy     bool // it said that it opens nothing now
}

// SourceInput is the body of PUT /v1/admin/sources/{slug}. Nil means the
// default; for kind, secret and settings it keeps what is stored.
type SourceInput struct {
	Kind, Name, Secret, Timezone, Region, Group, LineGroup *string
	LineRank                                               int
	Outgoing, Active                                       *bool
	Settings                                               map[string]any
}

// UserInput is the body of PUT /v1/admin/users/{login}. Nil means the default.
type UserInput struct {
	Name, ExternalID, PopOn, Timezone *string
	Quiet, Active                     *bool
}

// SyncUser is one user as the CRM lists them.
type SyncUser struct {
	ExternalID string          `json:"external_id"`
	Login      string          `json:"login"`
	Name       string          `json:"name"`
	Extensions []SyncExtension `json:"extensions"`
	Group      string          `json:"group"`
}

// SyncExtension is "101" (of the only source, else an error) or an object
// {"source":"office","number":"101"}; handlers decodes both.
type SyncExtension struct {
	Source string `json:"source"`
	Number string `json:"number"`
}

// SyncReport counts what SyncUsers did.
type SyncReport struct {
	Created, Updated, Unchanged, Deactivated int
}

// TokenInput is the body of a token request.
type TokenInput struct {
	Name      string
	Scopes    []string
	ExpiresAt time.Time // zero: never
}

// ContactInput is one contact as the CRM sends it.
type ContactInput struct {
	ExternalID  string   `json:"external_id"`
	Phones      []string `json:"phones"`
	Name        string   `json:"name"`
	Responsible string   `json:"responsible"` // login or external id; may be unknown yet
	Client      *Object  `json:"client"`
	Interests   []Object `json:"interests"` // open ones, newest first
	Seq         int64    `json:"seq"`       // lower than the stored one: ignored
}

// ImportReport counts what ImportContacts did.
type ImportReport struct {
	Lines, Stored, Ignored, Removed int
	Unread                          int           // numbers that were not understood and left out
	Errors                          []ImportError // the first 100
	Failed                          int
}

// ImportError is one refused line, or one that was stored with something left out.
type ImportError struct {
	Line    int    `json:"line"`
	Message string `json:"message"`
	Stored  bool   `json:"stored,omitempty"` // never in a report's Errors
}

// HistoryQuery asks for a user's past rows.
type HistoryQuery struct {
	Since, Until time.Time // zero: open
	After        string
	Limit        int // 1–100
}

// HistoryRow is one row as it last was, and what became of it.
type HistoryRow struct {
	Notification
	State   string // pending, processed, expired, removed
	Outcome string // of the client, when processed
	At      time.Time
}

// HistoryPage is newest first.
type HistoryPage struct {
	Rows     []HistoryRow
	Next     string
	Complete bool // false: retention cut what was asked for
}

// CallQuery lists calls, newest first; in commit order when Changes is set.
type CallQuery struct {
	User    int64 // 0: all
	Source  int64
	After   string
	Limit   int
	Changes bool // GET /v1/sync/calls: every call again each time it changes
}

// CallSearch narrows the call log for an administrator. Zero: any.
type CallSearch struct {
	User, Source int64
	Direction    Direction
	State        string    // of Calls…
	From, Until  time.Time // when the call was first heard of: from, and before
	Text         string    // stands in number, name or dialled number, in any case; or is the key
	After        string
	Limit        int
	Look         int // how many calls are looked at before the page ends; 0: 20,000
}

// States of a CallSearch.
const (
	CallsLive     = "live"     // not ended
	CallsAnswered = "answered" // somebody talked
	CallsMissed   = "missed"
)

// CallsFound is one page of a search, newest first. Back is set when the
// search looked only that far back; Next goes on from there.
type CallsFound struct {
	Calls []Call
	Next  string
	Back  time.Time
}

// AdminQuery filters the administrator's list.
type AdminQuery struct {
	User   int64
	Source int64
	State  string // pending (default)
	After  string
	Limit  int

	// Of pending rows only; zero: any.
	Kind string    // of the row; one that ends in "." is all that begin so
	Made time.Time // before this
	Seen string    // "seen": the present revision went to a client; "unseen": it did not
	Text string    // stands in title, text, name or phone, in any case
}

// WebhookQuery filters the journal, newest first.
type WebhookQuery struct {
	Source  int64
	Outcome string
	After   string
	Limit   int
	Look    int // with an outcome: how many requests are looked at before the page ends; 0: all
}

// Unrouted is an extension that rang and that nobody owns.
type Unrouted struct {
	SourceID  int64
	Extension string
	Count     int
	LastAt    time.Time
}

// Task is what several users have as one: a missed number.
type Task struct {
	Key   string // collapse key of its rows
	Users []int64
}

// Stats is the administrator's summary.
type Stats struct {
	Pending, Users, Contacts                  int
	OldestPending                             time.Time // zero: none
	CallsToday, MissedToday                   int
	WebhooksToday, FailedToday, RepeatedToday int
	Waiting                                   int // requests held by this process
}

// AuditQuery narrows the audit, which is newest first.
type AuditQuery struct {
	Who   string // exactly; "": anybody
	What  string // exactly; one that ends in "." is all that begin so; "": anything
	Text  string // stands in object, detail, who or from, in any case
	After string
	Limit int
}

// ScreenTimes are how long after its revision a user's rows got to a client,
// and how long until a form was opened. Zero counts: nothing was measured.
type ScreenTimes struct {
	Told, Opened         int
	ToldP50, ToldP95     time.Duration
	OpenedP50, OpenedP95 time.Duration
}
