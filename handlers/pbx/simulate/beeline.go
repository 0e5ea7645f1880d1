package simulate

import (
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"zummer/models"
)

// beelineTongue speaks as a BASIC_CALL subscription of BroadSoft's XSI does:
// every subscriber's leg for itself.
func beelineTongue() tongue {
	return tongue{
		kind: "beeline",
		voice: func(Target) voice {
			calls := map[string]*beelineCall{}
			return func(step Step) ([]draft, error) {
				c := calls[step.Event.Call]
				if c == nil {
					c = &beelineCall{legs: map[string]*beelineLeg{}}
					calls[step.Event.Call] = c
				}
				return c.say(step)
			}
		},
		cannot: map[string]string{
			"consult":  "how a consultation is joined to the customer's call is not known",
			"callback": "how it reports a call that it places of itself is not known",
		},
		loses: map[string]string{
			"abandoned": "no event ends a call to a group that nobody answered",
			"transfer":  "the release of the first talker ends a call, and the transferred leg is another",
			"back":      "the release of each talker ends a call, and each transferred leg is another",
			"recording": "no event tells that a recording is ready",
		},
	}
}

// beelineLeg is one subscriber's half of the call.
type beelineLeg struct {
	who             person
	n               int // the number of its call half
	start, answered time.Time
	over            bool
	moves           int // how often the call had been transferred when it began
}

// beelineCall remembers what the switch knows of a call.
type beelineCall struct {
	legs    map[string]*beelineLeg
	caller  *beelineLeg // of a call between colleagues
	n       int
	moves   int
	grouped bool // more than one has been rung at a time
}

