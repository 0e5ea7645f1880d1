package app

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patient is an instance as the doctor sees it: answers by path.
type patient map[string]string

func (p patient) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, ok := p[r.URL.Path]
	switch {
	case strings.HasPrefix(r.URL.Path, "/hooks/") && !ok:
		w.WriteHeader(http.StatusNotFound)
		text = `{"request_id":"x"}`
	case !ok:
		text = `{"items":[]}`
	case text == "503":
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = w.Write([]byte(strings.ReplaceAll(text, "HOST", r.Host)))
}

// healthy is a patient with nothing wrong, on this machine.
func healthy(now time.Time) patient {
	at := now.Format(time.RFC3339)
	return patient{
		"/readyz":                         "ok",
		"/v1/admin/sources":               `{"items":[{"slug":"office","kind":"generic","active":true,"hook_url":"http://HOST/hooks/office/t0k3n"}]}`,
		"/v1/admin/webhooks":              `{"items":[{"id":"1","received_at":"` + at + `","outcome":"stored"}]}`,
		"/v1/admin/extensions":            `{"items":[{"source":"office","extension":"101","user":"ivanov"}]}`,
		"/v1/admin/users":                 `{"items":[{"login":"ivanov","active":true,"extensions":[{}]}]}`,
		"/v1/admin/users/ivanov/sessions": `{"items":[{"session":"a","last_poll":"` + at + `","waiting":true}]}`,
	}
}

func TestDoctorSays(t *testing.T) {
	now := time.Now()
	at, old := now.Format(time.RFC3339), now.Add(-time.Hour).Format(time.RFC3339)
	refused := func(reason string, n int) string {
		one := `{"at":"` + at + `","source":"office","reason":"` + reason + `"}`
		return `{"items":[` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + `]}`
	}
	for _, tc := range []struct {
		name, path, answer, want string
		sick                     bool
	}{
		{"all is well", "", "", "✓ the client of ivanov polls", false},
		{"a PBX in the cloud would not find it", "", "", "· the address 127.0.0.1", false},
		{"not ready", "/readyz", "503", "✗ the service answers but is not ready", true},
		{"wrong token", "/v1/admin/sources", "503", "✗ the sources cannot be listed: 503", true},
		{"no source", "/v1/admin/sources", `{"items":[]}`, "✗ there is no source yet", true},
		{"switched off", "/v1/admin/sources", `{"items":[{"slug":"office","kind":"generic","active":false,"hook_url":"http://HOST/hooks/office/t0k3n"}]}`, "✗ the source is switched off", true},
		{"no address", "/v1/admin/sources", `{"items":[{"slug":"office","kind":"generic","active":true,"hook_url":"/hooks/office/t0k3n"}]}`, "✗ the source's address cannot be read", true},
		{"no such name", "/v1/admin/sources", `{"items":[{"slug":"office","kind":"generic","active":true,"hook_url":"http://nowhere.invalid/hooks/office/t0k3n"}]}`, "✗ the name nowhere.invalid is not in DNS", true},
		{"another program answers", "/hooks/office/doctor", "<html>nginx</html>", "✗ it is not Zummer that answers", true},
		{"the doctor's own knock", "/v1/admin/refused", refused("wrong_token", 1), "✓ the client of ivanov polls", false},
		{"old address", "/v1/admin/refused", refused("wrong_token", 2), "✗ 2 requests came to a wrong address", true},
		{"wrong signature", "/v1/admin/refused", refused("wrong_signature", 3), "✗ 3 requests had a wrong signature", true},
		{"not let in", "/v1/admin/refused", refused("wrong_address", 1), "✗ 1 requests came from addresses", true},
		{"too large", "/v1/admin/refused", refused("too_large", 1), "✗ 1 requests were too large", true},
		{"while off", "/v1/admin/refused", refused("inactive_source", 1), "✗ 1 requests came while", true},
		{"silent", "/v1/admin/webhooks", `{"items":[]}`, "✗ the source has not sent anything yet", true},
		{"not understood", "/v1/admin/webhooks", `{"items":[{"id":"1","received_at":"` + at + `","outcome":"failed","error":"call: is required"}]}`, `1 were not understood: "call: is required"`, true},
		{"failed long ago", "/v1/admin/webhooks", `{"items":[{"id":"1","received_at":"2020-01-01T00:00:00Z","outcome":"failed","error":"x"}]}`, "✓ the last request came 2020-01-01", false},
		{"nobody's phone", "/v1/admin/unrouted", `{"items":[{"source":"office","extension":"105"},{"source":"other","extension":"1"}]}`, "✗ the phone 105 rang and nobody owns it", true},
		{"no phones", "/v1/admin/extensions", `{"items":[{"source":"other","extension":"1"}]}`, "✗ no extension of the source has an owner", true},
		{"no users", "/v1/admin/users", `{"items":[{"login":"x","active":false,"extensions":[{}]}]}`, "✗ no user has a phone yet", true},
		{"never polled", "/v1/admin/users/ivanov/sessions", `{"items":[]}`, "✗ no client of ivanov has polled", true},
		{"polled an hour ago", "/v1/admin/users/ivanov/sessions", `{"items":[{"session":"a","last_poll":"` + old + `","waiting":false}]}`, "· the client of ivanov polled last", false},
		{"not acknowledged", "/v1/admin/notifications", `{"items":[{"created_at":"` + old + `","action":"open"},{"created_at":"` + at + `","action":"open"},{"created_at":"` + old + `","action":"show"}]}`, "✗ 1 rows that open a form", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := healthy(now)
			if tc.path != "" {
				p[tc.path] = tc.answer
			}
			srv := httptest.NewServer(p)
			defer srv.Close()
			out, code := examine(t, srv.URL)
			if !strings.Contains(out, tc.want) || (code == 1) != tc.sick {
				t.Errorf("exit %d, want sick=%v and a line %q; got\n%s", code, tc.sick, tc.want, out)
			}
			if strings.Contains(out, "t0k3n") {
				t.Errorf("the hook's token is in the output:\n%s", out)
			}
		})
	}
}

