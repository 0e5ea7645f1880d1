package inbox

import (
	"context"
	"fmt"
	"slices"
	"time"

	"zummer/app/internal/routing"
	"zummer/models"
)

// DryRun tells what the rules would make of a stored webhook or of events given
// by hand, and why. It reads and writes nothing.
//
// A stored webhook is decided as of its receipt, on the call as it was before:
// the facts that lie before its events (models.Call.FactsBefore) are played
// again, with the people who had the phones then. Contacts, groups, users and
// who shares a phone are those of now, and what other sources of the line group
// tell of the same conversation is left out. Events by hand are of calls that
// nothing else is known of, each decided as of its own time, or now.
//
// Errors: NotFound for an unknown webhook or version, Invalid with the field,
// Conflict when the webhook's source is gone.
func (in *Inbox) DryRun(ctx context.Context, q models.DryRunQuery) (_ models.DryRunResult, err error) {
	defer func() { // a bug in an adapter or a rule is the administrator's to see, not to fall over
		if r := recover(); r != nil {
			err = fmt.Errorf("dry run: %v", r)
		}
	}()
	d := &dryRun{in: in, dir: in.opt.Directory(), absent: q.Absent, calls: map[models.CallKey]*scratch{}, contacts: map[string][]models.Contact{}}
	if err := d.takeRules(ctx, q); err != nil {
		return models.DryRunResult{}, err
	}
	if d.hasContacts, err = in.opt.Store.HasContacts(ctx); err != nil {
		return models.DryRunResult{}, err
	}
	events := q.Events
	if q.Webhook != 0 {
		events, err = d.reread(ctx, q.Webhook)
	} else {
		events, err = d.byHand(q.Source, events)
	}
	if err != nil {
		return models.DryRunResult{}, err
	}
	for i := range events {
		e, hidden := in.normalised(d.source, events[i])
		d.events = append(d.events, dryEvent{e, hidden})
	}
	out := models.DryRunResult{Version: d.version, Source: d.source.ID}
	for i := range d.events {
		said, err := d.event(ctx, &d.events[i])
		if err != nil {
			return models.DryRunResult{}, err
		}
		out.Events = append(out.Events, said)
	}
	return out, nil
}

// dryRun is one run of the rules on scratch copies of calls.
type dryRun struct {
	in          *Inbox
	dir         *models.Directory
	rules       *models.RuleSet // nil: the built-in ones
	version     *int64
	absent      []int64
	source      *models.Source
	received    time.Time // of the stored webhook; zero: events by hand
	events      []dryEvent
	calls       map[models.CallKey]*scratch
	contacts    map[string][]models.Contact
	hasContacts bool
	ids         int64
}

type dryEvent struct {
	models.Event
	hidden bool
}

// scratch is a call to try things on, and what the database has of it.
type scratch struct {
	*models.Call
	stored *models.Call // nil: nothing is known of it
}

func (d *dryRun) takeRules(ctx context.Context, q models.DryRunQuery) error {
	switch {
	case q.Rules != nil:
		d.rules = &models.RuleSet{Rules: q.Rules}
		return routing.CheckRules(q.Rules)
	case q.Version == nil:
		if d.rules, d.version = d.dir.Rules, new(int64); d.rules != nil {
			*d.version = d.rules.Version
		}
	case *q.Version == 0:
		d.version = q.Version
	default:
		var err error
		if d.rules, err = d.in.opt.Store.Rules(ctx, *q.Version); err != nil {
			return err
		}
		d.version = q.Version
	}
	return nil
}

// reread parses a stored webhook again.
func (d *dryRun) reread(ctx context.Context, id int64) ([]models.Event, error) {
	w, err := d.in.opt.Store.Webhook(ctx, id)
	if err != nil {
		return nil, err
	}
	if d.source = d.dir.Sources[w.SourceID]; d.source == nil {
		return nil, models.Coded(models.Conflict, "moved_on", "the source of webhook %d is gone", id)
	}
	d.received = w.ReceivedAt
	if d.in.opt.Parse == nil {
		return nil, models.Errorf(models.Unavailable, "webhooks cannot be read again here")
	}
	events, err := d.in.opt.Parse(d.source, &w)
	if err == nil {
		events, _, err = prepare(d.source, events)
	}
	if err != nil {
		return nil, models.InvalidField("webhook", "cannot be read: %s", publicText(err))
	}
	return events, nil
}

