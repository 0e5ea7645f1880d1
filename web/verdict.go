package web

import (
	"time"

	"zummer/models"
)

// Case is what is known of a notification when somebody asks why it was, or
// was not, shown.
type Case struct {
	State    string // pending, processed, expired, removed
	Outcome  string // of the client, when processed
	By       string // who settled it in the timeline's words: the last step's reason
	Detail   string // what the client said
	Action   models.Action
	User     string // name
	Session  string // that settled it, or shall open it; "": none
	Told     string // the first session that was told of the last revision; Heard: there was one
	Heard    bool
	After    time.Duration // how long that took
	Online   bool          // a client of the user polls now
	LastPoll time.Time     // zero: never in the last day
	Now      time.Time
}

// Verdict says in one sentence what became of the notification, and how that
// is: good, warn or bad.
func Verdict(l Lang, c Case) (text, tone string) {
	say := func(ru, en string) string { return said{ru, en}.in(l) }
	told := c.told(l)
	switch c.State {
	case "pending":
		return c.pending(l)
	case "expired":
		if c.Heard {
			return say("Срок истёк: "+told+", но никто не отметил его обработанным.", "Expired: "+told+", but nobody marked it as processed."), "warn"
		}
		return say("Срок истёк, и ни один клиент его не получил. ", "Expired, and no client ever had it. ") + c.away(l), "bad"
	case "removed":
		out := say("Снято: ", "Taken out: ") + WhyIn(l, c.By) + "."
		if c.Heard {
			return out + say(" До этого "+told+".", " Before that "+told+"."), "good"
		}
		return out + say(" Клиент его не получил.", " No client had it."), "warn"
	}
	switch models.Outcome(c.Outcome) {
	case models.OutcomeOpened:
		return say("Открыто", "Opened") + c.by(l) + c.soon(l) + ".", "good"
	case models.OutcomeDismissed:
		return say("Пользователь убрал его сам", "The user dismissed it") + c.by(l) + ".", "good"
	case models.OutcomeFailed:
		out := say("Клиент получил его, но не смог открыть форму", "The client had it but could not open the form") + c.by(l)
		if c.Detail != "" {
			out += ": " + c.Detail
		}
		return out + ".", "bad"
	}
	return say("Обработано: ", "Processed: ") + WhyIn(l, c.By) + ".", "good"
}

func (c Case) pending(l Lang) (text, tone string) {
	say := func(ru, en string) string { return said{ru, en}.in(l) }
	switch {
	case c.Heard && c.Session != "" && c.Action.Opens():
		return say("Передано клиенту: "+c.told(l)+"; форму открывает сеанс "+c.Session+", ответа от него ещё нет.", "Delivered: "+c.told(l)+"; the session "+c.Session+" opens the form and has not answered yet."), "good"
	case c.Heard && c.Online:
		return say("Показано: "+c.told(l)+". Ждёт, пока пользователь его обработает.", "Shown: "+c.told(l)+". It waits for the user."), "good"
	case c.Heard:
		return say("Показано: "+c.told(l)+", но сейчас клиент не на связи. ", "Shown: "+c.told(l)+", but no client is connected now. ") + c.away(l), "warn"
	case c.Online:
		return say("Клиент на связи, но эту ревизию ещё не получил: обычно это доли секунды.", "A client is connected but does not have this revision yet: usually that takes milliseconds."), "warn"
	}
	return say("Не показано. ", "Not shown. ") + c.away(l), "bad"
}

// away says why no client could have it.
func (c Case) away(l Lang) string {
	say := func(ru, en string) string { return said{ru, en}.in(l) }
	if c.LastPoll.IsZero() {
		return say("Программа пользователя «"+c.User+"» за последние сутки не обращалась к службе ни разу: проверьте у него адрес и токен.", "No client of "+c.User+" has asked the service within the last day: check address and token there.")
	}
	ago := Lasted(l, max(c.Now.Sub(c.LastPoll), 0))
	return say("Программа пользователя «"+c.User+"» обращалась к службе "+ago+" назад; когда она вернётся, получит его.", "A client of "+c.User+" asked the service "+ago+" ago; it gets it when it is back.")
}

func (c Case) told(l Lang) string {
	name := c.Told
	if name == "" {
		name = said{"без имени", "without a name"}.in(l)
	}
	return said{"сеанс " + name + " получил его через " + Lasted(l, c.After), "session " + name + " had it after " + Lasted(l, c.After)}.in(l)
}

func (c Case) by(l Lang) string {
	if c.Session == "" {
		return ""
	}
	return said{" в сеансе " + c.Session, " in session " + c.Session}.in(l)
}

func (c Case) soon(l Lang) string {
	if !c.Heard {
		return ""
	}
	return said{"; клиент узнал о нём через " + Lasted(l, c.After), "; the client knew of it after " + Lasted(l, c.After)}.in(l)
}
