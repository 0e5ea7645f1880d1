package store

import (
	"strconv"
	"strings"

	"zummer/models"
)

// Bounds of one page.
const (
	defaultPage = 50
	maxPage     = 1000
)

func pageSize(limit int) int {
	if limit <= 0 {
		return defaultPage
	}
	return min(limit, maxPage)
}

// A cursor is the letter of its list and the numbers of the last row that was
// given, joined by "-". Clients take it as it is.
func cursor(list string, numbers ...int64) string {
	parts := make([]string, len(numbers))
	for i, n := range numbers {
		parts[i] = strconv.FormatInt(n, 36)
	}
	return list + strings.Join(parts, "-")
}

// readCursor reads the n numbers of a cursor of that list; of an empty one
// they are 0. One of another list, or of none, is Invalid.
func readCursor(list, s string, n int) ([]int64, error) {
	out := make([]int64, n)
	if s == "" {
		return out, nil
	}
	rest, ok := strings.CutPrefix(s, list)
	parts := strings.Split(rest, "-")
	if !ok || len(parts) != n {
		return nil, badCursor()
	}
	for i, p := range parts {
		v, err := strconv.ParseInt(p, 36, 64)
		if err != nil || v < 0 || strings.HasPrefix(p, "+") {
			return nil, badCursor()
		}
		out[i] = v
	}
	return out, nil
}

func badCursor() error { return models.InvalidField("after", "is no cursor of this list") }

// filter collects the conditions of a WHERE.
type filter struct {
	sql  []string
	args []any
}

func (f *filter) and(sql string, args ...any) {
	f.sql = append(f.sql, sql)
	f.args = append(f.args, args...)
}

// where is " WHERE …", or nothing.
func (f *filter) where() string {
	if len(f.sql) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(f.sql, " AND ")
}

// cut takes the row off that was read beyond the page, and tells whether there
// was one.
func cut[T any](rows []T, limit int) ([]T, bool) {
	if len(rows) > limit {
		return rows[:limit], true
	}
	return rows, false
}

// anys makes parameters of a list.
func anys[T any](xs []T) []any {
	out := make([]any, len(xs))
	for i, x := range xs {
		out[i] = x
	}
	return out
}
