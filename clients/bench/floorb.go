package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"zummer/models"
	"zummer/models/store"
)

// Floor B: Zummer's own tables and the statements that an answered call and an
// acknowledgement make in a batch, in the same order, without Zummer's logic:
// no adapter, no state machine, no rules, no tokens, no replicas.

// floorB is the register of floor B.
type floorB struct {
	store  *store.Store
	batch  *batcher[boxChange]
	reads  *batcher[*boxRead]
	shards [64]waitShard
}

// boxChange is one event to store, or acknowledgements of one user.
type boxChange struct {
	user  int64
	event event
	body  []byte // nil: acks
	acks  []int64
}

// boxRead is one look at a set; looks of one moment are one statement.
type boxRead struct {
	user int64
	set  models.Set
}

// waitShard is what floor B keeps in memory: the last version of users, and
// whom to wake.
type waitShard struct {
	mu    sync.Mutex
	users map[int64]*waitBox
}

type waitBox struct {
	inbox models.Inbox  // zero: not known
	wake  chan struct{} // closed when the version changes; nil: nobody waits
}

func openFloorB(ctx context.Context, dsn string) (register, error) {
	s, err := store.Open(ctx, dsn, store.Options{})
	if err != nil {
		return nil, err
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, err
	}
	f := &floorB{store: s}
	for i := range f.shards {
		f.shards[i].users = map[int64]*waitBox{}
	}
	flushers := 2
	if strings.HasPrefix(dsn, "sqlite:") {
		flushers = 1
	}
	f.batch = newBatcher(ctx, flushers, 64, 2*time.Millisecond, f.flush) // as the program does
	f.reads = newBatcher(ctx, 2, 200, 0, f.look)                         // so too
	return f, nil
}

func (f *floorB) close() error { return f.store.Close() }

func (f *floorB) accept(ctx context.Context, user int64, e event, body []byte) error {
	return f.batch.do(ctx, boxChange{user: user, event: e, body: body})
}

// flush commits a batch and then wakes the users whose sets it changed.
func (f *floorB) flush(ctx context.Context, jobs []*job[boxChange]) error {
	first, err := f.store.Reserve(ctx, 4*len(jobs))
	if err != nil {
		return err
	}
	var b *boxBatch
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		b = &boxBatch{tx: tx, jobs: jobs, next: first}
		return b.run(ctx)
	})
	if err != nil {
		return err
	}
	for _, ib := range b.inboxes {
		f.changed(*ib)
	}
	return nil
}

func (f *floorB) look(ctx context.Context, jobs []*job[*boxRead]) error {
	users := make([]int64, len(jobs))
	for i, j := range jobs {
		users[i] = j.what.user
	}
	slices.Sort(users)
	sets, err := f.store.ReadSets(ctx, slices.Compact(users))
	for _, j := range jobs {
		j.what.set = sets[j.what.user]
	}
	return err
}

func (f *floorB) box(user int64) (*waitBox, *sync.Mutex) {
	s := &f.shards[uint64(user)%uint64(len(f.shards))]
	s.mu.Lock()
	b := s.users[user]
	if b == nil {
		b = &waitBox{}
		s.users[user] = b
	}
	return b, &s.mu
}

func (f *floorB) changed(ib models.Inbox) {
	b, mu := f.box(ib.UserID)
	defer mu.Unlock()
	if b.inbox.Epoch == "" || ib.Version > b.inbox.Version {
		b.inbox = ib
	}
	if b.wake != nil {
		close(b.wake)
		b.wake = nil
	}
}

// poll registers first, looks second, waits third.
func (f *floorB) poll(ctx context.Context, user int64, q pollRequest) (pollAnswer, error) {
	ids, results, err := parseAcks(q.Ack)
	if err != nil {
		return pollAnswer{}, err
	}
	seen := q.Version
	if len(ids) > 0 {
		before := f.version(user)
		if err := f.batch.do(ctx, boxChange{user: user, acks: ids}); err != nil {
			return pollAnswer{}, err
		}
		if after := f.version(user); before.VersionText() == seen && after.Version == before.Version+1 {
			seen = after.VersionText() // nothing came in between: go on waiting
		}
	}
	timer := time.NewTimer(time.Duration(q.Wait) * time.Second)
	defer timer.Stop()
	for {
		wake := make(chan struct{})
		b, mu := f.box(user)
		if b.wake == nil {
			b.wake = wake
		} else {
			wake = b.wake
		}
		known := b.inbox
		mu.Unlock()
		if known.Epoch == "" || known.VersionText() != seen {
			read := &boxRead{user: user}
			if err := f.reads.do(ctx, read); err != nil {
				return pollAnswer{}, err
			}
			set := read.set
			if set.Inbox.VersionText() != seen {
				f.learn(set.Inbox)
				return boxAnswer(set, results), nil
			}
		}
		select {
		case <-wake:
		case <-timer.C:
			return pollAnswer{State: "unchanged", Version: seen, Acks: results}, nil
		case <-ctx.Done():
			return pollAnswer{}, ctx.Err()
		}
	}
}

