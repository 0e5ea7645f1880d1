package inbox

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"zummer/models"
)

// Beside is what the inbox reads and writes beside the register: who polled,
// who was told, and the picture of all users. Nothing of the register waits for
// it. app passes models/store in.
type Beside interface {
	// SavePresence writes which sessions polled when, sorted, none twice; an
	// older time never takes the place of a newer one.
	SavePresence(ctx context.Context, rows []models.Seen) error
	// Presence reads which sessions polled at since or later, and the
	// database's clock.
	Presence(ctx context.Context, since time.Time) ([]models.Seen, time.Time, error)
	// SaveDeliveries writes which session was told what when; the first time stays.
	SaveDeliveries(ctx context.Context, rows []models.Delivery) error
	// ReadAll reads all inboxes and all pending rows as they stood at one
	// moment, from the primary, and the database's clock of then or before.
	ReadAll(ctx context.Context) ([]models.Inbox, []models.Notification, time.Time, error)
	// Owners returns the users of pending and settled rows; an unknown id is absent.
	Owners(ctx context.Context, ids []int64) (map[int64]int64, error)
}

// The pace of presence. A session is written at most once a seenAfter; what
// the table says is seenSlack older at most than what is true: the minute, a
// pass of the writer and one of the reader.
const (
	seenEvery   = 5 * time.Second // up to a fifth more
	seenAfter   = time.Minute
	seenSlack   = seenAfter + 15*time.Second
	seenOverlap = 15 * time.Second // between two reads: a row may be committed that much after its time
	seenTrusted = 20 * time.Second // after a read the table counts as known
	seenRows    = 1000             // written at once: SQLite has one writer, and a batch must not wait long for it
)

// seenKey names a session.
type seenKey struct {
	user    int64
	session string
}

// dueSeen is a session that is to be written at a time.
type dueSeen struct {
	seenKey
	at time.Time
}

// attend is the part of presence that goes to the table. It is guarded by
// presence.mu.
type attend struct {
	fresh []seenKey      // to be written as soon as possible
	later []dueSeen      // written a moment ago: looked at again when due, earliest first
	relay map[int64]bool // tokens that poll for all users, as they stand in presence.users
}

// note has a session written that polled. p.mu is held.
func (p *presence) note(user int64, session string, s *seen) {
	if user < 0 {
		if p.attend.relay == nil {
			p.attend.relay = map[int64]bool{}
		}
		p.attend.relay[user] = true
	}
	if !s.queued {
		s.queued = true
		p.attend.fresh = append(p.attend.fresh, seenKey{user, session})
	}
}

// due takes out up to limit sessions that are to be written now, sorted, with
// the time of their last poll: of one that waits it is now. ahead is how much
// the database's clock is ahead of ours. saved or missed must follow.
func (p *presence) due(now time.Time, ahead time.Duration, limit int) []models.Seen {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := &p.attend
	var out []models.Seen
	look := func(k seenKey) {
		s := p.users[k.user][k.session]
		if s == nil {
			return
		}
		polled := s.until(now)
		if !polled.After(s.noted) { // gone since
			s.queued = false
			return
		}
		s.noted, s.wrote = polled, polled.Add(ahead).UTC().Truncate(time.Millisecond)
		out = append(out, models.Seen{UserID: k.user, Session: k.session, Client: s.client, App: s.app, PolledAt: s.wrote})
	}
	n := 0
	for ; n < len(a.later) && len(out) < limit && !a.later[n].at.After(now); n++ {
		look(a.later[n].seenKey)
	}
	a.later = compact(a.later, n)
	for n = 0; n < len(a.fresh) && len(out) < limit; n++ {
		look(a.fresh[n])
	}
	a.fresh = compact(a.fresh, n)
	slices.SortFunc(out, func(x, y models.Seen) int {
		return cmp.Or(cmp.Compare(x.UserID, y.UserID), strings.Compare(x.Session, y.Session))
	})
	return slices.CompactFunc(out, func(x, y models.Seen) bool { return x.UserID == y.UserID && x.Session == y.Session })
}

// saved has the rows of due looked at again in a minute.
func (p *presence) saved(rows []models.Seen, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range rows {
		p.attend.later = append(p.attend.later, dueSeen{seenKey{r.UserID, r.Session}, now.Add(seenAfter)})
	}
}

// missed has the rows of due, which could not be written, written with the next ones.
func (p *presence) missed(rows []models.Seen) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range rows {
		if s := p.users[r.UserID][r.Session]; s != nil {
			s.noted, s.wrote = time.Time{}, time.Time{}
			p.attend.fresh = append(p.attend.fresh, seenKey{r.UserID, r.Session})
		}
	}
}

