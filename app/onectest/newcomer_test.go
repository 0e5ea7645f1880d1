package onectest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// users counts the lists of users that were sent.
func (p *proxy) users() int { return p.count("POST /v1/sync/users") - p.count("POST /v1/sync/users/") }

// TestNewcomer: somebody whom the service does not know yet works with it half a
// minute later, without an exchange and without a word about an error.
func TestNewcomer(t *testing.T) {
	t.Parallel()
	for _, k := range managedKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := newBase(t, k, false)
			b.connect(p.URL, s.key)
			b.set("пользователь."+ivanovID+".Номер", "101")
			if err := b.Start(); err != nil {
				t.Fatal(err)
			}
			from := b.Now()
			b.until("first answer", func() bool { return b.remembered("Версия") != "" })
			// half a minute, unless a busy machine lets a request run into its time-out
			if waited := b.Now().Sub(from); waited > 2*time.Minute || p.users() == 0 || p.users() > 3 {
				t.Errorf("after %v and %d lists of users", waited, p.users())
			}
			s.call()
			b.until("the call", func() bool { return len(b.opened()) == 1 })
			if slices.ContainsFunc(b.toasts(), func(x string) bool { return strings.Contains(x, "Нет связи") }) {
				t.Errorf("shown %v", b.toasts())
			}
			b.quiet()
		})
	}
}

// TestStranger: somebody whom the service does not take is told once, asks ever
// less often, and is told once when it works.
func TestStranger(t *testing.T) {
	t.Parallel()
	for _, k := range managedKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			p.do(func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
				if r.URL.Path == "/v1/sync/users" {
					w.WriteHeader(http.StatusUnprocessableEntity)
					return
				}
				pass(w)
			})
			b := newBase(t, k, false)
			b.connect(p.URL, s.key)
			if err := b.Start(); err != nil {
				t.Fatal(err)
			}
			b.forward(6 * time.Hour)
			asked := p.count("/v1/notifications?") + p.count("/token")
			if asked < 30 || asked > 60 || p.users() > asked {
				t.Errorf("asked %d times in six hours, %d lists of users", asked, p.users())
			}
			p.do(nil)
			b.until("first answer", func() bool { return b.remembered("Версия") != "" })
			told := strings.Join(b.toasts(), "\n")
			if strings.Count(told, "Нет связи") != 1 || !strings.Contains(told, "не знает этого пользователя") || strings.Count(told, "восстановлена") != 1 {
				t.Errorf("told %s", told)
			}
			b.quiet()
		})
	}
}

// TestBreakIsOver: whatever the service answers first ends the break that all
// sessions keep, so that the next one begins with seconds again.
func TestBreakIsOver(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := start(t, s, managedKinds[3])
	id := s.publish(`{"user":"ivanov","kind":"note","title":"a"}`)
	for _, c := range []struct {
		name string
		do   func() error
	}{
		{"a poll", func() error {
			_, err := b.Call("ЗмрВызовСервера.Опросить", "s", "", "", "", false)
			return err
		}},
		{"a click", func() error {
			_, err := b.Call("ЗмрВызовСервера.Подтвердить", id+".1.d")
			return err
		}},
		{"a token", func() error {
			_, err := b.Call("ЗмрВызовСервера.ТокенПользователя")
			return err
		}},
		{"the exchange", func() error { _, err := b.CallServer("ЗмрСервер.Обменяться"); return err }},
		{"a publication", func() error {
			_, err := b.CallServer("ЗмрСервер.ОповеститьСотрудника", "ivanov", "mail.received", "Письмо")
			return err
		}},
		{"the settings form", func() error { _, err := b.CallServer("ЗмрСервер.Проверить", ivanovID); return err }},
	} {
		b.set("связь.сбоев", "48")
		b.set("связь.до", "20200101000000")
		if err := c.do(); err != nil {
			t.Fatal(err)
		}
		if left := b.setting("связь.сбоев"); left != "" {
			t.Errorf("after %s the next break would take %s seconds more", c.name, left)
		}
	}
}
