package simulate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"

	"zummer/models"
)

// mangoTongue speaks as the API коннектор of Mango Office does.
func mangoTongue() tongue {
	return tongue{
		kind: "mango", secret: "testsalt000000000000000000000000", settings: map[string]any{"vpbx_api_key": "testkey0000000000000000000000000"},
		voice: func(to Target) voice {
			m := &mangoVoice{to: to, seq: map[string]int{}, call: map[string]string{}, ringing: map[string]bool{}, who: map[string]person{}}
			return m.say
		},
	}
}

// mangoVoice tells one call.
type mangoVoice struct {
	to      Target
	drafts  []draft
	seq     map[string]int    // of each call_id
	call    map[string]string // person → call_id of their leg
	ringing map[string]bool
	order   []string // of those who rang
	talking string
	dialler string // of an outgoing call
	menu    string // call_id before anybody rings; "": none (any more)
	from    string // the leg that the next one is taken from
	who     map[string]person
}

// mangoParty is a from or a to.
type mangoParty map[string]any

func (m *mangoVoice) say(step Step) ([]draft, error) {
	m.drafts = nil
	e := &step.Event
	name := e.Extension
	if name == "" && len(e.Addresses) > 0 {
		name = e.Addresses[0]
	}
	if e.Type.HasExtension() || e.Direction == models.Out && e.Extension != "" {
		m.who[name] = who(e)
	}
	switch {
	case e.Direction == models.Out:
		m.outgoing(step, name)
	case e.Type == models.EventStarted:
		m.menu = e.Call + "/menu"
		m.notify(e, m.menu, "Appeared", "ivr", m.customer(e), mangoParty{"number": withoutPlus(e.DID), "line_number": withoutPlus(e.DID)}, nil)
	case e.Type == models.EventRinging:
		m.ring(step, name)
	case e.Type == models.EventAnswered:
		m.answer(e, name)
	case e.Type == models.EventRingEnded:
		m.hangup(e, name, mangoCode(e.Reason))
	case e.Type == models.EventTransferred:
		m.transfer(step, name)
	case e.Type == models.EventEnded:
		m.end(e)
	case e.Type == models.EventRecording:
		m.post("/events/record/added", map[string]any{"entry_id": e.Call, "product_id": 300022532, "user_id": -1, "timestamp": e.At.Unix(), "recording_id": "rec-" + e.Call})
	}
	return m.drafts, nil
}

// withoutPlus is a number as Mango writes it, without the plus.
func withoutPlus(s string) string { return strings.TrimPrefix(s, "+") }

// customer is the calling party: the number is left out when it is hidden.
func (m *mangoVoice) customer(e *models.Event) mangoParty {
	p := mangoParty{}
	if e.Direction == models.InternalCall {
		p["extension"], p["number"] = e.Phone, "sip:"+personOf(e.Phone, nil).sip
	} else if e.Phone != "anonymous" {
		p["number"] = withoutPlus(e.Phone)
	}
	if m.from != "" {
		p["taken_from_call_id"] = m.from
	}
	return p
}

// employee is the party that is called, at their phone.
func (m *mangoVoice) employee(e *models.Event, name string) mangoParty {
	w := m.who[name]
	p := mangoParty{"extension": w.ext, "number": "sip:" + w.sip}
	if w.ext == "" { // somebody at a mobile phone
		p = mangoParty{"number": withoutPlus(w.tel)}
	}
	if e.Direction == models.In {
		p["line_number"] = withoutPlus(e.DID)
	}
	return p
}

func (m *mangoVoice) ring(step Step, name string) {
	e := &step.Event
	if m.menu != "" { // the call leaves the menu
		m.notify(e, m.menu, "Disconnected", "ivr", m.customer(e), mangoParty{"number": withoutPlus(e.DID), "line_number": withoutPlus(e.DID)}, map[string]any{"disconnect_reason": 1100})
		m.from, m.menu = m.menu, ""
	}
	more := map[string]any{}
	switch step.Note {
	case Returned:
		more["transfer"] = "return_blind"
	case Blind:
		more["transfer"] = "blind"
	}
	id := m.call[name]
	if id == "" || step.Note != Blind { // a blind transfer has its leg already; the phones of one round share theirs
		id = e.Call + e.Leg[strings.LastIndexByte(e.Leg, '/'):]
		m.call[name] = id
	}
	if !m.ringing[name] {
		m.order = append(m.order, name)
	}
	m.ringing[name] = true
	m.notify(e, id, "Appeared", "abonent", m.customer(e), m.employee(e, name), more)
}

// answer connects one and takes the call off the others' phones.
func (m *mangoVoice) answer(e *models.Event, name string) {
	delete(m.ringing, name)
	m.notify(e, m.call[name], "Connected", "abonent", m.customer(e), m.employee(e, name), nil)
	for _, other := range m.order {
		if m.ringing[other] {
			m.hangup(e, other, 1182)
		}
	}
	m.talking, m.order = name, nil
}

// hangup ends one leg, unless that has been told.
func (m *mangoVoice) hangup(e *models.Event, name string, code int) {
	if !m.ringing[name] && m.talking != name {
		return
	}
	delete(m.ringing, name)
	m.notify(e, m.call[name], "Disconnected", "abonent", m.customer(e), m.employee(e, name), map[string]any{"disconnect_reason": code})
}

