package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"zummer/models"
)

// SavePresence writes which sessions polled when; an older time never takes
// the place of a newer one. No (user, session) may stand in rows twice; they
// come sorted, so that no two processes wait for each other in a circle. It is
// not tried again.
func (s *Store) SavePresence(ctx context.Context, rows []models.Seen) error {
	const n = 5
	err := chunks(rows, n, func(part []models.Seen) error {
		args := make([]any, 0, n*len(part))
		for _, r := range part {
			args = append(args, r.UserID, r.Session, r.Client, r.App, s.dialect.ts(r.PolledAt))
		}
		values, args := s.dialect.values("issst", args)
		return s.write.WithContext(ctx).Exec("INSERT INTO presence (user_id, session, client, app, polled_at) "+values+
			" ON CONFLICT (user_id, session) DO UPDATE SET client = excluded.client, app = excluded.app, polled_at = excluded.polled_at WHERE excluded.polled_at > presence.polled_at", args...).Error
	})
	return reading(err, "write who polled")
}

// Presence reads which sessions polled at since or later, and the database's
// clock, in one statement.
func (s *Store) Presence(ctx context.Context, since time.Time) (rows []models.Seen, now time.Time, err error) {
	err = each(ctx, s.read, func(r scanner) error {
		var at, polled dbTime
		var user sql.NullInt64
		var session, client, app sql.NullString
		if err := r.Scan(&at, &user, &session, &client, &app, &polled); err != nil {
			return err
		}
		now = at.Time
		if user.Valid {
			rows = append(rows, models.Seen{UserID: user.Int64, Session: session.String, Client: client.String, App: app.String, PolledAt: polled.Time})
		}
		return nil
	}, "SELECT c.now, p.user_id, p.session, p.client, p.app, p.polled_at FROM (SELECT "+s.dialect.clock()+" AS now) c LEFT JOIN presence p ON p.polled_at >= ?", s.dialect.ts(since))
	return rows, now, reading(err, "read who polled")
}

// SaveDeliveries writes which session was told what when; the first time
// stays. It is not tried again.
func (s *Store) SaveDeliveries(ctx context.Context, rows []models.Delivery) error {
	const n = 6
	err := chunks(rows, n, func(part []models.Delivery) error {
		args := make([]any, 0, n*len(part))
		for _, r := range part {
			args = append(args, r.NotificationID, r.Rev, r.Session, r.UserID, r.Client, s.dialect.ts(r.At))
		}
		values, args := s.dialect.values("iisist", args)
		return s.write.WithContext(ctx).Exec("INSERT INTO deliveries (notification_id, rev, session, user_id, client, at) "+values+" ON CONFLICT DO NOTHING", args...).Error
	})
	return reading(err, "write who was told")
}

// maxTold bounds the deliveries of one timeline.
const maxTold = 500

// deliveries lists who was told of a notification, the first ones first.
func (s *Store) deliveries(ctx context.Context, id int64) ([]models.Step, error) {
	var out []models.Step
	err := each(ctx, s.read, func(r scanner) error {
		st := models.Step{NotificationID: id, What: models.StepDelivered}
		var at dbTime
		err := r.Scan(&st.Rev, &st.Session, &st.UserID, &st.Detail, &at)
		st.At = at.Time
		out = append(out, st)
		return err
	}, "SELECT rev, session, user_id, client, at FROM deliveries WHERE notification_id = ? ORDER BY at, rev, session LIMIT ?", id, maxTold)
	return out, err
}

// withDeliveries puts deliveries among the steps of a timeline: behind the last
// step of its time or earlier. Each says how long after its revision it came.
func withDeliveries(steps, told []models.Step) []models.Step {
	made := map[int]time.Time{}
	var id int64
	if len(told) > 0 {
		id = told[0].NotificationID
	}
	for _, st := range steps {
		if st.NotificationID == id && (st.What == models.StepStored || st.What == models.StepRevised || st.What == models.StepRequeued || st.What == models.StepReassign) {
			if at, ok := made[st.Rev]; !ok || st.At.After(at) {
				made[st.Rev] = st.At
			}
		}
	}
	out := make([]models.Step, 0, len(steps)+len(told))
	at := 0 // of steps: what stands in out already
	for _, d := range told {
		if made, ok := made[d.Rev]; ok {
			d.After = max(0, d.At.Sub(made))
		}
		last := at
		for i := at; i < len(steps); i++ {
			// Nobody acknowledges what he was not told of.
			if st := &steps[i]; !st.At.After(d.At) && (st.At.Before(d.At) || st.What != models.StepProcessed) {
				last = i + 1
			}
		}
		out = append(append(out, steps[at:last]...), d)
		at = last
	}
	return append(out, steps[at:]...)
}

// ReadAll reads all inboxes and all pending rows as they stood at one moment,
// and the database's clock.
func (s *Store) ReadAll(ctx context.Context) (inboxes []models.Inbox, rows []models.Notification, now time.Time, err error) {
	opts := &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	if s.dialect.sqlite { // a transaction that reads has one picture of the file
		opts = &sql.TxOptions{}
	}
	db := s.read.WithContext(ctx).Begin(opts)
	if db.Error != nil {
		return nil, nil, now, reading(db.Error, "begin to read all sets")
	}
	defer db.Rollback() // nothing was written
	var at dbTime
	if err = each(ctx, db, func(r scanner) error { return r.Scan(&at) }, "SELECT "+s.dialect.clock()); err != nil {
		return nil, nil, now, reading(err, "read the clock")
	}
	err = each(ctx, db, func(r scanner) error {
		ib, err := scanInbox(r)
		inboxes = append(inboxes, ib)
		return err
	}, "SELECT user_id, epoch, version, pending, next_expiry FROM inboxes")
	if err != nil {
		return nil, nil, now, reading(err, "read all inboxes")
	}
	err = each(ctx, db, func(r scanner) error {
		n, err := scanRow(r)
		if err == nil {
			rows = append(rows, *n)
		}
		return err
	}, "SELECT "+rowColumns+" FROM unprocessed_notifications")
	if err != nil {
		return nil, nil, now, reading(err, "read all rows")
	}
	return inboxes, rows, at.Time, nil
}

// Owners returns the users of pending and settled rows; an unknown id is absent.
func (s *Store) Owners(ctx context.Context, ids []int64) (map[int64]int64, error) {
	out := map[int64]int64{}
	for _, sql := range []string{
		"SELECT notification_id, user_id FROM notification_events WHERE user_id <> 0 AND notification_id <> 0 AND notification_id%s ORDER BY id",
		"SELECT id, user_id FROM unprocessed_notifications WHERE id%s", // a row may outlive its timeline; this reads all of it
	} {
		var left []int64
		for _, id := range ids {
			if out[id] == 0 {
				left = append(left, id)
			}
		}
		err := chunks(left, 1, func(part []int64) error {
			in, args := s.dialect.in("i", anys(part))
			return each(ctx, s.read, func(r scanner) error {
				var id, user int64
				err := r.Scan(&id, &user)
				out[id] = user
				return err
			}, strings.ReplaceAll(sql, "%s", in), args...)
		})
		if err != nil {
			return nil, reading(err, "find the owners of %d rows", len(ids))
		}
	}
	return out, nil
}
