package app_test

import (
	"context"
	"testing"
	"time"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/models"
	"zummer/models/store/storetest"
)

// deaf is a replica whose hints are all lost: only the tail is left.
type deaf struct{ tailer }

type tailer interface {
	Tail(context.Context) ([]models.Hint, int64, error)
}

func (deaf) Notify([]models.Hint) {}
func (deaf) Listen(ctx context.Context, _ func([]models.Hint)) error {
	<-ctx.Done()
	return nil
}

// hung is a replica whose tail never answers: only hints are left.
type hung struct{ app.Replica }

func (hung) Tail(ctx context.Context) ([]models.Hint, int64, error) {
	<-ctx.Done()
	return nil, 0, ctx.Err()
}

// pollAsync polls in the background.
func pollAsync(in *apptest.Instance, token, query string) <-chan apptest.Answer {
	out := make(chan apptest.Answer, 1)
	go func() {
		a, err := in.Try(context.Background(), "GET", "/v1/notifications?"+query, token, nil)
		if err != nil {
			a.Body = []byte(err.Error())
		}
		out <- a
	}()
	return out
}

// within receives or fails.
func within(t *testing.T, d time.Duration, what string, from <-chan apptest.Answer) apptest.Answer {
	t.Helper()
	select {
	case a := <-from:
		return a
	case <-time.After(d):
		t.Fatalf("%s: nothing within %s", what, d)
		return apptest.Answer{}
	}
}

// waiting returns when in holds n polls.
func waiting(t *testing.T, in *apptest.Instance, n float64) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 6000 {
		if in.Admin("GET", "/v1/admin/stats", nil)["waiting"] == n {
			return
		}
		<-tick.C
	}
	t.Fatalf("the instance does not hold %v polls", n)
}

// TestReplicas: a webhook to one replica wakes a client of the other, with and
// without hints, and with the tail hung; what is set up on one is known to the
// other; a token revoked on one releases the poll that waits on the other.
func TestReplicas(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		tail   bool // the tail passes, which also tells of revoked tokens
		change func(*app.Options)
	}{
		{"hints", true, func(*app.Options) {}},
		{"every hint dropped", true, func(o *app.Options) {
			o.WrapReplica = func(r app.Replica) app.Replica { return deaf{r} }
		}},
		{"the tail hung", false, func(o *app.Options) {
			o.WrapReplica = func(r app.Replica) app.Replica { return hung{r} }
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dsn := storetest.Postgres(t)
			one, two := apptest.Start(t, dsn, tt.change), apptest.Start(t, dsn, tt.change)
			hook := one.Source("office", "generic", nil)
			token := one.User("ivanov", "office", "101")
			// The other replica learns of the set-up.
			v := two.Until(token, "set-up on the other replica", func(apptest.Set) bool { return true }).Version
			for range 3 {
				got := pollAsync(two, token, "wait=30&version="+v)
				waiting(t, two, 1)
				a := one.Do("POST", hook, "", map[string]any{"event": "ringing", "call": "c" + v, "extension": "101"})
				if a.Status != 200 {
					t.Fatalf("webhook: %d %s", a.Status, a.Body)
				}
				answer := within(t, 60*time.Second, "a client of the other replica", got)
				set := answer.JSON(t)
				if answer.Status != 200 || set["state"] != "set" {
					t.Fatalf("the other replica answered %d %s", answer.Status, answer.Body)
				}
				v = set["version"].(string)
			}
			// Who does not wait is told at once what the other replica took
			// longer than 2 s ago, or, with the tail hung, just now.
			if a := one.Do("POST", hook, "", map[string]any{"event": "ringing", "call": "last", "extension": "101"}); a.Status != 200 {
				t.Fatalf("webhook: %d %s", a.Status, a.Body)
			}
			allowed := 15 * time.Second
			if !tt.tail {
				allowed = time.Millisecond
			}
			for began := time.Now(); two.Poll(token, "version="+v).State == "unchanged"; {
				if time.Since(began) > allowed {
					t.Fatalf("unchanged after %s", time.Since(began))
				}
			}
			// An ack on one is seen by the other at once.
			set := one.Poll(token, "")
			for _, r := range set.Rows {
				one.Do("PUT", "/v1/notifications/"+r.ID+"/processed", token, map[string]any{"rev": r.Rev})
			}
			if left := two.Poll(token, ""); len(left.Rows) != 0 {
				t.Errorf("acknowledged on one, still on the other: %+v", left.Rows)
			}
			if !tt.tail {
				return
			}
			held := pollAsync(two, token, "wait=30&version="+two.Poll(token, "").Version)
			waiting(t, two, 1)
			tokens := one.Admin("GET", "/v1/admin/users/ivanov/tokens", nil)["items"].([]any)
			one.Admin("DELETE", "/v1/admin/tokens/"+tokens[0].(map[string]any)["id"].(string), nil)
			if a := within(t, 60*time.Second, "the poll of a revoked token", held); a.Status != 401 {
				t.Errorf("the poll of a revoked token = %d %s", a.Status, a.Body)
			}
		})
	}
}

// TestSessionOnAnotherReplica: a newer request of a session on one replica
// finishes the one that waits on the other, soon.
func TestSessionOnAnotherReplica(t *testing.T) {
	t.Parallel()
	dsn := storetest.Postgres(t)
	one, two := apptest.Start(t, dsn), apptest.Start(t, dsn)
	one.Source("office", "generic", nil)
	token := one.User("ivanov", "office", "101")
	query := "session=desk&wait=30&version=" + one.Poll(token, "").Version
	there := pollAsync(one, token, query)
	for range 2 {
		waiting(t, one, 1)
		<-time.After(400 * time.Millisecond) // a poll that has just come is left alone
		here := pollAsync(two, token, query)
		if a := within(t, 60*time.Second, "the poll on the other replica", there); a.Status != 200 || a.JSON(t)["state"] != "superseded" {
			t.Fatalf("the poll on the other replica = %d %s", a.Status, a.Body)
		}
		there, one, two = here, two, one
	}
	if n := one.Admin("GET", "/v1/admin/stats", nil)["waiting"]; n != 1.0 {
		t.Errorf("%v polls wait where the session is now, want 1", n)
	}
}

// TestStopReleasesWaitingPolls: a stopping instance answers what waits.
func TestStopReleasesWaitingPolls(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		in := apptest.Start(t, dsn, func(o *app.Options) { o.Config.Drain = time.Second })
		in.Source("office", "generic", nil)
		token := in.User("ivanov", "office", "101")
		held := pollAsync(in, token, "wait=50&version="+in.Poll(token, "").Version)
		waiting(t, in, 1)
		go in.Stop()
		a := within(t, 40*time.Second, "the poll of a stopping instance", held)
		if a.Status != 200 || a.JSON(t)["state"] != "unchanged" {
			t.Errorf("a drained poll = %d %s", a.Status, a.Body)
		}
	})
}