func examine(t *testing.T, address string, more ...string) (string, int) {
	t.Helper()
	t.Setenv("LANG", "C")
	var out, errs bytes.Buffer
	code := Main(t.Context(), append([]string{"doctor", "--url", address, "--token", "0123456789abcdef"}, more...), &out, &errs)
	return out.String() + errs.String(), code
}

func TestDoctorWithoutInstance(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	if out, code := examine(t, srv.URL); code != 1 || !strings.Contains(out, "does not answer") {
		t.Errorf("exit %d: %s", code, out)
	}
	t.Setenv("LANG", "ru_RU.UTF-8")
	t.Setenv("ZUMMER_ADMIN_TOKEN", "")
	srv = httptest.NewServer(healthy(time.Now()))
	defer srv.Close()
	var out bytes.Buffer
	if code := Main(t.Context(), []string{"doctor", "--url", srv.URL}, &out, &out); code != 1 || !strings.Contains(out.String(), "✗ нет токена администратора") {
		t.Errorf("exit %d: %s", code, out.String())
	}
}

func TestDoctorNamesWhatIsAsked(t *testing.T) {
	srv := httptest.NewServer(healthy(time.Now()))
	defer srv.Close()
	for _, tc := range []struct{ flag, value, want string }{{"--source", "nosuch", "✗ there is no source nosuch"}, {"--user", "nosuch", "✗ there is no user nosuch"}} {
		if out, code := examine(t, srv.URL, tc.flag, tc.value); code != 1 || !strings.Contains(out, tc.want) {
			t.Errorf("%s %s: exit %d\n%s", tc.flag, tc.value, code, out)
		}
	}
	if out, code := examine(t, srv.URL, "--source", "office", "--user", "ivanov"); code != 0 {
		t.Errorf("exit %d\n%s", code, out)
	}
}

// TestDoctorLooksAtTheCertificate: the address that PBXs see is another one
// than that of the instance.
func TestDoctorLooksAtTheCertificate(t *testing.T) {
	for _, tc := range []struct {
		name    string
		min     uint16
		trusted bool
		host    string
		want    string
		sick    bool
	}{
		{"good", tls.VersionTLS12, true, "127.0.0.1", "✓ the certificate is good and TLS 1.2 is on", false},
		{"not trusted", tls.VersionTLS12, false, "127.0.0.1", "✗ the certificate of 127.0.0.1 is not trusted", true},
		{"another name", tls.VersionTLS12, true, "localhost", "✗ the certificate is not for the name localhost", true},
		{"nothing but TLS 1.3", tls.VersionTLS13, true, "127.0.0.1", "✗ 127.0.0.1 does not speak TLS 1.2", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := healthy(time.Now())
			outside := httptest.NewUnstartedServer(p)
			outside.TLS = &tls.Config{MinVersion: tc.min}
			outside.Config.ErrorLog = nil
			outside.StartTLS()
			defer outside.Close()
			port := outside.Listener.Addr().String()[strings.LastIndex(outside.Listener.Addr().String(), ":"):]
			p["/v1/admin/sources"] = fmt.Sprintf(`{"items":[{"slug":"office","kind":"mango","active":true,"hook_url":"https://%s%s/hooks/office/t0k3n"}]}`, tc.host, port)
			inside := httptest.NewServer(p)
			defer inside.Close()
			var more []string
			if tc.trusted {
				file := filepath.Join(t.TempDir(), "ca.pem")
				if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: outside.Certificate().Raw}), 0o600); err != nil {
					t.Fatal(err)
				}
				more = []string{"--ca", file}
			}
			out, code := examine(t, inside.URL, more...)
			if !strings.Contains(out, tc.want) || (code == 1) != tc.sick {
				t.Errorf("exit %d, want sick=%v and a line %q; got\n%s", code, tc.sick, tc.want, out)
			}
		})
	}
}
