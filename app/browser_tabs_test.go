package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	lifecycle "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestJSTabs: ten tabs of one browser, or three, are one session with one poll, and
// every form opens in one of them; in a secure page with a worker and without,
// and in a page without Web Locks.
func TestJSTabs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, host, more, by string
		tabs                 int
	}{
		{"a worker polls", "127.0.0.1", "", "worker", 10},
		{"a tab polls", "127.0.0.1", "&mode=tab", "tab", 3},
		{"a browser without SharedWorker", "127.0.0.1", "&mode=absent", "tab", 3},
		{"a policy that lets no worker start", "127.0.0.1", "&workers=none", "tab", 3},
		{"a page without Web Locks", "crm.example", "", "worker", 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var names []string
			for i := range tt.tabs {
				names = append(names, fmt.Sprintf("t%d", i))
			}
			c, tabs := startTabs(t, tt.host, tt.by, tt.more, names...)
			c.onePoll(tt.name)
			for i := range 5 {
				c.call(fmt.Sprintf("c-%d", i))
			}
			c.settled(5)
			tell(c.in, c.hook, "ringing", "c-x", "101", "+79160000001")
			for i, p := range tabs {
				p.until(fmt.Sprintf("the ringing call in tab %d", i), `document.getElementById('list').innerText.includes('indicate')`, 60*time.Second)
			}
			tabs[1].do("acknowledge in one tab", chromedp.Evaluate(`zummer.ack(zummer.rows.find((r) => r.action === 'indicate'), 'dismissed'); undefined`, nil))
			for i, p := range tabs {
				p.until(fmt.Sprintf("nothing in tab %d", i), `!document.getElementById('list').innerText.includes('indicate')`, 60*time.Second)
			}
		})
	}
}

// TestJSAlone: tabs that share nothing, because they may not or because the
// browser has nothing for it, poll each for itself, and the service has one of
// them open a form.
func TestJSAlone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, host, more string }{
		{"not wanted", "127.0.0.1", "&mode=alone"},
		{"neither Web Locks nor SharedWorker", "crm.example", "&mode=absent"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := startCRM(t, tt.host)
			for i := range 3 {
				if by := c.tab(fmt.Sprintf("t%d", i), tt.more).text(`window.by`); by != "alone" {
					t.Errorf("tab %d: the %s polls, want itself", i, by)
				}
			}
			if _, all := c.waiting(); all != 3 {
				t.Errorf("%d sessions of three tabs", all)
			}
			for i := range 5 {
				c.call(fmt.Sprintf("c-%d", i))
			}
			c.settled(5)
		})
	}
}

// TestJSStranger: a page of an origin that is not configured gets nothing, and
// says so.
func TestJSStranger(t *testing.T) {
	t.Parallel()
	c := startCRM(t, "127.0.0.1")
	c.call("c")
	c.origin = strings.Replace(c.origin, "127.0.0.1", "crm.example", 1)
	p := c.visit(c.browser, "stranger", "&mode=alone")
	p.until("its failure", `window.states?.at(-1) === 'offline'`, 60*time.Second)
	if p.yes(`zummer.rows.length > 0 || document.getElementById('list').children.length > 0`) || len(c.forms()) > 0 {
		t.Errorf("a page of another origin was told: %s", p.text(`JSON.stringify(zummer.rows)`))
	}
	eventually(t, "the console says why", 60*time.Second, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return strings.Contains(strings.Join(p.complaints, "\n"), "CORS policy")
	})
	p = c.visit(c.browser, "stranger", "") // the worker's console says why
	p.until("the same where a worker asks", `zummer.status.state === 'offline' && zummer.status.message === 'Failed to fetch'`, 60*time.Second)
}

// TestJSLookedAt: the form opens in the tab that was looked at last.
func TestJSLookedAt(t *testing.T) {
	t.Parallel()
	c := startCRM(t, "127.0.0.1")
	a, b := c.tab("a", ""), c.tab("b", "")
	for i, p := range []*browserPage{a, b, a} {
		p.do("look at a tab", lifecycle.BringToFront())
		p.looked()
		c.call(fmt.Sprintf("c-%d", i))
		forms := c.settled(i + 1)
		if got, want := forms[i][:1], []string{"a", "b", "a"}[i]; got != want {
			t.Errorf("form %d opened in tab %s, want %s", i, got, want)
		}
	}
}

