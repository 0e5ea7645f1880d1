package inbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/models"
)

// parseEvents is an adapter whose webhooks are canonical events.
func parseEvents(_ *models.Source, w *models.Webhook) (events []models.Event, err error) {
	if err := json.Unmarshal(w.Body, &events); err != nil {
		return nil, models.Errorf(models.Malformed, "no events")
	}
	return events, nil
}

// hook stores a webhook with these events and returns its id.
func (r *rig) webhook(events ...models.Event) int64 {
	r.t.Helper()
	body, err := json.Marshal(events)
	if err != nil {
		r.t.Fatal(err)
	}
	res, err := r.in.Accept(r.t.Context(), models.Accepted{Source: r.dir.Sources[1], Webhook: models.Webhook{Method: "POST", Body: body}, Events: events})
	if err != nil {
		r.t.Fatalf("Accept: %v", err)
	}
	return res.ID
}

func (r *rig) dryRun(q models.DryRunQuery) models.DryRunResult {
	r.t.Helper()
	writes, next := r.mem.written(), r.mem.next
	out, err := r.in.DryRun(r.t.Context(), q)
	if err != nil {
		r.t.Fatalf("DryRun(%+v): %v", q, err)
	}
	if r.mem.written() != writes || r.mem.next != next {
		r.t.Fatalf("the dry run wrote")
	}
	return out
}

// would lists what a dry run would make, event by event.
func would(res models.DryRunResult) string {
	var all []string
	for _, e := range res.Events {
		var line []string
		for _, o := range e.Occasions {
			for _, d := range o.Drafts {
				line = append(line, fmt.Sprintf("%d %s/%s", d.UserID, d.Kind, d.Action))
			}
		}
		for _, d := range e.Beside {
			line = append(line, fmt.Sprintf("beside %d %d %s", d.UserID, d.Mode, d.CollapseKey))
		}
		line = append(line, e.Notes...)
		all = append(all, strings.Join(line, ", "))
	}
	return strings.Join(all, " | ")
}

// Every decision can be had again from the journal: what each webhook made of
// the sets is what the dry run of it would make, long after the call went on.
func TestDryRunReplaysDecisions(t *testing.T) {
	at := func(e models.Event, s int) models.Event { e.At = e.At.Add(time.Duration(s) * time.Second); return e }
	undated := func(e models.Event) models.Event { e.At = time.Time{}; return e }
	with := func(e models.Event, change func(*models.Event)) models.Event { change(&e); return e }
	to := func(ext string) func(*models.Event) { return func(e *models.Event) { e.ToExtension = ext } }
	for _, tt := range []struct {
		name  string
		tells func() [][]models.Event
	}{
		{"answered and ended", func() [][]models.Event {
			return [][]models.Event{{event("ringing", "101")}, {at(event("answered", "101"), 3)}, {at(event("ended", ""), 60)}}
		}},
		{"a ring group, told in one webhook", func() [][]models.Event {
			return [][]models.Event{{event("ringing", "101"), event("ringing", "102"), event("ringing", "103")}, {at(event("answered", "102"), 3)}, {at(event("ended", ""), 60)}}
		}},
		{"missed", func() [][]models.Event {
			return [][]models.Event{{event("ringing", "101")}, {at(event("ring_ended", "101"), 20)}, {at(event("ended", ""), 21)}}
		}},
		{"nothing is dated", func() [][]models.Event {
			return [][]models.Event{{undated(event("ringing", "101"))}, {undated(event("ring_ended", "101"))}, {undated(event("ringing", "101"))}, {undated(event("answered", "101"))}, {undated(event("ended", ""))}}
		}},
		{"handed on", func() [][]models.Event {
			return [][]models.Event{{event("ringing", "101")}, {at(event("answered", "101"), 3)}, {with(at(event("transferred", "101"), 10), to("103"))},
				{at(event("ringing", "103"), 11)}, {at(event("answered", "103"), 15)}, {at(event("ended", ""), 60)}}
		}},
		{"told 37 minutes late", func() [][]models.Event {
			return [][]models.Event{{at(event("ringing", "101"), -2220)}, {at(event("answered", "101"), -2210)}, {at(event("ended", ""), -2120)}}
		}},
		{"the number comes with the answer", func() [][]models.Event {
			return [][]models.Event{{with(event("ringing", "101"), func(e *models.Event) { e.Phone = "" })}, {at(event("answered", "101"), 3)}}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				r.in.opt.Parse = parseEvents
				r.mem.contacts["+79031234567"] = []models.Contact{{ID: 1, ExternalID: "k", Phones: []string{"+79031234567"}, Name: "Romashka", Interests: []models.Object{{Type: "Document", UID: "17"}}}}
				r.dir.Users[1].PopOn = models.PopRinging
				<-time.After(2 * time.Hour) // a test begins with the year 2000
				var hooks []int64
				for _, events := range tt.tells() {
					hooks = append(hooks, r.webhook(events...))
					<-time.After(11 * time.Second) // what is undated is no repeat by then
				}
				// Who has the phones now is not who had them then.
				dir := testDirectory()
				dir.Users[1].PopOn = models.PopRinging
				dir.Extensions = map[models.ExtKey]int64{{SourceID: 1, Extension: "101"}: 3}
				r.now.Store(dir)
				for i, id := range hooks {
					res := r.dryRun(models.DryRunQuery{Webhook: id})
					var made []string
					for _, s := range r.mem.steps {
						if s.WebhookID == id && (s.What == models.StepStored || s.What == models.StepRevised) {
							made = append(made, fmt.Sprintf("%d %s/%s %s: %s", s.UserID, s.Kind, s.Action, s.Rule, s.Reason))
						}
					}
					var drafts []string
					for _, e := range res.Events {
						for _, o := range e.Occasions {
							for _, d := range o.Drafts {
								drafts = append(drafts, fmt.Sprintf("%d %s/%s %s: %s", d.UserID, d.Kind, d.Action, d.Rule, d.Reason))
							}
						}
					}
					slices.Sort(made)
					slices.Sort(drafts)
					if strings.Join(made, "\n") != strings.Join(drafts, "\n") {
						t.Errorf("webhook %d made\n%s\nits dry run makes\n%s", i, strings.Join(made, "\n"), strings.Join(drafts, "\n"))
					}
				}
			})
		})
	}
}

