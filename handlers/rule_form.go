package handlers

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"zummer/models"
	"zummer/web"
)

// The form of a rule has a field for each part of models.Rule, named as the
// rules' errors name it.

// formOfRule fills the form.
func formOfRule(r *models.Rule) url.Values {
	w, t := &r.When, &r.Then
	v := url.Values{"name": {r.Name}, "note": {r.Note}, "when.event": w.Event, "when.source": w.Source, "when.direction": w.Direction, "when.did": {strings.Join(w.DID, "\n")}, "when.group": w.Group, "when.user": w.User,
		"when.caller": w.Caller, "when.interests": w.Interests, "when.responsible": w.Responsible, "then.to": t.To, "then.kind": {t.Kind}, "then.title": {t.Title}, "then.text": {t.Text}, "then.nothing": {t.Nothing}, "result": {"show"}}
	set := func(name string, is bool, value string) {
		if is {
			v.Set(name, value)
		}
	}
	set("off", r.Off, "1")
	set("result", t.Nothing != "", "nothing")
	if w.Present != nil {
		v.Set("when.present", strconv.FormatBool(*w.Present))
	}
	if h := w.Hours; h != nil {
		v.Set("hours", map[bool]string{true: "outside", false: "within"}[h.Outside])
		v.Set("when.hours.from", h.From)
		v.Set("when.hours.to", h.To)
		v.Set("when.hours.zone", h.Zone)
		v.Set("when.hours.holidays", strings.Join(h.Holidays, " "))
		v["when.hours.days"] = h.Days
	}
	for name, p := range map[string]*int{"when.waited_min_s": w.WaitedMin, "when.waited_max_s": w.WaitedMax} {
		if p != nil {
			v.Set(name, strconv.Itoa(*p))
		}
	}
	v.Set("then.action", t.Action)
	if o := t.Object; o != nil {
		for i, text := range []string{o.Type, o.Name, o.UID, o.Title, o.Link, o.URL, o.App} {
			v.Set("then.object."+objectParts[i], text)
		}
	}
	if t.ExpiresS > 0 {
		n, unit := web.InUnits(t.ExpiresS)
		v.Set("then.expires_in_s", strconv.Itoa(n))
		v.Set("unit", unit)
	}
	set("then.shared", t.Shared, "1")
	set("then.lookup", t.Lookup, "1")
	if len(t.Data) > 0 {
		if text, err := json.Marshal(t.Data); err == nil {
			v.Set("then.data", string(text))
		}
	}
	return v
}

