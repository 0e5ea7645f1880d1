package models

import (
	"reflect"
	"slices"
	"time"
)

// FactOf is what a call would remember of e, received then. hidden as in Apply.
func FactOf(e *Event, hidden bool, received time.Time) Fact {
	f := factOf(e, hidden)
	if f.Undated = e.At.IsZero(); f.Undated {
		f.At = received.UnixMilli()
	}
	return f
}

// FactsBefore returns what the call had been told before own: of its sorted
// facts those that lie before the first of them. Own facts that the call did not
// keep have the place where they would lie.
//
// It goes by when things happened, not by when they were told: of an event that
// came late it is what the call would have known had it come in time.
func (c *Call) FactsBefore(own ...Fact) []Fact {
	cut := len(c.Facts)
	for i := range own {
		cut = min(cut, c.placeOf(&own[i]))
	}
	return slices.Clone(c.Facts[:cut])
}

// Learn adds a fact as another state of the call remembers it, and reports
// whether that changed anything.
func (c *Call) Learn(f Fact) bool { return c.add(f) }

func (c *Call) placeOf(f *Fact) int {
	for i := range c.Facts {
		g := &c.Facts[i]
		if f.Type != g.Type || f.Leg != g.Leg || f.Extension != g.Extension || f.Undated != g.Undated || f.Seq != g.Seq && (f.Seq != 0 || !g.Guessed) {
			continue
		}
		// What is undated was dated at its receipt, and after all that was known.
		if f.At == g.At || f.Undated && g.At > f.At && i > 0 && g.At == c.Facts[i-1].At+1 {
			return i
		}
	}
	all := append([]Fact{*f}, c.Facts...)
	sortFacts(all)
	return slices.IndexFunc(all, func(g Fact) bool { return reflect.DeepEqual(g, *f) })
}
