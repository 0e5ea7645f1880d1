package onectest_test

import (
	"slices"
	"strings"
	"testing"
)

const interestLink = "e1cib/data/Документ.Интерес?ref=b59500055d80a2b911de397d51012ccc"

// start is an infobase connected to a service: its users and contacts are
// there, ivanov's phone is 101, and ivanov's client runs.
func start(t *testing.T, s *service, k kind) *base { return startAt(t, s, k, s.URL) }

// startAt is start with another address of the service.
func startAt(t *testing.T, s *service, k kind, address string) *base {
	t.Helper()
	b := newBase(t, k, false)
	b.client(clientID, "ООО Ромашка", "+79031234567", interestID)
	b.connect(address, s.key)
	b.state.Put(map[string]any{"Ключ": "пользователь." + ivanovID + ".Номер", "Значение": "101"})
	b.acquaint()
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	b.until("first answer", func() bool { return b.remembered("Версия") != "" })
	b.Entries()
	return b
}

// TestSeed is what all of it is for: a ring shows a toast, the answer opens
// the client's interest, an unknown caller gets the wizard with the number, a
// missed call leaves a card.
func TestSeed(t *testing.T) {
	t.Parallel()
	for _, k := range managedKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := start(t, s, k).hurried()

			s.ring("c-1", "+79031234567")
			b.wake(s)
			b.until("toast of the ring", func() bool { return len(b.Screen.Toasts) == 1 })
			if toast := b.Screen.Toasts[0]; !strings.Contains(toast.Text+toast.Explanation, "Ромашка") || len(b.Screen.Opened) > 0 {
				t.Errorf("toast %+v, opened %v", toast, b.opened())
			}
			s.answer("c-1")
			b.wake(s)
			b.until("form of the interest", func() bool { return slices.Contains(b.opened(), interestLink) })
			if len(b.Screen.Toasts) != 1 && k.name != "thin 8.3.6" {
				t.Errorf("toasts %+v, want one: the states of a call replace each other", b.Screen.Toasts)
			}
			b.until("the acknowledgement", func() bool { return !slices.Contains(s.pending(), "call.answered") })
			s.end("c-1")

			s.ring("c-2", "+79160000000")
			s.answer("c-2")
			b.wake(s)
			b.until("wizard", func() bool {
				return slices.Contains(b.opened(), "Обработка.МастерФормированияИнтереса.Форма")
			})
			wizard := b.Screen.Opened[len(b.Screen.Opened)-1]
			if wizard.Params["Телефон"] != "+79160000000" || wizard.Params["Клиент"] != nil {
				t.Errorf("the wizard got %v", wizard.Params)
			}
			s.end("c-2")

			s.ring("c-3", "+79031234567")
			s.end("c-3")
			b.wake(s)
			b.until("toast of the missed call", func() bool {
				return slices.ContainsFunc(b.Screen.Toasts, func(x toast) bool { return strings.Contains(x.Text+x.Explanation, "ропущ") })
			})
			i := slices.IndexFunc(b.Screen.Toasts, func(x toast) bool { return strings.Contains(x.Text+x.Explanation, "ропущ") })
			if err := b.Click(b.Screen.Toasts[i]); err != nil {
				t.Fatal(err)
			}
			card := b.Screen.Opened[len(b.Screen.Opened)-1]
			if card.Name != "ОбщаяФорма.ЗмрКарточка" || card.Form.Attr("Телефон") != "+79031234567" {
				t.Fatalf("a click on a missed call opened %s with %v", card.Name, card.Params)
			}
			if err := b.FormCall(card.Form, "Готово", nil); err != nil {
				t.Fatal(err)
			}
			b.until("the missed call done", func() bool { return !slices.Contains(s.pending(), "call.missed") })
			b.quiet()
			if longest := b.LongestBlock(); longest > k.promise+busy {
				t.Errorf("the window stood still for %v, promised is %v", longest, k.promise)
			}
		})
	}
}
