package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/handlers/pbx"
	"zummer/models"
)

// maxDryEvents bounds the events of one dry run.
const maxDryEvents = 100

// dryRunBody tells what rules would make of events.
type dryRunBody struct {
	RulesVersion *int64         `json:"rules_version"` // null: the request's own
	Source       *string        `json:"source"`
	Events       []dryEventBody `json:"events"`
}

type dryEventBody struct {
	Event       string         `json:"event"`
	Call        string         `json:"call"`
	Extension   *string        `json:"extension"`
	ToExtension *string        `json:"to_extension"`
	Phone       *string        `json:"phone"`
	At          string         `json:"at"` // as of when it is decided
	State       string         `json:"state"`
	Direction   string         `json:"direction"`
	Changed     bool           `json:"changed"`
	Notes       []string       `json:"notes"`
	Occasions   []occasionBody `json:"occasions"`
	Beside      []draftBody    `json:"beside"`
}

type occasionBody struct {
	User          *string       `json:"user"` // null: it concerns nobody
	Event         string        `json:"event"`
	Verdicts      []verdictBody `json:"verdicts"`
	Rule          *string       `json:"rule"`
	Result        string        `json:"result"`
	Reason        string        `json:"reason"`
	Notifications []draftBody   `json:"notifications"`
}

type verdictBody struct {
	Rule string  `json:"rule"`
	Fits bool    `json:"fits"`
	Why  *string `json:"why"`
}

// draftBody is one change of a set that would be made.
type draftBody struct {
	Do         string          `json:"do"`   // make, revise, remove
	User       *string         `json:"user"` // null: everybody who has it
	Kind       *string         `json:"kind"`
	Action     *string         `json:"action"`
	Title      *string         `json:"title"`
	Text       *string         `json:"text"`
	Phone      *string         `json:"phone"`
	Object     *models.Object  `json:"object"`
	Client     *models.Object  `json:"client"`
	Candidates []models.Object `json:"candidates"`
	Data       map[string]any  `json:"data"`
	ExpiresInS *int            `json:"expires_in_s"`
	Shared     bool            `json:"shared"`
	Missed     *string         `json:"missed"` // the number whose missed call it is
	Rule       *string         `json:"rule"`
	Reason     *string         `json:"reason"`
}

func (a *API) dryRunRules(c echo.Context) error {
	f, err := readFields(c)
	if err != nil {
		return err
	}
	q, err := a.readDryRun(f)
	if err != nil {
		return err
	}
	if q.Rules != nil {
		if err := a.d.Setup.CheckRules(q.Rules); err != nil {
			return err
		}
	}
	res, err := a.d.Register.DryRun(c.Request().Context(), q)
	if err != nil {
		return err
	}
	n := names{a.d.Setup.Directory()}
	out := dryRunBody{RulesVersion: res.Version, Source: orNull(n.slug(res.Source)), Events: make([]dryEventBody, len(res.Events))}
	for i := range res.Events {
		out.Events[i] = n.dryEventBody(&res.Events[i])
	}
	return writeJSON(c, http.StatusOK, out)
}

// readDryRun reads what is asked. Errors: Invalid; NotFound for a webhook that
// cannot be one.
func (a *API) readDryRun(f *fields) (models.DryRunQuery, error) {
	f.only("webhook", "source", "event", "events", "rules", "version", "absent")
	q := models.DryRunQuery{Rules: readRules(f), Version: versionOf(f)}
	if q.Rules != nil && q.Version != nil {
		f.fail("version", "cannot stand beside rules: they are tried instead of a version")
	}
	d := a.d.Setup.Directory()
	for i, name := range f.strs("absent") {
		u := d.UserByName(name)
		if u == nil {
			f.fail(fmt.Sprintf("absent[%d]", i), "no user %q", models.CutText(name, 80))
			continue
		}
		q.Absent = append(q.Absent, u.ID)
	}
	webhook := f.str("webhook")
	event, list := f.object("event"), f.list("events")
	given := 0
	for _, there := range []bool{webhook != "", event != nil, list != nil} {
		if there {
			given++
		}
	}
	switch {
	case len(f.wrong) > 0:
	case given != 1:
		f.fail("event", "give exactly one of webhook, event and events")
	case webhook != "" && f.has("source"):
		f.fail("source", "belongs to event and events; a webhook has its own")
	case webhook != "":
		if q.Webhook = models.ParseID(webhook); q.Webhook == 0 {
			return q, models.Errorf(models.NotFound, "no webhook %q", models.CutText(webhook, 40))
		}
	default:
		q.Source = f.required("source", 80)
		if src := d.SourceBySlug(q.Source); src != nil {
			q.Events = a.readEvents(f, src, event, list)
		} else if q.Source != "" {
			f.fail("source", "no source %q", models.CutText(q.Source, 80))
		}
	}
	return q, f.err()
}

