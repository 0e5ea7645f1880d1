package main

import (
	"slices"
	"sync/atomic"
	"time"
)

// ledger follows every message of one server's life: planned, accepted by the
// server, delivered to a client. It has room for a fixed number, which bounds
// the load as well.
type ledger struct {
	start time.Time
	next  atomic.Int64 // number of the next message
	marks []mark
}

// mark is one message. The times are nanoseconds since start, plus one.
type mark struct {
	planned   atomic.Int64
	accepted  atomic.Int64 // 0: the server did not say 2xx
	delivered atomic.Int64 // 0: no client has it
	copies    atomic.Int32 // beyond the first, to a client that had acknowledged it
}

func newLedger(room int) *ledger { return &ledger{start: time.Now(), marks: make([]mark, room)} }

func (l *ledger) now() int64 { return int64(time.Since(l.start)) + 1 }

// take numbers a message; ok is false when the room is used up.
func (l *ledger) take(planned int64) (id int, ok bool) {
	id = int(l.next.Add(1)) - 1
	if id >= len(l.marks) {
		return 0, false
	}
	l.marks[id].planned.Store(planned)
	return id, true
}

// here is the number that the next message gets.
func (l *ledger) here() int { return min(int(l.next.Load()), len(l.marks)) }

func (l *ledger) accept(id int) { l.marks[id].accepted.Store(l.now()) }

// deliver notes a row in a client's hands. sure says that the server had
// confirmed all of the client's acknowledgements, so that a second copy is a
// fault.
func (l *ledger) deliver(id int, sure bool) {
	if id >= len(l.marks) {
		return
	}
	m := &l.marks[id]
	if !m.delivered.CompareAndSwap(0, l.now()) && sure {
		m.copies.Add(1)
	}
}

// tally is what became of a range of messages.
type tally struct {
	planned, accepted, delivered int
	lost                         int // accepted and never delivered
	doubled                      int
	latency                      []time.Duration // planned to delivered, sorted
	first, last                  time.Duration   // first planned, last delivered
	lastAccepted                 time.Duration
}

// count looks at messages [from, to).
func (l *ledger) count(from, to int) tally {
	var t tally
	t.first = time.Hour * 1000
	for i := from; i < to; i++ {
		m := &l.marks[i]
		p, a, d := m.planned.Load(), m.accepted.Load(), m.delivered.Load()
		t.planned++
		t.first = min(t.first, time.Duration(p))
		if a != 0 {
			t.accepted++
			t.lastAccepted = max(t.lastAccepted, time.Duration(a))
			if d == 0 {
				t.lost++
			}
		}
		if d != 0 {
			t.delivered++
			t.last = max(t.last, time.Duration(d))
			t.latency = append(t.latency, time.Duration(d-p))
		}
		t.doubled += int(m.copies.Load())
	}
	slices.Sort(t.latency)
	return t
}

// quantile of sorted durations, in milliseconds; 0 when there are none.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := min(len(sorted)-1, int(q*float64(len(sorted))))
	return float64(sorted[i]) / float64(time.Millisecond)
}
