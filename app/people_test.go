package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/jobs"
	"zummer/models"
	"zummer/models/store/storetest"
)

// people is a program with a source office and some users, each with a token.
type people struct {
	replica
	hook   string
	tokens map[string]string
	calls  int
}

// newPeople makes users a, b, c, d, who stand in for each other in this order,
// with the extensions 101 to 104.
func newPeople(t *testing.T, dsn string, change ...func(*Config)) *people {
	t.Helper()
	// Somebody polled long ago: with a table that tells nothing everybody would be present for a minute.
	if err := storetest.Open(t, dsn).SavePresence(t.Context(), []models.Seen{{UserID: 1 << 40, Session: "old", PolledAt: time.Now().Add(-time.Hour)}}); err != nil {
		t.Fatal(err)
	}
	p := &people{replica: startReplica(t, dsn, change...), tokens: map[string]string{}}
	p.hook = strings.TrimPrefix(p.ask("PUT", "/v1/admin/sources/office", `{"kind":"generic"}`)["hook_url"].(string), "http://"+p.Addr().String())
	for i, login := range []string{"a", "b", "c", "d"} {
		p.ask("PUT", "/v1/admin/users/"+login, fmt.Sprintf(`{"name":"User %s"}`, strings.ToUpper(login)))
		p.ask("PUT", fmt.Sprintf("/v1/admin/extensions/office/%d", 101+i), fmt.Sprintf(`{"user":%q}`, login))
		p.tokens[login] = p.ask("POST", "/v1/admin/users/"+login+"/tokens", `{"name":"t","scopes":["poll"]}`)["token"].(string)
	}
	p.ask("PUT", "/v1/admin/groups/desk", `{"members":["a","b","c","d"]}`)
	return p
}

// as sends a request of a user's client.
func (p *people) as(login, method, path, body string) (int, map[string]any) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.Addr().String()+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.tokens[login])
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	var v map[string]any
	if res.StatusCode != http.StatusNoContent {
		if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
			p.t.Fatalf("%s %s: %s, %v", method, path, res.Status, err)
		}
	}
	return res.StatusCode, v
}

// event tells of a call at the hook; a call that ended is followed by another.
func (p *people) event(what, extension string) {
	p.t.Helper()
	p.ask("POST", p.hook, fmt.Sprintf(`{"event":%q,"call":"c-%d","extension":%q,"phone":"+79031234567"}`, what, p.calls, extension))
	if what == "ended" {
		p.calls++
	}
}

// rows are a user's rows as "kind action: text", the newest first; of a kind
// only (""): all.
func (p *people) rows(login, kind string) (out []string, first map[string]any) {
	p.t.Helper()
	_, set := p.as(login, "GET", "/v1/notifications", "")
	for _, item := range set["notifications"].([]any) {
		n := item.(map[string]any)
		if kind == "" || n["kind"] == kind || kind == "call.missed" && strings.HasPrefix(fmt.Sprint(n["text"]), "Взял") {
			if out = append(out, fmt.Sprint(n["kind"], " ", n["action"], ": ", n["text"])); first == nil {
				first = n
			}
		}
	}
	return out, first
}

// sees checks a user's rows of a kind.
func (p *people) sees(when, login, kind string, want ...string) map[string]any {
	p.t.Helper()
	got, first := p.rows(login, kind)
	if !slices.Equal(got, want) {
		p.t.Errorf("%s %s sees %q, want %q", when, login, got, want)
	}
	return first
}

func (p *people) take(login string, n map[string]any) string {
	p.t.Helper()
	_, v := p.as(login, "PUT", fmt.Sprintf("/v1/notifications/%s/processed", n["id"]), fmt.Sprintf(`{"rev":%v}`, n["rev"]))
	return fmt.Sprint(v["result"], v["code"])
}

const (
	offeredRow = "call.answered indicate: Входящий +7 903 123-45-67, общий телефон 150"
	missedRow  = "call.missed call_back: Пропущенный +7 903 123-45-67"
)

// away is after how long without a poll somebody is away, where a test waits for
// that.
const away = 3 * time.Second

// answeredBeside answers a call at the shared phone just after a poll of login:
// again, if meanwhile he was away.
func (p *people) answeredBeside(login string) {
	p.t.Helper()
	for try := range 20 {
		if try > 0 {
			p.event("ended", "")
		}
		began := time.Now()
		p.as(login, "GET", "/v1/notifications", "")
		if p.event("answered", "150"); time.Since(began) < away {
			return
		}
	}
	p.t.Fatalf("a poll and a call take longer than %s", away)
}

