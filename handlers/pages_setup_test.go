package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"zummer/models"
)

// form posts a form to a page.
func postForm(t *testing.T, h http.Handler, target string, v url.Values, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	return call(t, h, "POST", target, v.Encode(), append([]string{asBrowser, "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin"}, headers...)...)
}

func TestSetupPages(t *testing.T) {
	for _, tt := range []struct {
		target string
		want   []string
		lacks  string
	}{
		{"/admin/overview?lang=en", []string{`id="overview"`, "From the PBX&#39;s request to the screen", "<svg", "Show the figures", "PostgreSQL 16.4", "3.0 GB", "7.0 %", "failures", "has sent nothing yet", "Longer than a minute", `class="tag dim">off`, "no number &#43;79031234567"}, ""},
		{"/admin/overview?lang=ru", []string{"Звонки по часам", "Всего звонков: 12, из них пропущено: 2", "1,2 с", "ошибки"}, ""},
		{"/admin/contacts?lang=en", []string{"In all", "&#43;7 903 123-45-67", "Иванов И.", "after=k2", "Import a file", `href="/admin/contacts/1"`}, ""},
		{"/admin/contacts?lang=ru&after=k2", []string{"Без номера", "К началу"}, "Всего"},
		{"/admin/contacts?q=Ромашка", []string{"ООО Ромашка"}, "Без номера"},
		{"/admin/contacts?q=k-3", []string{"Без номера"}, "Ромашка</a>"},
		{"/admin/contacts?q=%2B79031234567", []string{"ООО Ромашка"}, ""},
		{"/admin/contacts?q=%D1%89", []string{`id="nothing"`}, ""},
		{"/admin/contacts/1?lang=en", []string{"What opens when he calls", "Документ", "Version of the CRM", "others have this number too"}, ""},
		{"/admin/contacts/3?lang=ru", []string{"У контакта нет номеров"}, ""},
		{"/admin/contacts/1/edit?lang=en", []string{`value="k-1" readonly`, "&#43;79031234567</textarea>", `value="i-1"`, `name="interests[2].title"`}, `name="interests[3].title"`},
		{"/admin/contacts/new?lang=en", []string{"New contact", `name="external_id" required`}, "readonly"},
		{"/admin/contacts/import?lang=en", []string{`enctype="multipart/form-data"`, "<progress", `data-import`, "windows-1251"}, "Refused"},
		{"/admin/rules?lang=en", []string{"In force: version", "<b>7</b>", "a call was missed", "outside of 09:00–18:00", "the group sales", `href="/admin/rules/rule?name=night"`}, "built-in rules are in force"},
		{"/admin/rules/rule?name=night&lang=en", []string{"Rule night", `name="when.event" value="missed" checked`, `value="09:00"`, `name="then.to" value="group:sales" checked`, `name="version" value="7"`, `{&#34;k&#34;:1}`}, ""},
		{"/admin/rules/rule?lang=ru", []string{"Новое правило", "первым"}, ""},
		{"/admin/rules/text?lang=en", []string{"&#34;name&#34;: &#34;night&#34;", `name="version" value="7"`}, ""},
		{"/admin/rules/versions?lang=en", []string{"0, built in", "in force", "after=r2"}, ""},
		{"/admin/rules/versions/3?lang=en", []string{"Bring this version back", "What changed since version", "Nothing."}, ""},
		{"/admin/rules/versions/7?lang=en", []string{"in force"}, "Bring this version back"},
		{"/admin/rules/try?lang=en&phone=%2B79031234567", []string{"On a webhook of the journal", "office · failed", `value="&#43;79031234567"`}, `id="result"`},
	} {
		t.Run(tt.target, func(t *testing.T) {
			f := newSetupFakes()
			f.dir.Sources[6].Active, f.dir.Sources[7].Active = false, true
			e, _ := setupSurface(t, f)
			rec := call(t, e, "GET", tt.target, "", asBrowser)
			body := rec.Body.String()
			if rec.Code != 200 {
				t.Fatalf("status %d: %s", rec.Code, body)
			}
			for _, w := range tt.want {
				if !strings.Contains(body, w) {
					t.Errorf("the page lacks %q", w)
				}
			}
			if tt.lacks != "" && strings.Contains(body, tt.lacks) {
				t.Errorf("the page has %q", tt.lacks)
			}
		})
	}
}

