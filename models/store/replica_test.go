package store_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store"
	"zummer/models/store/storetest"
)

// commit raises user's version with one step, as the inbox does.
func commit(t *testing.T, s *store.Store, user, version int64) {
	t.Helper()
	within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
		if _, err := tx.LockInboxes(ctx, []int64{user}); err != nil {
			return err
		}
		return tx.InsertSteps(ctx, []*models.Step{{UserID: user, NotificationID: 10 * user, Rev: 1, Version: version, What: models.StepStored, At: now}})
	})
}

func TestTailOfAnotherReplica(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		writer, reader := storetest.Open(t, dsn), storetest.Open(t, dsn)
		commit(t, writer, 1, 1)
		hints, config, err := reader.Tail(t.Context())
		if err != nil || len(hints) != 0 || config == 0 {
			t.Fatalf("first Tail = %v, %d, %v; want none", hints, config, err)
		}
		commit(t, writer, 1, 2)
		commit(t, writer, 1, 3)
		commit(t, writer, 2, 7)
		within(t, writer, func(ctx context.Context, tx *store.Tx, _ time.Time) error {
			_, _, err := tx.BumpConfig(ctx)
			return err
		})
		hints, bumped, err := reader.Tail(t.Context())
		got := map[int64]int64{}
		for _, h := range hints {
			got[h.UserID] = h.Version
		}
		if err != nil || bumped != config+1 || len(hints) != 2 || got[1] != 3 || got[2] != 7 {
			t.Errorf("Tail = %v, %d, %v; want each user's highest version and config %d", hints, bumped, err, config+1)
		}
		if hints, _, err = reader.Tail(t.Context()); err != nil || len(hints) != 0 {
			t.Errorf("Tail with nothing new = %v, %v", hints, err)
		}
	})
}

