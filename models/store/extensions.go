package store

import (
	"context"

	"zummer/models"
)

// SaveExtensions maps extensions (in NormalizeExtension form, each at most
// once) to their users, or to the people who share them when Mode is set; one
// without a user and a mode is unmapped. Owners, with those who ask for it, are
// replaced.
func (tx *Tx) SaveExtensions(ctx context.Context, all []models.Extension) error {
	var mapped, gone []models.Extension
	var owners []ownerOf
	for _, e := range all {
		if e.UserID == 0 && e.Mode == "" {
			gone = append(gone, e)
		} else {
			mapped = append(mapped, e)
		}
		for _, o := range e.Owners {
			owners = append(owners, ownerOf{e.SourceID, e.Extension, o})
		}
	}
	if err := tx.dropExtensions(ctx, "extensions", gone); err != nil {
		return err
	}
	err := chunks(mapped, 4, func(part []models.Extension) error {
		var args []any
		for _, e := range part {
			args = append(args, e.SourceID, e.Extension, e.UserID, e.Mode)
		}
		return tx.exec(ctx, "INSERT INTO extensions (source_id, extension, user_id, mode) VALUES "+tuples(len(part), 4)+
			" ON CONFLICT (source_id, extension) DO UPDATE SET user_id = excluded.user_id, mode = excluded.mode", args...)
	})
	if err != nil {
		return err
	}
	if err := tx.dropExtensions(ctx, "extension_owners", all); err != nil {
		return err
	}
	return chunks(owners, 5, func(part []ownerOf) error {
		var args []any
		for _, o := range part {
			args = append(args, o.source, o.extension, o.UserID, tx.d.ts(o.CheckedInAt), tx.d.ts(o.AskedAt))
		}
		values, args := tx.d.values("isitt", args)
		return tx.exec(ctx, "INSERT INTO extension_owners (source_id, extension, user_id, checked_in_at, asked_at) "+values+" ON CONFLICT DO NOTHING", args...)
	})
}

// ownerOf is an owner with what he owns.
type ownerOf struct {
	source    int64
	extension string
	models.Owner
}

func (tx *Tx) dropExtensions(ctx context.Context, table string, all []models.Extension) error {
	return chunks(all, 2, func(part []models.Extension) error {
		var args []any
		for _, e := range part {
			args = append(args, e.SourceID, e.Extension)
		}
		in, args := tx.d.in("is", args)
		return tx.exec(ctx, "DELETE FROM "+table+" WHERE (source_id, extension)"+in, args...)
	})
}
