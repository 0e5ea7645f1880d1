package onec_test

import (
	"strings"
	"testing"
)

// sample is a common module against which nothing can be said.
const sample = `// Для примера.

#Область ПрограммныйИнтерфейс

// Складывает.
//
// Параметры:
//  Первое - Число - одно.
//  Второе - Число - другое.
//
// Возвращаемое значение:
//  Число - сумма.
//
Функция Сумма(Знач Первое, Знач Второе = 0) Экспорт

	Если Первое < 0 Тогда
		ВызватьИсключение НСтр("ru = 'Не меньше нуля'; en = 'Not below zero'");
	КонецЕсли;
	Соединение = Новый HTTPСоединение("server", 80, , , , 5); // http://server
	Возврат Добавить(Первое, Второе);

КонецФункции

#КонецОбласти

#Область СлужебныеПроцедурыИФункции

Функция Добавить(Знач Первое, Знач Второе)

	Возврат Первое + Второе;

КонецФункции

#КонецОбласти
`

// TestConventionsNotice: each rule finds what breaks it in a copy of a good
// module, and finds nothing in the module itself.
func TestConventionsNotice(t *testing.T) {
	const at = "server/CommonModules/ЗмрПример/Ext/Module.bsl"
	for _, c := range []struct{ name, old, text, want string }{
		{"nothing", "", "", ""},
		{"no word of what it is for", "// Для примера.\n\n", "", "does not begin with what it is for"},
		{"spaces for indents", "\tВозврат Первое", "    Возврат Первое", "indents are tabs"},
		{"a blank end", "Первое + Второе;", "Первое + Второе; ", "no blank ends"},
		{"a region of another kind of module", "#Область СлужебныеПроцедурыИФункции", "#Область ОбработчикиСобытийФормы", "std455"},
		{"regions in another order", "#Область ПрограммныйИнтерфейс", "#Область СлужебныеПроцедурыИФункции", "std455"},
		{"a region in a region", "// Складывает.", "#Область Внутри\n\n// Складывает.", "std455"},
		{"a region that is not closed", "Возврат Первое + Второе;\n\nКонецФункции\n\n#КонецОбласти\n", "Возврат Первое + Второе;\n\nКонецФункции\n", "is not closed"},
		{"a region closed twice", "// Для примера.\n", "// Для примера.\n\n#КонецОбласти\n", "no region is open"},
		{"exported among the private", "Функция Добавить(Знач Первое, Знач Второе)", "Функция Добавить(Знач Первое, Знач Второе) Экспорт", "wrong region"},
		{"private in the interface", " = 0) Экспорт", " = 0)", "wrong region"},
		{"outside of all regions", "#КонецОбласти\n\n#Область СлужебныеПроцедурыИФункции\n", "#КонецОбласти\n", "in no region"},
		{"a header in two lines", "Функция Сумма(Знач Первое, Знач", "Функция Сумма(Знач Первое,\n\tЗнач", "a header in one line"},
		{"no comment", "//  Число - сумма.\n//\n", "//  Число - сумма.\n//\n\n", "has no comment"},
		{"no word of a parameter", "//  Второе - Число - другое.\n", "", "does not name the parameter Второе"},
		{"no word of what it returns", "// Возвращаемое значение:\n", "", "what it returns"},
		{"too many parameters", "Знач Второе = 0)", "Знач Второе = 0, А, Б, В, Г, Д, Е)", "8 parameters"},
		{"a name with ё", "Возврат Первое + Второе", "Учёт = 1;\n\tВозврат Первое + Второе", "«ё»"},
		{"no English", "'; en = 'Not below zero'", "'", "without ru and en"},
		{"an exception without НСтр", "НСтр(\"ru = 'Не меньше нуля'; en = 'Not below zero'\")", "\"Ошибка\"", "std761"},
		{"a phrase without НСтр", "Возврат Первое + Второе", "Текст = \"Не меньше нуля\";\n\tВозврат Первое + Второе", "std761"},
		{"the network's text run", "Возврат Первое + Второе", "Выполнить(Первое);\n\tВозврат Первое + Второе", "text of the network"},
		{"a modal window", "Возврат Первое + Второе", "Предупреждение(Первое);\n\tВозврат Первое + Второе", "modal"},
		{"no time-out", "80, , , , 5)", "80)", "std748"},
		{"asynchronous elsewhere", "Возврат Первое + Второе", "Ждать Первое;\n\tВозврат Первое + Второе", "only ЗмрКлиентАсинх"},
	} {
		var found faults
		body := sample
		if c.old != "" {
			if !strings.Contains(body, c.old) {
				t.Fatalf("%s: the sample has no %q", c.name, c.old)
			}
			body = strings.Replace(body, c.old, c.text, 1)
		}
		checkModule(&found, at, body)
		said := strings.Join(found, "; ")
		if c.want == "" && said != "" || !strings.Contains(said, c.want) {
			t.Errorf("%s: found %q, want %q", c.name, said, c.want)
		}
	}
}

