package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"zummer/jobs"
)

// locks is a Locker; names in held belong to somebody else.
type locks struct {
	mu    sync.Mutex
	held  map[string]bool
	taken map[string]int
	err   error
}

func (l *locks) TryLock(_ context.Context, name string) (func(), bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil || l.held[name] {
		return nil, false, l.err
	}
	l.held[name] = true
	l.taken[name]++
	return func() { l.mu.Lock(); defer l.mu.Unlock(); delete(l.held, name) }, true, nil
}

func (l *locks) set(name string, held bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if held {
		l.held[name] = true
	} else {
		delete(l.held, name)
	}
}

func newLocks() *locks { return &locks{held: map[string]bool{}, taken: map[string]int{}} }

// running is a scheduler at work in a synctest bubble.
type running struct {
	t       *testing.T
	stop    context.CancelFunc
	done    chan struct{}
	mu      sync.Mutex
	results []jobs.Result
	log     bytes.Buffer
}

func start(t *testing.T, lock jobs.Locker, js ...jobs.Job) *running {
	t.Helper()
	r := &running{t: t, done: make(chan struct{})}
	s, err := jobs.New(jobs.Options{
		Jobs: js, Lock: lock, Jitter: -1,
		Log: slog.New(slog.NewTextHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Observe: func(res jobs.Result) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.results = append(r.results, res)
		},
	})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r.stop = cancel
	go func() {
		defer close(r.done)
		if err := s.Run(ctx); err != nil {
			t.Errorf("Run: %v, want nil", err)
		}
	}()
	return r
}

// pass lets the bubble's clock run.
func (r *running) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (r *running) end() []jobs.Result {
	r.stop()
	<-r.done
	return r.results
}

func TestSchedulerKeepsThePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		note := func(name string) func(context.Context) ([]jobs.Count, error) {
			return func(context.Context) ([]jobs.Count, error) {
				order = append(order, name)
				return []jobs.Count{{Name: "rows", N: 3}}, nil
			}
		}
		r := start(t, newLocks(),
			jobs.Job{Name: "slow", Every: 7 * time.Second, Run: note("slow")},
			jobs.Job{Name: "fast", Every: 3 * time.Second, Run: note("fast")},
			jobs.Job{Name: "first", Every: time.Hour, AtStart: true, Run: note("first")})
		r.pass(10 * time.Second)
		got := r.end()
		if want := "first fast fast slow fast"; strings.Join(order, " ") != want {
			t.Errorf("order of runs: %v, want %s", order, want)
		}
		if len(got) != 5 || got[0].Job != "first" || got[0].Counts[0].N != 3 || got[0].Err != nil {
			t.Errorf("results: %+v, want five without error, first the one at start", got)
		}
		if !strings.Contains(r.log.String(), `msg="job done" job=fast took_ms=0 rows=3`) {
			t.Errorf("log has no run with duration and counts:\n%s", &r.log)
		}
	})
}

func TestSchedulerSkipsWhatStillRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs, together atomic.Int64
		r := start(t, nil, jobs.Job{Name: "long", Every: time.Second, Timeout: time.Minute, Run: func(context.Context) ([]jobs.Count, error) {
			runs.Add(1)
			defer together.Add(-1)
			if together.Add(1) > 1 {
				t.Error("two runs of one job at the same time")
			}
			<-time.After(2500 * time.Millisecond)
			return nil, nil
		}})
		r.pass(8500 * time.Millisecond) // starts at 1, 4, 7
		if runs.Load() != 3 {
			t.Errorf("runs in 8.5 s of a job that takes 2.5 s: %d, want 3", runs.Load())
		}
		got := r.end()
		if len(got) != 3 || got[2].Took != 2500*time.Millisecond {
			t.Errorf("Run returned before its last job had finished: %+v", got)
		}
		if !strings.Contains(r.log.String(), "this start is skipped") {
			t.Errorf("the skipped start is not in the log:\n%s", &r.log)
		}
	})
}

func TestSchedulerSurvivesPanicAndError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		l := newLocks()
		r := start(t, l, jobs.Job{Name: "odd", Every: time.Second, Run: func(context.Context) ([]jobs.Count, error) {
			runs++
			switch runs {
			case 1:
				panic("broken")
			case 2:
				return nil, errors.New("away")
			}
			return nil, nil
		}})
		r.pass(5 * time.Second)
		got := r.end()
		if runs != 5 {
			t.Fatalf("runs in 5 s: %d, want 5: a panic must not end a job", runs)
		}
		if got[0].Err == nil || got[1].Err == nil || got[2].Err != nil {
			t.Errorf("errors: %v, %v, %v; want a panic, away, nil", got[0].Err, got[1].Err, got[2].Err)
		}
		if l.taken["odd"] != 5 || len(l.held) != 0 {
			t.Errorf("locks taken %d, still held %v; want 5 and none", l.taken["odd"], l.held)
		}
		for _, want := range []string{`msg="job panicked" job=odd error=broken`, `msg="job failed" job=odd took_ms=0 error=away`} {
			if !strings.Contains(r.log.String(), want) {
				t.Errorf("log lacks %s:\n%s", want, &r.log)
			}
		}
	})
}

