package inbox

import (
	"context"
	"errors"
	"time"

	"zummer/models"
)

// Replica is how the processes on one database hear of each other. All of it
// is hints: correctness never depends on one arriving.
type Replica interface {
	// Tail reads what changed since the last call of this process (the first
	// call: since now), each user's highest version, and the present version
	// of the set-up.
	Tail(ctx context.Context) (hints []models.Hint, config int64, err error)
	// Notify tells other processes; it never blocks and may drop.
	Notify(hints []models.Hint)
	// Listen calls fn with what others told; fn(nil) means that hints may have
	// been lost. It returns when ctx ends.
	Listen(ctx context.Context, fn func([]models.Hint)) error
}

// trusted is how long after a tail pass the version cache is believed.
const trusted = 2 * time.Second

// fresh reports whether `unchanged` may be answered from the cache: a tail pass
// that began less than trusted ago has finished.
func (in *Inbox) fresh(now time.Time) bool {
	return now.UnixNano()-in.tailed.Load() < int64(trusted)
}

// Followed is when the last pass over what other processes changed began that
// has finished; zero: none has yet.
func (in *Inbox) Followed() time.Time {
	if at := in.tailed.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

// announce tells this process and the others what a commit changed, and whose
// sets are calm after it. dbNow is
// the database's clock of that transaction, at the local time it was taken.
func (in *Inbox) announce(changed []models.Inbox, calm map[int64]bool, dbNow, at time.Time) {
	if len(changed) == 0 {
		return
	}
	users := make([]int64, 0, len(changed))
	hints := make([]models.Hint, 0, len(changed))
	for _, ib := range changed {
		users = append(users, ib.UserID)
		hints = append(hints, models.Hint{UserID: ib.UserID, Version: ib.Version})
		in.cache.put(ib, dbNow, at)
		if calm[ib.UserID] {
			in.cache.calm(ib)
		}
	}
	in.opt.Hub.Wake(users...)
	if in.opt.Replica != nil {
		in.opt.Replica.Notify(hints)
	}
}

// hear takes hints of other replicas (or of this one's own commits, which are
// then known already).
func (in *Inbox) hear(hints []models.Hint) {
	if hints == nil {
		in.lost()
		in.presence.unsure()
		return
	}
	now := time.Now()
	var users []int64
	for _, h := range hints {
		if h.Session != "" {
			in.hearClaim(h, now)
			continue
		}
		if in.cache.hint(h.UserID, h.Version, now) {
			users = append(users, h.UserID)
		}
	}
	in.opt.Hub.Wake(users...)
	if len(users) > 0 {
		in.opt.Hub.Pulse().Beat()
	}
}

// claim tells the other replicas that a session polls here now.
func (in *Inbox) claim(user int64, session string) {
	if in.opt.Replica != nil {
		in.opt.Replica.Notify([]models.Hint{{UserID: user, Session: session, From: in.name}})
	}
}

// underWay is how long a claim may travel: a poll that came here since is newer
// than it.
const underWay = 250 * time.Millisecond

// hearClaim finishes the waiting poll of a session that polls another replica
// now. When two clients fight for the name, the one that waits is left alone.
func (in *Inbox) hearClaim(h models.Hint, now time.Time) {
	if h.From == in.name {
		return
	}
	in.presence.elsewhere(h.UserID, h.Session)
	in.elsewhere.heard(h.UserID, h.Session, now)
	if err := in.opt.Hub.Supersede(h.UserID, h.Session, now.Add(-underWay)); err != nil {
		in.log.Debug("a session is polled on several replicas at once", "user_id", h.UserID, "err", err)
	}
}

// lost forgets what hints had taught: until the tail has passed again every
// look goes to the database.
func (in *Inbox) lost() {
	in.tailed.Store(0)
	in.cache.clear(time.Now())
}

// tailLoop is the backstop: it reads what was committed anywhere, often while
// there is news and rarely while there is none.
func (in *Inbox) tailLoop(ctx context.Context) error {
	every := in.opt.TailEvery
	begun, failing := false, false
	for {
		began := time.Now()
		pass, cancel := context.WithTimeout(ctx, 5*time.Second)
		hints, config, err := in.opt.Replica.Tail(pass)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			if !failing {
				in.log.WarnContext(ctx, "the tail of the register cannot be read", "err", err)
			}
			failing = true
			in.lost()
			every = time.Second
		default:
			if failing {
				in.log.InfoContext(ctx, "the tail of the register is read again")
			}
			if failing || !begun {
				// The first pass tells nothing of what was committed before it,
				// and polls may have looked by then.
				in.lost()
				in.opt.Hub.Wake(in.opt.Hub.Users()...)
				in.opt.Hub.WakeWatchers()
			}
			begun, failing = true, false
			if len(hints) > 0 {
				in.hear(hints)
				every = in.opt.TailEvery
			} else {
				every = min(every+in.opt.TailEvery/2, max(in.opt.TailEvery, 500*time.Millisecond))
			}
			in.tailed.Store(began.UnixNano())
			in.follow(ctx, config)
		}
		if !pause(ctx, every) {
			return nil
		}
	}
}

