package routing

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"zummer/models"
)

// Recipients that a rule can name.
const (
	toUser        = "user"        // whose extension it is; of a missed call each who is concerned
	toResponsible = "responsible" // of the client
	toDeputy      = "deputy"      // of the user, while he is away
	toGroup       = "group:"      // and a name: all active members
)

// recipient is who gets a notification, and on whose behalf.
type recipient struct {
	user int64
	as   string // one of the above; "": it is his own
}

// tell asks the rules about an occasion and makes what they say.
func (r *router) tell(o *occasion) {
	rule := r.choose(o)
	switch {
	case rule == nil:
		r.nothing(o, &models.Rule{Name: ruleNone, Then: models.RuleThen{Nothing: "no rule fits"}})
	case rule.Then.Nothing != "":
		r.nothing(o, rule)
	default:
		r.carryOut(o, rule)
	}
}

// nothing notes that a rule decided against a notification; a row that tells of
// the call as it was goes.
func (r *router) nothing(o *occasion, rule *models.Rule) {
	if r.trace != nil {
		t := &r.trace.Occasions[len(r.trace.Occasions)-1]
		t.Rule, t.Nothing, t.Reason = rule.Name, true, rule.Then.Nothing
	}
	if o.user != 0 && o.event != models.RuleMissed && (o.event != models.RuleRinging || o.revise) {
		r.add(models.Draft{UserID: o.user, CollapseKey: r.key(), Mode: models.Remove, CallID: r.call.ID, SourceID: r.call.Source,
			Rule: rule.Name, RulesVersion: r.rules.Version, Reason: rule.Then.Nothing})
	}
	if o.event == models.RuleRingEnded || o.event == models.RuleElsewhere || o.event == models.RuleTransferred {
		return // what only takes a sign away is not worth a line
	}
	r.note(models.StepNothing, o.user, rule.Name, rule.Then.Nothing)
}

// note adds a step to the timeline that changes no set.
func (r *router) note(what string, user int64, rule, reason string) {
	r.steps = append(r.steps, models.Step{UserID: user, What: what, CallID: r.call.ID, SourceID: r.call.Source, WebhookID: r.WebhookID,
		Rule: rule, RulesVersion: r.rules.Version, Reason: reason})
}

func (r *router) carryOut(o *occasion, rule *models.Rule) {
	then, p := &rule.Then, plains[o.event]
	r.ask(o, rule)
	action, reason := r.actionOf(o, then, p)
	to := r.recipients(o, then, p)
	first := len(r.drafts)
	for _, rc := range to {
		d := r.compose(o, rule, p, action, reason)
		if rc.as != "" {
			r.onBehalf(&d, o, rc)
		}
		if rc.as == "" && o.event != models.RuleMissed {
			d.Reason += r.standsIn(to)
		}
		d.UserID = rc.user
		if rc.as == "" && o.event != models.RuleMissed && (!p.closes || action == models.ActionNone) {
			r.untold(o.user) // his own phone tells him from now on, or the row goes by itself
		}
		r.add(d)
	}
	own := slices.ContainsFunc(to, func(rc recipient) bool { return rc.user == o.user })
	if !own && o.user != 0 && !p.closes && o.event != models.RuleMissed && o.event != models.RuleRinging {
		r.add(models.Draft{UserID: o.user, CollapseKey: r.key(), Mode: models.Remove, CallID: r.call.ID, SourceID: r.call.Source,
			Rule: rule.Name, RulesVersion: r.rules.Version, Reason: "the rule tells others of it"})
	}
	if len(to) == 0 {
		r.note(models.StepNothing, o.user, rule.Name, "the rule's recipients are nobody now")
	}
	if r.trace != nil {
		t := &r.trace.Occasions[len(r.trace.Occasions)-1]
		t.Rule, t.Reason, t.Drafts = rule.Name, reason, slices.Clone(r.drafts[first:])
	}
}