func TestSetupPagesNotFound(t *testing.T) {
	e, _ := setupSurface(t, newSetupFakes())
	for _, target := range []string{"/admin/contacts/9", "/admin/contacts/x", "/admin/rules/rule?name=none", "/admin/rules/versions/8", "/admin/rules/versions/-1"} {
		if rec := call(t, e, "GET", target, "", asBrowser); rec.Code != 404 {
			t.Errorf("%s: status %d", target, rec.Code)
		}
	}
}

// Every button of the rules ends in one use case with the version that the
// page was made of.
func TestRuleButtons(t *testing.T) {
	night := url.Values{"version": {"7"}, "was": {"night"}, "name": {"night"}, "when.event": {"missed"}, "result": {"show"}, "then.title": {"Ночью: {phone}"}, "then.to": {"group:sales"}, "then.expires_in_s": {"2"}, "unit": {"h"},
		"hours": {"outside"}, "when.hours.from": {"09:00"}, "when.hours.to": {"18:00"}, "when.hours.days": {"mon", "tue"}, "when.waited_min_s": {"5"}, "when.did": {"+7495 1\r\n+7495 2"}, "when.present": {"false"}, "then.data": {`{"queue":7}`}}
	with := func(v url.Values, pairs ...string) url.Values {
		out := url.Values{}
		for k, x := range v {
			out[k] = x
		}
		for i := 0; i < len(pairs); i += 2 {
			out.Set(pairs[i], pairs[i+1])
		}
		return out
	}
	move := func(pairs ...string) url.Values {
		return with(url.Values{"version": {"7"}, "name": {"night"}}, pairs...)
	}
	text, _ := json.Marshal(exampleRules(7).Rules)
	for _, tt := range []struct {
		name, target string
		form         url.Values
		status       int
		put          string // names of the rules that were put; "": none
		want         string // in the answer
	}{
		{"up from the first place", "move", move("do", "up"), 303, "", ""},
		{"down", "move", move("do", "down"), 303, "ringing night", ""},
		{"off", "move", move("do", "off"), 303, "night(off) ringing", ""},
		{"delete", "move", move("do", "delete"), 303, "ringing", ""},
		{"of an older version", "move", move("do", "down", "version", "6"), 303, "", ""},
		{"without a version", "move", move("do", "down", "version", ""), 303, "", ""},
		{"of no rule", "move", move("do", "down", "name", "none"), 303, "", ""},
		{"a word that is none", "move", move("do", "dance"), 422, "", ""},
		{"save", "rule", night, 303, "night ringing", ""},
		{"save a new one first", "rule", with(night, "was", "", "name", "vip"), 303, "vip night ringing", ""},
		{"save a new one last", "rule", with(night, "was", "", "name", "vip", "place", "last"), 303, "night ringing vip", ""},
		{"rename", "rule", with(night, "name", "late"), 303, "late ringing", ""},
		{"nothing, and no reason", "rule", with(night, "result", "nothing"), 422, "", "is required"},
		{"nothing", "rule", with(night, "result", "nothing", "then.nothing", "spam"), 303, "night ringing", ""},
		{"no number", "rule", with(night, "when.waited_min_s", "five"), 422, "", "must be a whole number"},
		{"no JSON", "rule", with(night, "then.data", "[1]"), 422, "", "must be a JSON object"},
		{"too long", "rule", with(night, "then.expires_in_s", "91", "unit", "d"), 422, "", "must lie between 1 and 7776000"},
		{"somebody else was faster", "rule", with(night, "version", "6"), 409, "", `id="moved"`},
		{"somebody else was faster, the form is a change of the newest now", "rule", with(night, "version", "6"), 409, "", `name="version" value="7"`},
		{"removed meanwhile", "rule", with(night, "was", "gone"), 409, "", "removed or renamed"},
		{"try without saving", "rule", with(night, "do", "try"), 200, "", "A draft is tried"},
		{"text", "text", url.Values{"version": {"7"}, "rules": {string(text)}, "do": {"save"}}, 303, "night ringing", ""},
		{"text as a file", "text", url.Values{"version": {"7"}, "rules": {`{"version":7,"rules":` + string(text) + `}`}, "do": {"save"}}, 303, "night ringing", ""},
		{"text that is no JSON", "text", url.Values{"version": {"7"}, "rules": {"[\n{,}]"}, "do": {"save"}}, 422, "", "line 2 is no JSON"},
		{"text with a wrong field", "text", url.Values{"version": {"7"}, "rules": {`[{"name":"a","when":{"evnet":["missed"]},"then":{}}]`}, "do": {"save"}}, 422, "", "when.evnet"},
		{"text of an older version", "text", url.Values{"version": {"6"}, "rules": {string(text)}, "do": {"save"}}, 409, "", `id="moved"`},
		{"text, looked through", "text", url.Values{"version": {"7"}, "rules": {string(text)}, "do": {"check"}}, 200, "", "There is nothing wrong"},
		{"text, tried", "text", url.Values{"version": {"7"}, "rules": {string(text)}, "do": {"try"}}, 200, "", "A draft is tried"},
		{"text that is empty", "text", url.Values{"version": {"7"}, "rules": {"[]"}, "do": {"check"}}, 422, "", "must not be empty"},
		{"bring back", "versions/3", url.Values{"version": {"7"}}, 303, "night ringing", ""},
		{"bring back what never was", "versions/9", url.Values{"version": {"7"}}, 404, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			e, _ := setupSurface(t, f)
			rec := postForm(t, e, "/admin/rules/"+tt.target+"?lang=en", tt.form)
			var put []string
			for _, r := range f.rules {
				if r.Off {
					r.Name += "(off)"
				}
				put = append(put, r.Name)
			}
			if rec.Code != tt.status || strings.Join(put, " ") != tt.put || !strings.Contains(rec.Body.String(), tt.want) {
				t.Fatalf("status %d, put %q; want %d, %q, %q in %s", rec.Code, put, tt.status, tt.put, tt.want, rec.Body)
			}
		})
	}
	f := newSetupFakes()
	e, _ := setupSurface(t, f)
	postForm(t, e, "/admin/rules/rule", night)
	five, away := 5, false
	want := models.Rule{Name: "night", When: models.RuleWhen{Event: []string{"missed"}, DID: []string{"+7495 1", "+7495 2"}, Present: &away, WaitedMin: &five, Hours: &models.RuleHours{From: "09:00", To: "18:00", Days: []string{"mon", "tue"}, Outside: true}},
		Then: models.RuleThen{Title: "Ночью: {phone}", To: []string{"group:sales"}, ExpiresS: 7200, Data: map[string]any{"queue": int64(7)}}}
	if a, b := rulesText([]models.Rule{want}), rulesText(f.rules[:1]); a != b {
		t.Errorf("stored %s, want %s", b, a)
	}
}

