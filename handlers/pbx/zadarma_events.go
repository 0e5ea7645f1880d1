package pbx

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"zummer/models"
	"zummer/models/phone"
)

// zadarmaPost is one webhook.
type zadarmaPost struct {
	fields
	house  zadarmaHouse
	region string
}

// parse reads a webhook. Its events bear no time: the only one that is sent is
// call_start, which is the beginning of the call in every event of it, in the
// time of an account whose zone is not told. So it tells events apart, and the
// moment of receipt says when they happened.
func (h zadarmaHouse) parse(req Request, cfg Config) (Result, error) {
	// Any JSON in an answer may steer the call, so there is none.
	silent := Result{Reply: textReply("")}
	f, err := zadarmaFields(req)
	if err != nil {
		return silent, err
	}
	p := zadarmaPost{fields: f, house: h, region: cfg.Region}
	if p.text("event") == "" { // no call waits for this answer
		return Result{}, models.InvalidField("event", "is required")
	}
	events, err := p.events()
	if err != nil {
		return silent, err
	}
	for i := range events {
		if err := valid(&events[i]); err != nil {
			return silent, err
		}
	}
	res := Result{Events: events, Reply: silent.Reply}
	if p.text("event") == "NOTIFY_START" {
		redirect := cfg.setting("redirect") != "no"
		res.Lookup = &ContactLookup{Phone: p.caller(), Answer: func(c Card) *Reply { return zadarmaCard(c, redirect) }}
	}
	return res, nil
}

func (p zadarmaPost) events() ([]models.Event, error) {
	what, call := p.text("event"), p.text("pbx_call_id")
	switch {
	case !strings.HasPrefix(what, "NOTIFY_"), what == "NOTIFY_IVR":
		return nil, nil // an SMS, a recognised text, a step of a menu
	case call == "":
		return nil, models.InvalidField("pbx_call_id", "is required")
	}
	e := models.Event{Call: call, Direction: models.In}
	switch what {
	case "NOTIFY_RECORD":
		e.Type, e.Direction, e.Recording = models.EventRecording, "", p.recording()
		return p.named(e), nil
	case "NOTIFY_OUT_START", "NOTIFY_OUT_END":
		return p.outgoing(e, what == "NOTIFY_OUT_END")
	case "NOTIFY_START", "NOTIFY_INTERNAL", "NOTIFY_ANSWER", "NOTIFY_END":
	default:
		return nil, models.InvalidField("event", "unknown event %q", models.CutText(what, 40))
	}
	if strings.HasPrefix(call, "out_") {
		return p.outgoingLeg(e, what)
	}
	e.Phone, e.DID = p.caller(), p.number("called_did")
	if zadarmaExtension(e.Phone) && what != "NOTIFY_START" {
		e.Direction = models.InternalCall // unconfirmed: a colleague calls
	}
	switch what {
	case "NOTIFY_START":
		e.Type = models.EventStarted
	case "NOTIFY_INTERNAL":
		e.Type, e.Extension = models.EventRinging, p.text("internal")
	case "NOTIFY_ANSWER":
		e.Type, e.Extension = models.EventAnswered, p.answerer()
	default:
		return p.end(e, cmp.Or(p.text("internal"), p.text("last_internal")))
	}
	if e.Extension == "" {
		e.Type = models.EventStarted // nobody is named
	}
	return p.named(e), nil
}

// outgoing reads the beginning and the end of a call out of the PBX. That the
// far end answered is only told at the end.
func (p zadarmaPost) outgoing(e models.Event, over bool) ([]models.Event, error) {
	ext := p.text("internal")
	e.Direction, e.Phone, e.DID = models.Out, p.number("destination"), p.number("caller_id")
	e.Type, e.Extension = models.EventStarted, ext
	if zadarmaExtension(e.Phone) && ext != "" { // unconfirmed: to a colleague
		callee := e.Phone
		e.Direction, e.Phone, e.DID = models.InternalCall, ext, ""
		e.Type, e.Extension = models.EventRinging, callee
		ext = callee
	}
	if over {
		e.Extension = ""
		return p.end(e, ext)
	}
	return p.named(e), nil
}

