package web

import (
	"encoding/json"
	"fmt"
)

// DemoWords are the texts of the sample CRM in one language.
type DemoWords struct {
	Skip, Brand, Sample, Quiet, QuietHint, Lists, Clients, Interests, Missed, NoMissed, Work, Try, Now                         string
	Client, Phone, Responsible, Interest, Status, StatusOpen, Notes, Save, Saved, CloseInterest, NewInterest, Nobody           string
	Wizard, WizardHint, StepClient, StepInterest, StepDone, Next, Back, Create, Created, OpenInterest, Name, Topic             string
	TopicHint, Comment, NeedName, NeedTopic, Choose, ChooseHint, Other, CallBack, MissedAt, Talking, Since, Unknown, NoneYet   string
	Demo, OtherLang, ActionFailed, ChooseUser, PanelEmpty, Close, Dismiss, Open, RingHint, Latency, Ms, Connecting, Connected  string
	Again, OpenedOnce, Units, RingMe, ToAdmin                                                                                  string
	RingingAria, OpenedAria, WizardAria, MissedAria, Refused, By, ByWorker, ByTab, ByAlone, Unsaved, Elsewhere, Ringing, Admin string
}

// DemoWordsOf returns the texts in a language.
func DemoWordsOf(l Lang) DemoWords {
	if l == English {
		return DemoWords{
			Demo: "Zummer: one user's screen", OtherLang: "Русский", ActionFailed: "That did not work:", ChooseUser: "You are:", PanelEmpty: "The client's card opens here at the moment you pick up.", Close: "Close", Dismiss: "Dismiss", Open: "Open", RingHint: "Ring from a terminal", Latency: "took", Ms: "ms", Connecting: "Connecting…", Connected: "Connected", Again: "No answer; again in", OpenedOnce: "Forms opened:", Units: "s min h", RingMe: "Ring me", ToAdmin: "The administrator's page (name and password are printed in the terminal)",
			Skip: "Skip to the lists", Brand: "Daisy CRM", Sample: "a sample CRM with Zummer inside", Quiet: "Quiet mode", QuietHint: "Quiet mode: calls are shown as cards, no form opens by itself.",
			Lists: "Lists", Clients: "Clients", Interests: "Interests", Missed: "Missed", NoMissed: "Nobody waits for a call back.", Work: "Open form", Try: "Press “Ring me”, or wait for the simulated PBX.", Now: "Calls now",
			Client: "Client", Phone: "Phone", Responsible: "Responsible", Interest: "Interest", Status: "State", StatusOpen: "open", Notes: "Notes of the conversation", Save: "Save", Saved: "Saved", CloseInterest: "Interest is settled", NewInterest: "New interest", Nobody: "nobody",
			Wizard: "New interest wizard", WizardHint: "There is no open interest yet: the wizard makes one while you talk.", StepClient: "Client", StepInterest: "Interest", StepDone: "Done", Next: "Next", Back: "Back", Create: "Create the interest", Created: "The interest is made. The next call of this client opens it.", OpenInterest: "Open the interest", Name: "Name of the client", Topic: "What is wanted",
			TopicHint: "For instance: delivery of 20 bouquets", Comment: "Comment", NeedName: "Write the client's name.", NeedTopic: "Write what is wanted.", Choose: "Which interest is it about?", ChooseHint: "The client has several open interests.", Other: "Another one, new", CallBack: "Call back", MissedAt: "called", Talking: "Talking", Since: "since the answer", Unknown: "Unknown caller", NoneYet: "no open interests",
			RingingAria: "Incoming call:", OpenedAria: "Opened:", WizardAria: "The wizard is open:", MissedAria: "Missed call:", Refused: "The service does not let this user in", By: "connection:", ByWorker: "one for all tabs (SharedWorker)", ByTab: "one for all tabs", ByAlone: "of this tab alone", Unsaved: "Not saved: calls open elsewhere, or wait as cards", Elsewhere: "opens in another browser", Ringing: "Ringing…", Admin: "Administrator",
		}
	}
	return DemoWords{
		Demo: "Zummer: экран менеджера", OtherLang: "English", ActionFailed: "Не получилось:", ChooseUser: "Вы:", PanelEmpty: "Здесь откроется карточка клиента в тот момент, когда вы снимете трубку.", Close: "Закрыть", Dismiss: "Убрать", Open: "Открыть", RingHint: "Позвонить из терминала", Latency: "дошло за", Ms: "мс", Connecting: "Подключение…", Connected: "На связи", Again: "Нет связи, повтор через", OpenedOnce: "Открыто форм:", Units: "с мин ч", RingMe: "Позвонить мне", ToAdmin: "Страница администратора (имя и пароль напечатаны в терминале)",
		Skip: "Перейти к спискам", Brand: "Ромашка CRM", Sample: "пример CRM, внутри — Zummer", Quiet: "Тихий режим", QuietHint: "Тихий режим: звонки видны карточками, формы сами не открываются.",
		Lists: "Списки", Clients: "Клиенты", Interests: "Интересы", Missed: "Пропущенные", NoMissed: "Никто не ждёт обратного звонка.", Work: "Открытая форма", Try: "Нажмите «Позвонить мне» или подождите: звонит имитация АТС.", Now: "Звонки сейчас",
		Client: "Клиент", Phone: "Телефон", Responsible: "Ответственный", Interest: "Интерес", Status: "Состояние", StatusOpen: "открыт", Notes: "Заметки по разговору", Save: "Сохранить", Saved: "Сохранено", CloseInterest: "Интерес закрыт", NewInterest: "Новый интерес", Nobody: "никто",
		Wizard: "Мастер формирования интереса", WizardHint: "Открытого интереса ещё нет: мастер создаст его за время разговора.", StepClient: "Клиент", StepInterest: "Интерес", StepDone: "Готово", Next: "Далее", Back: "Назад", Create: "Создать интерес", Created: "Интерес создан. При следующем звонке этого клиента откроется он.", OpenInterest: "Открыть интерес", Name: "Название клиента", Topic: "Чем интересуется",
		TopicHint: "Например: доставка 20 букетов", Comment: "Комментарий", NeedName: "Напишите название клиента.", NeedTopic: "Напишите, чем интересуется клиент.", Choose: "О каком интересе речь?", ChooseHint: "У клиента несколько открытых интересов.", Other: "О другом, новом", CallBack: "Перезвонить", MissedAt: "звонил", Talking: "Разговор", Since: "с ответа", Unknown: "Неизвестный номер", NoneYet: "открытых интересов нет",
		RingingAria: "Входящий звонок:", OpenedAria: "Открыто:", WizardAria: "Открыт мастер:", MissedAria: "Пропущенный звонок:", Refused: "Сервис не пускает этого пользователя", By: "связь с сервисом:", ByWorker: "одна на все вкладки (SharedWorker)", ByTab: "одна на все вкладки", ByAlone: "своя у этой вкладки", Unsaved: "Не сохранено: звонки откроются в другом месте или подождут карточками", Elsewhere: "открывается в другом браузере", Ringing: "Звонит…", Admin: "Администратор",
	}
}

// JSON is the words for the page's script.
func (d DemoWords) JSON() (string, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("words of the demonstration: %w", err)
	}
	return string(text), nil
}
