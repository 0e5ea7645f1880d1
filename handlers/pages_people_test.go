package handlers

import (
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/models"
)

const fromPage = "Sec-Fetch-Site: same-origin"

// What the buttons of the pages about people do, and where they lead.
func TestPeoplesButtons(t *testing.T) {
	for _, tt := range []struct {
		name, target, body string
		as                 string
		status             int
		did                string // of the set-up
		admins             string // of the administrators
	}{
		{"a new user", "/admin/users", "login=sidorov&name=Sid&external_id=u-9", asBrowser, 303, "test put user sidorov", ""},
		{"a login that is taken", "/admin/users", "login=IVANOV", asBrowser, 422, "", ""},
		{"a user is changed", "/admin/users/ivanov", "name=I&pop_on=ringing&timezone=&quiet=on&external_id=", asBrowser, 303, "test put user ivanov", ""},
		{"nobody is changed", "/admin/users/sidorov", "name=I", asBrowser, 404, "", ""},
		{"switched off", "/admin/users/ivanov/active", "", asBrowser, 303, "test delete user ivanov", ""},
		{"switched on", "/admin/users/ivanov/active", "active=1", asBrowser, 303, "test put user ivanov", ""},
		{"out of a group", "/admin/users/ivanov/groups", "", asBrowser, 303, "test put group sales [петрова]", ""},
		{"in the group already", "/admin/users/ivanov/groups", "group=sales", asBrowser, 303, "", ""},
		{"a token", "/admin/users/ivanov/tokens", "name=desk&days=30&dial=on", asBrowser, 200, `test token of 1 "desk" [poll dial]`, ""},
		{"a token revoked", "/admin/users/ivanov/tokens/1/revoke", "", asBrowser, 303, "test revoke 1", ""},
		{"a token of somebody else", "/admin/users/ivanov/tokens/2/revoke", "", asBrowser, 404, "", ""},
		{"an extension", "/admin/users/ivanov/extensions", "source=office&number=+105+", asOperator, 303, "operator map office/105 to 1", ""},
		{"of a source that is not there", "/admin/users/ivanov/extensions", "source=x&number=105", asOperator, 303, "", ""},
		{"an extension of somebody else", "/admin/users/%D0%BF%D0%B5%D1%82%D1%80%D0%BE%D0%B2%D0%B0/extensions", "source=office&number=101", asOperator, 303, "", ""},
		{"taken over", "/admin/users/%D0%BF%D0%B5%D1%82%D1%80%D0%BE%D0%B2%D0%B0/extensions", "source=office&number=101&take=on", asOperator, 303, "operator map office/101 to 2", ""},
		{"shared", "/admin/users/ivanov/extensions", "source=office&number=150&mode=all&with=%D0%BF%D0%B5%D1%82%D1%80%D0%BE%D0%B2%D0%B0", asOperator, 303, "operator share office/150 all [1 2]", ""},
		{"taken away", "/admin/users/ivanov/extensions", "source=office&number=101&action=remove", asOperator, 303, "operator map office/101 to 0", ""},
		{"what is not the user's is not taken away", "/admin/users/ivanov/extensions", "source=office&number=999&action=remove", asOperator, 303, "", ""},
		{"a test", "/admin/users/ivanov/test", "", asOperator, 303, "operator publish", ""},
		{"announced users", "/admin/people/announced", "user=u-77&user=ivanov&name-u-77=New", asBrowser, 303, "test put user u-77", ""},
		{"one announced user, whatever is ticked", "/admin/people/announced", "user=x&one=u-77", asBrowser, 303, "test put user u-77", ""},
		{"an announced user is turned down", "/admin/people/announced", "user=u-77&action=drop", asBrowser, 303, "test delete user u-77", ""},
		{"an asked number allowed", "/admin/people/asked", "action=allow&source=office&number=177&user=ivanov&back=/admin/users", asOperator, 303, "operator map office/177 to 1", ""},
		{"an asked number refused", "/admin/people/asked", "action=refuse&source=office&number=177&user=ivanov", asOperator, 303, "operator refuse office/177", ""},
		{"a group", "/admin/groups", "name=new&member=ivanov&member=%D0%BF%D0%B5%D1%82%D1%80%D0%BE%D0%B2%D0%B0", asBrowser, 303, "test put group new [ivanov петрова]", ""},
		{"a group that is there", "/admin/groups", "name=sales", asBrowser, 422, "", ""},
		{"a member moves up", "/admin/groups/sales", "action=up&user=%D0%BF%D0%B5%D1%82%D1%80%D0%BE%D0%B2%D0%B0", asBrowser, 303, "test put group sales [петрова ivanov]", ""},
		{"a member moves down", "/admin/groups/sales", "action=down&user=ivanov", asBrowser, 303, "test put group sales [петрова ivanov]", ""},
		{"a member goes", "/admin/groups/sales", "action=remove&user=ivanov", asBrowser, 303, "test put group sales [петрова]", ""},
		{"nothing known", "/admin/groups/sales", "action=dance", asBrowser, 422, "", ""},
		{"a group goes", "/admin/groups/sales/delete", "", asBrowser, 303, "test delete group sales", ""},
		{"an administrator with a password made up", "/admin/administrators", "login=anna&role=viewer&masked=on", asBrowser, 200, "", "test puts anna name= role=viewer password"},
		{"an administrator's login that is taken", "/admin/administrators", "login=VIEWER&role=viewer", asBrowser, 422, "", ""},
		{"an administrator is changed", "/admin/administrators/viewer", "name=V&role=operator&active=on", asBrowser, 303, "", "test puts viewer name=V role=operator"},
		{"a password is reset", "/admin/administrators/viewer/password", "", asBrowser, 200, "", "test puts viewer password"},
		{"sign-ins of somebody end", "/admin/administrators/viewer/sign-ins", "", asBrowser, 303, "", "test ends sign-ins"},
		{"the own name", "/admin/account", "name=Me&lang=en", asViewer, 303, "", "viewer puts viewer name=Me lang=en"},
		{"the own password", "/admin/account/password", "old=right+password&new=another+password&again=another+password", asViewer, 303, "", "viewer changes the password"},
		{"the own password, mistyped", "/admin/account/password", "old=right+password&new=another+password&again=other", asViewer, 422, "", ""},
		{"the own password, wrong", "/admin/account/password", "old=wrong&new=another+password&again=another+password", asViewer, 422, "", ""},
		{"one sign-in", "/admin/account/sign-ins", "id=5", asViewer, 303, "", "viewer ends sign-ins"},
		{"all sign-ins", "/admin/account/sign-ins", "id=all", asViewer, 303, "", "viewer ends sign-ins"},
		{"no sign-in", "/admin/account/sign-ins", "id=x", asViewer, 404, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			f.dir.Users[7] = &models.User{ID: 7, Login: "u-77", ExternalID: "u-77", Pending: true}
			f.dir.Index()
			e, _ := setupSurface(t, f)
			rec := call(t, e, "POST", tt.target, tt.body, typedForm, fromPage, tt.as)
			for i, line := range f.admins.did { // the fields' order is by chance
				f.admins.did[i] = sortedWords(line)
			}
			if rec.Code != tt.status || strings.Join(f.did, ";") != tt.did || len(f.admins.did) > 1 || strings.Join(f.admins.did, ";") != sortedWords(tt.admins) {
				t.Errorf("status %d, did %q and %q; want %d, %q and %q\n%s", rec.Code, f.did, f.admins.did, tt.status, tt.did, sortedWords(tt.admins), rec.Header().Get("Location"))
			}
		})
	}
}

