package hub_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"zummer/app/internal/hub"
	"zummer/models"
)

// inBubble runs fn with a running hub on a fake clock; nothing may be left
// waiting at the end.
func inBubble(t *testing.T, opt hub.Options, fn func(t *testing.T, h *hub.Hub)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := hub.New(opt)
		ctx, stop := context.WithCancel(t.Context())
		ran := make(chan error)
		go func() { ran <- h.Run(ctx) }()
		synctest.Wait()
		fn(t, h)
		stop()
		if err := <-ran; err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
		if n := h.Waiting(); n != 0 {
			t.Errorf("Waiting() after Run = %d, want 0", n)
		}
		synctest.Wait()
		if waiters, slots := h.Armed(); waiters != 0 || slots != 0 {
			t.Errorf("the wheel still holds %d waiters in %d slots", waiters, slots)
		}
	})
}

func enter(t *testing.T, h *hub.Hub, user int64, session string, token int64) *hub.Waiter {
	t.Helper()
	w, err := h.Enter(user, session, token)
	if err != nil {
		t.Fatalf("Enter(%d, %q, %d) = %v", user, session, token, err)
	}
	return w
}

// pause lets fake time pass.
func pause(d time.Duration) { <-time.After(d) }

// result is what a Wait said, and after how long.
type result struct {
	signal hub.Signal
	took   time.Duration
}

// wait waits in a goroutine of its own.
func wait(ctx context.Context, w *hub.Waiter, d time.Duration) <-chan result {
	out := make(chan result, 1)
	start := time.Now()
	go func() {
		s := w.Wait(ctx, start.Add(d))
		out <- result{s, time.Since(start)}
	}()
	return out
}

func TestWait(t *testing.T) {
	const tick = 50 * time.Millisecond
	cases := []struct {
		name string
		// before runs between Enter and Wait, during after one second of it.
		before, during func(h *hub.Hub, w *hub.Waiter, cancel func())
		until          time.Duration
		want           hub.Signal
		after          time.Duration // of the start of Wait
		again          hub.Signal    // what a second Wait that is already over says
	}{
		{name: "nothing happens", until: 25 * time.Second, want: hub.TimedOut, after: 25 * time.Second, again: hub.TimedOut},
		{name: "longer than a turn of the wheel", until: 3 * time.Minute, want: hub.TimedOut, after: 3 * time.Minute, again: hub.TimedOut},
		{name: "until is over", until: -time.Second, want: hub.TimedOut, again: hub.TimedOut},
		{name: "woken", until: 25 * time.Second, during: func(h *hub.Hub, _ *hub.Waiter, _ func()) { h.Wake(7) },
			want: hub.Woken, after: time.Second, again: hub.TimedOut},
		{name: "several wakes are one", until: 25 * time.Second, during: func(h *hub.Hub, _ *hub.Waiter, _ func()) { h.Wake(7, 7); h.Wake(7) },
			want: hub.Woken, after: time.Second, again: hub.TimedOut},
		{name: "a wake between Enter and Wait", until: 25 * time.Second, before: func(h *hub.Hub, _ *hub.Waiter, _ func()) { h.Wake(7) },
			want: hub.Woken, again: hub.TimedOut},
		{name: "a wake is told though until is over", until: -time.Second, before: func(h *hub.Hub, _ *hub.Waiter, _ func()) { h.Wake(7) },
			want: hub.Woken, again: hub.TimedOut},
		{name: "a wake that was cleared", until: 5 * time.Second, before: func(h *hub.Hub, w *hub.Waiter, _ func()) { h.Wake(7); w.Clear() },
			want: hub.TimedOut, after: 5 * time.Second, again: hub.TimedOut},
		{name: "a wake of another user", until: 5 * time.Second, during: func(h *hub.Hub, _ *hub.Waiter, _ func()) { h.Wake(8, 9, 0, -7) },
			want: hub.TimedOut, after: 5 * time.Second, again: hub.TimedOut},
		{name: "superseded", until: 25 * time.Second, during: func(h *hub.Hub, _ *hub.Waiter, _ func()) { _, _ = h.Enter(7, "desk", 1) },
			want: hub.Superseded, after: time.Second, again: hub.Superseded},
		{name: "superseded before it waits", until: 25 * time.Second, before: func(h *hub.Hub, w *hub.Waiter, _ func()) {
			h.Wake(7)
			_, _ = h.Enter(7, "desk", 1)
			w.Clear()
		}, want: hub.Superseded, again: hub.Superseded},
		{name: "another session of the user", until: 5 * time.Second, during: func(h *hub.Hub, _ *hub.Waiter, _ func()) { _, _ = h.Enter(7, "phone", 1) },
			want: hub.TimedOut, after: 5 * time.Second, again: hub.TimedOut},
		{name: "the same session name of another user", until: 5 * time.Second, during: func(h *hub.Hub, _ *hub.Waiter, _ func()) { _, _ = h.Enter(8, "desk", 1) },
			want: hub.TimedOut, after: 5 * time.Second, again: hub.TimedOut},
		{name: "its token revoked", until: 25 * time.Second, during: func(h *hub.Hub, _ *hub.Waiter, _ func()) { h.Revoke(func(_, id int64) bool { return id == 1 }) },
			want: hub.Revoked, after: time.Second, again: hub.Revoked},
		{name: "another token revoked", until: 5 * time.Second, during: func(h *hub.Hub, _ *hub.Waiter, _ func()) { h.Revoke(func(_, id int64) bool { return id == 2 }) },
			want: hub.TimedOut, after: 5 * time.Second, again: hub.TimedOut},
		{name: "drained", until: 25 * time.Second, during: func(h *hub.Hub, _ *hub.Waiter, _ func()) { h.Drain(0) },
			want: hub.Drained, after: time.Second, again: hub.Drained},
		{name: "the first sticky signal stays", until: 25 * time.Second, before: func(h *hub.Hub, _ *hub.Waiter, _ func()) {
			h.Revoke(func(_, _ int64) bool { return true })
			h.Drain(0)
		}, want: hub.Revoked, again: hub.Revoked},
		{name: "the client leaves", until: 25 * time.Second, during: func(_ *hub.Hub, _ *hub.Waiter, cancel func()) { cancel() },
			want: hub.Gone, after: time.Second, again: hub.Gone},
		{name: "closed while it waits", until: 25 * time.Second, during: func(_ *hub.Hub, w *hub.Waiter, _ func()) { w.Close() },
			want: hub.Gone, after: time.Second, again: hub.Gone},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, hub.Options{Tick: tick}, func(t *testing.T, h *hub.Hub) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				pause(17 * time.Millisecond) // off the wheel's beat
				w := enter(t, h, 7, "desk", 1)
				if c.before != nil {
					c.before(h, w, cancel)
				}
				res := wait(ctx, w, c.until)
				if c.during != nil {
					pause(time.Second)
					c.during(h, w, cancel)
				}
				got := <-res
				late := got.took - c.after
				limit := time.Duration(0)
				if c.want == hub.TimedOut && c.until > 0 {
					limit = tick
				}
				if got.signal != c.want || late < 0 || late > limit {
					t.Errorf("Wait = %v after %v, want %v after %v (late by at most %v)", got.signal, got.took, c.want, c.after, limit)
				}
				if s := w.Wait(ctx, time.Now()); s != c.again {
					t.Errorf("second Wait = %v, want %v", s, c.again)
				}
				w.Close()
				w.Close()
			})
		})
	}
}

