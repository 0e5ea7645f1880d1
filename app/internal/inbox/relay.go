package inbox

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"zummer/app/internal/hub"
	"zummer/models"
)

// Relay is Poll for a program that speaks for all active users (scope relay):
// their pending sets are one picture with one version, and each row says whose
// it is. Acknowledgements may name rows of any active user. Everything else is
// as Poll has it: the whole picture or nothing, never an empty one by mistake,
// and no answer past the expiry of any row. A picture that is not read in one
// page may move on between pages, and then begins anew.
func (in *Inbox) Relay(ctx context.Context, who models.Caller, q models.PollQuery) (models.PendingSet, error) {
	if who.Token == nil || who.Token.ID == 0 || !who.Token.Has(models.ScopeRelay) {
		return models.PendingSet{}, models.Errorf(models.Forbidden, "this token lacks the scope relay")
	}
	if in.opt.Beside == nil {
		return models.PendingSet{}, models.Errorf(models.Unavailable, "polling for all users is not configured")
	}
	// Below 0 a user is a token that polls for all: for the hub, for presence,
	// for other replicas.
	who.User = &models.User{ID: -who.Token.ID}
	p := &relayPoll{in.arrive(ctx, who, &q)}
	err := p.run()
	p.leave()
	return p.set, err
}

// relayPoll is one request for all users on its way. What it shares with the
// poll for one is how it waits, not what it looks at.
type relayPoll struct{ *poll }

func (p *relayPoll) leave() {
	p.delivered()
	p.set.Now = time.Now()
	p.in.presence.leave(p.user, p.q.Session, p.asked, p.set.ETag, p.set.Now)
}

// run finds the answer and puts it into p.set.
func (p *relayPoll) run() error {
	w, err := p.enter(p.acknowledge, p.once)
	if w == nil {
		return err
	}
	defer w.Close()
	if err := p.admitted(); err != nil {
		return err
	}
	for {
		w.Clear()
		if done, err := p.look(); done || err != nil {
			return err
		}
		if over, err := p.signalled(w.Wait(p.ctx, p.until)); over {
			return err
		}
	}
}

// signalled answers what ended a wait; over is false when the wait goes on.
func (p *relayPoll) signalled(signal hub.Signal) (over bool, err error) {
	switch signal {
	case hub.TimedOut:
		if end := p.tokenEnd(); !end.IsZero() && !time.Now().Before(end) {
			return true, models.Errorf(models.Unauthorized, "the token has expired")
		}
		if time.Now().Before(p.deadline) {
			return false, nil
		}
		return true, p.once()
	case hub.Revoked:
		return true, models.Errorf(models.Unauthorized, "the token was revoked")
	case hub.Drained:
		err := p.once()
		p.set.Draining, p.set.PollAfter = true, rand.N(3*time.Second)
		return true, err
	}
	return p.told(signal) // woken, superseded, evicted, gone
}

// admitted refuses a token that is not let in any more. Asked after Enter: from
// then on Revoke finds the waiter.
func (p *relayPoll) admitted() error {
	d := p.in.opt.Directory()
	if !lets(d, d.Tokens[p.token.Hash], time.Now()) {
		return models.Errorf(models.Unauthorized, "the token was revoked")
	}
	return nil
}

// look says whether there is something to answer now, as poll.look.
func (p *relayPoll) look() (done bool, err error) {
	now := time.Now()
	if version, due, ok := p.in.knownPicture(now, nil); ok && p.q.Version == version {
		p.until = p.next(due)
		return false, nil
	}
	read, err := p.in.readPicture(p.ctx)
	if err != nil {
		return true, err
	}
	switch {
	case read.version == p.q.Version:
	case read.version == p.given && now.Before(p.hold): // hold a hot loop until something changes
		p.q.Version, p.held, p.deadline = read.version, true, p.hold
	default:
		p.answer(read)
		return true, nil
	}
	p.until = p.next(read.due)
	return false, nil
}

// once answers without waiting, as poll.once.
func (p *relayPoll) once() error {
	same := !p.held && p.q.After == ""
	if version, _, ok := p.in.knownPicture(time.Now(), nil); ok && same && p.q.Version == version {
		p.set = p.unchanged(version)
		return nil
	}
	read, err := p.in.readPicture(p.ctx)
	if err != nil {
		return err
	}
	if same && p.q.Version == read.version {
		p.set = p.unchanged(read.version)
		return nil
	}
	p.answer(read)
	return nil
}

