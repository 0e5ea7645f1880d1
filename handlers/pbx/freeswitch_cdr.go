package pbx

import (
	"cmp"
	"strings"
	"time"

	"zummer/models"
)

// leg reads the record of one leg, sent after its end. Everything in it has its
// own time, so it does not matter in which order records come, nor whether the
// hooks have told the same before.
func (p fsReader) leg(r fsRecord, query string) ([]models.Event, error) {
	uuid := r.text("uuid")
	if uuid == "" {
		uuid = strings.TrimPrefix(models.CleanText(query), "a_")
	}
	if uuid == "" {
		return nil, models.InvalidField("variables.uuid", "is required")
	}
	// Ours, exported by the dialplan that we ship; of bridge and originate; of
	// mod_callcenter; of whatever else belongs together.
	call := cmp.Or(r.text("zummer_call"), r.text("originator"), r.text("cc_member_session_uuid"), r.text("call_uuid"), uuid)
	times, err := r.times(p.zone)
	if err != nil {
		return nil, err
	}
	switch {
	case strings.HasPrefix(strings.ToLower(cmp.Or(r.text("channel_name"), r.profile().text("chan_name"))), "loopback/"):
		return nil, nil // half of a wire inside FreeSWITCH; the legs behind it have records of their own
	case call == uuid:
		return p.firstLeg(r, uuid, times)
	}
	return p.furtherLeg(r, call, uuid, times), nil
}

// furtherLeg is a phone that was rung in a call, or the company's line when one
// of ours called out: that one is left to the record of the first leg.
func (p fsReader) furtherLeg(r fsRecord, call, uuid string, t fsTimes) []models.Event {
	number := cmp.Or(r.text("destination_number"), r.profile().text("destination_number"))
	user := r.text("dialed_user")
	way := direction(r.text("zummer_direction"))
	if way == models.Out || way == "" && user == "" && p.extension(number) == "" {
		return nil
	}
	caller := fsNumber(cmp.Or(r.number("zummer_phone"), r.number("caller_id_number"), r.profile().number("caller_id_number")))
	if way == "" {
		if way = models.In; p.extension(caller) != "" {
			way = models.InternalCall
		}
	}
	e := models.Event{Call: call, Leg: uuid, Direction: way, Phone: caller, DID: r.number("zummer_did"), Disposition: r.text("hangup_cause")}
	if e.Extension, e.Addresses = p.person(user, r.text("dialed_domain"), number); e.Extension == "" {
		return nil
	}
	var out []models.Event
	add := func(what models.EventType, at time.Time) *models.Event {
		e.Type, e.At, e.ID = what, at, uuid+"/"+string(what)
		out = append(out, e)
		return &out[len(out)-1]
	}
	cause := r.text("hangup_cause")
	reason := fsReason(cause)
	switch {
	case !t.progress.IsZero():
		add(models.EventRinging, t.progress)
	case t.answer.IsZero() && !t.silent && reason != models.ReasonUnavailable:
		add(models.EventRinging, t.start) // it does not say whether the phone rang
	}
	if t.answer.IsZero() {
		add(models.EventRingEnded, t.end).Reason = reason
		return out
	}
	add(models.EventAnswered, t.answer)
	if cause == "BLIND_TRANSFER" || cause == "ATTENDED_TRANSFER" {
		add(models.EventTransferred, t.end).ToExtension = p.extension(fsUser(r.text("sip_refer_to")))
	}
	return out
}

