package handlers

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"zummer/models"
	"zummer/web"
)

// asBrowser is HTTP Basic, user admin and the admin token.
const asBrowser = "Authorization: Basic YWRtaW46YWRtaW4tdG9rZW4="

func TestAdminPage(t *testing.T) {
	for _, tt := range []struct {
		name, target string
		headers      []string
		status       int
		want         []string
	}{
		{"Russian", "/admin/", []string{asBrowser, "Accept-Language: ru-RU,ru;q=0.9,en;q=0.8"}, 200, []string{`<html lang="ru">`, "Необработанные уведомления", "ООО Ромашка", `href="/admin/?lang=en"`}},
		{"English", "/admin/", []string{asBrowser, "Accept-Language: en-US"}, 200, []string{`<html lang="en">`, "Pending notifications", "Иванов И.", "&#43;79031234567", "event: is required", "105"}},
		{"chosen", "/admin/?lang=en", []string{asBrowser, "Accept-Language: ru"}, 200, []string{`<html lang="en">`}},
		{"without a slash", "/admin", []string{asBrowser}, 200, []string{`data-list="pending"`}},
		{"timeline", "/admin/notifications/9?lang=en", []string{asBrowser}, 200, []string{"a notification was made: Ringing (indicate), revision 1, user Иванов И.", "extension 101 rings", "ringing (rules version 7)", "/v1/admin/webhooks/7/raw", "the extension belongs to nobody"}},
		{"timeline of nothing", "/admin/notifications/x?lang=en", []string{asBrowser}, 404, []string{`role="alert"`}},
		{"without a password", "/admin/?lang=en", nil, 401, []string{"<h1>That did not work</h1>", "zummer admin token"}},
		{"without a password, in Russian", "/admin/?lang=ru", nil, 401, []string{"Имя — admin, пароль — токен администратора"}},
		{"with a client's token", "/admin/", []string{asIvanov}, 403, []string{`role="alert"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, _ := setupSurface(t, newSetupFakes())
			rec := call(t, e, "GET", tt.target, "", tt.headers...)
			if rec.Code != tt.status || rec.Header().Get("Content-Type") != typeHTML {
				t.Fatalf("status %d, %s; want %d and a page", rec.Code, rec.Header().Get("Content-Type"), tt.status)
			}
			for _, w := range tt.want {
				if !strings.Contains(rec.Body.String(), w) {
					t.Errorf("the page lacks %q", w)
				}
			}
			if csp := rec.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'self'") {
				t.Errorf("Content-Security-Policy %q", csp)
			}
			if asks := rec.Header().Get("WWW-Authenticate"); (tt.status == 401) != (asks != "") {
				t.Errorf("WWW-Authenticate %q with status %d", asks, tt.status)
			}
			if m := regexp.MustCompile(`(?i)<script(?: type="module" src="[^"]+")?>[^<]|\son[a-z]+=|style=`).FindString(rec.Body.String()); m != "" {
				t.Errorf("a script or style inside the page: %q", m)
			}
			for _, m := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(rec.Body.String(), -1) {
				if !strings.HasPrefix(m[1], "/") {
					t.Errorf("the page refers to %s, which is not ours", m[1])
				}
				if strings.HasPrefix(m[1], "/static/") {
					if rec := call(t, e, "GET", m[1], ""); rec.Code != 200 || !strings.Contains(rec.Header().Get("Cache-Control"), "immutable") {
						t.Errorf("%s: status %d, Cache-Control %q", m[1], rec.Code, rec.Header().Get("Cache-Control"))
					}
				}
			}
		})
	}
}

func TestAdminData(t *testing.T) {
	f := newSetupFakes()
	e, api := setupSurface(t, f)
	api.refused.add(Refusal{At: at(), Source: "<b>", Reason: RefusedToken})
	rec := call(t, e, "GET", "/admin/pending.json?lang=en", "", asBrowser)
	var got pictureBody
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil || rec.Code != 200 {
		t.Fatalf("status %d, %v: %s", rec.Code, err, rec.Body)
	}
	if n := len(got.Lists["pending"]); n != 2 || got.Lists["pending"][0].Key != "1042" || !got.More {
		t.Errorf("pending %d rows, more %t; want 2 and more", n, got.More)
	}
	if n := got.Numbers; n["pending"] != 2 || n["refused"] != 1 {
		t.Errorf("numbers %v", n)
	}
	if h := got.Lists["refused"][0].HTML; !strings.Contains(h, "&lt;b&gt;") || !strings.HasPrefix(h, "<tr") {
		t.Errorf("refused row %q", h)
	}
	page := call(t, e, "GET", "/admin/?lang=en", "", asBrowser).Body.String()
	for list, rows := range got.Lists {
		for _, r := range rows {
			if !strings.Contains(page, r.HTML) {
				t.Errorf("list %s: the page and its data differ for %s", list, r.Key)
			}
		}
	}
	tag := rec.Header().Get("ETag")
	if rec := call(t, e, "GET", "/admin/pending.json?lang=en", "", asBrowser, "If-None-Match: "+tag); rec.Code != 304 || rec.Body.Len() > 0 {
		t.Errorf("unchanged: status %d with %d bytes, want 304", rec.Code, rec.Body.Len())
	}
	api.refused.add(Refusal{At: at(), Source: "y", Reason: RefusedToken})
	if rec := call(t, e, "GET", "/admin/pending.json?lang=en", "", asBrowser, "If-None-Match: "+tag); rec.Code != 200 {
		t.Errorf("changed: status %d, want 200", rec.Code)
	}
	f.err = models.Away(nil)
	if rec := call(t, e, "GET", "/admin/pending.json", "", asBrowser); rec.Code != 503 || !strings.Contains(rec.Header().Get("Content-Type"), "problem+json") {
		t.Errorf("database away: status %d, %s", rec.Code, rec.Header().Get("Content-Type"))
	}
}

