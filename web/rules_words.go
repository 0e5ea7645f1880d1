package web

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"zummer/models"
)

// RuleText is a rule in plain words.
type RuleText struct {
	When   []string // all of it must be true
	What   string   // what is shown, or that nothing is
	Whom   string
	Action string
	Keep   string   // for how long
	More   []string // texts, the object, …
}

// RuleEventIn names an occasion that rules tell apart.
func RuleEventIn(l Lang, event string) string {
	words := map[string]said{
		models.RuleRinging:     {"у пользователя звонит телефон", "the user's phone rings"},
		models.RuleAnswered:    {"пользователь говорит с клиентом", "the user talks with the customer"},
		models.RuleOutgoing:    {"пользователь дозвонился клиенту", "the customer answered the user's call"},
		models.RuleElsewhere:   {"ответил другой", "somebody else answered"},
		models.RuleRingEnded:   {"телефон замолчал", "the phone fell silent"},
		models.RuleTransferred: {"клиента перевели к другому", "the customer was handed on"},
		models.RuleEnded:       {"разговор закончен", "the conversation is over"},
		models.RuleMissed:      {"звонок пропущен", "a call was missed"},
	}
	if w, ok := words[event]; ok {
		return w.in(l)
	}
	return event
}

// usual is what the built-in rule for an event has.
func usual(event string) (kind string, action, keep, whom said) {
	owner := said{"этому пользователю", "this user"}
	deputised := said{"этому пользователю; если его программа не на связи, и заместителю", "this user; his deputy too while his client is away"}
	goes := said{"строка исчезает", "the row goes"}
	brief := said{"полминуты", "half a minute"}
	opens := said{"что говорят контакты: открыть, выбрать или создать", "what the contacts say: open, choose or create"}
	had := said{"у кого строка ещё стоит", "who still has the row"}
	switch event {
	case models.RuleRinging:
		return models.KindRinging, said{"сообщить; форма, если пользователь так настроил", "indicate; a form, where the user wants it"}, said{"минуту", "a minute"}, deputised
	case models.RuleAnswered:
		return models.KindAnswered, opens, said{"4 часа", "4 hours"}, owner
	case models.RuleOutgoing:
		return models.KindOutgoing, opens, said{"4 часа", "4 hours"}, owner
	case models.RuleMissed:
		return models.KindMissed, said{"перезвонить", "call back"}, said{"14 дней", "14 days"}, deputised
	case models.RuleEnded:
		return models.KindEnded, said{"показать карточкой", "show as a card"}, said{"14 дней", "14 days"}, had
	case models.RuleElsewhere:
		return models.KindElsewhere, goes, brief, had
	case models.RuleRingEnded:
		return models.KindRingEnded, goes, brief, had
	case models.RuleTransferred:
		return models.KindTransferred, goes, brief, had
	}
	as := said{"как обычно для события", "as is usual for the event"}
	return "", as, as, as
}

// RuleWords says a rule in plain words.
func RuleWords(l Lang, r *models.Rule) RuleText {
	say := func(ru, en string) string { return said{ru, en}.in(l) }
	t := RuleText{When: whenWords(l, &r.When)}
	if r.Then.Nothing != "" {
		t.What = say("ничего не показывать: ", "nothing is shown: ") + r.Then.Nothing
		return t
	}
	event := ""
	if len(r.When.Event) == 1 {
		event = r.When.Event[0]
	}
	kind, action, keep, whom := usual(event)
	n := &r.Then
	if n.Kind != "" {
		kind = n.Kind
	}
	t.What = KindIn(l, kind)
	if kind == "" {
		t.What = say("уведомление, обычное для события", "the event's usual notification")
	}
	t.Action, t.Keep, t.Whom = action.in(l), keep.in(l), whom.in(l)
	if n.Action == models.ActionAuto {
		_, auto, _, _ := usual(models.RuleAnswered)
		t.Action = auto.in(l)
	} else if n.Action != "" {
		t.Action = ActionIn(l, models.Action(n.Action))
	}
	if n.ExpiresS > 0 {
		t.Keep = spanWords(l, n.ExpiresS)
	}
	if len(n.To) > 0 {
		var to []string
		for _, w := range n.To {
			to = append(to, recipientIn(l, w))
		}
		t.Whom = strings.Join(to, ", ")
	}
	if n.Title != "" {
		t.More = append(t.More, say("заголовок ", "title ")+quoted(l, n.Title))
	}
	if n.Text != "" {
		t.More = append(t.More, say("текст ", "text ")+quoted(l, n.Text))
	}
	if n.Object != nil {
		t.More = append(t.More, say("открывается ", "opens ")+quoted(l, ObjectIn(l, *n.Object)))
	}
	if n.Shared {
		t.More = append(t.More, say("форму может открыть каждый сеанс", "every session may open the form"))
	}
	if n.Lookup {
		t.More = append(t.More, say("незнакомый номер спросить у CRM", "ask the CRM for an unknown number"))
	}
	if len(n.Data) > 0 {
		t.More = append(t.More, say("данные для клиентской программы", "data for the client program"))
	}
	return t
}

