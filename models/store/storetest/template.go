package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"zummer/models/store"
)

// A migrated database of each kind is made once a process, by the migrations as
// they are; the tests get copies of it. A copy costs a sixth of migrating.

// file is a migrated SQLite database.
var file = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "zummer-template")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "zummer.db")
	if err := migrate("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// templates has the templates of this process by their server.
var templates struct {
	sync.Mutex
	of map[string]*template
}

// template is a migrated database on a PostgreSQL server, and the names of its
// copies begin with its own.
type template struct {
	name string
	lock *sql.DB // holds an advisory lock of that name as long as this process lives
	used chan string
}

// on returns the template on the server of admin.
func on(ctx context.Context, admin string) (*template, error) {
	templates.Lock()
	defer templates.Unlock()
	if t := templates.of[admin]; t != nil {
		return t, nil
	}
	db, err := sql.Open("pgx", admin)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // the lock is a session's
	if err := sweep(ctx, db); err != nil {
		_ = db.Close()
		return nil, err
	}
	t := &template{name: "test_" + strings.ToLower(rand.Text()[:10]), lock: db}
	if _, err := db.ExecContext(ctx, "SELECT pg_advisory_lock(hashtext($1))", t.name); err != nil {
		_ = db.Close()
		return nil, err
	}
	if _, err := db.ExecContext(ctx, "CREATE DATABASE "+t.name); err != nil {
		return nil, err
	}
	dsn, err := address(admin, t.name)
	if err != nil {
		return nil, err
	}
	if err := migrate(dsn); err != nil {
		return nil, err
	}
	if templates.of == nil {
		templates.of = map[string]*template{}
	}
	templates.of[admin] = t
	t.used = make(chan string, 4)
	go t.drop()
	return t, nil
}

// drop drops what tests have used: that waits for a checkpoint, which no test
// has to. What it does not come to is left to sweep.
func (t *template) drop() {
	for name := range t.used {
		_, _ = t.lock.ExecContext(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	}
}

// sweep drops what processes left that are gone: their templates, which nobody
// locks, and the copies that they did not come to drop.
func sweep(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, `SELECT datname FROM pg_database WHERE datname ~ '^test_[a-z0-9]{10}(_|$)'`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var left []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		left = append(left, name)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, name := range left {
		owner := name[:len("test_")+10]
		var free bool
		if err := db.QueryRowContext(ctx, "SELECT pg_try_advisory_lock(hashtext($1))", owner).Scan(&free); err != nil {
			return err
		}
		if !free {
			continue
		}
		_, err := db.ExecContext(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		_, _ = db.ExecContext(ctx, "SELECT pg_advisory_unlock(hashtext($1))", owner)
		if err != nil {
			return err
		}
	}
	return nil
}

func migrate(dsn string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, dsn, quiet)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Migrate(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
