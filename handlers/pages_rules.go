package handlers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// rules lists those in force in plain words.
func (p *pages) rules(c echo.Context) error {
	set := p.a.d.Setup.Rules()
	rows, err := p.ruleRows(c, set.Rules)
	if err != nil {
		return err
	}
	return p.show(c, "rules", web.RulesPage{Frame: p.frame(c, "rules", "Правила", "Rules"), Number: set.Version, By: set.Who, Since: set.At, Rules: rows, Current: true})
}

func (p *pages) ruleRows(c echo.Context, rules []models.Rule) ([]web.RuleRow, error) {
	l := p.lang(c)
	builtin, err := p.a.d.Setup.RulesAt(c.Request().Context(), 0)
	if err != nil {
		return nil, err
	}
	out := make([]web.RuleRow, 0, len(rules))
	for i := range rules {
		r := &rules[i]
		own := slices.ContainsFunc(builtin.Rules, func(b models.Rule) bool {
			return b.Name == r.Name && reflect.DeepEqual(b.When, r.When) && reflect.DeepEqual(b.Then, r.Then)
		})
		out = append(out, web.RuleRow{Place: i + 1, Name: r.Name, Note: web.NoteIn(l, r.Note), Off: r.Off, Builtin: own, First: i == 0, Last: i == len(rules)-1, RuleText: web.RuleWords(l, r)})
	}
	return out, nil
}

func placeOf(rules []models.Rule, name string) int {
	return slices.IndexFunc(rules, func(r models.Rule) bool { return r.Name == name })
}

// basedOn reads the version that a form is a change of.
func basedOn(v url.Values) int64 {
	n, err := strconv.ParseInt(v.Get("version"), 10, 64)
	if err != nil || n < 0 {
		return -1 // no version: it has moved on
	}
	return n
}

// moveRule is a button of the list: up, down, on, off, delete.
func (p *pages) moveRule(c echo.Context) error {
	v, err := c.FormParams()
	if err != nil {
		return models.Errorf(models.Malformed, "the form cannot be read")
	}
	set := p.a.d.Setup.Rules()
	rules := slices.Clone(set.Rules)
	name := v.Get("name")
	i := placeOf(rules, name)
	if i < 0 {
		return p.done(c, "/admin/rules", "", "", models.Errorf(models.NotFound, "no rule %q", models.CutText(name, 64)))
	}
	ru, en := "", ""
	switch do := v.Get("do"); do {
	case "up", "down":
		to := i - 1
		if do == "down" {
			to = i + 1
		}
		if to < 0 || to >= len(rules) {
			return p.done(c, "/admin/rules", "", "", nil)
		}
		rules[i], rules[to] = rules[to], rules[i]
		ru, en = fmt.Sprintf("Правило %s теперь %d-е.", name, to+1), fmt.Sprintf("The rule %s is number %d now.", name, to+1)
	case "on", "off":
		rules[i].Off = do == "off"
		ru, en = fmt.Sprintf("Правило %s включено.", name), fmt.Sprintf("The rule %s is switched on.", name)
		if rules[i].Off {
			ru, en = fmt.Sprintf("Правило %s выключено.", name), fmt.Sprintf("The rule %s is switched off.", name)
		}
	case "delete":
		rules = slices.Delete(rules, i, i+1)
		ru, en = fmt.Sprintf("Правило %s удалено.", name), fmt.Sprintf("The rule %s is removed.", name)
	default:
		return models.InvalidField("do", "is none of up, down, on, off, delete")
	}
	_, err = p.a.d.Setup.PutRules(c.Request().Context(), actorOf(c), basedOn(v), rules)
	return p.done(c, "/admin/rules", ru, en, inWay(err, rules))
}

// inWay names the rule that an error of the whole list is about.
func inWay(err error, rules []models.Rule) error {
	own := (*models.Error)(nil)
	if errors.As(err, &own) && own.Kind == models.Invalid {
		return atForm(own, rules, -1)
	}
	return err
}

