package jobs

import (
	"context"
	"fmt"
	"time"
)

// Expiries finds inboxes in which something has expired.
type Expiries interface {
	// NextExpiries returns up to limit users whose next_expiry has passed by
	// the database's clock, the longest overdue first.
	NextExpiries(ctx context.Context, limit int) ([]int64, error)
}

// Expirer makes the passing of time a write.
type Expirer interface {
	// Expire takes what has expired out of the sets of users, in one
	// operation per user; a user in whose set nothing has expired is left alone.
	Expire(ctx context.Context, users []int64) error
}

const (
	expireBatch   = 500
	expireBatches = 20 // a run does 10,000 users at most; the next one is 5 s away
)

// Expire sweeps, every 5 s, the users whose rows expired while nobody polled:
// a poll expires its own user's rows before it answers.
func Expire(find Expiries, do Expirer) Job {
	return Job{Name: "expire", Every: 5 * time.Second, Timeout: time.Minute, Run: func(ctx context.Context) ([]Count, error) {
		var swept int64
		for range expireBatches {
			users, err := find.NextExpiries(ctx, expireBatch)
			if err != nil {
				return counts("users", swept), fmt.Errorf("find expired inboxes: %w", err)
			}
			if len(users) == 0 {
				break
			}
			if err := do.Expire(ctx, users); err != nil {
				return counts("users", swept), fmt.Errorf("expire rows of %d users: %w", len(users), err)
			}
			swept += int64(len(users))
			if len(users) < expireBatch {
				break
			}
		}
		return counts("users", swept), nil
	}}
}

func counts(name string, n int64) []Count { return []Count{{Name: name, N: n}} }
