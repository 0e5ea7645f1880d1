package models

import (
	"cmp"
	"slices"
)

// consultations are the colleagues whom talkers ask while the customer waits,
// by extension, with what was told of each last. They are no part of the
// customer's call until he is handed to them.
type consultations map[string]Fact

// consults reports that f tells of a consultation only: the number on the
// colleague's phone is that of somebody who talks with the customer and has
// announced no transfer.
func (c *Call) consults(f *Fact, asked consultations) bool {
	if f.Type != EventRinging && f.Type != EventAnswered && f.Type != EventRingEnded {
		return false
	}
	number := f.Phone
	if q := asked[f.Extension]; !q.Joined {
		number = cmp.Or(number, q.Phone)
	}
	talks := func(l Leg) bool {
		return l.State == Answered && l.ToExt == "" && l.Extension == number && l.Extension != f.Extension
	}
	only := !f.Joined && number != "" && number != c.Phone && slices.ContainsFunc(c.Legs, talks)
	switch {
	case !only && !f.Joined:
	case f.Type == EventRingEnded:
		delete(asked, f.Extension)
	default:
		q := *f
		q.Phone = number
		asked[f.Extension] = q
	}
	return only
}

// handed is the answer of the colleague to whom f hands the customer, as of f;
// nil when he was not asked or does not talk.
func (asked consultations) handed(f *Fact) *Fact {
	q, ok := asked[f.To]
	if !ok || q.Type != EventAnswered {
		return nil
	}
	delete(asked, f.To)
	next := *f
	next.Type, next.Extension, next.Addresses, next.Leg, next.To = EventAnswered, q.Extension, q.Addresses, q.Leg, ""
	return &next
}

// joined marks the facts of an internal call that joins a customer's.
func joined(fs []Fact) {
	for i := range fs {
		fs[i].Joined, fs[i].Direction = true, cmp.Or(fs[i].Direction, InternalCall)
	}
}

// directionOf is what the facts say first; that a call is internal only counts
// when nothing says that it has to do with the outside, and not of a part that
// joined a customer's call.
func directionOf(fs []Fact) Direction {
	var d Direction
	for i := range fs {
		switch said := fs[i].Direction; said {
		case "":
		case InternalCall:
			if !fs[i].Joined {
				d = said
			}
		default:
			return said
		}
	}
	return d
}
