package app_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// cable is a TCP connection to a database that can be cut and mended.
type cable struct {
	t        *testing.T
	addr     string // where the program connects to
	upstream string

	mu       sync.Mutex
	listener net.Listener
	ends     map[net.Conn]bool
	swallow  bool // the answer to the next commit, and with it its connection
	wg       sync.WaitGroup
}

// commitMessage is what the driver sends to commit.
var commitMessage = []byte("Q\x00\x00\x00\x0bcommit\x00")

// swallowed takes part in carry: it remembers that a connection commits.
type swallowed struct {
	io.Writer
	c    *cable
	gone *atomic.Bool
}

// Write implements io.Writer; what it carries goes to the database.
func (s swallowed) Write(b []byte) (int, error) {
	if bytes.Equal(b, commitMessage) {
		s.c.mu.Lock()
		if s.c.swallow {
			s.c.swallow = false
			s.gone.Store(true)
		}
		s.c.mu.Unlock()
	}
	return s.Writer.Write(b)
}

// answers is what comes from the database, until the connection is swallowed.
type answers struct {
	io.Reader
	gone *atomic.Bool
}

// Read implements io.Reader. It ends where the answer to the commit would stand.
func (a answers) Read(b []byte) (int, error) {
	n, err := a.Reader.Read(b)
	if a.gone.Load() {
		return 0, io.EOF
	}
	return n, err
}

// newCable listens for the program; it returns dsn with its own address in it.
func newCable(t *testing.T, dsn string) (*cable, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{t: t, addr: apptest.Address(t), upstream: u.Host, ends: map[net.Conn]bool{}}
	c.mend()
	u.Host = c.addr
	t.Cleanup(func() { c.cut(); c.wg.Wait() })
	return c, u.String()
}

// mend makes the database reachable again.
func (c *cable) mend() {
	c.t.Helper()
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", c.addr)
	if err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	c.listener = l
	c.mu.Unlock()
	c.wg.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return // cut
			}
			c.wg.Go(func() { c.carry(near) })
		}
	})
}

// carry joins one connection with the database until either end closes.
func (c *cable) carry(near net.Conn) {
	defer near.Close()
	far, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", c.upstream)
	if err != nil {
		return
	}
	defer far.Close()
	if !c.keep(near, far) {
		return
	}
	var wg sync.WaitGroup
	gone := &atomic.Bool{}
	for _, way := range []struct {
		to   io.Writer
		from io.Reader
	}{{near, answers{far, gone}}, {swallowed{far, c, gone}, near}} {
		wg.Go(func() {
			_, _ = io.Copy(way.to, way.from) // a cut is an error, and meant
			_ = near.Close()
			_ = far.Close()
		})
	}
	wg.Wait()
}

// keep remembers both ends for cut; false: it has been cut meanwhile.
func (c *cable) keep(ends ...net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range ends {
		c.ends[e] = true
	}
	return c.listener != nil
}

// cut breaks every connection and refuses new ones.
func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listener == nil {
		return
	}
	_ = c.listener.Close()
	c.listener = nil
	for e := range c.ends {
		_ = e.Close()
	}
	clear(c.ends)
}

