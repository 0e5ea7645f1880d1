package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// sampleCRM is `zummer demo` with a browser on its page; the simulated PBX
// places no calls.
func sampleCRM(t *testing.T, lang string) *browserPage {
	t.Helper()
	out, _ := run(t, "demo", "--listen", "127.0.0.1:0", "--every", "0")
	base := strings.TrimSuffix(out.find(t, `(http://127\.0\.0\.1:\d+/)demo`)[1], "/")
	p := window(t)
	p.do("open the sample CRM", chromedp.EmulateViewport(1200, 750), chromedp.Navigate(base+"/demo?lang="+lang))
	p.until("online", `document.getElementById('status').className === 'online'`, 60*time.Second)
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(p.complaints) > 0 {
			t.Errorf("the browser complains: %q", p.complaints)
		}
	})
	return p
}

// event tells the demonstration's hook of a call of the first user.
func (p *browserPage) event(event, call, phone string) {
	p.t.Helper()
	p.do(event, chromedp.Evaluate(fmt.Sprintf(`fetch(document.body.dataset.hook, {method: 'POST', headers: {'Content-Type': 'application/json'},
		body: JSON.stringify({event: '%s', call: '%s', extension: '101', direction: 'in', phone: '%s'})}).then((r) => r.status)`, event, call, phone), nil, awaited))
}

// toldBusy waits until the service has been told whether there is an unsaved form.
func (p *browserPage) toldBusy(busy bool) {
	p.t.Helper()
	script := fmt.Sprintf(`fetch('/v1/me', {headers: {Authorization: 'Bearer ' + document.getElementById('user').selectedOptions[0].dataset.token}})
		.then((r) => r.json()).then((me) => me.sessions.some((s) => s.busy) === %t)`, busy)
	eventually(p.t, fmt.Sprintf("busy %t is told", busy), 60*time.Second, func() (ok bool) {
		return chromedp.Run(p.ctx, chromedp.Evaluate(script, &ok, awaited)) == nil && ok
	})
}

// awaited waits for the promise that a script gives.
func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

const (
	formTitle = `(document.getElementById('form').hidden ? '' : document.getElementById('form-title').textContent)`
	cardsText = `[...document.querySelectorAll('#cards .card')].map((c) => c.innerText).join('|')`
)

func (p *browserPage) form(title string) {
	p.t.Helper()
	p.until("the form "+title, fmt.Sprintf(`(%s).includes('%s')`, formTitle, title), 60*time.Second)
}

// TestSampleCRM: the card slides in while it rings; on the answer the interest
// opens, or the choice among several, or the wizard, whose interest the next
// call opens; a settled interest opens no more.
func TestSampleCRM(t *testing.T) {
	t.Parallel()
	p := sampleCRM(t, "ru")
	p.event("ringing", "c-1", "+79031234567")
	p.until("a card while it rings", cardsText+`.includes('ООО Ромашка') && document.querySelector('.card.live') !== null`, 60*time.Second)
	p.until("what is read out", `document.getElementById('said').textContent.startsWith('Входящий звонок: ООО Ромашка')`, 60*time.Second)
	if title := p.text(formTitle); title != "" {
		t.Errorf("while it rings the form %q is open", title)
	}
	p.event("answered", "c-1", "+79031234567")
	p.form("Интерес 17")
	p.until("no card beside the form", cardsText+` === ''`, 60*time.Second)
	if focus := p.text(`document.activeElement.id`); focus != "form-title" {
		t.Errorf("the focus is on %q, not on the form", focus)
	}
	p.event("ended", "c-1", "+79031234567")

	p.event("answered", "c-2", "+79161112233")
	p.form("О каком интересе речь?")
	p.do("choose by keyboard", chromedp.KeyEvent(kb.Enter))
	p.form("Интерес 21")

	p.event("answered", "c-3", "+78125550101")
	p.form("Мастер формирования интереса")
	p.do("the first step", chromedp.Click(`#form .foot .main`))
	p.do("nothing written", chromedp.Click(`#form .foot .main`))
	p.until("a complaint", `document.querySelector('[role=alert]').textContent !== '' && document.activeElement.id === 'w-topic' && document.activeElement.getAttribute('aria-invalid') === 'true'
		&& document.getElementById(document.activeElement.getAttribute('aria-describedby')) === document.querySelector('[role=alert]')`, 60*time.Second)
	p.do("write and press Enter", chromedp.SendKeys("#w-topic", "двадцать букетов"+kb.Enter))
	p.until("the end", `document.querySelector('.steps li:last-child').getAttribute('aria-current') === 'step'`, 60*time.Second)
	p.do("close", chromedp.KeyEvent(kb.Escape))
	p.event("ended", "c-3", "+78125550101")
	p.toldBusy(false)
	p.event("answered", "c-4", "+78125550101")
	p.form("двадцать букетов")
	p.do("settle it", chromedp.Click(`//button[.='Интерес закрыт']`, chromedp.BySearch))
	p.until("the form gone", formTitle+` === ''`, 60*time.Second)
	p.event("ended", "c-4", "+78125550101")

	p.event("ringing", "c-5", "+79990001122")
	p.until("a number that is read out once", `document.getElementById('said').textContent === 'Входящий звонок: +7 999 000-11-22'`, 60*time.Second)
	p.event("answered", "c-5", "+79990001122") // an unknown caller becomes a client
	p.form("Мастер формирования интереса")
	p.do("a name", chromedp.SendKeys("#w-name", "Новый клиент"+kb.Enter), chromedp.SendKeys("#w-topic", "вопрос"+kb.Enter))
	p.until("the new client in the list", `document.getElementById('clients').innerText.includes('Новый клиент')`, 60*time.Second)
	if n := p.text(`document.getElementById('opened').textContent`); n != "5" {
		t.Errorf("%s forms opened, want 5", n)
	}
}

