package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store"
	"zummer/models/store/storetest"
)

// A user's times are from a revision to the first client that was told of it,
// and to the form that was opened; what is older, or another user's, is not
// among them.
func TestScreenTimes(t *testing.T) {
	onJournal(t, func(j *journal) {
		at := func(d time.Duration) func(*models.Step) {
			return func(s *models.Step) { s.At = j.now.Add(d) }
		}
		opened := func(s *models.Step) { s.Reason = "opened" }
		j.step(models.StepStored, 1, 10, 1, "ten")
		j.step(models.StepProcessed, 1, 10, 1, "", at(3*time.Second), opened)
		j.step(models.StepStored, 1, 11, 1, "eleven")
		j.step(models.StepRevised, 1, 11, 2, "eleven again", at(time.Second))
		j.step(models.StepProcessed, 1, 11, 2, "", at(2*time.Second), func(s *models.Step) { s.Reason = "dismissed" })
		j.step(models.StepStored, 1, 12, 1, "long ago", at(-48*time.Hour))
		j.step(models.StepStored, 2, 13, 1, "another user's")
		told := func(id int64, rev int, session string, after time.Duration) models.Delivery {
			return models.Delivery{NotificationID: id, Rev: rev, Session: session, UserID: 1, At: j.now.Add(after)}
		}
		j.must(j.SaveDeliveries(j.ctx, []models.Delivery{told(10, 1, "desk", 40*time.Millisecond), told(10, 1, "home", time.Hour), told(11, 1, "desk", 20*time.Millisecond),
			told(11, 2, "desk", 1500*time.Millisecond), told(12, 1, "desk", 0), told(13, 1, "x", 9*time.Second)}))
		got, err := j.ScreenTimes(j.ctx, 1, j.now.Add(-time.Hour))
		j.must(err)
		want := models.ScreenTimes{Told: 3, ToldP50: 40 * time.Millisecond, ToldP95: 40 * time.Millisecond, Opened: 1, OpenedP50: 3 * time.Second, OpenedP95: 3 * time.Second}
		if got != want {
			j.t.Errorf("ScreenTimes = %+v, want %+v", got, want)
		}
		if got, err := j.ScreenTimes(j.ctx, 9, j.now); err != nil || got != (models.ScreenTimes{}) {
			j.t.Errorf("of nobody: %+v, %v", got, err)
		}
	})
}

func TestAuditList(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			for _, e := range []models.AuditEntry{
				{Who: "root", From: "192.0.2.1", What: "token.new", Object: "ivanov", Detail: "token 1"},
				{Who: "root", From: "192.0.2.1", What: "token.revoke", Object: "1", Detail: "desk"},
				{Who: "anna", From: "198.51.100.7", What: "user.put", Object: "Петрова", Detail: "100% new"},
				{Who: "anna", From: "198.51.100.7", What: "user.put", Object: "Сидоров", Detail: "1000 new"},
				{Who: "cli", What: "tokenless", Object: "x"},
			} {
				if err := tx.SaveAudit(ctx, now, &e); err != nil {
					return err
				}
			}
			return nil
		})
		for _, c := range []struct {
			name string
			q    models.AuditQuery
			want string // objects, the latest first
		}{
			{"all", models.AuditQuery{}, "x Сидоров Петрова 1 ivanov"},
			{"of somebody", models.AuditQuery{Who: "anna"}, "Сидоров Петрова"},
			{"of a kind", models.AuditQuery{What: "token.revoke"}, "1"},
			{"of all kinds that begin so", models.AuditQuery{What: "token."}, "1 ivanov"},
			{"a text in another case", models.AuditQuery{Text: "пЕТРОВА"}, "Петрова"},
			{"an address", models.AuditQuery{Text: "198.51.100"}, "Сидоров Петрова"},
			{"a sign that means something to the database", models.AuditQuery{Text: "100% n"}, "Петрова"},
			{"all at once", models.AuditQuery{Who: "root", What: "token.", Text: "desk"}, "1"},
			{"nothing", models.AuditQuery{Who: "roo"}, ""},
		} {
			var got []string
			for page := 0; ; page++ {
				c.q.Limit = 2
				rows, next, err := s.AuditList(t.Context(), c.q)
				if err != nil || page > 5 {
					t.Fatalf("%s: page %d, %v", c.name, page, err)
				}
				for _, e := range rows {
					got = append(got, e.Object)
				}
				if next == "" {
					break
				}
				c.q.After = next
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		}
		if _, _, err := s.AuditList(t.Context(), models.AuditQuery{After: "x"}); models.KindOf(err) != models.Invalid {
			t.Errorf("a cursor of nothing: %v", err)
		}
		if who, err := s.AuditWho(t.Context()); err != nil || strings.Join(who, " ") != "anna cli root" {
			t.Errorf("AuditWho = %q, %v", who, err)
		}
	})
}
