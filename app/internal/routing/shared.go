package routing

import (
	"slices"

	"zummer/models"
)

// ruleShared names what is told of a shared phone that nobody has taken yet,
// ruleDeputy what a deputy is told.
const (
	ruleShared = "shared_phone"
	ruleDeputy = "deputy"
)

// TakeFlag stands in the data of a row that is offered to several people: the
// first to take it has the call.
const TakeFlag = "take"

// Share says whose the legs of shared phones are, each once in the leg's life.
// A check_in phone is whose who said so last, while he is present; one that
// rings for all belongs to those who share it and are present, and to nobody
// alone (Leg.Sharers) unless he is the only one. When nobody of them is present,
// it is a deputy's, and a step says why. A leg that one of its addresses gives
// to a person is left to Owners, which runs afterwards. present nil: everybody is.
func Share(call *models.Call, dir *models.Directory, present func(user int64) bool) []models.Step {
	if len(dir.Shared) == 0 {
		return nil
	}
	var steps []models.Step
	for i := range call.Legs {
		l := &call.Legs[i]
		if l.User != 0 || len(l.Sharers) > 0 {
			continue
		}
		addresses := append([]string{l.Extension}, l.Addresses...)
		phone := dir.SharedPhone(call.Source, addresses)
		if phone == nil || dir.Owner(call.Source, addresses) != 0 {
			continue
		}
		users, why := sharers(phone, dir, present)
		switch len(users) {
		case 0:
			continue
		case 1:
			call.SetOwner(i, users[0])
		default:
			l.Sharers = users
		}
		if why != "" && call.Direction != models.InternalCall {
			steps = append(steps, models.Step{What: models.StepDeputy, CallID: call.ID, SourceID: call.Source, Rule: ruleDeputy, Reason: why, Detail: l.Extension})
		}
	}
	return steps
}

// Sharers are the people for whom a shared phone rings now; nil: it is none.
func Sharers(source int64, extension string, dir *models.Directory, present func(user int64) bool) []int64 {
	e := dir.SharedPhone(source, []string{extension})
	if e == nil {
		return nil
	}
	users, _ := sharers(e, dir, present)
	return users
}

// sharers are whom a shared phone rings for now; why is told when it is not
// simply those who are present.
func sharers(e *models.Extension, dir *models.Directory, present func(int64) bool) (users []int64, why string) {
	here := func(u int64) bool { return present == nil || present(u) }
	var owners []int64
	for i := range e.Owners {
		if u := dir.Users[e.Owners[i].UserID]; u != nil && u.Active {
			owners = append(owners, u.ID)
		}
	}
	asked, today := owners, e.Today()
	if e.Mode == models.SharedCheckIn && slices.Contains(owners, today) {
		if here(today) {
			return []int64{today}, ""
		}
		asked = []int64{today}
	}
	if e.Mode == models.SharedAll {
		users = slices.DeleteFunc(slices.Clone(owners), func(u int64) bool { return !here(u) })
		if len(users) > 0 {
			return users, ""
		}
	}
	for _, o := range asked {
		d := dir.Deputy(o, present)
		if d == 0 {
			continue
		}
		why = "nobody who shares the phone is present: " + dir.Users[d].Login + " stands in for " + dir.Users[o].Login
		if e.Mode == models.SharedCheckIn {
			return []int64{d}, why
		}
		users = append(slices.Clone(owners), d)
		slices.Sort(users)
		return slices.Compact(users), why
	}
	return asked, ""
}

// offer tells one of several people that a phone they share was answered: the
// first to take it opens the form.
func (r *router) offer(u int64, was, is *models.Leg) {
	event := r.answerEvent(is)
	told := live(was) && was.State == models.Answered && sameAttempt(was, is)
	if event == models.RuleOutgoing && !r.Source.Outgoing || r.active(u) == nil || told && !r.callerCameKnown() {
		return
	}
	o := &occasion{event: event, user: u, leg: is, name: ruleShared, reason: "the shared phone was answered: the first to take the call has it",
		text: r.line(r.word()) + r.say(", общий телефон ", ", shared phone ") + bareExtension(is.Extension)}
	if told {
		o.revise, o.name, o.reason = true, ruleKnown, "the caller became known during the conversation"
	}
	r.tell(o)
}

// offered makes a draft about a leg that nobody has taken yet an offer: it marks
// no row on the leg, for each of the sharers has one.
func offered(d *models.Draft, l *models.Leg) {
	if !l.Offered() {
		return
	}
	d.LegKey, d.LegN = "", 0
	if !l.AnsweredAt.IsZero() && d.Action != models.ActionNone {
		d.Payload.Data = map[string]any{TakeFlag: true}
	}
}
