package routing

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"zummer/models"
)

// missed gives the drafts of a call that has become a missed one, by user. Of a
// call that was missed before, those who are concerned only now: a ring that is
// told after the end. Who was told already keeps his row.
func (r *router) missed() map[int64]models.Draft {
	key := missedKey(r.call)
	if !r.call.Missed {
		return nil
	}
	users, why := r.concerned(r.call)
	if r.before.Missed && missedKey(r.before) == key {
		told, _ := r.concerned(r.before)
		users = slices.DeleteFunc(users, func(u int64) bool { return slices.Contains(told, u) })
		if len(users) == 0 {
			return nil
		}
	}
	out := map[int64]models.Draft{}
	if len(users) == 0 {
		if users, why = []int64{0}, "missed, and nobody is concerned: no responsible, no known extension rang, the source has no group"; !r.nobodyIsTold() {
			r.note(models.StepNothing, 0, ruleMissed, why)
			return nil
		}
	}
	rest := r.drafts
	for _, u := range users {
		r.drafts = nil
		r.tell(&occasion{event: models.RuleMissed, user: u, leg: r.call.LegOf(u), reason: why, text: r.missedLine(u)})
		for _, d := range r.drafts {
			if have, ok := out[d.UserID]; !ok || have.Reason != d.Reason && d.UserID == u { // his own before somebody else's
				out[d.UserID] = d
			}
		}
	}
	r.drafts = rest
	return out
}

// nobodyIsTold reports that a rule may tell a missed call to people who are not
// concerned by themselves.
func (r *router) nobodyIsTold() bool {
	for i := range r.rules.Rules {
		t := &r.rules.Rules[i].Then
		if slices.ContainsFunc(t.To, func(to string) bool { return to == toResponsible || strings.HasPrefix(to, toGroup) }) {
			return true
		}
	}
	return false
}

// concerned lists who shall call back: the responsible of the contact, else
// those who were rung, else the source's group.
func (r *router) concerned(call *models.Call) (users []int64, why string) {
	add := func(u int64) {
		if r.active(u) == nil {
			return
		}
		if !slices.Contains(users, u) {
			users = append(users, u)
		}
	}
	for i := range r.Contacts {
		add(r.Contacts[i].Responsible)
	}
	if len(users) > 0 {
		return users, "missed; the user is responsible for the client"
	}
	for i := range call.Legs {
		if l := &call.Legs[i]; !l.RangAt.IsZero() {
			for _, u := range l.People() {
				add(u)
			}
		}
	}
	if len(users) > 0 {
		return users, "missed; the user's extension was rung"
	}
	for _, u := range r.Dir.GroupMembers(r.Source.GroupID) {
		add(u)
	}
	return users, "missed; the user is in the source's group"
}

// talked takes missed calls out for all who have them: somebody has talked
// with that number since, or the call was no missed one after all. A call that
// began after the conversation is not settled by it, however late it is told.
func (r *router) talked() {
	remove := func(key, reason string) {
		for i := range r.drafts {
			if r.drafts[i].CollapseKey == key {
				return
			}
		}
		r.add(models.Draft{CollapseKey: key, Mode: models.Remove, CallID: r.call.ID, SourceID: r.call.Source, Rule: ruleTalked, Reason: reason,
			NotAfter: r.call.AnsweredAt})
	}
	if missedStands(r.before) && (!missedStands(r.call) || missedKey(r.before) != missedKey(r.call)) {
		reason := "the call was no missed one after all"
		switch {
		case r.call.Missed:
			reason = "the caller became known after the call was missed"
		case !r.call.AnsweredAt.IsZero():
			reason = "the call was answered after all"
		}
		remove(missedKey(r.before), reason)
	}
	answered := !r.call.AnsweredAt.IsZero() && (r.before.AnsweredAt.IsZero() || r.callerCameKnown())
	if answered && r.call.Phone != "" && r.call.Direction != models.InternalCall {
		remove(missedKey(r.call), "somebody has talked with this number since")
	}
}

// missedStands reports that people are told of c as missed. While a call lives
// on after all, unanswered, what they were told stays: it will be told again,
// or somebody talks.
func missedStands(c *models.Call) bool {
	return c.Missed || c.Doubted() && c.State == models.Ringing && c.Direction == models.In
}

// missedKey collapses missed calls by number; those without one stand alone.
func missedKey(c *models.Call) string {
	if c.Phone == "" {
		return "missed:" + callKey(c.ID)
	}
	return "missed:" + c.Phone
}

// MissedText is the text of a missed row that tells of several calls: how
// many, and when the last one came, in the reader's zone (nil: UTC). For a
// single call it is the text that the row has.
func MissedText(payload models.Payload, attempts int, last time.Time, zone *time.Location, in models.Language) string {
	if attempts <= 1 {
		return payload.Text
	}
	if zone == nil {
		zone = time.UTC
	}
	if in == models.English {
		return strconv.Itoa(attempts) + " attempts, last at " + last.In(zone).Format("15:04")
	}
	return strconv.Itoa(attempts) + " " + plural(attempts, "попытка", "попытки", "попыток") + ", последняя " + last.In(zone).Format("15:04")
}

// plural picks the Russian form for n things: 1, 2–4, 5 and more.
func plural(n int, one, few, many string) string {
	switch {
	case n%100 >= 11 && n%100 <= 14:
		return many
	case n%10 == 1:
		return one
	case n%10 >= 2 && n%10 <= 4:
		return few
	}
	return many
}
