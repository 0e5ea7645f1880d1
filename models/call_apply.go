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
// repetition. An event with neither is taken to come after everything known
// when it arrived.
//
// e must be valid, with Phone and Name already normalised by the caller;
// hidden says that the PBX withheld the number. now is the database's clock.
func (c *Call) Apply(e *Event, hidden bool, now time.Time) bool {
	f := factOf(e, hidden)
	f.Undated = e.At.IsZero()
	if c.knows(&f) {
		return false
	}
	if f.Undated {
		c.date(&f, now)
	}
	return c.add(f)
}

// Close ends a call that its PBX never ended (the stuck-calls job).
func (c *Call) Close(now time.Time) bool {
	f := Fact{Type: EventEnded, Undated: true, Closed: true}
	c.date(&f, now)
	return c.add(f)
}

// FellSilent reports that c is a call whose end may never be told: incoming,
// nobody answered, somebody was tried, and no attempt lives.
func (c *Call) FellSilent() bool {
	return c.State == Ringing && c.Direction == In && c.MergedInto == 0 && len(c.Legs) > 0 &&
		!slices.ContainsFunc(c.Legs, func(l Leg) bool { return l.State != Ended })
}

// CloseSilent ends a call that fell silent at the moment of the last thing that
// was told of it. It reports whether it did.
//
// That is a guess, and unlike Close it gives way to what the PBX tells: it
// counts only while nothing follows it that rings, answers or ends, and nobody
// has answered before it. So a queue's next round makes the call live again,
// and a late event that belongs before the closing does not. The call is then
// as it would be without the closing, never livelier; an end that the PBX told
// is not touched by any of this.
func (c *Call) CloseSilent() bool {
	if !c.FellSilent() {
		return false
	}
	f := Fact{Type: EventEnded, Undated: true, Closed: true, Silent: true}
	c.date(&f, time.UnixMilli(0))
	return c.add(f)
}

func isSilent(f Fact) bool { return f.Silent }

// Doubted reports that a silent closing of the call has given way: people may
// have been told that they missed it while it lives.
func (c *Call) Doubted() bool {
	return c.State != Ended && slices.ContainsFunc(c.Facts, isSilent)
}

// givesWay reports that the silent closing c.Facts[i] does not count.
func (c *Call) givesWay(i int) bool {
	return c.Facts[i].Silent && (c.State == Answered || slices.ContainsFunc(c.Facts[i+1:], func(f Fact) bool {
		return !f.Silent && (f.Type == EventRinging || f.Type == EventAnswered || f.Type == EventEnded || f.Type == EventMissed)
	}))
}

// date puts an undated fact after all others, also where those are ordered by
// Seq and this one has none.
func (c *Call) date(f *Fact, now time.Time) {
	f.At = now.UnixMilli()
	seq := int64(1)
	for i := range c.Facts {
		g := &c.Facts[i]
		f.At = max(f.At, g.At+1)
		if g.Seq == 0 {
			seq = 0
		}
		if seq > 0 {
			seq = max(seq, g.Seq+1)
		}
	}
	if f.Seq == 0 && len(c.Facts) > 0 {
		f.Seq, f.Guessed = seq, seq > 0
	}
}

// Merge takes over all that other knows; other keeps its names, MergedInto and
// nothing that could be taken for a living or a missed call. When one of the
// two is internal (a consultation), the customer's call is what remains.
func (c *Call) Merge(other *Call) {
	old := append(slices.Clone(c.Legs), other.Legs...)
	c.Facts = slices.Clone(c.Facts)
	switch inside := other.Direction == InternalCall; {
	case len(c.Facts) == 0 || len(other.Facts) == 0 || inside == (c.Direction == InternalCall):
	case inside:
		joined(other.Facts)
	default:
		joined(c.Facts)
	}
	for i := range other.Facts {
		if f := other.Facts[i]; !c.knows(&f) {
			c.Facts = append(c.Facts, f)
		}
	}
	if c.State != Ended || other.State != Ended { // one of the two was not silent
		c.Facts = slices.DeleteFunc(c.Facts, isSilent)
	}
	c.refold(old)
	*other = Call{ID: other.ID, Source: other.Source, Key: other.Key, MergedInto: c.ID, State: Ended, Direction: other.Direction,
		StartedAt: other.StartedAt, EndedAt: other.EndedAt}
}

// add takes a fact in and derives the call anew. Of a call that remembers too
// much already only what changes it is kept, and of rings nothing.
func (c *Call) add(f Fact) bool {
	full := len(c.Facts) >= MaxFacts
	if full && f.Type != EventAnswered && f.Type != EventEnded && f.Type != EventMissed {
		return false
	}
	was := *c
	c.Facts = append(slices.Clone(c.Facts), f)
	c.refold(was.Legs)
	before, after := was, *c
	before.Facts, after.Facts = nil, nil
	if !reflect.DeepEqual(before, after) {
		return true
	}
	silent := !c.ByPBX && slices.ContainsFunc(c.Facts, isSilent) // its end may give way
	if full || f.Undated && (f.Seq == 0 || f.Guessed) && c.State == Ended && !silent {
		*c = was // it could never tell anything
	}
	return false
}

