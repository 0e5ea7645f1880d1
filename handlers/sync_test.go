package handlers

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"zummer/models"
)

func TestSyncUsers(t *testing.T) {
	one := []models.SyncUser{{ExternalID: "u-1", Login: "ivanov", Name: "Иванов", Group: "sales", Extensions: []models.SyncExtension{{Number: "101"}, {Number: "102"}, {Source: "office", Number: "103"}}}}
	const user = `{"external_id":"u-1","login":"ivanov","name":"Иванов","group":"sales","extensions":["101",102,{"source":"office","number":"103"}]}`
	for _, tt := range []struct {
		name, target, body string
		status             int
		want               []models.SyncUser
		did                string
	}{
		{"object", "/v1/sync/users", `{"users":[` + user + `],"full":true}`, 200, one, "test sync 1 full=true"},
		{"object, partial", "/v1/sync/users", `{"users":[` + user + `]}`, 200, one, "test sync 1 full=false"},
		{"bare list", "/v1/sync/users", `[` + user + `]`, 200, one, "test sync 1 full=false"},
		{"bare list, full", "/v1/sync/users?full=true", "\xef\xbb\xbf [" + user + "]", 200, one, "test sync 1 full=true"},
		{"without extensions they stay", "/v1/sync/users", `[{"external_id":"u-1","login":"ivanov"}]`, 200, []models.SyncUser{{ExternalID: "u-1", Login: "ivanov"}}, "test sync 1 full=false"},
		{"no extensions", "/v1/sync/users", `[{"external_id":"u-1","login":"ivanov","extensions":[]}]`, 200, []models.SyncUser{{ExternalID: "u-1", Login: "ivanov", Extensions: []models.SyncExtension{}}}, "test sync 1 full=false"},
		{"empty list", "/v1/sync/users", `[]`, 200, []models.SyncUser{}, "test sync 0 full=false"},
		{"no users", "/v1/sync/users", `{"full":true}`, 422, nil, ""},
		{"wrong type", "/v1/sync/users", `{"users":[{"login":5}]}`, 422, nil, ""},
		{"wrong extension", "/v1/sync/users", `[{"extensions":[true]}]`, 422, nil, ""},
		{"extension without a number", "/v1/sync/users", `[{"extensions":[{"source":"office"}]}]`, 422, nil, ""},
		{"no JSON", "/v1/sync/users", `[`, 400, nil, ""},
		{"wrong full", "/v1/sync/users?full=perhaps", `[]`, 422, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			e, _ := setupSurface(t, f)
			rec := call(t, e, "POST", tt.target, tt.body, asSync)
			if rec.Code != tt.status {
				t.Fatalf("status %d, want %d: %s", rec.Code, tt.status, rec.Body)
			}
			if !reflect.DeepEqual(f.synced, tt.want) {
				t.Errorf("users %+v, want %+v", f.synced, tt.want)
			}
			if got := strings.Join(f.did, ";"); got != tt.did {
				t.Errorf("did %q, want %q", got, tt.did)
			}
		})
	}
}

