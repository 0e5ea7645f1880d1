package app_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/models"
)

// forgive takes complaints of the browser off that the test made on purpose.
func (p *browserPage) forgive(part string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complaints = slices.DeleteFunc(p.complaints, func(c string) bool { return strings.Contains(c, part) })
}

// signIn types login and password into the page that asks for them.
func (p *browserPage) signIn(login, password string) {
	p.t.Helper()
	p.do("sign in", chromedp.WaitVisible(`input[name="password"]`), chromedp.Evaluate(`document.querySelector('input[name="login"]').value = ''`, nil),
		chromedp.SendKeys(`input[name="login"]`, login), chromedp.SendKeys(`input[name="password"]`, password+"\r"))
}

// TestSignInWithABrowser: whoever asks for a page is asked who it is; a wrong
// password says so, the right one leads where one wanted to go; signing out
// ends it, also for the button that goes back.
func TestSignInWithABrowser(t *testing.T) {
	t.Parallel()
	in, _, _ := manned(t)
	login := in.Administrator("")
	p := browseAs(t, in, "en", "/admin/users?text=ivan", nobody)
	if got := p.text(`location.pathname + document.title`); got != "/admin/sign-inSign in · Zummer" {
		t.Fatalf("a stranger sees %q", got)
	}
	p.accessible("sign-in")
	p.shoot("sign-in")
	p.signIn(login, "wrong password")
	p.until("a refusal", `document.querySelector('#error')?.textContent === 'The login or the password is wrong.'`, 60*time.Second)
	if got := p.text(`document.querySelector('input[name="login"]').value + '|' + document.querySelector('input[name="password"]').value`); got != login+"|" {
		t.Errorf("the form keeps %q", got)
	}
	p.accessible("refused")
	p.shoot("sign-in-refused")
	p.signIn(login, apptest.Password)
	p.until("the page that was asked for", `location.pathname + location.search === '/admin/users?text=ivan' && document.querySelector('#users')?.textContent.includes('ivanov') === true`, 60*time.Second)
	if p.yes(`document.cookie.includes('zummer=')`) {
		t.Error("scripts can read the cookie of the sign-in")
	}
	p.do("sign out", chromedp.Click(`form[action="/admin/sign-out"] button`))
	p.until("the sign-in", `location.pathname === '/admin/sign-in' && !!document.querySelector('h1')`, 60*time.Second)
	p.do("go back", chromedp.Evaluate(`document.querySelector('h1').id = 'before'; history.back()`, nil))
	eventually(t, "the sign-in again", 60*time.Second, func() bool {
		var ok bool // a page that is just being left answers nothing
		err := chromedp.Run(p.ctx, chromedp.Evaluate(`!document.querySelector('#before') && !!document.querySelector('input[name="password"]')`, &ok))
		return err == nil && ok
	})
	p.forgive("status of 401")

	var told []string
	for _, e := range items(in.Admin("GET", "/v1/admin/audit?limit=100", nil)) {
		if what := e["what"].(string); strings.HasPrefix(what, "admin.sign") {
			told = append(told, fmt.Sprint(e["who"], " ", what, " from ", e["from"]))
		}
	}
	if want := []string{login + " admin.sign_out from 127.0.0.1", login + " admin.sign_in from 127.0.0.1", login + " admin.sign_in_failed from 127.0.0.1"}; !slices.Equal(told, want) {
		t.Errorf("the audit tells %q, want %q", told, want)
	}
}

