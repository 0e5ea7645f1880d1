package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store/storetest"
)

// BenchmarkLookup is how long a caller waits while a PBX asks who he is: the
// webhook is stored and the answer comes from 10,000 contacts. p99 is reported.
func BenchmarkLookup(b *testing.B) {
	for name, dsn := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			a, err := New(b.Context(), Options{Config: benchConfig(), Database: Database{Database: dsn(b), DBPool: 16}, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				b.Fatal(err)
			}
			ctx, stop := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() { _ = a.Run(ctx); close(done) }()
			defer func() { stop(); <-done }()
			by, kind, secret := models.Actor{Who: "bench"}, "megafon", "crm-token-of-the-bench"
			source, err := a.parts.setup.PutSource(ctx, by, "mega", models.SourceInput{Kind: &kind, Secret: &secret})
			if err != nil {
				b.Fatal(err)
			}
			var lines bytes.Buffer
			for i := range 10_000 {
				fmt.Fprintf(&lines, `{"external_id":"c%d","name":"Client %d","phones":["+7903%07d"]}`+"\n", i, i, i)
			}
			if _, err := a.parts.setup.ImportContacts(ctx, by, &lines, false, nil); err != nil {
				b.Fatal(err)
			}
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				form := fmt.Sprintf("cmd=contact&callid=%d&crm_token=%s&phone=7903%07d", i, secret, i%10_000)
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+a.Addr().String()+"/hooks/mega/"+source.Token, strings.NewReader(form))
				if err != nil {
					b.Fatal(err)
				}
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				began := time.Now()
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					b.Fatal(err)
				}
				text, err := io.ReadAll(res.Body)
				_ = res.Body.Close()
				took = append(took, time.Since(began))
				if err != nil || !strings.Contains(string(text), fmt.Sprintf("Client %d\"", i%10_000)) {
					b.Fatalf("%s: %s, %v", form, text, err)
				}
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
		})
	}
}