// rule shows the form of one; without a name, of a new one.
func (p *pages) rule(c echo.Context) error {
	set := p.a.d.Setup.Rules()
	name := c.QueryParam("name")
	v := url.Values{"result": {"show"}, "place": {"first"}}
	if name != "" {
		i := placeOf(set.Rules, name)
		if i < 0 {
			return models.Errorf(models.NotFound, "no rule %q", models.CutText(name, 64))
		}
		v = formOfRule(&set.Rules[i])
	}
	return p.showRule(c, http.StatusOK, name, set.Version, web.Form{Values: v}, nil)
}

func (p *pages) showRule(c echo.Context, status int, was string, version int64, form web.Form, moved *web.RulesMoved) error {
	d := web.RulePage{Frame: p.frame(c, "rules", "Новое правило", "New rule"), Form: form, Number: version, Was: was, Moved: moved}
	if was != "" {
		d.Title = d.T("Правило ", "Rule ") + was
	}
	v := form.Values
	dir := p.a.d.Setup.Directory()
	n := names{dir}
	d.Events = options(optionsOf(models.RuleEvents, func(e string) string { return web.RuleEventIn(d.Lang, e) }), v["when.event"])
	d.Sources = options(n.sourceOptions(""), v["when.source"])
	var groups []string
	for _, g := range dir.Groups {
		groups = append(groups, g.Name)
	}
	slices.Sort(groups)
	same := func(s string) string { return s }
	d.Groups = options(optionsOf(groups, same), v["when.group"])
	d.Members = options(n.userOptions(""), v["when.user"])
	d.Days = options(optionsOf(web.Weekdays(), func(day string) string { return web.DayIn(d.Lang, day) }), v["when.hours.days"])
	d.Kinds = kindOptions(d.Lang, "")
	d.Kinds = slices.DeleteFunc(d.Kinds, func(o web.Option) bool {
		return strings.HasSuffix(o.Value, ".") || o.Value == models.KindDigest
	})
	to := []web.Option{{Value: "user", Text: d.T("этому сотруднику", "this user")}, {Value: "responsible", Text: d.T("ответственному за клиента", "the client's responsible")},
		{Value: "deputy", Text: d.T("заместителю, если сотрудник не на связи", "the deputy while the user is away")}}
	for _, g := range groups {
		to = append(to, web.Option{Value: "group:" + g, Text: d.T("группе ", "the group ") + g})
	}
	d.To = options(to, v["then.to"])
	d.Actions = options([]web.Option{{Value: "", Text: d.T("как обычно для события", "as is usual for the event")}, {Value: "auto", Text: d.T("что говорят контакты: открыть, выбрать, создать", "what the contacts say: open, choose, create")},
		{Value: "show", Text: d.T("показать карточкой", "show as a card")}, {Value: "indicate", Text: d.T("лёгкий знак", "a light sign")}, {Value: "call_back", Text: d.T("перезвонить", "call back")},
		{Value: "create", Text: d.T("создать (см. «Что открыть»)", "create (see “What to open”)")}, {Value: "open", Text: d.T("открыть (см. «Что открыть»)", "open (see “What to open”)")}, {Value: "none", Text: d.T("убрать строку", "take the row away")}}, []string{v.Get("then.action")})
	if r, err := ruleOfForm(v); err == nil && was != "" {
		d.Words = web.RuleWords(d.Lang, &r)
	}
	return p.showAs(c, status, "rule", d)
}

