package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"zummer/app/apptest"
)

// pendingRows are the rows of the administrator's first page.
const pendingRows = `document.querySelectorAll('#pending-rows tr')`

// liveSoon is how soon a page that is open shows what happened, on a machine that is
// busy with other tests: sooner than it would ask by itself, which is after 25 s.
// TestPendingIsLive looks for the second that it takes else.
const liveSoon = 20 * time.Second

// TestPendingIsLive: rows come, change and go while the page is open, and
// nothing that the administrator holds is taken out of the hand.
func TestPendingIsLive(t *testing.T) {
	t.Parallel()
	in, hook, token := manned(t)
	ringsLong(in)
	for i := range 20 {
		tell(in, hook, "ringing", fmt.Sprintf("c-%d", i), "101", fmt.Sprintf("+790312345%02d", i))
	}
	p := browse(t, in, "en", "/admin/")
	p.until("the page", pendingRows+".length === 20", 60*time.Second)

	// Hold the row of call c-5: it is chosen, its phone is selected, its link has
	// the focus, and the page is scrolled to it.
	p.do("hold a row", chromedp.Evaluate(`
		held = [...`+pendingRows+`].find((tr) => tr.textContent.includes('903 123-45-05'));
		held.querySelector('input').click();
		phone = held.querySelector('span.nowrap');
		held.querySelector('td a').focus();
		getSelection().selectAllChildren(phone);
		held.scrollIntoView({block: 'center'});
		heldTop = held.getBoundingClientRect().top;
		undefined`, nil))
	if !p.yes(`scrollY > 0`) {
		t.Fatal("the page is too short to scroll")
	}
	holds := func(when string) {
		t.Helper()
		if !p.yes(`held.isConnected && document.activeElement === held.querySelector('td a') && held.querySelector('input').checked`) {
			t.Errorf("%s the row lost its focus or its choice", when)
		}
		if got := p.text(`getSelection().toString()`); got != "+7 903 123-45-05" {
			t.Errorf("%s the selected text is %q", when, got)
		}
	}

	tell(in, hook, "ringing", "new", "101", "+79160000001")
	p.until("a new row without a reload", pendingRows+`.length === 21 && `+pendingRows+`[0].textContent.includes('916 000-00-01')`, liveSoon)
	holds("after a new row above")
	if !p.yes(`Math.abs(held.getBoundingClientRect().top - heldTop) <= 2`) {
		t.Errorf("the row moved on the screen by %s pixels", p.text(`String(held.getBoundingClientRect().top - heldTop)`))
	}
	p.until("the number above the list", `document.getElementById('n-pending').textContent === '21'`, 60*time.Second)

	tell(in, hook, "answered", "c-5", "101", "+79031234505")
	p.until("the next revision in the same row", `held.querySelector('td.num').textContent === '2' && held.textContent.includes('Talking')`, 60*time.Second)
	holds("after a change of the row itself")

	p.do("processed", chromedp.Click(`button[value="process"]`), chromedp.WaitVisible(`#confirm`), chromedp.KeyEvent(kb.Enter))
	p.until("the processed row gone", pendingRows+`.length === 20 && ![...`+pendingRows+`].some((tr) => tr.textContent.includes('903 123-45-05'))`, 60*time.Second)
	if got := p.text(`document.querySelector('.flash').textContent`); got != "Marked as processed. Rows: 1." {
		t.Errorf("the page says %q", got)
	}

	row := in.Until(token, "rows", func(s apptest.Set) bool { return len(s.Rows) == 20 }).Rows[0]
	in.Do("PUT", "/v1/notifications/"+row.ID+"/processed", token, map[string]any{"rev": row.Rev})
	p.until("a row gone that a client processed", pendingRows+`.length === 19 && !document.getElementById('n`+row.ID+`')`, liveSoon)

	// It takes less than a second: one of twenty does, on a machine that is so busy
	// that a page takes its time to be read at all within ten of those times.
	soon := false
	for i := 0; i < 20 && !soon; i++ {
		began := time.Now()
		p.do("read the page", chromedp.Evaluate(`fetch(location.href).then((r) => r.text()).then(() => true)`, nil, awaited))
		plain, phone := time.Since(began), fmt.Sprintf("916 000-01-%02d", i)
		began = time.Now()
		tell(in, hook, "ringing", fmt.Sprintf("soon-%d", i), "101", fmt.Sprintf("+791600001%02d", i))
		p.until("a new row", `document.getElementById('pending-rows').textContent.includes('`+phone+`')`, liveSoon)
		took := time.Since(began)
		soon = took <= max(time.Second, 10*plain)
		t.Logf("a new row stood on the page %s after its webhook was sent; the page was read in %s", took, plain)
	}
	if !soon {
		t.Error("none of twenty new rows stood on the page in time")
	}
}

