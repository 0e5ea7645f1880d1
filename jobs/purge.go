package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Purger removes old rows.
type Purger interface {
	// Purge removes up to limit rows of table that are older than age by the
	// database's clock, and says how many went. Fewer than limit means that
	// nothing is left to remove. A partition may be dropped whole and then
	// counts as one. Never removed: what a pending row still refers to, and
	// calls that have not ended.
	Purge(ctx context.Context, table string, age time.Duration, limit int) (int, error)
}

// Retention says how long the rows of a table are kept.
type Retention struct {
	Table string // as the schema names it
	Age   time.Duration
}

// DefaultRetention is keep (ZUMMER_RETENTION) for the journal, the timeline
// and the call log, a day for the keys that tell repeats, two for who
// polled, and nothing for sign-ins that have ended.
func DefaultRetention(keep time.Duration) []Retention {
	return []Retention{
		{"notification_events", keep},
		{"deliveries", keep},
		{"webhooks", keep},
		{"calls", keep},
		{"webhook_keys", 24 * time.Hour},
		{"idempotency_keys", 24 * time.Hour},
		{"presence", 48 * time.Hour},
		{"sign_ins", 0}, // those that have ended
	}
}

const (
	purgeBatch   = 2000
	purgeBatches = 500 // a million rows a table and run; the rest goes an hour later
)

// Purge removes, every hour, what is past its retention, in batches small
// enough that no webhook waits behind one. A table that fails does not keep
// the others from being purged.
func Purge(store Purger, keep []Retention) Job {
	return Job{Name: "purge", Every: time.Hour, Timeout: 30 * time.Minute, Run: func(ctx context.Context) ([]Count, error) {
		var out []Count
		var failed []error
		for _, r := range keep {
			n, err := purgeTable(ctx, store, r)
			out = append(out, Count{Name: r.Table, N: n})
			if err != nil {
				failed = append(failed, fmt.Errorf("purge %s: %w", r.Table, err))
			}
		}
		return out, errors.Join(failed...)
	}}
}

func purgeTable(ctx context.Context, store Purger, r Retention) (removed int64, err error) {
	for range purgeBatches {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		n, err := store.Purge(ctx, r.Table, r.Age, purgeBatch)
		removed += int64(n)
		if err != nil || n < purgeBatch {
			return removed, err
		}
	}
	return removed, nil
}