// TestJSTwoBrowsers: two browsers of one user, two tabs each: each form opens
// in one of the four.
func TestJSTwoBrowsers(t *testing.T) {
	t.Parallel()
	c := startCRM(t, "127.0.0.1")
	c.tab("a1", "")
	c.tab("a2", "")
	second := c.start()
	other := c.tabOf(second, "b1", "")
	c.tabOf(second, "b2", "")
	if _, all := c.waiting(); all != 2 {
		t.Errorf("%d sessions of two browsers", all)
	}
	for i := range 6 {
		c.call(fmt.Sprintf("c-%d", i))
	}
	c.settled(6)
	tell(c.in, c.hook, "ringing", "c-x", "101", "+79160000001")
	other.until("what the other browser is told too", `zummer.rows.some((r) => r.action === 'indicate')`, 60*time.Second)
	other.do("claim it there", chromedp.Evaluate(`zummer.claim(zummer.rows.find((r) => r.action === 'indicate')).then(() => { window.claimed = true; }); undefined`, nil))
	other.until("the claim", `!!window.claimed && zummer.rows.some((r) => r.session === zummer.session)`, 60*time.Second)
}

// TestJSDeath: when the worker is killed, or the tab that polls is closed,
// another one goes on: what is pending and what comes opens, once.
func TestJSDeath(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, more, by string
		kill           func(c *crm, leader *browserPage)
		left           string // who polls then
	}{
		{"the worker is killed", "", "worker", func(c *crm, _ *browserPage) { c.killWorkers() }, "tab"},
		{"the polling tab is closed", "&mode=tab", "tab", func(c *crm, leader *browserPage) { leader.do("close", lifecycle.Close()) }, "tab"},
		{"the polling tab crashes", "&mode=tab", "tab", func(_ *crm, leader *browserPage) { go func() { _ = chromedp.Run(leader.ctx, lifecycle.Crash()) }() }, "tab"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, tabs := startTabs(t, "127.0.0.1", tt.by, tt.more, "first", "second")
			first, second := tabs[0], tabs[1]
			c.call("before")
			c.settled(1)
			session := second.text(`zummer.session`)
			second.do("look at the second tab", lifecycle.BringToFront())
			tt.kill(c, first)
			c.call("after")
			c.settled(2)
			second.until("who polls now", fmt.Sprintf(`window.by === '%s' && window.states.at(-1) === 'online'`, tt.left), 60*time.Second)
			if now := second.text(`zummer.session`); now != session {
				t.Errorf("the session became %s, was %s: its rows wait for the end of their lease", now, session)
			}
			c.call("later")
			c.settled(3)
		})
	}
}

// TestJSFormOfADyingTab: a tab that goes away while its form is opening leaves
// the row to another one.
func TestJSFormOfADyingTab(t *testing.T) {
	t.Parallel()
	c := startCRM(t, "127.0.0.1")
	first, _ := c.tab("first", ""), c.tab("second", "")
	first.do("a form that takes for ever", lifecycle.BringToFront(), chromedp.Evaluate(`window.hold = new Promise(() => {}); undefined`, nil))
	first.looked()
	c.call("c")
	first.until("the row", `zummer.rows.some((r) => r.action === 'open')`, 60*time.Second)
	<-time.After(1500 * time.Millisecond)
	if forms := c.forms(); len(forms) > 0 {
		t.Fatalf("a form opened elsewhere while one is opening: %q", forms)
	}
	first.do("close", lifecycle.Close())
	if forms := c.settled(1); forms[0][:6] != "second" {
		t.Errorf("the form opened in %q", forms)
	}
}

