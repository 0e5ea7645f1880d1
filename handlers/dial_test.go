package handlers

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"zummer/models"
)

func TestDial(t *testing.T) {
	for _, tc := range []struct {
		name, header, body string
		change             func(*setupFakes)
		status             int
		want               string // part of the answer
	}{
		{"own phone", asDial, `{"phone":"8 (903) 123-45-67"}`, nil, 202, `"source":"mega","extension":"101","call":"c-1"`},
		{"for a user", asCRM, `{"phone":"+79031234567","user":"ivanov"}`, nil, 202, `"extension":"101"`},
		{"by external id", asCRM, `{"phone":"+79031234567","user":"u-1"}`, nil, 202, `"extension":"101"`},
		{"as a form", asDial, "phone=%2B79031234567", nil, 202, `"extension":"101"`},
		{"an administrator", asAdmin, `{"phone":"+79031234567","user":"ivanov"}`, nil, 202, `"extension":"101"`},
		{"nobody named", asCRM, `{"phone":"+79031234567"}`, nil, 422, `"field":"user"`},
		{"unknown user", asCRM, `{"phone":"+79031234567","user":"x"}`, nil, 404, "unknown_user"},
		{"somebody else's phone", asDial, `{"phone":"+79031234567","user":"петрова"}`, nil, 403, "own user"},
		{"no number", asDial, `{}`, nil, 422, `"field":"phone"`},
		{"no telephone number", asDial, `{"phone":"101"}`, nil, 422, `"field":"phone"`},
		{"hidden", asDial, `{"phone":"anonymous"}`, nil, 422, `"field":"phone"`},
		{"no such source", asDial, `{"phone":"+79031234567","source":"x"}`, nil, 422, `"field":"source"`},
		{"a source that cannot", asDial, `{"phone":"+79031234567","source":"office"}`, nil, 422, `"field":"source"`},
		{"no phone anywhere", asCRM, `{"phone":"+79031234567","user":"петрова"}`, nil, 409, "cannot_dial"},
		{"switched off", asDial, `{"phone":"+79031234567"}`, func(f *setupFakes) { f.dir.Sources[9].Active = false }, 409, "cannot_dial"},
		{"two PBXs", asDial, `{"phone":"+79031234567"}`, twoPBXs, 422, "mega"},
		{"one of two", asDial, `{"phone":"+79031234567","source":"mega"}`, twoPBXs, 202, `"source":"mega"`},
		{"not set up", asDial, `{"phone":"+79031234567"}`, func(f *setupFakes) { delete(f.dir.Sources[9].Settings, "api_key") }, 422, `"field":"settings.api_key"`},
		{"lacks the scope", asIvanov, `{"phone":"+79031234567"}`, nil, 403, "scope dial"},
		{"audit cannot be written", asDial, `{"phone":"+79031234567"}`, func(f *setupFakes) { f.err = models.Away(nil) }, 503, "retryable"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newSetupFakes()
			system, asked := withPBX(f), ""
			system["/crmapi/v1/makecall"] = func(r *http.Request) *http.Response {
				b, _ := io.ReadAll(r.Body)
				asked = string(b)
				return answerOf(200, `{"callid":"c-1"}`)(r)
			}
			if tc.change != nil {
				tc.change(f)
			}
			e, _ := setupSurface(t, f, func(d *Deps) { d.Outbound = system.of })
			typ := "Content-Type: application/json"
			if !strings.HasPrefix(tc.body, "{") {
				typ = "Content-Type: application/x-www-form-urlencoded"
			}
			rec := call(t, e, "POST", "/v1/calls", tc.body, tc.header, typ)
			if rec.Code != tc.status || !strings.Contains(rec.Body.String(), tc.want) {
				t.Errorf("%d %s, want %d with %s", rec.Code, rec.Body, tc.status, tc.want)
			}
			if tc.status != 202 {
				if asked != "" {
					t.Errorf("the PBX was asked: %s", asked)
				}
				return
			}
			if asked != `{"phone":"79031234567","user":"101"}` || len(f.did) != 1 || !strings.Contains(f.did[0], "audit call.dial ivanov source mega") || strings.Contains(f.did[0], "7903") {
				t.Errorf("asked %s, did %q", asked, f.did)
			}
		})
	}
}

func twoPBXs(f *setupFakes) {
	other := *f.dir.Sources[9]
	other.ID, other.Slug = 10, "kcell"
	f.dir.Sources[10] = &other
	f.dir.Extensions[models.ExtKey{SourceID: 10, Extension: "201"}] = 1
	f.dir.Index()
}

func TestEmployees(t *testing.T) {
	f := newSetupFakes()
	system := withPBX(f)
	f.dir.Users[3] = &models.User{ID: 3, Login: "sidorov@company.example", Name: "Сидоров Пётр", Active: true}
	f.dir.Users[4] = &models.User{ID: 4, Login: "double-1", Name: "Тёзка", Active: true}
	f.dir.Users[5] = &models.User{ID: 5, Login: "double-2", Name: "Тёзка", Active: true}
	f.dir.Users[6] = &models.User{ID: 6, Login: "gone", Name: "Ушедший Человек"}
	f.dir.Index()
	system["/crmapi/v1/users"] = answerOf(200, `{"items":[
		{"login":"i.ivanov","name":"И. ИВАНОВ","ext":"101"},
		{"login":"p","name":"петр  сидоров","ext":"102"},
		{"login":"q","name":"кто-то","email":"Sidorov@Company.example","ext":"103"},
		{"login":"r","name":"Тёзка","ext":"104"},
		{"login":"s","name":"Ушедший Человек","ext":"105"},
		{"login":"t","name":"","ext":"106"}]}`)
	e, _ := setupSurface(t, f, func(d *Deps) { d.Outbound = system.of })
	rec := call(t, e, "GET", "/v1/admin/sources/mega/employees", "", asAdmin)
	var got struct {
		Items []struct {
			Name            string
			Addresses       []string
			Mapped, Matches *string
		}
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil || rec.Code != 200 || len(got.Items) != 6 {
		t.Fatalf("%d %s, %v", rec.Code, rec.Body, err)
	}
	show := func(s *string) string {
		if s == nil {
			return "-"
		}
		return *s
	}
	for i, want := range []string{"ivanov ivanov", "- sidorov@company.example", "- sidorov@company.example", "- -", "- -", "- -"} {
		if s := show(got.Items[i].Mapped) + " " + show(got.Items[i].Matches); s != want {
			t.Errorf("%s: mapped and matches %q, want %q", got.Items[i].Name, s, want)
		}
	}
	delete(system, "/crmapi/v1/users")
	if rec := call(t, e, "GET", "/v1/admin/sources/mega/employees", "", asAdmin); rec.Code != 503 || strings.Contains(rec.Body.String(), "refused") {
		t.Errorf("the PBX does not answer: %d %s", rec.Code, rec.Body)
	}
	for target, status := range map[string]int{"/v1/admin/sources/office/employees": 409, "/v1/admin/sources/x/employees": 404} {
		if rec := call(t, e, "GET", target, "", asAdmin); rec.Code != status {
			t.Errorf("%s: %d, want %d", target, rec.Code, status)
		}
	}
}
