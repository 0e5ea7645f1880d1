package inbox

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"zummer/app/internal/routing"
	"zummer/models"
)

// Calls of sources in a line group may be one conversation (routing.Converse).
// A batch that has events of such sources keeps others from their groups, so
// that two batches cannot each miss the call that the other one makes, and locks
// the calls that its own may be paired with. For all other sources nothing of
// this costs a statement.

// apart is how far apart the beginnings of two legs may lie that are looked at;
// routing says which of them belong together.
const apart = 2*time.Minute + 10*time.Second

// lockLines takes the line groups of the batch. Jobs and who takes a call name
// calls by id only: they take all groups.
func (b *batch) lockLines(ctx context.Context) error {
	groups := map[string]bool{}
	for _, e := range b.events {
		groups[e.source.LineGroup] = true
	}
	for _, o := range b.ops {
		if o.mapped != nil {
			if s := b.dir.Sources[o.mapped.source]; s != nil {
				groups[s.LineGroup] = true
			}
		}
		if o.calls == nil && o.asked == nil && (o.wide == nil || len(o.wide.offers) == 0) || o.mapped != nil {
			continue
		}
		for _, s := range b.dir.Sources {
			groups[s.LineGroup] = true
		}
	}
	delete(groups, "")
	if b.lines = len(groups) > 0; !b.lines {
		return nil
	}
	if err := b.tx.LockLines(ctx, slices.Sorted(maps.Keys(groups))); err != nil {
		return fmt.Errorf("lock line groups: %w", err)
	}
	return nil
}

// lockPartners locks the calls that the batch's own are, or may be, one
// conversation with.
func (b *batch) lockPartners(ctx context.Context) error {
	if !b.lines {
		return nil
	}
	conversations := map[int64]bool{}
	for _, c := range b.byID {
		if b.lined(c) && len(c.Facts) > 0 {
			conversations[c.ConversationID()] = true
		}
	}
	found, err := b.tx.LineCalls(ctx, b.searches())
	if err != nil {
		return fmt.Errorf("find calls of the same conversation: %w", err)
	}
	for _, id := range found {
		conversations[id] = true
	}
	ids, err := b.tx.ConversationCalls(ctx, slices.Sorted(maps.Keys(conversations)))
	if err != nil {
		return fmt.Errorf("find the calls of conversations: %w", err)
	}
	ids = slices.DeleteFunc(ids, func(id int64) bool { return b.byID[id] != nil })
	slices.Sort(ids)
	more, err := b.tx.LockCallsByID(ctx, slices.Compact(ids))
	if err != nil {
		return fmt.Errorf("lock calls of the same conversation: %w", err)
	}
	maps.Copy(b.byID, more)
	return nil
}

// searches lists whose legs may be told by another source too: the events' and,
// of calls that stand alone yet, those that are there already: what is told now
// may show that they belong together.
func (b *batch) searches() []models.LineSearch {
	type who struct{ user, source int64 }
	span := map[who]*models.LineSearch{}
	add := func(user, source int64, at time.Time) {
		if user == 0 || at.IsZero() {
			return
		}
		s := span[who{user, source}]
		if s == nil {
			s = &models.LineSearch{User: user, Sources: b.partners(source), From: at.Add(-apart), To: at.Add(apart)}
			span[who{user, source}] = s
		}
		if from := at.Add(-apart); from.Before(s.From) {
			s.From = from
		}
		if to := at.Add(apart); to.After(s.To) {
			s.To = to
		}
	}
	for _, e := range b.events {
		if e.source.LineGroup == "" {
			continue
		}
		at := e.ev.At
		if at.IsZero() {
			at = b.now
		}
		if e.ev.Type.HasExtension() {
			add(b.dir.Owner(e.source.ID, e.ev.AllAddresses()), e.source.ID, at)
		}
		c := b.callOf(e.source.ID, e.ev.Call)
		for i := range c.Legs {
			l := &c.Legs[i]
			add(l.User, c.Source, l.RangAt)
			add(l.User, c.Source, l.AnsweredAt)
		}
	}
	var out []models.LineSearch
	for _, s := range span {
		if len(s.Sources) > 0 {
			out = append(out, *s)
		}
	}
	slices.SortFunc(out, func(x, y models.LineSearch) int { return int(x.User - y.User) })
	return out
}

// partners lists the other sources of a source's line group.
func (b *batch) partners(source int64) []int64 {
	var out []int64
	for id, s := range b.dir.Sources {
		if id != source && s.LineGroup != "" && s.LineGroup == b.dir.Sources[source].LineGroup {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// lined reports that a call's source is in a line group.
func (b *batch) lined(c *models.Call) bool {
	s := b.dir.Sources[c.Source]
	return s != nil && s.LineGroup != ""
}

// known lists the locked calls of line groups beside c, in a fixed order.
func (b *batch) known(c *models.Call) []*models.Call {
	var out []*models.Call
	for _, o := range b.byID {
		if o.ID != c.ID && o.MergedInto == 0 && b.lined(o) {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(x, y *models.Call) int { return int(x.ID - y.ID) })
	return out
}

// converse routes what changed in a call that may be one of several that tell
// of a conversation.
func (b *batch) converse(o *op, before, after *models.Call, s *models.Source) {
	unrouted := routing.Share(after, b.dir, b.in.present)
	unrouted = append(unrouted, routing.Owners(after, b.dir)...)
	drafts, steps, changed := routing.Converse(before, after, b.known(after), b.lineContext(o, after, s))
	for _, c := range changed {
		b.changed[c.ID] = true
	}
	b.collect(o, append(unrouted, steps...), drafts, after)
}

func (b *batch) lineContext(o *op, c *models.Call, s *models.Source) routing.Context {
	ctx := b.context(o, c, s)
	ctx.ContactsOf = func(phone string) []models.Contact { return b.contacts[phone] }
	return ctx
}

// joined is what becomes of the rows of a call that was merged into another.
func (b *batch) joined(gone, kept *models.Call, drafts []models.Draft) []models.Draft {
	var known []*models.Call
	if b.lined(kept) {
		known = b.known(kept)
	}
	drafts, changed := routing.Joined(gone, kept, known, drafts)
	for _, c := range changed {
		b.changed[c.ID] = true
	}
	return drafts
}

// current is routing.Current for a call that may be one of several.
func (b *batch) current(o *op, c *models.Call, users []int64, s *models.Source) []models.Draft {
	if s.LineGroup == "" {
		return routing.Current(c, users, b.context(o, c, s))
	}
	return routing.CurrentOf(c, b.known(c), users, b.lineContext(o, c, s))
}

// move lets a row go on under another key, as it is: clients see no difference.
// Where there is one already the one that opens stays, else the living one.
func (l *ledger) move(o *op, e *entry, d *models.Draft) {
	if there := l.pending(models.RowKey{User: d.UserID, Key: d.To}); there != nil {
		worth := func(n *models.Notification) int {
			switch {
			case n.Action.Opens():
				return 2
			case n.Live():
				return 1
			}
			return 0
		}
		if worth(there.n) >= worth(e.n) {
			l.remove(o, e, models.StepRemoved, models.Step{Rule: d.Rule, Reason: d.Reason})
			return
		}
		l.remove(o, there, models.StepRemoved, models.Step{Rule: d.Rule, Reason: d.Reason})
	}
	delete(l.byKey, models.RowKey{User: d.UserID, Key: e.n.CollapseKey})
	e.n.CollapseKey, e.dirty = d.To, true
	l.byKey[models.RowKey{User: d.UserID, Key: d.To}] = e
}
