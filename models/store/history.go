package store

import (
	"cmp"
	"context"
	"time"

	"zummer/models"
)

// History lists a user's rows as they last were, the last changed first, from
// the timeline. Since and Until bound the last change. Complete is false when
// the timeline's beginning was purged and since lies before what is left.
func (s *Store) History(ctx context.Context, user int64, q models.HistoryQuery) (models.HistoryPage, error) {
	at, err := readCursor("h", q.After, 1)
	if err != nil {
		return models.HistoryPage{}, err
	}
	var f filter
	f.and("e.user_id = ? AND e.user_id <> 0", user)
	if !q.Since.IsZero() {
		f.and("e.at >= ?", s.dialect.ts(q.Since))
	}
	if !q.Until.IsZero() {
		f.and("e.at < ?", s.dialect.ts(q.Until))
	}
	rows, next, err := s.lastSteps(ctx, f, at[0], pageSize(q.Limit))
	if err != nil {
		return models.HistoryPage{}, reading(err, "read the history of user %d", user)
	}
	page := models.HistoryPage{Rows: rows}
	if next != 0 {
		page.Next = cursor("h", next)
	}
	page.Complete, err = s.complete(ctx, q.Since)
	return page, reading(err, "read the beginning of the timeline")
}

// complete reports whether nothing after since was purged. The timeline's
// first id is 1; as long as it is there, nothing was.
func (s *Store) complete(ctx context.Context, since time.Time) (bool, error) {
	var first int64
	var at dbTime
	err := each(ctx, s.read, func(r scanner) error { return r.Scan(&first, &at) }, "SELECT id, at FROM notification_events ORDER BY id LIMIT 1")
	return first <= 1 || at.Before(since), err
}

// lastSteps lists the notifications whose last step f (of table e) takes, the
// latest first, below the step before (0: from the latest on). next is the
// step to go on below; 0: that was all.
func (s *Store) lastSteps(ctx context.Context, f filter, before int64, limit int) (rows []models.HistoryRow, next int64, err error) {
	f.and("e.notification_id <> 0")
	f.and("NOT EXISTS (SELECT 1 FROM notification_events l WHERE l.notification_id = e.notification_id AND l.notification_id <> 0 AND l.id > e.id)")
	if before != 0 {
		f.and("e.id < ?", before)
	}
	var last []models.Step
	err = each(ctx, s.read, func(r scanner) error {
		st, err := scanStep(r)
		last = append(last, st)
		return err
	}, "SELECT id, "+stepColumns+" FROM notification_events e"+f.where()+" ORDER BY e.id DESC LIMIT ?", append(f.args, limit+1)...)
	if err != nil {
		return nil, 0, err
	}
	last, more := cut(last, limit)
	if more {
		next = last[limit-1].ID
	}
	bodies, err := s.bodies(ctx, last)
	if err != nil {
		return nil, 0, err
	}
	for _, st := range last {
		rows = append(rows, historyRow(st, bodies[st.NotificationID]))
	}
	return rows, next, nil
}

// bodies reads what the notifications of steps were: the pending row, else
// what the timeline says.
func (s *Store) bodies(ctx context.Context, steps []models.Step) (map[int64]*models.Notification, error) {
	out := map[int64]*models.Notification{}
	ids := make([]int64, 0, len(steps))
	for _, st := range steps {
		ids = append(ids, st.NotificationID)
	}
	err := chunks(ids, 1, func(part []int64) error {
		err := each(ctx, s.read, func(r scanner) error {
			st, err := scanStep(r)
			if err != nil {
				return err
			}
			n := out[st.NotificationID]
			if n == nil {
				n = &models.Notification{ID: st.NotificationID, UserID: st.UserID, CreatedAt: st.At}
				out[st.NotificationID] = n
			}
			n.Rev, n.Version, n.Kind, n.Action, n.Payload, n.UpdatedAt = st.Rev, st.Version, st.Kind, st.Action, *st.Payload, st.At
			n.CallID, n.SourceID = cmp.Or(st.CallID, n.CallID), cmp.Or(st.SourceID, n.SourceID)
			n.Rule, n.Reason = cmp.Or(st.Rule, n.Rule), cmp.Or(st.Reason, n.Reason)
			return nil
		}, "SELECT id, "+stepColumns+" FROM notification_events WHERE notification_id <> 0 AND payload IS NOT NULL AND notification_id IN ("+marks(len(part))+") ORDER BY id", anys(part)...)
		if err != nil {
			return err
		}
		users := map[int64]bool{}
		for _, st := range steps {
			users[st.UserID] = true
		}
		args := anys(part)
		for u := range users {
			args = append(args, u)
		}
		return each(ctx, s.read, func(r scanner) error {
			n, err := scanRow(r)
			if err == nil {
				out[n.ID] = n
			}
			return err
		}, "SELECT "+rowColumns+" FROM unprocessed_notifications WHERE id IN ("+marks(len(part))+") AND user_id IN ("+marks(len(users))+")", args...)
	})
	return out, err
}

func historyRow(last models.Step, body *models.Notification) models.HistoryRow {
	row := models.HistoryRow{State: stateOf(last.What), At: last.At}
	if body == nil { // purged
		body = &models.Notification{ID: last.NotificationID, UserID: last.UserID, Kind: last.Kind, Action: last.Action, CallID: last.CallID, SourceID: last.SourceID,
			CreatedAt: last.At, UpdatedAt: last.At}
	}
	row.Notification = *body
	row.Rev = max(body.Rev, last.Rev)
	if row.State == stateProcessed {
		if o, ok := models.ParseOutcome(last.Reason); ok && last.Reason != "" {
			row.Outcome = string(o)
		}
	}
	return row
}

// States of a row in the history and in the administrator's list.
const (
	statePending   = "pending"
	stateProcessed = "processed"
	stateExpired   = "expired"
	stateRemoved   = "removed"
)

// stateOf is the state that a row has after a step.
func stateOf(what string) string {
	switch what {
	case models.StepProcessed:
		return stateProcessed
	case models.StepExpired:
		return stateExpired
	case models.StepRemoved, models.StepFolded, models.StepReassign:
		return stateRemoved
	}
	return statePending
}
