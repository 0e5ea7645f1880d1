package store

import (
	"context"

	"zummer/models"
)

const signInColumns = "id, token_hash, admin_id, data, from_addr, agent, made_at, seen_at, expires_at"

func scanSignIn(r scanner) (models.SignIn, error) {
	var s models.SignIn
	var data text
	var made, seen, expires dbTime
	err := r.Scan(&s.ID, &s.TokenHash, &s.AdminID, &data, &s.From, &s.Agent, &made, &seen, &expires)
	s.Data, s.MadeAt, s.SeenAt, s.ExpiresAt = data, made.Time, seen.Time, expires.Time
	return s, err
}

// SignIn finds the sign-in of a token's hash that has not ended; models.NotFound.
func (s *Store) SignIn(ctx context.Context, tokenHash string) (in models.SignIn, err error) {
	err = each(ctx, s.read, func(r scanner) (err error) {
		in, err = scanSignIn(r)
		return err
	}, "SELECT "+signInColumns+" FROM sign_ins WHERE token_hash = ? AND expires_at > "+s.dialect.clock(), tokenHash)
	if err == nil && in.ID == 0 {
		return in, models.Errorf(models.NotFound, "no such sign-in")
	}
	return in, reading(err, "read a sign-in")
}

// SignIns lists an administrator's that have not ended, the last one used first.
func (s *Store) SignIns(ctx context.Context, admin int64) (out []models.SignIn, err error) {
	err = each(ctx, s.read, func(r scanner) error {
		in, err := scanSignIn(r)
		out = append(out, in)
		return err
	}, "SELECT "+signInColumns+" FROM sign_ins WHERE admin_id = ? AND expires_at > "+s.dialect.clock()+" ORDER BY seen_at DESC, id DESC LIMIT 200", admin)
	return out, reading(err, "list sign-ins")
}

// InsertSignIn stores a new one.
func (s *Store) InsertSignIn(ctx context.Context, in models.SignIn) error {
	return s.Write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, "INSERT INTO sign_ins (token_hash, admin_id, data, from_addr, agent, made_at, seen_at, expires_at) VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (token_hash) DO NOTHING",
			in.TokenHash, in.AdminID, text(in.Data), in.From, in.Agent, tx.d.ts(in.MadeAt), tx.d.ts(in.SeenAt), tx.d.ts(in.ExpiresAt))
	})
}

// UpdateSignIn writes the data, when it was seen and when it ends. One that has
// been ended meanwhile stays so: found is false.
func (s *Store) UpdateSignIn(ctx context.Context, in models.SignIn) (found bool, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		res := tx.db.WithContext(ctx).Exec("UPDATE sign_ins SET data = ?, seen_at = ?, expires_at = ? WHERE token_hash = ?",
			text(in.Data), tx.d.ts(in.SeenAt), tx.d.ts(in.ExpiresAt), in.TokenHash)
		found = res.RowsAffected > 0
		return res.Error
	})
	return found, err
}

// DeleteSignIn ends the one of a token's hash.
func (s *Store) DeleteSignIn(ctx context.Context, tokenHash string) error {
	return s.Write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, "DELETE FROM sign_ins WHERE token_hash = ?", tokenHash)
	})
}

// EndSignIns ends an administrator's sign-ins: one of them, all when id is 0.
func (tx *Tx) EndSignIns(ctx context.Context, admin, id int64) error {
	if id != 0 {
		return tx.exec(ctx, "DELETE FROM sign_ins WHERE admin_id = ? AND id = ?", admin, id)
	}
	return tx.exec(ctx, "DELETE FROM sign_ins WHERE admin_id = ?", admin)
}