// TestJSReload: a page that is loaded anew opens nothing again, also when the
// acknowledgement never arrived.
func TestJSReload(t *testing.T) {
	t.Parallel()
	c := startCRM(t, "127.0.0.1")
	p := c.tab("a", "")
	c.call("c-1")
	c.settled(1)
	p.do("cut the line, so that no acknowledgement arrives", chromedp.Evaluate(`window.hold = new Promise((r) => { window.release = r; }); undefined`, nil))
	c.call("c-2")
	p.until("the row", `zummer.rows.some((r) => r.action === 'open')`, 60*time.Second)
	p.do("open it and leave at once", chromedp.Evaluate(`release(); undefined`, nil))
	p.until("the form", `zummer.rows.every((r) => r.action !== 'open')`, 60*time.Second)
	p.do("load the page anew", chromedp.Reload())
	c.settled(2)
	c.call("c-3")
	c.settled(3)
}

// TestJSTokenRunsOut: a token that is revoked is replaced by what the page's own
// server gives, asked by one of its tabs.
func TestJSTokenRunsOut(t *testing.T) {
	t.Parallel()
	c := startCRM(t, "127.0.0.1")
	a := c.tab("a", "")
	b := c.tab("b", "")
	b.do("look at it", lifecycle.BringToFront())
	b.looked()
	for n := 1; ; n++ {
		made := c.in.Admin("POST", "/v1/admin/users/ivanov/tokens", map[string]any{"name": "next", "scopes": []string{"poll"}})
		var old []string
		for _, tok := range c.in.Admin("GET", "/v1/admin/users/ivanov/tokens", nil)["items"].([]any) {
			if tok, ok := tok.(map[string]any); ok && tok["id"] != made["id"] && tok["revoked_at"] == nil {
				old = append(old, fmt.Sprint(tok["id"]))
			}
		}
		c.mu.Lock()
		c.token, c.tokens = made["token"].(string), 0
		c.mu.Unlock()
		for _, id := range old {
			c.in.Admin("DELETE", "/v1/admin/tokens/"+id, nil)
		}
		c.call(fmt.Sprintf("c-%d", n))
		c.settled(n)
		c.mu.Lock()
		asked := c.tokens
		c.mu.Unlock()
		if asked == 1 {
			break
		}
		if n == 4 || asked == 0 { // a tab whose server takes more than a second is helped out by another
			t.Errorf("the tabs asked %d times for a token, want once", asked)
			break
		}
	}
	if a.yes(`window.states.includes('refused')`) {
		t.Error("the user saw that the token had run out")
	}
}

// TestJSBusy: what cannot be opened here opens in another browser.
func TestJSBusy(t *testing.T) {
	t.Parallel()
	c := startCRM(t, "127.0.0.1")
	a := c.tab("a", "")
	a.do("an unsaved form", chromedp.Evaluate(`zummer.busy = true; undefined`, nil))
	c.tabOf(c.start(), "b", "")
	c.isBusy()
	c.call("c")
	if forms := c.settled(1); forms[0][:1] != "b" {
		t.Errorf("the form opened in the busy browser: %q", forms)
	}
}

// TestJSBusyBesideACrash: a tab that crashed says nothing any more; it does not
// count as one that could open.
func TestJSBusyBesideACrash(t *testing.T) {
	t.Parallel()
	c := startCRM(t, "127.0.0.1")
	a, crashes := c.tab("a", ""), c.tab("crashes", "")
	b := c.tabOf(c.start(), "b", "")
	a.do("look at it, and write", lifecycle.BringToFront(), chromedp.Evaluate(`zummer.busy = true; undefined`, nil))
	go func() { _ = chromedp.Run(crashes.ctx, lifecycle.Crash()) }()
	<-time.After(time.Second)
	for _, p := range []*browserPage{a, b} { // who waits longest is asked first: a
		p.do("the next poll", chromedp.Evaluate(`zummer.wake(); undefined`, nil))
		<-time.After(500 * time.Millisecond)
	}
	c.isBusy()
	c.call("c")
	if forms := c.settled(1); !strings.HasPrefix(forms[0], "b ") {
		t.Errorf("the form opened in %q", forms)
	}
}
