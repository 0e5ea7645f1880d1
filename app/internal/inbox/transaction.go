package inbox

import (
	"context"
	"fmt"
	"slices"
	"time"

	"zummer/models"
)

// batch is one run of one transaction: (a) repeat keys, (b) calls locked in
// key order, (c) contacts in one read, (d) events applied and routed in
// arrival order, (e) inboxes locked in user order and changed operation by
// operation, (f) multi-row writes.
type batch struct {
	in     *Inbox
	tx     Tx
	ops    []*op
	ids    idRange
	again  bool      // an earlier run came to its end and may have been committed
	now    time.Time // the database's clock
	at     time.Time // the same moment on ours
	dir    *models.Directory
	newDir *models.Directory

	events   []*pendingEvent
	calls    map[models.CallKey]*models.Call
	byID     map[int64]*models.Call
	changed  map[int64]bool // calls to save
	contacts map[string][]models.Contact
	any      bool
	told     map[string]bool // numbers of which the CRM has spoken
	lines    bool            // events of line groups are among them
	ledger   *ledger
	outcomes []outcome
}

// pendingEvent is one event that is no repeat.
type pendingEvent struct {
	op     *op
	source *models.Source
	ev     models.Event
	hidden bool
}

func (b *batch) run(ctx context.Context) error {
	for _, o := range b.ops {
		o.reset()
	}
	b.at = time.Now()
	now, config, err := b.tx.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin a batch: %w", err)
	}
	b.now, b.dir = now, b.in.opt.Directory()
	if config != b.dir.Version {
		if b.dir, err = b.tx.Directory(ctx); err != nil {
			return fmt.Errorf("read the set-up: %w", err)
		}
		b.newDir = b.dir
	}
	b.ledger = newLedger(b)
	for _, phase := range []func(context.Context) error{b.takeKeys, b.lockCalls, b.findContacts, b.applyEvents, b.changeSets, b.save} {
		if err := phase(ctx); err != nil {
			return err
		}
	}
	return nil
}

// takeKeys is (a): which events are new.
func (b *batch) takeKeys(ctx context.Context) error {
	var keys []models.RepeatKey
	for _, o := range b.ops {
		if o.accept != nil && !o.bad {
			keys = append(keys, o.keys...)
		}
	}
	fresh, err := b.tx.TakeKeys(ctx, b.now, keys)
	if err != nil {
		return fmt.Errorf("take repeat keys: %w", err)
	}
	for _, o := range b.ops {
		switch {
		case o.accept != nil:
			if err := b.journal(o, fresh); err != nil {
				return err
			}
			if !o.bad {
				fresh = fresh[len(o.keys):]
			}
		case o.replay != 0:
			if err := b.reread(ctx, o); err != nil {
				return err
			}
		case o.publish != nil && o.publish.key != "":
			if err := b.takeIdempotencyKey(ctx, o); err != nil {
				return err
			}
		}
	}
	return nil
}

// journal makes the webhook's row and queues its new events.
func (b *batch) journal(o *op, fresh []bool) error {
	id, err := b.ids.take()
	if err != nil {
		return err
	}
	w := o.accept.Webhook
	w.ID, w.SourceID, w.ReceivedAt, w.Events, w.Outcome = id, o.accept.Source.ID, b.now, len(o.accept.Events), models.WebhookRepeat
	o.webhook = &w
	switch {
	case o.bad:
		w.Outcome, w.Error = models.WebhookFailed, o.badText
	case o.accept.Err != nil:
		w.Outcome, w.Error = models.WebhookFailed, models.CutText(publicText(o.accept.Err), 500)
	case len(o.accept.Events) == 0:
		w.Outcome = models.WebhookEmpty
	default:
		for i := range o.accept.Events {
			if fresh[i] {
				w.Outcome = models.WebhookStored
				b.queueEvent(o, o.accept.Source, o.accept.Events[i])
			}
		}
	}
	return nil
}

func (b *batch) queueEvent(o *op, s *models.Source, e models.Event) {
	e, hidden := b.in.normalised(s, e)
	b.events = append(b.events, &pendingEvent{op: o, source: s, ev: e, hidden: hidden})
}

// normalised is e with its numbers as calls and contacts know them; hidden says
// that the PBX withheld the customer's.
func (in *Inbox) normalised(s *models.Source, e models.Event) (_ models.Event, hidden bool) {
	if e.Direction != models.InternalCall {
		n := in.number(s, e.Phone)
		hidden = n.Hidden && e.Phone != ""
		e.Phone = n.E164
		if e.Phone == "" {
			e.Phone = n.Digits
		}
	}
	if n := in.number(s, e.DID); n.E164 != "" {
		e.DID = n.E164
	}
	return e, hidden
}

// reread parses a stored webhook again; its keys do not hold it back.
func (b *batch) reread(ctx context.Context, o *op) error {
	w, err := b.tx.WebhookByID(ctx, o.replay)
	if models.IsNotFound(err) {
		o.opErr = models.Errorf(models.NotFound, "no webhook %d", o.replay)
		return nil
	}
	if err != nil {
		return fmt.Errorf("read webhook %d: %w", o.replay, err)
	}
	s := b.dir.Sources[w.SourceID]
	if s == nil {
		o.opErr = models.Coded(models.Conflict, "moved_on", "the source of webhook %d is gone", o.replay)
		return nil
	}
	o.webhook = w
	events, err := b.in.opt.Parse(s, w)
	if err == nil {
		events, _, err = prepare(s, events)
	}
	w.Error, w.Events = "", len(events)
	switch {
	case err != nil:
		w.Outcome, w.Error = models.WebhookFailed, models.CutText(publicText(err), 500)
	case len(events) == 0:
		w.Outcome = models.WebhookEmpty
	default:
		w.Outcome = models.WebhookStored
		for _, e := range events {
			b.queueEvent(o, s, e)
		}
	}
	return nil
}

