package handlers

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

// playing is a simulator with one story of kind generic.
type playing struct{}

func (playing) Stories(kind string) []Story {
	if kind != "generic" {
		return nil
	}
	return []Story{{Name: "direct", Text: pbx.Text{RU: "звонок одному", EN: "a call to one"}}}
}

func (playing) Play(_, story string, to TestTarget) ([]TestRequest, error) {
	if story != "direct" {
		return nil, models.InvalidField("story", "is none of the test calls")
	}
	return []TestRequest{{Event: "ringing", Extension: to.Extensions[0], Make: func(time.Time) (*http.Request, error) {
		return http.NewRequest(http.MethodPost, to.Hook, strings.NewReader(`{"event":"ringing","call":"`+to.CallID+`","extension":"`+to.Extensions[0]+`"}`))
	}}}, nil
}

func phonePages(t *testing.T, f *setupFakes) *echoAPI {
	t.Helper()
	e, a := setupSurface(t, f, func(d *Deps) {
		d.Simulator = playing{}
		d.Guides = fstest.MapFS{"pbx/generic.md": {Data: []byte("## Что куда вставить\n\nАдрес: `HOOK/x`.\n\n## Where to paste what\n\nThe address: `HOOK/x`, [file](generic/a.xml).\n")},
			"pbx/generic/a.xml": {Data: []byte("<x/>")}}
	})
	return &echoAPI{e, a}
}

// TestPhonePages: each page with what it must show, in both languages.
func TestPhonePages(t *testing.T) {
	for _, tt := range []struct {
		name, target string
		status       int
		want         []string
	}{
		{"live", "/admin/live?lang=en", 200, []string{"sales", "Иванов И.", "talking", "&#43;7 903 123-45-67", "Петрова", `hx-trigger="pulse from:body, every 20s"`}},
		{"live in Russian", "/admin/live?lang=ru", 200, []string{"На линии", "говорит", "входящий"}},
		{"calls", "/admin/calls?lang=en", 200, []string{"&#43;7 903 123-45-67", "Ivan P.", "Office", "Search further back", "after=s9", `href="/admin/calls.csv"`}},
		{"calls, filtered", "/admin/calls?lang=en&user=ivanov&source=office&direction=in&state=missed&from=2026-11-01&until=2026-11-02&text=903", 200, []string{`value="2026-11-01"`, `option value="missed" selected`, "from=2026-11-01"}},
		{"calls of nobody", "/admin/calls?user=nobody", 404, []string{`role="alert"`}},
		{"a call", "/admin/calls/77?lang=en", 200, []string{"The call was told to Иванов И. (after 41 ms).", "Not told: the extension 105 belongs to nobody.", "/admin/calls/77/recording", "<audio", "/admin/notifications/9", "/admin/webhooks/7"}},
		{"a call in Russian", "/admin/calls/77?lang=ru", 200, []string{"О звонке сообщено: Иванов И. (через 41 мс).", "никому не назначен"}},
		{"no call", "/admin/calls/78", 404, []string{`role="alert"`}},
		{"webhooks", "/admin/webhooks?lang=en", 200, []string{"event: is required", "/events?x=1", "203.0.113.9", "wrong address (token)"}},
		{"a webhook", "/admin/webhooks/7?lang=en", 200, []string{"Taken but not understood: event: is required.", "By now it is understood: run it again.", "no user owns this extension: 555", "Authorization: [masked]", "X-Api-Key: [masked]", "curl -X &#39;POST&#39;", "/hooks/office/[masked]/events?x=1", "&#34;call&#34;: &#34;c-77&#34;"}},
		{"unrouted", "/admin/unrouted?lang=en", 200, []string{"105", "Give to", `value="ivanov"`, "deleted"}},
		{"sources", "/admin/sources?lang=en", 200, []string{"Office", "10 (25 %)", "from-the-future", `href="/admin/new-source"`}},
		{"kinds", "/admin/new-source?lang=en", 200, []string{"Mango Office", "kind=mango", "Generic webhook"}},
		{"kinds, searched", "/admin/new-source?lang=ru&q=билайн", 200, []string{"kind=beeline"}},
		{"a new one", "/admin/new-source?kind=mango&lang=ru", 200, []string{`name="settings.vpbx_api_key"`, `name="secret"`, `value="mango"`, `name="settings.allow_ips"`}},
		{"a new one of no kind", "/admin/new-source?kind=x", 404, nil},
		{"a source", "/admin/sources/office?lang=en", 200, []string{"/hooks/office/hook-token-now", "/hooks/office/hook-token-now/x", "Two addresses work now", "a call to one", "/admin/guides/generic/a.xml"}},
		{"a source with a secret", "/admin/sources/signed?lang=en", 200, []string{"stored; an empty field keeps it"}},
		{"a source of another version", "/admin/sources/strange?lang=en", 200, []string{"There are no test calls for this kind."}},
		{"no source", "/admin/sources/x", 404, nil},
		{"a file of a guide", "/admin/guides/generic/a.xml", 200, []string{"<x/>"}},
		{"no file of a guide", "/admin/guides/generic/..%2f..%2fb", 404, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			p := phonePages(t, f)
			call(t, p.e, "POST", "/hooks/office/wrong", "{}")
			example := exampleCall()
			example.Legs = append(example.Legs, models.Leg{ID: 2, Key: "x:105", N: 1, Extension: "105", State: models.Ended})
			f.calledUp = &example
			rec := call(t, p.e, "GET", tt.target, "", asBrowser)
			if rec.Code != tt.status {
				t.Fatalf("status %d, want %d: %s", rec.Code, tt.status, rec.Body)
			}
			for _, w := range tt.want {
				if !strings.Contains(rec.Body.String(), w) {
					t.Errorf("the page lacks %q", w)
				}
			}
			for _, secret := range []string{"c2VjcmV0", "whsec_MfKQ", "sealed"} {
				if strings.Contains(rec.Body.String(), secret) {
					t.Errorf("the page shows the secret %q", secret)
				}
			}
		})
	}
}

