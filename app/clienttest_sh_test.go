package app_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"zummer/app"
	"zummer/app/apptest"
	zummer "zummer/clients/go"
	"zummer/models/store/storetest"
)

// meddler stands between a client and the service. It spoils the token of a
// request, or cuts an answer off in the middle of a row.
type meddler struct {
	httputil.ReverseProxy

	mu         sync.Mutex
	spoil, cut bool // the next request; the next answer that has a row
	refused    int  // 401
	lines      []string
}

func newMeddler(t *testing.T, to string) (m *meddler, address string) {
	t.Helper()
	service, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	m = &meddler{}
	m.FlushInterval = -1 // what there is of an answer goes out before it is cut
	m.Transport = &http.Transport{DisableKeepAlives: true}
	m.Rewrite = func(r *httputil.ProxyRequest) {
		r.SetURL(service)
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.spoil {
			m.spoil = false
			r.Out.Header.Set("Authorization", "Bearer of-yesterday")
		}
	}
	m.ModifyResponse = func(res *http.Response) error {
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		if res.StatusCode == http.StatusUnauthorized {
			m.refused++
		}
		var rest io.Reader = bytes.NewReader(nil)
		if row := bytes.Index(body, []byte("\topen\t")); m.cut && row > 0 {
			m.cut, body, rest = false, body[:row+20], brokenLine{}
		}
		res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), rest))
		return nil
	}
	m.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) } // as if nobody listened
	srv := httptest.NewServer(m)
	t.Cleanup(func() {
		srv.CloseClientConnections() // a poll may wait
		srv.Close()
	})
	return m, srv.URL
}

// next arranges what happens next.
func (m *meddler) next(spoil, cut bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spoil, m.cut = m.spoil || spoil, m.cut || cut
}

// done reports whether everything that was arranged has happened.
func (m *meddler) done() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.spoil && !m.cut
}

// Write takes what the loop prints.
func (m *meddler) Write(b []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines = append(m.lines, strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")...)
	return len(b), nil
}

// printed says how often a row was printed.
func (m *meddler) printed(k zummer.Key) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, line := range m.lines {
		if strings.HasPrefix(line, k.String()+"\topen\t") {
			n++
		}
	}
	return n
}

// brokenLine is what is read of a connection that broke.
type brokenLine struct{}

func (brokenLine) Read([]byte) (int, error) { return 0, errors.New("the line broke") }

// TestTenLinesOfShell runs the loop that docs/clients/http.md shows against the
// service, over an answer that breaks off, a token that is refused, and a restart
// of the service. Every row is printed once and acknowledged.
func TestTenLinesOfShell(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("curl is missing: the loop of docs/clients/http.md cannot be tried")
		}
		t.Skip("no curl; `make test` installs it")
	}
	page, err := os.ReadFile("../docs/clients/http.md")
	if err != nil {
		t.Fatal(err)
	}
	_, loop, ok := strings.Cut(string(page), "```sh\nV= A=")
	if !ok {
		t.Fatal("docs/clients/http.md shows no loop")
	}
	loop, _, _ = strings.Cut("V= A="+loop, "```")

	dsn := storetest.SQLite(t)
	in := apptest.Start(t, dsn)
	in.Source("office", "generic", nil)
	token := in.User("ivanov", "office", "101")
	m, address := newMeddler(t, in.URL)
	cmd := exec.Command("sh", "-c", loop)
	cmd.Env = append(os.Environ(), "ZUMMER="+address, "TOKEN="+token)
	cmd.Stdout, cmd.Stderr = m, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })

	var made []zummer.Key
	publish := func(n int) {
		t.Helper()
		for range n {
			rows, err := in.SDK(apptest.AdminToken).Publish(t.Context(), zummer.Publication{User: "ivanov", Kind: "note", Action: zummer.Open, Title: "ООО Ромашка", Phone: "+79031234567"})
			if err != nil {
				t.Fatal(err)
			}
			made = append(made, rows[0].Key())
		}
	}
	settled := func(what string) {
		t.Helper()
		eventually(t, what, 60*time.Second, func() bool { return m.done() && len(in.Poll(token, "").Rows) == 0 })
	}
	publish(2)
	settled("the first rows are acknowledged")
	m.next(false, true)
	publish(1)
	settled("the row of an answer that broke off is acknowledged")
	m.next(true, false)
	publish(1)
	settled("the ack of a request that was refused is")
	address = in.App.Addr().String()
	in.Stop()
	in = apptest.Start(t, dsn, func(o *app.Options) { o.Config.Listen = address })
	publish(2)
	settled("the rows after a restart are")

	for _, k := range made {
		if n := m.printed(k); n != 1 {
			t.Errorf("%s was printed %d times", k, n)
		}
	}
	if m.refused == 0 {
		t.Error("no request was refused")
	}
}