// follow reloads the set-up when it changed, and lets go of the waiting polls
// whose token is gone.
func (in *Inbox) follow(ctx context.Context, config int64) {
	if config == in.opt.Directory().Version || in.opt.LoadDirectory == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	d, err := in.opt.LoadDirectory(ctx)
	if err != nil {
		in.log.WarnContext(ctx, "the set-up cannot be read", "err", err)
		return
	}
	if in.opt.NewDirectory != nil {
		in.opt.NewDirectory(d)
	}
}

// ReleaseRevoked ends the waiting polls of tokens that d does not let in any
// more, and of users who are not active, whoever's token speaks for them.
// Whoever installs a new snapshot calls it.
func (in *Inbox) ReleaseRevoked(d *models.Directory) {
	now := time.Now()
	valid := make(map[int64]bool, len(d.Tokens))
	for _, t := range d.Tokens {
		valid[t.ID] = lets(d, t, now)
	}
	in.opt.Hub.Revoke(func(user, token int64) bool {
		if user < 0 { // polls for all users
			return !valid[token]
		}
		u := d.Users[user]
		return token != 0 && !valid[token] || u == nil || !u.Active
	})
	in.opt.Hub.WakeWatchers() // who is one of all has changed
	in.opt.Hub.Pulse().Beat()
}

// lets reports whether d lets a token in.
func lets(d *models.Directory, t *models.Token, now time.Time) bool {
	if t == nil || !t.ValidAt(now) {
		return false
	}
	u := d.Users[t.UserID]
	return t.UserID == 0 || u != nil && u.Active
}

// listenLoop hears other replicas at once.
func (in *Inbox) listenLoop(ctx context.Context) error {
	err := in.opt.Replica.Listen(ctx, in.hear)
	if ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// The pace of revalidateLoop: an entry is older than checkAge when it is read
// again, and never as old as checkedFor.
const (
	checkEvery = 5 * time.Second // up to a fifth more
	checkAge   = 23 * time.Second
)

// revalidateLoop reads the inboxes of waiting users again before their entries
// are 30 s old, 500 at a time: the last net under a lost hint.
func (in *Inbox) revalidateLoop(ctx context.Context) error {
	for pass := 1; pause(ctx, jitter(checkEvery)); pass++ {
		now := time.Now()
		if pass%10 == 0 {
			in.presence.sweep(now)
			in.elsewhere.sweep(now)
			in.cache.forget(now.Add(-2 * time.Minute))
		}
		var stale []int64
		for _, u := range in.waitedFor() {
			if c, ok := in.cache.get(u); !ok || now.Sub(c.checked) > checkAge {
				stale = append(stale, u)
			}
		}
		for len(stale) > 0 && ctx.Err() == nil {
			part := stale[:min(len(stale), 500)]
			stale = stale[len(part):]
			in.revalidate(ctx, part)
		}
	}
	return nil
}

func (in *Inbox) revalidate(ctx context.Context, users []int64) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	at := time.Now()
	found, now, err := in.opt.Store.ReadInboxes(ctx, users)
	if err != nil {
		in.log.WarnContext(ctx, "waiting inboxes cannot be checked", "err", err)
		return
	}
	for _, ib := range found {
		if newer, _ := in.cache.put(ib, now, at); newer {
			in.opt.Hub.Wake(ib.UserID)
		}
	}
	in.confirmAbsent(users, found, at)
}

// pause waits for d; false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
