package bsltest

import (
	"strings"
	"testing"
	"time"
)

// TestForms: parameters, attributes, the two sides of a form's module, idle
// handlers of a form.
func TestForms(t *testing.T) {
	w := world(t, thin, map[string]string{"К": `
		Процедура Открыть(Телефон) Экспорт
			ОткрытьФорму("ОбщаяФорма.Карточка", Новый Структура("Телефон", Телефон), , , , , Новый ОписаниеОповещения("Закрыта", К));
		КонецПроцедуры
		Процедура Закрыта(Результат, Доп) Экспорт
			Сообщить("закрыта: " + Результат);
		КонецПроцедуры`})
	w.DeclareForm("ОбщаяФорма.Карточка", map[string]any{"Номер": "", "Раз": 0}, map[string]any{"Телефон": "", "Еще": false})
	if err := w.Load(Module{Name: "ОбщаяФорма.Карточка", Kind: FormModule, Text: `
&НаСервере
Процедура ПриСозданииНаСервере(Отказ, СтандартнаяОбработка)
	Номер = Параметры.Телефон;
	Элементы.Готово.Видимость = Не Параметры.Еще;
КонецПроцедуры

&НаКлиенте
Процедура ПриОткрытии(Отказ)
	ПодключитьОбработчикОжидания("Моргнуть", 1);
КонецПроцедуры

&НаКлиенте
Процедура Моргнуть()
	Раз = Раз + 1;
КонецПроцедуры

&НаКлиенте
Процедура Готово(Команда)
	Итог = НаСерверПоехало();
	Закрыть(Итог);
КонецПроцедуры

&НаСервере
Функция НаСерверПоехало()
	Возврат Номер + "!";
КонецФункции
`}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Call("К.Открыть", "+7"); err != nil {
		t.Fatal(err)
	}
	if len(w.Screen.Forms) != 1 {
		t.Fatalf("%+v", w.Screen.Opened)
	}
	f := w.Screen.Forms[0]
	w.Advance(3 * time.Second)
	if f.Attr("Номер") != "+7" || f.Attr("Раз") != 3 || f.Item("Готово", "Видимость") != true {
		t.Errorf("%v %v", f.Attr("Номер"), f.Attr("Раз"))
	}
	w.Entries()
	if err := w.FormCall(f, "Готово", nil); err != nil {
		t.Fatal(err)
	}
	if e := w.Entries(); e[0].ServerCalls != 1 {
		t.Errorf("%+v", e)
	}
	if len(w.Screen.Forms) != 0 || strings.Join(w.Screen.Messages, "") != "закрыта: +7!" {
		t.Errorf("%v", w.Screen.Messages)
	}
	if _, ok := w.NextTick(); ok {
		t.Error("a closed form goes on blinking")
	}
}

// TestFormRefusals: names that a declared form has not, and procedures named
// as the form's own methods.
func TestFormRefusals(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"&НаКлиенте\nПроцедура А()\n\tСообщить(НетТакого);\nКонецПроцедуры", "(3,11)}: Переменная не определена (НетТакого)"},
		{"&НаКлиенте\nПроцедура А()\n\tСправочники.Х();\nКонецПроцедуры", "(3,2)}: Справочники недоступно в контексте «тонкий клиент»"},
		{"&НаСервере\nПроцедура А()\n\tПоказатьОповещениеПользователя(\"а\");\nКонецПроцедуры", "(3,2)}: ПоказатьОповещениеПользователя недоступно в контексте «сервер»"},
		{"&НаКлиенте\nПроцедура Закрыть()\nКонецПроцедуры", "(2,11)}: Процедура или функция с указанным именем уже определена (Закрыть)"},
		{"&НаСервереБезКонтекста\nПроцедура А()\n\tСообщить(Реквизит);\nКонецПроцедуры", "(3,11)}: Переменная не определена (Реквизит)"},
		{"&НаЛуне\nПроцедура А()\nКонецПроцедуры", "(1,1)}: Неизвестная директива компиляции (&налуне)"},
	} {
		w := New(thin)
		w.DeclareForm("ОбщаяФорма.Ф", map[string]any{"Реквизит": ""}, nil)
		err := w.Load(Module{Name: "ОбщаяФорма.Ф", Kind: FormModule, Text: c.text})
		if err == nil {
			err = w.Link()
		}
		if got := errText(err); got != "{ОбщаяФорма.Ф.Форма"+c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
		w.Close()
	}
}

