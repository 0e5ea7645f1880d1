package pbx

import (
	"strings"

	"zummer/models"
)

// ringcentralReason says what status.reason of a party that is Disconnected
// means for somebody who was rung. Reasons of conversations (CallFinished,
// CallDropped) and of moves from one device to another are none.
func ringcentralReason(word string) (reason string, ok bool) {
	switch word {
	case "agentanswered", "pickup", "takeover":
		return models.ReasonElsewhere, true
	case "noanswer", "timeout":
		return models.ReasonNoAnswer, true
	case "rejected":
		return models.ReasonDeclined, true
	case "targetbusy":
		return models.ReasonBusy, true
	case "cancelled":
		return models.ReasonGaveUp, true
	case "callredirected", "callerinputredirect", "callreplied", "voicemail":
		return models.ReasonForwarded, true
	case "agentdropped", "internalerror", "invalidnumber", "nosuchuser", "destinationblocked", "internationaldisabled", "notenoughfunds":
		return models.ReasonUnavailable, true
	}
	return "", false
}

// ringcentralParty is one party with its session's base event filled in.
type ringcentralParty struct {
	models.Event
	person, pilot bool // an extension of ours; a queue or a menu
	outbound      bool // the party dialled
	queued        bool // rung by a queue: others are, or will be
	missed        bool
	reason, peer  string
}

// party reads what one party's status says.
func (s ringcentralSession) party(p fields, base models.Event) []models.Event {
	status := p.sub("status")
	r := ringcentralParty{Event: base, pilot: s.pilot(p), person: p.text("extensionid") != "", outbound: strings.EqualFold(p.text("direction"), "outbound"),
		queued: p.text("queuecall") == "true", missed: p.text("missedcall") == "true", reason: strings.ToLower(status.text("reason"))}
	if peer := status.sub("peerid").text("telephonysessionid"); peer != base.Call {
		r.peer = peer
	}
	r.person = r.person && !r.pilot
	r.Leg = p.text("id")
	r.describe(p, strings.EqualFold(s.sub("origin").text("type"), "RingOut"))
	switch strings.ToLower(status.text("code")) {
	case "setup":
		return r.begins(false)
	case "proceeding":
		return r.begins(true)
	case "answered":
		return r.answered()
	case "voicemail", "voicemailscreening":
		if r.person && !r.outbound {
			return r.as(models.EventRingEnded, models.ReasonNoAnswer)
		}
	case "gone":
		return r.moved()
	case "disconnected":
		return r.disconnected()
	}
	return nil // Hold, Parked, FaxReceive: the call goes on
}

// describe fills in direction, numbers and the person. A call that was ordered
// (RingOut) rings the manager's own phone first: it is outgoing, whatever the
// direction of that party (unconfirmed which it is).
func (r *ringcentralParty) describe(p fields, ordered bool) {
	from, to := p.sub("from"), p.sub("to")
	own, other := to, from
	r.Direction = models.In
	if r.outbound {
		own, other = from, to
	}
	if r.outbound || ordered && r.person {
		r.Direction = models.Out
	}
	if (from.text("extensionid") != "" || ringcentralShort(from.text("phonenumber"))) && to.text("extensionid") != "" && !ordered {
		r.Direction = models.InternalCall
		other = from
	}
	if r.Direction == models.In && !ringcentralShort(to.text("phonenumber")) {
		r.DID = to.number("phonenumber")
	}
	r.Phone, r.Name = other.number("phonenumber"), models.CutText(other.text("name"), models.MaxName)
	if r.person {
		r.Extension = "id:" + p.text("extensionid")
		if n := own.text("phonenumber"); ringcentralShort(n) {
			r.Addresses = []string{n}
		}
	}
	if ordered && !r.outbound && other.text("extensionid") != "" {
		r.Phone, r.Name = "", "" // the manager's own
	}
	r.outbound = r.outbound || ordered && r.person
}

// ringcentralShort tells an extension from a public number.
func ringcentralShort(n string) bool {
	return n != "" && len(n) <= 6 && strings.Trim(n, "0123456789") == ""
}

// as is the event with a type and a reason.
func (r ringcentralParty) as(t models.EventType, reason string) []models.Event {
	e := r.Event
	e.Type, e.Reason = t, reason
	if !t.HasExtension() && t != models.EventStarted {
		e.Extension, e.Addresses, e.Leg = "", nil, ""
	}
	return []models.Event{e}
}

func (r ringcentralParty) begins(rings bool) []models.Event {
	switch {
	case r.person && !r.outbound && rings:
		return r.as(models.EventRinging, "")
	case r.outbound && !r.person:
		return nil
	case !r.outbound:
		r.Extension, r.Addresses, r.Leg = "", nil, ""
	}
	return r.as(models.EventStarted, "")
}

func (r ringcentralParty) answered() []models.Event {
	switch {
	case r.pilot:
		r.Extension, r.Addresses, r.Leg = "", nil, ""
		return r.as(models.EventStarted, "")
	case !r.person, r.outbound && r.Direction == models.InternalCall: // the one who was called has an event of their own
		return nil
	}
	return r.as(models.EventAnswered, "")
}

// moved: the party left for another session, which goes on with the customer.
// Each session counts for itself, so without a number of this one the times
// decide the order of both together.
func (r ringcentralParty) moved() []models.Event {
	r.SameAs = r.peer
	if r.peer != "" {
		r.Seq = 0
	}
	switch {
	case r.person:
		return r.as(models.EventTransferred, "")
	case r.peer != "":
		r.Leg = ""
		return r.as(models.EventStarted, "")
	}
	return nil
}

// disconnected reads the end of a party. It ends the call when the party talked
// (no reason, CallFinished, CallDropped), dialled, is the queue, the menu or the
// customer, or missed a call that rang nobody else.
func (r ringcentralParty) disconnected() []models.Event {
	ring, unanswered := ringcentralReason(r.reason)
	switch r.reason {
	case "blindtransfer", "attendedtransfer", "rcctransfer", "dtmftransfer":
		return r.moved()
	case "callflip", "callswitch", "callpark", "parklocation", "supervising":
		return nil
	}
	switch {
	case r.outbound:
		if ring == models.ReasonGaveUp || ring == models.ReasonElsewhere { // hung up by whoever dialled
			ring = ""
		}
		return r.as(models.EventEnded, ring)
	case !r.person:
		if ring == models.ReasonElsewhere || ring == models.ReasonForwarded {
			return nil // the call went on to a person, or further in the menu
		}
		return r.as(models.EventEnded, ring)
	case !unanswered && !r.missed:
		return r.as(models.EventEnded, "")
	case ring == "":
		ring = models.ReasonNoAnswer
	}
	out := r.as(models.EventRingEnded, ring)
	if r.missed && !r.queued && ring != models.ReasonElsewhere && ring != models.ReasonForwarded && r.Direction != models.InternalCall {
		out = append(out, r.as(models.EventEnded, ring)...)
	}
	return out
}
