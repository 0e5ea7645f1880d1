package inbox

import (
	"context"
	"fmt"
	"slices"
	"time"

	"zummer/models"
)

// fold keeps a set at MaxSet rows: the oldest become one digest row, those of
// living calls last; all stay in the history.
func (b *batch) fold(ctx context.Context) error {
	l := b.ledger
	var full []int64
	for u, ib := range l.inboxes {
		if ib.Pending > models.MaxSet {
			full = append(full, u)
		}
	}
	if len(full) == 0 {
		return nil
	}
	slices.Sort(full)
	rows, err := b.tx.Rows(ctx, models.RowSelect{All: full, Now: b.now})
	if err != nil {
		return fmt.Errorf("read full sets: %w", err)
	}
	for _, n := range rows {
		if l.rows[models.RowRef{User: n.UserID, ID: n.ID}] == nil {
			l.add(n, true)
		}
	}
	for _, u := range full {
		if err := b.foldUser(u); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) foldUser(user int64) error {
	l := b.ledger
	l.begin()
	all := l.of(user)
	slices.SortStableFunc(all, func(x, y *entry) int { return x.n.UpdatedAt.Compare(y.n.UpdatedAt) })
	key := models.RowKey{User: user, Key: models.KindDigest}
	over, folded := len(all)-models.MaxSet, 0
	if l.pending(key) == nil {
		over++
	} else {
		folded = number(l.pending(key).n.Payload.Data["count"])
	}
	expires := 14 * 24 * time.Hour
	for _, live := range []bool{false, true} { // live calls only when nothing else is left
		for _, e := range all {
			if over <= 0 || e.n.Live() != live || e.n.Kind == models.KindDigest {
				continue
			}
			l.remove(nil, e, models.StepFolded, models.Step{Reason: "more than 500 rows: told by the digest"})
			over--
			folded++
		}
	}
	in := b.in.opt.Language
	_, err := l.draft(&op{}, &models.Draft{UserID: user, CollapseKey: models.KindDigest, Kind: models.KindDigest, Action: models.ActionShow, TTL: expires,
		Rule: "digest", Reason: "a set holds at most 500 rows", Payload: models.Payload{Title: fmt.Sprintf(in.T("И ещё %d", "And %d more"), folded),
			Text: in.T("Старые уведомления — в истории", "Older ones are in the history"), Data: map[string]any{"count": folded}}})
	return err
}
