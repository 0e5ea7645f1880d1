package hub

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestWatchers: a waiter of a user below 0 hears of everybody; what is meant
// for its own line alone stays there, and it is no user.
func TestWatchers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Options{})
		enter := func(user int64, session string) *Waiter {
			w, err := h.Enter(user, session, 5)
			if err != nil {
				t.Fatal(err)
			}
			return w
		}
		heard := func(w *Waiter) Signal { return w.Wait(context.Background(), time.Now()) }
		if h.Watched() {
			t.Error("watched before anybody came")
		}
		all, one := enter(-5, "srv"), enter(1, "srv")
		for _, tt := range []struct {
			name     string
			do       func()
			all, one Signal
		}{
			{"news of the user", func() { h.Wake(1) }, Woken, Woken},
			{"news of another one", func() { h.Wake(2, 3) }, Woken, TimedOut},
			{"news of nobody", func() { h.Wake() }, TimedOut, TimedOut},
			{"who is there has changed", h.WakeWatchers, Woken, TimedOut},
			{"what whoever waits for all knows already", func() { h.WakeOnly(1) }, TimedOut, Woken},
			{"a newer request of the user's session", func() { _ = h.Supersede(1, "srv", time.Now()) }, TimedOut, Superseded},
			{"a newer request of its own", func() { _ = h.Supersede(-5, "srv", time.Now()) }, Superseded, Superseded},
		} {
			tt.do()
			if a, o := heard(all), heard(one); a != tt.all || o != tt.one {
				t.Errorf("%s: %s for all, %s for the user; want %s, %s", tt.name, a, o, tt.all, tt.one)
			}
		}
		second := enter(-6, "")
		if users := h.Users(); len(users) != 0 || !h.Watched() || h.Waiting() != 1 {
			t.Errorf("users %v, watched %v, %d wait; want none, true, 1", users, h.Watched(), h.Waiting())
		}
		second.Close()
		if h.Watched() || h.Waiting() != 0 {
			t.Errorf("watched %v by %d after all went", h.Watched(), h.Waiting())
		}
	})
}
