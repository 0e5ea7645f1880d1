package routing_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"zummer/app/internal/routing"
	"zummer/models"
)

// withRules puts rules, written as an administrator writes them, before the
// built-in ones.
func withRules(t *testing.T, p *play, text string) {
	t.Helper()
	var rules []models.Rule
	if err := json.Unmarshal([]byte(text), &rules); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if err := routing.CheckRules(rules); err != nil {
		t.Fatal(err)
	}
	p.ctx.Rules = &models.RuleSet{Version: 3, Rules: append(rules, routing.Builtin()...)}
}

// What a rule looks at: a night rule that keeps all else silent, with one
// condition each, and whether it is the one that decides.
func TestConditions(t *testing.T) {
	t.Parallel()
	known := models.Contact{ID: 1, ExternalID: "c1", Name: "ООО Ромашка", Responsible: 2, Client: object("client")}
	one, two := known, known
	one.Interests, two.Interests = []models.Object{*object("i1")}, []models.Object{*object("i1"), *object("i2")}
	have := func(c ...models.Contact) func(*play) { return func(p *play) { p.ctx.Contacts = c } }
	mine := known
	mine.Responsible = 1
	away := func(p *play) { p.ctx.Present = func(u int64) bool { return u != 1 } }
	for _, tc := range []struct {
		name  string
		when  string
		set   func(*play)
		event string
		fits  bool
	}{
		{"no condition at all", `{}`, nil, "answered 101", true},
		{"this event", `{"event":["answered"]}`, nil, "answered 101", true},
		{"another event", `{"event":["ringing","missed"]}`, nil, "answered 101", false},
		{"this source", `{"source":["home","office"]}`, nil, "answered 101", true},
		{"another source", `{"source":["home"]}`, nil, "answered 101", false},
		{"incoming", `{"direction":["in"]}`, nil, "answered 101", true},
		{"outgoing", `{"direction":["out"]}`, nil, "answered 101", false},
		{"the number dialled", `{"did":["+74951234567"]}`, nil, "answered 101 did=+74951234567", true},
		{"the number dialled, as people write it", `{"did":["8 (495) 123-45-67"]}`, nil, "answered 101 did=+74951234567", true},
		{"another number dialled", `{"did":["+74951234568"]}`, nil, "answered 101 did=+74951234567", false},
		{"a number dialled that the PBX does not tell", `{"did":["+74951234568"]}`, nil, "answered 101", false},
		{"the user is in the group", `{"group":["sales"]}`, nil, "answered 103", true},
		{"the user is in none", `{"group":["sales"]}`, nil, "answered 101", false},
		{"a group that does not exist", `{"group":["ghosts"]}`, nil, "answered 101", false},
		{"the user by login", `{"user":["USER1"]}`, nil, "answered 101", true},
		{"another user", `{"user":["user2"]}`, nil, "answered 101", false},
		{"a known caller", `{"caller":["known"]}`, have(known), "answered 101", true},
		{"an unknown caller", `{"caller":["unknown"]}`, nil, "answered 101", true},
		{"a known caller is not unknown", `{"caller":["unknown"]}`, have(known), "answered 101", false},
		{"a hidden number is neither", `{"caller":["known","unknown"]}`, nil, "answered 101 phone=hidden", false},
		{"a hidden number", `{"caller":["hidden"]}`, nil, "answered 101 phone=hidden", true},
		{"no open interest", `{"interests":["none"]}`, have(known), "answered 101", true},
		{"one open interest", `{"interests":["one"]}`, have(one), "answered 101", true},
		{"several are not one", `{"interests":["one"]}`, have(two), "answered 101", false},
		{"several open interests", `{"interests":["several"]}`, have(two), "answered 101", true},
		{"the user is responsible", `{"responsible":["user"]}`, have(mine), "answered 101", true},
		{"somebody else is", `{"responsible":["other"]}`, have(known), "answered 101", true},
		{"somebody else is not the user", `{"responsible":["user"]}`, have(known), "answered 101", false},
		{"nobody is", `{"responsible":["none"]}`, nil, "answered 101", true},
		{"the user's client is there", `{"present":true}`, nil, "answered 101", true},
		{"the user's client is away", `{"present":false}`, away, "answered 101", true},
		{"it is there, not away", `{"present":false}`, nil, "answered 101", false},
		{"waited long enough", `{"waited_min_s":5}`, waited(6), "answered 101", true},
		{"did not wait long enough", `{"waited_min_s":8}`, waited(6), "answered 101", false},
		{"waited too long", `{"waited_max_s":5}`, waited(6), "answered 101", false},
		{"within the hours", `{"hours":{"days":["mon"],"from":"10:00","to":"11:00"}}`, nil, "answered 101", true},
		{"another day", `{"hours":{"days":["tue"],"from":"10:00","to":"11:00"}}`, nil, "answered 101", false},
		{"after hours", `{"hours":{"from":"09:00","to":"10:42"}}`, nil, "answered 101", false},
		{"after hours, for a rule of the night", `{"hours":{"from":"09:00","to":"10:42","outside":true}}`, nil, "answered 101", true},
		{"in another zone it is past closing time", `{"hours":{"zone":"Asia/Vladivostok","from":"09:00","to":"18:00"}}`, nil, "answered 101", false},
		{"a holiday", `{"hours":{"holidays":["2026-11-23"]}}`, nil, "answered 101", false},
		{"two conditions, one of which is not met", `{"caller":["unknown"],"user":["user2"]}`, nil, "answered 101", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPlay()
			withRules(t, p, `[{"name":"mine","when":`+tc.when+`,"then":{"nothing":"because"}}]`)
			if tc.set != nil {
				tc.set(p)
			}
			_, steps := p.apply(t, tc.event)
			fits := false
			for _, s := range steps {
				fits = fits || s.Rule == "mine" && s.What == models.StepNothing && s.Reason == "because" && s.RulesVersion == 3
			}
			if fits != tc.fits {
				t.Errorf("the rule fits: %v, want %v", fits, tc.fits)
			}
		})
	}
}