func TestSchedulerEndsARunAtItsTimeout(t *testing.T) {
	tests := map[string]struct {
		job  jobs.Job
		want time.Duration
	}{
		"its own":           {jobs.Job{Every: time.Minute, Timeout: 7 * time.Second}, 7 * time.Second},
		"none: its pace":    {jobs.Job{Every: 20 * time.Second}, 20 * time.Second},
		"none: at most 5 m": {jobs.Job{Every: time.Hour}, 5 * time.Minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.job.Name, tt.job.AtStart = "hung", true
				tt.job.Run = func(ctx context.Context) ([]jobs.Count, error) { <-ctx.Done(); return nil, ctx.Err() }
				r := start(t, nil, tt.job)
				r.pass(tt.want)
				got := r.end()
				if len(got) == 0 || got[0].Took != tt.want || !errors.Is(got[0].Err, context.DeadlineExceeded) {
					t.Errorf("results %+v, want one of %v that ended by its deadline", got, tt.want)
				}
			})
		})
	}
}

func TestSchedulerOneReplicaRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocks()
		l.set("shared", true)
		var shared, own atomic.Int64
		r := start(t, l,
			jobs.Job{Name: "shared", Every: time.Second, Run: func(context.Context) ([]jobs.Count, error) { shared.Add(1); return nil, nil }},
			jobs.Job{Name: "own", Every: time.Second, EachReplica: true, Run: func(context.Context) ([]jobs.Count, error) { own.Add(1); return nil, nil }})
		r.pass(3 * time.Second)
		if shared.Load() != 0 || own.Load() != 3 {
			t.Errorf("lock held elsewhere: %d locked and %d unlocked runs, want 0 and 3", shared.Load(), own.Load())
		}
		l.set("shared", false)
		r.pass(2 * time.Second)
		l.mu.Lock()
		l.err = errors.New("database away")
		l.mu.Unlock()
		r.pass(2 * time.Second)
		got := r.end()
		if shared.Load() != 2 {
			t.Errorf("runs after the lock was free, and none while it could not be asked for: %d, want 2", shared.Load())
		}
		failed := 0
		for _, res := range got {
			if res.Job == "shared" && res.Err != nil {
				failed++
			}
		}
		if failed != 2 {
			t.Errorf("failed runs told to Observe: %d, want 2", failed)
		}
	})
}

func TestSchedulerShutdownCutsRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocks()
		cut := false
		r := start(t, l, jobs.Job{Name: "hung", Every: time.Hour, AtStart: true, Run: func(ctx context.Context) ([]jobs.Count, error) {
			<-ctx.Done()
			cut = true
			return nil, ctx.Err()
		}})
		r.pass(time.Second)
		got := r.end()
		if !cut || len(got) != 0 || len(l.held) != 0 {
			t.Errorf("after the shutdown: cut %v, results %v, locks %v; want true, none, none", cut, got, l.held)
		}
		if strings.Contains(r.log.String(), "level=ERROR") {
			t.Errorf("a shutdown is no error:\n%s", &r.log)
		}
	})
}

func TestSchedulerJitterStaysInItsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		s, err := jobs.New(jobs.Options{Log: slog.New(slog.DiscardHandler), Jobs: []jobs.Job{{Name: "j", Every: 10 * time.Second, Run: func(context.Context) ([]jobs.Count, error) {
			at = append(at, time.Now())
			return nil, nil
		}}}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
		defer cancel()
		if err := s.Run(ctx); err != nil {
			t.Fatal(err)
		}
		differ := false
		for i := 1; i < len(at); i++ {
			d := at[i].Sub(at[i-1])
			if d < 10*time.Second || d >= 11*time.Second {
				t.Fatalf("wait %d was %v, want 10 s to 11 s", i, d)
			}
			differ = differ || d != at[1].Sub(at[0])
		}
		if len(at) < 160 || !differ {
			t.Errorf("%d runs in 30 min, waits differ: %v; want about 170 that differ", len(at), differ)
		}
	})
}

func TestNewRefusesWhatCannotRun(t *testing.T) {
	run := func(context.Context) ([]jobs.Count, error) { return nil, nil }
	tests := map[string][]jobs.Job{
		"no name":       {{Every: time.Second, Run: run}},
		"no run":        {{Name: "a", Every: time.Second}},
		"too often":     {{Name: "a", Every: time.Millisecond, Run: run}},
		"one name, two": {{Name: "a", Every: time.Second, Run: run}, {Name: "a", Every: time.Second, Run: run}},
	}
	for name, js := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := jobs.New(jobs.Options{Jobs: js}); err == nil {
				t.Error("New returned no error")
			}
		})
	}
}
