package onectest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/clients/onec/bsltest"
)

// hook puts a handler of an action into the table, as an integrator does.
func (b *base) hook(action, body string) {
	b.module(bsltest.Module{Name: "СвойКлиент", Kind: bsltest.ClientModule, Text: `
Процедура Свое(Параметр, ДополнительныеПараметры) Экспорт
	` + body + `
КонецПроцедуры
Процедура ПослеВопроса(Ответ, Ключ) Экспорт
	ЗмрКлиент.Подтвердить(Ключ, ?(Ответ = КодВозвратаДиалога.Да, "o", "d"));
КонецПроцедуры
`})
	b.module(bsltest.Module{Name: "ЗмрКлиентПереопределяемый", Kind: bsltest.ClientModule, Extends: true, Text: `
&После("ПриОпределенииОбработчиков")
Процедура СвойПриОпределенииОбработчиков(Обработчики)
	Обработчики.Вставить("` + action + `", Новый ОписаниеОповещения("Свое", СвойКлиент));
КонецПроцедуры
`})
}

// TestHookGoesWrong: whatever a handler does, the others' notifications are shown,
// the handler runs once a revision, and the service learns what came of it.
func TestHookGoesWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, action, body string
		before             func(*base)
		outcome            string // "": it still waits
	}{
		{"it asks, and the user says no", "open", `ПоказатьВопрос(Новый ОписаниеОповещения("ПослеВопроса", СвойКлиент, Параметр.Уведомление.Ключ), "Открыть?", РежимДиалогаВопрос.ДаНет);`,
			func(b *base) { b.Screen.Answer = "Нет" }, "dismissed"},
		{"it throws", "open", `ВызватьИсключение "сбой";`, nil, "failed"},
		{"it throws, of a word of one's own", "own.word", `ВызватьИсключение "сбой";`, nil, "failed"},
		{"it names an outcome that is none", "open", `Параметр.Исход = "ok";`, nil, ""},
		{"it says that a window is in the way", "open", `Параметр.Исход = "b";`, nil, ""},
		{"it forgets what it was given", "open", `Параметр = Неопределено;`, nil, ""},
		{"it stops the client", "own.word", `ЗмрКлиент.Остановить(); ЗмрКлиент.Начать(); Параметр.Исход = "o";`, nil, "opened"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := newBase(t, managedKinds[0], false)
			b.client(clientID, "ООО Ромашка", "+79031234567", interestID)
			b.hook(c.action, `Сообщить("обработчик"); `+c.body)
			if c.before != nil {
				c.before(b)
			}
			runs := func() int { return strings.Count(strings.Join(b.Screen.Messages, "\n"), "обработчик") }
			b.run(s, s.URL)
			s.publish(`{"user":"ivanov","kind":"test.kind","action":%q,"title":"Первое","object":{"type":"Документ","name":"Интерес","uid":"`+interestID+`"}}`, c.action)
			s.publish(`{"user":"ivanov","kind":"note","title":"Второе"}`)
			b.until("both", func() bool {
				all := strings.Join(b.toasts(), "\n")
				return strings.Contains(all, "Первое") && strings.Contains(all, "Второе") && runs() > 0
			})
			if c.outcome != "" {
				b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "test.kind") })
				if got := s.outcome("test.kind"); got != c.outcome {
					t.Errorf("outcome %q, want %q", got, c.outcome)
				}
			}
			b.live(700 * time.Millisecond)
			if c.outcome == "" && !slices.Contains(s.pending(), "test.kind") {
				t.Error("what nobody has dealt with is gone")
			}
			if n := runs(); n != 1 {
				t.Errorf("the handler ran %d times", n)
			}
			b.quiet()
		})
	}
}

// TestWizardRefuses: a form that refuses to open (Отказ) gives no form and no
// exception; the service learns that it failed.
func TestWizardRefuses(t *testing.T) {
	t.Parallel()
	s := newService(t)
	tries := 0
	b := newBase(t, managedKinds[4], false, bsltest.Host{Functions: []bsltest.Function{{Names: "ОткрытьФорму OpenForm", Since: "=client", Min: 1, Max: 8, Do: func(*bsltest.Call) any {
		tries++
		return bsltest.Undefined
	}}}})
	b.run(s, s.URL)
	s.publish(`{"user":"ivanov","kind":"test.kind","action":"create","title":"a","phone":"+79160000000"}`)
	b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "test.kind") })
	if got := s.outcome("test.kind"); got != "failed" || tries != 1 {
		t.Errorf("outcome %q after %d tries", got, tries)
	}
	b.quiet()
}

// TestClosedByTheUser: a wizard that the user closes at once does not come back.
func TestClosedByTheUser(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := start(t, s, managedKinds[0])
	b.OnOpen = func(bsltestOpening) error { // before the service has heard of it
		s.publish(`{"user":"ivanov","kind":"note","title":"a new picture"}`)
		return nil
	}
	s.publish(`{"user":"ivanov","kind":"test.kind","action":"create","title":"a","phone":"+79160000000"}`)
	b.until("wizard", func() bool { return len(b.Screen.Forms) == 1 })
	b.CloseForm(b.Screen.Forms[0], nil)
	b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "test.kind") })
	b.live(500 * time.Millisecond)
	if len(b.opened()) != 1 || s.outcome("test.kind") != "opened" {
		t.Errorf("opened %v, outcome %q", b.opened(), s.outcome("test.kind"))
	}
	b.quiet()
}

// TestOverridablesThrow: whatever an integrator made of the overridable
// procedures, the client goes on asking and opens what the built-in actions do.
func TestOverridablesThrow(t *testing.T) {
	t.Parallel()
	for _, k := range faultKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := newBase(t, k, false)
			b.client(clientID, "ООО Ромашка", "+79031234567", interestID)
			b.module(bsltest.Module{Name: "ЗмрКлиентПереопределяемый", Kind: bsltest.ClientModule, Extends: true, Text: `
&Вместо("ПриОпределенииОбработчиков")
Процедура СвойПриОпределенииОбработчиков(Обработчики)
	ВызватьИсключение "таблица";
КонецПроцедуры
&Вместо("ОткрытоМодальноеОкно")
Функция СвояОткрытоМодальноеОкно()
	ВызватьИсключение "окно";
КонецФункции
&Вместо("ПриОшибкеСвязи")
Процедура СвойПриОшибкеСвязи(Описание, Отказ)
	Сообщить("пропала");
	ВызватьИсключение "связь";
КонецПроцедуры
&Вместо("ПриВосстановленииСвязи")
Процедура СвойПриВосстановленииСвязи()
	Сообщить("вернулась");
	ВызватьИсключение "связь";
КонецПроцедуры
`})
			b.run(s, p.URL)
			p.do(down)
			s.publish(`{"user":"ivanov","kind":"note","title":"ends the poll that waits"}`)
			b.until("the break told", func() bool { return slices.Equal(b.Screen.Messages, []string{"пропала"}) })
			b.forward(5 * time.Minute)
			p.do(nil)
			s.call()
			b.until("form", func() bool { return slices.Contains(b.opened(), interestLink) })
			b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "call.answered") })
			if !slices.Equal(b.Screen.Messages, []string{"пропала", "вернулась"}) {
				t.Errorf("told %v", b.Screen.Messages)
			}
			b.quiet()
		})
	}
}