// TestPhoneButtons: what each button asks of the use cases.
func TestPhoneButtons(t *testing.T) {
	for _, tt := range []struct {
		name, target, form string
		status             int
		did, back          string
	}{
		{"replay", "/admin/webhooks/7/replay", "", 303, "test replay 7;test audit webhook.replay 7 outcome failed", "/admin/webhooks/7"},
		{"map", "/admin/unrouted/map", "source=office&extension=105&user=ivanov&back=/admin/unrouted%3Fdays%3D7", 303, "test map office/105 to 1", "/admin/unrouted?days=7"},
		{"map to nobody", "/admin/unrouted/map", "source=office&extension=105", 303, "", "/admin/unrouted"},
		{"map to a stranger", "/admin/unrouted/map", "source=office&extension=105&user=x", 303, "", "/admin/unrouted"},
		{"share", "/admin/unrouted/map", "source=office&extension=105&mode=all&user=ivanov&user=петрова", 303, "test share office/105 all [1 2]", "/admin/unrouted"},
		{"refuse", "/admin/unrouted/refuse", "source=office&extension=105", 303, "test refuse office/105", "/admin/unrouted"},
		{"make a source", "/admin/sources", "kind=generic&slug=new&name=New&active=on", 303, "test put source new", "/admin/sources/new"},
		{"make one that is there", "/admin/sources", "kind=generic&slug=office&active=on", 422, "", ""},
		{"edit", "/admin/sources/office", "name=O&active=on", 303, "test put source office", "/admin/sources/office"},
		{"switch off", "/admin/sources/office/active", "active=off", 303, "test put source office", "/admin/sources/office"},
		{"rotate", "/admin/sources/office/rotate", "", 303, "test rotate office", "/admin/sources/office"},
		{"delete", "/admin/sources/office/delete", "confirm=office", 303, "test delete source office", "/admin/sources"},
		{"delete without its name", "/admin/sources/office/delete", "confirm=x", 303, "", "/admin/sources/office"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			p := phonePages(t, f)
			rec := call(t, p.e, "POST", tt.target, tt.form, asBrowser, "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin")
			if rec.Code != tt.status || strings.Join(f.did, ";") != tt.did || rec.Header().Get("Location") != tt.back {
				t.Errorf("status %d, did %v, to %q; want %d, %q, %q: %s", rec.Code, f.did, rec.Header().Get("Location"), tt.status, tt.did, tt.back, rec.Body)
			}
			f = newSetupFakes()
			if rec := call(t, phonePages(t, f).e, "POST", tt.target, tt.form, asBrowser, "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: cross-site"); rec.Code != 403 || len(f.did) > 0 {
				t.Errorf("from another site: status %d, did %v", rec.Code, f.did)
			}
		})
	}
}

