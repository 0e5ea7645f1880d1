package handlers

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var seenField = regexp.MustCompile(`name="seen" value="([0-9a-f]+)"`)

// TestFormsOfTwoAdministrators: whoever saves a form that was opened before
// somebody else saved his is told so; the other one's change is not lost.
func TestFormsOfTwoAdministrators(t *testing.T) {
	for _, tt := range []struct {
		name, target string
		form         url.Values
		other        func(f *setupFakes)
	}{
		{"a user", "/admin/users/ivanov", url.Values{"name": {"I"}, "pop_on": {"ringing"}}, func(f *setupFakes) { f.dir.Users[1].ExternalID = "other" }},
		{"a source", "/admin/sources/office", url.Values{"name": {"O"}, "active": {"on"}}, func(f *setupFakes) { f.dir.Sources[5].Region = "KZ" }},
		{"an administrator", "/admin/administrators/viewer", url.Values{"name": {"V"}, "role": {"viewer"}, "active": {"on"}}, func(f *setupFakes) { f.admins.admins[2].Active = false }},
	} {
		for _, moved := range []bool{false, true} {
			f := newSetupFakes()
			e, _ := setupSurface(t, f)
			m := seenField.FindStringSubmatch(call(t, e, "GET", tt.target, "", asBrowser).Body.String())
			if m == nil {
				t.Fatalf("%s: the form does not say from what it was filled", tt.name)
			}
			want := 303
			if moved {
				tt.other(f)
				want = 422
			}
			tt.form.Set("seen", m[1])
			rec := postForm(t, e, tt.target+"?lang=en", tt.form)
			if rec.Code != want || moved && (len(f.did)+len(f.admins.did) > 0 || !strings.Contains(rec.Body.String(), "somebody else has changed this meanwhile")) {
				t.Errorf("%s, changed meanwhile %t: status %d, did %v %v: %s", tt.name, moved, rec.Code, f.did, f.admins.did, rec.Body)
			}
		}
	}
}