// firstLeg is the call itself: who called whom, who talked as far as it knows,
// and the end.
func (p fsReader) firstLeg(r fsRecord, uuid string, t fsTimes) ([]models.Event, error) {
	e := p.described(r, uuid)
	var out []models.Event
	add := func(what models.EventType, id string, at time.Time) *models.Event {
		x := e
		x.Type, x.ID, x.At = what, id, at
		if !what.HasExtension() && (what != models.EventStarted || e.Direction != models.Out) {
			x.Extension = ""
		}
		out = append(out, x)
		return &out[len(out)-1]
	}
	add(models.EventStarted, uuid+"/started", t.start)
	bridges := r.bridges()
	if !t.answer.IsZero() && (len(bridges) > 0 || r.text("bridge_uuid") != "") {
		// A menu and a queue answer too; people talk from the bridge on, which
		// is made before the answer where the far end sends its own tones.
		began := t.answer
		if len(bridges) > 0 && bridges[0].at.After(began) {
			began = bridges[0].at
		}
		talk := max(0, int(t.end.Sub(began)/time.Second))
		if n, err := r.seconds("billsec"); err == nil && n != nil && len(bridges) == 0 {
			talk = *n
		}
		if e.Direction == models.Out && e.Extension != "" {
			add(models.EventAnswered, uuid+"/answered", began)
		}
		for _, b := range bridges {
			if who := p.extension(b.number); e.Direction != models.Out && who != "" && b.uuid != "" {
				x := add(models.EventAnswered, b.uuid+"/answered", b.at)
				x.Extension, x.Leg = who, b.uuid
				if b.at.Before(t.answer) {
					x.At = t.answer
				}
			}
		}
		add(models.EventEnded, uuid+"/ended", t.end).TalkS = &talk
	} else {
		add(models.EventEnded, uuid+"/ended", t.end).Reason = p.unanswered(r)
	}
	last := &out[len(out)-1]
	last.Disposition = r.text("hangup_cause")
	if n, err := r.seconds("duration"); err == nil {
		last.DurationS = n
	}
	if link := r.text("zummer_recording"); link != "" && len(link) <= models.MaxRecording {
		add(models.EventRecording, uuid+"/recording", t.end).Recording = link
	}
	return out, nil
}

// described says whose call the first leg is, and with whom.
func (p fsReader) described(r fsRecord, uuid string) models.Event {
	newest, oldest := r.profile(), r.oldest()
	caller := cmp.Or(oldest.number("caller_id_number"), r.number("caller_id_number"))
	dialled := cmp.Or(oldest.number("destination_number"), r.number("destination_number"), r.number("sip_to_user"))
	e := models.Event{Call: uuid, Direction: direction(r.text("zummer_direction")), Phone: fsNumber(caller),
		Name: models.CutText(cmp.Or(oldest.text("caller_id_name"), r.text("caller_id_name")), models.MaxName), DID: dialled}
	own := p.own(cmp.Or(r.text("user_name"), oldest.text("username")), caller)
	// originate makes a first leg towards one of ours: a call that the CRM or the
	// system itself ordered. The customer is whom it is sent on to.
	ordered := strings.EqualFold(cmp.Or(r.text("direction"), r.side), "outbound")
	if ordered {
		own = p.own(r.text("dialed_user"), dialled)
		dialled = newest.number("destination_number")
		for _, o := range newest.sub("originatee").subs("profiles") {
			if p.extension(dialled) != "" || dialled == "" {
				dialled = o.number("destination_number")
			}
		}
	}
	if e.Direction == "" {
		switch {
		case ordered || own != "" && p.extension(dialled) == "":
			e.Direction = models.Out
		case own != "":
			e.Direction = models.InternalCall
		default:
			e.Direction = models.In
		}
	}
	switch e.Direction {
	case models.Out:
		e.Extension, e.Phone, e.Name, e.DID = cmp.Or(r.text("zummer_extension"), own), dialled, "", ""
	case models.InternalCall:
		e.Phone, e.Name, e.DID = cmp.Or(own, caller), "", ""
	}
	e.Phone, e.DID = cmp.Or(fsNumber(r.number("zummer_phone")), e.Phone), cmp.Or(r.number("zummer_did"), e.DID)
	return e
}

// unanswered is why a call came to nothing: who hung up first, or what became
// of the last phone.
func (p fsReader) unanswered(r fsRecord) string {
	if reason := fsReason(r.text("hangup_cause")); reason != "" {
		return reason
	}
	switch strings.ToLower(r.text("sip_hangup_disposition")) {
	case "recv_cancel", "recv_bye":
		return models.ReasonGaveUp
	}
	return fsReason(cmp.Or(r.text("last_bridge_hangup_cause"), r.text("originate_disposition")))
}

// fsUser is the user of a SIP address: 102 of <sip:102@pbx.example>.
func fsUser(address string) string {
	_, user, _ := strings.Cut(address, ":")
	user, _, _ = strings.Cut(user, "@")
	return user
}
