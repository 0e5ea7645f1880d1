package onectest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/clients/onec/bsltest"
)

// TestOrdinaryFaults: whatever happens to the network and the service, the form
// opens once, is acknowledged, and the window stands still for no longer than
// promised.
func TestOrdinaryFaults(t *testing.T) {
	t.Parallel()
	once := func(p *proxy, code int) { p.do(once(1, status(code, "Retry-After", "2"))) }
	for _, f := range []struct {
		name string
		do   func(s *service, p *proxy, b *base)
	}{
		{"lost answers", func(s *service, p *proxy, _ *base) { p.do(lostAcks()); s.call() }},
		{"an answer comes twice", func(s *service, p *proxy, b *base) {
			p.do(rewritten(cached(interestID)))
			s.call()
			b.until("form", func() bool { return b.openedRef(interestID) })
			b.RunFast(time.Second, 8, nil)
			p.do(nil)
		}},
		{"401 once", func(s *service, p *proxy, _ *base) { once(p, 401); s.call() }},
		{"503 with Retry-After", func(s *service, p *proxy, _ *base) { once(p, 503); s.call() }},
		{"400", func(s *service, p *proxy, _ *base) { once(p, 400); s.call() }},
		{"the session's name is taken", func(s *service, p *proxy, _ *base) { once(p, 409); s.call() }},
		{"503 of a proxy, then a break", func(s *service, p *proxy, b *base) {
			p.do(status(503))
			s.call()
			b.RunFast(time.Second, 8, nil)
			p.do(down)
			b.RunFast(time.Second, 8, nil)
			p.do(nil)
			b.soon("an end of the pause", func() bool { return b.openedRef(interestID) })
		}},
		{"a slow service", func(s *service, p *proxy, b *base) {
			p.do(slow(10 * time.Second))
			s.call()
			b.RunFast(6*time.Second, 4, nil)
			p.do(nil)
			b.soon("an end of the pause", func() bool { return b.openedRef(interestID) })
		}},
		{"the clock is set back", func(s *service, p *proxy, b *base) {
			p.do(down)
			s.publish(`{"user":"ivanov","kind":"note","title":"ends the poll that waits"}`)
			b.RunFast(time.Second, 8, nil)
			b.back(3 * time.Hour)
			p.do(nil)
			s.call()
		}},
	} {
		for _, k := range ordinaryFaultKinds {
			t.Run(f.name+"/"+k.name, func(t *testing.T) {
				t.Parallel()
				s := newService(t)
				p := newProxy(t, s.URL)
				b := newOrdinary(t, s, k, p.URL).hurried()
				f.do(s, p, b)
				b.until("form", func() bool { return b.openedRef(interestID) })
				b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "call.answered") })
				b.RunFast(time.Second, 4, nil)
				if n := countName(b, "Документ.Интерес.Форма"); n != 1 {
					t.Errorf("opened %v, want one document", b.opened())
				}
				if got := s.outcome("call.answered"); got != "opened" {
					t.Errorf("outcome %q", got)
				}
				b.quiet()
				if longest := b.LongestBlock(); longest > k.promise+busy {
					t.Errorf("the window stood still for %v, promised is %v", longest, k.promise)
				}
			})
		}
	}
}

// soon is until for what comes after a pause of a minute at most. A pause is
// short then, but not what a request may take: that is given up after a minute.
func (b *base) soon(what string, ok func() bool) {
	b.t.Helper()
	for end := time.Now().Add(patience); !ok(); {
		if time.Now().After(end) {
			b.t.Fatalf("no %s; opened %v, messages %v, errors %v, log %v", what, b.opened(), b.Screen.Messages, b.Errors(), b.Log)
		}
		times := 4
		if b.Settle(0) {
			times = 30
		}
		b.RunFast(50*time.Millisecond, times, ok)
	}
}

// back sets the client's clock back.
func (b *base) back(d time.Duration) {
	b.Add(bsltest.Host{Functions: []bsltest.Function{{Names: "ТекущаяДата CurrentDate", Do: func(c *bsltest.Call) any { return bsltest.Value(c.W.Now().Add(-d)) }}}})
}