// A form that is read again says the same rule: nothing is lost by opening and
// saving it.
func TestRuleFormKeepsRules(t *testing.T) {
	yes, ten, zero := true, 10, 0
	for _, r := range append(exampleRules(7).Rules,
		models.Rule{Name: "all", Note: "n", Off: true, When: models.RuleWhen{Event: models.RuleEvents, Source: []string{"office", "gone"}, Direction: []string{"in"}, DID: []string{"+7495"}, Group: []string{"gone"}, User: []string{"ivanov", "u-9"}, Caller: []string{"known", "hidden"}, Interests: []string{"one"},
			Responsible: []string{"other"}, Present: &yes, Hours: &models.RuleHours{Zone: "Asia/Omsk", Days: []string{"sun"}, From: "22:00", To: "06:00", Holidays: []string{"2027-01-01", "2027-01-02"}}, WaitedMin: &zero, WaitedMax: &ten},
			Then: models.RuleThen{Kind: "call.vip", Action: "dance.wild", Title: "{{x}} {phone}", Text: "t", Data: map[string]any{"a": []any{"x", int64(1)}, "b": nil}, Object: &models.Object{Type: "t", Name: "n", UID: "u", Title: "ti", Link: "l", URL: "https://x", App: "a"}, To: []string{"user", "group:gone"}, ExpiresS: 61, Shared: true, Lookup: true}},
		models.Rule{Name: "nothing", Then: models.RuleThen{Nothing: "spam"}}) {
		got, err := ruleOfForm(formOfRule(&r))
		if a, b := rulesText([]models.Rule{r}), rulesText([]models.Rule{got}); err != nil || a != b {
			t.Errorf("%v: %s became %s", err, a, b)
		}
	}
}

