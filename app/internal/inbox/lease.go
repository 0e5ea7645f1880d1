package inbox

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"zummer/models"
)

// One session opens (contract §4.1). A row that opens a form names in Session
// who shall do it, and is held until Leased. Within one revision the session
// goes from nobody to one and no further: whoever loses a row loses it to a new
// revision, so that what the loser still sends is of a revision that is gone.
//
// A row gets its session in the very write that makes it when somebody who can
// open it polls here; else the first poll that sees it free takes it by a write
// of its own. While the session polls, the row is its: its poll keeps the lease
// before the end, and the end itself asks who polls here. That changes no body
// and makes no version.

// offered is how long a row that nobody who polls here can open waits for a
// session that polls another replica, or that polls seldom and is woken, before
// it becomes a card.
const offered = 5 * time.Second

// keepBefore is the part of a lease that is left when its holder's poll keeps
// it: nobody else sees it run out.
const keepBefore = 4

// seat is what a session wants of rows of its user.
type seat struct {
	what    seatWhat
	session string
	app     string // of the session's poll
	ids     []int64
	rev     int // that the client names; 0: of a poll
}

type seatWhat int

const (
	seatTake    seatWhat = iota // a poll: what is free
	seatLeave                   // a poll of a busy session: what it holds or sees free
	seatKeep                    // a poll: what it holds
	seatClaim                   // a client, one row
	seatRelease                 // a client, one row
)

// Claim gives a row to a session before it opens it. Any pending row may be
// claimed. The holder itself may claim again. Errors: Conflict "claimed" when
// another session holds it, "moved_on" when the revision is not the pending one
// or the row is settled; NotFound.
func (in *Inbox) Claim(ctx context.Context, user int64, c models.Claim) (models.Claimed, error) {
	return in.seat(ctx, "claim", user, c, seatClaim)
}

// Release takes a row away from the session that holds it, and gives it to
// another one that polls, if there is one. The session gets it again only by
// Claim. Releasing twice is harmless. Errors as Claim.
func (in *Inbox) Release(ctx context.Context, user int64, c models.Claim) (models.Claimed, error) {
	in.presence.decline(user, c.Session, c.ID, time.Now().Add(keepSeen))
	return in.seat(ctx, "release", user, c, seatRelease)
}

func (in *Inbox) seat(ctx context.Context, name string, user int64, c models.Claim, what seatWhat) (models.Claimed, error) {
	o := &op{name: name, user: user, seat: &seat{what: what, session: c.Session, ids: []int64{c.ID}, rev: c.Rev}}
	if err := in.submit(ctx, o); err != nil {
		return models.Claimed{}, err
	}
	return o.claimed, nil
}

// seat carries out what a session wants of rows.
func (b *batch) seat(o *op) error {
	l, s := b.ledger, o.seat
	for _, id := range s.ids {
		e := l.rows[models.RowRef{User: o.user, ID: id}]
		if e != nil && e.deleted {
			e = nil
		}
		switch {
		case s.what == seatClaim || s.what == seatRelease:
			if err := b.seatByClient(o, id, e); err != nil {
				return err
			}
		case e == nil:
		case s.what == seatTake && e.n.Session == "" && e.n.ForOne() && sees(s.app, e.n.App()):
			l.take(o, e, s.session)
		case s.what == seatLeave && e.n.ForOne() && !onOffer(e.n) && (e.n.Session == "" || e.n.Session == s.session):
			l.passOn(o, e, s.session, "the session "+s.session+" has a modal window or an unsaved form open")
		case s.what == seatKeep && e.n.Session == s.session:
			l.hold(e, s.session)
		}
	}
	if s.what == seatKeep { // all rows were read: nothing need happen at the lease's old end
		ib := l.inboxes[o.user]
		ib.NextExpiry = time.Time{}
		for _, e := range l.of(o.user) {
			l.due(e.n)
		}
	}
	return nil
}

// seatByClient is a claim or a release of one row; e is nil when it is not
// pending. Who claims what others have too takes it from them.
func (b *batch) seatByClient(o *op, id int64, e *entry) error {
	l, s := b.ledger, o.seat
	if e == nil {
		o.opErr = models.Errorf(models.NotFound, "no such notification")
		if _, known := l.settled[models.RowRef{User: o.user, ID: id}]; known {
			o.opErr = models.Coded(models.Conflict, "moved_on", "notification %d is not pending any more", id)
		}
		return nil
	}
	switch n := e.n; {
	case s.what == seatRelease && n.Session == "" && n.Rev == s.rev+1: // released before
	case n.Rev != s.rev && n.Action == models.ActionNone && n.Rule == "taken":
		o.opErr = models.Coded(models.Conflict, "claimed", "somebody else has taken notification %d", id)
		return nil
	case n.Rev != s.rev:
		o.opErr = models.Coded(models.Conflict, "moved_on", "revision %d of notification %d is pending; poll again", n.Rev, id)
		return nil
	case n.Session != "" && n.Session != s.session:
		o.opErr = models.Coded(models.Conflict, "claimed", "another session has taken notification %d", id)
		return nil
	case s.what == seatClaim:
		if err := b.takeTask(o, e, true); err != nil {
			return err
		}
		l.take(o, e, s.session)
	case n.Session != "":
		to := ""
		if n.ForOne() {
			to = l.choose(n, s.session, 0)
		}
		l.hand(o, e, to, "the session "+s.session+" released it")
	}
	o.claimed = models.Claimed{ID: id, Rev: e.n.Rev, Session: e.n.Session}
	if e.n.Session != "" {
		o.claimed.Lease = e.n.Leased.Sub(b.now)
	}
	return nil
}