// TestDeadlines arms many deadlines in any order: none is early, none is later
// than a tick, though all share one goroutine.
func TestDeadlines(t *testing.T) {
	const tick = 50 * time.Millisecond
	inBubble(t, hub.Options{Tick: tick}, func(t *testing.T, h *hub.Hub) {
		type planned struct {
			d   time.Duration
			res <-chan result
		}
		var all []planned
		for i := range 500 {
			d := time.Duration((i*7919)%130_003) * time.Millisecond
			w := enter(t, h, int64(i), "", 0)
			all = append(all, planned{d, wait(t.Context(), w, d)})
			defer w.Close()
		}
		for _, p := range all {
			if got := <-p.res; got.signal != hub.TimedOut || got.took < p.d || got.took > p.d+tick {
				t.Errorf("Wait until %v = %v after %v", p.d, got.signal, got.took)
			}
		}
	})
}

func TestEnterConflict(t *testing.T) {
	inBubble(t, hub.Options{}, func(t *testing.T, h *hub.Hub) {
		steps := []struct {
			pause time.Duration // before the step
			close bool          // the waiter of before leaves first
			ok    bool
		}{
			{ok: true}, // nobody to supersede
			{pause: time.Second, ok: true},
			{pause: time.Second, ok: true},
			{pause: time.Second, ok: true}, // the third
			{pause: time.Second, ok: false},
			{pause: time.Second, ok: false},
			{pause: 0, close: true, ok: true},    // nobody is superseded
			{pause: time.Second, ok: false},      // what went before is not forgotten
			{pause: 5 * time.Second, ok: true},   // the first one is 10 s ago
			{pause: time.Millisecond, ok: false}, // the second is not
			{pause: 30 * time.Second, ok: true},  // a new count
			{pause: time.Millisecond, ok: true},  //
			{pause: time.Millisecond, ok: true},  //
			{pause: 9900 * time.Millisecond, ok: false},
		}
		var last *hub.Waiter
		for i, s := range steps {
			pause(s.pause)
			if s.close {
				last.Close()
			}
			w, err := h.Enter(1, "desk", 1)
			if (err == nil) != s.ok {
				t.Fatalf("step %d: Enter = %v, want ok %v", i, err, s.ok)
			}
			if s.ok {
				last = w
				continue
			}
			var e *models.Error
			if !errors.As(err, &e) || e.Kind != models.Conflict || e.Code != "session_conflict" || e.Retry != 3*time.Second {
				t.Errorf("step %d: Enter = %#v, want Conflict session_conflict with Retry 3s", i, err)
			}
			if s := last.Wait(t.Context(), time.Now()); s != hub.TimedOut {
				t.Errorf("step %d: the waiter in possession got %v, want none", i, s)
			}
		}
		if n := h.Waiting(); n != 1 {
			t.Errorf("Waiting() = %d, want 1", n)
		}
	})
}

