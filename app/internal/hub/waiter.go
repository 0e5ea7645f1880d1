package hub

import (
	"context"
	"sync/atomic"
	"time"

	"zummer/models"
)

// Signal says why Wait returned.
type Signal int

// The signals. Superseded, Revoked, Drained and Evicted are sticky: the first
// of them is what every later Wait says.
const (
	Gone       Signal = iota // the context ended, or the waiter is closed
	Woken                    // look again
	TimedOut                 // until is over
	Superseded               // a newer poll of the same session took over
	Revoked                  // the token is no longer valid
	Drained                  // the process stops
	Evicted                  // the user has too many waiters, and this was the oldest
)

// String returns the signal as a word, for logs and tests.
func (s Signal) String() string {
	switch s {
	case Gone:
		return "gone"
	case Woken:
		return "woken"
	case TimedOut:
		return "timed out"
	case Superseded:
		return "superseded"
	case Revoked:
		return "revoked"
	case Drained:
		return "drained"
	case Evicted:
		return "evicted"
	}
	return "unknown"
}

// A waiter's state: the woken bit, and above it the sticky signal (0: none;
// closed stands for Gone). At most one sticky signal is ever set, by whoever
// unlinks the waiter.
const (
	woken  = uint32(1)
	sticky = 8
	closed = Signal(15)
)

// Waiter is one waiting poll. Wait, Clear and Close belong to the goroutine
// that entered; the hub reaches the waiter from any other.
type Waiter struct {
	hub     *Hub
	user    int64
	token   int64
	session string
	since   int64         // when it entered, Unix nanoseconds
	poke    chan struct{} // capacity 1: look at state again
	state   atomic.Uint32
	line    models.Line // set before it is waited on; nil: poke alone
	linked  bool        // guarded, with prev and next, by the shard's lock

	prev, next *Waiter // in the user's line

	early, later *Waiter // in the wheel's slot, guarded, with due, by the wheel's lock
	due          int64   // tick; 0: not in the wheel
}

// Wait blocks until there is a reason to go on and says which. A sticky signal
// comes first, then a wake (one that came since the last Clear or Woken counts,
// and is taken by this call), then the end of ctx, then the deadline. TimedOut is never early
// and, while Run runs, at most one tick late; an until that is already over
// never blocks. Wait may be called again and again.
func (w *Waiter) Wait(ctx context.Context, until time.Time) Signal {
	for {
		if w.line != nil {
			w.line.Arm()
		}
		// The flag is taken first and looked at second: a waker sets it before
		// it pokes, so a poke that comes later finds the loop again.
		old := w.state.And(^woken)
		switch {
		case old>>sticky == uint32(closed):
			return Gone
		case old>>sticky != 0:
			return Signal(old >> sticky)
		case old&woken != 0:
			return Woken
		case ctx.Err() != nil:
			return Gone
		case !time.Now().Before(until):
			return TimedOut
		}
		w.hub.wheel.add(w, until)
		gone, ok := w.rest(ctx)
		w.hub.wheel.remove(w)
		switch {
		case gone:
			return Gone
		case !ok: // out of the wheel first, which looks at the line too
			w.On(nil)
		}
	}
}

// On makes Wait rest on line. Call it before the first Wait: never while a
// deadline is armed.
func (w *Waiter) On(line models.Line) {
	s := w.hub.shard(w.user)
	s.mu.Lock()
	defer s.mu.Unlock()
	w.line = line
}

// rest blocks until a nudge or the end of ctx; gone says that the client of
// the line has left, ok that the line may be rested on again.
func (w *Waiter) rest(ctx context.Context) (gone, ok bool) {
	if w.line != nil {
		return w.line.Rest()
	}
	select {
	case <-w.poke:
	case <-ctx.Done():
	}
	return false, true
}

// Clear forgets wakes that came so far. Call it before a look that will see
// what they announced.
func (w *Waiter) Clear() {
	select {
	case <-w.poke:
	default:
	}
	w.state.And(^woken)
}

// Close takes the waiter out of the hub, in constant time. Closing twice is
// harmless. A Wait after it says Gone, or the sticky signal of before.
func (w *Waiter) Close() {
	s := w.hub.shard(w.user)
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.linked {
		s.unlink(w)
		w.hub.waiting.Add(-1)
		w.state.Or(uint32(closed) << sticky)
		w.nudge()
	}
}

// nudge makes a Wait that blocks look at the state. It never blocks: a full
// channel already says so.
func (w *Waiter) nudge() {
	select {
	case w.poke <- struct{}{}:
	default:
	}
	if w.line != nil {
		w.line.Poke()
	}
}
