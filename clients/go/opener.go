package zummer

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// want notes what of the picture this session shall open; the caller holds
// s.mu. While it is busy that is nothing: the next poll says so, and the rows
// pass on.
func (s *Session) want() {
	s.wanted = s.wanted[:0]
	pending := map[Key]bool{}
	for i := range s.rows {
		n := &s.rows[i]
		pending[n.Key()] = true
		if _, settled := s.owed[n.Key()]; !s.busy && !settled && !s.opened[n.Key()] && n.OpensIn(s.name) {
			s.wanted = append(s.wanted, *n)
		}
	}
	// A revision that is pending no more never comes back, but its ack may still
	// be on its way.
	maps.DeleteFunc(s.opened, func(k Key, _ bool) bool {
		_, owing := s.owed[k]
		return !pending[k] && !owing && k != s.opening
	})
}

// openAll opens what is wanted, one after the other, until ctx ends. The polls
// go on meanwhile: a form that takes a minute does not make this client look
// dead.
func (s *Session) openAll(ctx context.Context, open func(context.Context, Notification) Outcome) {
	for {
		n, ok := s.take()
		if !ok {
			signal(s.done)
			select {
			case <-s.work:
				continue
			case <-ctx.Done():
				return
			}
		}
		if ctx.Err() != nil {
			s.putBack(n)
			return
		}
		outcome := open(ctx, n)
		s.mu.Lock()
		s.opening = Key{}
		if outcome != Later {
			s.owe(Ack{ID: n.ID, Rev: n.Rev, Outcome: outcome})
		}
		s.mu.Unlock()
		if outcome != Later {
			signal(s.nudge)
		}
	}
}

// take gives the next row to open and remembers that it was opened, before it
// is: what fails half-way is not opened twice. While the service does not answer
// there is none: another session may have got the row meanwhile.
func (s *Session) take() (Notification, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wanted = slices.DeleteFunc(s.wanted, func(n Notification) bool { _, settled := s.owed[n.Key()]; return settled })
	if len(s.wanted) == 0 || s.busy || !s.fresh(time.Now()) {
		return Notification{}, false
	}
	n := s.wanted[0]
	s.wanted = slices.Delete(s.wanted, 0, 1)
	s.opened[n.Key()], s.opening = true, n.Key()
	return n, true
}

// sure is for how long an answer says that a row is ours: less than the lease.
const sure = 50 * time.Second

// fresh reports whether what the picture names as ours is ours: the last poll
// was answered, and not too long ago, by the clock on the wall too, since the
// other one stands still while a machine sleeps. The caller holds s.mu.
func (s *Session) fresh(now time.Time) bool {
	return !s.answered.IsZero() && now.Sub(s.answered) < sure && now.Round(0).Sub(s.answered.Round(0)) < sure
}

// putBack is for a row that was taken and not opened.
func (s *Session) putBack(n Notification) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.opened, n.Key())
	s.opening = Key{}
}

// settle gives what is being opened a moment, so that its ack goes with the
// next poll instead of interrupting it.
func (s *Session) settle(ctx context.Context) {
	t := time.NewTimer(cmp.Or(s.Settle, 300*time.Millisecond))
	defer t.Stop()
	for s.atWork() {
		select {
		case <-s.done:
		case <-t.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (s *Session) atWork() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.wanted) > 0 && !s.busy && s.fresh(time.Now()) || s.opening != Key{}
}
