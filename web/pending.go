package web

import (
	"strings"
	"time"

	"zummer/models"
)

// PendingPage is the administrator's first page: what is not processed yet.
type PendingPage struct {
	Frame
	Summary  Summary
	Filter   PendingFilter
	Sources  []Option
	Users    []Option
	Kinds    []Option
	Rows     []PendingRow
	More     string // address of the next page; "": this is the last
	Later    bool   // this is not the first page
	ListURL  string // of this page, for renewing it
	Unrouted int    // extensions of the last day that nobody owns
	First    bool   // nothing is connected yet
	Broken   int    // webhooks of today with an error
}

// Summary is the line of numbers above the list.
type Summary struct {
	Pending, Waiting, CallsToday, MissedToday int
	Oldest                                    time.Time
}

// PendingFilter is what the list is narrowed to; "" is all.
type PendingFilter struct {
	User, Source, Kind, Age, Seen, Text string
}

// Any reports whether something is narrowed.
func (f PendingFilter) Any() bool { return f != PendingFilter{} }

// Option is one line of a choice.
type Option struct {
	Value, Text string
	Chosen      bool
}

// PendingRow is one pending notification.
type PendingRow struct {
	ID      string
	Rev     int
	User    string
	Login   string
	Kind    string // as the register has it
	Action  models.Action
	Live    bool
	Title   string
	Text    string
	Phone   string
	Contact string
	Source  string
	Since   time.Time // of this revision
	Created time.Time
	Expires time.Time
	Held    string   // the session that shall open it, or has claimed it; "": none
	Seen    []string // sessions that were told of this revision
	Online  bool     // a client of the user polls
}

// Says reports whether title and text say more than the other columns do: those
// of a call that is only a number, or a contact, do not.
func (r PendingRow) Says() bool {
	return !strings.HasPrefix(r.Kind, "call.") || r.Title != pretty(r.Phone) && r.Title != r.Contact
}

// Closing reports whether the row only takes a toast away and goes by itself.
func (r PendingRow) Closing() bool { return r.Action == models.ActionNone }

// KindIn is the row's kind in words.
func (r PendingRow) KindIn(l Lang) string { return KindIn(l, r.Kind) }

// ActionIn is the row's action in words.
func (r PendingRow) ActionIn(l Lang) string { return ActionIn(l, r.Action) }
