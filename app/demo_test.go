package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"zummer/app"
	"zummer/handlers/pbx/simulate"
)

// screen is what a program has printed so far.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// find waits for the pattern and returns its groups.
func (s *screen) find(t *testing.T, pattern string) []string {
	t.Helper()
	p := regexp.MustCompile(pattern)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 6000 {
		if m := p.FindStringSubmatch(s.String()); m != nil {
			return m
		}
		<-tick.C
	}
	t.Fatalf("nothing like %s was printed:\n%s", pattern, s)
	return nil
}

// run starts the program with a command line; end interrupts it and returns
// its exit code.
func run(t *testing.T, args ...string) (out *screen, end func() int) {
	t.Helper()
	out = &screen{}
	ctx, interrupt := context.WithCancel(context.Background())
	code := make(chan int, 1)
	go func() { code <- app.Main(ctx, args, out, out) }()
	end = sync.OnceValue(func() int {
		interrupt()
		return <-code
	})
	t.Cleanup(func() { end() })
	return out, end
}

// TestDemo is `zummer demo` as a new user runs it: the addresses that it prints
// work, the simulated PBX places every kind of call, whoever is called sees
// what the client's open interests ask for, the curl line rings, and nothing is
// left behind.
func TestDemo(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	out, end := run(t, "demo", "--listen", ":0", "--every", "1ms", "--speed", "40")
	base := strings.TrimSuffix(out.find(t, `(http://127\.0\.0\.1:\d+/)demo`)[1], "/")
	login, password := out.find(t, `login[^:]*: (\S+)`)[1], out.find(t, `password[^:]*: (\S+)`)[1]
	token := out.find(t, `API: (zt_\S+)`)[1]
	ring := out.find(t, `curl -d '(event=answered&call=my-)'\$\(date \+%s\)'(&extension=101&direction=in)' --data-urlencode 'phone=(\+79031234567)' (\S+)`)

	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	get := func(path string) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token) // for the API: the pages do not look at it
		res, err := browser.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v", path, res.Status, err)
		}
		return string(body)
	}
	if page := get("/demo"); !strings.Contains(page, "Иванов И.") || !strings.Contains(page, "Петрова А.") || !strings.Contains(page, "Сидоров В.") {
		t.Error("the page lacks one of the three people")
	}
	if page := get("/admin/"); !strings.Contains(page, `name="password"`) {
		t.Error("the administrator's page does not ask for a password")
	}
	res, err := browser.PostForm(base+"/admin/sign-in", url.Values{"login": {login}, "password": {password}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if page := get("/admin/"); !strings.Contains(page, `id="numbers"`) {
		t.Error("the printed login and password do not open the administrator's page")
	}

	for _, s := range simulate.Scenarios() {
		if s.Name != "mixed" {
			out.find(t, `\d\d:\d\d:\d\d  `+s.Name+` `)
		}
	}
	// Every caller and every one of the three has had his turn, whatever the
	// order: both lists of the journal together have every kind and action.
	seen := map[string]bool{}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	want := []string{"call.ringing", "call.answered", "call.answered_elsewhere", "call.missed", "call.outgoing", "call.transferred", "open", "choose", "create", "indicate", "call_back"}
	missing := func() (left []string) {
		for _, w := range want {
			if !seen[w] {
				left = append(left, w)
			}
		}
		return left
	}
	for range 1200 {
		for _, state := range []string{"pending", "processed", "removed", "expired"} {
			var list struct {
				Items []struct{ Kind, Action string }
			}
			if err := json.Unmarshal([]byte(get("/v1/admin/notifications?limit=100&state="+state)), &list); err != nil {
				t.Fatal(err)
			}
			for _, n := range list.Items {
				seen[n.Kind], seen[n.Action] = true, true
			}
		}
		if len(missing()) == 0 {
			break
		}
		<-tick.C
	}
	if left := missing(); len(left) > 0 {
		t.Errorf("the calls of the demonstration never made %v", left)
	}

	// The curl line.
	form := ring[1] + "1" + ring[2] + "&phone=" + url.QueryEscape(ring[3])
	res, err = http.Post(ring[4], "application/x-www-form-urlencoded", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if rows := get("/v1/admin/notifications?user=ivanov&limit=100"); res.StatusCode != 200 || !strings.Contains(rows, `"kind":"call.answered"`) {
		t.Errorf("the curl line: %s, and ivanov has %s", res.Status, rows)
	}

	if code := end(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

// TestPortTaken: the error names the address and how to choose another one.
func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("TMPDIR", t.TempDir())
	for _, command := range []string{"demo", "serve"} {
		t.Setenv("ZUMMER_DATABASE", "sqlite:"+t.TempDir()+"/a.db")
		var out bytes.Buffer
		code := app.Main(t.Context(), []string{command, "--listen", l.Addr().String()}, &out, &out)
		if code != 1 || !strings.Contains(out.String(), "address already in use") || !strings.Contains(out.String(), "--listen") || !strings.Contains(out.String(), l.Addr().String()) {
			t.Errorf("%s = %d: %s", command, code, out.String())
		}
	}
}
