package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"zummer/models"
)

// TakeKeys inserts repeat keys in sorted order and says for each (same index)
// whether it is new: absent, or past its time. A key that stands twice in keys
// is new once.
func (tx *Tx) TakeKeys(ctx context.Context, now time.Time, keys []models.RepeatKey) ([]bool, error) {
	type name struct {
		source int64
		key    string
	}
	first := map[name]int{}
	var order []int
	for i, k := range keys {
		n := name{k.SourceID, k.Key}
		if _, twice := first[n]; !twice {
			first[n] = i
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(keys[a].SourceID, keys[b].SourceID), cmp.Compare(keys[a].Key, keys[b].Key))
	})
	fresh := make([]bool, len(keys))
	err := chunks(order, 3, func(part []int) error {
		args := make([]any, 0, 3*len(part)+1)
		for _, i := range part {
			args = append(args, keys[i].SourceID, keys[i].Key, tx.d.ts(now.Add(keys[i].TTL)))
		}
		values, args := tx.d.values("ist", args)
		return tx.each(ctx, func(r scanner) error {
			var n name
			if err := r.Scan(&n.source, &n.key); err != nil {
				return err
			}
			fresh[first[n]] = true
			return nil
		}, "INSERT INTO webhook_keys (source_id, key, expires_at) "+values+
			" ON CONFLICT (source_id, key) DO UPDATE SET expires_at = excluded.expires_at WHERE webhook_keys.expires_at <= ? RETURNING source_id, key", append(args, tx.d.ts(now))...)
	})
	return fresh, err
}

// InsertWebhooks writes journal entries; ids are given.
func (tx *Tx) InsertWebhooks(ctx context.Context, ws []*models.Webhook) error {
	return chunks(ws, 12, func(part []*models.Webhook) error {
		args := make([]any, 0, 12*len(part))
		for _, w := range part {
			headers, err := json.Marshal(w.Headers)
			if err != nil {
				return fmt.Errorf("encode headers: %w", err)
			}
			body := w.Body
			if body == nil {
				body = []byte{}
			}
			args = append(args, w.ID, tx.d.ts(w.ReceivedAt), w.SourceID, w.Method, w.Path, string(headers), body, w.RemoteAddr, w.Outcome, w.Error, w.Events, w.CallID)
		}
		values, args := tx.d.values("itissjysssii", args)
		return tx.put(ctx, "webhooks", "INSERT INTO webhooks ("+webhookColumns+") "+values, args...)
	})
}

const webhookColumns = "id, received_at, source_id, method, path, headers, body, remote_addr, outcome, error, events, call_id"

func scanWebhook(r scanner) (*models.Webhook, error) {
	var w models.Webhook
	var at dbTime
	var headers text
	if err := r.Scan(&w.ID, &at, &w.SourceID, &w.Method, &w.Path, &headers, &w.Body, &w.RemoteAddr, &w.Outcome, &w.Error, &w.Events, &w.CallID); err != nil {
		return nil, err
	}
	w.ReceivedAt = at.Time
	if err := json.Unmarshal(headers, &w.Headers); err != nil {
		return nil, fmt.Errorf("decode headers: %w", err)
	}
	return &w, nil
}

// Committed reports whether a webhook or a notification stands under one of the
// ids in [first, end). A batch writes both at its end.
func (tx *Tx) Committed(ctx context.Context, first, end int64) (yes bool, err error) {
	err = tx.each(ctx, func(r scanner) error { return r.Scan(&yes) }, "SELECT EXISTS (SELECT 1 FROM webhooks WHERE id >= ? AND id < ?)"+
		" OR EXISTS (SELECT 1 FROM notification_events WHERE notification_id >= ? AND notification_id < ? AND notification_id <> 0)", first, end, first, end)
	return yes, err
}

// WebhookByID reads one journal entry; models.NotFound if there is none.
func (tx *Tx) WebhookByID(ctx context.Context, id int64) (*models.Webhook, error) {
	var w *models.Webhook
	err := tx.each(ctx, func(r scanner) (err error) {
		w, err = scanWebhook(r)
		return err
	}, "SELECT "+webhookColumns+" FROM webhooks WHERE id = ?", id)
	if err == nil && w == nil {
		err = models.Errorf(models.NotFound, "no webhook %d", id)
	}
	return w, err
}

// SetWebhookOutcome rewrites what became of a webhook (replay).
func (tx *Tx) SetWebhookOutcome(ctx context.Context, w *models.Webhook) error {
	return tx.exec(ctx, "UPDATE webhooks SET outcome = ?, error = ?, events = ?, call_id = ? WHERE id = ?", w.Outcome, w.Error, w.Events, w.CallID, w.ID)
}

// Idempotency reads the stored outcome of a publisher's key; ok is false when
// the key is new or past its 24 h, and then it is taken.
func (tx *Tx) Idempotency(ctx context.Context, now time.Time, token int64, key, hash string) (stored models.Idempotent, ok bool, err error) {
	taken := false
	err = tx.each(ctx, func(r scanner) error {
		taken = true
		var n int64
		return r.Scan(&n)
	}, "INSERT INTO idempotency_keys (token_id, key, hash, expires_at) VALUES (?,?,?,?) ON CONFLICT (token_id, key) DO UPDATE SET hash = excluded.hash, response = NULL, "+
		"expires_at = excluded.expires_at WHERE idempotency_keys.expires_at <= ? RETURNING token_id",
		token, key, hash, tx.d.ts(now.Add(24*time.Hour)), tx.d.ts(now))
	if err != nil || taken {
		return models.Idempotent{}, false, err
	}
	stored, _, err = tx.FindIdempotency(ctx, now, token, key)
	return stored, true, err
}

// FindIdempotency is Idempotency that takes nothing: ok is false when the key
// is new or past its 24 h.
func (tx *Tx) FindIdempotency(ctx context.Context, now time.Time, token int64, key string) (stored models.Idempotent, ok bool, err error) {
	var response text
	err = tx.each(ctx, func(r scanner) error {
		ok = true
		return r.Scan(&stored.Hash, &response)
	}, "SELECT hash, response FROM idempotency_keys WHERE token_id = ? AND key = ? AND expires_at > ?", token, key, tx.d.ts(now))
	stored.Response = response
	return stored, ok, err
}

// SaveIdempotency stores what a publication made.
func (tx *Tx) SaveIdempotency(ctx context.Context, token int64, key string, response []byte) error {
	return tx.exec(ctx, "UPDATE idempotency_keys SET response = ? WHERE token_id = ? AND key = ?", string(response), token, key)
}

// DropIdempotency gives a taken key back.
func (tx *Tx) DropIdempotency(ctx context.Context, token int64, key string) error {
	return tx.exec(ctx, "DELETE FROM idempotency_keys WHERE token_id = ? AND key = ?", token, key)
}
