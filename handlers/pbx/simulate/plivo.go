package simulate

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

// plivoTongue speaks as a number whose answer_url and hangup_url are at the
// hook, and whose calls are dialled by XML with the callbacks that
// docs/pbx/plivo.md asks for. It has no word for a ring, and no times.
func plivoTongue() tongue {
	own := "the length of the last talk: the call's counts from the first answer"
	const silent = "which phones ring is told when they stop, so nobody is shown that his rings"
	return tongue{
		kind: "plivo", undated: true, secret: "Y2Q2ZDgxZmY5YWRiOTI5YmQ1Njg0MTAxZWIyOTc4", settings: map[string]any{"voice_url": "https://example.com/answer"},
		voice: func(to Target) voice { return (&plivoCaller{to: to}).say },
		cannot: map[string]string{
			"consult": "an attended transfer is a conference, whose members are calls of their own without a common key",
		},
		loses: map[string]string{
			"transfer": own, "back": own,
			"direct": silent, "missed": silent, "abandoned": silent, "group": silent, "queue": silent, "hidden": silent, "nameless": silent, "repeat": silent,
			"late": silent, "recording": silent,
			"early-end": "that the call was answered: nothing bears a time, so an answer that comes after the end is not believed",
		},
	}
}

// plivoCaller remembers the legs of one call.
type plivoCaller struct {
	to    Target
	legs  []*plivoLeg
	note  Note
	nonce int
}

// plivoLeg is one number or user of a <Dial>.
type plivoLeg struct {
	id, to, query string
	talking, over bool
}

func (c *plivoCaller) say(step Step) ([]draft, error) {
	e := step.Event
	if c.note == "" {
		c.note = step.Note
	}
	switch e.Type {
	case models.EventStarted:
		return c.begin(&e), nil
	case models.EventRinging:
		first := len(c.legs) == 0
		c.leg(&e)
		if e.Direction == models.InternalCall && first {
			return []draft{c.own("/answer", "", &e, map[string]string{"Event": "StartApp", "CallStatus": "ringing"})}, nil
		}
		return nil, nil // no word for it
	case models.EventAnswered:
		return c.answered(&e), nil
	case models.EventRingEnded:
		return c.hangup(c.leg(&e), &e, plivoCause(e.Reason)), nil
	case models.EventTransferred:
		return c.hangup(c.leg(&e), &e, "Normal Hangup"), nil
	case models.EventRecording:
		return []draft{c.own("/recording", "", &e, map[string]string{"RecordUrl": e.Recording, "RecordingID": "r1", "RecordingDuration": "9", "RecordingDurationMs": "9000"})}, nil
	}
	var out []draft
	for _, l := range c.legs {
		switch {
		case l.talking:
			out = append(out, c.hangup(l, &e, "Normal Hangup")...)
		case e.Direction != models.Out:
			out = append(out, c.hangup(l, &e, plivoCause(e.Reason))...)
		}
	}
	f := map[string]string{"Event": "Hangup", "CallStatus": "completed", "HangupCauseName": "Normal Hangup", "HangupCauseCode": "4000", "HangupSource": "Caller", "Duration": "0"}
	if e.TalkS != nil {
		f["Duration"] = fmt.Sprint(*e.TalkS)
	}
	return append(out, c.own("/hangup", c.query(&e), &e, f)), nil
}

func (c *plivoCaller) begin(e *models.Event) []draft {
	if e.Direction != models.Out || c.note == "" {
		return []draft{c.own("/answer", "", e, map[string]string{"Event": "StartApp", "CallStatus": "ringing"})}
	}
	return []draft{c.own("/click", c.query(e), e, map[string]string{"Event": "Ring", "CallStatus": "ringing"})}
}

// query is what the address of an ordered call's requests says.
func (c *plivoCaller) query(e *models.Event) string {
	if e.Direction != models.Out || c.note == "" {
		return ""
	}
	hints := url.Values{"ext": {"101"}, "dir": {"out"}}
	if e.Extension != "" {
		hints.Set("ext", e.Extension)
	}
	if c.note == Click {
		hints.Set("phone", e.Phone)
	}
	return hints.Encode()
}

