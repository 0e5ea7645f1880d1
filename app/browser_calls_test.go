package app_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"zummer/app/apptest"
	"zummer/handlers/pbx/simulate"
	"zummer/models/store/storetest"
)

// TestUnroutedIsMapped: an extension that nobody owns is given to a user on its
// page; the call that waited arrives on Pending and at the user's client.
func TestUnroutedIsMapped(t *testing.T) {
	t.Parallel()
	in, hook, token := manned(t)
	p := browse(t, in, "en", "/admin/unrouted")
	p.until("an empty page", `document.getElementById('nothing') !== null`, 60*time.Second)
	tell(in, hook, "ringing", "c-1", "777", "+79031234567")
	p.until("the extension without a reload", `document.querySelector('#unrouted-rows tbody th')?.textContent === '777'`, liveSoon)
	if set := in.Poll(token, ""); len(set.Rows) != 0 {
		t.Fatalf("before it is mapped the user has %+v", set.Rows)
	}
	p.do("map it", chromedp.SetValue(`#unrouted-rows select[name="user"]`, "ivanov"), chromedp.Click(`#unrouted-rows form button`), chromedp.WaitVisible(`.flash`))
	if got := p.text(`document.querySelector('.flash').textContent`); !strings.HasPrefix(got, "The extension 777 belongs to ivanov now.") {
		t.Errorf("the page says %q", got)
	}
	p.until("no extension left", `document.getElementById('nothing') !== null`, 60*time.Second)
	if set := in.Poll(token, ""); len(set.Rows) != 1 {
		t.Errorf("after it was mapped the user has %+v, want the call that waited", set.Rows)
	}
	p.do("the first page", chromedp.Navigate(in.URL+"/admin/"))
	p.until("its row", pendingRows+`.length === 1 && `+pendingRows+`[0].textContent.includes('903 123-45-67')`, 60*time.Second)
	p.do("the call", chromedp.Navigate(in.URL+"/admin/calls"), chromedp.Click(`#calls tbody a`), chromedp.WaitVisible(`#verdict`))
	p.until("why in one sentence", `document.getElementById('verdict').textContent.includes('ivanov')`, 60*time.Second)
}

// TestSourceIsMade: a PBX is connected without a file: its kind is chosen, its
// address copied, a request sent there, and found among the webhooks.
func TestSourceIsMade(t *testing.T) {
	t.Parallel()
	in := apptest.Start(t, storetest.SQLite(t))
	p := browse(t, in, "ru", "/admin/sources")
	p.do("choose a kind", chromedp.Click(`#add`), chromedp.WaitVisible(`#kind-generic a`), chromedp.Click(`#kind-generic a`), chromedp.WaitVisible(`#make`))
	p.do("make it", chromedp.SetValue(`input[name="slug"]`, "office"), chromedp.SetValue(`input[name="name"]`, "Офис"), chromedp.SetValue(`#f-secret`, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), chromedp.Click(`#make`), chromedp.WaitVisible(`#hook-url`))
	if html := p.text(`document.documentElement.outerHTML`); strings.Contains(html, "whsec_MfKQ") {
		t.Error("the page shows the secret that was written")
	}
	p.do("copy the address", chromedp.Evaluate(`document.execCommand = () => true; navigator.clipboard && (navigator.clipboard.writeText = async (t) => { copied = t; }); copied = ''; undefined`, nil), chromedp.Click(`[data-copy="#hook-url"]`))
	p.until("the copied address", `copied !== '' && document.querySelector('[data-copy="#hook-url"]').textContent === 'Скопировано'`, 60*time.Second)
	address, err := url.Parse(p.text(`copied`))
	if err != nil || !strings.HasPrefix(address.Path, "/hooks/office/") {
		t.Fatalf("copied %v, %v", address, err)
	}
	if a := in.Do("POST", address.Path, "", `{"event":"ringing","call":"c-1","extension":"101","phone":"+79031234567"}`); a.Status != 401 {
		t.Errorf("an unsigned request: %d %s", a.Status, a.Body)
	}
	p.until("the refusal on the source's page", `document.querySelectorAll('#health dd')[3].textContent === '1'`, 60*time.Second)
	p.do("forget the secret", chromedp.Click(`input[name="forget.secret"]`), chromedp.Click(`form.fields > button`))
	p.until("that it is saved", `document.querySelector('.flash')?.textContent === 'Сохранено.'`, 60*time.Second)
	if a := in.Do("POST", address.Path, "", `{"event":"ringing","call":"c-1","extension":"101","phone":"+79031234567"}`); a.Status != 200 {
		t.Fatalf("a request: %d %s", a.Status, a.Body)
	}
	p.do("the webhooks", chromedp.Navigate(in.URL+"/admin/webhooks"), chromedp.WaitVisible(`#webhook-rows`), chromedp.Click(`#webhook-rows tbody a`), chromedp.WaitVisible(`#raw`))
	for _, want := range []string{"Принят и понят: событий 1.", `"call":"c-1"`, "у номера нет пользователя: 101"} {
		if shown := p.text(`document.querySelector('main').textContent`); !strings.Contains(shown, want) {
			t.Errorf("the webhook's page lacks %q: %s", want, shown)
		}
	}
	if token := address.Path[len("/hooks/office/"):]; strings.Contains(p.text(`document.documentElement.outerHTML`), token) {
		t.Error("the webhook's page shows the token of the address")
	}
}

