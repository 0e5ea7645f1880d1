package store_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"zummer/models"
	"zummer/models/store"
	"zummer/models/store/storetest"
)

// within runs fn in a transaction that must succeed.
func within(t *testing.T, s *store.Store, fn func(ctx context.Context, tx *store.Tx, now time.Time) error) {
	t.Helper()
	ctx := t.Context()
	err := s.Write(ctx, func(tx *store.Tx) error {
		now, _, err := tx.Begin(ctx)
		if err != nil {
			return err
		}
		return fn(ctx, tx, now)
	})
	if err != nil {
		t.Fatalf("Write: %v", err)
	}
}

func TestBeginTellsClockAndVersion(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		var first int64
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			at, v, err := tx.Begin(ctx)
			first = v
			if d := time.Since(at).Abs(); d > time.Minute {
				t.Errorf("the clock is %v off", d)
			}
			if at.Location() != time.UTC || !at.Equal(at.Truncate(time.Millisecond)) {
				t.Errorf("clock %v: want UTC milliseconds", at)
			}
			return err
		})
		within(t, s, func(ctx context.Context, tx *store.Tx, _ time.Time) error {
			_, v, err := tx.BumpConfig(ctx)
			if v != first+1 {
				t.Errorf("BumpConfig = %d after %d", v, first)
			}
			return err
		})
	})
}

// sqliteError is an error as the driver makes it, by its code.
type sqliteError int

func (e sqliteError) Error() string { return "test" }
func (e sqliteError) Code() int     { return int(e) }

func TestWriteRetries(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		plain := errors.New("plain")
		for _, c := range []struct {
			name  string
			fail  error
			runs  int
			want  func(error) bool
			times int // how often it fails
		}{
			{"serialisation failure", &pgconn.PgError{Code: "40001"}, 3, func(err error) bool { return err == nil }, 2},
			{"deadlock", &pgconn.PgError{Code: "40P01"}, 2, func(err error) bool { return err == nil }, 1},
			{"server stops", &pgconn.PgError{Code: "57P01"}, 2, func(err error) bool { return err == nil }, 1},
			{"no room on the disk", &pgconn.PgError{Code: "53100"}, 2, func(err error) bool { return err == nil }, 1},
			{"a standby by now", &pgconn.PgError{Code: "25006"}, 2, func(err error) bool { return err == nil }, 1},
			{"no room for SQLite", sqliteError(13), 2, func(err error) bool { return err == nil }, 1},
			{"SQLite cannot write", sqliteError(10 | 3<<8), 2, func(err error) bool { return err == nil }, 1},
			{"refused by SQLite", sqliteError(19), 1, func(err error) bool { return errors.Is(err, sqliteError(19)) }, 1},
			{"refused", &pgconn.PgError{Code: "23505"}, 1, func(err error) bool {
				var pg *pgconn.PgError
				return errors.As(err, &pg)
			}, 1},
			{"the caller's own", plain, 1, func(err error) bool { return errors.Is(err, plain) }, 1},
		} {
			runs := 0
			err := s.Write(t.Context(), func(tx *store.Tx) error {
				runs++
				if err := tx.SaveInboxes(t.Context(), []*models.Inbox{{UserID: int64(1000 + runs), Epoch: "e"}}); err != nil {
					return err
				}
				if runs <= c.times {
					return c.fail
				}
				return nil
			})
			if !c.want(err) || runs != c.runs {
				t.Errorf("%s: Write = %v after %d runs, want %d", c.name, err, runs, c.runs)
			}
			boxes, _, err := s.ReadInboxes(t.Context(), []int64{1001})
			if err != nil || len(boxes) != 0 {
				t.Errorf("%s: a failed run left %v, %v", c.name, boxes, err)
			}
		}
	})
}

func TestWriteRollsBackOnPanic(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = s.Write(t.Context(), func(tx *store.Tx) error { panic("test") })
		}()
		within(t, s, func(context.Context, *store.Tx, time.Time) error { return nil })
	})
}

func TestWriteWithoutDatabase(t *testing.T) {
	s := storetest.Open(t, "postgres://nobody@127.0.0.1:1/none?sslmode=disable&connect_timeout=1")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := s.Write(ctx, func(*store.Tx) error { t.Error("fn ran"); return nil })
	if models.KindOf(err) != models.Unavailable {
		t.Errorf("Write = %v, want Unavailable", err)
	}
	if _, err := s.ReadSet(t.Context(), 1); models.KindOf(err) != models.Unavailable {
		t.Errorf("ReadSet = %v, want Unavailable", err)
	}
}

// Two writers that name the same things in opposite order both succeed.
func TestOppositeOrders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		stores := []*store.Store{storetest.Open(t, dsn), storetest.Open(t, dsn)}
		const rounds, n = 15, 8
		var wg sync.WaitGroup
		for w, s := range stores {
			wg.Go(func() {
				for range rounds {
					err := s.Write(t.Context(), func(tx *store.Tx) error {
						now, _, err := tx.Begin(t.Context())
						if err != nil {
							return err
						}
						var keys []models.RepeatKey
						var users []int64
						for i := range n {
							keys = append(keys, models.RepeatKey{SourceID: 1, Key: string(rune('a' + i)), TTL: -time.Second})
							users = append(users, int64(i+1))
						}
						if w == 1 {
							slices.Reverse(keys)
						}
						if _, err := tx.TakeKeys(t.Context(), now, keys); err != nil {
							return err
						}
						boxes, err := tx.LockInboxes(t.Context(), users)
						if err != nil {
							return err
						}
						var all []*models.Inbox
						for _, u := range users {
							boxes[u].Version++
							all = append(all, boxes[u])
						}
						return tx.SaveInboxes(t.Context(), all)
					})
					if err != nil {
						t.Errorf("writer %d: %v", w, err)
					}
				}
			})
		}
		wg.Wait()
		set, err := stores[0].ReadSet(t.Context(), n)
		if err != nil || set.Inbox.Version != 2*rounds {
			t.Errorf("version %d, %v; want %d: an update was lost", set.Inbox.Version, err, 2*rounds)
		}
	})
}

func TestReserveGivesEachIDOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		stores := []*store.Store{storetest.Open(t, dsn), storetest.Open(t, dsn)}
		var mu sync.Mutex
		seen := map[int64]bool{}
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for range 6 {
					first, err := stores[i%2].Reserve(t.Context(), 4000)
					if err != nil || first < 1 {
						t.Errorf("Reserve = %d, %v", first, err)
						return
					}
					mu.Lock()
					for id := first; id < first+4000; id++ {
						if seen[id] {
							t.Errorf("id %d was given twice", id)
						}
						seen[id] = true
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
	})
}
