package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

func TestAuthentication(t *testing.T) {
	basic := func(password string) string {
		req := httptest.NewRequest("GET", "/", nil)
		req.SetBasicAuth("whoever", password)
		return "Authorization: " + req.Header.Get("Authorization")
	}
	for _, tt := range []struct {
		name, target string
		query        bool
		headers      []string
		status       int
		code         string
		user         string
	}{
		{name: "bearer", headers: []string{asIvanov}, status: 200, user: "ivanov"},
		{name: "bearer in other letters", headers: []string{"Authorization: bearer   " + ivanovToken}, status: 200, user: "ivanov"},
		{name: "basic", headers: []string{basic(ivanovToken)}, status: 200, user: "ivanov"},
		{name: "nothing", status: 401, code: "unauthorized"},
		{name: "another scheme", headers: []string{"Authorization: Digest x"}, status: 401, code: "unauthorized"},
		{name: "wrong token", headers: []string{"Authorization: Bearer nobody"}, status: 401, code: "unauthorized"},
		{name: "broken basic", headers: []string{"Authorization: Basic !!!"}, status: 401, code: "unauthorized"},
		{name: "query is off", target: "?token=" + ivanovToken, status: 401, code: "unauthorized"},
		{name: "query is on", target: "?token=" + ivanovToken, query: true, status: 200, user: "ivanov"},
		{name: "the header beats the query", target: "?token=" + ivanovToken, query: true, headers: []string{"Authorization: Bearer nobody"}, status: 401, code: "unauthorized"},
		{name: "another scope", headers: []string{"Authorization: Bearer " + publishToken}, status: 403, code: "forbidden"},
		{name: "admin is no client", headers: []string{"Authorization: Bearer " + adminToken}, status: 403, code: "forbidden"},
		{name: "relay names nobody", headers: []string{"Authorization: Bearer " + relayToken}, status: 403, code: "no_user"},
		{name: "relay names an external id", headers: []string{"Authorization: Bearer " + relayToken, "X-Zummer-User: u-1"}, status: 200, user: "ivanov"},
		{name: "relay names a login", headers: []string{"Authorization: Bearer " + relayToken, "X-Zummer-User: петрова"}, status: 200, user: "петрова"},
		{name: "relay names an escaped login", headers: []string{"Authorization: Bearer " + relayToken, "X-Zummer-User: %D0%BF%D0%B5%D1%82%D1%80%D0%BE%D0%B2%D0%B0"}, status: 200, user: "петрова"},
		{name: "relay names a stranger", headers: []string{"Authorization: Bearer " + relayToken, "X-Zummer-User: sidorov"}, status: 404, code: "unknown_user"},
		{name: "a client names another", headers: []string{asIvanov, "X-Zummer-User: петрова"}, status: 403, code: "forbidden"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakes()
			e := surface(t, f, func(d *Deps) { d.QueryToken = tt.query })
			poll := call(t, e, "GET", "/v1/notifications"+tt.target, "", tt.headers...)
			me := call(t, e, "GET", "/v1/me"+tt.target, "", tt.headers...)
			for path, rec := range map[string]*httptest.ResponseRecorder{"poll": poll, "me": me} {
				if rec.Code != tt.status {
					t.Fatalf("%s = %d %s, want %d", path, rec.Code, rec.Body, tt.status)
				}
				if tt.code != "" && problemIn(t, rec).Code != tt.code {
					t.Errorf("%s: code %s, want %s", path, problemIn(t, rec).Code, tt.code)
				}
				want := ""
				if tt.status == 401 {
					want = `Basic realm="Zummer"`
				}
				if got := rec.Header().Get("WWW-Authenticate"); got != want {
					t.Errorf("%s: WWW-Authenticate = %q, want %q", path, got, want)
				}
			}
			if tt.user != "" && f.callers[0].User.Login != tt.user {
				t.Errorf("the register saw %s, want %s", f.callers[0].User.Login, tt.user)
			}
		})
	}
}

