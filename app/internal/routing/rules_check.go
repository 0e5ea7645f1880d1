package routing

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"zummer/models"
)

// Limits of a list of rules.
const (
	maxRules  = 200
	maxList   = 200 // entries of one condition
	maxWord   = 128 // bytes of an entry
	maxTTL    = 90 * 24 * time.Hour
	maxWaited = 24 * 3600
)

var (
	ruleName   = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
	kindName   = regexp.MustCompile(`^[a-z0-9_]+(\.[a-z0-9_]+)*$`)
	weekdays   = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} // time.Weekday
	recipients = []string{toUser, toResponsible, toDeputy}
)

// CheckRules says what is wrong with a list of rules, as an Invalid error whose
// fields are named as in "rules[2].when.event". Whether the users, groups and
// sources that it names exist is not asked here.
func CheckRules(rules []models.Rule) error {
	switch {
	case len(rules) == 0:
		return models.InvalidField("rules", "a list without rules would tell nobody anything; to be silent, say so in one rule")
	case len(rules) > maxRules:
		return models.InvalidField("rules", "at most %d", maxRules)
	}
	names := map[string]bool{}
	for i := range rules {
		c := &ruleCheck{at: fmt.Sprintf("rules[%d]", i), rule: &rules[i]}
		if !ruleName.MatchString(rules[i].Name) {
			c.bad("name", "must be 1 to 64 of A-Z a-z 0-9 _ . -")
		}
		if names[rules[i].Name] {
			c.bad("name", "stands twice")
		}
		names[rules[i].Name] = true
		if len(rules[i].Note) > models.MaxText {
			c.bad("note", "longer than %d bytes", models.MaxText)
		}
		c.when()
		c.then()
		if c.err != nil {
			return c.err
		}
	}
	return nil
}

// ruleCheck looks at one rule and keeps the first thing that is wrong.
type ruleCheck struct {
	at   string
	rule *models.Rule
	err  error
}

func (c *ruleCheck) bad(field, format string, args ...any) {
	if c.err == nil {
		c.err = models.InvalidField(c.at+"."+field, format, args...)
	}
}

// words checks a list; among, when given, has all that may stand in it.
func (c *ruleCheck) words(field string, list, among []string) {
	if len(list) > maxList {
		c.bad(field, "at most %d entries", maxList)
	}
	for i, w := range list {
		switch {
		case among != nil && !slices.Contains(among, w):
			c.bad(fmt.Sprintf("%s[%d]", field, i), "must be one of %s", strings.Join(among, ", "))
		case strings.TrimSpace(w) == "" || len(w) > maxWord:
			c.bad(fmt.Sprintf("%s[%d]", field, i), "must be 1 to %d bytes", maxWord)
		}
	}
}

func (c *ruleCheck) when() {
	w := &c.rule.When
	c.words("when.event", w.Event, models.RuleEvents)
	c.words("when.source", w.Source, nil)
	c.words("when.direction", w.Direction, []string{string(models.In), string(models.Out)})
	c.words("when.did", w.DID, nil)
	c.words("when.group", w.Group, nil)
	c.words("when.user", w.User, nil)
	c.words("when.caller", w.Caller, []string{"known", "unknown", "hidden"})
	c.words("when.interests", w.Interests, []string{"none", "one", "several"})
	c.words("when.responsible", w.Responsible, []string{"user", "other", "none"})
	for name, p := range map[string]*int{"when.waited_min_s": w.WaitedMin, "when.waited_max_s": w.WaitedMax} {
		if p != nil && (*p < 0 || *p > maxWaited) {
			c.bad(name, "must lie between 0 and %d", maxWaited)
		}
	}
	if w.WaitedMin != nil && w.WaitedMax != nil && *w.WaitedMin > *w.WaitedMax {
		c.bad("when.waited_min_s", "is more than waited_max_s")
	}
	h := w.Hours
	if h == nil {
		return
	}
	if h.Zone != "" {
		if _, err := time.LoadLocation(h.Zone); err != nil || h.Zone == "Local" {
			c.bad("when.hours.zone", "is no known time zone")
		}
	}
	c.words("when.hours.days", h.Days, weekdays)
	for name, s := range map[string]string{"when.hours.from": h.From, "when.hours.to": h.To} {
		if n, ok := minutes(s); s != "" && !ok || name == "when.hours.from" && n == 24*60 {
			c.bad(name, "must be HH:MM")
		}
	}
	if h.From != "" && h.From == h.To {
		c.bad("when.hours.to", "is the same as from: leave both out for the whole day")
	}
	for i, d := range h.Holidays {
		if _, err := time.Parse(time.DateOnly, d); err != nil {
			c.bad(fmt.Sprintf("when.hours.holidays[%d]", i), "must be YYYY-MM-DD")
		}
	}
	if len(h.Holidays) > 2*maxList {
		c.bad("when.hours.holidays", "at most %d", 2*maxList)
	}
}

