package handlers

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"zummer/models"
)

func TestAdmin(t *testing.T) {
	for _, tt := range []struct {
		name, method, target, body string
		status                     int
		did                        string // by the use cases
		answer                     string // part of the body
	}{
		{"sources", "GET", "/v1/admin/sources", "", 200, "", `"slug":"closed"`},
		{"source", "GET", "/v1/admin/sources/signed", "", 200, "", `"has_secret":true`},
		{"source without a secret", "GET", "/v1/admin/sources/office", "", 200, "", `"has_secret":false`},
		{"source's address", "GET", "/v1/admin/sources/office", "", 200, "", `"hook_url":"http://example.com/hooks/office/` + hookToken + `"`},
		{"source's unlisted settings stay in", "GET", "/v1/admin/sources/office", "", 200, "", `"settings":{}`},
		{"source's group", "GET", "/v1/admin/sources/office", "", 200, "", `"group":"sales"`},
		{"unknown source", "GET", "/v1/admin/sources/nowhere", "", 404, "", `"code":"not_found"`},
		{"put source", "PUT", "/v1/admin/sources/new", `{"kind":"generic","settings":{"x":1}}`, 200, "test put source new", `"slug":"new"`},
		{"put source with a wrong switch", "PUT", "/v1/admin/sources/new", `{"active":"perhaps"}`, 422, "", `"field":"active"`},
		{"put source with wrong settings", "PUT", "/v1/admin/sources/new", `{"settings":[]}`, 422, "", `"field":"settings"`},
		{"put source by POST, as a form", "POST", "/v1/admin/sources/new", "kind=generic&settings[x]=1", 200, "test put source new", `"slug":"new"`},
		{"delete source", "DELETE", "/v1/admin/sources/office", "", 204, "test delete source office", ""},
		{"rotate source", "POST", "/v1/admin/sources/office/rotate", "", 200, "test rotate office", `"hook_url"`},
		{"kinds", "GET", "/v1/admin/source-kinds", "", 200, "", `"kind":"asterisk-http"`},

		{"users", "GET", "/v1/admin/users", "", 200, "", `"login":"петрова"`},
		{"user", "GET", "/v1/admin/users/ivanov", "", 200, "", `"extensions":[{"source":"office","number":"101"}]`},
		{"user with a Russian login", "GET", "/v1/admin/users/%D0%BF%D0%B5%D1%82%D1%80%D0%BE%D0%B2%D0%B0", "", 200, "", `"external_id":null`},
		{"unknown user", "GET", "/v1/admin/users/nobody", "", 404, "", "no user"},
		{"put user", "PUT", "/v1/admin/users/a%2Fb", `{"name":"A"}`, 200, "test put user a/b", `"login":"ivanov"`},
		{"put user with a wrong switch", "PUT", "/v1/admin/users/x", `{"quiet":5}`, 422, "", `"field":"quiet"`},
		{"put user by POST", "POST", "/v1/admin/users/x", `{"name":"A"}`, 200, "test put user x", ""},
		{"delete user", "DELETE", "/v1/admin/users/ivanov", "", 204, "test delete user ivanov", ""},
		{"user's tokens", "GET", "/v1/admin/users/ivanov/tokens", "", 200, "", `"id":"3"`},
		{"tokens have no text", "GET", "/v1/admin/tokens", "", 200, "", `"revoked_at":null`},
		{"tokens, page", "GET", "/v1/admin/tokens?limit=2", "", 200, "", `"next":"2"`},
		{"tokens, last page", "GET", "/v1/admin/tokens?limit=2&after=2", "", 200, "", `"next":null`},
		{"tokens, wrong cursor", "GET", "/v1/admin/tokens?after=x", "", 422, "", `"field":"after"`},
		{"token", "GET", "/v1/admin/tokens/1", "", 200, "", `"user":"ivanov"`},
		{"unknown token", "GET", "/v1/admin/tokens/99", "", 404, "", "no token"},
		{"token that is no number", "DELETE", "/v1/admin/tokens/x", "", 404, "", "nothing with this id"},
		{"new token", "POST", "/v1/admin/users/ivanov/tokens", `{"name":"desk","scopes":["poll"]}`, 201, `test token of 1 "desk" [poll]`, `"token":"shown-once"`},
		{"new token of nobody", "POST", "/v1/admin/tokens", `{"scopes":"sync, publish"}`, 201, `test token of 0 "" [sync publish]`, `"expires_at":null`},
		{"new token of an unknown user", "POST", "/v1/admin/users/nobody/tokens", `{}`, 404, "", "no user"},
		{"new token with a wrong time", "POST", "/v1/admin/tokens", `{"scopes":["sync"],"expires_at":"soon"}`, 422, "", `"field":"expires_at"`},
		{"revoke token", "DELETE", "/v1/admin/tokens/2", "", 204, "test revoke 2", ""},

		{"extensions", "GET", "/v1/admin/extensions", "", 200, "", `{"items":[{"source":"office","extension":"101","user":"ivanov","users":[],"mode":null,"today":null}],"next":null}`},
		{"extensions of another", "GET", "/v1/admin/extensions?user=%D0%BF%D0%B5%D1%82%D1%80%D0%BE%D0%B2%D0%B0", "", 200, "", `{"items":[],"next":null}`},
		{"extensions of an unknown source", "GET", "/v1/admin/extensions?source=x", "", 422, "", `"field":"source"`},
		{"extension", "GET", "/v1/admin/extensions/office/101", "", 200, "", `"user":"ivanov"`},
		{"extension of nobody", "GET", "/v1/admin/extensions/office/102", "", 404, "", "nobody has"},
		{"put extension", "PUT", "/v1/admin/extensions/office/LOGIN%3AIvanov", `{"user":"u-1"}`, 200, "test map office/LOGIN:Ivanov to 1", `"extension":"login:ivanov"`},
		{"put extension of an unknown source", "PUT", "/v1/admin/extensions/x/101", `{"user":"u-1"}`, 404, "", "no source"},
		{"put extension for nobody", "PUT", "/v1/admin/extensions/office/101", `{}`, 422, "", `"field":"user"`},
		{"put extension for an unknown user", "PUT", "/v1/admin/extensions/office/101", `{"user":"nobody"}`, 422, "", `"field":"user"`},
		{"put extension by POST", "POST", "/v1/admin/extensions/office/7", "user=u-1", 200, "test map office/7 to 1", ""},
		{"share extension", "PUT", "/v1/admin/extensions/office/8", `{"users":["ivanov","петрова"],"mode":"all"}`, 200, "test share office/8 all [1 2]", ""},
		{"share extension, by POST, as a form", "POST", "/v1/admin/extensions/office/8", "users=ivanov&users=петрова", 200, "test share office/8 check_in [1 2]", ""},
		{"share extension among nobody", "PUT", "/v1/admin/extensions/office/8", `{"users":[]}`, 422, "", `"field":"users"`},
		{"share extension with an unknown user", "PUT", "/v1/admin/extensions/office/8", `{"users":["ivanov","nobody"]}`, 422, "", `"field":"users[1]"`},
		{"share extension in no known way", "PUT", "/v1/admin/extensions/office/8", `{"users":["ivanov"],"mode":"some"}`, 422, "", `"field":"mode"`},
		{"extension of one and of several", "PUT", "/v1/admin/extensions/office/8", `{"user":"ivanov","users":["u-2"]}`, 422, "", `"field":"users"`},
		{"extension as it was read", "PUT", "/v1/admin/extensions/office/8", `{"user":"ivanov","users":[],"mode":null,"today":null}`, 200, "test map office/8 to 1", ""},
		{"a way to share without users", "PUT", "/v1/admin/extensions/office/8", `{"user":"ivanov","mode":"all"}`, 422, "", `"field":"users"`},
		{"extension requests", "GET", "/v1/admin/extension-requests", "", 200, "", `"next":null`},
		{"refuse extension requests", "DELETE", "/v1/admin/extension-requests/office/8", "", 204, "test refuse office/8", ""},
		{"delete extension", "DELETE", "/v1/admin/extensions/office/101", "", 204, "test map office/101 to 0", ""},
		{"delete extension of nobody", "DELETE", "/v1/admin/extensions/office/102", "", 404, "", "nobody has"},

		{"groups", "GET", "/v1/admin/groups", "", 200, "", `{"items":[{"name":"sales","members":["ivanov","петрова"]}],"next":null}`},
		{"group", "GET", "/v1/admin/groups/sales", "", 200, "", `"name":"sales"`},
		{"unknown group", "GET", "/v1/admin/groups/x", "", 404, "", "no group"},
		{"put group", "PUT", "/v1/admin/groups/sales", `{"members":["ivanov"]}`, 200, "test put group sales [ivanov]", `"members":["ivanov"]`},
		{"put empty group", "PUT", "/v1/admin/groups/sales", `{"members":[]}`, 200, "test put group sales []", ""},
		{"put group without members", "PUT", "/v1/admin/groups/sales", `{}`, 422, "", `"field":"members"`},
		{"put group by POST, as a form", "POST", "/v1/admin/groups/sales", "members=ivanov&members=u-2", 200, "test put group sales [ivanov u-2]", ""},
		{"delete group", "DELETE", "/v1/admin/groups/sales", "", 204, "test delete group sales", ""},

		{"contacts", "GET", "/v1/admin/contacts?phone=%2B79031234567", "", 200, "contacts of +79031234567", `"responsible":"nobody-yet"`},
		{"contacts of what", "GET", "/v1/admin/contacts", "", 422, "", `"field":"phone"`},

		{"notifications", "GET", "/v1/admin/notifications", "", 200, "", `"next":"n2"`},
		{"notifications of an unknown user", "GET", "/v1/admin/notifications?user=x", "", 422, "", `"field":"user"`},
		{"notifications in a strange state", "GET", "/v1/admin/notifications?state=x", "", 422, "", `"field":"state"`},
		{"notifications, no limit", "GET", "/v1/admin/notifications?limit=0", "", 422, "", `"field":"limit"`},
		{"process", "POST", "/v1/admin/notifications/9/process", "", 200, "test process 9 to 0;test audit notification.process 9", `"user":"ivanov"`},
		{"requeue", "POST", "/v1/admin/notifications/9/requeue", "", 200, "test requeue 9 to 0;test audit notification.requeue 9", ""},
		{"expire", "POST", "/v1/admin/notifications/9/expire", "", 200, "test expire 9 to 0;test audit notification.expire 9", ""},
		{"reassign", "POST", "/v1/admin/notifications/9/reassign", `{"user":"u-1"}`, 200, "test reassign 9 to 1;test audit notification.reassign 9 to ivanov", ""},
		{"reassign to nobody", "POST", "/v1/admin/notifications/9/reassign", `{}`, 422, "", `"field":"user"`},
		{"another action", "POST", "/v1/admin/notifications/9/explode", "", 404, "", `"code":"not_found"`},
		{"process no id", "POST", "/v1/admin/notifications/x/process", "", 404, "", `"code":"not_found"`},
		{"timeline", "GET", "/v1/admin/notifications/9/timeline", "", 200, "", `"rule":"ringing","rules_version":7,"reason":"extension 101 rings"`},

		{"webhooks", "GET", "/v1/admin/webhooks?source=office", "", 200, "", `"error":"event: is required"`},
		{"webhooks of a strange outcome", "GET", "/v1/admin/webhooks?outcome=x", "", 422, "", `"field":"outcome"`},
		{"webhook", "GET", "/v1/admin/webhooks/7", "", 200, "", `"body":"{\"event\":\"` + "\uFFFD" + `\"}"`},
		{"webhook's credentials stay in", "GET", "/v1/admin/webhooks/7", "", 200, "", `"headers":{"Content-Type":"application/json"}`},
		{"unknown webhook", "GET", "/v1/admin/webhooks/8", "", 404, "", "no such webhook"},
		{"raw webhook", "GET", "/v1/admin/webhooks/7/raw", "", 200, "", "POST /events?x=1 HTTP/1.1\nContent-Type: application/json\n\n{\"event\":"},
		{"replay", "POST", "/v1/admin/webhooks/7/replay", "", 200, "test replay 7;test audit webhook.replay 7 outcome failed", `{"id":"7","outcome":"failed","error":"no event"}`},
		{"refused", "GET", "/v1/admin/refused", "", 200, "", `{"items":[],"next":null}`},
		{"unrouted, newest first", "GET", "/v1/admin/unrouted", "", 200, "", `{"items":[{"source":null,"extension":"106","count":1,`},
		{"unrouted since when", "GET", "/v1/admin/unrouted?since=yesterday", "", 422, "", `"field":"since"`},
		{"calls", "GET", "/v1/admin/calls", "", 200, "", `"next":"c2"`},
		{"call", "GET", "/v1/admin/calls/77", "", 200, "", `"id":"77"`},
		{"unknown call", "GET", "/v1/admin/calls/78", "", 404, "", "no such call"},
		{"stats", "GET", "/v1/admin/stats", "", 200, "", `"oldest_pending":"2026-11-23T10:42:02.000Z"`},
		{"audit", "GET", "/v1/admin/audit", "", 200, "", `"from":null`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			e, _ := setupSurface(t, f)
			headers := []string{asAdmin}
			if tt.body != "" && !strings.HasPrefix(tt.body, "{") {
				headers = append(headers, "Content-Type:") // as 1C leaves it out
			}
			rec := call(t, e, tt.method, tt.target, tt.body, headers...)
			body := rec.Body.String()
			if rec.Code != tt.status || !strings.Contains(body, tt.answer) {
				t.Errorf("status %d, body %s\nwant %d with %s", rec.Code, body, tt.status, tt.answer)
			}
			if got := strings.Join(f.did, ";"); got != tt.did {
				t.Errorf("did %q, want %q", got, tt.did)
			}
			for _, secret := range []string{"MfKQ9r8G", "c2VjcmV0", "hash-", "sealed", `"secret":"`} {
				if strings.Contains(body, secret) {
					t.Errorf("the answer tells a secret (%s): %s", secret, body)
				}
			}
		})
	}
}

