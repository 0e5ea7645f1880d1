package handlers

import (
	"math"
	"net/http"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// rulesBody is a version of the rules. Who changes them sends it back, with
// other rules.
type rulesBody struct {
	Version int64         `json:"version"`
	At      *string       `json:"at"`
	Who     *string       `json:"who"`
	Rules   []models.Rule `json:"rules,omitempty"`
}

func bodyOfRules(set models.RuleSet) rulesBody {
	return rulesBody{Version: set.Version, At: timeOrNull(set.At), Who: orNull(set.Who), Rules: set.Rules}
}

// rulesMembers are what a request with rules may have: at and who come back
// with rules that were read, and are ignored.
var rulesMembers = [...]string{"version", "rules", "at", "who"}

// versionOf reads the version of rules that a request names; nil: none.
func versionOf(f *fields) *int64 {
	if f.str("version") == "" {
		return nil
	}
	v := int64(f.intIn("version", 0, 0, math.MaxInt))
	return &v
}

func (a *API) getRules(c echo.Context) error {
	f := queryFields(c)
	version := versionOf(f)
	if err := f.err(); err != nil {
		return err
	}
	set := a.d.Setup.Rules()
	if version != nil {
		var err error
		if set, err = a.d.Setup.RulesAt(c.Request().Context(), *version); err != nil {
			return err
		}
	}
	return writeJSON(c, http.StatusOK, bodyOfRules(set))
}

func (a *API) listRuleVersions(c echo.Context) error {
	f := queryFields(c)
	after, limit := pageParams(f)
	if err := f.err(); err != nil {
		return err
	}
	sets, next, err := a.d.Setup.RuleVersions(c.Request().Context(), after, limit)
	if err != nil {
		return err
	}
	items := make([]rulesBody, len(sets))
	for i := range sets {
		items[i] = bodyOfRules(sets[i])
	}
	return writePage(c, items, next)
}

// readRules reads the list of rules; in a form it is JSON text. nil when absent.
func readRules(f *fields) []models.Rule {
	list := f.list("rules")
	if list == nil {
		return nil
	}
	out := []models.Rule{}
	f.exactly("rules", list, &out)
	return out
}

// rulesOfBody reads a body that must have rules. Errors as readFields.
func rulesOfBody(c echo.Context) (*fields, []models.Rule, error) {
	f, err := readFields(c)
	if err != nil {
		return nil, nil, err
	}
	f.only(rulesMembers[:]...)
	rules := readRules(f)
	if rules == nil && len(f.wrong) == 0 {
		f.fail("rules", "is required")
	}
	return f, rules, nil
}

func (a *API) putRules(c echo.Context) error {
	f, rules, err := rulesOfBody(c)
	if err != nil {
		return err
	}
	based := versionOf(f)
	if based == nil && len(f.wrong) == 0 {
		f.fail("version", "is required: the version that these rules are a change of, as GET /v1/admin/rules told it")
	}
	if err := f.err(); err != nil {
		return err
	}
	set, err := a.d.Setup.PutRules(c.Request().Context(), actorOf(c), *based, rules)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, bodyOfRules(set))
}

// checkRules says what putRules would say, and changes nothing.
func (a *API) checkRules(c echo.Context) error {
	f, rules, err := rulesOfBody(c)
	if err != nil {
		return err
	}
	if err := f.err(); err != nil {
		return err
	}
	if err := a.d.Setup.CheckRules(rules); err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, struct {
		Version int64 `json:"version"`
		Rules   int   `json:"rules"`
	}{a.d.Setup.Rules().Version, len(rules)})
}
