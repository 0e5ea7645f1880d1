package bsltest

import (
	"strings"
	"testing"
)

// FuzzParse: whatever the text, the parser returns, and a refusal names a
// place inside of the text.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "\ufeff", "Процедура А() Экспорт\nКонецПроцедуры", "А = \"б\n|в\";", "#Если Клиент Тогда\n#КонецЕсли", "А[1].Б(,2) = ?(а, '20260101', -1);",
		"&НаКлиенте\nАсинх Функция А(Знач Б = 1)\nВозврат Ждать В();\nКонецФункции", "Для Каждого Х Из У Цикл Прервать; КонецЦикла", "Попытка ВызватьИсключение(1, 2) Исключение КонецПопытки",
		"((((((((", "Новый(Новый(Новый", "#Удаление\n#КонецУдаления", "~метка: Перейти ~метка;", "\"", "'", "&", "#", "~", "Перем А, Б Экспорт;", strings.Repeat("-", 3000) + "1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := parse("М", text, symbols(ThinClient))
		if err == nil {
			return
		}
		if lines := strings.Count(text, "\n") + 1; err.Line < 1 || err.Line > lines || err.Col < 1 || err.Text == "" {
			t.Errorf("%q: %v, of %d lines", text, err, lines)
		}
	})
}

// FuzzLink: a text that parses can be checked and its module called.
func FuzzLink(f *testing.F) {
	f.Add("Возврат 1;")
	f.Add("А = Новый Массив; А.Добавить(А); Возврат А[0][0];")
	f.Add("Попытка Б = 1 / 0; Исключение Возврат ОписаниеОшибки(); КонецПопытки; Возврат Формат(1, \"ЧГ=\");")
	f.Add("Возврат СтрШаблон(\"%1%\", Символы.ПС) + Строка(Окр(1.5, 400));")
	f.Fuzz(func(t *testing.T, body string) {
		if strings.ContainsAny(body, "#&") || strings.Contains(strings.ToLower(body), "файл") || strings.Contains(strings.ToLower(body), "file") {
			return
		}
		w := New(thin)
		defer w.Close()
		w.Budget = 2000
		if w.Load(Module{Name: "М", Kind: ClientModule, Text: "Функция Т() Экспорт\n" + body + "\nКонецФункции"}) != nil || w.Link() != nil {
			return
		}
		_, _ = w.Call("М.Т") // whatever comes of it
	})
}
