package pbx

import (
	"cmp"
	"slices"
	"strings"

	"zummer/models"
	"zummer/models/phone"
)

// telphinPost is one request of Telphin.
type telphinPost struct {
	fields
	region string
	lines  []string // extensions of menus and queues whose end is the call's
}

// events reads one event of an extension. CallID is the whole call, through
// transfers too; SubCallID is one attempt to reach one extension.
func (p telphinPost) events(what, zone string) ([]models.Event, error) {
	at, err := p.at(zone)
	if err != nil {
		return nil, err
	}
	e := models.Event{Call: p.text("callid"), Leg: p.text("subcallid"), At: at}
	called, caller := p.person("called"), p.person("caller")
	if p.outgoing(what, called) {
		if caller == "" {
			return nil, models.InvalidField("CallerExtension", "is required")
		}
		if strings.EqualFold(p.text("transfered"), "yes") || strings.EqualFold(p.text("transferred"), "yes") {
			return p.forwarded(what, e, caller), nil
		}
		return p.out(what, e, caller), nil
	}
	e.Direction, e.Phone = p.caller(called, caller)
	e.DID = p.number("calleddid")
	if name := p.text("calleridname"); phone.Parse(name, p.region).Key() == "" && e.Direction == models.In && !phone.Parse(name, "").Hidden {
		e.Name = models.CutText(name, models.MaxName)
	}
	switch {
	case called == "":
		return nil, models.InvalidField("CalledExtension", "is required")
	case slices.Contains(p.lines, called) || p.text("bridged") != "":
		return p.line(what, e), nil
	case p.text("callbackid") != "":
		return p.ownPhone(what, e, called), nil
	}
	return p.in(what, e, called, caller), nil
}

// outgoing tells the flow, as the extension that the event is about sees it.
func (p telphinPost) outgoing(what, called string) bool {
	switch strings.ToLower(p.text("callflow")) {
	case "in":
		return false
	case "out":
		return true
	}
	return what == "dial-out" || what != "dial-in" && called == ""
}

// in reads an event of a phone that is called.
func (p telphinPost) in(what string, e models.Event, called, caller string) []models.Event {
	switch what {
	case "dial-in":
		return p.one(e, models.EventRinging, "called", called)
	case "answer":
		return p.one(e, models.EventAnswered, "called", called)
	case "dial-out":
		return nil
	}
	if !p.answered() {
		out := p.one(e, models.EventRingEnded, "called", called)
		out[0].Reason = statusReason(p.text("callstatus"))
		// Called straight from outside, by no menu or queue, nobody else can
		// ring: the caller's hang-up is the call's end. Unconfirmed.
		if out[0].Reason == models.ReasonGaveUp && e.Direction == models.In && caller == "" {
			out = append(out, p.ended(e))
		}
		return out
	}
	// The talk of one phone. After a transfer the call goes on; the end is the
	// line's to tell if there is one.
	if len(p.lines) == 0 || caller == "" || e.Direction == models.InternalCall {
		return []models.Event{p.ended(e)}
	}
	return p.recorded(e)
}

// line reads an event of a menu or a queue: nobody's phone. Bridged says
// whether somebody answered after it.
func (p telphinPost) line(what string, e models.Event) []models.Event {
	e.Leg = ""
	switch what {
	case "dial-in":
		e.Type, e.ID = models.EventStarted, p.name(models.EventStarted)
		return []models.Event{e}
	case "hangup":
		end := p.ended(e)
		switch strings.ToLower(p.text("bridged")) {
		case "no":
			end.Type, end.TalkS = models.EventMissed, nil
			if end.Reason = statusReason(p.text("callstatus")); e.Direction != models.In {
				end.Type = models.EventEnded
			}
		case "":
			end.TalkS = nil // what answered may be the menu
		}
		return []models.Event{end}
	}
	return nil
}

// ownPhone reads the first half of a call that the CRM ordered: the phone of
// who ordered it rings, and that is no incoming call. Unconfirmed: only the
// second half was seen.
func (p telphinPost) ownPhone(what string, e models.Event, called string) []models.Event {
	if e.Direction = models.Out; p.inner(e.Phone) != "" || e.Phone == called {
		e.Phone = ""
	}
	e.DID, e.Name = "", ""
	switch {
	case what == "dial-in":
		e.Leg = ""
		return p.one(e, models.EventStarted, "called", called)
	case what == "hangup" && !p.answered():
		return []models.Event{p.ended(e)}
	}
	return nil
}

// out reads an event of a phone that calls.
func (p telphinPost) out(what string, e models.Event, caller string) []models.Event {
	e.Direction, e.Phone = models.Out, p.number("callednumber")
	if p.inner(e.Phone) != "" {
		e.Direction, e.Phone = models.InternalCall, caller
	}
	switch {
	case what == "dial-out":
		e.Leg = ""
		return p.one(e, models.EventStarted, "caller", caller)
	case what == "hangup":
		return []models.Event{p.ended(e)}
	case what == "answer" && e.Direction == models.Out:
		return p.one(e, models.EventAnswered, "caller", caller)
	}
	return nil
}

