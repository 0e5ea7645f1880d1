package pbx

import (
	"cmp"
	"strings"

	"zummer/models"
	"zummer/models/phone"
)

// call reads events/call, one step of one leg. A leg is call_id and the
// extension, for phones that ring at the same time may share a call_id.
func (n mangoNote) call() (*models.Event, error) {
	state, id := strings.ToLower(n.text("call_state")), n.text("call_id")
	if state == "" {
		return nil, models.InvalidField("call_state", "is required")
	}
	at, err := n.when("timestamp")
	if err != nil {
		return nil, err
	}
	e := &models.Event{Call: n.text("entry_id"), At: at, ID: eventID("call", n.text("entry_id"), id, n.from.text("extension"),
		n.from.text("number"), n.to.text("extension"), n.to.text("number"), state, n.text("seq"), n.text("timestamp"))}
	switch n.role() {
	case mangoIncoming:
		n.incoming(e, state)
	case mangoInternal:
		e.Direction, e.Phone = models.InternalCall, cmp.Or(n.from.text("extension"), n.from.number("number"))
		n.callee(e, state)
	case mangoOutgoing:
		e.Direction, e.Phone, e.DID = models.Out, n.to.number("number"), n.to.number("line_number")
		n.person(e, n.from)
		e.Type = map[string]models.EventType{"appeared": models.EventStarted, "connected": models.EventAnswered}[state]
	case mangoOrdered: // the manager's own phone, before the customer's
		e.Direction, e.Phone = models.Out, n.from.number("number")
		n.person(e, n.to)
		if state == "appeared" {
			e.Type = models.EventStarted
		}
	}
	if e.Type == "" || e.Type.HasExtension() && len(e.AllAddresses()) == 0 {
		return nil, nil
	}
	if e.Type.HasExtension() {
		e.Leg = id + ":" + e.AllAddresses()[0]
	}
	return e, nil
}

// mangoRole is whose phone a leg reaches.
type mangoRole int

const (
	mangoIncoming mangoRole = iota // somebody from outside, or a menu or a queue for them
	mangoInternal                  // a colleague, who is called by a colleague
	mangoOutgoing                  // somebody outside
	mangoOrdered                   // first leg of a call that was ordered (callback): our own manager
	mangoConsult                   // a colleague, who is asked about a customer on hold
)

// role tells them apart by who is an employee and by what the leg came of.
// command_id alone does not make a call outgoing: /commands/route puts it on
// legs of an incoming call, which have a taken_from_call_id.
func (n mangoNote) role() mangoRole {
	caller, callee := mangoEmployee(n.from), mangoEmployee(n.to)
	taken := n.from.text("taken_from_call_id") != ""
	ordered := n.text("command_id") != "" || n.text("callback_initiator") != ""
	switch {
	case ordered && !taken && callee:
		return mangoOrdered
	case caller && callee && taken && (!ordered || n.text("transfer") != ""):
		return mangoConsult
	case caller && (callee || !n.abonent()):
		return mangoInternal
	case caller:
		return mangoOutgoing
	}
	return mangoIncoming
}

// mangoEmployee reports whether a party is one of ours: somebody without an
// extension still has an account at Mango's SIP servers.
func mangoEmployee(party fields) bool {
	number := strings.ToLower(party.text("number"))
	return party.text("extension") != "" || strings.HasPrefix(number, "sip:") && strings.HasSuffix(number, "mangosip.ru")
}

// abonent reports whether the leg reaches a person and not a menu or a queue.
// Some examples of the documentation misspell the field or leave it out.
func (n mangoNote) abonent() bool {
	switch strings.ToLower(n.text("location") + n.text("locaton")) {
	case "ivr", "queue":
		return false
	}
	return true
}

// incoming fills in a leg of a call from outside. The direction of a leg that
// was taken from another one is that of the call.
func (n mangoNote) incoming(e *models.Event, state string) {
	if n.from.text("taken_from_call_id") == "" {
		e.Direction = models.In
	}
	if e.Phone, e.DID = n.from.number("number"), n.to.number("line_number"); e.Phone == "" {
		e.Phone = "anonymous" // the number is left out when the caller hides it
	}
	if n.abonent() {
		n.callee(e, state)
	}
	if e.Extension == "" && len(e.Addresses) == 0 && state == "appeared" {
		e.Type = models.EventStarted
	}
}

