package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"zummer/models"
)

// SaveRules adds a version of the rules; it is in force from then on, and none
// is ever changed or removed.
func (tx *Tx) SaveRules(ctx context.Context, now time.Time, set *models.RuleSet) error {
	rules, err := json.Marshal(set.Rules)
	if err != nil {
		return fmt.Errorf("encode the rules: %w", err)
	}
	set.At = now
	return tx.exec(ctx, "INSERT INTO rules (version, rules, at, who) VALUES (?, "+tx.d.json()+", ?, ?)", set.Version, text(rules), tx.d.ts(now), set.Who)
}

// Rules reads one version of the rules; models.NotFound when it never was.
func (s *Store) Rules(ctx context.Context, version int64) (*models.RuleSet, error) {
	var set *models.RuleSet
	err := each(ctx, s.read, func(r scanner) (err error) {
		set, err = scanRules(r)
		return err
	}, "SELECT version, rules, at, who FROM rules WHERE version = ?", version)
	if err == nil && set == nil {
		return nil, models.Errorf(models.NotFound, "no version %d of the rules", version)
	}
	return set, reading(err, "read version %d of the rules", version)
}

// RuleVersions lists the versions of the rules, the newest first, without the
// rules themselves. Errors: Invalid for an unknown cursor.
func (s *Store) RuleVersions(ctx context.Context, after string, limit int) ([]models.RuleSet, string, error) {
	at, err := readCursor("r", after, 1)
	if err != nil {
		return nil, "", err
	}
	var f filter
	if at[0] != 0 {
		f.and("version < ?", at[0])
	}
	limit = pageSize(limit)
	var out []models.RuleSet
	err = each(ctx, s.read, func(r scanner) error {
		var set models.RuleSet
		var at dbTime
		err := r.Scan(&set.Version, &at, &set.Who)
		set.At = at.Time
		out = append(out, set)
		return err
	}, "SELECT version, at, who FROM rules"+f.where()+" ORDER BY version DESC LIMIT ?", append(f.args, limit+1)...)
	if err != nil {
		return nil, "", reading(err, "list the versions of the rules")
	}
	out, more := cut(out, limit)
	if more {
		return out, cursor("r", out[limit-1].Version), nil
	}
	return out, "", nil
}

func scanRules(r scanner) (*models.RuleSet, error) {
	var set models.RuleSet
	var rules text
	var at dbTime
	if err := r.Scan(&set.Version, &rules, &at, &set.Who); err != nil {
		return nil, err
	}
	set.At = at.Time
	if err := json.Unmarshal(rules, &set.Rules); err != nil {
		return nil, fmt.Errorf("decode version %d of the rules: %w", set.Version, err)
	}
	return &set, nil
}
