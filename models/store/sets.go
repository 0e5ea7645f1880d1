package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"zummer/models"
)

// HoldersOf lists the users that have a pending missed call under one of the
// collapse keys.
func (tx *Tx) HoldersOf(ctx context.Context, keys []string) (map[string][]int64, error) {
	out := map[string][]int64{}
	err := chunks(keys, 1, func(part []string) error {
		in, args := tx.d.in("s", anys(part))
		return tx.each(ctx, func(r scanner) error {
			var key string
			var user int64
			err := r.Scan(&key, &user)
			out[key] = append(out[key], user)
			return err
		}, "SELECT collapse_key, user_id FROM unprocessed_notifications WHERE collapse_key LIKE 'missed:%' AND collapse_key"+in+" ORDER BY user_id", args...)
	})
	return out, err
}

// LockInboxes makes missing inboxes (with an epoch of their own) and locks all
// in user order. users must be sorted.
func (tx *Tx) LockInboxes(ctx context.Context, users []int64) (map[int64]*models.Inbox, error) {
	out := make(map[int64]*models.Inbox, len(users))
	lock := func(users []int64) error {
		return chunks(users, 1, func(part []int64) error {
			in, args := tx.d.in("i", anys(part))
			return tx.each(ctx, func(r scanner) error {
				ib, err := scanInbox(r)
				out[ib.UserID] = &ib
				return err
			}, "SELECT user_id, epoch, version, pending, next_expiry FROM inboxes WHERE user_id"+in+" ORDER BY user_id"+tx.d.lock(), args...)
		})
	}
	if err := lock(users); err != nil || len(out) == len(users) {
		return out, err
	}
	var missing []int64
	for _, u := range users {
		if out[u] == nil {
			missing = append(missing, u)
		}
	}
	err := chunks(missing, 2, func(part []int64) error {
		args := make([]any, 0, 2*len(part))
		for _, u := range part {
			args = append(args, u, strings.ToLower(rand.Text()[:6]))
		}
		values, args := tx.d.values("is", args)
		return tx.exec(ctx, "INSERT INTO inboxes (user_id, epoch) "+values+" ON CONFLICT DO NOTHING", args...)
	})
	if err != nil {
		return nil, err
	}
	return out, lock(missing)
}

func scanInbox(r scanner) (models.Inbox, error) {
	var ib models.Inbox
	var next dbTime
	err := r.Scan(&ib.UserID, &ib.Epoch, &ib.Version, &ib.Pending, &next)
	ib.NextExpiry = next.Time
	return ib, err
}

// SaveInboxes writes locked inboxes.
func (tx *Tx) SaveInboxes(ctx context.Context, all []*models.Inbox) error {
	return chunks(all, 5, func(part []*models.Inbox) error {
		args := make([]any, 0, 5*len(part))
		for _, ib := range part {
			args = append(args, ib.UserID, ib.Epoch, ib.Version, ib.Pending, tx.d.ts(ib.NextExpiry))
		}
		values, args := tx.d.values("isiit", args)
		return tx.put(ctx, "inboxes", "INSERT INTO inboxes (user_id, epoch, version, pending, next_expiry) "+values+
			" ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, pending = excluded.pending, next_expiry = excluded.next_expiry", args...)
	})
}

const rowColumns = "user_id, id, rev, version, follows, collapse_key, kind, action, call_id, source_id, rule, reason, session, payload, created_at, updated_at, expires_at, rules_version, leased_until, shared"

// rowDest is where a row's columns go; decode makes the notification.
type rowDest struct {
	n                         models.Notification
	payload                   text
	created, updated, expires dbTime
	leased                    dbTime
}

func (d *rowDest) dest() []any {
	n := &d.n
	return []any{&n.UserID, &n.ID, &n.Rev, &n.Version, &n.Follows, &n.CollapseKey, &n.Kind, &n.Action, &n.CallID, &n.SourceID, &n.Rule, &n.Reason, &n.Session,
		&d.payload, &d.created, &d.updated, &d.expires, &n.RulesVersion, &d.leased, &n.Shared}
}

func (d *rowDest) decode() (*models.Notification, error) {
	d.n.CreatedAt, d.n.UpdatedAt, d.n.ExpiresAt, d.n.Leased = d.created.Time, d.updated.Time, d.expires.Time, d.leased.Time
	if err := json.Unmarshal(d.payload, &d.n.Payload); err != nil {
		return nil, fmt.Errorf("decode row %d: %w", d.n.ID, err)
	}
	return &d.n, nil
}