// readEvents reads events by hand as kind generic does, but takes no member
// that it does not know.
func (a *API) readEvents(f *fields, src *models.Source, event *fields, list []any) []models.Event {
	var known []string
	for name := range memberNames(reflect.TypeFor[models.Event]()) {
		known = append(known, name)
	}
	var body any = map[string]any{"events": list}
	if event != nil {
		body = event.m
		f.unknown("event", event.m, known...)
	}
	if len(list) > maxDryEvents {
		f.fail("events", "are %d; at most %d are allowed", len(list), maxDryEvents)
	}
	for i, v := range list {
		if m, ok := v.(map[string]any); ok {
			f.unknown(fmt.Sprintf("events[%d]", i), m, known...)
		}
	}
	if len(f.wrong) > 0 {
		return nil
	}
	raw, err := json.Marshal(body)
	if err != nil {
		f.fail("event", "cannot be read")
		return nil
	}
	cfg := SourceConfig(src, a.d.Timezone, a.d.Region, time.Now())
	adapter, _ := pbx.Lookup("generic")
	res, err := adapter.Parse(pbx.Request{Method: http.MethodPost, Header: http.Header{}, Body: raw}, cfg)
	if own := (*models.Error)(nil); errors.As(err, &own) {
		f.failEvent(event != nil, own)
	} else if err != nil {
		f.fail("event", "cannot be read")
	}
	return res.Events
}

// failEvent notes what the adapter found wrong, under the request's own names.
func (f *fields) failEvent(single bool, err *models.Error) {
	field, message := "events", err.Message
	if single {
		field = "event"
	}
	if len(err.Fields) > 0 {
		message = err.Fields[0].Message
		if field = err.Fields[0].Field; single {
			field = "event." + field
		}
	}
	f.fail(field, "%s", message)
}

func (n names) dryEventBody(e *models.DryRunEvent) dryEventBody {
	out := dryEventBody{Event: string(e.Event.Type), Call: e.Event.Call, Extension: orNull(e.Event.Extension), ToExtension: orNull(e.Event.ToExtension), Phone: orNull(e.Event.Phone),
		At: timeText(e.At), State: string(e.State), Direction: string(e.Direction), Changed: e.Changed, Notes: append([]string{}, e.Notes...),
		Occasions: make([]occasionBody, len(e.Occasions)), Beside: n.draftBodies(e.Beside)}
	for i := range e.Occasions {
		o := &e.Occasions[i]
		b := occasionBody{User: orNull(n.login(o.User)), Event: o.Event, Verdicts: make([]verdictBody, len(o.Verdicts)), Rule: orNull(o.Rule), Result: "notification", Reason: o.Reason,
			Notifications: n.draftBodies(o.Drafts)}
		if o.Nothing || len(o.Drafts) == 0 {
			b.Result = "nothing"
		}
		for j, v := range o.Verdicts {
			b.Verdicts[j] = verdictBody{Rule: v.Rule, Fits: v.Fits, Why: orNull(v.Why)}
		}
		out.Occasions[i] = b
	}
	return out
}

func (n names) draftBodies(drafts []models.Draft) []draftBody {
	out := make([]draftBody, len(drafts))
	for i := range drafts {
		d := &drafts[i]
		out[i] = draftBody{Do: "remove", User: orNull(n.login(d.UserID)), Candidates: []models.Object{}, Rule: orNull(d.Rule), Reason: orNull(d.Reason)}
		if phone, ok := strings.CutPrefix(d.CollapseKey, "missed:"); ok && !strings.HasPrefix(phone, "call:") {
			out[i].Missed = &phone
		}
		if d.Mode == models.Remove {
			continue
		}
		p, ttl := &d.Payload, int(d.TTL/time.Second)
		out[i] = draftBody{Do: "make", User: out[i].User, Kind: orNull(d.Kind), Action: orNull(string(d.Action)), Title: orNull(p.Title), Text: orNull(p.Text), Phone: orNull(p.Phone),
			Object: p.Object, Client: p.Client, Candidates: append([]models.Object{}, p.Candidates...), Data: p.Data, ExpiresInS: &ttl, Shared: d.Shared, Missed: out[i].Missed,
			Rule: out[i].Rule, Reason: out[i].Reason}
		if d.Mode == models.ReviseOnly {
			out[i].Do = "revise"
		}
	}
	return out
}
