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

	"github.com/chromedp/cdproto/emulation"
	logs "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/handlers"
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

// browse starts a browser that prefers the language lang, and opens a page of
// in as the administrator. The whole test has 30 s from here.
func browse(t *testing.T, in *apptest.Instance, lang, path string) *browserPage {
	t.Helper()
	program := os.Getenv("ZUMMER_TEST_CHROMIUM")
	if program == "" {
		t.Fatal("ZUMMER_TEST_CHROMIUM is not set: it names a Chromium for the tests of the pages; `make test` finds or installs one")
	}
	limit, stop := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(stop)
	// Chromium has no sandbox for root, whom containers run tests as.
	alloc, stop := chromedp.NewExecAllocator(limit, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox)...)
	t.Cleanup(stop)
	ctx, stop := chromedp.NewContext(alloc)
	t.Cleanup(stop)
	p := &browserPage{t: t, ctx: ctx}
	chromedp.ListenTarget(ctx, p.listen)
	p.do("start a browser", network.Enable(), logs.Enable(), network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": lang}), chromedp.EmulateViewport(1200, 700))
	u, err := url.Parse(in.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(path, "/admin") && !strings.HasPrefix(path, "/admin/sign-in") {
		_, cookie := in.SignIn("")
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
			p.complaints = append(p.complaints, fmt.Sprintf("console.%s", e.Type))
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

// until waits for a script to say true.
func (p *browserPage) until(what, script string, within time.Duration) {
	p.t.Helper()
	eventually(p.t, what, within, func() bool { return p.yes(script) })
}

// manned is an instance with a source and one user of its extension 101.
func manned(t *testing.T, change ...func(*app.Options)) (in *apptest.Instance, hook, token string) {
	t.Helper()
	in = apptest.Start(t, storetest.SQLite(t), change...)
	hook = in.Source("office", "generic", nil)
	return in, hook, in.User("ivanov", "office", "101")
}

// tell sends one event of a call to a hook.
func tell(in *apptest.Instance, hook, event, call, extension, phone string) {
	in.T.Helper()
	a := in.Do("POST", hook, "", map[string]any{"event": event, "call": call, "extension": extension, "phone": phone, "direction": "in"})
	if a.Status != http.StatusOK {
		in.T.Fatalf("webhook %s of %s: %d %s", event, call, a.Status, a.Body)
	}
}

const (
	pendingRows = `document.querySelectorAll('[data-list="pending"] tr')`
	onlineEN    = `document.getElementById('status').textContent === 'Updates by itself'`
)

// TestAdminPageIsLive: rows come, change and go while the page is open, and
// nothing that the administrator holds is taken out of the hand.
func TestAdminPageIsLive(t *testing.T) {
	in, hook, _ := manned(t)
	if a := in.Do("GET", "/admin/", "", nil); a.Status != http.StatusUnauthorized || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Basic ") {
		t.Fatalf("without a password: %d, WWW-Authenticate %q", a.Status, a.Header.Get("WWW-Authenticate"))
	}
	for i := range 20 {
		tell(in, hook, "ringing", fmt.Sprintf("c-%d", i), "101", fmt.Sprintf("+790312345%02d", i))
	}
	p := browse(t, in, "en", "/admin/")
	p.until("the page with its script", onlineEN+" && "+pendingRows+".length === 20", 10*time.Second)

	// Hold the row of call c-5: its phone is selected, its first button has
	// the focus, and the page is scrolled to it.
	p.do("hold a row", chromedp.Evaluate(`
		held = [...`+pendingRows+`].find((tr) => tr.cells[3].textContent === '+79031234505');
		held.querySelector('button').focus();
		getSelection().selectAllChildren(held.cells[3]);
		held.scrollIntoView({block: 'center'});
		heldTop = held.getBoundingClientRect().top;
		undefined`, nil))
	if !p.yes(`scrollY > 0`) {
		t.Fatal("the page is too short to scroll")
	}
	holds := func(when string) {
		t.Helper()
		if !p.yes(`held.isConnected && document.activeElement === held.querySelector('button')`) {
			t.Errorf("%s the row lost its focus", when)
		}
		if got := p.text(`getSelection().toString()`); got != "+79031234505" {
			t.Errorf("%s the selected text is %q", when, got)
		}
		if !p.yes(`Math.abs(held.getBoundingClientRect().top - heldTop) <= 2`) {
			t.Errorf("%s the row moved on the screen", when)
		}
	}

	tell(in, hook, "ringing", "new", "101", "+79160000001")
	p.until("a new row without a reload", pendingRows+`.length === 21 && `+pendingRows+`[0].textContent.includes('+79160000001')`, 5*time.Second)
	holds("after a new row above")
	p.until("the number above the list", `document.querySelector('[data-number="pending"]').textContent === '21'`, 10*time.Second)

	tell(in, hook, "answered", "c-5", "101", "+79031234505")
	p.until("the next revision in the same row", `held.cells[7].textContent === '2'`, 10*time.Second)
	if got := p.text(`held.cells[1].textContent`); !strings.HasPrefix(got, "Talking") {
		t.Errorf("after the answer the row says %q", got)
	}
	if !p.yes(`held.isConnected && document.activeElement === held.querySelector('button') && getSelection().toString() === '+79031234505'`) {
		t.Error("a change of the row itself took its selection or focus")
	}

	p.do("press Enter on Processed", chromedp.KeyEvent(kb.Enter))
	p.until("the processed row gone", `!held.isConnected && `+pendingRows+`.length === 20`, 10*time.Second)
	if got := p.text(onlineEN + ` ? '' : document.getElementById('status').textContent`); got != "" {
		t.Errorf("the page says %q", got)
	}
}

// TestAdminPageByKeyboard: Tab reaches a row's buttons and shows where it is.
func TestAdminPageByKeyboard(t *testing.T) {
	in, hook, _ := manned(t)
	tell(in, hook, "ringing", "c", "101", "+79031234567")
	p := browse(t, in, "en", "/admin/")
	p.until("the page with its script", onlineEN, 10*time.Second)
	var reached []string
	for range 10 {
		p.do("press Tab", chromedp.KeyEvent(kb.Tab))
		reached = append(reached, p.text(`document.activeElement.textContent`))
		if p.yes(`getComputedStyle(document.activeElement).outlineStyle === 'none'`) {
			t.Errorf("the focus on %q is invisible", reached[len(reached)-1])
		}
		if strings.HasSuffix(strings.Join(reached, " > "), "Timeline > Processed > Expire > Show again") {
			return
		}
	}
	t.Errorf("Tab reached %q, not the buttons of the row", reached)
}

// TestAdminPageRefusesOtherSites: a button of the page cannot be pressed by a
// page of another site, whatever password the browser adds.
func TestAdminPageRefusesOtherSites(t *testing.T) {
	in, hook, token := manned(t)
	tell(in, hook, "ringing", "c", "101", "+79031234567")
	row := in.Until(token, "ringing row", func(s apptest.Set) bool { return len(s.Rows) == 1 }).Rows[0]
	path := "/admin/notifications/" + row.ID + "/process"
	for _, site := range []string{"cross-site", "same-site"} {
		if a := in.Do("POST", path, apptest.AdminToken, nil, "Sec-Fetch-Site", site); a.Status != http.StatusForbidden {
			t.Errorf("a POST from %s: %d, want 403", site, a.Status)
		}
	}
	if a := in.Do("POST", path, apptest.AdminToken, nil, "Origin", "https://evil.example"); a.Status != http.StatusForbidden {
		t.Errorf("a POST of another origin: %d, want 403", a.Status)
	}
	if s := in.Poll(token, ""); len(s.Rows) != 1 {
		t.Fatalf("after the refused POSTs: %+v", s.Rows)
	}
	if a := in.Do("POST", path, apptest.AdminToken, nil, "Sec-Fetch-Site", "same-origin", "Accept", "application/json"); a.Status != http.StatusNoContent {
		t.Errorf("a POST of the page itself: %d %s", a.Status, a.Body)
	}
	if s := in.Poll(token, ""); len(s.Rows) != 0 {
		t.Errorf("after the page's own POST: %+v", s.Rows)
	}
}

// TestPagesSpeakTheBrowsersLanguage: both pages of the administrator, and the
// reasons of the timeline, are in the language that the browser asks for; and
// a title that is a script does nothing but stand there.
func TestPagesSpeakTheBrowsersLanguage(t *testing.T) {
	const evil = `<script>document.title='run'</script><img src=x onerror="document.title='run'">`
	in, hook, _ := manned(t)
	publish := in.Admin("POST", "/v1/admin/tokens", map[string]any{"name": "mail", "scopes": []string{"publish"}})["token"].(string)
	if a := in.Do("POST", "/v1/notifications", publish, map[string]any{"user": "ivanov", "kind": "mail.received", "action": "show", "title": evil, "text": evil, "data": map[string]any{"x": evil}}); a.Status != http.StatusCreated {
		t.Fatalf("publish: %d %s", a.Status, a.Body)
	}
	tell(in, hook, "ringing", "c", "101", "+79031234567")
	for _, tt := range []struct {
		name, accept, lang, heading, live string
		timeline                          []string
	}{
		{"Russian", "ru-RU,ru;q=0.9,en;q=0.8", "ru", "Необработанные уведомления", "Обновляется само",
			[]string{"История уведомления", "появилось уведомление: Звонит (сообщить)", "пользователь ivanov", "звонит внутренний номер"}},
		{"English", "en-US,en;q=0.9", "en", "Pending notifications", "Updates by itself",
			[]string{"What happened to a notification", "a notification was made: Ringing (indicate)", "user ivanov", "the extension rings"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := browse(t, in, tt.accept, "/admin/")
			p.until("the page with its script", fmt.Sprintf(`document.getElementById('status').textContent === %q`, tt.live), 10*time.Second)
			if lang, h := p.text(`document.documentElement.lang`), p.text(`document.getElementById('h-pending').textContent`); lang != tt.lang || h != tt.heading {
				t.Errorf("the page is in %s, its heading %q; want %s, %q", lang, h, tt.lang, tt.heading)
			}
			if shown := p.text(`document.querySelector('[data-list="pending"]').textContent`); !strings.Contains(shown, evil) {
				t.Errorf("the script of the title does not stand there as text: %q", shown)
			}
			if p.yes(`document.title === 'run' || document.querySelector('main script, main img') !== null`) {
				t.Error("the title became a part of the page")
			}
			p.do("follow the link to the timeline", chromedp.Click(`//tr[contains(.,'+79031234567')]//a`, chromedp.BySearch), chromedp.WaitVisible(`main > table tbody tr`))
			shown := p.text(`document.body.innerText`)
			for _, want := range tt.timeline {
				if !strings.Contains(shown, want) {
					t.Errorf("the timeline lacks %q:\n%s", want, shown)
				}
			}
		})
	}
}

// TestPagesFitAPhone: at 390 pixels nothing has to be scrolled sideways, in
// light and in dark.
func TestPagesFitAPhone(t *testing.T) {
	demo := &handlers.Demo{Ring: "curl -d " + strings.Repeat("x", 300), Hook: "/hooks/x"}
	in, hook, token := manned(t, func(o *app.Options) { o.Demo = demo })
	demo.Users = []handlers.DemoUser{{Login: "ivanov", Name: "Иванов И. · 101", Token: token, Extension: "101"}}
	in.Admin("PUT", "/v1/sync/contacts/c1", client("Общество с ограниченной ответственностью «Среднеуральскгидротехмонтажспецстройавтоматика»"))
	tell(in, hook, "ringing", "c", "101", "+79031234567")
	p := browse(t, in, "ru", "/admin/")
	narrow := func(scheme string) {
		t.Helper()
		p.do(scheme, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
		if wide := p.text(`String(document.documentElement.scrollWidth)`); wide != "390" {
			t.Errorf("%s, %s: the page is %s pixels wide, not 390", p.text(`location.pathname`), scheme, wide)
		}
		if dark := p.yes(`getComputedStyle(document.body).backgroundColor !== 'rgb(255, 255, 255)'`); dark != (scheme == "dark") {
			t.Errorf("%s, %s: dark is %t", p.text(`location.pathname`), scheme, dark)
		}
	}
	p.do("a phone", chromedp.EmulateViewport(390, 800))
	p.until("the list", pendingRows+`.length === 1`, 10*time.Second)
	narrow("light")
	narrow("dark")
	p.do("the demonstration", chromedp.Navigate(in.URL+"/demo"))
	p.until("a card", `document.querySelectorAll('#cards .card').length === 1`, 10*time.Second)
	tell(in, hook, "answered", "c", "101", "+79031234567")
	p.until("the form", `!document.getElementById('form').hidden`, 10*time.Second)
	narrow("light")
	narrow("dark")
}
