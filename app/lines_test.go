package app_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"zummer/app/apptest"
	"zummer/handlers/pbx/simulate"
	"zummer/models/store/storetest"
)

// lineOf is a running program with a cloud PBX in front of an Asterisk, which is
// believed, and a generic source that stands alone.
func lineOf(t *testing.T, dsn string) *telephony {
	o := &telephony{Instance: apptest.Start(t, dsn), hooks: map[string]string{}, tokens: map[string]string{}, told: map[string]bool{}}
	o.hooks["cloud"] = o.Source("cloud", "generic", map[string]any{"line_group": "trunk", "line_rank": 2, "outgoing": true})
	o.hooks["asterisk"] = o.Source("asterisk", "asterisk-http", map[string]any{"line_group": "trunk", "line_rank": 1, "outgoing": true})
	o.hooks["alone"] = o.Source("alone", "generic", map[string]any{"outgoing": true})
	for i, login := range []string{"ivanov", "petrova", "sidorov"} {
		o.tokens[login] = o.User(login, "cloud", fmt.Sprint(101+i))
		for _, s := range []string{"asterisk", "alone"} {
			o.Admin("PUT", fmt.Sprintf("/v1/admin/extensions/%s/%d", s, 101+i), map[string]any{"user": login})
		}
	}
	return o
}

// story is what source tells of a scenario, undated: in order of arrival.
func (o *telephony) story(t *testing.T, source, scenario, phone string) []simulate.Message {
	t.Helper()
	kind := map[string]string{"asterisk": "asterisk-http"}[source]
	if kind == "" {
		kind = "generic"
	}
	i := slices.IndexFunc(simulate.Scenarios(), func(s simulate.Scenario) bool { return s.Name == scenario })
	out, err := simulate.Speak(kind, simulate.Target{Hook: o.URL + o.hooks[source]}, simulate.Scenarios()[i], simulate.Params{Phone: phone, CallID: source + phone})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (o *telephony) post(ctx context.Context, m simulate.Message) error {
	req, err := m.Request(time.Now())
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req.WithContext(ctx))
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s", req.Method, req.URL.Path, res.Status)
	}
	return nil
}

// forms counts, by user, the forms that were given since, and what was shown at
// the end, of rows that tell of phone.
func (o *telephony) forms(t *testing.T, since time.Time, phone string) string {
	t.Helper()
	var out []string
	for login, rows := range o.histories(t, since) {
		opens, last := 0, []string{}
		for _, r := range rows {
			row := r.(map[string]any)
			if text(row["phone"]) != phone {
				continue
			}
			last = append(last, text(row["kind"]))
			for _, s := range o.list(t, "/v1/admin/notifications/"+text(row["id"])+"/timeline") {
				if a := text(s["action"]); text(s["notification"]) == text(row["id"]) && slices.Contains([]string{"open", "create", "choose", "resolve"}, a) && text(s["what"]) != "removed" {
					opens++
				}
			}
		}
		slices.Sort(last)
		out = append(out, fmt.Sprintf("%s: %d forms, %s", login, opens, strings.Join(slices.Compact(last), " ")))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// One call told by two sources is shown as if one had told it, in whatever order
// their webhooks come, and the call log says that the two are one.
func TestOneCallOfTwoSources(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := lineOf(t, dsn)
		since, n := time.Now().Add(-time.Second), 0
		phoneOf := func() string { n++; return fmt.Sprintf("+7903%07d", n) }
		for _, scenario := range []string{"group", "transfer", "queue", "missed"} {
			single := phoneOf()
			for _, m := range o.story(t, "alone", scenario, single) {
				if err := o.post(t.Context(), m); err != nil {
					t.Fatal(err)
				}
			}
			want := o.forms(t, since, single)
			for _, order := range []string{"cloud asterisk", "asterisk asterisk cloud"} {
				phone := phoneOf()
				queues := map[string][]simulate.Message{"cloud": o.story(t, "cloud", scenario, phone), "asterisk": o.story(t, "asterisk", scenario, phone)}
				for len(queues["cloud"])+len(queues["asterisk"]) > 0 {
					for _, source := range strings.Fields(order) {
						if q := queues[source]; len(q) > 0 {
							if err := o.post(t.Context(), q[0]); err != nil {
								t.Fatal(err)
							}
							queues[source] = q[1:]
						}
					}
				}
				if got := o.forms(t, since, phone); got != want {
					t.Errorf("%s, %s:\n%s\nwant, as of one source,\n%s", scenario, order, got, want)
				}
				conversations := map[string]int{}
				for _, c := range o.list(t, "/v1/admin/calls?limit=100") {
					if text(c["phone"]) == phone {
						conversations[text(c["conversation"])]++
					}
				}
				if len(conversations) != 1 {
					t.Errorf("%s, %s: the calls are of conversations %v", scenario, order, conversations)
				}
			}
		}
	})
}