func TestAdminButtons(t *testing.T) {
	for _, tt := range []struct {
		name, target string
		headers      []string
		status       int
		did          string
	}{
		{"process", "/admin/notifications/9/process", []string{"Sec-Fetch-Site: same-origin"}, 303, "test process 9 to 0"},
		{"expire", "/admin/notifications/9/expire", []string{"Sec-Fetch-Site: same-origin"}, 303, "test expire 9 to 0"},
		{"requeue by the script", "/admin/notifications/9/requeue", []string{"Sec-Fetch-Site: same-origin", "Accept: application/json"}, 204, "test requeue 9 to 0"},
		{"an old browser on the same page", "/admin/notifications/9/process", []string{"Origin: http://example.com"}, 303, "test process 9 to 0"},
		{"another site", "/admin/notifications/9/process", []string{"Sec-Fetch-Site: cross-site"}, 403, ""},
		{"another site in an old browser", "/admin/notifications/9/process", []string{"Origin: https://evil.example"}, 403, ""},
		{"reassign has no button", "/admin/notifications/9/reassign", []string{"Sec-Fetch-Site: same-origin"}, 404, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			e, _ := setupSurface(t, f)
			rec := call(t, e, "POST", tt.target, "", append([]string{asBrowser}, tt.headers...)...)
			if rec.Code != tt.status || strings.Join(f.did, ";") != tt.did {
				t.Errorf("status %d, did %v; want %d, %q", rec.Code, f.did, tt.status, tt.did)
			}
		})
	}
}

// A browser that has the administrator's password sends it to /v1 as well.
func TestPasswordOfABrowserFromAnotherSite(t *testing.T) {
	const ours = "https://crm.example"
	for _, tt := range []struct {
		name, method, target string
		headers              []string
		status               int
	}{
		{"a form of another site", "POST", "/v1/admin/sources/office/rotate", []string{asBrowser, "Sec-Fetch-Site: cross-site", "Origin: https://evil.example"}, 403},
		{"in an old browser", "POST", "/v1/admin/notifications/9/process", []string{asBrowser, "Origin: https://evil.example"}, 403},
		{"without an origin of its own", "POST", "/v1/admin/webhooks/7/replay", []string{asBrowser, "Origin: null"}, 403},
		{"synchronisation", "POST", "/v1/sync/users/u-1/token", []string{asBrowser, "Sec-Fetch-Site: same-site"}, 403},
		{"publishing", "POST", "/v1/notifications", []string{asBrowser, "Sec-Fetch-Site: cross-site"}, 403},
		{"reading changes nothing", "GET", "/v1/admin/stats", []string{asBrowser, "Sec-Fetch-Site: cross-site"}, 200},
		{"our own page", "POST", "/v1/admin/sources/office/rotate", []string{asBrowser, "Sec-Fetch-Site: same-origin"}, 200},
		{"a page of a configured origin", "POST", "/v1/admin/sources/office/rotate", []string{asBrowser, "Sec-Fetch-Site: cross-site", "Origin: " + ours}, 200},
		{"curl -u", "POST", "/v1/admin/sources/office/rotate", []string{asBrowser}, 200},
		{"a bearer token, which no browser sends by itself", "POST", "/v1/admin/sources/office/rotate", []string{asAdmin, "Sec-Fetch-Site: cross-site", "Origin: https://evil.example"}, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			e, _ := setupSurface(t, f, func(d *Deps) { d.CORSOrigins = []string{ours} })
			rec := call(t, e, tt.method, tt.target, "", tt.headers...)
			if rec.Code != tt.status || tt.status == 403 && (len(f.did) > 0 || problemIn(t, rec).Code != "cross_origin") {
				t.Errorf("status %d, did %v, want %d: %s", rec.Code, f.did, tt.status, rec.Body)
			}
		})
	}
}