// TestSourceFormKeepsSecrets: what the form sends of a source, and what it
// leaves alone.
func TestSourceFormKeepsSecrets(t *testing.T) {
	info := pbx.Info{Kind: "x", Secret: &pbx.Field{}, Settings: []pbx.Field{{Name: "key", Type: "secret"}, {Name: "lines", Type: "list"}, {Name: "url", Type: "string"}}}
	form := url.Values{"name": {" Office "}, "line_rank": {"2"}, "outgoing": {"on"}, "settings.lines": {"101=a, b\n102, 103\n"}, "settings.url": {" https://x "}, "settings.allow_ips": {"pbx"}}
	in := sourceInput(info, nil, form)
	if *in.Name != "Office" || in.LineRank != 2 || !*in.Outgoing || *in.Active || in.Secret != nil {
		t.Errorf("the input is %+v", in)
	}
	lines, _ := in.Settings["lines"].([]any)
	if len(lines) != 3 || lines[0] != "101=a, b" || lines[2] != "103" || in.Settings["url"] != "https://x" {
		t.Errorf("the settings are %v", in.Settings)
	}
	if _, named := in.Settings["key"]; named {
		t.Error("an empty secret is named, which would forget it")
	}
	form.Set("forget.settings.key", "on")
	form.Set("forget.secret", "on")
	form.Set("line_rank", "x")
	in = sourceInput(info, nil, form)
	if v, named := in.Settings["key"]; !named || v != nil || in.Secret == nil || *in.Secret != "" || in.LineRank != -1 {
		t.Errorf("forgetting gives %+v", in)
	}
}

