package models

import (
	"cmp"
	"slices"
	"time"
)

// CallState is the state of a call or of one leg. It only rises inside one
// attempt: ringing < answered < ended.
type CallState string

// The states. A call that exists but rings nowhere yet (a menu) is Ringing.
const (
	Ringing  CallState = "ringing"
	Answered CallState = "answered"
	Ended    CallState = "ended"
)

// CallKey names a call the way its PBX does.
type CallKey struct {
	Source int64
	Key    string
}

// Call is one conversation with the outside: what its source has said so far
// (Facts) and what follows from it (all other fields, made by Apply).
type Call struct {
	ID         int64
	Source     int64
	Key        string
	MergedInto int64 // another call took this one's facts; 0: none

	Facts []Fact // sorted; see Apply

	State      CallState
	Direction  Direction
	Phone      string // E.164, else the digits as given; "" when hidden or unknown
	Hidden     bool   // the caller withheld the number
	Name       string // as the PBX has it
	DID        string
	StartedAt  time.Time
	AnsweredAt time.Time // zero: nobody answered (yet)
	EndedAt    time.Time // zero: lives
	TalkS      int       // seconds of conversation, known when ended
	AnsweredBy int64     // user of the last leg that talked; 0: unknown
	Recording  string
	Missed     bool // ended, incoming, nobody answered
	ByPBX      bool // ended by an event of the PBX, not by the stuck-calls job

	// Kept across refolds, never derived:
	Conversation int64   // the call of another source of the line group that told of it first; 0: none
	Told         []int64 // users without a leg who were told of the call, sorted

	Legs []Leg
}

// Leg is one attempt to reach one person in a call.
type Leg struct {
	ID         int64
	Key        string // the PBX's leg id, else "x:" and the extension
	N          int    // attempt number under Key, from 1
	Extension  string
	Addresses  []string // other names of the same person
	State      CallState
	RangAt     time.Time // zero: never rang (a phone that is off)
	AnsweredAt time.Time
	EndedAt    time.Time
	Reason     string // of the end
	ToExt      string // set by transferred

	// Kept across refolds, never derived:
	User   int64 // owner when the leg was routed; 0: unrouted
	Opened bool  // open, create, choose or resolve was given for this attempt
	Row    int64 // last notification made for this leg; 0: none
	// Sharers are the users of a shared phone, of whom nobody has taken the
	// call yet (User is 0 then).
	Sharers []int64
}

// Fact is one event as a call remembers it. At is never zero: what the PBX
// did not date is dated at receipt, Undated.
type Fact struct {
	Type      EventType `json:"t"`
	Extension string    `json:"x,omitempty"`
	Addresses []string  `json:"xs,omitempty"`
	Leg       string    `json:"l,omitempty"`
	Seq       int64     `json:"s,omitempty"`
	At        int64     `json:"a"` // Unix milliseconds
	Undated   bool      `json:"u,omitempty"`
	Guessed   bool      `json:"g,omitempty"` // Seq is ours: after all that was known
	To        string    `json:"to,omitempty"`
	Reason    string    `json:"r,omitempty"`
	Direction Direction `json:"d,omitempty"`
	Phone     string    `json:"p,omitempty"`
	Hidden    bool      `json:"h,omitempty"`
	Name      string    `json:"n,omitempty"`
	DID       string    `json:"did,omitempty"`
	Recording string    `json:"rec,omitempty"`
	TalkS     *int      `json:"talk,omitempty"`
	Closed    bool      `json:"c,omitempty"` // made by the stuck-calls job
	Silent    bool      `json:"q,omitempty"` // Closed on a guess; see CloseSilent
	Joined    bool      `json:"j,omitempty"` // of an internal call that joined this one
}

// MaxFacts bounds what one call remembers. Beyond it everything is ignored but
// an answer or an end that changes the call.
const MaxFacts = 1000

// LegOf returns the leg that says how user stands in the call: a talking one,
// else a ringing one, else the one that changed last (of several in one instant
// one that talked, else the later attempt); nil if the user has none.
func (c *Call) LegOf(user int64) *Leg {
	var best *Leg
	rank := func(s CallState) int {
		switch s {
		case Answered:
			return 2
		case Ringing:
			return 1
		}
		return 0
	}
	for i := range c.Legs {
		l := &c.Legs[i]
		if user == 0 || !l.Concerns(user) {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(rank(l.State), rank(best.State)), l.lastChange().Compare(best.lastChange()), l.talked()-best.talked()) >= 0 {
			best = l
		}
	}
	return best
}

// Concerns reports that the leg is the user's, or of a shared phone of his and
// nobody has taken it yet.
func (l *Leg) Concerns(user int64) bool {
	return l.User == user || l.User == 0 && slices.Contains(l.Sharers, user)
}

// People are whom the leg concerns; nil: nobody known.
func (l *Leg) People() []int64 {
	if l.User != 0 {
		return []int64{l.User}
	}
	return l.Sharers
}

// Offered reports that the leg is of a shared phone and nobody has taken it yet.
func (l *Leg) Offered() bool { return l != nil && l.User == 0 && len(l.Sharers) > 0 }

// ConversationID names what several sources tell of as one: of a call that
// stands alone it is its own id.
func (c *Call) ConversationID() int64 { return cmp.Or(c.Conversation, c.ID) }

// SetOwner says whose phone leg i is. A leg keeps its owner for life.
func (c *Call) SetOwner(i int, user int64) {
	c.Legs[i].User = user
	c.nameAnswerer()
}

// nameAnswerer derives AnsweredBy, which depends on the legs' owners.
func (c *Call) nameAnswerer() {
	c.AnsweredBy = 0
	var last *Leg
	for i := range c.Legs {
		if l := &c.Legs[i]; l.talked() > 0 && (last == nil || !l.AnsweredAt.Before(last.AnsweredAt)) {
			last, c.AnsweredBy = l, l.User
		}
	}
}

// Users returns whom the call's legs concern, each once, in leg order.
func (c *Call) Users() []int64 {
	var out []int64
	seen := map[int64]bool{}
	for i := range c.Legs {
		for _, u := range c.Legs[i].People() {
			if !seen[u] {
				seen[u] = true
				out = append(out, u)
			}
		}
	}
	return out
}

// RingsAlone reports whether l is the only leg that rings, for one person, and
// nobody talks.
func (c *Call) RingsAlone(l *Leg) bool {
	for i := range c.Legs {
		o := &c.Legs[i]
		if o != l && o.State != Ended {
			return false
		}
	}
	return l.State == Ringing && !l.Offered()
}

// Clone returns a deep copy, for a before/after comparison.
func (c *Call) Clone() *Call {
	d := *c
	d.Facts = append([]Fact(nil), c.Facts...)
	d.Legs = append([]Leg(nil), c.Legs...)
	d.Told = slices.Clone(c.Told)
	return &d
}

// talked is 1 for a leg that was answered, else 0.
func (l *Leg) talked() int {
	if l.AnsweredAt.IsZero() {
		return 0
	}
	return 1
}

func (l *Leg) lastChange() time.Time {
	for _, t := range []time.Time{l.EndedAt, l.AnsweredAt} {
		if !t.IsZero() {
			return t
		}
	}
	return l.RangAt
}