// lockCalls is (b): every call that an event names, both of a merge, and the
// calls that other operations work on.
func (b *batch) lockCalls(ctx context.Context) error {
	b.calls, b.byID, b.changed = map[models.CallKey]*models.Call{}, map[int64]*models.Call{}, map[int64]bool{}
	if err := b.lockLines(ctx); err != nil {
		return err
	}
	var keys []models.CallKey
	for _, e := range b.events {
		keys = append(keys, models.CallKey{Source: e.source.ID, Key: e.ev.Call})
		if e.ev.SameAs != "" {
			keys = append(keys, models.CallKey{Source: e.source.ID, Key: e.ev.SameAs})
		}
	}
	slices.SortFunc(keys, compareKeys)
	keys = slices.Compact(keys)
	fresh := make([]int64, len(keys))
	for i := range fresh {
		var err error
		if fresh[i], err = b.ids.take(); err != nil {
			return err
		}
	}
	var err error
	if b.calls, err = b.tx.LockCalls(ctx, b.now, keys, fresh); err != nil {
		return fmt.Errorf("lock calls: %w", err)
	}
	for k, c := range b.calls { // a merged call may stand under two keys: one object
		if have := b.byID[c.ID]; have != nil {
			b.calls[k] = have
		} else {
			b.byID[c.ID] = c
		}
	}
	var ids []int64
	for _, o := range b.ops {
		ids = o.wide.calls(append(ids, o.calls...))
		if o.asked != nil {
			ids = append(ids, o.asked.call)
		}
		if o.mapped == nil {
			continue
		}
		found, err := b.tx.UnroutedCalls(ctx, o.mapped.source, o.mapped.extension, b.now.Add(-24*time.Hour))
		if err != nil {
			return fmt.Errorf("find unrouted calls: %w", err)
		}
		o.calls = found
		ids = append(ids, found...)
	}
	ids = slices.DeleteFunc(ids, func(id int64) bool { return b.byID[id] != nil })
	slices.Sort(ids)
	more, err := b.tx.LockCallsByID(ctx, slices.Compact(ids))
	if err != nil {
		return fmt.Errorf("lock calls: %w", err)
	}
	for id, c := range more {
		b.byID[id] = c
	}
	if err := b.followMerges(ctx); err != nil {
		return err
	}
	return b.lockPartners(ctx)
}

// findContacts is (c): the contacts of every number that may be routed.
func (b *batch) findContacts(ctx context.Context) error {
	var phones []string
	for _, e := range b.events {
		phones = append(phones, e.ev.Phone)
	}
	for _, c := range b.byID {
		phones = append(phones, c.Phone)
	}
	slices.Sort(phones)
	phones = slices.DeleteFunc(slices.Compact(phones), func(p string) bool { return p == "" || p[0] != '+' })
	if len(b.events) == 0 && len(b.byID) == 0 {
		return nil
	}
	var err error
	b.contacts, b.any, err = b.tx.ContactsByPhones(ctx, phones)
	if err != nil {
		return fmt.Errorf("find contacts: %w", err)
	}
	b.kept(phones)
	for _, o := range b.ops {
		if o.asked != nil && o.asked.known && len(b.contacts[o.asked.phone]) == 0 {
			b.take(o.asked.phone, o.asked.contacts)
		}
	}
	return nil
}

// save is (f).
func (b *batch) save(ctx context.Context) error {
	var calls []*models.Call
	for id := range b.changed {
		calls = append(calls, b.byID[id])
	}
	slices.SortFunc(calls, func(a, c *models.Call) int {
		return compareKeys(models.CallKey{Source: a.Source, Key: a.Key}, models.CallKey{Source: c.Source, Key: c.Key})
	})
	for _, c := range calls {
		for i := range c.Legs {
			if c.Legs[i].ID == 0 {
				id, err := b.ids.take()
				if err != nil {
					return err
				}
				c.Legs[i].ID = id
			}
		}
	}
	if err := b.tx.SaveCalls(ctx, b.now, calls); err != nil {
		return fmt.Errorf("save calls: %w", err)
	}
	if err := b.ledger.save(ctx); err != nil {
		return err
	}
	for _, oc := range b.outcomes {
		if err := b.tx.SaveIdempotency(ctx, oc.token, oc.key, oc.text); err != nil {
			return fmt.Errorf("save the outcome of a publication: %w", err)
		}
	}
	var hooks []*models.Webhook
	for _, o := range b.ops {
		switch {
		case o.webhook == nil:
			continue
		case o.replay != 0:
			if err := b.tx.SetWebhookOutcome(ctx, o.webhook); err != nil {
				return fmt.Errorf("save the outcome of webhook %d: %w", o.webhook.ID, err)
			}
		default:
			hooks = append(hooks, o.webhook)
		}
		o.result = models.AcceptResult{Outcome: o.webhook.Outcome, ID: o.webhook.ID, Error: o.webhook.Error}
	}
	if err := b.tx.InsertWebhooks(ctx, hooks); err != nil {
		return fmt.Errorf("insert webhooks: %w", err)
	}
	return nil
}
