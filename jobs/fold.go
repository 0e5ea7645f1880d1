package jobs

import (
	"context"
	"fmt"
	"time"
)

// NameFolder makes the names of contacts ready to be looked for.
type NameFolder interface {
	// FoldContacts does so for up to limit contacts that an older version
	// stored, and counts them.
	FoldContacts(ctx context.Context, limit int) (int, error)
}

const foldBatch = 500

// Fold runs at the start and once an hour: after an upgrade it has all
// contacts to do, then nothing.
func Fold(do NameFolder) Job {
	return Job{Name: "fold", Every: time.Hour, Timeout: 10 * time.Minute, AtStart: true, Run: func(ctx context.Context) ([]Count, error) {
		total := int64(0)
		for {
			n, err := do.FoldContacts(ctx, foldBatch)
			total += int64(n)
			if err != nil {
				return counts("contacts", total), fmt.Errorf("fold the names of contacts: %w", err)
			}
			if n == 0 {
				return counts("contacts", total), nil
			}
		}
	}}
}
