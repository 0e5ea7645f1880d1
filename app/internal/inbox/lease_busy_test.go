package inbox

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"zummer/models"
)

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
	for _, tt := range []struct {
		name  string
		comes bool
		want  string
	}{{"b waits a moment for one that polls once a minute and is woken", true, "2/open/laptop"}, {"b becomes a card when that one does not come", false, "3/show/"}} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				laptop := r.client(models.PollQuery{Session: "laptop"})
				desk := r.client(models.PollQuery{Session: "desk"}).waits()
				laptop.now()
				<-time.After(59 * time.Second)
				r.opens("")
				desk.hears()
				r.is("on offer", ackB(desk), "2/open/")
				desk.q.Busy = true
				r.is("on offer still", desk.now(), "2/open/")
				<-time.After(2 * time.Second) // asking the same again at once took another one
				if tt.comes {
					r.is("taken", laptop.now(), "2/open/laptop")
				}
				<-time.After(offered)
				r.is("in the end", desk.now(), tt.want)
			})
		})
	}
	t.Run("b waits for nobody who has gone, is busy, or passed the row on", func(t *testing.T) {
		bubble(t, func(r *rig) {
			r.client(models.PollQuery{Session: "gone"}).now()
			<-time.After(lately + time.Second)
			desk := r.client(models.PollQuery{Session: "desk"}).waits()
			r.client(models.PollQuery{Session: "window", Busy: true}).now()
			r.client(models.PollQuery{Session: "another app", App: "trade"}).now()
			<-time.After(10 * time.Second)
			r.opens("books")
			desk.hears()
			r.is("a card", ackB(desk), "2/show/")
		})
	})
	t.Run("b of more rows than a few: none comes back to who passed it on, all become cards", func(t *testing.T) {
		bubble(t, func(r *rig) {
			r.client(models.PollQuery{Session: "laptop"}).now()
			<-time.After(59 * time.Second)
			const rows = 20
			for range rows {
				r.opens("")
			}
			desk := r.client(models.PollQuery{Session: "desk"})
			for range 5 { // it asks as often as it gets an answer
				q := desk.q
				for _, n := range desk.now().Rows {
					if n.Session == "desk" {
						q.Acks = append(q.Acks, models.Ack{ID: n.ID, Rev: n.Rev, Outcome: models.OutcomeBusy, Session: "desk"})
					}
				}
				desk.last = r.poll(1, q)
				<-time.After(2 * time.Second)
			}
			r.is("in the end", desk.now(), strings.TrimSpace(strings.Repeat("3/show/ ", rows)))
		})
	})
	t.Run("b that names no session is of the one that holds the row", func(t *testing.T) {
		bubble(t, func(r *rig) {
			r.client(models.PollQuery{Session: "laptop"}).now()
			<-time.After(59 * time.Second)
			r.opens("")
			desk := r.client(models.PollQuery{Session: "desk"})
			for range 5 {
				for _, n := range desk.now().Rows {
					if n.Session == "desk" {
						if _, err := r.in.Acknowledge(r.t.Context(), 1, []models.Ack{{ID: n.ID, Rev: n.Rev, Outcome: models.OutcomeBusy}}); err != nil {
							t.Fatal(err)
						}
					}
				}
				<-time.After(2 * time.Second)
			}
			r.is("in the end", desk.now(), "3/show/")
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
			r.is("nor later: it is chosen when the holder passes the row on", ackB(desk), "2/open/laptop")
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
				<-time.After(offered + time.Second)
				r.is("in the end", r.client(models.PollQuery{}).now(), tt.want)
			})
		})
	}
}