// sortedWords sorts what stands behind the third word.
func sortedWords(line string) string {
	words := strings.Fields(line)
	slices.Sort(words[min(3, len(words)):])
	return strings.Join(words, " ")
}

// What the pages about people show.
func TestPeoplesPages(t *testing.T) {
	for _, tt := range []struct {
		name, target, as string
		want, not        []string
	}{
		{"users", "/admin/users", asBrowser, []string{"Иванов И.", "101", "sales", "The CRM named new ones: 1", `name="one" value="u-77"`, "Ask for an extension: 1", "Add a user"}, nil},
		{"users for a viewer", "/admin/users", asViewer, []string{"Иванов И.", "u-77"}, []string{"Add a user", "Take in", "Allow"}},
		{"users found by name", "/admin/users?text=%D0%B8%D0%92%D0%B0%D0%BD", asBrowser, []string{"Found: 1 of 3", `href="/admin/users/ivanov"`}, []string{`href="/admin/users/%D0%BF%D0%B5%D1%82%D1%80%D0%BE%D0%B2%D0%B0"`}},
		{"users found by extension", "/admin/users?text=101&group=sales&state=active", asBrowser, []string{"Found: 1 of 3"}, nil},
		{"nobody found", "/admin/users?text=zzz", asBrowser, []string{"Nobody was found."}, nil},
		{"users who wait", "/admin/users?state=pending", asBrowser, []string{"Found: 1 of 3", "waits to be taken in"}, nil},
		{"one user", "/admin/users/ivanov", asBrowser, []string{"Иванов И.", "41 ms", "3.0 s", "Time to screen", "101", "Revoke", "Send a test", `name="pop_on"`}, nil},
		{"one user for a viewer", "/admin/users/ivanov", asViewer, []string{"Иванов И.", "41 ms"}, []string{"Revoke", "Send a test", `name="pop_on"`, "Make a token", "Map"}},
		{"one user for an operator", "/admin/users/ivanov", asOperator, []string{"Send a test", "Map"}, []string{"Revoke", "Make a token"}},
		{"groups", "/admin/groups", asBrowser, []string{"sales", "Иванов И. → Петрова", "office"}, nil},
		{"one group", "/admin/groups/sales", asBrowser, []string{"Gets the missed calls of", `value="up" disabled`, "Delete the group"}, nil},
		{"one group for a viewer", "/admin/groups/sales", asViewer, []string{"Иванов И."}, []string{"Delete the group", `value="up"`}},
		{"administrators", "/admin/administrators", asBrowser, []string{"Рут", "operator", "masked", "you"}, []string{"right password"}},
		{"one administrator", "/admin/administrators/viewer", asBrowser, []string{"Firefox, Linux", "New password"}, nil},
		{"the own account", "/admin/account", asViewer, []string{"viewer", "Firefox, Linux", "this one", "Sign out everywhere", "without their middle"}, nil},
		{"audit", "/admin/audit?who=root&what=token.&text=desk", asBrowser, []string{"token revoked", "failed sign-in", "unknown", `<option value="root" selected>`, `href="/admin/audit.csv?text=desk&amp;what=token.&amp;who=root"`, `href="/admin/audit?after=a2&amp;text=desk&amp;what=token.&amp;who=root"`}, nil},
		{"people of a PBX", "/admin/people?source=mega", asBrowser, []string{"петр сидоров", "Proposals: 1", `value="sid" selected`, "✓ Иванов И."}, nil},
		{"people of a PBX that cannot tell", "/admin/people?source=office", asBrowser, []string{"cannot list its people"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			system := withPBX(f)
			system["/crmapi/v1/users"] = answerOf(200, `{"items":[{"login":"i.ivanov","name":"И. ИВАНОВ","ext":"101"},{"login":"p","name":"петр  сидоров","ext":"102"}]}`)
			f.dir.Users[7] = &models.User{ID: 7, Login: "u-77", ExternalID: "u-77", Pending: true}
			if strings.HasPrefix(tt.target, "/admin/people") {
				f.dir.Users[8] = &models.User{ID: 8, Login: "sid", Name: "Сидоров Пётр", Active: true}
			}
			f.dir.Asked = map[models.ExtKey][]models.Owner{{SourceID: 5, Extension: "177"}: {{UserID: 1, AskedAt: at()}}}
			f.dir.Index()
			e, _ := setupSurface(t, f, func(d *Deps) { d.Outbound = system.of })
			rec := call(t, e, "GET", tt.target, "", tt.as, "Accept-Language: en")
			body := strings.Join(strings.Fields(rec.Body.String()), " ")
			if rec.Code != 200 {
				t.Fatalf("status %d: %s", rec.Code, body)
			}
			for _, w := range tt.want {
				if !strings.Contains(body, w) {
					t.Errorf("the page lacks %q:\n%s", w, body)
				}
			}
			for _, w := range tt.not {
				if strings.Contains(body, w) {
					t.Errorf("the page has %q", w)
				}
			}
		})
	}
}

