package simulate

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

// twilioTongue speaks as a number whose Voice URL and status callbacks are at
// the hook, and whose calls are dialled by TwiML with the callbacks that
// docs/pbx/twilio.md asks for.
func twilioTongue() tongue {
	return tongue{
		kind: "twilio", secret: "12345", settings: map[string]any{"account_sid": "AC00000000000000000000000000000001", "voice_url": "https://example.com/menu"},
		voice: func(to Target) voice {
			return (&twilioCaller{to: to}).say
		},
		cannot: map[string]string{
			"consult": "an attended transfer is a conference, whose participants are calls of their own without a common key",
		},
		loses: map[string]string{
			"early-end": "the end tells no talk, so until the answer arrives the call counts as missed",
			"transfer":  "the length of the last talk: only legs have one, and the call's counts from the first answer",
			"back":      "the length of the last talk: only legs have one, and the call's counts from the first answer",
		},
	}
}

// twilioCaller remembers the legs of one call.
type twilioCaller struct {
	to   Target
	legs []*twilioLeg
	last *twilioLeg
	note Note
}

// twilioLeg is one noun of a <Dial>.
type twilioLeg struct {
	sid, address, query string // sid is the story's key of the leg
	seq                 int
	answered            time.Time
	over                bool
}

func (c *twilioCaller) say(step Step) ([]draft, error) {
	e := step.Event
	if c.note == "" {
		c.note = step.Note
	}
	switch e.Type {
	case models.EventStarted:
		return c.begin(&e), nil
	case models.EventRinging:
		var out []draft
		if e.Direction == models.InternalCall {
			out = c.voiceURL(&e, "client:"+e.Phone, "client:"+who(&e).login)
		}
		l := c.leg(&e)
		return append(out, c.child(l, &e, "initiated", nil), c.child(l, &e, "ringing", nil)), nil
	case models.EventAnswered:
		return c.answered(&e), nil
	case models.EventRingEnded:
		l := c.leg(&e)
		l.over = true
		return []draft{c.child(l, &e, twilioStatus(e.Reason), nil)}, nil
	case models.EventTransferred:
		l := c.leg(&e)
		l.over = true
		return []draft{c.child(l, &e, "completed", l)}, nil
	case models.EventRecording:
		return []draft{c.post("/recording", "", map[string]string{"CallSid": e.Call, "RecordingSid": "RE1", "RecordingStatus": "completed", "RecordingDuration": "9", "RecordingChannels": "2",
			"RecordingUrl": "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000001/Recordings/RE1"})}, nil
	}
	return c.ended(&e), nil
}

// begin: the Voice URL is asked about a caller's or a softphone's call; a call
// of the REST API has callbacks only.
func (c *twilioCaller) begin(e *models.Event) []draft {
	switch {
	case e.Direction != models.Out:
		return c.voiceURL(e, e.Phone, e.DID)
	case c.note == "":
		return append(c.voiceURL(e, "client:"+who(e).login, e.Phone), c.outLegs(e, "initiated", "ringing")...)
	}
	return []draft{c.rest(e, "initiated", 0), c.rest(e, "ringing", 1)}
}

// outLegs is the customer's leg of an outgoing call.
func (c *twilioCaller) outLegs(e *models.Event, states ...string) []draft {
	l := c.leg(e)
	l.address, l.query = e.Phone, url.Values{"ext": {e.Extension}, "dir": {"out"}}.Encode()
	var out []draft
	for _, s := range states {
		out = append(out, c.child(l, e, s, nil))
	}
	return out
}

// rest is the first leg of a call that the REST API ordered: the manager's own
// phone when the CRM did it, the customer's when a program called them back.
func (c *twilioCaller) rest(e *models.Event, status string, seq int) draft {
	hints, to := url.Values{"ext": {e.Extension}, "dir": {"out"}}, e.Phone
	if c.note == Click {
		hints.Set("phone", e.Phone)
		to = "client:" + who(e).login
	}
	return c.callback(e, hints.Encode(), map[string]string{"CallSid": e.Call, "CallStatus": status, "Direction": "outbound-api", "From": "+15005550006", "To": to, "SequenceNumber": fmt.Sprint(seq)})
}

func (c *twilioCaller) answered(e *models.Event) []draft {
	switch {
	case e.Direction == models.Out && c.note == Callback:
		return []draft{c.rest(e, "in-progress", 2)}
	case e.Direction == models.Out && c.note == Click:
		return append([]draft{c.rest(e, "in-progress", 2)}, c.outLegs(e, "initiated", "ringing", "in-progress")...)
	case e.Direction == models.Out:
		return c.outLegs(e, "in-progress")
	}
	l := c.leg(e)
	l.answered = e.At
	out := []draft{c.child(l, e, "in-progress", nil)}
	for _, o := range c.legs {
		if o != l && !o.over && o.answered.IsZero() {
			o.over = true
			out = append(out, c.child(o, e, "canceled", nil))
		}
	}
	c.last = l
	return out
}

