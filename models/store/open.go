package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/glebarez/sqlite"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"zummer/models"
)

//go:embed migrations/*/*.sql
var migrations embed.FS

// Options of Open.
type Options struct {
	Pool     int          // connections to PostgreSQL; 0: 16
	Timezone string       // where "today" is, for statistics; "": Europe/Moscow
	Log      *slog.Logger // nil: slog.Default()
}

// Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	write   *gorm.DB // SQLite: one connection
	read    *gorm.DB // PostgreSQL: the same pool
	dialect dialect
	dsn     string // of PostgreSQL
	zone    string
	log     *slog.Logger
	ids     blocks
	tail    tail
	notify  notifier
	locks   *sql.DB
}

// Open connects to sqlite:PATH or a postgres:// URL; it neither creates nor
// migrates the schema (Migrate does). A PostgreSQL that cannot be reached is
// no error here: statements will say so.
func Open(ctx context.Context, dsn string, opt Options) (*Store, error) {
	if opt.Pool == 0 {
		opt.Pool = 16
	}
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	if opt.Timezone == "" {
		opt.Timezone = "Europe/Moscow"
	}
	s := &Store{zone: opt.Timezone, log: opt.Log}
	var err error
	switch {
	case strings.HasPrefix(dsn, "sqlite:"):
		err = s.openSQLite(ctx, strings.TrimPrefix(dsn, "sqlite:"))
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		err = s.openPostgres(dsn, opt.Pool)
	default:
		err = errors.New("the database must be sqlite:PATH or a postgres:// URL")
	}
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	s.startNotify()
	return s, nil
}

func config() *gorm.Config {
	return &gorm.Config{TranslateError: true, SkipDefaultTransaction: true, DisableAutomaticPing: true, Logger: logger.Discard,
		NowFunc: func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }}
}

// How a SQLite file is opened: a commit is fsynced (synchronous FULL), readers never block
// the writer (WAL), a writer takes its lock at BEGIN.
const (
	sqliteReads  = "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	sqliteWrites = sqliteReads + "&_txlock=immediate"
)

func (s *Store) openSQLite(ctx context.Context, path string) (err error) {
	if path == "" {
		return errors.New("sqlite: needs a path, e.g. sqlite:zummer.db")
	}
	s.dialect = dialect{sqlite: true}
	// Phone numbers and the sources' secrets are in it: not for everybody on the
	// machine. SQLite gives the -wal and -shm beside it the same mode.
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600); err == nil {
		_ = f.Close() // a path that cannot be opened is SQLite's error to tell
	}
	if s.write, err = gorm.Open(sqlite.Open("file:"+path+sqliteWrites), config()); err != nil {
		return err
	}
	if s.read, err = gorm.Open(sqlite.Open("file:"+path+sqliteReads), config()); err != nil {
		return err
	}
	w, err := s.write.DB()
	if err != nil {
		return err
	}
	w.SetMaxOpenConns(1)
	r, err := s.read.DB()
	if err != nil {
		return err
	}
	r.SetMaxOpenConns(8)
	r.SetMaxIdleConns(8)
	// The first connection makes the file and turns WAL on.
	if err := w.PingContext(ctx); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func (s *Store) openPostgres(dsn string, pool int) error {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return errors.New("the postgres:// URL cannot be read") // its error would show the password
	}
	cfg.StatementCacheCapacity = 1024
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 5 * time.Second
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "zummer"
	}
	cfg.RuntimeParams["timezone"] = "UTC"
	cfg.RuntimeParams["idle_in_transaction_session_timeout"] = "30s"
	// Every statement of the register goes by an index. A prepared plan is kept,
	// and one made while a table was young would read all of it, for as long as
	// nobody analyses it.
	cfg.RuntimeParams["enable_seqscan"], cfg.RuntimeParams["enable_mergejoin"], cfg.RuntimeParams["jit"] = "off", "off", "off"
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(pool)
	db.SetMaxIdleConns(pool)
	db.SetConnMaxIdleTime(5 * time.Minute)
	s.dsn = dsn
	s.locks = stdlib.OpenDB(*cfg)
	s.locks.SetMaxIdleConns(1)
	s.write, err = gorm.Open(postgres.New(postgres.Config{Conn: db}), config())
	s.read = s.write
	return err
}

// SQLite reports whether the database is a file of this process.
func (s *Store) SQLite() bool { return s.dialect.sqlite }

// Close closes the connections. No other method may be called after it.
func (s *Store) Close() error {
	s.stopNotify()
	var errs []error
	for _, db := range []*gorm.DB{s.write, s.read} {
		if db == nil {
			continue
		}
		c, err := db.DB()
		if err == nil {
			err = c.Close()
		}
		errs = append(errs, err)
	}
	if s.locks != nil {
		errs = append(errs, s.locks.Close())
	}
	return errors.Join(errs...)
}

func (s *Store) provider() (*goose.Provider, error) {
	name, kind := "postgres", goose.DialectPostgres
	if s.dialect.sqlite {
		name, kind = "sqlite", goose.DialectSQLite3
	}
	files, err := fs.Sub(migrations, "migrations/"+name)
	if err != nil {
		return nil, err
	}
	db, err := s.write.DB()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(kind, db, files, goose.WithLogger(goose.NopLogger()))
}

// Migrate brings the schema up to date. Replicas that start together take
// turns. It retries for half a minute while the database is not there yet.
func (s *Store) Migrate(ctx context.Context) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := s.migrate(ctx)
		if err == nil || !lost(err) || time.Now().After(deadline) {
			return err
		}
		s.log.WarnContext(ctx, "the database is not there yet", "err", models.Away(nil))
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *Store) migrate(ctx context.Context) error {
	if !s.dialect.sqlite {
		conn, err := s.locks.Conn(ctx)
		if err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		defer conn.Close()
		if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock(hashtext('zummer.migrate'))"); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		defer func() { // the connection goes back to its pool: let go by hand
			_, _ = conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(hashtext('zummer.migrate'))")
		}()
	}
	p, err := s.provider()
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if _, err := s.EnsurePartitions(ctx, 3); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// Ready reports why the service cannot work: the database is away or its
// schema is older than this program. nil: it can.
func (s *Store) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	var n int64
	if err := s.read.WithContext(ctx).Raw("SELECT version FROM config_version").Scan(&n).Error; err != nil || n == 0 {
		return models.Away(err)
	}
	return nil
}
