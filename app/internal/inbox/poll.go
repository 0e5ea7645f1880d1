package inbox

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"zummer/app/internal/hub"
	"zummer/models"
)

// Poll answers with the whole pending set as soon as it differs from
// q.Version, or says unchanged when q.Wait is over. Acknowledgements come
// first, in a commit of their own.
//
// An answer without rows is only given when the set was read and is empty, or
// when the version is known to be the client's: a database that cannot be read
// is models.Unavailable.
func (in *Inbox) Poll(ctx context.Context, who models.Caller, q models.PollQuery) (models.PendingSet, error) {
	set, wait, err := in.BeginPoll(ctx, who, q)
	if wait == nil {
		return set, err
	}
	return wait.Wait(ctx, nil)
}

// arrive notes that the client is here. What is needed while it waits is on
// the heap: the frames below Wait stay small, or each waiting client would keep
// a stack of twice the size.
func (in *Inbox) arrive(ctx context.Context, who models.Caller, q *models.PollQuery) *poll {
	p := &poll{in: in, ctx: ctx, user: who.User.ID, token: who.Token, q: *q, asked: q.Version, pace: in.opt.PollInterval}
	now := time.Now()
	given, moved := in.presence.arrive(p.user, who.Client, q, now)
	if moved {
		in.claim(p.user, q.Session)
	}
	if q.Wait > 0 {
		p.pace = 0
	}
	if q.After == "" { // a further page is answered at once
		p.deadline, p.given = now.Add(q.Wait), given
		p.hold = now.Add(time.Second + rand.N(2*time.Second))
	}
	return p
}

func (p *poll) leave() {
	p.in.delivered(p)
	p.set.Now = time.Now()
	p.in.presence.leave(p.user, p.q.Session, p.asked, p.set.ETag, p.set.Now)
}

// poll is one request on its way.
type poll struct {
	in       *Inbox
	ctx      context.Context
	user     int64
	token    *models.Token // nil: none that could be revoked
	q        models.PollQuery
	asked    string        // q.Version as the client wrote it
	deadline time.Time     // no waiting past it
	given    string        // the version that this client got a moment ago for the same question; "": it is in no hot loop
	hold     time.Time     // until when it does not get that version again
	held     bool          // q.Version is given, which the client did not name
	pace     time.Duration // told to the client
	acks     []models.AckResult
	waiter   *hub.Waiter       // while it may wait
	until    time.Time         // of look: when to look again without being woken
	seen     string            // the version that was last read
	tried    string            // the version whose rows the session last tried to take or pass on
	lease    time.Time         // earliest end of the leases that the session holds; zero: none
	set      models.PendingSet // the answer
}

// begin finds the answer and puts it into p.set, or leaves p.waiter to wait on.
func (p *poll) begin() error {
	w, err := p.enter(p.acknowledge, p.once)
	if w == nil {
		return err
	}
	waits := false
	defer func() {
		if !waits {
			w.Close()
		}
	}()
	if err := p.admitted(); err != nil {
		return err
	}
	w.Clear()
	if done, err := p.look(); done || err != nil {
		return err
	}
	p.waiter, waits = w, true
	return nil
}

// enter has the acknowledgements applied and registers with the hub; a nil waiter
// means that the poll does not wait, and once has answered or failed. Register
// first, look second, wait third: what is stored in between is then either seen
// or announced.
func (p *poll) enter(acknowledge, once func() error) (*hub.Waiter, error) {
	if len(p.q.Acks) > 0 {
		if err := acknowledge(); err != nil {
			return nil, err
		}
	}
	if p.given != "" && p.deadline.Before(p.hold) {
		p.deadline = p.hold
	}
	if now := time.Now(); !p.deadline.After(now) {
		if err := p.in.opt.Hub.Supersede(p.user, p.q.Session, now); err != nil {
			return nil, err
		}
		return nil, once()
	}
	w, err := p.in.opt.Hub.Enter(p.user, p.q.Session, p.tokenID())
	var e *models.Error
	switch {
	case err == nil:
		return w, nil
	case errors.As(err, &e) && e.Code == "too_many_waiting":
		p.pace = jitter(5 * time.Second)
		return nil, once()
	}
	return nil, err
}

// told answers what ended a wait; over is false when the wait goes on.
func (p *poll) told(signal hub.Signal) (over bool, err error) {
	switch signal {
	case hub.Woken:
		return false, nil
	case hub.TimedOut:
		if end := p.tokenEnd(); !end.IsZero() && !time.Now().Before(end) {
			return true, models.Errorf(models.Unauthorized, "the token has expired")
		}
		if time.Now().Before(p.deadline) {
			return false, nil
		}
		return true, p.once()
	case hub.Superseded, hub.Evicted:
		p.set = models.PendingSet{State: models.StateSuperseded, Acks: p.acks, PollAfter: jitter(2 * time.Second)}
		return true, nil
	case hub.Revoked:
		if err := p.admitted(); err != nil {
			return true, err
		}
		return true, models.Errorf(models.Unauthorized, "the token was revoked")
	case hub.Drained:
		return true, p.drained()
	}
	return true, cmp.Or(p.ctx.Err(), context.Canceled)
}

// tokenID is the id by which the hub finds the waiting polls of a token.
func (p *poll) tokenID() int64 {
	if p.token == nil {
		return 0
	}
	return p.token.ID
}

// tokenEnd is when the token expires; zero: never.
func (p *poll) tokenEnd() time.Time {
	if p.token == nil {
		return time.Time{}
	}
	return p.token.ExpiresAt
}