// Ids are taken before the commit: a transaction that commits late is found.
func TestTailFindsWhatCommitsLate(t *testing.T) {
	dsn := storetest.Postgres(t)
	early, late, reader := storetest.Open(t, dsn), storetest.Open(t, dsn), storetest.Open(t, dsn)
	if _, _, err := reader.Tail(t.Context()); err != nil {
		t.Fatal(err)
	}
	within(t, late, func(ctx context.Context, tx *store.Tx, now time.Time) error {
		if err := tx.InsertSteps(ctx, []*models.Step{{UserID: 1, Version: 5, What: models.StepStored, At: now}}); err != nil {
			return err
		}
		commit(t, early, 2, 6)
		hints, _, err := reader.Tail(ctx)
		if len(hints) != 1 || hints[0].UserID != 2 {
			t.Errorf("Tail = %v, want user 2", hints)
		}
		return err
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for tick := time.NewTicker(20 * time.Millisecond); ; <-tick.C {
		hints, _, err := reader.Tail(ctx)
		if err != nil {
			t.Fatalf("the late commit was not found in time: %v", err)
		}
		for _, h := range hints {
			if h.UserID == 1 && h.Version == 5 {
				return
			}
		}
	}
}

func TestNotifyReachesTheOtherReplica(t *testing.T) {
	dsn := storetest.Postgres(t)
	sender, receiver := storetest.Open(t, dsn), storetest.Open(t, dsn)
	ctx, cancel := context.WithCancel(t.Context())
	told, ended := make(chan []models.Hint, 1000), make(chan error, 1)
	go func() { ended <- receiver.Listen(ctx, func(h []models.Hint) { told <- h }) }()
	deadline := time.After(time.Minute)
	for tick, found := time.NewTicker(50*time.Millisecond), false; !found; {
		select {
		case hints := <-told:
			for _, h := range hints {
				found = found || h == models.Hint{UserID: 3, Version: 9}
			}
		case <-tick.C: // LISTEN may not have begun yet
			sender.Notify([]models.Hint{{UserID: 3, Version: 9}})
		case <-deadline:
			t.Fatal("nothing was told")
		}
	}
	many := make([]models.Hint, 3000)
	for i := range many {
		many[i] = models.Hint{UserID: int64(i + 1), Version: 1}
	}
	sender.Notify(many)
	for overflow := false; !overflow; {
		select {
		case hints := <-told:
			overflow = hints == nil
		case <-deadline:
			t.Fatal("the overflow was not told")
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Listen ended with %v", err)
	}
}

func TestTryLock(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		a, b := storetest.Open(t, dsn), storetest.Open(t, dsn)
		unlock, ok, err := a.TryLock(t.Context(), "purge")
		if err != nil || !ok {
			t.Fatalf("TryLock = %v, %v", ok, err)
		}
		if a.SQLite() {
			unlock()
			return
		}
		if _, ok, err := b.TryLock(t.Context(), "purge"); ok || err != nil {
			t.Errorf("the second TryLock = %v, %v; want taken", ok, err)
		}
		other, ok, err := b.TryLock(t.Context(), "expire")
		if err != nil || !ok {
			t.Fatalf("TryLock of another name = %v, %v", ok, err)
		}
		other()
		unlock()
		again, ok, err := b.TryLock(t.Context(), "purge")
		if err != nil || !ok {
			t.Fatalf("TryLock after unlock = %v, %v", ok, err)
		}
		again()
	})
}

func TestLockServe(t *testing.T) {
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "z.db")
	unlock, err := store.LockServe(dsn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.LockServe(dsn); err == nil || !strings.Contains(err.Error(), "another zummer") {
		t.Errorf("the second LockServe: %v, want a refusal that says why", err)
	}
	unlock()
	unlock, err = store.LockServe(dsn)
	if err != nil {
		t.Fatalf("LockServe after unlock: %v", err)
	}
	unlock()
	for range 2 {
		if _, err := store.LockServe("postgres://x/y"); err != nil {
			t.Errorf("PostgreSQL needs no lock: %v", err)
		}
	}
}

func TestDirectoryRoundTrip(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		var u models.User
		var src models.Source
		var g models.Group
		var tok models.Token
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			if _, _, err := tx.BumpConfig(ctx); err != nil {
				return err
			}
			u = models.User{Login: "Иванов", ExternalID: "e-1", Name: "Иванов И.", PopOn: models.PopRinging, Quiet: true, Active: true, Timezone: "Asia/Omsk", CreatedAt: now}
			src = models.Source{Slug: "office", Kind: "generic", Name: "Офис", TokenHash: "h", Token: "t", Settings: map[string]any{"a": "b"}, Active: true, Outgoing: true, CreatedAt: now}
			g = models.Group{Name: "sales"}
			if err := tx.SaveUser(ctx, now, &u); err != nil {
				return err
			}
			if err := tx.SaveSource(ctx, now, &src); err != nil {
				return err
			}
			g.Members = []int64{u.ID}
			if err := tx.SaveGroup(ctx, &g); err != nil {
				return err
			}
			tok = models.Token{Hash: "th", UserID: u.ID, Name: "desk", Scopes: []string{models.ScopePoll}, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
			if err := tx.InsertToken(ctx, &tok); err != nil {
				return err
			}
			return tx.SaveExtensions(ctx, []models.Extension{{SourceID: src.ID, Extension: "101", UserID: u.ID}})
		})
		d, err := s.LoadDirectory(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "user", d.UserByLogin("ИВАНОВ"), u)
		equal(t, "source", d.SourceBySlug("office"), src)
		equal(t, "group", d.GroupByName("sales"), g)
		equal(t, "token", d.Tokens["th"], tok)
		if d.Owner(src.ID, []string{"101"}) != u.ID || d.Version < 2 {
			t.Errorf("owner of 101: %d; version %d", d.Owner(src.ID, []string{"101"}), d.Version)
		}
		within(t, s, func(ctx context.Context, tx *store.Tx, _ time.Time) error {
			in, err := tx.Directory(ctx)
			if err == nil && in.Version != d.Version {
				t.Errorf("Directory of a transaction: version %d, want %d", in.Version, d.Version)
			}
			return err
		})
	})
}

// Reading the set-up does not wait for a writer, nor the other way round.
func TestReadersDoNotWait(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		commit(t, s, 1, 1)
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			if _, err := tx.LockInboxes(ctx, []int64{1, 2}); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			if _, err := s.LoadDirectory(ctx); err != nil {
				t.Errorf("LoadDirectory while a transaction writes: %v", err)
			}
			if _, err := s.ReadSet(ctx, 1); err != nil {
				t.Errorf("ReadSet while a transaction writes: %v", err)
			}
			return nil
		})
	})
}
