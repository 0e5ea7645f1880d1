package inbox

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"zummer/app/internal/routing"
	"zummer/models"
)

// One task is taken by one (docs/people.md). Several users have a row of the
// same missed number, or of a call on a phone that they share; the first to
// take it, by an acknowledgement that he opened it or by a claim, takes it from
// all: their rows become a closing state in the same transaction, and whoever
// comes later finds a newer revision.
//
// Whom a task concerns is only known once its row is read, under its user's
// lock, and by then it is too late to lock others in order. So an operation that
// would take one is put off: it changes nothing, and right after the commit it
// runs again as the only part of a batch that locks all of them. Nothing is
// lost in between: its caller still waits.

// wide is what an operation that was put off locks beyond its own user's inbox.
type wide struct {
	tasks  []string // collapse keys of tasks, for all who have them
	offers []offer
}

// offer is a call on a shared phone, with the collapse key of its rows.
type offer struct {
	call int64
	key  string
}

// takes lists the revisions that an operation would take, if they are of tasks.
func (o *op) takes() []models.Ack {
	if s := o.seat; s != nil && s.what == seatClaim {
		return []models.Ack{{ID: s.ids[0], Rev: s.rev}}
	}
	return slices.DeleteFunc(slices.Clone(o.acks), func(a models.Ack) bool { return a.Outcome != models.OutcomeOpened || a.ID == 0 })
}

// calls adds the calls that an operation which was put off needs.
func (w *wide) calls(ids []int64) []int64 {
	if w != nil {
		for _, f := range w.offers {
			ids = append(ids, f.call)
		}
	}
	return ids
}

// keys are those whose holders the operation needs.
func (w *wide) keys(keys []string) []string {
	if w != nil {
		keys = append(keys, w.tasks...)
	}
	return keys
}

// widen adds whom an operation that was put off locks, and their rows.
func (b *batch) widen(w *wide, users map[int64]bool, sel *models.RowSelect) {
	if w == nil {
		return
	}
	add := func(u int64, key string) {
		users[u] = true
		sel.Keys = append(sel.Keys, models.RowKey{User: u, Key: key})
	}
	for _, key := range w.tasks {
		for _, u := range b.ledger.holders[key] {
			add(u, key)
		}
	}
	for _, f := range w.offers {
		for _, c := range b.tellOf(b.merged(f.call)) {
			for _, u := range c.Users() {
				add(u, f.key)
			}
		}
	}
}

// followMerges locks what the calls of offers, and those that the CRM was asked
// about, were merged into: a row that went on as it was names the call that it
// was made for.
func (b *batch) followMerges(ctx context.Context) error {
	for range 10 { // a chain of merges
		var into []int64
		for _, o := range b.ops {
			ids := o.wide.calls(nil)
			if o.asked != nil {
				ids = append(ids, o.asked.call)
			}
			for _, id := range ids {
				for c := b.byID[id]; c != nil && c.MergedInto != 0; c = b.byID[c.MergedInto] {
					if b.byID[c.MergedInto] == nil {
						into = append(into, c.MergedInto)
					}
				}
			}
		}
		if len(into) == 0 {
			return nil
		}
		slices.Sort(into)
		more, err := b.tx.LockCallsByID(ctx, slices.Compact(into))
		if err != nil {
			return fmt.Errorf("lock calls that others were merged into: %w", err)
		}
		if len(more) == 0 {
			return nil
		}
		maps.Copy(b.byID, more)
	}
	return nil
}

// merged is the locked call of an id: the one that it was merged into, if it
// was. nil: it is gone.
func (b *batch) merged(id int64) *models.Call {
	c := b.byID[id]
	for range 10 { // a chain of merges
		if c == nil || c.MergedInto == 0 {
			break
		}
		c = b.byID[c.MergedInto]
	}
	return c
}

// tellOf lists the locked calls of c's conversation, c among them.
func (b *batch) tellOf(c *models.Call) []*models.Call {
	switch {
	case c == nil:
		return nil
	case !b.lined(c):
		return []*models.Call{c}
	}
	return append(slices.DeleteFunc(b.known(c), func(o *models.Call) bool { return o.ConversationID() != c.ConversationID() }), c)
}

