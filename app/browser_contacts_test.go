package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestContactsInTheBrowser: a file of a spreadsheet is imported with its
// progress to be seen, its refused lines are told, what is in it is found, and
// a hostile name stays text.
func TestContactsInTheBrowser(t *testing.T) {
	t.Parallel()
	in, _, _ := manned(t)
	const lines = 4_000
	var b strings.Builder
	b.WriteString("Код;Наименование;Телефон 1;Телефон 2;Ответственный\r\n")
	for i := range lines {
		if i == 100 {
			b.WriteString(";без кода;+7 903 1112233;;\r\n")
		}
		fmt.Fprintf(&b, "c-%d;ООО «Клиент %d»;8 (916) %03d-%02d-%02d;;ivanov\r\n", i, i, i/10000, i/100%100, i%100)
	}
	b.WriteString("evil;<img src=x onerror=\"window.hacked=1\">;+7 903 7654321;;\r\n")
	file := filepath.Join(t.TempDir(), "контакты.csv")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	p := browse(t, in, "ru", "/admin/contacts/import")
	t.Cleanup(func() { p.forgive("status of 422"); p.forgive("status of 409") }) // a form with a mistake in it
	p.do("watch the progress", chromedp.Evaluate(`
		seen = [];
		new MutationObserver(() => seen.push(document.querySelector('#import-progress [role=status]').textContent)).observe(document.querySelector('#import-progress [role=status]'), {childList: true, characterData: true, subtree: true});
		undefined`, nil))
	p.do("choose the file", chromedp.SetUploadFiles(`input[type=file]`, []string{file}), chromedp.Click(`form[data-import] button`))
	p.until("the report", `document.getElementById('n-stored')?.innerText === '`+fmt.Sprint(lines+1)+`'`, 5*time.Minute)
	if got := p.text(`document.getElementById('n-failed').innerText + '|' + document.querySelector('#report tbody').innerText.replace(/\s+/g, ' ')`); got != "1|102 «Код»: не заполнено" {
		t.Errorf("the report says %q", got)
	}
	if !p.yes(`seen.length > 1 && seen.some((s) => /\d/.test(s)) && document.getElementById('import-progress').hidden && document.querySelector('progress').closest('label') !== null`) {
		t.Errorf("the progress said %s", p.text(`JSON.stringify(seen)`))
	}
	p.accessible("the report")
	var answer string
	p.do("download the report", chromedp.Evaluate(`fetch('/admin/contacts/import/refused.csv', {method: 'POST', body: new URLSearchParams(new FormData(document.querySelector('#report form')))}).then((r) => r.text())`, &answer, awaited))
	if !strings.Contains(answer, "102;«Код»: не заполнено") {
		t.Errorf("the file of the report: %q", answer)
	}

	p.do("the list", chromedp.Navigate(in.URL+"/admin/contacts"), chromedp.WaitVisible(`#n-contacts`))
	for _, look := range []struct{ what, text, want string }{{"name", "клиент 1234", "ООО «Клиент 1234»"}, {"number", "8 916 000-34-56", "ООО «Клиент 3456»"}, {"id", "c-77", "ООО «Клиент 77»"}} {
		p.do("look for a "+look.what, chromedp.Evaluate(`document.querySelector('[name=q]').value = ''`, nil), chromedp.SendKeys(`[name=q]`, look.text))
		p.until("found by "+look.what, `!!document.querySelector('#contacts tbody th')?.innerText.includes('`+look.want+`')`, 60*time.Second)
	}
	p.do("the hostile one", chromedp.Navigate(in.URL+"/admin/look?lang=en&back=%2Fadmin%2Fcontacts%3Fq%3Devil"), chromedp.WaitVisible(`#contacts tbody a`), chromedp.Click(`#contacts tbody a`), chromedp.WaitVisible(`#opens`))
	if !p.yes(`document.querySelector('h1').innerText.includes('<img src=x') && window.hacked === undefined && document.querySelectorAll('main img').length === 0 && document.querySelector('main').innerText.includes('a new interest of the client opens')`) {
		t.Errorf("the page of a contact: %s", p.text(`document.querySelector('main').innerHTML`))
	}
	p.accessible("a contact")
	p.do("change it", chromedp.Click(`a[href$="/edit"]`), chromedp.WaitVisible(`[name=phones]`), chromedp.SetValue(`[name=phones]`, "abc"), chromedp.Click(`main form button`))
	p.until("the field that is wrong", `!!document.querySelector('.wrong')?.innerText.includes('abc')`, 60*time.Second)
	p.accessible("the form of a contact")
	p.do("mend it", chromedp.SetValue(`[name=phones]`, "8 903 765-43-22"), chromedp.SetValue(`[name=name]`, "Daisy"), chromedp.Click(`main form button`))
	p.until("it is stored", `document.querySelector('h1')?.innerText === 'Daisy' && !!document.querySelector('main')?.innerText && document.querySelector('main').innerText.includes('+7 903 765-43-22')`, 60*time.Second)
	p.do("remove it", chromedp.Click(`button.danger`))
	p.until("the question", `document.getElementById('confirm').open`, 60*time.Second)
	p.do("yes", chromedp.Click(`#confirm button[value=yes]`))
	p.until("it is gone", `!!document.querySelector('.flash')?.innerText.includes('removed') && document.getElementById('n-contacts').innerText === '`+fmt.Sprint(lines)+`'`, 60*time.Second)
}

// TestOverviewInTheBrowser: the figures change without a reload, also in the
// opened table beneath a plot.
func TestOverviewInTheBrowser(t *testing.T) {
	t.Parallel()
	in, hook, token := manned(t)
	tell(in, hook, "ringing", "c-1", "101", "+79031234567")
	in.Poll(token, "")
	p := browse(t, in, "en", "/admin/overview")
	if !p.yes(`document.querySelectorAll('svg[role=img]').length === 2 && document.querySelector('#n-calls').innerText === '1' && document.querySelector('main').innerText.includes('SQLite')`) {
		t.Fatalf("the overview: %s", p.text(`document.querySelector('main').innerText`))
	}
	p.accessible("the overview")
	p.do("open a table", chromedp.Click(`.chart.bars summary`))
	tell(in, hook, "ringing", "c-2", "101", "+79031234568")
	p.until("the second call", `document.querySelector('#n-calls').innerText === '2' && document.querySelector('.chart.bars details').open`, 60*time.Second)
}
