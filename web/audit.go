package web

import "strings"

// AuditIn is what an entry of the audit tells, in words; an unknown one stays.
func AuditIn(l Lang, what string) string {
	if s, ok := auditWords()[what]; ok {
		return s.in(l)
	}
	return what
}

// AuditDetailIn is the detail of an entry in words: its parts stand between
// commas. What is not known stays.
func AuditDetailIn(l Lang, detail string) string {
	if l == English || detail == "" {
		return detail
	}
	parts := strings.Split(detail, ", ")
	for i, p := range parts {
		for _, s := range auditDetails() {
			if s.en == p {
				parts[i] = s.ru
				break
			}
			if strings.Contains(s.en, "%") {
				if got, ok := s.parts(p); ok {
					parts[i] = fill(s.ru, got)
					break
				}
			}
		}
	}
	return strings.Join(parts, ", ")
}

// auditDetails hold names where % stands. The first that fits counts.
func auditDetails() []said {
	return []said{
		{"создан", "made"}, {"изменён", "changed"}, {"отключён", "deactivated"}, {"назван CRM", "named by the CRM"}, {"отвязан", "unmapped"},
		{"роль: наблюдатель", "role viewer"}, {"роль: оператор", "role operator"}, {"роль: администратор", "role admin"},
		{"имя", "name"}, {"номера скрыты", "masked"}, {"номера видны", "not masked"}, {"включён", "switched on"}, {"отключён", "switched off"}, {"новый пароль", "new password"},
		{"язык %", "language %"}, {"неверный пароль", "wrong password"}, {"неизвестный логин", "unknown login"}, {"отключён", "is switched off"},
		{"свой пароль", "own password changed"}, {"все сеансы", "all sign-ins"}, {"сеанс %", "sign-in %"},
		{"токен %: %", "token %: %"}, {"токен % на %", "token % for %"}, {"участников: %", "% members"}, {"пользователь %", "to %"},
		{"по отметке: %", "check_in of %"}, {"звонит у всех: %", "all of %"}, {"впервые за сегодня", "the first time today"}, {"открывать: на ответ", "pop_on answered"}, {"открывать: при звонке", "pop_on ringing"}, {"открывать: никогда", "pop_on never"},
		{"вид %", "kind %"}, {"новый адрес, ключ %", "new token %"}, {"правил: %", "% rules"}, {"сохранено: %", "% stored"}, {"удалено: %", "% removed"},
		{"создано: %", "% made"}, {"изменено: %", "% changed"}, {"отключено: %", "% deactivated"}, {"без изменений: %", "% unchanged"},
		{"источник %", "source %"}, {"заказ %", "order %"}, {"результат: %", "outcome %"},
	}
}

// AuditKinds lists what the audit tells, in the order of a choice.
func AuditKinds() []string {
	return []string{"admin.", "admin.sign_in", "admin.sign_in_failed", "admin.sign_out", "admin.put", "admin.password", "admin.sign_ins_ended",
		"user.", "user.put", "user.pending", "user.delete", "user.me", "users.sync", "token.", "token.new", "token.today", "token.revoke",
		"extension.", "extension.map", "extension.share", "extension.ask", "extension.refuse", "extension.check_in", "extension.leave", "group.", "group.put", "group.delete",
		"notification.", "notification.process", "notification.requeue", "notification.reassign", "notification.expire", "webhook.replay",
		"source.", "source.put", "source.rotate", "source.delete", "source.test", "rules.put", "contact.", "contact.put", "contact.delete", "contacts.", "contacts.import", "contacts.export", "calls.export", "call.dial", "recording.get", "relay.", "relay.all", "relay.user"}
}

func auditWords() map[string]said {
	return map[string]said{
		"admin.":                {"администраторы: всё", "administrators: all"},
		"admin.sign_in":         {"вход", "sign-in"},
		"admin.sign_in_failed":  {"неудачный вход", "failed sign-in"},
		"admin.sign_out":        {"выход", "sign-out"},
		"admin.put":             {"администратор изменён", "administrator changed"},
		"admin.password":        {"свой пароль изменён", "own password changed"},
		"admin.sign_ins_ended":  {"сеансы завершены", "sign-ins ended"},
		"user.":                 {"пользователи: всё", "users: all"},
		"user.put":              {"пользователь изменён", "user changed"},
		"user.pending":          {"CRM назвала нового пользователя", "the CRM named a new user"},
		"user.delete":           {"пользователь отключён", "user switched off"},
		"user.me":               {"пользователь изменил своё", "user changed own settings"},
		"users.sync":            {"сверка пользователей с CRM", "users synchronised"},
		"token.":                {"токены: всё", "tokens: all"},
		"token.new":             {"токен выдан", "token made"},
		"token.today":           {"токен на сегодня", "token for today"},
		"token.revoke":          {"токен отозван", "token revoked"},
		"extension.":            {"внутренние номера: всё", "extensions: all"},
		"extension.map":         {"номер привязан", "extension mapped"},
		"extension.share":       {"номер общий", "extension shared"},
		"extension.ask":         {"попросил номер", "asked for an extension"},
		"extension.refuse":      {"просьба о номере отклонена", "extension refused"},
		"extension.check_in":    {"занял номер на сегодня", "checked in"},
		"extension.leave":       {"освободил номер", "left an extension"},
		"group.":                {"группы: всё", "groups: all"},
		"group.put":             {"группа изменена", "group changed"},
		"group.delete":          {"группа удалена", "group deleted"},
		"source.":               {"источники: всё", "sources: all"},
		"source.put":            {"источник изменён", "source changed"},
		"source.rotate":         {"адрес источника сменён", "source address rotated"},
		"source.delete":         {"источник удалён", "source deleted"},
		"source.test":           {"пробный звонок", "test call"},
		"notification.":         {"уведомления: всё", "notifications: all"},
		"notification.process":  {"уведомление отмечено обработанным", "notification marked as processed"},
		"notification.requeue":  {"уведомление показано снова", "notification shown again"},
		"notification.reassign": {"уведомление передано другому", "notification given to somebody else"},
		"notification.expire":   {"уведомление снято", "notification taken out"},
		"webhook.replay":        {"запрос АТС выполнен заново", "webhook run again"},
		"contacts.":             {"контакты файлом: всё", "contacts as a file: all"},
		"contacts.import":       {"контакты загружены", "contacts imported"},
		"contacts.export":       {"контакты выгружены", "contacts exported"},
		"calls.export":          {"журнал звонков выгружен", "call log exported"},
		"rules.put":             {"правила изменены", "rules changed"},
		"contact.":              {"контакты: всё", "contacts: all"},
		"contact.put":           {"контакт изменён", "contact changed"},
		"contact.delete":        {"контакт удалён", "contact deleted"},
		"call.dial":             {"звонок заказан", "call placed"},
		"recording.get":         {"запись прослушана", "recording listened to"},
		"relay.":                {"ретрансляция: всё", "relay: all"},
		"relay.all":             {"ретранслятор ждал за всех", "relay waited for all"},
		"relay.user":            {"ретранслятор говорил за пользователя", "relay spoke for a user"},
	}
}
