package main

import (
	"context"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// served is a register behind floorMux in this process.
type served struct {
	reg    register
	server *httptest.Server
}

func (s *served) addr() string                                    { return strings.TrimPrefix(s.server.URL, "http://") }
func (s *served) pid() int                                        { return 0 }
func (s *served) hook() string                                    { return "/hooks/bench/secret" }
func (s *served) token(i int) string                              { return (&runningFloor{}).token(i) }
func (s *served) pending(ctx context.Context) (int, error)        { return s.reg.pending(ctx) }
func (s *served) restart(context.Context) error                   { return nil }
func (s *served) transactions(context.Context) (n int64, ok bool) { return 0, false }
func (s *served) stop() error                                     { s.server.Close(); return s.reg.close() }

// faulty is a register that breaks its promise for some events.
type faulty struct {
	register
	every int64 // 0: never
	twice bool  // else lost
	n     atomic.Int64
}

func (f *faulty) accept(ctx context.Context, user int64, e event, body []byte) error {
	if f.every > 0 && f.n.Add(1)%f.every == 0 {
		if !f.twice {
			return nil // said to be durable, and is not there
		}
		if err := f.register.accept(ctx, user, e, body); err != nil {
			return err
		}
	}
	return f.register.accept(ctx, user, e, body)
}

// TestFloors runs the load against both floors on SQLite, in this process:
// nothing is lost or doubled; and against servers that do lose or double,
// where the ledger must say so.
func TestFloors(t *testing.T) {
	const users, most = 40, 300
	cases := []struct {
		name          string
		open          func(context.Context, string) (register, error)
		every         int64
		twice         bool
		lost, doubled bool
	}{
		{name: "floor A", open: openFloorA},
		{name: "floor B", open: openFloorB},
		{name: "a server that loses", open: openFloorA, every: 100, lost: true},
		{name: "a server that delivers twice", open: openFloorA, every: 100, twice: true, doubled: true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			db, err := newDatabase(ctx, "")
			if err != nil {
				t.Fatal(err)
			}
			reg, err := c.open(ctx, db.dsn)
			if err != nil {
				t.Fatal(err)
			}
			srv := &served{reg: &faulty{register: reg, every: c.every, twice: c.twice}}
			srv.server = httptest.NewServer(floorMux(srv.reg))
			l := &load{srv: srv, users: users, ledger: newLedger(4 * most)}
			cl, err := l.connect(ctx, nil, 0, users)
			if err != nil {
				t.Fatal(err)
			}
			l.publishAt(ctx, 500, 200*time.Millisecond)
			l.publishFast(ctx, 8, 10*time.Second, most)
			quiet(ctx, t, srv) // who hangs up with rows in hand gets them again, rightly
			cl.disconnect()
			l.publishFast(ctx, 8, 10*time.Second, most) // nobody waits
			if cl, err = l.connect(ctx, nil, 0, users); err != nil {
				t.Fatal(err)
			}
			all := l.ledger.here()
			if c.lost {
				quiet(ctx, t, srv)
			} else if _, err := l.settle(ctx, 0, all); err != nil {
				t.Error(err)
			}
			cl.disconnect()
			got := l.ledger.count(0, all)
			if most := 100 + 2*most; got.planned > most || got.planned <= 100 || got.accepted != got.planned { // a slow machine runs out of time first
				t.Errorf("%d planned and %d accepted, want the same and at most %d", got.planned, got.accepted, most)
			}
			if (got.lost > 0) != c.lost || (got.doubled > 0) != c.doubled {
				t.Errorf("%d lost and %d doubled, want lost %v, doubled %v", got.lost, got.doubled, c.lost, c.doubled)
			}
			if !c.lost && len(got.latency) != got.planned || !slices.IsSorted(got.latency) {
				t.Errorf("%d latencies for %d messages", len(got.latency), got.planned)
			}
			if n := l.faults.polls.Load() + l.faults.refused.Load() + l.faults.badAcks.Load(); n > 0 {
				t.Errorf("faults: %s", l.faults.text())
			}
			if err := srv.stop(); err != nil {
				t.Error(err)
			}
			if err := db.drop(); err != nil {
				t.Error(err)
			}
		})
	}
}

