package bsltest

import (
	"strings"
	"testing"
)

// TestTargets is what a version, or a kind of client, lacks: refused at load,
// with line and column.
func TestTargets(t *testing.T) {
	async := "Асинх Процедура А() Экспорт\n\tС = Новый HTTPСоединение(\"с\"); Ждать С.ПолучитьАсинх(Новый HTTPЗапрос(\"/\"));\nКонецПроцедуры"
	v8318 := Target{Version: "8.3.18.1128", Context: ThinClient}
	v8327 := Target{Version: "8.3.27.1935", Context: ThinClient}
	body := func(s string) string {
		return "Процедура А() Экспорт\n\t" + s + "\nКонецПроцедуры"
	}
	for _, c := range []struct {
		target Target
		kind   Kind
		text   string
		want   string // "" loads
	}{
		{thin, ClientModule, async, ""},
		{old, ClientModule, async, "(1,17)}: Асинхронные процедуры и функции недоступны в версии 8.3.6.1977 (А)"},
		{v8318, ClientModule, async, "(2,41)}: ПолучитьАсинх недоступно в версии 8.3.18.1128: появилось в 8.3.21"},
		{Target{Version: "8.3.24.1", Compat: "8.3.17", Context: ThinClient}, ClientModule, async, "(1,17)}: Асинхронные процедуры и функции недоступны в версии 8.3.24.1 (А)"},
		{thin, ServerModule, async, "(1,17)}: Асинхронные процедуры и функции недоступны в контексте «сервер» (А)"},
		{old, ClientModule, body(`Б = СтрРазделить("а", ",");`), ""},
		{ordinary, ClientModule, body(`Б = СтрРазделить("а", ",");`), "(2,6)}: СтрРазделить недоступно в версии 8.2.18.109: появилось в 8.3.6"},
		{ordinary, ClientModule, body(`Б = СтрНайти("а", "б");`), "(2,6)}: СтрНайти недоступно в версии 8.2.18.109: появилось в 8.3.6"},
		{ordinary, ClientModule, body(`Б = СтрШаблон("%1", 1);`), "(2,6)}: СтрШаблон недоступно в версии 8.2.18.109: появилось в 8.3.6"},
		{ordinary, ClientModule, body(`Б = Новый ЧтениеJSON;`), "(2,12)}: ЧтениеJSON недоступно в версии 8.2.18.109: появилось в 8.3.6"},
		{ordinary, ClientModule, body(`Б = Новый ОписаниеОповещения("А", Неопределено);`), "(2,12)}: ОписаниеОповещения недоступно в версии 8.2.18.109: появилось в 8.3.3"},
		{ordinary, ClientModule, body(`Б = Новый ЧтениеXML; В = Новый HTTPЗапрос("/"); Г = Найти("а", "б");`), ""},
		{ordinary, ClientModule, body(`Б = Новый COMОбъект("WinHttp.WinHttpRequest.5.1"); Предупреждение("да");`), ""},
		{Target{Version: "8.2.16.1", Context: ThickOrdinary}, ClientModule, body(`Б = Новый HTTPЗапрос("/");`), "(2,12)}: HTTPЗапрос недоступно в версии 8.2.16.1: появилось в 8.2.18"},
		{ordinary, ClientModule, "#Область Р\n#КонецОбласти", "(1,1)}: Неизвестная инструкция препроцессора #Область"},
		{web, ClientModule, body(`Б = Новый ЧтениеXML;`), "(2,12)}: ЧтениеXML недоступно в контексте «веб-клиент»"},
		{web, ClientModule, body(`Б = Новый ЧтениеJSON;`), "(2,12)}: ЧтениеJSON недоступно в контексте «веб-клиент»"},
		{web, ClientModule, body(`Б = Новый HTTPСоединение("с");`), "(2,12)}: HTTPСоединение недоступно в версии 8.3.15.1830: появилось в 8.3.21"},
		{Target{Version: "8.3.22.1851", Context: WebClient}, ClientModule, body(`С = Новый HTTPСоединение("с"); Б = С.Получить(Новый HTTPЗапрос("/"));`), ""}, // a name that other types have too
		{Target{Version: "8.3.22.1851", Context: WebClient}, ClientModule, async, ""},
		{web, ClientModule, body(`Б = Новый COMОбъект("х");`), "(2,12)}: COMОбъект недоступно в контексте «веб-клиент»"},
		{web, ClientModule, body(`Б = XMLСтрока(1);`), "(2,6)}: XMLСтрока недоступно в контексте «веб-клиент»"},
		{web, ClientModule, body(`Б = СтрПолучитьСтроку("а", 1) + Сред("а", 1);`), ""},
		{web, ClientModule, body("#Если Не ВебКлиент Тогда\nБ = Новый ЧтениеXML;\n#КонецЕсли"), ""},
		{thin, ClientModule, body(`Б = Справочники;`), "(2,6)}: Справочники недоступно в контексте «тонкий клиент»"},
		{thin, ClientModule, body(`Б = Новый Запрос;`), "(2,12)}: Запрос недоступно в контексте «тонкий клиент»"},
		{thin, ClientModule, body(`Б = КодироватьСтроку("а", 1);`), "(2,6)}: КодироватьСтроку недоступно в контексте «тонкий клиент»"},
		{thin, ClientModule, body(`ЗаписьЖурналаРегистрации("а");`), "(2,2)}: ЗаписьЖурналаРегистрации недоступно в контексте «тонкий клиент»"},
		{thin, ClientModule, body(`Предупреждение("а");`), "(2,2)}: Использование модальных окон в данном режиме запрещено (Предупреждение)"},
		{Target{Version: "8.3.22.1851", Context: ThinClient, Modal: true}, ClientModule, body(`Предупреждение("а");`), ""},
		{thin, ServerModule, body(`ПоказатьОповещениеПользователя("а");`), "(2,2)}: ПоказатьОповещениеПользователя недоступно в контексте «сервер»"},
		{old, ClientModule, body(`ПоказатьОповещениеПользователя("а", , "б", , , "к");`), "(2,2)}: Слишком много фактических параметров (ПоказатьОповещениеПользователя)"},
		{thin, ClientModule, body(`УведомленияКлиента.ОтключитьОбработчик("а");`), "(2,2)}: УведомленияКлиента недоступно в версии 8.3.22.1851: появилось в 8.3.26"},
		{v8327, ClientModule, body(`УведомленияКлиента.ОтключитьОбработчик("а");`), ""},
	} {
		w := New(c.target)
		err := w.Load(Module{Name: "Проба", Kind: c.kind, Text: c.text})
		if err == nil {
			err = w.Link()
		}
		w.Close()
		first, _, _ := strings.Cut(errText(err), "\n")
		if c.want == "" && err != nil || c.want != "" && first != "{ОбщийМодуль.Проба.Модуль"+c.want {
			t.Errorf("%s, %v: %s\n got %v\nwant %s", c.target.Version, c.target.Context, c.text, first, c.want)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestBorders: who may call whom, and what crosses.
func TestBorders(t *testing.T) {
	server := "Функция Удвоить(С) Экспорт\nС.Х = С.Х * 2;\nВозврат С;\nКонецФункции\nФункция Отдать() Экспорт\nВозврат Новый HTTPСоединение(\"с\");\nКонецФункции\nФункция Внутри()\nВозврат 1;\nКонецФункции"
	for _, c := range []struct {
		name    string
		modules map[string]string
		want    string
	}{
		{"a client module calls the server's", map[string]string{"К": "Процедура А() Экспорт\n\tС.Удвоить(1);\nКонецПроцедуры", "С:s": server}, "(2,2)}: Переменная не определена (С)"},
		{"a server's module calls the client's", map[string]string{"К": "Процедура А() Экспорт\nКонецПроцедуры", "С:s": "Процедура Б() Экспорт\n\tК.А();\nКонецПроцедуры"}, "(2,2)}: Переменная не определена (К)"},
		{"a module of the external connection calls one that is not", map[string]string{"К": "", "С:s": "Процедура Б() Экспорт\n\tВ.Внутри();\nКонецПроцедуры", "В:c": "Процедура Внутри() Экспорт\nКонецПроцедуры"}, "(2,2)}: Переменная не определена (В)"},
		{"what is not exported", map[string]string{"К": "Процедура А() Экспорт\n\tС.Внутри();\nКонецПроцедуры", "С:c": server}, "(2,4)}: Метод объекта не обнаружен (Внутри)"},
		{"what is not there", map[string]string{"К": "Процедура А() Экспорт\n\tС.Нет();\nКонецПроцедуры", "С:c": server}, "(2,4)}: Метод объекта не обнаружен (Нет)"},
		{"too many arguments", map[string]string{"К": "Процедура А() Экспорт\n\tС.Удвоить(1, 2);\nКонецПроцедуры", "С:c": server}, "(2,4)}: Слишком много фактических параметров (Удвоить)"},
	} {
		w := New(thin)
		for name, text := range c.modules {
			name, kind, _ := strings.Cut(name, ":")
			if err := w.Load(Module{Name: name, Kind: map[string]Kind{"s": ServerModule, "c": ServerCallModule}[kind], Text: text}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Link(); err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		w.Close()
	}

	w := world(t, thin, map[string]string{"С:c": server, "К": `
		Функция Проверить() Экспорт
			Мое = Новый Структура("Х", 2);
			Чужое = С.Удвоить(Мое);
			Чужое.Вставить("Только", Истина);
			Возврат Строка(Мое.Х) + Строка(Чужое.Х) + Мое.Свойство("Только");
		КонецФункции
		Функция ПоЗначению() Экспорт
			Мое = Новый Структура("Х", 2);
			С.Удвоить(Новый Структура("Х", Мое.Х));
			Возврат Мое.Х;
		КонецФункции
		Процедура Взять() Экспорт
			Х = С.Отдать();
		КонецПроцедуры
		Процедура Послать() Экспорт
			Х = С.Удвоить(Новый ОписаниеОповещения("Взять", К));
		КонецПроцедуры`})
	if v, err := w.Call("К.Проверить"); err != nil || v != "44Нет" { // changed on the server, and copied back
		t.Errorf("%v, %v", v, err)
	}
	if v, err := w.Call("К.ПоЗначению"); err != nil || Go(v) != 2 {
		t.Errorf("%v, %v", v, err)
	}
	for name, what := range map[string]string{"К.Взять": "HTTPСоединение", "К.Послать": "ОписаниеОповещения"} {
		if _, err := w.Call(name); err == nil || !strings.Contains(err.Error(), "недопустимого типа ("+what+")") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, e := range w.Entries() {
		if e.ServerCalls != 1 {
			t.Errorf("%+v", e)
		}
	}
}

// TestCached: a module with reused return values runs a function once for the
// same arguments.
func TestCached(t *testing.T) {
	w := world(t, thin, map[string]string{"П:p": "Функция Новое(К) Экспорт\nВозврат Строка(Новый УникальныйИдентификатор);\nКонецФункции",
		"С:s": "Функция Одинаковы() Экспорт\nА = П.Новое(1);\nВозврат А = П.Новое(1) И А <> П.Новое(2);\nКонецФункции\nФункция Разные() Экспорт\nА = П.Новое(1);\nОбновитьПовторноИспользуемыеЗначения();\nВозврат А <> П.Новое(1);\nКонецФункции"})
	for _, name := range []string{"С.Одинаковы", "С.Разные"} {
		if v, err := w.CallServer(name); err != nil || v != true {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
}
