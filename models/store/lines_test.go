package store_test

import (
	"context"
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store"
	"zummer/models/store/storetest"
)

// Calls of other sources whose leg of a user began at a certain time are found by
// their conversation, and a conversation's calls by it.
func TestLineCalls(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		var at time.Time
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			at = now
			var keys []models.CallKey
			for source := int64(1); source <= 4; source++ {
				keys = append(keys, models.CallKey{Source: source, Key: "c"})
			}
			calls, err := tx.LockCalls(ctx, now, keys, []int64{100, 101, 102, 103})
			if err != nil {
				return err
			}
			var all []*models.Call
			for i, k := range keys {
				c := calls[k]
				c.Apply(ring("101", now), false, now)
				if k.Source == 3 { // an answer without a ring
					*c = models.Call{ID: c.ID, Source: 3, Key: "c"}
					c.Apply(&models.Event{Type: models.EventAnswered, Extension: "101", At: now.Add(5 * time.Second)}, false, now)
				}
				withIDs(c, 200+10*int64(i))
				c.SetOwner(0, 42)
				all = append(all, c)
			}
			calls[keys[1]].Conversation = 100
			calls[keys[3]].MergedInto = 100
			return tx.SaveCalls(ctx, now, all)
		})
		within(t, s, func(ctx context.Context, tx *store.Tx, _ time.Time) error {
			if err := tx.LockLines(ctx, []string{"branch", "trunk"}); err != nil {
				return err
			}
			for _, c := range []struct {
				name string
				q    models.LineSearch
				want []int64
			}{
				{"by the ring, of the other source, by its conversation", models.LineSearch{User: 42, Sources: []int64{2}, From: at.Add(-time.Second), To: at.Add(time.Second)}, []int64{100}},
				{"by the answer", models.LineSearch{User: 42, Sources: []int64{3}, From: at.Add(4 * time.Second), To: at.Add(6 * time.Second)}, []int64{102}},
				{"several, each conversation once", models.LineSearch{User: 42, Sources: []int64{1, 2, 3}, From: at, To: at.Add(9 * time.Second)}, []int64{100, 102}},
				{"at another time", models.LineSearch{User: 42, Sources: []int64{1, 2, 3}, From: at.Add(time.Minute), To: at.Add(2 * time.Minute)}, nil},
				{"of another user", models.LineSearch{User: 43, Sources: []int64{1, 2, 3}, From: at, To: at.Add(9 * time.Second)}, nil},
				{"not what was merged", models.LineSearch{User: 42, Sources: []int64{4}, From: at, To: at.Add(9 * time.Second)}, nil},
			} {
				got, err := tx.LineCalls(ctx, []models.LineSearch{c.q})
				if err != nil {
					return err
				}
				equal(t, c.name, got, c.want)
			}
			for _, c := range []struct{ ask, want []int64 }{{[]int64{100}, []int64{100, 101}}, {[]int64{102, 103, 999}, []int64{102}}, {nil, nil}} {
				got, err := tx.ConversationCalls(ctx, c.ask)
				if err != nil {
					return err
				}
				equal(t, "ConversationCalls", got, c.want)
			}
			return nil
		})
		mine, err := s.Call(t.Context(), 42, 100)
		if err != nil || mine.ID != 100 {
			t.Errorf("Call(42, 100) = %d, %v", mine.ID, err)
		}
	})
}

// Who has a leg in one call of a conversation may read it by the other's id, which
// his row names; nobody else may.
func TestCallOfAConversation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			keys := []models.CallKey{{Source: 1, Key: "c"}, {Source: 2, Key: "c"}}
			calls, err := tx.LockCalls(ctx, now, keys, []int64{100, 101})
			if err != nil {
				return err
			}
			for i, k := range keys {
				calls[k].Apply(ring("101", now), false, now)
				withIDs(calls[k], 200+10*int64(i))
				calls[k].SetOwner(0, 42+int64(i))
			}
			calls[keys[1]].Conversation = 100
			return tx.SaveCalls(ctx, now, []*models.Call{calls[keys[0]], calls[keys[1]]})
		})
		for _, c := range []struct{ user, id, want int64 }{{42, 100, 100}, {43, 100, 101}, {42, 101, 100}, {43, 101, 101}, {44, 100, 0}, {0, 101, 101}} {
			got, err := s.Call(t.Context(), c.user, c.id)
			if got.ID != c.want || (c.want == 0) != models.IsNotFound(err) {
				t.Errorf("Call(%d, %d) = %d, %v, want %d", c.user, c.id, got.ID, err, c.want)
			}
		}
	})
}

// A row may go on under another key, also the one of a row that leaves with it.
func TestARowMovesToAnotherKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			if _, err := tx.LockInboxes(ctx, []int64{1}); err != nil {
				return err
			}
			return tx.SaveRows(ctx, []*models.Notification{row(1, 10, "call:1", now), row(1, 11, "call:2", now)})
		})
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			if err := tx.DeleteRows(ctx, []models.RowRef{{User: 1, ID: 10}}); err != nil {
				return err
			}
			return tx.SaveRows(ctx, []*models.Notification{row(1, 11, "call:1", now)})
		})
		within(t, s, func(ctx context.Context, tx *store.Tx, _ time.Time) error {
			rows, err := tx.Rows(ctx, models.RowSelect{All: []int64{1}})
			if err != nil {
				return err
			}
			if len(rows) != 1 || rows[0].ID != 11 || rows[0].CollapseKey != "call:1" {
				t.Errorf("rows are %+v", rows)
			}
			return nil
		})
	})
}
