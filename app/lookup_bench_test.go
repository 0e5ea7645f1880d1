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

	"github.com/jackc/pgx/v5"

	"zummer/models"
	"zummer/models/store"
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
			reportPercentiles(b, took)
		})
	}
}

func reportPercentiles(b *testing.B, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
}

// BenchmarkLookupMillion is the read of the contacts that every batch does,
// ContactsByPhones, among a million contacts with two numbers each on
// PostgreSQL: one caller, and eight in one batch, each tenth of them unknown.
func BenchmarkLookupMillion(b *testing.B) {
	const contacts = 1_000_000
	dsn := storetest.Postgres(b)
	p, err := open(b.Context(), Database{Database: dsn, DBPool: 16}, benchConfig(), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer p.close()
	fillContacts(b, dsn, contacts)
	for _, callers := range []int{1, 8} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			var took []time.Duration
			n := 0
			for b.Loop() {
				phones := make([]string, callers)
				for i := range phones {
					n = (n + 611_953) % (contacts + contacts/10) // a prime: every number comes once, far from the one before
					phones[i] = fmt.Sprintf("+7903%07d", n)
				}
				err := p.store.Write(b.Context(), func(tx *store.Tx) error {
					began := time.Now() // the read alone
					found, _, err := tx.ContactsByPhones(b.Context(), phones)
					took = append(took, time.Since(began))
					for i, phone := range phones {
						if i == len(phones)-1 && n < contacts && len(found[phone]) != 1 {
							return fmt.Errorf("%s is of %d contacts", phone, len(found[phone]))
						}
					}
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			reportPercentiles(b, took)
		})
	}
}

// fillContacts writes n contacts as a synchronisation would have left them.
func fillContacts(b *testing.B, dsn string, n int) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), dsn)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(b.Context()))
	for _, sql := range []string{
		fmt.Sprintf(`INSERT INTO contacts (id, external_id, name, responsible, responsible_folded, client, interests, seq, updated_at)
			SELECT i, 'c' || i, 'Client ' || i, 'u' || i %% 300, 'u' || i %% 300, jsonb_build_object('type', 'Справочник', 'name', 'Контрагенты', 'uid', 'client-' || i),
			jsonb_build_array(jsonb_build_object('type', 'Документ', 'name', 'Интерес', 'uid', 'interest-' || i)), 1, now() FROM generate_series(0, %d - 1) AS i`, n),
		fmt.Sprintf(`INSERT INTO contact_phones (phone, contact_id) SELECT kind || lpad(i::text, 7, '0'), i FROM generate_series(0, %d - 1) AS i, (VALUES ('+7903'), ('+7495')) AS v (kind)`, n),
		`VACUUM (ANALYZE) contacts, contact_phones`,
	} {
		if _, err := conn.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
}