// Events by hand are of fresh calls, and the answer says who would be told what
// by which rule, and why not by the ones before it.
func TestDryRunByHand(t *testing.T) {
	own := func(typ models.EventType, ext, call string) models.Event {
		return models.Event{Type: typ, Call: call, Extension: ext, Phone: "8 903 123-45-67", Direction: models.In}
	}
	for _, tt := range []struct {
		name   string
		events []models.Event
		want   string
	}{
		{"a ring", []models.Event{own("ringing", "101", "x")}, "1 call.ringing/indicate"},
		{"a call", []models.Event{own("ringing", "101", "x"), own("answered", "101", "x"), own("ended", "", "x")}, "1 call.ringing/indicate | 1 call.answered/resolve, beside 0 2 missed:+79031234567 | 1 call.ended/show"},
		{"two calls", []models.Event{own("ringing", "101", "x"), own("ended", "", "y")}, "1 call.ringing/indicate | missed, and nobody is concerned: no responsible, no known extension rang, the source has no group"},
		{"nobody's phone", []models.Event{own("ringing", "555", "x"), own("answered", "555", "x")}, "no user owns this extension: 555 | beside 0 2 missed:+79031234567"},
		{"told twice", []models.Event{own("ringing", "101", "x"), own("ringing", "101", "x")}, "1 call.ringing/indicate | "},
		{"two that are one", []models.Event{own("ringing", "101", "x"), own("ringing", "102", "y"), {Type: "answered", Call: "y", SameAs: "x", Extension: "102"}},
			"1 call.ringing/indicate | 2 call.ringing/indicate | 1 call.answered_elsewhere/none, 2 call.answered/resolve, beside 0 2 missed:+79031234567"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				r.webhook(event("ringing", "103")) // a call of the same name is none of the dry run's business
				if got := would(r.dryRun(models.DryRunQuery{Source: "office", Events: tt.events})); got != tt.want {
					t.Errorf("would make\n%s, want\n%s", got, tt.want)
				}
			})
		})
	}
}

// A shared phone is of those who share it now and are not taken for absent.
func TestDryRunOfASharedPhone(t *testing.T) {
	bubble(t, func(r *rig) {
		dir := testDirectory()
		dir.Shared = map[models.ExtKey]*models.Extension{{SourceID: 1, Extension: "200"}: {SourceID: 1, Extension: "200", Mode: models.SharedAll,
			Owners: []models.Owner{{UserID: 1}, {UserID: 2}}}}
		r.now.Store(dir)
		q := models.DryRunQuery{Source: "office", Events: []models.Event{event("ringing", "200")}}
		if got := would(r.dryRun(q)); got != "1 call.ringing/indicate, 2 call.ringing/indicate" {
			t.Errorf("both are there: %s", got)
		}
		q.Absent = []int64{1}
		if got := would(r.dryRun(q)); got != "2 call.ringing/indicate" {
			t.Errorf("one is absent: %s", got)
		}
	})
}