func (c *plivoCaller) answered(e *models.Event) []draft {
	if e.Direction == models.Out && c.note == Callback { // the customer is on the A leg, and the person's phone is dialled
		l := c.find(e.Call+"-own", "sip:"+who(e).sip, url.Values{"ext": {e.Extension}, "dir": {"out"}}.Encode())
		l.talking = true
		return []draft{c.own("/click", c.query(e), e, map[string]string{"Event": "StartApp", "CallStatus": "in-progress"}), c.dial(l, e, map[string]string{"DialAction": "answer", "DialBLegStatus": "answer"})}
	}
	if e.Direction == models.Out {
		l := c.find(e.Call+"-b", e.Phone[1:], url.Values{"ext": {e.Extension}, "dir": {"out"}}.Encode())
		l.talking = true
		out := []draft{c.dial(l, e, map[string]string{"DialAction": "answer", "DialBLegStatus": "answer"})}
		if c.note == Click {
			out = append([]draft{c.own("/click", c.query(e), e, map[string]string{"Event": "StartApp", "CallStatus": "in-progress"})}, out...)
		}
		return out
	}
	l := c.leg(e)
	l.talking = true
	out := []draft{c.dial(l, e, map[string]string{"DialAction": "answer", "DialBLegStatus": "answer"}), c.dial(l, e, map[string]string{"DialAction": "connected", "DialBLegStatus": "connected"})}
	for _, o := range c.legs {
		if o != l && !o.talking {
			out = append(out, c.hangup(o, e, plivoCause(models.ReasonElsewhere))...)
		}
	}
	return out
}

// hangup ends a leg once.
func (c *plivoCaller) hangup(l *plivoLeg, e *models.Event, cause string) []draft {
	if l.over {
		return nil
	}
	l.over, l.talking = true, false
	return []draft{c.dial(l, e, map[string]string{"DialAction": "hangup", "DialBLegStatus": "hangup", "DialBLegHangupCauseName": cause})}
}

// leg is that of a person.
func (c *plivoCaller) leg(e *models.Event) *plivoLeg {
	p := who(e)
	if p.ext == "" {
		return c.find(e.Leg, p.tel[1:], "")
	}
	return c.find(e.Leg, "sip:"+p.sip, "")
}

func (c *plivoCaller) find(id, to, query string) *plivoLeg {
	for _, l := range c.legs {
		if l.id == id {
			return l
		}
	}
	l := &plivoLeg{id: id, to: to, query: query}
	c.legs = append(c.legs, l)
	return l
}

// dial is a callback of <Dial> about a leg.
func (c *plivoCaller) dial(l *plivoLeg, e *models.Event, f map[string]string) draft {
	f["Event"], f["DialALegUUID"], f["DialBLegUUID"], f["DialBLegTo"], f["DialBLegFrom"] = "Dial", e.Call, l.id, l.to, c.from(e)
	return c.post("/leg", l.query, f)
}

// own is a request about the A leg.
func (c *plivoCaller) own(path, query string, e *models.Event, f map[string]string) draft {
	f["CallUUID"], f["ALegUUID"], f["RequestUUID"], f["Direction"], f["From"], f["To"] = e.Call, e.Call, e.Call, "inbound", c.from(e), e.DID
	switch {
	case e.Direction == models.InternalCall:
		f["To"] = c.legs[0].to
	case e.Direction == models.Out && c.note == "":
		f["From"], f["To"] = "sip:101@pbx.example", e.Phone[1:]
	case e.Direction == models.Out:
		f["Direction"], f["To"] = "outbound", e.Phone[1:]
		if c.note == Click {
			f["To"] = "sip:101@pbx.example"
		}
	default:
		if e.Name != "" {
			f["CallerName"] = e.Name
		}
	}
	return c.post(path, query, f)
}

func (c *plivoCaller) from(e *models.Event) string {
	switch {
	case e.Direction == models.InternalCall:
		return "sip:" + personOf(e.Phone, nil).sip
	case e.Direction == models.Out:
		return "74951234567"
	case e.Phone[0] == '+':
		return e.Phone[1:]
	}
	return e.Phone
}

func (c *plivoCaller) post(path, query string, f map[string]string) draft {
	form := url.Values{}
	for name, value := range f {
		form.Set(name, value)
	}
	c.nonce++
	nonce := fmt.Sprintf("31627761595286%06d", c.nonce)
	return draft{path: path, query: query, contentType: "application/x-www-form-urlencoded", body: []byte(form.Encode()), sign: func(req *http.Request, _ []byte, _ time.Time) error {
		req.Header.Set("X-Plivo-Signature-V3-Nonce", nonce)
		req.Header.Set("X-Plivo-Signature-V3", pbx.SignPlivo(c.to.Secret, req.Method, req.URL.String(), nonce, form))
		return nil
	}}
}

func plivoCause(reason string) string {
	switch reason {
	case models.ReasonElsewhere:
		return "Lost Race"
	case models.ReasonBusy:
		return "Busy Line"
	case models.ReasonDeclined:
		return "Rejected"
	case models.ReasonGaveUp:
		return "Cancelled"
	case models.ReasonUnavailable:
		return "Endpoint Not Registered"
	}
	return "No Answer"
}