// Users as a form, and as lines when they are too many for one body.
func TestSyncUsersAsFormAndLines(t *testing.T) {
	const form, lines = "Content-Type: application/x-www-form-urlencoded", "Content-Type: application/x-ndjson; charset=utf-8"
	user := func(n int) string {
		return fmt.Sprintf(`{"external_id":"u-%d","login":"Иванов %d","extensions":[]}`, n, n)
	}
	many := strings.Builder{}
	for n := range 2000 {
		many.WriteString(user(n) + "\r\n")
	}
	for _, tt := range []struct {
		name, target, contentType, body string
		status                          int
		did, answer                     string
	}{
		{"a form", "/v1/sync/users", form, "full=%D0%98%D1%81%D1%82%D0%B8%D0%BD%D0%B0&users=" + url.QueryEscape("["+user(1)+"]"), 200, "test sync 1 full=true", ""},
		{"a form without its type", "/v1/sync/users?full=1", "Content-Type:", "users=" + url.QueryEscape("["+user(1)+"]"), 200, "test sync 1 full=true", ""},
		{"a form without users", "/v1/sync/users", form, "a=b", 422, "", `"field":"users"`},
		{"a form of nothing in particular", "/v1/sync/users", form, "users=ivanov", 400, "", "no valid JSON"},
		{"an object, full in the query", "/v1/sync/users?full=1", "Content-Type: application/json", `{"users":[]}`, 200, "test sync 0 full=true", ""},
		{"an object that says no", "/v1/sync/users?full=1", "Content-Type: application/json", `{"users":[],"full":false}`, 200, "test sync 0 full=false", ""},
		{"lines, more than 64 KiB", "/v1/sync/users?full=true", lines, "\xef\xbb\xbf" + many.String(), 200, "test sync 2000 full=true", ""},
		{"lines, the last without its end", "/v1/sync/users", lines, user(1) + "\n\n" + user(2), 200, "test sync 2 full=false", ""},
		{"no lines", "/v1/sync/users", lines, "", 200, "test sync 0 full=false", ""},
		{"a bad line", "/v1/sync/users?full=true", lines, user(1) + "\n{oops\n", 400, "", "line 2: "},
		{"a line of a wrong type", "/v1/sync/users", lines, user(1) + "\n" + `{"login":5}` + "\n", 422, "", "line 2: login"},
		{"a line over 16 KiB", "/v1/sync/users", lines, user(1) + "\n" + `{"name":"` + strings.Repeat("x", 16<<10) + `"}`, 413, "", "line 2 is longer"},
		{"too many lines", "/v1/sync/users", lines, strings.Repeat("{}\n", 20_001), 422, "", `"field":"users"`},
		{"lines, wrong full", "/v1/sync/users?full=perhaps", lines, user(1), 422, "", `"field":"full"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			e, _ := setupSurface(t, f)
			rec := call(t, e, "POST", tt.target, tt.body, asSync, tt.contentType)
			if rec.Code != tt.status || !strings.Contains(rec.Body.String(), tt.answer) {
				t.Errorf("status %d, body %s; want %d with %s", rec.Code, rec.Body, tt.status, tt.answer)
			}
			if got := strings.Join(f.did, ";"); got != tt.did {
				t.Errorf("did %q, want %q", got, tt.did)
			}
		})
	}
}

func TestSyncSingle(t *testing.T) {
	for _, tt := range []struct {
		name, method, target, body string
		status                     int
		did, answer                string
	}{
		{"token", "POST", "/v1/sync/users/u-1/token", `{"ttl_s":43200}`, 201, "test token for u-1 12h0m0s", `"token":"for-today"`},
		{"token without a body", "POST", "/v1/sync/users/u%2F1/token", "", 201, "test token for u/1 0s", `"scopes":["poll"]`},
		{"token for ever", "POST", "/v1/sync/users/u-1/token", `{"ttl_s":604801}`, 422, "", `"field":"ttl_s"`},
		{"contact", "PUT", "/v1/sync/contacts/k%201", `{"phones":["+7903"],"seq":7}`, 200, "test put contact k 1", `{"external_id":"k 1","stored":true}`},
		{"contact by POST", "POST", "/v1/sync/contacts/k-1", `{"phones":[],"seq":1}`, 200, "test put contact k-1", `"stored":false`},
		{"contact of a wrong type", "PUT", "/v1/sync/contacts/k-1", `{"phones":"+7903"}`, 422, "", `"field":"phones"`},
		{"contact is deleted", "DELETE", "/v1/sync/contacts/k-1", "", 204, "test delete contact k-1", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			e, _ := setupSurface(t, f)
			rec := call(t, e, tt.method, tt.target, tt.body, asSync)
			if rec.Code != tt.status || !strings.Contains(rec.Body.String(), tt.answer) {
				t.Errorf("status %d, body %s; want %d with %s", rec.Code, rec.Body, tt.status, tt.answer)
			}
			if got := strings.Join(f.did, ";"); got != tt.did {
				t.Errorf("did %q, want %q", got, tt.did)
			}
		})
	}
}

func TestImportContacts(t *testing.T) {
	var lines strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&lines, `{"external_id":"k-%d","name":"ООО Ромашка"}`+"\n", i)
	}
	for _, tt := range []struct {
		name, target, contentType, encoding string
		status                              int
		did                                 string
	}{
		{"more than 64 KiB", "/v1/sync/contacts", "application/x-ndjson", "", 200, "test import full=false"},
		{"full", "/v1/sync/contacts?mode=full", "application/json", "", 200, "test import full=true"},
		{"as curl sends it", "/v1/sync/contacts?mode=partial", "application/x-www-form-urlencoded", "", 200, "test import full=false"},
		{"unknown mode", "/v1/sync/contacts?mode=all", "application/x-ndjson", "", 422, ""},
		{"as a file of a form", "/v1/sync/contacts", "multipart/form-data; boundary=x", "", 415, ""},
		{"packed", "/v1/sync/contacts", "application/x-ndjson", "gzip", 415, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			e, _ := setupSurface(t, f)
			rec := call(t, e, "POST", tt.target, lines.String(), asSync, "Content-Type:", "Content-Type: "+tt.contentType, "Content-Encoding: "+tt.encoding)
			if rec.Code != tt.status {
				t.Fatalf("status %d, want %d: %s", rec.Code, tt.status, rec.Body)
			}
			if got := strings.Join(f.did, ";"); got != tt.did {
				t.Errorf("did %q, want %q", got, tt.did)
			}
			if tt.status == 200 && f.imported != lines.String() {
				t.Errorf("%d bytes arrived of %d", len(f.imported), lines.Len())
			}
		})
	}
}

func TestSyncCallsWaits(t *testing.T) {
	for _, tt := range []struct {
		name     string
		query    string
		after    int // looks until something has changed; 0: never
		took     time.Duration
		next     string
		draining bool
	}{
		{name: "no wait", query: "?after=c1", took: 0, next: `"next":"c1"`},
		{name: "nothing happens", query: "?after=c1&wait=10", took: 10 * time.Second, next: `"next":"c1"`},
		{name: "longer than allowed", query: "?wait=1000", took: 50 * time.Second, next: `"next":null`},
		{name: "a change while it waits", query: "?after=c1&wait=10", after: 4, took: 1500 * time.Millisecond, next: `"id":"77"`},
		{name: "a service that stops", query: "?after=c1&wait=10", took: 0, draining: true, next: `"next":"c1"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newSetupFakes()
				looks := 0
				f.changes = func(q models.CallQuery) []models.Call {
					if looks++; !q.Changes {
						t.Error("the query does not ask for changes")
					}
					if looks == tt.after {
						return []models.Call{exampleCall()}
					}
					return nil
				}
				e, _ := setupSurface(t, f, func(d *Deps) { d.Draining = func() bool { return tt.draining } })
				began := time.Now()
				rec := call(t, e, "GET", "/v1/sync/calls"+tt.query, "", asSync)
				if rec.Code != 200 || !strings.Contains(rec.Body.String(), tt.next) {
					t.Errorf("status %d, body %s; want 200 with %s", rec.Code, rec.Body, tt.next)
				}
				if took := time.Since(began); took != tt.took {
					t.Errorf("took %s, want %s", took, tt.took)
				}
			})
		})
	}
}

func TestSyncCallsEndsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newSetupFakes()
		f.changes = func(models.CallQuery) []models.Call { return nil }
		e, _ := setupSurface(t, f)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		req := httptest.NewRequestWithContext(ctx, http.MethodGet, "/v1/sync/calls?wait=40", nil)
		req.Header.Set("Authorization", "Bearer "+syncToken)
		began := time.Now()
		e.ServeHTTP(httptest.NewRecorder(), req)
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("took %s after its client left at 2 s", took)
		}
	})
}
