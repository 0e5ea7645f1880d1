package routing

import (
	"slices"
	"time"

	"zummer/models"
)

// Sources of one line group may tell of one conversation: a cloud PBX in front
// of an Asterisk, a webhook beside a connector. Each tells it as a call of its
// own, and the state machine of each stays as it is. Calls whose legs belong
// together are paired (models.Call.Conversation), and the rules run on a view of
// all of them: one call whose rows have one key, in which every user stands as
// the believed source says that he does.

// oneMoment is how far apart two sources may tell the beginning of one leg, or
// one answer.
const oneMoment = 10 * time.Second

// longRing is how long a phone may ring before the answer of which alone a
// source tells.
const longRing = 2 * time.Minute

const ruleConversation = "conversation"

// Together reports whether two calls are one conversation: told by different
// sources of one line group, both incoming or both outgoing, with the same
// outside number (or one of them without any), and a user has a leg in both
// that began within ten seconds; of an answer whose ring was not told, it lies
// within two minutes of the other one's ring. Two calls of one source never are.
func Together(a, b *models.Call, dir *models.Directory) bool {
	if !maySpeakOfOne(a, b, dir) {
		return false
	}
	for i := range a.Legs {
		for j := range b.Legs {
			x, y := &a.Legs[i], &b.Legs[j]
			if x.User != 0 && x.User == y.User && sameBegin(x, y) {
				return true
			}
		}
	}
	return false
}

func maySpeakOfOne(a, b *models.Call, dir *models.Directory) bool {
	s, t := dir.Sources[a.Source], dir.Sources[b.Source]
	return s != nil && t != nil && s.ID != t.ID && s.LineGroup != "" && s.LineGroup == t.LineGroup && a.MergedInto == 0 && b.MergedInto == 0 &&
		a.Direction == b.Direction && a.Direction != models.InternalCall && !differ(a, b)
}

// differ reports that two calls are with different numbers.
func differ(a, b *models.Call) bool { return a.Phone != "" && b.Phone != "" && a.Phone != b.Phone }

// sameBegin reports that two legs of a user may be one attempt, from its begin on.
func sameBegin(x, y *models.Leg) bool {
	rang, answered := x, y
	if x.RangAt.IsZero() {
		rang, answered = y, x
	}
	switch {
	case !x.RangAt.IsZero() && !y.RangAt.IsZero(), answered.AnsweredAt.IsZero():
	case rang.RangAt.IsZero():
	case !rang.AnsweredAt.IsZero():
		return rang.AnsweredAt.Sub(answered.AnsweredAt).Abs() <= oneMoment
	default:
		after := answered.AnsweredAt.Sub(rang.RangAt)
		return after >= -oneMoment && after <= longRing && (rang.EndedAt.IsZero() || answered.AnsweredAt.Before(rang.EndedAt.Add(oneMoment)))
	}
	return begin(x).Sub(begin(y)).Abs() <= oneMoment
}

func begin(l *models.Leg) time.Time {
	for _, t := range []time.Time{l.RangAt, l.AnsweredAt} {
		if !t.IsZero() {
			return t
		}
	}
	return l.EndedAt
}

// Converse is Route for a call whose source is in a line group. known are other
// calls of that group, among them all of the call's own conversation and of
// those that it may be paired with. It pairs the call, or lets it go when its
// number turned out to be another one, and sets Conversation, Opened and Row in
// all of them; changed are those of known that it has changed. Owners must have
// run on after.
func Converse(before, after *models.Call, known []*models.Call, c Context) (drafts []models.Draft, steps []models.Step, changed []*models.Call) {
	m := &meeting{Context: c, known: known}
	others := m.others(after)
	if i := slices.IndexFunc(others, func(o *models.Call) bool { return differ(o, after) }); i >= 0 {
		return m.part(before, after, others[i])
	}
	was, paired := join(append(slices.Clone(others), before), c.Dir), false
	for {
		i := slices.IndexFunc(known, func(o *models.Call) bool { return Together(after, o, c.Dir) && m.mayJoin(after, o) })
		if i < 0 {
			break
		}
		was, paired = was.with(join(append(m.others(known[i]), known[i]), c.Dir)), true
		m.pair(before, after, known[i])
	}
	m.route(was, join(append(m.others(after), after), c.Dir), paired)
	return m.drafts, m.steps, m.changed
}

