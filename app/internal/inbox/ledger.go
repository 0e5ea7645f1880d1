package inbox

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"zummer/app/internal/routing"
	"zummer/models"
)

// ledger is what a batch does to pending sets: the locked inboxes and the rows
// that matter, changed in memory operation by operation, each operation taking
// its own version of every inbox it changes, and written once at the end.
type ledger struct {
	b       *batch
	inboxes map[int64]*models.Inbox
	rows    map[models.RowRef]*entry
	byKey   map[models.RowKey]*entry
	known   map[int64]models.Inbox // as locked
	settled map[models.RowRef]int  // highest settled revision of rows that are gone
	holders map[string][]int64     // collapse key → users with a pending row

	bumped map[int64]bool // inboxes that the current operation has a version of
	steps  []*models.Step
}

// entry is one row as the batch sees it.
type entry struct {
	n       *models.Notification
	stored  bool // the database has it
	dirty   bool
	deleted bool
}

func newLedger(b *batch) *ledger {
	return &ledger{b: b, inboxes: map[int64]*models.Inbox{}, rows: map[models.RowRef]*entry{}, byKey: map[models.RowKey]*entry{},
		settled: map[models.RowRef]int{}, holders: map[string][]int64{}, known: map[int64]models.Inbox{}}
}

// begin starts an operation: its first change of an inbox takes a new version.
func (l *ledger) begin() { l.bumped = map[int64]bool{} }

// version is the current operation's version of user's inbox.
func (l *ledger) version(user int64) int64 {
	ib := l.inboxes[user]
	if !l.bumped[user] {
		l.bumped[user] = true
		ib.Version++
	}
	return ib.Version
}

func (l *ledger) add(n *models.Notification, stored bool) *entry {
	e := &entry{n: n, stored: stored, dirty: !stored}
	l.rows[models.RowRef{User: n.UserID, ID: n.ID}] = e
	l.byKey[models.RowKey{User: n.UserID, Key: n.CollapseKey}] = e
	return e
}

func (l *ledger) pending(k models.RowKey) *entry {
	if e := l.byKey[k]; e != nil && !e.deleted {
		return e
	}
	return nil
}

// step appends to the timeline. e may be nil.
func (l *ledger) step(what string, n *models.Notification, o *op, s models.Step) {
	s.What, s.At = what, l.b.now
	if n != nil {
		s.UserID, s.NotificationID, s.Rev, s.Kind, s.Action = n.UserID, n.ID, n.Rev, n.Kind, n.Action
		s.CallID = cmp.Or(s.CallID, n.CallID)
		s.SourceID = cmp.Or(s.SourceID, n.SourceID)
		s.CollapseKey = n.CollapseKey
		if ib := l.inboxes[n.UserID]; ib != nil {
			s.Version = ib.Version
		}
	}
	if o != nil && o.webhook != nil && s.WebhookID == 0 {
		s.WebhookID = o.webhook.ID
	}
	l.steps = append(l.steps, &s)
}

// draft carries out one wish of a rule or a publisher. It returns the row, or
// nil when there was nothing to revise or remove.
func (l *ledger) draft(o *op, d *models.Draft) (*models.Notification, error) {
	if l.inboxes[d.UserID] == nil {
		return nil, fmt.Errorf("inbox of user %d is not locked", d.UserID)
	}
	e := l.pending(models.RowKey{User: d.UserID, Key: d.CollapseKey})
	if d.CollapseKey == "" {
		e = nil
	}
	switch {
	case e == nil && d.Mode != models.Upsert:
		return nil, nil
	case d.Mode == models.Move:
		l.move(o, e, d)
		return nil, nil
	case d.Mode == models.Remove && !d.NotAfter.IsZero() && e.n.CallID != d.CallID && began(&e.n.Payload).After(d.NotAfter):
		return nil, nil
	case d.Mode == models.Remove:
		l.remove(o, e, models.StepRemoved, models.Step{Rule: d.Rule, RulesVersion: d.RulesVersion, Reason: d.Reason})
		return e.n, nil
	case e == nil:
		return l.create(o, d)
	}
	l.revise(o, e, d)
	return e.n, nil
}