func TestClientNameReachesRegister(t *testing.T) {
	f := newFakes()
	call(t, surface(t, f), "GET", "/v1/notifications", "", asIvanov, "X-Client: 1C/8.3\x07 ("+strings.Repeat("x", 300)+")")
	if got := f.callers[0].Client; !strings.HasPrefix(got, "1C/8.3 (xxx") || len([]rune(got)) != 200 {
		t.Errorf("Client = %q", got)
	}
}

func TestCrossOrigin(t *testing.T) {
	const ours = "https://crm.example"
	e := surface(t, newFakes(), func(d *Deps) { d.CORSOrigins = []string{ours} })
	for _, tt := range []struct {
		name, method, target, origin, token string
		status                              int
		allowed                             bool
	}{
		{"poll", "GET", "/v1/notifications", ours, ivanovToken, 200, true},
		{"me", "GET", "/v1/me", ours, ivanovToken, 200, true},
		{"preflight of a poll", "OPTIONS", "/v1/notifications", ours, "", 204, true},
		{"preflight of a deep path", "OPTIONS", "/v1/notifications/12/processed", ours, "", 204, true},
		{"refused token", "GET", "/v1/notifications", ours, "x", 401, true},
		{"another origin", "GET", "/v1/notifications", "https://crm.example.evil", ivanovToken, 200, false},
		{"preflight of another origin", "OPTIONS", "/v1/me", "https://evil.example", "", 204, false},
		{"no origin", "GET", "/v1/me", "", ivanovToken, 200, false},
		{"origin null", "GET", "/v1/me", "null", ivanovToken, 200, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rec := call(t, e, tt.method, tt.target, "", "Origin: "+tt.origin, "Authorization: Bearer "+tt.token)
			want := ""
			if tt.allowed {
				want = tt.origin
			}
			if got := rec.Header().Get("Access-Control-Allow-Origin"); rec.Code != tt.status || got != want {
				t.Errorf("%d, allowed %q; want %d, %q", rec.Code, got, tt.status, want)
			}
			if rec.Code == 401 && rec.Header().Get("WWW-Authenticate") != "" {
				t.Error("a browser client must not be asked for a password by the browser")
			}
			if !strings.Contains(strings.Join(rec.Header().Values("Vary"), ","), "Origin") {
				t.Error("Vary lacks Origin")
			}
		})
	}
}

func TestRequestID(t *testing.T) {
	e := surface(t, newFakes())
	for _, tt := range []struct{ name, header, want string }{
		{"taken", "X-Request-ID: abc-1", "abc-1"},
		{"1C's", "X-1C-Request-UID: 5f2a", "5f2a"},
		{"not plain", "X-Request-ID: a b<script>", ""},
		{"none", "X-Other: 1", ""},
	} {
		rec := call(t, e, "GET", "/v1/me", "", tt.header)
		got := rec.Header().Get("X-Request-ID")
		if tt.want != "" && got != tt.want || got == "" || strings.Contains(got, "<") || problemIn(t, rec).RequestID != got {
			t.Errorf("%s: X-Request-ID = %q, in the body %q, want %q", tt.name, got, problemIn(t, rec).RequestID, tt.want)
		}
	}
}

