package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store"
)

// TestSearchCalls: every filter alone and with others, page by page; each call
// was heard of a minute after the one before it.
func TestSearchCalls(t *testing.T) {
	onJournal(t, func(j *journal) {
		start := j.now.Add(-time.Hour)
		at := func(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }
		for i, c := range []models.Call{
			{Source: 1, Direction: models.In, State: models.Ended, Missed: true, Phone: "+79031234501", Name: "ООО Ромашка"},
			{Source: 1, Direction: models.In, State: models.Ended, AnsweredAt: at(2), Phone: "+79031234502", DID: "+74951110000"},
			{Source: 2, Direction: models.Out, State: models.Ended, AnsweredAt: at(3), Phone: "+79031234503", Name: "50%_off"},
			{Source: 2, Direction: models.In, State: models.Ringing, Phone: "+79031234504"},
			{Source: 1, Direction: models.In, State: models.Answered, AnsweredAt: at(5), Phone: "+79031234505"},
			{Source: 1, Direction: "internal", State: models.Ended, Missed: false, MergedInto: 5},
		} {
			c.ID, c.Key, c.StartedAt = int64(i+1), fmt.Sprint("key-", i+1), at(i+1)
			if user := []int64{1, 2, 1, 0, 2, 0}[i]; user != 0 {
				c.Legs = []models.Leg{{ID: 100 + c.ID, Key: "x", N: 1, State: c.State, User: user}}
			}
			j.write(func(tx *store.Tx) error { return tx.SaveCalls(j.ctx, at(i+1), []*models.Call{&c}) })
		}
		for _, c := range []struct {
			name string
			q    models.CallSearch
			want []int64
		}{
			{"all but merged ones", models.CallSearch{}, []int64{5, 4, 3, 2, 1}},
			{"of a source", models.CallSearch{Source: 2}, []int64{4, 3}},
			{"of a user", models.CallSearch{User: 2}, []int64{5, 2}},
			{"live", models.CallSearch{State: models.CallsLive}, []int64{5, 4}},
			{"missed", models.CallSearch{State: models.CallsMissed}, []int64{1}},
			{"answered", models.CallSearch{State: models.CallsAnswered}, []int64{5, 3, 2}},
			{"outgoing", models.CallSearch{Direction: models.Out}, []int64{3}},
			{"from a day", models.CallSearch{From: at(4)}, []int64{5, 4}},
			{"of a day", models.CallSearch{From: at(2), Until: at(4)}, []int64{3, 2}},
			{"a number as people write it", models.CallSearch{Text: "8 (903) 123-45-02"}, []int64{2}},
			{"the end of a number", models.CallSearch{Text: "4503"}, []int64{3}},
			{"a name in other letters", models.CallSearch{Text: "ромашка"}, []int64{1}},
			{"a sign of LIKE is a sign", models.CallSearch{Text: "%_o"}, []int64{3}},
			{"the dialled number", models.CallSearch{Text: "4951110000"}, []int64{2}},
			{"the key of the PBX", models.CallSearch{Text: "key-4"}, []int64{4}},
			{"several at once", models.CallSearch{User: 2, Source: 1, State: models.CallsAnswered, Direction: models.In, From: at(2), Until: at(3), Text: "903"}, []int64{2}},
			{"nothing", models.CallSearch{Text: "absent"}, nil},
		} {
			t.Run(c.name, func(t *testing.T) {
				for _, look := range []int{0, 1, 2, 3} { // however far one page looks
					var got []int64
					q := c.q
					q.Limit, q.Look = 2, look
					for pages := 0; ; pages++ {
						page, err := j.SearchCalls(j.ctx, q)
						if err != nil || pages > 10 {
							t.Fatalf("page %d: %v", pages, err)
						}
						if got = append(got, callIDs(page.Calls)...); page.Next == "" {
							break
						}
						q.After = page.Next
					}
					if !slices.Equal(got, c.want) {
						t.Fatalf("looking at %d calls a page: found %v, want %v", look, got, c.want)
					}
				}
			})
		}
		for name, q := range map[string]models.CallSearch{"a state": {State: "x"}, "a cursor of another list": {After: "c5"}} {
			if _, err := j.SearchCalls(j.ctx, q); models.KindOf(err) != models.Invalid {
				t.Errorf("%s: %v, want an invalid field", name, err)
			}
		}
	})
}

// TestCallTimeline: what became of a call, with who was told of each row.
func TestCallTimeline(t *testing.T) {
	onJournal(t, func(j *journal) {
		of := func(s *models.Step) { s.CallID = 77 }
		j.step(models.StepStored, 1, 10, 1, "one", of)
		j.step(models.StepUnrouted, 0, 0, 0, "", of)
		j.step(models.StepStored, 2, 11, 1, "two", of)
		j.step(models.StepStored, 3, 12, 1, "of another call")
		j.must(j.SaveDeliveries(j.ctx, []models.Delivery{{NotificationID: 11, Rev: 1, Session: "desk", UserID: 2, At: j.now.Add(time.Second)}}))
		steps, err := j.CallTimeline(j.ctx, 77)
		j.must(err)
		var got []string
		for _, s := range steps {
			got = append(got, fmt.Sprintf("%s of %d", s.What, s.NotificationID))
		}
		if want := []string{"stored of 10", "unrouted of 0", "stored of 11", "delivered of 11"}; !slices.Equal(got, want) {
			t.Errorf("the timeline is %q, want %q", got, want)
		}
		if steps, err := j.CallTimeline(j.ctx, 78); err != nil || len(steps) != 0 {
			t.Errorf("of an unknown call: %v, %v", steps, err)
		}
	})
}

// TestSourceHealth: what each source sent lately, and of a silent one when it
// was heard of last.
func TestSourceHealth(t *testing.T) {
	onJournal(t, func(j *journal) {
		j.write(func(tx *store.Tx) error {
			return tx.InsertWebhooks(j.ctx, []*models.Webhook{
				{ID: 1, SourceID: 1, ReceivedAt: j.now.Add(-time.Hour), Outcome: models.WebhookStored, Method: "POST"},
				{ID: 2, SourceID: 1, ReceivedAt: j.now, Outcome: models.WebhookFailed, Method: "POST"},
				{ID: 3, SourceID: 9, ReceivedAt: j.now, Outcome: models.WebhookRepeat, Method: "POST"},
			})
		})
		got, err := j.SourceHealth(j.ctx, j.now.Add(-24*time.Hour))
		j.must(err)
		if h := got[1]; h.Webhooks != 2 || h.Failed != 1 || !h.Last.Equal(j.now) {
			t.Errorf("source 1: %+v", h)
		}
		if h := got[9]; h.Webhooks != 1 || h.Failed != 0 {
			t.Errorf("source 9: %+v", h)
		}
		if got, err = j.SourceHealth(j.ctx, j.now.Add(time.Hour)); err != nil || got[1].Webhooks != 0 {
			t.Errorf("since later: %+v, %v", got, err)
		}
	})
}
