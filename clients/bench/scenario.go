package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// plan is how much one run does. Everything is bounded in count and time.
type plan struct {
	waiting int
	conns   int
	low     int // messages a second
	high    int
	phase   time.Duration // of each measured part
	most    int           // messages of a closed-loop part
	idle    time.Duration
	rest    time.Duration // before it
}

// figures of one run, by the names of the report's rows.
type figures map[string]float64

// The rows of the report.
const (
	figCommitted = "committed/s"
	figDelivered = "delivered+processed/s"
	figCPU       = "cpu"
	figLowP50    = "low p50"
	figLowP99    = "low p99"
	figHighP50   = "high p50"
	figHighP99   = "high p99"
	figMemory    = "memory"
	figIdleFew   = "idle few"
	figIdleAll   = "idle all"
	figLost      = "lost"
	figDoubled   = "doubled"
	figFaults    = "faults"
)

// measure runs the whole scenario against one target, on a database of its
// own. A message that is lost, doubled or refused is a figure; only what makes
// figures meaningless is an error.
func measure(ctx context.Context, t target, p plan, say func(string, ...any)) (f figures, err error) {
	began := time.Now()
	srv, err := t.start(ctx, p.waiting)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", t.name(), err)
	}
	defer func() { err = errors.Join(err, srv.stop()) }()
	room := int(float64(p.low+p.high)*p.phase.Seconds()) + 2*p.most + 1000
	say("  set up in %.0f s", time.Since(began).Seconds())
	l := &load{srv: srv, users: p.waiting, ledger: newLedger(room)}
	f = figures{}
	if err := measureWaiting(ctx, l, p, f); err != nil {
		return nil, fmt.Errorf("%s: %w", t.name(), err)
	}
	say("  %.0f s: %.1f KB per client, p50/p99 %.1f/%.1f and %.1f/%.1f ms, %.0f delivered/s", time.Since(began).Seconds(),
		f[figMemory], f[figLowP50], f[figLowP99], f[figHighP50], f[figHighP99], f[figDelivered])
	if err := srv.restart(ctx); err != nil {
		return nil, fmt.Errorf("restart %s: %w", t.name(), err)
	}
	if err := measureCommit(ctx, l, p, f); err != nil {
		return nil, fmt.Errorf("%s: %w", t.name(), err)
	}
	say("  %.0f s: %.0f committed/s", time.Since(began).Seconds(), f[figCommitted])
	all := l.ledger.count(0, l.ledger.here())
	f[figLost], f[figDoubled] = float64(all.lost), float64(all.doubled)
	f[figFaults] = float64(l.faults.refused.Load() + l.faults.polls.Load() + l.faults.badAcks.Load())
	if f[figFaults] > 0 {
		say("  faults: %s", l.faults.text())
	}
	return f, nil
}

// measureWaiting is everything with clients that wait.
func measureWaiting(ctx context.Context, l *load, p plan, f figures) error {
	empty, err := rssBytes(l.srv.pid())
	if err != nil {
		return err
	}
	few := max(1, p.waiting/10)
	c, err := l.connect(ctx, nil, 0, few)
	defer func() { c.disconnect() }()
	if err != nil {
		return err
	}
	if rate, ok := idleRate(ctx, l.srv, p.rest, p.idle); ok {
		f[figIdleFew] = rate
	}
	if c, err = l.connect(ctx, c, few, p.waiting); err != nil {
		return err
	}
	if rate, ok := idleRate(ctx, l.srv, p.rest, p.idle); ok {
		f[figIdleAll] = rate
	}
	full, err := rssBytes(l.srv.pid())
	if err != nil {
		return err
	}
	f[figMemory] = (full - empty) / float64(p.waiting) / 1024

	from, to := l.publishAt(ctx, p.low, p.phase)
	if _, err := l.settle(ctx, from, to); err != nil {
		return fmt.Errorf("at %d/s: %w", p.low, err)
	}
	t := l.ledger.count(from, to)
	f[figLowP50], f[figLowP99] = quantile(t.latency, 0.5), quantile(t.latency, 0.99)

	from, to = l.publishAt(ctx, p.high, p.phase)
	if _, err := l.settle(ctx, from, to); err != nil {
		return fmt.Errorf("at %d/s: %w", p.high, err)
	}
	t = l.ledger.count(from, to)
	f[figHighP50], f[figHighP99] = quantile(t.latency, 0.5), quantile(t.latency, 0.99)

	before, err := cpuSeconds(l.srv.pid())
	if err != nil {
		return err
	}
	from, to = l.publishFast(ctx, p.conns, p.phase, p.most)
	end, err := l.settle(ctx, from, to)
	if err != nil {
		return fmt.Errorf("at full speed: %w", err)
	}
	after, err := cpuSeconds(l.srv.pid())
	if err != nil {
		return err
	}
	t = l.ledger.count(from, to)
	f[figDelivered] = float64(t.delivered) / (end - t.first).Seconds()
	f[figCPU] = (after - before) / float64(max(1, t.delivered)) * 10_000
	return ctx.Err()
}

// measureCommit publishes while nobody waits, then lets clients fetch all.
func measureCommit(ctx context.Context, l *load, p plan, f figures) error {
	from, to := l.publishFast(ctx, p.conns, p.phase, min(p.most, 20*p.waiting)) // a set must not reach its limit
	t := l.ledger.count(from, to)
	f[figCommitted] = float64(t.accepted) / (t.lastAccepted - t.first).Seconds()
	c, err := l.connect(ctx, nil, 0, p.waiting)
	defer func() { c.disconnect() }()
	if err != nil {
		return err
	}
	if _, err := l.settle(ctx, from, to); err != nil {
		return fmt.Errorf("fetching what was committed: %w", err)
	}
	return nil
}

// idleRate is what the database does in a second while clients only wait; ok
// is false when the database does not say. What connecting cost is not counted:
// PostgreSQL tells of a connection's transactions up to ten seconds late, so the
// count begins after rest.
func idleRate(ctx context.Context, srv running, rest, d time.Duration) (float64, bool) {
	select {
	case <-time.After(rest):
	case <-ctx.Done():
		return 0, false
	}
	a, ok := srv.transactions(ctx)
	start := time.Now()
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return 0, false
	}
	b, ok2 := srv.transactions(ctx)
	return max(0, float64(b-a-1)) / time.Since(start).Seconds(), ok && ok2 // one of them is the question itself
}