// forwarded reads a leg that is there because caller handed the call over. A
// colleague's phone has events of its own; a number outside is a person who is
// known by it.
func (p telphinPost) forwarded(what string, e models.Event, caller string) []models.Event {
	to := p.inner(p.number("callednumber"))
	outside := to == ""
	if outside {
		n := p.number("callednumber")
		to = "tel:" + cmp.Or(phone.Parse(n, p.region).E164, n)
	}
	if what == "dial-out" {
		t := e
		t.Leg, t.ToExtension = "", to
		out := p.one(t, models.EventTransferred, "caller", caller)
		if outside {
			e.Type, e.Extension, e.ID = models.EventRinging, to, p.name(models.EventRinging)
			out = append(out, e)
		}
		return out
	}
	e.Extension = to
	switch {
	case !outside:
		return p.recorded(e)
	case what == "answer":
		e.Type, e.ID = models.EventAnswered, p.name(models.EventAnswered)
	case what == "hangup" && p.answered():
		return []models.Event{p.ended(e)}
	case what == "hangup":
		e.Type, e.ID, e.Reason = models.EventRingEnded, p.name(models.EventRingEnded), statusReason(p.text("callstatus"))
	default:
		return nil
	}
	return []models.Event{e}
}

// one is an event about the person at a side.
func (p telphinPost) one(e models.Event, t models.EventType, side, extension string) []models.Event {
	e.Type, e.Extension, e.ID = t, extension, p.name(t)
	e.Addresses = nil
	if id := p.text(side + "extensionid"); id != "" {
		e.Addresses = append(e.Addresses, "id:"+id)
	}
	if full := p.text(side + "extension"); strings.Contains(full, "@") {
		e.Addresses = append(e.Addresses, "sip:"+full)
	}
	return []models.Event{e}
}

// ended is the end of the call as the event tells it. Duration is the talk, in
// microseconds.
func (p telphinPost) ended(e models.Event) models.Event {
	e.Type, e.Leg, e.Extension, e.ID = models.EventEnded, "", "", p.name(models.EventEnded)
	e.Disposition = p.text("callstatus")
	if rec := p.text("recid"); rec != "" {
		e.Recording = telphinRecording + rec
	}
	if !p.answered() && p.text("bridged") == "" {
		e.Reason = statusReason(e.Disposition)
		return e
	}
	if n, ok, _ := p.integer("duration"); ok && n >= 0 && n/1e6 <= 366*24*3600 {
		s := int(n / 1e6)
		e.TalkS = &s
	}
	return e
}

// recorded is what the end of one talk says of its recording; the call goes on.
func (p telphinPost) recorded(e models.Event) []models.Event {
	rec := p.text("recid")
	if rec == "" {
		return nil
	}
	e.Type, e.Leg, e.Extension, e.Recording, e.ID = models.EventRecording, "", "", telphinRecording+rec, p.name(models.EventRecording)
	return []models.Event{e}
}

func (p telphinPost) answered() bool { return strings.EqualFold(p.text("callstatus"), "ANSWER") }

// person is the extension at a side, called or caller: 101.
func (p telphinPost) person(side string) string {
	if s := telphinExtension(p.text(side + "extension")); s != "" {
		return s
	}
	for _, field := range []string{"callednumber", "calleridnum"} {
		if s := p.text(field); (field == "callednumber") == (side == "called") && strings.Contains(s, "*") {
			return telphinExtension(s)
		}
	}
	return ""
}

// caller is who calls a phone. In an answer CallerIDNum is the phone that
// answered, and the client stands in CallerIDName. CallerExtension of a call
// from outside is the menu's or the queue's.
func (p telphinPost) caller(called, caller string) (models.Direction, string) {
	num := p.number("calleridnum")
	if num == called || strings.Contains(num, "*") && telphinExtension(num) == called {
		num = ""
	}
	did := p.text("calleddid") != ""
	inner := p.inner(num)
	name := p.number("calleridname")
	switch {
	case inner != "" && (!did || strings.Contains(num, "*")):
		return models.InternalCall, inner
	case num != "":
		return models.In, num
	case phone.Parse(name, p.region).E164 != "" || name != "" && phone.Parse(name, "").Hidden:
		return models.In, name
	case !did && caller != "" && !slices.Contains(p.lines, caller):
		return models.InternalCall, caller
	}
	return models.In, ""
}

// inner is the extension that a number of the company means: 3515*101, 101; ""
// for a number outside.
func (p telphinPost) inner(number string) string {
	if strings.Contains(number, "*") {
		return telphinExtension(number)
	}
	if len(number) < 7 && strings.Trim(number, "0123456789") == "" {
		return number
	}
	return ""
}
