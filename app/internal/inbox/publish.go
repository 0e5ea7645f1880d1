package inbox

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"zummer/app/internal/routing"
	"zummer/models"
	"zummer/models/phone"
)

// defaultTTL is how long a published row stays when its publisher names no time.
const defaultTTL = 14 * 24 * time.Hour

// Publish makes notifications from outside: one for a user or an extension's
// owner, one for every active member of a group. With an idempotency key a
// second call with the same hash returns what the first one made; with another
// hash it is refused (Invalid, code idempotency_mismatch), and while the first
// one runs it is Conflict "running".
func (in *Inbox) Publish(ctx context.Context, who models.Caller, p models.Publication) ([]models.Notification, error) {
	users, source, wrong := in.addressees(p)
	if wrong != nil && p.IdempotencyKey == "" {
		return nil, wrong
	}
	if p.TTL == 0 {
		p.TTL = defaultTTL
	}
	if n := phone.ParseLocal(p.Payload.Phone, in.opt.Region, in.opt.AreaCode); n.E164 != "" {
		p.Payload.Phone = n.E164
	}
	p.Payload.Object.Complete()
	p.Payload.Client.Complete()
	for i := range p.Payload.Candidates {
		p.Payload.Candidates[i].Complete()
	}
	if p.CollapseKey != "" { // a publisher's keys never meet the rules' own
		p.CollapseKey = "p:" + p.CollapseKey
	}
	o := &op{name: "publish", publish: &publish{users: users, source: source, key: p.IdempotencyKey, hash: p.Hash, wrong: wrong,
		draft: models.Draft{CollapseKey: p.CollapseKey, Kind: p.Kind, Action: p.Action, SourceID: source, Payload: p.Payload, TTL: p.TTL, Rule: "published"}}}
	if who.Token != nil {
		o.publish.token = who.Token.ID
		o.publish.draft.Reason = "published by token " + who.Token.Name
	}
	if err := in.submit(ctx, o); err != nil {
		return nil, err
	}
	return o.rows, nil
}

func (in *Inbox) addressees(p models.Publication) (users []int64, source int64, err error) {
	dir := in.opt.Directory()
	switch {
	case p.User != "":
		u := dir.UserByName(p.User)
		if u == nil || !u.Active {
			return nil, 0, models.InvalidField("user", "no active user has this login or external id")
		}
		return []int64{u.ID}, 0, nil
	case p.Extension != "":
		s := dir.SourceBySlug(p.Source)
		if s == nil {
			return nil, 0, models.InvalidField("extension.source", "no such source")
		}
		owner := dir.Owner(s.ID, []string{p.Extension})
		if shared := routing.Sharers(s.ID, p.Extension, dir, in.present); owner == 0 && len(shared) > 0 {
			return shared, s.ID, nil
		}
		if owner == 0 {
			return nil, 0, models.InvalidField("extension.number", "nobody owns this extension")
		}
		return []int64{owner}, s.ID, nil
	case p.Group != "":
		g := dir.GroupByName(p.Group)
		if g == nil {
			return nil, 0, models.InvalidField("group", "no such group")
		}
		members := dir.GroupMembers(g.ID)
		if len(members) == 0 {
			return nil, 0, models.InvalidField("group", "has no active members")
		}
		return members, 0, nil
	}
	return nil, 0, models.InvalidField("user", "one of user, extension and group is required")
}

// takeIdempotencyKey looks for an earlier publication under the same key.
func (b *batch) takeIdempotencyKey(ctx context.Context, o *op) error {
	p := o.publish
	var stored models.Idempotent
	var known bool
	var err error
	if p.wrong != nil {
		stored, known, err = b.tx.FindIdempotency(ctx, b.now, p.token, p.key)
	} else {
		stored, known, err = b.tx.Idempotency(ctx, b.now, p.token, p.key, p.hash)
	}
	switch {
	case err != nil:
		return fmt.Errorf("look for an idempotency key: %w", err)
	case !known:
		o.opErr = p.wrong
	case stored.Hash != p.hash:
		o.opErr = models.Coded(models.Invalid, "idempotency_mismatch", "this Idempotency-Key was used for another request")
	case stored.Response == nil:
		o.opErr = &models.Error{Kind: models.Conflict, Code: "running", Message: "the first request with this Idempotency-Key is still running", Retry: time.Second}
	default:
		if err := json.Unmarshal(stored.Response, &p.stored); err != nil {
			return fmt.Errorf("read the outcome of an idempotency key: %w", err)
		}
		o.rows = p.stored
	}
	return nil
}

// publish carries out one publication on the locked sets.
func (b *batch) publish(o *op) error {
	p := o.publish
	if p.stored != nil {
		return nil
	}
	for _, u := range p.users {
		d := p.draft
		d.UserID = u
		n, err := b.ledger.draft(o, &d)
		if err != nil {
			return err
		}
		o.rows = append(o.rows, *n)
	}
	if p.key == "" {
		return nil
	}
	text, err := json.Marshal(o.rows)
	if err != nil {
		return fmt.Errorf("encode the outcome of a publication: %w", err)
	}
	b.outcomes = append(b.outcomes, outcome{token: p.token, key: p.key, text: text})
	return nil
}

