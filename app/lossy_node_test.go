package app_test

import (
	"bufio"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	toxics "github.com/Shopify/toxiproxy/v2/client"
	"github.com/rs/zerolog"

	"zummer/app/apptest"
)

// badNetwork is a line to in that can be made slow, cut, or left half open.
func badNetwork(t *testing.T, in *apptest.Instance) (url string, line *toxics.Proxy) {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	api := httptest.NewServer(server.Routes())
	t.Cleanup(api.Close)
	line, err := toxics.NewClient(api.URL).CreateProxy("zummer", "127.0.0.1:0", strings.TrimPrefix(in.URL, "http://"))
	if err != nil {
		t.Fatalf("start a proxy: %v", err)
	}
	t.Cleanup(func() { _ = line.Delete() }) // the test is over
	return "http://" + line.Listen, line
}

// nodeClient runs the JavaScript client and keeps what it prints.
type nodeClient struct {
	mu     sync.Mutex
	opened []string // "id.rev phone"
	states []string
}

func startNode(t *testing.T, url, token, session string) *nodeClient {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("node is missing: the JavaScript client cannot be tried")
		}
		t.Skip("node is missing; `make test` installs it")
	}
	cmd := exec.Command(node, "../clients/js/testdata/lossy.mjs")
	cmd.Env = append(os.Environ(), "ZUMMER="+url, "TOKEN="+token, "SESSION="+session)
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
	url, line := badNetwork(t, in)
	clients := []*nodeClient{startNode(t, url, token, "node-a"), startNode(t, url, token, "node-b")}
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
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for round := range 2 {
		for _, bad := range []struct {
			name, kind, stream string
			toxicity           float32
			attributes         toxics.Attributes
		}{
			{"slow", "latency", "downstream", 1, toxics.Attributes{"latency": 400, "jitter": 300}},
			{"answers are cut in the middle", "limit_data", "downstream", 1, toxics.Attributes{"bytes": 700}},
			{"half open: nothing comes back", "timeout", "downstream", 1, toxics.Attributes{"timeout": 0}},
			{"half open: nothing gets there", "timeout", "upstream", 1, toxics.Attributes{"timeout": 0}},
			{"reset", "reset_peer", "downstream", 1, toxics.Attributes{"timeout": 50}},
			{"in slices", "slicer", "downstream", 1, toxics.Attributes{"average_size": 40, "size_variation": 20, "delay": 1000}},
		} {
			call()
			must(line.AddToxic("bad", bad.kind, bad.stream, bad.toxicity, bad.attributes))
			call()
			<-time.After(1500 * time.Millisecond)
			call()
			if err := line.RemoveToxic("bad"); err != nil {
				t.Fatalf("round %d, %s: %v", round, bad.name, err)
			}
			call()
		}
		call()
		if err := line.Disable(); err != nil { // cut, and nobody listens
			t.Fatal(err)
		}
		call()
		<-time.After(time.Second)
		if err := line.Enable(); err != nil {
			t.Fatal(err)
		}
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

