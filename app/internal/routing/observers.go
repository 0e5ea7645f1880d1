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
		if r.call.LegOf(u) != nil || slices.ContainsFunc(r.drafts, func(d models.Draft) bool { return d.UserID == u && d.CollapseKey == r.key() }) {
			continue // his own phone tells him, or a rule has just done
		}
		o := &occasion{user: u}
		answered := !r.call.AnsweredAt.IsZero()
		first := len(r.drafts)
		switch {
		case answered && r.before.AnsweredAt.IsZero():
			o.event, o.reason, o.text = models.RuleElsewhere, "somebody else answered", r.answeredBy(u)
		case r.call.State == models.Ended && r.before.State != models.Ended && answered:
			o.event, o.reason, o.text = models.RuleEnded, "the conversation ended", r.endedText(&models.Leg{})
		case r.call.State == models.Ended && r.before.State != models.Ended:
			o.event, o.reason, o.text = models.RuleRingEnded, "the call ended", r.line("Вызов прекращён")
		default:
			continue
		}
		r.tell(o)
		if o.event == models.RuleElsewhere && !slices.ContainsFunc(r.drafts[first:], func(d models.Draft) bool { return d.Mode != models.Remove && d.Action != models.ActionNone }) {
			r.call.Told = slices.DeleteFunc(slices.Clone(r.call.Told), func(v int64) bool { return v == u }) // his row goes by itself, and comes back as no card
		}
	}
}

func (r *router) answeredBy(not int64) string {
	if t := talker(r.call, not); t != nil {
		return "Ответил " + r.nameOf(t)
	}
	return "Ответил другой сотрудник"
}