func (d *dryRun) byHand(slug string, events []models.Event) ([]models.Event, error) {
	if d.source = d.dir.SourceBySlug(slug); d.source == nil {
		return nil, models.InvalidField("source", "no source %q", models.CutText(slug, 80))
	}
	events, _, err := prepare(d.source, events)
	return events, err
}

// at is when an event is decided.
func (d *dryRun) at(e *models.Event) time.Time {
	switch {
	case !d.received.IsZero():
		return d.received
	case !e.At.IsZero():
		return e.At
	}
	return time.Now()
}

// event applies one event and says what follows from it.
func (d *dryRun) event(ctx context.Context, e *dryEvent) (models.DryRunEvent, error) {
	at := d.at(&e.Event)
	out := models.DryRunEvent{Event: e.Event, At: at}
	c, err := d.callOf(ctx, e.Call)
	if err != nil {
		return out, err
	}
	before := c.Clone()
	var gone *models.Call
	if e.SameAs != "" {
		other, err := d.callOf(ctx, e.SameAs)
		if err != nil {
			return out, err
		}
		if other != c {
			c, before, gone = d.merge(c, other)
		}
	}
	out.Changed = c.Apply(&e.Event, e.hidden, at) || gone != nil
	out.State, out.Direction = c.State, c.Direction
	if !out.Changed {
		return out, nil
	}
	shared := d.owners(c)
	rules, err := d.context(ctx, c.Call, at)
	if err != nil {
		return out, err
	}
	told := routing.Explain(before, c.Call, rules)
	drafts, _ := routing.Route(before, c.Call, rules)
	d.name(c)
	told.Steps = append(shared, told.Steps...)
	if gone != nil {
		lost, _ := routing.Joined(gone, c.Call, nil, routing.Merged(gone, c.Call))
		lost = slices.DeleteFunc(lost, func(d models.Draft) bool { return d.Mode == models.Move }) // a row that goes on is no change that anybody sees
		drafts = append(lost, drafts...)
	}
	out.Occasions, out.Beside, out.Notes = told.Occasions, besideRules(drafts, told.Occasions), d.notes(told)
	return out, nil
}

// notes are what was noted beside the rules, in words.
func (d *dryRun) notes(told models.Explanation) (out []string) {
	for _, s := range told.Steps {
		if slices.ContainsFunc(told.Occasions, func(o models.Occasion) bool { return o.User == s.UserID && o.Reason == s.Reason }) {
			continue
		}
		words := s.Reason
		if u := d.dir.Users[s.UserID]; u != nil {
			words = u.Login + ": " + words
		}
		if s.Detail != "" {
			words += ": " + s.Detail
		}
		out = append(out, words)
	}
	return out
}

// besideRules lists the drafts that no occasion tells of.
func besideRules(drafts []models.Draft, told []models.Occasion) []models.Draft {
	return slices.DeleteFunc(drafts, func(d models.Draft) bool {
		return slices.ContainsFunc(told, func(o models.Occasion) bool {
			return slices.ContainsFunc(o.Drafts, func(t models.Draft) bool {
				return t.UserID == d.UserID && t.CollapseKey == d.CollapseKey && t.Mode == d.Mode && t.Kind == d.Kind
			})
		})
	})
}

// merge is what batch.merge does, on scratch copies.
func (d *dryRun) merge(x, y *scratch) (kept *scratch, before, gone *models.Call) {
	if y.ID < x.ID {
		x, y = y, x
	}
	before, gone = x.Clone(), y.Clone()
	x.Merge(y.Call)
	for k, c := range d.calls {
		if c == y {
			d.calls[k] = x
		}
	}
	return x, routing.Both(before, gone), gone
}

