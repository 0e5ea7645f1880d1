package store_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store"
	"zummer/models/store/storetest"
)

func same(t *testing.T, what string, got, want map[models.ExtKey]int64) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// Extensions keep their way of sharing, their owners and those who ask.
func TestSharedExtensions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		key := func(e string) models.ExtKey { return models.ExtKey{SourceID: 1, Extension: e} }
		save := func(all ...models.Extension) *models.Directory {
			t.Helper()
			for i := range all {
				all[i].SourceID = 1
			}
			if err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.SaveExtensions(t.Context(), all) }); err != nil {
				t.Fatal(err)
			}
			d, err := s.LoadDirectory(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		asks := models.Owner{UserID: 9, AskedAt: at}
		shared := models.Extension{Extension: "150", Mode: models.SharedCheckIn, Owners: []models.Owner{{UserID: 2, CheckedInAt: at}, {UserID: 3}}}
		d := save(models.Extension{Extension: "101", UserID: 2}, shared, models.Extension{Extension: "199", Owners: []models.Owner{asks}})
		same(t, "own", d.Extensions, map[models.ExtKey]int64{key("101"): 2})
		shared.SourceID = 1
		equal(t, "shared", *d.Shared[key("150")], shared)
		equal(t, "asked", d.Asked[key("199")], []models.Owner{asks})
		if d.Shared[key("150")].Today() != 2 {
			t.Error("today it is nobody's")
		}

		d = save(models.Extension{Extension: "101", UserID: 2, Owners: []models.Owner{asks}}, models.Extension{Extension: "150", Mode: models.SharedAll, Owners: []models.Owner{{UserID: 3}}})
		same(t, "own, and asked for", d.Extensions, map[models.ExtKey]int64{key("101"): 2})
		equal(t, "asked for what is another's", d.Asked[key("101")], []models.Owner{asks})
		equal(t, "owners are replaced", d.Shared[key("150")].Owners, []models.Owner{{UserID: 3}})

		d = save(models.Extension{Extension: "150", UserID: 3}, models.Extension{Extension: "101"}, models.Extension{Extension: "199"})
		same(t, "a shared phone becomes one person's", d.Extensions, map[models.ExtKey]int64{key("150"): 3})
		if len(d.Shared) != 0 || len(d.Asked) != 0 {
			t.Errorf("left: %v, %v", d.Shared, d.Asked)
		}
	})
}

// What waits to be called back, as one task of all who have it; nothing of what
// came just now, was taken, or is no missed call.
func TestWaitingTasks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			if _, err := tx.LockInboxes(ctx, []int64{1, 2}); err != nil {
				return err
			}
			made := func(user, id int64, key string, action models.Action, age time.Duration) *models.Notification {
				n := row(user, id, key, now.Add(-age))
				n.Action = action
				return n
			}
			return tx.SaveRows(ctx, []*models.Notification{
				made(1, 10, "missed:+71", models.ActionCallBack, time.Hour), made(2, 11, "missed:+71", models.ActionCallBack, 2*time.Hour),
				made(1, 12, "missed:+72", models.ActionCallBack, time.Hour), made(2, 13, "missed:+72", models.ActionCallBack, 0), // told to somebody just now
				made(1, 14, "missed:+73", models.ActionNone, time.Hour), made(2, 15, "missed:+73", models.ActionCallBack, time.Hour),
				made(1, 16, "p:74", models.ActionCallBack, time.Hour),
				made(2, 17, "missed:call:7", models.ActionShow, time.Hour), // as some rule has it
			})
		})
		all := []models.Task{{Key: "missed:+71", Users: []int64{1, 2}}, {Key: "missed:+73", Users: []int64{2}}, {Key: "missed:call:7", Users: []int64{2}}}
		got, err := s.WaitingTasks(t.Context(), 2*time.Minute, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "tasks", got, all)
		got, err = s.WaitingTasks(t.Context(), 2*time.Minute, "", 1)
		equal(t, "the first page", got, all[:1])
		if err != nil {
			t.Fatal(err)
		}
		got, err = s.WaitingTasks(t.Context(), 2*time.Minute, all[0].Key, 10)
		equal(t, "the next page", got, all[1:])
		if err != nil {
			t.Fatal(err)
		}
		if got, err = s.WaitingTasks(t.Context(), 3*time.Hour, "", 10); err != nil || len(got) != 0 {
			t.Errorf("three hours ago: %v, %v", got, err)
		}
	})
}
