package web

import (
	"strings"
	"time"
)

// SourcesPage lists the connections to PBXs and other senders.
type SourcesPage struct {
	Frame
	Rows []SourceRow
}

// SourceRow is one source and how it fares.
type SourceRow struct {
	Slug, Name, Kind, KindName string
	Active                     bool
	Rotating                   bool
	Last                       time.Time // webhook; zero: none yet
	Webhooks, Failed           int       // of 24 h
	Refused                    int       // of the last ones that were turned away
	Group                      string
}

// Rate is how many of a hundred webhooks failed.
func (r SourceRow) Rate() int {
	if r.Webhooks == 0 {
		return 0
	}
	if p := r.Failed * 100 / r.Webhooks; p > 0 || r.Failed == 0 {
		return p
	}
	return 1
}

// KindsPage is the choice of what to connect.
type KindsPage struct {
	Frame
	Search string
	Kinds  []KindRow
}

// KindRow is one kind of source.
type KindRow struct{ Kind, Name, Text string }

// SourceForm is what can be set of a source.
type SourceForm struct {
	Form
	New       bool
	Slug      string
	KindName  string
	Kind      string
	Secret    *FieldRow // nil: the kind has none
	Fields    []FieldRow
	More      []FieldRow // what every kind has
	Zones     []Option
	Groups    []Option
	Default   string // zone of the service
	Region    string // of the service
	HasSecret bool
}

// FieldRow is one setting.
type FieldRow struct {
	Name     string // of the form
	Label    string
	Help     string
	Value    string
	Secret   bool
	Stored   bool // a secret that is kept
	List     bool
	Required bool
	Wrong    string
	Again    bool // a secret that was typed, and has to be typed once more
}

// SourcePage is one source: how it fares, its address, what to enter where, a
// test call, and its settings.
type SourcePage struct {
	Frame
	Row        SourceRow
	About      string // what the kind is
	URLWarning string // why a PBX may not come to it; "": nothing is wrong
	URL        string // of its hook; "": not for who looks
	Form       SourceForm
	Guide      Guide
	Stories    []StoryOption
	Mute       string // why no test call can be placed; "": one can
	Exts       []Option
	Phone      string
	Test       *TestRun // nil: none was placed
	Refused    []RefusedRow
	Networks   []string
	Can        []Ability
}

// Ability is something that a kind can tell: yes, partly or no.
type Ability struct{ Text, Answer string }

// NewSourcePage is the form of a source that is to be made.
type NewSourcePage struct {
	Frame
	About string
	Form  SourceForm
	Guide Guide
}

// StoryOption is a test call that can be placed.
type StoryOption struct {
	Option
	Loses string // what this kind cannot tell of it
}

// TestRun is a test call, step by step.
type TestRun struct {
	ID      string
	Started time.Time
	Running bool
	Story   string
	Error   string
	Steps   []TestStep
	Call    string // address; "": none yet
}

// TestStep is one request of a test call.
type TestStep struct {
	At        time.Time // zero: not yet
	Event     string
	Extension string
	Status    int
	Outcome   string
	Webhook   string // address; "": none
	Error     string
}

// EventIn says the event in words.
func (s TestStep) EventIn(l Lang) string { return EventIn(l, s.Event) }

// OutcomeIn says in words what became of the request.
func (s TestStep) OutcomeIn(l Lang) string { return OutcomeIn(l, s.Outcome) }

// EventIn says an event of a call in words.
func EventIn(l Lang, event string) string {
	words := map[string]said{
		"started":     {"звонок пришёл", "a call arrived"},
		"ringing":     {"телефон звонит", "the phone rings"},
		"answered":    {"трубку сняли", "answered"},
		"ring_ended":  {"перестал звонить", "stopped ringing"},
		"ended":       {"звонок окончен", "the call ended"},
		"missed":      {"пропущен", "missed"},
		"transferred": {"переведён", "transferred"},
		"recording":   {"есть запись", "a recording"},
	}
	if s, ok := words[event]; ok {
		return s.in(l)
	}
	return strings.ReplaceAll(event, "_", " ")
}
