package web

import (
	"strconv"
	"time"
)

// WebhooksPage is the journal of what the PBXs sent, and what was refused.
type WebhooksPage struct {
	Frame
	Filter   WebhooksFilter
	Sources  []Option
	Outcomes []Option
	Rows     []WebhookRow
	Refused  []RefusedRow
	Total    int64 // refused since the start
	More     string
	Later    bool
	ListURL  string
}

// WebhooksFilter is what the journal is narrowed to; "" is all.
type WebhooksFilter struct{ Source, Outcome string }

// Any reports whether something is narrowed.
func (f WebhooksFilter) Any() bool { return f != WebhooksFilter{} }

// WebhookRow is one request of a PBX.
type WebhookRow struct {
	ID      string
	At      time.Time
	Source  string
	Method  string
	Path    string
	From    string
	Outcome string
	Error   string
	Events  int
	Call    string // address of the call; "": none
	Says    WebhookSays
}

// WebhookSays is the first event of a request: what happened, at which
// extension, with which customer's number. The zero one: it is not known.
type WebhookSays struct{ Event, Extension, Phone string }

// In says it in one line, the number as who looks may see it.
func (s WebhookSays) In(f Frame) string {
	if s.Event == "" {
		return ""
	}
	out := EventIn(f.Lang, s.Event)
	if s.Extension != "" {
		out += " · " + f.Text(s.Extension)
	}
	if s.Phone != "" {
		out += " · " + f.Phone(s.Phone)
	}
	return out
}

// OutcomeIn says in words what became of it.
func (r WebhookRow) OutcomeIn(l Lang) string { return OutcomeIn(l, r.Outcome) }

// Tone is how that is: good, warn, bad or "".
func (r WebhookRow) Tone() string {
	switch r.Outcome {
	case "stored":
		return "good"
	case "failed":
		return "bad"
	}
	return ""
}

// RefusedRow is a request that was turned away.
type RefusedRow struct {
	At     time.Time
	Source string
	Method string
	From   string
	Reason string
	Detail string
}

// ReasonIn says in words why it was.
func (r RefusedRow) ReasonIn(l Lang) string { return RefusalIn(l, r.Reason) }

// WebhookPage is one request as it came, and what was understood.
type WebhookPage struct {
	Frame
	Row      WebhookRow
	Verdict  string
	Tone     string
	Headers  []Pair
	Body     string
	Decoded  string // the body's form, one field a line; "": it is none
	Size     int
	Curl     string
	Events   []EventRow
	CallSays string // of the call, when an event makes nothing; "": not known
	Why      string // the parse cannot be repeated, in words; "": it was
}

// Pair is a name with its value.
type Pair struct{ Name, Value string }

// EventRow is one event that was understood, and what the rules in force make
// of it.
type EventRow struct {
	Type    string
	JSON    string // in canonical form
	Notes   []string
	Result  []EventResult
	Nothing bool // it makes nothing for anybody
	Same    bool // for it tells nothing new of the call
}

// TypeIn says the event in words.
func (r EventRow) TypeIn(l Lang) string { return EventIn(l, r.Type) }

// EventResult is what would come of an event for one user.
type EventResult struct {
	User   string // "": nobody
	Rule   string
	Reason string
	Makes  []string // notifications in words; none: nothing
}

// WebhookVerdict says in one sentence what became of a request, and how that
// is: good, warn or bad. events is how many it holds when it is read now.
func WebhookVerdict(l Lang, r WebhookRow, events int) (text, tone string) {
	text, tone = r.verdict(l, events)
	return OneStop(text), tone
}

func (r WebhookRow) verdict(l Lang, events int) (text, tone string) {
	say := func(ru, en string) string { return said{ru, en}.in(l) }
	switch r.Outcome {
	case "stored":
		return say("Принят и понят: событий ", "Taken and understood: events ") + strconv.Itoa(r.Events) + ".", "good"
	case "repeat":
		return say("Повтор: эти события уже были, второй раз они ничего не изменили.", "A repeat: these events were known and changed nothing the second time."), "good"
	case "failed":
		out := say("Принят, но не понят: ", "Taken but not understood: ") + r.Error + "."
		if events > 0 {
			out += say(" Теперь он понимается: выполните его заново.", " By now it is understood: run it again.")
		}
		return out, "bad"
	}
	return say("Понят, и делать по нему нечего: о звонках в нём ничего нет.", "Understood, and there is nothing to do: it says nothing of calls."), ""
}
