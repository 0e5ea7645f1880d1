package inbox

import (
	"errors"
	"fmt"
	"strings"
	"testing"
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
	before := r.mem.writes
	fn()
	synctest.Wait()
	return r.mem.writes - before
}

func (r *rig) lastStep() string {
	s := r.mem.steps[len(r.mem.steps)-1]
	return strings.TrimSpace(s.What + " " + s.Session + " " + s.Reason)
}

// TestWhoOpens: which of the sessions that wait gets a row that opens a form,
// in the very write that makes it.
func TestWhoOpens(t *testing.T) {
	for _, tt := range []struct {
		name     string
		sessions []models.PollQuery // in the order in which they began to wait
		app      string             // of the row
		want     string             // the session
	}{
		{"nobody waits", nil, "", ""},
		{"a client without a name", []models.PollQuery{{}}, "", ""},
		{"the only one", []models.PollQuery{{Session: "desk"}}, "", "desk"},
		{"the one that waits longest", []models.PollQuery{{Session: "phone"}, {Session: "desk"}}, "", "phone"},
		{"the one of the row's app", []models.PollQuery{{Session: "desk"}, {Session: "laptop", App: "trade"}}, "trade", "laptop"},
		{"one without an app before one of another", []models.PollQuery{{Session: "laptop", App: "trade"}, {Session: "desk"}}, "", "desk"},
		{"any that may see it", []models.PollQuery{{Session: "laptop", App: "trade"}}, "", "laptop"},
		{"not one that does not see it", []models.PollQuery{{Session: "laptop", App: "trade"}}, "hr", ""},
		{"not one that is busy", []models.PollQuery{{Session: "desk", Busy: true}, {Session: "laptop"}}, "", "laptop"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				var all []*client
				for _, q := range tt.sessions {
					all = append(all, r.client(q).waits())
					<-time.After(time.Second)
				}
				if n := r.writes(func() { r.opens(tt.app) }); n != 1 {
					t.Errorf("%d transactions, want 1", n)
				}
				for _, c := range all {
					if sees(c.q.App, tt.app) {
						r.is("session "+c.q.Session, c.hears(), "1/open/"+tt.want)
					}
				}
			})
		})
	}
}

// TestFreeRowIsTaken: a row that nobody waited for goes to the first session
// that polls; rows that open nothing and rows for all sessions go to nobody.
func TestFreeRowIsTaken(t *testing.T) {
	bubble(t, func(r *rig) {
		r.opens("trade")
		r.is("without a name", r.client(models.PollQuery{}).now(), "1/open/")
		r.is("of another app", r.client(models.PollQuery{Session: "hr", App: "hr"}).now(), "")
		r.is("the first", r.client(models.PollQuery{Session: "desk"}).now(), "1/open/desk")
		if got := r.lastStep(); got != "claimed desk" {
			t.Errorf("the timeline ends with %q", got)
		}
		n := r.writes(func() { r.is("the second", r.client(models.PollQuery{Session: "laptop"}).now(), "1/open/desk") })
		n += r.writes(func() { r.is("the first again", r.client(models.PollQuery{Session: "desk"}).now(), "1/open/desk") })
		if n != 0 {
			t.Errorf("polls that take nothing make %d transactions", n)
		}
		r.publish(models.Publication{User: "ivanov", Kind: "chat", Action: models.ActionShow})
		r.is("a card", r.client(models.PollQuery{Session: "laptop"}).now(), "1/show/ 1/open/desk")
	})
}

// TestFreeRowBehindAKnownVersion: a session that comes with the version of a
// client without a name takes what is free all the same.
func TestFreeRowBehindAKnownVersion(t *testing.T) {
	bubble(t, func(r *rig) {
		<-time.After(time.Second)
		v := r.client(models.PollQuery{}).now().Version
		r.opens("")
		v2 := r.client(models.PollQuery{Version: v}).now().Version
		r.is("the same version with a name", r.poll(1, models.PollQuery{Version: v2, Session: "desk", Wait: 5 * time.Second}), "1/open/desk")
	})
}

