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
