package app

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"zummer/jobs"
	"zummer/models/store/storetest"
)

// replica is one running program, reached over HTTP, whose parts a test may
// use.
type replica struct {
	*App
	t *testing.T
}

func startReplica(t *testing.T, dsn string, change ...func(*Config)) replica {
	t.Helper()
	cfg := validConfig()
	cfg.AdminToken = "test-admin-token-0123456789"
	for _, fn := range change {
		fn(&cfg)
	}
	a, err := New(t.Context(), Options{Config: cfg, Database: Database{Database: dsn, DBPool: 8}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("the program ended with %v", err)
		}
	})
	return replica{a, t}
}

func (r replica) ask(method, path, body string) map[string]any {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, "http://"+r.Addr().String()+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer test-admin-token-0123456789")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	var v map[string]any
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil || res.StatusCode/100 != 2 {
		r.t.Fatalf("%s %s: %s, %v, %v", method, path, res.Status, v, err)
	}
	return v
}

// pending are the user's rows as "kind action".
func (r replica) pending() (out []string) {
	r.t.Helper()
	for _, item := range r.ask("GET", "/v1/admin/notifications?user=ivanov", "")["items"].([]any) {
		n := item.(map[string]any)
		out = append(out, fmt.Sprint(n["kind"], " ", n["action"]))
	}
	return out
}

