package zummer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Handler is what a program does about its user's notifications. What is nil
// is left out.
type Handler struct {
	// Open opens a row that this session alone shall act on (Open, Create,
	// Choose, Resolve), and says what became of it. It is called at most once
	// for a revision, one row at a time, beside the polls, and not for what is
	// pending no more by then. ctx ends with Run. nil: the program polls without
	// a name, so that rows to open go to others.
	Open func(ctx context.Context, n Notification) Outcome
	// Show is told the picture each time it is replaced, which only a complete
	// set does; what is new in it opens after that. It must not block: the polls
	// wait for it.
	Show func(p Picture)
	// State is told how the connection is, when that changes. It must not block.
	State func(st Status)
}

// Status is how the connection is.
type Status struct {
	// Connected says that the last poll was answered; the picture is as old as
	// that answer while it is false.
	Connected bool
	// Err is what is wrong; nil while connected. errors.Is knows ErrSuperseded.
	Err error
	// Next is in how long the service is asked again.
	Next time.Duration
}

// ErrSuperseded is the Err of a Status when another program polls under the
// name of this session.
var ErrSuperseded = errors.New("another program polls under the name of this session")

// Run is a Session named after the machine that runs until ctx ends.
func (c *Client) Run(ctx context.Context, h Handler) error { return c.NewSession("").Run(ctx, h) }

// Run polls until ctx ends and returns ctx's error; nothing else ends it, since
// a service that is away or a token that is refused may come back: State tells.
// With a Client.URL that can be no address it does not begin, and says so at once.
// A panic of the handler ends the program, as any of Go does.
// At the end what is being opened is waited for, and the acks that are owed
// are sent.
func (s *Session) Run(ctx context.Context, h Handler) error {
	if err := s.client.address(); err != nil {
		return err
	}
	var opener sync.WaitGroup
	if h.Open != nil {
		opener.Go(func() { s.openAll(ctx, h.Open) })
	}
	defer s.farewell(ctx)
	defer opener.Wait()

	b := backoff{first: time.Second, last: 30 * time.Second}
	usurped := 0 // superseded in a row
	for ctx.Err() == nil {
		_ = rest(ctx, s.pause(time.Now()))
		began := time.Now()
		set, progress, err := s.poll(ctx, h)
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, errNudged):
			s.show(h)
		case err != nil:
			if StatusOf(err) == 0 { // the other connections may be as dead
				s.client.http().CloseIdleConnections()
			}
			pause := b.next(err)
			s.hold(err, time.Now())
			if !transient(err) {
				pause = max(pause, 5*time.Second)
			}
			s.tell(h, Status{Err: err, Next: pause})
			_ = rest(ctx, pause)
		case set.State == StateSuperseded:
			b.reset()
			pause := max(set.PollAfter, 2*time.Second)
			pause = min(pause<<min(usurped, 4), 30*time.Second) + rand.N(time.Second)
			usurped++
			s.tell(h, Status{Err: ErrSuperseded, Next: pause})
			_ = rest(ctx, pause)
		default:
			b.reset()
			usurped = 0
			s.tell(h, Status{Connected: true})
			pause := set.PollAfter
			if !progress && time.Since(began) < time.Second { // it should have waited
				pause = max(pause, time.Second+rand.N(time.Second))
			}
			answered := time.Now()
			s.settle(ctx)
			s.show(h)
			_ = rest(ctx, pause-time.Since(answered))
		}
	}
	return ctx.Err()
}

// poll asks once for the whole set and takes in what comes.
func (s *Session) poll(ctx context.Context, h Handler) (set Set, progress bool, err error) {
	q := s.query(h.Open != nil)
	asking, cancel := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { s.interrupt(asking, cancel, q) })
	set, err = s.client.PollWhole(asking, q)
	nudged := errors.Is(context.Cause(asking), errNudged)
	cancel(nil)
	watch.Wait()
	if err != nil {
		if nudged && ctx.Err() == nil {
			return Set{}, false, errNudged
		}
		s.mu.Lock()
		s.answered = time.Time{}
		s.mu.Unlock()
		return Set{}, false, err
	}

	s.mu.Lock()
	all := s.settled(q.Acks, set.Acks)
	switch set.State {
	case StateSet, StateReset:
		progress = set.Version != s.version
		s.version, s.rows, s.complete = set.Version, set.Rows, true
	case StateUnchanged:
		if all && set.Version != "" { // the version that our own acks made
			s.version = set.Version
		}
	}
	if s.answered = time.Now(); set.State == StateSuperseded {
		s.answered = time.Time{}
	}
	s.disown()
	s.wanted = s.wanted[:0] // what is new is shown before it is opened
	s.mu.Unlock()
	s.show(h)
	s.mu.Lock()
	s.want(h.Open != nil)
	s.mu.Unlock()
	signal(s.work)
	return set, progress || len(set.Acks) > 0, nil
}

