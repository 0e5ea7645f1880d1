package store_test

import (
	"context"
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store"
	"zummer/models/store/storetest"
)

func TestPartitions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		made, err := s.EnsurePartitions(t.Context(), 3)
		if err != nil || made != 0 {
			t.Errorf("EnsurePartitions after Migrate = %d, %v; want 0", made, err)
		}
		made, err = s.EnsurePartitions(t.Context(), 4)
		want, stray := 2, int64(2)
		if s.SQLite() {
			want, stray = 0, 0
		}
		if err != nil || made != want {
			t.Errorf("EnsurePartitions for a day more = %d, %v; want %d", made, err, want)
		}
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			far := now.AddDate(0, 0, 30)
			if err := tx.InsertSteps(ctx, []*models.Step{{What: models.StepNothing, At: now}, {What: models.StepNothing, At: far}}); err != nil {
				return err
			}
			return tx.InsertWebhooks(ctx, []*models.Webhook{{ID: 1, ReceivedAt: now}, {ID: 2, ReceivedAt: far}})
		})
		if n, err := s.StrayRows(t.Context()); err != nil || n != stray {
			t.Errorf("StrayRows = %d, %v; want %d", n, err, stray)
		}
	})
}

func TestPurge(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		const day = 24 * time.Hour
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			old := now.Add(-40 * day)
			if _, err := tx.TakeKeys(ctx, old, []models.RepeatKey{{SourceID: 1, Key: "a", TTL: day}, {SourceID: 1, Key: "b", TTL: 60 * day}}); err != nil {
				return err
			}
			if _, _, err := tx.Idempotency(ctx, old, 1, "k", "h"); err != nil {
				return err
			}
			if _, _, err := tx.Idempotency(ctx, now, 1, "l", "h"); err != nil {
				return err
			}
			var ws []*models.Webhook
			for i := range 5 {
				ws = append(ws, &models.Webhook{ID: int64(i + 1), ReceivedAt: old})
			}
			if err := tx.InsertWebhooks(ctx, append(ws, &models.Webhook{ID: 9, ReceivedAt: now})); err != nil {
				return err
			}
			if err := tx.InsertSteps(ctx, []*models.Step{{What: models.StepNothing, At: old}, {What: models.StepNothing, At: now}}); err != nil {
				return err
			}
			keys := []models.CallKey{{Source: 1, Key: "lives"}, {Source: 1, Key: "over"}, {Source: 1, Key: "shown"}}
			calls, err := tx.LockCalls(ctx, old, keys, []int64{100, 101, 102})
			if err != nil {
				return err
			}
			for i, k := range keys {
				calls[k].Apply(ring("101", old), false, old)
				withIDs(calls[k], int64(200+10*i))
				if i > 0 {
					calls[k].Apply(&models.Event{Type: models.EventEnded, At: old.Add(time.Minute)}, false, old)
				}
			}
			n := row(1, 10, "k", now)
			n.CallID = 102
			if err := tx.SaveRows(ctx, []*models.Notification{n}); err != nil {
				return err
			}
			return tx.SaveCalls(ctx, old, []*models.Call{calls[keys[0]], calls[keys[1]], calls[keys[2]]})
		})
		for _, c := range []struct {
			table string
			want  []int // of one run after another, at most 3 rows each
		}{
			{"webhooks", []int{3, 2, 0}}, {"notification_events", []int{1, 0}}, {"webhook_keys", []int{1, 0}}, {"idempotency_keys", []int{1, 0}}, {"calls", []int{1, 0}},
		} {
			for _, want := range c.want {
				if n, err := s.Purge(t.Context(), c.table, 30*day, 3); err != nil || n != want {
					t.Errorf("Purge %s = %d, %v; want %d", c.table, n, err, want)
				}
			}
		}
		if _, err := s.Purge(t.Context(), "users", day, 1); err == nil {
			t.Error("Purge took a table that it does not know")
		}
		if _, err := s.Webhook(t.Context(), 9); err != nil {
			t.Errorf("today's webhook went: %v", err)
		}
		for _, id := range []int64{100, 102} {
			if _, err := s.Call(t.Context(), 0, id); err != nil {
				t.Errorf("call %d went: %v", id, err)
			}
		}
	})
}