// TestCallOfTheSimulator: a test call that is placed on a source's page stands
// on Pending soon after its request without a reload, and goes when a
// client processes it.
func TestCallOfTheSimulator(t *testing.T) {
	t.Parallel()
	in, _, token := manned(t)
	pending := browse(t, in, "en", "/admin/")
	pending.until("an empty list", `document.getElementById('nothing') !== null`, 60*time.Second)
	p := browse(t, in, "en", "/admin/sources/office")
	if got := p.text(`document.getElementById('extension').value`); got != "101" {
		t.Errorf("the form offers the extension %q, want the one that somebody has", got)
	}
	p.do("place it", chromedp.SetValue(`#story`, "missed"), chromedp.Click(`#place`), chromedp.WaitVisible(`#run`))
	row := in.Until(token, "the call at the client", func(s apptest.Set) bool { return len(s.Rows) == 1 }).Rows[0]
	pending.until("the call on Pending without a reload", `!!document.getElementById('n`+row.ID+`') && document.getElementById('n`+row.ID+`').textContent.includes('999 000-00-01')`, liveSoon)
	p.until("the request on the source's page", `document.querySelector('#run li').textContent.includes('request')`, 60*time.Second)
	eventually(t, "it is processed", 60*time.Second, func() bool { // whatever has become of the call meanwhile
		for _, r := range in.Poll(token, "").Rows {
			if r.ID == row.ID {
				in.Do("PUT", "/v1/notifications/"+row.ID+"/processed", token, map[string]any{"rev": r.Rev})
				return false
			}
		}
		return true
	})
	pending.until("the call gone that a client processed", `!document.getElementById('n`+row.ID+`')`, liveSoon)
	p.do("what became of it", chromedp.Click(`#run a[href^="/admin/calls/"]`), chromedp.WaitVisible(`#verdict`))
	p.until("who was told", `document.getElementById('verdict').textContent.startsWith('The call was told to ivanov (after ')`, 60*time.Second)
}

