package web

import (
	"strconv"

	"zummer/models"
)

// said is a text in both languages.
type said struct{ ru, en string }

func (s said) in(l Lang) string {
	if l == English {
		return s.en
	}
	return s.ru
}

// KindIn says a notification's kind in words; a kind that is not ours stays as
// it is.
func KindIn(l Lang, kind string) string {
	if s, ok := kinds()[kind]; ok {
		return s.in(l)
	}
	return kind
}

func kinds() map[string]said {
	return map[string]said{
		models.KindRinging:     {"Звонит", "Ringing"},
		models.KindAnswered:    {"Разговор", "Talking"},
		models.KindOutgoing:    {"Исходящий", "Outgoing"},
		models.KindElsewhere:   {"Ответил коллега", "Answered by a colleague"},
		models.KindRingEnded:   {"Перестал звонить", "Stopped ringing"},
		models.KindTransferred: {"Переведён", "Transferred"},
		models.KindEnded:       {"Завершён", "Ended"},
		models.KindMissed:      {"Пропущен", "Missed"},
		models.KindDigest:      {"Сводка старых", "Digest of older ones"},
		"test":                 {"Проверка", "Test"},
		"mail.received":        {"Письмо", "Mail"},
		"message.received":     {"Сообщение", "Message"},
		"chat.waiting":         {"Ждёт в чате", "Waiting in a chat"},
		"chat.taken":           {"Чат взят", "Chat taken"},
		"chat.opened":          {"Открыт чат", "Chat opened"},
		"form.received":        {"Заявка с сайта", "Site form"},
	}
}

// ActionIn says in words what the client shall do.
func ActionIn(l Lang, a models.Action) string {
	words := map[models.Action]said{
		models.ActionOpen:     {"открыть", "open"},
		models.ActionCreate:   {"создать", "create"},
		models.ActionChoose:   {"выбрать", "choose"},
		models.ActionResolve:  {"найти в CRM", "look up in the CRM"},
		models.ActionIndicate: {"сообщить", "indicate"},
		models.ActionShow:     {"показать", "show"},
		models.ActionCallBack: {"перезвонить", "call back"},
		models.ActionNone:     {"ничего", "nothing"},
	}
	if s, ok := words[a]; ok {
		return s.in(l)
	}
	return string(a)
}

// OutcomeIn says in words what became of a webhook.
func OutcomeIn(l Lang, outcome string) string {
	words := map[string]said{
		models.WebhookStored: {"принят", "stored"},
		models.WebhookRepeat: {"повтор", "repeat"},
		models.WebhookFailed: {"ошибка", "failed"},
		models.WebhookEmpty:  {"нечего делать", "nothing to do"},
	}
	if s, ok := words[outcome]; ok {
		return s.in(l)
	}
	return outcome
}

// RefusalIn says in words why a webhook was turned away.
func RefusalIn(l Lang, reason string) string {
	words := map[string]said{
		"unknown_source":  {"нет такого источника", "no such source"},
		"inactive_source": {"источник выключен", "the source is switched off"},
		"wrong_token":     {"неверный адрес (токен)", "wrong address (token)"},
		"wrong_signature": {"неверная подпись", "wrong signature"},
		"wrong_address":   {"с этого адреса запросы не принимаются", "requests from this address are not taken"},
		"too_large":       {"слишком большой", "too large"},
	}
	if s, ok := words[reason]; ok {
		return s.in(l)
	}
	return reason
}

// RuleIn names a rule with the version of the rules that it stands in; 0 is
// built in.
func RuleIn(l Lang, rule string, version int64) string {
	if rule == "" || version == 0 {
		return rule
	}
	return rule + said{" (правила версии ", " (rules version "}.in(l) + strconv.FormatInt(version, 10) + ")"
}

// StepIn tells one step of a timeline in a sentence. user is who the row
// belongs to, "" when the step has nobody.
func StepIn(l Lang, s *models.Step, user string) string {
	words := map[string]said{
		models.StepStored:    {"появилось уведомление", "a notification was made"},
		models.StepRevised:   {"уведомление изменилось", "the notification was revised"},
		models.StepProcessed: {"уведомление обработано", "the notification was processed"},
		models.StepExpired:   {"срок уведомления истёк", "the notification expired"},
		models.StepRemoved:   {"уведомление снято правилом", "the notification was taken out by a rule"},
		models.StepFolded:    {"уведомление вошло в сводку: необработанных слишком много", "the notification was folded into the digest: too many were pending"},
		models.StepClaimed:   {"сеанс взял уведомление", "a session took the notification"},
		models.StepPassed:    {"сеанс отдал уведомление", "the notification passed on from its session"},
		models.StepRequeued:  {"администратор вернул уведомление", "an administrator brought the notification back"},
		models.StepReassign:  {"администратор передал уведомление другому", "an administrator gave the notification to somebody else"},
		models.StepTaken:     {"пользователь взял задачу, у других она снята", "the user took the task; it is gone from the others"},
		models.StepDeputy:    {"пользователя нет на месте, его замещает другой", "the user is away, another one stands in"},
		models.StepUnrouted:  {"номер никому не назначен, уведомления нет", "the extension belongs to nobody, nothing was made"},
		models.StepAsked:     {"у CRM спрошено, кто звонит", "the CRM was asked who calls"},
		models.StepNothing:   {"правило решило ничего не делать", "a rule decided to do nothing"},
	}
	out := s.What
	if w, ok := words[s.What]; ok {
		out = w.in(l)
	}
	if s.What == models.StepDelivered {
		out = toldIn(l, s)
	}
	if s.Kind != "" {
		out += ": " + KindIn(l, s.Kind)
		if s.Action != "" {
			out += " (" + ActionIn(l, s.Action) + ")"
		}
	}
	if s.Rev > 0 {
		out += said{", ревизия ", ", revision "}.in(l) + strconv.Itoa(s.Rev)
	}
	if user != "" {
		out += said{", пользователь ", ", user "}.in(l) + user
	}
	if s.Session != "" && s.What != models.StepDelivered {
		out += said{", сеанс ", ", session "}.in(l) + s.Session
	}
	return out
}
