package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"zummer/models"
)

// Tx is one transaction of Write. Its methods are not for use after fn
// returned, nor by two goroutines at once.
type Tx struct {
	db *gorm.DB
	s  *Store
	d  dialect

	legs    map[int64][]int64 // ids of the legs that were read, by call
	waiting []written         // to be sent together
}

// Retries of Write: about four seconds in all before the database counts as
// away.
const (
	maxTries  = 10
	firstWait = 10 * time.Millisecond
	maxWait   = 800 * time.Millisecond
)

// Write runs fn in one transaction and commits. A serialisation failure, a
// deadlock, a busy file or a lost connection makes it run again, so fn must
// build everything anew and callers must be idempotent: a commit whose answer
// was lost is repeated too. A database that stays away is models.Away; an
// error of fn comes back as it is after a rollback.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error {
	wait := firstWait
	for try := 1; ; try++ {
		err := s.once(ctx, fn)
		again, gone := conflict(err), lost(err)
		if err == nil || !again && !gone {
			return err
		}
		if try == maxTries || ctx.Err() != nil {
			return models.Away(err)
		}
		select {
		case <-time.After(wait/2 + rand.N(wait)):
		case <-ctx.Done():
			return models.Away(err)
		}
		wait = min(2*wait, maxWait)
	}
}

func (s *Store) once(ctx context.Context, fn func(*Tx) error) error {
	tx := s.write.WithContext(ctx).Begin()
	if tx.Error != nil {
		return fmt.Errorf("begin: %w", tx.Error)
	}
	done := false
	defer func() {
		if !done { // fn failed or panicked
			tx.Rollback()
		}
	}()
	t := &Tx{db: tx, s: s, d: s.dialect, legs: map[int64][]int64{}}
	if err := fn(t); err != nil {
		return err
	}
	if err := t.flush(ctx); err != nil {
		return err
	}
	done = true
	if err := tx.Commit().Error; err != nil {
		tx.Rollback()
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// conflict reports whether the transaction may succeed when run again.
func conflict(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40001" || pg.Code == "40P01" || pg.Code == "55P03"
	}
	if err == nil {
		return false
	}
	msg := err.Error()
	return strings.Contains(msg, "SQLITE_BUSY") || strings.Contains(msg, "database is locked")
}

// lost reports whether the connection or the server, not the statement, is what
// failed: nobody's data is to blame.
func lost(err error) bool {
	if err == nil {
		return false
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "25P03", "25006", "58030": // idle too long, a standby by now, a disk that fails
			return true
		}
		// 53: no room on the disk, in memory, for connections
		return strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "57P") || strings.HasPrefix(pg.Code, "53")
	}
	var connect *pgconn.ConnectError
	var network net.Error
	switch {
	case errors.As(err, &connect), errors.Is(err, driver.ErrBadConn), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return true
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false
	case errors.As(err, &network):
		return true
	}
	var lite interface{ Code() int }
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff { // SQLite: READONLY, IOERR, FULL, CANTOPEN
		case 8, 10, 13, 14:
			return true
		}
	}
	return strings.Contains(err.Error(), "conn closed") || strings.Contains(err.Error(), "connection reset")
}

// reading turns the failure of a read outside of a transaction into what
// callers act on.
func reading(err error, what string, args ...any) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf(what+": %w", append(args, err)...)
	if lost(err) || conflict(err) {
		return models.Away(err)
	}
	return err
}

// exec runs a statement.
func (tx *Tx) exec(ctx context.Context, sql string, args ...any) error {
	if err := tx.flush(ctx); err != nil {
		return err
	}
	return tx.db.WithContext(ctx).Exec(sql, args...).Error
}

// scanner is one row of a result.
type scanner interface{ Scan(...any) error }

// each calls fn for every row of a query.
func each(ctx context.Context, db *gorm.DB, fn func(scanner) error, sql string, args ...any) error {
	rows, err := db.WithContext(ctx).Raw(sql, args...).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (tx *Tx) each(ctx context.Context, fn func(scanner) error, sql string, args ...any) error {
	if err := tx.flush(ctx); err != nil {
		return err
	}
	return each(ctx, tx.db, fn, sql, args...)
}

// Begin returns the database's clock (milliseconds, UTC) and the version of
// the set-up, in one statement.
func (tx *Tx) Begin(ctx context.Context) (now time.Time, config int64, err error) {
	var at dbTime
	err = tx.each(ctx, func(r scanner) error { return r.Scan(&at, &config) }, "SELECT "+tx.d.clock()+", version FROM config_version")
	return at.Time, config, err
}
