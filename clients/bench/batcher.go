package main

import (
	"context"
	"time"
)

// batcher collects jobs of concurrent requests and hands them to flush
// together: that is what makes a durable commit cheap.
type batcher[T any] struct {
	queue  chan *job[T]
	size   int
	linger time.Duration // how long a batch waits for more; 0: takes what is there
	flush  func(ctx context.Context, jobs []*job[T]) error
}

type job[T any] struct {
	what T
	done chan error
}

// newBatcher starts flushers goroutines that end with ctx.
func newBatcher[T any](ctx context.Context, flushers, size int, linger time.Duration, flush func(context.Context, []*job[T]) error) *batcher[T] {
	b := &batcher[T]{queue: make(chan *job[T], 16384), size: size, linger: linger, flush: flush}
	for range flushers {
		go b.run(ctx)
	}
	return b
}

// do returns when the job's batch is committed.
func (b *batcher[T]) do(ctx context.Context, what T) error {
	j := &job[T]{what: what, done: make(chan error, 1)}
	select {
	case b.queue <- j:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *batcher[T]) run(ctx context.Context) {
	jobs := make([]*job[T], 0, b.size)
	for {
		select {
		case j := <-b.queue:
			jobs = append(jobs[:0], j)
		case <-ctx.Done():
			return
		}
		jobs = b.fill(jobs)
		err := b.flush(ctx, jobs)
		for _, j := range jobs {
			j.done <- err
		}
	}
}

func (b *batcher[T]) fill(jobs []*job[T]) []*job[T] {
	var over <-chan time.Time
	for len(jobs) < b.size {
		select {
		case j := <-b.queue:
			jobs = append(jobs, j)
			continue
		default:
		}
		if b.linger == 0 || len(jobs) == 1 && over == nil && len(b.queue) == 0 {
			return jobs // nobody else is there: do not keep the one waiting
		}
		if over == nil {
			over = time.After(b.linger)
		}
		select {
		case j := <-b.queue:
			jobs = append(jobs, j)
		case <-over:
			return jobs
		}
	}
	return jobs
}
