package agent

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	zummer "zummer/clients/go"
)

// TestExplain: what keeps the service from answering is said in words, with what
// to do, in both languages, and never with a number.
func TestExplain(t *testing.T) {
	t.Parallel() // some are asked again
	quiet := slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	status := func(code int) string {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
		t.Cleanup(srv.Close)
		return srv.URL
	}
	page := func(code int, body string) string {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body))
		}))
		t.Cleanup(srv.Close)
		return srv.URL
	}
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = quiet
	t.Cleanup(untrusted.Close)
	newer := httptest.NewUnstartedServer(http.NotFoundHandler())
	newer.TLS = &tls.Config{CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}, MaxVersion: tls.VersionTLS12}
	newer.Config.ErrorLog = quiet
	newer.StartTLS()
	t.Cleanup(newer.Close)
	for _, c := range []struct{ name, url, en, ru string }{
		{"a refused token", status(401), "repeat zummer agent login", "токен не принят"},
		{"a token of another scope", status(403), "no scope poll", "нет права poll"},
		{"something else", status(404), "is no Zummer: is the address right", "отвечает не Zummer"},
		{"a web server that leads elsewhere", status(301), "is no Zummer: is the address right", "отвечает не Zummer"},
		{"a web server's page", page(200, "<html>"), "is no Zummer: is the address right", "отвечает не Zummer"},
		{"a user that the service does not know", page(404, `{"code":"unknown_user","detail":"no such user"}`), "there is no such user", "такого сотрудника нет"},
		{"too many requests", status(429), "wait a minute", "подождите"},
		{"a proxy without the service", status(502), "does not work now (502)", "не работает (502)"},
		{"nobody", "http://127.0.0.1:1", "does the service run", "запущена ли служба"},
		{"a name that is none", "https://zummer.invalid", "is not found", "не найдено"},
		{"an unknown authority", untrusted.URL, "--ca", "--ca"},
		{"no common cipher", newer.URL, "no agreement", "не договориться"},
		{"https to who speaks http", strings.Replace(status(200), "http://", "https://", 1), "http instead of https", "http вместо https"},
	} {
		client, err := Client(Config{URL: c.url, Token: "t"}, "agent-test")
		if err != nil {
			t.Fatal(err)
		}
		_, err = (&zummer.Client{URL: c.url, Token: "t", HTTP: client.HTTP}).Me(t.Context())
		if err == nil {
			t.Fatalf("%s: no error", c.name)
		}
		if en, ru := Explain(err, c.url, false), Explain(err, c.url, true); !strings.Contains(en, c.en) || !strings.Contains(ru, c.ru) {
			t.Errorf("%s: %q, %q of %v", c.name, en, ru, err)
		}
	}
}
