package app_test

import (
	"context"
	"sync/atomic"
	"syscall"
	"time"

	"zummer/app/internal/inbox"
	"zummer/models"
)

// mine ends something at one step of a batch. It counts every call of a
// transaction, its begin, the moments just before and just after its commit.
type mine struct {
	inbox.Store
	left atomic.Int64 // steps until the end; 0 and below: never
	end  func()       // nil: kills this process with SIGKILL
}

// step is one more step; the end may be here.
func (m *mine) step() {
	if m.left.Add(-1) != 0 {
		return
	}
	if m.end != nil {
		m.end()
		return
	}
	_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	select {} // it does not return
}

// Write implements inbox.Store.
func (m *mine) Write(ctx context.Context, fn func(inbox.Tx) error) error {
	m.step()
	err := m.Store.Write(ctx, func(tx inbox.Tx) error {
		err := fn(minedTx{tx, m})
		m.step()
		return err
	})
	m.step() // committed, and nobody was told
	return err
}

// minedTx steps before each call of a batch.
type minedTx struct {
	inbox.Tx
	m *mine
}

func (t minedTx) Begin(ctx context.Context) (time.Time, int64, error) {
	t.m.step()
	return t.Tx.Begin(ctx)
}

func (t minedTx) TakeKeys(ctx context.Context, now time.Time, keys []models.RepeatKey) ([]bool, error) {
	t.m.step()
	return t.Tx.TakeKeys(ctx, now, keys)
}

func (t minedTx) Idempotency(ctx context.Context, now time.Time, token int64, key, hash string) (models.Idempotent, bool, error) {
	t.m.step()
	return t.Tx.Idempotency(ctx, now, token, key, hash)
}

func (t minedTx) LockCalls(ctx context.Context, now time.Time, keys []models.CallKey, fresh []int64) (map[models.CallKey]*models.Call, error) {
	t.m.step()
	return t.Tx.LockCalls(ctx, now, keys, fresh)
}

func (t minedTx) ContactsByPhones(ctx context.Context, phones []string) (map[string][]models.Contact, bool, error) {
	t.m.step()
	return t.Tx.ContactsByPhones(ctx, phones)
}

func (t minedTx) HoldersOf(ctx context.Context, keys []string) (map[string][]int64, error) {
	t.m.step()
	return t.Tx.HoldersOf(ctx, keys)
}

func (t minedTx) LockInboxes(ctx context.Context, users []int64) (map[int64]*models.Inbox, error) {
	t.m.step()
	return t.Tx.LockInboxes(ctx, users)
}

func (t minedTx) Rows(ctx context.Context, sel models.RowSelect) ([]*models.Notification, error) {
	t.m.step()
	return t.Tx.Rows(ctx, sel)
}

func (t minedTx) Settled(ctx context.Context, refs []models.RowRef) (map[models.RowRef]int, error) {
	t.m.step()
	return t.Tx.Settled(ctx, refs)
}

func (t minedTx) SaveCalls(ctx context.Context, now time.Time, calls []*models.Call) error {
	t.m.step()
	return t.Tx.SaveCalls(ctx, now, calls)
}

func (t minedTx) DeleteRows(ctx context.Context, refs []models.RowRef) error {
	t.m.step()
	return t.Tx.DeleteRows(ctx, refs)
}

func (t minedTx) SaveRows(ctx context.Context, rows []*models.Notification) error {
	t.m.step()
	return t.Tx.SaveRows(ctx, rows)
}

func (t minedTx) InsertSteps(ctx context.Context, steps []*models.Step) error {
	t.m.step()
	return t.Tx.InsertSteps(ctx, steps)
}

func (t minedTx) SaveInboxes(ctx context.Context, inboxes []*models.Inbox) error {
	t.m.step()
	return t.Tx.SaveInboxes(ctx, inboxes)
}

func (t minedTx) SaveIdempotency(ctx context.Context, token int64, key string, response []byte) error {
	t.m.step()
	return t.Tx.SaveIdempotency(ctx, token, key, response)
}

func (t minedTx) InsertWebhooks(ctx context.Context, ws []*models.Webhook) error {
	t.m.step()
	return t.Tx.InsertWebhooks(ctx, ws)
}
