package onectest_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zummer/clients/onec/bsltest"
)

// TestWhatIsWrong: the words under «Проверить» name the cause and what to do.
func TestWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newService(t)
	token := func(scopes ...string) string {
		return s.Admin("POST", "/v1/admin/tokens", map[string]any{"name": "1c", "scopes": scopes})["token"].(string)
	}
	server := func(h http.HandlerFunc) string {
		srv := httptest.NewServer(h)
		t.Cleanup(srv.Close)
		return srv.URL
	}
	problem := func(status int, code string) string {
		return server(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json; charset=utf-8")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"code":"`+code+`","detail":"nothing is at this address"}`)
		})
	}
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	late := newProxy(t, s.URL)
	late.do(func(w http.ResponseWriter, _ *http.Request, pass func(http.ResponseWriter)) {
		pass(dated{w, time.Now().Add(-20*time.Minute - 25*time.Second)}) // 1C's clock stands still in this test
	})
	for _, c := range []struct {
		name, address, key string
		want               []string
	}{
		{"no address", "zummer.example", s.key, []string{"http://"}},
		{"nobody at the port", "http://127.0.0.1:1", s.key, []string{"127.0.0.1:1", "никто не отвечает", "брандмауэр"}},
		{"no such name", "http://zummer.invalid", s.key, []string{"zummer.invalid", "не находится", "DNS"}},
		{"a certificate of nobody", secure.URL, s.key, []string{"ертификат", "часы"}},
		{"TLS where there is none", "https" + strings.TrimPrefix(s.URL, "http"), s.key, []string{"http://"}},
		{"no TLS where there is some", "http" + strings.TrimPrefix(secure.URL, "https"), s.key, []string{"не Zummer"}},
		{"another web server", server(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>It works!") }), s.key, []string{"не Zummer"}},
		{"another web server's error", server(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>No", http.StatusNotFound) }), s.key, []string{"не Zummer", "404"}},
		{"a redirect", server(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://zummer.example/", http.StatusMovedPermanently)
		}), s.key, []string{"перенаправляет", "https://zummer.example/"}},
		{"a proxy without its service", server(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "<html>Bad Gateway", http.StatusBadGateway)
		}), s.key, []string{"502", "не запущен"}},
		{"a service of long ago", problem(404, "not_found"), s.key, []string{"старше модулей"}},
		{"a service that starts", problem(503, "unavailable"), s.key, []string{"503", "позже"}},
		{"a wrong key", s.URL, "rubbish", []string{"Ключ не принят"}},
		{"no key", s.URL, "", []string{"ключ"}},
		{"a user's key", s.URL, s.User("someone", "office", "199"), []string{"sync"}},
		{"a key without relay", s.URL, token("sync", "publish"), []string{"relay"}},
		{"a key without publish", s.URL, token("sync", "relay"), []string{"publish"}},
		{"clocks that differ", late.URL, s.key, []string{"Связь есть", "часы", "20 мин"}},
		{"all right", s.URL + "/", s.key, []string{"Связь есть. Сейчас придет тестовая карточка."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBase(t, managedKinds[0], true)
			b.TLS = &tls.Config{RootCAs: x509.NewCertPool()}
			if err := b.Start(); err != nil {
				t.Fatal(err)
			}
			b.settings(c.address, c.key, "101")
			form := b.Screen.Forms[0]
			got := fmt.Sprint(form.Attr("Итог"))
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("the form says %q, want %q", got, want)
				}
			}
			if c.key != "" && strings.Contains(got, c.key) {
				t.Error("the key is told")
			}
			b.quiet()
		})
	}
}

// dated answers with another clock's Date.
type dated struct {
	http.ResponseWriter
	at time.Time
}

func (d dated) WriteHeader(code int) {
	d.Header().Set("Date", d.at.UTC().Format(http.TimeFormat))
	d.ResponseWriter.WriteHeader(code)
}

// TestNumberOfTheirOwn: who is no administrator sees and changes nothing but his
// own number and how forms open; a number that another one has is not taken
// from him so.
func TestNumberOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := serverBase(t, s.URL, s.key)
	b.NotAdmin = true
	const petrova = "22222222-2222-2222-2222-222222222222"
	b.Users = []bsltest.User{{UID: petrova, Name: "petrova", FullName: "Петрова П."}}
	b.set("пользователь."+petrova+".Номер", "105, 106")
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	b.settings("http://evil.example", "evil", "106")
	form := b.Screen.Forms[0]
	for _, item := range []string{"Адрес", "Ключ"} {
		if form.Item(item, "Видимость") != false {
			t.Errorf("%s is shown", item)
		}
	}
	if got := fmt.Sprint(form.Attr("Итог")); !strings.Contains(got, "106") || !strings.Contains(got, "другого") {
		t.Errorf("the form says %q", got)
	}
	if b.setting("пользователь."+ivanovID+".Номер") != "101, 102" {
		t.Errorf("the number is %s", b.setting("пользователь."+ivanovID+".Номер"))
	}
	form.SetField(nil, "Номер", "103")
	if err := b.FormCall(form, "Проверить", nil); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(form.Attr("Итог")); !strings.Contains(got, "Связь есть") || b.setting("пользователь."+ivanovID+".Номер") != "103" {
		t.Errorf("the form says %q, the number is %s", got, b.setting("пользователь."+ivanovID+".Номер"))
	}
	if b.setting("настройка.Адрес") != s.URL || b.setting("настройка.Ключ") != s.key {
		t.Error("address or key were changed")
	}
	v, err := b.Call("ЗмрВызовСервера.НастройкиДляФормы")
	if err != nil || bsltest.Go(v).(map[string]any)["Адрес"] != "" {
		t.Errorf("the form gets %v (%v)", v, err)
	}
	b.quiet()
}

// TestSeveralPBXs: where there are several sources the number names its own.
func TestSeveralPBXs(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.Source("mango", "generic", nil)
	b := serverBase(t, s.URL, s.key)
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	b.settings(s.URL, s.key, "101")
	form := b.Screen.Forms[0]
	if got := fmt.Sprint(form.Attr("Итог")); !strings.Contains(got, "/101") {
		t.Errorf("the form says %q", got)
	}
	form.SetField(nil, "Номер", "mango/101, office/205")
	if err := b.FormCall(form, "Проверить", nil); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(form.Attr("Итог")); !strings.Contains(got, "Связь есть") {
		t.Errorf("the form says %q", got)
	}
	items := s.Admin("GET", "/v1/admin/extensions?user=ivanov", nil)["items"].([]any)
	if len(items) != 2 {
		t.Errorf("extensions %v", items)
	}
	b.quiet()
}

// TestBaseWithoutUsers: in an empty infobase nobody logs in under a name; calls
// come all the same.
func TestBaseWithoutUsers(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := newBase(t, managedKinds[0], true)
	b.User = bsltest.User{UID: "00000000-0000-0000-0000-000000000000"}
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	b.settings(s.URL, s.key, "101")
	if got := fmt.Sprint(b.Screen.Forms[0].Attr("Итог")); !strings.Contains(got, "Связь есть") {
		t.Fatalf("the form says %q", got)
	}
	b.until("the test card", func() bool {
		return len(b.opened()) > 1 && b.opened()[len(b.opened())-1] == "ОбщаяФорма.ЗмрКарточка"
	})
	b.exchange()
	users := s.Admin("GET", "/v1/admin/users", nil)["items"].([]any)
	if len(users) != 1 || users[0].(map[string]any)["active"] != true {
		t.Errorf("users %v", users)
	}
	b.quiet()
}
