package store

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"zummer/models"
)

// channel is where replicas tell each other of commits.
const channel = "zummer"

// listener is what the connection is called on which a process listens: every
// process has one.
const listener = "zummer listens"

// notifier sends one coalesced NOTIFY at a time from a connection of its own,
// after the commit: inside a writing transaction it would make commits wait
// for each other.
type notifier struct {
	mu      sync.Mutex
	pending map[int64]int64
	claims  []models.Hint // of sessions
	wake    chan struct{}
	stop    context.CancelFunc
	done    chan struct{}
}

// Limits of a NOTIFY: its payload must stay below 8000 bytes.
const (
	maxNotified    = 200
	maxClaims      = 50    // of sessions, which have names
	maxClaimed     = 10000 // that wait to be sent
	notifyInterval = 20 * time.Millisecond
)

// Notify tells other processes what was committed. It never blocks, and may
// drop: the tail finds what it drops. On SQLite it does nothing.
func (s *Store) Notify(hints []models.Hint) {
	n := &s.notify
	if s.dialect.sqlite || n.wake == nil {
		return
	}
	n.mu.Lock()
	for _, h := range hints {
		switch {
		case h.Session == "":
			n.pending[h.UserID] = max(n.pending[h.UserID], h.Version)
		case len(n.claims) < maxClaimed:
			n.claims = append(n.claims, h)
		}
	}
	n.mu.Unlock()
	n.again()
}

// again makes the sender look at what there is.
func (n *notifier) again() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// take hands out the next messages; more says that something was left.
func (n *notifier) take() (messages []string, more bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.pending) > 0 {
		messages = append(messages, payload(n.pending))
		n.pending = map[int64]int64{}
	}
	if part := n.claims[:min(len(n.claims), maxClaims)]; len(part) > 0 {
		if b, err := json.Marshal(part); err == nil {
			messages = append(messages, string(b))
		}
		n.claims = append([]models.Hint(nil), n.claims[len(part):]...)
	}
	return messages, len(n.claims) > 0
}

func (s *Store) startNotify() {
	if s.dialect.sqlite {
		return
	}
	n := &s.notify
	ctx, cancel := context.WithCancel(context.Background())
	n.pending, n.wake, n.stop, n.done = map[int64]int64{}, make(chan struct{}, 1), cancel, make(chan struct{})
	go s.notifyLoop(ctx)
}

// stopNotify ends the sender; what it had not sent is left to the tail.
func (s *Store) stopNotify() {
	if s.notify.stop != nil {
		s.notify.stop()
		<-s.notify.done
	}
}

func (s *Store) notifyLoop(ctx context.Context) {
	n := &s.notify
	defer close(n.done)
	var conn *pgx.Conn
	defer func() {
		if conn != nil {
			_ = conn.Close(context.WithoutCancel(ctx)) // on the way out
		}
	}()
	for {
		select {
		case <-n.wake:
		case <-ctx.Done():
			return
		}
		messages, more := n.take()
		if conn == nil || conn.IsClosed() {
			conn = s.connect(ctx, "SET synchronous_commit = off")
		}
		for _, m := range messages {
			if conn = notify(ctx, conn, m); conn == nil {
				break
			}
		}
		if more {
			n.again()
		}
		if !sleep(ctx, notifyInterval) {
			return
		}
	}
}

// notify sends one message; it returns nil when the connection is of no use.
func notify(ctx context.Context, conn *pgx.Conn, message string) *pgx.Conn {
	if conn == nil {
		return nil
	}
	short, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := conn.Exec(short, "SELECT pg_notify($1, $2)", channel, message); err != nil {
		_ = conn.Close(context.WithoutCancel(ctx))
		return nil
	}
	return conn
}

// payload lists versions, or is empty: "look yourself".
func payload(pending map[int64]int64) string {
	if len(pending) > maxNotified {
		return ""
	}
	hints := make([]models.Hint, 0, len(pending))
	for u, v := range pending {
		hints = append(hints, models.Hint{UserID: u, Version: v})
	}
	b, err := json.Marshal(hints)
	if err != nil || len(b) > 7900 {
		return ""
	}
	return string(b)
}

// connect opens a connection outside of the pool and prepares it; nil when the
// database is away.
func (s *Store) connect(ctx context.Context, first string) *pgx.Conn {
	dial, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	cfg, err := pgx.ParseConfig(s.dsn)
	if err != nil {
		return nil
	}
	if strings.HasPrefix(first, "LISTEN") {
		cfg.RuntimeParams["application_name"] = listener
	}
	conn, err := pgx.ConnectConfig(dial, cfg)
	if err != nil {
		return nil
	}
	if _, err := conn.Exec(dial, first); err != nil {
		_ = conn.Close(context.WithoutCancel(ctx))
		return nil
	}
	return conn
}

// Listen calls fn with what other processes told, until ctx ends. fn(nil) means
// that hints may have been lost: on every reconnect, and when a sender had too
// many to list. On SQLite it only waits.
func (s *Store) Listen(ctx context.Context, fn func([]models.Hint)) error {
	if s.dialect.sqlite {
		<-ctx.Done()
		return nil
	}
	wait := time.Second
	for first := true; ctx.Err() == nil; first = false {
		if conn := s.connect(ctx, "LISTEN "+channel); conn != nil {
			if !first {
				fn(nil)
			}
			wait = time.Second
			s.listen(ctx, conn, fn)
			fn(nil)
		}
		if !sleep(ctx, wait/2+rand.N(wait)) {
			break
		}
		wait = min(2*wait, 30*time.Second)
	}
	return nil
}

// listen reads one connection until it fails; every 30 s of silence it is
// asked whether it still lives.
func (s *Store) listen(ctx context.Context, conn *pgx.Conn, fn func([]models.Hint)) {
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for {
		quiet, cancel := context.WithTimeout(ctx, 30*time.Second)
		n, err := conn.WaitForNotification(quiet)
		timedOut := quiet.Err() != nil
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && timedOut && !conn.IsClosed():
			ping, cancel := context.WithTimeout(ctx, 5*time.Second)
			err := conn.Ping(ping)
			cancel()
			if err != nil {
				return
			}
		case err != nil:
			return
		default:
			var hints []models.Hint
			if n.Payload == "" || json.Unmarshal([]byte(n.Payload), &hints) != nil {
				hints = nil
			}
			fn(hints)
		}
	}
}

// sleep waits for d; false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
