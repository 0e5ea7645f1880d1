package store

import (
	"context"
	"database/sql"
	"time"

	"zummer/models"
)

// ReadSet reads one user's inbox and all pending rows in one statement. A user
// without an inbox yet has Epoch "0" and Version 0.
func (s *Store) ReadSet(ctx context.Context, user int64) (models.Set, error) {
	sets, err := s.ReadSets(ctx, []int64{user})
	return sets[user], err
}

// ReadSets reads the inboxes of users, each named once, and all of their
// pending rows in one statement, as ReadSet does.
func (s *Store) ReadSets(ctx context.Context, users []int64) (map[int64]models.Set, error) {
	out := make(map[int64]models.Set, len(users))
	if len(users) == 0 {
		return out, nil
	}
	query, args := s.setsSQL(users)
	err := each(ctx, s.read, func(r scanner) error {
		var user int64
		var now, next dbTime
		var epoch sql.NullString
		var version, pending, id sql.NullInt64
		var d nullRow
		if err := r.Scan(append([]any{&user, &now, &epoch, &version, &pending, &next, &id}, d.dest()...)...); err != nil {
			return err
		}
		set, ok := out[user]
		if !ok {
			set = models.Set{Now: now.Time, Inbox: models.Inbox{UserID: user, Epoch: "0"}}
			if epoch.Valid {
				set.Inbox = models.Inbox{UserID: user, Epoch: epoch.String, Version: version.Int64, Pending: int(pending.Int64), NextExpiry: next.Time}
			}
		}
		if id.Valid {
			n, err := d.decode()
			if err != nil {
				return err
			}
			n.ID, n.UserID = id.Int64, user
			set.Rows = append(set.Rows, *n)
		}
		out[user] = set
		return nil
	}, query, args...)
	if len(users) == 1 {
		return out, reading(err, "read the set of user %d", users[0])
	}
	return out, reading(err, "read the sets of %d users", len(users))
}

// setsSQL is the statement of ReadSets. For many users PostgreSQL must go
// through them one by one, by the keys: a kept plan that hashed the whole
// register, because it was made while that was empty, would be slow for ever.
func (s *Store) setsSQL(users []int64) (string, []any) {
	const columns = "c.now, i.epoch, i.version, i.pending, i.next_expiry, n.id, n.rev, n.version, n.follows, n.collapse_key, n.kind, n.action, n.call_id, n.source_id, n.rule, n.reason," +
		" n.session, n.payload, n.created_at, n.updated_at, n.expires_at, n.leased_until, n.shared FROM "
	clock := "(SELECT " + s.dialect.clock() + " AS now) c"
	switch {
	case len(users) == 1:
		return "SELECT u.id, " + columns + clock + " CROSS JOIN (SELECT CAST(? AS bigint) AS id) u LEFT JOIN inboxes i ON i.user_id = u.id LEFT JOIN unprocessed_notifications n ON n.user_id = i.user_id",
			anys(users)
	case s.dialect.sqlite:
		return "SELECT u.id, " + columns + clock + " CROSS JOIN (SELECT column1 AS id FROM (VALUES " + tuples(len(users), 1) + ")) u" +
			" LEFT JOIN inboxes i ON i.user_id = u.id LEFT JOIN unprocessed_notifications n ON n.user_id = i.user_id", anys(users)
	}
	from, args := s.dialect.unnest("i", anys(users))
	return "SELECT v.c0, " + columns + clock + " CROSS JOIN " + from +
		" LEFT JOIN LATERAL (SELECT * FROM inboxes WHERE user_id = v.c0 OFFSET 0) i ON true" +
		" LEFT JOIN LATERAL (SELECT * FROM unprocessed_notifications WHERE user_id = i.user_id OFFSET 0) n ON true", args
}

// nullRow is the right side of the outer join: all columns may be NULL.
type nullRow struct {
	rev, version, follows, call, source      sql.NullInt64
	key, kind, action, rule, reason, session sql.NullString
	shared                                   sql.NullBool
	row                                      rowDest
}

func (d *nullRow) dest() []any {
	return []any{&d.rev, &d.version, &d.follows, &d.key, &d.kind, &d.action, &d.call, &d.source, &d.rule, &d.reason, &d.session,
		&d.row.payload, &d.row.created, &d.row.updated, &d.row.expires, &d.row.leased, &d.shared}
}