// knows reports whether the same event is already there. Events with neither
// At nor Seq cannot be told apart and are left to the state machine, which
// absorbs what is repeated. f may lack the date that date gives.
func (c *Call) knows(f *Fact) bool {
	if f.Undated && f.Seq == 0 && f.At == 0 {
		return false
	}
	for i := range c.Facts {
		g := &c.Facts[i]
		if f.Undated != g.Undated || f.Type != g.Type || f.Seq != g.Seq || f.Guessed != g.Guessed || f.Leg != g.Leg || f.Extension != g.Extension {
			continue
		}
		same := *g
		if f.Undated && f.Seq > 0 && !f.Guessed {
			same.At = f.At // the date of receipt tells nothing
		}
		if f.Joined != same.Joined {
			same.Joined, same.Direction = f.Joined, f.Direction
		}
		if reflect.DeepEqual(*f, same) {
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
			return cmp.Or(cmp.Compare(a.Seq, b.Seq), silentFirst(&a, &b), cmp.Compare(a.At, b.At))
		}
		if c := cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Type.order(), b.Type.order())); c != 0 || a.Type == EventAnswered {
			return c // of two answers in one moment the first one told came first
		}
		return cmp.Or(cmp.Compare(a.Extension, b.Extension), cmp.Compare(a.Leg, b.Leg))
	})
}

// silentFirst puts a silent closing, whose number is ours, before the event that
// the PBX gave the same number afterwards.
func silentFirst(a, b *Fact) int {
	switch {
	case a.Silent == b.Silent:
		return 0
	case a.Silent:
		return -1
	}
	return 1
}

// refold derives everything from the facts. old are the legs so far, whose
// ids, owners and rows go on with the same attempts.
func (c *Call) refold(old []Leg) {
	sortFacts(c.Facts)
	next := Call{ID: c.ID, Source: c.Source, Key: c.Key, MergedInto: c.MergedInto, Facts: c.Facts, State: Ringing, Direction: directionOf(c.Facts),
		Conversation: c.Conversation, Told: c.Told}
	var clock int64 // facts in order of Seq may bear dates that are not
	asked := consultations{}
	for i := range next.Facts {
		if next.givesWay(i) {
			continue
		}
		clock = max(clock, next.Facts[i].At)
		next.step(&next.Facts[i], time.UnixMilli(clock).UTC(), asked)
	}
	next.finish()
	next.keep(old)
	*c = next
	c.nameAnswerer()
}

// keep hands on what is not derived from facts, among attempts of one key: a
// living one is still the living one, an ended one the one that began at the
// same moment (late facts may change numbers and ends), else the one of the same
// number. What is left of two attempts that turned out to be one is joined.
func (c *Call) keep(old []Leg) {
	taken := make([]bool, len(old))
	given := make([]bool, len(c.Legs))
	pass := func(same func(l, o *Leg) bool, again bool) {
		for j := range old {
			for i := range c.Legs {
				l, o := &c.Legs[i], &old[j]
				if taken[j] || given[i] != again || l.Key != o.Key || l.Extension != o.Extension || !same(l, o) {
					continue
				}
				taken[j], given[i] = true, true
				if l.ID == 0 {
					l.ID = o.ID
				}
				if l.User == 0 {
					l.User = o.User
				}
				if l.Sharers == nil {
					l.Sharers = o.Sharers
				}
				l.Opened, l.Row = l.Opened || o.Opened, max(l.Row, o.Row)
			}
		}
	}
	began := func(l, o *Leg) bool { return l.began().Equal(o.began()) }
	pass(func(l, o *Leg) bool { return l.State != Ended && o.State != Ended }, false)
	pass(began, false)
	pass(func(l, o *Leg) bool { return l.N == o.N }, false)
	pass(began, true)
}

// step reads one fact, the next in order, as of at.
func (c *Call) step(f *Fact, at time.Time, asked consultations) {
	if c.consults(f, asked) {
		return
	}
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
		c.stopRinging(f, at)
	case EventTransferred:
		if l := c.attempt(f, false); l != nil && (l.State == Answered || l.Reason == ReasonTransferred && l.ToExt == "") {
			l.ToExt = f.To // his talk ends when the next one is connected
			if next := asked.handed(f); next != nil && l.State == Answered {
				c.answer(next, at)
			}
		}
	case EventEnded, EventMissed:
		c.State, c.EndedAt, c.ByPBX, c.Missed = Ended, at, !f.Closed, f.Type == EventMissed
		for i := range c.Legs {
			switch l := &c.Legs[i]; l.State {
			case Ringing:
				l.end(at, cmp.Or(f.Reason, ReasonNoAnswer))
			case Answered:
				l.end(at, ReasonHangup)
			}
		}
	}
}

// describe fills in what the call is about, also after its end: the first fact
// that says it wins (the last for a recording), a number beats "hidden".
func (c *Call) describe(f *Fact, at time.Time) {
	if c.StartedAt.IsZero() {
		c.StartedAt = at
	}
	c.Recording = cmp.Or(f.Recording, c.Recording)
	if f.TalkS != nil && c.TalkS == 0 && (f.Type == EventEnded || f.Type == EventMissed || f.Type == EventRecording) {
		c.TalkS = max(0, *f.TalkS)
	}
	if f.Direction == InternalCall && c.Direction != InternalCall {
		return // a colleague's number and name, not the customer's
	}
	c.DID = cmp.Or(c.DID, f.DID)
	c.Name = cmp.Or(c.Name, f.Name)
	switch {
	case c.Phone == "" && f.Phone != "":
		c.Phone, c.Hidden = f.Phone, false
	case c.Phone == "" && f.Hidden:
		c.Hidden = true
	}
}

func (c *Call) finish() {
	if c.Direction == "" {
		c.Direction = In
	}
	if c.State != Ended {
		return
	}
	if c.TalkS == 0 && !c.AnsweredAt.IsZero() && c.ByPBX {
		c.TalkS = max(0, int(c.EndedAt.Sub(c.AnsweredAt)/time.Second))
	}
	elsewhere := slices.ContainsFunc(c.Legs, func(l Leg) bool { return l.Reason == ReasonElsewhere }) // somebody did answer
	c.Missed = c.Direction == In && c.AnsweredAt.IsZero() && c.TalkS == 0 && (c.Missed || !elsewhere)
}
