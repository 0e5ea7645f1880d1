package inbox

import (
	"context"
	"maps"
	"time"

	"zummer/app/internal/routing"
	"zummer/models"
)

// handOver is a task that goes also to the deputy of a user who is away.
type handOver struct {
	key      string
	from, to int64
}

// StandIn gives tasks that nobody who has them looks at also to a deputy: the
// next one, in the order of the absent user's groups, who is present. The rows
// of the absent stay. It says how many went to somebody; a task whose user came
// back, or that was taken meanwhile, is left alone, and so is one for which
// nobody is present. Doing it twice is harmless.
func (in *Inbox) StandIn(ctx context.Context, tasks []models.Task) (int, error) {
	dir := in.opt.Directory()
	var all []handOver
	for _, t := range tasks {
		if h, ok := in.deputyOf(dir, t); ok {
			all = append(all, h)
		}
	}
	n := 0
	for len(all) > 0 {
		part := all[:min(len(all), 50)]
		all = all[len(part):]
		o := &op{name: "stand in", handOver: part}
		if err := in.submit(ctx, o); err != nil {
			return n, err
		}
		n += o.settled
	}
	return n, nil
}

func (in *Inbox) deputyOf(dir *models.Directory, t models.Task) (handOver, bool) {
	for _, u := range t.Users {
		if in.present(u) {
			return handOver{}, false
		}
	}
	for _, u := range t.Users {
		if d := dir.Deputy(u, in.surely); d != 0 {
			return handOver{key: t.Key, from: u, to: d}, true
		}
	}
	return handOver{}, false
}

// lockHandOver adds whom a handing over locks, and their rows.
func lockHandOver(all []handOver, users map[int64]bool, sel *models.RowSelect) {
	for _, h := range all {
		for _, u := range []int64{h.from, h.to} {
			users[u] = true
			sel.Keys = append(sel.Keys, models.RowKey{User: u, Key: h.key})
		}
	}
}

// handOver carries out StandIn on the locked sets.
func (b *batch) handOver(o *op) error {
	l := b.ledger
	for _, h := range o.handOver {
		e := l.pending(models.RowKey{User: h.from, Key: h.key})
		have := l.pending(models.RowKey{User: h.to, Key: h.key})
		from, to := b.dir.Users[h.from], b.dir.Users[h.to]
		if e == nil || routing.Task(e.n) == "" || !routing.HandsOver(b.dir.Rules, e.n.Rule) || have != nil && have.n.Action != models.ActionNone || from == nil || to == nil || !to.Active {
			continue
		}
		d := models.Draft{UserID: to.ID, CollapseKey: h.key, Kind: e.n.Kind, Action: e.n.Action, CallID: e.n.CallID, SourceID: e.n.SourceID, Rule: "deputy",
			RulesVersion: e.n.RulesVersion, Reason: "stands in for one who has not polled: " + from.Login, Payload: e.n.Payload, TTL: e.n.ExpiresAt.Sub(b.now)}
		d.Payload.Text = models.CutText(e.n.Payload.Text+b.in.opt.Language.T(", вместо: ", ", instead of ")+from.DisplayName(), models.MaxText)
		d.Payload.Data = maps.Clone(e.n.Payload.Data)
		if d.Payload.Data == nil {
			d.Payload.Data = map[string]any{}
		}
		d.Payload.Data["deputy_for"] = from.Login
		if _, err := l.draft(o, &d); err != nil {
			return err
		}
		l.step(models.StepDeputy, e.n, o, models.Step{Rule: "deputy", Reason: "has not polled: also told to " + to.Login})
		o.settled++
	}
	return nil
}

// surelyPresent reports that user is known to be present: nobody stands in on a guess.
func (in *Inbox) surelyPresent(user int64) bool {
	now := time.Now()
	return in.presence.polled(user, in.opt.DeputyAfter, now) || in.elsewhere.polled(user, in.opt.DeputyAfter, now, false)
}

// presentHere reports that a client of user polls this process, or has within
// DeputyAfter. A process that has only just started knows nobody yet, and takes
// everybody for present.
func (in *Inbox) presentHere(user int64) bool {
	now := time.Now()
	return now.Sub(in.started) < in.opt.DeputyAfter || in.presence.within(user, in.opt.DeputyAfter, now)
}

// within reports that a session of user polls, or did less than d ago.
func (p *presence) within(user int64, d time.Duration, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.users[user] {
		if s.waiting > 0 || now.Sub(s.last) < d || now.Sub(s.answered) < d {
			return true
		}
	}
	return false
}
