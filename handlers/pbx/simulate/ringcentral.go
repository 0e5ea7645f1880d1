package simulate

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"zummer/models"
)

// ringcentralQueue is the extension of the queue that takes incoming calls: the
// first that the source's settings name.
func ringcentralQueue(to Target) string {
	list, _ := to.Settings["queues"].([]any)
	if len(list) > 0 {
		if s, ok := list[0].(string); ok {
			return s
		}
	}
	first, _, _ := strings.Cut(to.setting("queues", "900"), ",")
	return strings.TrimSpace(first)
}

// ringcentralTongue speaks as a subscription to telephony sessions does: each
// party's status for itself. Incoming calls come to a queue.
func ringcentralTongue() tongue {
	return tongue{
		kind:     "ringcentral",
		secret:   "hello-world",
		settings: map[string]any{"queues": []any{"900"}},
		voice: func(to Target) voice {
			calls := map[string]*ringcentralCall{}
			return func(step Step) ([]draft, error) {
				c := calls[step.Event.Call]
				if c == nil {
					c = &ringcentralCall{secret: to.Secret, pilot: ringcentralQueue(to)}
					calls[step.Event.Call] = c
				}
				return c.say(step)
			}
		},
		cannot: map[string]string{
			"back":      "a transferred call that nobody takes goes to voicemail",
			"callback":  "it calls nobody back by itself",
			"recording": "recordings are in its call log, and no event tells of them",
		},
		loses: map[string]string{
			"transfer": "it does not say how long they talked, so the talk counts from the first answer",
			"consult":  "it does not say how long they talked, so the talk counts from the first answer",
			"nameless": "it knows people by an id of its own and an extension, not by a mobile number",
		},
	}
}

// ringcentralLeg is a party.
type ringcentralLeg struct {
	id, session string
	who         person
	answered    bool
	over        bool
}

type ringcentralCall struct {
	secret  string
	pilot   string
	parties []*ringcentralLeg
	n       int
	caller  *ringcentralLeg // of a call of ours
	out     []draft         // of the step that is told now
	err     error           // the first that came up while it was
}

func (c *ringcentralCall) say(step Step) ([]draft, error) {
	c.out = nil
	c.tell(step)
	return c.out, c.err
}

func (c *ringcentralCall) tell(step Step) {
	e := step.Event
	p := who(&e)
	switch e.Type {
	case models.EventStarted:
		if e.Direction == models.In {
			c.notify(step, e.Call, c.queue(e, "Setup", ""))
			return
		}
		c.caller = c.party(e.Call, p)
		c.notify(step, e.Call, c.dialler(e, c.caller, "Proceeding", ""))
	case models.EventRinging:
		if e.Direction == models.InternalCall && c.caller == nil {
			c.caller = c.party(e.Call, personOf(e.Phone, nil))
			c.notify(step, e.Call, c.dialler(e, c.caller, "Proceeding", ""), c.callee(e, c.party(e.Call, p), "Proceeding", ""))
			return
		}
		c.notify(step, e.Call, c.callee(e, c.party(e.Call, p), "Proceeding", ""))
	case models.EventAnswered:
		c.answer(step, p)
	case models.EventRingEnded:
		if l := c.last(e.Call, p); !l.over {
			c.gone(step, l, ringcentralWord(e.Reason))
		}
	case models.EventTransferred:
		if step.Note == Attended {
			c.consult(step, c.last(e.Call, p), personOf(e.ToExtension, nil))
			return
		}
		c.gone(step, c.last(e.Call, p), "BlindTransfer")
	case models.EventEnded:
		c.end(step)
	}
}

// answer connects somebody; the others who rang are told that an agent answered.
func (c *ringcentralCall) answer(step Step, p person) {
	e := step.Event
	if e.Direction == models.Out {
		c.notify(step, e.Call, c.dialler(e, c.caller, "Answered", ""))
		return
	}
	l := c.last(e.Call, p)
	if l.answered && !l.over {
		return // told when the consultation began
	}
	l.answered = true
	c.notify(step, l.session, c.callee(e, l, "Answered", ""))
	for _, o := range c.parties {
		if o != l && o != c.caller && !o.over && !o.answered {
			c.gone(step, o, "AgentAnswered")
		}
	}
}

// end hangs up for everybody who is left; without a talk for the queue too.
func (c *ringcentralCall) end(step Step) {
	e := step.Event
	if c.caller != nil {
		c.caller.over = true
		c.notify(step, e.Call, c.dialler(e, c.caller, "Disconnected", "CallFinished"))
	}
	reason := "CallFinished"
	if e.TalkS == nil {
		reason = ringcentralWord(e.Reason)
	}
	for _, l := range c.parties {
		if !l.over {
			c.gone(step, l, reason)
		}
	}
	if e.TalkS == nil && e.Direction == models.In {
		c.notify(step, e.Call, c.queue(e, "Disconnected", reason))
	}
}

