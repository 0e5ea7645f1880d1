package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zummer/app/apptest"
	"zummer/handlers/pbx/simulate"
)

// telephony is a running program with one source of every kind; three people
// have phones at all of them, under each name that a system may have for them.
type telephony struct {
	*apptest.Instance
	hooks  map[string]string // by kind
	tokens map[string]string // by login
	mu     sync.Mutex
	phones int             // numbers given out
	told   map[string]bool // calls of earlier runs, by id
}

func newTelephony(t *testing.T, dsn string) *telephony {
	o := &telephony{Instance: apptest.Start(t, dsn), hooks: map[string]string{}, tokens: map[string]string{}, told: map[string]bool{}}
	for _, kind := range simulate.Kinds() {
		secret, settings := simulate.Example(kind)
		o.hooks[kind] = o.Source("k-"+kind, kind, map[string]any{"secret": secret, "settings": settings, "outgoing": true})
	}
	var users []map[string]any
	for i, login := range []string{"ivanov", "petrova", "sidorov"} {
		addresses := simulate.Addresses(fmt.Sprint(101 + i))
		if login == "sidorov" {
			addresses = append(addresses, "login:sidorov", "id:8412", "sip:sidorov@pbx.example")
		}
		var phones []map[string]string
		for _, kind := range simulate.Kinds() {
			for _, a := range addresses {
				phones = append(phones, map[string]string{"source": "k-" + kind, "number": a})
			}
		}
		users = append(users, map[string]any{"external_id": login, "login": login, "name": login, "extensions": phones})
	}
	o.Admin("POST", "/v1/sync/users", map[string]any{"users": users})
	for _, login := range []string{"ivanov", "petrova", "sidorov"} {
		o.tokens[login] = o.User(login, "")
	}
	return o
}

// play tells a scenario as kind does, with a number of its own, and returns
// what the call record and the users' timelines are then.
func (o *telephony) play(t *testing.T, kind string, sc simulate.Scenario) string {
	t.Helper()
	o.mu.Lock()
	o.phones++
	n := o.phones
	o.mu.Unlock()
	secret, settings := simulate.Example(kind)
	phone := fmt.Sprintf("+7903%07d", n)
	began := time.Now().Add(-2 * time.Minute).Truncate(time.Second) // some kinds tell whole seconds
	story, err := simulate.Speak(kind, simulate.Target{Hook: o.URL + o.hooks[kind], Secret: secret, Settings: settings}, sc,
		simulate.Params{Phone: phone, CallID: fmt.Sprintf("c%d", n), Start: began})
	if err != nil {
		t.Fatalf("%s %s: %v", kind, sc.Name, err)
	}
	for _, m := range story {
		req, err := m.Request(time.Now())
		if err != nil {
			t.Fatalf("%s %s: %v", kind, sc.Name, err)
		}
		res, err := http.DefaultClient.Do(req.WithContext(t.Context()))
		if err != nil {
			t.Fatalf("%s %s: %v", kind, sc.Name, err)
		}
		_ = res.Body.Close()
		if res.StatusCode/100 != 2 {
			t.Fatalf("%s %s: %s %s: %s", kind, sc.Name, req.Method, req.URL.Path, res.Status)
		}
	}
	return strings.ReplaceAll(o.outcome(t, kind), phone, "PHONE")
}

// outcome describes the calls of the newest run: those that no run before had.
func (o *telephony) outcome(t *testing.T, kind string) string {
	t.Helper()
	var lines []string
	for _, c := range o.list(t, "/v1/admin/calls?limit=5&source=k-"+kind) {
		key := text(c["id"])
		o.mu.Lock()
		before := o.told[key]
		o.told[key] = true
		o.mu.Unlock()
		if before {
			break
		}
		lines = append(lines, fmt.Sprintf("call %s %s %s talk=%s missed=%v recorded=%v by=%s", text(c["direction"]), text(c["phone"]), text(c["state"]), text(c["talk_s"]),
			c["missed"], c["recording"], text(c["answered_by"])))
		legs, _ := c["legs"].([]any)
		var people []string
		for _, l := range legs {
			leg := l.(map[string]any)
			answered := ""
			if leg["answered_at"] != nil {
				answered = " answered"
			}
			people = append(people, fmt.Sprintf("  leg %s %s%s %s", text(leg["user"]), text(leg["state"]), answered, text(leg["reason"])))
		}
		slices.SortStableFunc(people, func(a, b string) int { return strings.Compare(a[:12], b[:12]) })
		lines = append(lines, people...)
		lines = append(lines, o.shown(t, key)...)
	}
	return strings.Join(lines, "\n") + "\n"
}

// shown lists what each user was shown of a call, step by step.
func (o *telephony) shown(t *testing.T, call string) []string {
	t.Helper()
	var out []string
	for _, login := range []string{"ivanov", "petrova", "sidorov"} {
		res := o.Do("GET", "/v1/notifications/history?limit=100", o.tokens[login], nil)
		rows, _ := res.JSON(t)["items"].([]any)
		var mine []string
		for _, r := range rows {
			row := r.(map[string]any)
			c, _ := row["call"].(map[string]any)
			if text(c["id"]) != call {
				continue
			}
			var steps []string
			for _, s := range o.list(t, "/v1/admin/notifications/"+text(row["id"])+"/timeline") {
				if text(s["user"]) != login || text(s["notification"]) != text(row["id"]) {
					continue
				}
				step := fmt.Sprintf("%s %s/%s", text(s["what"]), text(s["kind"]), text(s["action"]))
				if len(steps) == 0 || steps[len(steps)-1] != step {
					steps = append(steps, step)
				}
			}
			mine = append(mine, fmt.Sprintf("  %s: %s", login, strings.Join(steps, ", ")))
		}
		slices.Sort(mine)
		out = append(out, mine...)
	}
	return out
}

// list is the items of an administrator's list.
func (o *telephony) list(t *testing.T, path string) []map[string]any {
	t.Helper()
	items, _ := o.Admin("GET", path, nil)["items"].([]any)
	out := make([]map[string]any, len(items))
	for i, item := range items {
		out[i] = item.(map[string]any)
	}
	return out
}

// text is a JSON value as one reads it; null is "-".
func text(v any) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprint(v)
}