// CurrentOf is Current for a call of a line group: a user of whom a believed
// source tells keeps what he has.
func CurrentOf(call *models.Call, known []*models.Call, users []int64, c Context) []models.Draft {
	m := &meeting{Context: c, known: known}
	v := join(append(m.others(call), call), c.Dir)
	users = slices.DeleteFunc(slices.Clone(users), func(u int64) bool { return v.speaker[u] != call })
	c.Source = v.source(c)
	if c.ContactsOf != nil {
		c.Contacts = c.ContactsOf(v.call.Phone)
	}
	drafts := Current(&v.call, users, c)
	v.keep(drafts)
	return drafts
}

// AskedOf is Asked for a call of a line group: users stand as the believed source
// says that they do.
func AskedOf(call *models.Call, known []*models.Call, c Context) ([]models.Draft, []models.Step) {
	m := &meeting{Context: c, known: known}
	v := join(append(m.others(call), call), c.Dir)
	c.Source = v.source(c)
	if c.ContactsOf != nil {
		c.Contacts = c.ContactsOf(v.call.Phone)
	}
	drafts, steps := Asked(&v.call, c)
	v.keep(drafts)
	return drafts, steps
}

// TakeOf is Take for a call of a line group, whichever of its conversation's calls
// has the leg; changed are those that it has changed.
func TakeOf(call *models.Call, known []*models.Call, user int64, claim bool, c Context) (drafts []models.Draft, changed []*models.Call, ok bool) {
	m := &meeting{Context: c, known: known}
	v := join(append(m.others(call), call), c.Dir)
	c.Source = v.source(c)
	if c.ContactsOf != nil {
		c.Contacts = c.ContactsOf(v.call.Phone)
	}
	if drafts, ok = Take(&v.call, user, claim, c); !ok {
		return nil, nil, false
	}
	for i, l := range v.legs {
		if l.Offered() && v.call.Legs[i].User == user {
			v.calls[i].SetOwner(slices.IndexFunc(v.calls[i].Legs, func(x models.Leg) bool { return x.ID == l.ID && x.Key == l.Key && x.N == l.N }), user)
			changed = append(changed, v.calls[i])
		}
	}
	return drafts, append(changed, v.keep(drafts)...), true
}

// Joined lets the rows of gone, a call that was merged into kept, go on as they
// are under kept's key, where Merged would take them out: a form that nobody has
// seen yet is still given. gone is as it was before the merge, drafts are those
// of Merged. known are other calls of the line group, if there is one: those that
// told of gone's conversation tell of kept's now, and are changed.
func Joined(gone, kept *models.Call, known []*models.Call, drafts []models.Draft) ([]models.Draft, []*models.Call) {
	m := &meeting{known: known}
	from, to := gone.ConversationID(), kept.ConversationID()
	if from == to {
		return slices.DeleteFunc(drafts, func(d models.Draft) bool { return d.UserID != 0 }), nil
	}
	for i := range drafts {
		if drafts[i].UserID != 0 {
			drafts[i].Mode, drafts[i].To = models.Move, callKey(to)
		}
	}
	for _, o := range m.of(from) {
		if o.ID != kept.ID && o.ID != gone.ID {
			m.move(o, to)
		}
	}
	return append(drafts, m.drafts...), m.changed
}

// Both is what people were told by two calls of one source, as they were before
// one was merged into the other, as a call: the one that survives. Of an internal
// call, and of an outgoing one that nobody has answered, nothing was told.
func Both(kept, gone *models.Call) *models.Call {
	told := func(c *models.Call) bool {
		return c.Direction != models.InternalCall && (c.Direction != models.Out || !c.AnsweredAt.IsZero()) && len(c.Legs) > 0
	}
	c := *kept
	switch one := (&models.Directory{}); {
	case !told(gone):
		return kept
	case !told(kept):
		c = *gone.Clone()
	default:
		c = join([]*models.Call{kept}, one).with(join([]*models.Call{gone}, one)).call
		c.Phone = kept.Phone
	}
	c.ID, c.Source, c.Key, c.Conversation, c.MergedInto = kept.ID, kept.Source, kept.Key, kept.Conversation, 0
	return &c
}
