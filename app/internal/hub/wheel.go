package hub

import (
	"context"
	"math/bits"
	"sync"
	"time"
)

// wheelSlots is the length of the wheel: 51 s at the default tick, a little
// more than the longest wait. Later deadlines go round more than once.
const wheelSlots = 1024

// wheel keeps the deadlines of all waiters: a ring of lists, one a tick. Ticks
// count from base and begin with 1.
type wheel struct {
	mu    sync.Mutex
	tick  time.Duration
	base  time.Time
	slots [wheelSlots]*Waiter
	busy  [wheelSlots / 64]uint64 // bit set: the slot is not empty
	armed int
	done  int64         // every deadline up to this tick has fired
	aim   int64         // the tick the goroutine sleeps to; 0: none
	kick  chan struct{} // capacity 1: aim is too late
}

func (wh *wheel) init(tick time.Duration) {
	wh.tick, wh.base, wh.kick = tick, time.Now(), make(chan struct{}, 1)
}

// add arms w: it is poked at the first tick that is not before until.
func (wh *wheel) add(w *Waiter, until time.Time) {
	wh.mu.Lock()
	defer wh.mu.Unlock()
	left := until.Sub(wh.base)
	due := int64(left / wh.tick)
	if left%wh.tick > 0 {
		due++ // never early
	}
	due = max(due, wh.done+1)
	slot := due % wheelSlots
	w.due, w.early, w.later = due, nil, wh.slots[slot]
	if w.later != nil {
		w.later.early = w
	}
	wh.slots[slot] = w
	wh.busy[slot/64] |= 1 << (slot % 64)
	wh.armed++
	if wh.aim == 0 || due < wh.aim {
		wh.aim = due
		select {
		case wh.kick <- struct{}{}:
		default:
		}
	}
}

// remove disarms w, if it is armed.
func (wh *wheel) remove(w *Waiter) {
	wh.mu.Lock()
	defer wh.mu.Unlock()
	if w.due != 0 {
		wh.take(w)
	}
}

// take unlinks an armed waiter. mu is held.
func (wh *wheel) take(w *Waiter) {
	slot := w.due % wheelSlots
	if w.early != nil {
		w.early.later = w.later
	} else if wh.slots[slot] = w.later; w.later == nil {
		wh.busy[slot/64] &^= 1 << (slot % 64)
	}
	if w.later != nil {
		w.later.early = w.early
	}
	w.early, w.later, w.due = nil, nil, 0
	wh.armed--
}

// fire pokes whoever is due at now and says how long to sleep; ok is false
// when nobody waits.
func (wh *wheel) fire(now time.Time) (sleep time.Duration, ok bool) {
	wh.mu.Lock()
	defer wh.mu.Unlock()
	tick := int64(now.Sub(wh.base) / wh.tick)
	// A full turn visits every slot, so a long sleep costs no more than one.
	for t := max(wh.done+1, tick-wheelSlots+1); t <= tick; t++ {
		for w := wh.slots[t%wheelSlots]; w != nil; {
			later := w.later
			if w.due <= tick {
				wh.take(w)
				w.nudge()
			}
			w = later
		}
	}
	wh.done = max(wh.done, tick)
	if wh.armed == 0 {
		wh.aim = 0
		return 0, false
	}
	wh.aim = wh.nextBusy(wh.done + 1)
	return wh.base.Add(time.Duration(wh.aim) * wh.tick).Sub(now), true
}

// nextBusy returns the first tick from t on whose slot is not empty. What is
// there may be due a turn later, which costs one look for nothing.
func (wh *wheel) nextBusy(t int64) int64 {
	for left := int64(wheelSlots); left > 0; {
		slot := t % wheelSlots
		if word := wh.busy[slot/64] >> (slot % 64); word != 0 {
			return t + int64(bits.TrailingZeros64(word))
		}
		step := 64 - slot%64
		t += step
		left -= step
	}
	return t
}

// Run keeps the deadlines until ctx ends; call it once. On return every waiter
// has been released with Drained, and Enter releases at once: so end ctx after
// Drain, not before. It returns nil.
func (h *Hub) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		sleep, ok := h.wheel.fire(time.Now())
		var due <-chan time.Time // nil while nobody waits: nothing ticks then
		if ok {
			timer.Reset(sleep)
			due = timer.C
		}
		select {
		case <-due:
		case <-h.wheel.kick:
		case <-ctx.Done():
			h.draining.Store(true)
			h.releaseUpTo(-1)
			h.stopOnce.Do(func() { close(h.stopped) })
			return nil
		}
	}
}
