package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/app/apptest"
	"zummer/handlers/pbx/simulate"
)

// people are the users of the recordings, named by their extensions.
var people = [...]string{"101", "102", "103"}

// team is the group that takes missed calls which rang nobody.
var team = [...]string{"102", "103"}

// opensOn says what the CRM of the recordings opens for a number; any other
// number is unknown to it.
func opensOn(phone string) string {
	switch phone {
	case "+447700900123", "+442079460999":
		return "open" // one open interest
	case "+447700900456":
		return "choose" // two
	}
	return "create" // no open interest, an unknown number, a hidden one
}

// office is a running program with the people of the recordings, whose
// extensions are the same in every one of its sources.
type office struct {
	*apptest.Instance
	t       *testing.T
	hooks   map[string]string // by source
	tokens  map[string]string // by person
	version map[string]string // of the last set that each person was seen with
}

// newOffice starts the program and sets it up.
func newOffice(t *testing.T, dsn string, sources ...string) *office {
	t.Helper()
	o := &office{Instance: apptest.Start(t, dsn), t: t, hooks: map[string]string{}, tokens: map[string]string{}, version: map[string]string{}}
	for _, p := range people {
		o.Admin("PUT", "/v1/admin/users/"+p, map[string]any{"name": "Phone " + p})
	}
	o.Admin("PUT", "/v1/admin/groups/team", map[string]any{"members": team})
	for _, s := range sources {
		o.hooks[s] = o.Source(s, "asterisk-http", map[string]any{"region": "GB", "group": "team", "outgoing": true})
		for _, p := range people {
			o.tokens[p] = o.User(p, s, p)
		}
	}
	interest := func(n int) map[string]any {
		return map[string]any{"type": "Документ", "name": "Интерес", "uid": fmt.Sprintf("51012ccc-397d-11de-b595-%012d", n), "title": fmt.Sprintf("Интерес %d", n)}
	}
	contact := func(id, phone, name string, interests ...any) {
		o.Admin("PUT", "/v1/sync/contacts/"+id, map[string]any{"phones": []string{phone}, "name": name, "interests": interests,
			"client": map[string]any{"type": "Справочник", "name": "Контрагенты", "uid": "0d4f6c52-7f0f-4b6e-9d2a-3a2b6c1d0e0" + id, "title": name}})
	}
	contact("1", "+44 7700 900123", "Dana Ltd", interest(1))
	contact("2", "+44 7700 900456", "Evan Ltd", interest(2), interest(3))
	contact("3", "+44 7700 900789", "Quinn Ltd")
	contact("4", "+44 20 7946 0999", "Far End Ltd", interest(4))
	o.look()
	return o
}

// recording reads one recorded scenario of the dialplan.
func recording(t *testing.T, scenario string) []simulate.Recorded {
	t.Helper()
	f, err := os.Open("../handlers/pbx/testdata/asterisk-http/scenario-" + scenario + ".http")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := simulate.ReadRecording(f)
	if err != nil || len(all) == 0 {
		t.Fatalf("recording %s: %d requests, %v", scenario, len(all), err)
	}
	return all
}

