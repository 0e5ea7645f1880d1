package crm_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zummer/app/internal/crm"
)

// TestSignature is the example of the specification of Standard Webhooks.
func TestSignature(t *testing.T) {
	t.Parallel()
	key, err := crm.ReadSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	got := crm.Sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestRequest is what goes over the wire, over a real connection.
func TestRequest(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	redirect := false
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) != `{"phone":"+79031234567"}` || r.Method != "POST" || r.URL.Path != "/hs/zummer/lookup" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s %q %v", r.Method, r.URL, body, r.Header)
		}
		if user, password, _ := r.BasicAuth(); user != "zummer" || password != "s3cret" {
			t.Errorf("name %q, password %q", user, password)
		}
		key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		m := hmac.New(sha256.New, key)
		_, _ = io.WriteString(m, r.Header.Get("webhook-id")+"."+r.Header.Get("webhook-timestamp")+"."+string(body))
		if got, want := r.Header.Get("webhook-signature"), "v1,"+base64.StdEncoding.EncodeToString(m.Sum(nil)); got != want || r.Header.Get("webhook-id") == "" {
			t.Errorf("signature %q, want %q", got, want)
		}
		if redirect {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
			return
		}
		_, _ = io.WriteString(w, daisy)
	}))
	defer srv.Close()
	c, err := crm.New(crm.Options{URL: strings.Replace(srv.URL, "://", "://zummer:s3cret@", 1) + "/hs/zummer/lookup", Secret: secret, Contact: readContact})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if contacts, known, err := c.Lookup(t.Context(), number); err != nil || !known || len(contacts) != 1 || contacts[0].ExternalID != "c-1" {
		t.Fatalf("%+v, %v, %v", contacts, known, err)
	}
	redirect = true
	fresh, err := crm.New(crm.Options{URL: strings.Replace(srv.URL, "://", "://zummer:s3cret@", 1) + "/hs/zummer/lookup", Secret: secret, Contact: readContact})
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	if _, known, err := fresh.Lookup(t.Context(), number); known || err == nil || !strings.Contains(err.Error(), "it answered 307") {
		t.Errorf("a redirect: %v, %v", known, err)
	}
	srv.Close()
	if _, known, err := fresh.Lookup(t.Context(), "+79030000000"); known || err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("nobody listens: %v, %v", known, err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, url, secret string
		ok                bool
	}{
		{"right", "https://crm.example/lookup", secret, true},
		{"a private address", "http://192.168.1.5:8080/hs/zummer/lookup?base=trade", secret, true},
		{"without padding", "https://crm.example/lookup", strings.TrimRight(secret, "="), true},
		{"no scheme", "crm.example/lookup", secret, false},
		{"another scheme", "ftp://crm.example/lookup", secret, false},
		{"no host", "https:///lookup", secret, false},
		{"a broken address with a password", "https://user:passw0rd@crm.example:port/", secret, false},
		{"no secret", "https://crm.example/lookup", "", false},
		{"a secret without its mark", "https://crm.example/lookup", strings.TrimPrefix(secret, "whsec_"), false},
		{"a short secret", "https://crm.example/lookup", "whsec_c2hvcnQ=", false},
		{"a secret of words", "https://crm.example/lookup", "whsec_our secret!", false},
	} {
		c, err := crm.New(crm.Options{URL: tc.url, Secret: tc.secret, Contact: readContact})
		if (err == nil) != tc.ok {
			t.Errorf("%s: %v", tc.name, err)
		}
		if err != nil && (strings.Contains(err.Error(), "passw0rd") || strings.Contains(err.Error(), "our secret")) {
			t.Errorf("%s: the error shows it: %v", tc.name, err)
		}
		if c != nil {
			c.Close()
		}
	}
}
