package store

import (
	"context"
	"slices"

	"zummer/models"
)

// Calls lists calls with their legs, the newest first, without those that were
// merged into another. With q.Changes it lists every call, merged ones too, in
// the order in which changes were committed, each again after each change;
// then next goes on after the last one given, also when there is no more yet.
func (s *Store) Calls(ctx context.Context, q models.CallQuery) (calls []models.Call, next string, err error) {
	if q.Changes {
		return s.changes(ctx, q)
	}
	at, err := readCursor("c", q.After, 1)
	if err != nil {
		return nil, "", err
	}
	var f filter
	f.and("merged_into = 0")
	if at[0] != 0 {
		f.and("id < ?", at[0])
	}
	s.callsOf(&f, q)
	limit := pageSize(q.Limit)
	found, err := s.readCalls(ctx, "SELECT "+callColumns+" FROM calls"+f.where()+" ORDER BY id DESC LIMIT ?", append(f.args, limit+1)...)
	if err != nil {
		return nil, "", reading(err, "list calls")
	}
	found, more := cut(found, limit)
	if more {
		next = cursor("c", found[limit-1].ID)
	}
	return found, next, nil
}

func (s *Store) callsOf(f *filter, q models.CallQuery) {
	if q.Source != 0 {
		f.and("source_id = ?", q.Source)
	}
	if q.User != 0 {
		f.and("id IN (SELECT call_id FROM call_legs WHERE user_id = ? AND user_id <> 0)", q.User)
	}
}

// feedEnd is the first transaction that may still commit something to this
// database, or that this statement cannot see yet. A snapshot knows what runs
// in the whole server; what surely runs in another database does not hold the
// feed up.
const feedEnd = "(SELECT COALESCE(MIN(CAST(CAST(x AS text) AS bigint)), CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint))" +
	" FROM pg_snapshot_xip(pg_current_snapshot()) x WHERE NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.datname <> current_database() AND a.backend_xid = xid(x)))"

// changes lists calls by (changed, id). On PostgreSQL changed is the writing
// transaction, and only what every transaction before it has finished is
// given: one that commits late is never passed by.
func (s *Store) changes(ctx context.Context, q models.CallQuery) ([]models.Call, string, error) {
	at, err := readCursor("x", q.After, 2)
	if err != nil {
		return nil, "", err
	}
	var f filter
	f.and("(changed, id) > (?, ?)", at[0], at[1])
	if !s.dialect.sqlite {
		f.and("changed < " + feedEnd)
	}
	s.callsOf(&f, q)
	var last int64
	var ids []int64
	err = each(ctx, s.read, func(r scanner) error {
		var id int64
		err := r.Scan(&id, &last)
		ids = append(ids, id)
		return err
	}, "SELECT id, changed FROM calls"+f.where()+" ORDER BY changed, id LIMIT ?", append(f.args, pageSize(q.Limit))...)
	if err != nil {
		return nil, "", reading(err, "list changed calls")
	}
	if len(ids) == 0 {
		return nil, q.After, s.checkChange(ctx, at[0])
	}
	// A call that changes between the two reads is given as it is by now, and
	// again later.
	found, err := s.readCalls(ctx, "SELECT "+callColumns+" FROM calls WHERE id IN ("+marks(len(ids))+")", anys(ids)...)
	if err != nil {
		return nil, "", reading(err, "list changed calls")
	}
	slices.SortFunc(found, func(a, b models.Call) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return found, cursor("x", last, ids[len(ids)-1]), nil
}

// checkChange refuses a cursor that lies ahead of every change: it is from
// another life of the database (restored from a dump, or all calls purged), and
// waiting on it would pass new calls by. The client begins anew without one.
func (s *Store) checkChange(ctx context.Context, changed int64) error {
	newest := "SELECT COALESCE(MAX(changed), 0) FROM calls"
	if !s.dialect.sqlite {
		newest = "SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)"
	}
	var last int64
	if err := each(ctx, s.read, func(r scanner) error { return r.Scan(&last) }, newest); err != nil {
		return reading(err, "read the last change of calls")
	}
	if changed > last {
		return badCursor()
	}
	return nil
}

// readCalls runs a query for callColumns and adds the legs.
func (s *Store) readCalls(ctx context.Context, sql string, args ...any) ([]models.Call, error) {
	var found []*models.Call
	byID := map[int64]*models.Call{}
	err := each(ctx, s.read, func(r scanner) error {
		c, err := scanCall(r)
		if err == nil {
			found = append(found, c)
			byID[c.ID] = c
		}
		return err
	}, sql, args...)
	if err != nil {
		return nil, err
	}
	err = readLegs(s.dialect, byID, func(fn func(scanner) error, sql string, args ...any) error {
		return each(ctx, s.read, fn, sql, args...)
	})
	out := make([]models.Call, 0, len(found))
	for _, c := range found {
		out = append(out, *c)
	}
	return out, err
}

// Call reads one call with its legs; of a merged one, what it was merged into.
// user 0 may read all, others those that a leg of theirs was in; where it was in
// another call of the same conversation, that one is given. Errors: NotFound.
func (s *Store) Call(ctx context.Context, user, id int64) (models.Call, error) {
	for range 10 { // a chain of merges
		found, err := s.readCalls(ctx, "SELECT "+callColumns+" FROM calls WHERE id = ?", id)
		if err != nil {
			return models.Call{}, reading(err, "read call %d", id)
		}
		if len(found) == 0 {
			break
		}
		c := found[0]
		if c.MergedInto != 0 {
			id = c.MergedInto
			continue
		}
		if user == 0 || c.LegOf(user) != nil {
			return c, nil
		}
		of := c.ConversationID()
		if found, err = s.readCalls(ctx, "SELECT "+callColumns+" FROM calls WHERE (id = ? OR conversation <> 0 AND conversation = ?) AND merged_into = 0"+
			" AND id IN (SELECT call_id FROM call_legs WHERE user_id = ? AND user_id <> 0) ORDER BY id LIMIT 1", of, of, user); err != nil {
			return models.Call{}, reading(err, "read the conversation of call %d", id)
		}
		if len(found) > 0 {
			return found[0], nil
		}
		break
	}
	return models.Call{}, models.Errorf(models.NotFound, "no such call")
}
