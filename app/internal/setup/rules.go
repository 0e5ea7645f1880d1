package setup

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"zummer/models"
)

// Bounds of one version of the rules.
const (
	maxRules     = 200
	maxRulesSize = 64 << 10 // bytes of JSON
)

// PutRules makes these the rules in force, as a new version. based is the
// version that they are a change of: when another one is in force by now, the
// answer is a Conflict that tells it. Rules that are in force already are left
// alone, whatever based says: a PUT that is repeated does no harm. Errors:
// Invalid with the wrong field, Conflict moved_on.
func (s *Setup) PutRules(ctx context.Context, by models.Actor, based int64, rules []models.Rule) (models.RuleSet, error) {
	var out models.RuleSet
	err := s.write(ctx, by, func(c *change) error {
		out = s.rulesOf(c.dir)
		if c.dir.Rules != nil && sameRules(out.Rules, rules) {
			return errUnchanged
		}
		if based != out.Version {
			err := models.Coded(models.Conflict, "moved_on", "the rules are at version %d by now, and these are a change of version %d: read them anew, put the change into them and name version %d",
				out.Version, based, out.Version)
			err.Fields = []models.FieldError{{Field: "version", Message: fmt.Sprintf("is %d by now", out.Version)}}
			return err
		}
		if err := s.checkRules(c.dir, rules); err != nil {
			return err
		}
		set := models.RuleSet{Version: out.Version + 1, Rules: rules, Who: models.CutText(by.Who, 128)}
		if err := c.SaveRules(ctx, c.now, &set); err != nil {
			return err
		}
		out = set
		return c.audit(ctx, "rules.put", fmt.Sprintf("version %d", set.Version), fmt.Sprintf("%d rules", len(rules)))
	})
	if err != nil {
		return models.RuleSet{}, err
	}
	return out, nil
}

// Rules returns the rules in force, version 0 when none were ever stored.
func (s *Setup) Rules() models.RuleSet { return s.rulesOf(s.Directory()) }

// RulesAt returns a version of the rules; 0 are the built-in ones. Errors:
// NotFound.
func (s *Setup) RulesAt(ctx context.Context, version int64) (models.RuleSet, error) {
	if version == 0 {
		return s.rulesOf(nil), nil
	}
	set, err := s.opt.Store.Rules(ctx, version)
	if err != nil {
		return models.RuleSet{}, err
	}
	return *set, nil
}

// RuleVersions lists who made which version of the rules when, without the
// rules themselves, the newest first. Version 0, the built-in ones, comes last.
func (s *Setup) RuleVersions(ctx context.Context, after string, limit int) ([]models.RuleSet, string, error) {
	sets, next, err := s.opt.Store.RuleVersions(ctx, after, limit)
	if err == nil && next == "" {
		sets = append(sets, models.RuleSet{})
	}
	return sets, next, err
}

// CheckRules says what PutRules would refuse of these rules. Errors: Invalid
// with the wrong field.
func (s *Setup) CheckRules(rules []models.Rule) error { return s.checkRules(s.Directory(), rules) }

// rulesOf is what is in force in a directory; nil has the built-in ones.
func (s *Setup) rulesOf(d *models.Directory) models.RuleSet {
	switch {
	case d != nil && d.Rules != nil:
		return *d.Rules
	case s.opt.Builtin != nil:
		return models.RuleSet{Rules: s.opt.Builtin()}
	}
	return models.RuleSet{}
}

func (s *Setup) checkRules(d *models.Directory, rules []models.Rule) error {
	if len(rules) > maxRules {
		return models.InvalidField("rules", "are %d; at most %d are allowed", len(rules), maxRules)
	}
	raw, err := json.Marshal(rules)
	if err != nil {
		return models.InvalidField("rules", "cannot be written as JSON")
	}
	if len(raw) > maxRulesSize {
		return models.InvalidField("rules", "have %d bytes; at most %d are allowed", len(raw), maxRulesSize)
	}
	if s.opt.CheckRules != nil {
		if err := s.opt.CheckRules(rules); err != nil {
			return err
		}
	}
	for i := range rules {
		if err := namesExist(d, fmt.Sprintf("rules[%d]", i), &rules[i]); err != nil {
			return err
		}
	}
	return nil
}

// namesExist refuses a rule that names somebody or something the set-up does
// not have: such a rule would never fit, and nobody would notice.
func namesExist(d *models.Directory, field string, r *models.Rule) error {
	group := func(name string) bool { return d.GroupByName(name) != nil }
	for _, part := range []struct {
		field, what string
		names       []string
		known       func(string) bool
	}{
		{".when.source", "source", r.When.Source, func(name string) bool { return d.SourceBySlug(name) != nil }},
		{".when.group", "group", r.When.Group, group},
		{".when.user", "user", r.When.User, func(name string) bool { return d.UserByName(name) != nil }},
		{".then.to", "group", r.Then.To, func(to string) bool {
			name, isGroup := strings.CutPrefix(to, "group:")
			return !isGroup || group(name)
		}},
	} {
		for i, name := range part.names {
			if !part.known(name) {
				return models.InvalidField(fmt.Sprintf("%s%s[%d]", field, part.field, i), "no %s %q", part.what, models.CutText(strings.TrimPrefix(name, "group:"), models.MaxName))
			}
		}
	}
	return nil
}

func sameRules(a, b []models.Rule) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
