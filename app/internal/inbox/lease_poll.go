package inbox

import (
	"time"

	"zummer/models"
)

// read is Inbox.read for this poll: its session first takes the rows that it
// shall open, or passes on what it cannot. due is also when it must look again
// to keep what it holds.
func (p *poll) read() (set models.Set, due time.Time, err error) {
	for range 5 {
		if set, due, err = p.in.read(p.ctx, p.user); err != nil {
			return set, due, err
		}
		if set.Calm() {
			p.in.cache.calm(set.Inbox)
		}
		again, err := p.seats(&set)
		if err != nil {
			return set, due, err
		}
		if !again {
			break
		}
	}
	p.seen = set.Inbox.VersionText()
	return set, due, nil
}

// seats writes what the session of the poll does about the rows that were read;
// again says that it did, and that the set is to be read once more. A client
// without a name, and a further page, do nothing.
func (p *poll) seats(set *models.Set) (again bool, err error) {
	p.lease = time.Time{}
	if p.q.Session == "" || p.q.After != "" {
		return false, nil
	}
	o := &op{name: "take", user: p.user, seat: &seat{what: seatTake, session: p.q.Session, app: p.q.App}}
	if p.q.Busy {
		o.name, o.seat.what = "leave", seatLeave
	}
	var held []int64
	now := time.Now()
	for i := range set.Rows {
		switch n := &set.Rows[i]; {
		case n.Session == p.q.Session && (!p.q.Busy || !n.ForOne()):
			held = append(held, n.ID)
			if end := now.Add(n.Leased.Sub(set.Now)); p.lease.IsZero() || end.Before(p.lease) {
				p.lease = end
			}
		case n.Session == p.q.Session, n.Session == "" && n.ForOne() && sees(p.q.App, n.App()) && (p.q.Busy || !p.in.presence.declined(p.user, p.q.Session, n.ID, now)):
			o.seat.ids = append(o.seat.ids, n.ID)
		}
	}
	switch version := set.Inbox.VersionText(); {
	case len(o.seat.ids) > 0 && p.tried != version: // what was tried and changed nothing waits for others
		p.tried = version
	case p.keeps(now):
		o = &op{name: "keep", user: p.user, seat: &seat{what: seatKeep, session: p.q.Session, ids: held}}
	default:
		return false, nil
	}
	return true, p.in.submit(p.ctx, o)
}

// keeps reports whether it is time to keep a lease: early enough that no other
// process sees it run out.
func (p *poll) keeps(now time.Time) bool { return !p.lease.IsZero() && !now.Before(p.keepAt()) }

func (p *poll) keepAt() time.Time { return p.lease.Add(-p.in.opt.Lease / keepBefore) }

// trusts reports whether the poll may go by the version alone: no row waits
// for its session, and it has nothing to keep.
func (p *poll) trusts(c cached, now time.Time) bool {
	return (p.q.Session == "" || c.calm || p.seen == c.text()) && !p.keeps(now)
}

// calm notes that the set of this version holds no row that a session shall
// act on alone.
func (c *cache) calm(ib models.Inbox) {
	s := c.shard(ib.UserID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.m[ib.UserID]; ok && !v.hinted && v.epoch == ib.Epoch && v.version == ib.Version {
		v.calm = true
		s.m[ib.UserID] = v
	}
}

// calms lists the users whose sets are calm after the batch, as far as can be
// said without reading them.
func (in *Inbox) calms(l *ledger) map[int64]bool {
	out := map[int64]bool{}
	for u, ib := range l.inboxes {
		c, ok := in.cache.get(u)
		out[u] = ib.Pending == 0 || ok && c.calm && c.epoch == ib.Epoch && c.version == l.known[u].Version
	}
	for _, e := range l.rows {
		if !e.deleted && !e.n.Calm() {
			out[e.n.UserID] = false
		}
	}
	return out
}