func TestEnterBounds(t *testing.T) {
	t.Run("the process is full", func(t *testing.T) {
		inBubble(t, hub.Options{MaxWaiting: 3, PerUser: 2}, func(t *testing.T, h *hub.Hub) {
			a, _, _ := enter(t, h, 1, "a", 1), enter(t, h, 1, "b", 1), enter(t, h, 2, "c", 1)
			_, err := h.Enter(3, "", 1)
			var e *models.Error
			if !errors.As(err, &e) || e.Kind != models.Unavailable || e.Code != "too_many_waiting" || e.Retry != 5*time.Second {
				t.Errorf("Enter = %#v, want Unavailable too_many_waiting with Retry 5s", err)
			}
			enter(t, h, 2, "c", 1) // replaces its own
			enter(t, h, 1, "d", 1) // replaces the user's oldest
			if s := a.Wait(t.Context(), time.Now()); s != hub.Evicted {
				t.Errorf("the oldest got %v, want evicted", s)
			}
			a.Close() // was counted out before
			if n := h.Waiting(); n != 3 {
				t.Errorf("Waiting() = %d, want 3", n)
			}
		})
	})
	t.Run("a user has too many", func(t *testing.T) {
		inBubble(t, hub.Options{}, func(t *testing.T, h *hub.Hub) {
			var ws []*hub.Waiter
			for i := range 13 {
				name := ""
				if i%2 == 0 {
					name = strconv.Itoa(i)
				}
				ws = append(ws, enter(t, h, 1, name, 1))
			}
			for i, w := range ws {
				want := hub.TimedOut
				if i < 3 {
					want = hub.Evicted
				}
				if got := w.Wait(t.Context(), time.Now()); got != want {
					t.Errorf("waiter %d got %v, want %v", i, got, want)
				}
			}
			if n := h.Waiting(); n != 10 {
				t.Errorf("Waiting() = %d, want 10", n)
			}
		})
	})
}

func TestUsers(t *testing.T) {
	inBubble(t, hub.Options{}, func(t *testing.T, h *hub.Hub) {
		var ws []*hub.Waiter
		for i := range 300 {
			ws = append(ws, enter(t, h, int64(i%200), "", 1))
		}
		if got := h.Users(); len(got) != 200 || len(slices.Compact(slices.Sorted(slices.Values(got)))) != 200 {
			t.Errorf("Users() has %d, want 200 different ones", len(got))
		}
		for i, w := range ws {
			if i != 42 && i != 242 {
				w.Close()
			}
		}
		if got := h.Users(); !slices.Equal(got, []int64{42}) || h.Waiting() != 2 {
			t.Errorf("Users() = %v with %d waiting, want [42] with 2", got, h.Waiting())
		}
	})
}