// The people of a PBX are mapped many at once; what somebody has stays.
func TestPeopleAreMatched(t *testing.T) {
	f := newSetupFakes()
	withPBX(f)
	f.dir.Users[8] = &models.User{ID: 8, Login: "sid", Name: "Сидоров Пётр", Active: true}
	f.dir.Index()
	e, _ := setupSurface(t, f)
	rec := call(t, e, "POST", "/admin/people", "source=mega&pick=0&user-0=ivanov&address-0=101&pick=1&user-1=sid&address-1=102&address-1=login%3Ap&address-1=tel%3A%2B74951234567&pick=2&user-2=&address-2=103&user-3=sid&address-3=104", typedForm, fromPage, asBrowser)
	if want := "test map mega/102 to 8;test map mega/login:p to 8"; rec.Code != 303 || strings.Join(f.did, ";") != want {
		t.Errorf("status %d, did %q; want %q", rec.Code, f.did, want)
	}
}

// Secrets that are made are shown in the answer and nowhere else.
func TestSecretsAreShownOnce(t *testing.T) {
	f := newSetupFakes()
	e, _ := setupSurface(t, f)
	rec := call(t, e, "POST", "/admin/users/ivanov/tokens", "name=desk", typedForm, fromPage, asBrowser)
	if !strings.Contains(rec.Body.String(), `<code id="secret">shown-once</code>`) || !strings.Contains(rec.Header().Get("Cache-Control"), "no-store") {
		t.Errorf("%d %v %s", rec.Code, rec.Header(), rec.Body)
	}
	if rec := call(t, e, "GET", "/admin/users/ivanov", "", asBrowser); strings.Contains(rec.Body.String(), "shown-once") || strings.Contains(rec.Body.String(), "hash-1") {
		t.Error("the token, or its hash, is shown again")
	}
}

