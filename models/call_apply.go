package models

import (
	"cmp"
	"reflect"
	"slices"
	"time"
)

// Apply adds one event to the call and derives the call anew from all it
// knows. It reports whether anything changed.
//
// The facts are kept sorted by what the PBX says about time (all of them by
// Seq when all have one, else by At, then Seq, then the order of a call's
// life), and the state is what a reader of the sorted facts would conclude.
// So events with distinct At or Seq converge in any order and with any
// repetition. An undated event is taken to come after everything known when it
// arrived.
//
// e must be valid, with Phone and Name already normalised by Normalize's
// caller; hidden says that the PBX withheld the number. now is the database's
// clock.
func (c *Call) Apply(e *Event, hidden bool, now time.Time) bool {
	f := factOf(e, hidden)
	if e.At.IsZero() {
		f.Undated = true
		f.At = now.UnixMilli()
		for i := range c.Facts {
			f.At = max(f.At, c.Facts[i].At)
		}
	}
	return c.add(f)
}

// Close ends a call that its PBX never ended (the stuck-calls job).
func (c *Call) Close(now time.Time) bool {
	f := Fact{Type: EventEnded, At: now.UnixMilli(), Undated: true, Closed: true}
	for i := range c.Facts {
		f.At = max(f.At, c.Facts[i].At)
	}
	return c.add(f)
}

// Merge takes over all that other knows; other keeps only MergedInto.
func (c *Call) Merge(other *Call) {
	kept := append(slices.Clone(c.Legs), other.Legs...)
	for _, f := range other.Facts {
		if !c.knows(&f) {
			c.Facts = append(c.Facts, f)
		}
	}
	c.Legs = kept
	c.refold()
	other.MergedInto = c.ID
	other.Facts, other.Legs = nil, nil
}

func (c *Call) add(f Fact) bool {
	if c.knows(&f) || len(c.Facts) >= MaxFacts && (f.Type == EventRinging || f.Type == EventRingEnded) {
		return false
	}
	before := *c
	c.Facts = append(slices.Clone(c.Facts), f)
	c.refold()
	before.Facts, before.Legs = nil, slices.Clone(before.Legs)
	after := *c
	after.Facts = nil
	return !reflect.DeepEqual(before, after)
}

// knows reports whether the same dated event is already there. Undated ones
// cannot be told apart and are left to the state machine, which absorbs them.
func (c *Call) knows(f *Fact) bool {
	for i := range c.Facts {
		g := &c.Facts[i]
		if f.Undated != g.Undated || f.At != g.At || f.Type != g.Type || f.Seq != g.Seq || f.Leg != g.Leg || f.Extension != g.Extension {
			continue
		}
		if reflect.DeepEqual(*f, *g) {
			return true
		}
	}
	return false
}

func factOf(e *Event, hidden bool) Fact {
	f := Fact{Type: e.Type, Leg: e.Leg, Seq: e.Seq, To: e.ToExtension, Reason: e.Reason, Direction: e.Direction,
		Phone: e.Phone, Hidden: hidden, Name: e.Name, DID: e.DID, Recording: e.Recording, TalkS: e.TalkS}
	if all := e.AllAddresses(); len(all) > 0 && e.Type.HasExtension() {
		f.Extension, f.Addresses = all[0], all[1:]
		if len(f.Addresses) == 0 {
			f.Addresses = nil
		}
	}
	if !e.At.IsZero() {
		f.At = e.At.UnixMilli()
	}
	return f
}

// order is where an event stands in a call's life among events of one instant.
func (t EventType) order() int {
	return slices.Index([]EventType{EventStarted, EventRinging, EventAnswered, EventTransferred, EventRingEnded, EventRecording, EventMissed, EventEnded}, t)
}

func sortFacts(fs []Fact) {
	bySeq := true
	for i := range fs {
		bySeq = bySeq && fs[i].Seq > 0
	}
	slices.SortStableFunc(fs, func(a, b Fact) int {
		if bySeq {
			return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.At, b.At))
		}
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Type.order(), b.Type.order()),
			cmp.Compare(a.Extension, b.Extension), cmp.Compare(a.Leg, b.Leg))
	})
}