// TestPendingFilter: the list narrows while one types, the address keeps it,
// and rows that do not fit stay out when they arrive.
func TestPendingFilter(t *testing.T) {
	t.Parallel()
	in, hook, _ := manned(t)
	ringsLong(in)
	in.User("petrova", "office", "102")
	in.Admin("PUT", "/v1/sync/contacts/c1", client("ООО Ромашка"))
	tell(in, hook, "ringing", "c-1", "101", "+79031234567")
	tell(in, hook, "ringing", "c-2", "102", "+79160000002")
	p := browse(t, in, "ru", "/admin/")
	p.until("two rows", pendingRows+`.length === 2`, 60*time.Second)
	p.do("type", chromedp.SendKeys(`input[name="text"]`, "ромашка"))
	p.until("one row", pendingRows+`.length === 1 && `+pendingRows+`[0].textContent.includes('Ромашка')`, 60*time.Second)
	p.until("the address that keeps it", `new URLSearchParams(location.search).get('text') === 'ромашка'`, 60*time.Second) // half a word may have come before
	tell(in, hook, "ringing", "c-3", "102", "+79160000003")
	p.until("the number", `document.getElementById('n-pending').textContent === '3'`, 60*time.Second)
	if !p.yes(pendingRows + `.length === 1`) {
		t.Error("a row that does not fit came into the list")
	}
	empty := chromedp.Evaluate(`document.querySelector('input[name="text"]').value = ''`, nil)
	p.do("a number as people write it", empty, chromedp.SendKeys(`input[name="text"]`, "8 (916) 000-00-02"))
	p.until("the other row", pendingRows+`.length === 1 && `+pendingRows+`[0].textContent.includes('916 000-00-02')`, 60*time.Second)
	p.do("a filter that nothing fits", empty, chromedp.SendKeys(`input[name="text"]`, "zzz"))
	p.until("words instead of rows", `document.querySelector('#nothing')?.textContent === 'Ничего не найдено.'`, 60*time.Second)
}

// TestNotificationTellsWhy: the sentence on top changes with what happens.
func TestNotificationTellsWhy(t *testing.T) {
	t.Parallel()
	in, hook, token := manned(t)
	ringsLong(in)
	in.Admin("PUT", "/v1/sync/contacts/c1", client("ООО Ромашка"))
	tell(in, hook, "ringing", "c", "101", "+79031234567")
	p := browse(t, in, "en", "/admin/")
	p.do("open the row", chromedp.Click(`#pending-rows td a`), chromedp.WaitVisible(`#verdict`))
	verdict := func(want string) {
		t.Helper()
		p.until("the sentence "+want, fmt.Sprintf(`document.getElementById('verdict').textContent.includes(%q)`, want), 60*time.Second)
	}
	verdict("Not shown. No client of ivanov has asked the service within the last day")
	in.Do("GET", "/v1/notifications?session=desk", token, nil)
	verdict("Shown: session desk had it after ")
	tell(in, hook, "answered", "c", "101", "+79031234567")
	set := in.Until(token, "the form", func(s apptest.Set) bool { return len(s.Rows) == 1 && s.Rows[0].Action == "open" })
	row := set.Rows[0]
	if a := in.Do("PUT", "/v1/notifications/"+row.ID+"/processed", token, map[string]any{"rev": row.Rev, "outcome": "failed", "detail": "no rights to the document"}); a.Status != http.StatusOK {
		t.Fatalf("ack: %d %s", a.Status, a.Body)
	}
	p.do("the row's page", chromedp.Navigate(in.URL+"/admin/notifications/"+row.ID), chromedp.WaitVisible(`#verdict`))
	verdict("The client had it but could not open the form")
	verdict("no rights to the document")
}

