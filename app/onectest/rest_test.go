package onectest_test

import (
	"slices"
	"testing"
	"time"
)

// TestWatchdog: a request that neither answers nor ends is dropped after its
// time, and another one takes its place.
func TestWatchdog(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := startAt(t, s, managedKinds[0], p.URL)
	p.do(slow(time.Minute))
	p.forget()
	s.publish(`{"user":"ivanov","kind":"note","title":"ends the poll that waits"}`)
	b.until("the poll that hangs", func() bool { return p.count("/v1/notifications?") >= 1 })
	if !b.RunFast(30*time.Second, 20, func() bool { return p.count("/v1/notifications?") >= 2 }) {
		t.Fatal("nothing was asked after the request that hangs")
	}
	p.do(nil)
	s.call()
	b.RunFast(10*time.Second, 20, func() bool { return len(b.opened()) > 0 })
	b.until("form", func() bool { return slices.Contains(b.opened(), interestLink) })
	b.quiet()
}

// TestCard: a card opens its object and its client, and nothing else.
func TestCard(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := start(t, s, managedKinds[4])
	s.publish(`{"user":"ivanov","kind":"test.kind","action":"show","title":"Заявка","object":{"type":"Документ","name":"Интерес","uid":"` + interestID +
		`"},"client":{"type":"Справочник","name":"Контрагенты","uid":"` + clientID + `"}}`)
	b.until("toast", func() bool { return len(b.Screen.Toasts) == 1 })
	if err := b.Click(b.Screen.Toasts[0]); err != nil {
		t.Fatal(err)
	}
	card := b.Screen.Opened[0].Form
	for _, command := range []string{"ОткрытьОбъект", "ОткрытьКлиента"} {
		if err := b.FormCall(card, command, nil); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"ОбщаяФорма.ЗмрКарточка", interestLink, "e1cib/data/Справочник.Контрагенты?ref=44445555555555553333222211111111"}; !slices.Equal(b.opened(), want) {
		t.Errorf("opened %v, want %v", b.opened(), want)
	}
	b.quiet()
}

// TestStop: a client that is stopped asks nothing more, and begins again with
// another session.
func TestStop(t *testing.T) {
	t.Parallel()
	for _, k := range managedKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := startAt(t, s, k, p.URL)
			b.until("a poll that waits", func() bool {
				return k.throughServer() || !b.Settle(0) && p.count("/v1/notifications?") == b.remembered("НомерЗапроса")
			})
			before := b.remembered("Сеанс")
			if _, err := b.Call("ЗмрКлиент.Остановить"); err != nil {
				t.Fatal(err)
			}
			s.publish(`{"user":"ivanov","kind":"note","title":"while nobody asks"}`)
			b.live(time.Second)
			p.forget()
			b.forward(2 * time.Minute)
			if n := p.count("/v1/notifications?"); n > 0 || len(b.Screen.Shown) > 0 {
				t.Errorf("%d polls, shown %v", n, b.toasts())
			}
			for range 2 {
				if _, err := b.Call("ЗмрКлиент.Начать"); err != nil {
					t.Fatal(err)
				}
			}
			b.until("toast", func() bool { return len(b.Screen.Shown) == 1 })
			if b.remembered("Сеанс") == before {
				t.Error("the session is the same")
			}
			b.quiet()
		})
	}
}
