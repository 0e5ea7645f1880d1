package bsltest

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestIdleHandlers: they run when the clock says so and nothing else does.
func TestIdleHandlers(t *testing.T) {
	w := world(t, thin, map[string]string{"Г:g": `
		Процедура Тик() Экспорт
			Сообщить("тик");
			ПодключитьОбработчикОжидания("Тик", 0.5, Истина);
		КонецПроцедуры
		Процедура Мерно() Экспорт
			Сообщить("мерно");
		КонецПроцедуры
		Процедура СПараметром(Х) Экспорт
		КонецПроцедуры`, "К": `
		Процедура Начать(Имя, Пауза, Однократно) Экспорт
			ПодключитьОбработчикОжидания(Имя, Пауза, Однократно);
		КонецПроцедуры
		Процедура Закончить(Имя) Экспорт
			ОтключитьОбработчикОжидания(Имя);
		КонецПроцедуры
		Процедура НеГлобальная() Экспорт
		КонецПроцедуры`})
	ticks := func() int { n := len(w.Screen.Messages); w.Screen.Messages = nil; return n }
	start := func(name string, pause float64, once bool) error {
		_, err := w.Call("К.Начать", name, pause, once)
		return err
	}
	if err := start("Тик", 1, true); err != nil {
		t.Fatal(err)
	}
	if w.Advance(900 * time.Millisecond); ticks() != 0 {
		t.Error("too early")
	}
	if w.Advance(200 * time.Millisecond); ticks() != 1 {
		t.Error("not at its time")
	}
	if w.Advance(2 * time.Second); ticks() != 4 { // re-armed each half second from within
		t.Error("not again")
	}
	w.Screen.Modal = true
	if w.Advance(time.Minute); ticks() != 0 {
		t.Error("a tick under a modal window")
	}
	w.Screen.Modal = false
	if w.Advance(0); ticks() != 1 {
		t.Error("what fell due under the modal window runs once after it")
	}
	if _, err := w.Call("К.Закончить", "тик"); err != nil {
		t.Fatal(err)
	}
	if w.Advance(time.Minute); ticks() != 0 {
		t.Error("detached, and still running")
	}
	if err := start("Мерно", 2, false); err != nil {
		t.Fatal(err)
	}
	if w.Advance(10 * time.Second); ticks() != 5 {
		t.Error("a periodic handler")
	}
	for _, c := range []struct {
		name  string
		pause float64
		once  bool
	}{{"НетТакой", 1, true}, {"НеГлобальная", 1, true}, {"СПараметром", 1, true}, {"Тик", 0.5, false}, {"Тик", 0.05, true}, {"Тик", 0, true}} {
		if err := start(c.name, c.pause, c.once); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	if next, ok := w.NextTick(); !ok || next != 2*time.Second {
		t.Errorf("next in %v, %v", next, ok)
	}
}

// TestOldIntervals: 8.2 knows whole seconds only.
func TestOldIntervals(t *testing.T) {
	w := world(t, ordinary, map[string]string{"П:o": "Процедура Тик() Экспорт\nКонецПроцедуры\nПроцедура Начать(П) Экспорт\nПодключитьОбработчикОжидания(\"Тик\", П, Истина);\nКонецПроцедуры"})
	if _, err := w.Call("Начать", 1); err != nil {
		t.Error(err)
	}
	if _, err := w.Call("Начать", 0.5); err == nil {
		t.Error("half a second in 8.2")
	}
}

// TestUncaught: an exception in a handler is an error window, once, and the
// program goes on.
func TestUncaught(t *testing.T) {
	w := world(t, thin, map[string]string{"Г:g": "Процедура Тик() Экспорт\n\tВызватьИсключение \"ой\";\nКонецПроцедуры\nПроцедура Начать() Экспорт\nПодключитьОбработчикОжидания(\"Тик\", 1);\nКонецПроцедуры"})
	if _, err := w.Call("Начать"); err != nil {
		t.Fatal(err)
	}
	w.Advance(2 * time.Second)
	errs := w.Errors()
	if len(errs) != 2 || errs[0].Error() != "{ОбщийМодуль.Г.Модуль(2)}: ой" {
		t.Errorf("%v", errs)
	}
}

// TestScreen is what the user sees and does.
func TestScreen(t *testing.T) {
	w := world(t, thin, map[string]string{"К": `
		Процедура Показать(Текст, Ключ) Экспорт
			ПоказатьОповещениеПользователя(Текст, Новый ОписаниеОповещения("Нажато", К, Текст), "пояснение", , СтатусОповещенияПользователя.Важное, Ключ);
		КонецПроцедуры
		Процедура Нажато(Доп) Экспорт // по щелчку платформа передает только дополнительные параметры
			ОткрытьФорму("ОбщаяФорма.Карточка", Новый Структура("Текст", Доп), , Доп);
		КонецПроцедуры
		Процедура Перейти_(Ссылка) Экспорт
			ПерейтиПоНавигационнойСсылке(Ссылка);
		КонецПроцедуры
		Процедура Выбрать() Экспорт
			С = Новый СписокЗначений;
			С.Добавить(1, "один");
			С.Добавить(2, "два");
			С.ПоказатьВыборЭлемента(Новый ОписаниеОповещения("Выбрано", К), "Что?");
		КонецПроцедуры
		Процедура Выбрано(Элемент, Доп) Экспорт
			Сообщить(?(Элемент = Неопределено, "ничего", Элемент.Представление));
		КонецПроцедуры
		Асинх Процедура Спросить() Экспорт
			Ответ = Ждать ВопросАсинх("Да?", РежимДиалогаВопрос.ДаНет);
			Сообщить(?(Ответ = КодВозвратаДиалога.Да, "да", "нет"));
		КонецПроцедуры`})
	call := func(name string, args ...any) {
		t.Helper()
		if _, err := w.Call("К."+name, args...); err != nil {
			t.Fatal(err)
		}
	}
	w.DeclareForm("ОбщаяФорма.Карточка", nil, nil)
	call("Показать", "первое", "звонок")
	call("Показать", "второе", "звонок")
	call("Показать", "третье", "другой")
	if len(w.Screen.Toasts) != 2 || w.Screen.Toasts[0].Text != "второе" || len(w.Screen.Shown) != 3 || !w.Screen.Toasts[0].Important {
		t.Errorf("%+v", w.Screen.Toasts)
	}
	for range 2 { // the second click finds the form open
		if err := w.Click(w.Screen.Toasts[0]); err != nil {
			t.Fatal(err)
		}
	}
	if o := w.Screen.Opened; len(o) != 1 || o[0].Name != "ОбщаяФорма.Карточка" || o[0].Params["Текст"] != "второе" {
		t.Errorf("%+v", o)
	}
	w.OnOpen = func(o Opening) error {
		if strings.Contains(o.Name, "ref=0") {
			return errors.New("Объект не найден")
		}
		return nil
	}
	call("Перейти_", "e1cib/data/Документ.Интерес?ref=1")
	if _, err := w.Call("К.Перейти_", "e1cib/data/Документ.Интерес?ref=0"); err == nil {
		t.Error("a link that leads nowhere was opened")
	}
	if len(w.Screen.Opened) != 2 || w.Screen.Opened[1].How != "ссылка" {
		t.Errorf("%+v", w.Screen.Opened)
	}
	w.OnOpen = nil
	call("Выбрать")
	w.Screen.Choose = func(title string, items []string) int {
		if title != "Что?" || !reflect.DeepEqual(items, []string{"один", "два"}) {
			t.Errorf("%s %v", title, items)
		}
		return -1
	}
	call("Выбрать")
	call("Спросить")
	w.Screen.Answer = "Нет"
	call("Спросить")
	if got := strings.Join(w.Screen.Messages, ","); got != "один,ничего,Да?,да,Да?,нет" {
		t.Error(got)
	}
}
