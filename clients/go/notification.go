package zummer

import (
	"encoding/json"
	"strconv"
	"time"
)

// Notification is one row of a user's pending set. What the service says of a
// revision never changes, but for Session: a revision may get its session
// later.
type Notification struct {
	ID         string         `json:"id"`
	Rev        int            `json:"rev"`
	Follows    string         `json:"follows"` // the row of the same call that was settled before; "": none
	Kind       string         `json:"kind"`
	Action     Action         `json:"action"`
	Title      string         `json:"title"`
	Text       string         `json:"text"`
	Phone      string         `json:"phone"`
	Name       string         `json:"name"`
	App        string         `json:"app"` // the infobase that the row belongs to; "": any
	Object     *Object        `json:"object"`
	Client     *Object        `json:"client"`
	Candidates []Object       `json:"candidates"`
	Call       *Call          `json:"call"`
	Data       map[string]any `json:"data"`
	Session    string         `json:"session"` // the only one that shall open it, or that claimed it; "": none
	Owner      *Owner         `json:"user"`    // whose it is; only of PollAll
	CreatedAt  time.Time      `json:"created_at"`
	UpdatedAt  time.Time      `json:"updated_at"`
	ExpiresAt  time.Time      `json:"expires_at"`
}

// Key names one revision of one row: what a client remembers, never the id
// alone.
type Key struct {
	ID  string
	Rev int
}

// String is ID.REV.
func (k Key) String() string { return k.ID + "." + strconv.Itoa(k.Rev) }

// Key names this revision.
func (n *Notification) Key() Key { return Key{n.ID, n.Rev} }

// OpensIn reports whether the session of that name shall open the row by
// itself; "" is a client without a name. It is false for rows that open
// nothing, and for those that are another session's or, where the client has a
// name, nobody's yet: the next poll takes them.
func (n *Notification) OpensIn(session string) bool { return n.Action.Opens() && n.Session == session }

// Action is what a client does about a row. Other words than these are treated
// as Show.
type Action string

// The actions.
const (
	Open     Action = "open"      // the object
	Create   Action = "create"    // an object of Object's type for Client and Phone
	Choose   Action = "choose"    // among Candidates
	Resolve  Action = "resolve"   // the client looks the object up itself
	Indicate Action = "indicate"  // a light sign, no form
	Show     Action = "show"      // a card
	CallBack Action = "call_back" // a card with a number to call
	None     Action = "none"      // a closing state: take the toast away
)

// Opens reports whether the action opens something by itself, in one session.
func (a Action) Opens() bool { return a == Open || a == Create || a == Choose || a == Resolve }

// Object is a thing in the CRM.
type Object struct {
	Type  string `json:"type,omitempty"` // Документ, Справочник …
	Name  string `json:"name,omitempty"` // Интерес, Контрагенты …
	UID   string `json:"uid,omitempty"`
	Title string `json:"title,omitempty"`
	Link  string `json:"link,omitempty"` // e1cib/data/…
	URL   string `json:"url,omitempty"`
	App   string `json:"app,omitempty"` // only when publishing
}

// Call is what a row says of its call.
type Call struct {
	ID             string     `json:"id"`
	State          string     `json:"state"`     // ringing, answered, ended
	Direction      string     `json:"direction"` // in, out, internal
	Extension      string     `json:"extension"`
	DID            string     `json:"did"`
	AnsweredBy     string     `json:"answered_by"`
	AnsweredByName string     `json:"answered_by_name"`
	StartedAt      time.Time  `json:"started_at"`
	AnsweredAt     *time.Time `json:"answered_at"`
	EndedAt        *time.Time `json:"ended_at"`
	TalkS          *int       `json:"talk_s"`
}

// Outcome is what became of a row in this client.
type Outcome string

// The outcomes.
const (
	// Later is no outcome yet: the row stays pending, and Session.Ack settles it.
	Later     Outcome = ""
	Opened    Outcome = "opened"
	Dismissed Outcome = "dismissed"
	Failed    Outcome = "failed" // it could not be opened
	Busy      Outcome = "busy"   // a modal window is open: the row passes to another session, or becomes a card
)

// Ack settles one revision.
type Ack struct {
	ID      string  `json:"id"`
	Rev     int     `json:"rev"`
	Outcome Outcome `json:"outcome,omitempty"` // "": opened
	Detail  string  `json:"detail,omitempty"`  // free text for the timeline, 200 characters
}

// Key names the revision.
func (a Ack) Key() Key { return Key{a.ID, a.Rev} }

// AckResult is what became of an Ack.
type AckResult struct {
	ID     string `json:"id"`
	Rev    int    `json:"rev"`
	Result string `json:"result"`
}

// Results of an Ack.
const (
	Processed = "processed"
	Already   = "already"   // a success: it was settled before
	StaleRev  = "stale_rev" // a newer revision is pending, or another session has the row
	NotFound  = "not_found"
)

// State says what the answer to a poll is.
type State string

// The states. Another word leaves the picture as it is.
const (
	StateSet        State = "set"
	StateReset      State = "reset" // the version was unknown; within pages: begin again, this is page 1
	StateUnchanged  State = "unchanged"
	StateSuperseded State = "superseded" // another request of this session took over
)

// Set is the answer to a poll.
type Set struct {
	State     State
	Version   string // "" on every page but the last
	Next      string // cursor of the next page; "": this is the last
	Rows      []Notification
	Acks      []AckResult
	PollAfter time.Duration // the least pause before the next poll
	// Timeout is how long a client shall wait for such an answer; 0: it was not told.
	Timeout    time.Duration
	ServerTime time.Time
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *Set) UnmarshalJSON(text []byte) error {
	var w struct {
		State      State          `json:"state"`
		Version    string         `json:"version"`
		Next       string         `json:"next"`
		Rows       []Notification `json:"notifications"`
		Acks       []AckResult    `json:"acks"`
		PollAfter  int64          `json:"poll_after_ms"`
		Timeout    int64          `json:"client_timeout_s"`
		ServerTime time.Time      `json:"server_time"`
	}
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	*s = Set{State: w.State, Version: w.Version, Next: w.Next, Rows: w.Rows, Acks: w.Acks, PollAfter: time.Duration(w.PollAfter) * time.Millisecond,
		Timeout: time.Duration(w.Timeout) * time.Second, ServerTime: w.ServerTime}
	return nil
}
