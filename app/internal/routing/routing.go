package routing

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"zummer/models"
)

// Context is what the rules know beside the call. Nothing in it is changed.
type Context struct {
	Dir          *models.Directory
	Source       *models.Source   // of the call
	Contacts     []models.Contact // those that have the call's number, in any order
	AnyContacts  bool             // the CRM has synchronised contacts at all
	Now          time.Time        // the database's clock
	PollInterval time.Duration    // pace told to clients; closing states stay at least two of it
	Zone         *time.Location   // of the source; nil: UTC
	WebhookID    int64            // what said so; 0: a job or an administrator
}

// How long rows stay unless something changes them first.
const (
	ringingTTL  = 60 * time.Second
	answeredTTL = 4 * time.Hour
	cardTTL     = 14 * 24 * time.Hour
	closingTTL  = 30 * time.Second // or two polls, if that is longer
)

// newRound is how much later than his first phone another one of a person must
// ring to be told: a queue's next round, of whose end nothing may be posted.
const newRound = 5 * time.Second

// Names of the rules, as timelines and logs carry them. They never change.
const (
	ruleRinging     = "ringing"
	ruleAnswered    = "answered"
	ruleOutgoing    = "outgoing"
	ruleElsewhere   = "answered_elsewhere"
	ruleRingEnded   = "ring_ended"
	ruleTransferred = "transferred"
	ruleEnded       = "ended"
	ruleMissed      = "missed"
	ruleTalked      = "talked" // takes missed calls out
	ruleKnown       = "caller_known"
	ruleInternal    = "internal"
	ruleMerged      = "merged"
	ruleUnrouted    = "unrouted"
)

// Route says which rows change because the call went from before to after:
// first what all holders of a missed call lose (UserID 0), then user by user.
// Several steps of a call may lie between the two; only the end states count.
// before may be a fresh call without facts. Owners must have run on after.
//
// Where a draft gives an opening action, Opened is set on after's leg.
func Route(before, after *models.Call, c Context) ([]models.Draft, []models.Step) {
	r := &router{Context: c, before: before, call: after}
	r.talked()
	missed := r.missed()
	for _, u := range unionUsers(before, after) {
		r.user(u)
	}
	r.drafts = slices.AppendSeq(r.drafts, maps.Values(missed))
	slices.SortStableFunc(r.drafts, func(a, b models.Draft) int { return cmp.Compare(a.UserID, b.UserID) })
	return r.drafts, r.steps
}

// Current runs the rules once on the state that the call has now, for users
// whose extension has only just been mapped: their live row, or the card of a
// missed call that is theirs, or nothing. Owners must have run on call.
func Current(call *models.Call, users []int64, c Context) []models.Draft {
	fresh := &models.Call{ID: call.ID, Source: call.Source, Key: call.Key, State: models.Ringing}
	r := &router{Context: c, before: fresh, call: call}
	missed := r.missed()
	users = slices.Clone(users)
	slices.Sort(users)
	for _, u := range slices.Compact(users) {
		r.user(u)
		if d, ok := missed[u]; ok {
			r.drafts = append(r.drafts, d)
		}
	}
	return r.drafts
}

// Merged takes out the rows of a call that another one has taken over: gone is
// the call as it was before models.Call.Merge, kept the surviving one after it.
// What gone was missed for goes too, for all who have it (UserID 0), unless kept
// is missed itself. Route with the surviving call as it was before the merge
// then makes the rows under its own key.
func Merged(gone, kept *models.Call) []models.Draft {
	var out []models.Draft
	if missedStands(gone) && (!missedStands(kept) || missedKey(gone) != missedKey(kept)) {
		out = append(out, models.Draft{CollapseKey: missedKey(gone), Mode: models.Remove, CallID: gone.ID, SourceID: gone.Source,
			Rule: ruleMerged, Reason: "the missed call was merged into another one", NotAfter: kept.AnsweredAt})
	}
	for _, u := range slices.Sorted(slices.Values(gone.Users())) {
		out = append(out, models.Draft{UserID: u, CollapseKey: callKey(gone.ID), Mode: models.Remove, CallID: gone.ID, SourceID: gone.Source,
			Rule: ruleMerged, Reason: "the call was merged into another one"})
	}
	return out
}

