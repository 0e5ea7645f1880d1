package simulate

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"zummer/models"
)

// mikoTongue speaks as MikoPBX does with the templates of docs/pbx/mikopbx.md.
func mikoTongue() tongue {
	const noLength = "the length of the talk is not told: it counts from the first answer"
	return tongue{
		kind: "mikopbx", undated: true,
		voice: func(to Target) voice {
			m := &mikoVoice{zone: to.Zone, ringing: map[string]string{}}
			return m.say
		},
		cannot: map[string]string{"nameless": "it tells of people who have an extension, and of no others"},
		loses: map[string]string{"abandoned": "a hang-up does not say who hung up",
			"early-end": "an end says nothing of the talk, and is a missed call until the answer comes", "transfer": noLength, "consult": noLength, "back": noLength},
	}
}

// mikoVoice tells one call.
type mikoVoice struct {
	zone    *time.Location
	drafts  []draft
	ringing map[string]string // extension → uid
	talking string
	uid     string // of who talks
	dialler string
	asked   bool // a consultation: the next answer is told in its own way
}

func (m *mikoVoice) say(step Step) ([]draft, error) {
	m.drafts = nil
	e := &step.Event
	customer := withoutPlus(e.Phone)
	switch {
	case e.Type == models.EventStarted && e.Direction == models.Out:
		m.dialler, m.uid = e.Extension, e.Call+"_out"
		m.get(e, "ring", "uid", m.uid, "user", m.dialler, "client", customer, "src", m.dialler, "dst", customer, "type", "outgoing", "action", "call")
	case e.Type == models.EventAnswered && e.Direction == models.Out:
		m.talking = m.dialler
		m.get(e, "answer", "uid", m.uid, "user", m.dialler, "src", m.dialler, "dst", customer, "action", "answer")
	case e.Type == models.EventStarted: // the only one without a date
		m.get(&models.Event{Call: e.Call, DID: e.DID}, "incoming", "number", customer)
	case e.Type == models.EventRinging:
		m.ring(e, customer)
	case e.Type == models.EventAnswered:
		m.answer(e, customer)
	case e.Type == models.EventRingEnded:
		m.hangup(e, e.Extension)
	case e.Type == models.EventTransferred && step.Note == Attended:
		m.asked = true
		next := e.ToExtension
		m.get(e, "ring", "uid", e.Leg+"_ask", "user", next, "client", e.Extension, "gsrc", customer, "src", e.Extension, "dst", next, "type", "incoming", "action", "call")
		m.get(e, "answer", "uid", e.Leg+"_ask", "user", next, "src", e.Extension, "dst", next, "action", "answer")
	case e.Type == models.EventTransferred:
		m.get(e, "hangup", "uid", m.uid, "user", e.Extension, "action", "hangup")
	case e.Type == models.EventEnded:
		m.end(step, customer)
	}
	return m.drafts, nil
}

// ring calls one employee; an internal call is told to both.
func (m *mikoVoice) ring(e *models.Event, src string) {
	m.ringing[e.Extension] = e.Leg
	if e.Direction == models.InternalCall {
		m.dialler = src
		m.get(e, "ring", "uid", e.Leg, "user", src, "client", e.Extension, "src", src, "dst", e.Extension, "type", "inner", "action", "call")
		m.get(e, "ring", "uid", e.Leg, "user", e.Extension, "client", e.Extension, "src", src, "dst", e.Extension, "type", "inner", "action", "call")
		return
	}
	m.get(e, "ring", "uid", e.Leg, "user", e.Extension, "client", src, "src", src, "dst", e.Extension, "type", "incoming", "action", "call")
}

// answer connects one and hangs the other phones up.
func (m *mikoVoice) answer(e *models.Event, src string) {
	before, uid := m.talking, m.uid
	m.talking, m.uid = e.Extension, e.Leg
	switch user := e.Extension; {
	case m.asked: // who asked hangs up, and the two are told of anew, without a type
		m.asked = false
		m.get(e, "ring", "uid", e.Leg, "user", user, "src", src, "dst", user, "action", "call")
		m.get(e, "answer", "uid", e.Leg, "user", user, "action", "answer")
		m.get(e, "hangup", "uid", uid, "user", before, "action", "hangup")
	case e.Direction == models.InternalCall:
		m.get(e, "answer", "uid", e.Leg, "user", src, "src", src, "dst", user, "action", "answer")
	default:
		m.get(e, "answer", "uid", e.Leg, "user", user, "src", src, "dst", user, "action", "answer")
	}
	delete(m.ringing, e.Extension)
	m.hangupAll(e)
}

// hangup ends one phone's ring, unless that has been told.
func (m *mikoVoice) hangup(e *models.Event, ext string) {
	if uid := m.ringing[ext]; uid != "" {
		m.get(e, "hangup", "uid", uid, "user", ext, "action", "hangup")
	}
	delete(m.ringing, ext)
}

func (m *mikoVoice) hangupAll(e *models.Event) {
	for _, ext := range sortedKeys(m.ringing) {
		m.hangup(e, ext)
	}
}

// end hangs up and tells of the whole call.
func (m *mikoVoice) end(step Step, customer string) {
	e := &step.Event
	m.hangupAll(e)
	src, dst := customer, m.talking
	if e.Direction == models.Out {
		src, dst = m.dialler, customer
	}
	if m.talking != "" {
		m.get(e, "hangup", "uid", m.uid, "user", m.talking, "action", "hangup")
	}
	missed, file := "1", ""
	if e.TalkS != nil {
		missed = ""
	}
	if step.Note == WithRecording {
		file = "/storage/usbdisk1/mikopbx/astspool/monitor/" + e.Call + ".mp3"
	}
	m.get(e, "end", "uid", m.uid, "user", m.talking, "src", src, "dst", dst, "gmissed", missed, "file", file, "action", "end-call-global")
}

// get is one request: pairs are names and values of the template.
func (m *mikoVoice) get(e *models.Event, ev string, pairs ...string) {
	q := url.Values{"ev": {ev}, "id": {e.Call}, "did": {withoutPlus(e.DID)}}
	if !e.At.IsZero() {
		q.Set("date", e.At.In(m.zone).Format("2006-01-02T15:04:05-07:00"))
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	m.drafts = append(m.drafts, draft{method: http.MethodGet, query: strings.ReplaceAll(q.Encode(), "+", "%20")})
}

// sortedKeys lists the keys of a map in order, so that the same story is told
// in the same words.
func sortedKeys(m map[string]string) []string {
	return slices.Sorted(maps.Keys(m))
}
