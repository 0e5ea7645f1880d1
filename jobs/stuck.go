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

// SilentCalls finds calls whose end their PBX may never tell.
type SilentCalls interface {
	// SilentCalls returns up to limit incoming calls of sources that nobody
	// answered, whose attempts (one at least) have all ended, and of which
	// nothing was heard for age, by the database's clock, oldest first.
	SilentCalls(ctx context.Context, sources []int64, age time.Duration, limit int) ([]int64, error)
}

// SilentCloser ends calls that fell silent.
type SilentCloser interface {
	// CloseSilent ends the calls on the guess that nothing more will come of
	// them, and says how many it ended; one that rings again, was answered or
	// ended meanwhile is left alone.
	CloseSilent(ctx context.Context, ids []int64) (int, error)
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

	// silentAge is longer than the pauses of a queue between two phones, and
	// short enough to call back somebody who still has his telephone in hand.
	silentAge = 90 * time.Second
)

// Silent closes, every 30 s, the calls that all phones have stopped ringing for
// 90 s ago, of sources (by id, asked at each run) whose system does not always
// tell that the caller is gone: else nobody would hear of the missed call for
// four hours. What the PBX tells later takes the closing's place.
func Silent(sources func() []int64, find SilentCalls, do SilentCloser) Job {
	return Job{Name: "silent", Every: 30 * time.Second, Run: func(ctx context.Context) ([]Count, error) {
		ids, err := find.SilentCalls(ctx, sources(), silentAge, stuckBatch)
		if err != nil {
			return nil, fmt.Errorf("find silent calls: %w", err)
		}
		if len(ids) == 0 {
			return counts("calls", 0), nil
		}
		n, err := do.CloseSilent(ctx, ids)
		if err != nil {
			err = fmt.Errorf("close %d silent calls: %w", len(ids), err)
		}
		return counts("calls", int64(n)), err
	}}
}

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
