package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"zummer/models"
)

// InsertToken stores a new token and sets its ID.
func (tx *Tx) InsertToken(ctx context.Context, t *models.Token) error {
	scopes, err := json.Marshal(t.Scopes)
	if err != nil {
		return fmt.Errorf("encode scopes: %w", err)
	}
	return tx.insert(ctx, &t.ID, "INSERT INTO tokens (hash, user_id, name, scopes, created_at, expires_at) VALUES (?,?,?,?,?,?) RETURNING id",
		t.Hash, t.UserID, t.Name, text(scopes), tx.d.ts(t.CreatedAt), tx.d.ts(t.ExpiresAt))
}

// RevokeTokens ends tokens at now; those that were revoked before keep their
// time.
func (tx *Tx) RevokeTokens(ctx context.Context, now time.Time, ids []int64) error {
	return chunks(ids, 1, func(part []int64) error {
		args := []any{tx.d.ts(now)}
		for _, id := range part {
			args = append(args, id)
		}
		return tx.exec(ctx, "UPDATE tokens SET revoked_at = ? WHERE revoked_at IS NULL AND id IN ("+marks(len(part))+")", args...)
	})
}

// DeleteExpiredTokens forgets a user's tokens of that name that ended before a
// time.
func (tx *Tx) DeleteExpiredTokens(ctx context.Context, user int64, name string, before time.Time) error {
	return tx.exec(ctx, "DELETE FROM tokens WHERE user_id = ? AND name = ? AND expires_at < ?", user, name, tx.d.ts(before))
}
