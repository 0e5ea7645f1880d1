package web

import (
	"slices"
	"strings"
)

// ErrorIn says an error of the service in the page's language. Errors are made
// in English; one that is not known here stays English.
func ErrorIn(l Lang, message string) string {
	if parts, ok := (said{en: "this needs the role %; yours is %"}).parts(message); ok { // as the pages call them
		for i := range parts {
			parts[i] = RoleIn(l, parts[i])
		}
		return fill(said{"для этого нужна роль «%», а у вас «%»", "this needs the role %; yours is %"}.in(l), parts)
	}
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
	if field, rest, ok := strings.Cut(message, ": "); ok && !strings.Contains(field, " ") {
		if said := ErrorIn(l, rest); said != rest {
			return field + ": " + said
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
		{"за это время данные изменил кто-то другой: откройте страницу заново", "somebody else has changed this meanwhile: open it again"},
		{"служба останавливается; повторите", "the service is stopping; try again"},
		{"база данных недоступна", "the database cannot be reached; try again"},
		{"этот запрос пришёл со страницы другого сайта", "this request came from a page of another site"},
		{"сделано: %; не получилось: %; %", "done: %; not possible: %; %"},
		{"такой страницы нет", "no such page"},
		{"не заполнено", "must not be empty"},
		{"не может быть одними точками", "must not be dots only"},
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
		{"тело – не JSON: оно обрывается", "the body is not JSON: it breaks off"},
		{"тело – не JSON (байт %)", "the body is not JSON (byte %)"},
		{"в теле должен быть один объект, а не список", "the body must be one object, not a list"},
		{"в запросе больше % событий", "more than % events in one webhook"},
		{"событий нет", "no events"},
		{"неизвестное событие %", "unknown event %"},
		{"эта версия не знает вида %", "this version knows no kind %"},
		{"подпись неверна, или её нет", "the signature is wrong or missing"},
		{"имя занято другим источником", "is taken by another source"},
		{"%: от 1 до 63 латинских букв, цифр и дефисов, первым не дефис", "% must be 1–63 characters of a–z, 0–9 and -, and not begin with -"},
		{"% – не код страны; напишите две буквы, например RU", "% is no country code; give two letters like RU"},
		{"не больше % байт, без управляющих знаков", "must be at most % bytes without control characters"},
		{"от 0 до %", "must lie between 0 and %"},
		{"у этого вида секрета нет: секрет – сам адрес", "this kind has none: the address of the hook is the secret"},
		{"нужен для этого", "is needed for this"},
		{"нужно для этого", "is required for this"},
		{"это не адрес", "is not an address"},
		{"введите заново (или %, чтобы забыть): % теперь ведёт в другое место", "give it anew, or % to forget it: % leads elsewhere now"},
		{"чтобы удалить, впишите короткое имя (адрес) источника: %", "type the short name of the source: %"},
		{"введите ещё раз: секреты обратно не показываются", "enter it again: secrets are never shown"},
		{"нет такой страны: %; напишите две буквы, например RU", "no country %; give two letters like RU"},
		{"это не номер телефона", "is no phone number"},
		{"такого пробного звонка нет", "is none of the test calls"},
		{"этот вид АТС такого не рассказывает: %", "this kind cannot tell it: %"},
		{"с настройками этого источника пробный звонок не сделать: %", "no test call can be made with the settings of this source: %"},
		{"пробный звонок этого источника ещё идёт", "a test call of this source is still running"},
		{"у этого источника пробный звонок не сделать", "no test call can be placed at this source"},
		{"источник запроса % удалён", "the source of webhook % is gone"},
		{"нет такого запроса: %", "no webhook %"},
		{"нет такого вида: %", "no kind %"},
		{"нет такого звонка", "no such call"},
		{"у этого звонка нет записи", "this call has no recording"},
		{"АТС не отдала запись", "the PBX did not give the recording"},
		{"у АТС нет (или больше нет) записи этого звонка", "the PBX has no recording of this call (any more)"},
		{"никто не просит номер % источника %", "nobody asks for the extension % of %"},
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