// ended: the legs that still are, then the caller's own.
func (c *twilioCaller) ended(e *models.Event) []draft {
	var out []draft
	if c.last != nil {
		out = append(out, c.child(c.last, e, "completed", c.last))
	}
	for _, l := range c.legs {
		if e.Direction != models.Out && l.answered.IsZero() && !l.over {
			out = append(out, c.child(l, e, twilioStatus(e.Reason), nil))
		}
	}
	f := map[string]string{"CallSid": e.Call, "CallStatus": twilioStatus(e.Reason), "Direction": "inbound", "From": e.Phone, "To": e.DID, "SequenceNumber": "3"}
	query := ""
	switch {
	case e.Direction == models.InternalCall:
		f["From"], f["To"] = "client:"+e.Phone, "client:102"
	case e.Direction == models.Out && c.note == "":
		f["From"], f["To"] = "client:101", e.Phone
	case e.Direction == models.Out:
		d := c.rest(e, "completed", 3)
		form, _ := url.ParseQuery(string(d.body))
		f["Direction"], f["From"], f["To"], query = "outbound-api", form.Get("From"), form.Get("To"), d.query
	}
	if e.TalkS != nil {
		f["CallStatus"], f["CallDuration"], f["Duration"] = "completed", fmt.Sprint(*e.TalkS), "1"
	}
	return append(out, c.callback(e, query, f))
}

// leg finds or makes the leg of an event's person: each attempt has its own.
func (c *twilioCaller) leg(e *models.Event) *twilioLeg {
	sid := e.Leg
	if e.Direction == models.Out {
		sid = e.Call + "-customer"
	}
	for _, l := range c.legs {
		if l.sid == sid {
			return l
		}
	}
	p := who(e)
	l := &twilioLeg{sid: sid, address: p.tel}
	if p.ext != "" {
		l.address, l.query = "client:"+p.login, url.Values{"ext": {p.ext}}.Encode()
	}
	c.legs = append(c.legs, l)
	return l
}

// child is a callback of a leg; talked names it when it ends after a talk.
func (c *twilioCaller) child(l *twilioLeg, e *models.Event, status string, talked *twilioLeg) draft {
	from := e.Phone
	switch e.Direction {
	case models.InternalCall:
		from = "client:" + e.Phone
	case models.Out:
		from = "+15005550006"
	}
	f := map[string]string{"CallSid": l.sid, "ParentCallSid": e.Call, "CallStatus": status, "Direction": "outbound-dial", "From": from, "To": l.address, "SequenceNumber": fmt.Sprint(l.seq)}
	l.seq++
	if talked != nil && !talked.answered.IsZero() {
		f["CallDuration"], f["Duration"] = fmt.Sprint(int(e.At.Truncate(time.Second).Sub(talked.answered.Truncate(time.Second))/time.Second)), "1"
	}
	return c.callback(e, l.query, f)
}

// callback is an asynchronous request, which bears a time.
func (c *twilioCaller) callback(e *models.Event, query string, f map[string]string) draft {
	f["CallbackSource"], f["Timestamp"] = "call-progress-events", e.At.UTC().Format(time.RFC1123Z)
	if e.At.IsZero() {
		delete(f, "Timestamp")
	}
	return c.post("/status", query, f)
}

// voiceURL is asked only of a source that knows what to answer.
func (c *twilioCaller) voiceURL(e *models.Event, from, to string) []draft {
	if c.to.setting("voice_url", "") == "" && c.to.Settings["dial"] == nil {
		return nil
	}
	return []draft{c.post("/voice", "", map[string]string{"CallSid": e.Call, "CallStatus": "ringing", "Direction": "inbound", "From": from, "To": to, "CallerName": e.Name})}
}

func (c *twilioCaller) post(path, query string, f map[string]string) draft {
	form := url.Values{"AccountSid": {c.to.setting("account_sid", "AC00000000000000000000000000000001")}, "ApiVersion": {"2010-04-01"}}
	for name, value := range f {
		form.Set(name, value)
	}
	return draft{path: path, query: query, contentType: "application/x-www-form-urlencoded; charset=UTF-8", body: []byte(form.Encode()),
		sign: func(req *http.Request, _ []byte, _ time.Time) error {
			req.Header.Set("X-Twilio-Signature", pbx.SignTwilio(c.to.Secret, req.URL.String(), form))
			return nil
		}}
}

// twilioStatus is the CallStatus of a leg that was not answered.
func twilioStatus(reason string) string {
	switch reason {
	case models.ReasonBusy, models.ReasonDeclined:
		return "busy"
	case models.ReasonGaveUp, models.ReasonElsewhere:
		return "canceled"
	case models.ReasonUnavailable:
		return "failed"
	}
	return "no-answer"
}
