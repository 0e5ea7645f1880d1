package inbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"zummer/app/internal/routing"
	"zummer/models"
	"zummer/models/phone"
)

// applyEvents is (d): pure, event by event in arrival order. What an operation
// wants of the sets is collected in its drafts.
func (b *batch) applyEvents(context.Context) error {
	for _, e := range b.events {
		if err := b.applyEvent(e); err != nil {
			return err
		}
	}
	for _, o := range b.ops {
		switch {
		case o.mapped != nil:
			b.routeMapped(o)
		case o.asked != nil:
			b.routeAsked(o)
		case o.calls != nil:
			b.closeCalls(o)
		}
	}
	return nil
}

func (b *batch) applyEvent(e *pendingEvent) (err error) {
	defer func() { // a bug in one rule must not take the neighbours down
		if r := recover(); r != nil {
			err = fmt.Errorf("apply %s: %v", e.ev.Type, r)
		}
	}()
	c := b.callOf(e.source.ID, e.ev.Call)
	before, merged := c.Clone(), false
	if e.ev.SameAs != "" {
		if other := b.callOf(e.source.ID, e.ev.SameAs); other.ID != c.ID {
			c, before = b.merge(e.op, c, other)
			merged = true
		}
	}
	b.in.lags.observe(e, b.now)
	changed := c.Apply(&e.ev, e.hidden, b.now) || merged
	b.changed[c.ID] = true
	if e.op.webhook != nil {
		e.op.webhook.CallID = c.ID
	}
	if !changed {
		return nil
	}
	b.route(e.op, before, c, e.source)
	return nil
}

func (b *batch) callOf(source int64, key string) *models.Call {
	return b.calls[models.CallKey{Source: source, Key: key}]
}

// merge makes the older of two calls take over the other's facts and lets the
// other's rows go. It also returns the older one as it was before.
func (b *batch) merge(o *op, x, y *models.Call) (kept, before *models.Call) {
	if y.ID < x.ID {
		x, y = y, x
	}
	before = x.Clone()
	gone := y.Clone()
	x.Merge(y)
	o.drafts = append(o.drafts, b.joined(gone, x, routing.Merged(gone, x))...)
	b.changed[x.ID], b.changed[y.ID] = true, true
	for k, c := range b.calls {
		if c.ID == y.ID {
			b.calls[k] = x
		}
	}
	return x, routing.Both(before, gone)
}

func (b *batch) route(o *op, before, after *models.Call, s *models.Source) {
	if s.LineGroup != "" {
		b.converse(o, before, after, s)
		return
	}
	unrouted := routing.Share(after, b.dir, b.in.present)
	unrouted = append(unrouted, routing.Owners(after, b.dir)...)
	drafts, steps := routing.Route(before, after, b.context(o, after, s))
	b.collect(o, append(unrouted, steps...), drafts, after)
}

func (b *batch) collect(o *op, steps []models.Step, drafts []models.Draft, c *models.Call) {
	for i := range steps {
		steps[i].CallID, steps[i].SourceID = c.ID, c.Source
		if o.webhook != nil {
			steps[i].WebhookID = o.webhook.ID
		}
	}
	o.steps = append(o.steps, steps...)
	o.drafts = append(o.drafts, drafts...)
}

func (b *batch) context(o *op, c *models.Call, s *models.Source) routing.Context {
	ctx := routing.Context{Dir: b.dir, Source: s, Contacts: b.contacts[c.Phone], AnyContacts: b.any || b.told[c.Phone], CanAsk: b.canAsk(c.Phone), Now: b.now,
		PollInterval: b.in.opt.PollInterval, Zone: b.in.zoneOf(s.Timezone), Language: b.in.opt.Language, Rules: b.dir.Rules, Present: b.in.attends, Lag: b.in.lags.usual(s.ID)}
	if o.webhook != nil {
		ctx.WebhookID = o.webhook.ID
	}
	return ctx
}

// routeMapped runs the rules once on the state that calls have now, for the
// users whose extension has just been mapped.
func (b *batch) routeMapped(o *op) {
	for _, id := range o.calls {
		c := b.byID[id]
		if c == nil {
			continue
		}
		s := b.dir.Sources[c.Source]
		if s == nil {
			continue
		}
		had := map[int64]bool{}
		for _, u := range c.Users() {
			had[u] = true
		}
		shared := routing.Share(c, b.dir, b.in.present)
		routing.Owners(c, b.dir)
		var users []int64
		for _, u := range c.Users() {
			if !had[u] {
				users = append(users, u)
			}
		}
		b.changed[c.ID] = true
		if len(users) > 0 {
			b.collect(o, shared, b.current(o, c, users, s), c)
		}
	}
}

// closeCalls ends calls that their PBX never ended, or will not.
func (b *batch) closeCalls(o *op) {
	for _, id := range o.calls {
		c := b.byID[id]
		if c == nil || c.State == models.Ended || c.MergedInto != 0 {
			continue
		}
		before := c.Clone()
		if o.silent && !c.CloseSilent() || !o.silent && !c.Close(b.now) {
			continue
		}
		b.changed[c.ID] = true
		o.settled++
		if s := b.dir.Sources[c.Source]; s != nil {
			b.route(o, before, c, s)
		}
	}
}

func compareKeys(a, b models.CallKey) int {
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Key, b.Key))
}

// publicText is what of an error may be shown to an administrator.
func publicText(err error) string {
	var e *models.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "could not be read"
}

// number is what a number of the source means, as a country and a town of the
// source would dial it.
func (in *Inbox) number(s *models.Source, raw string) phone.Number {
	region, area := s.Numbering(in.opt.Region, in.opt.AreaCode)
	return phone.ParseLocal(raw, region, area)
}
