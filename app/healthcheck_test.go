package app

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestHealthcheckFindsTheInstance: with the settings of serve and nothing else,
// as the image's HEALTHCHECK calls it.
func TestHealthcheckFindsTheInstance(t *testing.T) {
	ready := true
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" || !ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	plain, secure := httptest.NewServer(h), httptest.NewTLSServer(h)
	defer plain.Close()
	defer secure.Close()
	port := func(s *httptest.Server) string {
		_, p, err := net.SplitHostPort(s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	check := func() (int, string) {
		var out bytes.Buffer
		code := Main(context.Background(), []string{"healthcheck"}, &out, &out)
		return code, out.String()
	}
	for _, tt := range []struct{ name, listen, cert, domain string }{
		{"one address", "127.0.0.1:" + port(plain), "", ""},
		{"every address", "0.0.0.0:" + port(plain), "", ""},
		{"every address, in short", ":" + port(plain), "", ""},
		{"every address, both families", "[::]:" + port(plain), "", ""},
		{"own certificate", ":" + port(secure), "/etc/zummer/cert.pem", ""},
		{"automatic certificate", ":" + port(secure), "", "zummer.example"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("ZUMMER_LISTEN", tt.listen)
			t.Setenv("ZUMMER_TLS_CERT", tt.cert)
			t.Setenv("ZUMMER_TLS_DOMAIN", tt.domain)
			ready = true
			if code, out := check(); code != 0 {
				t.Errorf("healthcheck = %d: %s", code, out)
			}
			ready = false
			if code, out := check(); code != 1 || !strings.Contains(out, "not ready: 503") {
				t.Errorf("healthcheck of an instance that is not ready = %d: %s", code, out)
			}
		})
	}
}