// Two calls that turn out to be one while somebody talks: his rows become one, as
// it is, and later nothing opens again.
func TestTwoCallsTurnOutToBeOne(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		in := apptest.Start(t, dsn)
		hooks := map[string]string{}
		for i, s := range []string{"asterisk", "cloud"} {
			hooks[s] = in.Source(s, "generic", map[string]any{"line_group": "trunk", "line_rank": i, "outgoing": true})
		}
		token := in.User("ivanov", "asterisk", "101")
		in.Admin("PUT", "/v1/admin/extensions/cloud/101", map[string]any{"user": "ivanov"})
		send := func(source, event string, more map[string]any) {
			t.Helper()
			body := map[string]any{"event": event, "call": "c-1", "phone": "+79031234567"}
			for k, v := range more {
				body[k] = v
			}
			if a := in.Do("POST", hooks[source], "", body); a.Status != 200 {
				t.Fatalf("%s %s: %d %s", source, event, a.Status, a.Body)
			}
		}
		send("cloud", "answered", map[string]any{"extension": "101", "direction": "out"})
		first := in.Poll(token, "").Rows[0]
		send("asterisk", "ringing", map[string]any{"extension": "101"}) // whose direction is not told yet
		if rows := in.Poll(token, "").Rows; len(rows) != 2 {
			t.Fatalf("two calls are shown as %+v", rows)
		}
		send("asterisk", "started", map[string]any{"direction": "out"})
		s := in.Until(token, "one row", func(s apptest.Set) bool { return len(s.Rows) == 1 })
		if r := s.Rows[0]; r.ID != first.ID || r.Rev != first.Rev || r.Action != "resolve" {
			t.Errorf("what is left is %+v, want %+v as it was", r, first)
		}
		send("asterisk", "answered", map[string]any{"extension": "101"})
		if r := in.Poll(token, "").Rows; len(r) != 1 || r[0].ID != first.ID || r[0].Rev != first.Rev {
			t.Errorf("after the believed source's answer: %+v", r)
		}
		send("cloud", "ended", nil)
		send("asterisk", "ended", nil)
		if r := in.Poll(token, "").Rows; len(r) != 1 || r[0].Kind != "call.ended" || r[0].Action != "show" {
			t.Errorf("after the end: %+v", r)
		}
	})
}

// Two sources tell at the same moment, of many calls: none misses the other's.
func TestBothTellAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := lineOf(t, dsn)
		var g errgroup.Group
		const n = 12
		for i := range n {
			for _, source := range []string{"cloud", "asterisk"} {
				for _, m := range o.story(t, source, "group", fmt.Sprintf("+7903%07d", i)) {
					if m.Event.Type == "ringing" {
						g.Go(func() error { return o.post(t.Context(), m) })
					}
				}
			}
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		conversations := map[string]int{}
		for _, c := range o.list(t, "/v1/admin/calls?limit=100") {
			conversations[text(c["conversation"])]++
		}
		if len(conversations) != n {
			t.Errorf("%d calls were told twice and are %d conversations: %v", n, len(conversations), conversations)
		}
		if s := o.Poll(o.tokens["ivanov"], "limit=100"); len(s.Rows) != n {
			t.Errorf("%d phones ring, and the user sees %d rows", n, len(s.Rows))
		}
	})
}
