package store_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store/storetest"
)

// The overview of a database in which nothing happened, and of one in which
// something did.
func TestOverview(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		ctx := t.Context()
		s := storetest.Open(t, dsn)
		now := time.Now().UTC().Truncate(time.Hour).Add(-time.Hour).Add(10 * time.Minute)
		since := now.Add(-24 * time.Hour)
		o, err := s.Overview(ctx, since)
		if err != nil || len(o.Latency)+len(o.Calls)+len(o.Sources) != 0 || o.Sampled != 1 {
			t.Fatalf("nothing happened: %+v, %v", o, err)
		}
		if h := o.Database; h.Kind == "" || h.Version == "" || h.Size == 0 || h.Open == 0 || strings.HasPrefix(dsn, "sqlite:") && h.Processes != 1 {
			t.Errorf("the database: %+v", h)
		}
		exec := execOn(t, dsn)
		for id, slug := range []string{1: "office", 2: "cloud", 3: "new"} {
			if id > 0 {
				exec("INSERT INTO sources (id, slug, kind, token, token_hash, created_at) VALUES (?, ?, 'generic', '', ?, ?)", id, slug, slug, now)
			}
		}
		for i, w := range []struct {
			source  int
			outcome string
			at      time.Time
		}{{1, "stored", now.Add(-time.Minute)}, {1, "failed", now}, {1, "stored", now.Add(time.Minute)}, {2, "stored", since.Add(-time.Hour)}} {
			exec("INSERT INTO webhooks (id, received_at, source_id, method, body, outcome, error) VALUES (?, ?, ?, 'POST', ?, ?, ?)", 100+i, w.at, w.source, []byte("x"), w.outcome, map[string]string{"failed": "no event"}[w.outcome])
		}
		for i, c := range []struct {
			at     time.Time
			missed bool
			merged int
		}{{now, false, 0}, {now.Add(time.Minute), true, 0}, {now.Add(-3 * time.Hour), false, 0}, {now, false, 1}, {since.Add(-time.Hour), true, 0}} {
			exec("INSERT INTO calls (id, source_id, key, created_at, updated_at, missed, merged_into) VALUES (?, 1, ?, ?, ?, ?, ?)", i+1, string(rune('a'+i)), c.at, c.at, c.missed, c.merged)
		}
		for i := range 100 {
			exec("INSERT INTO notification_events (id, at, notification_id, rev, what, webhook_id) VALUES (?, ?, ?, 1, 'stored', ?)", i+1, now.Add(-50*time.Second), i+1, 100)
			took := time.Duration(i+1) * 10 * time.Millisecond
			if i == 99 {
				took = 5 * time.Minute
			}
			exec("INSERT INTO deliveries (notification_id, rev, session, user_id, at) VALUES (?, 1, 'desk', 1, ?)", i+1, now.Add(-time.Minute+took))
			exec("INSERT INTO deliveries (notification_id, rev, session, user_id, at) VALUES (?, 1, 'home', 1, ?)", i+1, now.Add(-time.Minute+took+time.Hour))
		}
		exec("INSERT INTO notification_events (id, at, notification_id, rev, what) VALUES (1000, ?, 500, 1, 'stored')", now) // published: no webhook
		exec("INSERT INTO deliveries (notification_id, rev, session, user_id, at) VALUES (500, 1, 'desk', 1, ?)", now)

		o, err = s.Overview(ctx, since)
		if err != nil {
			t.Fatal(err)
		}
		if len(o.Latency) != 1 || o.Late != 1 {
			t.Fatalf("latency %+v, late %d, want one hour and one late", o.Latency, o.Late)
		}
		if l := o.Latency[0]; l.Count != 99 || l.P50 != 500*time.Millisecond || l.P95 != 950*time.Millisecond || l.P99 != 990*time.Millisecond || !l.Hour.Equal(now.Truncate(time.Hour)) {
			t.Errorf("latency %+v", l)
		}
		if len(o.Calls) != 2 || o.Calls[0].Calls != 1 || o.Calls[1] != (models.CallsHour{Hour: now.Truncate(time.Hour), Calls: 2, Missed: 1}) {
			t.Errorf("calls %+v", o.Calls)
		}
		if len(o.Sources) != 3 {
			t.Fatalf("sources %+v", o.Sources)
		}
		if h := o.Sources[0]; h.Webhooks != 3 || h.Failed != 1 || h.LastError != "no event" || !h.LastFailed.Equal(now) || !h.Last.Equal(now.Add(time.Minute)) {
			t.Errorf("office: %+v", h)
		}
		if h := o.Sources[1]; h.Webhooks != 0 || !h.Last.Equal(since.Add(-time.Hour)) {
			t.Errorf("cloud: %+v", h)
		}
		if h := o.Sources[2]; !h.Last.IsZero() {
			t.Errorf("new: %+v", h)
		}
	})
}

// execOn runs statements on a database beside the store; ? are its parameters.
func execOn(t *testing.T, dsn string) func(statement string, args ...any) {
	t.Helper()
	path, lite := strings.CutPrefix(dsn, "sqlite:")
	driver := "pgx"
	if lite {
		driver, dsn = "sqlite", path
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return func(statement string, args ...any) {
		t.Helper()
		for i := range args {
			if at, ok := args[i].(time.Time); ok && lite {
				args[i] = at.UnixMilli()
			}
			if !lite {
				statement = strings.Replace(statement, "?", fmt.Sprintf("$%d", i+1), 1)
			}
		}
		if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}
