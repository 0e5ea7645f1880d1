package simulate_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/handlers/pbx"
	"zummer/handlers/pbx/simulate"
	"zummer/models"
	"zummer/models/phone"
)

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
		"consult":   {"in +79031234567 talk 7", "101 answered transferred", "102 answered hangup"},
		"back":      {"in +79031234567 talk 6", "101 answered transferred", "101 answered hangup", "102 no_answer"},
		"queue": {"in +79031234567 talk 9", "101 no_answer", "101 answered_elsewhere", "102 no_answer", "102 answered_elsewhere",
			"103 no_answer", "103 answered hangup"},
		"repeat":    {"in +79031234567 talk 9", "101 answered hangup"},
		"hidden":    {"in hidden talk 9", "101 answered hangup"},
		"outgoing":  {"out +79031234567 talk 8", "101 answered hangup"},
		"click":     {"out +79031234567 talk 8", "101 answered hangup"},
		"callback":  {"out +79031234567 talk 8", "101 answered hangup"},
		"internal":  {"internal 101 talk 5", "102 answered hangup"},
		"nameless":  {"in +79031234567 talk 9", "103 answered hangup"},
		"early-end": {"in +79031234567 talk 9", "101 answered hangup"},
		"late":      {"in +79031234567 talk 8", "101 answered_elsewhere", "102 answered hangup"},
		"recording": {"in +79031234567 talk 9 recorded", "101 answered hangup"},
	}
}

