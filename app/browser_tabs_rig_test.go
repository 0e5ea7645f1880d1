package app_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	logs "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/clients/js"
	"zummer/models/store/storetest"
)

// crm is a CRM of another origin than the service: a server with one page that
// uses clients/js under a strict policy, and a browser to look at it.
type crm struct {
	*testing.T
	in     *apptest.Instance
	hook   string
	mux    *http.ServeMux // of the CRM
	origin string         // of the CRM
	api    string         // what the pages call the service: it passes through count

	limit   context.Context // of the whole test
	browser context.Context // the first window of the browser

	mu     sync.Mutex
	token  string
	tokens int      // how often a page asked for one
	opened []string // "tab id.rev" of each form
	begun  int      // polls that were asked
	held   int      // polls that wait
	asked  []string // "OPTIONS /v1/me": what the pages asked, polls left out
}

// startCRM starts all of it. host is what the browser calls the CRM: 127.0.0.1
// is a secure context, as https is; any other name is not.
func startCRM(t *testing.T, host string) *crm {
	t.Helper()
	c := &crm{T: t}
	page, err := os.ReadFile("testdata/crm/page.js")
	if err != nil {
		t.Fatal(err)
	}
	var policy string
	mux := http.NewServeMux()
	c.mux = mux
	file := func(path, kind string, body []byte) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind+"; charset=utf-8")
			w.Header().Set("Content-Security-Policy", policy)
			if r.URL.Query().Get("workers") == "none" {
				w.Header().Set("Content-Security-Policy", strings.Replace(policy, "worker-src 'self'", "worker-src 'none'", 1))
			}
			_, _ = w.Write(body) // the browser is gone at worst
		})
	}
	file("/{$}", "text/html", []byte(`<!doctype html><title>CRM</title><link rel="icon" href="/icon.svg"><ul id="list"></ul><script type="module" src="/page.js"></script>`))
	file("/icon.svg", "image/svg+xml", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`))
	file("/page.js", "text/javascript", page)
	file("/zummer.js", "text/javascript", js.Module())
	mux.HandleFunc("GET /token", func(w http.ResponseWriter, _ *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.tokens++
		_, _ = io.WriteString(w, c.token) // the browser is gone at worst
	})
	mux.HandleFunc("POST /opened", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // half a line fails the test by itself
		c.mu.Lock()
		defer c.mu.Unlock()
		c.opened = append(c.opened, string(body))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	c.origin = "http://" + net.JoinHostPort(host, port)
	c.in = apptest.Start(t, storetest.SQLite(t), func(o *app.Options) { o.Config.CORSOrigins = []string{c.origin} })
	ringsLong(c.in)
	c.api = c.count()
	policy = "default-src 'none'; script-src 'self'; worker-src 'self'; img-src 'self'; connect-src 'self' " + c.api
	c.hook = c.in.Source("office", "generic", nil)
	c.token = c.in.User("ivanov", "office", "101")
	c.in.Admin("PUT", "/v1/sync/contacts/c1", client("ООО Ромашка"))

	limit, stop := context.WithTimeout(context.Background(), 10*time.Minute)
	t.Cleanup(stop)
	c.limit = limit
	c.browser = c.start()
	return c
}

// startTabs starts a CRM with tabs for which by polls. A worker that a busy machine
// has not started within three seconds leaves that to a tab: then all begins anew.
func startTabs(t *testing.T, host, by, more string, names ...string) (c *crm, tabs []*browserPage) {
	t.Helper()
	for try := 1; ; try++ {
		c, tabs = startCRM(t, host), nil
		for _, name := range names {
			tabs = append(tabs, c.tab(name, more))
		}
		other := slices.IndexFunc(tabs, func(p *browserPage) bool { return p.text(`window.by`) != by })
		if other < 0 {
			return c, tabs
		}
		if try == 4 {
			t.Fatalf("tab %s: the %s polls, want the %s", names[other], tabs[other].text(`window.by`), by)
		}
	}
}

// start starts a browser with a profile of its own.
func (c *crm) start() context.Context {
	c.Helper()
	program := os.Getenv("ZUMMER_TEST_CHROMIUM")
	if program == "" {
		c.Fatal("ZUMMER_TEST_CHROMIUM is not set: it names a Chromium for the tests of the pages; `make test` finds or installs one")
	}
	alloc, stop := chromedp.NewExecAllocator(c.limit, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.WSURLReadTimeout(2*time.Minute),
		chromedp.Flag("host-resolver-rules", "MAP crm.example 127.0.0.1"))...)
	c.Cleanup(stop)
	browser, stop := chromedp.NewContext(alloc)
	c.Cleanup(stop)
	if err := chromedp.Run(browser); err != nil {
		c.Fatalf("start a browser: %v", err)
	}
	return browser
}

// tab opens the page in the first browser; more is for its address.
func (c *crm) tab(name, more string) *browserPage {
	c.Helper()
	return c.tabOf(c.browser, name, more)
}

func (c *crm) tabOf(browser context.Context, name, more string) *browserPage {
	c.Helper()
	p := c.visit(browser, name, more)
	p.until("tab "+name+" online", `window.states?.at(-1) === 'online'`, 60*time.Second)
	c.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.complaints = slices.DeleteFunc(p.complaints, func(s string) bool {
			return strings.Contains(s, "net::ERR_") || strings.Contains(s, " 401 ") || strings.HasPrefix(s, "Creating a worker from") && strings.Contains(more, "workers=none")
		})
		if len(p.complaints) > 0 {
			c.Errorf("tab %s complains: %q", name, p.complaints)
		}
	})
	return p
}

// visit opens the page and expects nothing of it.
func (c *crm) visit(browser context.Context, name, more string) *browserPage {
	c.Helper()
	return c.look(browser, "/?tab="+name+"&url="+url.QueryEscape(c.api)+more)
}

// look opens any page of the CRM.
func (c *crm) look(browser context.Context, path string) *browserPage {
	c.Helper()
	ctx, stop := chromedp.NewContext(browser)
	c.Cleanup(stop)
	p := &browserPage{t: c.T, ctx: ctx}
	chromedp.ListenTarget(ctx, p.listen)
	p.do("open a tab", network.Enable(), logs.Enable(), runtime.Enable(), chromedp.Navigate(c.origin+path))
	return p
}

// looked waits until the tabs know that this one was looked at last.
func (p *browserPage) looked() {
	p.t.Helper()
	p.until("the tab that was looked at last", `zummer.best === zummer.id`, 60*time.Second)
}

// call rings and is answered: a form.
func (c *crm) call(name string) {
	c.Helper()
	tell(c.in, c.hook, "ringing", name, "101", "+79031234567")
	tell(c.in, c.hook, "answered", name, "101", "+79031234567")
}

func (c *crm) forms() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.opened)
}

// settled waits until n forms were opened and nothing that opens is pending,
// gives late ones a moment, and fails when one was opened twice.
func (c *crm) settled(n int) []string {
	c.Helper()
	var pending []apptest.Row
	eventually(c.T, fmt.Sprintf("%d forms and an empty set", n), 60*time.Second, func() bool {
		pending = slices.DeleteFunc(c.in.Poll(c.token, "").Rows, func(r apptest.Row) bool { return r.Action != "open" })
		return len(c.forms()) >= n && len(pending) == 0
	})
	<-time.After(1500 * time.Millisecond)
	forms := c.forms()
	var keys []string
	for _, f := range forms {
		_, key, _ := strings.Cut(f, " ")
		keys = append(keys, key)
	}
	slices.Sort(keys)
	if len(keys) != n || len(slices.Compact(keys)) != n {
		c.Fatalf("%d forms for %d calls: %q", len(forms), n, forms)
	}
	return forms
}

// waiting is how many sessions poll for the user, and how many there were.
func (c *crm) waiting() (waiting, all int) {
	c.Helper()
	sessions, _ := c.in.Do("GET", "/v1/me", c.token, nil).JSON(c.T)["sessions"].([]any)
	for _, s := range sessions {
		if s, ok := s.(map[string]any); ok && s["session"] != "" {
			all++
			if s["waiting"] == true {
				waiting++
			}
		}
	}
	return waiting, all
}

// isBusy waits until a session has told the service that it is busy.
func (c *crm) isBusy() {
	c.Helper()
	eventually(c.T, "a busy session", 60*time.Second, func() bool {
		sessions, _ := c.in.Do("GET", "/v1/me", c.token, nil).JSON(c.T)["sessions"].([]any)
		return slices.ContainsFunc(sessions, func(s any) bool { return s.(map[string]any)["busy"] == true })
	})
}

// killWorkers ends the SharedWorkers of the browser, as a crash does.
func (c *crm) killWorkers() {
	c.Helper()
	killed := 0
	err := chromedp.Run(c.browser, chromedp.ActionFunc(func(ctx context.Context) error {
		ctx = cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Browser)
		list, err := target.GetTargets().Do(ctx)
		if err != nil {
			return fmt.Errorf("list targets: %w", err)
		}
		for _, info := range list {
			if info.Type == "shared_worker" {
				killed++
				if err := target.CloseTarget(info.TargetID).Do(ctx); err != nil {
					return fmt.Errorf("end a worker: %w", err)
				}
			}
		}
		return nil
	}))
	if err != nil || killed == 0 {
		c.Fatalf("%d workers ended: %v", killed, err)
	}
}

// unplugged takes the network away from a page, as a pulled cable does, and gives
// it back. The command is the one that every Chromium has.
func unplugged(away bool) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		return cdp.Execute(ctx, "Network.emulateNetworkConditions", map[string]any{"offline": away, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}, nil)
	})
}
