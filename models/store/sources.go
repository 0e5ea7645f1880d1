package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"zummer/models"
)

// SaveSource writes a source; one without an ID is inserted at now and gets one.
func (tx *Tx) SaveSource(ctx context.Context, now time.Time, s *models.Source) error {
	settings := []byte("{}")
	if s.Settings != nil {
		var err error
		if settings, err = json.Marshal(s.Settings); err != nil {
			return fmt.Errorf("encode the settings of source %s: %w", s.Slug, err)
		}
	}
	args := []any{s.Slug, s.Kind, s.Name, s.Token, s.TokenHash, s.OldTokenHash, s.TokenHint, s.Secret, s.Timezone, s.Region,
		s.GroupID, s.LineGroup, s.LineRank, s.Outgoing, text(settings), s.Active}
	if s.ID != 0 {
		return tx.exec(ctx, "UPDATE sources SET slug = ?, kind = ?, name = ?, token = ?, token_hash = ?, old_token_hash = ?, token_hint = ?, secret = ?, timezone = ?, region = ?, "+
			"group_id = ?, line_group = ?, line_rank = ?, outgoing = ?, settings = "+tx.d.json()+", active = ? WHERE id = ?", append(args, s.ID)...)
	}
	if s.CreatedAt.IsZero() {
		s.CreatedAt = now
	}
	return tx.insert(ctx, &s.ID, "INSERT INTO sources (slug, kind, name, token, token_hash, old_token_hash, token_hint, secret, timezone, region, "+
		"group_id, line_group, line_rank, outgoing, settings, active, created_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,"+tx.d.json()+",?,?) RETURNING id", append(args, tx.d.ts(s.CreatedAt))...)
}

// DeleteSource removes a source and its extensions. What it sent stays, under
// an id that is not given again.
func (tx *Tx) DeleteSource(ctx context.Context, id int64) error {
	for _, table := range []string{"extensions", "extension_owners"} {
		if err := tx.exec(ctx, "DELETE FROM "+table+" WHERE source_id = ?", id); err != nil {
			return err
		}
	}
	return tx.exec(ctx, "DELETE FROM sources WHERE id = ?", id)
}