// transfer puts the customer on hold and calls the colleague; with the hang-up
// of the first the customer takes the place of who called.
func (m *mangoVoice) transfer(step Step, name string) {
	e := &step.Event
	next, leg := e.ToExtension, e.Call+"/to-"+e.ToExtension
	m.who[next] = personOf(next, nil)
	first := m.call[name]
	self := mangoParty{"extension": m.who[name].ext, "number": "sip:" + m.who[name].sip}
	to := mangoParty{"extension": m.who[next].ext, "number": "sip:" + m.who[next].sip}
	m.notify(e, first, "OnHold", "abonent", m.customer(e), m.employee(e, name), nil)
	if step.Note == Attended {
		self["taken_from_call_id"] = first
		more := map[string]any{"transfer": "consultative"}
		m.notify(e, leg, "Appeared", "abonent", self, to, more)
		m.notify(e, leg, "Connected", "abonent", self, to, more)
	} else {
		m.notify(e, leg, "Appeared", "abonent", self, to, nil)
	}
	gone := m.customer(e)
	gone["was_transferred"] = true
	m.notify(e, first, "Disconnected", "abonent", gone, m.employee(e, name), map[string]any{"disconnect_reason": 1120})
	m.call[next], m.from, m.talking = leg, first, ""
}

// outgoing tells of a call to the customer. One that the CRM or Mango itself
// ordered rings the manager first, in a leg of its own.
func (m *mangoVoice) outgoing(step Step, name string) {
	e := &step.Event
	first, second := e.Call+"/1", e.Call+"/2"
	more := map[string]any{}
	switch step.Note {
	case Click:
		more["command_id"] = "cmd-" + e.Call
	case Callback:
		more["callback_initiator"] = "MissGroupСallCallback" // with a Cyrillic С, as it is printed
	default:
		second = first
	}
	if name == "" {
		name = m.dialler
	}
	w := m.who[name]
	m.dialler = name
	self := mangoParty{"extension": w.ext, "number": "sip:" + w.sip}
	if second != first {
		self["taken_from_call_id"] = first
	}
	customer := mangoParty{"number": withoutPlus(e.Phone)}
	switch {
	case e.Type == models.EventStarted && second != first:
		m.notify(e, first, "Appeared", "abonent", customer, m.employee(e, name), more)
	case e.Type == models.EventStarted:
		m.notify(e, first, "Appeared", "abonent", self, customer, more)
	case e.Type == models.EventAnswered:
		if second != first {
			m.notify(e, first, "Connected", "abonent", customer, m.employee(e, name), more)
			more["disconnect_reason"] = 1000
			m.notify(e, first, "Disconnected", "abonent", customer, m.employee(e, name), more)
			delete(more, "disconnect_reason")
			m.notify(e, second, "Appeared", "abonent", self, customer, more)
		}
		m.notify(e, second, "Connected", "abonent", self, customer, more)
	case e.Type == models.EventEnded:
		more["disconnect_reason"] = 1110
		m.notify(e, second, "Disconnected", "abonent", self, customer, more)
		m.summary(e, self, customer)
	}
}

// end hangs all phones up and sums the call up.
func (m *mangoVoice) end(e *models.Event) {
	code := mangoCode(e.Reason)
	for _, name := range m.order {
		m.hangup(e, name, code)
	}
	to := mangoParty{}
	if m.talking != "" {
		to = m.employee(e, m.talking)
		m.hangup(e, m.talking, 1110)
	}
	delete(to, "line_number")
	from := m.customer(e)
	delete(from, "taken_from_call_id")
	m.summary(e, from, to)
}

func (m *mangoVoice) summary(e *models.Event, from, to mangoParty) {
	f := map[string]any{"entry_id": e.Call, "call_direction": map[models.Direction]int{models.InternalCall: 0, models.In: 1, models.Out: 2}[e.Direction],
		"from": from, "to": to, "create_time": e.At.Unix() - 30, "forward_time": 0, "talk_time": 0, "end_time": e.At.Unix(), "entry_result": 0, "disconnect_reason": mangoCode(e.Reason)}
	if e.Direction == models.In {
		f["line_number"] = withoutPlus(e.DID)
	}
	if e.TalkS != nil {
		f["talk_time"], f["entry_result"], f["disconnect_reason"] = e.At.Unix()-int64(*e.TalkS), 1, 1110
	}
	m.post("/events/summary", f)
}

// notify is one events/call.
func (m *mangoVoice) notify(e *models.Event, id, state, location string, from, to mangoParty, more map[string]any) {
	m.seq[id]++
	f := map[string]any{"entry_id": e.Call, "call_id": id, "timestamp": e.At.Unix(), "seq": m.seq[id], "call_state": state, "location": location, "from": from, "to": to}
	for name, v := range more {
		f[name] = v
	}
	m.post("/events/call", f)
}

// post signs; the key and the salt are those of the source.
func (m *mangoVoice) post(path string, f map[string]any) {
	text, err := json.Marshal(f)
	if err != nil { // texts and numbers only
		return
	}
	key := m.to.setting("vpbx_api_key", "")
	sum := sha256.Sum256([]byte(key + string(text) + m.to.Secret))
	form := url.Values{"vpbx_api_key": {key}, "sign": {hex.EncodeToString(sum[:])}, "json": {string(text)}}
	m.drafts = append(m.drafts, draft{path: path, contentType: "application/x-www-form-urlencoded", body: []byte(form.Encode())})
}

// mangoCode is the disconnect_reason of a reason.
func mangoCode(reason string) int {
	switch reason {
	case models.ReasonNoAnswer:
		return 1111
	case models.ReasonGaveUp:
		return 1110
	case models.ReasonBusy:
		return 1121
	case models.ReasonDeclined:
		return 1122
	case models.ReasonUnavailable:
		return 1131
	case models.ReasonElsewhere:
		return 1182
	}
	return 1100
}
