package hub

import (
	"context"
	"sync"
	"time"
)

// Pulse tells people who look at a page that something may have changed: one
// number for the whole process, and those who wait for it to grow. The zero
// Pulse is ready. It has nothing to do with the waiters of users: a page that
// looks at everything costs them nothing.
type Pulse struct {
	mu      sync.Mutex
	n       uint64
	waiting int
	beat    chan struct{} // closed at the next beat; nil: nobody waits
	stopped bool
}

// Beat says that something may have changed. It never waits.
func (p *Pulse) Beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	p.wake()
}

// Stop lets all who wait go, now and from now on.
func (p *Pulse) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	p.wake()
}

func (p *Pulse) wake() {
	if p.beat != nil {
		close(p.beat)
		p.beat = nil
	}
}

// Wait returns the present number: at once when it is not since, else at the
// next beat, when the wait is over, ctx ends or the pulse is stopped. 0 is no
// number of a pulse that has beaten; it asks for the present one.
func (p *Pulse) Wait(ctx context.Context, since uint64, wait time.Duration) uint64 {
	p.mu.Lock()
	if p.n == 0 {
		p.n = 1
	}
	if p.n != since || p.stopped || wait <= 0 {
		defer p.mu.Unlock()
		return p.n
	}
	if p.beat == nil {
		p.beat = make(chan struct{})
	}
	beat := p.beat
	p.waiting++
	p.mu.Unlock()

	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-beat:
	case <-timer.C:
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting--
	return p.n
}

// Pulse is beaten whenever a commit, here or elsewhere, may have changed what
// the pages show. It stops when the hub drains.
func (h *Hub) Pulse() *Pulse { return &h.pulse }

// Waiting is how many wait.
func (p *Pulse) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waiting
}