// TestDatabaseAway: while PostgreSQL cannot be reached, webhooks, polls, acks
// and publications are 503 with Retry-After, and a set is never said to be
// empty; when it is back everything goes on, and nothing is lost.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	line, dsn := newCable(t, storetest.Postgres(t))
	s := newShop(t, dsn)
	rings := func(call string) apptest.Answer {
		return s.Do("POST", s.hook, "", `{"event":"ringing","id":"`+call+`","call":"`+call+`","extension":"101"}`)
	}
	if a := rings("before"); a.Status != 200 {
		t.Fatalf("webhook: %d %s", a.Status, a.Body)
	}
	set := s.Poll(s.ivanov, "")
	if len(set.Rows) != 1 {
		t.Fatalf("before: %+v", set)
	}
	held := pollAsync(s.Instance, s.ivanov, "wait=50&version="+set.Version)
	waiting(t, s.Instance, 1)

	line.cut()
	// Writes try for some seconds before they give up.
	hook, ack := make(chan apptest.Answer, 1), make(chan apptest.Answer, 1)
	go func() { hook <- rings("meanwhile") }()
	go func() {
		ack <- s.Do("PUT", "/v1/notifications/"+set.Rows[0].ID+"/processed", s.ivanov, `{"rev":1}`)
	}()
	for _, tt := range []struct {
		name, method, path, token string
		body                      any
	}{
		{"a poll", "GET", "/v1/notifications", s.ivanov, nil},
		{"a poll with a version nobody made", "GET", "/v1/notifications?version=x.1&wait=1", s.ivanov, nil},
		{"a poll of someone who has nothing new", "GET", "/v1/notifications", s.petrova, nil},
		{"the history", "GET", "/v1/notifications/history", s.ivanov, nil},
		{"the calls", "GET", "/v1/calls", s.ivanov, nil},
		{"the journal", "GET", "/v1/admin/webhooks", apptest.AdminToken, nil},
	} {
		p := refused(t, tt.name, s.Do(tt.method, tt.path, tt.token, tt.body), 503, "database_away")
		if p["retryable"] != true {
			t.Errorf("%s: %v is not retryable", tt.name, p)
		}
	}
	for format, want := range map[string]string{"xml": `<e code="database_away" retry_s="5"/>`, "text": "E1\tdatabase_away\t5\n"} {
		if a := s.Do("GET", "/v1/notifications?format="+format, s.ivanov, nil); a.Status != 503 || string(a.Body) != want {
			t.Errorf("%s: %d %q", format, a.Status, a.Body)
		}
	}
	if a := s.Do("GET", "/readyz", "", nil); a.Status != 503 {
		t.Errorf("readyz = %d %s", a.Status, a.Body)
	}
	if a := s.Do("GET", "/healthz", "", nil); a.Status != 200 {
		t.Errorf("healthz = %d %s", a.Status, a.Body)
	}
	refused(t, "a webhook", within(t, 60*time.Second, "the webhook", hook), 503, "database_away")
	refused(t, "an ack", within(t, 60*time.Second, "the ack", ack), 503, "database_away")

	line.mend()
	eventually(t, "the database is found again", 60*time.Second, func() bool { return s.Do("GET", "/readyz", "", nil).Status == 200 })
	var a apptest.Answer
	eventually(t, "a webhook is taken again", 60*time.Second, func() bool { a = rings("meanwhile"); return a.Status == 200 })
	// Whoever waited through it is told, by the poll that was held or, if that
	// was refused, by the next one.
	switch got := within(t, 60*time.Second, "the poll that waited through it", held); got.Status {
	case 200:
		if got.JSON(t)["state"] != "set" || len(got.JSON(t)["notifications"].([]any)) != 2 {
			t.Errorf("the poll that waited through it: %s", got.Body)
		}
	default:
		refused(t, "the poll that waited through it", got, 503, "database_away")
	}
	if after := s.Poll(s.ivanov, ""); len(after.Rows) != 2 {
		t.Errorf("afterwards: %+v", after.Rows)
	}
	if stored := s.journal("stored"); len(stored) != 2 {
		t.Errorf("the journal: %v", stored)
	}
}

// TestCommitAnswerLost: the connection breaks between a commit and its answer.
// What was committed is found again: it is answered, and it is there once.
func TestCommitAnswerLost(t *testing.T) {
	t.Parallel()
	line, dsn := newCable(t, storetest.Postgres(t))
	s := newShop(t, dsn)
	lose := func() { line.mu.Lock(); line.swallow = true; line.mu.Unlock() }
	lost := func() bool { line.mu.Lock(); defer line.mu.Unlock(); return !line.swallow }
	_, before := versionOf(t, s.Poll(s.ivanov, "").Version)
	done := int64(0)
	for i := range 5 {
		call := string(rune('a' + i))
		lose()
		if a := s.Do("POST", s.hook, "", `{"event":"ringing","id":"`+call+`","call":"`+call+`","extension":"101","phone":"`+customer(i)+`"}`); a.Status != 200 {
			t.Fatalf("webhook: %d %s", a.Status, a.Body)
		}
		eventually(t, "an answer is lost", 60*time.Second, lost)
		lose()
		s.published(`{"user":"ivanov","kind":"note","title":"` + call + `"}`) // without a key
		eventually(t, "an answer is lost", 60*time.Second, lost)
		done += 2
		if _, now := versionOf(t, s.Poll(s.ivanov, "").Version); now != before+done {
			t.Fatalf("round %d: version %d after %d, want %d more", i, now, before, done)
		}
	}
	if rows := s.Poll(s.ivanov, "").Rows; len(rows) != 10 {
		t.Errorf("%d rows, want 10", len(rows))
	}
	if all := s.journal(""); len(all) != 5 {
		t.Errorf("%d in the journal, want 5: %v", len(all), all)
	}
}
