package bsltest

import (
	"context"
	"sync"
	"time"
)

// A machine with much else to do lets a process stand still, for seconds at
// times. That is no time in which anybody could have answered: it runs out no
// time-out, is no part of what a window stood still, and moves no clock.

// beat is how often the meter looks; what it comes later than late has stood
// still.
const (
	beat = 50 * time.Millisecond
	late = 250 * time.Millisecond
)

// meter sums up the time for which this process stood still.
type meter struct {
	mu    sync.Mutex
	last  time.Time
	total time.Duration
}

// theMeter runs from the first World on.
var theMeter = sync.OnceValue(func() *meter {
	m := &meter{last: time.Now()}
	go func() {
		for {
			<-time.After(beat)
			m.mu.Lock()
			now := time.Now()
			m.total += stood(now.Sub(m.last))
			m.last = now
			m.mu.Unlock()
		}
	}()
	return m
})

// stood is how much of the time between two looks the process stood still.
func stood(gap time.Duration) time.Duration {
	if gap < beat+late {
		return 0
	}
	return gap - beat
}

// sofar is all of it, what goes on now included.
func (m *meter) sofar() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.total + stood(time.Since(m.last))
}

// watch is a stop-watch that does not run while the process stands still.
type watch struct {
	m     *meter
	began time.Time
	stood time.Duration
}

func newWatch() *watch {
	m := theMeter()
	return &watch{m: m, began: time.Now(), stood: m.sofar()}
}

// elapsed may go back by what turned out to be a standstill.
func (w *watch) elapsed() time.Duration {
	return max(0, time.Since(w.began)-(w.m.sofar()-w.stood))
}

// within ends when d has passed by a watch; its cause is then
// context.DeadlineExceeded.
func within(ctx context.Context, d time.Duration) (limited context.Context, cancel func()) {
	limited, end := context.WithCancelCause(ctx)
	w := newWatch()
	go func() {
		for left := d; left > 0; left = d - w.elapsed() {
			timer := time.NewTimer(left)
			select {
			case <-timer.C:
			case <-limited.Done():
				timer.Stop()
				return
			}
		}
		end(context.DeadlineExceeded)
	}()
	return limited, func() { end(nil) }
}
