package inbox

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"zummer/models"
)

// errClosed is answered once Run ended.
func errClosed() error {
	return &models.Error{Kind: models.Unavailable, Code: "draining", Message: "the service is stopping; try again", Retry: 2 * time.Second}
}

// submit queues o and waits until its batch is committed or has failed. The
// operation is carried out even if ctx ends first.
func (in *Inbox) submit(ctx context.Context, o *op) error {
	o.done = make(chan struct{})
	in.idle.Add(1)
	select {
	case <-in.closing:
		in.idle.Done()
		return errClosed()
	default:
	}
	select {
	case in.queue <- o:
	default:
		in.idle.Done()
		return &models.Error{Kind: models.Unavailable, Code: "queue_full", Message: "too many operations are waiting; try again", Retry: time.Second}
	}
	select {
	case <-o.done:
		return o.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (o *op) finish(in *Inbox, err error) {
	o.err = err
	close(o.done)
	in.idle.Done()
}

// flushLoop collects operations into batches. Alone, an operation is written
// at once; while operations keep coming a batch lingers for more.
func (in *Inbox) flushLoop(ctx context.Context) {
	busy := false
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for first := range in.queue {
		batch := append(make([]*op, 0, in.opt.BatchSize), first)
		batch = in.drain(batch)
		if busy && len(batch) < in.opt.BatchSize {
			timer.Reset(in.opt.Linger)
			batch = in.linger(batch, timer)
		}
		busy = len(batch) > 1
		in.flush(ctx, batch)
	}
}

// drain takes what is queued already.
func (in *Inbox) drain(batch []*op) []*op {
	for len(batch) < in.opt.BatchSize {
		select {
		case o, ok := <-in.queue:
			if !ok {
				return batch
			}
			batch = append(batch, o)
		default:
			return batch
		}
	}
	return batch
}

func (in *Inbox) linger(batch []*op, timer *time.Timer) []*op {
	for len(batch) < in.opt.BatchSize {
		select {
		case o, ok := <-in.queue:
			if !ok {
				return batch
			}
			batch = append(batch, o)
		case <-timer.C:
			return batch
		}
	}
	return batch
}

// batchTimeout bounds one transaction with its retries.
const batchTimeout = 20 * time.Second

// flush writes a batch. An error of a statement halves the batch until the bad
// operation stands alone and is refused by itself.
func (in *Inbox) flush(ctx context.Context, ops []*op) {
	start := time.Now()
	err := in.write(ctx, ops)
	if in.opt.Observe != nil {
		in.opt.Observe(len(ops), time.Since(start), err)
	}
	switch {
	case err == nil:
	case errors.Is(err, errNoIDs):
		for _, o := range ops {
			o.extra += 1000
		}
		in.flush(ctx, ops)
	case models.KindOf(err) == models.Unavailable || errors.Is(err, context.DeadlineExceeded):
		if models.KindOf(err) != models.Unavailable {
			err = models.Away(err)
		}
		for _, o := range ops {
			o.finish(in, err)
		}
	case len(ops) > 1:
		in.flush(ctx, ops[:len(ops)/2])
		in.flush(ctx, ops[len(ops)/2:])
	default:
		in.refuse(ctx, ops[0], err)
	}
}

// refuse ends an operation that the database or its own data would not take.
// A webhook is kept alone with its error, and that is a success.
func (in *Inbox) refuse(ctx context.Context, o *op, cause error) {
	if o.accept == nil || o.bad {
		if models.KindOf(cause) == models.Internal {
			in.log.ErrorContext(ctx, "operation refused", "operation", o.name, "err", cause)
		}
		o.finish(in, cause)
		return
	}
	in.log.ErrorContext(ctx, "webhook could not be applied", "source", o.accept.Source.Slug, "err", cause)
	o.bad, o.badText = true, "could not be applied; an error was logged"
	in.flush(ctx, []*op{o})
}

// write runs one transaction over ops, then tells the world; operations that
// were put off (taken.go) run right after it in one of their own.
func (in *Inbox) write(parent context.Context, ops []*op) error {
	ctx, cancel := context.WithTimeout(parent, batchTimeout)
	defer cancel()
	first, n, err := in.reserve(ctx, ops)
	if err != nil {
		return err
	}
	var b *batch         // the last run that came to its end
	var answers []func() // bring back what it found, once another one has begun
	err = in.opt.Store.Write(ctx, func(tx Tx) (err error) {
		defer func() { // a bug that one operation meets must not take its neighbours down
			if r := recover(); r != nil {
				err = fmt.Errorf("panic in a batch: %v\n%s", r, debug.Stack())
			}
		}()
		if b != nil && answers == nil {
			for _, o := range ops {
				answers = append(answers, o.keep())
			}
		}
		run := &batch{in: in, tx: tx, ops: ops, ids: idRange{first: first, next: first, end: first + int64(n)}, again: b != nil}
		if err := run.run(ctx); err != nil {
			return err
		}
		b, answers = run, nil
		return nil
	})
	switch {
	case errors.Is(err, errCommitted): // what that run found out holds
		for _, restore := range answers {
			restore()
		}
	case err != nil:
		return err
	}
	if b.newDir != nil && in.opt.NewDirectory != nil {
		in.opt.NewDirectory(b.newDir)
	}
	in.announce(b.ledger.changed(), in.calms(b.ledger), b.now, b.at)
	in.opt.Hub.Pulse().Beat()
	off, done := parted(ops)
	for _, o := range done {
		in.askAfter(o, b)
		o.finish(in, o.opErr)
	}
	if len(off) > 0 {
		in.flush(parent, off)
	}
	return nil
}

// reserve takes ids for everything the batch may create. The bound is on the
// safe side; ids are cheap and gaps are normal.
func (in *Inbox) reserve(ctx context.Context, ops []*op) (int64, int, error) {
	n := 0
	for _, o := range ops {
		n += o.needs(in.opt.Directory())
	}
	if n == 0 {
		return 0, 0, nil
	}
	first, err := in.opt.Store.Reserve(ctx, n)
	if err != nil {
		return 0, 0, fmt.Errorf("reserve %d ids: %w", n, err)
	}
	return first, n, nil
}

// idRange hands out reserved ids.
type idRange struct{ first, next, end int64 }

// errCommitted ends a run of a batch whose earlier run was committed: only the
// answer to the commit was lost.
var errCommitted = errors.New("committed before")

// errNoIDs makes the batch run again with more.
var errNoIDs = errors.New("reserved ids used up")

func (r *idRange) take() (int64, error) {
	if r.next >= r.end {
		return 0, errNoIDs
	}
	r.next++
	return r.next - 1, nil
}
