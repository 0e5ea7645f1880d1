package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// TestErrorCodes asks for every error of contract §6 that one request can
// cause, and finds the picture of nobody changed.
func TestErrorCodes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		whoAreYou(t, s)
		errorsInTheFormat(t, s)
		admin := apptest.AdminToken
		own := s.published(`{"user":"ivanov","kind":"note","title":"his"}`)
		if a := s.Do("POST", s.hook, "", `{"event":"ringing","call":"hers","extension":"102"}`); a.Status != 200 {
			t.Fatalf("webhook: %d", a.Status)
		}
		call := s.Admin("GET", "/v1/admin/calls", nil)["items"].([]any)[0].(map[string]any)["id"].(string)
		big := `{"user":"ivanov","kind":"note","title":"` + strings.Repeat("x", 64<<10) + `"}`
		before := map[string]string{s.ivanov: s.Poll(s.ivanov, "").Version, s.petrova: s.Poll(s.petrova, "").Version}
		for _, tt := range []struct {
			name, method, path, token string
			body                      any
			headers                   []string
			status                    int
			code, field               string
		}{
			{"no token", "GET", "/v1/notifications", "", nil, nil, 401, "unauthorized", ""},
			{"a wrong token", "GET", "/v1/notifications", "nobody-has-this-token", nil, nil, 401, "unauthorized", ""},
			{"no token at the administration", "GET", "/v1/admin/users", "", nil, nil, 401, "unauthorized", ""},
			{"a token that is no text", "GET", "/v1/notifications", "\xff\xfe", nil, nil, 401, "unauthorized", ""},
			{"another scope", "POST", "/v1/notifications", s.ivanov, `{"user":"ivanov","kind":"note"}`, nil, 403, "forbidden", ""},
			{"another scope, administration", "GET", "/v1/admin/users", s.sync, nil, nil, 403, "forbidden", ""},
			{"another scope, synchronisation", "PUT", "/v1/sync/contacts/1", s.publish, `{}`, nil, 403, "forbidden", ""},
			{"a token without a user polls", "GET", "/v1/notifications", s.publish, nil, nil, 403, "forbidden", ""},
			{"a relay that names nobody", "GET", "/v1/notifications", s.relay, nil, nil, 403, "no_user", ""},
			{"a relay that names a stranger", "GET", "/v1/notifications", s.relay, nil, []string{"X-Zummer-User", "stranger"}, 404, "unknown_user", ""},
			{"nothing is there", "GET", "/v1/nothing", s.ivanov, nil, nil, 404, "not_found", ""},
			{"a colleague's notification", "PUT", "/v1/notifications/" + s.foreignID + "/processed", s.ivanov, `{"rev":1}`, nil, 404, "not_found", ""},
			{"a colleague's call", "GET", "/v1/calls/" + call, s.ivanov, nil, nil, 404, "not_found", ""},
			{"an id that is none", "PUT", "/v1/notifications/1%20OR%201=1/processed", s.ivanov, `{"rev":1}`, nil, 404, "not_found", ""},
			{"an id out of range", "PUT", "/v1/notifications/99999999999999999999/processed", s.ivanov, `{"rev":1}`, nil, 404, "not_found", ""},
			{"no such source", "GET", "/v1/admin/sources/nowhere", admin, nil, nil, 404, "not_found", ""},
			{"another method", "DELETE", "/v1/notifications", s.ivanov, nil, nil, 405, "method_not_allowed", ""},
			{"a version of another epoch", "POST", "/v1/notifications/ack-all", s.ivanov, `{"version":"zzz.5"}`, nil, 409, "moved_on", ""},
			{"a version that is none", "POST", "/v1/notifications/ack-all", s.ivanov, `{"version":"'; --"}`, nil, 409, "moved_on", ""},
			{"a body over 64 KiB", "POST", "/v1/notifications", s.publish, big, nil, 413, "too_large", ""},
			{"a form over 64 KiB", "POST", "/v1/notifications/poll", s.ivanov, "a=" + strings.Repeat("x", 64<<10), []string{"Content-Type", "application/x-www-form-urlencoded"}, 413, "too_large", ""},
			{"another type", "POST", "/v1/notifications", s.publish, "a,b", []string{"Content-Type", "text/csv"}, 415, "unsupported_type", ""},
			{"another charset", "POST", "/v1/notifications", s.publish, `{}`, []string{"Content-Type", "application/json; charset=windows-1251"}, 415, "unsupported_type", ""},
			{"compressed", "POST", "/v1/notifications", s.publish, "\x1f\x8b", []string{"Content-Encoding", "gzip"}, 415, "unsupported_type", ""},
			{"users as a picture", "POST", "/v1/sync/users", s.sync, "a=b", []string{"Content-Type", "image/png"}, 415, "unsupported_type", ""},
			{"users over 64 KiB", "POST", "/v1/sync/users", s.sync, big, nil, 413, "too_large", ""},
			{"a line of users over 16 KiB", "POST", "/v1/sync/users", s.sync, big, []string{"Content-Type", "application/x-ndjson"}, 413, "too_large", ""},
			{"broken JSON", "POST", "/v1/notifications", s.publish, `{"user":`, nil, 400, "malformed", ""},
			{"two values", "POST", "/v1/notifications", s.publish, `{} {}`, nil, 400, "malformed", ""},
			{"a list for an object", "POST", "/v1/notifications", s.publish, `[]`, nil, 400, "malformed", ""},
			{"nested too deep", "POST", "/v1/notifications", s.publish, strings.Repeat("[", 20000), nil, 400, "malformed", ""},
			{"no kind", "POST", "/v1/notifications", s.publish, `{"user":"ivanov"}`, nil, 422, "invalid", "kind"},
			{"nobody by this name", "POST", "/v1/notifications", s.publish, `{"user":"stranger","kind":"note"}`, nil, 422, "invalid", "user"},
			{"nobody at this extension", "POST", "/v1/notifications", s.publish, `{"extension":{"source":"office","number":"999"},"kind":"note"}`, nil, 422, "invalid", "extension.number"},
			{"an address that runs", "POST", "/v1/notifications", s.publish, `{"user":"ivanov","kind":"note","object":{"url":"javascript:alert(1)"}}`, nil, 422, "invalid", "object.url"},
			{"a limit of nothing", "GET", "/v1/notifications?limit=0", s.ivanov, nil, nil, 422, "invalid", "limit"},
			{"a wait that is no number", "GET", "/v1/notifications?wait=long", s.ivanov, nil, nil, 422, "invalid", "wait"},
			{"an ack that is none", "GET", "/v1/notifications?ack=" + own, s.ivanov, nil, nil, 422, "invalid", "ack"},
			{"an ack without its rev", "PUT", "/v1/notifications/" + own + "/processed", s.ivanov, `{}`, nil, 422, "invalid", "rev"},
			{"a format nobody knows", "GET", "/v1/notifications?format=yaml", s.ivanov, nil, nil, 422, "invalid", "format"},
			{"a session with spaces", "GET", "/v1/notifications?session=a%20b", s.ivanov, nil, nil, 422, "invalid", "session"},
			{"a cursor that is none", "GET", "/v1/admin/webhooks?after=%27%22", admin, nil, nil, 422, "invalid", "after"},
			{"a kind nobody knows", "PUT", "/v1/admin/sources/new", admin, `{"kind":"carrier-pigeon"}`, nil, 422, "invalid", "kind"},
			{"a secret that is none", "PUT", "/v1/admin/sources/new", admin, `{"kind":"generic","secret":"short"}`, nil, 422, "invalid", "secret"},
			{"a member nobody knows", "PUT", "/v1/admin/groups/sales", admin, `{"members":["ivanov","stranger"]}`, nil, 422, "invalid", "members"},
			{"a scope nobody knows", "POST", "/v1/admin/users/ivanov/tokens", admin, `{"name":"x","scopes":["everything"]}`, nil, 422, "invalid", "scopes"},
		} {
			p := refused(t, tt.name, s.Do(tt.method, tt.path, tt.token, tt.body, tt.headers...), tt.status, tt.code)
			if list, _ := p["errors"].([]any); (tt.status == 422) != (len(list) > 0) {
				t.Errorf("%s: errors are %v", tt.name, p["errors"])
			} else if tt.field != "" {
				first := list[0].(map[string]any)
				if field, _ := first["field"].(string); !strings.HasPrefix(field, tt.field) || first["message"] == "" {
					t.Errorf("%s: errors are %v, want field %s", tt.name, list, tt.field)
				}
			}
		}
		for token, version := range before {
			if is := s.Poll(token, ""); is.Version != version {
				t.Errorf("refused requests changed a set: %+v", is.Rows)
			}
		}
		if a := s.Do("GET", "/v1/admin/sources/new", admin, nil); a.Status != 404 {
			t.Errorf("a refused source was made: %s", a.Body)
		}
	})
}