func TestDryRunPage(t *testing.T) {
	event := url.Values{"what": {"event"}, "source": {"office"}, "story": {"missed"}, "extension": {"101"}, "phone": {"+79031234567"}, "waited": {"7"}, "at": {"2026-11-23T23:10"}, "absent": {"ivanov"}}
	change := func(name, value string) url.Values {
		out := url.Values{}
		for k, v := range event {
			out[k] = v
		}
		out.Set(name, value)
		return out
	}
	for _, tt := range []struct {
		name   string
		form   url.Values
		status int
		asked  string
		want   []string
	}{
		{"a webhook", url.Values{"what": {"webhook"}, "webhook": {"7"}}, 200, "webhook 7, events [], absent []", []string{"the user talks with the customer", "fits, decides", "event is answered", "one open interest", "Beside that", "take out", "Missed", "no user owns this extension: 555"}},
		{"an event by hand", event, 200, "webhook 0 office, events [ringing 20:10:00 missed 20:10:07], absent [1]", []string{"Иванов И.", "show"}},
		{"a draft", change("rules", `[{"name":"a","then":{}}]`), 200, "webhook 0 office, events [ringing 20:10:00 missed 20:10:07], absent [1], rules 1", []string{"A draft is tried", "Store the draft"}},
		{"a draft that is wrong", change("rules", `[{"name":1}]`), 422, "", []string{"rules[0].name"}},
		{"no webhook", url.Values{"what": {"webhook"}}, 422, "", []string{"choose a webhook"}},
		{"an unknown webhook", url.Values{"what": {"webhook"}, "webhook": {"8"}}, 422, "", []string{"no webhook 8"}},
		{"no extension", change("extension", ""), 422, "", []string{"is required"}},
		{"no time", change("at", "yesterday"), 422, "", []string{"is no time"}},
		{"no source", change("source", "gone"), 422, "", []string{"choose a source"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			e, _ := setupSurface(t, f)
			rec := postForm(t, e, "/admin/rules/try?lang=en", tt.form)
			asked := ""
			for _, q := range f.dry {
				asked = strings.TrimSpace(fmt.Sprintf("webhook %d %s", q.Webhook, q.Source)) + ", events ["
				for i, ev := range q.Events {
					asked += strings.Repeat(" ", min(i, 1)) + string(ev.Type) + " " + ev.At.UTC().Format("15:04:05")
				}
				asked += fmt.Sprintf("], absent %v", q.Absent)
				if q.Rules != nil {
					asked += fmt.Sprintf(", rules %d", len(q.Rules))
				}
			}
			if rec.Code != tt.status || asked != tt.asked {
				t.Fatalf("status %d, asked %q; want %d, %q: %s", rec.Code, asked, tt.status, tt.asked, rec.Body)
			}
			for _, w := range tt.want {
				if !strings.Contains(rec.Body.String(), w) {
					t.Errorf("the page lacks %q: %s", w, rec.Body)
				}
			}
		})
	}
}

func TestContactButtons(t *testing.T) {
	seen := fmt.Sprint(at().UnixMilli())
	for _, tt := range []struct {
		name, target string
		form         url.Values
		status       int
		put          string
		want         string
	}{
		{"a new one", "new", url.Values{"external_id": {"k-9"}, "name": {"Новый"}, "phones": {"+7 903 1234567\r\n8 495 1234567"}, "responsible": {"ivanov"}, "interests[1].title": {"Двери"}, "client.title": {"Новый"}}, 303, `{"external_id":"k-9","phones":["+7 903 1234567","8 495 1234567"],"name":"Новый","responsible":"ivanov","client":{"title":"Новый"},"interests":[{"title":"Двери"}],"seq":0}`, ""},
		{"a new one with an id that is there", "new", url.Values{"external_id": {"k-1"}}, 422, "", "there is a contact with this id already"},
		{"a change keeps the CRM's seq", "1/edit", url.Values{"external_id": {"other"}, "name": {"Лютик"}, "seen": {seen}}, 303, `{"external_id":"k-1","phones":null,"name":"Лютик","responsible":"","client":null,"interests":null,"seq":5}`, ""},
		{"the CRM was faster", "1/edit", url.Values{"name": {"Лютик"}, "seen": {"1"}}, 422, "", "the CRM has sent a newer version"},
		{"delete", "1/delete", url.Values{}, 303, "", ""},
		{"of nobody", "9/edit", url.Values{}, 404, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			e, _ := setupSurface(t, f)
			rec := postForm(t, e, "/admin/contacts/"+tt.target+"?lang=en", tt.form)
			put := ""
			if len(f.contacts) > 0 {
				text, _ := json.Marshal(f.contacts[0])
				put = string(text)
			}
			if rec.Code != tt.status || put != tt.put || !strings.Contains(rec.Body.String(), tt.want) {
				t.Fatalf("status %d, put %s; want %d, %s: %s", rec.Code, put, tt.status, tt.put, rec.Body)
			}
		})
	}
}

