package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/handlers"
)

// client is a contact with one open interest, as the CRM sends it.
func client(name string) map[string]any {
	return map[string]any{"phones": []string{"+79031234567"}, "name": name, "responsible": "ivanov",
		"client":    map[string]any{"type": "Справочник", "name": "Контрагенты", "uid": "0d4f6c52-7f0f-4b6e-9d2a-3a2b6c1d0e01", "title": name},
		"interests": []any{map[string]any{"type": "Документ", "name": "Интерес", "uid": "51012ccc-397d-11de-b595-00055d80a2b9", "title": "Интерес 17"}}}
}

// watchForms notes each opening of the form, and what each card ever said.
const watchForms = `
	opened = [];
	said = [];
	new MutationObserver(() => { opened.push(document.getElementById('form-body').dataset.row); })
		.observe(document.getElementById('form-body'), {attributes: true});
	new MutationObserver((changes) => { for (const c of changes) for (const n of c.addedNodes) said.push(n.innerText); })
		.observe(document.getElementById('cards'), {childList: true});
	undefined`

// TestDemoPageOpensTheFormOnce is the product on one screen: a chosen user's
// call rings, is answered by webhook, the client's form opens once for that
// revision, and the row leaves the register.
func TestDemoPageOpensTheFormOnce(t *testing.T) {
	t.Parallel()
	demo := &handlers.Demo{}
	in, hook, ivanov := manned(t, func(o *app.Options) { o.Demo = demo })
	petrova := in.User("petrova", "office", "102")
	in.Admin("PUT", "/v1/sync/contacts/c1", client("ООО Ромашка"))
	demo.Hook = hook
	demo.Users = []handlers.DemoUser{{Login: "ivanov", Name: "Иванов", Token: ivanov, Extension: "101"}, {Login: "petrova", Name: "Петрова", Token: petrova, Extension: "102"}}

	p := browse(t, in, "en", "/demo")
	connected := `document.getElementById('status').textContent === 'Connected'`
	p.until("the first user's connection", connected, 60*time.Second)
	p.do("choose the second user by keyboard", chromedp.Evaluate(watchForms, nil), chromedp.SendKeys("#user", kb.ArrowDown))
	p.until("the second user's connection", `document.getElementById('user').value === 'petrova' && `+connected, 60*time.Second)

	cards := `[...document.querySelectorAll('#cards .card')].map((c) => c.innerText).join('|')`
	tell(in, hook, "ringing", "c-1", "101", "+79031234567")
	tell(in, hook, "ringing", "c-2", "102", "+79031234567")
	p.until("a card while it rings", cards+`.includes('ООО Ромашка')`, 60*time.Second)
	if p.yes(`opened.length > 0 || document.querySelectorAll('#cards .card').length !== 1`) {
		t.Errorf("while it rings: forms %s, cards %s", p.text(`opened.join()`), p.text(cards))
	}

	tell(in, hook, "answered", "c-2", "102", "+79031234567")
	p.until("the form on the answer", `!document.getElementById('form').hidden && opened.length === 1`, 60*time.Second)
	form := p.text(`document.getElementById('form').innerText`)
	for _, want := range []string{"ООО Ромашка", "+7 903 123-45-67", "Интерес 17", "e1cib/data/Документ.Интерес?ref=b59500055d80a2b911de397d51012ccc"} {
		if !strings.Contains(form, want) {
			t.Errorf("the form lacks %q:\n%s", want, form)
		}
	}
	p.until("the acknowledged row gone from the page", `document.querySelectorAll('#cards .card').length === 0`, 60*time.Second)
	in.Until(petrova, "end of the acknowledged row", func(s apptest.Set) bool { return len(s.Rows) == 0 })
	if said := p.text(`said.join('|')`); !strings.Contains(said, "Talking") || !strings.Contains(said, " · took ") || !strings.Contains(said, " ms") {
		t.Errorf("no card told how long it took: %q", said)
	}

	// The PBX says it again; a new call is the sign that it was heard.
	tell(in, hook, "answered", "c-2", "102", "+79031234567")
	tell(in, hook, "ringing", "c-3", "102", "+79031234567")
	p.until("the next call", cards+`.includes('Ringing')`, 60*time.Second)
	if got := p.text(`opened.join()`); strings.Contains(got, ",") {
		t.Errorf("a repeated answer opened another form: %s", got)
	}
	p.do("close the form", chromedp.Click("#close"))
	tell(in, hook, "answered", "c-3", "102", "+79031234567")
	p.until("the form of the next call", `!document.getElementById('form').hidden && opened.length === 2 && opened[0] !== opened[1]`, 60*time.Second)
	if n := p.text(`document.getElementById('opened').textContent`); n != "2" {
		t.Errorf("the page counts %s forms, want 2", n)
	}

	// The colleague's own call waited for him.
	tell(in, hook, "answered", "c-1", "101", "+79031234567")
	in.Until(ivanov, "the first user's row", func(s apptest.Set) bool { return len(s.Rows) == 1 && s.Rows[0].Kind == "call.answered" })
	if p.yes(`opened.length !== 2`) {
		t.Errorf("a colleague's call opened a form: %s", p.text(`opened.join()`))
	}
	p.do("choose the first user", chromedp.SendKeys("#user", kb.ArrowUp))
	p.until("his form", `opened.length === 3`, 60*time.Second)
	p.until("his row gone", `document.querySelectorAll('#cards .card').length === 0`, 60*time.Second)
}

