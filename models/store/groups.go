package store

import (
	"context"

	"zummer/models"
)

// SaveGroup writes a group with exactly its members, in their order; one without an ID is
// inserted and gets one.
func (tx *Tx) SaveGroup(ctx context.Context, g *models.Group) error {
	var err error
	if g.ID == 0 {
		err = tx.insert(ctx, &g.ID, `INSERT INTO "groups" (name) VALUES (?) RETURNING id`, g.Name)
	} else {
		err = tx.exec(ctx, `UPDATE "groups" SET name = ? WHERE id = ?`, g.Name, g.ID)
	}
	if err != nil {
		return err
	}
	if err := tx.exec(ctx, "DELETE FROM group_members WHERE group_id = ?", g.ID); err != nil {
		return err
	}
	at := 0
	return chunks(g.Members, 3, func(part []int64) error {
		var args []any
		for _, m := range part {
			at++
			args = append(args, g.ID, m, at)
		}
		return tx.exec(ctx, "INSERT INTO group_members (group_id, user_id, position) VALUES "+tuples(len(part), 3)+" ON CONFLICT DO NOTHING", args...)
	})
}

// DeleteGroup removes a group with its list of members.
func (tx *Tx) DeleteGroup(ctx context.Context, id int64) error {
	if err := tx.exec(ctx, "DELETE FROM group_members WHERE group_id = ?", id); err != nil {
		return err
	}
	return tx.exec(ctx, `DELETE FROM "groups" WHERE id = ?`, id)
}