func (c *ruleCheck) then() {
	t := &c.rule.Then
	if t.Nothing != "" {
		rest := *t
		rest.Nothing = ""
		if len(t.Nothing) > models.MaxText {
			c.bad("then.nothing", "longer than %d bytes", models.MaxText)
		}
		if !emptyThen(&rest) {
			c.bad("then.nothing", "a rule that makes nothing says nothing else")
		}
		return
	}
	if t.Kind != "" && (len(t.Kind) > 64 || !kindName.MatchString(t.Kind)) {
		c.bad("then.kind", "must be words of a-z 0-9 _ with dots between, at most 64 bytes")
	}
	if t.Kind == models.KindDigest {
		c.bad("then.kind", "is that of the row into which a full set folds")
	}
	c.action()
	for name, s := range map[string]string{"then.title": t.Title, "then.text": t.Text} {
		if err := checkTemplate(s); err != "" {
			c.bad(name, "%s", err)
		}
	}
	if o := t.Object; o != nil {
		for name, s := range map[string]string{"link": o.Link, "url": o.URL, "title": o.Title} {
			if err := checkTemplate(s); err != "" {
				c.bad("then.object."+name, "%s", err)
			}
		}
		if u := strings.ToLower(o.URL); u != "" && !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") {
			c.bad("then.object.url", "is no http or https address")
		}
		for name, s := range map[string]string{"type": o.Type, "name": o.Name, "uid": o.UID, "app": o.App} {
			if len(s) > maxWord {
				c.bad("then.object."+name, "longer than %d bytes", maxWord)
			}
		}
	}
	c.words("then.to", t.To, nil)
	for i, to := range t.To {
		if name, ok := strings.CutPrefix(to, toGroup); !slices.Contains(recipients, to) && (!ok || name == "") {
			c.bad(fmt.Sprintf("then.to[%d]", i), "must be user, responsible, deputy or group:NAME")
		}
	}
	if len(t.To) > 0 && c.some(func(p plain) bool { return p.closes }) {
		c.bad("then.to", "only what rings, is answered or missed has recipients; name those events in when.event")
	}
	if t.ExpiresS < 0 || time.Duration(t.ExpiresS)*time.Second > maxTTL {
		c.bad("then.expires_in_s", "must lie between 1 and %d", int(maxTTL/time.Second))
	}
	if t.Lookup && !c.some(func(p plain) bool { return p.action == models.ActionAuto }) {
		c.bad("then.lookup", "only a call that rings or is answered is worth asking for")
	}
	c.data()
}

// data checks what clients get beside the row, in the form in which they get it.
func (c *ruleCheck) data() {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(c.rule.Then.Data); err != nil || len(bytes.TrimSpace(text.Bytes())) > models.MaxData {
		c.bad("then.data", "longer than %d bytes", models.MaxData)
	}
	if _, there := c.rule.Then.Data[TakeFlag]; there {
		c.bad("then.data."+TakeFlag, "is what a call on a shared phone says; take another word")
	}
}

// some reports whether the rule can meet an event of that sort.
func (c *ruleCheck) some(is func(plain) bool) bool {
	events := c.rule.When.Event
	if len(events) == 0 {
		events = models.RuleEvents
	}
	return slices.ContainsFunc(events, func(e string) bool { return is(plains[e]) })
}

func (c *ruleCheck) action() {
	t := &c.rule.Then
	a := models.Action(t.Action)
	switch {
	case t.Action == "":
	case t.Action != models.ActionAuto && (len(t.Action) > 64 || !kindName.MatchString(t.Action)):
		c.bad("then.action", "must be an action of the contract, auto, or a word of your own (a-z 0-9 _ and dots)")
	case a == models.ActionChoose || a == models.ActionOpen && (t.Object == nil || t.Object.Link == "" && t.Object.URL == "" && t.Object.UID == ""):
		c.bad("then.action", "what is opened or chosen from depends on the caller: say auto, or name the object with its url, link or uid")
	case (a.Opens() || t.Action == models.ActionAuto) && c.some(func(p plain) bool { return p.action != models.ActionAuto }):
		c.bad("then.action", "a form is opened for a call that rings or is answered only: name those events in when.event")
	}
	if t.Object != nil && a != models.ActionOpen && a != models.ActionCreate && a != models.ActionAuto && t.Action != "" {
		c.bad("then.object", "belongs to the actions auto, open and create")
	}
}

func emptyThen(t *models.RuleThen) bool {
	return t.Kind == "" && t.Action == "" && t.Title == "" && t.Text == "" && t.Data == nil && t.To == nil && t.ExpiresS == 0 && t.Object == nil && !t.Shared && !t.Lookup
}

// minutes reads HH:MM as minutes of the day; 24:00 is its end.
func minutes(s string) (int, bool) {
	if s == "24:00" {
		return 24 * 60, true
	}
	t, err := time.Parse("15:04", s)
	return t.Hour()*60 + t.Minute(), err == nil && len(s) == 5
}
