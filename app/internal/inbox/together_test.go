package inbox

import (
	"slices"
	"testing"
	"time"

	"zummer/models"
)

// together carries out operations in one batch, in this order.
func (r *rig) together(ops ...*op) {
	r.t.Helper()
	for _, o := range ops {
		o.done = make(chan struct{})
		r.in.idle.Add(1)
	}
	r.in.flush(r.t.Context(), ops)
	for _, o := range ops {
		if o.err != nil {
			r.t.Fatalf("%s: %v", o.name, o.err)
		}
	}
}

func publishOp(title string) *op {
	return &op{name: "publish", publish: &publish{users: []int64{1}, draft: models.Draft{CollapseKey: "p:k", Kind: "chat", TTL: time.Hour, Payload: models.Payload{Title: title}}}}
}

func adminOp(id int64, action string) *op {
	return &op{name: action, admin: &admin{id: id, action: action, by: models.Actor{Who: "test"}}}
}

// TestOperationsOfOneBatchDoNotMix puts several operations on one row into one
// batch: each is answered with the row as it left it, the timeline keeps the
// words of each revision, and a row that is settled and requeued comes back
// with its last words.
func TestOperationsOfOneBatchDoNotMix(t *testing.T) {
	bubble(t, func(r *rig) {
		a, b := publishOp("first"), publishOp("second")
		r.together(a, b)
		id := a.rows[0].ID
		requeue, c := adminOp(id, AdminRequeue), publishOp("fourth")
		r.together(requeue, c)
		if got := requeue.admin.row; got.Rev != 3 || got.Payload.Title != "second" || c.rows[0].Rev != 4 {
			r.t.Errorf("requeue answered rev %d %q, the publication after it rev %d; want 3 second, 4", got.Rev, got.Payload.Title, c.rows[0].Rev)
		}
		back := adminOp(id, AdminRequeue)
		r.together(publishOp("fifth"), adminOp(id, AdminProcess), back)
		if got := back.admin.row; got.ID == id || got.Follows != id || got.Payload.Title != "fifth" {
			r.t.Errorf("the requeued row is %d following %d with %q, want another one following %d with fifth", got.ID, got.Follows, got.Payload.Title, id)
		}
		var words []string
		r.mem.mu.Lock()
		for _, s := range r.mem.steps {
			if s.Payload != nil && s.NotificationID == id {
				words = append(words, s.Payload.Title)
			}
		}
		r.mem.mu.Unlock()
		if want := []string{"first", "second", "second", "fourth", "fifth"}; !slices.Equal(words, want) {
			r.t.Errorf("the timeline's words are %v, want %v", words, want)
		}
	})
}

// TestAnotherSessionReadsBeforeTheHint lets one session read what another
// replica committed before its hint arrives: the hint is then no news any
// more, and the session that waits hears of it all the same.
func TestAnotherSessionReadsBeforeTheHint(t *testing.T) {
	bubble(t, func(r *rig) {
		v := r.poll(1, models.PollQuery{}).Version
		wait := r.later(1, models.PollQuery{Version: v, Session: "waits", Wait: 50 * time.Second})
		r.mem.mu.Lock()
		r.mem.inboxes[1] = models.Inbox{UserID: 1, Epoch: "e1", Version: 9}
		r.mem.mu.Unlock()
		began := time.Now()
		r.poll(1, models.PollQuery{Session: "reads"})
		r.rep.mu.Lock()
		r.rep.more = []models.Hint{{UserID: 1, Version: 9}}
		r.rep.mu.Unlock()
		if a := <-wait; a.set.Version != "e1.9" || a.at.Sub(began) > time.Second {
			r.t.Errorf("the session that waits was told %+v after %s", a.set, a.at.Sub(began))
		}
	})
}
