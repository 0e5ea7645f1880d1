package inbox

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"zummer/models"
)

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
		before := r.mem.written()
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
		if n := r.mem.written() - before; n > 120 {
			r.t.Errorf("200 concurrent operations took %d transactions", n)
		}
	})
}
