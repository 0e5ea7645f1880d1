package bsltest

import (
	"fmt"
	"strings"
	"testing"
)

// TestCopies is what is left of the arguments after a call of the server.
func TestCopies(t *testing.T) {
	server := `Процедура Изменить(С) Экспорт С.Х = 2; С.М.Добавить(1); КонецПроцедуры
		Процедура ИзменитьСвое(Знач С) Экспорт С.Х = 2; С.М.Добавить(1); КонецПроцедуры
		Процедура Заменить(С) Экспорт С = 7; КонецПроцедуры
		Процедура ЗаменитьСвое(Знач С) Экспорт С = 7; КонецПроцедуры
		Функция Та(С) Экспорт Возврат С; КонецФункции`
	for _, c := range []struct {
		name, body string
		want       any
	}{
		{"what the server did to its copy comes back", `С.Изменить(П); Возврат П.Х * 10 + П.М.Количество();`, 21},
		{"not of a parameter with Знач", `С.ИзменитьСвое(П); Возврат П.Х * 10 + П.М.Количество();`, 10},
		{"another reference to the object keeps the old one", `Другая = П; С.Изменить(П); Возврат Другая.Х * 10 + П.Х;`, 12},
		{"the variable gets a new value", `С.Заменить(П); Возврат П;`, 7},
		{"not of a parameter with Знач", `С.ЗаменитьСвое(П); Возврат П.Х;`, 1},
		{"a property is not changed from there", `В = Новый Структура("П", П); С.Изменить(В.П); Возврат П.Х;`, 1},
		{"what comes back is another object", `Возврат С.Та(П) = П;`, false},
	} {
		w := world(t, thin, map[string]string{"С:c": server, "К": "Функция Тест() Экспорт\nП = Новый Структура(\"Х,М\", 1, Новый Массив);\n" + c.body + "\nКонецФункции"})
		if got, err := w.Call("К.Тест"); err != nil || Go(got) != c.want {
			t.Errorf("%s: %s\n gives %v (%v), want %v", c.name, c.body, got, err, c.want)
		}
	}
}

// TestNoPassage are values that do not cross the border, however deep they are.
func TestNoPassage(t *testing.T) {
	for _, c := range []struct{ value, want string }{
		{`Новый HTTPСоединение("с")`, "HTTPСоединение"},
		{`Новый HTTPЗапрос("/")`, "HTTPЗапрос"},
		{`Новый COMОбъект("WinHttp.WinHttpRequest.5.1")`, "COMОбъект"},
		{`Новый Структура("Х", Новый HTTPСоединение("с"))`, "HTTPСоединение"},
		{`ОткрытьФорму("ОбщаяФорма.Ф")`, "Форма"},
		{`ОткрытьФорму("ОбщаяФорма.Ф").Элементы.А`, "ЭлементФормы"},
		{`К`, "ОбщийМодуль"},
		{`ПолучитьОкна()`, "ОкноКлиентскогоПриложения"},
		{`Новый ЧтениеJSON`, "ЧтениеJSON"},
		{`СамВСебе()`, "Слишком большая вложенность"},
	} {
		w := world(t, thin, map[string]string{"С:c": "Процедура Взять(Знач Х) Экспорт\nКонецПроцедуры", "К": "Процедура Тест() Экспорт\nХ = " + strings.ReplaceAll(c.value, "ОткрытьФорму(\"ОбщаяФорма.Ф\").", "Форма().") +
			";\nС.Взять(Х);\nКонецПроцедуры\nФункция Форма()\nВозврат ОткрытьФорму(\"ОбщаяФорма.Ф\");\nКонецФункции\nФункция СамВСебе()\nМ = Новый Массив;\nМ.Добавить(М);\nВозврат М;\nКонецФункции"})
		w.DeclareForm("ОбщаяФорма.Ф", nil, nil)
		w.Screen.Locked = true
		if _, err := w.Call("К.Тест"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s passed: %v", c.value, err)
		}
	}
}

