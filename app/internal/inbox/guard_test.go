package inbox

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"zummer/models"
)

// TestHotLoops: a client that asks the same again and again, however, is slowed
// down to one answer in 1–3 s, and is told what happens meanwhile at once.
func TestHotLoops(t *testing.T) {
	unknown := []models.Ack{{Raw: "abc", Rev: 1}}
	for _, tt := range []struct {
		name string
		next func(v string) models.PollQuery // v: the version at the start
		news models.PollState                // how it is told of them
	}{
		{"at its version", func(v string) models.PollQuery { return models.PollQuery{Version: v} }, models.StateSet},
		{"never with a version", func(string) models.PollQuery { return models.PollQuery{} }, models.StateReset},
		{"never with a version, willing to wait", func(string) models.PollQuery { return models.PollQuery{Wait: 25 * time.Second} }, models.StateReset},
		{"a version nobody made", func(string) models.PollQuery { return models.PollQuery{Version: "abc", Wait: 25 * time.Second} }, models.StateReset},
		{"always the same old version", func(string) models.PollQuery { return models.PollQuery{Version: "e1.1", Wait: 25 * time.Second} }, models.StateSet},
		{"acks of nothing", func(v string) models.PollQuery {
			return models.PollQuery{Version: v, Wait: 25 * time.Second, Acks: unknown}
		}, models.StateSet},
	} {
		bubble(t, func(r *rig) {
			r.publishOn(r.in)
			r.publishOn(r.in)
			v := r.poll(1, models.PollQuery{}).Version
			began, answers := time.Now(), 0
			for ; time.Since(began) < 20*time.Second; answers++ {
				q := tt.next(v)
				q.Session = "hot"
				r.poll(1, q)
				<-time.After(time.Millisecond)
			}
			if answers > 22 || answers < 6 {
				t.Errorf("%s: %d answers in 20 s, want one in 1–3 s", tt.name, answers)
			}
			q := tt.next(v)
			q.Session = "hot"
			held := r.later(1, q)
			<-time.After(300 * time.Millisecond)
			r.publishOn(r.in)
			began = time.Now()
			if a := <-held; a.set.State != tt.news || len(a.set.Rows) != 3 || a.at.Sub(began) > 100*time.Millisecond {
				t.Errorf("%s: news came as %s with %d rows after %s, want %s with 3 at once", tt.name, a.set.State, len(a.set.Rows), a.at.Sub(began), tt.news)
			}
		})
	}
}

// TestProgressIsNotHeld: who gets on is not slowed down.
func TestProgressIsNotHeld(t *testing.T) {
	bubble(t, func(r *rig) {
		for range 30 {
			r.publishOn(r.in)
		}
		q := models.PollQuery{Session: "quick", Limit: 10}
		began, version := time.Now(), ""
		var rows []models.Notification
		for page := r.poll(1, q); ; page = r.poll(1, q) {
			rows = append(rows, page.Rows...)
			if page.Next == "" {
				version = page.Version
				break
			}
			q.After = page.Next
		}
		for i, n := range rows {
			got := r.poll(1, models.PollQuery{Session: "quick", Version: version, Acks: []models.Ack{{ID: n.ID, Raw: "r", Rev: n.Rev}}})
			if got.State != models.StateUnchanged || got.Acks[0].Result != models.AckProcessed || got.Version == version {
				t.Fatalf("ack %d: %+v", i, got)
			}
			version = got.Version
		}
		r.publishOn(r.in)
		set := r.poll(1, models.PollQuery{})
		r.poll(1, models.PollQuery{Session: "quick", Version: set.Version})
		ack := []models.Ack{{ID: set.Rows[0].ID, Raw: "r", Rev: set.Rows[0].Rev}}
		if got := r.poll(1, models.PollQuery{Session: "quick", Version: set.Version, Acks: ack}); got.Acks[0].Result != models.AckProcessed {
			t.Errorf("an ack at the version just told: %+v", got)
		}
		if took := time.Since(began); took > 500*time.Millisecond || len(rows) != 30 {
			t.Errorf("30 rows by pages (%d) and their acks took %s", len(rows), took)
		}
	})
}

// TestManySessionsOfOneUser: ten wait, the oldest is let go for one more.
func TestManySessionsOfOneUser(t *testing.T) {
	bubble(t, func(r *rig) {
		v := r.poll(1, models.PollQuery{}).Version
		var all []<-chan answered
		for i := range 11 {
			all = append(all, r.later(1, models.PollQuery{Version: v, Session: fmt.Sprint("s", i), Wait: 20 * time.Second}))
		}
		began := time.Now()
		for i, c := range all {
			want := models.StateUnchanged
			if i == 0 {
				want = models.StateSuperseded
			}
			if a := <-c; a.set.State != want || (a.at.Sub(began) < time.Second) != (i == 0) {
				t.Errorf("session %d: %s %v after %s, want %s", i, a.set.State, a.err, a.at.Sub(began), want)
			}
		}
	})
}

