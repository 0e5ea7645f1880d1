package handlers

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/models"
)

const typedForm = "Content-Type: application/x-www-form-urlencoded"

// cookieIn is the sign-in cookie that an answer sets.
func cookieIn(t *testing.T, rec *httptest.ResponseRecorder) *http.Cookie {
	t.Helper()
	res := rec.Result()
	defer res.Body.Close()
	for _, c := range res.Cookies() {
		if c.Name == "zummer" {
			return c
		}
	}
	t.Fatalf("status %d sets no cookie of a sign-in: %v", rec.Code, rec.Header())
	return nil
}

func TestSignInPage(t *testing.T) {
	tooMany := models.Errorf(models.TooMany, "too many failed sign-ins; wait 8s")
	tooMany.Retry = 8 * time.Second
	for _, tt := range []struct {
		name, method, target, body string
		headers                    []string
		err                        error
		status                     int
		to                         string // Location
		want                       []string
	}{
		{"the page", "GET", "/admin/sign-in?next=%2Fadmin%2Fusers%3Fq%3D1&lang=en", "", nil, nil, 200, "", []string{`name="login"`, `type="password"`, `value="/admin/users?q=1"`, "Administrators sign in here"}},
		{"in Russian", "GET", "/admin/sign-in", "", []string{"Accept-Language: ru"}, nil, 200, "", []string{"Вход для администраторов"}},
		{"leads to nobody else", "GET", "/admin/sign-in?next=%2F%2Fevil.example%2Fadmin%2F", "", nil, nil, 200, "", []string{`name="next" value="/admin/"`}},
		{"leads not to itself", "GET", "/admin/sign-in?next=%2Fadmin%2Fsign-in", "", nil, nil, 200, "", []string{`name="next" value="/admin/"`}},
		{"who is in goes on", "GET", "/admin/sign-in?next=%2Fadmin%2Fusers", "", []string{asBrowser}, nil, 303, "/admin/users", nil},
		{"right", "POST", "/admin/sign-in", "login=test&password=right+password&next=%2Fadmin%2Fusers", nil, nil, 303, "/admin/users", nil},
		{"right, from another site's address", "POST", "/admin/sign-in", "login=test&password=right+password&next=https%3A%2F%2Fevil.example%2Fadmin", nil, nil, 303, "/admin/", nil},
		{"wrong", "POST", "/admin/sign-in?lang=en", "login=test&password=wrong+password", nil, nil, 401, "", []string{"The login or the password is wrong.", `value="test"`}},
		{"wrong, in Russian", "POST", "/admin/sign-in", "login=%3Cb%3E&password=secret-word", nil, nil, 401, "", []string{"Логин или пароль неверны.", `value="&lt;b&gt;"`}},
		{"too often", "POST", "/admin/sign-in?lang=en", "login=test&password=right+password", nil, tooMany, 429, "", []string{"Too many failed attempts. Wait 8 s and try again."}},
		{"database away", "POST", "/admin/sign-in?lang=en", "login=test&password=right+password", nil, models.Away(nil), 503, "", []string{"the database cannot be reached"}},
		{"a form of another site", "POST", "/admin/sign-in", "login=test&password=right+password", []string{"Sec-Fetch-Site: cross-site"}, nil, 403, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			f.admins.err = tt.err
			e, _ := setupSurface(t, f)
			rec := call(t, e, tt.method, tt.target, tt.body, append([]string{typedForm}, tt.headers...)...)
			if rec.Code != tt.status || rec.Header().Get("Location") != tt.to {
				t.Fatalf("status %d to %q, want %d to %q\n%s", rec.Code, rec.Header().Get("Location"), tt.status, tt.to, rec.Body)
			}
			for _, w := range tt.want {
				if !strings.Contains(rec.Body.String(), w) {
					t.Errorf("the page lacks %q:\n%s", w, rec.Body)
				}
			}
			if tt.status == 429 && rec.Header().Get("Retry-After") != "8" {
				t.Errorf("Retry-After %q", rec.Header().Get("Retry-After"))
			}
			if strings.Contains(rec.Body.String(), "secret-word") || strings.Contains(f.log.String(), "secret-word") {
				t.Error("the password comes back, or is in the log")
			}
			if in := len(f.admins.sessions) > 3; in != (tt.method == "POST" && tt.status == 303) {
				t.Errorf("a session was made: %t", in)
			}
		})
	}
}

