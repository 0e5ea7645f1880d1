package store

import (
	"database/sql/driver"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Many rows go to the database in one statement. SQLite takes them as VALUES
// with a parameter each. PostgreSQL takes one array a column, so that the
// statement's text, and with it its prepared plan, is the same for any number
// of rows: a text for each number would cost each connection tens of
// megabytes of plans.

// kinds of columns, a letter each: i integer, s text, b boolean, t time,
// j JSON, y bytes.
func pgType(kind byte) string {
	switch kind {
	case 'i':
		return "bigint[]"
	case 'b':
		return "boolean[]"
	case 't':
		return "timestamptz[]"
	case 'y':
		return "bytea[]"
	}
	return "text[]"
}

// values is what stands behind "INSERT INTO t (…)": args are rows of
// len(kinds) values, one after another. more are expressions for further
// columns, the same for all rows.
func (d dialect) values(kinds string, args []any, more ...string) (string, []any) {
	if d.sqlite {
		one := "(" + strings.Join(append([]string{marks(len(kinds))}, more...), ",") + "),"
		return "VALUES " + strings.TrimSuffix(strings.Repeat(one, len(args)/len(kinds)), ","), args
	}
	columns := make([]string, 0, len(kinds)+len(more))
	for i := range kinds {
		c := fmt.Sprintf("v.c%d", i)
		if kinds[i] == 'j' {
			c = "CAST(" + c + " AS jsonb)"
		}
		columns = append(columns, c)
	}
	from, arrays := d.unnest(kinds, args)
	return "SELECT " + strings.Join(append(columns, more...), ", ") + " FROM " + from, arrays
}

// in is what stands behind "a = " or "(a, b) IN": any of the tuples in args.
func (d dialect) in(kinds string, args []any) (string, []any) {
	switch {
	case len(kinds) == 1 && d.sqlite:
		return " IN (" + marks(len(args)) + ")", args
	case d.sqlite:
		return " IN (VALUES " + tuples(len(args)/len(kinds), len(kinds)) + ")", args
	case len(kinds) == 1:
		return " = ANY (CAST(? AS " + pgType(kinds[0]) + "))", []any{column(kinds[0], 0, 1, args)}
	}
	from, arrays := d.unnest(kinds, args)
	return " IN (SELECT * FROM " + from + ")", arrays
}

// unnest is a table v (c0, c1, …) of args.
func (d dialect) unnest(kinds string, args []any) (string, []any) {
	casts, names, arrays := make([]string, len(kinds)), make([]string, len(kinds)), make([]any, len(kinds))
	for i := range kinds {
		casts[i] = "CAST(? AS " + pgType(kinds[i]) + ")"
		names[i] = fmt.Sprintf("c%d", i)
		arrays[i] = column(kinds[i], i, len(kinds), args)
	}
	return "unnest(" + strings.Join(casts, ", ") + ") AS v (" + strings.Join(names, ", ") + ")", arrays
}

// array carries a slice past GORM, which would write out its elements.
type array struct{ slice any }

// Value implements driver.Valuer; pgx encodes the slice.
func (a array) Value() (driver.Value, error) { return a.slice, nil }

// column gathers every step-th value from args, beginning at first.
func column(kind byte, first, step int, args []any) array {
	switch kind {
	case 'i':
		return gather(first, step, args, func(v any) int64 {
			if n, ok := v.(int64); ok {
				return n
			}
			return reflect.ValueOf(v).Int()
		})
	case 'b':
		return gather(first, step, args, func(v any) bool { return v.(bool) })
	case 't':
		return gather(first, step, args, func(v any) *time.Time {
			if t, ok := v.(time.Time); ok {
				return &t
			}
			return nil
		})
	case 'y':
		return gather(first, step, args, func(v any) []byte { return v.([]byte) })
	case 'j':
		return gather(first, step, args, func(v any) *string {
			if s, ok := v.(string); ok {
				return &s
			}
			return nil
		})
	}
	return gather(first, step, args, func(v any) string {
		if s, ok := v.(string); ok {
			return s
		}
		return reflect.ValueOf(v).String()
	})
}

func gather[T any](first, step int, args []any, as func(any) T) array {
	out := make([]T, 0, len(args)/step)
	for i := first; i < len(args); i += step {
		out = append(out, as(args[i]))
	}
	return array{out}
}
