package inbox

import (
	"fmt"
	"testing"

	"zummer/models"
)

// TestCommitWhoseAnswerIsLost: the batch is run again, finds what it has done
// and answers with that; what a client settled meanwhile does not come back.
func TestCommitWhoseAnswerIsLost(t *testing.T) {
	bubble(t, func(r *rig) {
		r.mem.lost = func(m *memory) { // a client is quicker than the second run
			for ref, n := range m.rows {
				delete(m.rows, ref)
				ib := m.inboxes[ref.User]
				ib.Version, ib.Pending = ib.Version+1, 0
				m.inboxes[ref.User] = ib
				m.steps = append(m.steps, models.Step{UserID: ref.User, NotificationID: n.ID, Rev: n.Rev, Version: ib.Version, What: models.StepProcessed})
			}
		}
		made, err := r.in.Publish(r.t.Context(), r.who(1), models.Publication{User: "ivanov", Kind: "chat"})
		if err != nil || len(made) != 1 || made[0].Rev != 1 {
			t.Fatalf("Publish = %+v %v", made, err)
		}
		if set := r.poll(1, models.PollQuery{}); len(set.Rows) != 0 || set.Version != "e1.2" {
			t.Errorf("what was acknowledged came back: %+v", set)
		}
		r.mem.lost = func(*memory) {}
		if res := r.accept(event(models.EventRinging, "101")); res.Outcome != models.WebhookStored || res.ID == 0 || len(r.mem.hooks) != 1 {
			t.Errorf("Accept = %+v with %d in the journal, want it stored once", res, len(r.mem.hooks))
		}
		set := r.poll(1, models.PollQuery{})
		if got := kindsOf(set); got != "call.ringing/indicate/1 " || set.Version != "e1.3" {
			t.Errorf("after the webhook: %s at %s, want one row at e1.3", got, set.Version)
		}
		r.mem.lost = func(*memory) {}
		row := set.Rows[0]
		res, err := r.in.Acknowledge(r.t.Context(), 1, []models.Ack{{ID: row.ID, Raw: "r", Rev: row.Rev}})
		if err != nil || res[0].Result != models.AckAlready {
			t.Errorf("Acknowledge = %+v %v, want already", res, err)
		}
		r.mem.lost = func(*memory) {}
		n, err := r.in.Administrate(r.t.Context(), models.Actor{Who: "test"}, row.ID, AdminRequeue, 0)
		if err != nil || n.Follows != row.ID || len(r.mem.rows) != 1 {
			t.Errorf("requeue = %+v %v with %d rows, want one that follows", n, err, len(r.mem.rows))
		}
	})
}

// TestCommitThatIsLost: what was rolled back at its commit is done by the second
// run.
func TestCommitThatIsLost(t *testing.T) {
	bubble(t, func(r *rig) {
		for i := range 3 {
			r.mem.broken = true
			if _, err := r.in.Publish(r.t.Context(), r.who(1), models.Publication{User: "ivanov", Kind: "chat"}); err != nil {
				t.Fatal(err)
			}
			r.mem.broken = true
			e := event(models.EventRinging, "101")
			e.Call, e.Phone = fmt.Sprint("c-", i), fmt.Sprint("+7903123456", i)
			if res := r.accept(e); res.Outcome != models.WebhookStored {
				t.Errorf("Accept = %+v", res)
			}
			if set := r.poll(1, models.PollQuery{}); len(set.Rows) != 2*i+2 || len(r.mem.hooks) != i+1 || len(r.mem.calls) != i+1 {
				t.Errorf("round %d: %d rows, %d in the journal, %d calls", i, len(set.Rows), len(r.mem.hooks), len(r.mem.calls))
			}
		}
	})
}

// TestBugInOneOperation: a panic takes neither the process nor the neighbours
// down.
func TestBugInOneOperation(t *testing.T) {
	bubble(t, func(r *rig) {
		r.mem.hooks = append(r.mem.hooks, models.Webhook{ID: 900, SourceID: 1, Body: []byte("panic")})
		bad := &op{name: "replay", replay: 900}
		ops := []*op{publishOp("before"), bad, publishOp("after")}
		for _, o := range ops {
			o.done = make(chan struct{})
			r.in.idle.Add(1)
		}
		r.in.flush(r.t.Context(), ops)
		if bad.err == nil || models.KindOf(bad.err) != models.Internal {
			t.Errorf("the one with the bug = %v, want an internal error", bad.err)
		}
		if ops[0].err != nil || ops[2].err != nil || len(ops[2].rows) != 1 || ops[2].rows[0].Rev != 2 {
			t.Errorf("its neighbours: %v, %v, %+v", ops[0].err, ops[2].err, ops[2].rows)
		}
	})
}
