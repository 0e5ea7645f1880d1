package inbox

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"zummer/models"
)

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
