package jobs

import (
	"context"
	"fmt"
	"time"

	"zummer/models"
)

// WaitingTasks finds missed calls that wait to be called back.
type WaitingTasks interface {
	// WaitingTasks returns up to limit tasks to call back that were told to the
	// last of their users age ago or earlier, by the database's clock, in order
	// of their keys after the given one.
	WaitingTasks(ctx context.Context, age time.Duration, after string, limit int) ([]models.Task, error)
}

// StandIns hand tasks to deputies.
type StandIns interface {
	// StandIn gives the tasks whose users are all away also to a deputy who is
	// present, and says how many went to somebody. Twice does no harm.
	StandIn(ctx context.Context, tasks []models.Task) (int, error)
}

const (
	deputyBatch   = 500
	deputyBatches = 20 // a run looks at 10,000 tasks at most
)

// Deputies gives, every 15 s, the missed calls that nobody has called back for
// after, and whose users have not polled for as long, also to the next one of
// their groups who is present.
func Deputies(find WaitingTasks, do StandIns, after time.Duration) Job {
	return Job{Name: "deputies", Every: 15 * time.Second, Timeout: time.Minute, Run: func(ctx context.Context) ([]Count, error) {
		given, last := 0, ""
		for range deputyBatches {
			tasks, err := find.WaitingTasks(ctx, after, last, deputyBatch)
			if err != nil {
				return counts("tasks", int64(given)), fmt.Errorf("find missed calls that wait: %w", err)
			}
			if len(tasks) == 0 {
				break
			}
			n, err := do.StandIn(ctx, tasks)
			given += n
			if err != nil {
				return counts("tasks", int64(given)), fmt.Errorf("hand over to deputies: %w", err)
			}
			if len(tasks) < deputyBatch {
				break
			}
			last = tasks[len(tasks)-1].Key
		}
		return counts("tasks", int64(given)), nil
	}}
}
