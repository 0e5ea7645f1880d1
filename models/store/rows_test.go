package store_test

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store"
	"zummer/models/store/storetest"
)

// equal compares by value, as JSON: times of the same instant are the same.
func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	g, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	w, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if string(g) != string(w) {
		t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}

func row(user, id int64, key string, now time.Time) *models.Notification {
	talk := 3
	return &models.Notification{ID: id, UserID: user, Rev: 1, Version: 1, CollapseKey: key, Kind: models.KindMissed, Action: models.ActionCallBack, CallID: 5, SourceID: 6,
		Rule: "missed", Reason: "«почему»", CreatedAt: now, UpdatedAt: now, ExpiresAt: now.Add(time.Hour), Follows: 2,
		Session: "desk", Leased: now.Add(time.Minute), Shared: true,
		Payload: models.Payload{Title: "ООО Ромашка \"x\"", Phone: "+79031234567", Object: &models.Object{Type: "Документ"}, Candidates: []models.Object{{UID: "u"}},
			Call: &models.CallInfo{ID: 5, State: models.Ended, StartedAt: now, TalkS: &talk}, Data: map[string]any{"attempts": 2.0}}}
}

func TestRowsRoundTrip(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		var at time.Time
		var saved []*models.Notification
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			at = now
			boxes, err := tx.LockInboxes(ctx, []int64{1, 2, 3})
			if err != nil {
				return err
			}
			epochs := map[string]bool{}
			for _, u := range []int64{1, 2, 3} {
				if boxes[u] == nil || boxes[u].UserID != u || boxes[u].Version != 0 || boxes[u].Epoch == "" {
					t.Fatalf("new inbox of %d: %+v", u, boxes[u])
				}
				epochs[boxes[u].Epoch] = true
			}
			if len(epochs) != 3 {
				t.Errorf("epochs are not their own: %v", epochs)
			}
			saved = []*models.Notification{row(1, 10, "missed:p:1", now), row(1, 11, "p:2", now), row(2, 12, "missed:p:1", now)}
			boxes[1].Version, boxes[1].Pending, boxes[1].NextExpiry = 4, 2, now.Add(-time.Second)
			boxes[2].Version, boxes[2].Pending, boxes[2].NextExpiry = 2, 1, now.Add(time.Hour)
			if err := tx.SaveRows(ctx, saved); err != nil {
				return err
			}
			return tx.SaveInboxes(ctx, []*models.Inbox{boxes[1], boxes[2]})
		})
		set, err := s.ReadSet(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(set.Rows, func(a, b models.Notification) int { return cmp.Compare(a.ID, b.ID) })
		equal(t, "ReadSet", set.Rows, saved[:2])
		for i := range set.Rows { // no part of the body, and so not of its JSON
			if !set.Rows[i].Leased.Equal(saved[i].Leased) {
				t.Errorf("ReadSet: row %d is leased until %s, want %s", set.Rows[i].ID, set.Rows[i].Leased, saved[i].Leased)
			}
		}
		if set.Inbox.Version != 4 || set.Inbox.Pending != 2 || !set.Inbox.NextExpiry.Equal(at.Add(-time.Second)) || set.Now.Before(at) {
			t.Errorf("ReadSet: inbox %+v, now %v", set.Inbox, set.Now)
		}
		if set, err := s.ReadSet(t.Context(), 3); err != nil || len(set.Rows) != 0 || set.Inbox.Epoch == "0" || set.Now.IsZero() {
			t.Errorf("ReadSet of an empty set: %+v, %v", set, err)
		}
		if set, err := s.ReadSet(t.Context(), 99); err != nil || set.Inbox != (models.Inbox{UserID: 99, Epoch: "0"}) || set.Now.IsZero() {
			t.Errorf("ReadSet without an inbox: %+v, %v", set, err)
		}
		sets, err := s.ReadSets(t.Context(), []int64{99, 3, 2, 1})
		if err != nil || len(sets) != 4 {
			t.Fatalf("ReadSets = %v, %v", sets, err)
		}
		for u, version := range map[int64]int64{1: 4, 2: 2, 3: 0, 99: 0} {
			one, err := s.ReadSet(t.Context(), u)
			if err != nil {
				t.Fatal(err)
			}
			many := sets[u]
			slices.SortFunc(one.Rows, func(a, b models.Notification) int { return cmp.Compare(a.ID, b.ID) })
			slices.SortFunc(many.Rows, func(a, b models.Notification) int { return cmp.Compare(a.ID, b.ID) })
			equal(t, "the rows of a set among others", many.Rows, one.Rows)
			if many.Inbox != one.Inbox || many.Inbox.Version != version || many.Now.Before(at) {
				t.Errorf("ReadSets: user %d has %+v at %v, alone %+v", u, many.Inbox, many.Now, one.Inbox)
			}
		}
		if sets, err := s.ReadSets(t.Context(), nil); err != nil || len(sets) != 0 {
			t.Errorf("ReadSets of nobody = %v, %v", sets, err)
		}
		boxes, now, err := s.ReadInboxes(t.Context(), []int64{2, 1, 99})
		if err != nil || len(boxes) != 2 || now.IsZero() {
			t.Errorf("ReadInboxes = %v, %v, %v", boxes, now, err)
		}
		if due, err := s.NextExpiries(t.Context(), 10); err != nil || !slices.Equal(due, []int64{1}) {
			t.Errorf("NextExpiries = %v, %v; want [1]", due, err)
		}
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			for _, c := range []struct {
				name string
				sel  models.RowSelect
				want []int64
			}{
				{"nothing", models.RowSelect{Now: now}, nil},
				{"by id", models.RowSelect{Refs: []models.RowRef{{User: 1, ID: 10}, {User: 1, ID: 12}}}, []int64{10}},
				{"by key", models.RowSelect{Keys: []models.RowKey{{User: 1, Key: "p:2"}, {User: 2, Key: "missed:p:1"}, {User: 3, Key: "missed:p:1"}}}, []int64{11, 12}},
				{"all of two", models.RowSelect{All: []int64{1, 3}}, []int64{10, 11}},
			} {
				rows, err := tx.Rows(ctx, c.sel)
				if err != nil {
					return err
				}
				var got []int64
				for _, n := range rows {
					got = append(got, n.ID)
				}
				slices.Sort(got)
				if !slices.Equal(got, c.want) {
					t.Errorf("Rows %s = %v, want %v", c.name, got, c.want)
				}
			}
			holders, err := tx.HoldersOf(ctx, []string{"missed:p:1", "missed:p:9"})
			if err != nil {
				return err
			}
			equal(t, "HoldersOf", holders, map[string][]int64{"missed:p:1": {1, 2}})
			saved[0].Rev, saved[0].Kind, saved[0].ExpiresAt = 2, models.KindAnswered, now.Add(time.Minute)
			if err := tx.SaveRows(ctx, saved[:1]); err != nil {
				return err
			}
			return tx.DeleteRows(ctx, []models.RowRef{{User: 1, ID: 11}, {User: 1, ID: 12}})
		})
		set, err = s.ReadSet(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "after revise and delete", set.Rows, saved[:1])
		if set, _ := s.ReadSet(t.Context(), 2); len(set.Rows) != 1 {
			t.Error("deleting (1, 12) took the row of user 2")
		}
	})
}

