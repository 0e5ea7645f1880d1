package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// relaySet is the answer to a poll for all users.
type relaySet struct {
	State, Version, Next string
	Rows                 []struct {
		ID   string
		Rev  int
		Kind string
		User struct {
			Login      string
			ExternalID *string `json:"external_id"`
		}
	} `json:"notifications"`
	Acks []struct{ ID, Result string }
}

func (s relaySet) whose() string {
	var out []string
	for _, r := range s.Rows {
		out = append(out, fmt.Sprintf("%s %s.%d", r.User.Login, r.ID, r.Rev))
	}
	return strings.Join(slices.Sorted(slices.Values(out)), ", ")
}

func relayed(t *testing.T, a apptest.Answer) (s relaySet) {
	t.Helper()
	if err := json.Unmarshal(a.Body, &s); err != nil || a.Status != 200 {
		t.Fatalf("a poll for all = %d %s: %v", a.Status, a.Body, err)
	}
	return s
}

func relayAsync(in *apptest.Instance, token, query string) <-chan apptest.Answer {
	out := make(chan apptest.Answer, 1)
	go func() {
		a, err := in.Try(context.Background(), "GET", "/v1/relay/notifications?"+query, token, nil)
		if err != nil {
			a.Body = []byte(err.Error())
		}
		out <- a
	}()
	return out
}

// TestRelay: a CRM's server waits for all users with one request, is woken by a
// webhook with the right user, acknowledges for him, and nobody else's token
// can do that.
func TestRelay(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		s.Admin("PUT", "/v1/admin/users/ivanov", map[string]any{"name": "Иванов", "external_id": "u-1"})
		for who, token := range map[string]string{"a user": s.ivanov, "a publisher": s.publish, "a synchronisation": s.sync, "an administrator": apptest.AdminToken} {
			refused(t, "the poll for all by "+who, s.Do("GET", "/v1/relay/notifications", token, nil), 403, "forbidden")
		}
		refused(t, "one user named", s.Do("GET", "/v1/relay/notifications", s.relay, nil, "X-Zummer-User", "ivanov"), 422, "invalid")
		refused(t, "no token", s.Do("GET", "/v1/relay/notifications", "", nil), 401, "unauthorized")

		s.Poll(s.ivanov, "ack="+s.published(`{"user":"ivanov","kind":"note","title":"his"}`)+".1")
		first := relayed(t, s.Do("GET", "/v1/relay/notifications", s.relay, nil))
		if first.State != "reset" || first.whose() != "petrova "+s.foreignID+".1" || first.Version == "" {
			t.Fatalf("the first answer: %+v", first)
		}
		held := relayAsync(s.Instance, s.relay, "session=srv&wait=30&version="+first.Version)
		waiting(t, s.Instance, 1)
		if a := s.Do("POST", s.hook, "", `{"event":"ringing","call":"c","extension":"101","phone":"+79031234567"}`); a.Status != 200 {
			t.Fatalf("webhook: %d %s", a.Status, a.Body)
		}
		news := relayed(t, within(t, 60*time.Second, "news of ivanov", held))
		if row := news.Rows[0]; news.State != "set" || len(news.Rows) != 2 || row.Kind != "call.ringing" || row.User.Login != "ivanov" || *row.User.ExternalID != "u-1" {
			t.Fatalf("news: %+v", news)
		}
		// The union of what the users themselves get.
		var union []string
		for login, token := range map[string]string{"ivanov": s.ivanov, "petrova": s.petrova} {
			for _, r := range s.Poll(token, "").Rows {
				union = append(union, fmt.Sprintf("%s %s.%d", login, r.ID, r.Rev))
			}
		}
		slices.Sort(union)
		if got := news.whose(); got != strings.Join(union, ", ") {
			t.Errorf("the picture is %q, the users have %q", got, union)
		}
		acked := relayed(t, s.Do("GET", "/v1/relay/notifications?ack="+s.foreignID+".1.d,99.1&version="+news.Version, s.relay, nil))
		if len(acked.Acks) != 2 || acked.Acks[0].Result != "processed" || acked.Acks[1].Result != "not_found" || len(acked.Rows) != 1 {
			t.Errorf("acks: %+v", acked)
		}
		if left := s.Poll(s.petrova, "").Rows; len(left) != 0 {
			t.Errorf("petrova still has %+v", left)
		}
		// Both ways of speaking for users are in the audit.
		if a := s.Do("GET", "/v1/notifications", s.relay, nil, "X-Zummer-User", "petrova"); a.Status != 200 {
			t.Errorf("for petrova = %d %s", a.Status, a.Body)
		}
		audit := fmt.Sprint(s.Admin("GET", "/v1/admin/audit?limit=100", nil)["items"])
		for _, what := range []string{"object:all users what:relay.all", "object:petrova what:relay.user"} {
			if strings.Count(audit, what) != 1 {
				t.Errorf("%s stands %d times in the audit, want once: %s", what, strings.Count(audit, what), audit)
			}
		}
		// A revoked token's poll is let go.
		held = relayAsync(s.Instance, s.relay, "wait=30&version="+acked.Version)
		waiting(t, s.Instance, 1)
		for _, item := range s.Admin("GET", "/v1/admin/tokens", nil)["items"].([]any) {
			if token := item.(map[string]any); token["name"] == "relay" {
				s.Admin("DELETE", "/v1/admin/tokens/"+token["id"].(string), nil)
			}
		}
		if a := within(t, 60*time.Second, "the poll of a revoked token", held); a.Status != 401 {
			t.Errorf("the poll of a revoked token = %d %s", a.Status, a.Body)
		}
	})
}

