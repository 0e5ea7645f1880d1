package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store/storetest"
)

// BenchmarkAccept is the hot way in: one ringing event of a new call, from the
// inbox to the commit, from 64 callers at once, for a thousand users.
func BenchmarkAccept(b *testing.B) {
	for name, dsn := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			if name == "postgres" && os.Getenv("ZUMMER_TEST_POSTGRES") == "" {
				b.Fatal("ZUMMER_TEST_POSTGRES is not set")
			}
			a, err := New(b.Context(), Options{Config: benchConfig(), Database: Database{Database: dsn(b), DBPool: 16}, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				b.Fatal(err)
			}
			ctx, stop := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() { _ = a.Run(ctx); close(done) }()
			source := benchSetup(b, a, 1000)
			var n atomic.Int64
			b.SetParallelism(32) // 64 callers on two processors
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := n.Add(1)
					_, err := a.inbox.Accept(ctx, models.Accepted{Source: source, Webhook: models.Webhook{Method: "POST", Body: []byte(`{"event":"ringing"}`)},
						Events: []models.Event{{Type: models.EventRinging, ID: fmt.Sprint(i), Call: fmt.Sprint("c", i), Extension: fmt.Sprint(i%1000 + 1000), Phone: "+79031234567", Direction: models.In, At: time.Now()}}})
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.StopTimer()
			stop()
			<-done
		})
	}
}

func benchConfig() Config {
	c := validConfig()
	c.Listen = "127.0.0.1:0"
	return c
}

// benchSetup makes users 1000, 1001, … who own the extensions of that name.
func benchSetup(b *testing.B, a *App, users int) *models.Source {
	b.Helper()
	by, kind := models.Actor{Who: "bench"}, "generic"
	if _, err := a.parts.setup.PutSource(b.Context(), by, "office", models.SourceInput{Kind: &kind}); err != nil {
		b.Fatal(err)
	}
	var all []models.SyncUser
	for i := range users {
		name := fmt.Sprint(1000 + i)
		all = append(all, models.SyncUser{ExternalID: name, Login: "u" + name, Name: name, Extensions: []models.SyncExtension{{Source: "office", Number: name}}})
	}
	if _, err := a.parts.setup.SyncUsers(b.Context(), by, all, false); err != nil {
		b.Fatal(err)
	}
	return a.directory().SourceBySlug("office")
}
