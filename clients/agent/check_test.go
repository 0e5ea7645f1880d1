package agent

import (
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCheckService: what the self-check says of the address, the certificate and
// the clock, and that it calls an illness one.
func TestCheckService(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		name    string
		russian bool
		status  int
		date    time.Time
		trust   bool
		want    []string
		sick    bool
	}{
		{"all is well", false, 200, now, true, []string{"✓ the service at", "✓ the certificate is good until", "✓ the clock is right"}, false},
		{"all is well, in Russian", true, 200, now, true, []string{"✓ служба", "✓ сертификат действует до", "✓ часы идут верно"}, false},
		{"a clock that is slow", false, 200, now.Add(10 * time.Minute), true, []string{"✗ the clock of this computer differs from the service's by -"}, true},
		{"a clock that is fast", true, 200, now.Add(-time.Hour), true, []string{"✗ часы этого компьютера расходятся с часами службы на 1h0m"}, true},
		{"a minute does not matter", false, 200, now.Add(time.Minute), true, []string{"✓ the clock is right"}, false},
		{"a service without its database", false, 503, now, true, []string{"answers but is not ready"}, true},
		{"something else", false, 404, now, true, []string{"is no Zummer (/readyz: 404)"}, true},
		{"an unknown authority", false, 200, now, false, []string{"✗ this computer does not trust the certificate of", "--ca"}, true},
		{"an unknown authority, in Russian", true, 200, now, false, []string{"не доверяет этот компьютер"}, true},
	} {
		srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", c.date.UTC().Format(http.TimeFormat))
			w.WriteHeader(c.status)
		}))
		srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		cfg := Config{URL: srv.URL, Token: "t"}
		if c.trust {
			cfg.CA = filepath.Join(t.TempDir(), "ca.pem")
			if err := os.WriteFile(cfg.CA, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		said, ch := saying(c.russian)
		ch.service(t.Context(), cfg)
		srv.Close()
		for _, want := range c.want {
			if !slices.ContainsFunc(*said, func(line string) bool { return strings.Contains(line, want) }) {
				t.Errorf("%s: no %q in %q", c.name, want, *said)
			}
		}
		if ch.sick != c.sick {
			t.Errorf("%s: sick %t: %q", c.name, ch.sick, *said)
		}
	}
}

// saying is a check whose lines are kept.
func saying(russian bool) (*[]string, *Check) {
	said := &[]string{}
	return said, &Check{Name: "agent-test", Russian: russian, System: "linux", Say: func(mark, text string) { *said = append(*said, mark+" "+text) }}
}

// TestCheckInfobase: without one no objects of 1C open, which is worth a word.
func TestCheckInfobase(t *testing.T) {
	for infobase, want := range map[string]bool{"": true, "e1c://server/srv1c/trade": false} {
		said, ch := saying(false)
		ch.desktop(Config{OpenForms: true, Infobase: infobase, Links: Links{Hosts: []string{"crm.example", "server/srv1c/trade"}}})
		if got := slices.ContainsFunc(*said, func(line string) bool { return strings.HasPrefix(line, "· infobase is empty") }); got != want {
			t.Errorf("infobase %q: %q", infobase, *said)
		}
	}
}

// TestCheckCertificate: one that ends within two weeks is worth a word.
func TestCheckCertificate(t *testing.T) {
	for left, want := range map[time.Duration]string{
		365 * 24 * time.Hour: "✓ the certificate is good until ",
		15 * 24 * time.Hour:  "✓ the certificate is good until ",
		13 * 24 * time.Hour:  "· the service's certificate ends ",
	} {
		at := time.Now().Add(left)
		said, ch := saying(false)
		ch.certificate(&x509.Certificate{NotAfter: at})
		if len(*said) != 1 || !strings.HasPrefix((*said)[0], want+at.Format(time.DateOnly)) || ch.sick {
			t.Errorf("%s: %q, sick %t", left, *said, ch.sick)
		}
	}
}

// TestCheckPlain: a service without TLS elsewhere is worth a word, on this
// machine it is not.
func TestCheckPlain(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer srv.Close()
	said, ch := saying(false)
	ch.service(t.Context(), Config{URL: srv.URL, Token: "t"})
	if ch.sick || strings.Contains(strings.Join(*said, "\n"), "not encrypted") {
		t.Errorf("%q", *said)
	}
	said, ch = saying(false)
	ch.service(t.Context(), Config{URL: strings.Replace(srv.URL, "http://", "https://", 1), Token: "t"})
	if !ch.sick || !strings.Contains(strings.Join(*said, "\n"), "http instead of https") {
		t.Errorf("TLS to who speaks none: %q", *said)
	}
}
