package agent

import (
	"context"
	"net/http"
	"slices"
	"time"

	zummer "zummer/clients/go"
)

// claim is a row that a local client has taken. To the service it is the
// agent's, whose polls keep the lease; so that of the local client is kept here:
// who has not asked for the time of a lease is gone.
type claim struct {
	by      string
	seen    time.Time     // when it last polled or claimed
	lease   time.Duration // as the service told it
	leaving bool          // it is being given back: nobody's to take yet
	left    zummer.Key    // what the agent left to it to open; zero: nothing
}

// attend notes that a local client is there; the caller holds r.mu.
func (r *relay) attend(name string, now time.Time) {
	for _, c := range r.claims {
		if c.by == name && name != "" {
			c.seen = now
		}
	}
}

// carry takes claims to the revisions that have come of their rows, which stay
// the holder's at the service too; what is not pending is nobody's. The caller
// holds r.mu; a claim that no picture had yet stays.
func (r *relay) carry(rows []zummer.Notification) {
	for i := range r.rows {
		k := r.rows[i].Key()
		c := r.claims[k]
		if c == nil || slices.ContainsFunc(rows, func(n zummer.Notification) bool { return n.Key() == k }) {
			continue
		}
		delete(r.claims, k)
		for j := range rows {
			if n := &rows[j]; n.ID == k.ID && n.Rev > k.Rev && n.Session == r.session.Name() && r.claims[n.Key()] == nil {
				r.claims[n.Key()] = c
			}
		}
	}
}

// overdue are the claims whose clients are gone. Rows that one session opens are
// to be passed on, and are no claims any more; cards are to be released.
func (r *relay) overdue(now time.Time) (pass, release []zummer.Key) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, c := range r.claims {
		switch {
		case !c.over(now):
		case slices.ContainsFunc(r.rows, func(n zummer.Notification) bool { return n.Key() == k && n.Action.Opens() }):
			pass = append(pass, k)
			delete(r.claims, k)
			r.version++
		case r.up: // else it would only be tried
			release = append(release, k)
		}
	}
	return pass, release
}

func (c *claim) over(now time.Time) bool { return now.Sub(c.seen) >= c.lease }

// giveBack lets go of what local clients that are gone have claimed. What the
// service does not take now is tried again with the next call.
func (r *relay) giveBack(ctx context.Context) {
	pass, release := r.overdue(time.Now())
	for _, k := range pass {
		r.session.Ack(k, zummer.Busy, "")
		r.log.InfoContext(ctx, "passed on: the local program that claimed it asks no more", "row", k.String())
	}
	for _, k := range release {
		c := r.leave(k)
		if c == nil {
			continue
		}
		err := r.letGo(ctx, k)
		r.mu.Lock()
		c.leaving = false // also where the row has a new revision by now, which keeps the claim
		var left zummer.Key
		if err == nil && r.claims[k] == c {
			delete(r.claims, k)
			r.version++
			left = c.left
		}
		r.mu.Unlock()
		if left != (zummer.Key{}) { // the agent had it to open, and left it to this claim
			r.session.Ack(left, zummer.Busy, "")
		}
		if err != nil {
			r.log.WarnContext(ctx, "a row could not be released", "row", k.String(), "error", Mask(withoutAddress(err).Error()))
			return
		}
	}
}

// leave is a claim whose client is still away: nobody can have the row until it
// is given back. nil: it is back, or has no claim any more.
func (r *relay) leave(k zummer.Key) *claim {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.claims[k]
	if c == nil || !c.over(time.Now()) {
		return nil
	}
	c.leaving = true
	return c
}

// letGo releases a row; one that is not the agent's any more needs none.
func (r *relay) letGo(ctx context.Context, k zummer.Key) error {
	ctx, cancel := context.WithTimeout(ctx, ownTime)
	defer cancel()
	_, err := r.session.Release(ctx, k)
	switch zummer.StatusOf(err) {
	case http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity:
		return nil
	}
	if err == nil {
		r.log.InfoContext(ctx, "released: the local program that claimed it asks no more", "row", k.String())
	}
	return err
}