// callee fills in what the phone of to does.
func (n mangoNote) callee(e *models.Event, state string) {
	n.person(e, n.to)
	if e.Extension == "" && len(e.Addresses) == 0 {
		return
	}
	switch state {
	case "appeared":
		e.Type = models.EventRinging
	case "connected":
		e.Type = models.EventAnswered
	case "disconnected":
		// Of a leg that talked this changes nothing; the state machine knows.
		e.Type, e.Reason = models.EventRingEnded, mangoReason(n.text("disconnect_reason"))
		if n.from.text("was_transferred") == "true" { // whom the callee handed on
			e.Type, e.Reason = models.EventTransferred, ""
		}
	}
}

// person names an employee: the extension, and the phone by its address. An
// employee may have no extension. The number of a line is nobody's address.
func (n mangoNote) person(e *models.Event, party fields) {
	e.Extension = party.text("extension")
	number := party.text("number")
	if number == "" || number == n.to.text("line_number") {
		return
	}
	if host, ok := strings.CutPrefix(strings.ToLower(number), "sip:"); ok {
		e.Addresses = []string{"sip:" + host}
	} else if p := phone.Parse(number, n.cfg.Region); p.E164 != "" && p.E164 != phone.Parse(e.Phone, n.cfg.Region).E164 {
		e.Addresses = []string{"tel:" + p.E164}
	}
}

// summary reads events/summary, the end of the whole call. Whether there was a
// talk says talk_time: entry_result is 1 in the documentation's own example of
// a call that ended in the menu.
func (n mangoNote) summary() (*models.Event, error) {
	at, err := n.when("end_time")
	if err != nil {
		return nil, err
	}
	e := &models.Event{Type: models.EventEnded, Call: n.text("entry_id"), At: at, ID: eventID("summary", n.text("entry_id"), n.text("end_time"))}
	switch n.text("call_direction") {
	case "0":
		e.Direction, e.Phone = models.InternalCall, cmp.Or(n.from.text("extension"), n.from.number("number"))
	case "1":
		e.Direction, e.Phone, e.DID = models.In, n.from.number("number"), n.number("line_number")
		if e.Phone == "" {
			e.Phone = "anonymous"
		}
	case "2":
		e.Direction, e.Phone = models.Out, n.to.number("number")
	}
	create, _, err1 := n.integer("create_time")
	talk, _, err2 := n.integer("talk_time")
	end, _, err3 := n.integer("end_time")
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return nil, err
		}
	}
	e.DurationS = mangoSpan(create, end)
	if talk > 0 {
		e.TalkS = mangoSpan(talk, end)
		return e, nil
	}
	e.Reason = mangoReason(n.text("disconnect_reason"))
	if n.text("entry_result") == "0" && e.Direction == models.In {
		e.Type = models.EventMissed
	}
	return e, nil
}

// mangoSpan is the time between two timestamps in seconds; nil when one is not
// said or they are no span.
func mangoSpan(from, to int64) *int {
	s := int(to - from)
	if from <= 0 || s < 0 || s > 366*24*3600 {
		return nil
	}
	return &s
}

// recording reads events/recording. Only a finished recording that goes to the
// cloud can be fetched; 4002 (too short) and others are not kept.
func (n mangoNote) recording() (*models.Event, error) {
	if !strings.EqualFold(n.text("recording_state"), "completed") || n.text("completion_code") != "1000" || !strings.HasPrefix(strings.ToLower(n.text("recipient")), "cloud") {
		return nil, nil
	}
	return n.recorded()
}

// recorded reads events/record/added: the recording is in the cloud.
func (n mangoNote) recorded() (*models.Event, error) {
	id := n.text("recording_id")
	if id == "" {
		return nil, models.InvalidField("recording_id", "is required")
	}
	at, err := n.when("timestamp")
	if err != nil {
		return nil, err
	}
	return &models.Event{Type: models.EventRecording, Call: n.text("entry_id"), At: at, Recording: mangoRecording + id,
		ID: eventID("recording", n.text("entry_id"), id)}, nil
}

// mangoRecording stands before Mango's number of a recording.
const mangoRecording = "mango:"

// mangoReason maps the codes of the documentation's «Список кодов результатов»;
// one that is not listed counts as its class. "" says nothing of why.
func mangoReason(code string) string {
	switch code {
	case "1110":
		return models.ReasonGaveUp
	case "1111", "1160", "1163", "1164":
		return models.ReasonNoAnswer
	case "1120", "1122":
		return models.ReasonDeclined
	case "1121":
		return models.ReasonBusy
	case "1182":
		return models.ReasonElsewhere
	case "1183":
		return models.ReasonForwarded
	}
	if len(code) != 4 {
		return ""
	}
	switch code[:3] {
	case "112", "113", "114", "115", "119":
		return models.ReasonUnavailable
	}
	switch code[0] {
	case '2', '3', '4', '5':
		return models.ReasonUnavailable
	}
	return ""
}
