package app_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zummer/app/apptest"
	"zummer/clients/conformance"
)

// nodeClient runs the JavaScript client and keeps what it prints.
type nodeClient struct {
	mu     sync.Mutex
	opened []string // "id.rev phone"
	states []string
}

func startNode(t *testing.T, url, token string, more ...string) *nodeClient {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("node is missing: the JavaScript client cannot be tried")
		}
		t.Skip("node is missing; `make test` installs it")
	}
	cmd := exec.Command(node, "../clients/js/testdata/client.mjs")
	cmd.Env = append(append(os.Environ(), "ZUMMER="+url, "TOKEN="+token), more...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n := &nodeClient{}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			n.mu.Lock()
			if what, ok := strings.CutPrefix(lines.Text(), "opened "); ok {
				n.opened = append(n.opened, what)
			} else {
				n.states = append(n.states, lines.Text())
			}
			n.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		_ = stdin.Close()
		<-read
		if err := cmd.Wait(); err != nil {
			t.Errorf("node: %v", err)
		}
	})
	return n
}

func (n *nodeClient) forms() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.opened)
}

// TestJSOnABadNetwork: two clients of one user behind a line that is slow, cut
// while a poll waits or an answer is on its way, and half open. Every call that
// is answered meanwhile opens one form, and no row is left over.
func TestJSOnABadNetwork(t *testing.T) {
	t.Parallel()
	in, hook, token := manned(t)
	in.Admin("PUT", "/v1/sync/contacts/c1", client("ООО Ромашка"))
	net := newLine(t, in.URL)
	clients := []*nodeClient{startNode(t, net.url(), token, "SESSION=node-a", "WAIT=3", "GRACE=1"), startNode(t, net.url(), token, "SESSION=node-b", "WAIT=3", "GRACE=1")}
	in.Until(token, "both clients", func(apptest.Set) bool {
		sessions, _ := in.Do("GET", "/v1/me", token, nil).JSON(t)["sessions"].([]any)
		return len(sessions) >= 2
	})

	n := 0
	call := func() {
		n++
		tell(in, hook, "ringing", fmt.Sprintf("c-%d", n), "101", "+79031234567")
		tell(in, hook, "answered", fmt.Sprintf("c-%d", n), "101", "+79031234567")
	}
	for range 2 {
		for _, bad := range []string{slowDown, drip, sliced, breaksDown, breaksUp, resets, deafDown, deafUp} {
			call()
			over := make(chan struct{})
			go func() {
				defer close(over)
				net.bad(t.Context(), 1500*time.Millisecond, bad)
			}()
			<-time.After(500 * time.Millisecond)
			call()
			<-over
			call()
		}
		net.cut(t.Context(), time.Second)
		call()
	}

	eventually(t, fmt.Sprintf("%d forms and an empty set", n), 60*time.Second, func() bool {
		open := slices.DeleteFunc(in.Poll(token, "").Rows, func(r apptest.Row) bool { return r.Action != "open" })
		return len(open) == 0 && len(clients[0].forms())+len(clients[1].forms()) >= n
	})
	<-time.After(time.Second)
	all := append(clients[0].forms(), clients[1].forms()...)
	slices.Sort(all)
	if len(all) != n || len(slices.Compact(slices.Clone(all))) != n {
		t.Errorf("%d forms for %d calls: %q", len(all), n, all)
	}
	for i, c := range clients {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !slices.ContainsFunc(c.states, func(s string) bool { return strings.HasPrefix(s, "state offline") }) {
			t.Errorf("client %d never noticed: %q", i, c.states)
		}
	}
}

// TestJSKeepsTheContract: the conformance kit finds nothing, over a good line and
// over one that is slow and comes in crumbs.
func TestJSKeepsTheContract(t *testing.T) {
	t.Parallel()
	for name, toxics := range map[string][]string{"a good line": nil, "a slow line": {slowDown, slowUp, sliced}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kit, err := conformance.New(conformance.Options{Wait: 4 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(kit.Close)
			url := kit.URL()
			if len(toxics) > 0 {
				l := newLine(t, url)
				var weather sync.WaitGroup
				weather.Go(func() { l.bad(t.Context(), time.Hour, toxics...) })
				t.Cleanup(weather.Wait)
				url = l.url()
			}
			startNode(t, url, kit.Token(), "KIT="+kit.URL())
			ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute)
			defer stop()
			report := kit.Run(ctx)
			if report.OK() && len(report.Notes) == 0 && len(report.Steps) == len(conformance.StepNames()) {
				return
			}
			kitSays(t, report)
		})
	}
}
