package app_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/app/internal/inbox"
	"zummer/models/store/storetest"
)

// crashDSN tells a copy of this test binary to be the program that dies.
const crashDSN = "ZUMMER_CRASH_DSN"

// TestCrashingProgram is the program of TestKillNine, not a test: it serves on
// the database that crashDSN names, says where, and reads from its input after
// how many steps it shall die.
func TestCrashingProgram(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv(crashDSN)
	if dsn == "" {
		return
	}
	m := &mine{}
	in := apptest.Start(t, dsn, func(o *app.Options) {
		o.WrapStore = func(st inbox.Store) inbox.Store { m.Store = st; return m }
	})
	fmt.Println("listening " + in.URL)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		n, err := strconv.ParseInt(lines.Text(), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		m.left.Store(n)
		fmt.Println("armed")
	}
}

// victim is one running copy.
type victim struct {
	*apptest.Instance
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func startVictim(t *testing.T, dsn string) *victim {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	v := &victim{cmd: exec.Command(exe, "-test.run=^TestCrashingProgram$")}
	v.cmd.Env = append(os.Environ(), crashDSN+"="+dsn)
	v.cmd.Stderr = os.Stderr
	out, err := v.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if v.in, err = v.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := v.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.cmd.Process.Kill() }) // it is gone already, unless the test failed
	v.out = bufio.NewScanner(out)
	v.Instance = &apptest.Instance{T: t, URL: strings.TrimPrefix(v.say(t, "listening "), "listening ")}
	return v
}

// say reads the line that begins with want.
func (v *victim) say(t *testing.T, want string) string {
	t.Helper()
	if !v.out.Scan() || !strings.HasPrefix(v.out.Text(), want) {
		t.Fatalf("the program said %q, %v; want %q", v.out.Text(), v.out.Err(), want)
	}
	return v.out.Text()
}

// dieAfter lets it live for n more steps.
func (v *victim) dieAfter(t *testing.T, n int) {
	t.Helper()
	fmt.Fprintln(v.in, n)
	v.say(t, "armed")
}

// gone waits for its end, which must be the kill.
func (v *victim) gone(t *testing.T) {
	t.Helper()
	_ = v.cmd.Wait()
	if s, ok := v.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || s.Signal() != syscall.SIGKILL {
		t.Fatalf("the program ended with %v, want SIGKILL", v.cmd.ProcessState)
	}
}

// promise is one request and what came of it.
type promise struct {
	phone, title string // of its row; one is set
	send         func(in *apptest.Instance) (apptest.Answer, error)
	answered     bool
}

// acknowledgement is one ack and what came of it.
type acknowledgement struct {
	user     int
	id       string
	rev      int
	answered bool
}

// ledger is what the world outside of the program knows.
type ledger struct {
	hook, publisher string
	tokens          []string
	promises        []*promise
	acks            []*acknowledgement
	versions        []string // last one seen of each user, with its rows
	bodies          []string
}

// newLedger sets up three people, a source and a publisher.
func newLedger(in *apptest.Instance) *ledger {
	in.T.Helper()
	w := &ledger{hook: in.Source("office", "generic", nil), versions: make([]string, 3), bodies: make([]string, 3)}
	for i := range 3 {
		w.tokens = append(w.tokens, in.User(fmt.Sprintf("user%d", i), "office", fmt.Sprint(101+i)))
	}
	w.publisher = in.Admin("POST", "/v1/admin/users/user0/tokens", map[string]any{"name": "crm", "scopes": []string{"publish"}})["token"].(string)
	return w
}

// TestKillNine kills the program with SIGKILL before, between and after the
// steps of its transactions, also between commit and answer, and starts it
// again on the same database. What was answered is there; what was not is sent
// again and is there once; nothing acknowledged comes back; no version goes
// back or names another body.
func TestKillNine(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		v := startVictim(t, dsn)
		w := newLedger(v.Instance)
		for n := 1; n <= 21; n++ {
			at := n
			if n > 18 {
				at = 19 + rand.IntN(40)
			}
			v.dieAfter(t, at)
			w.storm(v, n, nil)
			v.gone(t)
			v = startVictim(t, dsn)
			w.check(t, v, at)
		}
		v.in.Close() // it ends by itself
		if err := v.cmd.Wait(); err != nil {
			t.Errorf("the program ended with %v", err)
		}
	})
}

// storm sends webhooks, publications and acknowledgements at once, until the
// program is dead or done is closed.
func (w *ledger) storm(v *victim, round int, done <-chan struct{}) {
	var mu sync.Mutex // of w
	var all sync.WaitGroup
	over := func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	}
	add := func(p *promise) {
		mu.Lock()
		w.promises = append(w.promises, p)
		mu.Unlock()
	}
	for u := range w.tokens {
		all.Go(func() {
			for i := 0; !over(); i++ {
				p := w.webhook(round*1000+u*300+i, u)
				if i%3 == 2 {
					p = w.publication(fmt.Sprintf("mail %d/%d/%d", round, u, i), u)
				}
				add(p)
				a, err := p.send(v.Instance)
				p.answered = err == nil && a.Status/100 == 2
				if err != nil {
					return
				}
			}
		})
		all.Go(func() {
			for !over() {
				a, err := v.Try(context.Background(), "GET", "/v1/notifications?limit=3", w.tokens[u], nil)
				if err != nil {
					return
				}
				items, _ := a.JSON(v.T)["notifications"].([]any)
				if len(items) == 0 {
					continue
				}
				row := items[rand.IntN(len(items))].(map[string]any)
				k := &acknowledgement{user: u, id: row["id"].(string), rev: int(row["rev"].(float64))}
				mu.Lock()
				w.acks = append(w.acks, k)
				mu.Unlock()
				if k.answered = w.ack(v.Instance, k) == nil; !k.answered && done == nil {
					return
				}
			}
		})
	}
	all.Wait()
}