// whoAreYou: 401 asks for Basic, but not where a browser's script would
// make the browser ask its user.
func whoAreYou(t *testing.T, s *shop) {
	t.Helper()
	for _, path := range []string{"/v1/notifications", "/v1/me", "/v1/admin/users"} {
		if got := s.Do("GET", path, "", nil).Header.Get("WWW-Authenticate"); got != `Basic realm="Zummer"` {
			t.Errorf("%s: WWW-Authenticate %q", path, got)
		}
		if got := s.Do("GET", path, "", nil, "Origin", "https://crm.example").Header.Values("WWW-Authenticate"); len(got) != 0 {
			t.Errorf("%s with Origin: WWW-Authenticate %q", path, got)
		}
	}
	basic, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/v1/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	basic.SetBasicAuth("anything", s.ivanov)
	res, err := http.DefaultClient.Do(basic)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("the token as Basic's password: %d", res.StatusCode)
	}
}

// errorsInTheFormat: clients that read no JSON are told in one line.
func errorsInTheFormat(t *testing.T, s *shop) {
	t.Helper()
	for _, tt := range []struct {
		path, token, accept string
		status              int
		body                string
	}{
		{"/v1/notifications?format=xml", "", "", 401, `<e code="unauthorized" retry_s="0"/>`},
		{"/v1/notifications?format=text", "", "", 401, "E1\tunauthorized\t0\n"},
		{"/v1/notifications?format=xml&limit=no", s.ivanov, "", 422, `<e code="invalid" retry_s="0"/>`},
		{"/v1/notifications?format=text&limit=no", s.ivanov, "", 422, "E1\tinvalid\t0\n"},
		{"/v1/notifications", s.publish, "application/xml", 403, `<e code="forbidden" retry_s="0"/>`},
		{"/v1/notifications", s.publish, "text/plain", 403, "E1\tforbidden\t0\n"},
	} {
		a := s.Do("GET", tt.path, tt.token, nil, "Accept", tt.accept)
		if a.Status != tt.status || string(a.Body) != tt.body || !strings.Contains(a.Header.Get("Content-Type"), "charset=utf-8") {
			t.Errorf("%s %s = %d %q (%s), want %d %q", tt.path, tt.accept, a.Status, a.Body, a.Header.Get("Content-Type"), tt.status, tt.body)
		}
	}
}

