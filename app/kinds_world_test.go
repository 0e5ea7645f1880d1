package app_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"zummer/app/apptest"
	"zummer/handlers/pbx/simulate"
)

// telephony is a running program with one source of every kind; three people
// have phones at all of them, under each name that a system may have for them.
type telephony struct {
	*apptest.Instance
	hooks  map[string]string // by kind
	tokens map[string]string // by login
	phones atomic.Int64      // numbers given out
	mu     sync.Mutex
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

// playAll tells every scenario that kind has words for, several at once, and
// returns by scenario what the call record and the users' timelines are then.
func (o *telephony) playAll(t *testing.T, kind string) map[string]string {
	t.Helper()
	type run struct{ name, phone string }
	var together, alone []simulate.Scenario
	for _, sc := range simulate.Scenarios() {
		switch {
		case sc.Name == simulate.Mixed || !speaks(kind, sc):
		case sc.Name == "hidden" || sc.Name == "internal": // without a number their calls are told from others by being new
			alone = append(alone, sc)
		default:
			together = append(together, sc)
		}
	}
	since := time.Now().Add(-time.Second)
	var g errgroup.Group
	runs := make([]run, len(together))
	for i, sc := range together {
		g.Go(func() (err error) {
			runs[i].name = sc.Name
			runs[i].phone, err = o.play(t.Context(), kind, sc)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	out, calls, rows := map[string]string{}, o.calls(t, kind), o.histories(t, since)
	for _, r := range runs {
		out[r.name] = strings.ReplaceAll(o.outcome(t, calls, rows, func(phone string) bool { return phone == r.phone }), r.phone, "PHONE")
	}
	told := map[string]bool{}
	for _, r := range runs {
		told[r.phone] = true
	}
	for _, sc := range alone {
		phone, err := o.play(t.Context(), kind, sc)
		if err != nil {
			t.Fatal(err)
		}
		out[sc.Name] = o.outcome(t, o.calls(t, kind), o.histories(t, since), func(p string) bool { return !told[p] })
		told[phone] = true
	}
	return out
}

// play tells a scenario as kind does, with a number of its own.
func (o *telephony) play(ctx context.Context, kind string, sc simulate.Scenario) (phone string, err error) {
	n := o.phones.Add(1)
	secret, settings := simulate.Example(kind)
	phone = fmt.Sprintf("+7903%07d", n)
	began := time.Now().Add(-45 * time.Second).Truncate(time.Second) // some kinds tell whole seconds; what is told late pops up no more
	story, err := simulate.Speak(kind, simulate.Target{Hook: o.URL + o.hooks[kind], Secret: secret, Settings: settings}, sc,
		simulate.Params{Phone: phone, CallID: fmt.Sprintf("c%d", n), Start: began})
	if err != nil {
		return phone, err
	}
	for _, m := range story {
		req, err := m.Request(time.Now())
		if err != nil {
			return phone, err
		}
		res, err := http.DefaultClient.Do(req.WithContext(ctx))
		if err != nil {
			return phone, err
		}
		_ = res.Body.Close()
		if res.StatusCode/100 != 2 {
			return phone, fmt.Errorf("%s %s: %s %s: %s", kind, sc.Name, req.Method, req.URL.Path, res.Status)
		}
	}
	return phone, nil
}

// calls is the call log of a kind's source.
func (o *telephony) calls(t *testing.T, kind string) []map[string]any {
	t.Helper()
	return o.list(t, "/v1/admin/calls?limit=100&source=k-"+kind)
}

// outcome describes the calls whose number is wanted, those that no outcome
// told of before.
func (o *telephony) outcome(t *testing.T, calls []map[string]any, rows map[string][]any, wanted func(phone string) bool) string {
	t.Helper()
	var lines []string
	for _, c := range calls {
		key := text(c["id"])
		if !wanted(text(c["phone"])) || !o.first(key) {
			continue
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
		lines = append(lines, o.shown(t, key, rows)...)
	}
	return strings.Join(lines, "\n") + "\n"
}

// first reports whether a call was not told of before.
func (o *telephony) first(call string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.told[call]
	o.told[call] = true
	return !before
}

// histories are the users' rows since a moment, by login.
func (o *telephony) histories(t *testing.T, since time.Time) map[string][]any {
	t.Helper()
	out := map[string][]any{}
	for login, token := range o.tokens {
		res := o.Do("GET", "/v1/notifications/history?limit=100&since="+since.UTC().Format("2006-01-02T15:04:05Z"), token, nil)
		out[login], _ = res.JSON(t)["items"].([]any)
	}
	return out
}

// shown lists what each user was shown of a call, step by step.
func (o *telephony) shown(t *testing.T, call string, histories map[string][]any) []string {
	t.Helper()
	var out []string
	for _, login := range []string{"ivanov", "petrova", "sidorov"} {
		var mine []string
		for _, r := range histories[login] {
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
