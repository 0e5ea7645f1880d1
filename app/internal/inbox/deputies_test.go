package inbox

import (
	"testing"
	"time"

	"zummer/app/internal/routing"
	"zummer/models"
)

// A rule may have missed calls shown in its own way: they go to a deputy all the
// same, but for a rule that tells the user and no deputy.
func TestDeputyStandsInAsTheRulesSay(t *testing.T) {
	for _, tc := range []struct {
		name string
		then models.RuleThen
		want int
	}{
		{"nothing is said of recipients", models.RuleThen{Title: "{phone}"}, 1},
		{"a card of another kind", models.RuleThen{Kind: "call.vip", Action: "show"}, 1},
		{"a group", models.RuleThen{To: []string{"group:sales"}}, 1},
		{"the user and his deputy", models.RuleThen{To: []string{"user", "deputy"}}, 1},
		{"the user alone", models.RuleThen{To: []string{"user"}}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				r.share(models.SharedAll, 1)
				r.dir.Rules = &models.RuleSet{Version: 7, Rules: append([]models.Rule{{Name: "mine", When: models.RuleWhen{Event: []string{models.RuleMissed}}, Then: tc.then}}, routing.Builtin()...)}
				r.accept(event(models.EventRinging, "101"))
				<-time.After(time.Second)
				r.accept(event(models.EventEnded, ""))
				<-time.After(5 * time.Minute)
				r.in.present = func(u int64) bool { return u == 3 }
				r.in.surely = r.in.present
				if n, err := r.in.StandIn(r.t.Context(), []models.Task{{Key: "missed:+79031234567", Users: []int64{1}}}); err != nil || n != tc.want {
					r.t.Errorf("%d went to a deputy, %v; want %d", n, err, tc.want)
				}
			})
		})
	}
}
