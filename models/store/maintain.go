package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"zummer/models"
)

// partitioned lists the tables that PostgreSQL cuts by day, with their time.
var partitioned = [...]struct{ table, column string }{{"notification_events", "at"}, {"webhooks", "received_at"}}

// EnsurePartitions makes what is missing of today's partitions and those of
// the next days; it returns how many it made. SQLite has none.
func (s *Store) EnsurePartitions(ctx context.Context, days int) (made int, err error) {
	if s.dialect.sqlite {
		return 0, nil
	}
	now, err := s.Now(ctx)
	if err != nil {
		return 0, err
	}
	for _, p := range partitioned {
		for i := range days + 1 {
			day := now.AddDate(0, 0, i).Truncate(24 * time.Hour)
			name := p.table + "_" + day.Format("20060102")
			var have bool
			err := each(ctx, s.read, func(r scanner) error { return r.Scan(&have) }, "SELECT to_regclass(?) IS NOT NULL", name)
			if err != nil {
				return made, reading(err, "look for partition %s", name)
			}
			if have {
				continue
			}
			// The names are ours: a table, a date.
			sql := fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s PARTITION OF %s FOR VALUES FROM ('%s+00') TO ('%s+00')", name, p.table,
				day.Format("2006-01-02 00:00:00"), day.AddDate(0, 0, 1).Format("2006-01-02 00:00:00"))
			if err := s.write.WithContext(ctx).Exec(sql).Error; err != nil {
				return made, reading(err, "make partition %s", name)
			}
			made++
		}
	}
	return made, nil
}

// StrayRows counts rows that fell into a DEFAULT partition because their day
// had none.
func (s *Store) StrayRows(ctx context.Context) (n int64, err error) {
	if s.dialect.sqlite {
		return 0, nil
	}
	err = each(ctx, s.read, func(r scanner) error { return r.Scan(&n) },
		"SELECT (SELECT COUNT(*) FROM notification_events_default) + (SELECT COUNT(*) FROM webhooks_default)")
	return n, reading(err, "count stray rows")
}

// Purge removes up to limit rows of table that are older than age by the
// database's clock, and says how many went; fewer than limit means that none
// is left. A whole day's partition is dropped at once and counts as one; a day
// that is only partly over is kept until it is. Calls that have not ended, and
// calls that a pending row tells of, stay.
func (s *Store) Purge(ctx context.Context, table string, age time.Duration, limit int) (int, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return 0, err
	}
	cut := now.Add(-age)
	switch table {
	case "notification_events", "webhooks":
		return s.purgeDays(ctx, table, cut, limit)
	case "calls":
		return s.purgeCalls(ctx, cut, limit)
	case "webhook_keys":
		return s.purgeRows(ctx, "DELETE FROM webhook_keys WHERE (source_id, key) IN (SELECT source_id, key FROM webhook_keys WHERE expires_at < ? LIMIT ?)", now, limit)
	case "presence":
		return s.purgeRows(ctx, "DELETE FROM presence WHERE (user_id, session) IN (SELECT user_id, session FROM presence WHERE polled_at < ? LIMIT ?)", cut, limit)
	case "deliveries":
		return s.purgeRows(ctx, "DELETE FROM deliveries WHERE (notification_id, rev, session) IN (SELECT notification_id, rev, session FROM deliveries WHERE at < ? LIMIT ?)", cut, limit)
	case "sign_ins":
		return s.purgeRows(ctx, "DELETE FROM sign_ins WHERE id IN (SELECT id FROM sign_ins WHERE expires_at < ? LIMIT ?)", now, limit)
	case "idempotency_keys":
		return s.purgeRows(ctx, "DELETE FROM idempotency_keys WHERE (token_id, key) IN (SELECT token_id, key FROM idempotency_keys WHERE expires_at < ? LIMIT ?)", now, limit)
	}
	return 0, models.Errorf(models.Internal, "purge knows no table %s", table)
}