func (d *nullRow) decode() (*models.Notification, error) {
	n := &d.row.n
	n.Rev, n.Version, n.Follows, n.CallID, n.SourceID = int(d.rev.Int64), d.version.Int64, d.follows.Int64, d.call.Int64, d.source.Int64
	n.CollapseKey, n.Kind, n.Action, n.Rule, n.Reason, n.Session = d.key.String, d.kind.String, models.Action(d.action.String), d.rule.String, d.reason.String, d.session.String
	n.Shared = d.shared.Bool
	return d.row.decode()
}

// ReadInboxes reads the inboxes of up to 500 users and the database's clock;
// users without one are absent.
func (s *Store) ReadInboxes(ctx context.Context, users []int64) (out []models.Inbox, now time.Time, err error) {
	if len(users) == 0 {
		return nil, time.Now(), nil
	}
	err = each(ctx, s.read, func(r scanner) error {
		var ib models.Inbox
		var at, next dbTime
		err := r.Scan(&at, &ib.UserID, &ib.Epoch, &ib.Version, &ib.Pending, &next)
		now, ib.NextExpiry = at.Time, next.Time
		out = append(out, ib)
		return err
	}, "SELECT "+s.dialect.clock()+", user_id, epoch, version, pending, next_expiry FROM inboxes WHERE user_id IN ("+marks(len(users))+")", anys(users)...)
	return out, now, reading(err, "read %d inboxes", len(users))
}

// NextExpiries lists up to limit users in whose set something has expired.
func (s *Store) NextExpiries(ctx context.Context, limit int) (users []int64, err error) {
	err = each(ctx, s.read, func(r scanner) error {
		var u int64
		err := r.Scan(&u)
		users = append(users, u)
		return err
	}, "SELECT user_id FROM inboxes WHERE next_expiry <= "+s.dialect.clock()+" ORDER BY next_expiry LIMIT ?", limit)
	return users, reading(err, "look for expired rows")
}

// StuckCalls lists up to limit calls that have not ended and of which nothing
// was heard for age, the oldest first.
func (s *Store) StuckCalls(ctx context.Context, age time.Duration, limit int) (ids []int64, err error) {
	now, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	err = each(ctx, s.read, func(r scanner) error {
		var id int64
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, "SELECT id FROM calls WHERE state <> 'ended' AND merged_into = 0 AND created_at < ? AND updated_at < ? ORDER BY created_at LIMIT ?",
		s.dialect.ts(now.Add(-age)), s.dialect.ts(now.Add(-age)), limit)
	return ids, reading(err, "look for stuck calls")
}

// SilentCalls lists up to limit incoming calls of sources that nobody answered,
// whose attempts (one at least) have all ended, and of which nothing was heard
// for age, the oldest first.
func (s *Store) SilentCalls(ctx context.Context, sources []int64, age time.Duration, limit int) (ids []int64, err error) {
	if len(sources) == 0 {
		return nil, nil
	}
	now, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	in, args := s.dialect.in("i", anys(sources))
	args = append(args, s.dialect.ts(now.Add(-age)), s.dialect.ts(now.Add(-age)), limit)
	err = each(ctx, s.read, func(r scanner) error {
		var id int64
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, silentCallsBySource+in+silentCallsByAge, args...)
	return ids, reading(err, "look for silent calls")
}

// The statement of SilentCalls around its list of sources. The open calls are
// few and have an index of their own, and so do the legs of a call.
const (
	silentCallsBySource = "SELECT c.id FROM calls c WHERE c.state <> 'ended' AND c.merged_into = 0 AND c.state = 'ringing' AND c.direction = 'in' AND c.source_id"
	silentCallsByAge    = " AND c.created_at < ? AND c.updated_at < ? AND EXISTS (SELECT 1 FROM call_legs l WHERE l.call_id = c.id)" +
		" AND NOT EXISTS (SELECT 1 FROM call_legs l WHERE l.call_id = c.id AND l.state <> 'ended') ORDER BY c.created_at LIMIT ?"
)

// Now is the database's clock.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	var now dbTime
	err := each(ctx, s.read, func(r scanner) error { return r.Scan(&now) }, "SELECT "+s.dialect.clock())
	return now.Time, reading(err, "read the clock")
}
