package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	lifecycle "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestJSSleep: a tab that is frozen while it polls lets another one go on, and
// joins again when it wakes; one that is alone catches up.
func TestJSSleep(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, host, mode, by string }{
		{"a worker polls", "127.0.0.1", "", "worker"},
		{"a tab polls", "127.0.0.1", "&mode=tab", "tab"},
		{"a page without Web Locks", "crm.example", "", "worker"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, tabs := startTabs(t, tt.host, tt.by, tt.mode, "first", "second")
			first, second := tabs[0], tabs[1]
			first.do("look at the first", lifecycle.BringToFront())
			first.do("freeze", lifecycle.SetWebLifecycleState(lifecycle.SetWebLifecycleStateStateFrozen))
			c.call("while it sleeps")
			if forms := c.settled(1); forms[0][:6] != "second" {
				t.Errorf("the form opened in %q", forms)
			}
			first.do("wake", lifecycle.SetWebLifecycleState(lifecycle.SetWebLifecycleStateStateActive))
			first.until("online again", `window.states.at(-1) === 'online'`, 60*time.Second)
			c.onePoll("when it is back")
			c.call("when it is back")
			c.settled(2)
			second.do("close the other", lifecycle.Close())
			c.call("alone")
			c.settled(3)
			first.do("freeze", lifecycle.SetWebLifecycleState(lifecycle.SetWebLifecycleStateStateFrozen))
			c.call("while it sleeps alone")
			<-time.After(time.Second)
			first.do("wake", lifecycle.SetWebLifecycleState(lifecycle.SetWebLifecycleStateStateActive))
			c.settled(4)
		})
	}
}

// TestJSAsleepAlone: the only tab of a browser sleeps: what comes meanwhile
// opens in the other browser, at once.
func TestJSAsleepAlone(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"", "&mode=tab"} {
		t.Run("mode"+mode, func(t *testing.T) {
			t.Parallel()
			c := startCRM(t, "127.0.0.1")
			sleeper := c.tab("sleeper", mode)
			c.tabOf(c.start(), "other", mode)
			sleeper.do("freeze", lifecycle.SetWebLifecycleState(lifecycle.SetWebLifecycleStateStateFrozen))
			eventually(t, "the other browser alone waits", 60*time.Second, func() bool { waiting, _ := c.waiting(); return waiting == 1 })
			for i := range 3 {
				c.call(fmt.Sprintf("c-%d", i))
			}
			for _, f := range c.settled(3) {
				if !strings.HasPrefix(f, "other ") {
					t.Errorf("%q opened in the browser that sleeps", f)
				}
			}
			sleeper.do("wake", lifecycle.SetWebLifecycleState(lifecycle.SetWebLifecycleStateStateActive))
			sleeper.until("online again", `window.states.at(-1) === 'online'`, 60*time.Second)
			c.call("c-last")
			c.settled(4)
		})
	}
}

// TestJSBackAndForward: a page that the browser keeps for its Back button
// opens nothing while it is hidden, leaves the poll to others, and knows what
// was opened when it comes back.
func TestJSBackAndForward(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"", "&mode=tab"} {
		t.Run("mode"+mode, func(t *testing.T) {
			t.Parallel()
			c := startCRM(t, "127.0.0.1")
			first := c.tab("first", mode)
			c.tab("second", mode)
			first.do("look at the first", lifecycle.BringToFront())
			turn := func(event string) {
				first.do(event, chromedp.Evaluate(`dispatchEvent(new PageTransitionEvent('`+event+`', {persisted: true})); undefined`, nil))
			}
			turn("pagehide")
			c.call("while it is away")
			if forms := c.settled(1); !strings.HasPrefix(forms[0], "second ") {
				t.Errorf("the form opened in %q", forms)
			}
			c.onePoll("while it is away")
			turn("pageshow")
			first.until("it opens again", `zummer.status.state === 'online'`, 60*time.Second)
			first.do("look at it", chromedp.Evaluate(`dispatchEvent(new Event('focus')); undefined`, nil))
			first.looked()
			c.call("when it is back")
			if forms := c.settled(2); !strings.HasPrefix(forms[1], "first ") {
				t.Errorf("when it is back and looked at, the form opened in %q", forms[1])
			}
			c.onePoll("when it is back")
		})
	}
}

// TestJSOffline: while the network is away the picture stays; when it comes
// back the page asks at once.
func TestJSOffline(t *testing.T) {
	t.Parallel()
	c := startCRM(t, "127.0.0.1")
	p := c.tab("a", "&mode=tab&wait=2")
	tell(c.in, c.hook, "ringing", "c-1", "101", "+79160000001")
	p.until("a row", `zummer.rows.length === 1`, 60*time.Second)
	p.do("the network goes away", unplugged(true))
	p.until("the page knows", `zummer.status.state === 'offline'`, 60*time.Second)
	if !p.yes(`zummer.rows.length === 1 && document.getElementById('list').children.length === 1`) {
		t.Error("the list went with the network")
	}
	c.call("c-2")
	p.until("it asks less and less often", `zummer.status.retryAt - Date.now() > 12000`, 2*time.Minute)
	p.do("note when it is back", chromedp.Evaluate(`planned = zummer.status.retryAt; back = 0; setInterval(() => { if (!back && zummer.status.state === 'online') back = Date.now(); }, 20); undefined`, nil))
	p.do("the network comes back", unplugged(false))
	p.until("the page is back", `back > 0`, 60*time.Second)
	if early := p.text(`String(planned - back)`); !p.yes(`planned - back > 1000`) {
		t.Errorf("it was back %s ms before it would have asked anyway, want at once", early)
	}
	c.settled(1)
}
