package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	lifecycle "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestJSDeathLookedAt: after the poll has moved to another tab or worker, and after
// all tabs were loaded anew, forms still open in the tab that was looked at last;
// the session stays, and nobody waits longer than a minute.
func TestJSDeathLookedAt(t *testing.T) {
	t.Parallel()
	workers := func(c *crm, _ []*browserPage) { c.killWorkers() }
	for _, tt := range []struct {
		name, host, more, by string
		moves                func(c *crm, tabs []*browserPage)
		left                 string // who polls then, one of these
	}{
		{"the worker is killed", "127.0.0.1", "", "worker", workers, "tab"},
		{"the worker is killed, without Web Locks", "crm.example", "", "worker", workers, "worker"},
		{"the polling tab is closed", "127.0.0.1", "&mode=tab", "tab", func(_ *crm, tabs []*browserPage) { tabs[0].do("close", lifecycle.Close()) }, "tab"},
		{"the polling tab crashes", "127.0.0.1", "&mode=tab", "tab", func(_ *crm, tabs []*browserPage) { go func() { _ = chromedp.Run(tabs[0].ctx, lifecycle.Crash()) }() }, "tab"},
		{"all are loaded anew", "127.0.0.1", "", "worker", anew, "worker|tab"},
		{"all are loaded anew, without Web Locks", "crm.example", "", "worker", anew, "worker"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, tabs := threeTabs(t, tt.host, tt.more, tt.by)
			shown := tabs[2]
			session := shown.text(`zummer.session`)
			shown.do("count what its status was", chromedp.Evaluate(`before = states.length; undefined`, nil))
			tt.moves(c, tabs) // a page that is loaded anew has counted nothing
			shown.until("another one polls", fmt.Sprintf(`'%s'.split('|').includes(by) && (!window.before || states.slice(before).includes('connecting')) && states.at(-1) === 'online'`, tt.left), 60*time.Second)
			shown.until("the others know who was looked at last", `zummer.best === zummer.id`, 60*time.Second)
			if now := shown.text(`zummer.session`); now != session {
				t.Errorf("the session became %s, was %s: its rows wait for the end of their lease", now, session)
			}
			for n, there := 1, 0; there < 3; n++ { // in a row
				c.call(fmt.Sprintf("c-%d", n))
				forms := c.settled(n)
				if there++; !strings.HasPrefix(forms[n-1], "shown ") {
					there = 0
				}
				if n == 9 && there < 3 { // a tab that a busy machine keeps for a second leaves a form to another
					t.Fatalf("the forms opened in %q", forms)
				}
			}
		})
	}
}

// anew loads all tabs anew, the one that is looked at first and all at once; again
// where a busy machine took so long with the worker that they did without.
func anew(c *crm, tabs []*browserPage) {
	c.Helper()
	for try := 1; ; try++ {
		for _, p := range slices.Backward(tabs) {
			p.do("load anew", chromedp.Evaluate(`window.old = true; location.reload(); undefined`, nil))
		}
		alone := false
		for _, p := range tabs {
			p.until("it is loaded anew", `!window.old && window.states?.at(-1) === 'online'`, 60*time.Second)
			alone = alone || p.text(`by`) == "alone"
		}
		if !alone {
			return
		}
		if try == 4 {
			c.Fatal("each tab polls for itself")
		}
	}
}

// threeTabs are three tabs for which by polls, the first of them if it is a tab.
// Each was looked at, the last one named shown is looked at now.
func threeTabs(t *testing.T, host, more, by string) (c *crm, tabs []*browserPage) {
	t.Helper()
	c, tabs = startTabs(t, host, by, more, "first", "second", "shown")
	for _, p := range tabs {
		p.do("look at it", lifecycle.BringToFront())
		p.until("it is looked at last", `!document.hidden && zummer.best === zummer.id`, 60*time.Second)
	}
	for _, p := range tabs[:2] {
		p.until("a hidden tab", `document.hidden`, 60*time.Second)
	}
	return c, tabs
}
