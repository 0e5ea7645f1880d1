package pbx

import (
	"time"

	"zummer/models"
)

// vonageEvent is one webhook.
type vonageEvent struct {
	fields
	cpaas
	status, call, leg string
	at                time.Time
}

func (p vonageEvent) result(cfg Config) (Result, error) {
	asks := p.asks()
	if from := p.text("conversation_uuid_from"); from != "" && p.call == "" {
		p.call = from
	}
	var reply *Reply
	if asks {
		reply = p.answer(cfg)
	}
	if p.call == "" {
		if p.text("call_uuid") != "" || p.status == "human" || p.status == "machine" {
			return Result{}, nil // what answered, says a machine; it names no conversation
		}
		return Result{Reply: reply}, models.InvalidField("conversation_uuid", "is required")
	}
	var err error
	if p.at, err = p.time("timestamp", cfg.Timezone); err != nil {
		return Result{Reply: reply}, err
	}
	e := models.Event{Type: models.EventStarted, Call: p.call, At: p.at}
	e.ID = eventID("vonage", p.call, p.leg, p.status, p.text("timestamp"), p.ext)
	from, to := p.intl(p.either("from", "from_user")), p.intl(p.either("to", "to_user"))
	switch {
	case asks:
		e.ID = eventID("vonage", p.call, p.leg, "answer")
		return cpaasChecked([]models.Event{p.begun(e, from, to, "")}, reply)
	case p.text("recording_url") != "":
		e.Type, e.Recording = models.EventRecording, p.text("recording_url")
		e.ID = eventID("vonage", p.call, "recording", e.Recording)
		return cpaasChecked([]models.Event{e}, nil)
	case p.text("conversation_uuid_to") != "":
		e.SameAs = p.text("conversation_uuid_to")
		e.ID = eventID("vonage", p.call, "joined", e.SameAs, p.text("timestamp"))
		return cpaasChecked([]models.Event{e}, nil)
	case p.status == "":
		return Result{}, nil // an error, digits, speech
	case direction(p.text("direction")) == models.Out:
		return cpaasChecked(p.outbound(e, from, to), nil)
	}
	return cpaasChecked(p.first(p.begun(e, from, to, "")), nil)
}

// either is the first of two fields that is there: a number, or the name of a user.
func (p vonageEvent) either(name, user string) string {
	if s := p.text(name); s != "" {
		return s
	}
	return p.text(user)
}

// asks tells the request of answer_url from the events: it alone has neither a
// status nor a time.
func (p vonageEvent) asks() bool {
	return p.status == "" && p.text("timestamp") == "" && p.leg != "" && p.text("recording_url") == ""
}

// answer is the configured NCCO. Without one it is an error, so that Vonage
// asks the fallback address: an empty NCCO would hang up.
func (p vonageEvent) answer(cfg Config) *Reply {
	s := cfg.setting("ncco")
	if s == "" {
		return cpaasCannot()
	}
	return &Reply{Status: 200, ContentType: "application/json; charset=utf-8", Body: []byte(s)}
}

// outbound is a leg that the company's side dialled.
func (p vonageEvent) outbound(e models.Event, from, to string) []models.Event {
	if p.phone != "" && p.dir == models.Out { // the person's own phone rings first
		e.Direction, e.Extension, e.Phone = models.Out, p.ext, p.customer(to)
		return p.first(e)
	}
	ext, more, customer := p.callee(to)
	if customer {
		e.Direction, e.Extension, e.Phone = models.Out, ext, p.far(to)
		if p.status == "answered" && ext != "" {
			e.Type, e.Leg = models.EventAnswered, p.leg
			return []models.Event{e}
		}
		out := p.first(e)
		if len(out) > 0 && p.status == "completed" {
			out[0].TalkS = out[0].DurationS
		}
		return out
	}
	e.Leg, e.Extension, e.Addresses, e.Direction, e.Phone = p.leg, ext, more, p.dir, p.customer(from)
	if name, person := (cpaas{region: p.region, plus: true}).caller(from); e.Direction == models.InternalCall || e.Direction == "" && person {
		e.Direction, e.Phone = models.InternalCall, cpaasColleague(name)
	}
	switch p.status {
	case "ringing":
		e.Type = models.EventRinging
	case "answered":
		e.Type = models.EventAnswered
	case "busy", "cancelled", "unanswered", "rejected", "failed", "timeout":
		e.Type, e.Reason = models.EventRingEnded, p.reason()
	default:
		return nil // started; completed and disconnected after a talk
	}
	return []models.Event{e}
}

// first is the beginning or the end of the call, of the leg that bears it. That
// the leg was answered says only that the NCCO took it.
func (p vonageEvent) first(e models.Event) []models.Event {
	switch p.status {
	case "started", "ringing":
		e.Type = models.EventStarted
	case "completed", "busy", "cancelled", "unanswered", "rejected", "failed", "timeout":
		e.Type, e.Extension, e.Disposition, e.Reason = models.EventEnded, "", p.status, p.reason()
		e.DurationS, _ = p.seconds("duration") // with menus: no talk
	default:
		return nil
	}
	return []models.Event{e}
}

// reason of a leg that was not answered. Vonage cancels a leg when the caller
// hung up; when another one answered, the state machine knows it better.
func (p vonageEvent) reason() string {
	switch detail := p.text("detail"); p.status {
	case "busy":
		return models.ReasonBusy
	case "cancelled":
		return models.ReasonGaveUp
	case "unanswered":
		if detail == "unavailable" {
			return models.ReasonUnavailable
		}
		return models.ReasonNoAnswer
	case "timeout":
		return models.ReasonNoAnswer
	case "rejected":
		if detail == "restricted" || detail == "invalid_number" {
			return models.ReasonUnavailable
		}
		return models.ReasonDeclined
	case "failed":
		return models.ReasonUnavailable
	}
	return ""
}