// TestIdleSessionsCostNothing: a session that waits with nothing to open reads
// nothing and writes nothing, whatever cards are pending.
func TestIdleSessionsCostNothing(t *testing.T) {
	bubble(t, func(r *rig) {
		r.publish(models.Publication{User: "ivanov", Kind: "chat", Action: models.ActionShow})
		<-time.After(time.Second) // the tail has passed
		v := r.client(models.PollQuery{Session: "desk"}).now().Version
		reads, writes := r.mem.reads, r.mem.writes
		for range 20 {
			r.poll(1, models.PollQuery{Session: "desk", Version: v, Wait: 25 * time.Second})
		}
		if r.mem.reads != reads || r.mem.writes != writes {
			t.Errorf("500 s of waiting: %d reads, %d transactions, want none", r.mem.reads-reads, r.mem.writes-writes)
		}
		// A delivery: one transaction for the row with its session, one for the
		// acknowledgement; one read between them, none after.
		wait := r.later(1, models.PollQuery{Session: "desk", Version: v, Wait: 25 * time.Second})
		reads, writes = r.mem.reads, r.mem.writes
		r.opens("")
		a := <-wait
		r.is("delivered", a.set, "1/open/desk 1/show/")
		acks := []models.Ack{{ID: a.set.Rows[0].ID, Rev: 1, Session: "desk"}}
		r.later(1, models.PollQuery{Session: "desk", Version: a.set.Version, Wait: 10 * time.Second, Acks: acks})
		if r.mem.reads-reads > 2 || r.mem.writes-writes != 2 {
			t.Errorf("a delivery: %d reads, %d transactions, want at most 2 and 2", r.mem.reads-reads, r.mem.writes-writes)
		}
	})
}

// TestLeaseLasts: a session keeps its row while it polls, in one long wait or
// in short polls, for hours, under one revision and one version; it costs one
// write in 45 s.
func TestLeaseLasts(t *testing.T) {
	for _, tt := range []struct {
		name string
		wait time.Duration
	}{{"long polls", 25 * time.Second}, {"short polls", 0}} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				other := r.joined() // a colleague's session on another replica tries all the time
				r.opens("")
				desk := r.poll(1, models.PollQuery{Session: "desk"})
				laptop := r.client(models.PollQuery{Session: "laptop"})
				laptop.in = other
				r.is("the other", laptop.now(), "1/open/desk")
				wait := r.laterOn(other, 1, models.PollQuery{Session: "laptop", Version: desk.Version, Wait: 2 * time.Hour})
				begun := time.Now()
				writes := r.mem.writes
				for time.Since(begun) < time.Hour {
					a := r.poll(1, models.PollQuery{Session: "desk", Version: desk.Version, Wait: tt.wait})
					if a.State != models.StateUnchanged {
						r.t.Fatalf("after %s: %s %q", time.Since(begun), a.State, tells(a))
					}
					if tt.wait == 0 {
						<-time.After(5 * time.Second)
					}
				}
				if n := r.mem.writes - writes; n > 81 {
					t.Errorf("%d transactions in an hour, want about 80", n)
				}
				// It goes away: the other one gets the row under a new revision.
				gone := time.Now()
				a := <-wait
				r.is("after it left", a.set, "2/open/laptop")
				if took := a.at.Sub(gone); took < 10*time.Second || took > 62*time.Second {
					t.Errorf("the row passed on %s after the last poll, want what was left of the lease", took)
				}
				if got := r.lastStep(); got != "passed laptop the session desk did not poll for 1m0s" {
					t.Errorf("the timeline ends with %q", got)
				}
				if got, _ := r.in.Acknowledge(r.t.Context(), 1, []models.Ack{{ID: a.set.Rows[0].ID, Rev: 1, Session: "desk"}}); got[0].Result != models.AckStale {
					t.Errorf("an ack of the holder before = %s, want stale_rev", got[0].Result)
				}
			})
		})
	}
}

// TestLeaseEnds: who vanishes loses the row a minute later, to a session that
// waits or to nobody; the job does it where nobody polls.
func TestLeaseEnds(t *testing.T) {
	t.Run("to one that waits", func(t *testing.T) {
		bubble(t, func(r *rig) {
			desk := r.client(models.PollQuery{Session: "desk"}).waits()
			<-time.After(time.Second)
			laptop := r.client(models.PollQuery{Session: "laptop"}).waits()
			r.opens("")
			r.is("given", desk.hears(), "1/open/desk")
			r.is("seen", laptop.hears(), "1/open/desk")
			began := time.Now()
			a := <-r.later(1, models.PollQuery{Session: "laptop", Version: laptop.last.Version, Wait: 2 * time.Minute})
			r.is("a minute later", a.set, "2/open/laptop")
			if took := a.at.Sub(began); took < 59*time.Second || took > 62*time.Second {
				t.Errorf("after %s, want 60 s", took)
			}
		})
	})
	t.Run("to nobody, by the job", func(t *testing.T) {
		bubble(t, func(r *rig) {
			r.opens("")
			r.is("taken", r.client(models.PollQuery{Session: "desk"}).now(), "1/open/desk")
			<-time.After(61 * time.Second)
			if err := r.in.Expire(r.t.Context(), []int64{1}); err != nil {
				t.Fatal(err)
			}
			r.is("free again", r.client(models.PollQuery{}).now(), "2/open/")
			if n := r.writes(func() { <-time.After(time.Hour) }); n != 0 {
				t.Errorf("a free row makes %d transactions in an hour", n)
			}
			r.is("taken by the next", r.client(models.PollQuery{Session: "laptop"}).now(), "2/open/laptop")
		})
	})
	t.Run("not to a session that comes back in time", func(t *testing.T) {
		bubble(t, func(r *rig) {
			r.opens("")
			desk := r.client(models.PollQuery{Session: "desk"})
			desk.now()
			for range 5 {
				<-time.After(50 * time.Second)
				r.is("desk", desk.now(), "1/open/desk")
			}
		})
	})
}

