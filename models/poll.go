package models

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// PollQuery is what a client asks for (contract §4.1), already parsed.
type PollQuery struct {
	Version string // "" or unknown: the whole set with state reset
	Wait    time.Duration
	Limit   int // 1–100
	After   string
	Session string
	App     string
	Busy    bool // a modal window or an unsaved form is open: the session opens nothing now
	Acks    []Ack
}

// Claim names a row that a session takes before it opens it, or gives back.
type Claim struct {
	ID      int64
	Rev     int
	Session string
}

// Claimed is a row after a claim or a release.
type Claimed struct {
	ID      int64
	Rev     int
	Session string        // "": nobody
	Lease   time.Duration // for how long it is held if the session does not poll
}

// Waiting is a poll that has nothing to answer yet.
type Waiting interface {
	// Wait ends with the answer, when ctx ends or when the client of line is
	// gone. Call it once, from any goroutine. line nil: ctx alone tells that.
	Wait(ctx context.Context, line Line) (PendingSet, error)
}

// Line is the connection of a waiting client, which the wait rests on.
type Line interface {
	// Arm forgets what Poke did so far.
	Arm()
	// Rest blocks until Poke, also one that came since Arm, or until the client
	// is gone. When ok is false it cannot be rested on any more.
	Rest() (gone, ok bool)
	// Poke ends the Rest from any goroutine, and does not block.
	Poke()
}

// Ack settles one revision of one notification.
type Ack struct {
	ID      int64
	Rev     int
	Raw     string  // as the client wrote the id, echoed in the result
	Outcome Outcome // zero: opened
	Detail  string  // free text of the client, cut to 200 characters
	Session string
}

// Outcome is what the client did with the row.
type Outcome string

// The outcomes; the letter is the short form in ID.REV.X.
const (
	OutcomeOpened    Outcome = "opened"    // o
	OutcomeDismissed Outcome = "dismissed" // d
	OutcomeFailed    Outcome = "failed"    // f
	OutcomeBusy      Outcome = "busy"      // b: comes back as a card
)

// ParseOutcome reads the word or the letter; "" is opened.
func ParseOutcome(s string) (Outcome, bool) {
	switch s {
	case "", "o", "opened":
		return OutcomeOpened, true
	case "d", "dismissed":
		return OutcomeDismissed, true
	case "f", "failed":
		return OutcomeFailed, true
	case "b", "busy":
		return OutcomeBusy, true
	}
	return "", false
}

// ParseAck reads ID.REV or ID.REV.X. An id that is no number of ours is kept
// in Raw with ID 0: it will be not_found, which is no error.
func ParseAck(s string) (Ack, error) {
	parts := strings.Split(strings.TrimSpace(s), ".")
	if len(parts) < 2 || len(parts) > 3 || parts[0] == "" || len(parts[0]) > 40 {
		return Ack{}, InvalidField("ack", "%q is not ID.REV or ID.REV.X", CutText(s, 60))
	}
	rev, err := strconv.Atoi(parts[1])
	if err != nil || rev < 1 {
		return Ack{}, InvalidField("ack", "%q has no positive revision", CutText(s, 60))
	}
	a := Ack{ID: ParseID(parts[0]), Rev: rev, Raw: CleanText(parts[0]), Outcome: OutcomeOpened}
	if len(parts) == 3 {
		o, ok := ParseOutcome(parts[2])
		if !ok {
			return Ack{}, InvalidField("ack", "unknown outcome in %q", CutText(s, 60))
		}
		a.Outcome = o
	}
	return a, nil
}

// ParseID reads a row's id; 0 when s is none of ours.
func ParseID(s string) int64 {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id < 1 {
		return 0
	}
	return id
}

// MaxAcks bounds the acknowledgements of one request.
const MaxAcks = 500

// Results of an acknowledgement.
const (
	AckProcessed = "processed"
	AckAlready   = "already" // a success: it was settled before
	AckStale     = "stale_rev"
	AckNotFound  = "not_found"
)

// AckResult answers one Ack.
type AckResult struct {
	ID     string
	Rev    int
	Result string
}

// PollState says what an answer is.
type PollState string

// The states of contract §4.1.
const (
	StateSet        PollState = "set"
	StateReset      PollState = "reset"
	StateUnchanged  PollState = "unchanged"
	StateSuperseded PollState = "superseded"
)

// PendingSet is the answer to a poll.
type PendingSet struct {
	State     PollState
	Version   string // "": this is not the last page, or nothing was read
	Next      string // cursor of the next page; ""
	Rows      []Notification
	Offset    int // of Rows[0] in the set, for a page that is cut shorter
	Acks      []AckResult
	PollAfter time.Duration // 0: come back at once (a waiting client)
	Draining  bool          // close the connection after the answer
	Now       time.Time     // the server's clock
	ETag      string        // the version that the ETag is made of

	Users map[int64]*User // whose rows they are, in an answer for all users; nil: one user's
}