// consult: the first calls the second in a session of its own, and then leaves
// both to it.
func (c *ringcentralCall) consult(step Step, first *ringcentralLeg, second person) {
	e := step.Event
	session := e.Call + "-2"
	asks, asked := c.party(session, first.who), c.party(session, second)
	own := e
	own.Direction, own.Phone, own.Name, own.DID = models.InternalCall, first.who.ext, "", ""
	for _, code := range []string{"Proceeding", "Answered"} {
		c.notify(step, session, c.between(asks, second, code, ""), c.callee(own, asked, code, ""))
	}
	asked.answered, asks.over, first.over = true, true, true
	left := c.callee(e, first, "Gone", "AttendedTransfer")
	left["status"].(map[string]any)["peerId"] = map[string]any{"telephonySessionId": session, "partyId": asks.id}
	c.notify(step, e.Call, left)
	c.notify(step, session, c.between(asks, second, "Disconnected", "AttendedTransfer"))
}

// gone ends one party.
func (c *ringcentralCall) gone(step Step, l *ringcentralLeg, reason string) {
	l.over = true
	c.notify(step, l.session, c.callee(step.Event, l, "Disconnected", reason))
}

// ringcentralWord is the status reason of somebody who did not answer.
func ringcentralWord(reason string) string {
	if reason == models.ReasonGaveUp {
		return "Cancelled"
	}
	return "NoAnswer"
}

func (c *ringcentralCall) party(session string, p person) *ringcentralLeg {
	c.n++
	l := &ringcentralLeg{id: fmt.Sprintf("cs-%s-%d", session, c.n+1), session: session, who: p}
	c.parties = append(c.parties, l)
	return l
}

// last is the latest party of somebody; they join the call when they have none.
func (c *ringcentralCall) last(call string, p person) *ringcentralLeg {
	for i := len(c.parties) - 1; i >= 0; i-- {
		if c.parties[i].who == p {
			return c.parties[i]
		}
	}
	return c.party(call, p)
}

func ringcentralStatus(code, reason string) map[string]any {
	s := map[string]any{"code": code}
	if reason != "" {
		s["reason"] = reason
	}
	return s
}

// outside is the customer; hidden ones have no number.
func outside(e models.Event) map[string]any {
	if e.Phone == "anonymous" {
		return map[string]any{"name": "Anonymous"}
	}
	m := map[string]any{"phoneNumber": e.Phone, "name": e.Name}
	if e.Direction == models.InternalCall {
		m["extensionId"] = e.Phone
	}
	return m
}

func inside(p person) map[string]any {
	return map[string]any{"phoneNumber": p.ext, "extensionId": p.id}
}

func (c *ringcentralCall) callee(e models.Event, l *ringcentralLeg, code, reason string) map[string]any {
	return map[string]any{"id": l.id, "extensionId": l.who.id, "direction": "Inbound", "from": outside(e), "to": inside(l.who),
		"queueCall": e.Direction == models.In, "missedCall": false, "status": ringcentralStatus(code, reason)}
}

func (c *ringcentralCall) dialler(e models.Event, l *ringcentralLeg, code, reason string) map[string]any {
	if e.Direction == models.InternalCall {
		return c.between(l, who(&e), code, reason)
	}
	return map[string]any{"id": l.id, "extensionId": l.who.id, "direction": "Outbound", "from": inside(l.who), "to": outside(e), "status": ringcentralStatus(code, reason)}
}

// between is the party of somebody who calls a colleague.
func (c *ringcentralCall) between(l *ringcentralLeg, to person, code, reason string) map[string]any {
	return map[string]any{"id": l.id, "extensionId": l.who.id, "direction": "Outbound", "from": inside(l.who), "to": inside(to), "status": ringcentralStatus(code, reason)}
}

func (c *ringcentralCall) queue(e models.Event, code, reason string) map[string]any {
	return map[string]any{"id": "cs-" + e.Call + "-1", "extensionId": c.pilot, "direction": "Inbound", "from": outside(e),
		"to": map[string]any{"phoneNumber": e.DID, "extensionId": c.pilot}, "queueCall": true, "status": ringcentralStatus(code, reason)}
}

// notify adds a notification. Sequences follow the story, also where it is told
// out of order.
func (c *ringcentralCall) notify(step Step, session string, parties ...map[string]any) {
	e := step.Event
	sequence := e.Seq*20 + int64(len(c.out))
	origin := "Call"
	if step.Note == Click {
		origin = "RingOut"
	}
	inner := map[string]any{"sequence": sequence, "sessionId": "4029", "telephonySessionId": session, "origin": map[string]any{"type": origin}, "parties": parties}
	whole := map[string]any{"uuid": fmt.Sprintf("%s-%d", session, sequence), "event": "/restapi/v1.0/account/400144452008/telephony/sessions", "subscriptionId": "sub-1",
		"ownerId": "400144455008", "body": inner}
	if !e.At.IsZero() {
		inner["eventTime"] = e.At.Format(time.RFC3339Nano)
		whole["timestamp"] = inner["eventTime"]
	}
	body, err := json.Marshal(whole)
	if err != nil {
		if c.err == nil {
			c.err = fmt.Errorf("write a notification: %w", err)
		}
		return
	}
	c.out = append(c.out, draft{contentType: "application/json; charset=UTF-8", body: body, sign: func(req *http.Request, _ []byte, _ time.Time) error {
		req.Header.Set("Verification-Token", c.secret)
		return nil
	}})
}
