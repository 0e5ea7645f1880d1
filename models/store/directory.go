package store

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"zummer/models"
)

// LoadDirectory reads the whole set-up in one transaction, so that it is one
// state of it.
func (s *Store) LoadDirectory(ctx context.Context) (*models.Directory, error) {
	var d *models.Directory
	err := s.read.WithContext(ctx).Transaction(func(db *gorm.DB) (err error) {
		if !s.dialect.sqlite {
			if err := db.Exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").Error; err != nil {
				return err
			}
		}
		d, err = loadDirectory(ctx, db)
		return err
	})
	return d, reading(err, "read the set-up")
}

// Directory reads the whole set-up as this transaction sees it.
func (tx *Tx) Directory(ctx context.Context) (*models.Directory, error) {
	return loadDirectory(ctx, tx.db)
}

func loadDirectory(ctx context.Context, db *gorm.DB) (*models.Directory, error) {
	d := &models.Directory{Users: map[int64]*models.User{}, Sources: map[int64]*models.Source{}, Groups: map[int64]*models.Group{},
		Tokens: map[string]*models.Token{}, Extensions: map[models.ExtKey]int64{}, Shared: map[models.ExtKey]*models.Extension{},
		Asked: map[models.ExtKey][]models.Owner{}}
	for _, part := range []struct {
		sql  string
		scan func(scanner) error
	}{
		{"SELECT version FROM config_version", func(r scanner) error { return r.Scan(&d.Version) }},
		{"SELECT id, login, COALESCE(external_id, ''), name, pop_on, quiet, active, pending, timezone, created_at FROM users", func(r scanner) error {
			var u models.User
			var at dbTime
			err := r.Scan(&u.ID, &u.Login, &u.ExternalID, &u.Name, &u.PopOn, &u.Quiet, &u.Active, &u.Pending, &u.Timezone, &at)
			u.CreatedAt = at.Time
			d.Users[u.ID] = &u
			return err
		}},
		{"SELECT id, slug, kind, name, token, token_hash, old_token_hash, token_hint, secret, timezone, region, group_id, line_group, line_rank, outgoing, settings, active, created_at FROM sources", func(r scanner) error {
			var s models.Source
			var at dbTime
			var settings text
			if err := r.Scan(&s.ID, &s.Slug, &s.Kind, &s.Name, &s.Token, &s.TokenHash, &s.OldTokenHash, &s.TokenHint, &s.Secret, &s.Timezone, &s.Region, &s.GroupID,
				&s.LineGroup, &s.LineRank, &s.Outgoing, &settings, &s.Active, &at); err != nil {
				return err
			}
			s.CreatedAt = at.Time
			d.Sources[s.ID] = &s
			return json.Unmarshal(settings, &s.Settings)
		}},
		{`SELECT id, name FROM "groups"`, func(r scanner) error {
			var g models.Group
			err := r.Scan(&g.ID, &g.Name)
			d.Groups[g.ID] = &g
			return err
		}},
		{"SELECT group_id, user_id FROM group_members ORDER BY group_id, position, user_id", func(r scanner) error {
			var g, u int64
			err := r.Scan(&g, &u)
			if d.Groups[g] != nil {
				d.Groups[g].Members = append(d.Groups[g].Members, u)
			}
			return err
		}},
		{"SELECT id, hash, user_id, name, scopes, created_at, expires_at, revoked_at FROM tokens", func(r scanner) error {
			var t models.Token
			var scopes text
			var created, expires, revoked dbTime
			if err := r.Scan(&t.ID, &t.Hash, &t.UserID, &t.Name, &scopes, &created, &expires, &revoked); err != nil {
				return err
			}
			t.CreatedAt, t.ExpiresAt, t.RevokedAt = created.Time, expires.Time, revoked.Time
			d.Tokens[t.Hash] = &t
			return json.Unmarshal(scopes, &t.Scopes)
		}},
		{"SELECT source_id, extension, user_id, mode FROM extensions", func(r scanner) error {
			var e models.Extension
			err := r.Scan(&e.SourceID, &e.Extension, &e.UserID, &e.Mode)
			if k := (models.ExtKey{SourceID: e.SourceID, Extension: e.Extension}); e.Mode == "" {
				d.Extensions[k] = e.UserID
			} else {
				d.Shared[k] = &e
			}
			return err
		}},
		{"SELECT source_id, extension, user_id, checked_in_at, asked_at FROM extension_owners ORDER BY source_id, extension, user_id", func(r scanner) error {
			var k models.ExtKey
			var o models.Owner
			var in, asked dbTime
			err := r.Scan(&k.SourceID, &k.Extension, &o.UserID, &in, &asked)
			o.CheckedInAt, o.AskedAt = in.Time, asked.Time
			switch e := d.Shared[k]; {
			case !o.AskedAt.IsZero():
				d.Asked[k] = append(d.Asked[k], o)
			case e != nil:
				e.Owners = append(e.Owners, o)
			}
			return err
		}},
		{"SELECT version, rules, at, who FROM rules ORDER BY version DESC LIMIT 1", func(r scanner) error {
			set, err := scanRules(r)
			d.Rules = set
			return err
		}},
	} {
		if err := each(ctx, db, part.scan, part.sql); err != nil {
			return nil, fmt.Errorf("read the set-up: %w", err)
		}
	}
	d.Index()
	return d, nil
}

// ConfigVersion reads the version of the set-up, to see whether a snapshot is
// still current.
func (s *Store) ConfigVersion(ctx context.Context) (version int64, err error) {
	err = each(ctx, s.read, func(r scanner) error { return r.Scan(&version) }, "SELECT version FROM config_version")
	return version, reading(err, "read the version of the set-up")
}
