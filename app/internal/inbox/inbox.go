package inbox

import (
	"context"
	crand "crypto/rand"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"zummer/app/internal/hub"
	"zummer/models"
)

// Options configure an Inbox. Store, Hub and Directory are required.
type Options struct {
	Store   Store
	Hub     *hub.Hub
	Replica Replica // nil: a single process without a shared tail (tests)
	Beside  Beside  // nil: no presence but this process's, no deliveries, no Relay (tests)

	// Directory returns the current set-up snapshot, never nil.
	Directory func() *models.Directory
	// NewDirectory is told about a newer snapshot that a batch or the tail
	// met; it must be quick. nil: ignored.
	NewDirectory func(*models.Directory)
	// LoadDirectory reads the set-up; used by the tail. nil: never reloaded there.
	LoadDirectory func(context.Context) (*models.Directory, error)
	// Parse runs a source's adapter over a stored webhook, for Replay.
	Parse func(*models.Source, *models.Webhook) ([]models.Event, error)

	CRM Asker // knows callers whom no contact has; nil: nobody is asked

	Language     models.Language // of the texts that people read
	PollInterval time.Duration   // pace of clients that do not wait; 0: 5 s
	Lease        time.Duration   // how long a session holds a row without polling; 0: 60 s
	DeputyAfter  time.Duration   // who has not polled for so long is away; 0: nobody has a deputy, and 2 min count for shared phones
	Region       string          // of numbers that carry none; "": RU
	AreaCode     string          // of local numbers of that region; "": none is known
	Timezone     string          // of texts; "": Europe/Moscow
	Flushers     int             // batches written at once; 0: 4 (1 for SQLite)
	BatchSize    int             // operations in a batch; 0: 64
	Linger       time.Duration   // how long a batch waits for more when busy; 0: 2 ms
	Queue        int             // operations waiting for a batch; 0: 4096, full is 503
	TailEvery    time.Duration   // 0: 75 ms
	Log          *slog.Logger    // nil: slog.Default()

	// Observe is told of every written batch: operations and how long it
	// took. nil: nobody.
	Observe func(ops int, took time.Duration, err error)
	// ObserveTold is told how long after it was made a revision was on its way
	// to a client that waited or kept coming. nil: nobody. It must be quick.
	ObserveTold func(after time.Duration)
}

// Inbox is the register's front: all methods may be called from any goroutine.
type Inbox struct {
	opt       Options
	queue     chan *op
	cache     *cache
	reader    *reader
	presence  *presence
	lags      lags // how late sources tell
	elsewhere *elsewhere
	told      told
	crowd     crowd
	log       *slog.Logger
	zone      *time.Location // Options.Timezone
	started   time.Time
	present   func(user int64) bool // has polled lately
	surely    func(user int64) bool // is known to have; nobody stands in on a guess
	attends   func(user int64) bool // present, for the rules; nil: nobody has a deputy
	name      string                // of this process among the replicas

	tailed   atomic.Int64  // Unix nanoseconds of the last finished tail pass
	expiring sync.Map      // user → chan struct{}: an expiry is on its way; closed when it is over
	asking   chan struct{} // has room for the questions to the CRM
	closing  chan struct{}
	closed   sync.Once
	idle     sync.WaitGroup // operations accepted and not yet answered
}

// New makes an Inbox; Run must be running for anything to happen.
func New(opt Options) *Inbox {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&opt.PollInterval, 5*time.Second)
	set(&opt.Lease, time.Minute)
	deputies := opt.DeputyAfter > 0
	set(&opt.DeputyAfter, 2*time.Minute)
	set(&opt.Linger, 2*time.Millisecond)
	set(&opt.TailEvery, 75*time.Millisecond)
	for p, v := range map[*int]int{&opt.Flushers: 4, &opt.BatchSize: 64, &opt.Queue: 4096} {
		if *p == 0 {
			*p = v
		}
	}
	if opt.Region == "" {
		opt.Region = "RU"
	}
	if opt.Timezone == "" {
		opt.Timezone = "Europe/Moscow"
	}
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	in := &Inbox{opt: opt, queue: make(chan *op, opt.Queue), cache: newCache(), reader: &reader{store: opt.Store}, presence: newPresence(), elsewhere: newElsewhere(), log: opt.Log, zone: models.ZoneOf(opt.Timezone),
		name: strings.ToLower(crand.Text()[:10]), asking: make(chan struct{}, maxAsking), closing: make(chan struct{}), started: time.Now()}
	in.present, in.surely = in.presentHere, in.presentHere
	if opt.Beside != nil {
		in.surely = in.surelyPresent
		in.present = func(user int64) bool { return in.Present(user, in.opt.DeputyAfter) }
	}
	if deputies {
		in.attends = func(user int64) bool { return in.present(user) }
	}
	return in
}

// Run writes batches and follows other replicas until ctx ends. On return
// every operation that was accepted has been answered.
func (in *Inbox) Run(ctx context.Context) error {
	// Batches outlive ctx: what was accepted is written.
	work := context.WithoutCancel(ctx)
	var flushers sync.WaitGroup
	for range in.opt.Flushers {
		flushers.Go(func() { in.flushLoop(work) })
	}
	g, gctx := errgroup.WithContext(ctx)
	if in.opt.Replica != nil {
		g.Go(func() error { return in.tailLoop(gctx) })
		g.Go(func() error { return in.listenLoop(gctx) })
	}
	if in.opt.Beside != nil {
		g.Go(func() error { return in.seenLoop(gctx) })
		g.Go(func() error { return in.toldLoop(gctx) })
	}
	g.Go(func() error { return in.revalidateLoop(gctx) })
	err := g.Wait()
	in.closed.Do(func() { close(in.closing) })
	in.idle.Wait()
	close(in.queue)
	flushers.Wait()
	return err
}

// jitter spreads d over [d, 1.2d).
func jitter(d time.Duration) time.Duration {
	return d + time.Duration(rand.Int64N(int64(d)/5+1))
}

// zoneOf is the named zone, or the service's own; reading one costs a file, so
// the usual case does not.
func (in *Inbox) zoneOf(name string) *time.Location {
	if name == "" || name == in.opt.Timezone {
		return in.zone
	}
	return models.ZoneOf(name, in.opt.Timezone)
}

// Changes is for people who look at everything: see hub.Pulse.
func (in *Inbox) Changes(ctx context.Context, since uint64, wait time.Duration) uint64 {
	return in.opt.Hub.Pulse().Wait(ctx, since, wait)
}
