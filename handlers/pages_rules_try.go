package handlers

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// offeredWebhooks is how many of the last ones the dry run offers.
const offeredWebhooks = 50

// tryRules shows the form of the dry run.
func (p *pages) tryRules(c echo.Context) error {
	v := url.Values{}
	for _, name := range []string{"webhook", "phone", "source", "extension"} {
		if s := c.QueryParam(name); s != "" {
			v.Set(name, s)
		}
	}
	return p.showTry(c, http.StatusOK, v, nil, nil)
}

// runRules tells what the rules, or a draft of them, would make of a webhook
// or an event by hand. It changes nothing.
func (p *pages) runRules(c echo.Context) error {
	v, err := c.FormParams()
	if err != nil {
		return models.Errorf(models.Malformed, "the form cannot be read")
	}
	q, err := p.tryQuery(v)
	var res models.DryRunResult
	if err == nil && q.Rules != nil {
		err = p.a.d.Setup.CheckRules(q.Rules)
	}
	if err == nil {
		res, err = p.a.d.Register.DryRun(c.Request().Context(), q)
	}
	if own := publicError(err); own != nil {
		return p.showTry(c, http.StatusUnprocessableEntity, v, nil, own)
	} else if err != nil {
		return err
	}
	return p.showTry(c, http.StatusOK, v, &res, nil)
}

// tryQuery reads the form. Errors: Invalid with the field.
func (p *pages) tryQuery(v url.Values) (models.DryRunQuery, error) {
	var q models.DryRunQuery
	if text := strings.TrimSpace(v.Get("rules")); text != "" {
		rules, err := rulesOfText(text)
		if err != nil {
			return q, err
		}
		q.Rules = rules
	}
	dir := p.a.d.Setup.Directory()
	for _, login := range v["absent"] {
		if u := dir.UserByLogin(login); u != nil {
			q.Absent = append(q.Absent, u.ID)
		}
	}
	if v.Get("what") != "event" {
		if q.Webhook = models.ParseID(strings.TrimSpace(v.Get("webhook"))); q.Webhook == 0 {
			return q, models.InvalidField("webhook", "choose a webhook")
		}
		return q, nil
	}
	q.Source = v.Get("source")
	if dir.SourceBySlug(q.Source) == nil {
		return q, models.InvalidField("source", "choose a source")
	}
	events, err := p.tryEvents(v)
	q.Events = events
	return q, err
}

// The stories that the form of the dry run tells, event by event.
func stories() map[string][]models.EventType {
	return map[string][]models.EventType{
		"ringing":  {models.EventRinging},
		"answered": {models.EventRinging, models.EventAnswered},
		"ended":    {models.EventRinging, models.EventAnswered, models.EventEnded},
		"missed":   {models.EventRinging, models.EventMissed},
		"outgoing": {models.EventAnswered},
	}
}

func (p *pages) tryEvents(v url.Values) ([]models.Event, error) {
	story := stories()[v.Get("story")]
	if story == nil {
		return nil, models.InvalidField("story", "choose what happens")
	}
	f := &fields{}
	text := func(name string) string {
		return models.CutText(strings.TrimSpace(models.CleanText(v.Get(name))), models.MaxKeyLen)
	}
	at := time.Now()
	if s := strings.TrimSpace(v.Get("at")); s != "" {
		t, err := time.ParseInLocation("2006-01-02T15:04", models.CutText(s, 16), p.zone())
		if err != nil {
			f.fail("at", "is no time")
		}
		at = t
	}
	waited := 0
	if s := strings.TrimSpace(v.Get("waited")); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 || n > 24*3600 {
			f.fail("waited", "must lie between 0 and %d", 24*3600)
		}
		waited = n
	}
	if text("extension") == "" {
		f.fail("extension", "is required")
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	direction := models.In
	if v.Get("story") == "outgoing" {
		direction = models.Out
	}
	out := make([]models.Event, len(story))
	for i, kind := range story {
		out[i] = models.Event{Type: kind, Call: "dry-run", Direction: direction, Phone: text("phone"), DID: text("did"), At: at, Seq: int64(i + 1)}
		if kind.HasExtension() {
			out[i].Extension = text("extension")
		}
		switch i {
		case 1:
			out[i].At = at.Add(time.Duration(waited) * time.Second)
		case 2:
			out[i].At = at.Add(time.Duration(waited+60) * time.Second)
		}
	}
	return out, nil
}

