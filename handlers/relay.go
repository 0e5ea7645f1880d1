package handlers

import (
	"context"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// Bounds of a page for all users: it is a server that reads it, and the fewer
// pages a picture has, the less often it moves on between two of them.
const (
	relayLimit    = 1000
	maxRelayLimit = 5000
	maxRelay      = 4 << 20 // bytes
)

// relayRoute is GET /v1/relay/notifications: one poll for all active users,
// with the chain of a poll (pollRoute).
func (a *API) relayRoute(c echo.Context) error {
	began := time.Now()
	r, err := a.readRelay(c)
	if err == nil {
		err = a.awaitRelay(c, r)
	}
	if err == nil {
		err = a.writeSet(c, r)
	}
	if err != nil {
		c.Error(err)
	}
	a.observe(c, began)
	return nil
}

// readRelay reads all of the request before anything is applied.
func (a *API) readRelay(c echo.Context) (*pollRequest, error) {
	a.allowOrigin(c)
	r := new(pollRequest)
	var err error
	if r.who, err = a.identify(c, models.ScopeRelay); err != nil {
		return nil, err
	}
	if c.Request().Header.Get("X-Zummer-User") != "" {
		return nil, models.InvalidField("X-Zummer-User", "names one user, and this is for all: poll /v1/notifications, or leave it out")
	}
	f := queryFields(c)
	if err := a.parsePoll(c, r, f, 0); err != nil {
		return nil, err
	}
	r.q.Limit, r.out.room = min(f.int("limit", relayLimit), maxRelayLimit), maxRelay
	return r, a.relays.note(c.Request().Context(), a.d.Setup, Actor{Who: r.who.Token.Name, From: c.RealIP()}, r.who.Token.ID)
}

// awaitRelay is the wait itself.
func (a *API) awaitRelay(c echo.Context, r *pollRequest) (err error) {
	if r.q.Wait > 0 {
		extendDeadlines(c, r.q.Wait+writeGrace)
	}
	a.polls.Add(1)
	r.out.set, err = a.d.Register.Relay(c.Request().Context(), r.who, r.q)
	a.polls.Add(-1)
	if err == nil && r.out.set.Now.IsZero() {
		r.out.set.Now = time.Now()
	}
	return err
}

// relays has it written down, once a day and process, that a token polls for
// all users.
type relays struct {
	mu   sync.Mutex
	day  string
	told map[int64]bool
}

// note writes into the audit. What cannot be written down does not happen.
func (r *relays) note(ctx context.Context, setup Setup, by Actor, token int64) error {
	if !r.first(token) {
		return nil
	}
	err := setup.AuditNote(ctx, by, "relay.all", "all users", "the first time today")
	if err != nil {
		r.mu.Lock()
		delete(r.told, token)
		r.mu.Unlock()
	}
	return err
}

// first reports whether token comes for the first time today.
func (r *relays) first(token int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if day := time.Now().UTC().Format(time.DateOnly); day != r.day {
		r.day, r.told = day, map[int64]bool{}
	}
	if r.told[token] {
		return false
	}
	r.told[token] = true
	return true
}

// appendRelayRow is appendRow with the user that the row belongs to.
func (w *answer) appendRelayRow(b []byte, n *models.Notification) []byte {
	u := orEmpty(w.set.Users[n.UserID])
	b = append(b, `{"user":{"login":`...)
	b = appendText(b, clean(u.Login, models.MaxName))
	b = append(b, `,"external_id":`...)
	b = appendOrNull(b, clean(u.ExternalID, models.MaxName))
	b = append(b, `},`...)
	return append(appendRowFields(b, n), '}')
}

// relayAttrs names the user of a row in xml.
func (w *answer) relayAttrs(b []byte, n *models.Notification) []byte {
	u := orEmpty(w.set.Users[n.UserID])
	b = attr(b, "user", clean(u.Login, models.MaxName))
	return attr(b, "external_id", clean(u.ExternalID, models.MaxName))
}

// relayLine is the line of a text before the rows of another user.
func (w *answer) relayLine(b []byte, n *models.Notification) []byte {
	if n.UserID == w.whose {
		return b
	}
	w.whose = n.UserID
	u := orEmpty(w.set.Users[n.UserID])
	return line(b, "U", clean(u.Login, models.MaxName), clean(u.ExternalID, models.MaxName))
}
