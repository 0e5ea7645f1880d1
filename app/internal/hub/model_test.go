package hub_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"zummer/app/internal/hub"
	"zummer/models"
)

// modelWaiter is what a waiter must know, in the simplest form.
type modelWaiter struct {
	real    *hub.Waiter
	user    int64
	session string
	token   int64
	since   time.Time
	woken   bool
	stuck   hub.Signal // sticky; Gone: none
	closed  bool
}

// listed reports whether the hub still holds the waiter.
func (m *modelWaiter) listed() bool { return !m.closed && m.stuck == hub.Gone }

// model is the hub as one list, without locks, shards or a wheel.
type model struct {
	max, perUser int
	all          []*modelWaiter
	fights       map[string][]time.Time
	draining     bool
}

func (m *model) listed(match func(*modelWaiter) bool) []*modelWaiter {
	var out []*modelWaiter
	for _, w := range m.all {
		if w.listed() && match(w) {
			out = append(out, w)
		}
	}
	return out
}

// enter says what Enter must answer: "" and a waiter, or a code.
func (m *model) enter(user int64, session string, token int64, now time.Time) (*modelWaiter, string) {
	w := &modelWaiter{user: user, session: session, token: token, since: now}
	if m.draining {
		w.stuck = hub.Drained
		m.all = append(m.all, w)
		return w, ""
	}
	replaced, code := m.supersede(user, session, now, now)
	if code != "" {
		return nil, code
	}
	if own := m.listed(func(o *modelWaiter) bool { return o.user == user }); len(own) >= m.perUser {
		own[0].stuck, replaced = hub.Evicted, true
	}
	if !replaced && len(m.listed(func(*modelWaiter) bool { return true })) >= m.max {
		return nil, "too_many_waiting"
	}
	m.all = append(m.all, w)
	return w, ""
}

// supersede releases the waiter of a session that entered at before or earlier.
func (m *model) supersede(user int64, session string, before, now time.Time) (done bool, code string) {
	old := m.listed(func(o *modelWaiter) bool {
		return session != "" && o.user == user && o.session == session && !o.since.After(before)
	})
	if len(old) == 0 {
		return false, ""
	}
	key := string(rune('0'+user)) + session
	recent := slices.DeleteFunc(slices.Clone(m.fights[key]), func(at time.Time) bool { return now.Sub(at) >= 10*time.Second })
	if len(recent) >= 3 {
		return false, "session_conflict"
	}
	m.fights[key] = append(recent, now)
	old[0].stuck = hub.Superseded
	return true, ""
}

// TestModel drives the hub and the model through the same operations in any
// order. After each, every waiter must say what the model says: no wake lost,
// none invented, no waiter leaked.
func TestModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Embedded, so that rapid does not ask for the deadline, which a
		// bubble has not.
		rapid.Check(struct{ *testing.T }{t}, runModel)
	})
}

