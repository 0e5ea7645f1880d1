package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/robfig/cron/v3"
)

// Locker keeps one job to one replica.
type Locker interface {
	// TryLock takes the lock name and does not wait. ok is false when another
	// process holds it; then unlock is nil. unlock must be called once, may be
	// called after ctx ended, and a process that dies lets go as well. A
	// single-process database may always say ok.
	TryLock(ctx context.Context, name string) (unlock func(), ok bool, err error)
}

// Count is one figure of a run, for the log and the metrics: "users" 12.
type Count struct {
	Name string
	N    int64
}

// Job is one thing to do again and again.
type Job struct {
	// Name is the lock's name, the metric's label and the log's key.
	Name string
	// Every is the time between two starts, at least a second. A run that
	// takes longer makes the next ones be skipped, never overlap.
	Every time.Duration
	// Timeout ends the context of one run; 0: Every, at most five minutes.
	Timeout time.Duration
	// AtStart runs the job once as soon as the scheduler runs.
	AtStart bool
	// EachReplica runs it in every process, without the lock.
	EachReplica bool
	// Run does the work. It must obey ctx, work in bounded batches, and may be
	// called again after it was cut short.
	Run func(ctx context.Context) ([]Count, error)
}

// Result is what one run was, for metrics.
type Result struct {
	Job    string
	Took   time.Duration
	Counts []Count
	Err    error // also of a panic
}

// Options configure a Scheduler.
type Options struct {
	Jobs []Job
	Lock Locker       // nil: this is the only process
	Log  *slog.Logger // nil: slog.Default()
	// Observe is told of every run that took place; a run that another replica
	// holds is none. nil: nobody.
	Observe func(Result)
	// Jitter is the largest share of Every that is added to each wait, so that
	// replicas and jobs spread; 0: a tenth; negative: none.
	Jitter float64
}

// Scheduler runs jobs; see Run.
type Scheduler struct {
	opt  Options
	busy sync.WaitGroup // runs that cron does not know: those at the start
}

// New checks the jobs and makes a Scheduler.
func New(opt Options) (*Scheduler, error) {
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	if opt.Observe == nil {
		opt.Observe = func(Result) {}
	}
	if opt.Jitter == 0 {
		opt.Jitter = 0.1
	}
	seen := map[string]bool{}
	for i := range opt.Jobs {
		j := &opt.Jobs[i]
		if j.Name == "" || j.Run == nil || j.Every < time.Second || seen[j.Name] {
			return nil, fmt.Errorf("job %q: needs a name of its own, a Run and an Every of a second or more", j.Name)
		}
		seen[j.Name] = true
		if j.Timeout == 0 {
			j.Timeout = min(j.Every, 5*time.Minute)
		}
	}
	return &Scheduler{opt: opt}, nil
}

// Run starts the jobs and returns nil when ctx has ended and every run has
// finished; runs see the end of ctx as theirs. Call it once.
func (s *Scheduler) Run(ctx context.Context) error {
	c := cron.New(cron.WithLogger(cron.DiscardLogger))
	for _, j := range s.opt.Jobs {
		log := cronLog{s.opt.Log.With("job", j.Name)}
		// The order matters in cron 3.0.1: with Recover outside, a panic leaves
		// SkipIfStillRunning's slot taken and the job never runs again.
		chain := cron.NewChain(cron.SkipIfStillRunning(log), cron.Recover(log))
		wrapped := chain.Then(cron.FuncJob(func() { s.run(ctx, j) }))
		c.Schedule(every{j.Every, s.opt.Jitter}, wrapped)
		if j.AtStart {
			s.busy.Go(wrapped.Run)
		}
	}
	c.Start()
	<-ctx.Done()
	<-c.Stop().Done()
	s.busy.Wait()
	return nil
}

// run is one bounded, timed and logged run of j, if no other replica has it;
// the end of stop is the shutdown.
func (s *Scheduler) run(stop context.Context, j Job) {
	ctx, cancel := context.WithTimeout(stop, j.Timeout)
	defer cancel()
	log := s.opt.Log.With("job", j.Name)
	if s.opt.Lock != nil && !j.EachReplica {
		unlock, ok, err := s.opt.Lock.TryLock(ctx, j.Name)
		if err != nil {
			if stop.Err() == nil {
				log.ErrorContext(ctx, "job could not take its lock", "error", err)
				s.opt.Observe(Result{Job: j.Name, Err: fmt.Errorf("take the lock: %w", err)})
			}
			return
		}
		if !ok {
			log.DebugContext(ctx, "job runs on another replica")
			return
		}
		defer unlock()
	}

	start := time.Now()
	res := Result{Job: j.Name, Err: errPanicked}
	defer func() {
		res.Took = time.Since(start)
		s.report(stop, log, res)
	}()
	res.Counts, res.Err = j.Run(ctx)
}

// errPanicked stands in a Result whose Run did not return; cron.Recover logs
// the panic itself.
var errPanicked = errors.New("the job panicked")

func (s *Scheduler) report(stop context.Context, log *slog.Logger, res Result) {
	if res.Err != nil && stop.Err() != nil && errors.Is(res.Err, context.Canceled) {
		log.DebugContext(stop, "job cut short by the shutdown", "took_ms", res.Took.Milliseconds())
		return
	}
	s.opt.Observe(res)
	attrs := []any{slog.Int64("took_ms", res.Took.Milliseconds())}
	var done int64
	for _, n := range res.Counts {
		attrs = append(attrs, slog.Int64(n.Name, n.N))
		done += n.N
	}
	switch {
	case res.Err != nil:
		log.ErrorContext(stop, "job failed", append(attrs, slog.Any("error", res.Err))...)
	case done > 0:
		log.InfoContext(stop, "job done", attrs...)
	default:
		log.DebugContext(stop, "job had nothing to do", attrs...)
	}
}

// every is a schedule of a fixed pace with jitter. cron.Every would round to
// whole seconds of the wall clock and make all replicas start together.
type every struct {
	d      time.Duration
	jitter float64
}

// Next implements cron.Schedule.
func (e every) Next(t time.Time) time.Time {
	if span := time.Duration(float64(e.d) * e.jitter); span > 0 {
		return t.Add(e.d + rand.N(span))
	}
	return t.Add(e.d)
}

// cronLog hands what cron says to slog: a skipped run is a warning, because
// it means that the job is slower than its pace.
type cronLog struct{ log *slog.Logger }

// Info implements cron.Logger; SkipIfStillRunning calls it.
func (l cronLog) Info(string, ...any) {
	l.log.Warn("job still runs; this start is skipped")
}

// Error implements cron.Logger; Recover calls it.
func (l cronLog) Error(err error, _ string, kv ...any) {
	l.log.Error("job panicked", append([]any{slog.Any("error", err)}, kv...)...)
}