// TestCachedSides: what the server keeps for itself is not the client's.
func TestCachedSides(t *testing.T) {
	w := New(thin)
	defer w.Close()
	for _, m := range []Module{
		{Name: "П", Kind: CachedCallModule, Text: "Функция Общее() Экспорт\nВозврат Новый Структура(\"Х\", 1);\nКонецФункции"},
		{Name: "С", Kind: ServerCallModule, Text: "Функция Испортить() Экспорт\nП.Общее().Х = 5;\nВозврат П.Общее().Х;\nКонецФункции"},
		{Name: "К", Kind: ClientModule, Text: "Функция Тест() Экспорт\nСерверное = С.Испортить();\nВозврат Серверное * 10 + П.Общее().Х;\nКонецФункции"},
	} {
		if err := w.Load(m); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := w.Call("К.Тест"); err != nil || Go(v) != 51 {
		t.Error(v, err)
	}
	if err := w.Load(Module{Name: "К2", Kind: ClientModule, Text: "Функция Тест() Экспорт\nП.Общее().Х = 9;\nВозврат П.Общее().Х * 10 + С.Испортить();\nКонецФункции"}); err != nil {
		t.Fatal(err)
	}
	if v, err := w.Call("К2.Тест"); err != nil || Go(v) != 95 {
		t.Error(v, err)
	}
}

// TestPrivileged: what no role has a right to a client's call reaches in the
// privileged mode only, which ends with the procedure that switched it on; a job
// of the server may all.
func TestPrivileged(t *testing.T) {
	w := world(t, thin, map[string]string{"С:c": `
		Функция Прочитать() Экспорт
			З = РегистрыСведений.Тайна.СоздатьМенеджерЗаписи();
			З.Ключ = "а";
			З.Прочитать();
			Возврат З.Выбран();
		КонецФункции
		Функция Спросить() Экспорт
			З = Новый Запрос("ВЫБРАТЬ Т.Ключ КАК Ключ ИЗ РегистрСведений.Тайна КАК Т");
			Возврат З.Выполнить().Пустой();
		КонецФункции
		Функция Люди() Экспорт
			Возврат ПользователиИнформационнойБазы.ПолучитьПользователей().Количество();
		КонецФункции
		Функция СРазрешения() Экспорт
			УстановитьПривилегированныйРежим(Истина);
			Прочитать();
			Спросить();
			Возврат Люди();
		КонецФункции
		Функция ПослеРазрешения() Экспорт
			СРазрешения();
			Возврат Прочитать();
		КонецФункции
		Функция ЕстьПраво() Экспорт
			Если ПравоДоступа("Чтение", Метаданные.РегистрыСведений.Тайна) Тогда
				Прочитать();
			КонецЕсли;
			Возврат СРазрешения();
		КонецФункции`, "К": "Процедура Позвать(Имя) Экспорт\nЕсли Имя = \"Прочитать\" Тогда С.Прочитать(); ИначеЕсли Имя = \"Спросить\" Тогда С.Спросить(); ИначеЕсли Имя = \"Люди\" Тогда С.Люди(); ИначеЕсли Имя = \"ПослеРазрешения\" Тогда С.ПослеРазрешения(); ИначеЕсли Имя = \"ЕстьПраво\" Тогда С.ЕстьПраво(); Иначе С.СРазрешения(); КонецЕсли;\nКонецПроцедуры"})
	w.Meta.Register("Тайна", []string{"Ключ"}, []string{"Значение"}).Guarded = true
	w.NotAdmin = true
	for _, c := range []struct {
		name string
		ok   bool
	}{{"Прочитать", false}, {"Спросить", false}, {"Люди", false}, {"СРазрешения", true}, {"Прочитать", false}, {"ПослеРазрешения", false}, {"ЕстьПраво", true}} {
		_, err := w.Call("К.Позвать", c.name)
		if (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), "Нарушение прав доступа!") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for _, name := range []string{"С.Прочитать", "С.Спросить", "С.Люди"} {
		if _, err := w.CallServer(name); err != nil {
			t.Errorf("%s by a job: %v", name, err)
		}
	}
}

// TestHiddenRows: what the user may not read is left out by РАЗРЕШЕННЫЕ, is an
// exception without it, and is there in the privileged mode and for a job.
func TestHiddenRows(t *testing.T) {
	w := world(t, thin, map[string]string{"С:c": `
		Функция Сколько(Слово, Привилегированно) Экспорт
			УстановитьПривилегированныйРежим(Привилегированно);
			З = Новый Запрос("ВЫБРАТЬ " + Слово + " К.Ссылка КАК Ссылка ИЗ Справочник.Контрагенты КАК К");
			Возврат З.Выполнить().Выбрать().Количество();
		КонецФункции`, "К": "Функция Сколько(Слово, Привилегированно) Экспорт\nВозврат С.Сколько(Слово, Привилегированно);\nКонецФункции"})
	clients := w.Meta.Catalog("Контрагенты")
	for _, uid := range []string{"51012ccc-397d-11de-b595-00055d80a2b9", "8c1f3a52-64ab-11ee-a2b1-00155d0a0b0c"} {
		clients.Add(uid, map[string]any{"Наименование": uid})
	}
	clients.Hidden = func(r *Ref) bool { return strings.HasPrefix(r.UID(), "51012ccc") }
	for _, c := range []struct {
		module, word string
		privileged   bool
		want         string
	}{
		{"К", "РАЗРЕШЕННЫЕ", false, "1"}, {"К", "", false, "Нарушение прав доступа!"}, {"К", "", true, "2"}, {"К", "РАЗРЕШЕННЫЕ", true, "2"}, {"С", "", false, "2"},
	} {
		call := w.Call
		if c.module == "С" {
			call = w.CallServer
		}
		v, err := call(c.module+".Сколько", c.word, c.privileged)
		if got := fmt.Sprint(Go(v), err); !strings.Contains(got, c.want) {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
