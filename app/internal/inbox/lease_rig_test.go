package inbox

import (
	"fmt"
	"strings"
	"testing/synctest"
	"time"

	"zummer/models"
)

// client is one session of ivanov that polls as a real one does: it waits, and
// comes again with the version that it has.
type client struct {
	r    *rig
	q    models.PollQuery
	in   *Inbox
	last models.PendingSet
	wait <-chan answered
}

func (r *rig) client(q models.PollQuery) *client { return &client{r: r, q: q, in: r.in} }

// waits begins a poll that waits; what is known already is taken first.
func (c *client) waits() *client {
	c.now()
	q := c.q
	q.Version, q.Wait = c.last.Version, 10*time.Minute
	c.wait = c.r.laterOn(c.in, 1, q)
	return c
}

// hears is the answer to the poll that waits; it is at once.
func (c *client) hears() models.PendingSet {
	c.r.t.Helper()
	synctest.Wait()
	select {
	case a := <-c.wait:
		if a.err != nil {
			c.r.t.Fatalf("session %s: %v", c.q.Session, a.err)
		}
		c.last = a.set
	default:
		c.r.t.Fatalf("session %q still waits", c.q.Session)
	}
	return c.last
}

// now polls without waiting.
func (c *client) now() models.PendingSet {
	c.r.t.Helper()
	set, err := c.in.Poll(c.r.t.Context(), c.r.who(1), c.q)
	if err != nil {
		c.r.t.Fatalf("session %s: %v", c.q.Session, err)
	}
	c.last = set
	return set
}

// tells sums a set up: id of the first row as rev/action/session, for each row.
func tells(set models.PendingSet) string {
	var out []string
	for _, n := range set.Rows {
		out = append(out, fmt.Sprintf("%d/%s/%s", n.Rev, n.Action, n.Session))
	}
	return strings.Join(out, " ")
}

func (r *rig) is(what string, set models.PendingSet, want string) {
	r.t.Helper()
	if got := tells(set); got != want {
		r.t.Fatalf("%s: %q (%s), want %q", what, got, set.State, want)
	}
}

// opens publishes a row that opens a form at ivanov's, of an app.
func (r *rig) opens(app string) {
	r.t.Helper()
	r.publish(models.Publication{User: "ivanov", Kind: "chat", Action: models.ActionOpen, Payload: models.Payload{App: app}})
}

func (r *rig) publish(p models.Publication) {
	r.t.Helper()
	if _, err := r.in.Publish(r.t.Context(), r.who(1), p); err != nil {
		r.t.Fatal(err)
	}
}

// writes counts the transactions that fn takes.
func (r *rig) writes(fn func()) int {
	before := r.mem.written()
	fn()
	synctest.Wait()
	return r.mem.written() - before
}

func (r *rig) lastStep() string {
	r.mem.mu.Lock()
	defer r.mem.mu.Unlock()
	s := r.mem.steps[len(r.mem.steps)-1]
	return strings.TrimSpace(s.What + " " + s.Session + " " + s.Reason)
}