func TestAuditCSV(t *testing.T) {
	f := newSetupFakes()
	e, _ := setupSurface(t, f)
	rec := call(t, e, "GET", "/admin/audit.csv?who=root", "", asBrowser, "Accept-Language: en")
	want := "\ufefftime;who;from;what;object;detail\r\n2026-11-23 13:42:02;root;192.0.2.1;token.revoke;'=7;desk\r\n2026-11-23 13:42:02;?;192.0.2.9;admin.sign_in_failed;;unknown login\r\n"
	if rec.Code != 200 || rec.Body.String() != want || rec.Header().Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("%d %v\n%q, want\n%q", rec.Code, rec.Header(), rec.Body, want)
	}
	if len(f.queries) != 2 || f.queries[0].(models.AuditQuery).Who != "root" || f.queries[1].(models.AuditQuery).After != "a2" {
		t.Errorf("asked %+v, want two pages", f.queries)
	}
}

// A request of the page by itself does not keep a sign-in alive.
func TestAnOpenPageIsIdle(t *testing.T) {
	f := newSetupFakes()
	e, _ := setupSurface(t, f)
	f.admins.session("older", 1, time.Now().Add(-10*time.Minute), time.Now().Add(-5*time.Minute))
	older := "Cookie: zummer=older"
	call(t, e, "GET", "/admin/pulse?since=0", "", older, "Accept: application/json")
	call(t, e, "GET", "/admin/", "", older, "HX-Request: true", "HX-Target: pending")
	if f.admins.commits != 0 {
		t.Errorf("%d writes by what the page asks by itself", f.admins.commits)
	}
	call(t, e, "GET", "/admin/", "", older)
	if f.admins.commits != 1 {
		t.Errorf("%d writes after somebody came", f.admins.commits)
	}
}