// TestOrdinaryOffline: a client that is hours without a network says so once,
// asks once a minute, and shows once what it missed.
func TestOrdinaryOffline(t *testing.T) {
	t.Parallel()
	for _, k := range ordinaryFaultKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := newOrdinary(t, s, k, p.URL)
			s.missed("c-0", "+79031234567")
			b.until("the first missed call", func() bool { return len(formsWith(b, "ропущ")) == 1 })
			p.do(down)
			for _, call := range []string{"c-1", "c-2", "c-3"} {
				s.missed(call, "+7916000000"+call[2:])
			}
			b.soon("the break told", func() bool { return len(b.Screen.Messages) > 0 })
			p.forget()
			b.forward(4 * time.Hour)
			if n := p.count("/v1/notifications?"); n > 4*61 || n < 4*45 {
				t.Errorf("%d requests in four hours without a network", n)
			}
			p.do(nil)
			b.soon("what was missed", func() bool { return len(formsWith(b, "ропущ")) == 4 })
			b.RunFast(time.Second, 4, nil)
			if n := countName(b, callWindow); n != 4 {
				t.Errorf("%d windows of four calls", n)
			}
			if want := []string{"Нет связи с сервисом звонков", "Связь с сервисом звонков восстановлена"}; !slices.Equal(b.Screen.Messages, want) {
				t.Errorf("messages %v, want %v", b.Screen.Messages, want)
			}
			b.quiet()
		})
	}
}

// TestOrdinaryRestart: the service goes down while the client waits and comes
// back on the same database; 1C is started again, too. Nothing opens twice.
func TestOrdinaryRestart(t *testing.T) {
	t.Parallel()
	for _, k := range ordinaryFaultKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := newOrdinary(t, s, k, p.URL)
			s.missed("c-0", "+79160000000")
			b.until("the missed call", func() bool { return len(formsWith(b, "ропущ")) == 1 })
			s.Stop()
			b.RunFast(time.Second, 8, nil)
			again := s.restart(t)
			p.to(again.URL)
			again.call()
			b.soon("form", func() bool { return b.openedRef(interestID) })
			b.until("acknowledgement", func() bool { return !slices.Contains(again.pending(), "call.answered") })
			if n := countName(b, callWindow); n != 2 {
				t.Errorf("%d windows of two calls", n)
			}
			b.quiet()

			next := ordinaryBase(t, k) // the infobase of the next morning
			next.connectOrdinary(again, p.URL, "")
			next.until("what still waits", func() bool { return len(formsWith(next, "ропущ")) == 1 })
			next.RunFast(time.Second, 4, nil)
			if next.openedRef(interestID) || countName(next, callWindow) != 1 {
				t.Errorf("opened after a new start: %v", next.opened())
			}
			next.quiet()
		})
	}
}

// TestOrdinaryToken: a token that is not taken is told once, at once when
// somebody has just put it in, and then there is quiet for ten minutes.
func TestOrdinaryToken(t *testing.T) {
	t.Parallel()
	for _, k := range ordinaryFaultKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := newOrdinary(t, s, k, p.URL)
			p.do(status(401))
			s.publish(`{"user":"ivanov","kind":"note","title":"ends the poll that waits"}`)
			b.soon("the refusal told", func() bool { return len(b.Screen.Messages) > 0 })
			p.forget()
			b.forward(8 * time.Minute)
			if n := p.count("/v1/notifications"); n > 1 || len(b.Screen.Messages) != 1 {
				t.Errorf("%d requests in eight minutes after a 401, messages %v", n, b.Screen.Messages)
			}
			p.do(nil)
			for _, c := range []struct{ address, token, want string }{
				{p.URL, "no-token-at-all", "Нет связи с сервисом звонков: токен не принят"},
				{p.URL, s.key, "Нет связи с сервисом звонков: у токена нет права poll"},
				{p.URL + "/elsewhere", "x", "Нет связи с сервисом звонков: по этому адресу отвечает не Zummer"},
				{"http://127.0.0.1:1", "x", "Нет связи с сервисом звонков: "},
			} {
				b.Screen.Messages = nil
				b.remember(c.address, c.token, true)
				b.until(c.want, func() bool { return len(b.Screen.Messages) > 0 })
				if got := b.Screen.Messages[0]; !strings.HasPrefix(got, c.want) {
					t.Errorf("%s, %s: %q, want %q", c.address, c.token, got, c.want)
				}
			}
			for _, line := range b.Log {
				if strings.Contains(line.Comment, "no-token-at-all") || strings.Contains(line.Comment, s.key) {
					t.Errorf("a token in the log: %s", line.Comment)
				}
			}
			b.quiet()
		})
	}
}

