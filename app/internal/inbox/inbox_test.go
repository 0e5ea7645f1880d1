package inbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"zummer/app/internal/hub"
	"zummer/models"
)

// rig is an inbox on the memory store, running inside a synctest bubble.
type rig struct {
	t   *testing.T
	mem *memory
	hub *hub.Hub
	in  *Inbox
	dir *models.Directory
	now atomic.Pointer[models.Directory] // what the inbox sees
	rep *fakeReplica
}

// fakeReplica is a tail that finds nothing, may fail, and drops all hints.
type fakeReplica struct {
	mu   sync.Mutex
	fail bool
	hang bool
	more []models.Hint
}

func (r *fakeReplica) Tail(ctx context.Context) ([]models.Hint, int64, error) {
	r.mu.Lock()
	fail, hang, more := r.fail, r.hang, r.more
	r.more = nil
	r.mu.Unlock()
	if hang {
		<-ctx.Done()
		return nil, 0, ctx.Err()
	}
	if fail {
		return nil, 0, errors.New("test: no tail")
	}
	return more, 1, nil
}
func (r *fakeReplica) Notify([]models.Hint) {}
func (r *fakeReplica) Listen(ctx context.Context, _ func([]models.Hint)) error {
	<-ctx.Done()
	return nil
}

func testDirectory() *models.Directory {
	d := &models.Directory{Version: 1, Users: map[int64]*models.User{}, Groups: map[int64]*models.Group{}, Tokens: map[string]*models.Token{},
		Extensions: map[models.ExtKey]int64{}, Sources: map[int64]*models.Source{1: {ID: 1, Slug: "office", Kind: "generic", Active: true}}}
	for i, login := range []string{"ivanov", "petrova", "sidorov"} {
		id := int64(i + 1)
		d.Users[id] = &models.User{ID: id, Login: login, Name: login, PopOn: models.PopAnswered, Active: true}
		d.Extensions[models.ExtKey{SourceID: 1, Extension: fmt.Sprint(100 + id)}] = id
		d.Tokens[fmt.Sprint("hash", id)] = &models.Token{ID: id, UserID: id, Scopes: []string{models.ScopePoll}}
	}
	d.Groups[1] = &models.Group{ID: 1, Name: "sales", Members: []int64{1, 2}}
	d.Index()
	return d
}

// bubble runs fn with a running rig on a fake clock.
func bubble(t *testing.T, fn func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, dir: testDirectory(), rep: &fakeReplica{}, hub: hub.New(hub.Options{})}
		r.mem = newMemory(r.dir)
		r.now.Store(r.dir)
		r.in = New(Options{Store: r.mem, Hub: r.hub, Replica: r.rep, Directory: r.now.Load, Flushers: 2,
			Log: slog.New(slog.DiscardHandler)})
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _ = r.hub.Run(ctx) })
		wg.Go(func() { _ = r.in.Run(ctx) })
		fn(r)
		stop()
		wg.Wait()
	})
}

func (r *rig) accept(events ...models.Event) models.AcceptResult {
	r.t.Helper()
	res, err := r.in.Accept(r.t.Context(), models.Accepted{Source: r.dir.Sources[1], Webhook: models.Webhook{Method: "POST", Body: []byte("{}")}, Events: events})
	if err != nil {
		r.t.Fatalf("Accept: %v", err)
	}
	return res
}

// event makes an event of call c-1 dated now.
func event(typ models.EventType, ext string) models.Event {
	return models.Event{Type: typ, Call: "c-1", Extension: ext, Phone: "+79031234567", Direction: models.In, At: time.Now()}
}

func (r *rig) who(user int64) models.Caller {
	return models.Caller{User: r.dir.Users[user], Token: r.dir.Tokens[fmt.Sprint("hash", user)]}
}

func (r *rig) poll(user int64, q models.PollQuery) models.PendingSet {
	r.t.Helper()
	set, err := r.in.Poll(r.t.Context(), r.who(user), q)
	if err != nil {
		r.t.Fatalf("Poll(%d, %+v): %v", user, q, err)
	}
	return set
}

// later polls in the background; the channel gets the answer.
func (r *rig) later(user int64, q models.PollQuery) <-chan answered {
	out := make(chan answered, 1)
	go func() {
		set, err := r.in.Poll(r.t.Context(), r.who(user), q)
		out <- answered{set, err, time.Now()}
	}()
	synctest.Wait()
	return out
}

type answered struct {
	set models.PendingSet
	err error
	at  time.Time
}

func kindsOf(set models.PendingSet) string {
	s := ""
	for _, n := range set.Rows {
		s += fmt.Sprintf("%s/%s/%d ", n.Kind, n.Action, n.Rev)
	}
	return s
}

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

func TestOnePoisonedItemAmongMany(t *testing.T) {
	bubble(t, func(r *rig) {
		r.mem.poison = errors.New("test: this row is refused by the database")
		r.mem.mu.Lock() // everything queues behind the first batch
		var wg sync.WaitGroup
		var failed, stored int
		var mu sync.Mutex
		for i := range 64 {
			e := event(models.EventRinging, "101")
			e.Call = fmt.Sprint("call-", i)
			if i == 17 {
				e.Call = "poison"
			}
			wg.Go(func() {
				res, err := r.in.Accept(r.t.Context(), models.Accepted{Source: r.dir.Sources[1], Webhook: models.Webhook{Body: []byte("x")}, Events: []models.Event{e}})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err != nil:
					r.t.Errorf("Accept: %v", err)
				case res.Outcome == models.WebhookFailed:
					failed++
				default:
					stored++
				}
			})
		}
		r.mem.mu.Unlock()
		wg.Wait()
		if failed != 1 || stored != 63 || len(r.mem.hooks) != 64 || len(r.mem.calls) != 63 {
			r.t.Errorf("failed %d, stored %d, journal %d, calls %d; want 1, 63, 64, 63", failed, stored, len(r.mem.hooks), len(r.mem.calls))
		}
	})
}

