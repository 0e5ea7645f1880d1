package store

import (
	"cmp"
	"context"
	"slices"

	"zummer/models"
)

// maxTimeline bounds one timeline.
const maxTimeline = 2000

// Timeline lists the steps of a notification, those of its call and which
// session was told of it when, the oldest first. Errors: NotFound when there is no such notification.
func (s *Store) Timeline(ctx context.Context, id int64) ([]models.Step, error) {
	own, err := s.steps(ctx, "notification_id = ? AND notification_id <> 0", id)
	if err != nil {
		return nil, reading(err, "read the timeline of notification %d", id)
	}
	if len(own) == 0 {
		return nil, models.Errorf(models.NotFound, "no notification %d", id)
	}
	all := own
	calls := map[int64]bool{}
	for _, st := range own {
		if st.CallID == 0 || calls[st.CallID] {
			continue
		}
		calls[st.CallID] = true
		more, err := s.steps(ctx, "call_id = ? AND call_id <> 0", st.CallID)
		if err != nil {
			return nil, reading(err, "read the timeline of call %d", st.CallID)
		}
		all = append(all, more...)
	}
	slices.SortFunc(all, func(a, b models.Step) int { return cmp.Compare(a.ID, b.ID) })
	told, err := s.deliveries(ctx, id)
	if err != nil {
		return nil, reading(err, "read who was told of notification %d", id)
	}
	return withDeliveries(slices.CompactFunc(all, func(a, b models.Step) bool { return a.ID == b.ID }), told), nil
}

func (s *Store) steps(ctx context.Context, where string, args ...any) ([]models.Step, error) {
	var out []models.Step
	err := each(ctx, s.read, func(r scanner) error {
		st, err := scanStep(r)
		out = append(out, st)
		return err
	}, "SELECT id, "+stepColumns+" FROM notification_events WHERE "+where+" ORDER BY id LIMIT ?", append(args, maxTimeline)...)
	return out, err
}
