// Package storetest gives tests databases: a fresh one of each kind, migrated,
// for every test that asks.
package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
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

// SQLite makes a database file in the test's folder.
func SQLite(t testing.TB) string {
	t.Helper()
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "zummer.db")
	migrate(t, dsn)
	return dsn
}

// Postgres makes a database of its own on the test server and drops it in the
// end.
func Postgres(t testing.TB) string {
	t.Helper()
	admin := os.Getenv("ZUMMER_TEST_POSTGRES")
	if admin == "" {
		t.Fatal("ZUMMER_TEST_POSTGRES is not set: run `make test`, which starts a PostgreSQL, or scripts/postgres.sh by hand")
	}
	dsn := Database(t, admin)
	migrate(t, dsn)
	return dsn
}

// Database makes an empty database on the server of admin.
func Database(t testing.TB, admin string) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text()[:12])
	exec(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() { exec(t, admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatalf("ZUMMER_TEST_POSTGRES: %v", err)
	}
	u.Path = "/" + name
	return u.String()
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

func migrate(t testing.TB, dsn string) {
	t.Helper()
	s := open(t, dsn)
	defer s.Close()
	if err := s.Migrate(context.Background()); err != nil {
		t.Fatalf("migrate: %v", err)
	}
}

// Open opens a database of Each; it is closed with the test.
func Open(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s := open(t, dsn)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return s
}

func open(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), dsn, store.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatalf("open %s: %v", strings.SplitN(dsn, ":", 2)[0], err)
	}
	return s
}
