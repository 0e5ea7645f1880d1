package app

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"zummer/models"
)

func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]bool{
		"8.8.8.8": true, "81.88.80.132": true, "2a00:1450:4010::1": true, "::ffff:8.8.8.8": true,
		"127.0.0.1": false, "::1": false, "0.0.0.0": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.10": false, "169.254.169.254": false, "::ffff:127.0.0.1": false,
		"100.64.0.1": false, "198.18.0.1": false, "224.0.0.1": false, "255.255.255.255": false, "fd00::1": false, "fe80::1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false, "203.0.113.9": false,
	} {
		if got := public(netip.MustParseAddr(addr)); got != want {
			t.Errorf("public(%s) = %v, want %v", addr, got, want)
		}
	}
}

// TestOutboundStaysOutside: a source reaches what an administrator listed, and
// no other address of a private network, whatever its name resolves to.
func TestOutboundStaysOutside(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}
	}))
	defer srv.Close()
	_, port, _ := strings.Cut(srv.Listener.Addr().String(), ":")
	out := newOutbound()
	defer out.close()
	for _, tc := range []struct {
		address string
		hosts   any
		private bool // refused as private
		fails   bool // refused before that
	}{
		{"http://127.0.0.1:" + port, nil, true, false},
		{"http://localhost:" + port, nil, true, false},
		{"http://localhost:" + port, []any{"127.0.0.1"}, true, false}, // another name
		{"http://127.0.0.1:" + port, []any{"127.0.0.1"}, false, false},
		{"http://localhost:" + port, "pbx.local, LOCALHOST", false, false},
		{"file:///etc/passwd", []any{"127.0.0.1"}, false, true},
		{"http:///x", nil, false, true},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tc.address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := out.of(&models.Source{Settings: map[string]any{"private_hosts": tc.hosts}}).Do(req)
		if err == nil {
			_ = res.Body.Close()
		}
		if errors.Is(err, errPrivate) != tc.private || (err != nil) != (tc.private || tc.fails) {
			t.Errorf("%s with private_hosts %v: %v", tc.address, tc.hosts, err)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/away", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := out.of(&models.Source{Settings: map[string]any{"private_hosts": "127.0.0.1"}}).Do(req)
	if err != nil || res.StatusCode != http.StatusFound {
		t.Fatalf("a redirect was followed, or failed: %v", err)
	}
	_ = res.Body.Close()
}

// TestPrivateHostsAreHosts: a listed name may resolve to anything; the address
// of a cloud's metadata service is no PBX's.
func TestPrivateHostsAreHosts(t *testing.T) {
	t.Parallel()
	for address, refused := range map[string]bool{"169.254.169.254:80": true, "[fe80::1]:80": true, "[::ffff:169.254.169.254]:80": true, "0.0.0.0:80": true, "224.0.0.1:80": true, "x": true,
		"127.0.0.1:80": false, "10.1.2.3:443": false, "[fd00::1]:443": false, "81.88.80.132:443": false} {
		if err := privateToo("tcp", address, nil); (err != nil) != refused {
			t.Errorf("%s: %v, want refused %v", address, err, refused)
		}
	}
}

// TestOutboundErrorsAreBare: errors go into the log, and addresses hold the keys
// of recordings and customers' numbers.
func TestOutboundErrorsAreBare(t *testing.T) {
	t.Parallel()
	out := newOutbound()
	defer out.close()
	for _, address := range []string{"http://127.0.0.1:1/r/79031234567?key=s3cret", "https://pbx.invalid/r/79031234567?key=s3cret", "http://user:s3cret@127.0.0.1:1/79031234567", "ftp://x/r/79031234567?key=s3cret"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		_, err = out.of(&models.Source{Settings: map[string]any{"private_hosts": "127.0.0.1"}}).Do(req)
		if err == nil || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "79031234567") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
