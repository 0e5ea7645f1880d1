package web

import (
	"strings"

	"zummer/models"
)

// WhyIn says a step's reason in the page's language. Reasons are kept in
// English; one that is not known here stays as it was written down.
func WhyIn(l Lang, reason string) string {
	if s, ok := whole()[reason]; ok {
		return s.in(l)
	}
	if l == English {
		return reason
	}
	for _, p := range beginnings() {
		if rest, ok := strings.CutPrefix(reason, p.en); ok {
			return p.ru + WhyIn(l, rest)
		}
	}
	return reason
}

// beginnings are followed by another reason, or by a name.
func beginnings() []said {
	return []said{
		{"снята трубка: ", "answered: "},
		{"номер перестал звонить: ", "the extension stopped ringing: "},
		{"сделал ", "by "},
		{"вернул ", "requeued by "},
		{"передано другому, сделал ", "to another user, by "},
		{"опубликовано с токеном ", "published by token "},
		{"взял ", "taken by "},
		{"взято: ", "taken: "},
		{"никого из владельцев общего телефона нет на месте; кто замещает и кого: ", "nobody who shares the phone is present: "},
		{"нет на месте, замещает ", "has not polled: also told to "},
		{"замещает того, кого нет на месте: ", "stands in for one who has not polled: "},
	}
}

func whole() map[string]said {
	out := map[string]said{
		string(models.OutcomeOpened):    {"клиент открыл форму", "the client opened it"},
		string(models.OutcomeDismissed): {"пользователь убрал", "the user dismissed it"},
		string(models.OutcomeFailed):    {"клиент не смог открыть форму", "the client could not open it"},
		models.ReasonElsewhere:          {"ответил другой", "somebody else answered"},
		models.ReasonNoAnswer:           {"никто не ответил", "nobody answered"},
		models.ReasonBusy:               {"занято", "busy"},
		models.ReasonDeclined:           {"звонок отклонён", "declined"},
		models.ReasonGaveUp:             {"клиент положил трубку", "the caller gave up"},
		models.ReasonUnavailable:        {"недоступен", "unavailable"},
		models.ReasonForwarded:          {"переадресован", "forwarded"},
		models.ReasonHangup:             {"разговор окончен", "the call ended"},
	}
	for _, s := range []said{
		{"звонит внутренний номер", "the extension rings"},
		{"звонит только этот номер, а его владелец открывает форму по звонку", "the extension rings alone and its user opens on ringing"},
		{"один открытый интерес", "one open interest"},
		{"несколько открытых интересов", "several open interests"},
		{"номер есть у нескольких клиентов, открытых интересов нет", "several clients have this number, none an open interest"},
		{"у клиента нет открытого интереса", "the client has no open interest"},
		{"звонящий неизвестен", "the caller is unknown"},
		{"контакты из CRM не переданы", "no contacts are synchronised"},
		{"снята трубка; пользователь просил карточки без форм", "answered; the user wants cards, no forms"},
		{"снята трубка; форма уже была открыта", "answered; the form was opened already"},
		{"клиента соединили с другим", "the customer was connected to somebody else"},
		{"разговор окончен", "the conversation ended"},
		{"ответил другой", "somebody else answered"},
		{"пропущен, и никого не касается: нет ответственного, не звонил ни один известный номер, у источника нет группы", "missed, and nobody is concerned: no responsible, no known extension rang, the source has no group"},
		{"пропущен; пользователь отвечает за этого клиента", "missed; the user is responsible for the client"},
		{"пропущен; звонил номер пользователя", "missed; the user's extension was rung"},
		{"пропущен; пользователь входит в группу источника", "missed; the user is in the source's group"},
		{"звонок всё же не пропущен", "the call was no missed one after all"},
		{"номер звонившего стал известен после пропущенного", "the caller became known after the call was missed"},
		{"на звонок всё же ответили", "the call was answered after all"},
		{"с этим номером уже поговорили", "somebody has talked with this number since"},
		{"звонок объединён с другим", "the call was merged into another one"},
		{"у номера нет пользователя", "no user owns this extension"},
		{"ответили по общему телефону: звонок того, кто возьмёт первым", "the shared phone was answered: the first to take the call has it"},
		{"взято; пользователь просил карточки без форм", "taken; the user wants cards, no forms"},
		{"взято после разговора", "taken by the user after the conversation"},
		{"исходящие у этого источника выключены", "outgoing calls are switched off for this source"},
		{"срок вышел", "its time was over"},
		{"клиент был занят: вернётся карточкой", "the client was busy: it comes back as a card"},
		{"убраны все сразу", "all at once"},
		{"больше 500 строк: о них говорит сводка", "more than 500 rows: told by the digest"},
		{"в наборе не больше 500 строк", "a set holds at most 500 rows"},
	} {
		out[s.en] = s
	}
	return out
}
