package app_test

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// axe is axe-core (testdata/axe, MPL-2.0): the rules of accessibility.
//
//go:embed testdata/axe/axe.min.js
var axe string

// TestEveryPage opens every page that the navigation leads to, and one of each
// thing they list, in both themes: axe finds nothing serious, nothing has to be
// scrolled sideways on a telephone, the browser complains of nothing. With
// ZUMMER_TEST_SCREENSHOTS it leaves a picture of each in that folder: docs/admin.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	in := busyOffice(t)
	p := browse(t, in, "ru", "/admin/")
	p.until("the list", pendingRows+`.length > 3`, 60*time.Second)
	paths := []string{"/admin/"}
	var hrefs []string
	p.do("the navigation", chromedp.Evaluate(`[...document.querySelectorAll('nav.side a')].map((a) => a.getAttribute('href'))`, &hrefs))
	for _, h := range hrefs {
		if h != "/admin/" {
			paths = append(paths, h)
		}
	}
	// One thing of each list.
	deeper := map[string]string{"/admin/": `#pending-rows td a[href^="/admin/notifications/"]`}
	for _, h := range hrefs {
		if h != "/admin/" {
			deeper[h] = fmt.Sprintf(`main a[href^="%s/"]:not([href*="export"], [href$=".csv"], [href$=".ndjson"])`, h)
		}
	}
	deeper["/admin/sources"] = `main a[href="/admin/new-source"], main a[href^="/admin/sources/"]`
	for _, path := range paths {
		if link, ok := deeper[path]; ok {
			var more []string
			p.do("what it leads to", chromedp.Navigate(in.URL+path), chromedp.WaitReady(`body`), chromedp.Evaluate(`[...document.querySelectorAll(`+"`"+link+"`"+`)].slice(0, 2).map((a) => a.getAttribute('href'))`, &more))
			paths = append(paths, more...)
		}
	}
	p.do("and one deeper", chromedp.Navigate(in.URL+"/admin/new-source"), chromedp.WaitReady(`body`))
	paths = append(paths, "/admin/new-source?kind=mango")
	if !p.yes(`!!document.querySelector('main a[href="/admin/new-source?kind=mango"]')`) {
		t.Error("the kinds of sources do not lead to Mango's")
	}
	slices.Sort(paths)
	if paths = slices.Compact(paths); len(paths) < 8 {
		t.Errorf("only %d pages were found: %v", len(paths), paths)
	}
	// In several windows: each waits for its browser and its server in turn.
	const windows = 3
	for n := range windows {
		t.Run(fmt.Sprintf("window %d", n+1), func(t *testing.T) {
			t.Parallel()
			window := browse(t, in, "ru", "/admin/account")
			for i := n; i < len(paths); i += windows {
				t.Run(strings.Trim(strings.TrimPrefix(paths[i], "/admin"), "/"), func(t *testing.T) {
					(&browserPage{t: t, ctx: window.ctx}).isFine(in.URL, paths[i])
				})
			}
		})
	}
}

// isFine looks at a page in every way.
func (p *browserPage) isFine(url, path string) {
	p.t.Helper()
	p.do("open", chromedp.EmulateViewport(1280, 800), chromedp.Navigate(url+path), chromedp.WaitReady(`body`))
	if !p.yes(`document.querySelectorAll("main h1").length === 1`) {
		p.t.Fatalf("no page: %s", p.text(`document.body.innerText.slice(0, 200)`))
	}
	name := picture(path)
	for _, scheme := range []string{"light", "dark"} {
		p.do(scheme, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}))
		p.accessible(scheme)
		p.shoot(name + map[string]string{"light": "", "dark": "-dark"}[scheme])
	}
	p.do("a telephone", emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}), chromedp.EmulateViewport(390, 800))
	if wide := p.text(`String(document.documentElement.scrollWidth)`); wide != "390" {
		p.t.Errorf("on a telephone the page is %s pixels wide, not 390: %s", wide, p.text(`[...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > 391).slice(0, 5).map((e) => e.outerHTML.slice(0, 120)).join('\n')`))
	}
	p.shoot(name + "-phone")
}

// picture names a page's picture: without ids, which change from run to run.
func picture(path string) string {
	name := strings.Trim(strings.TrimPrefix(path, "/admin"), "/")
	name = regexp.MustCompile(`\d+`).ReplaceAllString(strings.NewReplacer("/", "-", "?", "-", "=", "-", "&", "-", "%", "").Replace(name), "n")
	if name == "" {
		return "pending"
	}
	return name
}

// accessible has axe look at the page.
func (p *browserPage) accessible(when string) {
	p.t.Helper()
	var raw string
	p.do("axe", chromedp.Evaluate(axe+`;undefined`, nil), chromedp.Evaluate(`axe.run(document, {resultTypes: ['violations']}).then((r) => JSON.stringify(r.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => ({id: v.id, help: v.help, nodes: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + ' | ' + (n.any[0]?.message || ''))}))))`, &raw, awaited))
	var found []struct {
		ID, Help string
		Nodes    []string
	}
	if err := json.Unmarshal([]byte(raw), &found); err != nil {
		p.t.Fatalf("axe says %q: %v", raw, err)
	}
	for _, f := range found {
		p.t.Errorf("%s: %s (%s): %s", when, f.Help, f.ID, strings.Join(f.Nodes, "\n  "))
	}
}

// shoot leaves a picture of the whole page, if pictures are wanted.
func (p *browserPage) shoot(name string) {
	p.t.Helper()
	dir := os.Getenv("ZUMMER_TEST_SCREENSHOTS")
	if dir == "" {
		return
	}
	var png []byte
	p.do("take a picture", chromedp.CaptureScreenshot(&png))
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
