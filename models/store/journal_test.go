package store_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store"
	"zummer/models/store/storetest"
)

// journal is a store that a test fills by hand.
type journal struct {
	*store.Store
	t   *testing.T
	ctx context.Context
	now time.Time
}

func onJournal(t *testing.T, fn func(j *journal)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, dsn string) {
		fn(&journal{Store: storetest.Open(t, dsn), t: t, ctx: t.Context(), now: time.Now().UTC().Truncate(time.Millisecond)})
	})
}

func (j *journal) must(err error) {
	j.t.Helper()
	if err != nil {
		j.t.Fatal(err)
	}
}

func (j *journal) write(fn func(tx *store.Tx) error) {
	j.t.Helper()
	j.must(j.Write(j.ctx, fn))
}

// step writes one entry of the timeline; a body is made of title, "" is none.
func (j *journal) step(what string, user, id int64, rev int, title string, edit ...func(*models.Step)) {
	j.t.Helper()
	s := &models.Step{UserID: user, NotificationID: id, Rev: rev, What: what, Kind: models.KindMissed, Action: models.ActionCallBack, At: j.now}
	if title != "" {
		s.Payload = &models.Payload{Title: title}
	}
	for _, e := range edit {
		e(s)
	}
	j.write(func(tx *store.Tx) error { return tx.InsertSteps(j.ctx, []*models.Step{s}) })
}

// pend writes a pending row with its step.
func (j *journal) pend(user, id int64, rev int, title string, source int64) {
	j.t.Helper()
	n := &models.Notification{UserID: user, ID: id, Rev: rev, CollapseKey: fmt.Sprint(id), Kind: models.KindMissed, Action: models.ActionCallBack, SourceID: source,
		Payload: models.Payload{Title: title}, CreatedAt: j.now, UpdatedAt: j.now, ExpiresAt: j.now.Add(time.Hour)}
	j.write(func(tx *store.Tx) error { return tx.SaveRows(j.ctx, []*models.Notification{n}) })
	j.step(models.StepStored, user, id, rev, title, func(s *models.Step) { s.SourceID = source })
}

// cursorForm is what contract §4.1 says of cursors.
func (j *journal) cursor(c string) string {
	j.t.Helper()
	if ok, _ := regexp.MatchString(`^[A-Za-z0-9_-]+$`, c); !ok {
		j.t.Fatalf("cursor %q", c)
	}
	return c
}

func TestHistory(t *testing.T) {
	onJournal(t, func(j *journal) {
		outcome := func(s *models.Step) { s.Reason, s.Session = "dismissed", "desk" }
		j.step(models.StepStored, 1, 10, 1, "ten", func(s *models.Step) { s.CallID = 77; s.At = j.now.Add(-3 * time.Hour) })
		j.step(models.StepRevised, 1, 10, 2, "ten again", func(s *models.Step) { s.At = j.now.Add(-2 * time.Hour) })
		j.step(models.StepProcessed, 1, 10, 2, "", outcome, func(s *models.Step) { s.At = j.now.Add(-time.Hour) })
		j.step(models.StepStored, 2, 11, 1, "of somebody else")
		j.step(models.StepNothing, 1, 0, 0, "")
		j.step(models.StepStored, 1, 12, 1, "twelve")
		j.step(models.StepExpired, 1, 12, 1, "")
		j.step(models.StepStored, 1, 13, 1, "thirteen")
		j.step(models.StepFolded, 1, 13, 1, "")
		j.pend(1, 14, 3, "fourteen", 5)
		all, err := j.History(j.ctx, 1, models.HistoryQuery{Limit: 10})
		j.must(err)
		var got []string
		for _, r := range all.Rows {
			got = append(got, fmt.Sprintf("%d.%d %s %s %s", r.ID, r.Rev, r.State, r.Outcome, r.Payload.Title))
		}
		want := []string{"14.3 pending  fourteen", "13.1 removed  thirteen", "12.1 expired  twelve", "10.2 processed dismissed ten again"}
		if !slices.Equal(got, want) || all.Next != "" || !all.Complete {
			t.Fatalf("history %q next %q complete %v, want %q", got, all.Next, all.Complete, want)
		}
		if r := all.Rows[3]; r.CallID != 77 || !r.CreatedAt.Equal(j.now.Add(-3*time.Hour)) || !r.UpdatedAt.Equal(j.now.Add(-2*time.Hour)) || !r.At.Equal(j.now.Add(-time.Hour)) {
			t.Fatalf("row %+v", r)
		}
		if r := all.Rows[0]; r.ExpiresAt.IsZero() || r.SourceID != 5 {
			t.Fatalf("the pending row %+v", r)
		}
		var pages []int64
		after := ""
		for {
			p, err := j.History(j.ctx, 1, models.HistoryQuery{Limit: 1, After: after})
			j.must(err)
			for _, r := range p.Rows {
				pages = append(pages, r.ID)
			}
			if after = p.Next; after == "" {
				break
			}
			j.cursor(after)
		}
		if !slices.Equal(pages, []int64{14, 13, 12, 10}) {
			t.Fatalf("page by page %v", pages)
		}
		ids := func(q models.HistoryQuery) (out []int64) {
			p, err := j.History(j.ctx, 1, q)
			j.must(err)
			for _, r := range p.Rows {
				out = append(out, r.ID)
			}
			return out
		}
		if got := ids(models.HistoryQuery{Since: j.now.Add(-time.Minute)}); !slices.Equal(got, []int64{14, 13, 12}) {
			t.Fatalf("since %v", got)
		}
		if got := ids(models.HistoryQuery{Until: j.now.Add(-time.Minute)}); !slices.Equal(got, []int64{10}) {
			t.Fatalf("until %v", got)
		}
	})
}

