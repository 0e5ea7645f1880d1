package hub_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zummer/app/internal/hub"
)

// TestStress runs writers that change a version and wake, and waiters that
// follow it by the order Enter, look, Wait, all at once. A waiter that misses
// a wake would hang until the deadline, which fails the test.
func TestStress(t *testing.T) {
	const (
		users   = 20
		each    = 3 // waiters of a user
		changes = 400
	)
	h := hub.New(hub.Options{Tick: time.Millisecond})
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- h.Run(ctx) }()

	var versions [users]atomic.Int64
	var missed, others atomic.Int64
	var waiters, writers sync.WaitGroup
	for u := range users {
		for n := range each {
			session := []string{"", "a", "b"}[n]
			waiters.Go(func() {
				for seen := int64(0); seen < changes; {
					w, err := h.Enter(int64(u), session, int64(u))
					if err != nil {
						t.Errorf("Enter: %v", err)
						return
					}
					for {
						w.Clear()
						if v := versions[u].Load(); v != seen {
							seen = v
							break
						}
						switch s := w.Wait(ctx, time.Now().Add(2*time.Minute)); s {
						case hub.Woken:
							continue
						case hub.TimedOut:
							missed.Add(1)
						default:
							others.Add(1)
						}
						break
					}
					w.Close()
				}
			})
		}
		writers.Go(func() {
			for range changes {
				versions[u].Add(1)
				h.Wake(int64(u))
			}
		})
	}
	// Around them: short deadlines, clients that leave, revocations.
	for i := range 2 {
		writers.Go(func() {
			for n := range 500 {
				w, err := h.Enter(int64(1000+n%7), "", 99)
				if err != nil {
					t.Errorf("Enter: %v", err)
					return
				}
				gone, leave := context.WithTimeout(ctx, time.Duration(n%3)*time.Millisecond)
				w.Wait(gone, time.Now().Add(time.Duration(i)*time.Millisecond))
				leave()
				w.Close()
				h.Revoke(func(_, token int64) bool { return token == 99 })
				h.Users()
			}
		})
	}
	writers.Wait()
	waiters.Wait()
	if missed.Load() != 0 || others.Load() != 0 {
		t.Errorf("%d waits missed their wake, %d ended for another reason", missed.Load(), others.Load())
	}
	if n := h.Waiting(); n != 0 {
		t.Errorf("Waiting() = %d, want 0", n)
	}
	stop()
	if err := <-ran; err != nil {
		t.Errorf("Run = %v", err)
	}
}

// TestDrainStress drains while clients come and go: whoever waits is told, and
// nobody is left.
func TestDrainStress(t *testing.T) {
	h := hub.New(hub.Options{Tick: time.Millisecond})
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- h.Run(ctx) }()
	var clients sync.WaitGroup
	for c := range 50 {
		clients.Go(func() {
			for {
				w, err := h.Enter(int64(c%10), "", 1)
				if err != nil {
					t.Errorf("Enter: %v", err)
					return
				}
				s := w.Wait(ctx, time.Now().Add(2*time.Minute))
				w.Close()
				if s == hub.Drained {
					return
				}
				if s == hub.TimedOut {
					t.Error("a waiter was not drained")
					return
				}
			}
		})
	}
	clients.Go(func() {
		for n := 0; !h.Draining(); n++ {
			h.Wake(int64(n % 10))
		}
	})
	h.Drain(20 * time.Millisecond)
	clients.Wait()
	stop()
	<-ran
	if n := h.Waiting(); n != 0 {
		t.Errorf("Waiting() = %d, want 0", n)
	}
}
