package agent

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	zummer "zummer/clients/go"
)

// own answers what the agent's user asks of the register; false: it is to be
// passed on.
func (r *relay) own(w http.ResponseWriter, req *http.Request, f format, body []byte) bool {
	path := strings.TrimSuffix(req.URL.Path, "/")
	get, post := req.Method == http.MethodGet, req.Method == http.MethodPost
	if get && path == "/v1/notifications" || post && path == "/v1/notifications/poll" {
		r.poll(w, req, f, body)
		return true
	}
	id, do, ok := strings.Cut(strings.TrimPrefix(path, "/v1/notifications/"), "/")
	if !ok || !post && req.Method != http.MethodPut {
		return false
	}
	q, err := readQuery(req, body)
	if err != nil {
		f.refuse(w, http.StatusUnprocessableEntity, "invalid", err.Error(), 0)
		return true
	}
	k := zummer.Key{ID: id, Rev: q.rev}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(req.Context()), ownTime)
	defer cancel()
	switch do {
	case "processed":
		a, err := r.settle(ctx, zummer.Ack{ID: id, Rev: q.rev, Outcome: q.outcome, Detail: q.detail})
		if err == nil && a.Result == zummer.NotFound {
			err = &zummer.Error{Status: http.StatusNotFound, Code: "not_found", Detail: "there is no such row"}
		}
		f.answer(w, a, ofAgent(err))
	case "claim":
		c, err := r.claim(ctx, k, q.session)
		f.answer(w, c, ofAgent(err))
	case "release":
		c, err := r.release(ctx, k, q.session)
		f.answer(w, c, ofAgent(err))
	default:
		return false
	}
	return true
}

var (
	errClaimed = &zummer.Error{Status: http.StatusConflict, Code: "claimed", Detail: "another client has it"}
	errLeaving = &zummer.Error{Status: http.StatusServiceUnavailable, Code: "upstream_away", Detail: "it is being given back: ask again", Retryable: true, RetryAfter: time.Second}
	errNoName  = &zummer.Error{Status: http.StatusUnprocessableEntity, Code: "invalid", Detail: "session: is required"}
)

// claim takes a row for one local client. To the service all of them are the
// agent's session, which may take a row twice; so who is first is kept here.
func (r *relay) claim(ctx context.Context, k zummer.Key, name string) (zummer.Claimed, error) {
	if name == "" {
		return zummer.Claimed{}, errNoName
	}
	r.mu.Lock()
	old, now := r.claims[k], time.Now()
	switch {
	case r.elsewhere(k, name):
		r.mu.Unlock()
		return zummer.Claimed{}, errClaimed
	case old != nil && old.leaving:
		r.mu.Unlock()
		return zummer.Claimed{}, errLeaving
	case old == nil:
		r.claims[k] = &claim{by: name, seen: now, lease: localLease}
	}
	mine := r.claims[k]
	r.attend(name, now)
	r.mu.Unlock()
	c, err := r.session.Claim(ctx, k)
	r.mu.Lock()
	if (old == nil || err == nil) && r.claims[k] == mine {
		delete(r.claims, k)
	}
	if err == nil {
		mine.seen, mine.lease = time.Now(), cmp.Or(time.Duration(c.LeaseS)*time.Second, localLease)
		r.claims[zummer.Key{ID: c.ID, Rev: c.Rev}] = mine // a call of a shared phone has a new revision now
		r.version++
	}
	left := mine.left
	r.mu.Unlock()
	if err != nil {
		if old == nil && left != (zummer.Key{}) { // the agent had it to open, and left it to this claim
			r.session.Ack(left, zummer.Busy, "")
		}
		return c, err
	}
	r.sit(name, false)
	c.Session = name
	return c, nil
}

// elsewhere reports whether a row is another local client's, or the agent's own
// to open; the caller holds r.mu.
func (r *relay) elsewhere(k zummer.Key, name string) bool {
	if c := r.claims[k]; c != nil {
		return c.by != name && !c.leaving
	}
	if r.handed[k] {
		return r.holder.name != name
	}
	return slices.ContainsFunc(r.rows, func(n zummer.Notification) bool {
		return n.Key() == k && n.Action.Opens() && n.Session == r.session.Name()
	})
}

// release gives back what a local client has claimed, or was left.
func (r *relay) release(ctx context.Context, k zummer.Key, name string) (zummer.Claimed, error) {
	if name == "" {
		return zummer.Claimed{}, errNoName
	}
	r.mu.Lock()
	elsewhere := r.elsewhere(k, name)
	r.mu.Unlock()
	if elsewhere {
		return zummer.Claimed{}, errClaimed
	}
	c, err := r.session.Release(ctx, k)
	if err == nil {
		r.mu.Lock()
		delete(r.claims, k)
		delete(r.handed, k)
		r.version++
		r.mu.Unlock()
	}
	return c, err
}
