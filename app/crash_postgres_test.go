package app_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/app/internal/inbox"
)

// ownPostgres starts a server that this test may kill.
func ownPostgres(t *testing.T) (dir, dsn string) {
	t.Helper()
	top, err := os.MkdirTemp("", "zummer-kill")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	if err := os.Chmod(top, 0o755); err != nil { // the server may run as another user
		t.Fatal(err)
	}
	dir = filepath.Join(top, "pg")
	dsn = strings.TrimSpace(postgresScript(t, "start", dir))
	t.Cleanup(func() { postgresScript(t, "stop", dir) })
	return dir, dsn
}

func postgresScript(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("../scripts/postgres.sh", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("postgres.sh %s: %v", args[0], err)
	}
	return string(out)
}

// killServer ends the server's first process and all its children at once, as
// a power cut does. The first is stopped before, so that it makes no new ones.
func killServer(t *testing.T, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil || pid < 2 {
		t.Fatalf("postmaster.pid begins with %q", first)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	dying := []int{pid}
	for _, name := range stats {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it ended meanwhile
		}
		child, rest, _ := strings.Cut(string(text), " ")
		fields := strings.Fields(rest[strings.LastIndex(rest, ")")+1:])
		if id, err := strconv.Atoi(child); err == nil && len(fields) > 1 && fields[1] == first {
			_ = syscall.Kill(id, syscall.SIGKILL) // or it ended meanwhile
			dying = append(dying, id)
		}
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for _, id := range dying { // a new server starts only when all are gone
		for i := 0; alive(id) && i < 3000; i++ {
			<-time.After(10 * time.Millisecond)
		}
	}
}

// alive reports whether there is still a process, be it one that waits for its
// parent to take note of its end: pg_ctl takes that for a server.
func alive(pid int) bool {
	_, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	return err == nil
}

// TestKillNineOfPostgreSQLBetweenSteps kills the server before, between and
// after the steps of the program's transactions, while webhooks, publications
// and acknowledgements come in, and starts it again under the same program.
// What was answered is there, what was refused is sent again and is there once,
// and nothing acknowledged comes back.
func TestKillNineOfPostgreSQLBetweenSteps(t *testing.T) {
	t.Parallel()
	if os.Getenv("ZUMMER_TEST_SQLITE_ONLY") != "" {
		t.Log("PostgreSQL was left out: ZUMMER_TEST_SQLITE_ONLY is set")
		return
	}
	dir, dsn := ownPostgres(t)
	killed := make(chan struct{})
	m := &mine{end: func() { killServer(t, dir); killed <- struct{}{} }}
	in := apptest.Start(t, dsn, func(o *app.Options) {
		o.WrapStore = func(st inbox.Store) inbox.Store { m.Store = st; return m }
	})
	w := newLedger(in)
	// A round takes some seconds, so each run takes every second step.
	for n := 1 + rand.IntN(2); n <= 18; n += 2 {
		done, over := make(chan struct{}), make(chan struct{})
		m.left.Store(int64(n))
		go func() { w.storm(&victim{Instance: in}, n, done); close(over) }()
		select {
		case <-killed:
		case <-time.After(2 * time.Minute):
			t.Fatalf("step %d was never reached", n)
		}
		postgresScript(t, "restart", dir)
		close(done)
		select {
		case <-over:
		case <-time.After(2 * time.Minute):
			t.Fatalf("killed at step %d: requests are not answered", n)
		}
		eventually(t, "the program finds its database again", 60*time.Second, func() bool { return in.Do("GET", "/readyz", "", nil).Status == 200 })
		w.check(t, &victim{Instance: in}, n)
	}
}

// TestKillNineOfPostgreSQL kills the database server under a running program
// while webhooks come in. While it is away the program says 503, to PBXs and
// to clients, and never gives a set that lacks what was answered before; when
// it is back the program goes on by itself, and every 2xx is there.
func TestKillNineOfPostgreSQL(t *testing.T) {
	t.Parallel()
	if os.Getenv("ZUMMER_TEST_SQLITE_ONLY") != "" {
		t.Log("PostgreSQL was left out: ZUMMER_TEST_SQLITE_ONLY is set")
		return
	}
	const users = 6
	dir, dsn := ownPostgres(t)
	in := apptest.Start(t, dsn)
	hook := in.Source("office", "generic", nil)
	var tokens []string
	for i := range users {
		tokens = append(tokens, in.User(fmt.Sprintf("user%d", i), "office", fmt.Sprint(101+i)))
	}

	var mu sync.Mutex
	stored := make([]map[string]bool, users) // by user: phones whose webhook was answered 2xx
	for u := range stored {
		stored[u] = map[string]bool{}
	}
	var hooksAway, pollsAway, since int // 503s; 2xx since the last reset
	count := func(n *int) func() bool {
		return func() bool { mu.Lock(); defer mu.Unlock(); return *n > 0 }
	}
	done := make(chan struct{})
	var all sync.WaitGroup
	for u := range users {
		all.Go(func() { // a PBX, which sends again what was not taken
			pace := time.NewTicker(50 * time.Millisecond)
			defer pace.Stop()
			for i := 0; ; {
				a, err := in.Try(t.Context(), "POST", hook, "", callEvent("answered", u*1000+i, 101+u))
				mu.Lock()
				switch {
				case err != nil:
					t.Errorf("webhook: %v", err)
				case a.Status == 503 && a.Header.Get("Retry-After") != "":
					hooksAway++
				case a.Status == 200 && decodeHook(t, a).Parsed == nil:
					stored[u][customer(u*1000+i)] = true
					since++
					i++
				default:
					t.Errorf("webhook: %d %s", a.Status, a.Body)
				}
				mu.Unlock()
				select {
				case <-pace.C:
				case <-done:
					return
				}
			}
		})
		all.Go(func() { // a client
			pace := time.NewTicker(25 * time.Millisecond)
			defer pace.Stop()
			for {
				mu.Lock()
				must := len(stored[u])
				mu.Unlock()
				a, err := in.Try(t.Context(), "GET", "/v1/notifications?limit=100", tokens[u], nil)
				switch {
				case err != nil:
					t.Errorf("poll: %v", err)
				case a.Status == 503:
					mu.Lock()
					pollsAway++
					mu.Unlock()
				case a.Status != 200:
					t.Errorf("poll: %d %s", a.Status, a.Body)
				default:
					if rows := a.JSON(t)["notifications"].([]any); len(rows) < min(must, 100) {
						t.Errorf("a set of %d rows after %d webhooks were answered", len(rows), must)
					}
				}
				select {
				case <-pace.C:
				case <-done:
					return
				}
			}
		})
	}
	eventually(t, "webhooks are taken", 60*time.Second, count(&since))
	killServer(t, dir)
	eventually(t, "clients are told 503", 60*time.Second, count(&pollsAway))
	eventually(t, "PBXs are told 503", 60*time.Second, count(&hooksAway))
	postgresScript(t, "restart", dir)
	mu.Lock()
	since = 0
	mu.Unlock()
	eventually(t, "webhooks are taken again", 60*time.Second, count(&since))
	close(done)
	all.Wait()
	for u, tok := range tokens {
		there := map[string]int{}
		for _, r := range wholeSet(in, tok).Rows {
			there[r.Phone]++
		}
		for phone := range stored[u] {
			if there[phone] != 1 {
				t.Errorf("user %d: the call of %s was answered 2xx and is there %d times", u, phone, there[phone])
			}
		}
	}
}
