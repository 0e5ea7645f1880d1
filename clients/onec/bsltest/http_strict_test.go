package bsltest

import (
	"strings"
	"testing"
)

// TestHTTPStrict: what a request's parts may be, by version, and what goes out
// over the wire.
func TestHTTPStrict(t *testing.T) {
	host, port := echo(t)
	number, _ := parseNum(port)
	for _, c := range []struct {
		name   string
		target Target
		body   string
		want   string // of the answer, or in the exception
	}{
		{"a body of an old version begins with a mark", old, `З.УстановитьТелоИзСтроки("{}"); Возврат С.ОтправитьДляОбработки(З).ПолучитьТелоКакСтроку();`, "POST /  [\ufeff{}]"},
		{"so in a mode of compatibility", Target{Version: "8.3.27.1", Compat: "8.3.12", Context: ThinClient}, `З.УстановитьТелоИзСтроки("{}"); Возврат С.ОтправитьДляОбработки(З).ПолучитьТелоКакСтроку();`, "POST /  [\ufeff{}]"},
		{"a new version leaves it out", thin, `З.УстановитьТелоИзСтроки("{}"); Возврат С.ОтправитьДляОбработки(З).ПолучитьТелоКакСтроку();`, "POST /  [{}]"},
		{"every version does when told", old, `З.УстановитьТелоИзСтроки("{}", КодировкаТекста.UTF8, ИспользованиеByteOrderMark.НеИспользовать); Возврат С.ОтправитьДляОбработки(З).ПолучитьТелоКакСтроку();`, "POST /  [{}]"},
		{"and puts it in when told", thin, `З.УстановитьТелоИзСтроки("{}", "UTF-8", ИспользованиеByteOrderMark.Использовать); Возврат С.ОтправитьДляОбработки(З).ПолучитьТелоКакСтроку();`, "POST /  [\ufeff{}]"},
		{"another encoding", thin, `З.УстановитьТелоИзСтроки("да", "windows-1251"); Возврат С.ОтправитьДляОбработки(З).ПолучитьТелоКакСтроку("windows-1251");`, "POST /  [да]"},
		{"an encoding of no name", thin, `З.УстановитьТелоИзСтроки("да", "утф");`, "Неизвестная кодировка (утф)"},
		{"a number in a header is cut into groups", thin, `З.Заголовки.Вставить("Authorization", 1234); Возврат С.Получить(З).ПолучитьТелоКакСтроку();`, "GET / 1\u00a0234 []"},
		{"a truth is no secure connection in 8.3", thin, `Х = Новый HTTPСоединение("с", 80, , , , 2, Ложь);`, "Несоответствие типов (параметр номер '7')"},
		{"Неопределено is none", thin, `Х = Новый HTTPСоединение("с", 80, , , , 2, Неопределено); Возврат "";`, ""},
		{"headers that are a structure", thin, `Х = Новый HTTPЗапрос("/", Новый Структура("А", 1));`, "Несоответствие типов (параметр номер '2')"},
		{"headers that are nothing", thin, `З.Заголовки = Неопределено;`, "Несоответствие типов (Заголовки)"},
		{"a method with an argument too many", thin, `Х = С.Удалить(З, "файл");`, "Слишком много фактических параметров"},
	} {
		w := world(t, c.target, map[string]string{"Сеть:s": "Функция Тест(Адрес, Порт) Экспорт\nС = Новый HTTPСоединение(Адрес, Порт);\nЗ = Новый HTTPЗапрос(\"/\");\n" + c.body + "\nКонецФункции"})
		v, err := w.CallServer("Сеть.Тест", host, number)
		if err == nil && str(v) != c.want || err != nil && (c.want == "" || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %s\n gives %q (%v), want %q", c.name, c.body, str(v), err, c.want)
		}
	}
}

// TestSecureOld: 8.2 takes a truth, and has no object.
func TestSecureOld(t *testing.T) {
	w := world(t, ordinary, map[string]string{"К": "Функция Тест() Экспорт\nС = Новый HTTPСоединение(\"с\", , , , , 2, Истина);\nВозврат С.Порт;\nКонецФункции"})
	if v, err := w.Call("К.Тест"); err != nil || Go(v) != 443 {
		t.Error(v, err)
	}
}

// TestToastClick: a click passes what was kept and nothing else.
func TestToastClick(t *testing.T) {
	w := world(t, thin, map[string]string{"К": `
		Процедура Показать(Имя) Экспорт
			ПоказатьОповещениеПользователя("Звонок", Новый ОписаниеОповещения(Имя, К, "доп"));
		КонецПроцедуры
		Процедура Один(Доп) Экспорт
			Сообщить(Доп);
		КонецПроцедуры
		Процедура Два(Результат, Доп) Экспорт
			Сообщить("нет");
		КонецПроцедуры
		Процедура НеДействие() Экспорт
			ПоказатьОповещениеПользователя("Звонок", 5);
		КонецПроцедуры
		Процедура Предупредить() Экспорт
			ПоказатьПредупреждение(Новый ОписаниеОповещения("Один", К, "ок"), "внимание");
		КонецПроцедуры`})
	for name, ok := range map[string]bool{"Один": true, "Два": false, "Нет": false} {
		if _, err := w.Call("К.Показать", name); err != nil {
			t.Fatal(err)
		}
		if err := w.Click(w.Screen.Shown[len(w.Screen.Shown)-1]); (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Call("К.НеДействие"); err == nil {
		t.Error("a number is no action")
	}
	if _, err := w.Call("К.Предупредить"); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(w.Screen.Messages, ","); got != "доп,внимание,ок" {
		t.Error(got)
	}
}
