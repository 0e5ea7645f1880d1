package bsltest

import (
	"strings"
	"testing"
	"time"
)

// TestAdd: a test brings an object of its own.
func TestAdd(t *testing.T) {
	var rings []string
	w := New(thin)
	defer w.Close()
	w.Add(Host{
		Functions: []Function{{Names: "Звонить Ring", Since: "8.3.6 -server", Min: 1, Do: func(c *Call) any { rings = append(rings, c.Str(0)); return nil }}},
		Types:     []*Type{{Names: "Телефония Telephony", Min: 1, New: func(c *Call) any { return &callback{name: c.Str(0)} }}},
	})
	w.UseBSP()
	w.Secret("Владелец", "Токен", "т")
	for _, m := range []Module{
		{Name: "К", Kind: ClientModule, Text: "Процедура А() Экспорт\n\tЗвонить(С.Токен());\n\tRing(\"+8\");\n\tТ = Новый Телефония(1);\nКонецПроцедуры"},
		{Name: "С", Kind: ServerCallModule, Text: "Функция Токен() Экспорт\n\tВозврат ОбщегоНазначения.ПрочитатьДанныеИзБезопасногоХранилища(\"Владелец\", \"Токен\");\nКонецФункции"},
	} {
		if err := w.Load(m); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Call("К.А"); err != nil || strings.Join(rings, ",") != "т,+8" {
		t.Errorf("%v, %v", rings, err)
	}
	again := New(thin) // what was added to one World is not in another
	defer again.Close()
	if err := again.Load(Module{Name: "К", Kind: ClientModule, Text: "Процедура А() Экспорт\n\tЗвонить(1);\nКонецПроцедуры"}); err != nil {
		t.Fatal(err)
	}
	if again.Link() == nil {
		t.Error("a function of another World")
	}
}

// TestClocks: the World's time, and how it goes along with the real one.
func TestClocks(t *testing.T) {
	moscow := time.FixedZone("MSK", 3*3600)
	at := time.Date(2026, 11, 26, 10, 0, 0, 0, moscow)
	w := world(t, Target{Version: "8.3.22.1851", Context: ThinClient, Now: at}, map[string]string{"Г:g": `
		Процедура Тик() Экспорт
			Сообщить(Формат(ТекущаяДата(), "ДФ=HH:mm:ss"));
		КонецПроцедуры
		Процедура Начать() Экспорт
			ПодключитьОбработчикОжидания("Тик", 60);
		КонецПроцедуры`, "С:s": `
		Функция Всемирное() Экспорт
			Возврат Формат(УниверсальноеВремя(ТекущаяДатаСеанса()), "ДФ=HH:mm") + Формат(МестноеВремя('20260101070000'), "ДФ=HH:mm") + Формат(ТекущаяУниверсальнаяДата(), "ДФ=HH:mm");
		КонецФункции`})
	if _, err := w.Call("Начать"); err != nil {
		t.Fatal(err)
	}
	if v, err := w.CallServer("С.Всемирное"); err != nil || v != "07:0010:0007:00" {
		t.Errorf("%v, %v", v, err)
	}
	w.Advance(90 * time.Second)
	if !w.RunFast(5*time.Second, 600, func() bool { return len(w.Screen.Messages) >= 3 }) {
		t.Error("the clock stood still")
	}
	if got := strings.Join(w.Screen.Messages[:3], " "); got != "10:01:00 10:02:00 10:03:00" {
		t.Error(got)
	}
	if w.Run(30*time.Millisecond, nil) {
		t.Error("no condition, and it holds")
	}
}

// TestLocked: a window that locks the interface is seen by the program, a
// modal one stops its ticks.
func TestLocked(t *testing.T) {
	w := world(t, thin, map[string]string{"К": `
		Функция Занято() Экспорт
			Для Каждого Окно Из ПолучитьОкна() Цикл
				Для Каждого Форма Из Окно.Содержимое Цикл
					Если Форма.РежимОткрытияОкна = РежимОткрытияОкнаФормы.БлокироватьВесьИнтерфейс Тогда
						Возврат Истина;
					КонецЕсли;
				КонецЦикла;
			КонецЦикла;
			Возврат Ложь;
		КонецФункции`})
	for _, locked := range []bool{false, true, false} {
		w.Screen.Locked = locked
		if v, err := w.Call("К.Занято"); err != nil || v != locked {
			t.Errorf("locked %v: %v, %v", locked, v, err)
		}
	}
}

// TestCallbacks: only an export can be called back, with what was kept for it.
func TestCallbacks(t *testing.T) {
	w := world(t, old, map[string]string{"К": `
		Процедура Вызвать(Имя) Экспорт
			ВыполнитьОбработкуОповещения(Новый ОписаниеОповещения(Имя, К, "доп"), "итог");
		КонецПроцедуры
		Процедура Можно(Результат, Доп) Экспорт
			Сообщить(Результат + Доп);
		КонецПроцедуры
		Процедура Нельзя(Результат, Доп)
		КонецПроцедуры`})
	if _, err := w.Call("К.Вызвать", "Можно"); err != nil || strings.Join(w.Screen.Messages, "") != "итогдоп" {
		t.Error(err, w.Screen.Messages)
	}
	for _, name := range []string{"Нельзя", "Нету"} {
		if _, err := w.Call("К.Вызвать", name); err == nil {
			t.Errorf("%s was called back", name)
		}
	}
}

// TestClose: a World that is closed leaves nothing running.
func TestClose(t *testing.T) {
	host, port := echo(t)
	number, _ := parseNum(port)
	w := world(t, thin, map[string]string{"К": `
		Асинх Процедура Ждем(Адрес, Порт) Экспорт
			Попытка
				Соединение = Новый HTTPСоединение(Адрес, Порт);
				Ждать Соединение.ПолучитьАсинх(Новый HTTPЗапрос("/slow"));
			Исключение
				Сообщить("не должно");
			КонецПопытки;
		КонецПроцедуры`})
	if _, err := w.Call("К.Ждем", host, number); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	w.Close()
	if took := time.Since(began); took > 30*time.Second || len(w.Screen.Messages) != 0 {
		t.Errorf("closed after %v, %v", took, w.Screen.Messages)
	}
}

// TestCoverage: which lines no World reached.
func TestCoverage(t *testing.T) {
	all := Coverage{}
	for _, x := range []int{1, 2} {
		w := world(t, thin, map[string]string{"К": "Функция А(Х) Экспорт\n\tЕсли Х = 1 Тогда\n\t\tВозврат 1;\n\tИначеЕсли Х = 2 Тогда\n\t\tВозврат 2;\n\tКонецЕсли;\n\tВозврат 3;\nКонецФункции"})
		if _, err := w.Call("К.А", x); err != nil {
			t.Fatal(err)
		}
		w.Cover(all)
	}
	reached, lines := all.Share("ОбщийМодуль.К.Модуль")
	if got := strings.Join(all.Missed(), " "); got != "ОбщийМодуль.К.Модуль:7" || reached != 3 || lines != 4 {
		t.Errorf("%s, %d of %d", got, reached, lines)
	}
}
