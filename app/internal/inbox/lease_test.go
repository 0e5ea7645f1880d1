package inbox

import (
	"strconv"
	"testing"
	"time"

	"zummer/models"
)

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
		reads, writes := r.mem.reads, r.mem.written()
		for range 20 {
			r.poll(1, models.PollQuery{Session: "desk", Version: v, Wait: 25 * time.Second})
		}
		if r.mem.reads != reads || r.mem.written() != writes {
			t.Errorf("500 s of waiting: %d reads, %d transactions, want none", r.mem.reads-reads, r.mem.written()-writes)
		}
		// A delivery: one transaction for the row with its session, one for the
		// acknowledgement; one read between them, none after.
		wait := r.later(1, models.PollQuery{Session: "desk", Version: v, Wait: 25 * time.Second})
		reads, writes = r.mem.reads, r.mem.written()
		r.opens("")
		a := <-wait
		r.is("delivered", a.set, "1/open/desk 1/show/")
		acks := []models.Ack{{ID: a.set.Rows[0].ID, Rev: 1, Session: "desk"}}
		r.later(1, models.PollQuery{Session: "desk", Version: a.set.Version, Wait: 10 * time.Second, Acks: acks})
		if r.mem.reads-reads > 2 || r.mem.written()-writes != 2 {
			t.Errorf("a delivery: %d reads, %d transactions, want at most 2 and 2", r.mem.reads-reads, r.mem.written()-writes)
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
				writes := r.mem.written()
				for time.Since(begun) < time.Hour {
					a := r.poll(1, models.PollQuery{Session: "desk", Version: desk.Version, Wait: tt.wait})
					if a.State != models.StateUnchanged {
						r.t.Fatalf("after %s: %s %q", time.Since(begun), a.State, tells(a))
					}
					if tt.wait == 0 {
						<-time.After(5 * time.Second)
					}
				}
				if n := r.mem.written() - writes; n > 81 {
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

// What is remembered of a user's sessions on other replicas is bounded: a client
// may make up a new name for every request.
func TestAbroadIsBounded(t *testing.T) {
	p, now := newPresence(), time.Now()
	for i := range 10 * maxSeen {
		p.elsewhere(1, "s"+strconv.Itoa(i))
	}
	if n := len(p.abroad[1]); n > maxSeen {
		t.Errorf("%d sessions are remembered, want %d at most", n, maxSeen)
	}
	if _, ok := p.abroad[1]["s"+strconv.Itoa(10*maxSeen-1)]; !ok || !p.othersMayCome(1, choice{except: "s0"}, now) {
		t.Error("the latest one is forgotten")
	}
}