// A phone at the counter that a and b share, by "this is my number today".
func TestSharedPhoneByCheckIn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		p := newPeople(t, dsn, func(c *Config) { c.DeputyAfter = away })
		p.event("ringing", "150") // nobody's yet
		if got := p.ask("GET", "/v1/admin/unrouted", "")["items"].([]any); len(got) != 1 {
			t.Fatalf("unrouted: %v", got)
		}
		p.ask("PUT", "/v1/admin/extensions/office/150", `{"users":["a","b"],"mode":"check_in"}`)
		if got := p.ask("GET", "/v1/admin/unrouted", "")["items"].([]any); len(got) != 0 {
			t.Errorf("unrouted after it was shared: %v", got)
		}
		p.event("ended", "")

		status, v := p.as("a", "PUT", "/v1/me/extension", `{"source":"office","number":"150"}`)
		if status != 200 || v["state"] != "taken" {
			t.Fatalf("a checks in: %d %v", status, v)
		}
		status, v = p.as("b", "POST", "/v1/me/extension", `{"number":"150"}`)
		if status != 200 || v["state"] != "taken" {
			t.Fatalf("b checks in: %d %v", status, v)
		}
		_, me := p.as("a", "GET", "/v1/me", "")
		if text := fmt.Sprint(me["extensions"]); !strings.Contains(text, "has:b") || !strings.Contains(text, "mine:false") {
			t.Errorf("a is not told that b has the phone: %s", text)
		}
		p.answeredBeside("b")
		p.sees("b has the phone:", "b", "call.answered", "call.answered resolve: Входящий +7 903 123-45-67")
		p.sees("b has the phone:", "a", "call.answered")
		p.event("ended", "")

		<-time.After(away + 100*time.Millisecond) // b is away now; c polls
		p.answeredBeside("c")
		p.sees("b is away:", "c", "call.answered", "call.answered resolve: Входящий +7 903 123-45-67")
		p.event("ended", "")

		if status, _ := p.as("b", "DELETE", "/v1/me/extension", ""); status != 204 {
			t.Errorf("b leaves: %d", status)
		}
		if e := p.ask("GET", "/v1/admin/extensions/office/150", ""); e["today"] != nil || fmt.Sprint(e["users"]) != "[a b]" {
			t.Errorf("after b left: %v", e)
		}
		status, v = p.as("d", "PUT", "/v1/me/extension", `{"number":"150"}`)
		if status != 202 || v["state"] != "asked" {
			t.Errorf("d, who does not share it: %d %v", status, v)
		}
		if got := p.ask("GET", "/v1/admin/extension-requests", "")["items"].([]any); len(got) != 1 || got[0].(map[string]any)["user"] != "d" {
			t.Errorf("requests: %v", got)
		}
		p.ask("PUT", "/v1/admin/extensions/office/150", `{"users":["a","b","d"]}`)
		if got := p.ask("GET", "/v1/admin/extension-requests", "")["items"].([]any); len(got) != 0 {
			t.Errorf("requests that were answered: %v", got)
		}
	})
}

// A phone that rings for a and b: the first to take the answered call has it.
func TestSharedPhoneOfAll(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		p := newPeople(t, dsn)
		p.ask("PUT", "/v1/admin/extensions/office/150", `{"users":["b","a"],"mode":"all"}`)
		p.event("ringing", "150")
		for _, login := range []string{"a", "b"} {
			p.sees("it rings:", login, "", "call.ringing indicate: Входящий +7 903 123-45-67")
		}
		p.event("answered", "150")
		first, second := p.sees("answered:", "a", "", offeredRow), p.sees("answered:", "b", "", offeredRow)
		if data, _ := first["data"].(map[string]any); data["take"] != true {
			t.Errorf("a's row is no offer: %v", first)
		}
		if got := p.take("b", second); got != "processed<nil>" {
			t.Errorf("b takes it: %s", got)
		}
		p.sees("b took it:", "a", "", "call.answered_elsewhere none: Взял User B")
		p.sees("b took it:", "b", "")
		if got := p.take("a", first); !strings.Contains(got, "stale_rev") {
			t.Errorf("a takes it too: %s", got)
		}
		calls := p.ask("GET", "/v1/admin/calls", "")["items"].([]any)
		if c := calls[0].(map[string]any); c["answered_by"] != "b" {
			t.Errorf("the call was answered by %v", c["answered_by"])
		}
		p.event("ended", "")

		p.event("ringing", "150") // the next one is missed: one task of both
		p.event("ended", "")
		first, second = p.sees("missed:", "a", "call.missed", missedRow, "call.answered_elsewhere none: Взял User B"), p.sees("missed:", "b", "call.missed", missedRow)
		if got := p.take("a", first); got != "processed<nil>" {
			t.Errorf("a takes it: %s", got)
		}
		p.sees("a took it:", "b", "call.missed", "call.answered_elsewhere none: Взял User A")
		if got := p.take("b", second); !strings.Contains(got, "stale_rev") {
			t.Errorf("b takes it too: %s", got)
		}
	})
}