// TestOrdinaryPoison: what cannot be read or shown neither loops nor keeps
// others from being shown.
func TestOrdinaryPoison(t *testing.T) {
	t.Parallel()
	for _, k := range ordinaryFaultKinds {
		t.Run(k.name+"/a broken row", func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := newOrdinary(t, s, k, p.URL)
			p.do(rewritten(func(body string) string { // from now on in every answer
				if strings.HasPrefix(body, "Z1") {
					return strings.Replace(body, "\n", "\r\n66.1\tpoison\r\n", 1)
				}
				return strings.Replace(body, "<n ", "<n <", 1)
			}))
			s.call()
			b.soon("form", func() bool { return b.openedRef(interestID) })
			b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "call.answered") })
			b.quiet()
		})
		t.Run(k.name+"/nothing can be read", func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := newOrdinary(t, s, k, p.URL)
			p.do(func(w http.ResponseWriter, _ *http.Request, _ func(http.ResponseWriter)) {
				_, _ = w.Write([]byte("<html>Войдите в сеть гостиницы</html>"))
			})
			s.missed("c-1", "+79160000000")
			b.until("the break told", func() bool { return len(b.Screen.Messages) > 0 })
			b.forward(5 * time.Minute)
			p.forget()
			b.forward(time.Hour)
			if n := p.count("/v1/notifications?"); n > 61 {
				t.Errorf("%d requests in an hour", n)
			}
			p.do(nil)
			b.soon("the missed call", func() bool { return len(formsWith(b, "ропущ")) == 1 })
			if len(b.Screen.Messages) != 2 {
				t.Errorf("messages %v, want two", b.Screen.Messages)
			}
			b.quiet()
		})
		t.Run(k.name+"/an acknowledgement that is refused", func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := newOrdinary(t, s, k, p.URL)
			p.do(func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
				if polls(r) && strings.Contains(r.URL.RawQuery, "ack=") {
					status(422)(w, r, pass)
					return
				}
				pass(w)
			})
			s.call()
			b.until("form", func() bool { return b.openedRef(interestID) })
			s.missed("c-1", "+79160000000")
			b.soon("the missed call", func() bool { return len(formsWith(b, "ропущ")) == 1 })
			p.forget()
			b.RunFast(time.Second, 8, nil)
			if n := p.count("ack="); n > 0 || countName(b, "Документ.Интерес.Форма") != 1 {
				t.Errorf("it is sent %d times more; opened %v", n, b.opened())
			}
			b.quiet()
		})
		t.Run(k.name+"/an object that is gone", func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := newOrdinary(t, s, k, s.URL)
			b.interests.Delete(b.Meta.RefOfLink(interestLink))
			s.call()
			b.failed(s, "call.answered")
		})
		t.Run(k.name+"/a form that throws", func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := newOrdinary(t, s, k, s.URL)
			tries := 0
			b.OnOpen = func(o bsltestOpening) error {
				if o.Name == callWindow {
					return nil
				}
				tries++
				return errOpening
			}
			s.call()
			b.failed(s, "call.answered")
			if tries != 1 {
				t.Errorf("%d tries", tries)
			}
		})
		t.Run(k.name+"/a call window that throws", func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := newOrdinary(t, s, k, s.URL)
			b.OnOpen = func(o bsltestOpening) error {
				if o.Name == callWindow {
					return errOpening
				}
				return nil
			}
			s.call()
			b.until("form", func() bool { return b.openedRef(interestID) })
			b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "call.answered") })
			if len(b.Screen.Messages) == 0 || !strings.Contains(b.Screen.Messages[0], "+79031234567") {
				t.Errorf("the number is nowhere: %v", b.Screen.Messages)
			}
			b.quiet()
		})
	}
}

