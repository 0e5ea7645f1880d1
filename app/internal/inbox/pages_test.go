package inbox

import (
	"fmt"
	"testing"
	"time"

	"zummer/models"
)

// TestPagesOfAFirstPoll: the pages of a client that has no version yet are one
// set; only a page that starts over says reset again.
func TestPagesOfAFirstPoll(t *testing.T) {
	bubble(t, func(r *rig) {
		for range 5 {
			r.publishOn(r.in)
		}
		one := r.poll(1, models.PollQuery{Limit: 2})
		two := r.poll(1, models.PollQuery{Limit: 2, After: one.Next})
		three := r.poll(1, models.PollQuery{Limit: 2, After: two.Next})
		if one.State != models.StateReset || two.State != models.StateSet || three.State != models.StateSet || three.Version == "" {
			t.Errorf("the pages say %s, %s, %s; want reset, set, set", one.State, two.State, three.State)
		}
		r.publishOn(r.in)
		if again := r.poll(1, models.PollQuery{Limit: 2, After: two.Next}); again.State != models.StateReset || again.Offset != 0 || len(again.Rows) != 2 {
			t.Errorf("a page of an older version: %+v, want page 1 with reset", again)
		}
		began := time.Now()
		v := r.poll(1, models.PollQuery{}).Version
		one = r.poll(1, models.PollQuery{Limit: 2})
		got := r.poll(1, models.PollQuery{Limit: 2, After: one.Next, Version: v, Wait: 25 * time.Second})
		if len(got.Rows) != 2 || time.Since(began) > time.Second {
			t.Errorf("a page of the version that the client has: %+v after %s, want it at once", got, time.Since(began))
		}
	})
}

// TestApp: a client gets the rows of its infobase and of none; the infobase of
// an object counts where the row names none.
func TestApp(t *testing.T) {
	bubble(t, func(r *rig) {
		for title, p := range map[string]models.Payload{
			"none":         {},
			"trade":        {App: "trade"},
			"crm":          {App: "crm"},
			"trade object": {Object: &models.Object{UID: "1", App: "trade"}},
			"crm object":   {Object: &models.Object{UID: "1", App: "crm"}},
		} {
			p.Title = title
			if _, err := r.in.Publish(r.t.Context(), r.who(1), models.Publication{User: "ivanov", Kind: "chat", Payload: p}); err != nil {
				t.Fatal(err)
			}
		}
		for app, want := range map[string]int{"": 5, "trade": 3, "crm": 3, "other": 1} {
			set := r.poll(1, models.PollQuery{App: app})
			for _, n := range set.Rows {
				if a := n.App(); app != "" && a != "" && a != app {
					t.Errorf("app %s got a row of %s", app, a)
				}
			}
			if len(set.Rows) != want {
				t.Errorf("app %q got %d rows, want %d", app, len(set.Rows), want)
			}
		}
	})
}

// TestFullSetOfLiveCalls: a set holds at most 500 rows, also when every one is
// of a call that rings.
func TestFullSetOfLiveCalls(t *testing.T) {
	bubble(t, func(r *rig) {
		const calls = models.MaxSet + 10
		for i := range calls {
			e := event(models.EventRinging, "101")
			e.Call, e.Phone = fmt.Sprint("c-", i), fmt.Sprintf("+7903%07d", 1000000+i)
			r.accept(e)
		}
		set := r.poll(1, models.PollQuery{Limit: calls})
		digests := 0
		for _, n := range set.Rows {
			if n.Kind == models.KindDigest {
				digests++
				if n.Payload.Data["count"] != 11 {
					t.Errorf("the digest tells of %v rows, want 11", n.Payload.Data["count"])
				}
			}
		}
		if len(set.Rows) != models.MaxSet || digests != 1 {
			t.Errorf("%d rows with %d digests, want %d with 1", len(set.Rows), digests, models.MaxSet)
		}
	})
}