// TestDemoPageRings: the page's button is a whole call to the chosen user; the
// buttons of a card settle its row.
func TestDemoPageRings(t *testing.T) {
	t.Parallel()
	demo := &handlers.Demo{}
	in, hook, token := manned(t, func(o *app.Options) { o.Demo = demo })
	ringsLong(in)
	demo.Hook = hook
	demo.Users = []handlers.DemoUser{{Login: "ivanov", Name: "Иванов", Token: token, Extension: "101"}}
	for i := range 5 {
		tell(in, hook, "ringing", fmt.Sprintf("c-%d", i), "101", "+79160000001")
	}
	p := browse(t, in, "ru", "/demo")
	p.until("the cards", `document.querySelectorAll('#cards .card').length === 5`, 60*time.Second)
	p.do("ring", chromedp.Evaluate(watchForms, nil), chromedp.Click("#ring"))
	p.until("a row while it rings", `document.querySelectorAll('#cards .card').length === 6 || said.some((s) => s.includes('Звонит'))`, 60*time.Second)
	p.do("dismiss five cards at once", chromedp.Evaluate(`
		for (const c of document.querySelectorAll('#cards .card')) {
			if (c.innerText.includes('916')) [...c.querySelectorAll('button')].find((b) => b.textContent === 'Убрать').click();
		}`, nil))
	p.until("the dismissed cards gone", `![...document.querySelectorAll('#cards .card')].some((c) => c.innerText.includes('916'))`, 60*time.Second)
	for try := 1; ; try++ {
		p.until("the form on the answer", fmt.Sprintf(`opened.length === %d && !document.getElementById('form').hidden`, try), 60*time.Second)
		p.until("the end of the call", `!document.getElementById('ring').disabled`, 60*time.Second)
		rows := in.Until(token, "end of all rows", func(s apptest.Set) bool { return len(s.Rows) == 0 || s.Rows[0].Kind == "call.ended" }).Rows
		if len(rows) == 0 {
			break
		}
		// It took the machine longer to open the form than the call lasted, five
		// seconds, and its end is a card.
		if try == 5 {
			t.Fatalf("left: %+v", rows)
		}
		p.until("the card of the end", `document.querySelectorAll('#cards .card').length === 1`, 60*time.Second)
		p.do("put it away", chromedp.Evaluate(`[...document.querySelectorAll('#cards .card button')].find((b) => b.textContent === 'Убрать').click()`, nil))
		in.Until(token, "end of all rows", func(s apptest.Set) bool { return len(s.Rows) == 0 })
		p.do("ring again", chromedp.Click("#close"), chromedp.Click("#ring"))
	}
	p.until("an empty list", `document.querySelectorAll('#cards .card').length === 0`, 60*time.Second)
	if got := p.text(`document.getElementById('status').textContent`); got != "На связи" {
		t.Errorf("the page says %q", got)
	}
}

// TestDemoFitsAPhone: at 390 pixels nothing has to be scrolled sideways, in
// light and in dark.
func TestDemoFitsAPhone(t *testing.T) {
	t.Parallel()
	demo := &handlers.Demo{Ring: "curl -d " + strings.Repeat("x", 300), Hook: "/hooks/x"}
	in, hook, token := manned(t, func(o *app.Options) { o.Demo = demo })
	demo.Users = []handlers.DemoUser{{Login: "ivanov", Name: "Иванов И. · 101", Token: token, Extension: "101"}}
	in.Admin("PUT", "/v1/sync/contacts/c1", client("Общество с ограниченной ответственностью «Среднеуральскгидротехмонтажспецстройавтоматика»"))
	tell(in, hook, "ringing", "c", "101", "+79031234567")
	p := browse(t, in, "ru", "/demo")
	narrow := func(scheme string) {
		t.Helper()
		p.do(scheme, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
		if wide := p.text(`String(document.documentElement.scrollWidth)`); wide != "390" {
			t.Errorf("%s: the page is %s pixels wide, not 390", scheme, wide)
		}
	}
	p.do("a phone", chromedp.EmulateViewport(390, 800))
	p.until("a card", `document.querySelectorAll('#cards .card').length === 1`, 60*time.Second)
	tell(in, hook, "answered", "c", "101", "+79031234567")
	p.until("the form", `!document.getElementById('form').hidden`, 60*time.Second)
	narrow("light")
	narrow("dark")
}
