package routing

import (
	"slices"

	"zummer/models"
)

// observers tells those who were told of the call without a phone of theirs in
// it (deputies, responsibles, groups of rules) what became of it. Their rows
// close when somebody talks, and when the call is over.
func (r *router) observers() {
	for _, u := range r.before.Told {
		if live(r.before.LegOf(u)) || live(r.call.LegOf(u)) || r.toldNow(u) {
			continue // his own phone tells him, or a rule has just done
		}
		o := &occasion{user: u}
		answered := !r.call.AnsweredAt.IsZero()
		switch {
		case answered && r.before.AnsweredAt.IsZero():
			o.event, o.reason, o.text = models.RuleElsewhere, "somebody else answered", r.answeredBy(u)
		case r.call.State == models.Ended && r.before.State != models.Ended && answered:
			o.event, o.reason, o.text = models.RuleEnded, "the conversation ended", r.endedText(&models.Leg{})
		case r.call.State == models.Ended && r.before.State != models.Ended:
			o.event, o.reason, o.text = models.RuleRingEnded, "the call ended", r.line(r.over())
		default:
			continue
		}
		r.tell(o)
	}
}

// tellsHim reports that a person's own phone tells him of the call: one that only
// rang does no more.
func tellsHim(l *models.Leg) bool { return live(l) || l != nil && !l.AnsweredAt.IsZero() }

// toldNow reports that this run has told the user of the call already.
func (r *router) toldNow(user int64) bool {
	return slices.ContainsFunc(r.drafts, func(d models.Draft) bool { return d.UserID == user && d.CollapseKey == r.key() })
}

// untold forgets that a user was told of the call without a phone of his: what
// he has now is no card that has to be closed.
func (r *router) untold(user int64) {
	r.call.Told = slices.DeleteFunc(slices.Clone(r.call.Told), func(u int64) bool { return u == user })
}

func (r *router) answeredBy(not int64) string {
	if t := talker(r.call, not); t != nil {
		return r.say("Ответил ", "Answered by ") + r.nameOf(t)
	}
	return r.say("Ответил другой сотрудник", "Answered by a colleague")
}