// TestTestCall: a test call goes through the hook, past the allow-list, and
// what came of it stands on the page.
func TestTestCall(t *testing.T) {
	f := newSetupFakes()
	f.dir.Sources[5].Settings = map[string]any{"allow_ips": []any{"203.0.113.7"}}
	p := phonePages(t, f)
	form := []string{asBrowser, "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin"}
	rec := call(t, p.e, "POST", "/admin/sources/office/test", "story=direct&extension=101&phone=%2B79990000001", form...)
	back := rec.Header().Get("Location")
	if rec.Code != 303 || !strings.HasPrefix(back, "/admin/sources/office?test=") {
		t.Fatalf("status %d to %q: %s", rec.Code, back, rec.Body)
	}
	p.a.tests.running.Wait()
	if len(f.accepts) != 1 || len(f.accepts[0].Events) != 1 || f.accepts[0].Events[0].Extension != "101" {
		t.Fatalf("the hook took %+v", f.accepts)
	}
	page := call(t, p.e, "GET", back+"&lang=en", "", asBrowser).Body.String()
	for _, want := range []string{"the phone rings", "101", "stored", "/admin/webhooks/7", "finished"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for name, form := range map[string]string{"no story": "story=x&extension=101", "no number": "story=direct&extension=101&phone=abc"} {
		before := len(f.accepts)
		rec := call(t, p.e, "POST", "/admin/sources/office/test", form, asBrowser, "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin")
		p.a.tests.running.Wait()
		if rec.Code != 303 || len(f.accepts) != before {
			t.Errorf("%s: status %d, taken %d", name, rec.Code, len(f.accepts))
		}
	}
	if err := p.a.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	call(t, p.e, "POST", "/admin/sources/office/test", "story=direct&extension=101", form...)
	if len(f.accepts) != 1 {
		t.Error("a test call began after the service was stopped")
	}
	// Nobody outside can say of himself that he is a test.
	if rec := call(t, p.e, "POST", "/hooks/office/"+hookToken, `{"event":"ringing","call":"c","extension":"101"}`); rec.Code != 403 {
		t.Errorf("a stranger's request: status %d, want 403", rec.Code)
	}
}

// TestCallsCSV: the file is one that a spreadsheet shows and does not run.
func TestCallsCSV(t *testing.T) {
	f := newSetupFakes()
	f.found = func(models.CallSearch) models.CallsFound {
		k := exampleCall()
		k.Name = "=HYPERLINK(\"https://evil.example\")"
		return models.CallsFound{Calls: []models.Call{k}}
	}
	rec := call(t, phonePages(t, f).e, "GET", "/admin/calls.csv?lang=en&state=missed", "", asBrowser)
	lines := strings.Split(strings.TrimPrefix(rec.Body.String(), "\ufeff"), "\r\n")
	want := `2026-11-23 13:41:02;incoming;ended;'+79031234567;Ivan P.`
	if rec.Code != 200 || rec.Header().Get("Content-Type") != "text/csv; charset=utf-8" || !strings.HasPrefix(lines[0], "Start;Direction;State;Number;Name") {
		t.Fatalf("status %d, %s, %q", rec.Code, rec.Header().Get("Content-Type"), lines[0])
	}
	if want = strings.Replace(want, "Ivan P.", `"'=HYPERLINK(""https://evil.example"")"`, 1); !strings.HasPrefix(lines[1], want) {
		t.Errorf("the line is %q, want %q…", lines[1], want)
	}
	if q, _ := f.queries[0].(models.CallSearch); q.State != models.CallsMissed {
		t.Errorf("it asked for %+v", q)
	}
	if strings.Join(f.did, ";") != "test audit calls.export calls" {
		t.Errorf("the audit has %v", f.did)
	}
}

func TestCSVCell(t *testing.T) {
	for in, want := range map[string]string{"": "", "a": "a", "=1": "'=1", "+7": "'+7", "-": "'-", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx", "a=1": "a=1", "Иванов": "Иванов",
		" =1": "' =1", "\u00a0@x": "'\u00a0@x", "＝1": "'＝1", "\"=1": "'\"=1",
		// A spreadsheet whose language parts cells by commas does not heed our quotes.
		"a,=1": "a,'=1", "a, =1": "a,' =1", "a\n@x": "a\n'@x", "a\t-x": "a\t'-x", "a,\"=1": "a,'\"=1", "a,＝1": "a,'＝1", "a,'=1": "a,''=1",
		"Иванов, +7 (903) 123-45-67, -5": "Иванов, +7 (903) 123-45-67, -5", "a, b": "a, b"} {
		got := csvCell(in)
		if got != want {
			t.Errorf("csvCell(%q) = %q, want %q", in, got, want)
		}
		if back := plainCell(csvCell(contactCell(in))); back != in {
			t.Errorf("a contact's cell %q comes back as %q", in, back)
		}
	}
}

// TestCurlIsText: whatever a request held, the line is one command whose
// arguments are text.
func TestCurlIsText(t *testing.T) {
	for _, tt := range []struct{ name, got, want string }{
		{"plain", curlOf("http://x/hooks/a/[masked]", "POST", map[string]string{"Content-Type": "application/json", "Content-Length": "2", "Host": "x"}, []byte("{}")), "curl -X 'POST' 'http://x/hooks/a/[masked]' \\\n  -H 'Content-Type: application/json' \\\n  --data-raw '{}'"},
		{"no body", curlOf("http://x/?a=$(id)`id`", "GET", nil, nil), "curl -X 'GET' 'http://x/?a=$(id)`id`'"},
		{"a quote", curlOf("http://x/", "GET", map[string]string{"A": "'; rm -rf / #"}, []byte("it's")), "curl -X 'GET' 'http://x/' \\\n  -H 'A: '\\''; rm -rf / #' \\\n  --data-raw 'it'\\''s'"},
		{"control characters of a header", curlOf("http://x/", "GET", map[string]string{"A": "\x1b[2Jb\u009b"}, nil), "curl -X 'GET' 'http://x/' \\\n  -H 'A: [2Jb'"},
		{"bytes", curlOf("http://x/", "POST", nil, []byte("a\\\x00\xff'\x1b9")), "printf '%b' 'a\\\\\\0000\\0377\\0047\\00339' | curl -X 'POST' 'http://x/' \\\n  --data-binary @-"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, tt.got, tt.want)
		}
	}
}