// TestEveryKindPlaces: a source of every kind that can be simulated can be
// called from its page, with its signature checked.
func TestEveryKindPlaces(t *testing.T) {
	t.Parallel()
	in := apptest.Start(t, storetest.SQLite(t))
	cookie, session := in.SignIn("")
	for _, kind := range simulate.Kinds() {
		t.Run(kind, func(t *testing.T) {
			in := in.For(t)
			secret, settings := simulate.Example(kind)
			more := map[string]any{"settings": settings}
			if secret != "" {
				more["secret"] = secret
			}
			in.Source(kind, kind, more)
			page := in.Do("GET", "/admin/sources/"+kind+"?lang=en", "", nil, cookie, session).Body
			story := ""
			for _, s := range []string{"missed", "direct", "outgoing"} {
				if story == "" && strings.Contains(string(page), `<option value="`+s+`"`) {
					story = s
				}
			}
			if story == "" {
				t.Fatalf("no story can be played: %s", page)
			}
			if a := in.Do("POST", "/admin/sources/"+kind+"/test", "", "story="+story+"&extension=101,102,103&phone=%2B79031234567", cookie, session, "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin"); !strings.Contains(string(a.Body), story) {
				t.Fatalf("place the call: %d %s", a.Status, a.Body)
			}
			eventually(t, "the first request taken", 60*time.Second, func() bool {
				list := in.Admin("GET", "/v1/admin/webhooks?source="+kind, nil)["items"].([]any)
				return len(list) > 0 && list[len(list)-1].(map[string]any)["outcome"] != "failed"
			})
		})
	}
}

// TestPhonePagesWithHostileNames: whatever PBXs, callers and administrators
// call things, it stands there as text.
func TestPhonePagesWithHostileNames(t *testing.T) {
	t.Parallel()
	const evil = `<img src=x onerror="window.hacked=1"></td><script>window.hacked=1</script>'";`
	in, hook, _ := manned(t)
	in.Admin("PUT", "/v1/admin/sources/office", map[string]any{"kind": "generic", "name": evil})
	in.Admin("PUT", "/v1/admin/groups/"+url.PathEscape("<b>sales"), map[string]any{"members": []string{"ivanov"}})
	in.Admin("PUT", "/v1/admin/users/ivanov", map[string]any{"name": evil})
	for _, e := range []map[string]any{
		{"event": "ringing", "call": evil, "extension": evil, "name": evil, "phone": evil, "did": evil, "id": "1"},
		{"event": "ringing", "call": "c-2", "extension": "101", "name": evil, "phone": "+79031234567", "did": evil, "id": "2", "data": map[string]any{evil: evil}},
	} {
		in.Do("POST", hook+"/"+url.PathEscape("<img src=x onerror=window.hacked=1>")+"?a="+url.QueryEscape(evil), "", e, "X-Evil", evil)
	}
	in.Do("POST", hook, "", `{"event":"`+`<script>window.hacked=1</script>`+`"}`)
	in.Do("POST", "/hooks/"+url.PathEscape(evil)+"/x", "", "")
	p := browse(t, in, "en", "/admin/live")
	for _, path := range []string{"/admin/live", "/admin/calls", "/admin/webhooks", "/admin/unrouted", "/admin/sources", "/admin/sources/office", "calls", "webhooks"} {
		switch path {
		case "calls", "webhooks":
			p.do("the list", chromedp.Navigate(in.URL+"/admin/"+path), chromedp.WaitVisible(`main table`))
			var links []string
			p.do("its links", chromedp.Evaluate(fmt.Sprintf(`[...document.querySelectorAll('main tbody a[href^="/admin/%s/"]')].map((a) => a.getAttribute('href'))`, path), &links))
			if len(links) == 0 {
				t.Errorf("%s leads nowhere", path)
			}
			for _, link := range links {
				p.inert(in.URL+link, link, evil)
			}
		default:
			p.inert(in.URL+path, path, evil)
		}
	}
}

// inert opens a page and finds that the hostile name is shown and is no markup.
func (p *browserPage) inert(address, path, evil string) {
	p.t.Helper()
	p.do("open "+path, chromedp.Navigate(address), chromedp.WaitReady(`main h1`))
	if p.yes(`window.hacked === 1 || document.querySelectorAll('main img, main script').length > 0`) {
		p.t.Errorf("%s: a name became markup", path)
	}
	if shown := p.text(`document.querySelector('main').textContent + [...document.querySelectorAll('main input')].map((i) => i.value).join(' ')`); !strings.Contains(shown, "<img src=x onerror=") && !strings.Contains(shown, "<script>window.hacked=1</script>") {
		p.t.Errorf("%s does not show the name as it is", path)
	}
}
