package routing

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"zummer/models"
	"zummer/models/phone"
)

// occasion is one thing that happened to one user: what the rules are asked
// about.
type occasion struct {
	event  string
	user   int64 // 0: nobody is concerned
	leg    *models.Leg
	reason string         // of the notification
	text   string         // of the notification, where the rule has none; "": the usual one
	revise bool           // only a row that is pending
	name   string         // stands on the timeline in place of the rule's name; "": the rule's
	data   map[string]any // beside the rule's
	late   time.Duration  // how late it is told; 0: in time
}

// choose returns the first rule that fits; nil when none does.
func (r *router) choose(o *occasion) *models.Rule {
	rules := r.rules.Rules
	var seen []models.Verdict
	var found *models.Rule
	for i := range rules {
		why := r.misfit(&rules[i], o)
		if r.trace != nil {
			seen = append(seen, models.Verdict{Rule: rules[i].Name, Fits: why == "", Why: why})
		}
		if why == "" {
			found = &rules[i]
			break
		}
	}
	if r.trace != nil {
		r.trace.Occasions = append(r.trace.Occasions, models.Occasion{User: o.user, Event: o.event, Verdicts: seen})
	}
	return found
}

// misfit says why a rule does not fit; "": it does. The words are only made
// when somebody asked for an explanation.
func (r *router) misfit(rule *models.Rule, o *occasion) string {
	w := &rule.When
	switch {
	case rule.Off:
		return r.why("it is switched off")
	case among(w.Event, o.event):
		return r.why("the event is %s, not %s", o.event, list(w.Event))
	case among(w.Source, r.Source.Slug):
		return r.why("the source is %s, not %s", r.Source.Slug, list(w.Source))
	case among(w.Direction, string(r.call.Direction)):
		return r.why("the direction is %s, not %s", r.call.Direction, list(w.Direction))
	case len(w.DID) > 0 && !slices.ContainsFunc(w.DID, r.dialled):
		return r.why("the number dialled is %s, not %s", orNone(r.call.DID), list(w.DID))
	case len(w.User) > 0 && !slices.ContainsFunc(w.User, func(name string) bool { return o.user != 0 && r.named(name) == o.user }):
		return r.why("the user is not %s", list(w.User))
	case len(w.Group) > 0 && !slices.ContainsFunc(w.Group, func(name string) bool { return r.memberOf(o.user, name) }):
		return r.why("the user is in no group %s", list(w.Group))
	case among(w.Caller, r.callerIs()):
		return r.why("the caller is %s, not %s", r.callerIs(), list(w.Caller))
	case among(w.Interests, r.openInterests()):
		return r.why("open interests: %s, not %s", r.openInterests(), list(w.Interests))
	case among(w.Responsible, r.responsibleIs(o.user)):
		return r.why("the client's responsible is %s, not %s", r.responsibleIs(o.user), list(w.Responsible))
	case w.Present != nil && *w.Present != r.present(o.user):
		return r.why("the user's client %s", map[bool]string{true: "is there", false: "is away"}[!*w.Present])
	case w.WaitedMin != nil && r.waited() < *w.WaitedMin:
		return r.why("he has waited %d s, less than %d", r.waited(), *w.WaitedMin)
	case w.WaitedMax != nil && r.waited() > *w.WaitedMax:
		return r.why("he has waited %d s, more than %d", r.waited(), *w.WaitedMax)
	case w.Hours != nil && r.inHours(w.Hours) == w.Hours.Outside:
		return r.why("%s is %s the hours", r.Now.In(r.hoursZone(w.Hours)).Format("Mon 2006-01-02 15:04"), map[bool]string{true: "within", false: "outside"}[w.Hours.Outside])
	}
	return ""
}

func (r *router) why(format string, args ...any) string {
	if r.trace == nil {
		return "it does not fit"
	}
	return fmt.Sprintf(format, args...)
}

// among reports that words are asked for and is is none of them.
func among(words []string, is string) bool { return len(words) > 0 && !slices.Contains(words, is) }

func list(words []string) string { return strings.Join(words, " or ") }

func orNone(s string) string {
	if s == "" {
		return "not known"
	}
	return s
}

func (r *router) dialled(did string) bool {
	if r.call.DID == "" {
		return false
	}
	return did == r.call.DID || phone.Parse(did, r.Source.Region).Key() == r.call.DID
}

func (r *router) named(name string) int64 {
	if u := r.Dir.UserByName(name); u != nil {
		return u.ID
	}
	return 0
}

func (r *router) memberOf(user int64, group string) bool {
	g := r.Dir.GroupByName(group)
	return g != nil && user != 0 && slices.Contains(g.Members, user)
}

func (r *router) callerIs() string {
	switch {
	case r.call.Phone == "":
		return "hidden"
	case len(r.Contacts) > 0:
		return "known"
	}
	return "unknown"
}

func (r *router) openInterests() string {
	switch r.open().interests {
	case 0:
		return "none"
	case 1:
		return "one"
	}
	return "several"
}

func (r *router) responsibleIs(user int64) string {
	is := "none"
	for i := range r.Contacts {
		switch id := r.Contacts[i].Responsible; {
		case id != 0 && id == user:
			return "user"
		case r.active(id) != nil:
			is = "other"
		}
	}
	return is
}

// present reports that a client of the user has polled lately.
func (r *router) present(user int64) bool { return r.Present == nil || user != 0 && r.Present(user) }

// waited is for how many seconds the caller waited, or has waited so far.
func (r *router) waited() int {
	end := r.Now
	switch c := r.call; {
	case !c.AnsweredAt.IsZero():
		end = c.AnsweredAt
	case !c.EndedAt.IsZero():
		end = c.EndedAt
	}
	return max(0, int(end.Sub(r.call.StartedAt)/time.Second))
}

// inHours reports that it is working time. Hours that end before they begin
// run past midnight and belong to the day on which they began.
func (r *router) inHours(h *models.RuleHours) bool {
	now := r.Now.In(r.hoursZone(h))
	from, _ := minutes(h.From)
	to, ok := minutes(h.To)
	if !ok {
		to = 24 * 60
	}
	at, day := now.Hour()*60+now.Minute(), now
	if from >= to { // past midnight
		if at < to {
			day = now.AddDate(0, 0, -1)
		} else if at < from {
			return false
		}
	} else if at < from || at >= to {
		return false
	}
	return !among(h.Days, weekdays[day.Weekday()]) && !slices.Contains(h.Holidays, day.Format(time.DateOnly))
}

// zones keeps time zones by name: reading one costs a file.
var zones sync.Map

func (r *router) hoursZone(h *models.RuleHours) *time.Location {
	if h.Zone == "" {
		if r.Zone == nil {
			return time.UTC
		}
		return r.Zone
	}
	if z, ok := zones.Load(h.Zone); ok {
		return z.(*time.Location) //nolint:forcetypeassert // only locations are stored
	}
	z := models.ZoneOf(h.Zone)
	zones.Store(h.Zone, z)
	return z
}
