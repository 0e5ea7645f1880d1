package routing

import (
	"cmp"
	"slices"

	"zummer/models"
)

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
