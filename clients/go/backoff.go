package zummer

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// backoff is the pause after failures in a row: it doubles from first to last,
// and half of it is chance, so that a thousand clients do not come back at
// once. A Retry-After is the least there is.
type backoff struct {
	first, last time.Duration
	n           int // failures in a row
}

func (b *backoff) reset() { b.n = 0 }

func (b *backoff) next(err error) time.Duration {
	d := b.last
	if b.n < 16 {
		d = min(b.first<<b.n, b.last)
	}
	b.n++
	d = d/2 + rand.N(d/2+1)
	var e *Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		d = max(d, e.RetryAfter+rand.N(e.RetryAfter/4+1))
	}
	return d
}

// rest waits d, or until ctx ends; then it says so.
func rest(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// maxTries of a call that may be repeated.
const maxTries = 5

// again is call for requests that do no harm when they come twice: it tries
// until it is answered, five times at most.
func (c *Client) again(ctx context.Context, method, path string, in, out any, header ...string) error {
	b := backoff{first: 300 * time.Millisecond, last: 10 * time.Second}
	for {
		err := c.call(ctx, method, path, in, out, header...)
		if !retryable(ctx, err) || b.n+1 >= maxTries {
			return err
		}
		if rest(ctx, b.next(err)) != nil {
			return err
		}
	}
}
