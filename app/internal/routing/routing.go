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
	Source       *models.Source        // of the call
	Contacts     []models.Contact      // those that have the call's number, in any order
	AnyContacts  bool                  // the CRM has synchronised contacts at all
	Now          time.Time             // the database's clock
	PollInterval time.Duration         // pace told to clients; closing states stay at least two of it
	Zone         *time.Location        // of the source; nil: UTC
	Language     models.Language       // of the texts that people read
	WebhookID    int64                 // what said so; 0: a job or an administrator
	Rules        *models.RuleSet       // nil: the built-in ones
	Present      func(user int64) bool // a client of his has polled lately; nil: everybody is there
	CanAsk       bool                  // the CRM may be asked for a number that no contact has
	Lag          time.Duration         // how late the source usually tells, by its own clock; see late
	// ContactsOf finds the contacts of another number, in a conversation of which
	// several sources tell; nil: Contacts are all.
	ContactsOf func(phone string) []models.Contact
}

// newRound is how much later than his first phone another one of a person must
// ring to be told: a queue's next round, of whose end nothing may be posted.
const newRound = 5 * time.Second

// Route says which rows change because the call went from before to after:
// first what all holders of a missed call lose (UserID 0), then user by user.
// Several steps of a call may lie between the two; only the end states count.
// before may be a fresh call without facts. Owners must have run on after.
//
// Where a draft gives an opening action, Opened is set on after's leg.
func Route(before, after *models.Call, c Context) ([]models.Draft, []models.Step) {
	return newRouter(before, after, c).route()
}

func newRouter(before, after *models.Call, c Context) *router {
	return &router{Context: c, before: before, call: after, rules: RuleSet(c.Rules)}
}

func (r *router) route() ([]models.Draft, []models.Step) {
	r.talked()
	missed := r.missed()
	for _, u := range unionUsers(r.before, r.call) {
		r.user(u)
	}
	r.observers()
	r.drafts = slices.AppendSeq(r.drafts, maps.Values(missed))
	slices.SortStableFunc(r.drafts, func(a, b models.Draft) int { return cmp.Compare(a.UserID, b.UserID) })
	return r.drafts, r.steps
}

// Current runs the rules once on the state that the call has now, for users
// whose extension has only just been mapped: their live row, or the card of a
// missed call that is theirs, or nothing. Owners must have run on call.
func Current(call *models.Call, users []int64, c Context) []models.Draft {
	fresh := &models.Call{ID: call.ID, Source: call.Source, Key: call.Key, State: models.Ringing}
	c.Lag = forever // what waited for its extension is told on purpose
	r := newRouter(fresh, call, c)
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
	for _, u := range slices.Compact(slices.Sorted(slices.Values(append(gone.Users(), gone.Told...)))) {
		out = append(out, models.Draft{UserID: u, CollapseKey: callKey(gone.ConversationID()), Mode: models.Remove, CallID: gone.ID, SourceID: gone.Source,
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
	rules        *models.RuleSet
	trace        *models.Explanation // nil: nobody asks why
	known        bool                // the CRM has just said who calls
	asked        bool                // it is being asked
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
			r.closing(u, is, models.KindRingEnded, ruleInternal, "the call turned out to be internal", r.say("Внутренний звонок", "Internal call"))
		}
	case is == nil:
		if live(was) {
			r.closing(u, nil, models.KindRingEnded, models.RuleRingEnded, "the attempt is gone", r.over())
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
			r.closing(u, is, models.KindRingEnded, ruleOutgoing, "the call turned out to be outgoing", r.say("Исходящий звонок", "Outgoing call"))
		}
		return // his own phone rings so that he may call out: nothing to tell him
	}
	if live(was) && was.State == models.Ringing && (sameAttempt(was, is) || r.stillRings(was)) {
		if r.callerCameKnown() || !is.Opened && (r.callerName() != "" && r.before.Name != r.call.Name || r.before.DID != r.call.DID) {
			r.tell(&occasion{event: models.RuleRinging, user: u, leg: is, revise: true, name: ruleKnown, reason: "the caller became known while it rings"})
			return
		}
		if is.RangAt.Sub(was.RangAt) < newRound {
			return
		}
	}
	if r.active(u) == nil || r.lateRing(u, is) {
		return
	}
	is.Opened = r.openedBefore(was, is)
	r.tell(&occasion{event: models.RuleRinging, user: u, leg: is, reason: "the extension rings"})
}

func (r *router) answered(u int64, was, is *models.Leg) {
	if is.Offered() {
		r.offer(u, was, is)
		return
	}
	event := r.answerEvent(is)
	silent := event == models.RuleOutgoing && !r.Source.Outgoing
	if live(was) && was.State == models.Answered && sameAttempt(was, is) {
		if !r.callerCameKnown() || silent {
			return
		}
		r.tell(&occasion{event: event, user: u, leg: is, revise: true, name: ruleKnown, reason: "the caller became known during the conversation"})
		return
	}
	if r.active(u) == nil {
		return
	}
	if silent {
		r.note(models.StepNothing, u, ruleOutgoing, "outgoing calls are switched off for this source")
		return
	}
	is.Opened = is.Opened || r.openedBefore(was, is)
	o := &occasion{event: event, user: u, leg: is, reason: "answered"}
	if o.late = r.late(is.AnsweredAt); o.late > 0 {
		o.data = map[string]any{"late_s": int(o.late / time.Second)}
	}
	r.tell(o)
}

// answerEvent tells an outgoing call from a customer who was handed on: the
// first to talk in an outgoing call made it, the next ones were given it.
func (r *router) answerEvent(l *models.Leg) string {
	if r.call.Direction != models.Out {
		return models.RuleAnswered
	}
	for i := range r.call.Legs {
		if o := &r.call.Legs[i]; !o.AnsweredAt.IsZero() {
			if o.Key == l.Key || o.User == l.User {
				return models.RuleOutgoing
			}
			return models.RuleAnswered
		}
	}
	return models.RuleOutgoing
}

// callerCameKnown reports that the number was not there, or another one, when
// the row was made.
func (r *router) callerCameKnown() bool {
	return r.known || r.before.Phone != r.call.Phone && r.call.Phone != ""
}

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

// key is the collapse key of the rows that tell of the call.
func (r *router) key() string { return callKey(r.call.ConversationID()) }

func callKey(id int64) string { return "call:" + strconv.FormatInt(id, 10) }