// The session is new at every sign-in, is kept away from scripts and from plain
// HTTP where there is TLS, and ends for good at the sign-out.
func TestSessionOfASignIn(t *testing.T) {
	f := newSetupFakes()
	e, _ := setupSurface(t, f)
	const planted = "planted-by-somebody"
	rec := call(t, e, "POST", "/admin/sign-in", "login=test&password=right+password", typedForm, "Cookie: zummer="+planted)
	c := cookieIn(t, rec)
	if c.Value == planted || len(c.Value) < 32 || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/admin" || c.Secure || f.admins.sessions[planted] != nil {
		t.Errorf("the cookie is %+v", c)
	}
	in := "Cookie: zummer=" + c.Value
	if rec := call(t, e, "GET", "/admin/", "", in); rec.Code != 200 {
		t.Fatalf("signed in: status %d", rec.Code)
	}
	again := cookieIn(t, call(t, e, "POST", "/admin/sign-in", "login=test&password=right+password", typedForm, in))
	if again.Value == c.Value || f.admins.sessions[c.Value] != nil {
		t.Error("a second sign-in kept the session of the first one")
	}
	in = "Cookie: zummer=" + again.Value
	rec = call(t, e, "POST", "/admin/sign-out", "", in, "Sec-Fetch-Site: same-origin")
	if rec.Code != 303 || rec.Header().Get("Location") != "/admin/sign-in" || cookieIn(t, rec).MaxAge >= 0 {
		t.Errorf("sign-out: %d %v", rec.Code, rec.Header())
	}
	if rec := call(t, e, "GET", "/admin/", "", in); rec.Code != 303 {
		t.Errorf("after the sign-out: status %d", rec.Code)
	}
	if got := f.admins.did[len(f.admins.did)-1]; got != "sign out test" {
		t.Errorf("the audit was told %q", got)
	}
	if rec := call(t, e, "POST", "/admin/sign-out", "", asBrowser, "Sec-Fetch-Site: cross-site"); rec.Code != 403 {
		t.Errorf("another site signs somebody out: status %d", rec.Code)
	}
	for name, change := range map[string]func(*Deps){
		"a public address with TLS": func(d *Deps) { d.PublicURL = "https://zummer.example" },
	} {
		e, _ := setupSurface(t, newSetupFakes(), change)
		if c := cookieIn(t, call(t, e, "POST", "/admin/sign-in", "login=test&password=right+password", typedForm)); !c.Secure {
			t.Errorf("%s: the cookie goes over plain HTTP too", name)
		}
	}
}

// A request costs one read of the session; it is written once a minute at most.
func TestSessionIsSeldomWritten(t *testing.T) {
	f := newSetupFakes()
	e, _ := setupSurface(t, f)
	for range 3 {
		call(t, e, "GET", "/admin/", "", asBrowser)
	}
	if f.admins.commits != 0 {
		t.Errorf("%d writes within a minute", f.admins.commits)
	}
	f.admins.session("older", 1, time.Now().Add(-10*time.Minute), time.Now().Add(-2*time.Minute))
	for range 3 {
		if rec := call(t, e, "GET", "/admin/", "", "Cookie: zummer=older"); rec.Code != 200 {
			t.Fatalf("status %d", rec.Code)
		}
	}
	if f.admins.commits != 1 {
		t.Errorf("%d writes of a session that was last seen two minutes ago, want 1", f.admins.commits)
	}
}

