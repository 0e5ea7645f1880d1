package onectest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/clients/onec/bsltest"
)

// TestManyAcknowledgements: however many acknowledgements wait, a click stands
// still for one request only.
func TestManyAcknowledgements(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := startAt(t, s, managedKinds[4], p.URL).hurried()
	var ids []string
	for i := range 5 {
		ids = append(ids, s.publish(`{"user":"ivanov","kind":"note","title":"%d"}`, i))
	}
	p.do(down)
	for i, id := range ids {
		if i == 4 {
			p.do(slow(time.Second))
			p.forget()
			b.set("связь.до", "") // the break is over
		}
		if _, err := b.Call("ЗмрКлиент.Подтвердить", id+".1", "d"); err != nil {
			t.Fatal(err)
		}
	}
	p.do(nil)
	if n := p.count("/processed"); n != 1 {
		t.Errorf("%d requests for a click on the last of five", n)
	}
	if longest := b.LongestBlock(); longest > managedKinds[4].promise+busy {
		t.Errorf("the window stood still for %v, promised is %v", longest, managedKinds[4].promise)
	}
}

// TestWakingByPages: the job that wakes clients reads a picture of many pages
// to its end, and has its version then.
func TestWakingByPages(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := startAt(t, s, managedKinds[6], p.URL)
	s.User("petrova", "office", "102")
	for i := range 3 {
		s.publish(`{"user":"ivanov","kind":"note","title":"i%d"}`, i)
		s.publish(`{"user":"petrova","kind":"note","title":"p%d"}`, i)
	}
	p.forget()
	p.do(func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
		r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "limit=5000", "limit=1", 1)
		pass(w)
	})
	b.wake(s)
	state, _ := bsltest.Go(b.waker).(map[string]any)
	if state["Версия"] == "" || p.count("/v1/relay/") < 6 {
		t.Errorf("after %d requests the version is %q", p.count("/v1/relay/"), state["Версия"])
	}
}

// TestWokenClientAcknowledgesSoon: a client that waits for a push does not keep
// an acknowledgement until its poll of the minute: by then another session
// of the user might have opened the form too.
func TestWokenClientAcknowledgesSoon(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := start(t, s, managedKinds[6])
	s.call()
	b.wake(s)
	b.until("form", func() bool { return slices.Contains(b.opened(), interestLink) })
	if next, ok := b.NextTick(); slices.Contains(s.pending(), "call.answered") && (!ok || next > 10*time.Second) {
		t.Errorf("the acknowledgement goes in %v", next)
	}
}

// TestOrdinaryResolveKeepsClient: the wizard gets the client that the service
// knows, although no interest is open.
func TestOrdinaryResolveKeepsClient(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := newOrdinary(t, s, ordinaryKinds[1], s.URL)
	s.publish(`{"user":"ivanov","kind":"note","action":"resolve","title":"a","phone":"+79160000000","client":{"type":"Справочник","name":"Контрагенты","uid":"` + clientID + `"}}`)
	wizard := func(o bsltestOpening) bool { return strings.HasPrefix(o.Name, "Обработка.") }
	b.until("wizard", func() bool { return slices.ContainsFunc(b.Screen.Opened, wizard) })
	i := slices.IndexFunc(b.Screen.Opened, wizard)
	if ref, ok := b.Screen.Opened[i].Params["Клиент"].(*bsltest.Ref); !ok || ref.UID() != clientID {
		t.Errorf("the wizard got %v", b.Screen.Opened[i].Params)
	}
}

// TestHooks: indicate, show and call_back may have a handler in the table too;
// it does its work beside the toast.
func TestHooks(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := start(t, s, managedKinds[4])
	b.Meta.Processor("Свое")
	b.module(bsltest.Module{Name: "СвойКлиент", Kind: bsltest.ClientModule, Text: `
Процедура Свое(Параметр, ДополнительныеПараметры) Экспорт
	ОткрытьФорму("Обработка.Свое.Форма." + Параметр.Уведомление.Заголовок);
	Параметр.Исход = "o";
КонецПроцедуры
`})
	b.module(bsltest.Module{Name: "ЗмрКлиентПереопределяемый", Kind: bsltest.ClientModule, Extends: true, Text: `
&После("ПриОпределенииОбработчиков")
Процедура СвойПриОпределенииОбработчиков(Обработчики)
	Для Каждого Действие Из СтрРазделить("indicate,show,call_back", ",") Цикл
		Обработчики.Вставить(Действие, Новый ОписаниеОповещения("Свое", СвойКлиент));
	КонецЦикла;
КонецПроцедуры
`})
	for _, action := range []string{"indicate", "show", "call_back"} {
		s.publish(`{"user":"ivanov","kind":"test.%[1]s","action":"%[1]s","title":"%[1]s"}`, action)
		b.until(action, func() bool { return slices.Contains(b.opened(), "Обработка.Свое.Форма."+action) })
		b.until("acknowledgement", func() bool { return len(s.pending()) == 0 })
	}
	if n := len(b.Screen.Shown); n != 3 {
		t.Errorf("toasts %v, want three", b.toasts())
	}
	b.quiet()
}
