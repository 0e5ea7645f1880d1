package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// written is a statement that waits to be sent.
type written struct {
	table string
	sql   string
	args  []any
}

// put runs a statement that writes table and returns nothing, at the latest
// before the transaction's next statement that reads, or its commit. Those that
// follow each other go to PostgreSQL as one statement, for the way there and
// back costs more than most of them do. In one statement none sees what the
// others did, so no table stands in it twice. SQLite is in this process: there
// it runs at once.
func (tx *Tx) put(ctx context.Context, table, sql string, args ...any) error {
	if tx.d.sqlite {
		return tx.exec(ctx, sql, args...)
	}
	if slices.ContainsFunc(tx.waiting, func(w written) bool { return w.table == table }) {
		if err := tx.flush(ctx); err != nil {
			return err
		}
	}
	tx.waiting = append(tx.waiting, written{table, sql, args})
	return nil
}

// flush sends what put has kept.
func (tx *Tx) flush(ctx context.Context) error {
	all := tx.waiting
	tx.waiting = nil
	switch len(all) {
	case 0:
		return nil
	case 1:
		return tx.db.WithContext(ctx).Exec(all[0].sql, all[0].args...).Error
	}
	var sql strings.Builder
	var args []any
	tables := make([]string, len(all))
	for i, w := range all {
		fmt.Fprintf(&sql, "%s w%d AS (%s)", []string{"WITH", ","}[min(i, 1)], i, w.sql)
		args = append(args, w.args...)
		tables[i] = w.table
	}
	sql.WriteString(" SELECT 1")
	if err := tx.db.WithContext(ctx).Exec(sql.String(), args...).Error; err != nil {
		return fmt.Errorf("write %s: %w", strings.Join(tables, ", "), err)
	}
	return nil
}
