package store

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"time"
)

// dialect is where PostgreSQL and SQLite differ.
type dialect struct{ sqlite bool }

// clock is the SQL of the database's clock in milliseconds, UTC.
func (d dialect) clock() string {
	if d.sqlite {
		return "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
	}
	return "date_trunc('milliseconds', clock_timestamp())"
}

// lock ends a SELECT whose rows shall stay locked. SQLite has one writer.
func (d dialect) lock() string {
	if d.sqlite {
		return ""
	}
	return " FOR UPDATE"
}

// ts is a time as a parameter: NULL for the zero time.
func (d dialect) ts(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	if d.sqlite {
		return t.UnixMilli()
	}
	return t.UTC()
}

// json is a parameter that holds a JSON document.
func (d dialect) json() string {
	if d.sqlite {
		return "?"
	}
	return "CAST(? AS jsonb)"
}

// tuples is "(?,?),(?,?)".
func tuples(n, k int) string {
	one := "(" + strings.TrimSuffix(strings.Repeat("?,", k), ",") + ")"
	return strings.TrimSuffix(strings.Repeat(one+",", n), ",")
}

// marks is "?,?,?".
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// maxParams is below what both databases take in one statement (SQLite 32766,
// PostgreSQL 65535).
const maxParams = 30000

// partParams is how many parameters chunks gives one statement. The driver of
// SQLite looks for each parameter among all of them: a statement of 30,000 takes
// it half a second, ten of 3,000 a tenth of that. PostgreSQL gets columns.
const partParams = 3000

// rows is how many rows of so many values one statement should write: few on
// SQLite, where long lists cost their square.
func (d dialect) rows(perRow int) int {
	if d.sqlite {
		return max(1, 400/perRow)
	}
	return maxParams / perRow
}

// chunks calls fn with parts of all that need at most partParams parameters.
func chunks[T any](all []T, perItem int, fn func([]T) error) error {
	size := max(1, partParams/perItem)
	for len(all) > 0 {
		part := all[:min(size, len(all))]
		all = all[len(part):]
		if err := fn(part); err != nil {
			return err
		}
	}
	return nil
}

// dbTime reads a time of either database; NULL is the zero time.
type dbTime struct{ time.Time }

// Scan implements sql.Scanner.
func (t *dbTime) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		t.Time = time.Time{}
	case time.Time:
		t.Time = v.UTC()
	case int64:
		t.Time = time.UnixMilli(v).UTC()
	default:
		return fmt.Errorf("a time of type %T", v)
	}
	return nil
}

// text is a string or []byte column, as the drivers return JSON.
type text []byte

// Scan implements sql.Scanner.
func (t *text) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*t = nil
	case []byte:
		*t = append([]byte(nil), v...)
	case string:
		*t = []byte(v)
	default:
		return fmt.Errorf("a text of type %T", v)
	}
	return nil
}

// Value implements driver.Valuer: JSON goes as text.
func (t text) Value() (driver.Value, error) {
	if t == nil {
		return nil, nil
	}
	return string(t), nil
}