func object(uid string) *models.Object {
	return &models.Object{Type: "Документ", Name: "Интерес", UID: uid, Title: "Интерес " + uid}
}

// waited makes the call old by that many seconds when the first event of the
// test comes, which is dated.
func waited(seconds int) func(*play) {
	return func(p *play) {
		p.call.Facts = []models.Fact{{Type: models.EventStarted, At: start().Add(time.Duration(1-seconds) * time.Second).UnixMilli(), Direction: models.In}}
	}
}

// Hours that run past midnight belong to the evening on which they began.
func TestHours(t *testing.T) {
	t.Parallel()
	night := `{"hours":{"zone":"UTC","days":["fri"],"from":"22:00","to":"06:00","holidays":["2026-11-20"]}}`
	for at, want := range map[string]bool{
		"2026-11-27T21:59:00Z": false, "2026-11-27T22:00:00Z": true, "2026-11-28T05:59:00Z": true, "2026-11-28T06:00:00Z": false,
		"2026-11-28T23:00:00Z": false, // Saturday's night
		"2026-11-27T05:00:00Z": false, // Thursday's night
		"2026-11-20T23:00:00Z": false, // a holiday
		"2026-11-21T03:00:00Z": false, // the holiday's night
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		p := newPlay()
		withRules(t, p, `[{"name":"mine","when":`+night+`,"then":{"nothing":"because"}}]`)
		e, _ := p.event(t, "ringing 101")
		p.call.Apply(&e, false, start())
		routing.Owners(p.call, p.ctx.Dir)
		p.ctx.Now, p.ctx.Lag = when, 1<<62
		x := routing.Explain(&models.Call{ID: callID, Source: 1, State: models.Ringing}, p.call, p.ctx)
		if got := x.Occasions[0].Rule == "mine"; got != want {
			t.Errorf("%s: %v, want %v (%s)", at, got, want, x.Occasions[0].Verdicts[0].Why)
		}
	}
}

