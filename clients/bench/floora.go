package main

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Floor A: what any durable long-poll service must do and nothing else. One
// row (id, user, body) a message, committed in batches before the 2xx; one
// DELETE an acknowledgement, in the same batches; the pending sets are kept in
// memory, so that the database is only written.

// rowChange is one row to insert or ids to delete.
type rowChange struct {
	id, user int64
	body     string
	deleted  []int64
}

// rowStore writes changes in one transaction. There are two: PostgreSQL and
// SQLite.
type rowStore interface {
	load(ctx context.Context, each func(id, user int64, body string)) error
	write(ctx context.Context, changes []*job[rowChange]) error
	close() error
}

// floorA is the register of floor A.
type floorA struct {
	rows    rowStore
	batch   *batcher[rowChange]
	lastID  atomic.Int64
	version atomic.Int64
	held    atomic.Int64
	shards  [64]floorShard
}

type floorShard struct {
	mu    sync.Mutex
	users map[int64]*floorBox
}

// floorBox is one user's pending set and his waiting poll.
type floorBox struct {
	rows []floorRow
	wake chan struct{} // closed when a row comes; nil: nobody waits
}

type floorRow struct {
	id   int64
	body string
}

func openFloorA(ctx context.Context, dsn string) (register, error) {
	f := &floorA{}
	for i := range f.shards {
		f.shards[i].users = map[int64]*floorBox{}
	}
	flushers, open := 4, openRowsPostgres
	if strings.HasPrefix(dsn, "sqlite:") {
		flushers, open = 1, openRowsSQLite // it has one writer anyway
	}
	var err error
	if f.rows, err = open(ctx, dsn); err != nil {
		return nil, err
	}
	err = f.rows.load(ctx, func(id, user int64, body string) {
		f.lastID.Store(max(id, f.lastID.Load()))
		f.put(user, floorRow{id, body})
	})
	f.batch = newBatcher(ctx, flushers, 256, 0, f.flush)
	return f, err
}

func (f *floorA) close() error { return f.rows.close() }

func (f *floorA) shard(user int64) *floorShard { return &f.shards[uint64(user)%uint64(len(f.shards))] }

func (f *floorA) put(user int64, r floorRow) {
	s := f.shard(user)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.users[user]
	if b == nil {
		b = &floorBox{}
		s.users[user] = b
	}
	b.rows = append(b.rows, r)
	f.held.Add(1)
	if b.wake != nil {
		close(b.wake)
		b.wake = nil
	}
}

// flush commits a batch, and only then shows it.
func (f *floorA) flush(ctx context.Context, jobs []*job[rowChange]) error {
	if err := f.rows.write(ctx, jobs); err != nil {
		return err
	}
	for _, j := range jobs {
		if j.what.body != "" {
			f.put(j.what.user, floorRow{j.what.id, j.what.body})
		}
	}
	return nil
}

func (f *floorA) accept(ctx context.Context, user int64, _ event, body []byte) error {
	return f.batch.do(ctx, rowChange{id: f.lastID.Add(1), user: user, body: string(body)})
}

func (f *floorA) poll(ctx context.Context, user int64, q pollRequest) (pollAnswer, error) {
	ids, results, err := parseAcks(q.Ack)
	if err != nil {
		return pollAnswer{}, err
	}
	if len(ids) > 0 {
		if err := f.batch.do(ctx, rowChange{user: user, deleted: ids}); err != nil {
			return pollAnswer{}, err
		}
		f.drop(user, ids)
	}
	if q.Version == "" {
		return f.answer(f.take(user, nil), results), nil
	}
	timer := time.NewTimer(time.Duration(q.Wait) * time.Second)
	defer timer.Stop()
	for {
		wake := make(chan struct{})
		if rows := f.take(user, wake); len(rows) > 0 {
			return f.answer(rows, results), nil
		}
		select {
		case <-wake:
		case <-timer.C:
			return pollAnswer{State: "unchanged", Version: q.Version, Acks: results}, nil
		case <-ctx.Done():
			return pollAnswer{}, ctx.Err()
		}
	}
}

// take copies a user's rows; without any it leaves wake to be closed by the
// next one.
func (f *floorA) take(user int64, wake chan struct{}) []floorRow {
	s := f.shard(user)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.users[user]
	if b == nil {
		b = &floorBox{}
		s.users[user] = b
	}
	if len(b.rows) == 0 && wake != nil {
		b.wake = wake
	}
	return append([]floorRow(nil), b.rows[:min(len(b.rows), 100)]...)
}

func (f *floorA) drop(user int64, ids []int64) {
	s := f.shard(user)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.users[user]
	if b == nil {
		return
	}
	kept := b.rows[:0]
	for _, r := range b.rows {
		gone := false
		for _, id := range ids {
			gone = gone || id == r.id
		}
		if !gone {
			kept = append(kept, r)
		}
	}
	f.held.Add(int64(len(kept) - len(b.rows)))
	b.rows = kept
}

func (f *floorA) answer(rows []floorRow, acks []ackResult) pollAnswer {
	a := pollAnswer{State: "set", Version: strconv.FormatInt(f.version.Add(1), 10), Acks: acks, Notifications: make([]pollRow, len(rows))}
	for i, r := range rows {
		var e event // the name stands in the body
		_ = json.Unmarshal([]byte(r.body), &e)
		a.Notifications[i] = pollRow{ID: strconv.FormatInt(r.id, 10), Rev: 1, Kind: "call.answered", Name: e.Name, Data: json.RawMessage(r.body)}
	}
	return a
}

func (f *floorA) pending(context.Context) (int, error) { return int(f.held.Load()), nil }