func TestDrain(t *testing.T) {
	for _, c := range []struct {
		waiters int
		over    time.Duration
		took    time.Duration
	}{
		{0, 20 * time.Second, 0},
		{1, 20 * time.Second, 20 * time.Second},
		{7, 20 * time.Second, 20 * time.Second},
		{1000, 20 * time.Second, 20 * time.Second},
		{50, 0, 0},
	} {
		t.Run(fmt.Sprintf("%d over %v", c.waiters, c.over), func(t *testing.T) {
			inBubble(t, hub.Options{}, func(t *testing.T, h *hub.Hub) {
				start := time.Now()
				released := make(chan time.Duration, c.waiters)
				for i := range c.waiters {
					w := enter(t, h, int64(i), "", 1)
					go func() {
						defer w.Close()
						if s := w.Wait(t.Context(), start.Add(time.Hour)); s != hub.Drained {
							t.Errorf("Wait = %v, want drained", s)
						}
						released <- time.Since(start)
					}()
				}
				synctest.Wait()
				done := make(chan struct{})
				go func() { defer close(done); h.Drain(c.over) }()
				synctest.Wait()
				if !h.Draining() {
					t.Error("Draining() = false during Drain")
				}
				late := enter(t, h, 1, "late", 1)
				if s := late.Wait(t.Context(), start.Add(time.Hour)); s != hub.Drained {
					t.Errorf("Wait of one who came late = %v, want drained", s)
				}
				late.Close()
				<-done
				if took := time.Since(start); took < c.took || took > c.took+time.Second {
					t.Errorf("Drain took %v, want %v", took, c.took)
				}
				var at []time.Duration
				for range c.waiters {
					at = append(at, <-released)
				}
				for i, d := range at {
					if want := c.over * time.Duration(i+1) / time.Duration(max(1, c.waiters)); d < want-100*time.Millisecond || d > want+100*time.Millisecond {
						t.Errorf("release %d at %v, want about %v", i, d, want)
						break
					}
				}
				if n := h.Waiting(); n != 0 {
					t.Errorf("Waiting() after Drain = %d, want 0", n)
				}
			})
		})
	}
}

// TestDrainLeaves: a drain is over when everybody has left by themselves, and
// when Run ends.
func TestDrainLeaves(t *testing.T) {
	for _, c := range []string{"everybody leaves", "Run ends"} {
		t.Run(c, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := hub.New(hub.Options{})
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				go func() { _ = h.Run(ctx) }()
				a, b := enter(t, h, 1, "", 1), enter(t, h, 2, "", 1)
				start := time.Now()
				done := make(chan struct{})
				go func() { defer close(done); h.Drain(time.Hour) }()
				pause(time.Second)
				if c == "Run ends" {
					stop()
				} else {
					a.Close()
					b.Close()
				}
				<-done
				if took := time.Since(start); took > 2*time.Second {
					t.Errorf("Drain took %v", took)
				}
				if n := h.Waiting(); n != 0 {
					t.Errorf("Waiting() = %d, want 0", n)
				}
			})
		})
	}
}

// TestWaitAgain waits again and again on one waiter, beside others in the same
// slots of the wheel: a deadline of before must not count any more.
func TestWaitAgain(t *testing.T) {
	inBubble(t, hub.Options{}, func(t *testing.T, h *hub.Hub) {
		var others []<-chan result
		for i := range 5 {
			w := enter(t, h, int64(100+i), "", 1)
			defer w.Close()
			others = append(others, wait(t.Context(), w, 30*time.Second))
		}
		w := enter(t, h, 1, "desk", 1)
		defer w.Close()
		end := time.Now().Add(30 * time.Second)
		for i := range 20 {
			res := wait(t.Context(), w, time.Until(end))
			pause(time.Second)
			h.Wake(1)
			if got := <-res; got.signal != hub.Woken || got.took != time.Second {
				t.Fatalf("Wait %d = %v after %v, want woken after 1s", i, got.signal, got.took)
			}
		}
		if got := <-wait(t.Context(), w, 40*time.Second); got.signal != hub.TimedOut || got.took < 40*time.Second {
			t.Errorf("last Wait = %v after %v, want timed out after 40s", got.signal, got.took)
		}
		for i, res := range others {
			if got := <-res; got.signal != hub.TimedOut || got.took < 30*time.Second || got.took > 30050*time.Millisecond {
				t.Errorf("other %d: Wait = %v after %v, want timed out after 30s", i, got.signal, got.took)
			}
		}
	})
}

// TestIdle: a hub without waiters, and one whose waiters have left, has no
// timer: a day of fake time passes in one step.
func TestIdle(t *testing.T) {
	inBubble(t, hub.Options{Tick: time.Millisecond}, func(t *testing.T, h *hub.Hub) {
		w := enter(t, h, 1, "", 1)
		res := wait(t.Context(), w, time.Second)
		pause(time.Hour)
		if got := <-res; got.took != time.Second {
			t.Errorf("Wait took %v, want 1s", got.took)
		}
		w.Close()
		pause(24 * 365 * time.Hour)
		w = enter(t, h, 1, "", 1)
		defer w.Close()
		if got := <-wait(t.Context(), w, 1500*time.Microsecond); got.took < 1500*time.Microsecond || got.took > 2500*time.Microsecond {
			t.Errorf("Wait after a year took %v, want about 1.5ms", got.took)
		}
	})
}
