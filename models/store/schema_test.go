package store_test

import (
	"database/sql"
	"maps"
	"slices"
	"strings"
	"testing"

	_ "github.com/glebarez/go-sqlite"
	_ "github.com/jackc/pgx/v5/stdlib"

	"zummer/models/store/storetest"
)

// family is what a column's type comes down to on both databases.
func family(t string) string {
	switch t = strings.ToLower(t); t {
	case "bigint", "integer", "boolean", "timestamp with time zone", "int":
		return "number"
	case "text", "jsonb", "json":
		return "text"
	case "bytea", "blob":
		return "bytes"
	}
	return t
}

// columns reads "table.column" → family and whether NULL is allowed.
func columns(t *testing.T, driver, dsn, query string) map[string]string {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var table, column, kind string
		if err := rows.Scan(&table, &column, &kind); err != nil {
			t.Fatal(err)
		}
		out[table+"."+column] = family(kind)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// The two schemas have the same tables with the same columns of the same sort.
func TestSchemasAgree(t *testing.T) {
	found := map[string]map[string]string{}
	storetest.Each(t, func(t *testing.T, dsn string) {
		if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
			found["sqlite"] = columns(t, "sqlite", path, "SELECT m.name, c.name, c.type FROM sqlite_master m JOIN pragma_table_info(m.name) c "+
				"WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'goose_db_version'")
			return
		}
		found["postgres"] = columns(t, "pgx", dsn, "SELECT table_name, column_name, data_type FROM information_schema.columns c WHERE table_schema = 'public' "+
			"AND table_name <> 'goose_db_version' AND NOT EXISTS (SELECT 1 FROM pg_class p WHERE p.relname = c.table_name AND p.relispartition)")
	})
	lite, pg := found["sqlite"], found["postgres"]
	if pg == nil {
		return // left out by hand; Each said so
	}
	if len(lite) < 100 {
		t.Fatalf("only %d columns found in SQLite", len(lite))
	}
	for _, c := range slices.Sorted(maps.Keys(lite)) {
		if pg[c] != lite[c] {
			t.Errorf("%s: sqlite %q, postgres %q", c, lite[c], pg[c])
		}
	}
	for _, c := range slices.Sorted(maps.Keys(pg)) {
		if lite[c] == "" {
			t.Errorf("%s is missing in sqlite", c)
		}
	}
}
