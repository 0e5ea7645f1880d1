package agent

import (
	"context"
	"net/http"
	"slices"
	"strings"

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
		f.answer(w, a, err)
	case "claim":
		c, err := r.claim(ctx, k, q.session)
		f.answer(w, c, err)
	case "release":
		c, err := r.release(ctx, k, q.session)
		f.answer(w, c, err)
	default:
		return false
	}
	return true
}

var (
	errClaimed = &zummer.Error{Status: http.StatusConflict, Code: "claimed", Detail: "another client has it"}
	errNoName  = &zummer.Error{Status: http.StatusUnprocessableEntity, Code: "invalid", Detail: "session: is required"}
)

// claim takes a row for one local client. To the service all of them are the
// agent's session, which may take a row twice; so who is first is kept here.
func (r *relay) claim(ctx context.Context, k zummer.Key, name string) (zummer.Claimed, error) {
	if name == "" {
		return zummer.Claimed{}, errNoName
	}
	r.mu.Lock()
	again := r.claims[k] == name
	if r.elsewhere(k, name) {
		r.mu.Unlock()
		return zummer.Claimed{}, errClaimed
	}
	r.claims[k] = name
	r.mu.Unlock()
	c, err := r.session.Claim(ctx, k)
	r.mu.Lock()
	if !again || err == nil {
		delete(r.claims, k)
	}
	if err == nil {
		r.claims[zummer.Key{ID: c.ID, Rev: c.Rev}] = name // a call of a shared phone has a new revision now
		r.version++
	}
	r.mu.Unlock()
	if err != nil {
		return c, err
	}
	r.sit(name, false)
	c.Session = name
	return c, nil
}

// elsewhere reports whether a row is another local client's, or the agent's own
// to open; the caller holds r.mu.
func (r *relay) elsewhere(k zummer.Key, name string) bool {
	if by := r.claims[k]; by != "" {
		return by != name
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
