package inbox

import (
	"testing"
	"time"

	"zummer/models"
)

// lined gives the rig a second source, cloud, in one line group with the first,
// which is believed; every user has the same number at both.
func (r *rig) lined() *models.Source {
	d := r.dir
	d.Sources[1].LineGroup = "trunk"
	cloud := &models.Source{ID: 2, Slug: "cloud", Kind: "generic", Active: true, LineGroup: "trunk", LineRank: 1}
	d.Sources[2] = cloud
	for k, u := range map[string]int64{"101": 1, "102": 2, "103": 3} {
		d.Extensions[models.ExtKey{SourceID: 2, Extension: k}] = u
	}
	d.Index()
	return cloud
}

func (r *rig) acceptFrom(s *models.Source, events ...models.Event) {
	r.t.Helper()
	if _, err := r.in.Accept(r.t.Context(), models.Accepted{Source: s, Webhook: models.Webhook{Method: "POST", Body: []byte("{}")}, Events: events}); err != nil {
		r.t.Fatalf("Accept: %v", err)
	}
}

// Sources in no line group pay nothing for those that are.
func TestLinesCostOthersNothing(t *testing.T) {
	bubble(t, func(r *rig) {
		r.accept(event(models.EventRinging, "101"))
		if r.mem.lines != 0 {
			r.t.Errorf("%d line groups were locked for a source in none", r.mem.lines)
		}
		cloud := r.lined()
		r.acceptFrom(cloud, event(models.EventRinging, "101"))
		if r.mem.lines != 1 {
			r.t.Errorf("line groups were locked %d times, want once", r.mem.lines)
		}
	})
}

// A form that one source opened and that the client has not seen yet stays when
// the believed source goes on with the call.
func TestTheBelievedSourceTakesTheRowOver(t *testing.T) {
	bubble(t, func(r *rig) {
		cloud := r.lined()
		r.acceptFrom(cloud, event(models.EventRinging, "101"))
		r.acceptFrom(cloud, event(models.EventAnswered, "101"))
		before := r.poll(1, models.PollQuery{})
		r.accept(event(models.EventRinging, "101"))
		<-time.After(time.Second)
		r.accept(event(models.EventAnswered, "101"))
		after := r.poll(1, models.PollQuery{})
		if kindsOf(before) != "call.answered/resolve/2 " || before.Version != after.Version {
			r.t.Errorf("%s at %s became %s at %s", kindsOf(before), before.Version, kindsOf(after), after.Version)
		}
		legs := map[int64]bool{}
		for _, c := range r.mem.calls {
			legs[c.Source] = c.Legs[0].Opened && c.Legs[0].Row != 0
		}
		if !legs[1] || legs[2] {
			r.t.Errorf("the leg that opened is of %v, want of source 1", legs)
		}
		<-time.After(time.Second)
		r.accept(event(models.EventEnded, ""))
		if got := kindsOf(r.poll(1, models.PollQuery{})); got != "call.ended/show/3 " {
			r.t.Errorf("after the end: %q", got)
		}
	})
}

// A call that its source never ends is closed by the job: with what another
// source tells of it.
func TestStuckCallOfALine(t *testing.T) {
	bubble(t, func(r *rig) {
		cloud := r.lined()
		r.accept(event(models.EventRinging, "101"))
		r.acceptFrom(cloud, event(models.EventRinging, "101"))
		r.acceptFrom(cloud, event(models.EventRinging, "102"))
		<-time.After(time.Second)
		r.acceptFrom(cloud, event(models.EventAnswered, "102")) // only the cloud knows who it was
		<-time.After(time.Second)
		var stuck int64
		for _, c := range r.mem.calls {
			if c.Source == 1 {
				stuck = c.ID
			}
		}
		if _, err := r.in.CloseCalls(r.t.Context(), []int64{stuck}); err != nil {
			r.t.Fatal(err)
		}
		for u, want := range map[int64]string{1: "call.answered_elsewhere/none/2 ", 2: "call.answered/resolve/2 "} {
			if got := kindsOf(r.poll(u, models.PollQuery{})); got != want {
				r.t.Errorf("user %d has %q, want %q", u, got, want)
			}
		}
	})
}

// An attended transfer that joins two calls of the believed source takes along
// what the other one told of them.
func TestMergeInALine(t *testing.T) {
	bubble(t, func(r *rig) {
		cloud := r.lined()
		r.acceptFrom(cloud, event(models.EventAnswered, "101"))
		r.accept(event(models.EventStarted, ""))
		e := event(models.EventAnswered, "101")
		e.Call = "c-2"
		r.accept(e) // one conversation with the cloud's
		if got := kindsOf(r.poll(1, models.PollQuery{})); got != "call.answered/resolve/1 " {
			r.t.Fatalf("before the merge: %q", got)
		}
		<-time.After(time.Second)
		e = event(models.EventRinging, "102")
		e.SameAs = "c-2"
		r.accept(e)
		conversations := map[int64]bool{}
		for _, c := range r.mem.calls {
			if c.MergedInto == 0 {
				conversations[c.ConversationID()] = true
			}
		}
		if len(conversations) != 1 {
			r.t.Errorf("after the merge the calls are of conversations %v", conversations)
		}
		for u, n := range map[int64]int{1: 1, 2: 1} {
			if s := r.poll(u, models.PollQuery{}); len(s.Rows) != n {
				r.t.Errorf("after the merge user %d has %s", u, kindsOf(s))
			}
		}
		<-time.After(time.Second)
		r.accept(event(models.EventEnded, ""))
		for _, n := range r.poll(1, models.PollQuery{}).Rows {
			if n.Live() || n.Action.Opens() {
				r.t.Errorf("after the end user 1 has %s %s", n.Kind, n.Action)
			}
		}
	})
}
