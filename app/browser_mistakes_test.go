package app_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestMistakesInTheBrowser: what is wrong in a long form stands above it, the part
// that hides it is open, the first wrong field has the focus, and a secret that was
// typed is required once more.
func TestMistakesInTheBrowser(t *testing.T) {
	t.Parallel()
	in, _, _ := manned(t)
	p := browse(t, in, "ru", "/admin/new-source?kind=generic")
	p.do("a wrong time zone, a secret", chromedp.SetValue(`input[name="slug"]`, "fresh"), chromedp.SetValue(`input[name="timezone"]`, "Moscow"), chromedp.SetValue(`input[name="secret"]`, "hush-hush"), chromedp.Click(`#make`))
	p.until("what is wrong", `document.querySelector('#mistakes')?.hidden === false`, 60*time.Second)
	if got := p.text(`[...document.querySelectorAll('#mistakes a')].map((a) => a.textContent).join('|')`); got != `Секрет: введите ещё раз: секреты обратно не показываются|Часовой пояс АТС: нет часового пояса "Moscow"; напишите, например, Europe/Moscow` {
		t.Errorf("the list says %q", got)
	}
	if got := p.text(`document.querySelector('#more-settings').open + ' ' + document.activeElement.name + ' ' + document.activeElement.required + ' ' + document.activeElement.value`); got != "true secret true " {
		t.Errorf("open, focus, required, value: %q", got)
	}
	p.accessible("mistakes")
	p.do("to the other", chromedp.Click(`#mistakes li:last-child a`))
	if got := p.text(`document.activeElement.name`); got != "timezone" {
		t.Errorf("the link leads to %q", got)
	}
	p.forgive("status of 422")
}