// TestBusy: what a session that cannot open a row does with it.
func TestBusy(t *testing.T) {
	ackB := func(c *client) models.PendingSet {
		c.r.t.Helper()
		q := c.q
		q.Acks = []models.Ack{{ID: c.last.Rows[0].ID, Rev: c.last.Rows[0].Rev, Outcome: models.OutcomeBusy, Session: q.Session}}
		c.last = c.r.poll(1, q)
		return c.last
	}
	t.Run("b of the only session: a card", func(t *testing.T) {
		bubble(t, func(r *rig) {
			desk := r.client(models.PollQuery{Session: "desk"}).waits()
			r.opens("")
			desk.hears()
			got := ackB(desk)
			r.is("busy", got, "2/show/")
			if got.Acks[0].Result != models.AckProcessed {
				t.Errorf("the ack = %s", got.Acks[0].Result)
			}
		})
	})
	t.Run("b passes it on to one that waits, and from there it comes back as a card", func(t *testing.T) {
		bubble(t, func(r *rig) {
			desk := r.client(models.PollQuery{Session: "desk"}).waits()
			<-time.After(time.Second)
			laptop := r.client(models.PollQuery{Session: "laptop"}).waits()
			r.opens("")
			desk.hears()
			laptop.hears()
			laptop.waits()
			r.is("passed on", ackB(desk), "2/open/laptop")
			if got := r.lastStep(); got != "passed laptop the client was busy" {
				t.Errorf("the timeline ends with %q", got)
			}
			r.is("the other hears", laptop.hears(), "2/open/laptop")
			r.is("busy too", ackB(laptop), "3/show/")
		})
	})
	t.Run("b is asked again after a minute, when the other one has gone", func(t *testing.T) {
		bubble(t, func(r *rig) {
			laptop := r.client(models.PollQuery{Session: "laptop"})
			desk := r.client(models.PollQuery{Session: "desk"}).waits()
			laptop.now()
			r.opens("")
			desk.hears()
			r.is("passed on", ackB(desk), "2/open/laptop")
			v := desk.last.Version
			for range 4 {
				if s := r.poll(1, models.PollQuery{Session: "desk", Version: v, Wait: 25 * time.Second}); s.State == models.StateSet {
					desk.last, v = s, s.Version
				}
			}
			r.is("and back", desk.last, "3/open/desk")
		})
	})
	t.Run("b passes it on to one that polls again in a moment", func(t *testing.T) {
		bubble(t, func(r *rig) {
			laptop := r.client(models.PollQuery{Session: "laptop"})
			desk := r.client(models.PollQuery{Session: "desk"}).waits()
			laptop.now()
			r.opens("")
			desk.hears()
			r.is("passed on", ackB(desk), "2/open/laptop")
		})
	})
	t.Run("b of a session that does not hold it changes nothing", func(t *testing.T) {
		bubble(t, func(r *rig) {
			desk := r.client(models.PollQuery{Session: "desk"}).waits()
			r.opens("")
			desk.hears()
			laptop := r.client(models.PollQuery{Session: "laptop"})
			laptop.now()
			got := ackB(laptop)
			r.is("busy", got, "1/open/desk")
			if got.Acks[0].Result != models.AckStale {
				t.Errorf("the ack = %s, want stale_rev", got.Acks[0].Result)
			}
		})
	})
	t.Run("a holder that reports a window passes it on", func(t *testing.T) {
		bubble(t, func(r *rig) {
			desk := r.client(models.PollQuery{Session: "desk"}).waits()
			<-time.After(time.Second)
			laptop := r.client(models.PollQuery{Session: "laptop"}).waits()
			r.opens("")
			r.is("held", desk.hears(), "1/open/desk")
			laptop.hears()
			laptop.waits()
			desk.q.Busy, desk.q.Version = true, desk.last.Version
			r.is("passed on", desk.now(), "2/open/laptop")
			laptop.hears()
			laptop.waits()
			desk.q.Busy, desk.q.Version = false, ""
			r.is("the window is closed", desk.now(), "2/open/laptop")
		})
	})
	t.Run("only busy sessions: a card with the reason", func(t *testing.T) {
		bubble(t, func(r *rig) {
			one := r.client(models.PollQuery{Session: "desk", Busy: true}).waits()
			two := r.client(models.PollQuery{Session: "laptop", Busy: true}).waits()
			r.opens("")
			synctest.Wait()
			r.is("one", one.hears(), "2/show/")
			r.is("two", two.hears(), "2/show/")
			if got := r.lastStep(); !strings.HasSuffix(got, "has a modal window or an unsaved form open: it comes back as a card") {
				t.Errorf("the timeline ends with %q", got)
			}
		})
	})
	t.Run("a busy session leaves what another one opens alone", func(t *testing.T) {
		bubble(t, func(r *rig) {
			r.opens("")
			desk := r.client(models.PollQuery{Session: "desk"})
			desk.now()
			if n := r.writes(func() { r.is("busy", r.client(models.PollQuery{Session: "laptop", Busy: true}).now(), "1/open/desk") }); n != 0 {
				t.Errorf("%d transactions", n)
			}
		})
	})
}

