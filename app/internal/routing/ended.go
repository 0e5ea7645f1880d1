package routing

import "zummer/models"

// ended tells u that his last attempt is over.
func (r *router) ended(u int64, was, is *models.Leg) {
	if !live(was) {
		if was != nil && sameAttempt(was, is) && is.Reason == models.ReasonElsewhere && talker(r.before, u) == nil && talker(r.call, u) != nil {
			r.elsewhere(u, is) // who answered is told after the phone went silent
		}
		talked := was != nil && !was.AnsweredAt.IsZero() && is.Reason == models.ReasonHangup
		if talked && r.before.State == models.Ended && (r.before.TalkS != r.call.TalkS || !r.before.EndedAt.Equal(r.call.EndedAt)) {
			r.card(u, is, "how long they talked became known later")
		}
		return
	}
	talked := !is.AnsweredAt.IsZero()
	switch {
	case talked && is.Reason == models.ReasonTransferred:
		r.tell(&occasion{event: models.RuleTransferred, user: u, leg: is, reason: "the customer was connected to somebody else", text: r.transferText(is)})
	case talked:
		r.card(u, is, "the conversation ended")
	case r.toldNow(u): // a colleague's phone
	case is.Reason == models.ReasonElsewhere || r.taken(u, is):
		r.elsewhere(u, is)
	default:
		r.tell(&occasion{event: models.RuleRingEnded, user: u, leg: is, reason: "the extension stopped ringing: " + models.CutText(is.Reason, 64), text: r.line(r.over())})
	}
}

// card makes the answered row, if it is still pending, tell of a talk that is over.
func (r *router) card(u int64, l *models.Leg, reason string) {
	r.tell(&occasion{event: models.RuleEnded, user: u, leg: l, reason: reason, text: r.endedText(l)})
}

func (r *router) elsewhere(u int64, l *models.Leg) {
	r.tell(&occasion{event: models.RuleElsewhere, user: u, leg: l, reason: "somebody else answered", text: r.answeredBy(u)})
}

// taken reports that another one took the call while l rang, whatever the PBX
// gave as the reason.
func (r *router) taken(u int64, l *models.Leg) bool {
	t := talker(r.call, u)
	return t != nil && t.State == models.Answered && !t.AnsweredAt.Before(l.RangAt)
}

// closing revises the row into a state that takes the toast away by itself,
// where no rule is asked: the call is not what it was taken for.
func (r *router) closing(u int64, l *models.Leg, kind, rule, reason, text string) {
	d := r.draft(u, l, kind, models.ActionNone, rule, reason, max(closingTTL, 2*r.PollInterval))
	d.Mode, d.Payload.Text = models.ReviseOnly, text
	r.add(d)
}

// talker is who of the others talks with the customer, else who did last.
func talker(c *models.Call, not int64) *models.Leg {
	var last *models.Leg
	for i := range c.Legs {
		l := &c.Legs[i]
		if l.AnsweredAt.IsZero() || l.User == not {
			continue
		}
		if l.State == models.Answered {
			return l
		}
		if last == nil || !l.AnsweredAt.Before(last.AnsweredAt) {
			last = l
		}
	}
	return last
}

// sameAttempt goes by id where both have one: the number of an attempt changes
// when an earlier one is told late.
func sameAttempt(a, b *models.Leg) bool {
	if a.ID != 0 && b.ID != 0 {
		return a.ID == b.ID
	}
	return a.Key == b.Key && a.N == b.N
}
