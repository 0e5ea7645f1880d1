package handlers

import (
	"strings"
	"testing"

	"zummer/models"
)

// "This is my number today", as clients say it, 1C's included.
func TestMyExtension(t *testing.T) {
	const form = "Content-Type: application/x-www-form-urlencoded"
	for _, tt := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		did, want                string
	}{
		{"taken", "PUT", "", `{"source":"office","number":"101"}`, nil, 200, "me user 1 takes office/101", `"state":"taken","text":"Номер 101 сегодня ваш."`},
		{"a number that is a JSON number", "PUT", "", `{"number":101}`, nil, 200, "me user 1 takes /101", `"state":"taken"`},
		{"the administrator is asked", "PUT", "", `{"source":"office","number":"199"}`, nil, 202, "me user 1 takes office/199", `"state":"asked"`},
		{"POST with form fields", "POST", "", "source=office&number=101", []string{form}, 200, "me user 1 takes office/101", `"state":"taken"`},
		{"null: none", "PUT", "", `{"number":null}`, nil, 204, "me user 1 leaves /", ""},
		{"an empty form field: none", "POST", "", "source=office&number=", []string{form}, 204, "me user 1 leaves office/", ""},
		{"no number at all", "PUT", "", `{"source":"office"}`, nil, 422, "", `"field":"number"`},
		{"left", "DELETE", "?source=office&number=101", "", nil, 204, "me user 1 leaves office/101", ""},
		{"all left", "DELETE", "", "", nil, 204, "me user 1 leaves /", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			e, _ := setupSurface(t, f)
			rec := call(t, e, tt.method, "/v1/me/extension"+tt.path, tt.body, append(tt.headers, asIvanov)...)
			if rec.Code != tt.status || !strings.Contains(rec.Body.String(), tt.want) {
				t.Errorf("= %d %s\nwant %d with %s", rec.Code, rec.Body, tt.status, tt.want)
			}
			if got := strings.Join(f.did, "; "); got != tt.did {
				t.Errorf("did %q, want %q", got, tt.did)
			}
		})
	}
}

// A user sees on /v1/me which phones he shares and who has them; the
// administrator sees who asks for which.
func TestSharedPhonesAreShown(t *testing.T) {
	f := newSetupFakes()
	f.dir.Shared = map[models.ExtKey]*models.Extension{
		{SourceID: 5, Extension: "150"}: {SourceID: 5, Extension: "150", Mode: models.SharedCheckIn, Owners: []models.Owner{{UserID: 1}, {UserID: 2, CheckedInAt: at()}}},
		{SourceID: 5, Extension: "160"}: {SourceID: 5, Extension: "160", Mode: models.SharedAll, Owners: []models.Owner{{UserID: 1}}},
		{SourceID: 5, Extension: "170"}: {SourceID: 5, Extension: "170", Mode: models.SharedAll, Owners: []models.Owner{{UserID: 2}}},
	}
	f.dir.Asked = map[models.ExtKey][]models.Owner{{SourceID: 5, Extension: "199"}: {{UserID: 1, AskedAt: at()}}, {SourceID: 5, Extension: "198"}: {{UserID: 2, AskedAt: at()}}}
	e, _ := setupSurface(t, f)
	for _, tt := range []struct{ path, who, want string }{
		{"/v1/me", asIvanov, `"extensions":[{"source":"office","number":"101","mode":null,"mine":true,"has":null,"has_name":null},` +
			`{"source":"office","number":"150","mode":"check_in","mine":false,"has":"петрова","has_name":"Петрова"},` +
			`{"source":"office","number":"160","mode":"all","mine":true,"has":null,"has_name":null}],"asked":[{"source":"office","number":"199","asked_at":"2026-11-23T10:42:02.000Z"}]`},
		{"/v1/admin/extensions/office/150", asAdmin, `{"source":"office","extension":"150","user":null,"users":["ivanov","петрова"],"mode":"check_in","today":"петрова"}`},
		{"/v1/admin/extensions?user=ivanov", asAdmin, `"extension":"160","user":null,"users":["ivanov"],"mode":"all","today":null}],"next":null}`},
		{"/v1/admin/extension-requests", asAdmin, `{"items":[{"source":"office","extension":"198","user":"петрова","name":"Петрова","asked_at":"2026-11-23T10:42:02.000Z"},{"source":"office","extension":"199","user":"ivanov"`},
	} {
		if rec := call(t, e, "GET", tt.path, "", tt.who); rec.Code != 200 || !strings.Contains(rec.Body.String(), tt.want) {
			t.Errorf("%s = %d %s\nwant %s", tt.path, rec.Code, rec.Body, tt.want)
		}
	}
}
