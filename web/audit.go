package web

// AuditIn is what an entry of the audit tells, in words; an unknown one stays.
func AuditIn(l Lang, what string) string {
	if s, ok := auditWords()[what]; ok {
		return s.in(l)
	}
	return what
}

// AuditKinds lists what the audit tells, in the order of a choice.
func AuditKinds() []string {
	return []string{"admin.", "admin.sign_in", "admin.sign_in_failed", "admin.sign_out", "admin.put", "admin.password", "admin.sign_ins_ended",
		"user.", "user.put", "user.pending", "user.delete", "user.me", "users.sync", "token.", "token.new", "token.today", "token.revoke",
		"extension.", "extension.map", "extension.share", "extension.ask", "extension.refuse", "extension.check_in", "extension.leave", "group.", "group.put", "group.delete",
		"source.", "source.put", "source.rotate", "source.delete", "rules.put", "contact.", "contact.put", "contact.delete", "call.dial", "recording.get", "relay.", "relay.all", "relay.user"}
}

func auditWords() map[string]said {
	return map[string]said{
		"admin.":               {"администраторы: всё", "administrators: all"},
		"admin.sign_in":        {"вход", "sign-in"},
		"admin.sign_in_failed": {"неудачный вход", "failed sign-in"},
		"admin.sign_out":       {"выход", "sign-out"},
		"admin.put":            {"администратор изменён", "administrator changed"},
		"admin.password":       {"свой пароль изменён", "own password changed"},
		"admin.sign_ins_ended": {"сеансы завершены", "sign-ins ended"},
		"user.":                {"пользователи: всё", "users: all"},
		"user.put":             {"пользователь изменён", "user changed"},
		"user.pending":         {"CRM назвала нового пользователя", "the CRM named a new user"},
		"user.delete":          {"пользователь отключён", "user switched off"},
		"user.me":              {"пользователь изменил своё", "user changed own settings"},
		"users.sync":           {"сверка пользователей с CRM", "users synchronised"},
		"token.":               {"токены: всё", "tokens: all"},
		"token.new":            {"токен выдан", "token made"},
		"token.today":          {"токен на сегодня", "token for today"},
		"token.revoke":         {"токен отозван", "token revoked"},
		"extension.":           {"внутренние номера: всё", "extensions: all"},
		"extension.map":        {"номер привязан", "extension mapped"},
		"extension.share":      {"номер общий", "extension shared"},
		"extension.ask":        {"попросил номер", "asked for an extension"},
		"extension.refuse":     {"просьба о номере отклонена", "extension refused"},
		"extension.check_in":   {"занял номер на сегодня", "checked in"},
		"extension.leave":      {"освободил номер", "left an extension"},
		"group.":               {"группы: всё", "groups: all"},
		"group.put":            {"группа изменена", "group changed"},
		"group.delete":         {"группа удалена", "group deleted"},
		"source.":              {"источники: всё", "sources: all"},
		"source.put":           {"источник изменён", "source changed"},
		"source.rotate":        {"адрес источника сменён", "source address rotated"},
		"source.delete":        {"источник удалён", "source deleted"},
		"rules.put":            {"правила изменены", "rules changed"},
		"contact.":             {"контакты: всё", "contacts: all"},
		"contact.put":          {"контакт изменён", "contact changed"},
		"contact.delete":       {"контакт удалён", "contact deleted"},
		"call.dial":            {"звонок заказан", "call placed"},
		"recording.get":        {"запись прослушана", "recording listened to"},
		"relay.":               {"ретрансляция: всё", "relay: all"},
		"relay.all":            {"ретранслятор ждал за всех", "relay waited for all"},
		"relay.user":           {"ретранслятор говорил за пользователя", "relay spoke for a user"},
	}
}