// A dry run knows whose a shared phone is, and what a merge leaves, as a batch does.
func TestDryRunOfSharedPhones(t *testing.T) {
	for _, tt := range []struct{ name, mode, want string }{
		{"it rings for all", models.SharedAll, "1 call.ringing/indicate, 2 call.ringing/indicate | 1 call.answered/indicate, 2 call.answered/indicate, beside 0 2 missed:+79031234567"},
		{"nobody has said that it is his", models.SharedCheckIn, "3 call.ringing/indicate, nobody who shares the phone is present: sidorov stands in for ivanov: 150 | 3 call.answered/resolve, beside 0 2 missed:+79031234567"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				r.in.opt.Parse = parseEvents
				q := models.DryRunQuery{Source: "office", Events: []models.Event{event("ringing", "150"), event("answered", "150")}}
				r.share(tt.mode, 1, 2)
				if tt.mode == models.SharedCheckIn {
					q.Absent = []int64{1, 2}
				}
				if got := would(r.dryRun(q)); got != tt.want {
					t.Errorf("would make\n%s, want\n%s", got, tt.want)
				}
				if tt.mode != models.SharedAll {
					return
				}
				ring, answer := r.webhook(event("ringing", "150")), r.webhook(event("answered", "150"))
				r.share(tt.mode, 3) // since then
				got := would(r.dryRun(models.DryRunQuery{Webhook: ring})) + " | " + would(r.dryRun(models.DryRunQuery{Webhook: answer}))
				if got != tt.want {
					t.Errorf("the webhooks would make\n%s, want\n%s", got, tt.want)
				}
			})
		})
	}
}

// What a PBX with a wrong clock tells is news to a dry run too.
func TestDryRunKnowsTheClockOfTheSource(t *testing.T) {
	bubble(t, func(r *rig) {
		r.in.opt.Parse = parseEvents
		r.dir.Sources[1].Kind = "mango" // whose times do not name their zone
		e := event("ringing", "101")
		<-time.After(2 * time.Hour)
		e.At = time.Now().Add(-time.Hour)
		hook := r.webhook(e)
		if got := would(r.dryRun(models.DryRunQuery{Webhook: hook})); r.rows(1) == "" || got != "1 call.ringing/indicate" {
			t.Errorf("made %q, would make %q", r.rows(1), got)
		}
	})
}

// The rules are those in force, a stored version, the built-in ones, or the
// query's own.
func TestDryRunTakesRules(t *testing.T) {
	bubble(t, func(r *rig) {
		set := func(version int64, names ...string) models.RuleSet {
			s := models.RuleSet{Version: version}
			for _, n := range names {
				s.Rules = append(s.Rules, models.Rule{Name: n, When: models.RuleWhen{Event: []string{models.RuleRinging}}})
			}
			return s
		}
		r.mem.rules = []models.RuleSet{set(1, "old"), set(2, "now")}
		rules := func(q models.DryRunQuery) string {
			t.Helper()
			q.Source, q.Events = "office", []models.Event{event("ringing", "101")}
			res := r.dryRun(q)
			version := "own"
			if res.Version != nil {
				version = fmt.Sprint(*res.Version)
			}
			return version + " " + res.Events[0].Occasions[0].Verdicts[0].Rule
		}
		zero, one := int64(0), int64(1)
		if got := rules(models.DryRunQuery{}); got != "0 ringing" {
			t.Errorf("before any rules: %s", got)
		}
		dir := testDirectory()
		dir.Rules = &r.mem.rules[1]
		r.now.Store(dir)
		for want, q := range map[string]models.DryRunQuery{"2 now": {}, "1 old": {Version: &one}, "0 ringing": {Version: &zero}, "own mine": {Rules: set(0, "mine").Rules}} {
			if got := rules(q); got != want {
				t.Errorf("rules %s, want %s", got, want)
			}
		}
	})
}

func TestDryRunRefuses(t *testing.T) {
	bubble(t, func(r *rig) {
		r.in.opt.Parse = parseEvents
		bad, err := r.in.Accept(r.t.Context(), models.Accepted{Source: r.dir.Sources[1], Webhook: models.Webhook{Method: "POST", Body: []byte("?")}, Err: models.Errorf(models.Malformed, "no events")})
		if err != nil {
			t.Fatal(err)
		}
		hook := r.webhook(event("ringing", "101"))
		nine := int64(9)
		for _, tt := range []struct {
			name string
			q    models.DryRunQuery
			kind models.Kind
			text string
		}{
			{"a webhook that is not there", models.DryRunQuery{Webhook: 999}, models.NotFound, "no webhook 999"},
			{"a webhook that nobody can read", models.DryRunQuery{Webhook: bad.ID}, models.Invalid, "webhook: cannot be read: no events"},
			{"a version that never was", models.DryRunQuery{Webhook: hook, Version: &nine}, models.NotFound, "no version 9"},
			{"no rules", models.DryRunQuery{Webhook: hook, Rules: []models.Rule{}}, models.Invalid, "rules"},
			{"an unknown source", models.DryRunQuery{Source: "x", Events: []models.Event{event("ringing", "101")}}, models.Invalid, "source: no source"},
			{"an event without a call", models.DryRunQuery{Source: "office", Events: []models.Event{{Type: "ringing"}}}, models.Invalid, "call: is required"},
		} {
			if _, err := r.in.DryRun(r.t.Context(), tt.q); models.KindOf(err) != tt.kind || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("%s: %v, want %q", tt.name, err, tt.text)
			}
		}
		delete(r.dir.Sources, 1)
		if _, err := r.in.DryRun(r.t.Context(), models.DryRunQuery{Webhook: hook}); models.KindOf(err) != models.Conflict {
			t.Errorf("a source that is gone: %v", err)
		}
	})
}