// A missed call of three phones is one task; a deputy gets it when nobody of
// the three polls, and taking it takes it from all.
func TestMissedCallIsOneTask(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		p := newPeople(t, dsn, func(c *Config) { c.DeputyAfter = away })
		three := []string{"a", "b", "c"}
		for _, e := range []string{"101", "102", "103"} {
			p.event("ringing", e)
		}
		p.event("ended", "")
		job := jobs.Deputies(p.parts.store, p.inbox, away)
		run := func() int64 {
			t.Helper()
			n, err := job.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return n[0].N
		}
		if n := run(); n != 0 {
			t.Errorf("a deputy got a task that has only just come: %d", n)
		}
		for _, login := range three {
			p.sees("missed:", login, "call.missed", missedRow)
		}
		<-time.After(away + 100*time.Millisecond)
		if n := run(); n != 0 {
			t.Errorf("nobody is there, and %d tasks went to somebody", n)
		}
		first := int64(0)
		for slow := true; slow && first == 0; { // d may be away again before the job comes to it
			began := time.Now()
			p.as("d", "GET", "/v1/notifications", "")
			first, slow = run(), time.Since(began) >= away
		}
		if again := run(); first != 1 || again != 0 {
			t.Errorf("%d tasks went to the deputy, then %d; want one, then none", first, again)
		}
		n := p.sees("the three are away:", "d", "", missedRow+", вместо: User A")
		what := ""
		for _, s := range p.ask("GET", fmt.Sprintf("/v1/admin/notifications/%s/timeline", n["id"]), "")["items"].([]any) {
			if step := s.(map[string]any); step["rule"] == "deputy" {
				what += fmt.Sprint(step["what"], ": ", step["reason"], "; ")
			}
		}
		if !strings.Contains(what, "stands in for one who has not polled: a") || !strings.Contains(what, "has not polled: also told to d") {
			t.Errorf("the timeline says %q", what)
		}
		for _, login := range three {
			p.sees("a deputy has it too:", login, "call.missed", missedRow)
		}
		mine := p.sees("before b takes it:", "b", "call.missed", missedRow)
		if got := p.take("b", mine); got != "processed<nil>" {
			t.Errorf("b takes it: %s", got)
		}
		for _, login := range []string{"a", "c", "d"} {
			p.sees("b took it:", login, "call.missed", "call.answered_elsewhere none: Взял User B")
		}
	})
}

// The same by claims: the first one's row becomes the one that opens, and is
// his session's.
func TestSharedPhoneIsClaimed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		p := newPeople(t, dsn)
		p.ask("PUT", "/v1/admin/extensions/office/150", `{"users":["b","a"],"mode":"all"}`)
		p.event("ringing", "150")
		p.event("answered", "150")
		first, second := p.sees("answered:", "a", "", offeredRow), p.sees("answered:", "b", "", offeredRow)
		claim := func(login string, n map[string]any) (int, map[string]any) {
			return p.as(login, "POST", fmt.Sprintf("/v1/notifications/%s/claim", n["id"]), fmt.Sprintf(`{"session":"desk","rev":%v}`, n["rev"]))
		}
		if status, v := claim("a", first); status != 200 || v["session"] != "desk" {
			t.Fatalf("a claims it: %d %v", status, v)
		}
		if status, v := claim("b", second); status != 409 || v["code"] != "claimed" {
			t.Errorf("b claims it too: %d %v", status, v)
		}
		if n := p.sees("a has it:", "a", "", "call.answered resolve: Входящий +7 903 123-45-67"); n["session"] != "desk" {
			t.Errorf("the row is for session %v", n["session"])
		}
		p.sees("a has it:", "b", "", "call.answered_elsewhere none: Взял User A")
	})
}
