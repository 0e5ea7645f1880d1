package store

import (
	"context"

	"zummer/models"
)

// SaveExtensions maps extensions (in NormalizeExtension form, each at most
// once) to their users; UserID 0 unmaps.
func (tx *Tx) SaveExtensions(ctx context.Context, all []models.Extension) error {
	var mapped, gone []models.Extension
	for _, e := range all {
		if e.UserID == 0 {
			gone = append(gone, e)
		} else {
			mapped = append(mapped, e)
		}
	}
	err := chunks(gone, 2, func(part []models.Extension) error {
		var args []any
		for _, e := range part {
			args = append(args, e.SourceID, e.Extension)
		}
		in, args := tx.d.in("is", args)
		return tx.exec(ctx, "DELETE FROM extensions WHERE (source_id, extension)"+in, args...)
	})
	if err != nil {
		return err
	}
	return chunks(mapped, 3, func(part []models.Extension) error {
		var args []any
		for _, e := range part {
			args = append(args, e.SourceID, e.Extension, e.UserID)
		}
		return tx.exec(ctx, "INSERT INTO extensions (source_id, extension, user_id) VALUES "+tuples(len(part), 3)+
			" ON CONFLICT (source_id, extension) DO UPDATE SET user_id = excluded.user_id", args...)
	})
}