// TestRevokedBeforeItWaits: a token that is revoked between the check at the
// door and the hub does not wait.
func TestRevokedBeforeItWaits(t *testing.T) {
	bubble(t, func(r *rig) {
		v, who := r.poll(1, models.PollQuery{}).Version, r.who(1)
		without := testDirectory()
		without.Tokens = map[string]*models.Token{}
		r.now.Store(without)
		r.in.ReleaseRevoked(without)
		began := time.Now()
		set, err := r.in.Poll(r.t.Context(), who, models.PollQuery{Version: v, Wait: 25 * time.Second})
		if models.KindOf(err) != models.Unauthorized || time.Since(began) > time.Second {
			t.Errorf("= %+v %v after %s, want 401 at once", set, err, time.Since(began))
		}
	})
}

// TestDeactivatedBehindARelay: the polls of a user whom a relay's token speaks
// for end with the user, not with the token, which goes on for the others.
func TestDeactivatedBehindARelay(t *testing.T) {
	bubble(t, func(r *rig) {
		relay := &models.Token{ID: 9, Hash: "relay", Scopes: []string{models.ScopeRelay}}
		r.dir.Tokens["relay"] = relay
		wait := func(user int64) <-chan answered {
			who := models.Caller{User: r.dir.Users[user], Token: relay}
			out := make(chan answered, 1)
			set, err := r.in.Poll(r.t.Context(), who, models.PollQuery{})
			if err != nil {
				r.t.Fatal(err)
			}
			go func() {
				set, err := r.in.Poll(r.t.Context(), who, models.PollQuery{Version: set.Version, Wait: 25 * time.Second})
				out <- answered{set, err, time.Now()}
			}()
			synctest.Wait()
			return out
		}
		gone, stays := wait(1), wait(2)
		without := testDirectory()
		without.Tokens["relay"] = relay
		without.Users[1].Active = false
		began := time.Now()
		r.now.Store(without)
		r.in.ReleaseRevoked(without)
		if a := <-gone; !models.IsNotFound(a.err) || a.at.Sub(began) > time.Second {
			t.Errorf("the deactivated user's poll = %+v %v after %s, want unknown_user at once", a.set, a.err, a.at.Sub(began))
		}
		if a := <-stays; a.err != nil || a.at.Sub(began) < 20*time.Second {
			t.Errorf("the other user's poll = %+v %v after %s, want it to wait on", a.set, a.err, a.at.Sub(began))
		}
		_, err := r.in.Poll(r.t.Context(), models.Caller{User: r.dir.Users[1], Token: relay}, models.PollQuery{Version: "x", Wait: time.Second})
		if !models.IsNotFound(err) {
			t.Errorf("a poll that was let in just before: %v, want unknown_user", err)
		}
	})
}

// TestSlowExpiry: all sessions of a user whose row expires are told so, also
// when the write takes long.
func TestSlowExpiry(t *testing.T) {
	bubble(t, func(r *rig) {
		r.accept(event(models.EventRinging, "101"))
		v := r.poll(1, models.PollQuery{}).Version
		var all []<-chan answered
		for i := range 8 {
			all = append(all, r.later(1, models.PollQuery{Version: v, Session: fmt.Sprint("s", i), Wait: 2 * time.Minute}))
		}
		r.mem.mu.Lock()
		r.mem.slow = 3 * time.Second
		r.mem.mu.Unlock()
		for i, c := range all {
			if a := <-c; a.err != nil || a.set.State != models.StateSet || len(a.set.Rows) != 0 {
				t.Errorf("session %d: %+v %v, want the empty set", i, a.set, a.err)
			}
		}
	})
}

// TestDatabaseThatDoesNotAnswer: a read that hangs is 503, not for ever.
func TestDatabaseThatDoesNotAnswer(t *testing.T) {
	bubble(t, func(r *rig) {
		r.mem.mu.Lock()
		r.mem.hang = true
		r.mem.mu.Unlock()
		began := time.Now()
		ctx, cancel := context.WithTimeout(r.t.Context(), time.Hour)
		defer cancel()
		if set, err := r.in.Poll(ctx, r.who(1), models.PollQuery{}); models.KindOf(err) != models.Unavailable || time.Since(began) > 15*time.Second {
			t.Errorf("= %+v %v after %s, want 503 before a client's 15 s", set, err, time.Since(began))
		}
	})
}

// TestQueueIsBounded: what finds no room is 503, and what was queued is done.
func TestQueueIsBounded(t *testing.T) {
	bubble(t, func(r *rig) {
		in := New(Options{Store: r.mem, Hub: r.hub, Directory: r.now.Load, Flushers: 1, BatchSize: 1, Queue: 2})
		ctx, stop := context.WithCancel(r.t.Context())
		ran := make(chan struct{})
		go func() { _ = in.Run(ctx); close(ran) }()
		r.mem.mu.Lock()
		r.mem.slow = time.Second
		r.mem.mu.Unlock()
		var mu sync.Mutex
		kinds := map[models.Kind]int{}
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				_, err := in.Publish(ctx, r.who(1), models.Publication{User: "ivanov", Kind: "chat"})
				mu.Lock()
				defer mu.Unlock()
				kind := models.KindOf(err)
				if err == nil {
					kind = -1
				}
				kinds[kind]++
			})
		}
		all.Wait()
		if kinds[-1] < 2 || kinds[-1] > 3 || kinds[models.Unavailable] != 10-kinds[-1] || len(r.mem.rows) != kinds[-1] {
			t.Errorf("done and refused: %v with %d rows; want 2 or 3 done, the others 503", kinds, len(r.mem.rows))
		}
		stop()
		<-ran
	})
}