// outcome is what an idempotency key shall answer next time.
type outcome struct {
	token int64
	key   string
	text  []byte
}

// Actions of Administrate.
const (
	AdminProcess  = "process"
	AdminRequeue  = "requeue"
	AdminReassign = "reassign"
	AdminExpire   = "expire"
)

// Administrate processes, expires, requeues (as a new row that follows the old
// one, or under a new rev while it is pending) or reassigns one row, and
// writes who did it on the timeline.
func (in *Inbox) Administrate(ctx context.Context, by models.Actor, id int64, action string, toUser int64) (models.Notification, error) {
	if !slices.Contains([]string{AdminProcess, AdminRequeue, AdminReassign, AdminExpire}, action) {
		return models.Notification{}, models.Errorf(models.NotFound, "no action %q", action)
	}
	if action == AdminReassign {
		if u := in.opt.Directory().Users[toUser]; u == nil || !u.Active {
			return models.Notification{}, models.InvalidField("user", "no active user has this login or external id")
		}
	} else {
		toUser = 0
	}
	o := &op{name: action, admin: &admin{id: id, action: action, toUser: toUser, by: by}}
	if err := in.submit(ctx, o); err != nil {
		return models.Notification{}, err
	}
	return *o.admin.row, nil
}

// administrate carries out one administrator's action on the locked sets.
func (b *batch) administrate(o *op) error {
	a, l := o.admin, b.ledger
	e := l.rows[models.RowRef{User: a.owner, ID: a.id}]
	reason := models.Step{Reason: "by " + a.by.Who}
	if e == nil || e.deleted {
		if e != nil { // settled by an earlier operation of this batch
			n := *e.n
			o.requeued = &n
		}
		return b.requeueSettled(o)
	}
	defer func() { a.settle(e.n) }()
	switch a.action {
	case AdminProcess:
		l.remove(o, e, models.StepProcessed, reason)
	case AdminExpire:
		l.remove(o, e, models.StepExpired, reason)
	case AdminRequeue:
		e.n.Session, e.n.Leased = "", time.Time{} // whoever held it did not open it
		l.revise(o, e, &models.Draft{Kind: e.n.Kind, Action: again(e.n), Payload: e.n.Payload, Shared: e.n.Shared, RulesVersion: e.n.RulesVersion, Rule: e.n.Rule, Reason: "requeued by " + a.by.Who, TTL: defaultTTL})
		l.step(models.StepRequeued, e.n, o, reason)
	case AdminReassign:
		if a.toUser == a.owner {
			o.opErr = models.InvalidField("user", "the row is this user's already")
			return nil
		}
		l.remove(o, e, models.StepReassign, models.Step{Reason: "to another user, by " + a.by.Who})
		return b.copyTo(o, e.n, a.toUser, "reassigned by "+a.by.Who)
	}
	return nil
}

// settle keeps the row as this operation leaves it: later ones of the batch
// may change it.
func (a *admin) settle(n *models.Notification) {
	if a.row == nil {
		row := *n
		a.row = &row
	}
}

// requeueSettled brings a settled row back as a new one that follows it.
func (b *batch) requeueSettled(o *op) error {
	a := o.admin
	if a.action != AdminRequeue {
		o.opErr = models.Coded(models.Conflict, "moved_on", "notification %d is not pending any more", a.id)
		return nil
	}
	if o.requeued == nil {
		o.opErr = models.Errorf(models.NotFound, "notification %d is no longer in the history", a.id)
		return nil
	}
	o.requeued.Action, o.requeued.CollapseKey = again(o.requeued), "" // a row of its own
	return b.copyTo(o, o.requeued, a.owner, "requeued by "+a.by.Who)
}

// again is the action of a requeued row: what would have opened a form while
// the call lived comes back as a card.
func again(n *models.Notification) models.Action {
	if n.CallID != 0 && (n.Action.Opens() || n.Action == models.ActionIndicate || n.Action == models.ActionNone) {
		return models.ActionShow
	}
	return n.Action
}

func (b *batch) copyTo(o *op, n *models.Notification, user int64, reason string) error {
	made, err := b.ledger.draft(o, &models.Draft{UserID: user, CollapseKey: n.CollapseKey, Kind: n.Kind, Action: n.Action, CallID: n.CallID,
		SourceID: n.SourceID, Follows: n.ID, Shared: n.Shared, RulesVersion: n.RulesVersion, Rule: n.Rule, Reason: reason, Payload: n.Payload, TTL: defaultTTL})
	if err != nil {
		return err
	}
	o.admin.settle(made)
	b.ledger.step(models.StepRequeued, made, o, models.Step{Reason: reason})
	return nil
}