// admitted refuses a token that is not let in any more, and a user who is not
// active behind one that is. Asked after Enter: from then on Revoke finds the
// waiter. Errors: Unauthorized, NotFound unknown_user.
func (p *poll) admitted() error {
	d := p.in.opt.Directory()
	if p.tokenID() != 0 && !lets(d, d.Tokens[p.token.Hash], time.Now()) { // without an id: of the configuration, never revoked
		return models.Errorf(models.Unauthorized, "the token was revoked")
	}
	if u := d.Users[p.user]; u == nil || !u.Active {
		return models.Coded(models.NotFound, "unknown_user", "the user is not active")
	}
	return nil
}

// acknowledge applies the acks. The request may go on waiting only if its
// picture was the set just before them and all of them settled; then it waits
// on the version that they made.
func (p *poll) acknowledge() error {
	o := &op{name: "acknowledge", user: p.user, acks: p.q.Acks}
	if err := p.in.submit(p.ctx, o); err != nil {
		return err
	}
	p.acks = o.results
	same := p.q.Version != "" && p.q.Version == o.before.VersionText() && !o.busy
	for _, r := range o.results {
		same = same && (r.Result == models.AckProcessed || r.Result == models.AckAlready)
		if r.Result == models.AckProcessed {
			p.given = "" // it gets on
		}
	}
	if same {
		p.q.Version = o.after.VersionText()
	} else {
		p.deadline = time.Time{}
	}
	return nil
}

// look says whether there is something to answer now, and then has put it into
// p.set; else p.until is how long to wait.
func (p *poll) look() (done bool, err error) {
	now := time.Now()
	if c, ok := p.in.known(p.user, now); ok && p.q.Version == c.text() && p.trusts(c, now) {
		p.until = p.next(c.due)
		return false, nil
	}
	read, due, err := p.read()
	if err != nil {
		return true, err
	}
	switch version := read.Inbox.VersionText(); {
	case version == p.q.Version:
	case version == p.given && now.Before(p.hold): // hold a hot loop until something changes
		p.q.Version, p.held, p.deadline = version, true, p.hold
	default:
		p.set = p.answer(read)
		return true, nil
	}
	p.until = p.next(due)
	return false, nil
}

// next is when to look again without being woken.
func (p *poll) next(due time.Time) time.Time {
	until := p.deadline
	if !due.IsZero() && due.Before(until) {
		until = due.Add(2 * time.Millisecond)
	}
	if end := p.tokenEnd(); !end.IsZero() && end.Before(until) {
		until = end
	}
	if !p.lease.IsZero() && p.keepAt().Before(until) {
		until = p.keepAt()
	}
	return until
}

// once answers without waiting: also at the end of a wait, when the version
// must be known to be current.
func (p *poll) once() error {
	same := !p.held && p.q.After == ""
	now := time.Now()
	if c, ok := p.in.known(p.user, now); ok && same && p.q.Version == c.text() && p.trusts(c, now) {
		p.set = p.unchanged(c.text())
		return nil
	}
	read, _, err := p.read()
	if err != nil {
		return err
	}
	if same && p.q.Version == read.Inbox.VersionText() {
		p.set = p.unchanged(p.q.Version)
		return nil
	}
	p.set = p.answer(read)
	return nil
}

func (p *poll) unchanged(version string) models.PendingSet {
	return models.PendingSet{State: models.StateUnchanged, Version: version, ETag: version, Acks: p.acks, PollAfter: p.pace}
}

// drained answers a waiting client of a process that stops.
func (p *poll) drained() error {
	err := p.once()
	p.set.Draining, p.set.PollAfter = true, rand.N(3*time.Second)
	return err
}

// readTimeout is after how long a database that does not answer counts as away.
const readTimeout = 10 * time.Second

// read reads one user's set, first taking out what has expired (no answer is
// given past an inbox's next expiry), and again when a newer version was
// committed meanwhile. until is its next expiry on this process's clock; zero:
// none.
func (in *Inbox) read(ctx context.Context, user int64) (set models.Set, until time.Time, err error) {
	for range 50 {
		short, cancel := context.WithTimeout(ctx, readTimeout)
		set, at, err := in.reader.read(short, user)
		cancel()
		if err != nil {
			return models.Set{}, until, away(ctx, err)
		}
		set.Inbox.UserID = user
		if !due(&set.Inbox, set.Now) {
			newer, stale := in.cache.put(set.Inbox, set.Now, at)
			if stale {
				continue
			}
			if newer { // the hint of it will find nothing new: others who wait hear it now
				in.opt.Hub.Wake(user)
			}
			return set, dueAt(set.Inbox, set.Now, at), nil
		}
		if err := in.expireSoon(ctx, user); err != nil {
			return models.Set{}, until, err
		}
	}
	return models.Set{}, until, models.Away(errors.New("the set changes faster than it can be read"))
}

// away makes every failure to read a 503, never an empty set.
func away(ctx context.Context, err error) error {
	if ctx.Err() != nil || models.KindOf(err) == models.Unavailable {
		return err
	}
	return models.Away(err)
}

// Acknowledge settles revisions and does not wait for anything else.
func (in *Inbox) Acknowledge(ctx context.Context, user int64, acks []models.Ack) ([]models.AckResult, error) {
	if len(acks) == 0 {
		return nil, nil
	}
	o := &op{name: "acknowledge", user: user, acks: acks}
	if err := in.submit(ctx, o); err != nil {
		return nil, err
	}
	return o.results, nil
}

// AckAll settles every row whose last revision is not newer than version. A
// version that is not of the present set's epoch is Conflict "moved_on".
func (in *Inbox) AckAll(ctx context.Context, user int64, version, session string) (int, error) {
	o := &op{name: "acknowledge all", user: user, ackAll: &ackAll{version: version, session: session}}
	if err := in.submit(ctx, o); err != nil {
		return 0, err
	}
	return o.settled, nil
}
