package models

import (
	"cmp"
	"time"
)

// answer connects the attempt that f means to the customer.
func (c *Call) answer(f *Fact, at time.Time) {
	l := c.attempt(f, true)
	if l == nil || l.State != Ringing {
		return
	}
	l.State, l.AnsweredAt = Answered, at
	c.State = Answered
	if c.AnsweredAt.IsZero() {
		c.AnsweredAt = at
	}
	for i := range c.Legs {
		switch o := &c.Legs[i]; {
		case o == l:
		case o.State == Ringing:
			o.end(at, ReasonElsewhere)
		case o.State == Answered: // the next one is connected to the customer
			o.end(at, ReasonTransferred)
		}
	}
}

// attempt finds the attempt that f belongs to. With create it makes the first
// one, or the next one when the last is over and f is later; it returns nil
// when f is a late echo of an attempt that is over.
func (c *Call) attempt(f *Fact, create bool) *Leg {
	l := c.lastAttempt(f)
	switch {
	case l == nil && create:
		return c.newLeg(f)
	case l == nil || !create || l.State != Ended:
		return l
	case f.Undated && (f.Seq == 0 || f.Guessed):
		if f.Type == EventRinging && l.RangAt.IsZero() && l.AnsweredAt.IsZero() && rangBefore(l.Reason) {
			l.RangAt = l.EndedAt // the ring that this attempt's end has overtaken
			return nil
		}
	case f.Seq == 0 && !time.UnixMilli(f.At).After(l.EndedAt):
		return nil
	}
	return c.newLeg(f)
}

// lastAttempt finds the last leg that f can mean: the one with its leg id, else
// one of the extension where either of them has no leg id, a living one if
// there is one (an ended one is not taken for a new id).
func (c *Call) lastAttempt(f *Fact) *Leg {
	var exact, near *Leg
	for i := range c.Legs {
		o := &c.Legs[i]
		switch {
		case f.Leg != "" && o.Key == f.Leg:
			exact = o
		case o.Extension == f.Extension && (f.Leg == "" || o.Key == "x:"+o.Extension && o.State != Ended):
			if near == nil || near.State == Ended || o.State != Ended {
				near = o
			}
		}
	}
	if exact != nil {
		return exact
	}
	return near
}

// stopRinging ends the attempt that f means. Without a leg id the extension as a
// whole stopped: all its attempts that rang before end, those of the same
// instant only if there are no others (a phone that is tried again at once).
func (c *Call) stopRinging(f *Fact, at time.Time) {
	l := c.attempt(f, false)
	if l == nil {
		l = c.newLeg(f)
	}
	reason := cmp.Or(f.Reason, ReasonNoAnswer)
	if f.Leg != "" {
		if l.State == Ringing {
			l.end(at, reason)
		}
		return
	}
	var all, before []*Leg
	for i := range c.Legs {
		if o := &c.Legs[i]; o.Extension == f.Extension && o.State == Ringing {
			all = append(all, o)
			if o.RangAt.Before(at) {
				before = append(before, o)
			}
		}
	}
	if len(before) > 0 {
		all = before
	}
	for _, o := range all {
		o.end(at, reason)
	}
}

// rangBefore reports whether an attempt that ended so must have rung.
func rangBefore(reason string) bool {
	return reason == ReasonNoAnswer || reason == ReasonGaveUp || reason == ReasonElsewhere
}

func (c *Call) newLeg(f *Fact) *Leg {
	l := Leg{Key: f.Leg, N: 1, Extension: f.Extension, Addresses: f.Addresses, State: Ringing}
	if l.Key == "" {
		l.Key = "x:" + f.Extension
	}
	for i := range c.Legs {
		if c.Legs[i].Key == l.Key {
			l.N++
		}
	}
	c.Legs = append(c.Legs, l)
	return &c.Legs[len(c.Legs)-1]
}

// began is the first moment that the attempt is known from.
func (l *Leg) began() time.Time {
	for _, t := range []time.Time{l.RangAt, l.AnsweredAt} {
		if !t.IsZero() {
			return t
		}
	}
	return l.EndedAt
}

func (l *Leg) end(at time.Time, reason string) {
	l.State, l.EndedAt, l.Reason = Ended, at, reason
}
