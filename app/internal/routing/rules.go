package routing

import (
	"slices"
	"time"

	"zummer/models"
)

// How long rows stay unless something changes them first.
const (
	ringingTTL  = 60 * time.Second
	answeredTTL = 4 * time.Hour
	cardTTL     = 14 * 24 * time.Hour
	closingTTL  = 30 * time.Second // or two polls, if that is longer
)

// Names of the built-in rules and of what is no rule, as timelines and logs
// carry them. They never change.
const (
	ruleOutgoing = "outgoing"
	ruleEnded    = "ended"
	ruleMissed   = "missed"
	ruleTalked   = "talked" // takes missed calls out
	ruleKnown    = "caller_known"
	ruleInternal = "internal"
	ruleMerged   = "merged"
	ruleUnrouted = "unrouted"
	ruleNone     = "" // no rule fits
)

// plain is what a rule makes of an event where it does not say otherwise.
type plain struct {
	kind   string
	action string
	ttl    time.Duration // 0: of a closing state
	to     []string
	closes bool // only a row that is pending is revised
}

// plains has an entry for each of models.RuleEvents.
var plains = map[string]plain{
	models.RuleRinging:     {models.KindRinging, models.ActionAuto, ringingTTL, []string{toUser, toDeputy}, false},
	models.RuleAnswered:    {models.KindAnswered, models.ActionAuto, answeredTTL, []string{toUser}, false},
	models.RuleOutgoing:    {models.KindOutgoing, models.ActionAuto, answeredTTL, []string{toUser}, false},
	models.RuleMissed:      {models.KindMissed, string(models.ActionCallBack), cardTTL, []string{toUser, toDeputy}, false},
	models.RuleElsewhere:   {models.KindElsewhere, string(models.ActionNone), 0, nil, true},
	models.RuleRingEnded:   {models.KindRingEnded, string(models.ActionNone), 0, nil, true},
	models.RuleTransferred: {models.KindTransferred, string(models.ActionNone), 0, nil, true},
	models.RuleEnded:       {models.KindEnded, string(models.ActionShow), cardTTL, nil, true},
}

// Builtin is the list that is in force until somebody writes another one: the
// seed behaviour. An administrator starts from a copy of it.
func Builtin() []models.Rule {
	on := func(event string) models.RuleWhen { return models.RuleWhen{Event: []string{event}} }
	deputised := []string{toUser, toDeputy}
	return []models.Rule{
		{Name: "ringing", When: on(models.RuleRinging), Then: models.RuleThen{To: deputised},
			Note: "a light sign on the user's screen while his phone rings (a form, where he opens on ringing and his phone alone rings); his deputy's too when the user is away"},
		{Name: "answered", When: on(models.RuleAnswered),
			Note: "the client's open interest, a choice among several, or the wizard of a new one"},
		{Name: ruleOutgoing, When: on(models.RuleOutgoing), Note: "as answered, where the source has outgoing calls on"},
		{Name: "answered_elsewhere", When: on(models.RuleElsewhere), Note: "a colleague answered: the sign goes"},
		{Name: "ring_ended", When: on(models.RuleRingEnded), Note: "the phone stopped ringing: the sign goes"},
		{Name: "transferred", When: on(models.RuleTransferred), Note: "the customer is with somebody else now: the row goes"},
		{Name: ruleEnded, When: on(models.RuleEnded), Note: "a form that was not opened while they talked becomes a card"},
		{Name: ruleMissed, When: on(models.RuleMissed), Then: models.RuleThen{To: deputised},
			Note: "one task for each who is concerned: the client's responsible, else those who were rung, else the source's group; his deputy's too when he is away"},
	}
}

var builtin = &models.RuleSet{Rules: Builtin()}

// HandsOver reports that a missed call which the named rule told of may go to a
// deputy while it waits: not when that rule tells the user and no deputy.
func HandsOver(set *models.RuleSet, rule string) bool {
	rules := RuleSet(set).Rules
	i := slices.IndexFunc(rules, func(r models.Rule) bool { return r.Name == rule })
	return i < 0 || !slices.Contains(rules[i].Then.To, toUser) || slices.Contains(rules[i].Then.To, toDeputy)
}

// RuleSet returns what is in force where set is the administrator's (nil: none).
func RuleSet(set *models.RuleSet) *models.RuleSet {
	if set == nil {
		return builtin
	}
	return set
}