// A collapse key stands for one pending row of a user; a row that was deleted
// in the same transaction leaves it free.
func TestCollapseKeyIsUnique(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			return tx.SaveRows(ctx, []*models.Notification{row(1, 10, "k", now)})
		})
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			return tx.SaveRows(t.Context(), []*models.Notification{row(1, 11, "k", time.Now())})
		})
		if err == nil || models.KindOf(err) == models.Unavailable {
			t.Errorf("a second row of one key: %v, want the statement's own error", err)
		}
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			if err := tx.DeleteRows(ctx, []models.RowRef{{User: 1, ID: 10}}); err != nil {
				return err
			}
			return tx.SaveRows(ctx, []*models.Notification{row(1, 11, "k", now)})
		})
	})
}

func TestTimelineAndSettled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		var body models.Payload
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			n := row(1, 10, "missed:p:1", now)
			body = n.Payload
			step := func(user, id int64, rev int, what string, p *models.Payload) *models.Step {
				return &models.Step{UserID: user, NotificationID: id, Rev: rev, Version: int64(rev), What: what, Kind: n.Kind, Action: n.Action, CallID: 5, SourceID: 6, WebhookID: 7, Rule: "missed",
					Reason: "why", Detail: "d", Session: "s", Payload: p, At: now}
			}
			return tx.InsertSteps(ctx, []*models.Step{step(1, 10, 1, models.StepStored, &models.Payload{Title: "old"}), step(1, 10, 2, models.StepRevised, &body),
				step(1, 10, 2, models.StepProcessed, nil), {What: models.StepUnrouted, CallID: 5, At: now}})
		})
		within(t, s, func(ctx context.Context, tx *store.Tx, _ time.Time) error {
			got, err := tx.Settled(ctx, []models.RowRef{{User: 1, ID: 10}, {User: 2, ID: 10}, {User: 1, ID: 99}})
			if err != nil {
				return err
			}
			if len(got) != 1 || got[models.RowRef{User: 1, ID: 10}] != 2 {
				t.Errorf("Settled = %v", got)
			}
			n, err := tx.SettledRow(ctx, 10)
			if err != nil {
				return err
			}
			equal(t, "SettledRow's body", n.Payload, body)
			if n.UserID != 1 || n.Rev != 2 || n.Kind != models.KindMissed || n.Action != models.ActionCallBack || n.CallID != 5 {
				t.Errorf("SettledRow = %+v", n)
			}
			if _, err := tx.SettledRow(ctx, 99); !models.IsNotFound(err) {
				t.Errorf("SettledRow(99) = %v, want NotFound", err)
			}
			for id, want := range map[int64]int64{10: 1, 99: 0} {
				if user, err := tx.OwnerOf(ctx, id); err != nil && !models.IsNotFound(err) || user != want {
					t.Errorf("OwnerOf(%d) = %d, %v; want %d", id, user, err, want)
				}
			}
			return nil
		})
	})
}
