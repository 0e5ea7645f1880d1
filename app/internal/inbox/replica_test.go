package inbox

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"zummer/app/internal/hub"
	"zummer/models"
)

// replica runs a second instance on the rig's database until the bubble ends;
// rep is what it hears of the others.
func (r *rig) replica(rep Replica) *Inbox {
	r.t.Helper()
	h := hub.New(hub.Options{})
	in := New(Options{Store: r.mem, Beside: r.mem, Hub: h, Replica: rep, Directory: r.now.Load, Flushers: 2, Log: slog.New(slog.DiscardHandler)})
	ctx, stop := context.WithCancel(r.t.Context())
	done := make(chan struct{}, 2)
	go func() { _ = h.Run(ctx); done <- struct{}{} }()
	go func() { _ = in.Run(ctx); done <- struct{}{} }()
	r.ends = append(r.ends, func() { stop(); <-done; <-done })
	synctest.Wait()
	return in
}

// joined is a second instance; the two tell each other everything.
func (r *rig) joined() *Inbox {
	rep := &fakeReplica{heard: make(chan []models.Hint, 100), peer: r.rep}
	r.rep.peer = rep
	return r.replica(rep)
}

// publishOn makes a row for ivanov through an instance.
func (r *rig) publishOn(in *Inbox) {
	r.t.Helper()
	if _, err := in.Publish(r.t.Context(), r.who(1), models.Publication{User: "ivanov", Kind: "chat"}); err != nil {
		r.t.Fatal(err)
	}
}

// TestSupersedeAcrossReplicas: a session that polls another replica finishes
// what waits for it here, soon and also when the newer request does not wait.
func TestSupersedeAcrossReplicas(t *testing.T) {
	bubble(t, func(r *rig) {
		other := r.joined()
		q := models.PollQuery{Version: r.poll(1, models.PollQuery{}).Version, Session: "desk", Wait: 25 * time.Second}
		superseded := func(what string, a answered, began time.Time) {
			t.Helper()
			if a.set.State != models.StateSuperseded || a.set.PollAfter < 2*time.Second || a.at.Sub(began) > time.Second {
				t.Errorf("%s: %+v %v after %s, want superseded at once", what, a.set, a.err, a.at.Sub(began))
			}
		}
		first := r.laterOn(r.in, 1, q)
		<-time.After(time.Second)
		began := time.Now()
		second := r.laterOn(other, 1, q)
		superseded("a poll that waits, on the other replica", <-first, began)
		<-time.After(3 * time.Second)
		began = time.Now()
		third := r.laterOn(r.in, 1, q)
		superseded("and back", <-second, began)
		<-time.After(3 * time.Second)
		began = time.Now()
		if _, err := other.Poll(r.t.Context(), r.who(1), models.PollQuery{Session: "desk"}); err != nil {
			t.Fatal(err)
		}
		superseded("a poll that does not wait, on the other replica", <-third, began)
		<-time.After(15 * time.Second)
		fourth := r.laterOn(other, 1, q)
		<-time.After(time.Second)
		began = time.Now()
		if _, err := other.Poll(r.t.Context(), r.who(1), models.PollQuery{Session: "desk"}); err != nil {
			t.Fatal(err)
		}
		superseded("a poll that does not wait, here", <-fourth, began)
		// Another session, another user and a client that goes from one to the
		// other with one request at a time are left alone.
		<-time.After(15 * time.Second)
		q.Wait = 2 * time.Second
		laptop, petrova := q, q
		laptop.Session, laptop.Wait, petrova.Wait = "laptop", 20*time.Second, 20*time.Second
		petrova.Version = r.poll(2, models.PollQuery{}).Version
		alone := []<-chan answered{r.laterOn(r.in, 1, laptop), r.laterOn(r.in, 2, petrova)}
		for i, in := range []*Inbox{r.in, other, r.in, other, r.in} {
			if a := <-r.laterOn(in, 1, q); a.set.State != models.StateUnchanged {
				t.Errorf("request %d of one client: %+v %v, want unchanged", i, a.set, a.err)
			}
		}
		for _, c := range alone {
			if a := <-c; a.set.State != models.StateUnchanged {
				t.Errorf("one that was left alone: %+v %v", a.set, a.err)
			}
		}
	})
}