// What a rule can make, as a table of words.
func TestWhatRulesMake(t *testing.T) {
	t.Parallel()
	client := models.Contact{ID: 1, ExternalID: "c1", Name: "ООО Ромашка", Responsible: 2, Client: &models.Object{Type: "Справочник", Name: "Контрагенты", UID: "u1", Title: "ООО Ромашка"}}
	know := func(p *play) { p.ctx.Contacts = []models.Contact{client} }
	for _, tc := range []struct {
		name   string
		rules  string
		set    func(*play)
		events []happens
	}{
		{"nothing on ringing, and the answer opens as always", `[{"name":"r","when":{"event":["ringing"]},"then":{"nothing":"quiet while it rings"}}]`, nil, []happens{
			{"ringing 101", is("step nothing")},
			{"answered 101", is(noMissed, "1 make call.answered create")},
		}},
		{"nothing on an answer takes the sign of the ring away", `[{"name":"r","when":{"event":["answered"]},"then":{"nothing":"no forms here"}}]`, nil, []happens{
			{"ringing 101", is("1 make call.ringing indicate")},
			{"answered 101", is(noMissed, "1 remove", "step nothing")},
		}},
		{"nothing for a caller of whom it is learned later takes away what is shown", `[{"name":"r","when":{"caller":["unknown"]},"then":{"nothing":"we know them all"}}]`, nil, []happens{
			{"ringing 101 phone=hidden", is("1 make call.ringing indicate")},
			{"started", is("1 remove", "step nothing")},
			{"answered 101", is(noMissed, "1 remove", "step nothing")},
		}},
		{"a card in place of a form", `[{"name":"r","when":{"event":["answered"]},"then":{"action":"show"}}]`, nil, []happens{
			{"answered 101", is(noMissed, "1 make call.answered show")},
		}},
		{"always the wizard, also for a known client", `[{"name":"r","when":{"event":["answered"]},"then":{"action":"create"}}]`, know, []happens{
			{"answered 101", is(noMissed, "1 make call.answered create")},
		}},
		{"a word of one's own", `[{"name":"r","when":{"event":["answered"]},"then":{"action":"play_gong","kind":"my.kind"}}]`, nil, []happens{
			{"answered 101", is(noMissed, "1 make my.kind play_gong")},
		}},
		{"a form while it rings, where the phone rings alone", `[{"name":"r","when":{"event":["ringing"]},"then":{"action":"create"}}]`, nil, []happens{
			{"ringing 101", is("1 make call.ringing create")},
			{"answered 101", is(noMissed, "1 make call.answered indicate")},
		}},
		{"a form while it rings is no form in a ring group", `[{"name":"r","when":{"event":["ringing"]},"then":{"action":"create"}}]`, nil, []happens{
			{"ringing 101", is("1 make call.ringing create")},
			{"ringing 102", is("2 make call.ringing indicate")},
			{"answered 102", is(noMissed, "1 revise call.answered_elsewhere none", "2 make call.answered create")},
		}},
		{"who wants no forms gets none by a rule either", `[{"name":"r","when":{"event":["answered"]},"then":{"action":"create"}}]`, func(p *play) { p.ctx.Dir.Users[1].PopOn = models.PopNever }, []happens{
			{"answered 101", is(noMissed, "1 make call.answered show")},
		}},
		{"the responsible gets a card, the talker the form", `[{"name":"r","when":{"event":["answered"]},"then":{"to":["user","responsible"]}}]`, know, []happens{
			{"answered 101", is(noMissed, "1 make call.answered create", "2 make call.answered show")},
			{"ended", is("1 revise call.ended show", "2 revise call.ended show")},
		}},
		{"the responsible whose phone rang too gets a card when a colleague answers", `[{"name":"r","when":{"event":["answered"],"responsible":["other"]},"then":{"to":["user","responsible"]}}]`, know, []happens{
			{"ringing 101", is("1 make call.ringing indicate")},
			{"ringing 102", is("2 make call.ringing indicate")},
			{"answered 101", is(noMissed, "1 make call.answered create", "2 make call.answered show")},
			{"ended", is("1 revise call.ended show", "2 revise call.ended show")},
		}},
		{"and so he does whose turn comes first", `[{"name":"r","when":{"event":["answered"],"responsible":["other"]},"then":{"to":["user","responsible"]}}]`, know, []happens{
			{"ringing 103", is("3 make call.ringing indicate")},
			{"ringing 102", is("2 make call.ringing indicate")},
			{"answered 103", is(noMissed, "2 revise call.answered_elsewhere none", "2 make call.answered show", "3 make call.answered create")},
			{"ended", is("2 revise call.ended show", "3 revise call.ended show")},
		}},
		{"who was told of a call in which he had talked himself, as it turns out later, keeps no live row", `[{"name":"r","when":{"event":["answered"]},"then":{"to":["user","group:sales"]}}]`, nil, []happens{
			{"answered 101 at=5", is(noMissed, "1 make call.answered create", "3 make call.answered show", "4 make call.answered show")},
			{"answered 103 at=3", nil},
			{"ended at=9", is("1 revise call.ended show", "3 revise call.ended show", "4 revise call.ended show")},
		}},
		{"the responsible who talks himself gets one row", `[{"name":"r","when":{"event":["answered"]},"then":{"to":["user","responsible"]}}]`, know, []happens{
			{"answered 102", is(noMissed, "2 make call.answered create")},
		}},
		{"a group sees what rings, and it goes when somebody answers", `[{"name":"r","when":{"event":["ringing"]},"then":{"to":["user","group:sales"]}}]`, nil, []happens{
			{"ringing 101", is("1 make call.ringing indicate", "3 make call.ringing indicate", "4 make call.ringing indicate")},
			{"answered 101", is(noMissed, "1 make call.answered create", "3 revise call.answered_elsewhere none", "4 revise call.answered_elsewhere none")},
			{"ended", is("1 revise call.ended show")}, // what only rang is no card afterwards, however short the talk
		}},
		{"a group that sees what rings as a card, and keeps it", `[{"name":"r","when":{"event":["ringing"]},"then":{"to":["user","group:sales"]}},{"name":"s","when":{"event":["answered_elsewhere"]},"then":{"action":"show"}}]`, nil, []happens{
			{"ringing 101", is("1 make call.ringing indicate", "3 make call.ringing indicate", "4 make call.ringing indicate")},
			{"answered 101", is(noMissed, "1 make call.answered create", "3 revise call.answered_elsewhere show", "4 revise call.answered_elsewhere show")},
			{"ended", is("1 revise call.ended show", "3 revise call.ended show", "4 revise call.ended show")},
		}},
		{"a member of the group whose own phone rings is told once", `[{"name":"r","when":{"event":["ringing"]},"then":{"to":["user","group:sales"]}}]`, nil, []happens{
			{"ringing 101", is("1 make call.ringing indicate", "3 make call.ringing indicate", "4 make call.ringing indicate")},
			{"ringing 103", is("3 make call.ringing indicate", "4 make call.ringing indicate")},
		}},
		{"missed calls to one group only", `[{"name":"r","when":{"event":["missed"]},"then":{"to":["group:sales"]}}]`, nil, []happens{
			{"ringing 101", is("1 make call.ringing indicate")},
			{"ended", is("1 revise call.ring_ended none", "3 make call.missed call_back missed:"+caller, "4 make call.missed call_back missed:"+caller)},
		}},
		{"missed calls that rang nobody, where the source has no group", `[{"name":"r","when":{"event":["missed"]},"then":{"to":["group:sales"]}}]`, func(p *play) { p.ctx.Source.GroupID = 0 }, []happens{
			{"started", nil},
			{"ended", is("3 make call.missed call_back missed:"+caller, "4 make call.missed call_back missed:"+caller)},
		}},
		{"who hung up in the menu is no missed call", `[{"name":"r","when":{"event":["missed"],"waited_max_s":5},"then":{"nothing":"hung up in the menu"}}]`, nil, []happens{
			{"started", nil},
			{"ended", is("step nothing", "step nothing")},
		}},
		{"a colleague's answer as a card that stays", `[{"name":"r","when":{"event":["answered_elsewhere"]},"then":{"action":"show"}}]`, nil, []happens{
			{"ringing 101", is("1 make call.ringing indicate")},
			{"ringing 102", is("2 make call.ringing indicate")},
			{"answered 102", is(noMissed, "1 revise call.answered_elsewhere show", "2 make call.answered create")},
		}},
		{"no card after the talk", `[{"name":"r","when":{"event":["ended"]},"then":{"nothing":"no cards"}}]`, nil, []happens{
			{"answered 101", is(noMissed, "1 make call.answered create")},
			{"ended", is("1 remove", "step nothing")},
		}},
		{"a rule that is off is passed over", `[{"name":"r","off":true,"when":{"event":["answered"]},"then":{"nothing":"no forms here"}}]`, nil, []happens{
			{"answered 101", is(noMissed, "1 make call.answered create")},
		}},
		{"the first that fits decides", `[{"name":"a","when":{"event":["answered"],"user":["user2"]},"then":{"action":"show"}},{"name":"b","when":{"event":["answered"]},"then":{"action":"call_back"}}]`, nil, []happens{
			{"answered 101", is(noMissed, "1 make call.answered call_back")},
			{"answered 102", is("1 revise call.transferred none", "2 make call.answered show")},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPlay()
			withRules(t, p, tc.rules)
			if tc.set != nil {
				tc.set(p)
			}
			for _, h := range tc.events {
				drafts, steps := p.apply(t, h.event)
				want(t, h.event, lines(drafts, steps), h.want...)
				for _, d := range drafts {
					if d.RulesVersion != 3 && d.UserID != 0 {
						t.Errorf("%s: draft of rule %q has version %d of the rules", h.event, d.Rule, d.RulesVersion)
					}
				}
			}
		})
	}
}

