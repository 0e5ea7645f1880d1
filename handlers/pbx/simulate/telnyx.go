package simulate

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"zummer/models"
)

// telnyxTongue speaks as a Call Control application that dials the staff with
// the client_state which docs/pbx/telnyx.md asks for. It can only sign with the
// key of the sample source.
func telnyxTongue() tongue {
	own := "the length of the last talk: Telnyx tells no lengths, and the call's counts from the first answer"
	return tongue{
		kind: "telnyx", secret: base64.StdEncoding.EncodeToString(telnyxKey()[ed25519.SeedSize:]), settings: map[string]any{"numbers": []any{"+74951234567"}},
		voice: func(to Target) voice { return (&telnyxCaller{to: to}).say },
		cannot: map[string]string{
			"consult": "an attended transfer joins legs of two sessions, and no event names both",
		},
		loses: map[string]string{
			"transfer": own, "back": own,
			"early-end": "the end tells no talk, so until the answer arrives the call counts as missed",
		},
	}
}

// telnyxKey is the private key of simulated accounts: everybody knows it.
func telnyxKey() ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = byte(i)
	}
	return ed25519.NewKeyFromSeed(seed)
}

// telnyxCaller remembers the legs of one call.
type telnyxCaller struct {
	to   Target
	legs []*telnyxLeg
	note Note
	n    int
}

type telnyxLeg struct {
	id, to, state  string
	answered, over bool
}

func (c *telnyxCaller) say(step Step) ([]draft, error) {
	e := step.Event
	if c.note == "" {
		c.note = step.Note
	}
	switch e.Type {
	case models.EventStarted:
		if e.Direction != models.Out {
			return []draft{c.hook("call.initiated", &e, c.caller(&e), map[string]any{"direction": "incoming", "state": "parked", "caller_id_name": e.Name})}, nil
		}
		l := c.leg(&e)
		if c.note != Click {
			l = c.customer(&e)
		}
		return []draft{c.hook("call.initiated", &e, l, map[string]any{"direction": "outgoing", "state": "bridging"})}, nil
	case models.EventRinging:
		return []draft{c.hook("call.initiated", &e, c.leg(&e), map[string]any{"direction": "outgoing", "state": "bridging"})}, nil
	case models.EventAnswered:
		return c.answered(&e)
	case models.EventRingEnded:
		return []draft{c.hangup(c.leg(&e), &e)}, nil
	case models.EventTransferred:
		return []draft{c.hangup(c.leg(&e), &e)}, nil
	case models.EventRecording:
		return []draft{c.hook("call.recording.saved", &e, c.caller(&e), map[string]any{"channels": "dual", "recording_urls": map[string]any{"mp3": e.Recording}})}, nil
	}
	var out []draft
	for _, l := range c.legs {
		if !l.over && l.id != e.Call+"-a" {
			out = append(out, c.hangup(l, &e))
		}
	}
	if e.Direction == models.In {
		out = append(out, c.hangup(c.caller(&e), &e))
	}
	return out, nil
}

func (c *telnyxCaller) answered(e *models.Event) ([]draft, error) {
	if e.Direction == models.Out {
		l := c.customer(e)
		l.answered = true
		if c.note != Click {
			return []draft{c.hook("call.answered", e, l, map[string]any{"state": "answered"})}, nil
		}
		own := c.leg(e)
		own.answered = true
		return []draft{c.hook("call.answered", e, own, map[string]any{"state": "answered"}), c.hook("call.initiated", e, l, map[string]any{"direction": "outgoing"}),
			c.hook("call.answered", e, l, map[string]any{"state": "answered"}), c.hook("call.bridged", e, l, map[string]any{})}, nil
	}
	l := c.leg(e)
	l.answered = true
	parts := []draft{c.hook("call.answered", e, l, map[string]any{"state": "answered"}), c.hook("call.bridged", e, l, map[string]any{})}
	for _, o := range c.legs {
		if !o.answered && !o.over && o.id != e.Call+"-a" {
			o.over = true
			parts = append(parts, c.hook("call.hangup", e, o, map[string]any{"state": "hangup", "hangup_cause": "originator_cancel", "hangup_source": "caller"}))
		}
	}
	return parts, nil
}

