package inbox

import (
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
	if who.User == nil {
		return models.PendingSet{}, models.Errorf(models.Forbidden, "this token belongs to no user")
	}
	p := &poll{in: in, ctx: ctx, user: who.User.ID, q: q, asked: q.Version, pace: in.opt.PollInterval}
	if who.Token != nil {
		p.token, p.tokenEnd = who.Token.ID, who.Token.ExpiresAt
	}
	now := time.Now()
	hot := in.presence.arrive(p.user, q.Session, who.Client, q.Version, now) && len(q.Acks) == 0 && q.After == ""
	p.deadline = now.Add(q.Wait)
	if q.Wait > 0 {
		p.pace = 0
	}
	if hot && q.Wait < time.Second {
		p.hold = now.Add(time.Second + rand.N(2*time.Second))
		p.deadline = p.hold
	}
	set, err := p.run()
	set.Now = time.Now()
	progress := err != nil || set.State == models.StateSet && q.Version != "" || len(q.Acks) > 0 || set.Next != ""
	in.presence.leave(p.user, q.Session, set.ETag, progress, time.Now())
	return set, err
}

// poll is one request on its way.
type poll struct {
	in       *Inbox
	ctx      context.Context
	user     int64
	token    int64
	tokenEnd time.Time
	q        models.PollQuery
	asked    string // q.Version as the client wrote it
	deadline time.Time
	hold     time.Time     // of the hot-loop guard: no answer before, unless something changes; zero: none
	pace     time.Duration // told to the client
	acks     []models.AckResult
}

func (p *poll) run() (models.PendingSet, error) {
	if len(p.q.Acks) > 0 {
		if err := p.acknowledge(); err != nil {
			return models.PendingSet{}, err
		}
	}
	if !p.deadline.After(time.Now()) {
		return p.once()
	}
	// Register first, look second, wait third: what is stored in between is
	// then either seen or announced.
	w, err := p.in.opt.Hub.Enter(p.user, p.q.Session, p.token)
	if err != nil {
		var e *models.Error
		if errors.As(err, &e) && e.Code == "too_many_waiting" {
			p.pace = jitter(5 * time.Second)
			return p.once()
		}
		return models.PendingSet{}, err
	}
	defer w.Close()
	for {
		w.Clear()
		set, done, until, err := p.look()
		if done || err != nil {
			return set, err
		}
		switch w.Wait(p.ctx, until) {
		case hub.Woken:
		case hub.TimedOut:
			if !p.tokenEnd.IsZero() && !time.Now().Before(p.tokenEnd) {
				return models.PendingSet{}, models.Errorf(models.Unauthorized, "the token has expired")
			}
			if !time.Now().Before(p.deadline) {
				return p.once()
			}
		case hub.Superseded, hub.Evicted:
			return models.PendingSet{State: models.StateSuperseded, Acks: p.acks, PollAfter: jitter(2 * time.Second)}, nil
		case hub.Revoked:
			return models.PendingSet{}, models.Errorf(models.Unauthorized, "the token was revoked")
		case hub.Drained:
			return p.drained()
		default:
			return models.PendingSet{}, p.ctx.Err()
		}
	}
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
	}
	if same {
		p.q.Version = o.after.VersionText()
	} else {
		p.deadline = time.Time{}
	}
	return nil
}

// look says whether there is something to answer now, else until when to wait.
func (p *poll) look() (set models.PendingSet, done bool, until time.Time, err error) {
	for {
		now := time.Now()
		if c, ok := p.in.cache.get(p.user); ok && p.in.fresh(now) && p.q.Version == c.text() && (c.due.IsZero() || c.due.After(now)) {
			return set, false, p.next(c.due), nil
		}
		read, err := p.in.read(p.ctx, p.user)
		if err != nil {
			return set, true, until, err
		}
		if p.q.Version != read.Inbox.VersionText() {
			if p.q.Version == "" && !p.hold.IsZero() && now.Before(p.hold) {
				p.q.Version = read.Inbox.VersionText() // hold a hot loop until something changes
				continue
			}
			return p.answer(read), true, until, nil
		}
		c, _ := p.in.cache.get(p.user)
		return set, false, p.next(c.due), nil
	}
}

// next is when to look again without being woken.
func (p *poll) next(due time.Time) time.Time {
	until := p.deadline
	if !due.IsZero() && due.Before(until) {
		until = due.Add(2 * time.Millisecond)
	}
	if !p.tokenEnd.IsZero() && p.tokenEnd.Before(until) {
		until = p.tokenEnd
	}
	return until
}

// once answers without waiting: also at the end of a wait, when the version
// must be known to be current.
func (p *poll) once() (models.PendingSet, error) {
	now := time.Now()
	held := !p.hold.IsZero() && p.asked == "" // the version was set by look, not by the client
	if c, ok := p.in.cache.get(p.user); ok && !held && p.in.fresh(now) && p.q.Version == c.text() && (c.due.IsZero() || c.due.After(now)) && p.q.After == "" {
		return p.unchanged(c.text()), nil
	}
	read, err := p.in.read(p.ctx, p.user)
	if err != nil {
		return models.PendingSet{}, err
	}
	if p.q.Version == read.Inbox.VersionText() && !held && p.q.After == "" {
		return p.unchanged(p.q.Version), nil
	}
	return p.answer(read), nil
}

func (p *poll) unchanged(version string) models.PendingSet {
	return models.PendingSet{State: models.StateUnchanged, Version: version, ETag: version, Acks: p.acks, PollAfter: p.pace}
}

// drained answers a waiting client of a process that stops.
func (p *poll) drained() (models.PendingSet, error) {
	set, err := p.once()
	set.Draining, set.PollAfter = true, rand.N(3*time.Second)
	return set, err
}

// read reads one user's set, first taking out what has expired (no answer is
// given past an inbox's next expiry), and again when a newer
// version was committed meanwhile.
func (in *Inbox) read(ctx context.Context, user int64) (models.Set, error) {
	for range 50 {
		at := time.Now()
		set, err := in.opt.Store.ReadSet(ctx, user)
		if err != nil {
			return models.Set{}, away(ctx, err)
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
			return set, nil
		}
		if err := in.expireSoon(ctx, user); err != nil {
			return models.Set{}, err
		}
	}
	return models.Set{}, models.Away(errors.New("the set changes faster than it can be read"))
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
