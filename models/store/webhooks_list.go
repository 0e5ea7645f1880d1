package store

import (
	"context"
	"slices"

	"zummer/models"
)

// Webhooks lists the journal, the newest first, without the bodies. Errors:
// Invalid for an unknown outcome.
func (s *Store) Webhooks(ctx context.Context, q models.WebhookQuery) ([]models.Webhook, string, error) {
	at, err := readCursor("w", q.After, 1)
	if err != nil {
		return nil, "", err
	}
	var f filter
	if at[0] != 0 {
		f.and("id < ?", at[0])
	}
	if q.Source != 0 {
		f.and("source_id = ?", q.Source)
	}
	if q.Outcome != "" {
		if !slices.Contains([]string{models.WebhookStored, models.WebhookRepeat, models.WebhookFailed, models.WebhookEmpty}, q.Outcome) {
			return nil, "", models.InvalidField("outcome", "is none of stored, repeat, failed, empty")
		}
		f.and("outcome = ?", q.Outcome)
	}
	floor := int64(0)
	if q.Look > 0 && q.Outcome != "" {
		if floor, err = s.webhookFloor(ctx, q, at[0]); err != nil {
			return nil, "", reading(err, "list webhooks")
		}
		f.and("id >= ?", floor)
	}
	limit := pageSize(q.Limit)
	var out []models.Webhook
	err = each(ctx, s.read, func(r scanner) error {
		var w models.Webhook
		var received dbTime
		err := r.Scan(&w.ID, &received, &w.SourceID, &w.Method, &w.Path, &w.RemoteAddr, &w.Outcome, &w.Error, &w.Events, &w.CallID)
		w.ReceivedAt = received.Time
		out = append(out, w)
		return err
	}, "SELECT id, received_at, source_id, method, path, remote_addr, outcome, error, events, call_id FROM webhooks"+f.where()+" ORDER BY id DESC LIMIT ?", append(f.args, limit+1)...)
	if err != nil {
		return nil, "", reading(err, "list webhooks")
	}
	out, more := cut(out, limit)
	if more {
		return out, cursor("w", out[limit-1].ID), nil
	}
	if floor != 0 {
		return out, cursor("w", floor), nil
	}
	return out, "", nil
}

// webhookFloor is the last of the q.Look requests before an id; 0: there are
// not that many.
func (s *Store) webhookFloor(ctx context.Context, q models.WebhookQuery, before int64) (int64, error) {
	var f filter
	if before != 0 {
		f.and("id < ?", before)
	}
	if q.Source != 0 {
		f.and("source_id = ?", q.Source)
	}
	floor := int64(0)
	err := each(ctx, s.read, func(r scanner) error { return r.Scan(&floor) }, "SELECT id FROM webhooks"+f.where()+" ORDER BY id DESC LIMIT 1 OFFSET ?", append(f.args, q.Look)...)
	return floor, err
}

// Webhook reads one journal entry with its body. Errors: NotFound.
func (s *Store) Webhook(ctx context.Context, id int64) (models.Webhook, error) {
	var w *models.Webhook
	err := each(ctx, s.read, func(r scanner) (err error) {
		w, err = scanWebhook(r)
		return err
	}, "SELECT "+webhookColumns+" FROM webhooks WHERE id = ?", id)
	if err != nil {
		return models.Webhook{}, reading(err, "read webhook %d", id)
	}
	if w == nil {
		return models.Webhook{}, models.Errorf(models.NotFound, "no webhook %d", id)
	}
	return *w, nil
}
