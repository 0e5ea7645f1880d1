package inbox

import (
	"context"
	"slices"
	"time"

	"zummer/models"
)

type memoryTx struct{ m *memory }

func (t *memoryTx) Begin(context.Context) (time.Time, int64, error) {
	return time.Now(), t.m.config, nil
}
func (t *memoryTx) Directory(context.Context) (*models.Directory, error) { return t.m.dir, nil }

func (t *memoryTx) TakeKeys(_ context.Context, now time.Time, keys []models.RepeatKey) ([]bool, error) {
	out := make([]bool, len(keys))
	for i, k := range keys {
		id := models.RepeatKey{SourceID: k.SourceID, Key: k.Key}
		if until, ok := t.m.keys[id]; !ok || !until.After(now) {
			out[i], t.m.keys[id] = true, now.Add(k.TTL)
		}
	}
	return out, nil
}

func (t *memoryTx) InsertWebhooks(_ context.Context, ws []*models.Webhook) error {
	for _, w := range ws {
		t.m.hooks = append(t.m.hooks, *w)
	}
	return nil
}

func (t *memoryTx) LockCalls(_ context.Context, _ time.Time, keys []models.CallKey, fresh []int64) (map[models.CallKey]*models.Call, error) {
	out := map[models.CallKey]*models.Call{}
	for i, k := range keys {
		if k.Key == "poison" && t.m.poison != nil {
			return nil, t.m.poison
		}
		c := t.m.calls[k]
		if c == nil {
			c = &models.Call{ID: fresh[i], Source: k.Source, Key: k.Key}
			t.m.calls[k] = c
		}
		for c.MergedInto != 0 {
			for _, o := range t.m.calls {
				if o.ID == c.MergedInto {
					c = o
					break
				}
			}
		}
		out[k] = c.Clone()
	}
	return out, nil
}

func (t *memoryTx) LockCallsByID(_ context.Context, ids []int64) (map[int64]*models.Call, error) {
	out := map[int64]*models.Call{}
	for _, c := range t.m.calls {
		if slices.Contains(ids, c.ID) {
			out[c.ID] = c.Clone()
		}
	}
	return out, nil
}

func (t *memoryTx) LockLines(context.Context, []string) error { t.m.lines++; return nil }

func (t *memoryTx) LineCalls(_ context.Context, searches []models.LineSearch) ([]int64, error) {
	var out []int64
	for _, s := range searches {
		for _, c := range t.m.calls {
			for _, l := range c.Legs {
				at := l.RangAt
				if at.IsZero() {
					at = l.AnsweredAt
				}
				if l.User == s.User && slices.Contains(s.Sources, c.Source) && c.MergedInto == 0 && !at.Before(s.From) && !at.After(s.To) {
					out = append(out, c.ConversationID())
				}
			}
		}
	}
	return out, nil
}

func (t *memoryTx) ConversationCalls(_ context.Context, conversations []int64) ([]int64, error) {
	var out []int64
	for _, c := range t.m.calls {
		if c.MergedInto == 0 && slices.Contains(conversations, c.ConversationID()) {
			out = append(out, c.ID)
		}
	}
	return out, nil
}

func (t *memoryTx) SaveCalls(_ context.Context, _ time.Time, calls []*models.Call) error {
	for _, c := range calls {
		t.m.calls[models.CallKey{Source: c.Source, Key: c.Key}] = c.Clone()
	}
	return nil
}

func (t *memoryTx) ContactsByPhones(_ context.Context, phones []string) (map[string][]models.Contact, bool, error) {
	out := map[string][]models.Contact{}
	for _, p := range phones {
		if c := t.m.contacts[p]; c != nil {
			out[p] = c
		}
	}
	return out, len(t.m.contacts) > 0, nil
}

func (t *memoryTx) HoldersOf(_ context.Context, keys []string) (map[string][]int64, error) {
	out := map[string][]int64{}
	for ref, n := range t.m.rows {
		if slices.Contains(keys, n.CollapseKey) {
			out[n.CollapseKey] = append(out[n.CollapseKey], ref.User)
		}
	}
	return out, nil
}

func (t *memoryTx) Committed(_ context.Context, first, end int64) (bool, error) {
	in := func(id int64) bool { return id >= first && id < end }
	for _, w := range t.m.hooks {
		if in(w.ID) {
			return true, nil
		}
	}
	for _, s := range t.m.steps {
		if in(s.NotificationID) {
			return true, nil
		}
	}
	return false, nil
}

