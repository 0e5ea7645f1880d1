package handlers

import (
	"net/url"
	"strings"
	"testing"
)

// TestSetupIsStrict: the set-up side refuses a field that it does not know, by
// its name, in JSON and in forms: a misspelled one must not be taken for an
// absent one, which goes back to its default. What a GET shows may be put back.
func TestSetupIsStrict(t *testing.T) {
	const form = "Content-Type: application/x-www-form-urlencoded"
	calls := []struct{ method, target, body, form, header string }{
		{"PUT", "/v1/admin/sources/office", `{"kind":"generic"`, "kind=generic&settings.phones=1&settings[trunks]=2", asAdmin},
		{"POST", "/v1/admin/sources/office", `{"kind":"generic"`, "kind=generic", asAdmin},
		{"PUT", "/v1/admin/users/ivanov", `{"name":"И"`, "name=I", asAdmin},
		{"POST", "/v1/admin/users/ivanov/tokens", `{"scopes":["poll"]`, "scopes[]=poll&scopes[]=dial", asAdmin},
		{"POST", "/v1/admin/tokens", `{"scopes":["sync"]`, "scopes=sync", asAdmin},
		{"PUT", "/v1/admin/extensions/office/101", `{"user":"ivanov"`, "user=ivanov", asAdmin},
		{"PUT", "/v1/admin/groups/sales", `{"members":["ivanov"]`, "members=ivanov&members=ivanov", asAdmin},
		{"POST", "/v1/admin/notifications/9/reassign", `{"user":"ivanov"`, "user=ivanov", asAdmin},
		{"POST", "/v1/sync/users", `{"users":[]`, "users=[]&full=0", asSync},
		{"POST", "/v1/sync/users/u-1/token", `{"ttl_s":60`, "ttl_s=60", asSync},
		{"PUT", "/v1/sync/contacts/k-1", `{"phones":["+79031234567"]`, "phones=%2B79031234567&client.type=T&interests=[]", asSync},
	}
	for _, c := range calls {
		for _, tt := range []struct {
			name, body, typ string
			field           string // refused; "": taken
		}{
			{"JSON", c.body + `}`, "", ""},
			{"JSON with another field", c.body + `,"colour":"red"}`, "", "colour"},
			{"JSON with another field that is null", c.body + `,"nmae":null}`, "", "nmae"},
			{"a form", c.form, form, ""},
			{"a form with another field", c.form + "&colour=red", form, "colour"},
			{"a form with a part of another field", c.form + "&colour[a]=red", form, "colour"},
			{"a form with a field in Russian", c.form + "&" + url.QueryEscape("цвет") + "=red", form, "цвет"},
		} {
			t.Run(c.method+" "+c.target+" "+tt.name, func(t *testing.T) {
				f := newSetupFakes()
				e, _ := setupSurface(t, f)
				headers := []string{c.header}
				if tt.typ != "" {
					headers = append(headers, tt.typ)
				}
				rec := call(t, e, c.method, c.target+"?unknown=parameter", tt.body, headers...)
				if tt.field == "" {
					if rec.Code/100 != 2 {
						t.Errorf("%d %s, want it taken", rec.Code, rec.Body)
					}
					return
				}
				if p := problemIn(t, rec); rec.Code != 422 || len(p.Errors) != 1 || p.Errors[0].Field != tt.field || len(f.did) > 0 {
					t.Errorf("%d %s, did %v; want 422 of %s", rec.Code, rec.Body, f.did, tt.field)
				}
			})
		}
	}
}

// TestWhatWasReadMayBePutBack: the body of a GET is a body of the PUT beside it,
// but it names the same thing.
func TestWhatWasReadMayBePutBack(t *testing.T) {
	for _, tt := range []struct{ target, change, to, field string }{
		{"/v1/admin/sources/office", `"slug":"office"`, `"slug":"other"`, "slug"},
		{"/v1/admin/users/ivanov", `"login":"ivanov"`, `"login":"petrov"`, "login"},
		{"/v1/admin/users/ivanov", `"number":"101"`, `"number":"109"`, "extensions"},
		{"/v1/admin/groups/sales", `"name":"sales"`, `"name":"service"`, "name"},
		{"/v1/admin/extensions/office/101", `"extension":"101"`, `"extension":"102"`, "extension"},
		{"/v1/admin/extensions/office/101", `"source":"office"`, `"source":"branch"`, "source"},
	} {
		t.Run(tt.target+" "+tt.field, func(t *testing.T) {
			f := newSetupFakes()
			e, _ := setupSurface(t, f)
			body := call(t, e, "GET", tt.target, "", asAdmin).Body.String()
			if rec := call(t, e, "PUT", tt.target, body, asAdmin); rec.Code != 200 {
				t.Errorf("as it was read: %d %s", rec.Code, rec.Body)
			}
			if !strings.Contains(body, tt.change) {
				t.Fatalf("the body %s has no %s", body, tt.change)
			}
			rec := call(t, e, "PUT", tt.target, strings.Replace(body, tt.change, tt.to, 1), asAdmin)
			if p := problemIn(t, rec); rec.Code != 422 || len(p.Errors) != 1 || p.Errors[0].Field != tt.field {
				t.Errorf("with %s: %d %s, want 422 of %s", tt.to, rec.Code, rec.Body, tt.field)
			}
		})
	}
	f := newSetupFakes()
	e, _ := setupSurface(t, f)
	if rec := call(t, e, "PUT", "/v1/sync/contacts/k-1", `{"external_id":"k-1","phones":["+79031234567"]}`, asSync); rec.Code != 200 {
		t.Errorf("a contact with its own id, as a line of an import has it: %d %s", rec.Code, rec.Body)
	}
	if rec := call(t, e, "PUT", "/v1/sync/contacts/k-1", `{"external_id":"k-2","phones":["+79031234567"]}`, asSync); rec.Code != 422 {
		t.Errorf("a contact with another id: %d %s", rec.Code, rec.Body)
	}
}