// saveRule stores one rule, or tries the list with it.
func (p *pages) saveRule(c echo.Context) error {
	v, err := c.FormParams()
	if err != nil {
		return models.Errorf(models.Malformed, "the form cannot be read")
	}
	set := p.a.d.Setup.Rules()
	was, l := v.Get("was"), p.lang(c)
	wrong := func(status int, err *models.Error, moved *web.RulesMoved) error {
		version := basedOn(v)
		if moved != nil {
			version = moved.Number
		}
		return p.showRule(c, status, was, version, web.FormOf(l, v, err), moved)
	}
	r, err := ruleOfForm(v)
	own := (*models.Error)(nil)
	if errors.As(err, &own) {
		return wrong(http.StatusUnprocessableEntity, own, nil)
	}
	rules := slices.Clone(set.Rules)
	place := placeOf(rules, was)
	switch {
	case was != "" && place < 0:
		return wrong(http.StatusConflict, models.Errorf(models.Conflict, "somebody has removed or renamed this rule meanwhile"), nil)
	case was != "":
		rules[place] = r
	case v.Get("place") == "last":
		rules, place = append(rules, r), len(rules)
	default:
		rules, place = slices.Insert(rules, 0, r), 0
	}
	if v.Get("do") == "try" {
		if err := p.a.d.Setup.CheckRules(rules); errors.As(err, &own) {
			return wrong(http.StatusUnprocessableEntity, atForm(own, rules, place), nil)
		}
		return p.showTry(c, http.StatusOK, url.Values{"rules": {rulesText(rules)}, "version": {v.Get("version")}}, nil, nil)
	}
	put, err := p.a.d.Setup.PutRules(c.Request().Context(), actorOf(c), basedOn(v), rules)
	switch {
	case errors.As(err, &own) && own.Code == "moved_on":
		return wrong(http.StatusConflict, nil, p.moved(basedOn(v)))
	case errors.As(err, &own) && own.Kind == models.Invalid:
		return wrong(http.StatusUnprocessableEntity, atForm(own, rules, place), nil)
	case err != nil:
		return err
	}
	return p.done(c, "/admin/rules", fmt.Sprintf("Правило %s сохранено: действует версия %d.", r.Name, put.Version), fmt.Sprintf("The rule %s is stored: version %d is in force.", r.Name, put.Version), nil)
}

// moved tells who has changed the rules meanwhile.
func (p *pages) moved(based int64) *web.RulesMoved {
	now := p.a.d.Setup.Rules()
	return &web.RulesMoved{Based: max(based, 0), Number: now.Version, By: now.Who, Since: now.At}
}

// rulesText is the list as people edit it.
func rulesText(rules []models.Rule) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(rules); err != nil {
		return "[]"
	}
	return b.String()
}

// rulesOfText reads what rulesText wrote, or a file of `zummer rules get`.
// Errors: Invalid with the fields, or with the line that is no JSON.
func rulesOfText(text string) ([]models.Rule, error) {
	var probe any
	if err := json.Unmarshal([]byte(text), &probe); err != nil {
		at := len(text)
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			at = int(syntax.Offset)
		}
		before := text[:min(at, len(text))]
		return nil, models.InvalidField("rules", "line %d is no JSON", strings.Count(before, "\n")+1)
	}
	parsed, err := parseJSON([]byte(text))
	if err != nil {
		return nil, models.InvalidField("rules", "must be a list")
	}
	f := &fields{m: map[string]any{"rules": parsed}}
	if m, ok := parsed.(map[string]any); ok {
		f.m = m
		f.only(rulesMembers[:]...)
	}
	rules := readRules(f)
	if rules == nil && len(f.wrong) == 0 {
		f.fail("rules", "must be a list")
	}
	return rules, f.err()
}

// wrongFields lists what is wrong with rules, each with the rule's name.
func wrongFields(l web.Lang, err *models.Error, rules []models.Rule) (out []web.FieldWrong) {
	for _, e := range err.Fields {
		w := web.FieldWrong{Field: e.Field, Text: web.ErrorIn(l, e.Message)}
		if m := ruleField.FindStringSubmatch(e.Field); m != nil {
			if i, _ := strconv.Atoi(m[1]); i < len(rules) {
				w.Rule, w.Field = rules[i].Name, m[2]
			}
		}
		out = append(out, w)
	}
	if len(out) == 0 {
		out = append(out, web.FieldWrong{Text: web.ErrorIn(l, err.Message)})
	}
	return out
}

// rulesJSON shows the whole list as text.
func (p *pages) rulesJSON(c echo.Context) error {
	set := p.a.d.Setup.Rules()
	return p.show(c, "rules_text", web.RulesTextPage{Frame: p.frame(c, "rules", "Правила текстом", "Rules as text"), Number: set.Version, Body: rulesText(set.Rules)})
}

