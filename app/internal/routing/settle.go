package routing

import (
	"slices"
	"time"

	"zummer/models"
)

// settle makes the legs of several calls fit together: who is answered stops
// the others' phones, one answer is one person's, and nobody outlives the end.
func (v *view) settle() {
	rank := func(i int) int { return slices.Index(v.told, v.calls[i]) }
	for i := range v.call.Legs {
		l := &v.call.Legs[i]
		for j := range v.call.Legs {
			a := &v.call.Legs[j]
			if l.State == models.Ended || a.User == 0 || a.AnsweredAt.IsZero() || rank(j) >= rank(i) {
				continue
			}
			switch {
			case l.State == models.Ringing && !l.RangAt.After(a.AnsweredAt):
				stop(l, a.AnsweredAt, models.ReasonElsewhere)
			case l.State == models.Answered && l.AnsweredAt.Sub(a.AnsweredAt).Abs() <= oneMoment:
				l.AnsweredAt = time.Time{}
				stop(l, a.AnsweredAt, models.ReasonElsewhere)
			}
		}
	}
	talks := false
	for i := range v.call.Legs {
		l := &v.call.Legs[i]
		switch {
		case v.call.State != models.Ended:
			talks = talks || l.State == models.Answered
		case l.State == models.Answered:
			stop(l, v.call.EndedAt, models.ReasonHangup)
		case l.State == models.Ringing:
			stop(l, v.call.EndedAt, models.ReasonNoAnswer)
		}
	}
	if talks {
		v.call.State = models.Answered
	}
}

func stop(l *models.Leg, at time.Time, reason string) {
	l.State, l.EndedAt, l.Reason = models.Ended, at, reason
}
