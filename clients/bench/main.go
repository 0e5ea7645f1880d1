// Command bench measures Zummer beside floors made for the same run: servers
// that do the least that the work allows, on the same machine, database and
// load. Figures are ratios; absolute ones move with the machine.
//
//	go run ./clients/bench -all              everything, three interleaved runs, into docs/benchmarks
//	go run ./clients/bench -quick            the same in miniature, to see that it works
//	go run ./clients/bench -targets sqlite   only some; -h lists the rest
//
// Each server is a process of its own on a fresh database. The load is in this
// process: N clients that wait on raw kept-alive connections, open-loop
// arrivals (latency counts from the planned moment), and every message is
// followed by number: lost and doubled ones are reported. All connections are
// to the loopback.
//
// A: bare net/http, one row a message, batched. B: Zummer's own tables and
// statements without its logic.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	all, quick             bool
	targets, postgres, out string
	runs                   int
	plan                   plan
	role, dsn              string // of a child process
}

func parseFlags() (options, error) {
	var o options
	flag.BoolVar(&o.all, "all", false, "measure all targets with the default plan and write docs/benchmarks")
	flag.BoolVar(&o.quick, "quick", false, "a small plan, one run: shows that it works, not how fast")
	flag.StringVar(&o.targets, "targets", "", "only targets whose name contains these words; a comma is or: \"floor a, zummer sqlite\"")
	flag.StringVar(&o.postgres, "postgres", os.Getenv("ZUMMER_TEST_POSTGRES"), "DSN of a PostgreSQL superuser; without it only SQLite is measured")
	flag.StringVar(&o.out, "out", "", "folder of the report; empty: docs/benchmarks with -all, else none")
	flag.IntVar(&o.runs, "runs", 3, "interleaved runs")
	flag.IntVar(&o.plan.waiting, "waiting", 10_000, "waiting clients")
	flag.IntVar(&o.plan.conns, "conns", 64, "publishing connections at full speed")
	flag.IntVar(&o.plan.low, "low", 200, "messages a second of the first latency")
	flag.IntVar(&o.plan.high, "high", 1000, "messages a second of the second")
	flag.DurationVar(&o.plan.phase, "phase", 8*time.Second, "length of a measured part")
	flag.IntVar(&o.plan.most, "most", 100_000, "most messages of a part at full speed")
	flag.DurationVar(&o.plan.rest, "rest", 12*time.Second, "how long clients wait before that")
	flag.DurationVar(&o.plan.idle, "idle", 5*time.Second, "how long idle transactions are counted")
	flag.StringVar(&o.role, "role", "", "internal: which server this process is")
	flag.StringVar(&o.dsn, "dsn", "", "internal: that server's database")
	flag.Parse()
	if flag.NArg() > 0 {
		return o, fmt.Errorf("unexpected %q", flag.Arg(0))
	}
	if o.quick {
		o.runs, o.plan = 1, plan{waiting: 200, conns: 16, low: 50, high: 200, phase: time.Second, most: 3000, idle: time.Second, rest: time.Second}
	}
	if o.all && o.out == "" {
		o.out = "docs/benchmarks"
	}
	if o.plan.waiting < 1 || o.plan.waiting > 50_000 || o.runs < 1 || o.plan.low < 1 || o.plan.high < 1 || o.plan.conns < 1 {
		return o, errors.New("waiting must be 1–50000, runs, rates and conns positive")
	}
	return o, nil
}

func run(ctx context.Context) error {
	o, err := parseFlags()
	if err != nil {
		return err
	}
	if o.role != "" {
		return serveRole(ctx, o.role, o.dsn)
	}
	targets, done, err := allTargets(ctx, o)
	if err != nil {
		return err
	}
	defer done()
	say := func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	rep := newReport(o, targets)
	for n := range o.runs {
		for _, t := range targets {
			say("run %d of %d: %s", n+1, o.runs, t.name())
			f, err := measure(ctx, t, o.plan, say)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				say("  failed: %v", err)
			}
			rep.add(t.name(), f, err)
		}
		rep.addInsert(pgbenchInserts(ctx, o))
	}
	text := rep.markdown(ctx)
	fmt.Print(text)
	if o.out == "" {
		return rep.failed()
	}
	path, err := rep.write(o.out, text)
	if err == nil {
		say("written to %s", path)
	}
	return errors.Join(err, rep.failed())
}

// serveRole is what a child process does.
func serveRole(ctx context.Context, role, dsn string) error {
	switch role {
	case "floora":
		return serveFloor(ctx, func(ctx context.Context) (register, error) { return openFloorA(ctx, dsn) })
	case "floorb":
		return serveFloor(ctx, func(ctx context.Context) (register, error) { return openFloorB(ctx, dsn) })
	}
	return fmt.Errorf("unknown role %q", role)
}

// allTargets lists what to measure; call done afterwards.
func allTargets(ctx context.Context, o options) (targets []target, done func(), err error) {
	z, done := &zummerProgram{}, func() {}
	for _, db := range []struct{ name, dsn string }{{"PostgreSQL", o.postgres}, {"SQLite", ""}} {
		if db.name == "PostgreSQL" && db.dsn == "" {
			continue
		}
		targets = append(targets, floorTarget{"floor A, " + db.name, "floora", db.dsn}, floorTarget{"floor B, " + db.name, "floorb", db.dsn},
			&zummerTarget{title: "Zummer, " + db.name, program: z, postgres: db.dsn})
	}
	targets = slices.DeleteFunc(targets, func(t target) bool { return !wanted(t.name(), o.targets) })
	if len(targets) == 0 {
		return nil, done, errors.New("no target is left to measure")
	}
	var own []*zummerTarget
	for _, t := range targets {
		if t, is := t.(*zummerTarget); is {
			own = append(own, t)
		}
	}
	if len(own) > 0 {
		if err := z.build(ctx); err != nil {
			return nil, done, err
		}
		done = func() {
			for _, t := range own {
				t.remove()
			}
			z.remove()
		}
	}
	return targets, done, nil
}

// wanted reports whether name contains all words of one of the alternatives;
// no alternatives want everything.
func wanted(name, alternatives string) bool {
	if alternatives == "" {
		return true
	}
	name = strings.ToLower(name)
	return slices.ContainsFunc(strings.Split(strings.ToLower(alternatives), ","), func(words string) bool {
		return !slices.ContainsFunc(strings.Fields(words), func(w string) bool { return !strings.Contains(name, w) })
	})
}