// TestScenariosEndAsTold sends every scenario in the words of every kind, back
// through that kind's adapter, and into calls. What a kind says it loses is
// held against it by the tests of app.
func TestScenariosEndAsTold(t *testing.T) {
	for _, kind := range simulate.Kinds() {
		for _, sc := range simulate.Scenarios() {
			if sc.Name == simulate.Mixed {
				continue
			}
			t.Run(kind+"/"+sc.Name, func(t *testing.T) {
				calls, err := told(t, kind, sc, start(), false)
				var silent *simulate.Unspeakable
				if errors.As(err, &silent) {
					if silent.Why == "" || simulate.Loses(kind, sc.Name) != "" {
						t.Errorf("a scenario that cannot be told: %+v", silent)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if simulate.Loses(kind, sc.Name) != "" {
					return
				}
				if len(calls) != 1 {
					t.Fatalf("%d calls, want one", len(calls))
				}
				if got, want := summary(calls[0]), ends()[sc.Name]; !reflect.DeepEqual(got, want) {
					t.Errorf("%q, want %q", got, want)
				}
			})
		}
	}
}

// TestScenariosRepeated: the same requests twice, or once more at the end, end
// in the same calls. Events without an id, a time or an order of their own are
// dropped as the inbox would by what they say.
func TestScenariosRepeated(t *testing.T) {
	for _, kind := range simulate.Kinds() {
		for _, sc := range simulate.Scenarios() {
			once, err := told(t, kind, sc, start(), false)
			if err != nil {
				continue // Unspeakable, or TestScenariosEndAsTold tells
			}
			twice, err := told(t, kind, sc, start(), true)
			if err != nil || len(once) != len(twice) {
				t.Errorf("%s/%s: %d calls and then %d, %v", kind, sc.Name, len(once), len(twice), err)
				continue
			}
			for i := range once {
				if a, b := summary(once[i]), summary(twice[i]); !reflect.DeepEqual(a, b) {
					t.Errorf("%s/%s: once %q, repeated %q", kind, sc.Name, a, b)
				}
			}
		}
	}
}

// told plays a scenario and returns its calls in the order they began.
func told(t *testing.T, kind string, sc simulate.Scenario, begin time.Time, repeated bool) ([]*models.Call, error) {
	t.Helper()
	key, settings := simulate.Example(kind)
	story, err := simulate.Speak(kind, simulate.Target{Hook: "https://zummer.example/hooks/office/token", Secret: key, Settings: settings}, sc,
		simulate.Params{CallID: "c1", Start: begin})
	if err != nil {
		return nil, err
	}
	w := world{calls: map[string]*models.Call{}, seen: map[string]bool{}}
	cfg := pbx.Config{Secret: key, Settings: settings, Region: "RU", Timezone: "Europe/Moscow", Now: start()}
	for _, m := range story {
		cfg.Now = cfg.Now.Add(m.After)
		w.take(through(t, kind, m, cfg), cfg.Now)
	}
	if repeated {
		for _, m := range story {
			cfg.Now = cfg.Now.Add(time.Second)
			w.take(through(t, kind, m, cfg), cfg.Now)
		}
	}
	return w.list(), nil
}

// world is what the register keeps of calls: repeats dropped, events applied.
type world struct {
	calls map[string]*models.Call
	seen  map[string]bool
	order []string
}

func (w *world) take(events []models.Event, now time.Time) {
	for _, e := range events {
		text, _ := json.Marshal(e)
		name := e.ID
		if name == "" {
			name = string(text)
		}
		if w.seen[name] {
			continue
		}
		w.seen[name] = true
		c := w.call(e.Call)
		if e.SameAs != "" && e.SameAs != e.Call {
			if other := w.call(e.SameAs); other != c {
				c.Merge(other)
				for k, v := range w.calls {
					if v == other {
						w.calls[k] = c
					}
				}
			}
		}
		n := phone.Parse(e.Phone, "RU")
		if e.Direction != models.InternalCall {
			e.Phone = n.Key()
		}
		c.Apply(&e, n.Hidden && e.Direction != models.InternalCall, now)
	}
}

func (w *world) call(key string) *models.Call {
	if w.calls[key] == nil {
		w.calls[key] = &models.Call{Key: key}
		w.order = append(w.order, key)
	}
	return w.calls[key]
}

func (w *world) list() []*models.Call {
	var out []*models.Call
	for _, key := range w.order {
		if c := w.calls[key]; !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// through makes a request and lets the kind's adapter read it.
func through(t *testing.T, kind string, m simulate.Message, cfg pbx.Config) []models.Event {
	t.Helper()
	req, err := m.Request(cfg.Now)
	if err != nil {
		t.Fatalf("Request: %v", err)
	}
	a, ok := pbx.Lookup(kind)
	if !ok {
		t.Fatalf("no adapter %s", kind)
	}
	in := read(t, req)
	if err := a.Verify(in, cfg); err != nil {
		t.Fatalf("Verify(%s %s): %v", in.Method, in.URL, err)
	}
	res, err := a.Parse(in, cfg)
	if err != nil {
		t.Fatalf("Parse(%s %s %s): %v", in.Method, in.URL, in.Body, err)
	}
	for i := range res.Events {
		if err := res.Events[i].Validate(); err != nil {
			t.Errorf("event %+v: %v", res.Events[i], err)
		}
	}
	return res.Events
}

func read(t *testing.T, req *http.Request) pbx.Request {
	t.Helper()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		t.Fatal(err)
	}
	return pbx.Request{Method: req.Method, URL: req.URL.String(), Path: strings.TrimPrefix(req.URL.Path, "/hooks/office/token"), Query: req.URL.Query(), Header: req.Header, Body: body}
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
	if c.Recording != "" {
		end += " recorded"
	}
	out := []string{fmt.Sprintf("%s %s %s", c.Direction, who, end)}
	for i := range c.Legs {
		l := &c.Legs[i]
		s := "---" // nobody of the usual three
		for _, ext := range []string{"101", "102", "103"} {
			known := simulate.Addresses(ext)
			if ext == "103" { // whoever is nameless is the third
				known = append(known, "login:sidorov", "id:8412", "sip:sidorov@pbx.example")
			}
			if slices.ContainsFunc(append([]string{l.Extension}, l.Addresses...), func(a string) bool { return slices.Contains(known, a) }) {
				s = ext
			}
		}
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
		for i, step := range steps {
			if step.Event.Validate() != nil || step.Event.At.Before(start()) || step.After < 0 {
				t.Errorf("%s: step %d is %+v", sc.Name, i, step)
			}
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

func TestUndatedGeneric(t *testing.T) {
	for _, sc := range simulate.Scenarios() {
		if sc.Name == simulate.Mixed {
			continue
		}
		calls, err := told(t, "generic", sc, time.Time{}, false)
		if err != nil || len(calls) != 1 {
			t.Fatalf("%s: %d calls, %v", sc.Name, len(calls), err)
		}
		if got, want := summary(calls[0]), ends()[sc.Name]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, want %q", sc.Name, got, want)
		}
	}
}

func TestMixedTellsAllThatCanBeTold(t *testing.T) {
	mixed, _ := simulate.Lookup(simulate.Mixed)
	for _, kind := range simulate.Kinds() {
		want := 0
		for _, sc := range simulate.Scenarios() {
			if sc.Name != simulate.Mixed {
				if calls, err := told(t, kind, sc, start(), false); err == nil {
					want += len(calls)
				}
			}
		}
		if got, err := told(t, kind, mixed, start(), false); err != nil || len(got) != want {
			t.Errorf("%s: mixed makes %d calls (%v), the stories alone %d", kind, len(got), err, want)
		}
	}
}

func TestUndated(t *testing.T) {
	for kind, want := range map[string]bool{"mikopbx": true, "zadarma": true, "generic": false, "pigeon": false} {
		if got := simulate.Undated(kind); got != want {
			t.Errorf("Undated(%s) = %v, want %v", kind, got, want)
		}
	}
}

func TestSpeakRefuses(t *testing.T) {
	direct, _ := simulate.Lookup("direct")
	if m, err := simulate.Speak("pigeon", simulate.Target{}, direct, simulate.Params{}); err == nil {
		t.Errorf("Speak(pigeon) = %v, want an error", m)
	}
	for name, to := range map[string]simulate.Target{"no address": {Hook: "http://["}, "unusable secret": {Hook: "http://h", Secret: "whsec_"}} {
		m, err := simulate.Speak("generic", to, direct, simulate.Params{})
		if err != nil {
			t.Fatalf("%s: Speak: %v", name, err)
		}
		if req, err := m[0].Request(start()); err == nil {
			t.Errorf("%s: Request = %v, want an error", name, req)
		}
	}
}
