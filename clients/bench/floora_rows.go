package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	_ "github.com/glebarez/go-sqlite" // the driver that the store uses too
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// rowsPostgres is floor A's table in PostgreSQL: a batch is one round trip and
// one commit.
type rowsPostgres struct{ pool *pgxpool.Pool }

func openRowsPostgres(ctx context.Context, dsn string) (rowStore, error) {
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("open floor A's database: %w", err)
	}
	_, err = pool.Exec(ctx, "CREATE TABLE IF NOT EXISTS messages (id bigint PRIMARY KEY, user_id bigint NOT NULL, body text NOT NULL)")
	return &rowsPostgres{pool}, err
}

func (p *rowsPostgres) close() error { p.pool.Close(); return nil }

func (p *rowsPostgres) load(ctx context.Context, each func(id, user int64, body string)) error {
	rows, err := p.pool.Query(ctx, "SELECT id, user_id, body FROM messages ORDER BY id")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, user int64
		var body string
		if err := rows.Scan(&id, &user, &body); err != nil {
			return err
		}
		each(id, user, body)
	}
	return rows.Err()
}

func (p *rowsPostgres) write(ctx context.Context, changes []*job[rowChange]) error {
	var ids, users, deleted []int64
	var bodies []string
	for _, c := range changes {
		if c.what.body != "" {
			ids, users, bodies = append(ids, c.what.id), append(users, c.what.user), append(bodies, c.what.body)
		}
		deleted = append(deleted, c.what.deleted...)
	}
	var b pgx.Batch // statements of one batch are one transaction
	if len(ids) > 0 {
		b.Queue("INSERT INTO messages (id, user_id, body) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[])", ids, users, bodies)
	}
	if len(deleted) > 0 {
		b.Queue("DELETE FROM messages WHERE id = ANY($1)", deleted)
	}
	return p.pool.SendBatch(ctx, &b).Close()
}

// rowsSQLite is the same table in SQLite, with the durability that the store
// asks for: WAL, synchronous FULL.
type rowsSQLite struct{ db *sql.DB }

func openRowsSQLite(ctx context.Context, dsn string) (rowStore, error) {
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(dsn, "sqlite:")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open floor A's database: %w", err)
	}
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, body TEXT NOT NULL)")
	return &rowsSQLite{db}, err
}

func (s *rowsSQLite) close() error { return s.db.Close() }

func (s *rowsSQLite) load(ctx context.Context, each func(id, user int64, body string)) error {
	rows, err := s.db.QueryContext(ctx, "SELECT id, user_id, body FROM messages ORDER BY id")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, user int64
		var body string
		if err := rows.Scan(&id, &user, &body); err != nil {
			return err
		}
		each(id, user, body)
	}
	return rows.Err()
}

func (s *rowsSQLite) write(ctx context.Context, changes []*job[rowChange]) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	var inserts, deletes []any
	for _, c := range changes {
		if c.what.body != "" {
			inserts = append(inserts, c.what.id, c.what.user, c.what.body)
		}
		for _, id := range c.what.deleted {
			deletes = append(deletes, id)
		}
	}
	if n := len(inserts) / 3; n > 0 {
		if _, err := tx.ExecContext(ctx, "INSERT INTO messages (id, user_id, body) VALUES (?,?,?)"+strings.Repeat(",(?,?,?)", n-1), inserts...); err != nil { //nolint:gosec // G202: only question marks
			return err
		}
	}
	const most = 1000 // parameters of one statement
	for ; len(deletes) > 0; deletes = deletes[min(most, len(deletes)):] {
		some := deletes[:min(most, len(deletes))]
		if _, err := tx.ExecContext(ctx, "DELETE FROM messages WHERE id IN (?"+strings.Repeat(",?", len(some)-1)+")", some...); err != nil { //nolint:gosec // G202: only question marks
			return err
		}
	}
	return tx.Commit()
}