// upload is a form with a file, as a browser sends it.
func upload(t *testing.T, full bool, name, text string) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if full {
		_ = w.WriteField("full", "1")
	}
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write([]byte(text))
	_ = w.Close()
	return b.String(), "Content-Type: " + w.FormDataContentType()
}

// A file is imported with and without the page's script, and what was refused
// is told with its line.
func TestImportPage(t *testing.T) {
	const file = "код;имя\nc-1;Иванов\n;нет кода\nc-2;Петров\n"
	for _, tt := range []struct {
		name, file   string
		full, script bool
		status       int
		did          string
		want         []string
	}{
		{name: "without a script", file: file, status: 200, did: "test import full=false", want: []string{`id="n-stored">2`, `id="n-failed" class="bad">1`, `class="num">3</th><td>«код»: must not be empty`, "Download these lines", `data-confirm="Contacts that are not in the file will be removed.`}},
		{name: "with the script", file: file, full: true, script: true, status: 200, did: "test import full=true", want: []string{`"lines":1`, `"bytes":`, `"done":true`, `id=\"n-stored\"`}},
		{name: "all lines are good", file: "код;имя\nc-1;a\n", status: 200, did: "test import full=false", want: []string{"All lines were taken"}},
		{name: "no columns", file: "a;b\n", status: 422, want: []string{"the first line names no column"}},
		{name: "no columns, with the script", file: "a;b\n", script: true, status: 200, want: []string{`"done":true`, "the first line names no column"}},
		{name: "no file", file: "", status: 422, want: []string{"the file is empty"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			e, _ := setupSurface(t, f)
			body, kind := upload(t, tt.full, "contacts.csv", tt.file)
			headers := []string{asBrowser, kind, "Sec-Fetch-Site: same-origin"}
			if tt.script {
				headers = append(headers, "Accept: application/x-ndjson")
			}
			rec := call(t, e, "POST", "/admin/contacts/import?lang=en", body, headers...)
			if rec.Code != tt.status || strings.Join(f.did, ";") != tt.did {
				t.Fatalf("status %d, did %v: %s", rec.Code, f.did, rec.Body)
			}
			for _, w := range tt.want {
				if !strings.Contains(rec.Body.String(), w) {
					t.Errorf("the answer lacks %q: %s", w, rec.Body)
				}
			}
		})
	}
	f := newSetupFakes()
	e, _ := setupSurface(t, f)
	if rec := call(t, e, "POST", "/admin/contacts/import?lang=en", "x", asBrowser, "Content-Type: text/plain"); rec.Code != 422 || !strings.Contains(rec.Body.String(), "choose a file") {
		t.Errorf("without a form: %d %s", rec.Code, rec.Body)
	}
	rec := postForm(t, e, "/admin/contacts/import/refused.csv?lang=en", url.Values{"report": {`[{"line":3,"message":"=1+1"}]`}})
	if rec.Code != 200 || rec.Body.String() != "\ufeffline;why\r\n3;'=1+1\r\n" || !strings.Contains(rec.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("the report: %d %q", rec.Code, rec.Body)
	}
	if rec := postForm(t, e, "/admin/contacts/import/refused.csv", url.Values{"report": {"x"}}); rec.Code != 422 {
		t.Errorf("no report: %d", rec.Code)
	}
}