func (l *ledger) create(o *op, d *models.Draft) (*models.Notification, error) {
	id, err := l.b.ids.take()
	if err != nil {
		return nil, err
	}
	n := &models.Notification{ID: id, UserID: d.UserID, Rev: 1, Version: l.version(d.UserID), Follows: d.Follows, CollapseKey: d.CollapseKey,
		Kind: d.Kind, Action: d.Action, CallID: d.CallID, SourceID: d.SourceID, Rule: d.Rule, Reason: d.Reason, Payload: d.Payload,
		Shared: d.Shared, RulesVersion: d.RulesVersion, CreatedAt: l.b.now, UpdatedAt: l.b.now, ExpiresAt: l.b.now.Add(d.TTL)}
	if n.CollapseKey == "" {
		n.CollapseKey = "n:" + strconv.FormatInt(id, 10)
	}
	l.place(n, false)
	l.add(n, false)
	l.inboxes[d.UserID].Pending++
	l.due(n)
	p := d.Payload // a later operation of the batch may revise the row
	l.step(models.StepStored, n, o, models.Step{Rule: d.Rule, RulesVersion: d.RulesVersion, Reason: d.Reason, Session: n.Session, Payload: &p})
	l.mark(d, id)
	return n, nil
}

func (l *ledger) revise(o *op, e *entry, d *models.Draft) {
	n, was := e.n, e.n.ForOne()
	payload, call, source := d.Payload, d.CallID, d.SourceID
	if d.Attempts && n.Action != models.ActionNone { // what was taken is over: it counts anew
		payload = countAttempts(l.b, n, d)
		if tellsNewer(n, d) {
			call, source = n.CallID, n.SourceID
		}
	}
	n.Rev++
	n.Version = l.version(n.UserID)
	n.Kind, n.Action, n.Rule, n.Reason, n.Payload = d.Kind, d.Action, d.Rule, d.Reason, payload
	n.CallID, n.SourceID = cmp.Or(call, n.CallID), cmp.Or(source, n.SourceID)
	n.Shared, n.RulesVersion = d.Shared, d.RulesVersion
	l.place(n, was)
	n.UpdatedAt, n.ExpiresAt = l.b.now, l.b.now.Add(d.TTL)
	e.dirty = true
	l.due(n)
	p := payload
	l.step(models.StepRevised, n, o, models.Step{Rule: d.Rule, RulesVersion: d.RulesVersion, Reason: d.Reason, Session: n.Session, Payload: &p})
	l.mark(d, n.ID)
}

// began is when the call that p tells of began; zero: unknown.
func began(p *models.Payload) time.Time {
	if p.Call == nil {
		return time.Time{}
	}
	return p.Call.StartedAt
}

// tellsNewer reports that the missed row n tells of a call that began after the
// one of d, which was told late.
func tellsNewer(n *models.Notification, d *models.Draft) bool {
	return n.CallID != d.CallID && began(&n.Payload).After(began(&d.Payload))
}

// countAttempts adds a call to a missed row that already tells of others; the
// newest is the one it shows.
func countAttempts(b *batch, n *models.Notification, d *models.Draft) models.Payload {
	p := d.Payload
	if tellsNewer(n, d) {
		p = n.Payload
	}
	attempts := max(1, number(n.Payload.Data["attempts"]))
	if n.CallID != d.CallID {
		attempts++
	}
	p.Data = maps.Clone(p.Data)
	if p.Data == nil {
		p.Data = map[string]any{}
	}
	p.Data["attempts"] = attempts
	last := began(&p)
	if last.IsZero() {
		last = b.now
	}
	zone := b.in.zone
	if u := b.dir.Users[d.UserID]; u != nil {
		zone = b.in.zoneOf(u.Timezone)
	}
	if p.Text = routing.MissedText(p, attempts, last, zone, b.in.opt.Language); d.Template != "" {
		p.Text = routing.FillAttempts(d.Template, attempts, models.MaxText)
	}
	if d.TitleTemplate != "" {
		p.Title = routing.FillAttempts(d.TitleTemplate, attempts, models.MaxTitle)
	}
	return p
}