func (f *floorB) version(user int64) models.Inbox {
	b, mu := f.box(user)
	defer mu.Unlock()
	return b.inbox
}

// learn notes a version that was read; nobody is woken.
func (f *floorB) learn(ib models.Inbox) {
	b, mu := f.box(ib.UserID)
	defer mu.Unlock()
	if b.inbox.Epoch != ib.Epoch || ib.Version > b.inbox.Version {
		b.inbox = ib
	}
}

func boxAnswer(set models.Set, acks []ackResult) pollAnswer {
	a := pollAnswer{State: "set", Version: set.Inbox.VersionText(), Acks: acks, Notifications: make([]pollRow, 0, len(set.Rows))}
	for i := range set.Rows[:min(len(set.Rows), 100)] {
		n := &set.Rows[i]
		a.Notifications = append(a.Notifications, pollRow{ID: strconv.FormatInt(n.ID, 10), Rev: n.Rev, Kind: n.Kind, Name: n.Payload.Name, Data: &n.Payload})
	}
	if len(set.Rows) > 100 {
		a.Next = "more"
	}
	return a
}

func (f *floorB) pending(ctx context.Context) (n int, err error) {
	s, err := f.store.Stats(ctx)
	return s.Pending, err
}

// boxBatch is one transaction.
type boxBatch struct {
	tx   *store.Tx
	jobs []*job[boxChange]
	next int64 // of the reserved ids

	now     time.Time
	calls   map[models.CallKey]*models.Call
	inboxes map[int64]*models.Inbox
	hooks   []*models.Webhook
	saved   []*models.Call
	rows    []*models.Notification
	gone    []models.RowRef
	steps   []*models.Step
	pending map[models.RowRef]*models.Notification
}

// benchSource is the source that floor B's calls belong to.
const benchSource = 1

func (b *boxBatch) id() int64 { b.next++; return b.next - 1 }

func (b *boxBatch) run(ctx context.Context) error {
	now, _, err := b.tx.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin a batch: %w", err)
	}
	b.now = now
	if err := b.lock(ctx); err != nil {
		return err
	}
	for _, j := range b.jobs {
		if j.what.body != nil {
			b.answered(&j.what)
		} else {
			b.processed(&j.what)
		}
	}
	return b.save(ctx)
}

// lock takes the repeat keys, the calls and the inboxes, and reads what a
// batch reads.
func (b *boxBatch) lock(ctx context.Context) error {
	var repeats []models.RepeatKey
	var calls []models.CallKey
	var fresh, users []int64
	var phones, missed []string
	sel := models.RowSelect{Now: b.now}
	for _, j := range b.jobs {
		c := &j.what
		users = append(users, c.user)
		for _, id := range c.acks {
			sel.Refs = append(sel.Refs, models.RowRef{User: c.user, ID: id})
		}
		if c.body == nil {
			continue
		}
		repeats = append(repeats, models.RepeatKey{SourceID: benchSource, Key: c.event.Call, TTL: 24 * time.Hour})
		calls = append(calls, models.CallKey{Source: benchSource, Key: c.event.Call})
		fresh = append(fresh, b.id())
		phones = append(phones, c.event.Phone)
		missed = append(missed, "missed:"+c.event.Phone)
	}
	if _, err := b.tx.TakeKeys(ctx, b.now, repeats); err != nil {
		return fmt.Errorf("take repeat keys: %w", err)
	}
	slices.SortFunc(calls, func(x, y models.CallKey) int { return strings.Compare(x.Key, y.Key) })
	var err error
	if b.calls, err = b.tx.LockCalls(ctx, b.now, calls, fresh); err != nil {
		return fmt.Errorf("lock calls: %w", err)
	}
	if len(phones) > 0 {
		if _, _, err := b.tx.ContactsByPhones(ctx, phones); err != nil {
			return fmt.Errorf("find contacts: %w", err)
		}
	}
	if _, err := b.tx.HoldersOf(ctx, missed); err != nil {
		return fmt.Errorf("find the holders of missed calls: %w", err)
	}
	slices.Sort(users)
	if b.inboxes, err = b.tx.LockInboxes(ctx, slices.Compact(users)); err != nil {
		return fmt.Errorf("lock inboxes: %w", err)
	}
	for _, j := range b.jobs {
		if c := b.calls[models.CallKey{Source: benchSource, Key: j.what.event.Call}]; c != nil {
			sel.Keys = append(sel.Keys, models.RowKey{User: j.what.user, Key: callKey(c)})
		}
	}
	rows, err := b.tx.Rows(ctx, sel)
	if err != nil {
		return fmt.Errorf("read rows: %w", err)
	}
	b.pending = map[models.RowRef]*models.Notification{}
	for _, n := range rows {
		b.pending[models.RowRef{User: n.UserID, ID: n.ID}] = n
	}
	return nil
}

