package store

import (
	"context"
	"time"

	"zummer/models"
)

const adminColumns = "id, login, name, role, password_hash, masked, lang, active, created_at, signed_in_at"

func scanAdmin(r scanner) (models.Admin, error) {
	var a models.Admin
	var created, signedIn dbTime
	err := r.Scan(&a.ID, &a.Login, &a.Name, &a.Role, &a.PasswordHash, &a.Masked, &a.Lang, &a.Active, &created, &signedIn)
	a.CreatedAt, a.SignedInAt = created.Time, signedIn.Time
	return a, err
}

// Administrators lists all of them by login.
func (s *Store) Administrators(ctx context.Context) (out []models.Admin, err error) {
	err = each(ctx, s.read, func(r scanner) error {
		a, err := scanAdmin(r)
		out = append(out, a)
		return err
	}, "SELECT "+adminColumns+" FROM administrators ORDER BY login_folded")
	return out, reading(err, "list the administrators")
}

// Administrator reads one; models.NotFound.
func (s *Store) Administrator(ctx context.Context, id int64) (a models.Admin, err error) {
	err = each(ctx, s.read, func(r scanner) (err error) {
		a, err = scanAdmin(r)
		return err
	}, "SELECT "+adminColumns+" FROM administrators WHERE id = ?", id)
	if err == nil && a.ID == 0 {
		return a, models.Errorf(models.NotFound, "no administrator %d", id)
	}
	return a, reading(err, "read an administrator")
}

// AdministratorByLogin reads one; models.NotFound.
func (s *Store) AdministratorByLogin(ctx context.Context, login string) (a models.Admin, err error) {
	err = each(ctx, s.read, func(r scanner) (err error) {
		a, err = scanAdmin(r)
		return err
	}, "SELECT "+adminColumns+" FROM administrators WHERE login_folded = ?", models.FoldLogin(login))
	if err == nil && a.ID == 0 {
		return a, models.Errorf(models.NotFound, "no administrator %q", models.CutText(login, models.MaxName))
	}
	return a, reading(err, "read an administrator")
}

// Administrators lists all of them by login, as this transaction sees them.
func (tx *Tx) Administrators(ctx context.Context) (out []models.Admin, err error) {
	err = tx.each(ctx, func(r scanner) error {
		a, err := scanAdmin(r)
		out = append(out, a)
		return err
	}, "SELECT "+adminColumns+" FROM administrators ORDER BY login_folded")
	return out, err
}

// SaveAdministrator writes one; without an ID it is inserted at now and gets
// one. SignedInAt is left as it is.
func (tx *Tx) SaveAdministrator(ctx context.Context, now time.Time, a *models.Admin) error {
	args := []any{a.Login, models.FoldLogin(a.Login), a.Name, a.Role, a.PasswordHash, a.Masked, a.Lang, a.Active}
	if a.ID != 0 {
		return tx.exec(ctx, "UPDATE administrators SET login = ?, login_folded = ?, name = ?, role = ?, password_hash = ?, masked = ?, lang = ?, active = ? WHERE id = ?", append(args, a.ID)...)
	}
	a.CreatedAt = now
	return tx.insert(ctx, &a.ID, "INSERT INTO administrators (login, login_folded, name, role, password_hash, masked, lang, active, created_at) VALUES (?,?,?,?,?,?,?,?,?) RETURNING id",
		append(args, tx.d.ts(now))...)
}

// SignedIn notes when an administrator signed in last.
func (tx *Tx) SignedIn(ctx context.Context, now time.Time, id int64) error {
	return tx.exec(ctx, "UPDATE administrators SET signed_in_at = ? WHERE id = ?", tx.d.ts(now), id)
}