// Owners sets the user of legs that have none and tells of those that nobody
// owns, each once in the leg's life (while it has no id yet; two events of one
// batch may both tell of it). Internal calls tell of nothing.
func Owners(call *models.Call, dir *models.Directory) []models.Step {
	var steps []models.Step
	for i := range call.Legs {
		l := &call.Legs[i]
		if l.User != 0 || l.Offered() {
			continue
		}
		if u := dir.Owner(call.Source, append([]string{l.Extension}, l.Addresses...)); u != 0 {
			call.SetOwner(i, u)
			continue
		}
		if l.ID == 0 && call.Direction != models.InternalCall {
			steps = append(steps, models.Step{What: models.StepUnrouted, CallID: call.ID, SourceID: call.Source, Rule: ruleUnrouted,
				Reason: "no user owns this extension", Detail: l.Extension})
		}
	}
	return steps
}

// router is one run of the rules.
type router struct {
	Context
	before, call *models.Call
	drafts       []models.Draft
	steps        []models.Step
	opening      *opening // what an opening action would be; made when first needed
}

func (r *router) user(u int64) {
	was, is := r.before.LegOf(u), r.call.LegOf(u)
	if r.before.Direction == models.InternalCall || r.before.Direction == models.Out && r.before.AnsweredAt.IsZero() {
		was = nil // nothing was told of it
	}
	switch {
	case r.call.Direction == models.InternalCall:
		if live(was) {
			r.closing(u, is, models.KindRingEnded, ruleInternal, "the call turned out to be internal", "Внутренний звонок")
		}
	case is == nil:
		if live(was) {
			r.closing(u, nil, models.KindRingEnded, ruleRingEnded, "the attempt is gone", "Вызов прекращён")
		}
	case is.State == models.Ringing:
		r.ringing(u, was, is)
	case is.State == models.Answered:
		r.answered(u, was, is)
	default:
		r.ended(u, was, is)
	}
}

func (r *router) ringing(u int64, was, is *models.Leg) {
	if r.call.Direction == models.Out && r.call.AnsweredAt.IsZero() {
		if live(was) {
			r.closing(u, is, models.KindRingEnded, ruleOutgoing, "the call turned out to be outgoing", "Исходящий звонок")
		}
		return // his own phone rings so that he may call out: nothing to tell him
	}
	if live(was) && was.State == models.Ringing && (sameAttempt(was, is) || r.stillRings(was)) {
		if r.callerCameKnown() || !is.Opened && (r.callerName() != "" && r.before.Name != r.call.Name || r.before.DID != r.call.DID) {
			d := r.draft(u, is, models.KindRinging, models.ActionIndicate, ruleKnown, "the caller became known while it rings", ringingTTL)
			d.Mode = models.ReviseOnly
			r.add(d)
			return
		}
		if is.RangAt.Sub(was.RangAt) < newRound {
			return
		}
	}
	usr := r.active(u)
	if usr == nil {
		return
	}
	action, reason := models.ActionIndicate, "the extension rings"
	if is.Opened = r.openedBefore(was, is); !is.Opened && usr.PopOn == models.PopRinging && !usr.Quiet && r.call.RingsAlone(is) {
		action, reason, is.Opened = r.open().action, "the extension rings alone and its user opens on ringing", true
	}
	r.add(r.draft(u, is, models.KindRinging, action, ruleRinging, reason, ringingTTL))
}