// TestClaim: what claims and releases answer, one after the other.
func TestClaim(t *testing.T) {
	bubble(t, func(r *rig) {
		r.publish(models.Publication{User: "ivanov", Kind: "chat", Action: models.ActionOpen, CollapseKey: "k"})
		r.publish(models.Publication{User: "ivanov", Kind: "chat", Action: models.ActionShow})
		var open, card int64
		for _, n := range r.poll(1, models.PollQuery{}).Rows {
			if n.Action == models.ActionOpen {
				open = n.ID
			} else {
				card = n.ID
			}
		}
		revise := func() {
			r.publish(models.Publication{User: "ivanov", Kind: "chat", Action: models.ActionOpen, CollapseKey: "k"})
		}
		settle := func() {
			if _, err := r.in.Acknowledge(r.t.Context(), 1, []models.Ack{{ID: open, Rev: 4, Session: "phone"}}); err != nil {
				t.Fatal(err)
			}
		}
		for _, tt := range []struct {
			what          string
			before        func()
			release       bool
			user, id      int64
			rev           int
			session, want string
		}{
			{"another revision", nil, false, 1, open, 2, "desk", "moved_on"},
			{"somebody else's row", nil, false, 2, open, 1, "desk", "not_found"},
			{"no such row", nil, false, 1, 999999, 1, "desk", "not_found"},
			{"the first", nil, false, 1, open, 1, "desk", "1 desk 1m0s"},
			{"the holder again", nil, false, 1, open, 1, "desk", "1 desk 1m0s"},
			{"another one", nil, false, 1, open, 1, "laptop", "claimed"},
			{"another one lets it go", nil, true, 1, open, 1, "laptop", "claimed"},
			{"a revision stays with the holder", revise, false, 1, open, 2, "laptop", "claimed"},
			{"the old revision", nil, false, 1, open, 1, "desk", "moved_on"},
			{"the holder takes the new one", nil, false, 1, open, 2, "desk", "2 desk 1m0s"},
			{"the holder lets it go", nil, true, 1, open, 2, "desk", "3  0s"},
			{"twice", nil, true, 1, open, 2, "desk", "3  0s"},
			{"what nobody holds", nil, true, 1, open, 3, "desk", "3  0s"},
			{"the revision that was let go", nil, false, 1, open, 2, "laptop", "moved_on"},
			{"the next one", nil, false, 1, open, 3, "laptop", "3 laptop 1m0s"},
			{"it is the holder's for a minute", func() { <-time.After(58 * time.Second) }, false, 1, open, 3, "desk", "claimed"},
			{"and then free", func() { <-time.After(3 * time.Second) }, false, 1, open, 3, "desk", "moved_on"},
			{"under a new revision", nil, false, 1, open, 4, "desk", "4 desk 1m0s"},
			{"any row may be claimed", nil, false, 1, card, 1, "desk", "1 desk 1m0s"},
			{"that too by one only", nil, false, 1, card, 1, "laptop", "claimed"},
			{"settled by a session that does not hold it", settle, false, 1, open, 4, "desk", "moved_on"},
		} {
			if tt.before != nil {
				tt.before()
			}
			do := r.in.Claim
			if tt.release {
				do = r.in.Release
			}
			c, err := do(r.t.Context(), tt.user, models.Claim{ID: tt.id, Rev: tt.rev, Session: tt.session})
			got := fmt.Sprintf("%d %s %s", c.Rev, c.Session, c.Lease)
			if err != nil {
				got = codeOf(err)
			}
			if got != tt.want {
				t.Errorf("%s: %q, want %q", tt.what, got, tt.want)
			}
		}
		r.is("the claimed card", r.client(models.PollQuery{}).now(), "1/show/desk")
		<-time.After(time.Minute)
		r.is("and its end", r.client(models.PollQuery{}).now(), "2/show/")
	})
}

