package jobs

import (
	"context"
	"fmt"
	"time"
)

// StuckCalls finds calls whose end never came.
type StuckCalls interface {
	// StuckCalls returns up to limit calls that have not ended and of which
	// nothing was heard for age, by the database's clock, oldest first.
	StuckCalls(ctx context.Context, age time.Duration, limit int) ([]int64, error)
}

// CallCloser ends calls.
type CallCloser interface {
	// CloseCalls ends the calls as if the PBX had said so now, and says how
	// many it ended; one that ended meanwhile is left alone.
	CloseCalls(ctx context.Context, ids []int64) (int, error)
}

const (
	stuckAge   = 4 * time.Hour
	stuckBatch = 500
)

// Stuck closes, every 5 min, the calls that have been open for 4 h without a
// word: PBXs restart and lose hang-ups, and no pop-up may live for ever.
func Stuck(find StuckCalls, do CallCloser) Job {
	return Job{Name: "stuck", Every: 5 * time.Minute, Run: func(ctx context.Context) ([]Count, error) {
		ids, err := find.StuckCalls(ctx, stuckAge, stuckBatch)
		if err != nil {
			return nil, fmt.Errorf("find stuck calls: %w", err)
		}
		if len(ids) == 0 {
			return counts("calls", 0), nil
		}
		n, err := do.CloseCalls(ctx, ids)
		if err != nil {
			err = fmt.Errorf("close %d stuck calls: %w", len(ids), err)
		}
		return counts("calls", int64(n)), err
	}}
}