func whenWords(l Lang, w *models.RuleWhen) []string {
	say := func(ru, en string) string { return said{ru, en}.in(l) }
	or := func(words []string) string { return strings.Join(words, say(" или ", " or ")) }
	in := func(words []string, of map[string]said) string {
		var out []string
		for _, x := range words {
			if s, ok := of[x]; ok {
				out = append(out, s.in(l))
			} else {
				out = append(out, x)
			}
		}
		return or(out)
	}
	var out []string
	add := func(cond bool, text string) {
		if cond {
			out = append(out, text)
		}
	}
	var events []string
	for _, e := range w.Event {
		events = append(events, RuleEventIn(l, e))
	}
	add(len(events) > 0, or(events))
	add(len(events) == 0, say("что угодно", "whatever happens"))
	add(len(w.Source) > 0, say("источник ", "source ")+or(w.Source))
	add(len(w.Direction) > 0, in(w.Direction, map[string]said{"in": {"входящий", "incoming"}, "out": {"исходящий", "outgoing"}}))
	add(len(w.DID) > 0, say("набрали номер ", "the number dialled is ")+or(w.DID))
	add(len(w.Group) > 0, say("пользователь состоит в группе ", "the user is in the group ")+or(w.Group))
	add(len(w.User) > 0, say("пользователь — ", "the user is ")+or(w.User))
	add(len(w.Caller) > 0, in(w.Caller, map[string]said{"known": {"звонящий есть в контактах", "the caller is a contact"}, "unknown": {"звонящего нет в контактах", "the caller is no contact"}, "hidden": {"номер скрыт", "the number is hidden"}}))
	add(len(w.Interests) > 0, in(w.Interests, map[string]said{"none": {"открытых интересов нет", "there is no open interest"}, "one": {"открытый интерес один", "there is one open interest"}, "several": {"открытых интересов несколько", "there are several open interests"}}))
	add(len(w.Responsible) > 0, in(w.Responsible, map[string]said{"user": {"за клиента отвечает он сам", "he is responsible for the client"}, "other": {"за клиента отвечает другой", "somebody else is responsible for the client"}, "none": {"у клиента нет ответственного", "nobody is responsible for the client"}}))
	if w.Present != nil {
		add(*w.Present, say("программа пользователя на связи", "the user's client is there"))
		add(!*w.Present, say("программа пользователя не на связи", "the user's client is away"))
	}
	if w.Hours != nil {
		out = append(out, hoursWords(l, w.Hours))
	}
	if w.WaitedMin != nil {
		out = append(out, say("ждал не меньше ", "waited at least ")+strconv.Itoa(*w.WaitedMin)+say(" с", " s"))
	}
	if w.WaitedMax != nil {
		out = append(out, say("ждал не больше ", "waited at most ")+strconv.Itoa(*w.WaitedMax)+say(" с", " s"))
	}
	return out
}

// Weekdays are the days of a rule in the order of a week.
func Weekdays() []string { return []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} }

// DayIn names a day of the week in short.
func DayIn(l Lang, day string) string {
	words := map[string]string{"mon": "пн", "tue": "вт", "wed": "ср", "thu": "чт", "fri": "пт", "sat": "сб", "sun": "вс"}
	if w, ok := words[day]; ok && l != English {
		return w
	}
	return day
}

func hoursWords(l Lang, h *models.RuleHours) string {
	say := func(ru, en string) string { return said{ru, en}.in(l) }
	out := say("в часы ", "within ")
	if h.Outside {
		out = say("вне часов ", "outside of ")
	}
	var days []string
	for _, d := range Weekdays() {
		if slices.Contains(h.Days, d) {
			days = append(days, DayIn(l, d))
		}
	}
	switch {
	case slices.Equal(h.Days, Weekdays()[:5]):
		out += DayIn(l, "mon") + "–" + DayIn(l, "fri") + " "
	case len(days) > 0:
		out += strings.Join(days, ", ") + " "
	}
	from, to := h.From, h.To
	if from == "" {
		from = "00:00"
	}
	if to == "" {
		to = "24:00"
	}
	out += from + "–" + to
	if h.Zone != "" {
		out += " (" + h.Zone + ")"
	}
	if n := len(h.Holidays); n > 0 {
		out += say(", праздничных дней: ", ", holidays: ") + strconv.Itoa(n)
	}
	return out
}

func recipientIn(l Lang, to string) string {
	switch to {
	case "user":
		return said{"этому пользователю", "this user"}.in(l)
	case "responsible":
		return said{"ответственному за клиента", "the client's responsible"}.in(l)
	case "deputy":
		return said{"заместителю, если пользователь не на связи", "the deputy while the user is away"}.in(l)
	}
	name := strings.TrimPrefix(to, "group:")
	return said{"группе " + name, "the group " + name}.in(l)
}