// query is what the next poll asks. A program that opens nothing polls without
// a name: it would take the rows from those that do.
func (s *Session) query(opens bool) PollQuery {
	acks := s.acks()
	s.mu.Lock()
	defer s.mu.Unlock()
	q := PollQuery{Version: s.version, Wait: max(cmp.Or(s.Wait, 25*time.Second), 0), Limit: 100, App: s.App, Busy: s.busy, Acks: acks}
	if opens {
		q.Session = s.name
	}
	if s.status.Err != nil { // whether it is back should be known at once
		q.Wait = min(q.Wait, time.Second)
	}
	if s.soon || len(s.order) > len(acks) { // the other acks are still to be sent
		q.Wait = min(q.Wait, 500*time.Millisecond)
	}
	s.soon = false
	return q
}

// tell passes a change of the connection on.
func (s *Session) tell(h Handler, st Status) {
	s.mu.Lock()
	same := s.status.Connected == st.Connected && fmt.Sprint(s.status.Err) == fmt.Sprint(st.Err)
	s.status = st
	s.mu.Unlock()
	if !same && h.State != nil {
		h.State(st)
	}
}

// transient reports whether a failure passes by itself: the service is away,
// or says when to come back. A refused token or a wrong address does not.
func transient(err error) bool {
	var e *Error
	return !errors.As(err, &e) || e.Retryable || e.RetryAfter > 0
}

// errNudged is why a waiting poll was dropped: it has something to say.
var errNudged = errors.New("the poll has something new to say")

// Each dropped poll may cost a supersede, of which the service takes three in
// ten seconds.
const (
	maxNudges  = 2
	nudgeSpan  = 10 * time.Second
	clockCheck = 5 * time.Second
)

// interrupt drops the waiting poll q when there is an ack that it does not
// carry, when busy changed, or when the machine has slept: then its connection
// is dead, and nobody would hear of that for a while.
func (s *Session) interrupt(ctx context.Context, cancel context.CancelCauseFunc, q PollQuery) {
	clock := time.NewTicker(clockCheck)
	defer clock.Stop()
	began := time.Now()
	for {
		if s.unsaid(q) {
			if rest(ctx, s.nudgeIn(time.Now())) == nil {
				s.mu.Lock()
				s.nudged = append(s.nudged, time.Now())
				s.mu.Unlock()
				cancel(errNudged)
			}
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-clock.C:
			now := time.Now()
			if slept := now.Round(0).Sub(began.Round(0)) - now.Sub(began); slept > 2*clockCheck {
				cancel(errNudged)
				return
			}
		case <-s.nudge:
		}
	}
}

// unsaid reports whether a poll under way does not say all that there is to say.
func (s *Session) unsaid(q PollQuery) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	said := len(q.Acks)
	for _, a := range q.Acks {
		if s.owed[a.Key()] != a {
			return true
		}
	}
	return s.busy != q.Busy || len(s.order) > said && said < maxAcks
}

// nudgeIn says in how long the next poll may be dropped.
func (s *Session) nudgeIn(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nudged = slices.DeleteFunc(s.nudged, func(at time.Time) bool { return now.Sub(at) >= nudgeSpan })
	if len(s.nudged) < maxNudges {
		return 0
	}
	return s.nudged[len(s.nudged)-maxNudges].Add(nudgeSpan).Sub(now)
}

// farewell sends what is owed when Run ends, and gives back what this session
// holds and did not open, so that another one need not wait for the lease.
func (s *Session) farewell(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for {
		acks := s.acks()
		for _, a := range acks {
			r, err := s.client.ackAs(ctx, s.name, a)
			if err != nil && StatusOf(err) != http.StatusNotFound {
				return // the service has them as pending: another session, or the next run
			}
			s.mu.Lock()
			s.settled([]Ack{a}, []AckResult{{ID: a.ID, Rev: a.Rev, Result: r.Result}})
			s.mu.Unlock()
		}
		if len(acks) == 0 {
			break
		}
	}
	p := s.Picture()
	for i := range p.Rows {
		if k := p.Rows[i].Key(); p.Rows[i].OpensIn(s.name) && !s.was(k) {
			if _, err := s.Release(ctx, k); err != nil && StatusOf(err) == 0 {
				return
			}
		}
	}
}

func (s *Session) was(k Key) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened[k]
}