func (t *memoryTx) LockInboxes(_ context.Context, users []int64) (map[int64]*models.Inbox, error) {
	out := map[int64]*models.Inbox{}
	for _, u := range users {
		ib, ok := t.m.inboxes[u]
		if !ok {
			ib = models.Inbox{UserID: u, Epoch: "e1"}
		}
		out[u] = &ib
	}
	return out, nil
}

func (t *memoryTx) Rows(_ context.Context, sel models.RowSelect) ([]*models.Notification, error) {
	var out []*models.Notification
	for ref, n := range t.m.rows {
		if slices.Contains(sel.Refs, ref) || slices.Contains(sel.All, ref.User) || slices.Contains(sel.Keys, models.RowKey{User: ref.User, Key: n.CollapseKey}) {
			c := n
			out = append(out, &c)
		}
	}
	return out, nil
}

func (t *memoryTx) Settled(_ context.Context, refs []models.RowRef) (map[models.RowRef]int, error) {
	out := map[models.RowRef]int{}
	for _, s := range t.m.steps {
		ref := models.RowRef{User: s.UserID, ID: s.NotificationID}
		if slices.Contains(refs, ref) {
			out[ref] = max(out[ref], s.Rev)
		}
	}
	return out, nil
}

func (t *memoryTx) SaveRows(_ context.Context, rows []*models.Notification) error {
	for _, n := range rows {
		t.m.rows[models.RowRef{User: n.UserID, ID: n.ID}] = *n
	}
	return nil
}

func (t *memoryTx) DeleteRows(_ context.Context, refs []models.RowRef) error {
	for _, ref := range refs {
		delete(t.m.rows, ref)
	}
	return nil
}

func (t *memoryTx) InsertSteps(_ context.Context, steps []*models.Step) error {
	for _, s := range steps {
		t.m.steps = append(t.m.steps, *s)
	}
	return nil
}

func (t *memoryTx) SaveInboxes(_ context.Context, ibs []*models.Inbox) error {
	for _, ib := range ibs {
		t.m.inboxes[ib.UserID] = *ib
	}
	return nil
}

func (t *memoryTx) Idempotency(_ context.Context, _ time.Time, _ int64, key, hash string) (models.Idempotent, bool, error) {
	if o, ok := t.m.outcomes[key]; ok {
		return o, true, nil
	}
	t.m.outcomes[key] = models.Idempotent{Hash: hash}
	return models.Idempotent{}, false, nil
}

func (t *memoryTx) FindIdempotency(_ context.Context, _ time.Time, _ int64, key string) (models.Idempotent, bool, error) {
	o, ok := t.m.outcomes[key]
	return o, ok, nil
}

func (t *memoryTx) SaveIdempotency(_ context.Context, _ int64, key string, response []byte) error {
	o := t.m.outcomes[key]
	o.Response = response
	t.m.outcomes[key] = o
	return nil
}

func (t *memoryTx) WebhookByID(_ context.Context, id int64) (*models.Webhook, error) {
	for _, w := range t.m.hooks {
		if w.ID == id {
			return &w, nil
		}
	}
	return nil, models.Errorf(models.NotFound, "no webhook")
}

func (t *memoryTx) SetWebhookOutcome(context.Context, *models.Webhook) error { return nil }

func (t *memoryTx) UnroutedCalls(_ context.Context, source int64, extension string, _ time.Time) ([]int64, error) {
	var out []int64
	for _, c := range t.m.calls {
		for _, l := range c.Legs {
			if c.Source == source && l.User == 0 && l.Extension == extension {
				out = append(out, c.ID)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func (t *memoryTx) SettledRow(_ context.Context, id int64) (*models.Notification, error) {
	for i := len(t.m.steps) - 1; i >= 0; i-- {
		if s := t.m.steps[i]; s.NotificationID == id && s.Payload != nil {
			return &models.Notification{ID: id, UserID: s.UserID, Rev: s.Rev, Kind: s.Kind, Action: s.Action, CallID: s.CallID, Payload: *s.Payload, CollapseKey: "again"}, nil
		}
	}
	return nil, models.Errorf(models.NotFound, "no row")
}

func (t *memoryTx) OwnerOf(_ context.Context, id int64) (int64, error) {
	for _, s := range t.m.steps {
		if s.NotificationID == id {
			return s.UserID, nil
		}
	}
	return 0, nil
}
