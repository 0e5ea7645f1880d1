package inbox

import (
	"context"

	"zummer/app/internal/hub"
	"zummer/models"
)

// BeginPoll is Poll up to its wait: it answers, or it returns what waits, which
// must then be waited for.
func (in *Inbox) BeginPoll(ctx context.Context, who models.Caller, q models.PollQuery) (models.PendingSet, models.Waiting, error) {
	if who.User == nil {
		return models.PendingSet{}, nil, models.Errorf(models.Forbidden, "this token belongs to no user")
	}
	p := in.arrive(ctx, who, &q)
	err := p.begin()
	if p.waiter != nil {
		return models.PendingSet{}, p, nil
	}
	p.leave()
	return p.set, nil, err
}

// Wait implements models.Waiting.
func (p *poll) Wait(ctx context.Context, line models.Line) (models.PendingSet, error) {
	p.ctx = ctx
	err := p.wait(line)
	p.leave()
	return p.set, err
}

func (p *poll) wait(line models.Line) error {
	w := p.waiter
	defer w.Close()
	w.On(line)
	for {
		if signal := w.Wait(p.ctx, p.until); signal != hub.Woken {
			if over, err := p.told(signal); over {
				return err
			}
		}
		w.Clear()
		if done, err := p.look(); done || err != nil {
			return err
		}
	}
}
