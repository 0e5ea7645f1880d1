package models

import "time"

// DryRunQuery asks what the rules would make of events. It is either a webhook
// of the journal, or events of a source's calls of which nothing else is known.
type DryRunQuery struct {
	Webhook int64
	Source  string // slug; of Events
	Events  []Event
	Rules   []Rule  // to be tried; nil: those of Version
	Version *int64  // nil: those in force; 0: the built-in ones
	Absent  []int64 // users taken for absent; all others are present
}

// DryRunResult is the answer, event by event.
type DryRunResult struct {
	Version *int64 // of the rules; nil: they came with the query
	Source  int64
	Events  []DryRunEvent
}

// DryRunEvent is what would become of one event.
type DryRunEvent struct {
	Event     Event // as the call takes it: with its number normalised
	At        time.Time
	State     CallState // of the call afterwards
	Direction Direction
	Changed   bool     // false: it tells nothing new, so no rule is asked
	Notes     []string // what was noted beside the rules, such as an extension that nobody owns
	Occasions []Occasion
	Beside    []Draft // what changes without an occasion: mostly missed calls that go. UserID 0: for all who have it
}
