package setup_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"zummer/app/internal/setup"
	"zummer/models"
)

func TestSnapshotKeepsTheNewest(t *testing.T) {
	ctx := context.Background()
	next := &models.Directory{Version: 5}
	var fail error
	s := setup.NewSnapshot(func(context.Context) (*models.Directory, error) { return next, fail })
	if d := s.Get(); d == nil || d.UserByLogin("nobody") != nil || d.Version >= 0 {
		t.Fatalf("an unread snapshot is %v, want an empty directory", d)
	}
	for _, c := range []struct {
		name string
		do   func() error
		want int64
	}{
		{"first read", func() error { return s.Reload(ctx) }, 5},
		{"an older one is ignored", func() error { s.Set(&models.Directory{Version: 4}); return nil }, 5},
		{"nil is ignored", func() error { s.Set(nil); return nil }, 5},
		{"a newer one counts", func() error { s.Set(&models.Directory{Version: 7}); return nil }, 7},
		{"a late reload of the older", func() error { return s.Reload(ctx) }, 7},
	} {
		if err := c.do(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := s.Get().Version; got != c.want {
			t.Fatalf("%s: version %d, want %d", c.name, got, c.want)
		}
	}
	fail = errors.New("away")
	if err := s.Reload(ctx); !errors.Is(err, fail) || s.Get().Version != 7 {
		t.Fatalf("failed reload: %v, version %d; want the error and 7", err, s.Get().Version)
	}
}

func TestSnapshotTellsOfChanges(t *testing.T) {
	s := setup.NewSnapshot(nil)
	var told []int64
	s.Set(&models.Directory{Version: 1})
	s.OnChange(func(d *models.Directory) { told = append(told, d.Version) })
	for _, v := range []int64{2, 2, 1, 3} {
		s.Set(&models.Directory{Version: v})
	}
	if len(told) != 2 || told[0] != 2 || told[1] != 3 {
		t.Fatalf("told of %v, want 2 and 3: only what became current, each once", told)
	}
}

func TestSnapshotUnderContention(t *testing.T) {
	s := setup.NewSnapshot(nil)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for v := range 200 {
				s.Set(&models.Directory{Version: int64(v*8 + w)})
			}
		})
	}
	wg.Wait()
	if got := s.Get().Version; got != 199*8+7 {
		t.Fatalf("version %d after all, want %d", got, 199*8+7)
	}
}
