package web

import (
	"slices"
	"strings"
	"time"

	"zummer/models"
)

// CallCase is what is known of a call when somebody asks why it made, or did
// not make, a notification.
type CallCase struct {
	Direction  models.Direction
	State      models.CallState
	Missed     bool
	Answered   bool
	Outgoing   bool // the source tells of outgoing calls
	Legs       int
	AnsweredBy string
	Notices    []CallNotice
	Steps      []models.Step
	Unowned    []string    // extensions that rang and that nobody owns
	Late       []LateOwner // extensions that nobody owned then, and somebody does now
	Inactive   []string    // names of people whose phones rang and who are switched off
	Quiet      bool        // the source has been told to make nothing: it is switched off
}

// LateOwner is who an extension belongs to since after the call.
type LateOwner struct{ Extension, Name string }

// CallVerdict says in one sentence whether and to whom the call was told, or
// why not; and how that is: good, warn or bad.
func CallVerdict(l Lang, c CallCase) (text, tone string) {
	text, tone = c.verdict(l)
	return OneStop(text), tone
}

func (c CallCase) verdict(l Lang) (text, tone string) {
	say := func(ru, en string) string { return said{ru, en}.in(l) }
	if len(c.Notices) > 0 {
		text, tone = c.told(l)
		if len(c.Unowned) > 0 {
			text, tone = text+say(" Не сообщено: ", " Not told: ")+c.unowned(l), "warn"
		}
		return text, tone
	}
	none := say("Уведомления нет: ", "No notification: ")
	nothing := slices.IndexFunc(c.Steps, func(s models.Step) bool { return s.What == models.StepNothing })
	switch {
	case c.Direction == models.InternalCall:
		return none + say("это внутренний звонок, о таких не сообщается.", "it is an internal call, and those are not told."), "good"
	case len(c.Unowned) > 0:
		return none + c.unowned(l), "bad"
	case len(c.Late) > 0:
		return none + c.late(l) + c.answered(l), "warn"
	case len(c.Inactive) > 0:
		return none + say("звонили телефоны тех, кто отключён: ", "the phones that rang belong to people who are switched off: ") + strings.Join(c.Inactive, ", ") + ".", "bad"
	case c.Direction == models.Out && !c.Outgoing:
		return none + say("это исходящий звонок, а у источника уведомления об исходящих выключены.", "it is an outgoing call, and the source has outgoing calls switched off."), "good"
	case nothing >= 0:
		return c.suppressed(l, &c.Steps[nothing])
	case c.Direction == models.Out && !c.Answered:
		return none + say("на исходящий звонок пока никто не ответил.", "nobody has answered the outgoing call."), "good"
	case c.Legs == 0 && c.State != models.Ended:
		return none + say("звонок в меню или очереди, ни один телефон ещё не звонит.", "the call is in a menu or a queue, no phone rings yet."), "good"
	case c.Legs == 0:
		return none + say("АТС не сообщила ни об одном телефоне, а ответственного за этот номер нет.", "the PBX told of no phone, and nobody is responsible for this number."), "warn"
	case len(c.Steps) == 0:
		return say("О звонке нет записей: возможно, срок хранения истёк.", "Nothing is noted of this call: it may be older than the retention."), "warn"
	}
	return none + WhyIn(l, c.Steps[len(c.Steps)-1].Reason) + ".", "warn"
}

// suppressed says which rule wanted nothing, and why.
func (c CallCase) suppressed(l Lang, s *models.Step) (text, tone string) {
	say := func(ru, en string) string { return said{ru, en}.in(l) }
	rule := RuleIn(l, s.Rule, s.RulesVersion)
	if rule == "" {
		return say("Уведомления нет: ", "No notification: ") + WhyIn(l, s.Reason) + ".", "warn"
	}
	return say("Уведомления нет: так решило правило «"+rule+"»: "+WhyIn(l, s.Reason)+".", "No notification: the rule “"+rule+"” decided so: "+WhyIn(l, s.Reason)+"."), "warn"
}

func (c CallCase) late(l Lang) string {
	between := "; "
	if len(c.Late) > 1 {
		between = ", "
	}
	var list []string
	for _, o := range c.Late {
		list = append(list, said{"тогда номер " + o.Extension + " был ничей" + between + "теперь его хозяин – " + o.Name, "the extension " + o.Extension + " was nobody's then" + between + "now it belongs to " + o.Name}.in(l))
	}
	return strings.Join(list, "; ") + "."
}

// answered says who answered; "" nobody known.
func (c CallCase) answered(l Lang) string {
	if c.AnsweredBy == "" {
		return ""
	}
	return said{" Ответил: ", " Answered by "}.in(l) + c.AnsweredBy + "."
}

func (c CallCase) unowned(l Lang) string {
	list := strings.Join(c.Unowned, ", ")
	if len(c.Unowned) == 1 {
		return said{"номер " + list + " никому не назначен.", "the extension " + list + " belongs to nobody."}.in(l)
	}
	return said{"эти номера никому не назначены: " + list + ".", "these extensions belong to nobody: " + list + "."}.in(l)
}

// told says who had it, and whom it did not reach.
func (c CallCase) told(l Lang) (text, tone string) {
	say := func(ru, en string) string { return said{ru, en}.in(l) }
	first := map[string]time.Duration{}
	behind := map[string]string{}
	var heard, missing []string
	for _, n := range c.Notices {
		at, known := first[n.User]
		switch {
		case !n.Heard:
		case !known:
			heard = append(heard, n.User)
			first[n.User] = n.After
		default:
			first[n.User] = min(at, n.After)
		}
	}
	for _, n := range c.Notices {
		if n.Behind() {
			behind[n.User] = n.BehindIn(l)
		}
		if _, ok := first[n.User]; !ok && !slices.Contains(missing, n.User) {
			missing = append(missing, n.User)
		}
	}
	for i, name := range heard {
		if text := behind[name]; text != "" {
			heard[i] = name + " (" + text + ")"
			continue
		}
		heard[i] = name + said{" (через " + Lasted(l, first[name]) + ")", " (after " + Lasted(l, first[name]) + ")"}.in(l)
	}
	switch {
	case len(missing) == 0 && len(behind) > 0:
		text, tone = say("О звонке сообщено: ", "The call was told to ")+strings.Join(heard, ", ")+".", "warn"
	case len(missing) == 0:
		text, tone = say("О звонке сообщено: ", "The call was told to ")+strings.Join(heard, ", ")+".", "good"
	case len(heard) == 0:
		text, tone = say("Уведомление сделано, но ни одна программа его не получила: ", "A notification was made but no client had it: ")+strings.Join(missing, ", ")+".", "bad"
	default:
		text, tone = say("О звонке сообщено: ", "The call was told to ")+strings.Join(heard, ", ")+say("; не дошло до: ", "; it did not reach ")+strings.Join(missing, ", ")+".", "warn"
	}
	return text + c.answered(l), tone
}