func (s *Store) purgeRows(ctx context.Context, sql string, cut time.Time, limit int) (int, error) {
	res := s.write.WithContext(ctx).Exec(sql, s.dialect.ts(cut), limit)
	return int(res.RowsAffected), reading(res.Error, "purge")
}

func (s *Store) purgeDays(ctx context.Context, table string, cut time.Time, limit int) (int, error) {
	if s.dialect.sqlite {
		column := "at"
		if table == "webhooks" {
			column = "received_at"
		}
		return s.purgeRows(ctx, "DELETE FROM "+table+" WHERE id IN (SELECT id FROM "+table+" WHERE "+column+" < ? ORDER BY "+column+" LIMIT ?)", cut, limit)
	}
	var old []string
	err := each(ctx, s.read, func(r scanner) error {
		var name string
		if err := r.Scan(&name); err != nil {
			return err
		}
		day, err := time.Parse("20060102", strings.TrimPrefix(name, table+"_"))
		if err == nil && !day.AddDate(0, 0, 1).After(cut) {
			old = append(old, name)
		}
		return nil
	}, "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass(?)", table)
	if err != nil {
		return 0, reading(err, "list the partitions of %s", table)
	}
	for i, name := range old {
		// Dropping waits for every reader of the whole table, and everybody
		// else would wait behind it: rather try again an hour later.
		err := s.write.WithContext(ctx).Transaction(func(db *gorm.DB) error {
			if err := db.Exec("SET LOCAL lock_timeout = '2s'").Error; err != nil {
				return err
			}
			return db.Exec("DROP TABLE IF EXISTS " + name).Error
		})
		if err != nil {
			return i, reading(err, "drop %s", name)
		}
	}
	column := map[string]string{"notification_events": "at", "webhooks": "received_at"}[table]
	n, err := s.purgeRows(ctx, "DELETE FROM "+table+"_default WHERE ctid = ANY (ARRAY(SELECT ctid FROM "+table+"_default WHERE "+column+" < ? LIMIT ?))", cut, limit)
	return n + len(old), err
}

func (s *Store) purgeCalls(ctx context.Context, cut time.Time, limit int) (n int, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		var ids []int64
		err := tx.each(ctx, func(r scanner) error {
			var id int64
			err := r.Scan(&id)
			ids = append(ids, id)
			return err
		}, "SELECT id FROM calls WHERE created_at < ? AND updated_at < ? AND (state = 'ended' OR merged_into <> 0) AND NOT EXISTS (SELECT 1 FROM unprocessed_notifications u WHERE u.call_id = calls.id) ORDER BY created_at LIMIT ?",
			tx.d.ts(cut), tx.d.ts(cut), limit)
		if n = len(ids); err != nil || n == 0 {
			return err
		}
		if err := tx.exec(ctx, "DELETE FROM call_legs WHERE call_id IN ("+marks(n)+")", anys(ids)...); err != nil {
			return err
		}
		return tx.exec(ctx, "DELETE FROM calls WHERE id IN ("+marks(n)+")", anys(ids)...)
	})
	return n, reading(err, "purge calls")
}

// TryLock takes a lock that one process of all may hold, without waiting. ok
// is false when another one holds it. It lives on a connection of its own, so
// a process that dies lets go. On SQLite there is one process, and ok is true.
func (s *Store) TryLock(ctx context.Context, name string) (unlock func(), ok bool, err error) {
	if s.dialect.sqlite {
		return func() {}, true, nil
	}
	conn, err := s.locks.Conn(ctx)
	if err != nil {
		return nil, false, reading(err, "take the lock %s", name)
	}
	if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock(hashtext($1))", "zummer.job."+name).Scan(&ok); err != nil || !ok {
		_ = conn.Close() // back to its pool
		return nil, false, reading(err, "take the lock %s", name)
	}
	return func() {
		free, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if _, err := conn.ExecContext(free, "SELECT pg_advisory_unlock(hashtext($1))", "zummer.job."+name); err != nil {
			// A connection that may still hold the lock must not be used again.
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		}
		_ = conn.Close()
	}, true, nil
}
