package store

import (
	"context"
	"time"

	"zummer/models"
)

// SaveUser writes a user; one without an ID is inserted at now and gets one.
func (tx *Tx) SaveUser(ctx context.Context, now time.Time, u *models.User) error {
	var externalID any // NULL, for there may be many users without one
	if u.ExternalID != "" {
		externalID = u.ExternalID
	}
	args := []any{u.Login, models.FoldLogin(u.Login), externalID, u.Name, u.PopOn, u.Quiet, u.Active, u.Pending, u.Timezone}
	if u.ID != 0 {
		return tx.exec(ctx, "UPDATE users SET login = ?, login_folded = ?, external_id = ?, name = ?, pop_on = ?, quiet = ?, active = ?, pending = ?, timezone = ? WHERE id = ?",
			append(args, u.ID)...)
	}
	if u.CreatedAt.IsZero() {
		u.CreatedAt = now
	}
	return tx.insert(ctx, &u.ID, "INSERT INTO users (login, login_folded, external_id, name, pop_on, quiet, active, pending, timezone, created_at) VALUES (?,?,?,?,?,?,?,?,?,?) RETURNING id",
		append(args, tx.d.ts(u.CreatedAt))...)
}

// UserActive reports whether the user is there and active.
func (tx *Tx) UserActive(ctx context.Context, id int64) (active bool, err error) {
	err = tx.each(ctx, func(r scanner) error { return r.Scan(&active) }, "SELECT active FROM users WHERE id = ?", id)
	return active, err
}