// A user whose client is away: the next of his group is told too, and both
// rows say why.
func TestDeputy(t *testing.T) {
	t.Parallel()
	p := newPlay()
	p.ctx.Present = func(u int64) bool { return u == 4 }
	drafts, _ := p.apply(t, "ringing 103")
	want(t, "ringing", lines(drafts, nil), "3 make call.ringing indicate", "4 make call.ringing indicate")
	if got := drafts[0].Reason; got != "the extension rings; the user's client is away: user4 was told too" {
		t.Error(got)
	}
	if got := drafts[1].Reason; got != "deputy of Сидорова С., whose client is away; the extension rings" {
		t.Error(got)
	}
	if got := drafts[1].Payload.Text; got != "Входящий +7 903 123-45-67, вместо: Сидорова С." {
		t.Error(got)
	}
	drafts, _ = p.apply(t, "ended")
	want(t, "missed", lines(drafts, nil), "3 revise call.ring_ended none", "3 make call.missed call_back missed:"+caller,
		"4 revise call.ring_ended none", "4 make call.missed call_back missed:"+caller)
}

// What a rule does not say is as the built-in one has it, the deputy too.
func TestDeputyIsToldWhereARuleNamesNobody(t *testing.T) {
	t.Parallel()
	p := newPlay()
	withRules(t, p, `[{"name":"a","when":{"event":["ringing"]},"then":{"lookup":true}},{"name":"b","when":{"event":["missed"]},"then":{"title":"{phone}"}}]`)
	p.ctx.Present = func(u int64) bool { return u == 4 }
	drafts, _ := p.apply(t, "ringing 103")
	want(t, "ringing", lines(drafts, nil), "3 make call.ringing indicate", "4 make call.ringing indicate")
	drafts, _ = p.apply(t, "ended")
	want(t, "missed", lines(drafts, nil), "3 revise call.ring_ended none", "3 make call.missed call_back missed:"+caller,
		"4 revise call.ring_ended none", "4 make call.missed call_back missed:"+caller)
}

