package models

import (
	"slices"
	"time"
)

// Source is one configured connection to a PBX or another sender.
type Source struct {
	ID           int64
	Slug         string
	Kind         string
	Name         string
	TokenHash    string // SHA-256 hex of the URL token
	OldTokenHash string // still valid during a rotation; "": none
	TokenHint    string // last four characters, for the administrator
	Token        string // the URL token itself, sealed by nobody: shown in hook_url to administrators
	Secret       string // what the kind signs with; written, never read back
	Timezone     string // IANA; "": the service's
	Region       string // ISO 3166 alpha-2; "": the service's
	GroupID      int64  // who gets missed calls that rang nobody; 0: none
	LineGroup    string // sources that may tell of the same conversation; "": none
	LineRank     int    // in the line group: the lower is believed
	Outgoing     bool   // answered outgoing calls make call.outgoing
	Settings     map[string]any
	Active       bool
	CreatedAt    time.Time
}

// User is one CRM user; owns one inbox.
type User struct {
	ID         int64
	Login      string
	ExternalID string // the CRM's id; "": none
	Name       string
	PopOn      string // answered (default), ringing, never
	Quiet      bool   // cards, no forms
	Active     bool
	Pending    bool // announced by the CRM, not confirmed by the administrator
	Timezone   string
	CreatedAt  time.Time
}

// DisplayName is the name, else the login.
func (u *User) DisplayName() string {
	if u.Name != "" {
		return u.Name
	}
	return u.Login
}

// PopOn values.
const (
	PopAnswered = "answered"
	PopRinging  = "ringing"
	PopNever    = "never"
)

// Extension maps what a PBX calls a person to a user, or a shared phone to
// the people who use it.
type Extension struct {
	SourceID  int64
	Extension string  // normalised by NormalizeExtension
	UserID    int64   // 0 of a shared phone
	Mode      string  // "" for one person's own phone, else SharedCheckIn or SharedAll
	Owners    []Owner // of a shared phone, by user
}

// Today is who said last that a check_in phone is his; 0: nobody.
func (e *Extension) Today() int64 {
	var last *Owner
	if e.Mode != SharedCheckIn {
		return 0
	}
	for i := range e.Owners {
		if o := &e.Owners[i]; !o.CheckedInAt.IsZero() && (last == nil || o.CheckedInAt.After(last.CheckedInAt)) {
			last = o
		}
	}
	if last == nil {
		return 0
	}
	return last.UserID
}

// OwnerOf returns the entry of a user; nil: he is no owner.
func (e *Extension) OwnerOf(user int64) *Owner {
	for i := range e.Owners {
		if e.Owners[i].UserID == user {
			return &e.Owners[i]
		}
	}
	return nil
}

// Owner is one of the people whose phone an extension may be, or who asked for it.
type Owner struct {
	UserID      int64
	CheckedInAt time.Time // said that it is his today; zero: has not
	AskedAt     time.Time // asks the administrator for it; zero: is allowed
}

// How people share a phone.
const (
	SharedCheckIn = "check_in" // it is whose who said so last
	SharedAll     = "all"      // it rings for all; the first to open takes the call
)

// Group is a named list of users.
type Group struct {
	ID      int64
	Name    string
	Members []int64 // in the order in which they stand in for each other
}

// Scopes of a token.
const (
	ScopePoll    = "poll"
	ScopePublish = "publish"
	ScopeRelay   = "relay"
	ScopeSync    = "sync"
	ScopeDial    = "dial"
	ScopeAdmin   = "admin"
)

// Scopes lists the scopes that exist.
var Scopes = []string{ScopePoll, ScopePublish, ScopeRelay, ScopeSync, ScopeDial, ScopeAdmin}

// Token lets somebody in. The token itself is shown once and never stored.
type Token struct {
	ID        int64
	Hash      string // SHA-256 hex
	UserID    int64  // 0: belongs to no user (publish, sync, admin)
	Name      string
	Scopes    []string
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
	RevokedAt time.Time // zero: valid
}

// Has reports whether the token carries the scope; admin carries all but poll.
func (t *Token) Has(scope string) bool {
	return slices.Contains(t.Scopes, scope) || scope != ScopePoll && scope != ScopeRelay && slices.Contains(t.Scopes, ScopeAdmin)
}

// ValidAt reports whether the token may be used at now.
func (t *Token) ValidAt(now time.Time) bool {
	return t.RevokedAt.IsZero() && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt))
}

// Contact is one client of the company as the CRM synchronised it.
type Contact struct {
	ID          int64
	ExternalID  string
	Phones      []string // E.164
	Name        string
	Responsible int64  // user; 0: none
	RespLogin   string // as the CRM named him, kept until he exists
	Client      *Object
	Interests   []Object // open ones, newest first
	Seq         int64
	UpdatedAt   time.Time
}

// Webhook is one raw request as the journal keeps it.
type Webhook struct {
	ID         int64
	SourceID   int64
	Method     string
	Path       string // after the token, with the query
	Headers    map[string]string
	Body       []byte
	RemoteAddr string
	ReceivedAt time.Time
	Outcome    string
	Error      string
	Events     int
	CallID     int64
}

// Outcomes of a webhook.
const (
	WebhookStored = "stored" // at least one event was new
	WebhookRepeat = "repeat" // every event was known
	WebhookFailed = "failed" // could not be parsed or applied; see Error
	WebhookEmpty  = "empty"  // understood, and nothing to do
)

// RepeatKey names one event of a source for the repeat check.
type RepeatKey struct {
	SourceID int64
	Key      string        // at most 128 bytes
	TTL      time.Duration // 24 h, or 10 s for what cannot be told apart
}

// AuditEntry is one change of the set-up.
type AuditEntry struct {
	ID     int64
	At     time.Time
	Who    string // token name or "cli"
	From   string // remote address
	What   string // "source.put", "token.revoke", …
	Object string
	Detail string // never a secret, never a phone number
}