// outgoingLeg reads an event of incoming calls that names an outgoing one
// (unconfirmed): ringing, it is the phone of whoever ordered the call.
func (p zadarmaPost) outgoingLeg(e models.Event, what string) ([]models.Event, error) {
	e.Direction, e.Type, e.Extension = models.Out, models.EventStarted, p.text("internal")
	switch what {
	case "NOTIFY_ANSWER":
		if n := p.number("destination"); !zadarmaExtension(n) {
			e.Phone = n
		}
		if e.Extension != "" && e.Phone != "" {
			e.Type = models.EventAnswered // the far end
		}
	case "NOTIFY_END":
		ext := e.Extension
		e.Extension = ""
		return p.end(e, ext)
	}
	return p.named(e), nil
}

// end reads how a call ended. ext is whom the event names; of an answered call
// that is somebody who talked, which also tells of an answer whose own event
// was lost or comes late. Of an answered call that names nobody the duration
// may be that of a menu, so it is no talk.
func (p zadarmaPost) end(e models.Event, ext string) ([]models.Event, error) {
	seconds, err := p.seconds("duration")
	if err != nil {
		return nil, err
	}
	e.Type, e.Disposition, e.DurationS = models.EventEnded, p.text("disposition"), seconds
	if s := p.text("is_recorded"); s == "1" || s == "true" {
		e.Recording = p.recording()
	}
	if !strings.EqualFold(e.Disposition, "answered") {
		e.Reason = zadarmaReason(e.Disposition)
		return p.named(e), nil
	}
	if ext == "" && e.Direction != models.Out {
		return p.named(e), nil
	}
	e.TalkS = seconds
	if ext == "" {
		return p.named(e), nil
	}
	answer := models.Event{Type: models.EventAnswered, Call: e.Call, Direction: e.Direction, Phone: e.Phone, DID: e.DID, Extension: ext}
	return append(p.named(answer), p.named(e)...), nil
}

// caller is the caller's number; it is in every event of an incoming call, so
// an empty one is withheld.
func (p zadarmaPost) caller() string { return cmp.Or(p.number("caller_id"), "anonymous") }

// answerer is who answered: an extension, or a number outside to which the PBX
// forwarded the call; "": not told.
func (p zadarmaPost) answerer() string {
	to := p.number("destination")
	switch ext := p.text("internal"); {
	case ext != "":
		return ext
	case zadarmaExtension(to):
		return to
	}
	if n := phone.Parse(to, p.region); n.E164 != "" {
		return "tel:" + n.E164
	}
	return ""
}

// recording is a reference to a recording: its own id, else the call's.
func (p zadarmaPost) recording() string {
	return p.house.kind + ":" + cmp.Or(p.text("call_id_with_rec"), p.text("pbx_call_id"))
}

// named gives an event its id. A second ring of one phone in one call differs
// in nothing from the first and so counts as a repeat.
func (p zadarmaPost) named(e models.Event) []models.Event {
	h := sha256.New()
	for _, s := range []string{string(e.Type), p.text("event"), e.Call, p.text("call_start"), p.text("internal"), p.number("caller_id"),
		p.number("called_did"), p.number("destination"), p.text("disposition"), p.text("duration"), p.text("call_id_with_rec")} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	e.ID = hex.EncodeToString(h.Sum(nil)[:16])
	return []models.Event{e}
}

// zadarmaReason maps disposition of a call that nobody answered.
func zadarmaReason(disposition string) string {
	switch strings.ToLower(disposition) {
	case "busy":
		return models.ReasonBusy
	case "cancel":
		return models.ReasonGaveUp
	case "no answer", "":
		return models.ReasonNoAnswer
	}
	return models.ReasonUnavailable // failed, no money, unallocated number, limits
}