// answer makes the page of the picture that was asked for.
func (p *relayPoll) answer(read picture) {
	p.set = models.PendingSet{State: models.StateSet, ETag: read.version, Acks: p.acks, PollAfter: p.pace, Now: read.now, Users: read.users}
	if !sameEpoch(p.asked, read.version) {
		p.set.State = models.StateReset
	}
	rows := read.rows
	if p.q.App != "" {
		rows = slices.DeleteFunc(rows, func(n models.Notification) bool { return n.App() != "" && n.App() != p.q.App })
	}
	slices.SortFunc(rows, newestFirst)
	from := 0
	if p.q.After != "" {
		if v, offset, ok := models.ParsePageCursor(p.q.After); ok && v == read.version && offset <= len(rows) {
			from, p.set.State = offset, models.StateSet
		} else {
			p.set.State = models.StateReset
		}
	}
	to := min(from+max(p.q.Limit, 1), len(rows))
	p.set.Rows, p.set.Offset = rows[from:to], from
	if to < len(rows) {
		p.set.Next, p.set.PollAfter = models.PageCursor(read.version, to), 0
	} else {
		p.set.Version = read.version
	}
}

// sameEpoch reports whether asked is a version of the picture's epoch.
func sameEpoch(asked, version string) bool {
	a, _, ok := strings.Cut(asked, ".")
	b, _, _ := strings.Cut(version, ".")
	return asked == nobody || ok && a == b
}

// ackTogether is how many users' acknowledgements of one request are on their
// way at once; those that are share a commit.
const ackTogether = 32

// acknowledge applies the acks, each in the set of the user whose row it names.
// The request may go on waiting only if its picture was the present one just
// before them and all of them settled.
func (p *relayPoll) acknowledge() error {
	ids := make([]int64, 0, len(p.q.Acks))
	for _, a := range p.q.Acks {
		if a.ID != 0 {
			ids = append(ids, a.ID)
		}
	}
	short, cancel := context.WithTimeout(p.ctx, readTimeout)
	owners, err := p.in.opt.Beside.Owners(short, ids)
	cancel()
	if err != nil {
		return away(p.ctx, err)
	}
	dir := p.in.opt.Directory()
	p.acks = make([]models.AckResult, len(p.q.Acks))
	ops, places := map[int64]*op{}, map[int64][]int{}
	for i, a := range p.q.Acks {
		user := owners[a.ID]
		if u := dir.Users[user]; u == nil || !u.Active {
			p.acks[i] = models.AckResult{ID: a.Raw, Rev: a.Rev, Result: models.AckNotFound}
			continue
		}
		if ops[user] == nil {
			ops[user] = &op{name: "acknowledge", user: user}
		}
		ops[user].acks = append(ops[user].acks, a)
		places[user] = append(places[user], i)
	}
	g, ctx := errgroup.WithContext(p.ctx)
	g.SetLimit(ackTogether)
	for _, o := range ops {
		g.Go(func() error { return p.in.submit(ctx, o) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	before, after, busy := map[int64]models.Inbox{}, map[int64]models.Inbox{}, false
	for user, o := range ops {
		before[user], after[user], busy = o.before, o.after, busy || o.busy
		for i, r := range o.results {
			p.acks[places[user][i]] = r
		}
	}
	then, _, ok := p.in.knownPicture(time.Now(), before)
	same := ok && p.q.Version == then && !busy
	for _, r := range p.acks {
		same = same && (r.Result == models.AckProcessed || r.Result == models.AckAlready)
		if r.Result == models.AckProcessed {
			p.given = "" // it gets on
		}
	}
	now, _, ok := p.in.knownPicture(time.Now(), after)
	if same && ok {
		p.q.Version = now
	} else {
		p.deadline = time.Time{}
	}
	return nil
}

// delivered notes what the answer carries that was not in the one before: a
// row that changed since that was read. A row that was committed late may be
// noted twice; the first time stays.
func (p *relayPoll) delivered() {
	if len(p.set.Rows) == 0 || p.ctx.Err() != nil {
		return
	}
	last := p.in.presence.lastAnswer(p.user, p.q.Session)
	answered := p.set.Now.Add(-time.Since(last.answered)) // on the database's clock
	known := answered.Add(-lateCommit)
	if last.answered.IsZero() || p.q.After != "" {
		known = time.Time{}
	}
	follows := p.asked != "" && last.arrived.Sub(last.answered) < followed
	p.in.tell(p.set.Rows, p.q.Session, last.client, p.set.Now,
		func(n *models.Notification) bool { return n.UpdatedAt.After(known) },
		func(n *models.Notification) bool { return follows && n.UpdatedAt.After(answered) })
}

// lateCommit is how long before its commit a row may have been dated.
const lateCommit = 5 * time.Second