// TestSampleCRMMissed: who was missed is in the list with a number on its tab,
// and leaves it when called back or dismissed; all by keyboard.
func TestSampleCRMMissed(t *testing.T) {
	t.Parallel()
	p := sampleCRM(t, "en")
	for i, phone := range []string{"+79031234567", "+79990001122"} {
		p.event("ringing", fmt.Sprint("m-", i), phone)
		p.event("ended", fmt.Sprint("m-", i), phone)
	}
	p.until("two missed", `document.getElementById('missed-count').textContent === '2' && !document.getElementById('missed-count').hidden`, 60*time.Second)
	p.do("go to the tab by keyboard", chromedp.Focus("#tab-clients"), chromedp.KeyEvent(kb.End))
	p.until("the list", `document.activeElement.id === 'tab-missed' && !document.getElementById('missed').hidden && document.getElementById('clients').hidden`, 60*time.Second)
	p.do("call the first back", chromedp.KeyEvent(kb.Tab+kb.Tab), chromedp.KeyEvent(kb.Enter))
	p.until("the form and one left", `!document.getElementById('form').hidden && document.querySelectorAll('#missed li').length === 1`, 60*time.Second)
	p.do("dismiss the other", chromedp.Click(`#missed li button:last-child`))
	p.until("nobody", `document.querySelectorAll('#missed li').length === 0 && document.getElementById('missed-count').hidden`, 60*time.Second)
	p.do("load anew", chromedp.Reload())
	p.until("online", `document.getElementById('status').className === 'online'`, 60*time.Second)
	if !p.yes(`document.querySelectorAll('#missed li').length === 0`) {
		t.Error("what was dealt with is there again")
	}
}

// TestSampleCRMQuiet: in quiet mode calls are cards and nothing opens by
// itself; a form with unsaved notes is not replaced either.
func TestSampleCRMQuiet(t *testing.T) {
	t.Parallel()
	p := sampleCRM(t, "en")
	p.do("quiet", chromedp.Click("#quiet"))
	p.until("quiet", `document.getElementById('quiet').getAttribute('aria-checked') === 'true' && !document.getElementById('quiet-hint').hidden`, 60*time.Second)
	<-time.After(500 * time.Millisecond)
	p.event("answered", "q-1", "+79031234567")
	p.until("a card", cardsText+`.includes('ООО Ромашка')`, 60*time.Second)
	<-time.After(time.Second)
	if title := p.text(formTitle); title != "" {
		t.Errorf("in quiet mode the form %q opened", title)
	}
	p.do("open it by hand", chromedp.Click(`#cards .card button.main`))
	p.form("Интерес 17")
	p.do("loud again", chromedp.Click("#quiet"))
	p.until("loud", `document.getElementById('quiet-hint').hidden`, 60*time.Second)

	p.do("write a note", chromedp.SendKeys("#note", "call back tomorrow"))
	p.toldBusy(true)
	p.event("answered", "q-2", "+78125550101")
	p.until("a card for the next call", cardsText+`.includes('АО Василёк')`, 60*time.Second)
	<-time.After(time.Second)
	if note, title := p.text(`document.getElementById('note')?.value ?? ''`), p.text(formTitle); note != "call back tomorrow" || !strings.Contains(title, "Интерес 17") {
		t.Errorf("an unsaved note was replaced: %q in %q", note, title)
	}
	p.do("Escape does not throw it away", chromedp.KeyEvent(kb.Escape))
	if title := p.text(formTitle); !strings.Contains(title, "Интерес 17") {
		t.Errorf("Escape closed an unsaved form")
	}
}
