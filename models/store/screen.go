package store

import (
	"context"
	"slices"
	"time"

	"zummer/models"
)

// screenSteps bounds how many of a user's last steps are measured.
const screenSteps = 2000

// ScreenTimes measures how long a user's rows took since a time: from each
// revision to the first client that was told of it, and to the form that was
// opened for it.
func (s *Store) ScreenTimes(ctx context.Context, user int64, since time.Time) (models.ScreenTimes, error) {
	type rev struct {
		id  int64
		rev int
	}
	made, opened := map[rev]time.Time{}, map[rev]time.Time{}
	err := each(ctx, s.read, func(r scanner) error {
		var k rev
		var what, reason string
		var at dbTime
		if err := r.Scan(&k.id, &k.rev, &what, &reason, &at); err != nil {
			return err
		}
		switch {
		case what == models.StepProcessed && reason == string(models.OutcomeOpened):
			opened[k] = at.Time
		case what == models.StepProcessed:
		default:
			made[k] = at.Time
		}
		return nil
	}, "SELECT notification_id, rev, what, reason, at FROM notification_events WHERE user_id = ? AND user_id <> 0 AND notification_id <> 0 AND at >= ? AND what IN (?,?,?,?,?) ORDER BY id DESC LIMIT ?",
		user, s.dialect.ts(since), models.StepStored, models.StepRevised, models.StepRequeued, models.StepReassign, models.StepProcessed, screenSteps)
	if err != nil {
		return models.ScreenTimes{}, reading(err, "read the steps of a user")
	}
	var ids []int64
	for k := range made {
		ids = append(ids, k.id)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	told := map[rev]time.Time{}
	err = chunks(ids, 1, func(part []int64) error {
		return each(ctx, s.read, func(r scanner) error {
			var k rev
			var at dbTime
			if err := r.Scan(&k.id, &k.rev, &at); err != nil {
				return err
			}
			if first, ok := told[k]; !ok || at.Before(first) {
				told[k] = at.Time
			}
			return nil
		}, "SELECT notification_id, rev, at FROM deliveries WHERE notification_id IN ("+marks(len(part))+")", anys(part)...)
	})
	if err != nil {
		return models.ScreenTimes{}, reading(err, "read who was told")
	}
	var out models.ScreenTimes
	out.Told, out.ToldP50, out.ToldP95 = quantiles(made, told)
	out.Opened, out.OpenedP50, out.OpenedP95 = quantiles(made, opened)
	return out, nil
}

// quantiles are of the times from made to done.
func quantiles[K comparable](made, done map[K]time.Time) (n int, p50, p95 time.Duration) {
	var took []time.Duration
	for k, at := range done {
		if from, ok := made[k]; ok {
			took = append(took, max(0, at.Sub(from)))
		}
	}
	if len(took) == 0 {
		return 0, 0, 0
	}
	slices.Sort(took)
	return len(took), took[(len(took)-1)*50/100], took[(len(took)-1)*95/100]
}
