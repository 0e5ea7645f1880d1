package store

import (
	"context"
	"strings"

	"zummer/models"
)

// Audit lists the changes of the set-up, the latest first.
func (s *Store) Audit(ctx context.Context, after string, limit int) ([]models.AuditEntry, string, error) {
	return s.AuditList(ctx, models.AuditQuery{After: after, Limit: limit})
}

// AuditList is Audit, narrowed.
func (s *Store) AuditList(ctx context.Context, q models.AuditQuery) ([]models.AuditEntry, string, error) {
	at, err := readCursor("a", q.After, 1)
	if err != nil {
		return nil, "", err
	}
	var f filter
	if at[0] != 0 {
		f.and("id < ?", at[0])
	}
	if q.Who != "" {
		f.and("who = ?", q.Who)
	}
	switch {
	case strings.HasSuffix(q.What, "."):
		f.and("what LIKE ? ESCAPE '!'", escapeLike(q.What)+"%")
	case q.What != "":
		f.and("what = ?", q.What)
	}
	if q.Text != "" {
		var either []string
		var args []any
		for _, t := range spellings(q.Text) {
			for _, column := range []string{"object", "detail", "who", "from_addr"} {
				either, args = append(either, column+" LIKE ? ESCAPE '!'"), append(args, "%"+escapeLike(t)+"%")
			}
		}
		f.and("("+strings.Join(either, " OR ")+")", args...)
	}
	limit := pageSize(q.Limit)
	var out []models.AuditEntry
	err = each(ctx, s.read, func(r scanner) error {
		var e models.AuditEntry
		var when dbTime
		err := r.Scan(&e.ID, &when, &e.Who, &e.From, &e.What, &e.Object, &e.Detail)
		e.At = when.Time
		out = append(out, e)
		return err
	}, "SELECT id, at, who, from_addr, what, object, detail FROM audit"+f.where()+" ORDER BY id DESC LIMIT ?", append(f.args, limit+1)...)
	if err != nil {
		return nil, "", reading(err, "list the audit")
	}
	out, more := cut(out, limit)
	if more {
		return out, cursor("a", out[limit-1].ID), nil
	}
	return out, "", nil
}

// AuditWho lists who stands in the audit, by name: the 200 last ones at most.
func (s *Store) AuditWho(ctx context.Context) (out []string, err error) {
	err = each(ctx, s.read, func(r scanner) error {
		var who string
		err := r.Scan(&who)
		out = append(out, who)
		return err
	}, "SELECT DISTINCT who FROM (SELECT who FROM audit ORDER BY id DESC LIMIT 5000) a ORDER BY who LIMIT 200")
	return out, reading(err, "list who stands in the audit")
}
