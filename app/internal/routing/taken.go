package routing

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"zummer/models"
)

// ruleTaken names what is told of a task or a call that somebody has taken.
const ruleTaken = "taken"

// Task is the collapse key under which several people have a pending row as one
// task, of which the first to take it takes it from all; "": the row is its
// user's alone, or its task is over.
func Task(n *models.Notification) string {
	if n.Action == models.ActionNone || !strings.HasPrefix(n.CollapseKey, "missed:") {
		return ""
	}
	return n.CollapseKey
}

// Offered reports that the row offers a call on a shared phone to several people.
func Offered(n *models.Notification) bool {
	on, _ := n.Payload.Data[TakeFlag].(bool)
	return on && n.CallID != 0 && n.Action != models.ActionNone
}

// Taken is what a row of a task says once by has taken it: a closing state,
// which needs no acknowledgement.
func Taken(n *models.Notification, by *models.User, pollInterval time.Duration, in models.Language) models.Draft {
	p := n.Payload
	p.Text, p.Data, p.Candidates = models.CutText(in.T("Взял ", "Taken by ")+by.DisplayName(), models.MaxText), nil, nil
	return models.Draft{UserID: n.UserID, CollapseKey: n.CollapseKey, Mode: models.ReviseOnly, Kind: models.KindElsewhere, Action: models.ActionNone,
		CallID: n.CallID, SourceID: n.SourceID, Rule: ruleTaken, Reason: "taken by " + by.Login, Payload: p, TTL: max(closingTTL, 2*pollInterval)}
}

// Take gives the leg of call that was offered to user to him, for good: the
// others' rows become a closing state. With claim his own becomes the one that
// opens; without it he has opened already. ok is false when nothing is offered to
// him. Of a call that is over he keeps a card.
func Take(call *models.Call, user int64, claim bool, c Context) (drafts []models.Draft, ok bool) {
	at := slices.IndexFunc(call.Legs, func(l models.Leg) bool { return l.Offered() && l.Concerns(user) && !l.AnsweredAt.IsZero() })
	if at < 0 {
		return nil, false
	}
	r := newRouter(call.Clone(), call, c)
	usr, l := r.Dir.Users[user], &call.Legs[at]
	if usr == nil {
		return nil, false
	}
	call.SetOwner(at, user)
	for _, u := range l.Sharers {
		if u != user {
			r.closing(u, l, models.KindElsewhere, ruleTaken, "taken by "+usr.Login, r.say("Взял ", "Taken by ")+usr.DisplayName())
			r.drafts[len(r.drafts)-1].LegKey = ""
		}
	}
	switch {
	case !claim:
		l.Opened = true
	case l.State != models.Answered:
		r.card(user, l, "taken by the user after the conversation")
	default:
		kind := plains[r.answerEvent(l)].kind
		action, reason := models.ActionShow, "taken; the user wants cards, no forms"
		if opens(usr) {
			action, reason, l.Opened = r.open().action, "taken: "+r.open().reason, true
		}
		d := r.draft(user, l, kind, action, ruleTaken, reason, answeredTTL)
		d.Mode = models.ReviseOnly
		r.add(d)
	}
	slices.SortStableFunc(r.drafts, func(a, b models.Draft) int { return cmp.Compare(a.UserID, b.UserID) })
	return r.drafts, true
}