// Of whom the CRM tells only when it is asked: his responsible is told then.
func TestTheResponsibleIsToldWhenTheCallerIsKnown(t *testing.T) {
	t.Parallel()
	p := newPlay()
	p.ctx.CanAsk = true
	withRules(t, p, `[{"name":"r","when":{"event":["answered"],"responsible":["other"]},"then":{"to":["user","responsible"]}},{"name":"ask","when":{"event":["answered"]},"then":{"lookup":true}}]`)
	drafts, _ := p.apply(t, "answered 101")
	want(t, "answered", lines(drafts, nil), noMissed, "1 make call.answered indicate")
	p.ctx.Contacts = []models.Contact{{ID: 1, ExternalID: "c1", Name: "ООО Ромашка", Responsible: 2, Client: object("client")}}
	drafts, _ = routing.Asked(p.call, p.ctx)
	want(t, "asked", lines(drafts, nil), "1 revise call.answered create", "2 make call.answered show")
	drafts, _ = routing.Asked(p.call, p.ctx)
	want(t, "asked again", lines(drafts, nil), "1 revise call.answered show", "2 revise call.answered show")
	drafts, _ = p.apply(t, "ended")
	want(t, "ended", lines(drafts, nil), "1 revise call.ended show", "2 revise call.ended show")
}