// saveJSON checks, tries or stores the whole list.
func (p *pages) saveJSON(c echo.Context) error {
	v, err := c.FormParams()
	if err != nil {
		return models.Errorf(models.Malformed, "the form cannot be read")
	}
	d := web.RulesTextPage{Frame: p.frame(c, "rules", "Правила текстом", "Rules as text"), Number: max(basedOn(v), 0), Body: v.Get("rules")}
	rules, err := rulesOfText(d.Body)
	do := v.Get("do")
	if err == nil && do != "save" && do != "edit" {
		err = p.a.d.Setup.CheckRules(rules)
	}
	var put models.RuleSet
	if err == nil && do == "save" {
		put, err = p.a.d.Setup.PutRules(c.Request().Context(), actorOf(c), basedOn(v), rules)
	}
	own := (*models.Error)(nil)
	switch {
	case errors.As(err, &own) && own.Code == "moved_on":
		d.Moved = p.moved(d.Number)
		d.Number = d.Moved.Number
		return p.showAs(c, http.StatusConflict, "rules_text", d)
	case errors.As(err, &own) && own.Kind == models.Invalid && do != "edit":
		d.Wrong = wrongFields(d.Lang, own, rules)
		return p.showAs(c, http.StatusUnprocessableEntity, "rules_text", d)
	case err != nil && do != "edit":
		return err
	case do == "try":
		return p.showTry(c, http.StatusOK, url.Values{"rules": {d.Body}, "version": {v.Get("version")}}, nil, nil)
	case do == "save":
		return p.done(c, "/admin/rules", fmt.Sprintf("Сохранено: действует версия %d.", put.Version), fmt.Sprintf("Stored: version %d is in force.", put.Version), nil)
	}
	d.Fine = do == "check"
	return p.show(c, "rules_text", d)
}

// ruleVersions lists who made which version when.
func (p *pages) ruleVersions(c echo.Context) error {
	sets, next, err := p.a.d.Setup.RuleVersions(c.Request().Context(), c.QueryParam("after"), 50)
	if err != nil {
		return err
	}
	d := web.RuleVersionsPage{Frame: p.frame(c, "rules", "Версии правил", "Versions of the rules"), Number: p.a.d.Setup.Rules().Version, Versions: sets}
	if next != "" {
		d.More = "/admin/rules/versions?after=" + url.QueryEscape(next)
	}
	return p.show(c, "rules_versions", d)
}

func (p *pages) versionParam(c echo.Context) (models.RuleSet, error) {
	n, err := strconv.ParseInt(c.Param("version"), 10, 64)
	if err != nil || n < 0 {
		return models.RuleSet{}, models.Errorf(models.NotFound, "no such version of the rules")
	}
	return p.a.d.Setup.RulesAt(c.Request().Context(), n)
}

// ruleVersion shows what changed with a version, and its rules.
func (p *pages) ruleVersion(c echo.Context) error {
	set, err := p.versionParam(c)
	if err != nil {
		return err
	}
	d := web.RuleVersionPage{Frame: p.frame(c, "rules", "Версия правил", "Version of the rules"), Number: p.a.d.Setup.Rules().Version, Set: set, Before: set.Version - 1, First: set.Version == 0}
	if before := models.ParseID(c.QueryParam("from")); before != 0 && before <= set.Version {
		d.Before = before
	}
	if !d.First {
		before, err := p.a.d.Setup.RulesAt(c.Request().Context(), d.Before)
		if err != nil && !models.IsNotFound(err) {
			return err
		}
		d.Changes = web.DiffRules(before.Rules, set.Rules)
	}
	if d.Rules, err = p.ruleRows(c, set.Rules); err != nil {
		return err
	}
	return p.show(c, "rules_version", d)
}

// bringBack makes an older version the newest one.
func (p *pages) bringBack(c echo.Context) error {
	set, err := p.versionParam(c)
	if err != nil {
		return err
	}
	v, err := c.FormParams()
	if err != nil {
		return models.Errorf(models.Malformed, "the form cannot be read")
	}
	put, err := p.a.d.Setup.PutRules(c.Request().Context(), actorOf(c), basedOn(v), set.Rules)
	back := "/admin/rules"
	if err != nil {
		back = fmt.Sprintf("/admin/rules/versions/%d", set.Version)
	}
	return p.done(c, back, fmt.Sprintf("Правила версии %d снова действуют, как версия %d.", set.Version, put.Version), fmt.Sprintf("The rules of version %d are in force again, as version %d.", set.Version, put.Version), inWay(err, set.Rules))
}
