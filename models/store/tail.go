package store

import (
	"context"
	"sync"
	"time"

	"zummer/models"
)

// tail is how far this process has followed notification_events.
type tail struct {
	mu    sync.Mutex
	begun bool
	last  int64     // highest id seen
	seen  []mark    // ids by time, for the window
	wide  time.Time // of the last window pass
}

// mark says how far the tail was at a time.
type mark struct {
	at time.Time
	id int64
}

// tailWindow is how long a transaction that took its ids early may still
// commit late and be found: ids do not come in commit order.
const tailWindow = 5 * time.Second

// Tail reads what changed since the last call of this process (the first one
// begins at the present end), each user's highest version, and the version of
// the set-up. Once a second it looks five seconds back.
func (s *Store) Tail(ctx context.Context) (hints []models.Hint, config int64, err error) {
	t := &s.tail
	t.mu.Lock()
	defer t.mu.Unlock()
	first := !t.begun
	from := t.last
	now := time.Now()
	// SQLite has one writer: there ids do come in commit order.
	wide := !first && !s.dialect.sqlite && now.Sub(t.wide) >= time.Second
	if wide {
		for len(t.seen) > 1 && now.Sub(t.seen[1].at) > tailWindow {
			t.seen = t.seen[1:]
		}
		from = t.seen[0].id
	}
	if first {
		err = each(ctx, s.read, func(r scanner) error { return r.Scan(&config, &t.last) }, "SELECT version, (SELECT COALESCE(MAX(id), 0) FROM notification_events) FROM config_version")
		if err == nil {
			t.begun = true
			t.wide, t.seen = now, []mark{{now, t.last}}
		}
		return nil, config, reading(err, "find the end of the timeline")
	}
	var top int64
	err = each(ctx, s.read, func(r scanner) error {
		var user, version, id *int64
		if err := r.Scan(&config, &user, &version, &id); err != nil || user == nil {
			return err
		}
		top = max(top, *id)
		if *user != 0 {
			hints = append(hints, models.Hint{UserID: *user, Version: *version})
		}
		return nil
	}, "SELECT c.version, e.user_id, e.version, e.id FROM config_version c LEFT JOIN (SELECT user_id, MAX(version) AS version, MAX(id) AS id"+
		" FROM notification_events WHERE id > ? GROUP BY user_id) e ON 1 = 1", from)
	if err != nil {
		return nil, 0, reading(err, "read the timeline's tail")
	}
	t.last = max(t.last, top)
	if wide {
		t.wide = now
		t.seen = append(t.seen, mark{now, t.last})
	}
	return hints, config, nil
}
