package web

import (
	"fmt"
	"time"

	"zummer/models"
)

// CallsPage is the call log.
type CallsPage struct {
	Frame
	Filter  CallsFilter
	Users   []Option
	Sources []Option
	Rows    []CallRow
	More    string    // address of what comes next; "": this is the last
	Later   bool      // this is not the first page
	Back    time.Time // the search looked only so far back; zero: it looked at all
	ListURL string    // of this page, for renewing it
	CSV     string    // address of the same as a file
}

// CallsFilter is what the log is narrowed to; "" is all.
type CallsFilter struct {
	User, Source, Direction, State, From, Until, Text string
}

// Any reports whether something is narrowed.
func (f CallsFilter) Any() bool { return f != CallsFilter{} }

// CallRow is one call.
type CallRow struct {
	ID         string
	Start      time.Time // when it was first heard of in the PBX's words; may be zero
	Direction  models.Direction
	State      models.CallState
	Missed     bool
	Hidden     bool
	Phone      string
	Name       string // as the PBX has it
	Contact    string // as the CRM has it; "": not known there
	DID        string
	Source     string
	SourceName string
	AnsweredBy string   // name; "": nobody, or nobody known
	Rang       []string // whose phones rang, without who answered
	Talk       time.Duration
	Talking    time.Time // since when, while the call lives
	Recording  bool
}

// Live reports that the call goes on.
func (r CallRow) Live() bool { return r.State != models.Ended }

// DirectionIn says which way the call goes, in words.
func (r CallRow) DirectionIn(l Lang) string { return DirectionIn(l, r.Direction) }

// StateIn says in a word how the call stands.
func (r CallRow) StateIn(l Lang) string {
	switch {
	case r.State == models.Ringing:
		return said{"звонит", "ringing"}.in(l)
	case r.State == models.Answered:
		return said{"разговор", "talking"}.in(l)
	case r.Missed:
		return said{"пропущен", "missed"}.in(l)
	case r.Talk > 0 || r.AnsweredBy != "":
		return said{"завершён", "ended"}.in(l)
	}
	return said{"без ответа", "not answered"}.in(l)
}

// TalkIn is how long they talked, as a clock shows it; "" when nobody did.
func (r CallRow) TalkIn() string { return Clock(r.Talk) }

// DirectionIn says a direction in words.
func DirectionIn(l Lang, d models.Direction) string {
	switch d {
	case models.Out:
		return said{"исходящий", "outgoing"}.in(l)
	case models.InternalCall:
		return said{"внутренний", "internal"}.in(l)
	}
	return said{"входящий", "incoming"}.in(l)
}

// Clock is a length as a clock shows it: 0:42, 1:02:03; "" for none.
func Clock(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	s := int(d.Round(time.Second) / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// CallPage is one call: its phones, its times, what was told of it and why.
type CallPage struct {
	Frame
	Row     CallRow
	Key     string // as the PBX names the call
	Other   string // address of the call of another source that is the same conversation; "": none
	Verdict string // in one sentence
	Tone    string // good, warn, bad
	Ended   time.Time
	Replied time.Time // when somebody answered
	Legs    []LegRow
	Notices []CallNotice
	Steps   []StepRow
	Fix     string // address of the page where what is wrong can be mended; "": none
	FixText string
}

// LegRow is one attempt to reach one person.
type LegRow struct {
	Extension string
	N         int
	User      string // name; "": nobody owns the extension
	Login     string
	Shared    string // names of those who share the phone, while nobody has taken the call
	State     models.CallState
	Rang      time.Time
	Answered  time.Time
	Ended     time.Time
	Reason    string
	To        string // extension that the call was transferred to
}

// StateIn says in words how the attempt stands.
func (r LegRow) StateIn(l Lang) string {
	switch {
	case r.State == models.Ringing:
		return said{"звонит", "ringing"}.in(l)
	case r.State == models.Answered:
		return said{"говорит", "talking"}.in(l)
	case !r.Answered.IsZero():
		return said{"поговорил", "talked"}.in(l)
	}
	return said{"не ответил", "did not answer"}.in(l)
}

// ReasonIn says in words why the attempt ended.
func (r LegRow) ReasonIn(l Lang) string { return WhyIn(l, r.Reason) }

// TalkIn is how long the person talked.
func (r LegRow) TalkIn() string {
	if r.Answered.IsZero() || r.Ended.IsZero() {
		return ""
	}
	return Clock(r.Ended.Sub(r.Answered))
}

// CallNotice is one notification that the call made.
type CallNotice struct {
	ID     string
	User   string
	Login  string
	Kind   string
	Action models.Action
	State  string
	Heard  bool          // a client was told of it
	After  time.Duration // how soon
	Told   string        // the session
	Stale  bool          // that was of an earlier revision: nobody was told of the last one
	Of     string        // the kind of the revision that was told of
}

// Behind reports that something of the notification was shown, but not what it
// is about now: the ring, but not the form.
func (n CallNotice) Behind() bool {
	return n.Heard && n.Stale && n.Action != models.ActionNone && n.State != "processed"
}

// BehindIn says what was shown, how soon, and what was not.
func (n CallNotice) BehindIn(l Lang) string {
	say := func(ru, en string) string { return said{ru, en}.in(l) }
	out := say("прежняя ревизия показана через ", "an earlier revision was shown after ")
	if n.Of == models.KindRinging {
		out = say("звонок показан через ", "the ring was shown after ")
	}
	out += Lasted(l, n.After) + ", " + shownAs(l, n.Action)
	if n.State == "pending" {
		return out + say(" – ещё нет", " is not yet")
	}
	return out + say(" – нет", " was not")
}

// KindIn is the notification's kind in words.
func (n CallNotice) KindIn(l Lang) string { return KindIn(l, n.Kind) }

// ActionIn is its action in words.
func (n CallNotice) ActionIn(l Lang) string { return ActionIn(l, n.Action) }

// StateIn is its state in words.
func (n CallNotice) StateIn(l Lang) string { return StateIn(l, n.State) }

// AfterIn says how soon a client had it.
func (n CallNotice) AfterIn(l Lang) string { return Lasted(l, n.After) }