func (w *ledger) webhook(i, user int) *promise {
	return &promise{phone: customer(i), send: func(in *apptest.Instance) (apptest.Answer, error) {
		return in.Try(context.Background(), "POST", w.hook, "", callEvent("answered", i, 101+user))
	}}
}

func (w *ledger) publication(title string, user int) *promise {
	return &promise{title: title, send: func(in *apptest.Instance) (apptest.Answer, error) {
		return in.Try(context.Background(), "POST", "/v1/notifications", w.publisher,
			map[string]any{"user": fmt.Sprintf("user%d", user), "kind": "mail.received", "title": title}, "Idempotency-Key", title)
	}}
}

func (w *ledger) ack(in *apptest.Instance, k *acknowledgement) error {
	a, err := in.Try(context.Background(), "PUT", "/v1/notifications/"+k.id+"/processed", w.tokens[k.user], map[string]any{"rev": k.rev})
	if err == nil && a.Status/100 != 2 {
		err = fmt.Errorf("%d %s", a.Status, a.Body)
	}
	return err
}

// check compares the program that came back with what the world knows.
func (w *ledger) check(t *testing.T, v *victim, at int) {
	t.Helper()
	before, _ := w.look(t, v)
	for _, p := range w.promises {
		if n := before[p.phone+p.title]; p.answered && n != 1 {
			t.Fatalf("killed at step %d: %s%s was answered and is there %d times", at, p.phone, p.title, n)
		}
	}
	for _, p := range w.promises {
		if p.answered {
			continue
		}
		if a, err := p.send(v.Instance); err != nil || a.Status/100 != 2 {
			t.Fatalf("killed at step %d: sent again: %d %s, %v", at, a.Status, a.Body, err)
		}
		p.answered = true
	}
	for _, k := range w.acks {
		if k.answered {
			continue
		}
		if err := w.ack(v.Instance, k); err != nil {
			t.Fatalf("killed at step %d: acknowledged again: %v", at, err)
		}
		k.answered = true
	}
	after, pending := w.look(t, v)
	for _, p := range w.promises {
		if n := after[p.phone+p.title]; n != 1 {
			t.Fatalf("killed at step %d: after sending again %s%s is there %d times", at, p.phone, p.title, n)
		}
	}
	for _, k := range w.acks {
		if pending[k.id] {
			t.Fatalf("killed at step %d: %s.%d was acknowledged and is pending", at, k.id, k.rev)
		}
	}
}

// look counts rows by phone and title, processed ones too, lists the pending
// ids, and holds versions against those seen before.
func (w *ledger) look(t *testing.T, v *victim) (count map[string]int, pending map[string]bool) {
	t.Helper()
	count, pending = map[string]int{}, map[string]bool{}
	for u, tok := range w.tokens {
		set := wholeSet(v.Instance, tok)
		body := fmt.Sprint(set.Rows)
		epoch, number := versionOf(t, set.Version)
		if old := w.versions[u]; old != "" {
			oldEpoch, oldNumber := versionOf(t, old)
			if oldEpoch != "0" && (epoch != oldEpoch || number < oldNumber) {
				t.Fatalf("user %d's version went from %s to %s", u, old, set.Version)
			}
			if set.Version == old && body != w.bodies[u] {
				t.Fatalf("version %s names two bodies:\n%s\n%s", old, w.bodies[u], body)
			}
		}
		w.versions[u], w.bodies[u] = set.Version, body
		for _, r := range set.Rows {
			pending[r.ID] = true
		}
		after := ""
		for {
			page := v.Do("GET", "/v1/notifications/history?limit=100&after="+after, tok, nil).JSON(t)
			items, ok := page["items"].([]any)
			if !ok {
				t.Fatalf("history: %v", page)
			}
			for _, it := range items {
				row := it.(map[string]any)
				id, state := row["id"].(string), row["state"].(string)
				if pending[id] != (state == "pending") || state != "pending" && !w.tried(id) {
					t.Fatalf("row %s is %s; in the set: %t; an acknowledgement was sent: %t", id, state, pending[id], w.tried(id))
				}
				if phone, _ := row["phone"].(string); phone != "" {
					count[phone]++
				} else {
					count[row["title"].(string)]++
				}
			}
			if after, _ = page["next"].(string); after == "" {
				break
			}
		}
	}
	return count, pending
}

// tried reports whether somebody sent an acknowledgement of a row.
func (w *ledger) tried(id string) bool {
	return slices.ContainsFunc(w.acks, func(k *acknowledgement) bool { return k.id == id })
}

func versionOf(t *testing.T, version string) (epoch string, number int64) {
	t.Helper()
	epoch, text, _ := strings.Cut(version, ".")
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("version %q: %v", version, err)
	}
	return epoch, number
}