// putOff finds the operations that would take what others have too, and puts
// them off.
func (b *batch) putOff(ctx context.Context) error {
	l := b.ledger
	type found struct {
		o    *op
		user int64
		key  string
	}
	var tasks []found
	var keys []string
	for _, o := range b.ops {
		if o.wide != nil {
			continue
		}
		for _, a := range o.takes() {
			e := l.rows[models.RowRef{User: o.user, ID: a.ID}]
			if e == nil || e.deleted || e.n.Rev != a.Rev {
				continue
			}
			if routing.Offered(e.n) {
				o.putOff(func(w *wide) { w.offers = append(w.offers, offer{e.n.CallID, e.n.CollapseKey}) })
			} else if key := routing.Task(e.n); key != "" {
				tasks, keys = append(tasks, found{o, o.user, key}), append(keys, key)
			}
		}
	}
	if len(keys) == 0 {
		return nil
	}
	slices.Sort(keys)
	holders, err := b.tx.HoldersOf(ctx, slices.Compact(keys))
	if err != nil {
		return fmt.Errorf("look for those who have the same task: %w", err)
	}
	for _, t := range tasks {
		if slices.ContainsFunc(holders[t.key], func(u int64) bool { return u != t.user }) {
			t.o.putOff(func(w *wide) { w.tasks = append(w.tasks, t.key) })
		}
	}
	return nil
}

func (o *op) putOff(add func(*wide)) {
	if o.widen == nil {
		o.widen = &wide{}
	}
	add(o.widen)
}

// parted returns the operations of a committed batch that were put off, to be
// run now, and the others.
func parted(ops []*op) (off, done []*op) {
	for _, o := range ops {
		if o.widen != nil {
			o.wide = o.widen
			off = append(off, o)
		} else {
			done = append(done, o)
		}
	}
	return off, done
}

// takeTask takes the task or the call of a pending row for its user, from all
// others who have it; claim says that he has not opened it yet. Rows of one user
// alone are left as they are.
func (b *batch) takeTask(o *op, e *entry, claim bool) error {
	if o.wide == nil || e == nil {
		return nil
	}
	l, usr := b.ledger, b.dir.Users[e.n.UserID]
	if usr == nil {
		return nil
	}
	from := 0
	switch key := routing.Task(e.n); {
	case key != "" && slices.Contains(o.wide.tasks, key):
		for _, u := range l.holdersOf(key) {
			x := l.pending(models.RowKey{User: u, Key: key})
			if u == usr.ID || x == nil || routing.Task(x.n) == "" {
				continue
			}
			d := routing.Taken(x.n, usr, b.in.opt.PollInterval, b.in.opt.Language)
			l.revise(o, x, &d)
			from++
		}
	case routing.Offered(e.n) && slices.Contains(o.wide.offers, offer{e.n.CallID, e.n.CollapseKey}):
		c := b.merged(e.n.CallID)
		if c == nil || b.dir.Sources[c.Source] == nil {
			return nil
		}
		drafts, changed, offered := b.takeCall(o, c, usr.ID, claim)
		if !offered {
			return nil
		}
		for _, d := range drafts {
			n, err := l.draft(o, &d)
			if err != nil {
				return err
			}
			if n != nil && n.UserID != usr.ID {
				from++
			}
		}
		for _, c := range changed {
			b.changed[c.ID] = true
			for i := range c.Legs {
				if c.Legs[i].User == usr.ID && c.Legs[i].Row == 0 {
					c.Legs[i].Row = e.n.ID
				}
			}
		}
	default:
		return nil
	}
	l.step(models.StepTaken, e.n, o, models.Step{Rule: "taken", Reason: "taken by " + usr.Login, Detail: strconv.Itoa(from) + " others had it"})
	return nil
}

// takeCall is routing.Take for a call that may be one of several.
func (b *batch) takeCall(o *op, c *models.Call, user int64, claim bool) (drafts []models.Draft, changed []*models.Call, offered bool) {
	s := b.dir.Sources[c.Source]
	if s.LineGroup != "" {
		return routing.TakeOf(c, b.known(c), user, claim, b.lineContext(o, c, s))
	}
	drafts, offered = routing.Take(c, user, claim, b.context(o, c, s))
	return drafts, []*models.Call{c}, offered
}
