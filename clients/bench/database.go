package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
)

// database is a fresh, empty database for one start of a target.
type database struct {
	postgres string // DSN of the superuser; "": SQLite
	name     string
	dsn      string // postgres://… or sqlite:PATH
	dir      string // of the SQLite file
}

// newDatabase makes one; postgres is the server's DSN, "" for SQLite.
func newDatabase(ctx context.Context, postgres string) (*database, error) {
	return (&database{postgres: postgres}).fresh(ctx, "")
}

// copy makes a database with the same contents; nobody may use this one
// meanwhile.
func (d *database) copy(ctx context.Context) (*database, error) {
	if d.postgres != "" {
		return d.fresh(ctx, " TEMPLATE "+d.name)
	}
	c, err := d.fresh(ctx, "")
	if err != nil {
		return nil, err
	}
	return c, os.CopyFS(c.dir, os.DirFS(d.dir))
}

func (d *database) fresh(ctx context.Context, option string) (*database, error) {
	postgres := d.postgres
	d = &database{postgres: postgres}
	if postgres == "" {
		dir, err := os.MkdirTemp("", "zummer-bench-")
		if err != nil {
			return nil, err
		}
		d.dir, d.dsn = dir, "sqlite:"+filepath.Join(dir, "bench.db")
		return d, nil
	}
	u, err := url.Parse(postgres)
	if err != nil {
		return nil, fmt.Errorf("the PostgreSQL address: %w", err)
	}
	d.name = fmt.Sprintf("zummer_bench_%d_%d", os.Getpid(), time.Now().UnixNano())
	u.Path = "/" + d.name
	d.dsn = u.String()
	return d, d.exec(ctx, "CREATE DATABASE "+d.name+option)
}

func (d *database) drop() error {
	if d.dir != "" {
		return os.RemoveAll(d.dir)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return d.exec(ctx, "DROP DATABASE IF EXISTS "+d.name+" WITH (FORCE)")
}

func (d *database) exec(ctx context.Context, statement string) error {
	c, err := pgx.Connect(ctx, d.postgres)
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer c.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing depends on it
	_, err = c.Exec(ctx, statement)
	return err
}

// transactions counts the database's commits and rollbacks so far. PostgreSQL
// counts a statement outside of a transaction as one.
func (d *database) transactions(ctx context.Context) (int64, bool) {
	if d.postgres == "" {
		return 0, false
	}
	c, err := pgx.Connect(ctx, d.postgres)
	if err != nil {
		return 0, false
	}
	defer c.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing depends on it
	var n int64
	err = c.QueryRow(ctx, "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = $1", d.name).Scan(&n)
	return n, err == nil
}
