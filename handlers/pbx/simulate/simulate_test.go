package simulate_test

import (
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"zummer/handlers/pbx"
	"zummer/handlers/pbx/simulate"
	"zummer/models"
	"zummer/models/phone"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func start() time.Time { return time.Date(2026, 11, 23, 10, 42, 0, 0, time.UTC) }

// ends says how the call of each scenario stands when all is over: its
// description, then every attempt.
func ends() map[string][]string {
	return map[string][]string{
		"direct":    {"in +79031234567 talk 9", "101 answered hangup"},
		"group":     {"in +79031234567 talk 8", "101 answered_elsewhere", "102 answered hangup", "103 answered_elsewhere"},
		"missed":    {"in +79031234567 missed", "101 no_answer"},
		"abandoned": {"in +79031234567 missed", "101 caller_gave_up", "102 caller_gave_up", "103 caller_gave_up"},
		"transfer":  {"in +79031234567 talk 7", "101 answered transferred", "102 answered hangup"},
		"queue": {"in +79031234567 talk 9", "101 no_answer", "101 answered_elsewhere", "102 no_answer", "102 answered_elsewhere",
			"103 no_answer", "103 answered hangup"},
		"repeat":   {"in +79031234567 talk 9", "101 answered hangup"},
		"hidden":   {"in hidden talk 9", "101 answered hangup"},
		"outgoing": {"out +79031234567 talk 8", "101 answered hangup"},
		"internal": {"internal 101 talk 5", "102 answered hangup"},
	}
}

// TestScenariosEndAsTold sends every scenario through the requests of every
// kind, back through that kind's adapter, and into calls.
func TestScenariosEndAsTold(t *testing.T) {
	for _, kind := range append([]string{""}, simulate.Kinds()...) {
		for _, begin := range []time.Time{start(), {}} {
			for _, sc := range simulate.Scenarios() {
				t.Run(fmt.Sprintf("%s/%s/dated=%v", kind, sc.Name, !begin.IsZero()), func(t *testing.T) {
					calls := map[string]*models.Call{}
					var order []string
					now := start()
					for _, step := range sc.Build(simulate.Params{CallID: "c1", Start: begin}) {
						now = now.Add(step.After)
						for _, e := range through(t, kind, step, now) {
							if calls[e.Call] == nil {
								calls[e.Call] = &models.Call{Key: e.Call}
								order = append(order, e.Call)
							}
							n := phone.Parse(e.Phone, "RU")
							e.Phone = n.Key()
							calls[e.Call].Apply(&e, n.Hidden, now)
						}
					}
					names := []string{sc.Name}
					if sc.Name == "mixed" {
						names = names[:0]
						for _, o := range simulate.Scenarios() {
							if o.Name != "mixed" {
								names = append(names, o.Name)
							}
						}
					}
					if len(order) != len(names) {
						t.Fatalf("calls %v, want %d", order, len(names))
					}
					for i, key := range order {
						if got, want := summary(calls[key]), ends()[names[i]]; !reflect.DeepEqual(got, want) {
							t.Errorf("%s: %q, want %q", names[i], got, want)
						}
					}
				})
			}
		}
	}
}

// through sends a step as kind and parses what arrives; kind "" takes the
// events as they are.
func through(t *testing.T, kind string, step simulate.Step, now time.Time) []models.Event {
	t.Helper()
	if kind == "" {
		for i := range step.Events {
			if err := step.Events[i].Validate(); err != nil {
				t.Fatalf("event %+v: %v", step.Events[i], err)
			}
		}
		return step.Events
	}
	key := secret
	if kind != "generic" {
		key = ""
	}
	req, err := simulate.Request(kind, "http://127.0.0.1:1/hooks/office/token", key, step, now)
	if err != nil {
		t.Fatalf("Request(%s): %v", kind, err)
	}
	a, ok := pbx.Lookup(kind)
	if !ok {
		t.Fatalf("no adapter %s", kind)
	}
	cfg := pbx.Config{Secret: key, Region: "RU", Timezone: "Europe/Moscow", Now: now}
	in := read(t, req)
	if err := a.Verify(in, cfg); err != nil {
		t.Fatalf("Verify: %v", err)
	}
	if cfg.Secret = "whsec_" + strings.Repeat("A", 32); key != "" && a.Verify(in, cfg) == nil {
		t.Errorf("Verify takes another secret's signature")
	}
	res, err := a.Parse(in, cfg)
	if err != nil {
		t.Fatalf("Parse(%s): %v", in.Body, err)
	}
	return res.Events
}

func read(t *testing.T, req *http.Request) pbx.Request {
	t.Helper()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		t.Fatal(err)
	}
	return pbx.Request{Method: req.Method, Path: "", Query: req.URL.Query(), Header: req.Header, Body: body}
}

