package hub

import "time"

// Draining reports whether the hub releases its waiters: from the call of
// Drain on, or since Run has returned.
func (h *Hub) Draining() bool { return h.draining.Load() }

// Drain releases all waiters with Drained, evenly over the period, so that
// the clients do not all come back at once. From the call on, new waiters are
// released as soon as they Wait. It returns when no waiter is left: at once
// when there is none or over is 0, and early when Run returns.
func (h *Hub) Drain(over time.Duration) {
	h.draining.Store(true)
	h.pulse.Stop()
	n, start := h.Waiting(), time.Now()
	if n > 0 && over > 0 {
		tick := time.NewTicker(h.opt.Tick)
		defer tick.Stop()
		for gone := 0; gone < n && h.Waiting() > 0; {
			select {
			case <-tick.C:
			case <-h.stopped:
				return
			}
			want := min(n, int(float64(n)*float64(time.Since(start))/float64(over)))
			if want > gone {
				h.releaseUpTo(want - gone)
				gone = want
			}
		}
	}
	h.releaseUpTo(-1)
}

// releaseUpTo drains at most limit waiters, all when limit is negative. The
// draining flag is set: whoever enters a shard after it was passed, or while
// its lock was awaited, is drained by Enter itself.
func (h *Hub) releaseUpTo(limit int) {
	for i := range h.shards {
		s := &h.shards[i]
		s.mu.Lock()
		for _, l := range s.users {
			for w := l.head; w != nil && limit != 0; limit-- {
				next := w.next
				h.release(s, w, Drained)
				w = next
			}
			if limit == 0 {
				break
			}
		}
		s.mu.Unlock()
		if limit == 0 {
			return
		}
	}
}