// Titles, texts and addresses with placeholders.
func TestTemplates(t *testing.T) {
	t.Parallel()
	p := newPlay()
	p.ctx.Contacts = []models.Contact{{ID: 1, ExternalID: "c1", Name: "ООО Ромашка & Ко"}}
	withRules(t, p, `[{"name":"r","when":{"event":["answered"]},"then":{"action":"open","title":"{client}: {phone}","text":"{{ {user} {extension} {did} {time} {date} ждал {waited_s} }}",
		"data":{"queue":"vip"},"object":{"url":"https://crm/new?phone={phone}&c={client}"},"expires_in_s":90,"shared":true}}]`)
	p.apply(t, "ringing 101 did=+74951234567")
	drafts, _ := p.apply(t, "answered 101")
	d := drafts[1]
	for _, x := range [][2]string{
		{d.Payload.Title, "ООО Ромашка & Ко: +79031234567"},
		{d.Payload.Text, "{ Иванов И. 101 +74951234567 10:42 23.11.2026 ждал 1 }"},
		{d.Payload.Object.URL, "https://crm/new?phone=%2B79031234567&c=%D0%9E%D0%9E%D0%9E+%D0%A0%D0%BE%D0%BC%D0%B0%D1%88%D0%BA%D0%B0+%26+%D0%9A%D0%BE"},
		{d.Payload.Data["queue"].(string), "vip"}, {d.TTL.String(), "1m30s"}, {string(d.Action), "open"},
	} {
		if x[0] != x[1] {
			t.Errorf("got  %s\nwant %s", x[0], x[1])
		}
	}
	if !d.Shared {
		t.Error("not shared")
	}
}

// What a caller calls himself, and braces, are no placeholders.
func TestAttemptsInTemplates(t *testing.T) {
	t.Parallel()
	p := newPlay()
	p.ctx.Contacts = []models.Contact{{ID: 1, ExternalID: "c1", Name: "ООО {attempts}"}}
	withRules(t, p, `[{"name":"r","when":{"event":["missed"]},"then":{"title":"{client} {{attempts}} {attempts}","text":"{client}, {attempts}","object":{"url":"https://crm/?n={attempts}"}}}]`)
	p.apply(t, "ringing 101")
	drafts, _ := p.apply(t, "ended")
	d := drafts[len(drafts)-1]
	for _, x := range [][2]string{
		{d.Payload.Title, "ООО {attempts} {attempts} 1"}, {d.Payload.Text, "ООО {attempts}, 1"}, {d.Payload.Object.URL, "https://crm/?n=1"},
		{routing.FillAttempts(d.Template, 3, models.MaxText), "ООО {attempts}, 3"}, {routing.FillAttempts(d.TitleTemplate, 3, models.MaxTitle), "ООО {attempts} {attempts} 3"},
	} {
		if x[0] != x[1] {
			t.Errorf("got  %q\nwant %q", x[0], x[1])
		}
	}
}

