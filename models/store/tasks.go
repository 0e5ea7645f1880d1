package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"zummer/models"
)

// WaitingTasks returns up to limit missed calls that wait to be called back and
// were told to the last of their users age ago or earlier, by the database's
// clock, with those users, in order of their keys after the given one.
func (s *Store) WaitingTasks(ctx context.Context, age time.Duration, after string, limit int) ([]models.Task, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	users := "string_agg(CAST(user_id AS text), ',' ORDER BY user_id)"
	if s.dialect.sqlite {
		users = "group_concat(user_id, ',' ORDER BY user_id)"
	}
	var out []models.Task
	err = each(ctx, s.read, func(r scanner) error {
		var t models.Task
		var list string
		err := r.Scan(&t.Key, &list)
		for id := range strings.SplitSeq(list, ",") {
			if n, err := strconv.ParseInt(id, 10, 64); err == nil {
				t.Users = append(t.Users, n)
			}
		}
		out = append(out, t)
		return err
	}, "SELECT collapse_key, "+users+" FROM unprocessed_notifications WHERE collapse_key LIKE 'missed:%' AND action <> 'none' AND collapse_key > ?"+
		" GROUP BY collapse_key HAVING MAX(created_at) <= ? ORDER BY collapse_key LIMIT ?", after, s.dialect.ts(now.Add(-age)), limit)
	return out, reading(err, "find missed calls that wait")
}