// TestPendingByKeyboard: Tab reaches the rows and shows where it is.
func TestPendingByKeyboard(t *testing.T) {
	t.Parallel()
	in, hook, _ := manned(t)
	ringsLong(in)
	tell(in, hook, "ringing", "c", "101", "+79031234567")
	p := browse(t, in, "en", "/admin/")
	p.until("the page", pendingRows+`.length === 1`, 60*time.Second)
	for range 60 {
		p.do("press Tab", chromedp.KeyEvent(kb.Tab))
		if p.yes(`getComputedStyle(document.activeElement).outlineStyle === 'none'`) {
			t.Errorf("the focus on %q is invisible", p.text(`document.activeElement.outerHTML.slice(0, 200)`))
		}
		if p.yes(`document.activeElement.matches('#pending-rows td a')`) {
			return
		}
	}
	t.Error("Tab did not reach the row")
}

// TestPagesRefuseOtherSites: a button of the page cannot be pressed by a
// page of another site, whatever password the browser adds.
func TestPagesRefuseOtherSites(t *testing.T) {
	t.Parallel()
	in, hook, token := manned(t)
	tell(in, hook, "ringing", "c", "101", "+79031234567")
	row := in.Until(token, "ringing row", func(s apptest.Set) bool { return len(s.Rows) == 1 }).Rows[0]
	path := "/admin/notifications/" + row.ID + "/process"
	cookie, session := in.SignIn("")
	for _, site := range []string{"cross-site", "same-site"} {
		if a := in.Do("POST", path, "", nil, cookie, session, "Sec-Fetch-Site", site); a.Status != http.StatusForbidden {
			t.Errorf("a POST from %s: %d, want 403", site, a.Status)
		}
	}
	if a := in.Do("POST", path, "", nil, cookie, session, "Origin", "https://evil.example"); a.Status != http.StatusForbidden {
		t.Errorf("a POST of another origin: %d, want 403", a.Status)
	}
	if s := in.Poll(token, ""); len(s.Rows) != 1 {
		t.Fatalf("after the refused POSTs: %+v", s.Rows)
	}
	if a := in.Do("POST", path, "", nil, cookie, session, "Sec-Fetch-Site", "same-origin"); a.Status != http.StatusSeeOther && a.Status != http.StatusOK || strings.Contains(string(a.Body), "sign-in") {
		t.Errorf("a POST of the page itself: %d %s", a.Status, a.Body)
	}
	if s := in.Poll(token, ""); len(s.Rows) != 0 {
		t.Errorf("after the page's own POST: %+v", s.Rows)
	}
}