// ruleOfForm reads the form. Errors: Invalid, all that cannot be read.
func ruleOfForm(v url.Values) (models.Rule, error) {
	f := &fields{}
	text := func(name string) string { return strings.TrimSpace(models.CleanText(v.Get(name))) }
	many := func(name string) []string {
		var out []string
		for _, s := range v[name] {
			if s = strings.TrimSpace(models.CleanText(s)); s != "" && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
		return out
	}
	number := func(name string) *int {
		s := strings.TrimSpace(v.Get(name))
		if s == "" {
			return nil
		}
		n, err := strconv.Atoi(s)
		if err != nil {
			f.fail(name, "must be a whole number")
		}
		return &n
	}
	r := models.Rule{Name: text("name"), Note: text("note"), Off: v.Get("off") == "1"}
	r.When = models.RuleWhen{Event: many("when.event"), Source: many("when.source"), Direction: many("when.direction"), Group: many("when.group"), User: many("when.user"),
		Caller: many("when.caller"), Interests: many("when.interests"), Responsible: many("when.responsible"), WaitedMin: number("when.waited_min_s"), WaitedMax: number("when.waited_max_s")}
	for line := range strings.FieldsFuncSeq(v.Get("when.did"), func(c rune) bool { return strings.ContainsRune("\r\n,;", c) }) {
		if line = strings.TrimSpace(models.CleanText(line)); line != "" {
			r.When.DID = append(r.When.DID, line)
		}
	}
	if p, err := strconv.ParseBool(v.Get("when.present")); err == nil {
		r.When.Present = &p
	}
	if h := v.Get("hours"); h == "within" || h == "outside" {
		r.When.Hours = &models.RuleHours{Outside: h == "outside", From: text("when.hours.from"), To: text("when.hours.to"), Zone: text("when.hours.zone"), Days: many("when.hours.days"),
			Holidays: strings.FieldsFunc(v.Get("when.hours.holidays"), func(c rune) bool { return strings.ContainsRune(" \r\n\t,;", c) })}
		if len(r.When.Hours.Holidays) == 0 {
			r.When.Hours.Holidays = nil
		}
	}
	if v.Get("result") == "nothing" {
		if r.Then.Nothing = text("then.nothing"); r.Then.Nothing == "" {
			f.fail("then.nothing", "is required")
		}
		return r, f.err()
	}
	r.Then = models.RuleThen{Kind: text("then.kind"), Action: text("then.action"), Title: text("then.title"), Text: text("then.text"), To: many("then.to"), Object: objectOfForm(v, "then.object."),
		Shared: v.Get("then.shared") == "1", Lookup: v.Get("then.lookup") == "1"}
	if n := number("then.expires_in_s"); n != nil {
		r.Then.ExpiresS = *n * map[string]int{"m": 60, "h": 3600, "d": 86400, "s": 1}[cmp.Or(v.Get("unit"), "s")]
		if *n < 1 || r.Then.ExpiresS < 1 || r.Then.ExpiresS > 90*86400 || *n > 90*86400 {
			f.fail("then.expires_in_s", "must lie between 1 and %d", 90*86400)
		}
	}
	if data := strings.TrimSpace(v.Get("then.data")); data != "" {
		parsed, err := parseJSON([]byte(data))
		m, ok := parsed.(map[string]any)
		if err != nil || !ok {
			f.fail("then.data", "must be a JSON object")
		} else {
			r.Then.Data = plainValues(m)
		}
	}
	return r, f.err()
}

// ruleField is a field of an error of the rules: "rules[2].when.event[0]".
var ruleField = regexp.MustCompile(`^rules\[(\d+)\]\.(.*)$`)
var listIndex = regexp.MustCompile(`\[\d+\]$`)

// atForm puts an error of the whole list to the field of the form of the rule
// at place; one of another rule names it.
func atForm(err *models.Error, rules []models.Rule, place int) *models.Error {
	out := *err
	out.Fields = nil
	for _, e := range err.Fields {
		m := ruleField.FindStringSubmatch(e.Field)
		if m == nil {
			out.Message = e.Message
			continue
		}
		i, _ := strconv.Atoi(m[1]) // the expression has digits only
		field := listIndex.ReplaceAllString(m[2], "")
		if i == place {
			if strings.HasPrefix(field, "then.data.") {
				field = "then.data"
			}
			out.Fields = append(out.Fields, models.FieldError{Field: field, Message: e.Message})
			continue
		}
		out.Fields = nil
		name := ""
		if i < len(rules) {
			name = rules[i].Name
		}
		out.Message = fmt.Sprintf("another rule stands in the way: %s, %s: %s", name, m[2], e.Message)
		break
	}
	return &out
}

// options are the known values of a list and those of the rule that are not
// known any more.
func options(all []web.Option, chosen []string) []web.Option {
	for i := range all {
		all[i].Chosen = slices.Contains(chosen, all[i].Value)
	}
	for _, c := range chosen {
		if !slices.ContainsFunc(all, func(o web.Option) bool { return o.Value == c }) {
			all = append(all, web.Option{Value: c, Text: c, Chosen: true})
		}
	}
	return all
}

func optionsOf(values []string, say func(string) string) []web.Option {
	out := make([]web.Option, 0, len(values))
	for _, v := range values {
		out = append(out, web.Option{Value: v, Text: say(v)})
	}
	return out
}