// hangup ends a leg, talking or not.
func (c *telnyxCaller) hangup(l *telnyxLeg, e *models.Event) draft {
	l.over = true
	cause := map[string]string{
		models.ReasonNoAnswer: "timeout", models.ReasonBusy: "user_busy", models.ReasonDeclined: "call_rejected", models.ReasonGaveUp: "originator_cancel",
		models.ReasonElsewhere: "originator_cancel", models.ReasonUnavailable: "not_found",
	}[e.Reason]
	if l.answered || cause == "" {
		cause = "normal_clearing"
	}
	return c.hook("call.hangup", e, l, map[string]any{"state": "hangup", "hangup_cause": cause, "hangup_source": "callee"})
}

// caller is the leg of whoever called the company.
func (c *telnyxCaller) caller(e *models.Event) *telnyxLeg {
	return c.find(e.Call+"-a", e.DID, "")
}

// customer is the far end of an outgoing call.
func (c *telnyxCaller) customer(e *models.Event) *telnyxLeg {
	return c.find(e.Call+"-b", e.Phone, url.Values{"ext": {e.Extension}, "dir": {"out"}}.Encode())
}

// leg is that of a person.
func (c *telnyxCaller) leg(e *models.Event) *telnyxLeg {
	p := who(e)
	switch {
	case e.Direction == models.Out:
		return c.find(e.Call+"-own", "sip:"+p.sip, url.Values{"ext": {p.ext}, "dir": {"out"}, "phone": {e.Phone}}.Encode())
	case p.ext == "":
		return c.find(e.Leg, p.tel, "")
	}
	return c.find(e.Leg, "sip:"+p.sip, url.Values{"ext": {p.ext}}.Encode())
}

func (c *telnyxCaller) find(id, to, state string) *telnyxLeg {
	for _, l := range c.legs {
		if l.id == id {
			return l
		}
	}
	l := &telnyxLeg{id: id, to: to, state: state}
	c.legs = append(c.legs, l)
	return l
}

// hook makes one webhook about a leg.
func (c *telnyxCaller) hook(what string, e *models.Event, l *telnyxLeg, payload map[string]any) draft {
	c.n++
	payload["call_control_id"], payload["call_leg_id"], payload["call_session_id"], payload["connection_id"] = "v3:"+l.id, l.id, e.Call, "1494404757140276705"
	payload["to"], payload["from"] = l.to, e.Phone
	switch e.Direction {
	case models.InternalCall:
		payload["from"] = "sip:" + personOf(e.Phone, nil).sip
	case models.Out:
		payload["from"] = "+74951234567"
	}
	if l.state != "" {
		payload["client_state"] = base64.StdEncoding.EncodeToString([]byte(l.state))
	}
	data := map[string]any{"record_type": "event", "event_type": what, "id": fmt.Sprintf("%s-%d", e.Call, c.n), "payload": payload}
	if !e.At.IsZero() {
		data["occurred_at"] = e.At.UTC().Format("2006-01-02T15:04:05.000000Z")
	}
	body, err := json.Marshal(map[string]any{"data": data, "meta": map[string]any{"attempt": 1, "delivered_to": c.to.Hook}})
	return draft{contentType: "application/json", body: body, sign: func(req *http.Request, body []byte, now time.Time) error {
		if err != nil {
			return err
		}
		return c.sign(req, body, now)
	}}
}

func (c *telnyxCaller) sign(req *http.Request, body []byte, now time.Time) error {
	key := telnyxKey()
	if public, err := base64.StdEncoding.DecodeString(c.to.Secret); err != nil || !bytes.Equal(public, key[ed25519.SeedSize:]) {
		return errors.New("only Telnyx has the private key of this account; give the source the public key of simulated ones: " + base64.StdEncoding.EncodeToString(key[ed25519.SeedSize:]))
	}
	stamp := fmt.Sprint(now.Unix())
	req.Header.Set("Telnyx-Timestamp", stamp)
	req.Header.Set("Telnyx-Signature-Ed25519", base64.StdEncoding.EncodeToString(ed25519.Sign(key, append([]byte(stamp+"|"), body...))))
	return nil
}
