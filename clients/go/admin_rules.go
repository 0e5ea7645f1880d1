package zummer

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// Rules are the rules in force, as JSON: {"version":…,"rules":[…]}.
func (a Admin) Rules(ctx context.Context) (json.RawMessage, error) {
	return one[json.RawMessage](ctx, a.c, http.MethodGet, at("rules"), nil)
}

// PutRules puts rules into force; the JSON names the version that they are a
// change of. Errors: Error with code moved_on when another one is in force.
func (a Admin) PutRules(ctx context.Context, rules []byte) (json.RawMessage, error) {
	return one[json.RawMessage](ctx, a.c, http.MethodPut, at("rules"), rules)
}

// CheckRules says what PutRules would refuse of these rules, as its Error does;
// nothing changes. n is how many they are.
func (a Admin) CheckRules(ctx context.Context, rules []byte) (n int, err error) {
	var out struct {
		Rules int `json:"rules"`
	}
	err = a.c.again(ctx, http.MethodPost, at("rules", "check"), rules, &out)
	return out.Rules, err
}

// RulesVersion is who put which rules into force, and when; the built-in ones
// are version 0.
type RulesVersion struct {
	Version int        `json:"version"`
	At      *time.Time `json:"at"`
	Who     string     `json:"who"`
}

// RulesVersions lists them, newest first.
func (a Admin) RulesVersions(ctx context.Context, p Page) (items []RulesVersion, next string, err error) {
	return many[RulesVersion](ctx, a.c, at("rules", "versions"), url.Values{}, p)
}

// DryRun asks what rules would make of a webhook of the journal, or of events by
// hand. Exactly one of Webhook and Events is set.
type DryRun struct {
	Webhook string          `json:"webhook,omitempty"` // id
	Source  string          `json:"source,omitempty"`  // of Events
	Events  []Event         `json:"events,omitempty"`
	Rules   json.RawMessage `json:"rules,omitempty"`   // a list of rules; nil: those of Version
	Version *int            `json:"version,omitempty"` // nil: the rules in force
	Absent  []string        `json:"absent,omitempty"`  // users taken for absent; the others are present
}

// DryRunReport is what would be made, event by event.
type DryRunReport struct {
	RulesVersion *int          `json:"rules_version"` // nil: the request's own rules
	Source       string        `json:"source"`
	Events       []DryRunEvent `json:"events"`
}

// DryRunEvent is what would become of one event.
type DryRunEvent struct {
	Event     string         `json:"event"`
	Call      string         `json:"call"`
	Extension string         `json:"extension"`
	Phone     string         `json:"phone"`
	At        time.Time      `json:"at"`
	State     string         `json:"state"`   // of the call after it
	Changed   bool           `json:"changed"` // false: it tells nothing new, and no rule is asked
	Notes     []string       `json:"notes"`
	Occasions []Occasion     `json:"occasions"`
	Beside    []DryRunChange `json:"beside"` // what changes without a rule
}

// Occasion is what an event means for one user, and which rule decides.
type Occasion struct {
	User          string         `json:"user"` // "": it concerns nobody
	Event         string         `json:"event"`
	Verdicts      []Verdict      `json:"verdicts"` // every rule, up to and with the one that was chosen
	Rule          string         `json:"rule"`
	Result        string         `json:"result"` // notification, nothing
	Reason        string         `json:"reason"`
	Notifications []DryRunChange `json:"notifications"`
}

// Verdict is whether a rule fits, and why it does not.
type Verdict struct {
	Rule string `json:"rule"`
	Fits bool   `json:"fits"`
	Why  string `json:"why"`
}

// DryRunChange is a row that would be made, revised or removed.
type DryRunChange struct {
	Do         string         `json:"do"`   // make, revise, remove
	User       string         `json:"user"` // "": everybody who has it
	Kind       string         `json:"kind"`
	Action     Action         `json:"action"`
	Title      string         `json:"title"`
	Text       string         `json:"text"`
	Phone      string         `json:"phone"`
	Object     *Object        `json:"object"`
	Client     *Object        `json:"client"`
	Candidates []Object       `json:"candidates"`
	Data       map[string]any `json:"data"`
	ExpiresInS *int64         `json:"expires_in_s"`
	Rule       string         `json:"rule"`
	Reason     string         `json:"reason"`
}

// DryRun tells which rule decides, why the others do not, and who would be shown
// what; nothing changes.
func (a Admin) DryRun(ctx context.Context, in DryRun) (DryRunReport, error) {
	return one[DryRunReport](ctx, a.c, http.MethodPost, at("rules", "dry-run"), in)
}
