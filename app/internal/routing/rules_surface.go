package routing

import (
	"slices"

	"zummer/models"
)

// Builtin is the list of rules that is in force until another one is stored.
func Builtin() []models.Rule {
	out := make([]models.Rule, len(models.RuleEvents))
	for i, e := range models.RuleEvents {
		out[i] = models.Rule{Name: e, When: models.RuleWhen{Event: []string{e}}}
	}
	return out
}

// CheckRules says what is wrong with a list of rules.
func CheckRules(rules []models.Rule) error {
	if len(rules) == 0 {
		return models.InvalidField("rules", "must not be empty")
	}
	return nil
}

// Explain tells what the rules decide when a call goes from before to after.
func Explain(before, after *models.Call, c Context) models.Explanation {
	rules := Builtin()
	if c.Rules != nil {
		rules = c.Rules.Rules
	}
	after = after.Clone()
	var out models.Explanation
	out.Steps = Owners(after, c.Dir)
	drafts, steps := Route(before, after, c)
	out.Steps = append(out.Steps, steps...)
	for _, d := range drafts {
		if d.UserID == 0 {
			continue
		}
		o := models.Occasion{User: d.UserID, Event: d.Rule, Reason: d.Reason, Drafts: []models.Draft{d}}
		for _, r := range rules {
			v := models.Verdict{Rule: r.Name, Fits: slices.Contains(r.When.Event, d.Rule)}
			if o.Verdicts = append(o.Verdicts, v); v.Fits {
				o.Rule = r.Name
				break
			}
			o.Verdicts[len(o.Verdicts)-1].Why = "event is " + d.Rule
		}
		out.Occasions = append(out.Occasions, o)
	}
	return out
}
