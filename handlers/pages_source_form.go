package handlers

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/handlers/pbx"
	"zummer/models"
	"zummer/web"
)

// sourceForm is the form of a source of a kind; s nil: of a new one.
func (p *pages) sourceForm(f web.Frame, info pbx.Info, s *models.Source, values url.Values, wrong *models.Error) web.SourceForm {
	n := names{p.a.d.Setup.Directory()}
	out := web.SourceForm{Form: web.FormOf(f.Lang, values, wrong), New: s == nil, Slug: values.Get("slug"), Kind: info.Kind, KindName: info.Name, Default: p.a.d.Timezone, Region: p.a.d.Region}
	stored := map[string]any{}
	if s != nil {
		out.Slug, out.HasSecret, stored = s.Slug, s.Secret != "", s.Settings
	}
	if info.Secret != nil {
		out.Secret = &web.FieldRow{Name: "secret", Label: f.T("Секрет", "Secret"), Help: textIn(f.Lang, info.Secret.Help), Secret: true, Stored: out.HasSecret, Required: info.Secret.Required, Wrong: out.Wrong["secret"]}
	}
	field := func(i pbx.Field) web.FieldRow {
		_, has := stored[i.Name]
		row := web.FieldRow{Name: "settings." + i.Name, Label: i.Name, Help: textIn(f.Lang, i.Help), Secret: i.Type == "secret", List: i.Type == "list", Required: i.Required, Wrong: out.Wrong["settings."+i.Name]}
		if row.Secret {
			row.Stored = has
		} else {
			row.Value = values.Get(row.Name)
		}
		return row
	}
	for _, i := range info.Settings {
		out.Fields = append(out.Fields, field(i))
	}
	for _, i := range pbx.CommonSettings() {
		out.More = append(out.More, field(i))
	}
	for _, rows := range [][]web.FieldRow{out.Fields, out.More} {
		for i := range rows {
			typedAgain(f, &rows[i], values, wrong)
		}
	}
	if out.Secret != nil {
		typedAgain(f, out.Secret, values, wrong)
	}
	for _, z := range zones() {
		out.Zones = append(out.Zones, web.Option{Value: z})
	}
	for _, name := range slices.Sorted(maps.Keys(n.groupNames())) {
		out.Groups = append(out.Groups, web.Option{Value: name, Text: name, Chosen: name == values.Get("group")})
	}
	known := func(name string) bool {
		return slices.Contains([]string{"slug", "name", "secret", "timezone", "region", "group", "line_group", "line_rank", "outgoing", "active"}, name) ||
			slices.ContainsFunc(slices.Concat(out.Fields, out.More), func(r web.FieldRow) bool { return r.Name == name })
	}
	for name, text := range out.Wrong { // a field that the form does not show
		if !known(name) {
			out.Error = strings.TrimSpace(out.Error + " " + name + ": " + text)
		}
	}
	return out
}

// typedAgain asks for a secret anew that was typed into a form which was refused:
// it is never sent back, and without it the next save would pass it over.
func typedAgain(f web.Frame, row *web.FieldRow, values url.Values, wrong *models.Error) {
	if wrong == nil || !row.Secret || values.Get(row.Name) == "" && !slices.Contains(values["again"], row.Name) {
		return
	}
	row.Again = true
	if row.Wrong == "" {
		row.Wrong = f.T("введите ещё раз: секреты обратно не показываются", "enter it again: secrets are never shown")
	}
}

// missingAgain refuses a form without a secret that its last refusal took away.
func missingAgain(form url.Values) *models.Error {
	for _, name := range form["again"] {
		if form.Get(name) == "" && form.Get("forget."+name) != "on" {
			return models.InvalidField(models.CutText(name, 80), "enter it again: secrets are never shown")
		}
	}
	return nil
}

func (n names) groupNames() map[string]bool {
	out := map[string]bool{}
	for _, g := range n.d.Groups {
		out[g.Name] = true
	}
	return out
}

// zones are the ones that a list offers; any other of the IANA may be typed.
func zones() []string {
	return []string{"Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk", "Asia/Novosibirsk", "Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan", "Asia/Kamchatka",
		"Europe/Minsk", "Asia/Almaty", "Asia/Tashkent", "Asia/Tbilisi", "Asia/Yerevan", "Asia/Baku", "Europe/Berlin", "Europe/London", "America/New_York", "UTC"}
}

// sourceValues are what the form shows of a stored source.
func (n names) sourceValues(info pbx.Info, s *models.Source) url.Values {
	v := url.Values{"slug": {s.Slug}, "name": {s.Name}, "timezone": {s.Timezone}, "region": {s.Region}, "group": {n.group(s.GroupID)}, "line_group": {s.LineGroup}, "line_rank": {strconv.Itoa(s.LineRank)}}
	if s.Outgoing {
		v.Set("outgoing", "on")
	}
	if s.Active {
		v.Set("active", "on")
	}
	for _, f := range slices.Concat(info.Settings, pbx.CommonSettings()) {
		if stored, ok := s.Settings[f.Name]; ok && f.Type != "secret" {
			v.Set("settings."+f.Name, settingText(stored))
		}
	}
	return v
}

// settingText is a setting as somebody types it: a list has one line each.
func settingText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []string:
		return strings.Join(v, "\n")
	case []any:
		var lines []string
		for _, one := range v {
			lines = append(lines, settingText(one))
		}
		return strings.Join(lines, "\n")
	case nil:
		return ""
	}
	return fmt.Sprint(v)
}