// compact is all without its first n; the room of what went is given back when
// it is more than what stays.
func compact[T any](all []T, n int) []T {
	if n == len(all) {
		return nil
	}
	if n > len(all)/2 {
		return slices.Clone(all[n:])
	}
	return all[n:]
}

// until is the last moment that the session was there: now, while it waits.
func (s *seen) until(now time.Time) time.Time {
	switch {
	case s.waiting > 0:
		return now
	case s.answered.After(s.last):
		return s.answered
	}
	return s.last
}

// wroteAt is when the table was last told of a session, on its own clock.
func (p *presence) wroteAt(k seenKey) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.users[k.user][k.session]; s != nil {
		return s.wrote
	}
	return time.Time{}
}

// knows reports that a client of user has polled this process: then it is known
// when the last one did.
func (p *presence) knows(user int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.users[user]) > 0
}

// polled reports whether a client of user waits here or polled here within d;
// one that polls for all users counts for each.
func (p *presence) polled(user int64, within time.Duration, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	here := func(user int64) bool {
		for _, s := range p.users[user] {
			if now.Sub(s.until(now)) <= within {
				return true
			}
		}
		return false
	}
	if here(user) {
		return true
	}
	for u := range p.attend.relay {
		if here(u) {
			return true
		}
		if len(p.users[u]) == 0 {
			delete(p.attend.relay, u)
		}
	}
	return false
}

// Present reports whether a client of user waits for news now, or polled
// within d, here or on another replica; of another one that is known to
// seenSlack only, and a client that waits there never counts as absent. A
// program that polls for all users (Relay) counts for each of them. While the
// table of presence cannot be read, and for a moment after the start where it
// tells nothing, everybody is present whom nothing is known of.
func (in *Inbox) Present(user int64, within time.Duration) bool {
	now := time.Now()
	return in.presence.polled(user, within, now) || in.opt.Beside != nil && in.elsewhere.polled(user, within, now, !in.presence.knows(user))
}

// Sessions lists the clients of a user that polled in the last day, newest
// first; those of other replicas as they were up to a minute ago, and whether
// they wait is not known.
func (in *Inbox) Sessions(user int64) []models.Session {
	now := time.Now()
	out := append(in.presence.list(user, now), in.elsewhere.list(user, now)...)
	slices.SortFunc(out, func(a, b models.Session) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), b.LastPoll.Compare(a.LastPoll))
	})
	// A session that went to another process and came back stands twice.
	for i := 1; i < len(out); i++ {
		if out[i].Waiting && out[i-1].Name == out[i].Name {
			out[i-1] = out[i]
		}
	}
	out = slices.CompactFunc(out, func(a, b models.Session) bool { return a.Name == b.Name })
	slices.SortFunc(out, func(a, b models.Session) int {
		return cmp.Or(b.LastPoll.Compare(a.LastPoll), strings.Compare(a.Name, b.Name))
	})
	return out
}

// seenLoop tells the other replicas who polls here and learns who polls there.
func (in *Inbox) seenLoop(ctx context.Context) error {
	for {
		in.seenPass(ctx)
		if !pause(ctx, jitter(seenEvery)) {
			return nil
		}
	}
}

// seenPass is two statements, and one more for each seenRows sessions that are
// due beyond the first; one when nobody polled.
func (in *Inbox) seenPass(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, seenEvery)
	defer cancel()
	e, at := in.elsewhere, time.Now()
	since := e.since // only this goroutine writes it
	if since.IsZero() {
		since = at.Add(-keepSeen)
	}
	rows, dbNow, err := in.opt.Beside.Presence(ctx, since)
	if err == nil {
		e.merge(rows, dbNow, at, in.presence.wroteAt)
		for n := seenRows; n == seenRows && err == nil; { // more than that came due: those who stay must not crowd out who comes
			now := time.Now()
			due := in.presence.due(now, dbNow.Sub(at), seenRows)
			if n = len(due); n == 0 {
				break
			}
			if err = in.opt.Beside.SavePresence(ctx, due); err == nil {
				in.presence.saved(due, now)
			} else {
				in.presence.missed(due)
			}
		}
	}
	switch {
	case err != nil && ctx.Err() == nil && !e.failing:
		in.log.WarnContext(ctx, "who polls is not shared between replicas", "err", err)
	case err == nil && e.failing:
		in.log.InfoContext(ctx, "who polls is shared between replicas again")
	}
	e.failing = err != nil
}
