package web

import "strings"

// Lang is a language of the pages.
type Lang string

// The languages.
const (
	Russian Lang = "ru"
	English Lang = "en"
)

// Choose takes the language that ?lang= names, else the one of ours that
// stands first in Accept-Language, else Russian.
func Choose(query, accept string) Lang {
	switch Lang(query) {
	case Russian, English:
		return Lang(query)
	}
	for part := range strings.SplitSeq(accept, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		switch base, _, _ := strings.Cut(strings.ToLower(tag), "-"); Lang(base) {
		case Russian, English:
			return Lang(base)
		}
	}
	return Russian
}

// Words are the texts of all pages in one language.
type Words struct {
	Admin, Timeline, Demo, Failed, OtherLang, Back, Live, Lost, NeedScript                                               string
	Pending, NothingPending, OnlyFirst, Unrouted, UnroutedHint, NothingUnrouted                                          string
	Webhooks, NoWebhooks, Refused, RefusedHint, NoRefused                                                                string
	User, Kind, Action, Phone, Contact, Source, Age, Rev, Expires, Do, Extension, Count, Last, When, Result, Error, From string
	Reason, Why, Raw, ToTimeline, Process, Expire, Requeue, ActionFailed                                                 string
	NumPending, NumWaiting, NumCalls, NumMissed, NumFailed, NumRefused                                                   string
	NoSteps, Step, Rule, Webhook, OtherRow, RequestID                                                                    string
	ChooseUser, Cards, NoCards, Panel, PanelEmpty, Close, Dismiss, Open, RingHint, Latency, Ms, Connecting, Connected    string
	Again, Wizard, Candidates, OpenedOnce, WhoIs, Units, DemoIntro, RingMe, RingMeNow, ToAdmin                           string
}

// WordsOf returns the texts in a language.
func WordsOf(l Lang) Words {
	if l == English {
		return english()
	}
	return russian()
}

func russian() Words {
	return Words{
		Admin: "Zummer: что сейчас происходит", Timeline: "История уведомления", Demo: "Zummer: экран менеджера", Failed: "Не получилось", OtherLang: "English", Back: "К списку",
		Live: "Обновляется само", Lost: "Нет связи с сервером: список мог устареть", NeedScript: "Без JavaScript список не обновляется сам: перезагрузите страницу.",
		Pending: "Необработанные уведомления", NothingPending: "Необработанных уведомлений нет.", OnlyFirst: "Показаны только последние 100.",
		Unrouted: "Номера без пользователя", UnroutedHint: "Эти внутренние номера звонили за последние сутки, но никому не назначены: уведомлений по ним нет.", NothingUnrouted: "Все номера назначены.",
		Webhooks: "Последние запросы АТС", NoWebhooks: "Запросов ещё не было.", Refused: "Отклонённые запросы", RefusedHint: "Помнятся с запуска программы, последние 200.", NoRefused: "Отклонённых запросов нет.",
		User: "Пользователь", Kind: "Событие", Action: "Действие", Phone: "Телефон", Contact: "Клиент", Source: "Источник", Age: "Ждёт", Rev: "Рев.", Expires: "Истекает", Do: "Что сделать",
		Extension: "Номер", Count: "Раз", Last: "Последний раз", When: "Когда", Result: "Итог", Error: "Ошибка", From: "Откуда", Reason: "Причина", Why: "Почему",
		Raw: "Запрос целиком", ToTimeline: "История", Process: "Обработано", Expire: "Снять", Requeue: "Показать снова", ActionFailed: "Не получилось:",
		NumPending: "не обработано", NumWaiting: "клиентов на связи", NumCalls: "звонков сегодня", NumMissed: "пропущено", NumFailed: "запросов с ошибкой", NumRefused: "отклонено",
		NoSteps: "Записей нет: возможно, срок хранения истёк.", Step: "Что произошло", Rule: "Правило", Webhook: "Запрос АТС", OtherRow: "другая строка того же звонка", RequestID: "Номер запроса для журнала",
		ChooseUser: "Вы:", Cards: "Уведомления", NoCards: "Уведомлений нет. Ждём звонка.", Panel: "Открытая форма", PanelEmpty: "Здесь откроется карточка клиента в тот момент, когда вы снимете трубку.",
		Close: "Закрыть", Dismiss: "Убрать", Open: "Открыть", RingHint: "Позвонить из терминала", Latency: "дошло за", Ms: "мс", Connecting: "Подключение…", Connected: "На связи",
		Again: "Нет связи, повтор через", Wizard: "Открытого интереса нет, мастер создаст:", Candidates: "Выберите интерес", OpenedOnce: "Открыто форм:", WhoIs: "Звонит", Units: "с мин ч",
		DemoIntro: "Имитация АТС звонит трём сотрудникам по очереди. Пока ваш телефон звонит, в списке стоит строка; когда вы снимаете трубку, форма клиента открывается сама. Чтобы не ждать очереди, позвоните себе.",
		RingMe:    "Позвонить мне", RingMeNow: "Звонит, трубку снимут через 3 с", ToAdmin: "Страница администратора (имя и пароль напечатаны в терминале)",
	}
}

