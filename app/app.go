package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"zummer/app/internal/auth"
	"zummer/app/internal/crm"
	"zummer/app/internal/hub"
	"zummer/app/internal/inbox"
	"zummer/app/internal/routing"
	"zummer/app/internal/setup"
	"zummer/docs"
	"zummer/handlers"
	"zummer/jobs"
	"zummer/models"
	"zummer/models/store"
)

// Options make an App.
type Options struct {
	Config   Config
	Database Database
	Log      *slog.Logger   // nil: slog.Default()
	Demo     *handlers.Demo // the page that plays a client; nil: none
	// Lease is how long a session holds a row without polling. 0: 60 s.
	Lease time.Duration
	// WrapStore lets a test stand between the inbox and the database. nil: nothing does.
	WrapStore func(inbox.Store) inbox.Store
	// WrapReplica lets a test drop what replicas tell each other. nil: nothing does.
	WrapReplica func(Replica) Replica
	// PasswordCost is bcrypt's cost of administrators' passwords; tests lower
	// it. 0: the library's default.
	PasswordCost int
}

// Replica is how the instances on one database hear of each other.
type Replica = inbox.Replica

// App is one running instance. Make it with New, run it once with Run.
type App struct {
	cfg      Config
	log      *slog.Logger
	parts    *parts
	hub      *hub.Hub
	inbox    *inbox.Inbox
	api      *handlers.API
	metrics  *metrics
	ran      ran
	jobs     *jobs.Scheduler
	servers  []*server
	resumed  *resumed
	outbound *outbound
	lookup   *crm.Client // nil: no CRM is asked
	draining atomic.Bool
}

// parts is what every command that touches the database needs.
type parts struct {
	store    *store.Store
	snapshot *setup.Snapshot
	setup    *setup.Setup
	admins   *auth.Administrators
	unlock   func()
	mapped   func(ctx context.Context, source int64, extension string) error
}

// open opens and migrates the database and reads the set-up.
func open(ctx context.Context, db Database, cfg Config, log *slog.Logger) (*parts, error) {
	st, err := store.Open(ctx, db.Database, store.Options{Pool: db.DBPool, Timezone: cfg.Timezone, Log: log})
	if err != nil {
		return nil, err
	}
	p := &parts{store: st, unlock: func() {}}
	if err := st.Migrate(ctx); err != nil {
		p.close()
		return nil, err
	}
	p.snapshot = setup.NewSnapshot(st.LoadDirectory)
	if err := p.snapshot.Reload(ctx); err != nil {
		p.close()
		return nil, err
	}
	p.setup = setup.New(setup.Options{Store: setupStore{st}, Snapshot: p.snapshot, Kinds: kinds(), NewToken: auth.NewToken, NewURLToken: auth.NewURLToken, Region: cfg.Region, AreaCode: cfg.AreaCode,
		Mapped: func(ctx context.Context, source int64, extension string) error {
			if p.mapped == nil {
				return nil
			}
			return p.mapped(ctx, source, extension)
		},
		Builtin: routing.Builtin, CheckRules: routing.CheckRules})
	if p.admins, err = auth.NewAdministrators(auth.AdministratorsOptions{Store: authStore{st}}); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *parts) close() {
	p.unlock()
	_ = p.store.Close() // nothing is left to be done about it
}

// New opens the database, migrates it and puts the program together. Listening
// addresses are taken here, so that a port in use is an error at start.
func New(ctx context.Context, opt Options) (_ *App, err error) {
	cfg := opt.Config
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	log := opt.Log
	if log == nil {
		log = slog.Default()
	}
	a := &App{cfg: cfg, log: log, metrics: newMetrics(), outbound: newOutbound(), resumed: newResumed(nil)}
	unlock, err := store.LockServe(opt.Database.Database)
	if err != nil {
		return nil, err
	}
	if a.parts, err = open(ctx, opt.Database, cfg, log); err != nil {
		unlock()
		return nil, err
	}
	a.parts.unlock = unlock
	defer func() {
		if err != nil {
			a.parts.close()
		}
	}()
	if opt.PasswordCost != 0 {
		if a.parts.admins, err = auth.NewAdministrators(auth.AdministratorsOptions{Store: authStore{a.parts.store}, Cost: opt.PasswordCost}); err != nil {
			return nil, err
		}
	}

	a.hub = hub.New(hub.Options{MaxWaiting: cfg.MaxWaiting})
	if a.lookup, err = newLookup(cfg, a.parts.setup, a.metrics.lookup); err != nil {
		return nil, err
	}
	a.inbox = a.newInbox(opt)
	a.parts.snapshot.OnChange(a.inbox.ReleaseRevoked)

	adminHash := ""
	if cfg.AdminToken != "" {
		adminHash = auth.Hash(string(cfg.AdminToken))
	}
	proxies, err := cfg.proxies()
	if err != nil {
		return nil, err
	}
	a.api = handlers.New(handlers.Deps{
		Register: a.inbox, Setup: a.parts.setup, Journal: a.parts.store,
		Auth: &relayed{note: a.parts.setup.NoteRelay,
			Auth: &latecomer{Auth: auth.New(a.parts.snapshot.Get, adminHash), snapshot: a.parts.snapshot, version: a.parts.store.ConfigVersion}},
		Administrators: a.parts.admins, Sessions: sessions(a.parts.store, cfg), AdminIdle: cfg.AdminIdle,
		Outbound:  a.outbound.of,
		PublicURL: cfg.PublicURL, LongPoll: cfg.LongPoll, LongPollMax: cfg.LongPollMax, PollInterval: cfg.PollInterval, Language: models.Language(cfg.Language), Retention: time.Duration(cfg.Retention),
		QueryToken: cfg.QueryToken, CORSOrigins: cfg.CORSOrigins, TrustedProxies: proxies, Timezone: cfg.Timezone, Region: cfg.Region, AreaCode: cfg.AreaCode,
		Version: version(), Resume: a.resumed.take, Draining: a.draining.Load, Log: log, Demo: opt.Demo,
		Observe: a.metrics.request, ObserveHook: a.metrics.hook, Metrics: a.metrics.handler(), JobRuns: a.ran.list, Followed: a.inbox.Followed,
		Simulator: simulator{}, Guides: docs.PBX,
	})
	a.metrics.watch(a.hub.Waiting)
	if a.jobs, err = a.newJobs(); err != nil {
		return nil, err
	}
	if a.servers, err = a.listen(ctx); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *App) newInbox(opt Options) *inbox.Inbox {
	var st inbox.Store = inboxStore{a.parts.store}
	if opt.WrapStore != nil {
		st = opt.WrapStore(st)
	}
	var replica inbox.Replica = a.parts.store
	if opt.WrapReplica != nil {
		replica = opt.WrapReplica(replica)
	}
	flushers := 2
	if a.parts.store.SQLite() {
		flushers = 1
	}
	var asker inbox.Asker
	if a.lookup != nil {
		asker = a.lookup
	}
	return inbox.New(inbox.Options{Store: st, Hub: a.hub, CRM: asker, Replica: replica, Directory: a.parts.snapshot.Get, NewDirectory: a.parts.snapshot.Set,
		LoadDirectory: a.parts.store.LoadDirectory, Parse: parseStored(a.cfg), PollInterval: a.cfg.PollInterval, Lease: opt.Lease, DeputyAfter: a.cfg.DeputyAfter, Language: models.Language(a.cfg.Language), Region: a.cfg.Region, AreaCode: a.cfg.AreaCode,
		Timezone: a.cfg.Timezone, Flushers: flushers, Log: a.log, Observe: a.metrics.batch,
		Beside: a.parts.store, ObserveTold: a.metrics.told})
}

