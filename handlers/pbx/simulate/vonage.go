package simulate

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

// vonageTongue speaks as an application whose event_url is the hook, and whose
// connect actions have the eventUrl that docs/pbx/vonage.md asks for.
func vonageTongue() tongue {
	own := "the length of the last talk: only legs have one, and the call's counts from the first answer"
	return tongue{
		kind: "vonage", secret: "vonage-signature-secret-0123456789ab", settings: map[string]any{"ncco": `[{"action":"talk","text":"One moment"}]`},
		voice: func(to Target) voice { return (&vonageCaller{to: to}).say },
		cannot: map[string]string{
			"consult": "the consultation is a conversation of its own, and no event says which of its legs goes over",
		},
		loses: map[string]string{
			"transfer": own, "back": own,
			"early-end": "the end tells no talk, so until the answer arrives the call counts as missed",
		},
	}
}

// vonageCaller remembers the legs of one call.
type vonageCaller struct {
	to   Target
	legs []*vonageLeg
	note Note
	n    int
}

type vonageLeg struct {
	id, to, query, direction string
	talkingSince             time.Time
	talking, over            bool
}

func (c *vonageCaller) say(step Step) ([]draft, error) {
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
			out = c.begin(&e)
		}
		l := c.leg(&e)
		return append(out, c.event(l, &e, "started", nil), c.event(l, &e, "ringing", nil)), nil
	case models.EventAnswered:
		return c.answered(&e), nil
	case models.EventRingEnded:
		return c.hangup(c.leg(&e), &e), nil
	case models.EventTransferred:
		return c.hangup(c.leg(&e), &e), nil
	case models.EventRecording:
		return []draft{c.post("/event", "", map[string]any{"recording_url": e.Recording, "recording_uuid": "r1", "size": 12222, "conversation_uuid": e.Call,
			"start_time": e.At.UTC().Format(time.RFC3339), "end_time": e.At.UTC().Format(time.RFC3339), "timestamp": vonageStamp(&e)})}, nil
	}
	var out []draft
	for _, l := range c.legs {
		if l.direction == "outbound" {
			out = append(out, c.hangup(l, &e)...)
		}
	}
	if a := c.a(&e); e.Direction != models.Out || c.note == "" {
		a.talking = true // the NCCO took it
		out = append(out, c.hangup(a, &e)...)
	}
	return out, nil
}

// a is the leg of whoever called the application.
func (c *vonageCaller) a(e *models.Event) *vonageLeg {
	to := strings.TrimPrefix(e.DID, "+")
	switch e.Direction {
	case models.InternalCall:
		to = who(e).ext
	case models.Out:
		to = strings.TrimPrefix(e.Phone, "+")
	}
	return c.find(e.Call+"-a", to, "", "inbound")
}

func (c *vonageCaller) begin(e *models.Event) []draft {
	switch {
	case e.Direction == models.Out && c.note == Click:
		l := c.leg(e)
		return []draft{c.event(l, e, "started", nil), c.event(l, e, "ringing", nil)}
	case e.Direction == models.Out && c.note == Callback:
		l := c.customer(e)
		return []draft{c.event(l, e, "started", nil), c.event(l, e, "ringing", nil)}
	}
	a := c.a(e)
	out := []draft{c.event(a, e, "started", nil), c.event(a, e, "ringing", nil)}
	if c.to.setting("ncco", "") != "" {
		out = append(out, c.post("/answer", "", map[string]any{"from": c.from(a, e), "to": a.to, "uuid": a.id, "conversation_uuid": e.Call, "region_url": "https://api-eu-3.vonage.com"}))
	}
	out = append(out, c.event(a, e, "answered", map[string]any{"start_time": nil, "rate": nil, "network": nil}))
	if e.Direction == models.Out {
		l := c.customer(e)
		out = append(out, c.event(l, e, "started", nil), c.event(l, e, "ringing", nil))
	}
	return out
}

func (c *vonageCaller) answered(e *models.Event) []draft {
	l := c.leg(e)
	var out []draft
	if e.Direction == models.Out {
		if c.note == Click {
			l.talking, l.talkingSince = true, e.At
			b := c.customer(e)
			out = append(out, c.event(l, e, "answered", nil), c.event(b, e, "started", nil), c.event(b, e, "ringing", nil))
		}
		l = c.customer(e)
	}
	l.talking, l.talkingSince = true, e.At
	out = append(out, c.event(l, e, "answered", map[string]any{"start_time": nil, "rate": nil, "network": nil}))
	for _, o := range c.legs {
		if o.direction == "outbound" && !o.talking && !o.over && e.Direction != models.Out {
			o.over = true
			out = append(out, c.event(o, e, "cancelled", nil))
		}
	}
	return out
}

