package web

import "slices"

// ErrorIn says an error of the service in the page's language. Errors are made
// in English; one that is not known here stays English.
func ErrorIn(l Lang, message string) string {
	if l == English {
		return message
	}
	for _, e := range slices.Concat(errorTexts(), contactErrors(), ruleErrors()) {
		if e.en == message {
			return e.ru
		}
		if parts, ok := e.parts(message); ok {
			return fill(e.ru, parts)
		}
	}
	return message
}

// errorTexts hold names where % stands. The first that fits counts.
func errorTexts() []said {
	return []said{
		{"не заполнено", "is required"},
		{"обязательное поле", "required"},
		{"нет такого уведомления: %", "no notification %"},
		{"нет такого пользователя: %", "no user %"},
		{"это уведомление уже обработано", "the notification is not pending"},
		{"слишком много операций ждёт; повторите", "too many operations are waiting; try again"},
		{"служба останавливается; повторите", "the service is stopping; try again"},
		{"база данных недоступна", "the database cannot be reached; try again"},
		{"этот запрос пришёл со страницы другого сайта", "this request came from a page of another site"},
		{"сделано: %; не получилось: %; %", "done: %; not possible: %; %"},
		{"такой страницы нет", "no such page"},
	}
}

// fill puts parts where the text has %.
func fill(text string, parts []string) string {
	out := ""
	for _, r := range text {
		if r == '%' && len(parts) > 0 {
			out += parts[0]
			parts = parts[1:]
			continue
		}
		out += string(r)
	}
	return out
}