func (r *router) answered(u int64, was, is *models.Leg) {
	if is.Offered() {
		r.offer(u, was, is)
		return
	}
	kind, rule := r.answerKind(is)
	silent := kind == models.KindOutgoing && !r.Source.Outgoing
	if live(was) && was.State == models.Answered && sameAttempt(was, is) {
		if !r.callerCameKnown() || silent {
			return
		}
		d := r.draft(u, is, kind, models.ActionShow, ruleKnown, "the caller became known during the conversation", answeredTTL)
		d.Mode = models.ReviseOnly
		if usr := r.active(u); usr != nil && !is.Opened && opens(usr) {
			d.Action, is.Opened = r.open().action, true
		}
		r.add(d)
		return
	}
	usr := r.active(u)
	if usr == nil {
		return
	}
	if silent {
		r.steps = append(r.steps, models.Step{UserID: u, What: models.StepNothing, CallID: r.call.ID, SourceID: r.call.Source, WebhookID: r.WebhookID,
			Rule: rule, Reason: "outgoing calls are switched off for this source"})
		return
	}
	var action models.Action
	var reason string
	switch is.Opened = is.Opened || r.openedBefore(was, is); {
	case !opens(usr):
		action, reason = models.ActionShow, "answered; the user wants cards, no forms"
	case is.Opened:
		action, reason = models.ActionIndicate, "answered; the form was opened already"
	default:
		action, reason, is.Opened = r.open().action, "answered: "+r.open().reason, true
	}
	r.add(r.draft(u, is, kind, action, rule, reason, answeredTTL))
}

// answerKind tells an outgoing call from a customer who was handed on: the
// first to talk in an outgoing call made it, the next ones were given it.
func (r *router) answerKind(l *models.Leg) (kind, rule string) {
	if r.call.Direction != models.Out {
		return models.KindAnswered, ruleAnswered
	}
	for i := range r.call.Legs {
		if o := &r.call.Legs[i]; !o.AnsweredAt.IsZero() {
			if o.Key == l.Key || o.User == l.User {
				return models.KindOutgoing, ruleOutgoing
			}
			return models.KindAnswered, ruleAnswered
		}
	}
	return models.KindOutgoing, ruleOutgoing
}

// callerCameKnown reports that the number was not there, or another one, when
// the row was made.
func (r *router) callerCameKnown() bool { return r.before.Phone != r.call.Phone && r.call.Phone != "" }

// stillRings reports that an attempt of before goes on ringing: a second
// phone of the same person tells him nothing new.
func (r *router) stillRings(was *models.Leg) bool {
	for i := range r.call.Legs {
		if l := &r.call.Legs[i]; sameAttempt(l, was) {
			return l.State == models.Ringing
		}
	}
	return false
}

// openedBefore reports that the user's form was opened for another attempt
// that this one goes on from: another phone of the same person that rang or
// talked when this one began. An attempt after a pause (a transfer that comes
// back, a queue's second round) opens anew.
func (r *router) openedBefore(was, is *models.Leg) bool {
	if live(was) && !sameAttempt(was, is) && was.Opened {
		return true
	}
	start := is.RangAt
	if start.IsZero() {
		start = is.AnsweredAt
	}
	for i := range r.call.Legs {
		o := &r.call.Legs[i]
		if o != is && o.User == is.User && o.Opened && (o.EndedAt.IsZero() || o.EndedAt.After(start)) {
			return true
		}
	}
	return is.Opened
}

// active returns the user, nil when he is gone or switched off.
func (r *router) active(u int64) *models.User {
	if usr := r.Dir.Users[u]; usr != nil && usr.Active {
		return usr
	}
	return nil
}

func (r *router) add(d models.Draft) { r.drafts = append(r.drafts, d) }

func opens(u *models.User) bool { return !u.Quiet && u.PopOn != models.PopNever }

func live(l *models.Leg) bool { return l != nil && l.State != models.Ended }

func unionUsers(a, b *models.Call) []int64 {
	out := append(a.Users(), b.Users()...)
	slices.Sort(out)
	return slices.Compact(out)
}

func callKey(id int64) string { return "call:" + strconv.FormatInt(id, 10) }
