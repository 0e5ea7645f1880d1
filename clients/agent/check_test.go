package agent

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestCheckService: what the self-check says of the address, the certificate and
// the clock, and that it calls an illness one.
func TestCheckService(t *testing.T) {
	for _, c := range []struct {
		name    string
		russian bool
		status  int
		ahead   time.Duration // the service's clock
		trust   bool
		want    []string
		sick    bool
	}{
		{"all is well", false, 200, 0, true, []string{"✓ the service at", "✓ the certificate is good until", "✓ the clock is right"}, false},
		{"all is well, in Russian", true, 200, 0, true, []string{"✓ служба", "✓ сертификат действует до", "✓ часы идут верно"}, false},
		{"a clock that is slow", false, 200, 10 * time.Minute, true, []string{"✗ the clock of this computer differs from the service's by -"}, true},
		{"a clock that is fast", true, 200, -time.Hour, true, []string{"✗ часы этого компьютера расходятся с часами службы на 1h0m"}, true},
		{"a minute does not matter", false, 200, time.Minute, true, []string{"✓ the clock is right"}, false},
		{"a service without its database", false, 503, 0, true, []string{"answers but is not ready"}, true},
		{"something else", false, 404, 0, true, []string{"is no Zummer (/readyz: 404)"}, true},
		{"an unknown authority", false, 200, 0, false, []string{"✗ this computer does not trust the certificate of", "--ca"}, true},
		{"an unknown authority, in Russian", true, 200, 0, false, []string{"не доверяет этот компьютер"}, true},
	} {
		srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(c.ahead).UTC().Format(http.TimeFormat))
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

// TestCheckPort: what is said of the relay's port names the number, what it is
// for and the field, and what to do when it cannot be had.
func TestCheckPort(t *testing.T) {
	var taken net.Listener
	for n := os.Getpid() * 101; taken == nil; n++ { // none of those that the system gives to whoever asks for any
		if l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", 10000+n%10000)); err == nil {
			taken = l
		}
	}
	port := taken.Addr().(*net.TCPAddr).Port
	for _, c := range []struct {
		name    string
		held    bool
		port    int
		en, ru  string
		because error // nil: the port is tried
	}{
		{"any port", true, 0, "✓ the port for local programs is chosen at start (relay.port: 0)", "✓ порт для местных программ агент выберет при запуске (relay.port: 0)", nil},
		{"a port that another program has", true, port, fmt.Sprintf("✗ port %d for local programs (relay.port) is held by another program, or the agent of another session: set 0, then a free one is chosen at start, or another number", port),
			fmt.Sprintf("✗ порт %d для местных программ (relay.port) занят другой программой или агентом другого сеанса: впишите 0, тогда агент выберет свободный при запуске, или другой номер", port), nil},
		{"a port that is free", false, port, fmt.Sprintf("✓ port %d for local programs (relay.port) is free", port), fmt.Sprintf("✓ порт %d для местных программ (relay.port) свободен", port), nil},
		{"a port that the system keeps", false, 80, "✗ this system does not let the agent have port 80 for local programs (relay.port): set 0, then a free one is chosen at start, or a number from 1024 on",
			"✗ эта система не даёт агенту порт 80 для местных программ (relay.port): впишите 0, тогда агент выберет свободный при запуске, или номер от 1024", &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.EACCES)}},
	} {
		if !c.held {
			_ = taken.Close()
		}
		for _, russian := range []bool{false, true} {
			want := c.en
			if russian {
				want = c.ru
			}
			said, ch := saying(russian)
			if c.because != nil {
				ch.port(c.port, c.because)
			} else {
				ch.free(t.Context(), c.port)
			}
			if len(*said) != 1 || (*said)[0] != want || ch.sick != strings.HasPrefix(want, "✗") {
				t.Errorf("%s: %q, sick %t, want %q", c.name, *said, ch.sick, want)
			}
		}
	}
}

// TestCheckRunning: of an agent that runs the place is told where local programs
// find it, not whether its port is free.
func TestCheckRunning(t *testing.T) {
	for relay, want := range map[string]string{"http://127.0.0.1:40123": "· it answers local programs at http://127.0.0.1:40123", "": "✗ it does not answer local programs: it was started before relay.enabled, start it again"} {
		t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
		path, err := PlacePath()
		if err != nil {
			t.Fatal(err)
		}
		free, err := alone(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := writePrivate(path, Place{Relay: relay}); err != nil {
			t.Fatal(err)
		}
		said, ch := saying(false)
		ch.ports(t.Context(), Config{Relay: Relay{Enabled: true, Port: 40123, Secret: "sixteen-letters-"}})
		free()
		if len(*said) != 2 || (*said)[1] != want || ch.sick != (relay == "") {
			t.Errorf("%q: %q, sick %t", relay, *said, ch.sick)
		}
	}
}