// hangup ends a leg once, talking or not.
func (c *vonageCaller) hangup(l *vonageLeg, e *models.Event) []draft {
	if l.over {
		return nil
	}
	l.over = true
	if l.talking {
		length := 0
		if !l.talkingSince.IsZero() {
			length = int(e.At.Sub(l.talkingSince) / time.Second)
		}
		return []draft{c.event(l, e, "completed", map[string]any{"duration": fmt.Sprint(length), "start_time": vonageStamp(e), "end_time": vonageStamp(e), "rate": "0.00450000", "price": "0.00015000", "network": "23410"})}
	}
	switch e.Reason {
	case models.ReasonBusy:
		return []draft{c.event(l, e, "busy", nil)}
	case models.ReasonDeclined:
		return []draft{c.event(l, e, "rejected", map[string]any{"detail": "declined"})}
	case models.ReasonGaveUp, models.ReasonElsewhere:
		return []draft{c.event(l, e, "cancelled", nil)}
	case models.ReasonUnavailable:
		return []draft{c.event(l, e, "failed", map[string]any{"detail": "cannot_route"})}
	}
	return []draft{c.event(l, e, "unanswered", map[string]any{"detail": "timeout"})}
}

// customer is the far end of an outgoing call.
func (c *vonageCaller) customer(e *models.Event) *vonageLeg {
	return c.find(e.Call+"-b", strings.TrimPrefix(e.Phone, "+"), url.Values{"ext": {e.Extension}, "dir": {"out"}}.Encode(), "outbound")
}

// leg is that of a person.
func (c *vonageCaller) leg(e *models.Event) *vonageLeg {
	p := who(e)
	switch {
	case e.Direction == models.Out && c.note == Click:
		return c.find(e.Call+"-own", p.login, url.Values{"ext": {p.ext}, "dir": {"out"}, "phone": {e.Phone}}.Encode(), "outbound")
	case e.Direction == models.Out:
		return c.customer(e)
	case p.ext == "":
		return c.find(e.Leg, strings.TrimPrefix(p.tel, "+"), "", "outbound")
	}
	return c.find(e.Leg, "sip:"+p.sip, url.Values{"ext": {p.ext}}.Encode(), "outbound")
}

func (c *vonageCaller) find(id, to, query, direction string) *vonageLeg {
	for _, l := range c.legs {
		if l.id == id {
			return l
		}
	}
	l := &vonageLeg{id: id, to: to, query: query, direction: direction}
	c.legs = append(c.legs, l)
	return l
}

func (c *vonageCaller) from(l *vonageLeg, e *models.Event) string {
	switch {
	case e.Direction == models.Out && l.direction == "inbound":
		return "101" // the user of the softphone
	case e.Direction == models.Out:
		return "74951234567"
	}
	return strings.TrimPrefix(e.Phone, "+")
}

// event is a status of a leg.
func (c *vonageCaller) event(l *vonageLeg, e *models.Event, status string, more map[string]any) draft {
	f := map[string]any{"from": c.from(l, e), "to": l.to, "uuid": l.id, "conversation_uuid": e.Call, "status": status, "direction": l.direction, "timestamp": vonageStamp(e)}
	for name, v := range more {
		f[name] = v
	}
	return c.post("/event", l.query, f)
}

func vonageStamp(e *models.Event) any {
	if e.At.IsZero() {
		return nil
	}
	return e.At.UTC().Format("2006-01-02T15:04:05.000Z")
}

func (c *vonageCaller) post(path, query string, f map[string]any) draft {
	c.n++
	id := fmt.Sprintf("sim-%d", c.n)
	body, err := json.Marshal(f)
	return draft{path: path, query: query, contentType: "application/json", body: body, sign: func(req *http.Request, body []byte, now time.Time) error {
		if err != nil {
			return err
		}
		token, err := pbx.SignVonage(c.to.Secret, id, now, body)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+token)
		return nil
	}}
}
