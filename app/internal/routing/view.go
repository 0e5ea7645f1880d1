package routing

import (
	"cmp"
	"slices"
	"time"

	"zummer/models"
)

// view shows the calls of one conversation as one.
type view struct {
	call    models.Call
	told    []*models.Call         // those that count, the believed source's first
	speaker map[int64]*models.Call // which of them tells of a user
	calls   []*models.Call         // calls[i] has the leg that call.Legs[i] shows
	legs    []*models.Leg          // that leg
}

// join makes the view of calls, which are one conversation.
//
// Whether it lives and whether it was missed is what the believed source says,
// but for one thing: an end without an answer, when another source tells that
// somebody talks, or talked. A user stands as the most believed source that
// knows of him says.
func join(calls []*models.Call, dir *models.Directory) *view {
	v := &view{told: countable(byBelief(calls, dir)), speaker: map[int64]*models.Call{}}
	main := v.told[0]
	for _, o := range v.told[1:] {
		if main.State == models.Ended && main.AnsweredAt.IsZero() && somebodyTalked(o) {
			main = o
		}
	}
	v.call = *main
	v.call.ID, v.call.Conversation = calls[0].ConversationID(), 0
	v.call.Facts, v.call.Legs, v.call.Told = nil, nil, nil
	v.describe()
	for _, c := range v.told {
		for _, u := range c.Users() {
			if v.speaker[u] == nil {
				v.speaker[u] = v.speakerOf(u)
			}
		}
	}
	for _, c := range v.told {
		for i := range c.Legs {
			if l := &c.Legs[i]; v.shows(c, l) {
				v.call.Legs, v.calls, v.legs = append(v.call.Legs, *l), append(v.calls, c), append(v.legs, l)
			}
		}
	}
	v.settle()
	return v
}

// countable leaves out calls of which nothing is known, and those that another
// source has ended before anybody was told of them and that have told nothing
// later: they live only because they are told late.
func countable(calls []*models.Call) []*models.Call {
	dead := func(c *models.Call) bool {
		return c.State != models.Ended && !spoke(c) && slices.ContainsFunc(calls, func(o *models.Call) bool {
			return o.ID != c.ID && o.State == models.Ended && o.ByPBX && !slices.ContainsFunc(c.Facts, func(f models.Fact) bool {
				return f.Undated || time.UnixMilli(f.At).After(o.EndedAt)
			})
		})
	}
	out := slices.DeleteFunc(slices.Clone(calls), func(c *models.Call) bool { return len(c.Facts) == 0 || dead(c) })
	if len(out) == 0 {
		return calls[:1]
	}
	return out
}

// spoke reports that somebody has, or had, a row because of the call.
func spoke(c *models.Call) bool {
	return len(c.Told) > 0 || slices.ContainsFunc(c.Legs, func(l models.Leg) bool { return l.Opened || l.Row != 0 })
}

// somebodyTalked reports that a person is known to have answered: that a trunk
// or a menu picked up says nothing.
func somebodyTalked(c *models.Call) bool {
	return slices.ContainsFunc(c.Legs, func(l models.Leg) bool { return l.User != 0 && !l.AnsweredAt.IsZero() })
}

// describe fills in what the main call does not know.
func (v *view) describe() {
	is := &v.call
	is.Phone, is.Name, is.DID = "", "", ""
	for _, c := range v.told {
		is.Phone, is.Name, is.DID = cmp.Or(is.Phone, c.Phone), cmp.Or(is.Name, c.Name), cmp.Or(is.DID, c.DID)
		is.Recording = cmp.Or(is.Recording, c.Recording)
		is.Hidden = is.Hidden || c.Hidden
		is.Facts = append(is.Facts, c.Facts...)
		if is.StartedAt.IsZero() || !c.StartedAt.IsZero() && c.StartedAt.Before(is.StartedAt) {
			is.StartedAt = c.StartedAt
		}
		if is.AnsweredAt.IsZero() && somebodyTalked(c) {
			is.AnsweredAt, is.AnsweredBy = c.AnsweredAt, c.AnsweredBy
		}
		is.Told = append(is.Told, c.Told...)
	}
	is.Hidden = is.Hidden && is.Phone == ""
	is.AnsweredBy = cmp.Or(is.AnsweredBy, answerer(v.told))
	slices.Sort(is.Told)
	is.Told = slices.Compact(is.Told)
}

func answerer(calls []*models.Call) int64 {
	for _, c := range calls {
		if c.AnsweredBy != 0 {
			return c.AnsweredBy
		}
	}
	return 0
}

// speakerOf is the call that tells of u: the most believed one that has a leg of
// his. While he only rings there, a talk of which another source told him before
// goes on: the believed one has not come to it yet.
func (v *view) speakerOf(u int64) *models.Call {
	var s *models.Call
	for _, c := range v.told {
		l := c.LegOf(u)
		if l == nil {
			continue
		}
		if s == nil {
			s = c
			if l.State != models.Ringing {
				break
			}
			continue
		}
		if l.State == models.Answered && (l.Opened || l.Row != 0) && !s.LegOf(u).RangAt.After(l.AnsweredAt.Add(oneMoment)) {
			return c
		}
	}
	return s
}

func (v *view) shows(c *models.Call, l *models.Leg) bool {
	switch {
	case l.User != 0:
		return v.speaker[l.User] == c
	case len(l.Sharers) > 0:
		return slices.ContainsFunc(l.Sharers, func(u int64) bool { return v.speaker[u] == c })
	}
	return c == v.told[0]
}