func scanRow(r scanner) (*models.Notification, error) {
	var d rowDest
	if err := r.Scan(d.dest()...); err != nil {
		return nil, err
	}
	return d.decode()
}

// Rows reads pending rows of locked inboxes, in no particular order; a row
// that several parts of sel name may come more than once.
func (tx *Tx) Rows(ctx context.Context, sel models.RowSelect) (out []*models.Notification, err error) {
	add := func(r scanner) error {
		n, err := scanRow(r)
		out = append(out, n)
		return err
	}
	const from = "SELECT " + rowColumns + " FROM unprocessed_notifications WHERE "
	err = chunks(sel.Refs, 2, func(part []models.RowRef) error {
		in, args := tx.d.in("ii", refArgs(part))
		return tx.each(ctx, add, from+"(user_id, id)"+in, args...)
	})
	if err != nil {
		return nil, err
	}
	err = chunks(sel.Keys, 2, func(part []models.RowKey) error {
		args := make([]any, 0, 2*len(part))
		for _, k := range part {
			args = append(args, k.User, k.Key)
		}
		in, args := tx.d.in("is", args)
		return tx.each(ctx, add, from+"(user_id, collapse_key)"+in, args...)
	})
	if err != nil {
		return nil, err
	}
	err = chunks(sel.All, 1, func(part []int64) error {
		in, args := tx.d.in("i", anys(part))
		return tx.each(ctx, add, from+"user_id"+in, args...)
	})
	return out, err
}

func refArgs(refs []models.RowRef) []any {
	args := make([]any, 0, 2*len(refs))
	for _, r := range refs {
		args = append(args, r.User, r.ID)
	}
	return args
}

// SaveRows inserts rows or replaces those of the same (user, id).
func (tx *Tx) SaveRows(ctx context.Context, rows []*models.Notification) error {
	const n = 20
	return chunks(rows, n, func(part []*models.Notification) error {
		args := make([]any, 0, n*len(part))
		for _, r := range part {
			payload, err := json.Marshal(&r.Payload)
			if err != nil {
				return fmt.Errorf("encode row %d: %w", r.ID, err)
			}
			args = append(args, r.UserID, r.ID, r.Rev, r.Version, r.Follows, r.CollapseKey, r.Kind, r.Action, r.CallID, r.SourceID, r.Rule, r.Reason, r.Session, string(payload),
				tx.d.ts(r.CreatedAt), tx.d.ts(r.UpdatedAt), tx.d.ts(r.ExpiresAt), r.RulesVersion, tx.d.ts(r.Leased), r.Shared)
		}
		values, args := tx.d.values("iiiiisssiisssjtttitb", args)
		return tx.put(ctx, "unprocessed_notifications", "INSERT INTO unprocessed_notifications ("+rowColumns+") "+values+" ON CONFLICT (user_id, id) DO UPDATE SET rev = excluded.rev, collapse_key = excluded.collapse_key,"+
			" version = excluded.version, kind = excluded.kind, action = excluded.action, call_id = excluded.call_id, source_id = excluded.source_id, rule = excluded.rule,"+
			" reason = excluded.reason, session = excluded.session, payload = excluded.payload, updated_at = excluded.updated_at, expires_at = excluded.expires_at,"+
			" rules_version = excluded.rules_version, leased_until = excluded.leased_until, shared = excluded.shared", args...)
	})
}

// DeleteRows takes rows out of the register.
func (tx *Tx) DeleteRows(ctx context.Context, refs []models.RowRef) error {
	return chunks(refs, 2, func(part []models.RowRef) error {
		in, args := tx.d.in("ii", refArgs(part))
		return tx.put(ctx, "unprocessed_notifications", "DELETE FROM unprocessed_notifications WHERE (user_id, id)"+in, args...)
	})
}

