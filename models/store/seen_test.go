package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store"
	"zummer/models/store/storetest"
)

// What one process writes of who polled, another one reads; an older time
// never takes the place of a newer one, and old rows are purged.
func TestPresence(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		ctx := t.Context()
		writer, reader := storetest.Open(t, dsn), storetest.Open(t, dsn)
		none, now, err := reader.Presence(ctx, time.Now().Add(-time.Hour))
		if err != nil || len(none) != 0 || time.Since(now).Abs() > time.Minute {
			t.Fatalf("an empty table: %v, %s, %v", none, now, err)
		}
		old := models.Seen{UserID: 1, Session: "desk", Client: "1C/8.2", PolledAt: now.Add(-72 * time.Hour)}
		desk := models.Seen{UserID: 1, Session: "desk", Client: "1C/8.3", App: "trade", PolledAt: now.Add(-time.Second)}
		relay := models.Seen{UserID: -7, Session: "", PolledAt: now}
		gone := models.Seen{UserID: 2, Session: "home", PolledAt: now.Add(-72 * time.Hour)}
		for _, rows := range [][]models.Seen{{relay, old, gone}, {desk}, {old}} {
			if err := writer.SavePresence(ctx, rows); err != nil {
				t.Fatal(err)
			}
		}
		got, _, err := reader.Presence(ctx, now.Add(-time.Minute))
		slices.SortFunc(got, func(a, b models.Seen) int { return int(a.UserID - b.UserID) })
		if want := []models.Seen{relay, desk}; err != nil || !slices.Equal(got, want) {
			t.Fatalf("read %+v, %v, want %+v", got, err, want)
		}
		if n, err := writer.Purge(ctx, "presence", 48*time.Hour, 10); err != nil || n != 1 {
			t.Errorf("Purge = %d, %v, want the session of three days ago", n, err)
		}
		many := make([]models.Seen, 7000)
		for i := range many {
			many[i] = models.Seen{UserID: int64(i), Session: fmt.Sprint("s", i), PolledAt: now}
		}
		if err := writer.SavePresence(ctx, many); err != nil {
			t.Fatal(err)
		}
		if got, _, err := reader.Presence(ctx, now.Add(-time.Minute)); err != nil || len(got) != 7002 {
			t.Errorf("%d sessions, %v, want 7002", len(got), err)
		}
		if err := writer.SavePresence(ctx, nil); err != nil {
			t.Errorf("nothing to write: %v", err)
		}
	})
}

// Deliveries stand among the steps of a timeline by time; the first of a
// session stays.
func TestDeliveries(t *testing.T) {
	onJournal(t, func(j *journal) {
		j.step(models.StepStored, 1, 10, 1, "ten")
		j.step(models.StepRevised, 1, 10, 2, "ten again", func(s *models.Step) { s.At = j.now.Add(2 * time.Second) })
		j.step(models.StepProcessed, 1, 10, 2, "", func(s *models.Step) { s.At = j.now.Add(5 * time.Second) })
		j.step(models.StepStored, 1, 11, 1, "eleven")
		told := func(id int64, rev int, session string, after time.Duration) models.Delivery {
			return models.Delivery{NotificationID: id, Rev: rev, Session: session, UserID: 1, Client: "1C/8.3", At: j.now.Add(after)}
		}
		j.must(j.SaveDeliveries(j.ctx, []models.Delivery{told(10, 1, "desk", 41*time.Millisecond), told(10, 2, "desk", 2100*time.Millisecond), told(10, 1, "desk", time.Second), told(11, 1, "desk", 0)}))
		j.must(j.SaveDeliveries(j.ctx, []models.Delivery{told(10, 1, "desk", time.Hour), told(10, 1, "", 1500*time.Millisecond), told(10, 2, "late", 6*time.Second), told(10, 9, "purged", 7*time.Second), told(10, 2, "quick", 5*time.Second)}))
		steps, err := j.Timeline(j.ctx, 10)
		j.must(err)
		var got []string
		for _, s := range steps {
			got = append(got, fmt.Sprintf("%s %d %s %s %s", s.What, s.Rev, s.Session, s.Detail, s.After))
		}
		want := []string{"stored 1   0s", "delivered 1 desk 1C/8.3 41ms", "delivered 1  1C/8.3 1.5s", "revised 2   0s", "delivered 2 desk 1C/8.3 100ms", "delivered 2 quick 1C/8.3 3s", "processed 2   0s",
			"delivered 2 late 1C/8.3 4s", "delivered 9 purged 1C/8.3 0s"}
		if !slices.Equal(got, want) {
			j.t.Errorf("timeline\n%q, want\n%q", got, want)
		}
		if n, err := j.Purge(j.ctx, "deliveries", 0, 2); err != nil || n > 2 {
			j.t.Errorf("Purge = %d, %v", n, err)
		}
	})
}