// quiet waits until nothing is pending.
func quiet(ctx context.Context, t *testing.T, srv running) {
	t.Helper()
	for {
		n, err := srv.pending(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		}
	}
}

// TestOpenLoop: latency counts from the planned moment, also when the server
// was too slow to be asked in time.
func TestOpenLoop(t *testing.T) {
	l := newLedger(10)
	id, ok := l.take(l.now() - int64(time.Second)) // it should have gone out a second ago
	if !ok {
		t.Fatal("no room")
	}
	l.accept(id)
	l.deliver(id, true)
	if got := l.count(0, 1).latency[0]; got < time.Second || got > time.Minute {
		t.Errorf("latency = %v, want a second and a little", got)
	}
	for range 9 {
		l.take(1)
	}
	if _, ok := l.take(1); ok {
		t.Error("the ledger took more than it has room for")
	}
}

func TestMedianAndQuantile(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want float64
		ok   bool
	}{{nil, 0, false}, {[]float64{3}, 3, true}, {[]float64{9, 1, 2}, 2, true}, {[]float64{4, 1, 2, 3}, 2.5, true}} {
		if got, ok := median(c.in); got != c.want || ok != c.ok {
			t.Errorf("median(%v) = %v, %v, want %v, %v", c.in, got, ok, c.want, c.ok)
		}
	}
	var ms []time.Duration
	for i := range 100 {
		ms = append(ms, time.Duration(i+1)*time.Millisecond)
	}
	for q, want := range map[float64]float64{0.5: 51, 0.99: 100, 0: 1} {
		if got := quantile(ms, q); got != want {
			t.Errorf("quantile(%v) = %v ms, want %v", q, got, want)
		}
	}
}

// TestReport: a ratio is Zummer's figure to the floor's on the same database,
// and a lost message makes the run fail.
func TestReport(t *testing.T) {
	targets := []target{floorTarget{title: "floor B, SQLite"}, &zummerTarget{title: "Zummer, SQLite"}}
	r := newReport(options{runs: 3, plan: plan{waiting: 100, conns: 64, low: 200, high: 1000}}, targets)
	for _, v := range []float64{1000, 3000, 2000} {
		r.add("floor B, SQLite", figures{figCommitted: v, figDelivered: 1000, figHighP99: 2, figCPU: 1}, nil)
		r.add("Zummer, SQLite", figures{figCommitted: v / 2, figDelivered: 700, figHighP99: 3, figCPU: 2}, nil)
	}
	text := r.markdown(t.Context())
	for _, want := range []string{"| Zummer, SQLite to floor B, SQLite | 0.50 | 0.70 | 1.50 | 2.00 |", "| floor B, SQLite | 2000 | 1000 | 1.0 |"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
	if err := r.failed(); err != nil {
		t.Errorf("failed() = %v", err)
	}
	r.add("Zummer, SQLite", figures{figLost: 1}, nil)
	if r.failed() == nil {
		t.Error("a lost message did not fail the run")
	}
}

func TestWanted(t *testing.T) {
	for _, c := range []struct {
		name, alternatives string
		want               bool
	}{
		{"floor A, SQLite", "", true},
		{"floor A, SQLite", "floor a", true},
		{"floor A, SQLite", "floor b", false},
		{"Zummer, SQLite", "floor, zummer sqlite", true},
		{"Zummer, PostgreSQL", "floor, zummer sqlite", false},
	} {
		if got := wanted(c.name, c.alternatives); got != c.want {
			t.Errorf("wanted(%q, %q) = %v, want %v", c.name, c.alternatives, got, c.want)
		}
	}
}
