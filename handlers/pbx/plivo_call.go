package pbx

import (
	"net/url"
	"slices"
	"strings"

	"zummer/models"
)

// plivoPost is one request of Plivo's.
type plivoPost struct {
	fields
	cpaas
	targets      []cpaasTarget
	call, status string // the A leg's CallUUID; CallStatus
}

func (p plivoPost) result(req Request, cfg Config) (Result, error) {
	asks := p.asks()
	if p.call == "" {
		var reply *Reply
		if asks && p.status != "" {
			reply = cpaasCannot()
		}
		field := "calluuid"
		if p.text("dialaction") != "" {
			field = "dialaleguuid"
		}
		return Result{Reply: reply}, models.InvalidField(field, "is required")
	}
	if asks {
		events, reply := p.answer(cpaasHook(req), cfg)
		return cpaasChecked(events, reply)
	}
	switch {
	case p.text("dialaction") != "":
		return cpaasChecked(p.leg(), nil)
	case p.text("recordurl") != "":
		return cpaasChecked(p.recorded(), nil)
	}
	return cpaasChecked(p.own(), nil)
}

// asks tells a request that wants XML from a callback, whose answer nobody reads.
func (p plivoPost) asks() bool {
	switch {
	case p.text("dialstatus") != "":
		return true
	case p.text("dialaction") != "", p.text("recordurl") != "", p.over(), strings.EqualFold(p.text("event"), "hangup"):
		return false
	}
	// Event is StartApp or Redirect here; "ring" is the ring_url of a call that
	// was ordered.
	return !strings.EqualFold(p.text("event"), "ring")
}

func (p plivoPost) over() bool {
	return slices.Contains([]string{"completed", "busy", "failed", "no-answer", "cancel", "timeout"}, p.status)
}

func (p plivoPost) event(t models.EventType, parts ...string) models.Event {
	return models.Event{Type: t, Call: p.call, ID: eventID(append([]string{"plivo", string(t), p.call}, parts...)...)}
}

// leg is a callback of <Dial>. There is none for a ring: whom Zummer itself
// dials rings from then on, and a leg that was not answered is known by its end.
func (p plivoPost) leg() []models.Event {
	action, uuid, to := strings.ToLower(p.text("dialaction")), p.text("dialbleguuid"), p.intl(p.text("dialblegto"))
	ext, more, customer := p.callee(to)
	e := p.event("", uuid, to, action, ext)
	e.Leg = uuid
	if t, ok := p.target(to); ok && !customer && p.ext == "" {
		// Its ring was told without a leg's key, which nobody knew then.
		if e.Leg = ""; t.name != ext {
			ext, more = t.name, append([]string{ext}, more...)
		}
	}
	e.Extension, e.Addresses, e.Direction = ext, more, p.dir
	from := p.text("from")
	if from == "" {
		from = p.text("dialblegfrom")
	}
	name, person := cpaas{region: p.region, plus: true}.caller(from)
	switch {
	case customer:
		e.Direction, e.Phone = models.Out, p.far(to)
	case p.dir == models.InternalCall || p.dir == "" && person:
		e.Direction, e.Phone = models.InternalCall, cpaasColleague(name)
	default:
		e.Phone = p.customer(from)
	}
	switch {
	case action == "answer" || action == "connected":
		if e.Type = models.EventAnswered; customer && ext == "" {
			return nil
		}
	case action == "hangup" && !customer:
		e.Type, e.Reason = models.EventRingEnded, p.reason("dialbleghangupcausename", "dialbleghangupcause", "dialblegstatus")
	default:
		return nil
	}
	// Only now it is told that this phone rang: without that nobody would count
	// as called.
	if e.Reason == models.ReasonNoAnswer || e.Reason == models.ReasonGaveUp || e.Reason == models.ReasonElsewhere {
		rang := e
		rang.Type, rang.Reason = models.EventRinging, ""
		if rang.ID != "" {
			rang.ID += "/rang"
		}
		return []models.Event{rang, e}
	}
	return []models.Event{e}
}

// target finds a dialled address among those that the source's dial lists.
func (p plivoPost) target(to string) (cpaasTarget, bool) {
	name, _, _ := p.who(to)
	for _, t := range p.targets {
		if listed, _, _ := p.who(t.address); listed == name && name != "" {
			return t, true
		}
	}
	return cpaasTarget{}, false
}

// own is a callback about the A leg: it rings, or it is over.
func (p plivoPost) own() []models.Event {
	e := p.first(p.event(models.EventStarted, p.status))
	if !p.over() && !strings.EqualFold(p.text("event"), "hangup") {
		return []models.Event{e}
	}
	far := e.Direction == models.Out && p.outbound() && p.phone == "" && e.Phone != "" // nobody but the customer is on that leg
	e.Type, e.Extension, e.Name, e.Disposition = models.EventEnded, "", "", p.status
	e.ID = eventID("plivo", string(e.Type), p.call)
	// The duration counts menus too, so of a caller's leg it is no talk.
	e.DurationS, _ = p.seconds("duration")
	if far && e.DurationS != nil && *e.DurationS > 0 {
		e.TalkS = e.DurationS
	}
	if p.status != "completed" {
		e.Reason = p.reason("callstatus", "hangupcausename", "hangupcause")
	}
	return []models.Event{e}
}

