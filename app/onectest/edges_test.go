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

// TestNoRightToTheObject: what the user may not see is not opened, and the card
// comes all the same: its number can be called back, and it can be closed.
func TestNoRightToTheObject(t *testing.T) {
	t.Parallel()
	for _, k := range faultKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := start(t, s, k)
			b.interests.Guarded, b.clients.Guarded = true, true
			const objects = `"object":{"type":"Документ","name":"Интерес","uid":"` + interestID + `"},"client":{"type":"Справочник","name":"Контрагенты","uid":"` + clientID + `"}`
			s.publish(`{"user":"ivanov","kind":"test.kind","action":"open","title":"Открыть",` + objects + `}`)
			b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "test.kind") })
			if got := s.outcome("test.kind"); got != "failed" || !slices.Equal(b.opened(), []string{"ОбщаяФорма.ЗмрКарточка"}) {
				t.Errorf("outcome %q, opened %v", got, b.opened())
			}
			s.publish(`{"user":"ivanov","kind":"test.card","action":"call_back","phone":"+79160000000","title":"Пропущенный",` + objects + `}`)
			b.until("toast", func() bool { return slices.Contains(b.toasts(), "Пропущенный | +79160000000") })
			if err := b.Click(b.Screen.Toasts[len(b.Screen.Toasts)-1]); err != nil {
				t.Fatal(err)
			}
			if err := b.FormCall(b.Screen.Forms[len(b.Screen.Forms)-1], "Готово", nil); err != nil {
				t.Fatal(err)
			}
			b.until("acknowledgement of the card", func() bool { return !slices.Contains(s.pending(), "test.card") })
			b.quiet()
		})
	}
}

// TestCardOfTheNextState: a card that is open does not stand in the way of the
// next one of its call, which can be acknowledged.
func TestCardOfTheNextState(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := start(t, s, managedKinds[0])
	s.ring("c-1", "+79160000000")
	b.until("toast of the ring", func() bool { return len(b.Screen.Toasts) == 1 })
	if err := b.Click(b.Screen.Toasts[0]); err != nil {
		t.Fatal(err)
	}
	s.end("c-1")
	b.until("the missed call", func() bool {
		return slices.ContainsFunc(b.Screen.Toasts, func(x toast) bool { return strings.Contains(x.Explanation, "Пропущенный") })
	})
	if err := b.Click(b.Screen.Toasts[0]); err != nil {
		t.Fatal(err)
	}
	card := b.Screen.Forms[len(b.Screen.Forms)-1]
	if len(b.Screen.Forms) != 2 || card.Item("Готово", "Видимость") != true || !strings.Contains(fmt.Sprint(card.Attr("ТекстУведомления")), "Пропущенный") {
		t.Fatalf("%d cards, the last one says %v", len(b.Screen.Forms), card.Attr("ТекстУведомления"))
	}
	if err := b.FormCall(card, "Готово", nil); err != nil {
		t.Fatal(err)
	}
	b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "call.missed") })
	b.quiet()
}

// TestManyHandlers: the acknowledgements of all handlers of one picture go with
// the next poll, not each with a request of its own, for which a window might wait.
func TestManyHandlers(t *testing.T) {
	t.Parallel()
	for _, k := range faultKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := newBase(t, k, false)
			b.hook("own.word", `ЗмрКлиент.Подтвердить(Параметр.Уведомление.Ключ, "o");`)
			b.run(s, p.URL)
			p.do(status(http.StatusServiceUnavailable))
			for i := range 12 {
				s.publish(`{"user":"ivanov","kind":"test.kind","action":"own.word","title":"%d"}`, i)
			}
			p.forget()
			p.do(nil)
			b.until("acknowledgements", func() bool { return len(s.pending()) == 0 })
			if n := p.count("/processed"); n > 1 || len(b.Screen.Shown) < 12 {
				t.Errorf("%d requests for the acknowledgements of one picture, %d toasts", n, len(b.Screen.Shown))
			}
			b.quiet()
		})
	}
}