// Bad rules are refused with the field.
func TestCheckRules(t *testing.T) {
	t.Parallel()
	good := `{"name":"good","when":{"event":["missed"]},"then":{"nothing":"x"}}`
	for rule, field := range map[string]string{
		`{"name":"","then":{}}`:                                                                                      "name",
		`{"name":"a b","then":{}}`:                                                                                   "name",
		`{"name":"good","then":{}}`:                                                                                  "name",
		`{"name":"r","when":{"event":["rung"]},"then":{}}`:                                                           "when.event[0]",
		`{"name":"r","when":{"source":[" "]},"then":{}}`:                                                             "when.source[0]",
		`{"name":"r","when":{"direction":["internal"]},"then":{}}`:                                                   "when.direction[0]",
		`{"name":"r","when":{"caller":["friend"]},"then":{}}`:                                                        "when.caller[0]",
		`{"name":"r","when":{"interests":["two"]},"then":{}}`:                                                        "when.interests[0]",
		`{"name":"r","when":{"responsible":["me"]},"then":{}}`:                                                       "when.responsible[0]",
		`{"name":"r","when":{"waited_min_s":-1},"then":{}}`:                                                          "when.waited_min_s",
		`{"name":"r","when":{"waited_min_s":9,"waited_max_s":8},"then":{}}`:                                          "when.waited_min_s",
		`{"name":"r","when":{"hours":{"zone":"Mars/Base"}},"then":{}}`:                                               "when.hours.zone",
		`{"name":"r","when":{"hours":{"zone":"Local"}},"then":{}}`:                                                   "when.hours.zone",
		`{"name":"r","when":{"hours":{"from":"24:00"}},"then":{}}`:                                                   "when.hours.from",
		`{"name":"r","when":{"event":["missed"]},"then":{"kind":"digest"}}`:                                          "then.kind",
		`{"name":"r","when":{"hours":{"days":["monday"]}},"then":{}}`:                                                "when.hours.days[0]",
		`{"name":"r","when":{"hours":{"from":"9:00"}},"then":{}}`:                                                    "when.hours.from",
		`{"name":"r","when":{"hours":{"from":"09:00","to":"09:00"}},"then":{}}`:                                      "when.hours.to",
		`{"name":"r","when":{"hours":{"holidays":["1 May"]}},"then":{}}`:                                             "when.hours.holidays[0]",
		`{"name":"r","when":{"event":["answered"]},"then":{"nothing":"x","kind":"k"}}`:                               "then.nothing",
		`{"name":"r","when":{"event":["answered"]},"then":{"kind":"My Kind"}}`:                                       "then.kind",
		`{"name":"r","when":{"event":["answered"]},"then":{"action":"Open It"}}`:                                     "then.action",
		`{"name":"r","when":{"event":["answered"]},"then":{"action":"choose"}}`:                                      "then.action",
		`{"name":"r","when":{"event":["answered"]},"then":{"action":"open"}}`:                                        "then.action",
		`{"name":"r","when":{"event":["ended"]},"then":{"action":"create"}}`:                                         "then.action",
		`{"name":"r","then":{"action":"auto"}}`:                                                                      "then.action",
		`{"name":"r","when":{"event":["answered"]},"then":{"title":"{nobody}"}}`:                                     "then.title",
		`{"name":"r","when":{"event":["answered"]},"then":{"text":"open {"}}`:                                        "then.text",
		`{"name":"r","when":{"event":["answered"]},"then":{"object":{"url":"x}"}}}`:                                  "then.object.url",
		`{"name":"r","when":{"event":["missed"]},"then":{"action":"show","object":{}}}`:                              "then.object",
		`{"name":"r","when":{"event":["answered"]},"then":{"to":["boss"]}}`:                                          "then.to[0]",
		`{"name":"r","when":{"event":["answered"]},"then":{"to":["group:"]}}`:                                        "then.to[0]",
		`{"name":"r","when":{"event":["ended"]},"then":{"to":["user"]}}`:                                             "then.to",
		`{"name":"r","when":{"event":["answered"]},"then":{"expires_in_s":99999999}}`:                                "then.expires_in_s",
		`{"name":"r","when":{"event":["answered"]},"then":{"action":"open","object":{"url":"javascript:alert(1)"}}}`: "then.object.url",
		`{"name":"r","then":{"data":{"text":"` + strings.Repeat(`\"`, models.MaxData*3/4) + `"}}}`:                   "then.data",
		`{"name":"r","then":{"data":{"take":true}}}`:                                                                 "then.data.take",
		`{"name":"r","when":{"event":["missed"]},"then":{"lookup":true}}`:                                            "then.lookup",
		`{"name":"r","note":"` + strings.Repeat("x", 600) + `","then":{"nothing":"quiet"}}`:                          "note",
	} {
		var rules []models.Rule
		if err := json.Unmarshal([]byte("["+good+","+rule+"]"), &rules); err != nil {
			t.Fatalf("%v in %s", err, rule)
		}
		err := routing.CheckRules(rules)
		if err == nil || !strings.Contains(fields(err), "rules[1]."+field+" ") {
			t.Errorf("%s: %q, want field %s", rule, fields(err), field)
		}
	}
	if err := routing.CheckRules(nil); err == nil {
		t.Error("an empty list is not refused")
	}
	if err := routing.CheckRules(routing.Builtin()); err != nil {
		t.Errorf("the built-in list is refused: %v", err)
	}
}

// fields is what an error says of fields, each followed by a blank.
func fields(err error) string {
	var e *models.Error
	if !errors.As(err, &e) {
		return ""
	}
	var b strings.Builder
	for _, f := range e.Fields {
		b.WriteString(f.Field + " ")
	}
	return b.String()
}