// Settled tells the highest revision that the timeline knows of rows that are
// not pending any more; absent: that user never had it.
func (tx *Tx) Settled(ctx context.Context, refs []models.RowRef) (map[models.RowRef]int, error) {
	out := map[models.RowRef]int{}
	err := chunks(refs, 1, func(part []models.RowRef) error {
		ids := make([]int64, 0, len(part))
		for _, r := range part {
			ids = append(ids, r.ID)
		}
		in, args := tx.d.in("i", anys(ids))
		return tx.each(ctx, func(r scanner) error {
			var ref models.RowRef
			var rev int
			err := r.Scan(&ref.User, &ref.ID, &rev)
			if slices.Contains(part, ref) {
				out[ref] = rev
			}
			return err
		}, "SELECT user_id, notification_id, MAX(rev) FROM notification_events WHERE notification_id <> 0 AND notification_id"+in+" GROUP BY user_id, notification_id", args...)
	})
	return out, err
}

const stepColumns = "at, user_id, notification_id, rev, version, what, kind, action, call_id, webhook_id, source_id, rule, reason, session, detail, payload, collapse_key, rules_version"

// InsertSteps appends to the timeline.
func (tx *Tx) InsertSteps(ctx context.Context, steps []*models.Step) error {
	const n = 18
	return chunks(steps, n, func(part []*models.Step) error {
		args := make([]any, 0, n*len(part))
		for _, s := range part {
			var payload any
			if s.Payload != nil {
				b, err := json.Marshal(s.Payload)
				if err != nil {
					return fmt.Errorf("encode a step: %w", err)
				}
				payload = string(b)
			}
			args = append(args, tx.d.ts(s.At), s.UserID, s.NotificationID, s.Rev, s.Version, s.What, s.Kind, s.Action, s.CallID, s.WebhookID, s.SourceID, s.Rule, s.Reason,
				s.Session, models.CutText(s.Detail, 300), payload, s.CollapseKey, s.RulesVersion)
		}
		values, args := tx.d.values("tiiiisssiiissssjsi", args)
		return tx.put(ctx, "notification_events", "INSERT INTO notification_events ("+stepColumns+") "+values, args...)
	})
}

func scanStep(r scanner) (s models.Step, err error) {
	var at dbTime
	var payload text
	if err = r.Scan(&s.ID, &at, &s.UserID, &s.NotificationID, &s.Rev, &s.Version, &s.What, &s.Kind, &s.Action, &s.CallID, &s.WebhookID, &s.SourceID, &s.Rule, &s.Reason,
		&s.Session, &s.Detail, &payload, &s.CollapseKey, &s.RulesVersion); err != nil {
		return s, err
	}
	s.At = at.Time
	if payload != nil {
		s.Payload = &models.Payload{}
		err = json.Unmarshal(payload, s.Payload)
	}
	return s, err
}

// SettledRow reads the last body of a row that is no longer pending, for
// requeue; models.NotFound when the timeline has none.
func (tx *Tx) SettledRow(ctx context.Context, id int64) (*models.Notification, error) {
	var n *models.Notification
	err := tx.each(ctx, func(r scanner) error {
		s, err := scanStep(r)
		if err == nil {
			n = &models.Notification{ID: id, UserID: s.UserID, Rev: s.Rev, Version: s.Version, Kind: s.Kind, Action: s.Action, CallID: s.CallID, SourceID: s.SourceID,
				CollapseKey: s.CollapseKey, Rule: s.Rule, RulesVersion: s.RulesVersion, Reason: s.Reason, Payload: *s.Payload, CreatedAt: s.At, UpdatedAt: s.At}
		}
		return err
	}, "SELECT id, "+stepColumns+" FROM notification_events WHERE notification_id = ? AND payload IS NOT NULL ORDER BY id DESC LIMIT 1", id)
	if err == nil && n == nil {
		err = models.Errorf(models.NotFound, "notification %d is not in the history", id)
	}
	return n, err
}

// OwnerOf returns the user of a pending or settled row; 0: unknown id. A row
// may outlive its timeline, so the register itself is asked last; that reads
// all of it.
func (tx *Tx) OwnerOf(ctx context.Context, id int64) (user int64, err error) {
	for _, sql := range []string{
		"SELECT user_id FROM notification_events WHERE notification_id = ? AND user_id <> 0 ORDER BY id DESC LIMIT 1",
		"SELECT user_id FROM unprocessed_notifications WHERE id = ?",
	} {
		if user == 0 && err == nil {
			err = tx.each(ctx, func(r scanner) error { return r.Scan(&user) }, sql, id)
		}
	}
	return user, err
}
