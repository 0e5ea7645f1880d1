package onectest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// asksToken is how long the window may stand still, beside busy, while the 1C
// server asks for the user's token.
const asksToken = 2500 * time.Millisecond

// TestStandstill: how long the window of each kind of client stands still when
// the service takes five seconds for everything: what README.md promises.
func TestStandstill(t *testing.T) {
	t.Parallel()
	for _, k := range managedKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := newBase(t, k, false)
			b.client(clientID, "ООО Ромашка", "+79031234567", interestID)
			b.connect(p.URL, s.key)
			b.set("пользователь."+ivanovID+".Номер", "101")
			b.set("пользователь."+ivanovID+".ТокенЗвонков", "a token that dials")
			b.acquaint()
			b.hurried()
			snail := slow(5 * time.Second)
			p.do(snail)
			measure := func(what string, promise time.Duration, do func()) {
				t.Helper()
				b.Entries()
				p.forget()
				do()
				if longest := b.LongestBlock(); longest > promise+busy {
					t.Errorf("%s: the window stood still for %v, promised is %v", what, longest, promise)
				}
			}
			call := func(name string, args ...any) {
				t.Helper()
				if _, err := b.Call(name, args...); err != nil {
					t.Fatal(err)
				}
			}
			tick := func() {
				next, _ := b.NextTick()
				b.Advance(next)
			}

			measure("log-in", 0, func() {
				if err := b.Start(); err != nil {
					t.Fatal(err)
				}
				if n := p.count("/"); n > 0 {
					t.Errorf("log-in waits for %d requests", n)
				}
			})
			measure("the first tick, with the token", asksToken, tick)
			p.do(nil)
			b.until("first answer", func() bool { return b.remembered("Версия") != "" })

			p.do(func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
				switch {
				case strings.HasSuffix(r.URL.Path, "/token"):
					snail(w, r, pass)
				case polls(r):
					status(401)(w, r, pass)
				default:
					pass(w)
				}
			})
			measure("a token that has expired", asksToken, func() {
				s.publish(`{"user":"ivanov","kind":"note","title":"ends the poll that waits"}`)
				b.until("an answer to it", func() bool { return p.count("/token") > 0 || k.throughServer() && p.count("/v1/notifications?") > 1 })
				if asked := p.count("/token") > 0; asked == k.throughServer() {
					t.Errorf("asked for a token of the user: %v", asked)
				}
			})
			p.do(nil)
			b.until("the note", func() bool { return len(b.Screen.Shown) > 0 && fmt.Sprint(b.remembered("Ошибок")) == "0" })

			p.do(snail)
			measure("looking an object up", 0, func() {
				call("ЗмрВызовСервера.НавигационнаяСсылкаОбъекта", "Документ", "Интерес", interestID)
				call("ЗмрВызовСервера.ОткрытыеИнтересы", "+79031234567", "")
				if n := p.count("/") - p.count("/v1/notifications?"); n > 0 { // a poll may be on its way
					t.Errorf("%d requests", n)
				}
			})
			measure("a click", k.promise, func() {
				call("ЗмрКлиент.Подтвердить", "1.1", "d")
			})
			measure("to call back", 300*time.Millisecond, func() {
				call("ЗмрКлиентПереопределяемый.Перезвонить", "+79160000000")
			})
			b.until("word that the PBX refused", func() bool { return strings.Contains(fmt.Sprint(b.toasts()), "Позвонить не удалось") })
			measure("a tick", k.promise, func() {
				tick()
				tick()
			})
		})
	}
}