// TestOutcomeOfNobody: an acknowledgement that the service does not take, of a
// handler of one's own, does not keep the client from its calls.
func TestOutcomeOfNobody(t *testing.T) {
	t.Parallel()
	for _, ack := range []struct{ key, outcome string }{{"7.1", "opened"}, {"7", "d"}} {
		t.Run(ack.key+"."+ack.outcome, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := start(t, s, managedKinds[0])
			if _, err := b.Call("ЗмрКлиент.Подтвердить", ack.key, ack.outcome); err != nil {
				t.Fatal(err)
			}
			s.call()
			b.until("form", func() bool { return slices.Contains(b.opened(), interestLink) })
			s.end("c-9")
			b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "call.answered") })
			b.quiet()
		})
	}
}

// TestChangedAgain: a contact that changes while it is being sent is sent again,
// not forgotten until the next round of all.
func TestChangedAgain(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := serverBase(t, s.URL, s.key)
	b.AddTransactions()
	b.client(clientID, "ООО Ромашка", "+79031234567", "")
	b.module(bsltest.Module{Name: "ЗмрСерверПереопределяемый", Kind: bsltest.ServerModule, Extends: true, Text: `
&После("ПриВыбореКонтактов")
Процедура СвойПриВыбореКонтактов(Идентификаторы, Контакты)
	Если ЗмрХранилище.Значение("проверка.раз") = "1" Тогда // другой пользователь записал его сейчас
		ЗмрХранилище.Записать("проверка.раз", "");
		ЗмрСервер.КонтактИзменился(Контакты[0].Ссылка);
	КонецЕсли;
КонецПроцедуры
`})
	b.exchange()
	ref := b.clients.Rows()[0]["Ссылка"].(*bsltest.Ref)
	if _, err := b.CallServer("ЗмрСервер.КонтактИзменился", ref); err != nil {
		t.Fatal(err)
	}
	b.set("проверка.раз", "1")
	b.exchange()
	if b.setting("проверка.раз") != "" || b.kept("очередь.") != 1 {
		t.Fatalf("%d in the queue, want the second change", b.kept("очередь."))
	}
	b.clients.Set(ref, map[string]any{"Наименование": "ООО Лютик"})
	b.exchange()
	if c := s.contact("+79031234567"); c["name"] != "ООО Лютик" || b.kept("очередь.") != 0 {
		t.Errorf("%v, %d in the queue", c["name"], b.kept("очередь."))
	}
	b.quiet()
}

// TestPublicationsInOrder: publications of one second go in their order, so that
// the last one with a collapse key is the one that stays.
func TestPublicationsInOrder(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := serverBase(t, p.URL, s.key)
	b.AddTransactions()
	b.module(bsltest.Module{Name: "Заказы", Kind: bsltest.ServerModule, Text: `
Процедура Меняется(Первый, Последний) Экспорт
	НачатьТранзакцию();
	Для Номер = Первый По Последний Цикл
		ЗмрСервер.ОповеститьСотрудника("ivanov", "order.state", "Состояние " + Номер, Новый Структура("КлючЗамены", "order:1"));
		Было = ТекущаяУниверсальнаяДатаВМиллисекундах();
		Пока ТекущаяУниверсальнаяДатаВМиллисекундах() = Было Цикл
		КонецЦикла;
	КонецЦикла;
	ЗафиксироватьТранзакцию();
КонецПроцедуры

Процедура Сразу(Заголовок) Экспорт
	ЗмрСервер.ОповеститьСотрудника("ivanov", "order.state", Заголовок, Новый Структура("КлючЗамены", "order:1"));
КонецПроцедуры
`})
	b.exchange()
	last := func() any {
		return s.Admin("GET", "/v1/admin/notifications?user=ivanov&state=pending", nil)["items"].([]any)[0].(map[string]any)["title"]
	}
	if _, err := b.CallServer("Заказы.Меняется", 1, 15); err != nil {
		t.Fatal(err)
	}
	b.exchange()
	if got := last(); got != "Состояние 15" {
		t.Errorf("what stays is %v", got)
	}
	if _, err := b.CallServer("Заказы.Меняется", 16, 17); err != nil { // these wait for the exchange
		t.Fatal(err)
	}
	b.Advance(time.Second)
	if _, err := b.CallServer("Заказы.Сразу", "Состояние 18"); err != nil {
		t.Fatal(err)
	}
	b.exchange()
	if got := last(); got != "Состояние 18" || b.kept("публикация.") != 0 {
		t.Errorf("what stays is %v, %d in the queue", got, b.kept("публикация."))
	}
}