// number reads a count of a payload, as it was made or as JSON gives it back.
func number(v any) int {
	switch v := v.(type) {
	case float64:
		return int(v)
	case int:
		return v
	}
	return 0
}

// mark remembers on the leg which row tells of it.
func (l *ledger) mark(d *models.Draft, id int64) {
	c := l.b.byID[cmp.Or(d.LegCall, d.CallID)]
	if c == nil || d.LegKey == "" {
		return
	}
	for i := range c.Legs {
		if c.Legs[i].Key == d.LegKey && c.Legs[i].N == d.LegN {
			c.Legs[i].Row = id
			l.b.changed[c.ID] = true
		}
	}
}

// remove takes a row out of the set.
func (l *ledger) remove(o *op, e *entry, what string, s models.Step) {
	e.deleted = true
	l.inboxes[e.n.UserID].Pending--
	l.version(e.n.UserID)
	ref := models.RowRef{User: e.n.UserID, ID: e.n.ID}
	l.settled[ref] = e.n.Rev
	l.step(what, e.n, o, s)
}

// due keeps the inbox's NextExpiry at or before the earliest ExpiresAt and the
// earliest end of a lease.
func (l *ledger) due(n *models.Notification) {
	ib, at := l.inboxes[n.UserID], n.ExpiresAt
	if !n.Leased.IsZero() && n.Leased.Before(at) {
		at = n.Leased
	}
	if ib.NextExpiry.IsZero() || at.Before(ib.NextExpiry) {
		ib.NextExpiry = at
	}
}

// of lists the live entries of a user.
func (l *ledger) of(user int64) []*entry {
	var out []*entry
	for _, e := range l.rows {
		if e.n.UserID == user && !e.deleted {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b *entry) int { return cmp.Compare(a.n.ID, b.n.ID) })
	return out
}

// changed lists the inboxes that are not as they were locked.
func (l *ledger) changed() []models.Inbox {
	var out []models.Inbox
	for _, u := range slices.Sorted(maps.Keys(l.inboxes)) {
		if *l.inboxes[u] != l.known[u] {
			out = append(out, *l.inboxes[u])
		}
	}
	return out
}

func (l *ledger) save(ctx context.Context) error {
	var rows []*models.Notification
	var gone []models.RowRef
	for ref, e := range l.rows {
		switch {
		case e.deleted && e.stored:
			gone = append(gone, ref)
		case !e.deleted && e.dirty:
			rows = append(rows, e.n)
		}
	}
	slices.SortFunc(rows, func(a, b *models.Notification) int {
		return cmp.Or(cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(gone, func(a, b models.RowRef) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.ID, b.ID))
	})
	if err := l.b.tx.DeleteRows(ctx, gone); err != nil {
		return fmt.Errorf("delete rows: %w", err)
	}
	if err := l.b.tx.SaveRows(ctx, rows); err != nil {
		return fmt.Errorf("save rows: %w", err)
	}
	if err := l.b.tx.InsertSteps(ctx, l.steps); err != nil {
		return fmt.Errorf("write the timeline: %w", err)
	}
	var inboxes []*models.Inbox
	for _, u := range slices.Sorted(maps.Keys(l.inboxes)) {
		ib := l.inboxes[u]
		if ib.Pending <= 0 {
			ib.Pending, ib.NextExpiry = 0, time.Time{}
		}
		if *ib != l.known[u] {
			inboxes = append(inboxes, ib)
		}
	}
	if err := l.b.tx.SaveInboxes(ctx, inboxes); err != nil {
		return fmt.Errorf("save inboxes: %w", err)
	}
	return nil
}