// TestPhonePagesByRole: who is masked sees no number whole, anywhere; a viewer
// has no buttons and no addresses of hooks; an operator has no settings.
func TestPhonePagesByRole(t *testing.T) {
	const number, bare = "+79031234567", "9031234567"
	f := newSetupFakes()
	f.dir.Asked = map[models.ExtKey][]models.Owner{{SourceID: 5, Extension: "199"}: {{UserID: 2, AskedAt: at()}}}
	w := exampleWebhook()
	w.Path, w.Error, w.Body = "/?from="+bare, "no call of "+number, []byte(`{"phone":"`+number+`"}`)
	w.Headers = map[string]string{"X-Caller": number}
	f.webhook = &w
	mobile := exampleCall() // forwarded to somebody's own telephone, which nobody owns
	mobile.Legs = append(mobile.Legs, models.Leg{ID: 3, Key: "x:tel", N: 1, Extension: "tel:" + number, State: models.Ended})
	f.found = func(models.CallSearch) models.CallsFound { return models.CallsFound{Calls: []models.Call{mobile}} }
	p := phonePages(t, f)
	for _, path := range []string{"/admin/live", "/admin/calls", "/admin/calls.csv", "/admin/calls/77", "/admin/webhooks", "/admin/webhooks/7", "/admin/unrouted", "/admin/sources", "/admin/sources/office"} {
		for who, cookie := range map[string]string{"root": asBrowser, "viewer": asViewer} {
			rec := call(t, p.e, "GET", path+"?lang=en", "", cookie)
			if rec.Code != 200 {
				t.Fatalf("%s as %s: status %d", path, who, rec.Code)
			}
			body := strings.NewReplacer(" ", "", "-", "", "&#43;", "+", "%2B", "+").Replace(rec.Body.String())
			shown := strings.Contains(body, bare)
			if who == "viewer" && shown {
				t.Errorf("%s shows a masked viewer the number", path)
			}
			if who == "root" && !shown && !strings.Contains(path, "unrouted") && !strings.Contains(path, "sources") {
				t.Errorf("%s does not show the number at all, so that this test proves nothing", path)
			}
			if forms := strings.Count(rec.Body.String(), `method="post"`); who == "viewer" && forms > 1 { // signing out
				t.Errorf("%s offers a viewer %d forms", path, forms)
			}
			if who == "viewer" && strings.Contains(rec.Body.String(), hookToken) {
				t.Errorf("%s shows a viewer the address of a hook", path)
			}
		}
	}
	page := call(t, p.e, "GET", "/admin/unrouted?lang=en", "", asOperator).Body.String()
	for _, want := range []string{"Users ask for", "199", "Петрова", "Allow", "Refuse"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of an operator lacks %q", want)
		}
	}
	for _, tt := range []struct {
		method, target, form, cookie string
		status                       int
	}{
		{"GET", "/admin/calls/77/recording", "", asViewer, 403},
		{"GET", "/admin/new-source", "", asOperator, 403},
		{"POST", "/admin/sources", "kind=generic&slug=x", asOperator, 403},
		{"POST", "/admin/sources/office", "name=x", asOperator, 403},
		{"POST", "/admin/sources/office/rotate", "", asOperator, 403},
		{"POST", "/admin/sources/office/delete", "confirm=office", asOperator, 403},
		{"POST", "/admin/sources/office/active", "active=off", asOperator, 403},
		{"POST", "/admin/sources/office/test", "story=direct&extension=101", asViewer, 403},
		{"POST", "/admin/webhooks/7/replay", "", asViewer, 403},
		{"POST", "/admin/unrouted/map", "source=office&extension=105&user=ivanov", asViewer, 403},
		{"POST", "/admin/unrouted/refuse", "source=office&extension=105", asViewer, 403},
		{"POST", "/admin/unrouted/map", "source=office&extension=105&user=ivanov", asOperator, 303},
		{"POST", "/admin/webhooks/7/replay", "", asOperator, 303},
	} {
		if rec := call(t, p.e, tt.method, tt.target, tt.form, tt.cookie, "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin"); rec.Code != tt.status {
			t.Errorf("%s %s as %s: status %d, want %d", tt.method, tt.target, tt.cookie, rec.Code, tt.status)
		}
	}
}

