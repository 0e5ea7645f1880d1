package jobs

import (
	"context"
	"fmt"
	"time"

	"zummer/models"
)

// Meter counts what is in the database.
type Meter interface {
	// Stats counts pending rows, their age, and today's traffic.
	Stats(ctx context.Context) (models.Stats, error)
}

// Stats reads, at the start and every minute and in every replica, the figures
// that only the database knows, and hands them to show, which sets gauges.
func Stats(store Meter, show func(models.Stats)) Job {
	return Job{Name: "stats", Every: time.Minute, Timeout: 20 * time.Second, AtStart: true, EachReplica: true, Run: func(ctx context.Context) ([]Count, error) {
		s, err := store.Stats(ctx)
		if err != nil {
			return nil, fmt.Errorf("read statistics: %w", err)
		}
		show(s)
		return nil, nil
	}}
}
