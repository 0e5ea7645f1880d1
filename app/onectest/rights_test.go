package onectest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"zummer/clients/onec/bsltest"
)

// TestInterestsOfOthers: a manager sees no title of a deal that he has no right
// to read. What he may read is found; if there are only such that he may not,
// no wizard makes a second one, and he has a card with the number.
func TestInterestsOfOthers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		hidden []string
		client bool // may be read
		found  string
		opened string
	}{
		{"both may be read", nil, true, "[" + interestID + " " + secondID + "] 0 " + clientID, ""},
		{"one of two", []string{secondID}, true, "[" + interestID + "] 1 " + clientID, interestLink},
		{"none", []string{interestID, secondID}, true, "[] 2 " + clientID, "ОбщаяФорма.ЗмрКарточка"},
		{"nor the client", []string{interestID, secondID, clientID}, false, "[] 2 ", "ОбщаяФорма.ЗмрКарточка"},
	} {
		for _, k := range faultKinds {
			t.Run(c.name+", "+k.name, func(t *testing.T) {
				t.Parallel()
				s := newService(t)
				b := start(t, s, k)
				ref := b.clients.Rows()[0]["Ссылка"]
				b.interests.Add(secondID, map[string]any{"Клиент": ref, "Закрыт": false, "ПометкаУдаления": false, "Номер": "18", "Дата": b.Now(), "Телефон": ""})
				hidden := func(r *bsltest.Ref) bool { return slices.Contains(c.hidden, r.UID()) }
				b.interests.Hidden, b.clients.Hidden = hidden, hidden
				b.module(bsltest.Module{Name: "ПроверкаКлиент", Kind: bsltest.ClientModule, Text: `
Функция Найти() Экспорт
	Возврат ЗмрВызовСервера.ОткрытыеИнтересы("+79031234567", "");
КонецФункции
`})
				v, err := b.Call("ПроверкаКлиент.Найти")
				if err != nil {
					t.Fatal(err)
				}
				got := bsltest.Go(v).(map[string]any)
				ids := []string{}
				for _, x := range got["Интересы"].([]any) {
					ids = append(ids, fmt.Sprint(x.(map[string]any)["УИД"]))
				}
				slices.Sort(ids)
				if is := fmt.Sprint(ids, " ", got["Скрыто"], " ", got["УИДКлиента"]); is != c.found {
					t.Errorf("found %s, want %s", is, c.found)
				}
				if text := fmt.Sprint(got); slices.Contains(c.hidden, secondID) && strings.Contains(text, "Интерес 18") {
					t.Errorf("the client gets a title: %s", text)
				}
				if c.opened == "" {
					return
				}
				s.publish(`{"user":"ivanov","kind":"test.kind","action":"resolve","title":"a","phone":"+79031234567"}`)
				b.until("form", func() bool { return len(b.opened()) > 0 })
				b.until("acknowledgement", func() bool { return len(s.pending()) == 0 })
				outcome := map[bool]string{true: "opened", false: "failed"}[c.opened == interestLink]
				if all := b.opened(); !slices.Equal(all, []string{c.opened}) || s.outcome("test.kind") != outcome {
					t.Errorf("opened %v, told %s", all, s.outcome("test.kind"))
				}
				b.quiet()
			})
		}
	}
}
