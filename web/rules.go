package web

import (
	"time"

	"zummer/models"
)

// RulesPage lists the rules in force.
type RulesPage struct {
	Frame
	Number  int64 // of the rules in force; 0: built in
	By      string
	Since   time.Time
	Rules   []RuleRow
	Current bool // Rules are those in force, not of a version before
}

// RuleRow is one rule of a list.
type RuleRow struct {
	Place       int // from 1
	Name, Note  string
	Off         bool
	Builtin     bool // as it came with the program
	First, Last bool
	RuleText
}

// RulePage is the form of one rule.
type RulePage struct {
	Frame
	Form    Form
	Number  int64  // of the rules that the form is a change of
	Was     string // the rule's name before; "": a new one
	Moved   *RulesMoved
	Events  []Option
	Sources []Option
	Groups  []Option
	Members []Option // users
	Days    []Option
	Kinds   []Option
	Actions []Option
	To      []Option
	Words   RuleText // as the form was last read
}

// RulesMoved tells that somebody else has changed the rules meanwhile.
type RulesMoved struct {
	Based, Number int64
	By            string
	Since         time.Time
}

// RulesTextPage is the whole list as JSON.
type RulesTextPage struct {
	Frame
	Number int64
	Body   string
	Wrong  []FieldWrong
	Fine   bool // it was checked, and is
	Moved  *RulesMoved
}

// FieldWrong is a wrong field of the rules.
type FieldWrong struct{ Field, Rule, Text string }

// RuleVersionsPage lists the versions.
type RuleVersionsPage struct {
	Frame
	Number   int64 // in force
	Versions []models.RuleSet
	More     string
}

// RuleVersionPage shows one version and what changed with it.
type RuleVersionPage struct {
	Frame
	Number  int64 // in force
	Set     models.RuleSet
	Changes []RuleChange
	Before  int64
	First   bool // there is none before
	Rules   []RuleRow
}

// RuleTryPage asks what the rules would make of something.
type RuleTryPage struct {
	Frame
	Form     Form
	Draft    string // rules that are tried, as JSON; "": those in force
	Number   int64  // that the draft is a change of, or in force
	Webhooks []Option
	Sources  []Option
	Stories  []Option
	Users    []Option
	Ran      bool
	Events   []TryEvent
}

// TryEvent is what would become of one event.
type TryEvent struct {
	Event     string
	Call      string
	Who       string // extension
	Phone     string
	At        time.Time
	State     string
	Changed   bool
	Notes     []string
	Occasions []TryOccasion
	Beside    []TryDraft
}

// TryOccasion is what the rules were asked about one user.
type TryOccasion struct {
	User, Event, Rule, Reason string
	Nothing                   bool
	Verdicts                  []models.Verdict
	Drafts                    []TryDraft
}

// TryDraft is what would be shown, changed or taken out.
type TryDraft struct {
	Do, User, Kind string
	Action         models.Action
	Title, Text    string
	Phone          string
	Object         string
	Keep           time.Duration
	Reason, Rule   string
	Candidates     []models.Object
}

// EventIn is the event of the PBX in words.
func (e TryEvent) EventIn(l Lang) string {
	words := map[string]said{"started": {"звонок начался", "the call began"}, "ringing": {"звонит", "rings"}, "ring_ended": {"перестал звонить", "stopped ringing"}, "answered": {"ответили", "answered"},
		"transferred": {"перевод", "transferred"}, "ended": {"звонок окончен", "the call ended"}, "missed": {"никто не ответил", "nobody answered"}, "recording": {"запись готова", "the recording is ready"}}
	if w, ok := words[e.Event]; ok {
		return w.in(l)
	}
	return e.Event
}

// DoIn says what would be done.
func (d TryDraft) DoIn(l Lang) string {
	words := map[string]said{"make": {"показать", "show"}, "revise": {"изменить, если ещё стоит", "change, if it still stands"}, "remove": {"снять", "take out"}}
	return words[d.Do].in(l)
}

// ActionIn is the action in words.
func (d TryDraft) ActionIn(l Lang) string { return ActionIn(l, d.Action) }

// KindIn is the kind in words.
func (d TryDraft) KindIn(l Lang) string { return KindIn(l, d.Kind) }

// KeepIn is how long the row would stay.
func (d TryDraft) KeepIn(l Lang) string { return waitOf(l, d.Keep) }

// EventIn is the occasion in words.
func (o TryOccasion) EventIn(l Lang) string { return RuleEventIn(l, o.Event) }

// Why says why a rule did not fit.
func (f Frame) Why(v models.Verdict) string { return VerdictIn(f.Lang, v.Why) }

// Reason says a reason in the page's language.
func (f Frame) Reason(reason string) string { return WhyIn(f.Lang, reason) }

// TryDrafts are drafts with the page's frame, for the block that shows them.
type TryDrafts struct {
	Frame
	Drafts []TryDraft
}

// With puts the frame beside drafts.
func (f Frame) With(drafts []TryDraft) TryDrafts { return TryDrafts{f, drafts} }

// KindOf is a notification's kind in words.
func (f Frame) KindOf(kind string) string { return KindIn(f.Lang, kind) }