func english() Words {
	return Words{
		Admin: "Zummer: what is going on", Timeline: "What happened to a notification", Demo: "Zummer: one user's screen", Failed: "That did not work", OtherLang: "Русский", Back: "Back to the list",
		Live: "Updates by itself", Lost: "No answer from the server: the list may be out of date", NeedScript: "Without JavaScript the list does not update itself: reload the page.",
		Pending: "Pending notifications", NothingPending: "Nothing is pending.", OnlyFirst: "Only the newest 100 are shown.",
		Unrouted: "Extensions without a user", UnroutedHint: "These extensions rang within the last day and belong to nobody: they make no notifications.", NothingUnrouted: "Every extension has its user.",
		Webhooks: "Last webhooks", NoWebhooks: "There were none yet.", Refused: "Refused webhooks", RefusedHint: "Remembered since the program started, the last 200.", NoRefused: "None were refused.",
		User: "User", Kind: "Event", Action: "Action", Phone: "Phone", Contact: "Contact", Source: "Source", Age: "Waiting", Rev: "Rev", Expires: "Expires", Do: "Do",
		Extension: "Extension", Count: "Times", Last: "Last time", When: "When", Result: "Result", Error: "Error", From: "From", Reason: "Reason", Why: "Why",
		Raw: "Whole request", ToTimeline: "Timeline", Process: "Processed", Expire: "Expire", Requeue: "Show again", ActionFailed: "That did not work:",
		NumPending: "pending", NumWaiting: "clients connected", NumCalls: "calls today", NumMissed: "missed", NumFailed: "webhooks with an error", NumRefused: "refused",
		NoSteps: "There are no entries: they may be older than the retention.", Step: "What happened", Rule: "Rule", Webhook: "Webhook", OtherRow: "another row of the same call", RequestID: "Request id, for the log",
		ChooseUser: "You are:", Cards: "Notifications", NoCards: "No notifications. Waiting for a call.", Panel: "Open form", PanelEmpty: "The client's card opens here at the moment you pick up.",
		Close: "Close", Dismiss: "Dismiss", Open: "Open", RingHint: "Ring from a terminal", Latency: "took", Ms: "ms", Connecting: "Connecting…", Connected: "Connected",
		Again: "No answer; again in", Wizard: "There is no open interest; the wizard creates:", Candidates: "Choose an interest", OpenedOnce: "Forms opened:", WhoIs: "Calling", Units: "s min h",
		DemoIntro: "A simulated PBX calls three people in turn. While your phone rings, a row stands in the list; when you pick up, the client's form opens by itself. If you do not want to wait for your turn, ring yourself.",
		RingMe:    "Ring me", RingMeNow: "Ringing; answered in 3 s", ToAdmin: "The administrator's page (name and password are printed in the terminal)",
	}
}
