package app

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

type rulesDryRunCmd struct {
	reach
	Webhook string   `help:"Id of a webhook of the journal." placeholder:"ID"`
	Source  string   `help:"Slug of the source that the events are from." placeholder:"SLUG"`
	Event   string   `help:"An event as kind generic takes it." placeholder:"JSON"`
	Events  string   `help:"File with a list of events; - is the standard input." placeholder:"FILE"`
	Rules   string   `help:"File with rules to try, instead of those in force." placeholder:"FILE"`
	Version *int64   `help:"Try an older version of the rules; 0: the built-in ones." placeholder:"N"`
	Absent  []string `help:"Users who shall be taken for absent." placeholder:"LOGIN"`
	JSON    bool     `name:"json" help:"Print the answer as it is."`
}

// Run asks and tells the answer in words.
func (c *rulesDryRunCmd) Run(e *env) error {
	body := map[string]any{}
	if c.Webhook == "" && c.Event == "" && c.Events == "" {
		return errors.New("give --webhook ID, or --source SLUG with --event JSON or --events FILE")
	}
	for name, v := range map[string]string{"webhook": c.Webhook, "source": c.Source} {
		if v != "" {
			body[name] = v
		}
	}
	if c.Event != "" {
		if !json.Valid([]byte(c.Event)) {
			return errors.New(`--event is no JSON; give something like {"event":"ringing","call":"1","extension":"101"}`)
		}
		body["event"] = json.RawMessage(c.Event)
	}
	if c.Events != "" {
		list, err := readJSONFile(c.Events)
		if err != nil {
			return err
		}
		body["events"] = list
	}
	if c.Rules != "" {
		f, err := readRulesFile(c.Rules)
		if err != nil {
			return err
		}
		body["rules"] = f["rules"]
	}
	if c.Version != nil {
		body["version"] = *c.Version
	}
	if len(c.Absent) > 0 {
		body["absent"] = c.Absent
	}
	if c.JSON {
		var raw json.RawMessage
		err := c.ask(e.ctx, http.MethodPost, "/v1/admin/rules/dry-run", body, &raw)
		fmt.Fprintf(e.stdout, "%s", raw)
		return err
	}
	var res dryRunAnswer
	if err := c.ask(e.ctx, http.MethodPost, "/v1/admin/rules/dry-run", body, &res); err != nil {
		return err
	}
	res.tell(e.stdout)
	return nil
}

// dryRunAnswer is the instance's answer, as far as it is told.
type dryRunAnswer struct {
	RulesVersion *int64 `json:"rules_version"`
	Events       []struct {
		Event, Call, Extension string
		At                     time.Time
		Changed                bool
		Notes                  []string
		Occasions              []dryRunOccasion
		Beside                 []dryRunChange
	}
}

type dryRunOccasion struct {
	User, Event, Rule, Result, Reason string
	Verdicts                          []struct {
		Rule, Why string
		Fits      bool
	}
	Notifications []dryRunChange
}

type dryRunChange struct {
	Do, User, Kind, Action, Title, Text, Missed, Rule, Reason string
	Object                                                    *struct{ Type, Name, Title string }
	Candidates                                                []struct{ Title string }
	ExpiresInS                                                int `json:"expires_in_s"`
	Shared                                                    bool
}

// tell prints the answer: of each event the occasions, of each occasion the
// rules in order and what comes of it.
func (r *dryRunAnswer) tell(w io.Writer) {
	switch {
	case r.RulesVersion == nil:
		fmt.Fprintln(w, "rules: those of the file")
	case *r.RulesVersion == 0:
		fmt.Fprintln(w, "rules: built in")
	default:
		fmt.Fprintf(w, "rules: version %d\n", *r.RulesVersion)
	}
	if len(r.Events) == 0 {
		fmt.Fprintln(w, "there is no event in it: nothing would happen")
	}
	for _, e := range r.Events {
		fmt.Fprintf(w, "\n%s of call %s, %s\n", strings.TrimSpace(e.Event+" "+e.Extension), e.Call, e.At.Format(time.RFC3339))
		for _, n := range e.Notes {
			fmt.Fprintf(w, "  %s %s\n", note, n)
		}
		switch {
		case !e.Changed:
			fmt.Fprintln(w, "  it tells nothing new: nothing would happen")
		case len(e.Occasions)+len(e.Beside)+len(e.Notes) == 0:
			fmt.Fprintln(w, "  it concerns no user: nothing would happen")
		}
		for i := range e.Occasions {
			e.Occasions[i].tell(w)
		}
		for i := range e.Beside {
			fmt.Fprintf(w, "  beside that: %s; rule %s: %s\n", &e.Beside[i], e.Beside[i].Rule, e.Beside[i].Reason)
		}
	}
}

func (o *dryRunOccasion) tell(w io.Writer) {
	fmt.Fprintf(w, "  %s, for %s\n", o.Event, cmp.Or(o.User, "nobody"))
	for _, v := range o.Verdicts {
		if v.Fits {
			fmt.Fprintf(w, "    %s %s\n", right, v.Rule)
			continue
		}
		fmt.Fprintf(w, "    – %s: %s\n", v.Rule, cmp.Or(v.Why, "does not fit"))
	}
	if len(o.Notifications) == 0 {
		fmt.Fprintf(w, "    → nothing: %s\n", o.Reason)
		return
	}
	fmt.Fprintf(w, "    because: %s\n", o.Reason)
	for i := range o.Notifications {
		fmt.Fprintf(w, "    → %s\n", &o.Notifications[i])
		if why := o.Notifications[i].Reason; why != o.Reason {
			fmt.Fprintf(w, "      (%s)\n", why)
		}
	}
}

// String says a change in one line.
func (c *dryRunChange) String() string {
	who := cmp.Or(c.User, "everybody who has it")
	what := "what " + who + " has of the call"
	if c.Missed != "" {
		what = "the missed call of " + c.Missed + " from " + who
	}
	if c.Do == "remove" {
		return "remove " + what
	}
	out := fmt.Sprintf("%s for %s: %s, %s", c.Do, who, c.Kind, c.Action)
	if c.Do == "revise" {
		out += " (if the row is still there)"
	}
	if c.Object != nil {
		out += " " + cmp.Or(c.Object.Title, strings.Trim(c.Object.Type+"."+c.Object.Name, "."))
	}
	if n := len(c.Candidates); n > 0 {
		out += fmt.Sprintf(" of %d", n)
	}
	if c.Title != "" {
		out += fmt.Sprintf(", «%s»", c.Title)
	}
	if c.Text != "" {
		out += fmt.Sprintf(" «%s»", c.Text)
	}
	if c.ExpiresInS > 0 {
		out += ", for " + spanText(c.ExpiresInS)
	}
	if c.Shared {
		out += ", for all sessions"
	}
	return out
}

// spanText is a time as people say it: 14 days, 4h, 1m.
func spanText(seconds int) string {
	d := time.Duration(seconds) * time.Second
	if days := d / (24 * time.Hour); days > 1 && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d days", days)
	}
	text := strings.TrimSuffix(d.String(), "0s")
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return cmp.Or(text, "0s")
}
