package models

import "time"

// RuleSet is one version of the rules: the first that fits an occasion decides.
type RuleSet struct {
	Version int64     `json:"version"` // 0: the built-in ones
	Rules   []Rule    `json:"rules"`
	At      time.Time `json:"at,omitzero"` // since when they are in force
	Who     string    `json:"who,omitempty"`
}

// Rule says what an event of a call makes for a user: a notification, or
// nothing and why.
type Rule struct {
	Name string   `json:"name"` // unique in its set; timelines name it
	Note string   `json:"note,omitempty"`
	Off  bool     `json:"off,omitempty"` // passed over
	When RuleWhen `json:"when,omitzero"`
	Then RuleThen `json:"then"`
}

// RuleWhen is what must be true, all of it. An absent part is always true;
// of a list one entry is enough.
type RuleWhen struct {
	Event       []string   `json:"event,omitempty"`       // RuleEvents
	Source      []string   `json:"source,omitempty"`      // slugs
	Direction   []string   `json:"direction,omitempty"`   // in, out
	DID         []string   `json:"did,omitempty"`         // the company's own number that was dialled
	Group       []string   `json:"group,omitempty"`       // the user is a member
	User        []string   `json:"user,omitempty"`        // login or external id
	Caller      []string   `json:"caller,omitempty"`      // known, unknown, hidden
	Interests   []string   `json:"interests,omitempty"`   // open ones: none, one, several
	Responsible []string   `json:"responsible,omitempty"` // of the client: user (this one), other, none
	Present     *bool      `json:"present,omitempty"`     // a client of the user has polled lately
	Hours       *RuleHours `json:"hours,omitempty"`
	WaitedMin   *int       `json:"waited_min_s,omitempty"` // seconds from the call's begin to the answer, or to its end
	WaitedMax   *int       `json:"waited_max_s,omitempty"`
}

// RuleHours are working hours.
type RuleHours struct {
	Zone     string   `json:"zone,omitempty"`     // IANA; "": the source's
	Days     []string `json:"days,omitempty"`     // mon, tue, … sun; none: every day
	From     string   `json:"from,omitempty"`     // HH:MM; "": 00:00
	To       string   `json:"to,omitempty"`       // HH:MM, not included; "": 24:00; before From: past midnight
	Holidays []string `json:"holidays,omitempty"` // YYYY-MM-DD: never inside
	Outside  bool     `json:"outside,omitempty"`  // the rule fits outside of these hours instead
}

// RuleThen is what a rule makes. An empty field takes what the built-in rule
// for the same event has.
type RuleThen struct {
	Nothing  string         `json:"nothing,omitempty"` // no notification, because …
	Kind     string         `json:"kind,omitempty"`
	Action   string         `json:"action,omitempty"` // of contract §4.1, a word of one's own, or auto: what the contacts say
	Title    string         `json:"title,omitempty"`  // with {placeholders}
	Text     string         `json:"text,omitempty"`
	Data     map[string]any `json:"data,omitempty"`
	Object   *Object        `json:"object,omitempty"` // what create makes or open opens; title, link and url with {placeholders}
	To       []string       `json:"to,omitempty"`     // user, responsible, deputy, group:NAME
	ExpiresS int            `json:"expires_in_s,omitempty"`
	Shared   bool           `json:"shared,omitempty"` // all sessions may open it, not one
	Lookup   bool           `json:"lookup,omitempty"` // ask the CRM when no contact has the number
}

// Events that rules tell apart. They are occasions of one user, not the
// events of contract §5: when a colleague answers, one is told "answered" and
// the others "answered_elsewhere".
const (
	RuleRinging     = "ringing"
	RuleRingEnded   = "ring_ended"
	RuleAnswered    = "answered"
	RuleOutgoing    = "outgoing" // an outgoing call that the far end answered
	RuleElsewhere   = "answered_elsewhere"
	RuleTransferred = "transferred"
	RuleEnded       = "ended"
	RuleMissed      = "missed"
)

// RuleEvents lists them.
var RuleEvents = []string{RuleRinging, RuleRingEnded, RuleAnswered, RuleOutgoing, RuleElsewhere, RuleTransferred, RuleEnded, RuleMissed}

// ActionAuto in a rule means what the contacts say: open, choose, create or resolve.
const ActionAuto = "auto"
