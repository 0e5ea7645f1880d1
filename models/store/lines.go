package store

import (
	"context"
	"slices"

	"zummer/models"
)

// LockLines keeps other transactions that name one of these line groups waiting
// until this one ends. groups are in order. SQLite has one writer as it is.
func (tx *Tx) LockLines(ctx context.Context, groups []string) error {
	if tx.d.sqlite {
		return nil
	}
	for _, g := range groups {
		if err := tx.exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", "zummer line group "+g); err != nil {
			return err
		}
	}
	return nil
}

// recentLegs is how many of a person's newest legs are looked at: no more than
// that can have begun within some seconds.
const recentLegs = 200

// LineCalls finds the conversations of calls that have a leg as searched for,
// without merged calls.
func (tx *Tx) LineCalls(ctx context.Context, searches []models.LineSearch) ([]int64, error) {
	var out []int64
	for _, s := range searches {
		in, sources := tx.d.in("i", anys(s.Sources))
		from, to := tx.d.ts(s.From), tx.d.ts(s.To)
		args := append(append([]any{s.User, recentLegs}, sources...), from, to, from, to)
		err := tx.each(ctx, func(r scanner) error {
			var id, conversation int64
			err := r.Scan(&id, &conversation)
			if conversation != 0 {
				id = conversation
			}
			out = append(out, id)
			return err
		}, "SELECT id, conversation FROM calls WHERE merged_into = 0 AND id IN (SELECT call_id FROM"+
			" (SELECT call_id, source_id, rang_at, answered_at FROM call_legs WHERE user_id = ? AND user_id <> 0 ORDER BY call_id DESC LIMIT ?) l"+
			" WHERE source_id"+in+" AND (rang_at BETWEEN ? AND ? OR answered_at BETWEEN ? AND ?))", args...)
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// ConversationCalls lists the calls that are part of conversations, without
// merged ones.
func (tx *Tx) ConversationCalls(ctx context.Context, conversations []int64) ([]int64, error) {
	var out []int64
	err := chunks(conversations, 2, func(part []int64) error {
		in, args := tx.d.in("i", anys(part))
		in2, args2 := tx.d.in("i", anys(part))
		return tx.each(ctx, func(r scanner) error {
			var id int64
			err := r.Scan(&id)
			out = append(out, id)
			return err
		}, "SELECT id FROM calls WHERE id"+in+" AND merged_into = 0 UNION SELECT id FROM calls WHERE conversation <> 0 AND conversation"+in2+" AND merged_into = 0",
			append(args, args2...)...)
	})
	return out, err
}
