package pbx

import (
	"cmp"
	"strings"
	"time"

	"zummer/models"
	"zummer/models/phone"
)

// hook reads one request of the dialplan that we ship. Its fields are ours:
//
//	event      started, ringing, answered or hangup
//	call, leg  the uuid of the leg that began the call; of the leg it is about
//	direction  in, out or internal; phone, name, did: as in every event
//	extension  out: who dials
//	user       who is called (dialed_user, domain); without one the number that is
//	cause      hangup: why
//	answered, bridged  hangup of the call: when, "0" or empty: never
//	time       seconds or microseconds since 1970
func (p fsReader) hook(f fields) ([]models.Event, error) {
	what := strings.ToLower(f.text("event"))
	if what == "" {
		return nil, models.InvalidField("event", "is required")
	}
	e := models.Event{Call: f.text("call"), Leg: f.text("leg"), Direction: direction(f.text("direction")), Phone: fsNumber(f.number("phone")),
		Name: models.CutText(f.text("name"), models.MaxName), DID: f.number("did")}
	if e.Call == "" {
		return nil, models.InvalidField("call", "is required")
	}
	if e.At = fsMoment(f.text("time")); e.At.IsZero() {
		var err error
		if e.At, err = f.time("time", p.zone); err != nil {
			return nil, err
		}
	}
	first := e.Leg == "" || e.Leg == e.Call
	switch {
	case what == "started":
		e.Type, e.Leg, e.Extension, e.ID = models.EventStarted, "", f.text("extension"), e.Call+"/started"
	case what == "hangup" && first:
		// A record of the same leg may follow and knows more.
		e.Type, e.Leg, e.ID, e.TalkS = models.EventEnded, "", e.Call+"/hangup", fsTalk(f, e.At)
		if e.TalkS == nil {
			e.Reason = fsReason(f.text("cause"))
		}
	case e.Direction == models.Out:
		if what != "answered" {
			return nil, nil // the far end's phone is none of ours
		}
		e.Type, e.Leg, e.Extension, e.ID = models.EventAnswered, "", f.text("extension"), e.Call+"/answered"
	case first:
		return nil, models.InvalidField("leg", "is required")
	default:
		e.Extension, e.Addresses = p.person(f.text("user"), f.text("domain"), cmp.Or(f.number("number"), f.number("extension")))
		e.ID = e.Leg + "/" + what
		switch what {
		case "ringing", "answered":
			e.Type = models.EventType(what)
		case "hangup":
			e.Type, e.Reason, e.ID = models.EventRingEnded, fsReason(f.text("cause")), e.Leg+"/ring_ended"
			if e.Reason == "" {
				return nil, nil // after an answer: the call goes on or ends by itself
			}
		}
	}
	if e.Type == "" {
		return nil, models.InvalidField("event", "unknown event %q", models.CutText(what, 40))
	}
	return []models.Event{e}, nil
}

// fsTalk is how long people talked in a call that ended at end; nil: they did
// not, or it is not said.
func fsTalk(f fields, end time.Time) *int {
	answered, bridged := fsMoment(f.text("answered")), fsMoment(f.text("bridged"))
	if answered.IsZero() || bridged.IsZero() || end.IsZero() {
		return nil
	}
	if bridged.After(answered) {
		answered = bridged
	}
	s := max(0, int(end.Sub(answered)/time.Second))
	return &s
}

// person is who a leg rings: the user of the directory that was dialled, else
// an extension, else a number outside that the call was forwarded to.
func (p fsReader) person(user, domain, number string) (string, []string) {
	var more []string
	if user != "" && domain != "" {
		more = []string{"sip:" + user + "@" + domain}
	}
	if e := p.own(user, ""); e != "" {
		return e, more
	}
	if user != "" {
		return "login:" + user, more
	}
	if e := p.extension(number); e != "" {
		return e, nil
	}
	if n := phone.Parse(number, p.region); n.E164 != "" {
		return "tel:" + n.E164, nil
	}
	return "", nil
}

// fsReason maps a hang-up cause (switch_types.h) of a leg that was not
// answered; "": nothing that says so.
func fsReason(cause string) string {
	switch strings.ToUpper(cause) {
	case "LOSE_RACE", "PICKED_OFF":
		return models.ReasonElsewhere
	case "ORIGINATOR_CANCEL":
		return models.ReasonGaveUp
	case "NO_ANSWER", "ALLOTTED_TIMEOUT", "NO_USER_RESPONSE", "PROGRESS_TIMEOUT":
		return models.ReasonNoAnswer
	case "USER_BUSY":
		return models.ReasonBusy
	case "CALL_REJECTED":
		return models.ReasonDeclined
	case "USER_NOT_REGISTERED", "SUBSCRIBER_ABSENT", "UNALLOCATED_NUMBER", "NO_ROUTE_DESTINATION", "DESTINATION_OUT_OF_ORDER", "NETWORK_OUT_OF_ORDER",
		"NORMAL_TEMPORARY_FAILURE", "RECOVERY_ON_TIMER_EXPIRE", "INCOMPATIBLE_DESTINATION", "GATEWAY_DOWN", "INVALID_GATEWAY", "NORMAL_CIRCUIT_CONGESTION":
		return models.ReasonUnavailable
	}
	return ""
}
