package simulate

import (
	"encoding/json"
	"fmt"
	"time"

	"zummer/models"
)

// aircallTongue speaks as Aircall's webhooks do.
func aircallTongue() tongue {
	return tongue{
		kind:   "aircall",
		secret: "45XXYYZZa08",
		voice: func(to Target) voice {
			calls := map[string]*aircallCall{}
			return func(step Step) ([]draft, error) {
				c := calls[step.Event.Call]
				if c == nil {
					c = &aircallCall{token: to.Secret}
					calls[step.Event.Call] = c
				}
				return c.say(step)
			}
		},
		cannot: map[string]string{
			"internal": "calls between colleagues make no events",
			"callback": "it calls nobody back by itself",
		},
		loses: map[string]string{
			"back":     "it does not say that a phone stopped ringing, nor that the call came back to the same person",
			"queue":    "it does not say that a phone stopped ringing, so a second round at it is the same attempt",
			"nameless": "it knows people by an id and an e-mail address, not by a mobile number",
		},
	}
}

// aircallCall is what the call object remembers.
type aircallCall struct {
	token                    string
	started, answered, ended time.Time
	user                     map[string]any
}

func aircallUser(p person) map[string]any {
	u := map[string]any{"id": p.id, "name": "Agent " + p.id}
	if p.login != "" {
		u["email"] = p.login + "@pbx.example"
	}
	return u
}

func (c *aircallCall) say(step Step) ([]draft, error) {
	e := step.Event
	p := who(&e)
	if c.started.IsZero() {
		c.started = e.At
	}
	data := map[string]any{"id": e.Call, "direct_link": "https://api.aircall.io/v1/calls/" + e.Call, "status": "initial", "raw_digits": e.Phone,
		"direction": map[models.Direction]string{models.In: "inbound", models.Out: "outbound"}[e.Direction], "number": map[string]any{"digits": e.DID},
		"answered_at": nil, "ended_at": nil, "duration": 0, "missed_call_reason": nil, "recording": nil, "voicemail": nil}
	if p.id != "" {
		c.user = aircallUser(p)
	}
	data["user"] = c.user
	if e.Type == models.EventStarted && e.Direction == models.In {
		data["user"] = nil
	}
	stamp := func(name string, t time.Time) {
		if !t.IsZero() {
			data[name] = t.Unix()
		}
	}
	what := ""
	switch e.Type {
	case models.EventStarted:
		what = "call.created"
	case models.EventRinging:
		what = "call.ringing_on_agent"
	case models.EventAnswered:
		what, c.answered, data["status"] = "call.answered", e.At, "answered"
	case models.EventTransferred:
		what = "call.transferred"
		data["transferred_by"], data["transferred_to"] = aircallUser(p), aircallUser(personOf(e.ToExtension, nil))
	case models.EventRingEnded:
		if e.Reason != models.ReasonDeclined {
			return nil, nil
		}
		what = "call.agent_declined"
	case models.EventEnded, models.EventRecording:
		what, data["status"] = "call.hungup", "done"
		if e.TalkS != nil && c.answered.IsZero() { // told before the answer
			c.answered = e.At.Add(-time.Duration(*e.TalkS) * time.Second)
		}
		if c.ended.IsZero() {
			c.ended = e.At
		}
		stamp("ended_at", c.ended)
		switch e.Reason {
		case models.ReasonGaveUp:
			data["missed_call_reason"] = "short_abandoned"
		case models.ReasonNoAnswer:
			data["missed_call_reason"] = "agents_did_not_answer"
		}
		if !e.At.IsZero() {
			data["duration"] = c.ended.Unix() - c.started.Unix()
		}
		if e.Type == models.EventRecording { // the whole of it, some time after
			what, data["recording"] = "call.ended", e.Recording
		}
	}
	stamp("started_at", c.started)
	stamp("answered_at", c.answered)
	whole := map[string]any{"resource": "call", "event": what, "token": c.token, "data": data}
	if !e.At.IsZero() {
		whole["timestamp"] = e.At.Unix()
	}
	body, err := json.Marshal(whole)
	if err != nil {
		return nil, fmt.Errorf("write an event: %w", err)
	}
	return []draft{{contentType: "application/json", body: body}}, nil
}
