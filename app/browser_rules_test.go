package app_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestRulesInTheBrowser: a rule is written in the form, tried as a draft,
// stored, told as a version with what changed, and the built-in rules are
// brought back; somebody else's change meanwhile is told and nothing is lost.
func TestRulesInTheBrowser(t *testing.T) {
	t.Parallel()
	in, hook, _ := manned(t)
	in.Admin("PUT", "/v1/admin/groups/duty", map[string]any{"members": []string{"ivanov"}})
	tell(in, hook, "ringing", "c-1", "101", "+79031234567")
	p := browse(t, in, "ru", "/admin/rules")
	t.Cleanup(func() { p.forgive("status of 422"); p.forgive("status of 409") }) // a form with a mistake in it
	if !p.yes(`document.getElementById('in-force').innerText.includes('встроенные') && document.querySelectorAll('ol.rules > li').length === 8`) {
		t.Fatalf("the built-in rules are told as %q", p.text(`document.querySelector('main').innerText`))
	}
	click := func(what, selector string) {
		t.Helper()
		p.do(what, chromedp.Click(selector, chromedp.ByQuery))
	}
	click("a new rule", `a[href="/admin/rules/rule"]`)
	p.do("fill the form", chromedp.WaitVisible(`[name=name]`), chromedp.SendKeys(`[name=name]`, "tell-duty"), chromedp.Click(`[name="when.event"][value=ringing]`), chromedp.Click(`[name="then.to"][value=user]`), chromedp.Click(`[name="then.to"][value="group:duty"]`),
		chromedp.SendKeys(`[name="then.title"]`, "Дежурным: {phne}"))
	click("try it", `button[value=try]`)
	p.until("the mistake at its field", `!!document.querySelector('.wrong')?.innerText.includes('{phne}') && document.querySelector('[name="then.title"]').getAttribute('aria-invalid') === 'true'`, 60*time.Second)
	p.do("mend it", chromedp.SetValue(`[name="then.title"]`, "Дежурным: {phone}"))
	click("try again", `button[value=try]`)
	p.until("the dry run of the draft", `!!document.getElementById('draft')`, 60*time.Second)
	click("on the webhook", `.tries form:first-of-type button`)
	p.until("its explanation", `!!document.getElementById('result')`, 60*time.Second)
	if !p.yes(`['tell-duty', 'подходит, решает', 'Дежурным: +79031234567', 'показать'].every((w) => document.getElementById('result').innerText.includes(w))`) {
		t.Errorf("the dry run says %s", p.text(`document.getElementById('result').innerText`))
	}
	p.accessible("the dry run")
	if in.Admin("GET", "/v1/admin/rules", nil)["version"].(float64) != 0 {
		t.Error("the dry run stored the rules")
	}
	click("store the draft", `#draft button[value=save]`)
	p.until("version 1", `!!document.getElementById('in-force')?.innerText.includes('версия 1') && document.querySelector('ol.rules > li')?.id === 'r-tell-duty'`, 60*time.Second)

	click("move it down", `#r-tell-duty button[value=down]`)
	p.until("the second place", `document.querySelectorAll('ol.rules > li')[1]?.id === 'r-tell-duty' && !!document.querySelector('.flash')`, 60*time.Second)

	// Somebody else is faster.
	click("open the rule", `#r-tell-duty h2 a`)
	p.do("wait for the form", chromedp.WaitVisible(`[name="then.title"]`))
	set := in.Admin("GET", "/v1/admin/rules", nil)
	rules := set["rules"].([]any)
	rules[0].(map[string]any)["note"] = "другой человек"
	in.Admin("PUT", "/v1/admin/rules", map[string]any{"version": set["version"], "rules": rules})
	p.do("change the text", chromedp.SetValue(`[name="then.title"]`, "Моя правка"))
	click("save", `button[value=save]`)
	p.until("what to do about it", `!!document.getElementById('moved')?.innerText.includes('версия 3') && document.querySelector('[name="then.title"]')?.value === 'Моя правка'`, 60*time.Second)
	click("save once more", `button[value=save]`)
	p.until("version 4", `!!document.getElementById('in-force')?.innerText.includes('версия 4')`, 60*time.Second)
	if text := p.text(`document.querySelector('ol.rules').innerText`); !p.yes(`document.querySelector('ol.rules').innerText.includes('другой человек') && document.querySelector('ol.rules').innerText.includes('Моя правка')`) {
		t.Errorf("a change was lost: %s", text)
	}

	p.do("the versions", chromedp.Navigate(in.URL+"/admin/rules/versions/4"), chromedp.WaitVisible(`.diff`))
	if !p.yes(`[...document.querySelectorAll('.diff ins')].some((e) => e.innerText.includes('Моя правка')) && [...document.querySelectorAll('.diff del')].some((e) => e.innerText.includes('Дежурным'))`) {
		t.Errorf("what changed: %s", p.text(`document.querySelector('main').innerText`))
	}
	p.accessible("a version")
	p.do("the built-in ones", chromedp.Navigate(in.URL+"/admin/rules/versions/0"), chromedp.WaitVisible(`main form button`))
	click("bring them back", `main form button`)
	p.until("the question", `document.getElementById('confirm').open`, 60*time.Second)
	click("yes", `#confirm button[value=yes]`)
	p.until("version 5", `!!document.getElementById('in-force')?.innerText.includes('версия 5') && document.querySelectorAll('ol.rules > li').length === 8`, 60*time.Second)

	p.do("the form of a rule", chromedp.Navigate(in.URL+"/admin/rules/rule?name=missed"), chromedp.WaitVisible(`[name=name]`))
	p.accessible("the form of a rule")
	p.do("as text", chromedp.Navigate(in.URL+"/admin/rules/text?lang=en"), chromedp.WaitVisible(`textarea`), chromedp.SetValue(`textarea`, `[{"name":"x","when":{"evnet":["missed"]},"then":{}}]`))
	click("look through it", `button[value=check]`)
	p.until("the wrong field, in English", `[...document.querySelectorAll('[role=alert]')].some((e) => e.innerText.includes('when.evnet'))`, 60*time.Second)
	p.accessible("rules as text")
}