// with is what people were told by two views of calls that turn out to be one
// conversation: of a user who stands in both, the livelier one.
func (v *view) with(o *view) *view {
	out := &view{call: v.call, told: append(slices.Clone(v.told), o.told...), speaker: map[int64]*models.Call{}}
	is := &out.call
	if is.State == models.Ended && o.call.State != models.Ended {
		is.State, is.EndedAt, is.TalkS = o.call.State, o.call.EndedAt, o.call.TalkS
	}
	if is.AnsweredAt.IsZero() {
		is.AnsweredAt = o.call.AnsweredAt
	}
	is.Missed = is.Missed || o.call.Missed
	is.Phone, is.Name, is.DID = cmp.Or(is.Phone, o.call.Phone), cmp.Or(is.Name, o.call.Name), cmp.Or(is.DID, o.call.DID)
	is.Facts, is.Told, is.Legs = append(slices.Clone(is.Facts), o.call.Facts...), append(slices.Clone(is.Told), o.call.Told...), nil
	both := models.Call{Legs: append(slices.Clone(v.call.Legs), o.call.Legs...)}
	livelier := func(x, y *view, u int64) bool {
		l := x.call.LegOf(u)
		return l != nil && (y.call.LegOf(u) == nil || both.LegOf(u).State == l.State)
	}
	for _, x := range []*view{v, o} {
		for i := range x.call.Legs {
			l := x.call.Legs[i]
			y := o
			if x == o {
				y = v
			}
			if l.User != 0 && (!livelier(x, y, l.User) || out.speaker[l.User] != nil && out.speaker[l.User] != x.speaker[l.User]) {
				continue
			}
			if l.User != 0 {
				out.speaker[l.User] = x.speaker[l.User]
			}
			is.Legs, out.calls, out.legs = append(is.Legs, l), append(out.calls, x.calls[i]), append(out.legs, x.legs[i])
		}
	}
	for i := range is.Legs { // a shared phone speaks of whom no phone of his own does
		for _, u := range is.Legs[i].People() {
			if out.speaker[u] == nil {
				out.speaker[u] = out.calls[i]
			}
		}
	}
	return out
}

// silent reports that the call tells nothing of u although it has a leg of his.
func (v *view) silent(call, u int64) bool {
	return v.speaker[u] != nil && v.speaker[u].ID != call && slices.ContainsFunc(v.told, func(c *models.Call) bool {
		return c.ID == call && c.LegOf(u) != nil
	})
}

// carry hands on to the speaker what another call's leg of the same attempt has
// done already: a form is opened once, whoever tells of it. It reports whether
// there was anything.
func (v *view) carry(u int64, s *models.Call) bool {
	mine, moved := s.LegOf(u), false
	for _, c := range v.told {
		l := c.LegOf(u)
		if c == s || l == nil || !l.Opened && l.Row == 0 || !overlap(l, mine) {
			continue
		}
		mine.Opened, mine.Row, moved = mine.Opened || l.Opened, max(mine.Row, l.Row), true
		l.Opened, l.Row = false, 0
	}
	if moved {
		for i, l := range v.legs {
			v.call.Legs[i].Opened, v.call.Legs[i].Row = l.Opened, l.Row
		}
	}
	return moved
}

// overlap reports that two legs of a user may be one attempt.
func overlap(a, b *models.Leg) bool {
	if begin(a).Sub(begin(b)).Abs() <= oneMoment {
		return true
	}
	within := func(x, y *models.Leg) bool { return y.EndedAt.IsZero() || !begin(x).After(y.EndedAt) }
	return within(a, b) && within(b, a)
}

// relabel makes u's leg in v, told by one source, the same attempt as the one in
// next, told by another from now on: then only what really changed is told.
func (v *view) relabel(u int64, next *view) {
	was, is := v.call.LegOf(u), next.call.LegOf(u)
	if was == nil || is == nil || !overlap(was, is) || was.State == models.Answered && is.State == models.Ringing {
		return
	}
	was.ID, was.Key, was.N = is.ID, is.Key, is.N
}

// source is whose settings hold: those of the believed one.
func (v *view) source(c Context) *models.Source {
	if s := c.Dir.Sources[v.told[0].Source]; s != nil {
		return s
	}
	return c.Source
}

// keep writes into the calls what the rules noted in the view, and tells each
// draft whose leg it speaks of. It returns the calls that it has changed.
func (v *view) keep(drafts []models.Draft) (changed []*models.Call) {
	for i, l := range v.legs {
		is := &v.call.Legs[i]
		if l.Opened == is.Opened && l.Row == is.Row && l.User == is.User && slices.Equal(l.Sharers, is.Sharers) {
			continue
		}
		l.Opened, l.Row, l.User, l.Sharers = is.Opened, is.Row, is.User, is.Sharers
		changed = append(changed, v.calls[i])
	}
	for i := range drafts {
		d := &drafts[i]
		for j := range v.call.Legs {
			if l := &v.call.Legs[j]; d.LegKey != "" && l.User == d.UserID && l.Key == d.LegKey && l.N == d.LegN {
				d.LegCall = v.calls[j].ID
				if info := d.Payload.Call; info != nil && d.Kind == models.KindEnded && info.State != models.Ended {
					info.State, info.EndedAt = models.Ended, l.EndedAt // for him, whatever another source has still to tell
				}
			}
		}
	}
	if c := v.first(); !slices.Equal(c.Told, v.call.Told) {
		c.Told = v.call.Told
		changed = append(changed, c)
	}
	return changed
}

// first is the call that gives the key, which also remembers who was told
// without a leg; when it does not count, the believed one.
func (v *view) first() *models.Call {
	for _, c := range v.told {
		if c.ID == v.call.ID {
			return c
		}
	}
	return v.told[0]
}