// actionOf is what the user's client shall do. An opening action becomes a sign
// or a card where the user, or the state of the call, does not want a form; a
// form is given once an attempt.
func (r *router) actionOf(o *occasion, then *models.RuleThen, p plain) (models.Action, string) {
	word := cmp.Or(then.Action, p.action)
	action, auto := models.Action(word), word == models.ActionAuto
	if !auto && !action.Opens() {
		return action, o.reason
	}
	if instead, why := r.blocked(o, auto); instead != "" {
		return instead, cmp.Or(why, o.reason)
	}
	o.leg.Opened = true
	reason := o.reason
	switch {
	case o.event == models.RuleRinging && auto:
		reason = "the extension rings alone and its user opens on ringing"
	case o.event == models.RuleRinging:
		reason = "the extension rings alone and the rule opens on ringing"
	case !o.revise:
		reason = "answered: " + r.open().reason
	}
	if auto {
		action = r.open().action
	}
	return action, reason
}

// blocked says what is done in place of opening a form, and why ("": the
// occasion's own reason). "": nothing, it may be opened.
func (r *router) blocked(o *occasion, auto bool) (models.Action, string) {
	usr := r.active(o.user)
	if o.leg == nil || usr == nil {
		return models.ActionShow, ""
	}
	if o.event == models.RuleRinging {
		if o.revise || o.leg.Opened || !opens(usr) || auto && usr.PopOn != models.PopRinging || !r.call.RingsAlone(o.leg) {
			return models.ActionIndicate, ""
		}
		return "", ""
	}
	switch {
	case o.leg.Offered():
		return models.ActionIndicate, ""
	case o.late > 0 && !o.leg.Opened:
		o.leg.Opened = true
		return models.ActionShow, "answered: " + lateText(o.late)
	case o.revise && (o.leg.Opened || !opens(usr)):
		return models.ActionShow, ""
	case !opens(usr):
		return models.ActionShow, "answered; the user wants cards, no forms"
	case o.leg.Opened:
		return models.ActionIndicate, "answered; the form was opened already"
	case r.asked:
		return models.ActionIndicate, "answered; the CRM is being asked who calls"
	}
	return "", ""
}

// ask has the inbox ask the CRM who calls, once a run, when the rule wants it
// and no contact has the number.
func (r *router) ask(o *occasion, rule *models.Rule) {
	if !rule.Then.Lookup || !r.CanAsk || r.asked || len(r.Contacts) > 0 || !strings.HasPrefix(r.call.Phone, "+") || r.call.State == models.Ended {
		return
	}
	r.asked = true
	r.note(models.StepAsked, o.user, rule.Name, "no contact has the number: the CRM is asked")
}

// recipients are who gets the notification, each once: the user himself first.
func (r *router) recipients(o *occasion, then *models.RuleThen, p plain) []recipient {
	var out []recipient
	add := func(user int64, as string) {
		if user == o.user {
			as = ""
		}
		taken := slices.ContainsFunc(out, func(x recipient) bool { return x.user == user })
		hasOwn := as != "" && o.event != models.RuleMissed && tellsHim(r.call.LegOf(user))
		if r.active(user) != nil && !taken && !hasOwn {
			out = append(out, recipient{user, as})
		}
	}
	if p.closes {
		add(o.user, "")
		return out
	}
	to := then.To
	if len(to) == 0 {
		to = p.to
	}
	for _, word := range to {
		switch word {
		case toUser:
			add(o.user, "")
		case toResponsible:
			for i := range r.Contacts {
				add(r.Contacts[i].Responsible, toResponsible)
			}
		case toDeputy:
			if o.user != 0 && !r.present(o.user) {
				add(r.Dir.Deputy(o.user, r.Present), toDeputy)
			}
		default:
			if g := r.Dir.GroupByName(strings.TrimPrefix(word, toGroup)); g != nil {
				for _, m := range r.Dir.GroupMembers(g.ID) {
					add(m, toGroup)
				}
			}
		}
	}
	return out
}