// TestExtension: what an extension puts around a configuration's procedures.
func TestExtension(t *testing.T) {
	w := New(thin)
	defer w.Close()
	for _, m := range []Module{
		{Name: "Прил", Kind: ManagedAppModule, Text: "Перем Общее Экспорт;\nПроцедура ПриНачалеРаботыСистемы()\n\tСообщить(\"база\");\nКонецПроцедуры"},
		{Name: "Прил", Kind: ManagedAppModule, Extends: true, Text: "Перем Мое Экспорт;\n&Перед(\"ПриНачалеРаботыСистемы\")\nПроцедура ТлфПеред()\n\tСообщить(\"перед\");\nКонецПроцедуры\n" +
			"&После(\"ПриНачалеРаботыСистемы\")\nПроцедура ТлфПосле()\n\tМое = 5;\n\tК.Сказать(Мое);\nКонецПроцедуры\n&После(\"ПередЗавершениемРаботыСистемы\")\nПроцедура ТлфКонец(Отказ)\n\tСообщить(\"конец\");\nКонецПроцедуры"},
		{Name: "К", Kind: ClientModule, Text: "Процедура Сказать(Х) Экспорт\n\tСообщить(\"после \" + Х + Мое);\nКонецПроцедуры\nФункция Число_() Экспорт\n\tВозврат 1;\nКонецФункции"},
		{Name: "К", Kind: ClientModule, Extends: true, Text: "&Вместо(\"Число_\")\nФункция ТлфЧисло()\n\tВозврат ПродолжитьВызов() + 10;\nКонецФункции"},
	} {
		if err := w.Load(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	if err := w.Event("ПередЗавершениемРаботыСистемы", false); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(w.Screen.Messages, ","); got != "перед,база,после 55,конец" {
		t.Error(got)
	}
	if v, err := w.Call("К.Число_"); err != nil || Go(v) != 11 {
		t.Errorf("%v, %v", v, err)
	}
}

// TestFormSides: a directive decides on which side a procedure runs, which
// others it can call there, and where a variable lives.
func TestFormSides(t *testing.T) {
	missing := func(at, name string) string {
		return "(" + at + ")}: Процедура или функция с указанным именем не определена (" + name + ")"
	}
	all := "&НаКлиенте\nПроцедура К() Экспорт\nКонецПроцедуры\n&НаСервере\nПроцедура С()\nКонецПроцедуры\n&НаСервереБезКонтекста\nПроцедура Б()\nКонецПроцедуры\n&НаКлиентеНаСервереБезКонтекста\nПроцедура О()\nКонецПроцедуры\n"
	call := func(directive, name string) string {
		return all + directive + "\nПроцедура Х()\n\t" + name + "();\nКонецПроцедуры"
	}
	for _, c := range []struct{ text, want string }{
		{call("&НаКлиенте", "К"), ""},
		{call("&НаКлиенте", "С"), ""},
		{call("&НаКлиенте", "Б"), ""},
		{call("&НаКлиенте", "О"), ""},
		{call("&НаСервере", "К"), missing("15,2", "К")},
		{call("&НаСервере", "С"), ""},
		{call("&НаСервере", "Б"), ""},
		{call("&НаСервере", "О"), ""},
		{strings.TrimSuffix(call("//", "К"), ""), missing("15,2", "К")}, // without a directive: the server
		{call("&НаСервереБезКонтекста", "С"), missing("15,2", "С")},
		{call("&НаСервереБезКонтекста", "К"), missing("15,2", "К")},
		{call("&НаСервереБезКонтекста", "Б"), ""},
		{call("&НаКлиентеНаСервереБезКонтекста", "С"), missing("15,2", "С")},
		{call("&НаКлиентеНаСервереБезКонтекста", "О"), ""},
		{"&НаКлиентеНаСервереБезКонтекста\nПроцедура Х()\n\tПоказатьОповещениеПользователя(\"а\");\nКонецПроцедуры", "(3,2)}: ПоказатьОповещениеПользователя недоступно в контексте «сервер»"},
		{"&НаКлиентеНаСервереБезКонтекста\nПроцедура Х()\n\tБ = Справочники;\nКонецПроцедуры", "(3,6)}: Справочники недоступно в контексте «тонкий клиент»"},
		{"&НаКлиенте\n&НаСервере\nПроцедура Х()\nКонецПроцедуры", "(2,1)}: Директива компиляции уже указана (&насервере)"},
		{"&НаКлиенте\nПерем П;\n&НаСервере\nПроцедура Х()\n\tСообщить(П);\nКонецПроцедуры", "(5,11)}: Переменная не определена (П)"},
		{"Перем П;\n&НаКлиенте\nПроцедура Х()\n\tСообщить(П);\nКонецПроцедуры", "(4,11)}: Переменная не определена (П)"},
		{"&НаКлиенте\nПерем П;\n&НаКлиенте\nПроцедура Х()\n\tП = 1;\n\tСообщить(П);\nКонецПроцедуры", ""},
	} {
		w := New(thin)
		w.DeclareForm("ОбщаяФорма.Ф", map[string]any{"Реквизит": ""}, nil)
		err := w.Load(Module{Name: "ОбщаяФорма.Ф", Kind: FormModule, Text: c.text})
		if err == nil {
			err = w.Link()
		}
		if c.want != "" {
			c.want = "{ОбщаяФорма.Ф.Форма" + c.want
		}
		if got := errText(err); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
		w.Close()
	}
}

// TestFormNames: a form that is not there does not open.
func TestFormNames(t *testing.T) {
	w := world(t, thin, map[string]string{"К": "Процедура Открыть(Имя) Экспорт\n\tОткрытьФорму(Имя);\nКонецПроцедуры\nПроцедура Перейти_(Ссылка) Экспорт\n\tПерейтиПоНавигационнойСсылке(Ссылка);\nКонецПроцедуры"})
	w.DeclareForm("ОбщаяФорма.Есть", nil, nil)
	w.Meta.Document("Интерес")
	w.Meta.Processor("Мастер")
	for name, ok := range map[string]bool{"ОбщаяФорма.Есть": true, "ОбщаяФорма.Нет": false, "Документ.Интерес.ФормаОбъекта": true, "Документ.Нет.ФормаОбъекта": false,
		"Обработка.Мастер.Форма": true, "Обработка.Нет.Форма": false, "": false} {
		if _, err := w.Call("К.Открыть", name); (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	for link, ok := range map[string]bool{"e1cib/data/Документ.Интерес?ref=b59500055d80a2b911de397d51012ccc": true, "e1cib/data/Документ.Интерес?ref=b595": false,
		"e1cib/data/Документ.Нет?ref=b59500055d80a2b911de397d51012ccc": false, "e1cib/list/Документ.Интерес": true} {
		if _, err := w.Call("К.Перейти_", link); (err == nil) != ok {
			t.Errorf("%s: %v", link, err)
		}
	}
}

// TestExtensionRefusals: an extension whose target is not there, or is another,
// is not applied.
func TestExtensionRefusals(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"&После(\"НетТакой\")\nПроцедура Тлф()\nКонецПроцедуры", "(1,1)}: Метод расширяемого модуля не обнаружен (НетТакой)"},
		{"&После(\"П\")\nПроцедура Тлф(А, Б)\nКонецПроцедуры", "(1,1)}: Количество параметров не совпадает с расширяемым методом (П)"},
		{"&Вместо(\"П\")\nФункция Тлф(А)\nКонецФункции", "(1,1)}: Процедуру расширяет только процедура, функцию - только функция (П)"},
		{"&После(\"Ф\")\nФункция Тлф()\nКонецФункции", "(1,1)}: Аннотация &после недопустима для функции (Ф)"},
		{"&Перед(\"П\")\nПроцедура Тлф(А)\n\tПродолжитьВызов(А);\nКонецПроцедуры", "(3,2)}: ПродолжитьВызов может использоваться только в процедуре с аннотацией &Вместо"},
		{"&Вместо(\"П\")\nПроцедура Тлф(А)\n\tПродолжитьВызов(А);\nКонецПроцедуры\n&Вместо(\"Ф\")\nФункция ТлфФ()\n\tВозврат ПродолжитьВызов();\nКонецФункции", ""},
	} {
		w := New(thin)
		err := w.Load(Module{Name: "М", Kind: ServerModule, Text: "Процедура П(А) Экспорт\nКонецПроцедуры\nФункция Ф() Экспорт\nКонецФункции"})
		if err == nil {
			err = w.Load(Module{Name: "М", Kind: ServerModule, Extends: true, Text: c.text})
		}
		if err == nil {
			err = w.Link()
		}
		if c.want != "" {
			c.want = "{ОбщийМодуль.М.Модуль" + c.want
		}
		if got := errText(err); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
		w.Close()
	}
}

// TestFormParts: of a form that a dump describes only its own parameters and
// elements are there, and a handler takes what its event passes.
func TestFormParts(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"Сообщить(Параметры.Свой);", ""},
		{"Сообщить(Параметры.Чужой);", "Поле объекта не обнаружено (Чужой)"},
		{"Элементы.Кнопка.Видимость = Ложь;", ""},
		{"Элементы.Кнопочка.Видимость = Ложь;", "Поле объекта не обнаружено (Кнопочка)"},
	} {
		w := world(t, thin, map[string]string{"К": "Процедура Открыть() Экспорт\nОткрытьФорму(\"ОбщаяФорма.Ф\", Новый Структура(\"Свой,Чужой\", \"а\", \"б\"));\nКонецПроцедуры"})
		w.DeclareForm("ОбщаяФорма.Ф", nil, map[string]any{"Свой": ""})
		w.forms["общаяформа.ф"].items = map[string]bool{"кнопка": true}
		if err := w.Load(Module{Name: "ОбщаяФорма.Ф", Kind: FormModule, Text: "&НаСервере\nПроцедура ПриСозданииНаСервере(Отказ, СтандартнаяОбработка)\n" + c.text + "\nКонецПроцедуры"}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Call("К.Открыть"); c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", c.text, err)
		}
	}
	w := world(t, thin, map[string]string{"К": "Процедура Открыть() Экспорт\nОткрытьФорму(\"ОбщаяФорма.Ф\");\nКонецПроцедуры"})
	if err := w.Load(Module{Name: "ОбщаяФорма.Ф", Kind: FormModule, Text: "&НаСервере\nПроцедура ПриСозданииНаСервере()\nКонецПроцедуры"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Call("К.Открыть"); err == nil {
		t.Error("a handler without the event's parameters")
	}
}