func TestWhoIsNotSignedIn(t *testing.T) {
	for _, tt := range []struct {
		name, method, target string
		headers              []string
		status               int
		to                   string
	}{
		{"a page", "GET", "/admin/?user=ivanov", nil, 303, "/admin/sign-in?next=%2Fadmin%2F%3Fuser%3Divanov"},
		{"a button", "POST", "/admin/notifications/9/process", []string{"Referer: http://example.com/admin/notifications/9"}, 303, "/admin/sign-in?next=%2Fadmin%2Fnotifications%2F9"},
		{"a button of elsewhere", "POST", "/admin/notifications/9/process", []string{"Referer: http://evil.example/admin/x"}, 303, "/admin/sign-in"},
		{"htmx", "GET", "/admin/", []string{"HX-Request: true", "HX-Current-URL: http://example.com/admin/users?q=1"}, 401, ""},
		{"the page's script", "GET", "/admin/pulse?since=1", []string{"Accept: application/json"}, 401, ""},
		{"a token of the API", "GET", "/admin/", []string{asAdmin}, 303, "/admin/sign-in?next=%2Fadmin%2F"},
		{"the API's token as a password", "GET", "/admin/", []string{asBasic}, 303, "/admin/sign-in?next=%2Fadmin%2F"},
		{"a cookie of nobody", "GET", "/admin/", []string{"Cookie: zummer=x"}, 303, "/admin/sign-in?next=%2Fadmin%2F"},
		{"a session that is over", "GET", "/admin/", []string{"Cookie: zummer=over"}, 303, "/admin/sign-in?next=%2Fadmin%2F"},
		{"somebody who was switched off", "GET", "/admin/", []string{asOperator}, 303, "/admin/sign-in?next=%2Fadmin%2F"},
		{"somebody who is no more", "GET", "/admin/", []string{"Cookie: zummer=of-nobody"}, 303, "/admin/sign-in?next=%2Fadmin%2F"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			f.admins.admins[1].Active = false
			f.admins.session("over", 1, time.Now().Add(-2*time.Hour), time.Now())
			f.admins.session("of-nobody", 99, time.Now(), time.Now())
			e, _ := setupSurface(t, f)
			rec := call(t, e, tt.method, tt.target, "", tt.headers...)
			if rec.Code != tt.status || rec.Header().Get("Location") != tt.to || rec.Header().Get("WWW-Authenticate") != "" || len(f.did) > 0 {
				t.Errorf("status %d to %q, did %v, headers %v", rec.Code, rec.Header().Get("Location"), f.did, rec.Header())
			}
			if to := rec.Header().Get("HX-Redirect"); tt.name == "htmx" && to != "/admin/sign-in?next=%2Fadmin%2Fusers%3Fq%3D1" {
				t.Errorf("HX-Redirect %q", to)
			}
		})
	}
}

// open are the addresses below /admin that need no sign-in.
var open = []string{"GET /admin/look", "GET /admin/sign-in", "POST /admin/sign-in", "POST /admin/sign-out"}

// TestRolesOfPages goes through every address of the pages: strangers are sent
// to the sign-in, and each role gets in where its rank allows, and gets 403
// elsewhere.
func TestRolesOfPages(t *testing.T) {
	f := newSetupFakes()
	e, a := setupSurface(t, f)
	seen := 0
	for _, r := range e.Routes() {
		if !strings.HasPrefix(r.Path, "/admin") || r.Method == "echo_route_not_found" || slices.Contains(open, r.Method+" "+r.Path) {
			continue
		}
		if r.Method == "GET" && a.pageRoles["GET "+r.Path] == "" && a.pageRoles["POST "+r.Path] != "" {
			continue // it only leads to the page that has the button
		}
		seen++
		least, ok := a.pageRoles[r.Method+" "+r.Path]
		if !ok {
			t.Errorf("%s %s has no role", r.Method, r.Path)
			continue
		}
		if r.Method != "GET" && least == models.RoleViewer && !strings.HasPrefix(r.Path, "/admin/account") {
			t.Errorf("%s %s changes something and is open to viewers", r.Method, r.Path)
		}
		target := strings.NewReplacer(":id", "9", ":login", "ivanov", ":name", "sales").Replace(r.Path)
		if strings.Contains(target, ":") {
			target = r.Path
		}
		if r.Path == "/admin/pulse" {
			target += "?since=0"
		}
		if rec := call(t, e, r.Method, target, "", typedForm); rec.Code != 303 || !strings.HasPrefix(rec.Header().Get("Location"), "/admin/sign-in") {
			t.Errorf("%s %s without a sign-in: status %d to %q", r.Method, r.Path, rec.Code, rec.Header().Get("Location"))
		}
		for i, cookie := range []string{asViewer, asOperator, asBrowser} {
			f.admins = newFakeAdmins()
			a.d.Administrators, a.d.Sessions = f.admins, f.admins.manager()
			rec := call(t, e, r.Method, target, "", typedForm, "Sec-Fetch-Site: same-origin", cookie)
			if may := i >= slices.Index(models.Roles, least); may != (rec.Code != http.StatusForbidden) {
				t.Errorf("%s %s as %s: status %d, the least role is %s", r.Method, r.Path, models.Roles[i], rec.Code, least)
			}
			if rec.Code == http.StatusInternalServerError {
				t.Errorf("%s %s as %s: %d %s", r.Method, r.Path, models.Roles[i], rec.Code, f.log.String())
			}
		}
	}
	if seen < 7 {
		t.Errorf("only %d addresses of the pages were found", seen)
	}
}