// callOf finds or makes the scratch copy of a call as it was before the events.
func (d *dryRun) callOf(ctx context.Context, key string) (*scratch, error) {
	k := models.CallKey{Source: d.source.ID, Key: key}
	if c := d.calls[k]; c != nil {
		return c, nil
	}
	d.ids++
	c := &scratch{Call: &models.Call{ID: d.ids, Source: k.Source, Key: key, State: models.Ringing}}
	if d.received.IsZero() {
		d.calls[k] = c
		return c, nil
	}
	stored, err := d.in.opt.Store.CallByKey(ctx, k)
	switch {
	case models.IsNotFound(err):
		d.calls[k] = c
		return c, nil
	case err != nil:
		return nil, err
	}
	for _, other := range d.calls { // two keys of one call
		if other.stored != nil && other.stored.ID == stored.ID {
			d.calls[k] = other
			return other, nil
		}
	}
	c.stored, d.calls[k] = &stored, c
	return c, d.rewind(ctx, c)
}

// rewind plays what the call had been told before the events, one by one as it
// came, so that the rules leave behind on it what they left then. It is taken to
// have come as late as the webhook did.
func (d *dryRun) rewind(ctx context.Context, c *scratch) error {
	var own []models.Fact
	var late time.Duration
	for i := range d.events {
		if e := &d.events[i]; e.Call == c.Key || e.SameAs == c.Key {
			own = append(own, models.FactOf(&e.Event, e.hidden, d.received))
			late = max(late, d.received.Sub(time.UnixMilli(own[len(own)-1].At)))
		}
	}
	for _, f := range c.stored.FactsBefore(own...) {
		before := c.Clone()
		if !c.Learn(f) {
			continue
		}
		d.owners(c)
		rules, err := d.context(ctx, c.Call, time.UnixMilli(f.At).Add(late).UTC())
		if err != nil {
			return err
		}
		routing.Route(before, c.Call, rules)
		d.name(c)
	}
	return nil
}

// name gives new legs their ids, as a batch does when it saves them.
func (d *dryRun) name(c *scratch) {
	for i := range c.Legs {
		if c.Legs[i].ID == 0 {
			d.ids++
			c.Legs[i].ID = d.ids
		}
	}
}

// owners gives the legs those who had them, else those who have them now.
func (d *dryRun) owners(c *scratch) []models.Step {
	if c.stored != nil {
		for i := range c.Legs {
			l := &c.Legs[i]
			for j := range c.stored.Legs {
				o := &c.stored.Legs[j]
				switch same := o.Key == l.Key && o.N == l.N && o.Extension == l.Extension; {
				case !same || l.User != 0 || len(l.Sharers) > 0:
				case len(o.Sharers) > 0: // who took the call, and when, no event tells
					l.Sharers = slices.Clone(o.Sharers)
				case o.User != 0:
					c.SetOwner(i, o.User)
				}
			}
		}
	}
	steps := routing.Share(c.Call, d.dir, d.present)
	routing.Owners(c.Call, d.dir)
	return steps
}

func (d *dryRun) present(user int64) bool { return !slices.Contains(d.absent, user) }

func (d *dryRun) context(ctx context.Context, c *models.Call, at time.Time) (routing.Context, error) {
	found, known := d.contacts[c.Phone]
	if !known && c.Phone != "" && c.Phone[0] == '+' {
		var err error
		if found, err = d.in.opt.Store.ContactsByPhone(ctx, c.Phone); err != nil {
			return routing.Context{}, err
		}
		d.contacts[c.Phone] = found
	}
	var lag time.Duration // of events by hand there is none: each is decided at its own time
	if !d.received.IsZero() {
		lag = d.in.lags.usual(d.source.ID)
	}
	return routing.Context{Dir: d.dir, Source: d.source, Lag: lag, Contacts: found, AnyContacts: d.hasContacts, Now: at, PollInterval: d.in.opt.PollInterval,
		Zone: d.in.zoneOf(d.source.Timezone), Language: d.in.opt.Language, Rules: d.rules, Present: d.present}, nil
}