// refold derives everything from the facts, keeping what legs carry along.
func (c *Call) refold() {
	sortFacts(c.Facts)
	old := c.Legs
	next := Call{ID: c.ID, Source: c.Source, Key: c.Key, MergedInto: c.MergedInto, Facts: c.Facts, State: Ringing}
	for i := range next.Facts {
		next.step(&next.Facts[i])
	}
	next.finish()
	for i := range next.Legs {
		l := &next.Legs[i]
		for j := range old {
			if o := &old[j]; o.Key == l.Key && o.N == l.N {
				l.ID, l.User, l.Opened, l.Row = o.ID, o.User, o.Opened, o.Row
			}
		}
	}
	*c = next
	c.nameAnswerer()
}

// step reads one fact, the next in order.
func (c *Call) step(f *Fact) {
	at := time.UnixMilli(f.At).UTC()
	c.describe(f, at)
	if c.State == Ended {
		return // nothing lives after the call ended
	}
	switch f.Type {
	case EventRinging:
		if l := c.attempt(f, true); l != nil && l.RangAt.IsZero() && l.State == Ringing {
			l.RangAt = at
		}
	case EventAnswered:
		c.answer(f, at)
	case EventRingEnded:
		l := c.attempt(f, false)
		if l == nil {
			l = c.newLeg(f)
		}
		if l.State == Ringing {
			l.end(at, cmp.Or(f.Reason, ReasonNoAnswer))
		}
	case EventTransferred:
		l := c.attempt(f, false)
		if l == nil || l.State != Answered {
			return
		}
		l.ToExt = f.To
		if to := c.talking(f.To); to != nil && to != l {
			l.end(at, ReasonTransferred)
		}
	case EventEnded, EventMissed:
		c.State, c.EndedAt, c.ByPBX = Ended, at, !f.Closed
		for i := range c.Legs {
			switch l := &c.Legs[i]; l.State {
			case Ringing:
				l.end(at, cmp.Or(f.Reason, ReasonNoAnswer))
			case Answered:
				l.end(at, ReasonHangup)
			}
		}
		if f.TalkS != nil {
			c.TalkS = *f.TalkS
		}
	}
}

// describe fills in what the call is about: the first fact that says it wins,
// a number beats "hidden".
func (c *Call) describe(f *Fact, at time.Time) {
	if c.StartedAt.IsZero() {
		c.StartedAt = at
	}
	c.Direction = cmp.Or(c.Direction, f.Direction)
	c.DID = cmp.Or(c.DID, f.DID)
	c.Name = cmp.Or(c.Name, f.Name)
	c.Recording = cmp.Or(f.Recording, c.Recording)
	switch {
	case c.Phone == "" && f.Phone != "":
		c.Phone, c.Hidden = f.Phone, false
	case c.Phone == "" && f.Hidden:
		c.Hidden = true
	}
}

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
	var l *Leg
	for i := range c.Legs {
		o := &c.Legs[i]
		same := o.Extension == f.Extension && (f.Leg == "" || o.Key == "x:"+o.Extension && o.State != Ended)
		if f.Leg != "" && o.Key == f.Leg || same {
			l = o
		}
	}
	switch {
	case l == nil && create:
		return c.newLeg(f)
	case l != nil && create && l.State == Ended:
		if !f.Undated && f.Seq == 0 && !time.UnixMilli(f.At).After(l.EndedAt) {
			return nil
		}
		return c.newLeg(f)
	}
	return l
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

func (c *Call) talking(ext string) *Leg {
	for i := range c.Legs {
		if l := &c.Legs[i]; l.State == Answered && l.Extension == ext {
			return l
		}
	}
	return nil
}

func (c *Call) finish() {
	if c.Direction == "" {
		c.Direction = In
	}
	if c.State != Ended {
		return
	}
	if c.TalkS == 0 && !c.AnsweredAt.IsZero() {
		c.TalkS = int(c.EndedAt.Sub(c.AnsweredAt) / time.Second)
	}
	c.Missed = c.Direction == In && c.AnsweredAt.IsZero() && c.TalkS == 0
}

func (l *Leg) end(at time.Time, reason string) {
	l.State, l.EndedAt, l.Reason = Ended, at, reason
}