func summary(c *models.Call) []string {
	who := c.Phone
	if c.Hidden {
		who = "hidden"
	}
	end := fmt.Sprintf("talk %d", c.TalkS)
	if c.Missed {
		end = "missed"
	}
	if c.State != models.Ended {
		end = string(c.State)
	}
	out := []string{fmt.Sprintf("%s %s %s", c.Direction, who, end)}
	for i := range c.Legs {
		l := &c.Legs[i]
		s := l.Extension
		if !l.AnsweredAt.IsZero() {
			s += " answered"
		}
		out = append(out, s+" "+l.Reason)
	}
	// In the order of people, each one's attempts in theirs.
	for i := 1; i < len(out); i++ {
		for j := i; j > 1 && out[j][:3] < out[j-1][:3]; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}

func TestScenariosWithOnePerson(t *testing.T) {
	for _, sc := range simulate.Scenarios() {
		steps := sc.Build(simulate.Params{Extensions: []string{"201"}, Start: start()})
		if len(steps) == 0 || !reflect.DeepEqual(steps, sc.Build(simulate.Params{Extensions: []string{"201"}, Start: start()})) {
			t.Errorf("%s: %d steps, or not the same twice", sc.Name, len(steps))
		}
		at := start()
		for i, step := range steps {
			e := step.Events[0]
			if len(step.Events) != 1 || e.Validate() != nil || e.At.Before(at) || step.After < 0 {
				t.Errorf("%s: step %d is %+v", sc.Name, i, step)
			}
			at = e.At
		}
		if sc.Description.RU == "" || sc.Description.EN == "" {
			t.Errorf("%s is not described", sc.Name)
		}
		if got, ok := simulate.Lookup(sc.Name); !ok || got.Name != sc.Name {
			t.Errorf("Lookup(%q) = %v, %v", sc.Name, got, ok)
		}
	}
	if _, ok := simulate.Lookup("siesta"); ok {
		t.Errorf("Lookup finds what does not exist")
	}
}

func TestRequestRefuses(t *testing.T) {
	one := simulate.Step{Events: []models.Event{{Type: models.EventEnded, Call: "1"}}}
	two := simulate.Step{Events: append(one.Events, one.Events...)}
	for name, tc := range map[string]struct {
		kind, hook, secret string
		step               simulate.Step
	}{
		"unknown kind":        {"pigeon", "http://h", "", one},
		"no event":            {"generic", "http://h", "", simulate.Step{}},
		"two at once":         {"asterisk-http", "http://h", "", two},
		"no address":          {"generic", "http://[", "", one},
		"unusable secret":     {"generic", "http://h", "whsec_", one},
		"nothing to say that": {"asterisk-http", "http://h", "", simulate.Step{Events: []models.Event{{Type: models.EventRecording, Call: "1"}}}},
	} {
		if req, err := simulate.Request(tc.kind, tc.hook, tc.secret, tc.step, start()); err == nil {
			t.Errorf("%s: Request = %v, want an error", name, req)
		}
	}
	if req, err := simulate.Request("generic", "http://h", "", two, start()); err != nil || len(mustEvents(t, req)) != 2 {
		t.Errorf("two events of kind generic: %v", err)
	}
}

func mustEvents(t *testing.T, req *http.Request) []models.Event {
	t.Helper()
	a, _ := pbx.Lookup("generic")
	res, err := a.Parse(read(t, req), pbx.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return res.Events
}