func runModel(t *rapid.T) {
	m := &model{max: rapid.IntRange(1, 12).Draw(t, "max"), perUser: rapid.IntRange(1, 4).Draw(t, "per user"), fights: map[string][]time.Time{}}
	h := hub.New(hub.Options{MaxWaiting: m.max, PerUser: m.perUser})
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- h.Run(ctx) }()
	defer func() { stop(); <-ran }()

	user := rapid.Int64Range(1, 4)
	// one runs fn on one of the waiters, closed ones included, if there are any.
	one := func(fn func(*rapid.T, *modelWaiter)) func(*rapid.T) {
		return func(t *rapid.T) {
			if len(m.all) > 0 {
				fn(t, m.all[rapid.IntRange(0, len(m.all)-1).Draw(t, "waiter")])
			}
		}
	}
	t.Repeat(map[string]func(*rapid.T){
		"enter": func(t *rapid.T) {
			u, s, k := user.Draw(t, "user"), rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "session"), rapid.Int64Range(1, 3).Draw(t, "token")
			want, code := m.enter(u, s, k, time.Now())
			got, err := h.Enter(u, s, k)
			if codeOf(err) != code {
				t.Fatalf("Enter(%d, %q, %d) = %v, want code %q", u, s, k, err, code)
			}
			if want != nil {
				want.real = got
			}
		},
		"supersede": func(t *rapid.T) {
			u, s := user.Draw(t, "user"), rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "session")
			age := time.Duration(rapid.IntRange(0, 3).Draw(t, "age")) * 100 * time.Millisecond
			before := time.Now().Add(-age)
			_, code := m.supersede(u, s, before, time.Now())
			if err := h.Supersede(u, s, before); codeOf(err) != code {
				t.Fatalf("Supersede(%d, %q, %s ago) = %v, want code %q", u, s, age, err, code)
			}
		},
		"wake": func(t *rapid.T) {
			us := rapid.SliceOfN(user, 1, 3).Draw(t, "users")
			h.Wake(us...)
			for _, w := range m.listed(func(w *modelWaiter) bool { return slices.Contains(us, w.user) }) {
				w.woken = true
			}
		},
		"revoke": func(t *rapid.T) {
			k := rapid.Int64Range(1, 3).Draw(t, "token")
			h.Revoke(func(_, id int64) bool { return id == k })
			for _, w := range m.listed(func(w *modelWaiter) bool { return w.token == k }) {
				w.stuck = hub.Revoked
			}
		},
		"close": one(func(_ *rapid.T, w *modelWaiter) {
			w.real.Close()
			w.closed = true
		}),
		"clear": one(func(_ *rapid.T, w *modelWaiter) {
			w.real.Clear()
			w.woken = false
		}),
		"wait": one(func(t *rapid.T, w *modelWaiter) {
			ahead := rapid.SampledFrom([]time.Duration{0, time.Millisecond, time.Second, 2 * time.Minute}).Draw(t, "ahead")
			want := hub.TimedOut
			switch {
			case w.stuck != hub.Gone:
				want = w.stuck
			case w.closed:
				want = hub.Gone
			case w.woken:
				want = hub.Woken
			}
			w.woken = false
			start := time.Now()
			if got := w.real.Wait(ctx, start.Add(ahead)); got != want {
				t.Fatalf("Wait = %v, want %v", got, want)
			}
			took := time.Since(start)
			if want == hub.TimedOut && (took < ahead || took > ahead+50*time.Millisecond) || want != hub.TimedOut && took != 0 {
				t.Fatalf("Wait for %v took %v until %v", ahead, took, want)
			}
		}),
		"pass": func(t *rapid.T) { pause(time.Duration(rapid.IntRange(1, 12_000).Draw(t, "ms")) * time.Millisecond) },
		"drain": func(t *rapid.T) {
			if rapid.IntRange(0, 9).Draw(t, "seldom") != 0 {
				return
			}
			h.Drain(0)
			m.draining = true
			for _, w := range m.listed(func(*modelWaiter) bool { return true }) {
				w.stuck = hub.Drained
			}
		},
		"": func(t *rapid.T) {
			listed := m.listed(func(*modelWaiter) bool { return true })
			if h.Waiting() != len(listed) {
				t.Fatalf("Waiting() = %d, want %d", h.Waiting(), len(listed))
			}
			var want []int64
			for _, w := range listed {
				want = append(want, w.user)
			}
			slices.Sort(want)
			if got := slices.Sorted(slices.Values(h.Users())); !slices.Equal(got, slices.Compact(want)) {
				t.Fatalf("Users() = %v, want %v", got, slices.Compact(want))
			}
		},
	})
	for _, w := range m.all {
		w.real.Close()
	}
	if h.Waiting() != 0 || len(h.Users()) != 0 {
		t.Fatalf("after all were closed: %d waiting, users %v", h.Waiting(), h.Users())
	}
}

// codeOf is the machine word of an error; "" without one.
func codeOf(err error) string {
	if e, ok := err.(*models.Error); ok { //nolint:errorlint // the hub returns it unwrapped, and the test says so
		return e.Code
	}
	return ""
}
