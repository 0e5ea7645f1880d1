package app

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestAddresses: the public address has hooks and /healthz only, the open one
// of the metrics has nothing but them.
func TestAddresses(t *testing.T) {
	t.Parallel()
	cfg := validConfig()
	cfg.HooksListen, cfg.MetricsListen = "127.0.0.1:0", "127.0.0.1:0"
	a, err := New(t.Context(), Options{Config: cfg, Database: Database{Database: "sqlite:" + t.TempDir() + "/a.db", DBPool: 2}})
	if err != nil {
		t.Fatal(err)
	}
	defer a.parts.close()
	for _, s := range a.servers {
		defer s.listener.Close()
	}
	for path, want := range map[string][3]int{
		"/healthz": {200, 200, 404}, "/readyz": {200, 404, 404}, "/metrics": {401, 404, 200}, "/hooks/x/y": {404, 404, 404}, "/admin/": {303, 404, 404},
		"/v1/notifications": {401, 404, 404}, "/v1/me": {401, 404, 404}, "/docs": {200, 404, 404}, "/openapi.yaml": {200, 404, 404}, "/": {302, 404, 404},
	} {
		for i, status := range want {
			rec := httptest.NewRecorder()
			a.servers[i].http.Handler.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
			if rec.Code != status {
				t.Errorf("%s at the address for %s = %d, want %d", path, a.servers[i].name, rec.Code, status)
			}
		}
	}
}
