package web

import (
	"time"

	"zummer/models"
)

// NotificationPage tells what became of one notification, and why.
type NotificationPage struct {
	Frame
	ID      string
	State   string // pending, processed, expired, removed
	Verdict string // in one sentence
	Tone    string // good, warn, bad
	Row     PendingRow
	Object  string // what opens
	Call    string // address of its call; "": none
	Follows string // address of the row that it follows; "": none
	Users   []Option
	Steps   []StepRow
}

// StateIn says the state in words.
func (p NotificationPage) StateIn() string { return StateIn(p.Lang, p.State) }

// StateIn says a row's state in words.
func StateIn(l Lang, state string) string {
	switch state {
	case "pending":
		return said{"ожидает", "pending"}.in(l)
	case "processed":
		return said{"обработано", "processed"}.in(l)
	case "expired":
		return said{"срок истёк", "expired"}.in(l)
	case "removed":
		return said{"снято", "taken out"}.in(l)
	}
	return state
}

// StepRow is one step of a timeline in words.
type StepRow struct {
	At      time.Time
	Text    string
	Why     string
	Rule    string
	Detail  string
	Webhook string // address of the webhook; "": none
	Own     bool   // of this notification, not of another row of its call
}

// NewStepRow puts a step into words. user is who it concerns, "" nobody.
func NewStepRow(l Lang, s *models.Step, user string) StepRow {
	return StepRow{At: s.At, Text: StepIn(l, s, user), Why: WhyIn(l, s.Reason), Rule: RuleIn(l, s.Rule, s.RulesVersion), Detail: DetailIn(l, s)}
}
