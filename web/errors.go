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
		{"не заполнено", "must not be empty"},
		{"не больше % символов", "must have at most % characters"},
		{"не меньше % символов", "must have at least % characters"},
		{"не больше % байт; нелатинская буква занимает два", "must have at most % bytes; a letter that is not Latin takes two"},
		{"совпадает с логином", "is the login"},
		{"не ваш пароль", "is not your password"},
		{"нужен для нового администратора", "is needed for a new administrator"},
		{"% – последний администратор с полными правами: кто-то должен им остаться", "% is the last active administrator of role admin: somebody has to be"},
		{"слишком много неудачных попыток; подождите %", "too many failed sign-ins; wait %"},
		{"пароль тем временем сменили", "the password was changed meanwhile"},
		{"логин занят", "is taken"},
		{"пароли различаются", "the two differ"},
		{"уже принадлежит: %", "belongs to %"},
		{"уже есть такая группа", "there is such a group already"},
		{"нет такой группы: %", "no group %"},
		{"нет такого источника: %", "no source %"},
		{"нет такого токена: %", "no token %"},
		{"источник % отправляет пропущенные звонки этой группе; сначала дайте ему другую", "source % sends its missed calls to this group; give it another one first"},
		{"нет часового пояса %; напишите, например, Europe/Moscow", "no time zone %; give one like Europe/Moscow"},
		{"% символов; можно не больше %", "has % characters; at most % are allowed"},
		{"в прошлом", "is in the past"},
		{"АТС вида % не умеет перечислять сотрудников", "a PBX of kind % cannot list its people"},
		{"для этого нужна роль %, а у вас %", "this needs the role %; yours is %"},
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