func TestAdminNeedsItsScope(t *testing.T) {
	e, _ := setupSurface(t, newSetupFakes())
	for _, r := range e.Routes() {
		scope, ok := map[string]string{"/v1/admin": "admin", "/v1/sync/": "sync"}[prefixOf(r.Path)]
		if !ok || r.Method == "echo_route_not_found" {
			continue
		}
		for token, want := range map[string]int{"": 401, "wrong": 401, ivanovToken: 403, publishToken: 403} {
			if rec := call(t, e, r.Method, strings.ReplaceAll(r.Path, ":", "x"), "", "Authorization: Bearer "+token); rec.Code != want {
				t.Errorf("%s %s (scope %s) with %q: status %d, want %d", r.Method, r.Path, scope, token, rec.Code, want)
			}
		}
	}
}

func prefixOf(path string) string {
	for _, p := range []string{"/v1/admin", "/v1/sync/"} {
		if strings.HasPrefix(path, p) {
			return p
		}
	}
	return ""
}

func TestUseCasesErrorsReachTheCaller(t *testing.T) {
	for _, x := range exchanges() {
		isSetup := prefixOf(x.target) != "" || x.header == asPublish
		inMemory := x.method == "GET" && (strings.Contains(x.target, "source") || strings.Contains(x.target, "/users") || strings.Contains(x.target, "/tokens") ||
			strings.Contains(x.target, "/extension") || strings.Contains(x.target, "/groups") || x.target == "/v1/admin/rules" || strings.Contains(x.target, "/refused"))
		if !isSetup || inMemory && !strings.Contains(x.target, "/calls") && !strings.Contains(x.target, "/notifications") || x.status >= 300 {
			continue
		}
		t.Run(x.method+" "+x.target, func(t *testing.T) {
			f := newSetupFakes()
			f.err = models.Away(&models.Error{Message: "dial tcp 10.0.0.5"})
			e, _ := setupSurface(t, f)
			rec := call(t, e, x.method, x.target, x.body, headersOf(x)...)
			if rec.Code != 503 || strings.Contains(rec.Body.String(), "10.0.0.5") {
				t.Errorf("status %d, body %s; want 503 without the cause", rec.Code, rec.Body)
			}
		})
	}
}