func (a *App) newJobs() (*jobs.Scheduler, error) {
	st := a.parts.store
	all := []jobs.Job{
		jobs.Expire(st, a.inbox),
		jobs.Purge(st, jobs.DefaultRetention(time.Duration(a.cfg.Retention))),
		jobs.Partitions(st, a.log, a.metrics.stray),
		jobs.Stuck(st, a.inbox),
		jobs.Silent(a.silentSources, st, a.inbox),
		jobs.Stats(st, a.metrics.stats),
		jobs.Fold(st),
	}
	if a.cfg.DeputyAfter > 0 {
		all = append(all, jobs.Deputies(st, a.inbox, a.cfg.DeputyAfter))
	}
	return jobs.New(jobs.Options{Lock: st, Log: a.log, Observe: a.observeJob, Jobs: all})
}

// Addr is where the main server listens.
func (a *App) Addr() net.Addr { return a.servers[0].listener.Addr() }

// Setup gives the demo and tests the set-up use cases.
func (a *App) Setup() handlers.Setup { return a.parts.setup }

// Administrators gives the demo and tests the people who sign in.
func (a *App) Administrators() handlers.Administrators { return a.parts.admins }

// Run serves until ctx ends, then drains: not ready, waiting polls released
// over cfg.Drain, requests finished, batches flushed, database closed.
func (a *App) Run(ctx context.Context) error {
	defer a.parts.close()
	defer a.outbound.close()
	if a.lookup != nil {
		defer a.lookup.Close()
	}
	a.parts.mapped = a.inbox.Route // before this nothing could have waited
	life := context.WithoutCancel(ctx)
	inboxCtx, stopInbox := context.WithCancel(life)
	defer stopInbox()
	hubCtx, stopHub := context.WithCancel(life)
	defer stopHub()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.hub.Run(hubCtx) })
	g.Go(func() error { return a.inbox.Run(inboxCtx) })
	g.Go(func() error { return a.jobs.Run(gctx) })
	for _, s := range a.servers {
		g.Go(s.serve)
		if s.resumed != nil {
			continue
		}
		a.log.InfoContext(ctx, "listening", "for", s.name, "address", s.listener.Addr().String())
	}
	g.Go(func() error {
		<-gctx.Done()
		a.drain(life)
		stopInbox()
		stopHub()
		return nil
	})
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("run: %w", err)
	}
	a.log.InfoContext(life, "stopped")
	return nil
}

// drain lets go of everything that waits, slowly, and then closes the servers.
func (a *App) drain(ctx context.Context) {
	a.draining.Store(true)
	a.log.InfoContext(ctx, "stopping", "waiting", a.hub.Waiting(), "drain", a.cfg.Drain.String())
	over := a.cfg.Drain
	if a.hub.Waiting() == 0 {
		over = 0
	}
	a.hub.Drain(over)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var g errgroup.Group
	for _, s := range a.servers {
		g.Go(func() error { return s.shutdown(ctx) })
	}
	if err := errors.Join(g.Wait(), a.api.Settle(ctx)); err != nil {
		a.log.WarnContext(ctx, "requests were cut off", "err", err)
	}
}

// directory is the present set-up, for the demo and tests.
func (a *App) directory() *models.Directory { return a.parts.snapshot.Get() }

// Waiting is how many polls wait, for tests.
func (a *App) Waiting() int { return a.hub.Waiting() }