func callKey(c *models.Call) string { return "call:" + strconv.FormatInt(c.ID, 10) }

// answered makes what an answered call of one leg makes.
func (b *boxBatch) answered(c *boxChange) {
	call, ib := b.calls[models.CallKey{Source: benchSource, Key: c.event.Call}], b.inboxes[c.user]
	ib.Version++
	ib.Pending++
	expires := b.now.Add(4 * time.Hour)
	if ib.NextExpiry.IsZero() {
		ib.NextExpiry = expires
	}
	hook := &models.Webhook{ID: b.id(), SourceID: benchSource, Method: "POST", Body: c.body, Headers: map[string]string{"Content-Type": "application/json"},
		RemoteAddr: "127.0.0.1", ReceivedAt: b.now, Outcome: models.WebhookStored, Events: 1, CallID: call.ID}
	row := &models.Notification{ID: b.id(), UserID: c.user, Rev: 1, Version: ib.Version, CollapseKey: callKey(call), Kind: models.KindAnswered, Action: models.ActionResolve,
		CallID: call.ID, SourceID: benchSource, Rule: "answered", Reason: "answered at " + c.event.Extension, CreatedAt: b.now, UpdatedAt: b.now, ExpiresAt: expires,
		Payload: models.Payload{Title: c.event.Name, Text: "Входящий " + c.event.Phone, Phone: c.event.Phone, Name: c.event.Name, Data: map[string]any{"note": eventPad},
			Call: &models.CallInfo{ID: call.ID, State: models.Answered, Direction: models.In, Extension: c.event.Extension, StartedAt: b.now, AnsweredAt: b.now}}}
	call.State, call.Direction, call.Phone, call.Name, call.StartedAt, call.AnsweredAt, call.AnsweredBy = models.Answered, models.In, c.event.Phone, c.event.Name, b.now, b.now, c.user
	call.Facts = []models.Fact{{Type: models.EventAnswered, Extension: c.event.Extension, At: b.now.UnixMilli(), Undated: true, Direction: models.In, Phone: c.event.Phone, Name: c.event.Name}}
	call.Legs = []models.Leg{{ID: b.id(), Key: "x:" + c.event.Extension, N: 1, Extension: c.event.Extension, State: models.Answered, AnsweredAt: b.now, User: c.user, Opened: true, Row: row.ID}}
	b.hooks, b.rows, b.saved = append(b.hooks, hook), append(b.rows, row), append(b.saved, call)
	b.steps = append(b.steps, &models.Step{UserID: c.user, NotificationID: row.ID, Rev: 1, Version: ib.Version, What: models.StepStored, Kind: row.Kind, Action: row.Action,
		CallID: call.ID, WebhookID: hook.ID, SourceID: benchSource, Rule: row.Rule, Reason: row.Reason, Payload: &row.Payload, At: b.now})
}

// processed takes acknowledged rows out.
func (b *boxBatch) processed(c *boxChange) {
	ib := b.inboxes[c.user]
	ib.Version++
	for _, id := range c.acks {
		ref := models.RowRef{User: c.user, ID: id}
		n := b.pending[ref]
		if n == nil {
			continue
		}
		delete(b.pending, ref)
		ib.Pending--
		b.gone = append(b.gone, ref)
		b.steps = append(b.steps, &models.Step{UserID: c.user, NotificationID: id, Rev: n.Rev, Version: ib.Version, What: models.StepProcessed, Kind: n.Kind, Action: n.Action,
			CallID: n.CallID, SourceID: n.SourceID, Reason: string(models.OutcomeOpened), At: b.now})
	}
}

// save writes in the order of a batch.
func (b *boxBatch) save(ctx context.Context) error {
	slices.SortFunc(b.saved, func(x, y *models.Call) int { return strings.Compare(x.Key, y.Key) })
	inboxes := slices.SortedFunc(maps.Values(b.inboxes), func(x, y *models.Inbox) int { return cmp.Compare(x.UserID, y.UserID) })
	if err := b.tx.SaveCalls(ctx, b.now, b.saved); err != nil {
		return fmt.Errorf("save calls: %w", err)
	}
	if err := b.tx.SaveRows(ctx, b.rows); err != nil {
		return fmt.Errorf("save rows: %w", err)
	}
	if err := b.tx.DeleteRows(ctx, b.gone); err != nil {
		return fmt.Errorf("delete rows: %w", err)
	}
	if err := b.tx.InsertSteps(ctx, b.steps); err != nil {
		return fmt.Errorf("insert steps: %w", err)
	}
	if err := b.tx.SaveInboxes(ctx, inboxes); err != nil {
		return fmt.Errorf("save inboxes: %w", err)
	}
	if err := b.tx.InsertWebhooks(ctx, b.hooks); err != nil {
		return fmt.Errorf("insert webhooks: %w", err)
	}
	return nil
}
