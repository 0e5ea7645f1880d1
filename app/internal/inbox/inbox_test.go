package inbox

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"zummer/app/internal/hub"
	"zummer/models"
)

func TestCallReachesItsUser(t *testing.T) {
	bubble(t, func(r *rig) {
		first := r.poll(1, models.PollQuery{})
		if first.State != models.StateReset || len(first.Rows) != 0 || first.Version == "" {
			r.t.Fatalf("first poll = %+v, want an empty reset with a version", first)
		}
		wait := r.later(1, models.PollQuery{Version: first.Version, Wait: 25 * time.Second})
		other := r.later(2, models.PollQuery{Version: r.poll(2, models.PollQuery{}).Version, Wait: 25 * time.Second})
		r.accept(event(models.EventRinging, "101"))
		a := <-wait
		if got := kindsOf(a.set); a.err != nil || got != "call.ringing/indicate/1 " || a.set.State != models.StateSet {
			r.t.Fatalf("after ringing: %q %s %v", got, a.set.State, a.err)
		}
		wait = r.later(1, models.PollQuery{Version: a.set.Version, Wait: 25 * time.Second})
		<-time.After(3 * time.Second)
		r.accept(event(models.EventAnswered, "101"))
		a = <-wait
		if got := kindsOf(a.set); got != "call.answered/resolve/2 " {
			r.t.Fatalf("after the answer: %q", got)
		}
		n := a.set.Rows[0]
		acks := []models.Ack{{ID: n.ID, Raw: fmt.Sprint(n.ID), Rev: n.Rev, Outcome: models.OutcomeOpened}}
		began := time.Now()
		got := r.poll(1, models.PollQuery{Version: a.set.Version, Wait: 10 * time.Second, Acks: acks})
		if got.State != models.StateUnchanged || got.Acks[0].Result != models.AckProcessed || got.Version == a.set.Version {
			r.t.Fatalf("ack and wait = %+v", got)
		}
		if took := time.Since(began); took < 10*time.Second {
			r.t.Errorf("ack and wait ended after %s, want the whole wait", took)
		}
		again, err := r.in.Acknowledge(r.t.Context(), 1, acks)
		if err != nil || again[0].Result != models.AckAlready {
			r.t.Errorf("second ack = %+v %v, want already", again, err)
		}
		if foreign, _ := r.in.Acknowledge(r.t.Context(), 2, acks); foreign[0].Result != models.AckNotFound {
			r.t.Errorf("another user's ack = %+v, want not_found", foreign)
		}
		if o := <-other; o.set.State != models.StateUnchanged {
			r.t.Errorf("the other user got %+v", o.set)
		}
	})
}

func TestWaitEndsUnchanged(t *testing.T) {
	bubble(t, func(r *rig) {
		r.accept(models.Event{Type: models.EventStarted, Call: "x"})
		v := r.poll(1, models.PollQuery{}).Version
		<-time.After(time.Second) // the tail has passed
		reads := r.mem.reads
		began := time.Now()
		got := r.poll(1, models.PollQuery{Version: v, Wait: 25 * time.Second})
		if got.State != models.StateUnchanged || got.Version != v || time.Since(began) < 25*time.Second {
			r.t.Errorf("wait = %+v after %s", got, time.Since(began))
		}
		if n := r.mem.reads - reads; n > 1 {
			r.t.Errorf("an idle wait read the set %d times, want at most the first", n)
		}
	})
}

// How a source's local numbers are read: of its own town, else of the service's.
func TestLocalNumbers(t *testing.T) {
	for _, tc := range []struct {
		name, area, region, setting string
		raw, want                   string
	}{
		{"no area is known", "", "", "", "123-45-67", "1234567"},
		{"the service's", "495", "", "", "123-45-67", "+74951234567"},
		{"the source's", "495", "", "812", "123-45-67", "+78121234567"},
		{"a source of another country", "495", "GB", "", "123-45-67", "1234567"},
		{"a source of another country and its town", "495", "GB", "1223", "345678", "+441223345678"},
		{"an extension stays one", "495", "", "812", "1234", "1234"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			in := New(Options{AreaCode: tc.area})
			s := &models.Source{Region: tc.region, Settings: map[string]any{"area_code": tc.setting}}
			b := &batch{in: in}
			b.queueEvent(&op{}, s, models.Event{Phone: tc.raw, DID: tc.raw, Direction: models.In})
			if got := b.events[0].ev.Phone; got != tc.want {
				t.Errorf("phone %q, want %q", got, tc.want)
			}
			b.queueEvent(&op{}, s, models.Event{Phone: tc.raw, Direction: models.InternalCall})
			if got := b.events[1].ev.Phone; got != tc.raw {
				t.Errorf("phone of an internal call %q, want it untouched", got)
			}
		})
	}
}