func TestErrors(t *testing.T) {
	secret := errors.New(`dial tcp 10.0.0.5:5432: relation "users" in /srv/x.go`)
	for _, tt := range []struct {
		name   string
		err    error
		status int
		code   string
		retry  bool
	}{
		{"plain error", secret, 500, "internal", true},
		{"internal with a message", &models.Error{Kind: models.Internal, Code: "x", Message: secret.Error(), Cause: secret}, 500, "internal", true},
		{"wrapped not found", fmt.Errorf("look: %w", models.Errorf(models.NotFound, "no such thing")), 404, "not_found", false},
		{"wrapped echo error", fmt.Errorf("route: %w", echo.ErrNotFound), 404, "not_found", false},
		{"echo 413", echo.ErrStatusRequestEntityTooLarge, 413, "too_large", false},
		{"echo 415", echo.ErrUnsupportedMediaType, 415, "unsupported_type", false},
		{"echo bind", echo.NewHTTPError(400, secret.Error()), 400, "malformed", false},
		{"echo teapot", echo.NewHTTPError(418, secret.Error()), 500, "internal", true},
		{"invalid", models.InvalidField("rev", "is required"), 422, "invalid", false},
		{"conflict with its word", models.Coded(models.Conflict, "moved_on", "m"), 409, "moved_on", false},
		{"away", models.Away(secret), 503, "database_away", true},
		{"too long body", &http.MaxBytesError{Limit: 5}, 413, "too_large", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakes()
			e, a := surfaceAPI(t, f)
			e.GET("/test", func(echo.Context) error { return tt.err }, a.entry)
			rec := call(t, e, "GET", "/test", "")
			p := problemIn(t, rec)
			if rec.Code != tt.status || p.Code != tt.code || p.Retryable != tt.retry {
				t.Errorf("= %d %+v, want %d %s retryable %v", rec.Code, p, tt.status, tt.code, tt.retry)
			}
			if strings.Contains(rec.Body.String(), "10.0.0.5") || strings.Contains(rec.Body.String(), "srv") {
				t.Errorf("the cause left the server: %s", rec.Body)
			}
			if logged := strings.Contains(f.log.String(), "10.0.0.5"); tt.code == "internal" && tt.name != "echo teapot" && !logged {
				t.Error("the cause is not in the log")
			}
		})
	}
}

func TestPanicIsAnswered(t *testing.T) {
	f := newFakes()
	var route string
	var status int
	e, a := surfaceAPI(t, f)
	a.d.Observe = observeInto(&route, &status)
	e.GET("/boom/:secret", func(echo.Context) error { panic("oops") }, a.entry)
	rec := call(t, e, "GET", "/boom/12345", "")
	if p := problemIn(t, rec); rec.Code != 500 || p.Code != "internal" || strings.Contains(rec.Body.String(), "oops") {
		t.Errorf("= %d %s", rec.Code, rec.Body)
	}
	if !strings.Contains(f.log.String(), "oops") || strings.Contains(f.log.String(), "12345") {
		t.Errorf("log = %s", f.log.String())
	}
	if route != "/boom/:secret" || status != 500 {
		t.Errorf("observed %s %d", route, status)
	}
}

func TestMethodNotAllowedNamesMethods(t *testing.T) {
	rec := call(t, surface(t, newFakes()), "PUT", "/v1/calls", "", asIvanov)
	if rec.Code != 405 || !strings.Contains(rec.Header().Get("Allow"), "GET") {
		t.Errorf("= %d, Allow %q", rec.Code, rec.Header().Get("Allow"))
	}
}

func TestRealIPAndBaseURL(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, tt := range []struct {
		name, peer, public string
		proxies            []netip.Prefix
		wantIP, wantURL    string
	}{
		{"nobody is trusted", "10.1.1.1:5", "", nil, "10.1.1.1", "http://example.com"},
		{"through a proxy", "10.1.1.1:5", "", proxies, "203.0.113.9", "https://pbx.example"},
		{"not through the proxy", "192.168.1.1:5", "", proxies, "192.168.1.1", "http://example.com"},
		{"configured", "10.1.1.1:5", "https://z.example/", nil, "10.1.1.1", "https://z.example"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, a := surfaceAPI(t, newFakes(), func(d *Deps) { d.TrustedProxies, d.PublicURL = tt.proxies, tt.public })
			var ip, url string
			e.GET("/test", func(c echo.Context) error { ip, url = c.RealIP(), a.baseURL(c); return nil })
			req := httptest.NewRequest("GET", "/test", nil)
			req.RemoteAddr = tt.peer
			for k, v := range map[string]string{"X-Forwarded-For": "198.51.100.1, 203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "pbx.example", "X-Real-IP": "1.2.3.4"} {
				req.Header.Set(k, v)
			}
			e.ServeHTTP(httptest.NewRecorder(), req)
			if ip != tt.wantIP || url != tt.wantURL {
				t.Errorf("= %s, %s; want %s, %s", ip, url, tt.wantIP, tt.wantURL)
			}
		})
	}
}
