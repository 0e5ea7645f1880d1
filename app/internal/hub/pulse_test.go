package hub

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestPulse(t *testing.T) {
	for _, c := range []struct {
		name  string
		since func(now uint64) uint64
		do    func(p *Pulse, stop context.CancelFunc)
		takes time.Duration
		grown bool
	}{
		{"asked for the first time", func(uint64) uint64 { return 0 }, nil, 0, false},
		{"behind", func(now uint64) uint64 { return now - 1 }, nil, 0, false},
		{"a number of another process", func(now uint64) uint64 { return now + 1000 }, nil, 0, false},
		{"nothing happens", func(now uint64) uint64 { return now }, nil, 20 * time.Second, false},
		{"a beat", func(now uint64) uint64 { return now }, func(p *Pulse, _ context.CancelFunc) { p.Beat() }, 3 * time.Second, true},
		{"stopped", func(now uint64) uint64 { return now }, func(p *Pulse, _ context.CancelFunc) { p.Stop() }, 3 * time.Second, false},
		{"the browser left", func(now uint64) uint64 { return now }, func(_ *Pulse, stop context.CancelFunc) { stop() }, 3 * time.Second, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var p Pulse
				p.Beat()
				now := p.Wait(t.Context(), 0, time.Minute)
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				if c.do != nil {
					time.AfterFunc(3*time.Second, func() { c.do(&p, stop) })
				}
				began := time.Now()
				got := p.Wait(ctx, c.since(now), 20*time.Second)
				if took := time.Since(began); took != c.takes || (got != now) != c.grown || p.Waiting() != 0 {
					t.Errorf("%d after %d, took %s, %d still wait; want grown %t after %s", got, now, took, p.Waiting(), c.grown, c.takes)
				}
			})
		})
	}
}

func TestPulseWakesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p Pulse
		now := p.Wait(t.Context(), 0, 0)
		got := make(chan uint64, 5)
		for range 5 {
			go func() { got <- p.Wait(t.Context(), now, time.Minute) }()
		}
		synctest.Wait()
		p.Beat()
		for range 5 {
			if n := <-got; n != now+1 {
				t.Errorf("woken with %d, want %d", n, now+1)
			}
		}
		p.Stop()
		if began := time.Now(); p.Wait(t.Context(), now+1, time.Minute) != now+1 || time.Since(began) != 0 {
			t.Error("a stopped pulse let somebody wait")
		}
	})
}
