package store_test

import (
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store"
	"zummer/models/store/storetest"
)

// Versions of the rules are kept for good; the directory has the newest.
func TestRulesKeepTheirVersions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
		for v := int64(1); v <= 2; v++ {
			set := &models.RuleSet{Version: v, Who: "anna", Rules: []models.Rule{{Name: "all", When: models.RuleWhen{Event: []string{"missed"}}, Then: models.RuleThen{Nothing: "never"}}}}
			if err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.SaveRules(t.Context(), now.Add(time.Duration(v)*time.Hour), set) }); err != nil {
				t.Fatal(err)
			}
		}
		d, err := s.LoadDirectory(t.Context())
		if err != nil || d.Rules == nil || d.Rules.Version != 2 || d.Rules.Rules[0].Then.Nothing != "never" {
			t.Fatalf("directory: %+v, %v", d.Rules, err)
		}
		first, err := s.Rules(t.Context(), 1)
		if err != nil || first.Who != "anna" || !first.At.Equal(now.Add(time.Hour)) {
			t.Fatalf("version 1: %+v, %v", first, err)
		}
		if _, err := s.Rules(t.Context(), 7); !models.IsNotFound(err) {
			t.Fatalf("version 7: %v", err)
		}
		all, next, err := s.RuleVersions(t.Context(), "", 1)
		if err != nil || len(all) != 1 || all[0].Version != 2 || all[0].Who != "anna" || next == "" {
			t.Fatalf("versions: %+v, %q, %v", all, next, err)
		}
		all, next, err = s.RuleVersions(t.Context(), next, 10)
		if err != nil || len(all) != 1 || all[0].Version != 1 || next != "" {
			t.Fatalf("versions, page 2: %+v, %q, %v", all, next, err)
		}
	})
}
