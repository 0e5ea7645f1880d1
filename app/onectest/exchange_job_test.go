package onectest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestNoExchangeJob: where the Configurator took the extension without its job
// the settings form works, the card comes, and it says what to do; the exchange
// runs when other code asks for it.
func TestNoExchangeJob(t *testing.T) {
	t.Parallel()
	for _, k := range []kind{managedKinds[0], managedKinds[4]} {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := newBase(t, k, false)
			b.client(clientID, "ООО Ромашка", "+79031234567", interestID)
			b.DropScheduledJob("ЗмрОбмен")
			if err := b.Start(); err != nil {
				t.Fatal(err)
			}
			b.settings(s.URL, s.key, "101")
			said := fmt.Sprint(b.Screen.Forms[0].Attr("Итог"))
			for _, want := range []string{"Связь есть", "задания «Обмен с Zummer»", "ЗмрСервер.Обменяться"} {
				if !strings.Contains(said, want) {
					t.Errorf("the form says %q, want %q", said, want)
				}
			}
			b.until("card", func() bool { return slices.Contains(b.opened(), "ОбщаяФорма.ЗмрКарточка") })
			if _, err := b.CallServer("ЗмрСервер.Обменяться"); err != nil {
				t.Fatal(err)
			}
			if c := s.contact("+79031234567"); c["name"] != "ООО Ромашка" {
				t.Errorf("the contact is %v", c)
			}
			b.quiet()
		})
	}
}