// TestSignInIsThrottled: who guesses has to wait, and is told how long.
func TestSignInIsThrottledInABrowser(t *testing.T) {
	t.Parallel()
	in, _, _ := manned(t)
	login := in.Administrator("")
	p := browseAs(t, in, "ru", "/admin/", nobody)
	const said = `(document.querySelector('#error')?.textContent || '')`
	tried := 0
	for ; tried < 4; tried++ { // these are free; a browser takes its time
		wrong := url.Values{"login": {login}, "password": {"wrong password"}}.Encode()
		if a := in.Do("POST", "/admin/sign-in", "", wrong, "Content-Type", "application/x-www-form-urlencoded"); a.Status != http.StatusUnauthorized {
			t.Fatalf("a wrong password: %d", a.Status)
		}
	}
	for ; tried < 15; tried++ { // a slow machine lets some pauses go by
		p.signIn(login, "wrong password")
		p.until("a refusal", said+` !== ''`, 60*time.Second)
		if p.yes(said + `.startsWith('Слишком много неудачных попыток.')`) {
			break
		}
		if got := p.text(said); got != "Логин или пароль неверны." {
			t.Fatalf("the page says %q", got)
		}
		p.do("forget it", chromedp.Evaluate(`document.querySelector('#error').textContent = ''`, nil))
	}
	wait := regexp.MustCompile(`^Слишком много неудачных попыток\. Подождите (\d+) с и попробуйте снова\.$`).FindStringSubmatch(p.text(said))
	if tried < 5 || wait == nil {
		t.Fatalf("after %d tries the page says %q", tried, p.text(said))
	}
	pause, err := time.ParseDuration(wait[1] + "s")
	if err != nil {
		t.Fatal(err)
	}
	<-time.After(pause)
	p.signIn(login, apptest.Password)
	p.until("the first page", `location.pathname === '/admin/'`, 60*time.Second)
	p.forgive("status of 401")
	p.forgive("status of 429")
}

// TestIdleSignInEnds: who does nothing has to sign in again, an open page or
// not; who does something stays in.
func TestIdleSignInEnds(t *testing.T) {
	t.Parallel()
	in, _, _ := manned(t, func(o *app.Options) { o.Config.AdminIdle = 6 * time.Second })
	before := time.Now() // the question before was not asked earlier
	p := browse(t, in, "en", "/admin/groups")
	for busy, tries := 0, 0; busy < 4; busy++ {
		<-time.After(2 * time.Second)
		now := time.Now()
		p.do("look at another page", chromedp.Navigate(in.URL+"/admin/groups"))
		if got := p.text(`location.pathname`); got != "/admin/groups" {
			if tries++; time.Since(before) < 6*time.Second || tries > 10 {
				t.Fatalf("somebody who is busy is sent to %s", got)
			}
			p.signIn(in.Administrator(""), apptest.Password) // the machine was too slow to be busy
			p.until("the page again", `location.pathname === '/admin/groups'`, 60*time.Second)
			busy = -1
		}
		before = now
	}
	p.do("the live page", chromedp.Navigate(in.URL+"/admin/"))
	<-time.After(7 * time.Second) // nobody is there, whatever the page asks by itself
	p.do("come back", chromedp.Navigate(in.URL+"/admin/users"))
	if got := p.text(`location.pathname + location.search`); got != "/admin/sign-in?next=%2Fadmin%2Fusers" {
		t.Errorf("after a pause the browser is at %s", got)
	}
	p.signIn(in.Administrator(""), apptest.Password)
	p.until("the page that was asked for", `location.pathname === '/admin/users'`, 60*time.Second)
	p.forgive("status of 401")
}

// TestSwitchedOffIsOut: an administrator who is switched off is out at once.
func TestSwitchedOffIsOut(t *testing.T) {
	t.Parallel()
	in, _, _ := manned(t)
	header, cookie := in.SignIn(models.RoleViewer)
	if a := in.Do("GET", "/admin/users", "", nil, header, cookie); a.Status != 200 {
		t.Fatalf("signed in: %d", a.Status)
	}
	p := browse(t, in, "en", "/admin/administrators/viewer")
	p.do("switch off", chromedp.Click(`input[name="active"]`), chromedp.Click(`form.fields button`))
	p.until("it is done", `document.querySelector('.flash')?.textContent === 'Saved.'`, 60*time.Second)
	a := in.Do("GET", "/admin/users", "", nil, header, cookie)
	if !strings.Contains(string(a.Body), `name="password"`) {
		t.Errorf("one who was switched off still sees pages: %d", a.Status)
	}
}

