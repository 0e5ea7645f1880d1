package inbox

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"zummer/models"
)

// changeSets is (e): lock every inbox that an operation touches, in user
// order, read the rows that matter, and carry the operations out in arrival
// order. Acknowledgements, expiry and administration begin here.
func (b *batch) changeSets(ctx context.Context) error {
	if err := b.spread(ctx); err != nil {
		return err
	}
	if err := b.lockInboxes(ctx); err != nil {
		return err
	}
	if b.again { // asked under the locks that the earlier run held until it ended
		done, err := b.tx.Committed(ctx, b.ids.first, b.ids.end)
		if err != nil {
			return fmt.Errorf("look for an earlier run: %w", err)
		}
		if done {
			return errCommitted
		}
	}
	b.expireDue()
	if err := b.putOff(ctx); err != nil {
		return err
	}
	for _, o := range b.ops {
		b.ledger.begin()
		if err := b.change(o); err != nil {
			return err
		}
	}
	return b.fold(ctx)
}

// spread finds the users behind drafts that are meant for all holders of a
// collapse key, and the owners of rows that an administrator names.
func (b *batch) spread(ctx context.Context) error {
	var keys []string
	for _, o := range b.ops {
		for i := range o.drafts {
			if o.drafts[i].UserID == 0 {
				keys = append(keys, o.drafts[i].CollapseKey)
			}
		}
		keys = o.wide.keys(keys)
		if o.admin == nil {
			continue
		}
		owner, err := b.tx.OwnerOf(ctx, o.admin.id)
		if err != nil && !models.IsNotFound(err) {
			return fmt.Errorf("find the owner of row %d: %w", o.admin.id, err)
		}
		o.admin.owner = owner
		if owner == 0 {
			o.opErr = models.Errorf(models.NotFound, "no notification %d", o.admin.id)
		}
	}
	slices.Sort(keys)
	var err error
	if b.ledger.holders, err = b.tx.HoldersOf(ctx, slices.Compact(keys)); err != nil {
		return fmt.Errorf("find the holders of missed calls: %w", err)
	}
	return nil
}

func (b *batch) lockInboxes(ctx context.Context) error {
	l := b.ledger
	users := map[int64]bool{}
	sel := models.RowSelect{Now: b.now}
	refs := map[models.RowRef]bool{}
	for _, o := range b.ops {
		for i := range o.drafts {
			d := &o.drafts[i]
			if d.UserID == 0 {
				for _, u := range l.holders[d.CollapseKey] {
					users[u] = true
					sel.Keys = append(sel.Keys, models.RowKey{User: u, Key: d.CollapseKey})
					if d.To != "" {
						sel.Keys = append(sel.Keys, models.RowKey{User: u, Key: d.To})
					}
				}
				continue
			}
			if d.To != "" {
				sel.Keys = append(sel.Keys, models.RowKey{User: d.UserID, Key: d.To})
			}
			users[d.UserID] = true
			if d.CollapseKey != "" {
				sel.Keys = append(sel.Keys, models.RowKey{User: d.UserID, Key: d.CollapseKey})
			}
		}
		if o.publish != nil && o.publish.stored == nil && o.opErr == nil {
			for _, u := range o.publish.users {
				users[u] = true
				if k := o.publish.draft.CollapseKey; k != "" {
					sel.Keys = append(sel.Keys, models.RowKey{User: u, Key: k})
				}
			}
		}
		for _, a := range o.acks {
			users[o.user] = true
			if a.ID != 0 {
				refs[models.RowRef{User: o.user, ID: a.ID}] = true
			}
		}
		b.widen(o.wide, users, &sel)
		lockHandOver(o.handOver, users, &sel)
		if o.ackAll != nil {
			users[o.user] = true
			sel.All = append(sel.All, o.user)
		}
		if s := o.seat; s != nil {
			users[o.user] = true
			for _, id := range s.ids {
				refs[models.RowRef{User: o.user, ID: id}] = true
			}
			if s.what == seatKeep {
				sel.All = append(sel.All, o.user)
			}
		}
		for _, u := range o.expire {
			users[u] = true
		}
		if a := o.admin; a != nil && a.owner != 0 {
			users[a.owner] = true
			refs[models.RowRef{User: a.owner, ID: a.id}] = true
			if a.toUser != 0 {
				users[a.toUser] = true
				sel.All = append(sel.All, a.owner, a.toUser)
			}
		}
	}
	sel.Refs = slices.Collect(maps.Keys(refs))
	slices.SortFunc(sel.Refs, compareRefs)
	slices.SortFunc(sel.Keys, func(x, y models.RowKey) int {
		return cmp.Or(cmp.Compare(x.User, y.User), strings.Compare(x.Key, y.Key))
	})
	sel.Keys = slices.Compact(sel.Keys)
	var err error
	if l.inboxes, err = b.tx.LockInboxes(ctx, slices.Sorted(maps.Keys(users))); err != nil {
		return fmt.Errorf("lock inboxes: %w", err)
	}
	for u, ib := range l.inboxes {
		l.known[u] = *ib
		if due(ib, b.now) {
			sel.All = append(sel.All, u)
		}
	}
	slices.Sort(sel.All)
	sel.All = slices.Compact(sel.All)
	rows, err := b.tx.Rows(ctx, sel)
	if err != nil {
		return fmt.Errorf("read rows: %w", err)
	}
	for _, n := range rows {
		if l.rows[models.RowRef{User: n.UserID, ID: n.ID}] == nil {
			l.add(n, true)
		}
	}
	var gone []models.RowRef
	for _, ref := range sel.Refs {
		if l.rows[ref] == nil {
			gone = append(gone, ref)
		}
	}
	found, err := b.tx.Settled(ctx, gone)
	if err != nil {
		return fmt.Errorf("look for settled rows: %w", err)
	}
	maps.Copy(l.settled, found)
	return b.findRequeued(ctx)
}

