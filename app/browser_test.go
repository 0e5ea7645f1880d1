package app_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	logs "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/models"
	"zummer/models/store/storetest"
)

// browserPage is one page of a real browser. When its test ends it must have
// complained of nothing and asked no host but ours.
type browserPage struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
	hosts      []string
}

// browse opens a page of in as an administrator of role admin, in a browser that
// prefers the language lang.
func browse(t *testing.T, in *apptest.Instance, lang, path string) *browserPage {
	t.Helper()
	return browseAs(t, in, lang, path, models.RoleAdmin)
}

// nobody has signed in.
const nobody = "nobody"

// oneBrowser is the browser that the tests of pages share: each has a profile of its
// own in it, as of a window that keeps nothing.
var oneBrowser struct {
	sync.Mutex
	ctx  context.Context
	stop context.CancelFunc
}

// theBrowser starts it, if it does not run.
func theBrowser(t *testing.T) context.Context {
	t.Helper()
	program := os.Getenv("ZUMMER_TEST_CHROMIUM")
	if program == "" {
		t.Fatal("ZUMMER_TEST_CHROMIUM is not set: it names a Chromium for the tests of the pages; `make test` finds or installs one")
	}
	b := &oneBrowser
	b.Lock()
	defer b.Unlock()
	if b.ctx != nil && b.ctx.Err() == nil {
		return b.ctx
	}
	// Chromium has no sandbox for root, whom containers run tests as.
	alloc, stopAll := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.WSURLReadTimeout(2*time.Minute))...)
	ctx, stop := chromedp.NewContext(alloc)
	if err := chromedp.Run(ctx); err != nil {
		stop()
		stopAll()
		t.Fatalf("start a browser: %v", err)
	}
	b.ctx, b.stop = ctx, func() { stop(); stopAll() }
	return b.ctx
}

// endBrowser ends the browser that theBrowser started, if it did.
func endBrowser() {
	oneBrowser.Lock()
	defer oneBrowser.Unlock()
	if oneBrowser.stop != nil {
		oneBrowser.stop()
	}
}

// window is a page in a new profile of that browser. The whole test has ten
// minutes from here.
func window(t *testing.T) *browserPage {
	t.Helper()
	browser := theBrowser(t)
	all := cdp.WithExecutor(browser, chromedp.FromContext(browser).Browser)
	profile, err := target.CreateBrowserContext().Do(all)
	if err != nil {
		t.Fatalf("make a profile: %v", err)
	}
	t.Cleanup(func() { _ = target.DisposeBrowserContext(profile).Do(all) }) // with its windows
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(profile).WithNewWindow(true).Do(all)
	if err != nil {
		t.Fatalf("open a window: %v", err)
	}
	page, stop := chromedp.NewContext(browser, chromedp.WithTargetID(id))
	t.Cleanup(stop)
	ctx, stop := context.WithTimeout(page, 10*time.Minute)
	t.Cleanup(stop)
	p := &browserPage{t: t, ctx: ctx}
	chromedp.ListenTarget(page, p.listen)
	p.do("what is typed goes there, whatever other windows there are", emulation.SetFocusEmulationEnabled(true))
	return p
}

// browseAs is browse as an administrator of another role, or as nobody.
func browseAs(t *testing.T, in *apptest.Instance, lang, path, as string) *browserPage {
	t.Helper()
	p := window(t)
	p.do("open a window", network.Enable(), logs.Enable(), network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": lang}), chromedp.EmulateViewport(1200, 700))
	u, err := url.Parse(in.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	if as != nobody && strings.HasPrefix(path, "/admin") {
		_, cookie := in.SignIn(as)
		name, value, _ := strings.Cut(cookie, "=")
		p.do("sign in", network.SetCookie(name, value).WithURL(in.URL+"/admin/").WithPath("/admin"))
	}
	p.do("open "+path, chromedp.Navigate(u.String()))
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(p.complaints) > 0 {
			t.Errorf("the browser complains: %q", p.complaints)
		}
		if foreign := slices.DeleteFunc(slices.Clone(p.hosts), func(h string) bool { return h == u.Host }); len(foreign) > 0 || len(p.hosts) == 0 {
			t.Errorf("of %d requests these went to other hosts: %q", len(p.hosts), foreign)
		}
	})
	return p
}

// listen keeps what the browser complains of and whom it asks.
func (p *browserPage) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && u.Scheme != "data" {
			p.hosts = append(p.hosts, u.Host)
		}
	case *runtime.EventExceptionThrown:
		p.complaints = append(p.complaints, e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type != runtime.APITypeLog && e.Type != runtime.APITypeInfo && e.Type != runtime.APITypeDebug {
			said := ""
			for _, a := range e.Args {
				said += " " + string(a.Value) + a.Description
			}
			// A part that renews itself is cut off when one leaves its page.
			if !strings.Contains(said, "htmx:sendAbort") && !strings.Contains(said, "htmx:afterRequest") {
				p.complaints = append(p.complaints, fmt.Sprintf("console.%s%s", e.Type, said))
			}
		}
	case *logs.EventEntryAdded:
		if e.Entry.Level == logs.LevelError || e.Entry.Level == logs.LevelWarning {
			p.complaints = append(p.complaints, e.Entry.Text+" "+e.Entry.URL)
		}
	}
}

func (p *browserPage) do(what string, actions ...chromedp.Action) {
	p.t.Helper()
	if err := chromedp.Run(p.ctx, actions...); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

// text evaluates a script that gives a string.
func (p *browserPage) text(script string) (s string) {
	p.t.Helper()
	p.do(script, chromedp.Evaluate(script, &s))
	return s
}

// yes evaluates a script that gives true or false.
func (p *browserPage) yes(script string) (ok bool) {
	p.t.Helper()
	p.do(script, chromedp.Evaluate(script, &ok))
	return ok
}

// until waits for a script to say true. A page that is still being loaded may
// lack what the script asks about: that is not yet.
func (p *browserPage) until(what, script string, within time.Duration) {
	p.t.Helper()
	eventually(p.t, what, within, func() (ok bool) {
		return chromedp.Run(p.ctx, chromedp.Evaluate(script, &ok)) == nil && ok
	})
}

// manned is an instance with a source and one user of its extension 101.
func manned(t *testing.T, change ...func(*app.Options)) (in *apptest.Instance, hook, token string) {
	t.Helper()
	in = apptest.Start(t, storetest.SQLite(t), change...)
	hook = in.Source("office", "generic", nil)
	return in, hook, in.User("ivanov", "office", "101")
}

// ringsLong has the row of a call that rings stay for an hour. Else it goes after a
// minute, and with two browsers and a busy machine a test may take that long.
func ringsLong(in *apptest.Instance) {
	in.T.Helper()
	set := in.Admin("GET", "/v1/admin/rules", nil)
	rules := set["rules"].([]any)
	for _, r := range rules {
		if r := r.(map[string]any); r["name"] == "ringing" {
			r["then"].(map[string]any)["expires_in_s"] = 3600
		}
	}
	in.Admin("PUT", "/v1/admin/rules", map[string]any{"version": set["version"], "rules": rules})
}

// tell sends one event of a call to a hook.
func tell(in *apptest.Instance, hook, event, call, extension, phone string) {
	in.T.Helper()
	a := in.Do("POST", hook, "", map[string]any{"event": event, "call": call, "extension": extension, "phone": phone, "direction": "in"})
	if a.Status != http.StatusOK {
		in.T.Fatalf("webhook %s of %s: %d %s", event, call, a.Status, a.Body)
	}
}