// TestOrdinaryOwnWords: an action of one's own that throws, or says what the
// service does not know, is a card and blocks nothing.
func TestOrdinaryOwnWords(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := pasted(t, ordinaryKinds[0], map[string]func(string) string{"ЗмрОбычныйПереопределяемый": func(text string) string {
		return strings.Replace(text, "	// Если Уведомление.Действие = \"order.check\" Тогда ... Возврат \"o\"; КонецЕсли;", `
	Если Уведомление.Действие = "own.throws" Тогда
		ВызватьИсключение "своя ошибка";
	ИначеЕсли Уведомление.Действие = "own.word" Тогда
		Возврат "открыто";
	ИначеЕсли Уведомление.Действие = "own.done" Тогда
		Возврат "d";
	ИначеЕсли Уведомление.Заголовок = "мой мастер" Тогда
		Обработки.МастерФормированияИнтереса.Создать().ПолучитьФорму("Своя").Открыть();
		Возврат "o";
	КонецЕсли;`, 1)
	}})
	b.connectOrdinary(s, p.URL, "")
	for _, action := range []string{"own.throws", "own.word", "own.done"} {
		s.publish(`{"user":"ivanov","kind":"test.%[1]s","action":"%[1]s","title":"%[1]s","text":"%[1]s"}`, action)
	}
	b.until("the cards", func() bool { return len(formsWith(b, "own.throws")) == 1 && len(formsWith(b, "own.word")) == 1 })
	b.until("acknowledgement of what was done", func() bool { return !slices.Contains(s.pending(), "test.own.done") })
	if got := s.outcome("test.own.done"); got != "dismissed" || len(formsWith(b, "own.done")) > 0 {
		t.Errorf("outcome %q, windows %d", got, len(formsWith(b, "own.done")))
	}
	if !strings.Contains(fmt.Sprint(b.Log), "своя ошибка") {
		t.Errorf("the log does not tell: %v", b.Log)
	}
	s.publish(`{"user":"ivanov","kind":"test.create","action":"create","title":"мой мастер","phone":"+79160000000"}`)
	b.until("a wizard of one's own", func() bool {
		return slices.Contains(b.opened(), "Обработка.МастерФормированияИнтереса.Своя")
	})
	b.until("its acknowledgement", func() bool { return !slices.Contains(s.pending(), "test.create") })
	for _, action := range []string{"own.throws", "own.word"} {
		if !slices.Contains(s.pending(), "test."+action) {
			t.Errorf("%s is gone, and nobody has seen to it", action)
		}
		done := formsWith(b, action)[0]
		if err := b.FormCall(done, "ГотовоНажатие", nil); err != nil {
			t.Fatal(err)
		}
	}
	b.until("nothing more", func() bool { return len(s.pending()) == 0 })
	b.quiet()
}

// failed waits for an acknowledgement that tells of a failure; the number stays
// on the screen, in a window that says so, until the user closes it.
func (b *base) failed(s *service, kind string) {
	b.t.Helper()
	b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), kind) })
	if got := s.outcome(kind); got != "failed" {
		b.t.Errorf("outcome %q, want failed", got)
	}
	s.end("c-9")
	b.RunFast(time.Second, 8, nil)
	if n := len(formsWith(b, "Не открылось")); n != 1 || countName(b, callWindow) != 1 {
		b.t.Errorf("%d windows say that it did not open; opened %v", n, b.opened())
	}
	b.quiet()
}
