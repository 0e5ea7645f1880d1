package zummer

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// PollQuery is what a poll asks.
type PollQuery struct {
	// Version of the picture that the client has; "": none, the whole set comes.
	Version string
	// Wait is for how long the service may hold the answer until something
	// differs from Version; 0: it answers at once.
	Wait time.Duration
	// Limit is the rows of a page, 1 to 100; 0: 50.
	Limit int
	// After is Next of the page before; "": the first page.
	After string
	// Session names this running client; "": none.
	Session string
	// App asks for the rows of one infobase and of none; "": all.
	App string
	// Busy says that a modal window is open: the session opens nothing now.
	Busy bool
	// Acks are applied first; at most 500.
	Acks []Ack
}

// waitGrace is how much longer than its wait a client waits for an answer.
const waitGrace = 15 * time.Second

// Poll asks for one page of the pending set, once: what is lost is for the
// caller to ask again, with the same acks. Acks of an answer that is lost may
// have been applied; they are harmless when they come again.
func (c *Client) Poll(ctx context.Context, q PollQuery) (Set, error) {
	body := map[string]any{"wait": q.Wait.Seconds()}
	for name, value := range map[string]string{"version": q.Version, "after": q.After, "session": q.Session, "app": q.App} {
		if value != "" {
			body[name] = value
		}
	}
	if q.Limit > 0 {
		body["limit"] = q.Limit
	}
	if q.Busy {
		body["busy"] = true
	}
	if len(q.Acks) > 0 {
		body["ack"] = q.Acks
	}
	return c.ask(ctx, q, http.MethodPost, "/v1/notifications/poll", body)
}

// ask sends a poll, once.
func (c *Client) ask(ctx context.Context, q PollQuery, method, path string, body any) (Set, error) {
	ctx, cancel := context.WithTimeout(ctx, max(q.Wait, 0)+waitGrace)
	defer cancel()
	var s Set
	if err := c.try(ctx, method, path, body, &s); err != nil {
		return Set{}, err
	}
	if s.State == "" {
		return Set{}, fmt.Errorf("%w: it names no state", ErrNoZummer)
	}
	return s, nil
}

// PollWhole is Poll through all pages: the set that it gives is complete, or
// has no rows because nothing changed or the session was superseded. It begins
// again when the set moves on between two pages.
func (c *Client) PollWhole(ctx context.Context, q PollQuery) (Set, error) {
	return gather(ctx, q, c.Poll)
}

// gather takes the pages that poll gives. What ends them without rows names no
// version: after a page of another set that would be one that nobody has.
func gather(ctx context.Context, q PollQuery, poll func(context.Context, PollQuery) (Set, error)) (Set, error) {
	p := newPages()
	acks := []AckResult(nil)
	for {
		s, err := poll(ctx, q)
		if err != nil {
			return Set{}, err
		}
		acks = append(acks, s.Acks...)
		begun := p.begun
		more := p.add(s)
		if !more {
			if begun && s.State != StateSet && s.State != StateReset {
				s.Version = ""
			}
			s.Rows, s.Acks = p.rows, acks
			return s, nil
		}
		if err := rest(ctx, max(p.pause(), s.PollAfter)); err != nil {
			return Set{}, err
		}
		q.After, q.Acks = s.Next, nil
	}
}

// pages gathers the pages of one picture.
type pages struct {
	begun  bool
	resets int
	rows   []Notification
	at     map[string]int // index of a row by its id
}

func newPages() *pages { return &pages{at: map[string]int{}} }

// add takes a page and says whether another one belongs to it. A reset behind
// the first page means that this is page 1 of a newer set. A state without rows
// ends it with none.
func (p *pages) add(s Set) (more bool) {
	if s.State != StateSet && s.State != StateReset {
		p.clear()
		return false
	}
	if p.begun && s.State == StateReset {
		p.clear()
		p.resets++
	}
	p.begun = true
	for _, n := range s.Rows {
		if i, twice := p.at[n.ID]; twice {
			p.rows[i] = n
			continue
		}
		p.at[n.ID] = len(p.rows)
		p.rows = append(p.rows, n)
	}
	return s.Next != ""
}

func (p *pages) clear() {
	p.rows = nil
	clear(p.at)
}

// pause keeps a set that changes between any two pages from becoming a hot loop.
func (p *pages) pause() time.Duration {
	if p.resets < 3 {
		return 0
	}
	return min(time.Duration(p.resets)*100*time.Millisecond, 2*time.Second)
}

// Ack settles one revision on its own; Run's acks go with its polls. It is
// tried again until it is answered. Errors: Error with code not_found for a row
// that is not the user's.
func (c *Client) Ack(ctx context.Context, a Ack) (AckResult, error) { return c.ackAs(ctx, "", a) }

func (c *Client) ackAs(ctx context.Context, session string, a Ack) (AckResult, error) {
	return ackBy(ctx, c.again, session, a)
}

// ackOnce does not repeat: a Session keeps to what the service said meanwhile.
func (c *Client) ackOnce(ctx context.Context, session string, a Ack) (AckResult, error) {
	return ackBy(ctx, c.call, session, a)
}

func ackBy(ctx context.Context, send func(context.Context, string, string, any, any, ...string) error, session string, a Ack) (AckResult, error) {
	body := map[string]any{"rev": a.Rev, "outcome": a.Outcome, "detail": a.Detail}
	if session != "" {
		body["session"] = session
	}
	var r AckResult
	err := send(ctx, http.MethodPut, "/v1/notifications/"+url.PathEscape(a.ID)+"/processed", body, &r)
	return r, err
}

// AckAll settles every row whose last revision is not newer than version, and
// says how many. Errors: Error with code moved_on when the version is of an
// older epoch.
func (c *Client) AckAll(ctx context.Context, version, session string) (settled int, err error) {
	body := map[string]string{"version": version}
	if session != "" {
		body["session"] = session
	}
	var out struct {
		Settled int `json:"settled"`
	}
	err = c.again(ctx, http.MethodPost, "/v1/notifications/ack-all", body, &out)
	return out.Settled, err
}

// Claimed is a row after a claim or a release.
type Claimed struct {
	ID      string `json:"id"`
	Rev     int    `json:"rev"` // acknowledge this one
	Session string `json:"session"`
	LeaseS  int    `json:"lease_s"` // for how long it is held without a poll
}

// Claim takes a row for the session before it opens it. Errors: Error with code
// claimed (another session holds it), moved_on (another revision is pending, or
// none: poll again), not_found.
func (c *Client) Claim(ctx context.Context, session string, k Key) (Claimed, error) {
	return c.seat(ctx, "claim", session, k)
}

// Release gives a row back: it passes to another session under its next
// revision. Errors as Claim.
func (c *Client) Release(ctx context.Context, session string, k Key) (Claimed, error) {
	return c.seat(ctx, "release", session, k)
}

func (c *Client) seat(ctx context.Context, do, session string, k Key) (Claimed, error) {
	var out Claimed
	err := c.again(ctx, http.MethodPost, "/v1/notifications/"+url.PathEscape(k.ID)+"/"+do, map[string]any{"session": session, "rev": k.Rev}, &out)
	return out, err
}