func TestHistoryTellsOfWhatWasPurged(t *testing.T) {
	onJournal(t, func(j *journal) {
		complete := func(since time.Time) bool {
			p, err := j.History(j.ctx, 1, models.HistoryQuery{Since: since})
			j.must(err)
			return p.Complete
		}
		if !complete(time.Time{}) {
			t.Fatal("a new service has a complete history")
		}
		j.step(models.StepStored, 1, 1, 1, "old", func(s *models.Step) { s.At = j.now.Add(-40 * 24 * time.Hour) })
		j.step(models.StepExpired, 1, 1, 1, "", func(s *models.Step) { s.At = j.now.Add(-39 * 24 * time.Hour) })
		j.step(models.StepStored, 1, 2, 1, "new", func(s *models.Step) { s.At = j.now.Add(-time.Hour) })
		if !complete(time.Time{}) {
			t.Fatal("nothing was purged yet")
		}
		for {
			n, err := j.Purge(j.ctx, "notification_events", 30*24*time.Hour, 100)
			j.must(err)
			if n < 100 {
				break
			}
		}
		if complete(time.Time{}) || complete(j.now.Add(-30*24*time.Hour)) {
			t.Fatal("what was purged was asked for")
		}
		if !complete(j.now.Add(-time.Minute)) {
			t.Fatal("what was purged was not asked for")
		}
	})
}

func TestUnknownCursors(t *testing.T) {
	onJournal(t, func(j *journal) {
		for _, after := range []string{"x", "h", "h1-", "h-1", "hЯ", "h1.2", "c1-2", "h+1", "' OR 1=1", "zzz"} {
			_, err := j.History(j.ctx, 1, models.HistoryQuery{After: after})
			_, _, callsErr := j.Calls(j.ctx, models.CallQuery{Changes: true, After: after})
			_, _, auditErr := j.Audit(j.ctx, after, 10)
			_, _, hooksErr := j.Webhooks(j.ctx, models.WebhookQuery{After: after})
			for name, err := range map[string]error{"history": err, "changes": callsErr, "audit": auditErr, "webhooks": hooksErr} {
				if models.KindOf(err) != models.Invalid {
					t.Errorf("%s after %q: %v, want Invalid", name, after, err)
				}
			}
		}
	})
}

func TestNotificationsForAdministrators(t *testing.T) {
	onJournal(t, func(j *journal) {
		for i := range int64(5) {
			j.pend(1+i%2, 100+i, 1, fmt.Sprint("row ", i), 1+i%3)
		}
		j.step(models.StepStored, 1, 50, 1, "done")
		j.step(models.StepProcessed, 1, 50, 1, "", func(s *models.Step) { s.SourceID = 1 })
		j.step(models.StepStored, 2, 51, 1, "moved")
		j.step(models.StepReassign, 2, 51, 1, "")
		for _, c := range []struct {
			name string
			q    models.AdminQuery
			want []int64
		}{
			{"pending", models.AdminQuery{}, []int64{104, 103, 102, 101, 100}},
			{"of a user", models.AdminQuery{User: 2, State: "pending"}, []int64{103, 101}},
			{"of a source", models.AdminQuery{Source: 1}, []int64{103, 100}},
			{"processed", models.AdminQuery{State: "processed"}, []int64{50}},
			{"processed by another", models.AdminQuery{State: "processed", User: 2}, nil},
			{"processed of a source", models.AdminQuery{State: "processed", Source: 1}, []int64{50}},
			{"removed", models.AdminQuery{State: "removed"}, []int64{51}},
			{"expired", models.AdminQuery{State: "expired"}, nil},
		} {
			t.Run(c.name, func(t *testing.T) {
				var got []int64
				for _, limit := range []int{100, 1, 2} {
					got = nil
					q := c.q
					q.Limit = limit
					for {
						page, next, err := j.Notifications(j.ctx, q)
						if err != nil {
							t.Fatal(err)
						}
						for _, n := range page {
							got = append(got, n.ID)
							if n.Payload.Title == "" {
								t.Errorf("row %d without its body", n.ID)
							}
						}
						if q.After = next; next == "" {
							break
						}
					}
					if !slices.Equal(got, c.want) {
						t.Fatalf("pages of %d: %v, want %v", limit, got, c.want)
					}
				}
			})
		}
		_, _, err := j.Notifications(j.ctx, models.AdminQuery{State: "lost"})
		if models.KindOf(err) != models.Invalid {
			t.Fatalf("unknown state: %v", err)
		}
	})
}

