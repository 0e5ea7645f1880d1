package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/jobs"
	"zummer/models"
)

var errAway = errors.New("database away")

// base is a database of nothing but numbers.
type base struct {
	overdue  []int64          // users to expire
	stuck    []int64          // calls to close
	rows     map[string]int   // to purge, by table
	fail     map[string]error // by what is called
	asked    []string
	strays   int64
	made     int
	stats    models.Stats
	afterAsk func(what string)
}

func (b *base) ask(format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	b.asked = append(b.asked, what)
	if b.afterAsk != nil {
		b.afterAsk(what)
	}
	return b.fail[strings.Fields(what)[0]]
}

func (b *base) NextExpiries(_ context.Context, limit int) ([]int64, error) {
	return b.overdue[:min(limit, len(b.overdue))], b.ask("next %d", limit)
}

func (b *base) Expire(_ context.Context, users []int64) error {
	if err := b.ask("expire %d", len(users)); err != nil {
		return err
	}
	b.overdue = b.overdue[len(users):]
	return nil
}

func (b *base) StuckCalls(_ context.Context, age time.Duration, limit int) ([]int64, error) {
	return b.stuck[:min(limit, len(b.stuck))], b.ask("stuck %v %d", age, limit)
}

func (b *base) SilentCalls(_ context.Context, sources []int64, age time.Duration, limit int) ([]int64, error) {
	return b.stuck[:min(limit, len(b.stuck))], b.ask("silent %v %v %d", sources, age, limit)
}

func (b *base) CloseSilent(ctx context.Context, ids []int64) (int, error) {
	return b.CloseCalls(ctx, ids)
}

func (b *base) CloseCalls(_ context.Context, ids []int64) (int, error) {
	if err := b.ask("close %v", ids); err != nil {
		return 0, err
	}
	b.stuck = b.stuck[len(ids):]
	return len(ids), nil
}

func (b *base) Purge(_ context.Context, table string, age time.Duration, limit int) (int, error) {
	n := min(limit, b.rows[table])
	if err := b.ask("%s %v", table, age); err != nil {
		return 0, err
	}
	b.rows[table] -= n
	return n, nil
}

func (b *base) EnsurePartitions(_ context.Context, days int) (int, error) {
	return b.made, b.ask("ensure %d", days)
}
func (b *base) StrayRows(context.Context) (int64, error)    { return b.strays, b.ask("strays") }
func (b *base) Stats(context.Context) (models.Stats, error) { return b.stats, b.ask("stats") }

func users(n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(i + 1)
	}
	return out
}

func TestExpire(t *testing.T) {
	tests := map[string]struct {
		overdue int
		fail    string
		want    int64
		calls   int
	}{
		"nobody":         {0, "", 0, 1},
		"a few":          {3, "", 3, 2},
		"two batches":    {501, "", 501, 4},
		"never more":     {11000, "", 10000, 40},
		"cannot find":    {3, "next", 0, 1},
		"cannot expire":  {3, "expire", 0, 2},
		"a whole batch":  {500, "", 500, 3},
		"as many as may": {10000, "", 10000, 40},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := &base{overdue: users(tt.overdue), fail: map[string]error{tt.fail: errAway}}
			got, err := jobs.Expire(b, b).Run(t.Context())
			if (err != nil) != (tt.fail != "") || err != nil && !errors.Is(err, errAway) {
				t.Fatalf("error %v, want one: %v", err, tt.fail != "")
			}
			if got[0].N != tt.want || len(b.asked) != tt.calls {
				t.Errorf("%d users in %d calls, want %d in %d: %v", got[0].N, len(b.asked), tt.want, tt.calls, b.asked)
			}
		})
	}
}

func TestPurge(t *testing.T) {
	keep := jobs.DefaultRetention(30 * 24 * time.Hour)
	b := &base{rows: map[string]int{"webhooks": 4500, "notification_events": 2000, "webhook_keys": 1}, fail: map[string]error{"calls": errAway}}
	got, err := jobs.Purge(b, keep).Run(t.Context())
	if !errors.Is(err, errAway) || !strings.Contains(err.Error(), "purge calls") {
		t.Errorf("error %v, want that of calls", err)
	}
	want := []jobs.Count{{"notification_events", 2000}, {"deliveries", 0}, {"webhooks", 4500}, {"calls", 0}, {"webhook_keys", 1}, {"idempotency_keys", 0}, {"presence", 0}, {"sign_ins", 0}}
	if !slices.Equal(got, want) {
		t.Errorf("counts %v, want %v: one table's error must not keep the others", got, want)
	}
	wantAsked := "notification_events 720h0m0s|notification_events 720h0m0s|deliveries 720h0m0s|webhooks 720h0m0s|webhooks 720h0m0s|webhooks 720h0m0s|calls 720h0m0s|webhook_keys 24h0m0s|idempotency_keys 24h0m0s|presence 48h0m0s|sign_ins 0s"
	if strings.Join(b.asked, "|") != wantAsked {
		t.Errorf("asked %v, want %s", b.asked, wantAsked)
	}

	b.asked, b.fail = nil, nil
	if got, err := jobs.Purge(b, keep).Run(t.Context()); err != nil || got[1].N != 0 || len(b.asked) != len(keep) {
		t.Errorf("the second run: %v, %v, %v; want nothing removed, one question a table", got, err, b.asked)
	}
}

func TestPurgeStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := &base{rows: map[string]int{"webhooks": 1 << 30}, afterAsk: func(string) { cancel() }}
	got, err := jobs.Purge(b, []jobs.Retention{{Table: "webhooks", Age: time.Hour}, {Table: "calls", Age: time.Hour}}).Run(ctx)
	if !errors.Is(err, context.Canceled) || len(b.asked) != 1 || got[0].N != 2000 {
		t.Errorf("%v, %v after %v; want one batch and then the end", got, err, b.asked)
	}
}

func TestPartitions(t *testing.T) {
	tests := map[string]struct {
		base  base
		fail  string
		alarm []int64
		logs  bool
	}{
		"nothing missing":       {base{}, "", []int64{0}, false},
		"made some":             {base{made: 6}, "", []int64{0}, false},
		"stray rows":            {base{strays: 12}, "", []int64{12}, true},
		"cannot make, has rows": {base{strays: 12}, "ensure", []int64{12}, true},
		"cannot count":          {base{made: 3}, "strays", nil, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			var alarms []int64
			tt.base.fail = map[string]error{tt.fail: errAway}
			job := jobs.Partitions(&tt.base, slog.New(slog.NewTextHandler(&out, nil)), func(n int64) { alarms = append(alarms, n) })
			got, err := job.Run(t.Context())
			if (err != nil) != (tt.fail != "") {
				t.Errorf("error %v, want one: %v", err, tt.fail != "")
			}
			if got[0].N != int64(tt.base.made) || !slices.Equal(alarms, tt.alarm) {
				t.Errorf("made %v, alarms %v; want %d and %v", got, alarms, tt.base.made, tt.alarm)
			}
			if logged := strings.Contains(out.String(), "level=ERROR"); logged != tt.logs {
				t.Errorf("logged %v, want %v: %s", logged, tt.logs, &out)
			}
			if !job.AtStart || tt.base.asked[0] != "ensure 3" {
				t.Errorf("at start %v, asked %v; want true and three days", job.AtStart, tt.base.asked)
			}
		})
	}
}

func TestStuck(t *testing.T) {
	b := &base{stuck: []int64{7, 9}}
	job := jobs.Stuck(b, b)
	if got, err := job.Run(t.Context()); err != nil || got[0].N != 2 || b.asked[0] != "stuck 4h0m0s 500" || b.asked[1] != "close [7 9]" {
		t.Errorf("first run: %v, %v, %v", got, err, b.asked)
	}
	if got, err := job.Run(t.Context()); err != nil || got[0].N != 0 || len(b.asked) != 3 {
		t.Errorf("second run: %v, %v, %v; want nothing closed", got, err, b.asked)
	}
	for _, what := range []string{"stuck", "close"} {
		b := &base{stuck: []int64{7}, fail: map[string]error{what: errAway}}
		if _, err := jobs.Stuck(b, b).Run(t.Context()); !errors.Is(err, errAway) {
			t.Errorf("%s fails: error %v, want it", what, err)
		}
	}
}

func TestSilent(t *testing.T) {
	sources := func() []int64 { return []int64{3, 5} }
	b := &base{stuck: []int64{7, 9}}
	job := jobs.Silent(sources, b, b)
	if got, err := job.Run(t.Context()); err != nil || got[0].N != 2 || b.asked[0] != "silent [3 5] 1m30s 500" || b.asked[1] != "close [7 9]" {
		t.Errorf("first run: %v, %v, %v", got, err, b.asked)
	}
	if got, err := job.Run(t.Context()); err != nil || got[0].N != 0 || len(b.asked) != 3 {
		t.Errorf("second run: %v, %v, %v; want nothing closed", got, err, b.asked)
	}
	if job.EachReplica || job.Every != 30*time.Second {
		t.Errorf("runs every %v, on each replica %v; want 30s, on one", job.Every, job.EachReplica)
	}
	for _, what := range []string{"silent", "close"} {
		b := &base{stuck: []int64{7}, fail: map[string]error{what: errAway}}
		if _, err := jobs.Silent(sources, b, b).Run(t.Context()); !errors.Is(err, errAway) {
			t.Errorf("%s fails: error %v, want it", what, err)
		}
	}
}

// folding has contacts whose names are to be folded.
type folding struct {
	left int
	err  error
}

func (f *folding) FoldContacts(_ context.Context, limit int) (int, error) {
	n := min(limit, f.left)
	f.left -= n
	return n, f.err
}

func TestFold(t *testing.T) {
	f := &folding{left: 1234}
	if got, err := jobs.Fold(f).Run(t.Context()); err != nil || f.left != 0 || len(got) != 1 || got[0].N != 1234 {
		t.Errorf("%v, %v; %d are left", got, err, f.left)
	}
	if _, err := jobs.Fold(&folding{err: errAway}).Run(t.Context()); !errors.Is(err, errAway) {
		t.Errorf("database away: %v", err)
	}
}

func TestStats(t *testing.T) {
	b := &base{stats: models.Stats{Pending: 5}}
	var shown []models.Stats
	job := jobs.Stats(b, func(s models.Stats) { shown = append(shown, s) })
	if _, err := job.Run(t.Context()); err != nil || len(shown) != 1 || shown[0].Pending != 5 {
		t.Errorf("shown %v, %v; want five pending", shown, err)
	}
	b.fail = map[string]error{"stats": errAway}
	if _, err := job.Run(t.Context()); !errors.Is(err, errAway) || len(shown) != 1 {
		t.Errorf("database away: error %v, shown %v; want the error and no false figures", err, shown)
	}
	if !job.EachReplica || !job.AtStart {
		t.Error("each replica shows its own gauges, from the start on")
	}
}
