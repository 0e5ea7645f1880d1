package pbx

import (
	"slices"
	"strings"
	"time"

	"zummer/models"
)

// twilioPost is one request in Twilio's form, which Telnyx's TeXML shares.
type twilioPost struct {
	fields
	cpaas
	kind     string
	sid, own string // CallSid, and the key of the call
	status   string // CallStatus
	at       time.Time
}

// result makes the events of a request and, where it wants TwiML, the answer.
func (p twilioPost) result(req Request, cfg Config) (Result, error) {
	p.sid, p.status = p.text("callsid"), strings.ToLower(p.text("callstatus"))
	if p.sid == "" {
		var reply *Reply
		if p.status != "" && p.wantsTwiML() {
			reply = cpaasCannot()
		}
		return Result{Reply: reply}, models.InvalidField("callsid", "is required")
	}
	p.own = p.sid
	parent := p.text("parentcallsid")
	if parent != "" {
		p.own = parent
	}
	var err error
	if p.at, err = p.time("timestamp", cfg.Timezone); err != nil {
		return Result{}, err
	}
	switch {
	case p.text("recordingstatus") != "":
		return cpaasChecked(p.recorded(strings.EqualFold(p.text("recordingstatus"), "completed")), nil)
	case p.wantsTwiML():
		events, reply := p.voice(cpaasHook(req), cfg)
		return cpaasChecked(events, reply)
	case parent != "":
		return cpaasChecked(append(p.child(), p.recorded(p.over())...), nil)
	}
	return cpaasChecked(append(p.parent(), p.recorded(p.over())...), nil)
}

// wantsTwiML tells a request that steers the call from a callback, whose answer
// nobody reads: only callbacks carry their source, number or time, and only
// they tell of an end.
func (p twilioPost) wantsTwiML() bool {
	if p.text("dialcallstatus") != "" {
		return true
	}
	return p.text("callbacksource") == "" && p.text("sequencenumber") == "" && p.text("timestamp") == "" && p.text("callduration") == "" && !p.over()
}

// over reports a CallStatus after which nothing follows.
func (p twilioPost) over() bool {
	return slices.Contains([]string{"completed", "busy", "failed", "no-answer", "canceled"}, p.status)
}

func (p twilioPost) event(t models.EventType, leg string) models.Event {
	return models.Event{Type: t, Call: p.own, Leg: leg, At: p.at,
		ID: eventID(p.kind, string(t), p.own, p.sid, p.status, p.text("sequencenumber"), p.text("callbacksource"), p.ext)}
}

// child is a leg that <Dial> made.
func (p twilioPost) child() []models.Event {
	ext, more, customer := p.callee(p.text("to"))
	if customer {
		return p.dialled(ext, p.text("to"), p.sid)
	}
	e := p.event("", p.sid)
	e.Extension, e.Addresses, e.Direction, e.Phone = ext, more, p.dir, p.customer(p.text("from"))
	if name, _, public := p.who(p.text("from")); e.Direction == models.InternalCall || e.Direction == "" && name != "" && !public {
		e.Direction, e.Phone = models.InternalCall, cpaasColleague(name)
	}
	switch p.status {
	case "ringing":
		e.Type = models.EventRinging
	case "in-progress":
		e.Type = models.EventAnswered
	case "completed":
		// Whoever subscribed to the end alone (the default) learns here that the
		// leg was answered, and when.
		if s, err := p.seconds("callduration"); err == nil && s != nil && *s > 0 {
			e.Type = models.EventAnswered
			if !e.At.IsZero() {
				e.At = e.At.Add(-time.Duration(*s) * time.Second)
			}
		}
	case "busy", "failed", "no-answer", "canceled":
		e.Type, e.Reason = models.EventRingEnded, p.reason()
	}
	if e.Type == "" {
		return nil // queued, initiated: nothing rings yet
	}
	e.ID = eventID(p.kind, string(e.Type), e.ID)
	return []models.Event{e}
}

// dialled is the far end's leg of an outgoing call of ext's.
func (p twilioPost) dialled(ext, to, leg string) []models.Event {
	e := p.event(models.EventStarted, "")
	e.Direction, e.Extension, e.Phone = models.Out, ext, p.far(to)
	switch {
	case p.status == "in-progress" && ext != "":
		e.Type, e.Leg = models.EventAnswered, leg
	case p.status != "queued" && p.status != "initiated" && p.status != "ringing":
		return nil // the call's own end tells the rest
	}
	return []models.Event{e}
}

// parent is a call's first leg: a caller's, or one that the REST API dialled.
func (p twilioPost) parent() []models.Event {
	e := p.event(models.EventStarted, "")
	from, to := p.text("from"), p.text("to")
	rest := strings.HasPrefix(strings.ToLower(p.text("direction")), "outbound")
	switch {
	case rest && p.phone != "": // the person's own phone rings first, then the customer's
		e.Direction, e.Extension, e.Phone = models.Out, p.ext, p.customer(to)
	case rest:
		name, _, public := p.who(to)
		if m := p.mobiles[strings.TrimPrefix(name, "tel:")]; m != "" {
			name, public = m, false
		}
		e.Direction, e.Extension = models.Out, p.ext
		if public {
			e.Phone = p.customer(to)
		} else if e.Extension == "" {
			e.Extension = name
		}
		if p.status == "in-progress" && e.Phone != "" && e.Extension != "" {
			e.Type, e.Leg = models.EventAnswered, p.sid
		}
	default:
		e = p.begun(e, from, to, p.text("callername"))
	}
	switch {
	case p.over():
		e.Type, e.Leg, e.Extension, e.Name, e.Disposition = models.EventEnded, "", "", "", p.status
		if p.status != "completed" {
			e.Reason = p.reason()
		}
		// Of a caller's leg the duration counts menus too: no talk.
		e.DurationS, _ = p.seconds("callduration")
		if rest && p.phone == "" && p.status == "completed" {
			e.TalkS = e.DurationS
		}
	case p.status == "in-progress" && e.Type != models.EventAnswered:
		return nil // TwiML took the call, or the person's own phone: nobody talks
	}
	return []models.Event{e}
}

// reason of a leg that was not answered. Twilio cancels a leg when another one
// answered, which the state machine knows better, or when the caller hung up.
func (p twilioPost) reason() string {
	switch p.status {
	case "no-answer":
		return models.ReasonNoAnswer
	case "busy":
		if p.text("sipresponsecode") == "603" {
			return models.ReasonDeclined
		}
		return models.ReasonBusy
	case "canceled":
		return models.ReasonGaveUp
	}
	return models.ReasonUnavailable
}

// recorded is the event of a recording that is ready. Beside other events a
// link that is too long is left out.
func (p twilioPost) recorded(ready bool) []models.Event {
	link := p.text("recordingurl")
	if link == "" || !ready || len(link) > models.MaxRecording && p.text("recordingstatus") == "" {
		return nil
	}
	e := models.Event{Type: models.EventRecording, Call: p.own, Recording: link, At: p.at}
	e.ID = eventID(p.kind, string(e.Type), p.own, p.sid, link)
	return []models.Event{e}
}