func TestTimeline(t *testing.T) {
	onJournal(t, func(j *journal) {
		ofCall := func(s *models.Step) { s.CallID = 7 }
		j.step(models.StepUnrouted, 0, 0, 0, "", ofCall)
		j.step(models.StepStored, 1, 10, 1, "ten", ofCall)
		j.step(models.StepStored, 2, 11, 1, "colleague", ofCall)
		j.step(models.StepStored, 3, 12, 1, "other call", func(s *models.Step) { s.CallID = 8 })
		j.step(models.StepProcessed, 1, 10, 1, "", func(s *models.Step) { s.Reason = "opened" })
		steps, err := j.Timeline(j.ctx, 10)
		j.must(err)
		var got []string
		for _, s := range steps {
			got = append(got, fmt.Sprintf("%s %d", s.What, s.NotificationID))
		}
		if want := []string{"unrouted 0", "stored 10", "stored 11", "processed 10"}; !slices.Equal(got, want) {
			t.Fatalf("timeline %q, want %q", got, want)
		}
		if _, err := j.Timeline(j.ctx, 999); !models.IsNotFound(err) {
			t.Fatalf("unknown: %v", err)
		}
		if _, err := j.Timeline(j.ctx, 0); !models.IsNotFound(err) {
			t.Fatalf("0: %v", err)
		}
	})
}

func TestWebhookList(t *testing.T) {
	onJournal(t, func(j *journal) {
		j.write(func(tx *store.Tx) error {
			var ws []*models.Webhook
			for i := range int64(6) {
				ws = append(ws, &models.Webhook{ID: 1 + i, SourceID: 1 + i%2, Method: "POST", Path: "/events", Headers: map[string]string{"X-A": "b"}, Body: []byte{0, 'x'}, ReceivedAt: j.now,
					Outcome: []string{models.WebhookStored, models.WebhookRepeat, models.WebhookFailed}[i%3], Error: strings.Repeat("e", int(i)), CallID: 7})
			}
			return tx.InsertWebhooks(j.ctx, ws)
		})
		for _, c := range []struct {
			name string
			q    models.WebhookQuery
			want []int64
		}{
			{"all", models.WebhookQuery{}, []int64{6, 5, 4, 3, 2, 1}},
			{"of a source", models.WebhookQuery{Source: 2}, []int64{6, 4, 2}},
			{"failed", models.WebhookQuery{Outcome: models.WebhookFailed}, []int64{6, 3}},
			{"failed, looking at one at a time", models.WebhookQuery{Outcome: models.WebhookFailed, Look: 1}, []int64{6, 3}},
			{"failed of a source, looking at two", models.WebhookQuery{Outcome: models.WebhookFailed, Source: 1, Look: 2}, []int64{3}},
			{"failed of a source", models.WebhookQuery{Outcome: models.WebhookFailed, Source: 1}, []int64{3}},
		} {
			t.Run(c.name, func(t *testing.T) {
				var got []int64
				q := c.q
				q.Limit = 2
				for {
					page, next, err := j.Webhooks(j.ctx, q)
					if err != nil {
						t.Fatal(err)
					}
					for _, w := range page {
						got = append(got, w.ID)
					}
					if q.After = next; next == "" {
						break
					}
				}
				if !slices.Equal(got, c.want) {
					t.Fatalf("listed %v, want %v", got, c.want)
				}
			})
		}
		w, err := j.Webhook(j.ctx, 3)
		j.must(err)
		if string(w.Body) != "\x00x" || w.Headers["X-A"] != "b" || w.Error != "ee" || !w.ReceivedAt.Equal(j.now) {
			t.Fatalf("one webhook %+v", w)
		}
		if _, err := j.Webhook(j.ctx, 99); !models.IsNotFound(err) {
			t.Fatalf("unknown webhook: %v", err)
		}
		if _, _, err := j.Webhooks(j.ctx, models.WebhookQuery{Outcome: "lost"}); models.KindOf(err) != models.Invalid {
			t.Fatalf("unknown outcome: %v", err)
		}
	})
}
