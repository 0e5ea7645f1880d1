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
func (s *Session) want(opens bool) {
	s.wanted = s.wanted[:0]
	pending := map[Key]bool{}
	for i := range s.rows {
		n := &s.rows[i]
		pending[n.Key()] = true
		if _, settled := s.owed[n.Key()]; opens && !s.busy && !settled && !s.opened[n.Key()] && n.OpensIn(s.name) {
			s.wanted = append(s.wanted, *n)
		}
	}
	// A revision that is pending no more never comes back, but its ack may still
	// be on its way.
	over := func(k Key) bool {
		_, owing := s.owed[k]
		return !pending[k] && !owing && k != s.opening
	}
	maps.DeleteFunc(s.opened, func(k Key, _ bool) bool { return over(k) })
	maps.DeleteFunc(s.made, func(k Key, _ time.Time) bool { return over(k) })
}

// disown forgets what was done about rows whose names stand for others now: a
// service with a new database, or one that was restored, gives ids out again.
// The caller holds s.mu.
func (s *Session) disown() {
	for i := range s.rows {
		k := s.rows[i].Key()
		if at, ours := s.made[k]; ours && !at.Equal(s.rows[i].CreatedAt) {
			delete(s.opened, k)
			delete(s.owed, k)
			delete(s.made, k)
			s.order = slices.DeleteFunc(s.order, func(o Key) bool { return o == k })
		}
	}
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
		if at, ours := s.made[n.Key()]; outcome != Later && ours && at.Equal(n.CreatedAt) {
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
	s.opened[n.Key()], s.opening, s.made[n.Key()] = true, n.Key(), n.CreatedAt
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