// findRequeued reads the last body of settled rows that shall come back, under
// the lock: nobody can revise or settle them any more.
func (b *batch) findRequeued(ctx context.Context) error {
	for _, o := range b.ops {
		a := o.admin
		if a == nil || a.owner == 0 || a.action != AdminRequeue || b.ledger.rows[models.RowRef{User: a.owner, ID: a.id}] != nil {
			continue
		}
		var err error
		if o.requeued, err = b.tx.SettledRow(ctx, a.id); err != nil && !models.IsNotFound(err) {
			return fmt.Errorf("read settled row %d: %w", a.id, err)
		}
	}
	return nil
}

func due(ib *models.Inbox, now time.Time) bool {
	return !ib.NextExpiry.IsZero() && !ib.NextExpiry.After(now)
}

// expireDue takes out what has expired in every locked inbox and ends the leases
// that are over, as an operation of its own, before anything else is done to it:
// time is a write.
func (b *batch) expireDue() {
	l := b.ledger
	for _, u := range slices.Sorted(maps.Keys(l.inboxes)) {
		ib := l.inboxes[u]
		if !due(ib, b.now) {
			continue
		}
		l.begin()
		ib.NextExpiry = time.Time{}
		for _, e := range l.of(u) {
			if !e.n.ExpiresAt.After(b.now) {
				l.remove(nil, e, models.StepExpired, models.Step{Reason: "its time was over"})
				continue
			}
			if !e.n.Leased.IsZero() && !e.n.Leased.After(b.now) {
				l.leaseEnds(e)
			}
			l.due(e.n)
		}
	}
}

// change carries out one operation on the locked sets.
func (b *batch) change(o *op) error {
	l := b.ledger
	if o.opErr != nil || o.widen != nil {
		return nil
	}
	for i := range o.drafts {
		d := o.drafts[i]
		users := []int64{d.UserID}
		if d.UserID == 0 {
			users = l.holdersOf(d.CollapseKey)
		}
		for _, u := range users {
			d.UserID = u
			if _, err := l.draft(o, &d); err != nil {
				return err
			}
		}
	}
	for i := range o.steps {
		l.step(o.steps[i].What, nil, o, o.steps[i])
	}
	switch {
	case o.acks != nil:
		o.before = *l.inboxes[o.user]
		for _, a := range o.acks {
			res, err := l.ack(o, a)
			if err != nil {
				return err
			}
			o.results = append(o.results, res)
		}
		o.after = *l.inboxes[o.user]
	case o.ackAll != nil:
		b.ackAll(o)
	case o.handOver != nil:
		return b.handOver(o)
	case o.publish != nil:
		return b.publish(o)
	case o.admin != nil:
		return b.administrate(o)
	case o.seat != nil:
		return b.seat(o)
	}
	return nil
}

// holdersOf also sees rows made by earlier operations of this batch.
func (l *ledger) holdersOf(key string) []int64 {
	users := slices.Clone(l.holders[key])
	for k, e := range l.byKey {
		if k.Key == key && !e.deleted {
			users = append(users, k.User)
		}
	}
	slices.Sort(users)
	return slices.Compact(users)
}

// ack settles one revision.
func (l *ledger) ack(o *op, a models.Ack) (models.AckResult, error) {
	res := models.AckResult{ID: a.Raw, Rev: a.Rev}
	ref := models.RowRef{User: o.user, ID: a.ID}
	e := l.rows[ref]
	switch {
	case e != nil && !e.deleted && e.n.Rev != a.Rev:
		res.Result = models.AckStale
	case e != nil && !e.deleted && a.Outcome == models.OutcomeBusy:
		res.Result = l.ackBusy(o, e, a)
	case e != nil && !e.deleted:
		if a.Outcome == models.OutcomeOpened {
			if err := l.b.takeTask(o, e, false); err != nil {
				return res, err
			}
		}
		l.remove(o, e, models.StepProcessed, models.Step{Reason: string(a.Outcome), Detail: a.Detail, Session: a.Session})
		res.Result = models.AckProcessed
	case a.ID != 0 && l.settled[ref] >= a.Rev:
		res.Result = models.AckAlready
	default:
		res.Result = models.AckNotFound
	}
	return res, nil
}

// ackAll settles every row whose last revision is not newer than the version
// that the client saw.
func (b *batch) ackAll(o *op) {
	l, ib := b.ledger, b.ledger.inboxes[o.user]
	if o.ackAll.version == (models.Inbox{Epoch: "0"}).VersionText() {
		return // the empty picture of a user who never had a row
	}
	epoch, text, ok := strings.Cut(o.ackAll.version, ".")
	v, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil || epoch != ib.Epoch || v > ib.Version {
		o.opErr = models.Coded(models.Conflict, "moved_on", "this version is not one of the present set; poll again")
		return
	}
	for _, e := range l.of(o.user) {
		if e.n.Version <= v {
			l.remove(o, e, models.StepProcessed, models.Step{Reason: "all at once", Session: o.ackAll.session})
			o.settled++
		}
	}
}

func compareRefs(a, b models.RowRef) int {
	return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.ID, b.ID))
}