func TestTimeIsAWrite(t *testing.T) {
	bubble(t, func(r *rig) {
		r.accept(event(models.EventRinging, "101"))
		set := r.poll(1, models.PollQuery{})
		began := time.Now()
		a := <-r.later(1, models.PollQuery{Version: set.Version, Wait: 2 * time.Minute})
		if a.set.State != models.StateSet || len(a.set.Rows) != 0 || a.set.Version == set.Version {
			r.t.Fatalf("after the minute: %+v %v", a.set, a.err)
		}
		if took := a.at.Sub(began); took < 59*time.Second || took > 62*time.Second {
			r.t.Errorf("the ringing row left after %s, want 60 s", took)
		}
		last := r.mem.steps[len(r.mem.steps)-1]
		if last.What != models.StepExpired {
			r.t.Errorf("the timeline ends with %q, want expired", last.What)
		}
	})
}

func TestAckThatIsNotTheWholePicture(t *testing.T) {
	bubble(t, func(r *rig) {
		r.accept(event(models.EventRinging, "101"))
		set := r.poll(1, models.PollQuery{})
		row := set.Rows[0]
		ack := func(rev int, o models.Outcome) []models.Ack {
			return []models.Ack{{ID: row.ID, Raw: "r", Rev: rev, Outcome: o}}
		}
		for _, tt := range []struct {
			name    string
			version string
			acks    []models.Ack
			result  string
			rows    int
		}{
			{"stale revision", set.Version, ack(7, ""), models.AckStale, 0},
			{"unknown row", set.Version, []models.Ack{{ID: 424242, Raw: "r", Rev: 1}}, models.AckNotFound, 0},
			{"busy comes back as a card", set.Version, ack(1, models.OutcomeBusy), models.AckProcessed, 1},
			{"old version", "e1.0", ack(2, models.OutcomeDismissed), models.AckProcessed, 0},
		} {
			began := time.Now()
			got := r.poll(1, models.PollQuery{Version: tt.version, Wait: 20 * time.Second, Acks: tt.acks})
			if got.Acks[0].Result != tt.result || time.Since(began) > time.Second || len(got.Rows) != tt.rows {
				r.t.Errorf("%s: %+v after %s", tt.name, got, time.Since(began))
			}
		}
	})
}

func TestSupersedeRevokeDrain(t *testing.T) {
	bubble(t, func(r *rig) {
		v := r.poll(1, models.PollQuery{}).Version
		q := models.PollQuery{Version: v, Wait: 25 * time.Second, Session: "desk"}
		first := r.later(1, q)
		second := r.later(1, q)
		if a := <-first; a.set.State != models.StateSuperseded || a.set.PollAfter < 2*time.Second || a.set.Version != "" {
			r.t.Errorf("superseded poll = %+v", a.set)
		}
		d := *r.dir
		d.Tokens = map[string]*models.Token{}
		r.in.ReleaseRevoked(&d)
		if a := <-second; models.KindOf(a.err) != models.Unauthorized {
			r.t.Errorf("poll of a revoked token = %+v %v, want 401", a.set, a.err)
		}
		<-time.After(time.Minute)
		q.Session = "laptop"
		third := r.later(1, q)
		go r.hub.Drain(2 * time.Second)
		if a := <-third; a.set.State != models.StateUnchanged || !a.set.Draining {
			r.t.Errorf("drained poll = %+v %v", a.set, a.err)
		}
	})
}

func TestDatabaseAway(t *testing.T) {
	bubble(t, func(r *rig) {
		r.accept(event(models.EventRinging, "101"))
		v := r.poll(1, models.PollQuery{}).Version
		wait := r.later(1, models.PollQuery{Version: v, Wait: 25 * time.Second})
		r.mem.mu.Lock()
		r.mem.away = true
		r.mem.mu.Unlock()
		r.rep.mu.Lock()
		r.rep.fail = true
		r.rep.mu.Unlock()
		if a := <-wait; models.KindOf(a.err) != models.Unavailable {
			r.t.Errorf("a wait that outlives the database = %+v %v, want 503", a.set, a.err)
		}
		if _, err := r.in.Poll(r.t.Context(), r.who(2), models.PollQuery{}); models.KindOf(err) != models.Unavailable {
			r.t.Errorf("a poll without a database = %v, want 503", err)
		}
		if _, err := r.in.Accept(r.t.Context(), models.Accepted{Source: r.dir.Sources[1], Events: []models.Event{event(models.EventAnswered, "101")}}); models.KindOf(err) != models.Unavailable {
			r.t.Errorf("a webhook without a database = %v, want 503", err)
		}
	})
}

