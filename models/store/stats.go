package store

import (
	"context"
	"time"

	"zummer/models"
)

// Stats counts, for the administrator. Today begins at midnight in the
// service's time zone. Waiting is not the database's to know.
func (s *Store) Stats(ctx context.Context) (models.Stats, error) {
	now := time.Now().In(models.ZoneOf(s.zone))
	y, m, d := now.Date()
	today := s.dialect.ts(time.Date(y, m, d, 0, 0, 0, 0, now.Location()))
	var out models.Stats
	var oldest dbTime
	for _, q := range []struct {
		sql  string
		args []any
		dest []any
	}{
		{"SELECT COUNT(*), MIN(created_at) FROM unprocessed_notifications", nil, []any{&out.Pending, &oldest}},
		{"SELECT COUNT(*) FROM users WHERE active", nil, []any{&out.Users}},
		{"SELECT COUNT(*) FROM contacts", nil, []any{&out.Contacts}},
		{"SELECT COUNT(*), COALESCE(SUM(CASE WHEN missed THEN 1 ELSE 0 END), 0) FROM calls WHERE created_at >= ? AND merged_into = 0",
			[]any{today}, []any{&out.CallsToday, &out.MissedToday}},
		{"SELECT COUNT(*), COALESCE(SUM(CASE WHEN outcome = 'failed' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN outcome = 'repeat' THEN 1 ELSE 0 END), 0) FROM webhooks WHERE received_at >= ?",
			[]any{today}, []any{&out.WebhooksToday, &out.FailedToday, &out.RepeatedToday}},
	} {
		if err := each(ctx, s.read, func(r scanner) error { return r.Scan(q.dest...) }, q.sql, q.args...); err != nil {
			return models.Stats{}, reading(err, "count for the statistics")
		}
	}
	out.OldestPending = oldest.Time
	return out, nil
}
