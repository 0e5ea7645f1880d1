package routing

import (
	"cmp"
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

// meeting is one run of Converse.
type meeting struct {
	Context
	known   []*models.Call
	drafts  []models.Draft
	steps   []models.Step
	changed []*models.Call
}

// of lists the known calls of a conversation.
func (m *meeting) of(conversation int64) []*models.Call {
	var out []*models.Call
	for _, o := range m.known {
		if o.MergedInto == 0 && o.ConversationID() == conversation {
			out = append(out, o)
		}
	}
	return out
}

// others lists those that tell of c's conversation beside it.
func (m *meeting) others(c *models.Call) []*models.Call {
	return slices.DeleteFunc(m.of(c.ConversationID()), func(o *models.Call) bool { return o.ID == c.ID })
}

// mayJoin reports that the conversations of two calls are not one yet, and have
// no source and no contradiction in common.
func (m *meeting) mayJoin(a, b *models.Call) bool {
	if a.ConversationID() == b.ConversationID() {
		return false
	}
	for _, x := range append(m.others(a), a) {
		for _, y := range append(m.others(b), b) {
			if !maySpeakOfOne(x, y, m.Dir) {
				return false
			}
		}
	}
	return true
}

// pair makes the conversations of two calls one: the one that was known first
// gives the key.
func (m *meeting) pair(before, after, found *models.Call) {
	keep, gone := found.ConversationID(), after.ConversationID()
	if len(before.Facts) > 0 && gone < keep {
		keep, gone = gone, keep
	}
	m.steps = append(m.steps, models.Step{What: models.StepNothing, Rule: ruleConversation,
		Reason: "one conversation with a call of source " + m.slug(found.Source), Detail: callKey(keep)})
	for _, o := range m.of(gone) {
		if o.ID != after.ID {
			m.move(o, keep)
		}
	}
	if after.ConversationID() == gone {
		m.rekey(before, gone, keep)
		name(after, keep)
	}
}

// move makes o a call of conversation to, with the rows that tell of it.
func (m *meeting) move(o *models.Call, to int64) {
	m.rekey(o, o.ConversationID(), to)
	name(o, to)
	m.changed = append(m.changed, o)
}

// rekey lets the rows that tell of c go on under another key.
func (m *meeting) rekey(c *models.Call, from, to int64) {
	move := func(u int64, from, to string) {
		m.drafts = append(m.drafts, models.Draft{UserID: u, CollapseKey: from, Mode: models.Move, To: to,
			Rule: ruleConversation, Reason: "another source tells of the same conversation"})
	}
	users := append(c.Users(), c.Told...)
	slices.Sort(users)
	for _, u := range slices.Compact(users) {
		move(u, callKey(from), callKey(to))
	}
	if c.Phone == "" && missedStands(c) { // for all who have it
		move(0, "missed:"+callKey(from), "missed:"+callKey(to))
	}
}

func name(c *models.Call, conversation int64) {
	c.Conversation = conversation
	if c.ID == conversation {
		c.Conversation = 0
	}
}

// part takes two calls of one conversation apart whose numbers turned out to
// differ: the one that did not give the key gets rows of its own.
func (m *meeting) part(before, after, other *models.Call) ([]models.Draft, []models.Step, []*models.Call) {
	was := join(append(m.others(after), before), m.Dir)
	leaver, alone := after, before
	if after.Conversation == 0 {
		leaver, alone = other, other.Clone()
		m.changed = append(m.changed, other)
	}
	key := leaver.ConversationID()
	m.steps = append(m.steps, models.Step{What: models.StepNothing, Rule: ruleConversation, Reason: "its number turned out to be another one: no more one conversation"})
	stay := append(m.others(after), after)
	stay = slices.DeleteFunc(stay, func(o *models.Call) bool { return o.ID == leaver.ID })
	only := alone.Clone() // with the legs of those whom no other call concerns: their rows go on
	only.Legs = slices.DeleteFunc(only.Legs, func(l models.Leg) bool {
		return l.User != 0 && slices.ContainsFunc(stay, func(o *models.Call) bool { return o.LegOf(l.User) != nil })
	})
	leaver.Conversation, only.Conversation = 0, 0
	m.rekey(only, key, leaver.ID)
	m.route(was, join(stay, m.Dir), false)
	m.route(join([]*models.Call{only}, m.Dir), join([]*models.Call{leaver}, m.Dir), true)
	return m.drafts, m.steps, m.changed
}

// route runs the rules on the views of a conversation before and after an event.
func (m *meeting) route(was, is *view, paired bool) {
	m.steps = append(m.steps, m.overruled(was, is, paired)...)
	for u, s := range is.speaker {
		if is.carry(u, s) {
			m.changed = append(m.changed, is.told...)
		}
		if old := was.speaker[u]; old != nil && old.ID != s.ID {
			was.relabel(u, is)
		}
	}
	was.call.ID = is.call.ID
	c := m.Context
	c.Source = is.source(c)
	if c.ContactsOf != nil {
		c.Contacts = c.ContactsOf(is.call.Phone)
	}
	drafts, steps := Route(&was.call, &is.call, c)
	m.changed = append(m.changed, is.keep(drafts)...)
	m.drafts, m.steps = append(m.drafts, drafts...), append(m.steps, steps...)
}

// overruled says once of whom another source tells already, or from now on.
func (m *meeting) overruled(was, is *view, paired bool) []models.Step {
	var steps []models.Step
	for _, c := range is.told {
		for _, u := range c.Users() {
			s := is.speaker[u]
			if s == c || !paired && was.silent(c.ID, u) {
				continue
			}
			reason := "told by source " + m.slug(s.Source) + " already"
			if old := was.speaker[u]; old != nil && old.ID == c.ID {
				reason = "told by source " + m.slug(s.Source) + " from now on, which is believed"
			}
			steps = append(steps, models.Step{UserID: u, What: models.StepNothing, Rule: ruleConversation, Reason: reason})
		}
	}
	slices.SortStableFunc(steps, func(a, b models.Step) int { return cmp.Compare(a.UserID, b.UserID) })
	return steps
}

func (m *meeting) slug(source int64) string {
	if s := m.Dir.Sources[source]; s != nil {
		return s.Slug
	}
	return "that is gone"
}

// byBelief sorts calls so that the source that is believed comes first.
func byBelief(calls []*models.Call, dir *models.Directory) []*models.Call {
	rank := func(c *models.Call) int {
		if s := dir.Sources[c.Source]; s != nil {
			return s.LineRank
		}
		return 1 << 30
	}
	calls = slices.Clone(calls)
	slices.SortFunc(calls, func(a, b *models.Call) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
	})
	return calls
}