// TestPagesSpeakBothLanguages: the browser's language at first, then the one
// that was chosen; and a title that is a script does nothing but stand there.
func TestPagesSpeakBothLanguages(t *testing.T) {
	t.Parallel()
	const evil = `<script>document.title='run'</script><img src=x onerror="document.title='run'">`
	in, hook, _ := manned(t)
	ringsLong(in)
	publish := in.Admin("POST", "/v1/admin/tokens", map[string]any{"name": "mail", "scopes": []string{"publish"}})["token"].(string)
	if a := in.Do("POST", "/v1/notifications", publish, map[string]any{"user": "ivanov", "kind": "mail.received", "action": "show", "title": evil, "text": evil, "data": map[string]any{"x": evil}}); a.Status != http.StatusCreated {
		t.Fatalf("publish: %d %s", a.Status, a.Body)
	}
	tell(in, hook, "ringing", "c", "101", "+79031234567")
	for _, tt := range []struct {
		name, accept, lang, heading, other, heading2 string
		timeline                                     []string
	}{
		{"Russian", "ru-RU,ru;q=0.9,en;q=0.8", "ru", "Ожидают", "English", "Pending",
			[]string{"появилось уведомление: Звонит (сообщить)", "пользователь ivanov", "звонит внутренний номер"}},
		{"English", "en-US,en;q=0.9", "en", "Pending", "Русский", "Ожидают",
			[]string{"a notification was made: Ringing (indicate)", "user ivanov", "the extension rings"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := browse(t, in, tt.accept, "/admin/")
			p.until("the page", pendingRows+`.length === 2`, 60*time.Second)
			if lang, h := p.text(`document.documentElement.lang`), p.text(`document.querySelector('h1').textContent`); lang != tt.lang || h != tt.heading {
				t.Errorf("the page is in %s, its heading %q; want %s, %q", lang, h, tt.lang, tt.heading)
			}
			if shown := p.text(`document.getElementById('pending-rows').textContent`); !strings.Contains(shown, evil) {
				t.Errorf("the script of the title does not stand there as text: %q", shown)
			}
			if p.yes(`document.title === 'run' || document.querySelector('main script, main img') !== null`) {
				t.Error("the title became a part of the page")
			}
			p.do("follow the link to the timeline", chromedp.Click(`//tr[contains(.,'903 123-45-67')]//td//a`, chromedp.BySearch), chromedp.WaitVisible(`ol.timeline li`))
			shown := p.text(`document.body.innerText`)
			for _, want := range tt.timeline {
				if !strings.Contains(shown, want) {
					t.Errorf("the timeline lacks %q:\n%s", want, shown)
				}
			}
			p.do("the other language", chromedp.Click(`//a[.='`+tt.other+`']`, chromedp.BySearch), chromedp.WaitVisible(`html:not([lang="`+tt.lang+`"]) ol.timeline`), chromedp.Navigate(in.URL+"/admin/"), chromedp.WaitVisible(`#pending-rows`))
			if h := p.text(`document.querySelector('h1').textContent`); h != tt.heading2 {
				t.Errorf("after the switch the heading is %q, want %q", h, tt.heading2)
			}
		})
	}
}

// TestPendingFitsAPhone: at 390 pixels nothing has to be scrolled sideways, in
// light and in dark.
func TestPendingFitsAPhone(t *testing.T) {
	t.Parallel()
	in, hook, _ := manned(t)
	ringsLong(in)
	in.Admin("PUT", "/v1/sync/contacts/c1", client("Общество с ограниченной ответственностью «Среднеуральскгидротехмонтажспецстройавтоматика»"))
	tell(in, hook, "ringing", "c", "101", "+79031234567")
	p := browse(t, in, "ru", "/admin/")
	p.do("a phone", chromedp.EmulateViewport(390, 800))
	for _, path := range []string{"/admin/", p.text(`document.querySelector('#pending-rows td a').getAttribute('href')`)} {
		p.do(path, chromedp.Navigate(in.URL+path), chromedp.WaitVisible(`#pending-rows, #verdict`))
		for _, scheme := range []string{"light", "dark"} {
			p.do(scheme, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
			if wide := p.text(`String(document.documentElement.scrollWidth)`); wide != "390" {
				t.Errorf("%s, %s: the page is %s pixels wide, not 390", path, scheme, wide)
			}
			if dark := p.yes(`getComputedStyle(document.documentElement).backgroundColor !== 'rgb(255, 255, 255)'`); dark != (scheme == "dark") {
				t.Errorf("%s, %s: dark is %t", path, scheme, dark)
			}
		}
	}
}