// TestConflicts: two clients that fight for a session, one key for two
// publications, a row that is not pending any more.
func TestConflicts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		query := "wait=30&session=desk&version=" + s.Poll(s.ivanov, "").Version
		held := pollAsync(s.Instance, s.ivanov, query)
		waiting(t, s.Instance, 1)
		var a apptest.Answer
		began := time.Now()
		for n := 1; a.Status == 0; n++ {
			next := pollAsync(s.Instance, s.ivanov, query)
			select {
			case old := <-held:
				if old.Status != 200 || old.JSON(t)["state"] != "superseded" {
					t.Fatalf("a superseded poll = %d %s", old.Status, old.Body)
				}
				if took := time.Since(began); n > 3 && took < 10*time.Second || n > 30 {
					t.Fatalf("poll %d in %s was let in", n, took) // three in ten seconds are
				}
				held = next
			case a = <-next:
				if n < 4 {
					t.Fatalf("poll %d was refused: %d %s", n, a.Status, a.Body)
				}
			}
		}
		refused(t, "the fourth", a, 409, "session_conflict")
		if a.Header.Get("Retry-After") == "" {
			t.Error("session_conflict without Retry-After")
		}
		s.published(`{"user":"ivanov","kind":"note"}`) // lets the poll that won go
		if a := within(t, 60*time.Second, "the poll that won", held); a.Status != 200 || a.JSON(t)["state"] != "set" {
			t.Errorf("the poll that won = %d %s", a.Status, a.Body)
		}

		key := []string{"Idempotency-Key", "k-1"}
		note := `{"group":"sales","kind":"note","title":"once"}`
		ids := map[string]bool{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				a := s.Do("POST", "/v1/notifications", s.publish, note, key...)
				mu.Lock()
				defer mu.Unlock()
				switch a.Status {
				case 201:
					ids[fmt.Sprint(a.JSON(t)["items"].([]any)[0].(map[string]any)["id"])] = true
				case 409:
					refused(t, "while the first one runs", a, 409, "running")
				default:
					t.Errorf("publish = %d %s", a.Status, a.Body)
				}
			})
		}
		wg.Wait()
		if len(ids) != 1 {
			t.Errorf("one key made %v", ids)
		}
		refused(t, "the key of another request", s.Do("POST", "/v1/notifications", s.publish, `{"user":"ivanov","kind":"note"}`, key...), 422, "idempotency_mismatch")
		for _, token := range []string{s.ivanov, s.petrova} {
			if rows := s.Poll(token, "").Rows; len(rows) != 2 {
				t.Errorf("after 17 requests with one key: %+v", rows)
			}
		}

		s.Admin("POST", "/v1/admin/notifications/"+s.foreignID+"/process", nil)
		refused(t, "processed already", s.Do("POST", "/v1/admin/notifications/"+s.foreignID+"/expire", apptest.AdminToken, nil), 409, "moved_on")
	})
}