// All inboxes and rows are read as they stood at one moment.
func TestReadAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		ctx := t.Context()
		s := storetest.Open(t, dsn)
		inboxes, rows, now, err := s.ReadAll(ctx)
		if err != nil || len(inboxes)+len(rows) != 0 || now.IsZero() {
			t.Fatalf("an empty database: %v %v %s %v", inboxes, rows, now, err)
		}
		const keep = 20
		id := func(user, version int64) int64 { return user<<32 + version }
		stop := make(chan struct{})
		done := make(chan error, 1)
		go func() { // one row more and one version a transaction; a user keeps the last twenty
			for i := int64(1); ; i++ {
				select {
				case <-stop:
					done <- nil
					return
				default:
				}
				err := s.Write(context.Background(), func(tx *store.Tx) error {
					user := 1 + i%3
					all, err := tx.LockInboxes(ctx, []int64{user})
					if err != nil {
						return err
					}
					all[user].Version++
					if v := all[user].Version; v <= keep {
						all[user].Pending++
					} else if err := tx.DeleteRows(ctx, []models.RowRef{{User: user, ID: id(user, v-keep)}}); err != nil {
						return err
					}
					if err := tx.SaveRows(ctx, []*models.Notification{row(user, id(user, all[user].Version), fmt.Sprint("k", i), now)}); err != nil {
						return err
					}
					return tx.SaveInboxes(ctx, []*models.Inbox{all[user]})
				})
				if err != nil {
					done <- err
					return
				}
			}
		}()
		for reads, versions := 0, int64(0); reads < 200 || versions < 200; reads++ {
			select {
			case err := <-done:
				t.Fatalf("the writer ended: %v", err)
			default:
			}
			inboxes, rows, _, err := s.ReadAll(ctx)
			if err != nil {
				t.Fatal(err)
			}
			pending := map[int64][]int64{}
			for _, n := range rows {
				pending[n.UserID] = append(pending[n.UserID], n.ID)
			}
			versions = 0
			for _, ib := range inboxes {
				versions += ib.Version
				var want []int64 // what this version has
				for v := max(1, ib.Version-keep+1); v <= ib.Version; v++ {
					want = append(want, id(ib.UserID, v))
				}
				got := slices.Sorted(slices.Values(pending[ib.UserID]))
				if ib.Pending != len(want) || !slices.Equal(got, want) {
					t.Fatalf("user %d at version %d with %d rows has %v", ib.UserID, ib.Version, ib.Pending, got)
				}
			}
		}
		close(stop)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}

// The owner of a row is known while it is pending and after; of none there is none.
func TestOwners(t *testing.T) {
	onJournal(t, func(j *journal) {
		j.step(models.StepStored, 1, 10, 1, "ten")
		j.step(models.StepProcessed, 1, 10, 1, "")
		j.step(models.StepStored, 2, 11, 1, "eleven")
		j.write(func(tx *store.Tx) error { // its timeline was purged
			return tx.SaveRows(j.ctx, []*models.Notification{row(3, 12, "k", j.now)})
		})
		got, err := j.Owners(j.ctx, []int64{10, 11, 12, 13})
		if err != nil || len(got) != 3 || got[10] != 1 || got[11] != 2 || got[12] != 3 {
			j.t.Errorf("Owners = %v, %v", got, err)
		}
	})
}
