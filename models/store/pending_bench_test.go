package store_test

import (
	"fmt"
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store"
	"zummer/models/store/storetest"
)

// BenchmarkPendingPage is the administrator's first page among 100,000 pending
// rows of 1,000 users: the rows, who was told of them, and the numbers above.
func BenchmarkPendingPage(b *testing.B) {
	for name, dsn := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		s := storetest.Open(b, dsn(b))
		fillPending(b, s, 100_000, 1_000)
		for _, q := range []struct {
			name string
			q    models.AdminQuery
		}{
			{"first", models.AdminQuery{}},
			{"user", models.AdminQuery{User: 7}},
			{"kind", models.AdminQuery{Kind: models.KindMissed}},
			{"unseen", models.AdminQuery{Seen: "unseen"}},
			{"old", models.AdminQuery{Made: time.Now().Add(-90 * 24 * time.Hour)}},
			{"text", models.AdminQuery{Text: "Ромашка 77777"}},
		} {
			b.Run(name+"/"+q.name, func(b *testing.B) {
				q.q.Limit = 50
				for b.Loop() {
					rows, _, err := s.Notifications(b.Context(), q.q)
					if err == nil {
						_, err = s.Told(b.Context(), rows)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(name+"/numbers", func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Stats(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// fillPending makes rows of users, half of them told to a session.
func fillPending(b *testing.B, s *store.Store, rows, users int) {
	b.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	for from := 0; from < rows; from += 1000 {
		var part []*models.Notification
		var told []models.Delivery
		for i := from; i < min(from+1000, rows); i++ {
			n := row(int64(i%users+1), int64(i+1), fmt.Sprintf("k%d", i), now.Add(-time.Duration(rows-i)*time.Minute))
			n.Payload.Title, n.Payload.Phone = fmt.Sprintf("ООО Ромашка %d", i), fmt.Sprintf("+7903%07d", i)
			part = append(part, n)
			if i%2 == 0 {
				told = append(told, models.Delivery{NotificationID: n.ID, Rev: n.Rev, Session: "desk", UserID: n.UserID, At: now})
			}
		}
		err := s.Write(b.Context(), func(tx *store.Tx) error { return tx.SaveRows(b.Context(), part) })
		if err == nil {
			err = s.SaveDeliveries(b.Context(), told)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