// showTry shows the form, with what came of it.
func (p *pages) showTry(c echo.Context, status int, v url.Values, res *models.DryRunResult, wrong *models.Error) error {
	d := web.RuleTryPage{Frame: p.frame(c, "rules", "Проверка правил", "Dry run of the rules"), Draft: v.Get("rules"), Number: p.a.d.Setup.Rules().Version}
	d.Path = "/admin/rules/try"
	if n := basedOn(v); n >= 0 && d.Draft != "" {
		d.Number = n
	}
	if wrong != nil && len(wrong.Fields) > 0 && !slices.ContainsFunc(wrong.Fields, func(e models.FieldError) bool {
		return slices.Contains([]string{"webhook", "source", "story", "at", "waited", "extension", "phone", "did"}, strings.TrimPrefix(listIndex.ReplaceAllString(e.Field, ""), "events[0]."))
	}) { // of the draft, not of this form
		e := wrong.Fields[0]
		wrong = models.Errorf(models.Invalid, "%s: %s", e.Field, e.Message)
	}
	d.Form = web.FormOf(d.Lang, v, wrong)
	n := names{p.a.d.Setup.Directory()}
	hooks, _, err := p.a.d.Journal.Webhooks(c.Request().Context(), models.WebhookQuery{Limit: offeredWebhooks})
	if err != nil {
		return err
	}
	chosen := v.Get("webhook")
	for i := range hooks {
		w := &hooks[i]
		id := idText(w.ID)
		says, err := p.says(c, n, w)
		if err != nil {
			return err
		}
		what := says.In(d.Frame)
		if what == "" {
			what = fmt.Sprintf("%s %d", d.T("событий:", "events:"), w.Events)
		}
		d.Webhooks = append(d.Webhooks, web.Option{Value: id, Text: fmt.Sprintf("%s · %s · %s · %s", d.At(w.ReceivedAt).Short, n.slug(w.SourceID), web.OutcomeIn(d.Lang, w.Outcome), what), Chosen: id == chosen})
	}
	if chosen != "" && !slices.ContainsFunc(d.Webhooks, func(o web.Option) bool { return o.Value == chosen }) {
		d.Webhooks = append(d.Webhooks, web.Option{Value: chosen, Text: d.T("запрос ", "webhook ") + chosen, Chosen: true})
	}
	d.Sources = n.sourceOptions(v.Get("source"))
	for _, s := range []struct{ value, ru, en string }{
		{"ringing", "звонит и ещё не ответили", "it rings, nobody has answered"}, {"answered", "звонит, и ответили", "it rings and is answered"}, {"ended", "ответили, и разговор закончен", "it was answered and is over"},
		{"missed", "звонил, никто не ответил", "it rang, nobody answered"}, {"outgoing", "исходящий: клиент ответил", "outgoing: the customer answered"},
	} {
		d.Stories = append(d.Stories, web.Option{Value: s.value, Text: d.T(s.ru, s.en), Chosen: v.Get("story") == s.value})
	}
	d.Users = options(n.userOptions(""), v["absent"])
	if res != nil {
		d.Ran = true
		for i := range res.Events {
			d.Events = append(d.Events, n.tryEvent(d.Frame, &res.Events[i]))
		}
	}
	return p.showAs(c, status, "rules_try", d)
}

func (n names) tryEvent(f web.Frame, e *models.DryRunEvent) web.TryEvent {
	out := web.TryEvent{Event: string(e.Event.Type), Call: e.Event.Call, Who: cmp.Or(e.Event.Extension, e.Event.ToExtension), Phone: e.Event.Phone, At: e.At, State: string(e.State), Changed: e.Changed, Beside: n.tryDrafts(e.Beside)}
	for _, note := range e.Notes {
		out.Notes = append(out.Notes, web.NoteOfTry(f.Lang, note))
	}
	for i := range e.Occasions {
		o := &e.Occasions[i]
		out.Occasions = append(out.Occasions, web.TryOccasion{User: n.person(o.User), Event: o.Event, Rule: o.Rule, Reason: o.Reason, Nothing: o.Nothing || len(o.Drafts) == 0, Verdicts: o.Verdicts, Drafts: n.tryDrafts(o.Drafts)})
	}
	return out
}

func (n names) tryDrafts(drafts []models.Draft) []web.TryDraft {
	var out []web.TryDraft
	for i := range drafts {
		d := &drafts[i]
		t := web.TryDraft{Do: "make", User: n.person(d.UserID), Kind: d.Kind, Action: d.Action, Title: d.Payload.Title, Text: d.Payload.Text, Phone: d.Payload.Phone, Keep: d.TTL, Reason: d.Reason, Rule: d.Rule, Candidates: d.Payload.Candidates}
		switch d.Mode {
		case models.Remove:
			t.Do = "remove"
			if phone, ok := strings.CutPrefix(d.CollapseKey, "missed:"); ok && !strings.HasPrefix(phone, "call:") {
				t.Kind, t.Phone = models.KindMissed, phone
			}
		case models.ReviseOnly:
			t.Do = "revise"
		case models.Upsert, models.Move:
		}
		if o := d.Payload.Object; o != nil {
			t.Object = cmp.Or(o.Title, strings.TrimSpace(o.Type+" "+o.Name))
		}
		out = append(out, t)
	}
	return out
}