func TestRepeatsChangeNothing(t *testing.T) {
	bubble(t, func(r *rig) {
		e := event(models.EventRinging, "101")
		r.accept(e)
		v := r.poll(1, models.PollQuery{}).Version
		if res := r.accept(e); res.Outcome != models.WebhookRepeat {
			r.t.Errorf("repeat = %s", res.Outcome)
		}
		if got := r.poll(1, models.PollQuery{}).Version; got != v {
			r.t.Errorf("a repeat moved the version from %s to %s", v, got)
		}
		undated := models.Event{Type: models.EventRinging, Call: "c-2", Extension: "102"}
		r.accept(undated)
		if res := r.accept(undated); res.Outcome != models.WebhookRepeat {
			r.t.Errorf("undated repeat within 10 s = %s", res.Outcome)
		}
		<-time.After(11 * time.Second)
		v = r.poll(2, models.PollQuery{}).Version
		if res := r.accept(undated); res.Outcome != models.WebhookStored {
			r.t.Errorf("undated repeat after 10 s = %s", res.Outcome)
		}
		if got := r.poll(2, models.PollQuery{}).Version; got != v {
			r.t.Errorf("the state machine did not absorb a late repeat: %s, then %s", v, got)
		}
		if bad := r.accept(models.Event{Type: models.EventRinging}); bad.Outcome != models.WebhookFailed || bad.Error == "" {
			r.t.Errorf("an invalid event = %+v, want it kept with its error", bad)
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

func TestIdempotentPublishing(t *testing.T) {
	bubble(t, func(r *rig) {
		p := models.Publication{Group: "sales", Kind: "chat", IdempotencyKey: "k", Hash: "h"}
		first, err := r.in.Publish(r.t.Context(), r.who(1), p)
		if err != nil || len(first) != 2 {
			r.t.Fatalf("Publish = %v %v, want a row for each member", first, err)
		}
		second, err := r.in.Publish(r.t.Context(), r.who(1), p)
		if err != nil || len(second) != 2 || second[0].ID != first[0].ID || len(r.mem.rows) != 2 {
			r.t.Errorf("again = %v %v with %d rows", second, err, len(r.mem.rows))
		}
		p.Hash = "other"
		if _, err := r.in.Publish(r.t.Context(), r.who(1), p); models.KindOf(err) != models.Invalid {
			r.t.Errorf("another payload = %v, want 422", err)
		}
	})
}

func TestAdministrate(t *testing.T) {
	bubble(t, func(r *rig) {
		by := models.Actor{Who: "test"}
		made, err := r.in.Publish(r.t.Context(), r.who(1), models.Publication{User: "ivanov", Kind: "chat"})
		if err != nil {
			r.t.Fatal(err)
		}
		id := made[0].ID
		if n, err := r.in.Administrate(r.t.Context(), by, id, AdminRequeue, 0); err != nil || n.ID != id || n.Rev != 2 {
			r.t.Errorf("requeue of a pending row = %+v %v, want rev 2", n, err)
		}
		if n, err := r.in.Administrate(r.t.Context(), by, id, AdminReassign, 2); err != nil || n.UserID != 2 || n.Follows != id {
			r.t.Errorf("reassign = %+v %v", n, err)
		}
		if _, err := r.in.Administrate(r.t.Context(), by, id, AdminProcess, 0); models.KindOf(err) != models.Conflict {
			r.t.Errorf("process of a settled row = %v, want 409", err)
		}
		if n, err := r.in.Administrate(r.t.Context(), by, id, AdminRequeue, 0); err != nil || n.Follows != id || n.UserID != 1 {
			r.t.Errorf("requeue of a settled row = %+v %v", n, err)
		}
		if _, err := r.in.Administrate(r.t.Context(), by, 999999, AdminExpire, 0); !models.IsNotFound(err) {
			r.t.Errorf("unknown row = %v, want 404", err)
		}
	})
}

func TestMappingRoutesWhatWaited(t *testing.T) {
	bubble(t, func(r *rig) {
		r.accept(event(models.EventRinging, "199"))
		if set := r.poll(3, models.PollQuery{}); len(set.Rows) != 0 {
			r.t.Fatalf("unmapped extension gave %v", kindsOf(set))
		}
		d := testDirectory()
		d.Version = 1
		d.Extensions[models.ExtKey{SourceID: 1, Extension: "199"}] = 3
		r.now.Store(d)
		if err := r.in.Route(r.t.Context(), 1, "199"); err != nil {
			r.t.Fatal(err)
		}
		if got := kindsOf(r.poll(3, models.PollQuery{})); got != "call.ringing/indicate/1 " {
			r.t.Errorf("after mapping: %q", got)
		}
	})
}

func TestTransactionsAreShared(t *testing.T) {
	bubble(t, func(r *rig) {
		r.accept(event(models.EventRinging, "101"))
		before := r.mem.writes
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				_, err := r.in.Publish(r.t.Context(), r.who(1), models.Publication{User: "petrova", Kind: fmt.Sprint("chat", i)})
				if err != nil {
					r.t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := r.mem.writes - before; n > 120 {
			r.t.Errorf("200 concurrent operations took %d transactions", n)
		}
	})
}