// codeOf is the code that a client is told.
func codeOf(err error) string {
	if e, ok := errors.AsType[*models.Error](err); ok && e.Code != "" {
		return e.Code
	}
	if models.IsNotFound(err) {
		return "not_found"
	}
	return err.Error()
}

// TestReleaseIsNotTakenBack: a session that lets a row go does not take it again
// with its next poll; another one does.
func TestReleaseIsNotTakenBack(t *testing.T) {
	bubble(t, func(r *rig) {
		desk := r.client(models.PollQuery{Session: "desk"}).waits()
		r.opens("")
		id := desk.hears().Rows[0].ID
		desk.waits()
		if _, err := r.in.Release(r.t.Context(), 1, models.Claim{ID: id, Rev: 1, Session: "desk"}); err != nil {
			t.Fatal(err)
		}
		r.is("let go", desk.hears(), "2/open/")
		r.is("still", desk.now(), "2/open/")
		r.is("another one", r.client(models.PollQuery{Session: "laptop"}).now(), "2/open/laptop")
	})
}

// TestRevisionsAndTheHolder: what a change of the row does to who holds it.
func TestRevisionsAndTheHolder(t *testing.T) {
	bubble(t, func(r *rig) {
		desk := r.client(models.PollQuery{Session: "desk"}).waits()
		r.accept(event(models.EventRinging, "101"))
		r.is("ringing opens nothing", desk.hears(), "1/indicate/")
		desk.waits()
		<-time.After(time.Second)
		r.accept(event(models.EventAnswered, "101"))
		r.is("answered", desk.hears(), "2/resolve/desk")
		desk.waits()
		<-time.After(time.Second)
		r.accept(event(models.EventEnded, "101"))
		r.is("ended: a card for all", desk.hears(), "3/show/")
	})
}

// TestTwoReplicas: the session that waits on another replica than the one that
// stores the row takes it by a write of its own, and only one of two does.
func TestTwoReplicas(t *testing.T) {
	bubble(t, func(r *rig) {
		other := r.joined()
		<-time.After(time.Second)
		desk, laptop := r.client(models.PollQuery{Session: "desk"}), r.client(models.PollQuery{Session: "laptop"})
		desk.in, laptop.in = other, other
		desk.waits()
		laptop.waits()
		r.opens("")
		one, two := tells(desk.hears()), tells(laptop.hears())
		for range 3 { // the one that was woken first may have seen the row free
			if one == "1/open/" {
				one = tells(desk.now())
			}
			if two == "1/open/" {
				two = tells(laptop.now())
			}
		}
		if one != two || one != "1/open/desk" && one != "1/open/laptop" {
			t.Errorf("desk sees %q, laptop sees %q", one, two)
		}
	})
}

// TestBusyWithASessionOnAnotherReplica: what nobody can open here is on offer
// for a moment to those who poll elsewhere.
func TestBusyWithASessionOnAnotherReplica(t *testing.T) {
	for _, tt := range []struct {
		name string
		busy bool // the other one too
		want string
	}{{"it takes the row", false, "2/open/laptop"}, {"it is busy too", true, "3/show/"}} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				other := r.joined()
				<-time.After(time.Second)
				desk := r.client(models.PollQuery{Session: "desk"}).waits()
				laptop := r.client(models.PollQuery{Session: "laptop", Busy: tt.busy})
				laptop.in = other
				laptop.waits()
				r.opens("")
				row := desk.hears().Rows[0]
				laptop.hears()
				laptop.waits()
				if _, err := r.in.Acknowledge(r.t.Context(), 1, []models.Ack{{ID: row.ID, Rev: 1, Outcome: models.OutcomeBusy, Session: "desk"}}); err != nil {
					t.Fatal(err)
				}
				<-time.After(3 * time.Second)
				r.is("in the end", r.client(models.PollQuery{}).now(), tt.want)
			})
		})
	}
}