func (p plivoPost) outbound() bool { return strings.EqualFold(p.text("direction"), "outbound") }

// first says who calls whom on the A leg.
func (p plivoPost) first(e models.Event) models.Event {
	from, to := p.intl(p.text("from")), p.intl(p.text("to"))
	if !p.outbound() {
		return p.begun(e, from, to, p.text("callername"))
	}
	callee, _, public := p.who(to)
	e.Direction, e.Extension = models.Out, p.ext
	if public || p.phone != "" {
		e.Phone = p.customer(to)
	} else if e.Extension == "" {
		e.Extension = callee
	}
	return e
}

// reason of a leg that was not answered, by the words of the first field that
// is there. The names of FreeSWITCH's causes among them are unconfirmed.
func (p plivoPost) reason(names ...string) string {
	for _, name := range names {
		s := strings.NewReplacer("_", " ", "-", " ").Replace(strings.ToLower(p.text(name)))
		for _, w := range []struct{ word, reason string }{
			{"race", models.ReasonElsewhere}, {"busy", models.ReasonBusy}, {"reject", models.ReasonDeclined}, {"no answer", models.ReasonNoAnswer}, {"timeout", models.ReasonNoAnswer},
			{"cancel", models.ReasonGaveUp}, {"not registered", models.ReasonUnavailable}, {"out of service", models.ReasonUnavailable}, {"invalid", models.ReasonUnavailable},
			{"barred", models.ReasonUnavailable}, {"fail", models.ReasonUnavailable},
		} {
			if strings.Contains(s, w.word) {
				return w.reason
			}
		}
	}
	return ""
}

// recorded: with recordSession a first request comes before there is anything
// to hear; its lengths are -1.
func (p plivoPost) recorded() []models.Event {
	if n, ok, err := p.integer("recordingduration"); err == nil && ok && n < 0 {
		return nil
	}
	e := p.event(models.EventRecording, p.text("recordingid"), p.text("recordurl"))
	e.Recording = p.text("recordurl")
	return []models.Event{e}
}

// answer says what becomes of a call, as twilio's voice does: never nothing.
func (p plivoPost) answer(hook string, cfg Config) ([]models.Event, *Reply) {
	next := cpaasCannot()
	if link := cfg.setting("voice_url"); link != "" {
		next = twiML(`<Redirect method="POST">` + escapeXML(link) + `</Redirect>`)
	}
	if status := strings.ToLower(p.text("dialstatus")); status != "" {
		if status != "completed" && next.Status == 200 {
			return nil, next
		}
		return nil, twiML("<Hangup/>") // hangup_url tells the end
	}
	caller := cfg.setting("caller_id")
	if p.dir == models.Out && p.phone != "" { // a call that Dial ordered, and its person is on the line
		return nil, p.dial(hook, []string{p.phone}, url.Values{"ext": {p.ext}, "dir": {"out"}}, caller)
	}
	e := p.first(p.event(models.EventStarted))
	events := []models.Event{e}
	switch {
	case p.outbound():
	case e.Direction == models.In && len(p.targets) > 0:
		var to []string
		for _, t := range p.targets {
			to = append(to, t.address)
			r := p.event(models.EventRinging, t.name)
			r.Extension, r.Direction, r.Phone = t.name, e.Direction, e.Phone
			events = append(events, r)
		}
		next = p.dial(hook, to, nil, "")
	case e.Direction == models.Out && e.Phone != "" && caller != "":
		next = p.dial(hook, []string{e.Phone}, url.Values{"ext": {e.Extension}, "dir": {"out"}}, caller)
	case e.Direction == models.InternalCall && strings.HasPrefix(strings.ToLower(p.text("to")), "sip:") && (len(p.targets) > 0 || caller != ""):
		next = p.dial(hook, []string{p.text("to")}, url.Values{"dir": {"internal"}}, "")
	}
	return events, next
}

// dial makes a <Dial> that reports to hook. Its callback is one for all legs,
// so hints go with it only where there is one.
func (p plivoPost) dial(hook string, to []string, hints url.Values, caller string) *Reply {
	var b strings.Builder
	b.WriteString(`<Dial timeout="25"`)
	if caller != "" {
		b.WriteString(` callerId="` + escapeXML(caller) + `"`)
	}
	if hook != "" {
		query := ""
		if len(hints) > 0 {
			query = "?" + hints.Encode()
		}
		b.WriteString(` action="` + escapeXML(hook+"/dial-done") + `" callbackUrl="` + escapeXML(hook+"/leg"+query) + `" callbackMethod="POST"`)
	}
	b.WriteString(">")
	for _, s := range to {
		noun := "Number"
		if strings.HasPrefix(s, "sip") {
			noun = "User"
		}
		b.WriteString("<" + noun + ">" + escapeXML(strings.TrimPrefix(s, "+")) + "</" + noun + ">")
	}
	b.WriteString("</Dial>")
	return twiML(b.String())
}