// said returns the fields of a recorded request.
func said(t *testing.T, r simulate.Recorded) map[string]string {
	t.Helper()
	out := map[string]string{}
	if body := string(r.Request.Body); strings.HasPrefix(body, "{") {
		if err := json.Unmarshal(r.Request.Body, &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	form, err := url.ParseQuery(string(r.Request.Body))
	if err != nil {
		t.Fatal(err)
	}
	for k := range form {
		out[k] = form.Get(k)
	}
	return out
}

// send repeats a recorded request and expects a 200.
func (o *office) send(source string, r simulate.Recorded) {
	o.t.Helper()
	req, err := r.To(o.URL + o.hooks[source])
	if err != nil {
		o.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK || !strings.Contains(string(body), `"ok":true}`) {
		o.t.Fatalf("%s: %d %s", r.Request.Body, res.StatusCode, body)
	}
}

// look polls everybody and returns what each one sees, each row as
// "kind action phone «name»", sorted.
func (o *office) look() map[string][]string {
	o.t.Helper()
	out := map[string][]string{}
	for _, p := range people {
		s := o.Poll(o.tokens[p], "")
		o.version[p], out[p] = s.Version, rowsOf(s)
	}
	return out
}

func rowsOf(s apptest.Set) []string {
	out := []string{}
	for _, r := range s.Rows {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s «%s»", r.Kind, r.Action, r.Phone, r.Name)))
	}
	slices.Sort(out)
	return out
}

// moment runs do while those who shall see another picture after it wait for
// one: they get it, and for all others the set stays the very same version.
func (o *office) moment(what string, before, want map[string][]string, do func()) {
	o.t.Helper()
	type answer struct {
		apptest.Answer
		err error
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	waiting := map[string]chan answer{}
	for _, p := range people {
		if slices.Equal(before[p], want[p]) {
			continue
		}
		got := make(chan answer, 1)
		waiting[p] = got
		query := "/v1/notifications?wait=45&version=" + o.version[p]
		go func() {
			a, err := o.Try(ctx, "GET", query, o.tokens[p], nil)
			got <- answer{a, err}
		}()
	}
	do()
	for _, p := range people {
		var s apptest.Set
		if got, ok := waiting[p]; ok {
			a := <-got
			if a.err != nil || a.Status != http.StatusOK {
				o.t.Fatalf("%s: the poll of %s: %d %v", what, p, a.Status, a.err)
			}
			if err := json.Unmarshal(a.Body, &s); err != nil {
				o.t.Fatal(err)
			}
			if s.State != "set" {
				o.t.Fatalf("%s: %s was not told (%s), want %q", what, p, s.State, want[p])
			}
			o.version[p] = s.Version
		} else if s = o.Poll(o.tokens[p], ""); s.Version != o.version[p] {
			o.t.Errorf("%s: the set of %s changed, though nothing happened to him: %q", what, p, rowsOf(s))
			o.version[p] = s.Version
		}
		if got := rowsOf(s); !slices.Equal(got, want[p]) {
			o.t.Errorf("%s: %s sees %q, want %q", what, p, got, want[p])
		}
	}
}

// settle acknowledges everything that anybody has.
func (o *office) settle() {
	o.t.Helper()
	o.look()
	for _, p := range people {
		if a := o.Do("POST", "/v1/notifications/ack-all", o.tokens[p], map[string]any{"version": o.version[p]}); a.Status/100 != 2 {
			o.t.Fatalf("ack all: %d %s", a.Status, a.Body)
		}
	}
	for p, rows := range o.look() {
		if len(rows) > 0 {
			o.t.Fatalf("%s still has %q", p, rows)
		}
	}
}

// calls returns the call log of a source by the PBX's key, without what
// differs between two copies of one call: ids, and the order in which the legs
// became known.
func (o *office) calls(source string) map[string]string {
	o.t.Helper()
	out := map[string]string{}
	for _, item := range o.Admin("GET", "/v1/admin/calls?limit=100&source="+source, nil)["items"].([]any) {
		call := item.(map[string]any)
		key := call["key"].(string)
		for _, name := range []string{"id", "source", "conversation"} {
			delete(call, name)
		}
		slices.SortFunc(call["legs"].([]any), func(x, y any) int { return strings.Compare(fmt.Sprint(x), fmt.Sprint(y)) })
		text, err := json.Marshal(call) // members in order of their names
		if err != nil {
			o.t.Fatal(err)
		}
		out[key] = string(text)
	}
	return out
}

// live lists the rows that speak of a call that is going on.
func live(seen map[string][]string) []string {
	var out []string
	for _, p := range slices.Sorted(maps.Keys(seen)) {
		for _, row := range seen[p] {
			for _, kind := range []string{"call.ringing ", "call.answered ", "call.outgoing "} {
				if strings.HasPrefix(row, kind) {
					out = append(out, p+" "+row)
				}
			}
		}
	}
	return out
}