// sourceInput reads the form. Of settings that are not of the kind nothing is
// lost: they cannot be there. A secret that is left empty keeps what is stored,
// unless its box to forget it is ticked.
func sourceInput(info pbx.Info, s *models.Source, form url.Values) models.SourceInput {
	text := func(name string) *string {
		v := strings.TrimSpace(form.Get(name))
		return &v
	}
	outgoing, active := form.Get("outgoing") == "on", form.Get("active") == "on"
	in := models.SourceInput{Name: text("name"), Timezone: text("timezone"), Region: text("region"), Group: text("group"), LineGroup: text("line_group"), Outgoing: &outgoing, Active: &active, Settings: map[string]any{}}
	if rank := strings.TrimSpace(form.Get("line_rank")); rank != "" {
		n, err := strconv.Atoi(rank)
		if in.LineRank = n; err != nil {
			in.LineRank = -1 // refused with the field's name
		}
	}
	if secret := form.Get("secret"); secret != "" {
		in.Secret = &secret
	} else if form.Get("forget.secret") == "on" {
		in.Secret = new(string)
	}
	for _, f := range slices.Concat(info.Settings, pbx.CommonSettings()) {
		v := strings.TrimSpace(form.Get("settings." + f.Name))
		switch {
		case f.Type == "secret" && v == "" && form.Get("forget.settings."+f.Name) == "on":
			in.Settings[f.Name] = nil
		case v == "":
		case f.Type == "list":
			in.Settings[f.Name] = listOf(v)
		default:
			in.Settings[f.Name] = v
		}
	}
	return in
}

// listOf reads a list with one entry a line; commas part entries too, where a
// line has no equals sign.
func listOf(text string) []any {
	out := []any{}
	for line := range strings.Lines(text) {
		parts := []string{line}
		if !strings.Contains(line, "=") {
			parts = strings.Split(line, ",")
		}
		for _, part := range parts {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

// testPart fills what a test call needs, and the one that the address names.
func (p *pages) testPart(c echo.Context, n names, s *models.Source, d *web.SourcePage) error {
	d.Phone = cmp.Or(c.QueryParam("phone"), "+79990000001")
	switch {
	case p.a.d.Simulator == nil:
		d.Mute = d.T("Пробные звонки не подключены.", "Test calls are not available.")
	case !s.Active:
		d.Mute = d.T("Источник выключен: его запросы отклоняются.", "The source is switched off: its requests are refused.")
	default:
		for _, story := range p.a.d.Simulator.Stories(s.Kind) {
			d.Stories = append(d.Stories, web.StoryOption{Option: web.Option{Value: story.Name, Text: textIn(d.Lang, story.Text)}, Loses: story.Loses})
		}
		if len(d.Stories) == 0 {
			d.Mute = d.T("Для этого вида пробных звонков нет.", "There are no test calls for this kind.")
		}
	}
	for k, owner := range n.d.Extensions {
		if k.SourceID == s.ID {
			d.Exts = append(d.Exts, web.Option{Value: k.Extension, Text: n.person(owner)})
		}
	}
	for k := range n.d.Shared {
		if k.SourceID == s.ID {
			d.Exts = append(d.Exts, web.Option{Value: k.Extension})
		}
	}
	slices.SortFunc(d.Exts, func(a, b web.Option) int { return strings.Compare(a.Value, b.Value) })
	call, ok := p.a.tests.of(s.Slug, c.QueryParam("test"))
	if !ok {
		return nil
	}
	run := &web.TestRun{ID: call.id, Started: call.started, Running: call.running, Error: web.ErrorIn(d.Lang, call.err)}
	if i := slices.IndexFunc(d.Stories, func(o web.StoryOption) bool { return o.Value == call.story }); i >= 0 {
		run.Story = d.Stories[i].Text
	}
	for _, st := range call.steps {
		step := web.TestStep{At: st.at, Event: st.event, Extension: st.extension, Status: st.status, Outcome: st.outcome, Error: web.ErrorIn(d.Lang, st.err)}
		if st.webhook != 0 {
			step.Webhook = "/admin/webhooks/" + idText(st.webhook)
			if run.Call == "" {
				w, err := p.a.d.Journal.Webhook(c.Request().Context(), st.webhook)
				if err != nil && !models.IsNotFound(err) {
					return err
				}
				if w.CallID != 0 {
					run.Call = "/admin/calls/" + idText(w.CallID)
				}
			}
		}
		run.Steps = append(run.Steps, step)
	}
	d.Test = run
	return nil
}

// testSource places a test call.
func (p *pages) testSource(c echo.Context) error {
	s, err := p.a.sourceOf(c, "slug")
	if err != nil {
		return err
	}
	back := sourcePath(s)
	if p.a.d.Simulator == nil || !s.Active {
		return p.done(c, back, "", "", models.Errorf(models.Conflict, "no test call can be placed at this source"))
	}
	to := TestTarget{Phone: strings.TrimSpace(c.FormValue("phone"))}
	for _, ext := range listOf(c.FormValue("extension")) {
		to.Extensions = append(to.Extensions, models.CutText(ext.(string), models.MaxName))
	}
	if strings.Trim(to.Phone, "+0123456789 -()") != "" || len(to.Phone) > 40 {
		return p.done(c, back, "", "", models.InvalidField("phone", "is no phone number"))
	}
	id, err := p.a.placeTest(c.Request().Context(), s, p.a.ownURL(c), c.FormValue("story"), to)
	if err != nil {
		return p.done(c, back, "", "", err)
	}
	if err := p.a.d.Setup.AuditNote(c.Request().Context(), actorOf(c), "source.test", s.Slug, c.FormValue("story")); err != nil {
		return err
	}
	return p.done(c, back+"?test="+id+"#test", "Пробный звонок пошёл.", "The test call is on its way.", nil)
}