// TestToldInTheTimeline: the timeline says which session was told when, and the
// metric how soon.
func TestToldInTheTimeline(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		held := make(chan apptest.Answer, 1)
		v := s.Poll(s.ivanov, "session=desk").Version
		go func() {
			a, err := s.Try(context.Background(), "GET", "/v1/notifications?session=desk&wait=30&version="+v, s.ivanov, nil, "X-Client", "1C/8.3")
			if err != nil {
				a.Body = []byte(err.Error())
			}
			held <- a
		}()
		waiting(t, s.Instance, 1)
		id := s.published(`{"user":"ivanov","kind":"note","title":"one"}`)
		within(t, 60*time.Second, "the row", held)
		s.Do("PUT", "/v1/notifications/"+id+"/processed", s.ivanov, `{"rev":1}`)
		var steps []any
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for range 1200 {
			if steps = s.Admin("GET", "/v1/admin/notifications/"+id+"/timeline", nil)["items"].([]any); len(steps) == 3 {
				break
			}
			<-tick.C
		}
		if len(steps) != 3 {
			t.Fatalf("timeline: %v", steps)
		}
		told := steps[1].(map[string]any)
		if told["what"] != "delivered" || told["session"] != "desk" || told["detail"] != "1C/8.3" || told["user"] != "ivanov" || told["rev"] != 1.0 || told["after_ms"].(float64) > 30000 {
			t.Errorf("told: %v", told)
		}
		if page := s.Page("/admin/notifications/"+id+"?lang=en", ""); !strings.Contains(page, "told to session desk (1C/8.3) after ") {
			t.Errorf("the page does not say it: %s", page)
		}
		if m := s.Do("GET", "/metrics", apptest.AdminToken, nil); !strings.Contains(string(m.Body), "zummer_told_seconds_count 1") {
			t.Errorf("the metric does not count it")
		}
	})
}

// TestPresenceOnAnotherReplica: who polls one replica is known to the other,
// and after all have stopped and one is started again.
func TestPresenceOnAnotherReplica(t *testing.T) {
	t.Parallel()
	dsn := storetest.Postgres(t)
	one, two := apptest.Start(t, dsn), apptest.Start(t, dsn)
	one.Source("office", "generic", nil)
	token := one.User("ivanov", "office", "101")
	if a := one.Do("GET", "/v1/notifications?session=desk", token, nil, "X-Client", "1C/8.3"); a.Status != 200 {
		t.Fatalf("poll: %d %s", a.Status, a.Body)
	}
	known := func(in *apptest.Instance) {
		t.Helper()
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		var items []any
		for range 1200 {
			a := in.Do("GET", "/v1/admin/users/ivanov/sessions", apptest.AdminToken, nil) // 404 until it knows of the user
			if items, _ = a.JSON(t)["items"].([]any); len(items) == 1 && items[0].(map[string]any)["client"] == "1C/8.3" {
				if s := items[0].(map[string]any); s["session"] != "desk" || s["waiting"] != false {
					t.Errorf("session %v", s)
				}
				return
			}
			<-tick.C
		}
		t.Fatalf("the session is not known: %v", items)
	}
	known(two)
	one.Stop()
	two.Stop()
	known(apptest.Start(t, dsn))
}

// TestRelayOnAnotherReplica: a webhook to one replica wakes the poll for all on
// the other, with and without hints.
func TestRelayOnAnotherReplica(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*app.Options){
		"hints": func(*app.Options) {},
		"every hint dropped": func(o *app.Options) {
			o.WrapReplica = func(r app.Replica) app.Replica { return deaf{r} }
		},
	} {
		t.Run(name, func(t *testing.T) {
			dsn := storetest.Postgres(t)
			one, two := apptest.Start(t, dsn, change), apptest.Start(t, dsn, change)
			hook := one.Source("office", "generic", nil)
			one.User("ivanov", "office", "101")
			one.User("petrova", "office", "102")
			token := one.Admin("POST", "/v1/admin/tokens", map[string]any{"name": "crm", "scopes": []string{"relay"}})["token"].(string)
			v := relayed(t, two.Do("GET", "/v1/relay/notifications", token, nil)).Version
			for i, login := range []string{"petrova", "ivanov", "petrova"} {
				held := relayAsync(two, token, "session=srv&wait=30&version="+v)
				waiting(t, two, 1)
				ext := map[string]string{"ivanov": "101", "petrova": "102"}[login]
				if a := one.Do("POST", hook, "", map[string]any{"event": "ringing", "call": fmt.Sprint("c", i), "extension": ext}); a.Status != 200 {
					t.Fatalf("webhook: %d %s", a.Status, a.Body)
				}
				set := relayed(t, within(t, 60*time.Second, "the poll for all on the other replica", held))
				if set.State != "set" && set.State != "reset" || len(set.Rows) != i+1 || set.Rows[0].User.Login != login {
					t.Fatalf("news of %s: %+v", login, set)
				}
				v = set.Version
			}
		})
	}
}