// TestLostHintsAreFoundWithin30Seconds: another replica's commit of which
// nothing is heard reaches whoever waits, whatever the moment, and whoever
// polls at the pace.
func TestLostHintsAreFoundWithin30Seconds(t *testing.T) {
	const limit = 31 * time.Second
	bubble(t, func(r *rig) {
		other := r.replica(&fakeReplica{})
		for k := range 40 {
			<-time.After(time.Duration(k*7%30) * time.Second) // another moment of what runs by the clock
			v := r.poll(1, models.PollQuery{}).Version
			wait := r.later(1, models.PollQuery{Version: v, Wait: 3 * time.Minute})
			<-time.After(time.Duration(k)*time.Second + 700*time.Millisecond)
			began := time.Now()
			r.publishOn(other)
			if a := <-wait; a.set.State != models.StateSet || a.at.Sub(began) > limit {
				t.Errorf("who waited %d s was told %s after %s", k, a.set.State, a.at.Sub(began))
			}
		}
		v := r.poll(1, models.PollQuery{}).Version
		r.publishOn(other)
		began := time.Now()
		for r.poll(1, models.PollQuery{Version: v, Session: "paced"}).State != models.StateSet {
			if time.Since(began) > 3*time.Minute {
				break
			}
			<-time.After(5 * time.Second)
		}
		if took := time.Since(began); took > limit+5*time.Second {
			t.Errorf("who polls every 5 s was told after %s", took)
		}
	})
}

// TestCommitBeforeTheFirstTail: what another replica commits between a poll's
// look and this replica's first tail pass is no secret.
func TestCommitBeforeTheFirstTail(t *testing.T) {
	bubble(t, func(r *rig) {
		young := r.replica(&fakeReplica{delay: time.Second})
		set, err := young.Poll(r.t.Context(), r.who(1), models.PollQuery{})
		if err != nil {
			t.Fatal(err)
		}
		wait := r.laterOn(young, 1, models.PollQuery{Version: set.Version, Wait: 50 * time.Second, Session: "waits"})
		r.mem.mu.Lock() // the hint of it finds nobody who listens
		r.mem.inboxes[1] = models.Inbox{UserID: 1, Epoch: "e1", Version: 9}
		r.mem.mu.Unlock()
		began := time.Now()
		if a := <-wait; a.set.Version != "e1.9" || a.at.Sub(began) > 3*time.Second {
			t.Errorf("who waited: %+v after %s", a.set, a.at.Sub(began))
		}
	})
}

// TestTailThatHangs: without a tail pass of the last 2 s an answer comes from
// the database, at once, and is 503 when that cannot be read either.
func TestTailThatHangs(t *testing.T) {
	bubble(t, func(r *rig) {
		other := r.replica(&fakeReplica{})
		r.poll(1, models.PollQuery{})
		r.rep.mu.Lock()
		r.rep.hang = true
		r.rep.mu.Unlock()
		for range 8 { // past every phase of a pass that hangs for 5 s
			<-time.After(2100 * time.Millisecond)
			v := r.poll(1, models.PollQuery{}).Version
			<-time.After(500 * time.Millisecond)
			r.publishOn(other)
			if got := r.poll(1, models.PollQuery{Version: v}); got.State != models.StateSet || len(got.Rows) == 0 {
				t.Errorf("with the tail hung: %+v, want the set", got)
			}
		}
		v := r.poll(1, models.PollQuery{}).Version
		r.mem.mu.Lock()
		r.mem.away = true
		r.mem.mu.Unlock()
		if set, err := r.in.Poll(r.t.Context(), r.who(1), models.PollQuery{Version: v}); models.KindOf(err) != models.Unavailable {
			t.Errorf("and the database away: %+v %v, want 503", set, err)
		}
	})
}
