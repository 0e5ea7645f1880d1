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
	for _, p := range phrases() {
		if parts, ok := p.parts(reason); ok {
			pieces := strings.Split(p.ru, "%")
			out := pieces[0]
			for i, part := range parts {
				out += WhyIn(l, part) + pieces[i+1]
			}
			return out
		}
	}
	return reason
}

// DetailIn says a step's detail in the page's language: what Zummer wrote there
// itself. What clients and PBXs said stays as it is.
func DetailIn(l Lang, s *models.Step) string {
	switch s.What {
	case models.StepTaken:
		return WhyIn(l, s.Detail)
	case models.StepDelivered: // the sentence has it
		return ""
	}
	return s.Detail
}

// parts are what stands in a reason where the phrase has %.
func (s said) parts(reason string) ([]string, bool) {
	pieces := strings.Split(s.en, "%")
	rest, ok := strings.CutPrefix(reason, pieces[0])
	if !ok {
		return nil, false
	}
	var out []string
	for i, piece := range pieces[1:] {
		at := strings.Index(rest, piece)
		if i == len(pieces)-2 { // the last one
			at = len(rest) - len(piece)
		}
		if at <= 0 || !strings.HasPrefix(rest[at:], piece) {
			return nil, false
		}
		out, rest = append(out, rest[:at]), rest[at+len(piece):]
	}
	return out, true
}

// phrases hold other reasons, or names, where % stands. The first that fits counts.
func phrases() []said {
	return []said{
		{"%: вернётся карточкой", "%: it comes back as a card"},
		{"%; программа пользователя не на связи, сообщено и замещающему: %", "%; the user's client is away: % was told too"},
		{"замещает %, чья программа не на связи; %", "deputy of %, whose client is away; %"},
		{"отвечает за этого клиента; %", "responsible for the client; %"},
		{"состоит в группе, которой сообщает правило; %", "in a group that the rule tells; %"},
		{"снята трубка: %", "answered: %"},
		{"рассказано с опозданием на % с", "told % seconds late"},
		{"рассказано с опозданием на % мин", "told % minutes late"},
		{"рассказано с опозданием на % ч", "told % hours late"},
		{"номер перестал звонить: %", "the extension stopped ringing: %"},
		{"сделал %", "by %"},
		{"вернул %", "requeued by %"},
		{"передано другому, сделал %", "to another user, by %"},
		{"опубликовано с токеном %", "published by token %"},
		{"взял %", "taken by %"},
		{"взято: %", "taken: %"},
		{"у скольких других она стояла: %", "% others had it"},
		{"сеанс % отдал", "the session % released it"},
		{"у сеанса % открыто модальное окно или несохранённая форма", "the session % has a modal window or an unsaved form open"},
		{"сеанс % не опрашивал сервис %", "the session % did not poll for %"},
		{"никого из владельцев общего телефона нет на месте: % замещает %", "nobody who shares the phone is present: % stands in for %"},
		{"нет на месте, замещает %", "has not polled: also told to %"},
		{"замещает того, кого нет на месте: %", "stands in for one who has not polled: %"},
		{"об этом уже рассказал источник %", "told by source % already"},
		{"дальше рассказывает источник %: верим ему", "told by source % from now on, which is believed"},
		{"один разговор со звонком источника %", "one conversation with a call of source %"},
		{"у номера нет пользователя: %", "no user owns this extension: %"},
	}
}

func whole() map[string]said {
	out := map[string]said{
		string(models.OutcomeOpened):    {"программа открыла форму", "the client opened it"},
		string(models.OutcomeDismissed): {"пользователь убрал", "the user dismissed it"},
		string(models.OutcomeFailed):    {"программа не смогла открыть форму", "the client could not open it"},
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
		{"звонит только этот номер, а правило открывает форму по звонку", "the extension rings alone and the rule opens on ringing"},
		{"снята трубка", "answered"},
		{"пока телефон звонит, стало известно, кто это", "the caller became known while it rings"},
		{"во время разговора стало известно, кто это", "the caller became known during the conversation"},
		{"звонок оказался внутренним", "the call turned out to be internal"},
		{"звонок оказался исходящим", "the call turned out to be outgoing"},
		{"номера нет среди контактов: спрошено у CRM", "no contact has the number: the CRM is asked"},
		{"правило сообщает об этом другим", "the rule tells others of it"},
		{"получателей, которых называет правило, сейчас нет", "the rule's recipients are nobody now"},
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
		{"звонок окончен", "the call ended"},
		{"стало известно, сколько говорили", "how long they talked became known later"},
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
		{"пропущенный объединён с другим звонком", "the missed call was merged into another one"},
		{"о том же разговоре рассказывает другой источник", "another source tells of the same conversation"},
		{"номер оказался другим: это разные разговоры", "its number turned out to be another one: no more one conversation"},
		{"у номера нет пользователя", "no user owns this extension"},
		{"ответили по общему телефону: звонок того, кто возьмёт первым", "the shared phone was answered: the first to take the call has it"},
		{"взято; пользователь просил карточки без форм", "taken; the user wants cards, no forms"},
		{"взято после разговора", "taken by the user after the conversation"},
		{"исходящие у этого источника выключены", "outgoing calls are switched off for this source"},
		{"срок вышел", "its time was over"},
		{"программа была занята", "the client was busy"},
		{"ни один сеанс не смог открыть", "no session could open it"},
		{"убраны все сразу", "all at once"},
		{"больше 500 строк: о них говорит сводка", "more than 500 rows: told by the digest"},
		{"в наборе не больше 500 строк", "a set holds at most 500 rows"},
	} {
		out[s.en] = s
	}
	return out
}
