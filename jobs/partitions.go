package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// Partitioner looks after tables that are cut by day.
type Partitioner interface {
	// EnsurePartitions makes what is missing of today's partitions and those
	// of the next days; it returns how many it made. A database without
	// partitions makes none.
	EnsurePartitions(ctx context.Context, days int) (made int, err error)
	// StrayRows counts (or estimates, but never as 0 when there are some) the
	// rows that fell into a DEFAULT partition because their day had none.
	StrayRows(ctx context.Context) (int64, error)
}

// partitionDays is how long the job may be away before rows go astray.
const partitionDays = 3

// Partitions makes, at the start and every 6 h, the partitions of the next
// three days, and raises an alarm when rows fell into a DEFAULT one: they keep
// that day's partition from being made. alarm is told the number of such rows
// each time, 0 included, for a gauge; nil: nobody.
func Partitions(store Partitioner, log *slog.Logger, alarm func(rows int64)) Job {
	return Job{Name: "partitions", Every: 6 * time.Hour, AtStart: true, Run: func(ctx context.Context) ([]Count, error) {
		made, err := store.EnsurePartitions(ctx, partitionDays)
		if err != nil {
			err = fmt.Errorf("make partitions: %w", err)
		}
		rows, strayErr := store.StrayRows(ctx)
		if strayErr == nil {
			if alarm != nil {
				alarm(rows)
			}
			if rows > 0 {
				log.ErrorContext(ctx, "rows in a default partition: the day's own partition was missing", "job", "partitions", "rows", rows)
			}
		} else if err == nil {
			err = fmt.Errorf("look for rows in default partitions: %w", strayErr)
		}
		return counts("made", int64(made)), err
	}}
}
