package store

import (
	"context"
	"time"

	"zummer/models"
)

// Notifications lists rows of all users, the newest first: pending ones by
// their id, those that are settled (q.State processed, expired or removed) by
// when they were. Errors: Invalid for another state.
func (s *Store) Notifications(ctx context.Context, q models.AdminQuery) ([]models.Notification, string, error) {
	switch q.State {
	case "", statePending:
		return s.pendingList(ctx, q)
	case stateProcessed, stateExpired, stateRemoved:
		return s.settledList(ctx, q)
	}
	return nil, "", models.InvalidField("state", "is none of pending, processed, expired, removed")
}

func (s *Store) pendingList(ctx context.Context, q models.AdminQuery) ([]models.Notification, string, error) {
	at, err := readCursor("n", q.After, 1)
	if err != nil {
		return nil, "", err
	}
	var f filter
	if at[0] != 0 {
		f.and("id < ?", at[0])
	}
	if q.User != 0 {
		f.and("user_id = ?", q.User)
	}
	if q.Source != 0 {
		f.and("source_id = ?", q.Source)
	}
	s.narrow(&f, q)
	order := "id"
	if q.Text != "" || !q.Made.IsZero() {
		order = "id + 0" // few rows fit: reading all in a row is faster than one after another by the index
	}
	limit := pageSize(q.Limit)
	var out []models.Notification
	err = each(ctx, s.read, func(r scanner) error {
		n, err := scanRow(r)
		if err == nil {
			out = append(out, *n)
		}
		return err
	}, "SELECT "+rowColumns+" FROM unprocessed_notifications"+f.where()+" ORDER BY "+order+" DESC LIMIT ?", append(f.args, limit+1)...)
	if err != nil {
		return nil, "", reading(err, "list pending notifications")
	}
	out, more := cut(out, limit)
	if more {
		return out, cursor("n", out[limit-1].ID), nil
	}
	return out, "", nil
}

func (s *Store) settledList(ctx context.Context, q models.AdminQuery) ([]models.Notification, string, error) {
	at, err := readCursor("e", q.After, 1)
	if err != nil {
		return nil, "", err
	}
	var f filter
	switch q.State {
	case stateProcessed:
		f.and("e.what = ?", models.StepProcessed)
	case stateExpired:
		f.and("e.what = ?", models.StepExpired)
	default:
		f.and("e.what IN (?,?,?)", models.StepRemoved, models.StepFolded, models.StepReassign)
	}
	if q.User != 0 {
		f.and("e.user_id = ? AND e.user_id <> 0", q.User)
	}
	if q.Source != 0 {
		f.and("e.source_id = ?", q.Source)
	}
	rows, next, err := s.lastSteps(ctx, f, at[0], pageSize(q.Limit))
	if err != nil {
		return nil, "", reading(err, "list settled notifications")
	}
	out := make([]models.Notification, 0, len(rows))
	for i := range rows {
		out = append(out, rows[i].Notification)
	}
	if next != 0 {
		return out, cursor("e", next), nil
	}
	return out, "", nil
}

// maxUnrouted bounds the list of extensions that nobody owns.
const maxUnrouted = 500

// Unrouted lists the extensions that rang since and belong to nobody, now as
// then, the last one first.
func (s *Store) Unrouted(ctx context.Context, since time.Time) ([]models.Unrouted, error) {
	var out []models.Unrouted
	err := each(ctx, s.read, func(r scanner) error {
		var u models.Unrouted
		var last dbTime
		err := r.Scan(&u.SourceID, &u.Extension, &u.Count, &last)
		u.LastAt = last.Time
		out = append(out, u)
		return err
	}, "SELECT l.source_id, l.extension, COUNT(DISTINCT l.call_id), MAX(l.seen_at) AS last_at FROM call_legs l WHERE l.user_id = 0 AND l.sharers = '[]' AND l.extension <> '' AND l.seen_at >= ? "+
		"AND NOT EXISTS (SELECT 1 FROM extensions x WHERE x.source_id = l.source_id AND x.extension = l.extension) "+
		"GROUP BY l.source_id, l.extension ORDER BY last_at DESC, l.source_id, l.extension LIMIT ?", s.dialect.ts(since), maxUnrouted)
	return out, reading(err, "list unrouted extensions")
}