// spanWords says a number of seconds in the largest unit that fits it.
func spanWords(l Lang, seconds int) string {
	n, unit := InUnits(seconds)
	words := map[string]said{"s": {" с", " s"}, "m": {" мин", " min"}, "h": {" ч", " h"}, "d": {" д", " d"}}
	return strconv.Itoa(n) + words[unit].in(l)
}

// InUnits is a number of seconds in the largest unit that fits it: s, m, h, d.
func InUnits(seconds int) (n int, unit string) {
	for _, u := range []struct {
		name string
		s    int
	}{{"d", 86400}, {"h", 3600}, {"m", 60}} {
		if seconds > 0 && seconds%u.s == 0 {
			return seconds / u.s, u.name
		}
	}
	return seconds, "s"
}

// NoteIn is a rule's note; those of the built-in rules are known in both
// languages.
func NoteIn(l Lang, note string) string {
	for _, s := range []said{
		{"пока звонит телефон, у пользователя лёгкий знак (форма, если он открывает по звонку и звонит один); нет на связи — и у заместителя", "a light sign on the user's screen while his phone rings (a form, where he opens on ringing and his phone alone rings); his deputy's too when the user is away"},
		{"открытый интерес клиента, выбор из нескольких или мастер нового", "the client's open interest, a choice among several, or the wizard of a new one"},
		{"как при ответе, если у источника включены исходящие", "as answered, where the source has outgoing calls on"},
		{"ответил коллега: знак исчезает", "a colleague answered: the sign goes"},
		{"телефон замолчал: знак исчезает", "the phone stopped ringing: the sign goes"},
		{"клиент уже говорит с другим: строка исчезает", "the customer is with somebody else now: the row goes"},
		{"форма, которую не открыли за время разговора, становится карточкой", "a form that was not opened while they talked becomes a card"},
		{"по одной задаче каждому, кого это касается: ответственному, иначе тем, кому звонили, иначе группе источника; нет на связи — и заместителю", "one task for each who is concerned: the client's responsible, else those who were rung, else the source's group; his deputy's too when he is away"},
	} {
		if s.en == note {
			return s.in(l)
		}
	}
	return note
}

// VerdictIn says why a rule did not fit.
func VerdictIn(l Lang, why string) string {
	if l == English {
		return why
	}
	for _, s := range []said{
		{"выключено", "it is switched off"},
		{"событие — %, а не %", "the event is %, not %"},
		{"источник — %, а не %", "the source is %, not %"},
		{"направление — %, а не %", "the direction is %, not %"},
		{"набран номер %, а не %", "the number dialled is %, not %"},
		{"пользователь — не %", "the user is not %"},
		{"пользователя нет в группе %", "the user is in no group %"},
		{"звонящий — %, а не %", "the caller is %, not %"},
		{"открытых интересов: %, а не %", "open interests: %, not %"},
		{"ответственный за клиента — %, а не %", "the client's responsible is %, not %"},
		{"программа пользователя на связи", "the user's client is there"},
		{"программа пользователя не на связи", "the user's client is away"},
		{"ждал % с, это меньше %", "he has waited % s, less than %"},
		{"ждал % с, это больше %", "he has waited % s, more than %"},
		{"%: это в названные часы", "% is within the hours"},
		{"%: это вне названных часов", "% is outside the hours"},
	} {
		if s.en == why {
			return s.ru
		}
		if parts, ok := s.parts(why); ok {
			for i := range parts {
				parts[i] = verdictWord(parts[i])
			}
			return fill(s.ru, parts)
		}
	}
	return WhyIn(l, why)
}

func verdictWord(s string) string {
	words := map[string]string{"known": "известен", "unknown": "неизвестен", "hidden": "скрыт", "none": "нет", "one": "один", "several": "несколько", "user": "он сам", "other": "другой",
		"in": "входящий", "out": "исходящий", "internal": "внутренний", "not known": "неизвестно какой"}
	var out []string
	for part := range strings.SplitSeq(s, " or ") {
		if w, ok := words[part]; ok {
			part = w
		} else if slices.Contains(models.RuleEvents, part) {
			part = quoted(Russian, RuleEventIn(Russian, part))
		}
		out = append(out, part)
	}
	return strings.Join(out, " или ")
}

// waitOf is a duration for people.
func waitOf(l Lang, d time.Duration) string { return spanWords(l, int(d/time.Second)) }

// NoteOfTry says what a dry run noted beside the rules: a reason, and what it
// is about.
func NoteOfTry(l Lang, note string) string {
	if reason, rest, ok := strings.Cut(note, ": "); ok {
		if said := WhyIn(l, reason); said != reason {
			return said + ": " + rest
		}
	}
	return WhyIn(l, note)
}