// pass makes stored times older, as if so much time had gone by.
func pass(t *testing.T, dsn string, d time.Duration, columns map[string]string) {
	t.Helper()
	driver, source, shift := "pgx", dsn, fmt.Sprintf("- interval '%d seconds'", int(d.Seconds()))
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		driver, source, shift = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)", fmt.Sprintf("- %d", d.Milliseconds())
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for table, names := range columns {
		for name := range strings.FieldsSeq(names) {
			if _, err := db.ExecContext(t.Context(), fmt.Sprintf("UPDATE %s SET %s = %s %s WHERE %s IS NOT NULL", table, name, name, shift, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// both runs a job at the same time on both replicas, then once more, and
// returns what each of the three counted.
func both(t *testing.T, one, two jobs.Job) (first, second, again int64) {
	t.Helper()
	run := func(j jobs.Job) int64 {
		n, err := j.Run(t.Context())
		if err != nil || len(n) != 1 {
			t.Errorf("%s: %v, %v", j.Name, n, err)
			return -1
		}
		return n[0].N
	}
	var wg sync.WaitGroup
	wg.Go(func() { first = run(one) })
	wg.Go(func() { second = run(two) })
	wg.Wait()
	return first, second, run(one)
}

// TestJobsTwice: the jobs that change sets do it once, although two replicas
// run them at the same moment without a lock, and again afterwards.
func TestJobsTwice(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		a := startReplica(t, dsn)
		b := a // one process serves a SQLite file
		if !strings.HasPrefix(dsn, "sqlite:") {
			b = startReplica(t, dsn)
		}
		a.ask("PUT", "/v1/admin/users/ivanov", `{}`)
		hook := a.ask("PUT", "/v1/admin/sources/office", `{"kind":"generic"}`)["hook_url"].(string)
		hook = strings.TrimPrefix(hook, "http://"+a.Addr().String())
		a.ask("PUT", "/v1/admin/extensions/office/101", `{"user":"ivanov"}`)
		for call := range 120 {
			a.ask("POST", hook, fmt.Sprintf(`[{"event":"ringing","call":"c-%d","extension":"101","phone":"+7903%07d"},{"event":"answered","call":"c-%d","extension":"101"}]`, call, call, call))
		}
		if got := len(a.ask("GET", "/v1/admin/notifications?limit=100&user=ivanov", "")["items"].([]any)); got != 100 {
			t.Fatalf("a page of %d rows, want 100 of 120", got)
		}
		pass(t, dsn, 5*time.Hour, map[string]string{"calls": "created_at updated_at"})
		first, second, again := both(t, jobs.Stuck(a.parts.store, a.inbox), jobs.Stuck(b.parts.store, b.inbox))
		if first+second != 120 || again != 0 {
			t.Errorf("stuck calls closed: %d and %d, then %d; want 120 together, then none", first, second, again)
		}
		if got := strings.Join(a.pending(), ","); strings.Contains(got, "call.answered") || !strings.Contains(got, "call.ended show") {
			t.Errorf("after the calls were closed: %s", got)
		}

		pass(t, dsn, 20*24*time.Hour, map[string]string{"unprocessed_notifications": "expires_at", "inboxes": "next_expiry"})
		first, second, again = both(t, jobs.Expire(a.parts.store, a.inbox), jobs.Expire(b.parts.store, b.inbox))
		if first < 0 || second < 0 || again != 0 { // the programs' own sweeps are about, too
			t.Errorf("users swept: %d and %d, then %d; want none in the end", first, second, again)
		}
		if got := a.pending(); len(got) != 0 {
			t.Errorf("after the sweep: %q", got)
		}
		last := a.ask("GET", "/v1/admin/notifications?state=expired&user=ivanov", "")["items"].([]any)
		if len(last) == 0 {
			t.Fatal("nothing is told to have expired")
		}
		expired := 0
		for _, s := range a.ask("GET", "/v1/admin/notifications/"+last[0].(map[string]any)["id"].(string)+"/timeline", "")["items"].([]any) {
			if s.(map[string]any)["what"] == "expired" {
				expired++
			}
		}
		if expired != 1 {
			t.Errorf("the timeline tells %d times that the row expired, want once", expired)
		}

		// The others, over what is past its retention, twice.
		pass(t, dsn, 100*24*time.Hour, map[string]string{"webhook_keys": "expires_at", "calls": "created_at updated_at ended_at"})
		for range 2 {
			for _, j := range []jobs.Job{jobs.Purge(a.parts.store, jobs.DefaultRetention(30*24*time.Hour)), jobs.Partitions(a.parts.store, a.log, nil), jobs.Stats(a.parts.store, a.metrics.stats)} {
				if n, err := j.Run(t.Context()); err != nil {
					t.Errorf("%s: %v, %v", j.Name, n, err)
				}
			}
		}
		if left := a.ask("GET", "/v1/admin/calls", "")["items"].([]any); len(left) != 0 {
			t.Errorf("%d calls are left that are past their retention", len(left))
		}
	})
}

// noticed is a log that tells when a line has come.
type noticed struct {
	slog.Handler
	line string
	came chan struct{}
	once *sync.Once
}

func (n noticed) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == n.line {
		n.once.Do(func() { close(n.came) })
	}
	return n.Handler.Handle(ctx, r)
}

func (n noticed) WithAttrs(attrs []slog.Attr) slog.Handler {
	n.Handler = n.Handler.WithAttrs(attrs)
	return n
}

// TestJobsRunOnOneReplica: while a job runs on one replica, the other leaves it
// alone; when that one stops, the other takes over.
func TestJobsRunOnOneReplica(t *testing.T) {
	t.Parallel()
	dsn := storetest.Postgres(t)
	one, two := storetest.Open(t, dsn), storetest.Open(t, dsn)
	within := func(what string, c <-chan struct{}) {
		t.Helper()
		select {
		case <-c:
		case <-time.After(time.Minute):
			t.Fatalf("%s: not within a minute", what)
		}
	}
	job := func(run func(context.Context)) []jobs.Job {
		return []jobs.Job{{Name: "test", Every: time.Second, Timeout: time.Minute, AtStart: true, Run: func(ctx context.Context) ([]jobs.Count, error) { run(ctx); return nil, nil }}}
	}
	schedule := func(opt jobs.Options) (stop func()) {
		s, err := jobs.New(opt)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := s.Run(ctx); err != nil {
				t.Errorf("scheduler: %v", err)
			}
		}()
		stop = sync.OnceFunc(func() { cancel(); <-done })
		t.Cleanup(stop)
		return stop
	}
	runs, over, elsewhere, took := make(chan struct{}), make(chan struct{}), make(chan struct{}), make(chan struct{})
	var first, second sync.Once
	stopOne := schedule(jobs.Options{Lock: one, Log: slog.New(slog.DiscardHandler), Jobs: job(func(ctx context.Context) {
		first.Do(func() { close(runs) })
		<-ctx.Done()
		select {
		case <-over:
		default:
			close(over)
		}
	})})
	within("the first replica's run", runs)
	var log bytes.Buffer
	schedule(jobs.Options{Lock: two, Log: slog.New(noticed{slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}), "job runs on another replica", elsewhere, &sync.Once{}}),
		Jobs: job(func(context.Context) {
			select {
			case <-over:
			default:
				t.Error("the job runs on both replicas")
			}
			second.Do(func() { close(took) })
		})})
	within("the second replica leaving it alone", elsewhere)
	stopOne()
	within("the second replica taking over", took)
}