func (c *beelineCall) say(step Step) ([]draft, error) {
	e := step.Event
	p := who(&e)
	switch e.Type {
	case models.EventStarted:
		if e.Direction == models.In {
			return nil, nil // the switch tells of subscribers only
		}
		c.caller = c.leg(p, e.At)
		what := "CallOriginatedEvent"
		if step.Note == Click {
			what = "CallOriginatingEvent"
		}
		return c.tell(step, what, c.caller, e.At, nil)
	case models.EventRinging:
		if e.Direction == models.InternalCall && c.caller == nil {
			c.caller = c.leg(personOf(e.Phone, nil), e.At)
			out, err := c.tell(step, "CallOriginatedEvent", c.caller, e.At, nil)
			if err != nil {
				return nil, err
			}
			return c.tell(step, "CallReceivedEvent", c.leg(p, e.At), e.At, out)
		}
		if slices.ContainsFunc(slices.Collect(maps.Values(c.legs)), func(l *beelineLeg) bool { return !l.over && l.answered.IsZero() && l != c.caller }) {
			c.grouped = true
		}
		return c.tell(step, "CallReceivedEvent", c.leg(p, e.At), e.At, nil)
	case models.EventAnswered:
		l := c.legs[p.tel]
		if l == nil || l.over && !c.grouped && l.answered.IsZero() {
			l = c.leg(p, e.At)
		}
		if l.answered.IsZero() {
			l.answered = e.At
		}
		out, err := c.tell(step, "CallAnsweredEvent", l, e.At, nil)
		for _, loser := range c.open() {
			if err != nil || loser == l || loser == c.caller || !loser.answered.IsZero() {
				continue
			}
			out, err = c.tell(step, "CallReleasedEvent", loser, e.At, out)
		}
		return out, err
	case models.EventRingEnded:
		if l := c.legs[p.tel]; l != nil && !l.over {
			return c.tell(step, "CallReleasedEvent", l, e.At, nil)
		}
	case models.EventTransferred:
		if c.legs[p.tel] == nil {
			return nil, nil
		}
		c.moves++
		out, err := c.tell(step, "CallTransferredEvent", c.legs[p.tel], e.At, nil)
		if err != nil {
			return nil, err
		}
		return c.tell(step, "CallReleasedEvent", c.legs[p.tel], e.At, out)
	case models.EventEnded:
		var out []draft
		var err error
		for _, l := range c.open() {
			if e.TalkS != nil && l.answered.IsZero() { // also when the answer has not been told yet
				l.answered = e.At.Add(-time.Duration(*e.TalkS) * time.Second)
			}
			if out, err = c.tell(step, "CallReleasedEvent", l, e.At, out); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return nil, nil
}

// leg begins a subscriber's leg.
func (c *beelineCall) leg(p person, at time.Time) *beelineLeg {
	c.n++
	l := &beelineLeg{who: p, n: c.n, start: at, moves: c.moves}
	c.legs[p.tel] = l
	return l
}

// open lists the legs that go on, in the order they began.
func (c *beelineCall) open() []*beelineLeg {
	all := slices.DeleteFunc(slices.Collect(maps.Values(c.legs)), func(l *beelineLeg) bool { return l.over })
	slices.SortFunc(all, func(a, b *beelineLeg) int { return a.n - b.n })
	return all
}

// xsi is an element with text, elements, or both absent.
type xsi struct {
	XMLName xml.Name
	Type    string `xml:"xsi1:type,attr,omitempty"`
	Text    string `xml:",chardata"`
	Kids    []xsi
}

func elem(name, text string, kids ...xsi) xsi {
	return xsi{XMLName: xml.Name{Local: "xsi:" + name}, Text: text, Kids: kids}
}

// tell adds one event of one leg to out.
func (c *beelineCall) tell(step Step, what string, l *beelineLeg, at time.Time, out []draft) ([]draft, error) {
	e := step.Event
	c.n++
	personality := "Terminator"
	if l == c.caller {
		personality = "Originator"
		if step.Note == Click {
			personality = "Click-to-Dial"
		}
	}
	kind, remote := "Network", []xsi{}
	switch {
	case e.Direction == models.InternalCall:
		kind = "Group"
		if l != c.caller {
			remote = append(remote, elem("address", "tel:"+e.Phone))
		}
	case e.Phone == "anonymous":
		remote = append(remote, elem("privacy", "true"))
	default:
		remote = append(remote, elem("name", e.Name), elem("address", "tel:"+e.Phone))
	}
	call := []xsi{elem("callId", fmt.Sprintf("callhalf-%d:0", l.n)), elem("extTrackingId", e.Call), elem("personality", personality),
		elem("remoteParty", "", append(remote, elem("callType", kind))...)}
	if e.DID != "" {
		var moved []xsi
		for range l.moves {
			moved = append(moved, elem("redirection", "", elem("party", "", elem("address", "tel:101")), elem("reason", "transfer")))
		}
		moved = append(moved, elem("redirection", "", elem("party", "", elem("address", "tel:"+e.DID))))
		call = append(call, elem("redirections", "", moved...))
	}
	if c.grouped && l != c.caller {
		call = append(call, elem("huntGroupUserId", "sales@pbx.example"))
	}
	stamp := func(name string, t time.Time) {
		if !t.IsZero() {
			call = append(call, elem(name, fmt.Sprint(t.UnixMilli())))
		}
	}
	stamp("startTime", l.start)
	stamp("answerTime", l.answered)
	if what == "CallReleasedEvent" {
		l.over = true
		party := "localRelease"
		if e.Type == models.EventEnded && e.Reason == models.ReasonGaveUp {
			party = "remoteRelease"
		}
		call = append(call, elem("releasingParty", party))
		stamp("releaseTime", at)
		if e.Reason == models.ReasonBusy {
			call = append(call, elem("internalReleaseCause", "Busy"))
		}
	}
	data := elem("eventData", "", elem("call", "", call...))
	data.Type = "xsi:" + what
	body, err := xml.Marshal(struct {
		XMLName xml.Name
		NS      string `xml:"xmlns:xsi,attr"`
		NS1     string `xml:"xmlns:xsi1,attr"`
		Type    string `xml:"xsi1:type,attr"`
		Kids    []xsi
	}{xml.Name{Local: "xsi:Event"}, "http://schema.broadsoft.com/xsi", "http://www.w3.org/2001/XMLSchema-instance", "xsi:SubscriptionEvent",
		[]xsi{elem("eventID", fmt.Sprintf("%s-%d", e.Call, c.n)), elem("sequenceNumber", fmt.Sprint(c.n)),
			elem("targetId", strings.TrimPrefix(l.who.tel, "+7")+"@pbx.example"), data}})
	if err != nil {
		return nil, fmt.Errorf("write an event: %w", err)
	}
	return append(out, draft{contentType: "application/xml; charset=UTF-8", body: append([]byte(xml.Header), body...)}), nil
}