// TestRevokeWhileAPollWaits: a token is made on the page, shown once, works in a
// client that waits; revoked on the page, the client's poll ends at once.
func TestRevokeWhileAPollWaits(t *testing.T) {
	t.Parallel()
	in, _, _ := manned(t)
	p := browse(t, in, "en", "/admin/users/ivanov")
	p.do("make a token", chromedp.SendKeys(`form[action$="/tokens"] input[name="name"]`, "desk of Ivanov"), chromedp.Click(`form[action$="/tokens"] button`))
	p.until("the token", `!!document.querySelector('#secret')`, 60*time.Second)
	p.accessible("with a new token")
	p.shoot("users-ivanov-token")
	token := p.text(`document.querySelector('#secret').textContent`)
	if !regexp.MustCompile(`^zt_[a-z2-7]{32}$`).MatchString(token) {
		t.Fatalf("the token is %q", token)
	}
	p.do("open the page again", chromedp.Navigate(in.URL+"/admin/users/ivanov"))
	if p.yes(`document.body.innerHTML.includes(` + "`" + token + "`" + `)`) {
		t.Error("the token is shown twice")
	}
	set := in.Poll(token, "session=desk")
	type ended struct {
		status int
		at     time.Time
	}
	done := make(chan ended, 1)
	go func() {
		a, err := in.Try(context.Background(), "GET", "/v1/notifications?session=desk&wait=50&version="+set.Version, token, nil, "X-Client", "1C/8.3.25")
		if err != nil {
			a.Status = -1
		}
		done <- ended{a.Status, time.Now()}
	}()
	eventually(t, "the poll waits", 60*time.Second, func() bool { return in.App.Waiting() == 1 })
	p.do("see the client", chromedp.Navigate(in.URL+"/admin/users/ivanov"))
	if !p.yes(`document.querySelector('#sessions').innerText.includes('1C/8.3.25') && document.querySelector('#sessions').innerText.includes('waits')`) {
		t.Errorf("the sessions are %q", p.text(`document.querySelector('#sessions').innerText`))
	}
	began := time.Now()
	p.do("revoke it", chromedp.Click(`//li[contains(.,'desk of Ivanov')]//button`, chromedp.BySearch), chromedp.WaitVisible(`#confirm button[value="yes"]`), chromedp.Click(`#confirm button[value="yes"]`))
	select {
	case e := <-done:
		if e.status != http.StatusUnauthorized || e.at.Sub(began) > 20*time.Second { // the click takes its time too
			t.Errorf("the poll ended with %d after %s, want 401 at once", e.status, e.at.Sub(began))
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("the poll goes on waiting")
	}
	p.until("the token gone", `document.querySelector('#tokens')?.innerText.includes('desk of Ivanov') === false`, 60*time.Second)
	if a := in.Do("GET", "/v1/notifications", token, nil); a.Status != http.StatusUnauthorized {
		t.Errorf("the revoked token: %d", a.Status)
	}
}

// TestAnnouncedUserIsTakenIn: whom the CRM named is taken in with one click, and
// gets a token the next time.
func TestAnnouncedUserIsTakenIn(t *testing.T) {
	t.Parallel()
	in, _, _ := manned(t)
	if a := in.Do("POST", "/v1/sync/users/u-77/token", apptest.AdminToken, map[string]any{}); a.Status != http.StatusNotFound {
		t.Fatalf("an unknown user: %d %s", a.Status, a.Body)
	}
	p := browse(t, in, "ru", "/admin/users")
	p.accessible("with somebody who waits")
	p.shoot("users-announced")
	p.do("take in", chromedp.SendKeys(`input[name="name-u-77"]`, "Новиков Н."), chromedp.Click(`#announced button[value="u-77"]`))
	p.until("it is done", `document.querySelector('.flash')?.textContent === 'Приняты: 1.' && document.querySelector('#users')?.innerText.includes('Новиков Н.') === true && !document.querySelector('#announced')`, 60*time.Second)
	if a := in.Do("POST", "/v1/sync/users/u-77/token", apptest.AdminToken, map[string]any{}); a.Status/100 != 2 {
		t.Errorf("after that: %d %s", a.Status, a.Body)
	}
}

// TestTestNotification: the button sends one, and the page it leads to tells
// that the client has it.
func TestTestNotification(t *testing.T) {
	t.Parallel()
	in, _, token := manned(t)
	p := browse(t, in, "en", "/admin/users/ivanov")
	p.do("send it", chromedp.Click(`form[action$="/test"] button`))
	p.until("its page", `location.pathname.startsWith('/admin/notifications/')`, 60*time.Second)
	in.Until(token, "the test", func(s apptest.Set) bool { return len(s.Rows) == 1 && s.Rows[0].Kind == "test" })
	in.Do("GET", "/v1/notifications?session=desk", token, nil)
	p.until("that the client has it", `document.querySelector('.timeline')?.innerText.includes('desk') === true`, 60*time.Second)
}

// TestMaskedViewerSeesNoNumber walks every page that a masked viewer can reach:
// no telephone number stands anywhere in full, and nothing that changes
// something is offered.
func TestMaskedViewerSeesNoNumber(t *testing.T) {
	t.Parallel()
	in := busyOffice(t)
	in.Admin("PUT", "/v1/admin/extensions/office/"+"tel:+79995550011", map[string]any{"user": "ivanov"})
	in.Do("PUT", "/v1/me/extension", in.User("smirnov", "office", "104"), map[string]any{"source": "office", "number": "tel:+79995550022"})
	header, cookie := in.SignIn(models.RoleViewer)
	role, masked := models.RoleViewer, true
	if _, err := in.App.Administrators().PutAdmin(t.Context(), models.Actor{Who: "test"}, role, models.AdminInput{Masked: &masked}); err != nil {
		t.Fatal(err)
	}
	<-time.After(10 * time.Millisecond)
	numbers := regexp.MustCompile(`(?:7|8)?[\s(.-]{0,2}(903|916|812|495|999)[\s).-]{0,2}\d{3}[\s.-]?\d{2}[\s.-]?\d{2}`)
	links := regexp.MustCompile(`(?:href|hx-get|action)="(/admin/[^"#]*)"`)
	post := regexp.MustCompile(`(?s)<form method="post" action="([^"]*)"[^>]*>(.*?)</form>`)
	queue, seen, read := []string{"/admin/"}, map[string]bool{"/admin/": true}, 0
	for len(queue) > 0 && read < 120 {
		path := strings.ReplaceAll(queue[0], "&amp;", "&")
		queue = queue[1:]
		a := in.Do("GET", path, "", nil, header, cookie)
		if a.Status != http.StatusOK {
			if a.Status != http.StatusNotFound || strings.Contains(path, "users") {
				t.Errorf("%s: %d", path, a.Status)
			}
			continue
		}
		read++
		body := string(a.Body)
		if strings.Contains(body, `name="password"`) && !strings.HasPrefix(path, "/admin/account") {
			t.Fatalf("%s asks to sign in", path)
		}
		if strings.HasPrefix(path, "/admin/sources/") { // the guide's examples are nobody's number
			body = regexp.MustCompile(`(?s)<(pre|code).*?</(pre|code)>`).ReplaceAllString(body, "")
		}
		if m := numbers.FindString(body); m != "" {
			at := strings.Index(body, m)
			t.Errorf("%s shows %q: …%s…", path, m, body[max(0, at-80):min(len(body), at+80)])
		}
		for _, m := range post.FindAllStringSubmatch(body, -1) {
			if !strings.HasPrefix(m[1], "/admin/account") && m[1] != "/admin/sign-out" && strings.Contains(m[2], "<button") {
				t.Errorf("%s offers a viewer %s", path, m[1])
			}
		}
		for _, m := range links.FindAllStringSubmatch(body, -1) {
			if !seen[m[1]] && !strings.HasPrefix(m[1], "/admin/look") && !strings.HasPrefix(m[1], "/admin/sign-out") && !strings.Contains(m[1], "/admin/account/") {
				seen[m[1]] = true
				queue = append(queue, m[1])
			}
		}
	}
	if read < 10 {
		t.Errorf("only %d pages were read: %v", read, seen)
	}
}