// place gives a new or revised row to a session, or takes it away, as its
// action wants it; was says that one session alone was to act on it before.
func (l *ledger) place(n *models.Notification, was bool) {
	is := n.ForOne()
	switch {
	case was && !is:
		n.Session, n.Leased = "", time.Time{}
	case is && n.Session == "":
		if to := l.choose(n, "", 0); to != "" {
			n.Session, n.Leased = to, l.b.now.Add(l.b.in.opt.Lease)
		}
	}
}

func (l *ledger) choose(n *models.Notification, except string, recent time.Duration) string {
	return l.b.in.presence.choose(n.UserID, choice{row: n.ID, app: n.App(), except: except, recent: recent}, l.b.at)
}

// hold lengthens the lease; it changes no body.
func (l *ledger) hold(e *entry, session string) {
	e.n.Session, e.n.Leased, e.dirty = session, l.b.now.Add(l.b.in.opt.Lease), true
	l.due(e.n)
}

// take gives a free row to a session: the revision stays, the set gets a new
// version. A session that holds it already keeps it.
func (l *ledger) take(o *op, e *entry, session string) {
	if e.n.Session != session {
		l.version(e.n.UserID)
		e.n.Session = session
		l.step(models.StepClaimed, e.n, o, models.Step{Session: session})
	}
	l.hold(e, session)
}

// hand gives a row, under a new revision, to another session than the one that
// holds it or would not have it; "": to whoever takes it.
func (l *ledger) hand(o *op, e *entry, to, why string) {
	n := e.n
	n.Rev++
	n.Version = l.version(n.UserID)
	n.Session, n.Leased, e.dirty = "", time.Time{}, true
	if to != "" {
		l.hold(e, to)
	}
	l.step(models.StepPassed, n, o, models.Step{Reason: why, Session: to})
}

// onOffer reports whether a row waits for a session that polls elsewhere.
func onOffer(n *models.Notification) bool { return n.Session == "" && !n.Leased.IsZero() }

// passOn gives a row to another session than from, which cannot open it now: to
// one that polls here or is about to; else, when others poll other replicas or
// polled here lately, to whoever takes it within moments; else to all, as a card.
func (l *ledger) passOn(o *op, e *entry, from, why string) {
	switch to := l.choose(e.n, from, l.b.in.opt.PollInterval+time.Second); {
	case to != "":
		l.hand(o, e, to, why)
	case !l.b.in.presence.othersMayCome(e.n.UserID, choice{row: e.n.ID, app: e.n.App(), except: from}, l.b.at):
		l.card(o, e, why+": it comes back as a card")
	default:
		until := l.b.now.Add(min(offered, l.b.in.opt.Lease))
		if onOffer(e.n) {
			until = e.n.Leased
		}
		l.hand(o, e, "", why)
		e.n.Leased = until
		l.due(e.n)
	}
}

// card makes a row a card for all sessions, with the same content.
func (l *ledger) card(o *op, e *entry, why string) {
	l.revise(o, e, &models.Draft{Kind: e.n.Kind, Action: models.ActionShow, Payload: e.n.Payload, Rule: e.n.Rule, RulesVersion: e.n.RulesVersion, Shared: e.n.Shared,
		Reason: why, TTL: e.n.ExpiresAt.Sub(l.b.now)})
}

// ackBusy is an acknowledgement of a session that cannot open the row now: it
// is asked again after the time of a lease, so that two busy sessions do not
// throw a row back and forth. A row that another session holds is not the
// client's to give away: nothing is noted then.
func (l *ledger) ackBusy(o *op, e *entry, a models.Ack) string {
	n, in := e.n, l.b.in
	o.busy = true
	if n.ForOne() && a.Session != "" && n.Session != "" && a.Session != n.Session {
		return models.AckStale
	}
	from := cmp.Or(a.Session, n.Session)
	in.presence.decline(o.user, from, n.ID, l.b.now.Add(in.opt.Lease))
	if n.ForOne() {
		l.passOn(o, e, from, "the client was busy")
	} else {
		l.card(o, e, "the client was busy: it comes back as a card")
	}
	return models.AckProcessed
}

// leaseEnds decides about a row whose lease is over: who polls here keeps it
// (to a full lease after its last poll), else it passes to another session that
// does, else it is free. What was on offer and was not taken becomes a card.
func (l *ledger) leaseEnds(e *entry) {
	n, lease := e.n, l.b.in.opt.Lease
	if n.Session == "" {
		n.Leased, e.dirty = time.Time{}, true
		if n.ForOne() {
			l.card(nil, e, "no session could open it: it comes back as a card")
		}
		return
	}
	if seen := l.b.in.presence.attended(n.UserID, n.Session, l.b.at); !seen.IsZero() {
		if left := seen.Add(lease).Sub(l.b.at); left > lease/60 { // not for moments: each is a write
			n.Leased, e.dirty = l.b.now.Add(left), true
			return
		}
	}
	from, to := n.Session, ""
	if n.ForOne() {
		to = l.choose(n, from, 0)
	}
	l.hand(nil, e, to, fmt.Sprintf("the session %s did not poll for %s", from, lease))
}
