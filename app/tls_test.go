package app_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/handlers/pbx/simulate"
	"zummer/models/store/storetest"
)

// selfSigned writes a certificate for this machine and its key, and gives the
// pool that trusts it.
func selfSigned(t *testing.T) (certFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "zummer.test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, b []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	roots = x509.NewCertPool()
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(leaf)
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", secret), roots
}

// secured is a program with a certificate of its own and a second address for
// hooks, which is the one that PBXs are told.
type secured struct {
	*apptest.Instance
	hooks string // https://…, the second address
	ca    string // file
	roots *x509.CertPool
}

func startSecured(t *testing.T, dsn string) *secured {
	t.Helper()
	s := &secured{}
	cert, key, roots := selfSigned(t)
	outside := apptest.Address(t)
	s.ca, s.roots, s.hooks = cert, roots, "https://"+outside
	s.Instance = apptest.Start(t, dsn, func(o *app.Options) {
		o.Config.TLSCert, o.Config.TLSKey, o.Config.HooksListen, o.Config.PublicURL = cert, key, outside, s.hooks
	})
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	s.Client = &http.Client{Transport: transport}
	return s
}

// ask sends a request to any address and gives its status, 0 when there was no
// connection.
func (s *secured) ask(client *http.Client, method, address, token string) int {
	s.T.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, address, nil)
	if err != nil {
		s.T.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := client.Do(req)
	if err != nil {
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// What the second address lets in from outside is the hooks and a sign of life,
// and both addresses speak TLS only, 1.2 too.
func TestCertificateAndHooksAddress(t *testing.T) {
	s := startSecured(t, storetest.SQLite(t))
	hook := s.Source("office", "generic", nil)
	token := s.User("ivanov", "office", "101")
	for _, tc := range []struct {
		method, path, token string
		main, hooks         int
	}{
		{"GET", "/healthz", "", 200, 200},
		{"GET", "/readyz", "", 200, 404},
		{"GET", hook + "?event=started&call=c-1", "", 200, 200},
		{"GET", "/hooks/office/wrong", "", 404, 404},
		{"GET", "/v1/notifications", token, 200, 404},
		{"GET", "/v1/me", token, 200, 404},
		{"GET", "/v1/admin/sources", apptest.AdminToken, 200, 404},
		{"GET", "/admin/", "", 303, 404},
		{"GET", "/metrics", apptest.AdminToken, 200, 404},
		{"GET", "/openapi.yaml", "", 200, 404},
	} {
		client := &http.Client{Transport: s.Client.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		if got := s.ask(client, tc.method, s.URL+tc.path, tc.token); got != tc.main {
			t.Errorf("%s %s at the main address: %d, want %d", tc.method, tc.path, got, tc.main)
		}
		if got := s.ask(client, tc.method, s.hooks+tc.path, tc.token); got != tc.hooks {
			t.Errorf("%s %s at the hooks' address: %d, want %d", tc.method, tc.path, got, tc.hooks)
		}
	}
	for _, address := range []string{s.URL, s.hooks} {
		if got := s.ask(http.DefaultClient, "GET", address+"/healthz", ""); got != 0 {
			t.Errorf("%s: %d for a client that does not know the certificate, want no connection", address, got)
		}
		if got := s.ask(http.DefaultClient, "GET", strings.Replace(address, "https", "http", 1)+"/healthz", ""); got != 400 && got != 0 {
			t.Errorf("%s: %d without TLS", address, got)
		}
		for _, tc := range []struct {
			version uint16
			ok      bool
		}{{tls.VersionTLS11, false}, {tls.VersionTLS12, true}, {tls.VersionTLS13, true}} {
			d := tls.Dialer{Config: &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS10, MaxVersion: tc.version}}
			conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(address, "https://"))
			if (err == nil) != tc.ok {
				t.Errorf("%s by %s: %v", address, tls.VersionName(tc.version), err)
			}
			if err == nil {
				_ = conn.Close()
			}
		}
	}
}

// The doctor on a real instance where all is well: a PBX that has placed a call,
// a client that polls and has acknowledged. Looking twice changes nothing.
func TestDoctorOfARealInstance(t *testing.T) {
	t.Setenv("LANG", "C")
	storetest.Each(t, func(t *testing.T, dsn string) {
		const kind = "megafon"
		s := startSecured(t, dsn)
		secret, settings := simulate.Example(kind)
		hook := s.Source("pbx", kind, map[string]any{"secret": secret, "settings": settings})
		examine := func(more ...string) (string, int) {
			var out bytes.Buffer
			code := app.Main(t.Context(), append([]string{"doctor", "--url", s.URL + "/", "--token", apptest.AdminToken}, more...), &out, &out)
			return out.String(), code
		}
		if out, code := examine(); code != 1 || !strings.Contains(out, "✗ "+s.URL) || strings.Contains(out, "✓") {
			t.Errorf("without --ca: exit %d\n%s", code, out)
		}
		if out, code := examine("--ca", s.ca); code != 1 || !strings.Contains(out, "✗ the source has not sent anything yet") || !strings.Contains(out, "✗ no user has a phone yet") {
			t.Errorf("before the first call: exit %d\n%s", code, out)
		}

		token := s.User("ivanov", "pbx", simulate.Addresses("101")...)
		colleague := s.User("petrova", "pbx", simulate.Addresses("102")...)
		var scenario simulate.Scenario
		for _, sc := range simulate.Scenarios() {
			if sc.Name == "direct" {
				scenario = sc
			}
		}
		story, err := simulate.Speak(kind, simulate.Target{Hook: s.hooks + hook, Secret: secret, Settings: settings}, scenario,
			simulate.Params{Phone: "+79031234567", CallID: "c1", Start: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range story {
			req, err := m.Request(time.Now())
			if err != nil {
				t.Fatal(err)
			}
			res, err := s.Client.Do(req.WithContext(t.Context()))
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK {
				t.Fatalf("the webhook got %s", res.Status)
			}
		}
		set := s.Poll(token, "session=desk")
		if len(set.Rows) == 0 {
			t.Fatalf("nothing to acknowledge: %+v", set)
		}
		var acks []string
		for _, r := range set.Rows {
			acks = append(acks, fmt.Sprintf("%s.%d.o", r.ID, r.Rev))
		}
		if set = s.Poll(token, "session=desk&ack="+strings.Join(acks, ",")); len(set.Rows) != 0 || set.Acks[0].Result != "processed" {
			t.Fatalf("after the acknowledgement: %+v", set)
		}
		s.Poll(colleague, "session=desk")

		for look := range 3 {
			out, code := examine("--ca", s.ca)
			if code != 0 || strings.Contains(out, "✗") {
				t.Fatalf("look %d: exit %d\n%s", look+1, code, out)
			}
			for _, line := range []string{"✓ the service at " + s.URL, "· source pbx (megafon)", "✓ the certificate is good and TLS 1.2 is on", "✓ the source's address leads here",
				"✓ the last request came", "✓ the client of ivanov polls", "✓ the client of petrova polls"} {
				if !strings.Contains(out, line) {
					t.Errorf("look %d: no line %q in\n%s", look+1, line, out)
				}
			}
			if _, secretPart, _ := strings.Cut(strings.TrimPrefix(hook, "/hooks/"), "/"); strings.Contains(out, secretPart) {
				t.Errorf("the hook's token is in the output:\n%s", out)
			}
		}
	})
}
