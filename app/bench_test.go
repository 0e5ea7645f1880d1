package app

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store/storetest"
)

// BenchmarkAccept is the hot way in: one ringing event of a new call, from the
// inbox to the commit, from 64 callers at once, for a thousand users.
func BenchmarkAccept(b *testing.B) {
	benchInbox(b, true, func(ctx context.Context, a *App, source *models.Source, i int64) error {
		_, err := a.inbox.Accept(ctx, models.Accepted{Source: source, Webhook: models.Webhook{Method: "POST", Body: []byte(`{"event":"ringing"}`)},
			Events: []models.Event{{Type: models.EventRinging, ID: fmt.Sprint(i), Call: fmt.Sprint("c", i), Extension: fmt.Sprint(i%1000 + 1000), Phone: "+79031234567", Direction: models.In, At: time.Now()}}})
		return err
	})
}

// BenchmarkPollAck is the whole way of a notification: an answered call for one
// of a thousand users, the poll that reads the set, and the poll that
// acknowledges what it showed, from 64 callers at once.
func BenchmarkPollAck(b *testing.B) { benchInbox(b, true, answeredAndTaken) }

// BenchmarkPollAckAlone is the same from a single caller: how long one
// notification takes while nothing else goes on.
func BenchmarkPollAckAlone(b *testing.B) { benchInbox(b, false, answeredAndTaken) }

// answeredAndTaken brings an answered call to a user and takes out all that the
// set shows then.
func answeredAndTaken(ctx context.Context, a *App, source *models.Source, i int64) error {
	user := a.directory().UserByLogin(fmt.Sprint("u", i%1000+1000))
	_, err := a.inbox.Accept(ctx, models.Accepted{Source: source, Webhook: models.Webhook{Method: "POST", Body: []byte(`{"event":"answered"}`)},
		Events: []models.Event{{Type: models.EventAnswered, ID: fmt.Sprint(i), Call: fmt.Sprint("c", i), Extension: fmt.Sprint(i%1000 + 1000), Phone: fmt.Sprintf("+7903%07d", i%10_000_000),
			Direction: models.In, At: time.Now()}}})
	if err != nil {
		return err
	}
	who := models.Caller{User: user}
	set, err := a.inbox.Poll(ctx, who, models.PollQuery{Limit: 50})
	if err != nil {
		return err
	}
	q := models.PollQuery{Version: set.Version, Limit: 50}
	for i := range set.Rows {
		q.Acks = append(q.Acks, models.Ack{ID: set.Rows[i].ID, Rev: set.Rows[i].Rev, Outcome: models.OutcomeOpened})
	}
	_, err = a.inbox.Poll(ctx, who, q)
	return err
}

// benchInbox runs do on each database, of a running program with a thousand
// users: from 64 callers at once or from one.
func benchInbox(b *testing.B, together bool, do func(ctx context.Context, a *App, source *models.Source, i int64) error) {
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
			b.ReportAllocs()
			b.ResetTimer()
			if together {
				b.SetParallelism(32) // 64 callers on two processors
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := do(ctx, a, source, n.Add(1)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			} else {
				for range b.N { // not b.Loop: an exact -benchtime=Nx sets N for both ways
					if err := do(ctx, a, source, n.Add(1)); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.StopTimer()
			stop()
			<-done
		})
	}
}

func benchConfig() Config {
	c := validConfig()
	c.Listen, c.MaxWaiting = "127.0.0.1:0", 10_000
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

// BenchmarkWaiting is what a waiting client costs in memory: 2,000 polls that
// wait on connections of their own, after the collector has run. The clients'
// ends are in the same process and counted too: some 0.5 KB each.
func BenchmarkWaiting(b *testing.B) {
	const clients = 2000
	a, err := New(b.Context(), Options{Config: benchConfig(), Database: Database{Database: storetest.SQLite(b)}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { _ = a.Run(ctx); close(done) }()
	defer func() { stop(); <-done }()
	benchSetup(b, a, clients)
	tokens := make([]string, clients)
	for i, u := range a.directory().SortedUsers() {
		if _, tokens[i], err = a.parts.setup.NewToken(ctx, models.Actor{Who: "bench"}, u.ID, models.TokenInput{Name: "b", Scopes: []string{models.ScopePoll}}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		before := memory()
		conns := make([]net.Conn, clients)
		for i := range conns {
			if conns[i], err = (&net.Dialer{}).DialContext(ctx, "tcp", a.Addr().String()); err != nil {
				b.Fatal(err)
			}
			version := firstVersion(b, conns[i], tokens[i])
			fmt.Fprintf(conns[i], "GET /v1/notifications?wait=50&session=desk&version=%s HTTP/1.1\r\nHost: z\r\nAuthorization: Bearer %s\r\n\r\n", version, tokens[i])
		}
		for a.hub.Waiting() < clients {
			time.Sleep(10 * time.Millisecond) //nolint:forbidigo // there is nothing to wait for
		}
		after := memory()
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/clients, "heap-B/client")
		b.ReportMetric(float64(after.StackInuse-before.StackInuse)/clients, "stack-B/client")
		for _, c := range conns {
			_ = c.Close()
		}
		for a.hub.Waiting() > 0 {
			time.Sleep(10 * time.Millisecond) //nolint:forbidigo // as above
		}
	}
}

func memory() runtime.MemStats {
	var m runtime.MemStats
	for range 3 { // stacks shrink by half at a time
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m
}

// firstVersion polls once on c.
func firstVersion(b *testing.B, c net.Conn, token string) string {
	b.Helper()
	fmt.Fprintf(c, "GET /v1/notifications?format=text HTTP/1.1\r\nHost: z\r\nAuthorization: Bearer %s\r\n\r\n", token)
	r := bufio.NewReader(c)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || r.Buffered() > 0 {
		b.Fatal(err)
	}
	return strings.Split(string(text), "\t")[1]
}