// A secret that was typed into a refused form is asked for again, is required
// then and is never sent back; without it the next save is refused too.
func TestASecretIsTypedAgain(t *testing.T) {
	for _, tt := range []struct {
		name, target string
		form         string
		status       int
		again        bool
	}{
		{"refused", "/admin/sources", "kind=generic&slug=office&secret=hush-hush&active=on", 422, true},
		{"refused, no secret typed", "/admin/sources", "kind=generic&slug=office&active=on", 422, false},
		{"without it the second time", "/admin/sources", "kind=generic&slug=new&again=secret&active=on", 422, true},
		{"with it", "/admin/sources", "kind=generic&slug=new&again=secret&secret=hush-hush&active=on", 303, false},
		{"of a stored source", "/admin/sources/office", "name=x&again=secret", 422, true},
		{"of a stored source, forgotten", "/admin/sources/office", "name=x&again=secret&forget.secret=on", 303, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, _ := setupSurface(t, newSetupFakes())
			v, _ := url.ParseQuery(tt.form)
			rec := postForm(t, e, tt.target+"?lang=en", v)
			body := rec.Body.String()
			if rec.Code != tt.status || strings.Contains(body, `name="again" value="secret"`) != tt.again || strings.Contains(body, "hush-hush") {
				t.Errorf("status %d, %s", rec.Code, body)
			}
			if tt.again && (!regexp.MustCompile(`<input type="password" id="f-secret"[^>]* required`).MatchString(body) || !strings.Contains(body, "enter it again: secrets are never shown")) {
				t.Errorf("it is not asked for: %s", body)
			}
		})
	}
}

// An address that answers only to a button leads back to the page that has it:
// the switches of language and theme, and reloading, ask for it.
func TestAddressesOfButtonsLeadBack(t *testing.T) {
	e, _ := setupSurface(t, newSetupFakes())
	for target, want := range map[string]string{
		"/admin/users/ivanov/tokens": "/admin/users/ivanov", "/admin/users/ivanov/tokens/3/revoke": "/admin/users/ivanov", "/admin/administrators/boss/password": "/admin/administrators/boss",
		"/admin/sources/office/test": "/admin/sources/office", "/admin/rules/move": "/admin/rules", "/admin/notifications/act": "/admin/", "/admin/notifications/5/process": "/admin/notifications/5",
	} {
		rec := call(t, e, "GET", target, "", asBrowser)
		if rec.Code != 303 || rec.Header().Get("Location") != want {
			t.Errorf("%s: %d to %q, want %q", target, rec.Code, rec.Header().Get("Location"), want)
		}
	}
}