// So does a browser that has a user's password: whatever the client routes
// change must not be changed by a page of another site.
func TestPasswordOfAUserFromAnotherSite(t *testing.T) {
	const evil = "Origin: https://evil.example"
	asUser := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("ivanov:"+ivanovToken))
	asCaller := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("ivanov:"+dialToken))
	form := "Content-Type: application/x-www-form-urlencoded"
	for _, tt := range []struct {
		name, method, target, body string
		headers                    []string
		status                     int
	}{
		{"my settings", "POST", "/v1/me", "quiet=true", []string{asUser, form, evil}, 403},
		{"my settings, a new browser", "POST", "/v1/me", "quiet=true", []string{asUser, form, "Sec-Fetch-Site: cross-site"}, 403},
		{"everything acknowledged", "POST", "/v1/notifications/ack-all", "version=k3f.1", []string{asUser, form, evil}, 403},
		{"one acknowledged", "POST", "/v1/notifications/9/processed", "rev=1", []string{asUser, form, evil}, 403},
		{"a poll with acknowledgements", "POST", "/v1/notifications/poll", "ack=9.1&wait=0", []string{asUser, form, evil}, 403},
		{"a call placed", "POST", "/v1/calls", "phone=%2B79031234567", []string{asCaller, form, evil}, 403},
		{"a picture whose address acknowledges", "GET", "/v1/notifications?ack=9.1", "", []string{asUser, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"}, 403},
		{"the same as a list", "GET", "/v1/notifications?ack[]=9.1", "", []string{asUser, "Sec-Fetch-Site: same-site"}, 403},
		{"a link that only reads", "GET", "/v1/notifications", "", []string{asUser, "Sec-Fetch-Site: cross-site"}, 200},
		{"our own page", "POST", "/v1/me", "quiet=true", []string{asUser, form, "Sec-Fetch-Site: same-origin"}, 200},
		{"our own page acknowledges", "GET", "/v1/notifications?ack=9.1", "", []string{asUser, "Sec-Fetch-Site: same-origin"}, 200},
		{"a page of a configured origin", "POST", "/v1/notifications/poll", "ack=9.1&wait=0", []string{asUser, form, "Sec-Fetch-Site: cross-site", "Origin: https://crm.example"}, 200},
		{"1C and curl, which send no origin", "POST", "/v1/notifications/ack-all", "version=k3f.1", []string{asUser, form}, 200},
		{"the same by GET", "GET", "/v1/notifications?ack=9.1", "", []string{asUser}, 200},
		{"a bearer token, which no browser sends by itself", "POST", "/v1/me", "quiet=true", []string{asIvanov, form, evil}, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			e, _ := setupSurface(t, f, func(d *Deps) { d.CORSOrigins = []string{"https://crm.example"} })
			rec := call(t, e, tt.method, tt.target, tt.body, tt.headers...)
			if rec.Code != tt.status || tt.status == 403 && problemIn(t, rec).Code != "cross_origin" {
				t.Errorf("status %d, want %d: %s", rec.Code, tt.status, rec.Body)
			}
			if done := len(f.patched) + len(f.acked) + len(f.ackAll) + len(f.polled) + len(f.did); tt.status == 403 && done > 0 {
				t.Error("it was carried out")
			}
		})
	}
}

// Every reason for a refusal is documented, and said in words.
func TestReasonsOfRefusals(t *testing.T) {
	documented := document(t, false).Components.Schemas["Refusal"].Value.Properties["reason"].Value.Enum
	all := []string{RefusedSource, RefusedToken, RefusedInactive, RefusedSignature, RefusedAddress, RefusedTooLarge}
	if len(documented) != len(all) {
		t.Errorf("openapi.yaml has %v, want %v", documented, all)
	}
	for _, reason := range all {
		if !slices.Contains(documented, any(reason)) {
			t.Errorf("openapi.yaml lacks %s", reason)
		}
		for _, l := range []web.Lang{web.Russian, web.English} {
			if web.RefusalIn(l, reason) == reason {
				t.Errorf("%s has no words in %s", reason, l)
			}
		}
	}
}

func TestDemoPage(t *testing.T) {
	e, _ := setupSurface(t, newSetupFakes())
	if rec := call(t, e, "GET", "/demo/", ""); rec.Code != http.StatusNotFound {
		t.Errorf("without a demonstration: status %d, want 404", rec.Code)
	}
	e, _ = setupSurface(t, newSetupFakes(), func(d *Deps) {
		d.Demo = &Demo{Ring: `curl -d "a=1"`, Users: []DemoUser{{Login: "ivanov", Name: `Иванов "И."`, Token: "t-1"}}}
	})
	for _, target := range []string{"/demo", "/demo/?lang=en"} {
		rec := call(t, e, "GET", target, "")
		for _, want := range []string{`data-token="t-1"`, "curl -d &#34;a=1&#34;", "Иванов &#34;И.&#34;", "/demo/crm.js"} {
			if rec.Code != 200 || !strings.Contains(rec.Body.String(), want) {
				t.Errorf("%s: status %d, page lacks %q", target, rec.Code, want)
			}
		}
	}
}
