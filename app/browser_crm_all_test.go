package app_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestSampleCRMForAll: every control has a name, every region a label, headings
// follow each other, and what is focused is seen.
func TestSampleCRMForAll(t *testing.T) {
	t.Parallel()
	p := sampleCRM(t, "ru")
	p.event("answered", "a-1", "+79031234567")
	p.form("Интерес 17")
	p.event("ringing", "a-2", "+79161112233")
	p.until("a card", cardsText+`.includes('ИП Лютик')`, 60*time.Second)
	for what, script := range map[string]string{
		"controls without a name":                          `[...document.querySelectorAll('button, a, input, select, textarea')].filter((e) => e.offsetParent && !(e.innerText || e.getAttribute('aria-label') || e.labels?.length)).map((e) => e.outerHTML)`,
		"labels that point at nothing":                     `[...document.querySelectorAll('[aria-labelledby], [aria-controls], [aria-describedby], label[for]')].flatMap((e) => ['aria-labelledby', 'aria-controls', 'aria-describedby', 'for'].map((a) => e.getAttribute(a)).filter((id) => id && !document.getElementById(id)))`,
		"sections without a label":                         `[...document.querySelectorAll('section')].filter((s) => !s.getAttribute('aria-label')).map((s) => s.outerHTML)`,
		"text outside of the page's regions":               `[...document.body.children].filter((e) => e.innerText && !e.matches('header, main, section, footer, .skip, [aria-live]')).map((e) => e.outerHTML)`,
		"headings that skip a level":                       `[...document.querySelectorAll('h1, h2, h3, h4')].map((h) => Number(h.tagName[1])).filter((n, i, all) => n > (all[i - 1] ?? 0) + 1)`,
		"marks of the page that are not as they should be": `[document.documentElement.lang !== 'ru' && 'lang', document.querySelectorAll('main').length !== 1 && 'main', document.querySelectorAll('h1').length !== 1 && 'h1'].filter(Boolean)`,
	} {
		if bad := p.text(`(` + script + `).join(' ')`); bad != "" {
			t.Errorf("%s: %s", what, bad)
		}
	}
	seen := map[string]bool{}
	p.do("begin at the top", chromedp.Evaluate(`document.activeElement.blur(); undefined`, nil))
	for range 25 {
		p.do("press Tab", chromedp.KeyEvent(kb.Tab))
		seen[p.text(`(document.activeElement.id || document.activeElement.innerText)`)] = true
		if p.yes(`document.activeElement !== document.body && getComputedStyle(document.activeElement).outlineStyle === 'none'`) {
			t.Errorf("the focus on %s is invisible", p.text(`document.activeElement.outerHTML`))
		}
	}
	for _, want := range []string{"user", "quiet", "ring", "tab-clients", "note", "Сохранить", "Убрать"} {
		if !seen[want] {
			t.Errorf("Tab never reached %s, but %v", want, seen)
		}
	}
	p.do("close the form", chromedp.Focus("#tab-clients"), chromedp.Click("#close"))
	if !p.yes(`document.activeElement.isConnected && document.activeElement !== document.body`) {
		t.Error("when the form closes the focus is lost")
	}
}

// TestSampleCRMFits: cards never lie over the form that somebody writes in;
// nothing is wider than a phone or a screen at twice the size; telephone numbers
// stay in one line; who wants no motion gets none.
func TestSampleCRMFits(t *testing.T) {
	t.Parallel()
	p := sampleCRM(t, "ru")
	p.event("answered", "f-1", "+79031234567")
	p.form("Интерес 17")
	p.do("write", chromedp.SendKeys("#note", "перезвонить"))
	p.toldBusy(true)
	for i, phone := range []string{"+79161112233", "+78125550101", "+79990001122"} {
		p.event("ringing", "f-r"+string(rune('0'+i)), phone)
	}
	p.until("three cards", `document.querySelectorAll('#cards .card').length === 3`, 60*time.Second)
	p.event("ended", "f-r2", "+79990001122")
	p.until("a missed call", `!document.getElementById('missed-count').hidden`, 60*time.Second)
	p.do("no motion", emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}))
	if moving := p.text(`[...document.querySelectorAll('.card.live, .card.live .face, #form')].map((e) => getComputedStyle(e).animationName).filter((n) => n !== 'none').join()`); moving != "" {
		t.Errorf("it moves all the same: %s", moving)
	}
	for _, size := range []struct{ w, h int64 }{{1920, 1080}, {1366, 700}, {1200, 750}, {900, 600}} {
		p.do("a screen", chromedp.EmulateViewport(size.w, size.h))
		if over := p.text(`(() => { const f = document.getElementById('form').getBoundingClientRect();
			return [...document.querySelectorAll('#cards .card')].filter((c) => { const r = c.getBoundingClientRect(); return r.height > 0 && r.left < f.right && r.right > f.left && r.top < f.bottom && r.bottom > f.top; }).map((c) => c.innerText).join('|'); })()`); over != "" {
			t.Errorf("at %d × %d these lie over the form: %s", size.w, size.h, over)
		}
	}
	for _, size := range []struct{ w, h int64 }{{1200, 750}, {600, 375}, {390, 800}, {320, 640}} {
		p.do("a screen", chromedp.EmulateViewport(size.w, size.h))
		if wide := p.text(`String(document.documentElement.scrollWidth)`); wide != strconv.FormatInt(size.w, 10) {
			t.Errorf("the page is %s pixels wide, not %d", wide, size.w)
		}
		if broken := p.text(`[...document.querySelectorAll('.num')].filter((n) => n.getClientRects().length > 1).map((n) => n.textContent).join()`); broken != "" {
			t.Errorf("at %d pixels a number is broken: %s", size.w, broken)
		}
	}
}
