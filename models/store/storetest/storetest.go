// Package storetest gives tests databases: a fresh one of each kind, migrated,
// for every test that asks.
package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers pgx

	"zummer/models/store"
)

// Each runs fn once for each database, as subtests "sqlite" and "postgres",
// with the address of an empty, migrated database. PostgreSQL is the server
// that ZUMMER_TEST_POSTGRES names (make test starts one); without it the test
// fails, unless ZUMMER_TEST_SQLITE_ONLY is set for a quick run by hand.
func Each(t *testing.T, fn func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	if os.Getenv("ZUMMER_TEST_SQLITE_ONLY") != "" {
		t.Log("PostgreSQL was left out: ZUMMER_TEST_SQLITE_ONLY is set")
		return
	}
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
}

// Either makes a database of one kind, by the test's name: of a package's many
// tests, whose subject is not the database, one half runs on each. With
// ZUMMER_TEST_SQLITE_ONLY it is SQLite.
func Either(t testing.TB) string {
	t.Helper()
	name := fnv.New32a()
	_, _ = name.Write([]byte(t.Name()))
	if name.Sum32()%2 == 0 || os.Getenv("ZUMMER_TEST_SQLITE_ONLY") != "" {
		return SQLite(t)
	}
	return Postgres(t)
}

// SQLite makes a database file in the test's folder.
func SQLite(t testing.TB) string {
	t.Helper()
	content, err := file()
	if err != nil {
		t.Fatalf("the template of SQLite: %v", err)
	}
	path := filepath.Join(t.TempDir(), "zummer.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

// Postgres makes a database of its own on the test server; it is dropped after
// the test, while others run.
func Postgres(t testing.TB) string {
	t.Helper()
	admin := os.Getenv("ZUMMER_TEST_POSTGRES")
	if admin == "" {
		t.Fatal("ZUMMER_TEST_POSTGRES is not set: run `make test`, which starts a PostgreSQL, or scripts/postgres.sh by hand")
	}
	made, err := on(context.Background(), admin)
	if err != nil {
		t.Fatalf("the template of PostgreSQL: %v", err)
	}
	name := made.name + "_" + strings.ToLower(rand.Text()[:8])
	exec(t, admin, "CREATE DATABASE "+name+" TEMPLATE "+made.name)
	t.Cleanup(func() { made.used <- name })
	dsn, err := address(admin, name)
	if err != nil {
		t.Fatal(err)
	}
	return dsn
}

// address is that of another database on the server of admin.
func address(admin, name string) (string, error) {
	u, err := url.Parse(admin)
	if err != nil {
		return "", fmt.Errorf("ZUMMER_TEST_POSTGRES: %w", err)
	}
	u.Path = "/" + name
	return u.String(), nil
}

func exec(t testing.TB, dsn, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatalf("connect to the test server: %v", err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		t.Errorf("%s: %v", statement, err)
	}
}

// quiet is how the stores of tests are opened.
var quiet = store.Options{Log: slog.New(slog.DiscardHandler)}

// Open opens a database of Each; it is closed with the test.
func Open(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), dsn, quiet)
	if err != nil {
		t.Fatalf("open %s: %v", strings.SplitN(dsn, ":", 2)[0], err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return s
}