// TestBytesNotice: the same for what a file consists of.
func TestBytesNotice(t *testing.T) {
	good := "\xef\xbb\xbf// а\r\n"
	for _, c := range []struct{ name, raw, want string }{
		{"nothing", good, ""},
		{"no BOM", good[3:], "BOM"},
		{"windows-1251", good[:3] + "// \xe0\r\n", "UTF-8"},
		{"LF", strings.ReplaceAll(good, "\r\n", "\n"), "CRLF"},
		{"one LF", good + "// b\n", "CRLF"},
		{"CR alone", good[:len(good)-2] + "\r\r\n", "CRLF"},
		{"no end", strings.TrimSuffix(good, "\r\n"), "line end"},
	} {
		var found faults
		plain([]byte(c.raw), &found)
		said := strings.Join(found, "; ")
		if c.want == "" && said != "" || !strings.Contains(said, c.want) {
			t.Errorf("%s: found %q, want %q", c.name, said, c.want)
		}
	}
}

// TestKindsNotice: the same for the kinds of common modules.
func TestKindsNotice(t *testing.T) {
	flags := func(on ...string) string {
		var b strings.Builder
		for _, f := range on {
			b.WriteString("<" + f + ">true</" + f + ">")
		}
		return b.String()
	}
	server := []string{"Server", "ExternalConnection", "ClientOrdinaryApplication"}
	for _, c := range []struct {
		name  string
		flags string
		good  bool
	}{
		{"ЗмрПример", flags(server...), true},
		{"ЗмрПример", flags("Server"), false},
		{"ЗмрПример", flags(append(server, "ServerCall")...), false},
		{"ЗмрПример", flags(append(server, "Privileged")...), false},
		{"ЗмрПримерВызовСервера", flags("Server", "ServerCall"), true},
		{"ЗмрПримерВызовСервера", flags(server...), false},
		{"ЗмрПримерВызовСервера", flags("Server", "ServerCall", "ExternalConnection"), false},
		{"ЗмрРассылка", flags("Server"), true},
		{"ЗмрРассылка", flags(server...), false},
		{"ЗмрПримерКлиент", flags("ClientManagedApplication"), true},
		{"ЗмрПримерКлиент", flags("Server"), false},
		{"ЗмрПримерКлиент", flags("ClientManagedApplication", "Server"), false},
		{"ЗмрПримерКлиентГлобальный", flags("ClientManagedApplication", "Global"), true},
		{"ЗмрПримерКлиентГлобальный", flags("ClientManagedApplication"), false},
		{"ЗмрПримерКлиент", flags("ClientManagedApplication", "Global"), false},
	} {
		var found faults
		checkKind(&found, c.name, c.flags)
		if (len(found) == 0) != c.good {
			t.Errorf("%s %s: %v", c.name, c.flags, found)
		}
	}
}