func TestPutSourceTellsNullFromAbsent(t *testing.T) {
	f := newSetupFakes()
	e, _ := setupSurface(t, f)
	call(t, e, "PUT", "/v1/admin/sources/office", `{"kind":"generic","name":"Office","secret":null,"timezone":null,"group":null,"outgoing":false,"settings":{"n":1,"l":["a"]}}`, asAdmin)
	kind, name, none, no := "generic", "Office", "", false
	want := models.SourceInput{Kind: &kind, Name: &name, Timezone: &none, Group: &none, Outgoing: &no, Settings: map[string]any{"n": int64(1), "l": []any{"a"}}}
	if len(f.sources) != 1 || !reflect.DeepEqual(f.sources[0], want) {
		t.Errorf("asked for %+v, want %+v", f.sources, want)
	}
}

func TestHookURL(t *testing.T) {
	for _, tt := range []struct {
		name    string
		change  func(*Deps)
		headers []string
		want    string
	}{
		{"from the request", func(*Deps) {}, nil, "http://example.com/hooks/office/"},
		{"configured", func(d *Deps) { d.PublicURL = "https://crm.example/z/" }, []string{"X-Forwarded-Host: evil.example"}, "https://crm.example/z/hooks/office/"},
		{"from a trusted proxy", func(d *Deps) { d.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} }, []string{"X-Forwarded-Host: pbx.example", "X-Forwarded-Proto: https"}, "https://pbx.example/hooks/office/"},
		{"a stranger's headers", func(*Deps) {}, []string{"X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https"}, "http://example.com/hooks/office/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, _ := setupSurface(t, newSetupFakes(), tt.change)
			rec := call(t, e, "GET", "/v1/admin/sources/office", "", append([]string{asAdmin}, tt.headers...)...)
			if !strings.Contains(rec.Body.String(), `"hook_url":"`+tt.want) {
				t.Errorf("answer %s, want the address %s", rec.Body, tt.want)
			}
		})
	}
}