// compose is the row of o's own user.
func (r *router) compose(o *occasion, rule *models.Rule, p plain, action models.Action, reason string) models.Draft {
	then := &rule.Then
	ttl := cmp.Or(time.Duration(then.ExpiresS)*time.Second, p.ttl)
	if ttl == 0 && action != models.ActionNone {
		ttl = cardTTL
	}
	d := r.draft(o.user, o.leg, cmp.Or(then.Kind, p.kind), action, cmp.Or(o.name, rule.Name), reason, cmp.Or(ttl, max(closingTTL, 2*r.PollInterval)))
	d.RulesVersion, d.Shared = r.rules.Version, then.Shared
	if o.revise || p.closes {
		d.Mode = models.ReviseOnly
	}
	if o.event == models.RuleMissed {
		d.CollapseKey, d.Attempts = missedKey(r.call), true
		d.Payload.Data = map[string]any{"attempts": 1}
	}
	if o.text != "" {
		d.Payload.Text = models.CutText(o.text, models.MaxText)
	}
	if then.Title != "" {
		title := r.fill(then.Title, o.leg)
		d.Payload.Title = FillAttempts(title, 1, models.MaxTitle)
		if d.Attempts {
			d.TitleTemplate = title
		}
	}
	if then.Text != "" {
		text := r.fill(then.Text, o.leg)
		d.Payload.Text = FillAttempts(text, 1, models.MaxText)
		if d.Attempts {
			d.Template = text
		}
	}
	if len(then.Data) > 0 || len(o.data) > 0 {
		data := maps.Clone(then.Data)
		if data == nil {
			data = map[string]any{}
		}
		maps.Copy(data, o.data)
		maps.Copy(data, d.Payload.Data)
		d.Payload.Data = data
	}
	r.object(&d, then, o.leg)
	return d
}

// object puts the rule's own object in place of what the contacts say: what is
// opened, or what is made new.
func (r *router) object(d *models.Draft, then *models.RuleThen, l *models.Leg) {
	if then.Object == nil || d.Action == models.ActionChoose || d.Action == models.ActionOpen && then.Action != string(models.ActionOpen) {
		return
	}
	o := *then.Object
	o.Title = FillAttempts(r.fill(o.Title, l), 1, models.MaxTitle)
	o.Link, o.URL = models.CutText(r.fillLink(o.Link, l), models.MaxLink), models.CutText(r.fillLink(o.URL, l), models.MaxLink)
	if o.App == "" && d.Payload.Object != nil {
		o.App = d.Payload.Object.App
	}
	o.Complete()
	d.Payload.Object, d.Payload.Candidates = &o, nil
	d.Payload.App = cmp.Or(o.App, d.Payload.App)
}

// onBehalf turns o's row into the one of somebody else, whose phone it is not:
// it opens nothing by itself and names the colleague.
func (r *router) onBehalf(d *models.Draft, o *occasion, rc recipient) {
	d.LegKey, d.LegN, d.Follows = "", 0, 0
	delete(d.Payload.Data, TakeFlag) // the phone is not his
	if d.Action.Opens() {
		d.Action = models.ActionShow
		if o.event == models.RuleRinging {
			d.Action = models.ActionIndicate
		}
	}
	who := r.userName(o.user)
	switch rc.as {
	case toDeputy:
		d.Reason = "deputy of " + who + ", whose client is away; " + d.Reason
		d.Payload.Text = models.CutText(d.Payload.Text+r.say(", вместо: ", ", instead of ")+who, models.MaxText)
	case toResponsible:
		d.Reason = "responsible for the client; " + d.Reason
	default:
		d.Reason = "in a group that the rule tells; " + d.Reason
	}
	if rc.as != toDeputy && who != "" && o.event != models.RuleMissed {
		d.Payload.Text = models.CutText(d.Payload.Text+r.say(", у: ", ", at: ")+who, models.MaxText)
	}
	if o.event != models.RuleMissed && !slices.Contains(r.call.Told, rc.user) {
		d.Mode = models.Upsert // also where the user's own row is only revised
		r.call.Told = slices.Sorted(slices.Values(append(slices.Clone(r.call.Told), rc.user)))
	}
}

// standsIn tells on the absent user's own timeline who was told for him.
func (r *router) standsIn(to []recipient) string {
	for _, rc := range to {
		if rc.as == toDeputy {
			return "; the user's client is away: " + r.userName(rc.user) + " was told too"
		}
	}
	return ""
}
