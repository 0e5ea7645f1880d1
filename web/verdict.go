package web

import (
	"regexp"
	"time"
	"unicode"
	"unicode/utf8"

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
	Early    Heard         // of the revisions before, when nobody was told of the last one
	Online   bool          // a client of the user polls now
	LastPoll time.Time     // zero: never in the last day
	Now      time.Time
}

// Heard is who was told of a revision first. The zero Heard: nobody.
type Heard struct {
	Yes   bool
	Told  string        // the session
	After time.Duration // how long that took
	Kind  string        // of the revision
}

// Verdict says in one sentence what became of the notification, and how that
// is: good, warn or bad.
func Verdict(l Lang, c Case) (text, tone string) {
	text, tone = c.verdict(l)
	return OneStop(text), tone
}

var twoStops = regexp.MustCompile(`([^.])\.\.([^.]|$)`)

// OneStop ends sentences with one full stop where they end in a name that has
// its own.
func OneStop(text string) string { return twoStops.ReplaceAllString(text, "$1.$2") }

func (c Case) verdict(l Lang) (text, tone string) {
	say := func(ru, en string) string { return said{ru, en}.in(l) }
	told := c.told(l)
	switch c.State {
	case "pending":
		return c.pending(l)
	case "expired":
		if c.Heard {
			return say("Срок истёк: "+told+", но никто не отметил его обработанным.", "Expired: "+told+", but nobody marked it as processed."), "warn"
		}
		if c.Early.Yes {
			return say("Срок истёк: ", "Expired: ") + c.early(l) + say(", но "+c.what(l)+" – нет. ", ", but "+c.what(l)+" was not. ") + c.away(l, false), "warn"
		}
		return say("Срок истёк, и ни одна программа его не получила. ", "Expired, and no client ever had it. ") + c.away(l, false), "bad"
	case "removed":
		out := say("Снято: ", "Taken out: ") + WhyIn(l, c.By) + "."
		if c.Heard {
			return out + say(" До этого "+told+".", " Before that "+told+"."), "good"
		}
		if c.Early.Yes {
			return out + say(" До этого ", " Before that ") + c.early(l) + ".", "good"
		}
		return out + say(" Программа его не получила.", " No client had it."), "warn"
	}
	switch models.Outcome(c.Outcome) {
	case models.OutcomeOpened:
		return say("Открыто", "Opened") + c.by(l) + c.soon(l) + ".", "good"
	case models.OutcomeDismissed:
		return say("Пользователь убрал его сам", "The user dismissed it") + c.by(l) + ".", "good"
	case models.OutcomeFailed:
		out := say("Программа получила его, но не смогла открыть форму", "The client had it but could not open the form") + c.by(l)
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
		return say("Передано программе: "+c.told(l)+"; форму открывает сеанс "+c.Session+", ответа от него ещё нет.", "Delivered: "+c.told(l)+"; the session "+c.Session+" opens the form and has not answered yet."), "good"
	case c.Heard && c.Online:
		return say("Показано: "+c.told(l)+". Ждёт, пока пользователь его обработает.", "Shown: "+c.told(l)+". It waits for the user."), "good"
	case c.Heard:
		return say("Показано: ", "Shown: ") + c.told(l) + ". " + c.left(l), "warn"
	case c.Early.Yes && c.Online:
		return upper(c.early(l)) + say(", но "+c.what(l)+" – ещё нет: программа на связи, обычно это доли секунды.", ", but "+c.what(l)+" is not yet: a client is connected, usually that takes milliseconds."), "warn"
	case c.Early.Yes:
		return upper(c.early(l)) + say(", но "+c.what(l)+" – ещё нет: ", ", but "+c.what(l)+" is not yet: ") + lower(c.away(l, true)), "warn"
	case c.Online:
		return say("Программа на связи, но эту ревизию ещё не получила: обычно это доли секунды.", "A client is connected but does not have this revision yet: usually that takes milliseconds."), "warn"
	}
	return say("Не показано. ", "Not shown. ") + c.away(l, true), "bad"
}

// away says why no client could have it, and whether it still can.
func (c Case) away(l Lang, pending bool) string {
	say := func(ru, en string) string { return said{ru, en}.in(l) }
	if c.LastPoll.IsZero() {
		return say("Программа пользователя «"+c.User+"» за последние сутки не обращалась к службе ни разу: проверьте у него адрес и токен.", "No client of "+c.User+" has asked the service within the last day: check address and token there.")
	}
	ago := Lasted(l, max(c.Now.Sub(c.LastPoll), 0))
	out := say("Программа пользователя «"+c.User+"» обращалась к службе "+ago+" назад", "A client of "+c.User+" asked the service "+ago+" ago")
	if pending {
		out += say("; когда она вернётся, получит его", "; it gets it when it is back")
	}
	return out + "."
}

// left says since when no client is there that has it already.
func (c Case) left(l Lang) string {
	say := func(ru, en string) string { return said{ru, en}.in(l) }
	out := say("Сейчас программа пользователя «"+c.User+"» не на связи: ", "No client of "+c.User+" is connected now: ")
	if c.LastPoll.IsZero() {
		return out + say("за последние сутки она не обращалась к службе ни разу.", "none has asked the service within the last day.")
	}
	ago := Lasted(l, max(c.Now.Sub(c.LastPoll), 0))
	return out + say("обращалась к службе "+ago+" назад.", "the last one asked the service "+ago+" ago.")
}

// early says that a revision before the last one was shown.
func (c Case) early(l Lang) string {
	say := func(ru, en string) string { return said{ru, en}.in(l) }
	name := c.Early.Told
	if name == "" {
		name = say("без имени", "without a name")
	}
	out := say("прежняя ревизия была показана", "an earlier revision was shown")
	if c.Early.Kind == models.KindRinging {
		out = say("звонок был показан", "the ring was shown")
	}
	return out + say(" (сеанс "+name+" через "+Lasted(l, c.Early.After)+")", " (session "+name+" after "+Lasted(l, c.Early.After)+")")
}

// what is what the last revision would show.
func (c Case) what(l Lang) string { return shownAs(l, c.Action) }

// shownAs is what an action puts on the screen.
func shownAs(l Lang, a models.Action) string {
	switch {
	case a.Opens():
		return said{"форма", "the form"}.in(l)
	case a == models.ActionNone:
		return said{"его конец", "its end"}.in(l)
	case a == models.ActionIndicate:
		return said{"перемена", "the change"}.in(l)
	}
	return said{"карточка", "the card"}.in(l)
}

// upper and lower change the first letter.
func upper(s string) string { return first(s, unicode.ToUpper) }
func lower(s string) string { return first(s, unicode.ToLower) }

func first(s string, to func(rune) rune) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(to(r)) + s[size:]
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
	return said{"; программа узнала о нём через " + Lasted(l, c.After), "; the client knew of it after " + Lasted(l, c.After)}.in(l)
}