func TestTailHangs(t *testing.T) {
	bubble(t, func(r *rig) {
		r.rep.mu.Lock()
		r.rep.hang = true
		r.rep.mu.Unlock()
		v := r.poll(1, models.PollQuery{}).Version
		<-time.After(10 * time.Second)
		wait := r.later(1, models.PollQuery{Version: v, Wait: 50 * time.Second})
		// Another process changes the set; no hint of it arrives.
		other := New(Options{Store: r.mem, Hub: hub.New(hub.Options{}), Directory: func() *models.Directory { return r.dir }, Log: slog.New(slog.DiscardHandler)})
		ctx, stop := context.WithCancel(r.t.Context())
		done := make(chan struct{})
		go func() { _ = other.Run(ctx); close(done) }()
		if _, err := other.Accept(ctx, models.Accepted{Source: r.dir.Sources[1], Events: []models.Event{event(models.EventRinging, "101")}}); err != nil {
			r.t.Fatal(err)
		}
		began := time.Now()
		a := <-wait
		if len(a.set.Rows) != 1 || a.at.Sub(began) > 31*time.Second {
			r.t.Errorf("with no hint at all: %+v after %s, want the row within 30 s", a.set, a.at.Sub(began))
		}
		stop()
		<-done
	})
}

func TestHintFromAnotherReplica(t *testing.T) {
	bubble(t, func(r *rig) {
		v := r.poll(1, models.PollQuery{}).Version
		wait := r.later(1, models.PollQuery{Version: v, Wait: 50 * time.Second})
		r.mem.mu.Lock()
		r.mem.inboxes[1] = models.Inbox{UserID: 1, Epoch: "e1", Version: 9}
		r.mem.mu.Unlock()
		r.rep.mu.Lock()
		r.rep.more = []models.Hint{{UserID: 1, Version: 9}}
		r.rep.mu.Unlock()
		began := time.Now()
		if a := <-wait; a.set.Version != "e1.9" || a.at.Sub(began) > time.Second {
			r.t.Errorf("after a tail hint: %+v after %s", a.set, a.at.Sub(began))
		}
	})
}

func TestHotLoopIsHeld(t *testing.T) {
	bubble(t, func(r *rig) {
		v := r.poll(1, models.PollQuery{Session: "s"}).Version
		r.poll(1, models.PollQuery{Session: "s", Version: v})
		began := time.Now()
		got := r.poll(1, models.PollQuery{Session: "s", Version: v})
		if took := time.Since(began); took < time.Second || took > 3500*time.Millisecond || got.State != models.StateUnchanged {
			r.t.Errorf("third poll within a second: %s after %s, want unchanged after 1–3 s", got.State, took)
		}
		<-time.After(2 * time.Second)
		began = time.Now()
		r.poll(1, models.PollQuery{Session: "s", Version: v})
		if took := time.Since(began); took > 100*time.Millisecond {
			r.t.Errorf("a poll at its pace was held %s", took)
		}
	})
}

func TestFullSetFoldsIntoADigest(t *testing.T) {
	bubble(t, func(r *rig) {
		for i := range models.MaxSet + 20 {
			if _, err := r.in.Publish(r.t.Context(), r.who(1), models.Publication{User: "ivanov", Kind: "mail.received", Action: models.ActionShow, Payload: models.Payload{Title: fmt.Sprint(i)}}); err != nil {
				r.t.Fatal(err)
			}
		}
		rows, digests := 0, 0
		for q := (models.PollQuery{Limit: 100}); ; {
			set := r.poll(1, q)
			for _, n := range set.Rows {
				rows++
				if n.Kind == models.KindDigest {
					digests++
					if n.Payload.Data["count"] != 21 {
						r.t.Errorf("the digest tells of %v rows, want 21", n.Payload.Data["count"])
					}
				}
			}
			if set.Next == "" {
				break
			}
			q.After = set.Next
		}
		if rows != models.MaxSet || digests != 1 {
			r.t.Errorf("%d rows with %d digests, want %d with 1", rows, digests, models.MaxSet)
		}
	})
}

func TestPagesAreOfOneVersion(t *testing.T) {
	bubble(t, func(r *rig) {
		pub := func() {
			if _, err := r.in.Publish(r.t.Context(), r.who(1), models.Publication{User: "ivanov", Kind: "chat"}); err != nil {
				r.t.Fatal(err)
			}
		}
		for range 5 {
			pub()
		}
		one := r.poll(1, models.PollQuery{Limit: 2})
		if one.Version != "" || one.Next == "" || len(one.Rows) != 2 {
			r.t.Fatalf("page 1 = %+v", one)
		}
		two := r.poll(1, models.PollQuery{Limit: 2, After: one.Next})
		if two.Version != "" || len(two.Rows) != 2 || two.Rows[0].ID == one.Rows[0].ID {
			r.t.Fatalf("page 2 = %+v", two)
		}
		last := r.poll(1, models.PollQuery{Limit: 2, After: two.Next})
		if last.Version == "" || last.Next != "" || len(last.Rows) != 1 {
			r.t.Fatalf("page 3 = %+v", last)
		}
		pub()
		moved := r.poll(1, models.PollQuery{Limit: 2, After: two.Next, Version: last.Version})
		if moved.State != models.StateReset || len(moved.Rows) != 2 || moved.Next == "" {
			r.t.Errorf("a cursor of an older version = %+v, want page 1 with reset", moved)
		}
	})
}
