package inbox

import (
	"context"
	"slices"

	"zummer/app/internal/routing"
	"zummer/models"
)

// Asker is a CRM that may know callers whom no contact has. app passes
// app/internal/crm in.
type Asker interface {
	// Kept is what it said of a number a moment ago; known is false when it
	// would have to be asked.
	Kept(phone string) (contacts []models.Contact, known bool)
	// Lookup asks it, with a budget of its own. known is false when it could
	// not be asked, and err then says why.
	Lookup(ctx context.Context, phone string) (contacts []models.Contact, known bool, err error)
}

// asked is the operation that follows a question: the call is routed again with
// what the CRM said.
type asked struct {
	call     int64
	phone    string
	known    bool
	contacts []models.Contact
}

// maxAsking bounds the questions that wait for an answer at one time; a call
// beyond it is told at once that the CRM does not know.
const maxAsking = 64

// kept adds to the contacts of a batch what the CRM said a moment ago.
func (b *batch) kept(phones []string) {
	b.told = map[string]bool{}
	if b.in.opt.CRM == nil {
		return
	}
	for _, p := range phones {
		if len(b.contacts[p]) > 0 {
			continue
		}
		if found, known := b.in.opt.CRM.Kept(p); known {
			b.take(p, found)
		}
	}
}

// take makes what the CRM said of a number the contacts of this batch.
func (b *batch) take(phone string, found []models.Contact) {
	found = slices.Clone(found)
	for i := range found {
		if u := b.dir.UserByName(found[i].RespLogin); u != nil && found[i].RespLogin != "" {
			found[i].Responsible = u.ID
		}
	}
	b.told[phone] = true
	if len(found) > 0 {
		b.contacts[phone] = found
	}
}

// canAsk reports that a rule may have the CRM asked for the number.
func (b *batch) canAsk(phone string) bool { return b.in.opt.CRM != nil && !b.told[phone] }

// askAfter starts, after the commit, the questions that rules wanted. No
// operation waits for one: the answer comes as an operation of its own.
func (in *Inbox) askAfter(o *op, b *batch) {
	if in.opt.CRM == nil {
		return
	}
	for i := range o.steps {
		s := &o.steps[i]
		c := b.byID[s.CallID]
		if s.What != models.StepAsked || c == nil {
			continue
		}
		q := &asked{call: c.ID, phone: c.Phone}
		in.idle.Add(1) // o is not finished yet: Run waits for this too
		go func() {
			defer in.idle.Done()
			select {
			case in.asking <- struct{}{}:
				var err error
				q.contacts, q.known, err = in.opt.CRM.Lookup(context.Background(), q.phone)
				<-in.asking
				if err != nil {
					in.log.Warn("the CRM could not be asked who calls", "call", q.call, "err", err)
				}
			default:
				in.log.Warn("the CRM is asked too much at once", "call", q.call)
			}
			in.enqueue(&op{name: "caller looked up", asked: q})
		}()
	}
}

// enqueue queues an operation that follows from one that is not finished yet, or
// for which idle was raised, and does not wait for it.
func (in *Inbox) enqueue(o *op) {
	o.done = make(chan struct{})
	in.idle.Add(1)
	in.queue <- o
}

// routeAsked routes a call again with the CRM's answer.
func (b *batch) routeAsked(o *op) {
	c := b.merged(o.asked.call)
	if c == nil || c.MergedInto != 0 || c.Phone != o.asked.phone {
		return
	}
	s := b.dir.Sources[c.Source]
	if s == nil {
		return
	}
	b.changed[c.ID] = true
	if s.LineGroup != "" {
		known := b.known(c)
		for _, k := range known {
			b.changed[k.ID] = true
		}
		drafts, steps := routing.AskedOf(c, known, b.lineContext(o, c, s))
		b.collect(o, steps, drafts, c)
		return
	}
	drafts, steps := routing.Asked(c, b.context(o, c, s))
	b.collect(o, steps, drafts, c)
}
