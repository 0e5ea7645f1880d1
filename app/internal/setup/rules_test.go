package setup_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"zummer/models"
)

func rule(name string) models.Rule {
	return models.Rule{Name: name, When: models.RuleWhen{Event: []string{models.RuleRinging}}, Then: models.RuleThen{Nothing: "a test"}}
}

func (w *world) put(based int64, rules ...models.Rule) models.RuleSet {
	w.t.Helper()
	set, err := w.PutRules(w.ctx, by(), based, rules)
	w.must(err)
	return set
}

// Each PUT makes the next version, which is in force at once; the older ones
// stay to be read, and to be put again.
func TestRulesHaveVersions(t *testing.T) {
	onBoth(t, func(w *world) {
		if got := w.Rules(); got.Version != 0 || got.Rules[0].Name != "built in" {
			t.Fatalf("before any PUT: %+v", got)
		}
		w.changes("rules.put version 1", func() {
			if got := w.put(0, rule("a"), rule("b")); got.Version != 1 || got.Who != "tests" || got.At.IsZero() {
				t.Errorf("the first PUT: %+v", got)
			}
		})
		if got := w.Rules(); got.Version != 1 || len(got.Rules) != 2 || got.Rules[1].Name != "b" {
			t.Errorf("in force after it: %+v", got)
		}
		w.changes("rules.put version 2", func() { w.put(1, rule("c")) })
		w.changes("", func() {
			if got := w.put(1, rule("c")); got.Version != 2 {
				t.Errorf("the same PUT again: %+v", got)
			}
		})
		w.changes("", func() {
			_, err := w.PutRules(w.ctx, by(), 1, []models.Rule{rule("d")})
			w.refused(err, models.Conflict, "version")
			if e, _ := errors.AsType[*models.Error](err); e.Code != "moved_on" || !strings.Contains(e.Message, "version 2") {
				t.Errorf("a stale PUT: %+v", e)
			}
		})
		first, err := w.RulesAt(w.ctx, 1)
		w.must(err)
		w.changes("rules.put version 3", func() { w.put(2, first.Rules...) })
		builtin, err := w.RulesAt(w.ctx, 0)
		w.must(err)
		w.changes("rules.put version 4", func() { w.put(3, builtin.Rules...) })
		_, err = w.RulesAt(w.ctx, 9)
		w.refused(err, models.NotFound, "")

		var listed []string
		for after := "."; after != ""; {
			sets, next, err := w.RuleVersions(w.ctx, strings.TrimPrefix(after, "."), 3)
			w.must(err)
			for _, s := range sets {
				listed = append(listed, fmt.Sprint(s.Version, s.Who))
			}
			after = next
		}
		if got := strings.Join(listed, ", "); got != "4tests, 3tests, 2tests, 1tests, 0" {
			t.Errorf("the versions: %s", got)
		}
	})
}

// The built-in rules can be put as one's own, before anything else was.
func TestPutTheBuiltInRules(t *testing.T) {
	onBoth(t, func(w *world) {
		w.changes("rules.put version 1", func() { w.put(0, w.Rules().Rules...) })
	})
}

func TestPutRulesRefuses(t *testing.T) {
	onBoth(t, func(w *world) {
		w.source("office")
		w.user("ivanov")
		_, err := w.PutGroup(w.ctx, by(), "sales", []string{"ivanov"})
		w.must(err)
		all := models.Rule{Name: "all", When: models.RuleWhen{Source: []string{"office"}, Group: []string{"sales"}, User: []string{"Ivanov"}},
			Then: models.RuleThen{To: []string{"user", "deputy", "group:sales"}}}
		w.put(0, all)
		with := func(change func(*models.Rule)) []models.Rule {
			r := all
			change(&r)
			return []models.Rule{rule("first"), r}
		}
		for _, tt := range []struct {
			name  string
			rules []models.Rule
			field string
		}{
			{"none", nil, "rules"},
			{"too many", make([]models.Rule, 201), "rules"},
			{"too long", []models.Rule{{Name: "long", Note: strings.Repeat("x", 64<<10)}}, "rules"},
			{"a source that is not there", with(func(r *models.Rule) { r.When.Source = []string{"office", "ofice"} }), "rules[1].when.source[1]"},
			{"a group that is not there", with(func(r *models.Rule) { r.When.Group = []string{"Sales"} }), "rules[1].when.group[0]"},
			{"a user who is not there", with(func(r *models.Rule) { r.When.User = []string{"petrova"} }), "rules[1].when.user[0]"},
			{"to a group that is not there", with(func(r *models.Rule) { r.Then.To = []string{"user", "group:night"} }), "rules[1].then.to[1]"},
		} {
			w.t.Run(tt.name, func(t *testing.T) {
				w := w.in(t)
				w.refused(w.CheckRules(tt.rules), models.Invalid, tt.field)
				w.changes("", func() {
					_, err := w.PutRules(w.ctx, by(), 1, tt.rules)
					w.refused(err, models.Invalid, tt.field)
				})
			})
		}
	})
}

// Of changes of one version that come at once one is made, the others learn
// that they are late.
func TestPutRulesAtOnce(t *testing.T) {
	onBoth(t, func(w *world) {
		const n = 8
		var wg sync.WaitGroup
		errs := make(chan error, n)
		for i := range n {
			wg.Go(func() {
				_, err := w.PutRules(w.ctx, by(), 0, []models.Rule{rule(fmt.Sprint(i))})
				errs <- err
			})
		}
		wg.Wait()
		close(errs)
		made := 0
		for err := range errs {
			if err == nil {
				made++
				continue
			}
			w.refused(err, models.Conflict, "version")
		}
		if made != 1 || w.Rules().Version != 1 {
			t.Errorf("%d of %d were made; version %d", made, n, w.Rules().Version)
		}
	})
}
