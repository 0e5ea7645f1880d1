package store

import (
	"context"

	"zummer/models"
)

// CallByKey reads one call by its PBX's name, with its legs; of a merged one,
// what it was merged into. Errors: NotFound.
func (s *Store) CallByKey(ctx context.Context, key models.CallKey) (models.Call, error) {
	var id int64
	err := each(ctx, s.read, func(r scanner) error { return r.Scan(&id) }, "SELECT id FROM calls WHERE source_id = ? AND key = ?", key.Source, key.Key)
	if err != nil {
		return models.Call{}, reading(err, "find a call")
	}
	return s.Call(ctx, 0, id)
}

// HasContacts reports whether contacts were synchronised at all.
func (s *Store) HasContacts(ctx context.Context) (has bool, err error) {
	err = each(ctx, s.read, func(r scanner) error { return r.Scan(&has) }, "SELECT EXISTS (SELECT 1 FROM contacts)")
	return has, reading(err, "look for contacts")
}
