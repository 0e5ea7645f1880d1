package handlers

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// asBasic is HTTP Basic with the admin token as password, for /v1.
const asBasic = "Authorization: Basic YWRtaW46YWRtaW4tdG9rZW4="

func TestAdminPage(t *testing.T) {
	for _, tt := range []struct {
		name, target string
		headers      []string
		status       int
		want         []string
	}{
		{"Russian", "/admin/", []string{asBrowser, "Accept-Language: ru-RU,ru;q=0.9,en;q=0.8"}, 200, []string{`<html lang="ru">`, "<h1>Ожидают</h1>", "ООО Ромашка", `href="/admin/look?lang=en&amp;back=%2fadmin%2f"`}},
		{"English", "/admin/", []string{asBrowser, "Accept-Language: en-US"}, 200, []string{`<html lang="en">`, "<h1>Pending</h1>", "Иванов И.", "&#43;7 903 123-45-67", `href="/admin/unrouted"`, "✓ desk"}},
		{"chosen", "/admin/?lang=en", []string{asBrowser, "Accept-Language: ru"}, 200, []string{`<html lang="en">`}},
		{"without a slash", "/admin", []string{asBrowser}, 200, []string{`id="pending-rows"`}},
		{"timeline", "/admin/notifications/9?lang=en", []string{asBrowser}, 200, []string{"a notification was made: Ringing (indicate), revision 1, user Иванов И.", "extension 101 rings", "ringing (rules version 7)", `href="/admin/webhooks/7"`, "the extension belongs to nobody", "session desk had it after 41 ms"}},
		{"narrowed", "/admin/?user=ivanov&source=office&kind=call.&age=1h&seen=unseen&text=8+903", []string{asBrowser}, 200, []string{`<option value="ivanov" selected>`, `value="8 903"`, `hx-get="/admin/?age=1h&amp;kind=call.&amp;seen=unseen&amp;source=office&amp;text=8&#43;903&amp;user=ivanov"`}},
		{"narrowed to nobody", "/admin/?user=nobody", []string{asBrowser}, 404, []string{`role="alert"`}},
		{"timeline of nothing", "/admin/notifications/x?lang=en", []string{asBrowser}, 404, []string{`role="alert"`}},
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
			if asks := rec.Header().Get("WWW-Authenticate"); asks != "" {
				t.Errorf("WWW-Authenticate %q with status %d", asks, tt.status)
			}
			if m := regexp.MustCompile(`(?i)<script(?: defer src="[^"]+")?>[^<]|\son[a-z]+=|style=`).FindString(rec.Body.String()); m != "" {
				t.Errorf("a script or style inside the page: %q", m)
			}
			for _, m := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(rec.Body.String(), -1) {
				if !strings.HasPrefix(m[1], "/") && m[1] != "#main" {
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

func TestAdminButtons(t *testing.T) {
	for _, tt := range []struct {
		name, target string
		headers      []string
		status       int
		did          string
	}{
		{"process", "/admin/notifications/9/process", []string{"Sec-Fetch-Site: same-origin"}, 303, "test process 9 to 0;test audit notification.process 9"},
		{"expire", "/admin/notifications/9/expire", []string{"Sec-Fetch-Site: same-origin"}, 303, "test expire 9 to 0;test audit notification.expire 9"},
		{"requeue", "/admin/notifications/9/requeue", []string{"Sec-Fetch-Site: same-origin"}, 303, "test requeue 9 to 0;test audit notification.requeue 9"},
		{"reassign", "/admin/notifications/9/reassign?user=ivanov", []string{"Sec-Fetch-Site: same-origin"}, 303, "test reassign 9 to 1;test audit notification.reassign 9 to ivanov"},
		{"reassign to nobody", "/admin/notifications/9/reassign?user=nobody", []string{"Sec-Fetch-Site: same-origin"}, 303, ""},
		{"many", "/admin/notifications/act?action=expire&id=9&id=10", []string{"Sec-Fetch-Site: same-origin"}, 303, "test expire 9 to 0;test audit notification.expire 9;test expire 10 to 0;test audit notification.expire 10"},
		{"many to somebody", "/admin/notifications/act?action=reassign&user=ivanov&id=9", []string{"Sec-Fetch-Site: same-origin"}, 303, "test reassign 9 to 1;test audit notification.reassign 9 to ivanov"},
		{"none of many", "/admin/notifications/act?action=expire", []string{"Sec-Fetch-Site: same-origin"}, 303, ""},
		{"an action that is none", "/admin/notifications/act?action=delete&id=9", []string{"Sec-Fetch-Site: same-origin"}, 422, ""},
		{"an old browser on the same page", "/admin/notifications/9/process", []string{"Origin: http://example.com"}, 303, "test process 9 to 0;test audit notification.process 9"},
		{"another site", "/admin/notifications/9/process", []string{"Sec-Fetch-Site: cross-site"}, 403, ""},
		{"another site in an old browser", "/admin/notifications/9/process", []string{"Origin: https://evil.example"}, 403, ""},
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
		{"a form of another site", "POST", "/v1/admin/sources/office/rotate", []string{asBasic, "Sec-Fetch-Site: cross-site", "Origin: https://evil.example"}, 403},
		{"in an old browser", "POST", "/v1/admin/notifications/9/process", []string{asBasic, "Origin: https://evil.example"}, 403},
		{"without an origin of its own", "POST", "/v1/admin/webhooks/7/replay", []string{asBasic, "Origin: null"}, 403},
		{"synchronisation", "POST", "/v1/sync/users/u-1/token", []string{asBasic, "Sec-Fetch-Site: same-site"}, 403},
		{"publishing", "POST", "/v1/notifications", []string{asBasic, "Sec-Fetch-Site: cross-site"}, 403},
		{"reading changes nothing", "GET", "/v1/admin/stats", []string{asBasic, "Sec-Fetch-Site: cross-site"}, 200},
		{"our own page", "POST", "/v1/admin/sources/office/rotate", []string{asBasic, "Sec-Fetch-Site: same-origin"}, 200},
		{"a page of a configured origin", "POST", "/v1/admin/sources/office/rotate", []string{asBasic, "Sec-Fetch-Site: cross-site", "Origin: " + ours}, 200},
		{"curl -u", "POST", "/v1/admin/sources/office/rotate", []string{asBasic}, 200},
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

func TestOurPath(t *testing.T) {
	for back, want := range map[string]string{
		"":                            "/admin/",
		"/admin/?user=ivanov":         "/admin/?user=ivanov",
		"/admin/users/%D0%B8":         "/admin/users/%D0%B8",
		"https://evil.example/admin/": "/admin/",
		"//evil.example/admin/":       "/admin/",
		"/\\evil.example/admin/":      "/admin/",
		"/admin/\\..\\x":              "/admin/",
		"/v1/me":                      "/admin/",
		"javascript:alert(1)":         "/admin/",
		"admin/":                      "/admin/",
	} {
		if got := ourPath(back); got != want {
			t.Errorf("ourPath(%q) = %q, want %q", back, got, want)
		}
	}
}

func TestLook(t *testing.T) {
	e, _ := setupSurface(t, newSetupFakes())
	rec := call(t, e, "GET", "/admin/look?lang=en&theme=dark&back=%2Fadmin%2F%3Flang%3Dru%26user%3Divanov", "")
	if rec.Code != 303 || rec.Header().Get("Location") != "/admin/?user=ivanov" {
		t.Errorf("status %d to %q", rec.Code, rec.Header().Get("Location"))
	}
	cookies := strings.Join(rec.Header().Values("Set-Cookie"), "\n")
	for _, want := range []string{"zummer_lang=en", "zummer_theme=dark", "HttpOnly", "SameSite=Lax"} {
		if !strings.Contains(cookies, want) {
			t.Errorf("the cookies lack %s: %s", want, cookies)
		}
	}
	page := call(t, e, "GET", "/admin/", "", asBrowser, "Accept-Language: ru", "Cookie: zummer_lang=en; zummer_theme=dark").Body.String()
	if !strings.Contains(page, `<html lang="en" data-theme="dark">`) {
		t.Error("the chosen language and theme are not kept")
	}
}

// TestPartOfAPage: what htmx renews is rendered by the same template as the page.
func TestPartOfAPage(t *testing.T) {
	e, _ := setupSurface(t, newSetupFakes())
	page := call(t, e, "GET", "/admin/?lang=en", "", asBrowser).Body.String()
	for _, part := range []string{"pending", "numbers"} {
		rec := call(t, e, "GET", "/admin/?lang=en", "", asBrowser, "HX-Request: true", "HX-Target: "+part)
		if body := rec.Body.String(); rec.Code != 200 || !strings.Contains(body, `id="`+part+`"`) || strings.Contains(body, "<html") {
			t.Errorf("part %s: status %d: %s", part, rec.Code, body)
		} else if !strings.Contains(page, `id="`+part+`"`) {
			t.Errorf("the page has no part %s", part)
		}
	}
	if body := call(t, e, "GET", "/admin/?lang=en", "", asBrowser, "HX-Target: nothing").Body.String(); !strings.Contains(body, "<html") {
		t.Error("an unknown part is not the page")
	}
}

// TestMaskedSearch: hidden digits cannot be guessed one after another.
func TestMaskedSearch(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		masked     bool
		want       string
	}{
		{"a part of a number", "0312", false, "0312"},
		{"a part of a number, masked", "0312", true, "\uffff"},
		{"one digit among letters, masked", "Ромашка 7", true, "\uffff"},
		{"a whole number, masked", "8 (903) 123-45-67", true, "8 (903) 123-45-67"},
		{"a name, masked", "Ромашка", true, "Ромашка"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := echo.New().NewContext(httptest.NewRequest("GET", "/admin/", nil), nil)
			c.Set(keyAdmin, &models.Admin{Role: models.RoleViewer, Masked: tt.masked})
			if got := searched(c, tt.text); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
