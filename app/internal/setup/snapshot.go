package setup

import (
	"context"
	"fmt"
	"sync/atomic"

	"zummer/models"
)

// Snapshot holds the set-up as this process knows it. Its methods may be
// called from any goroutine; Get costs one atomic load.
type Snapshot struct {
	load    func(context.Context) (*models.Directory, error)
	current atomic.Pointer[models.Directory]
	changed atomic.Pointer[func(*models.Directory)]
}

// NewSnapshot makes a Snapshot that reads itself anew with load. Until the
// first Reload or Set it is empty.
func NewSnapshot(load func(context.Context) (*models.Directory, error)) *Snapshot {
	s := &Snapshot{load: load}
	s.current.Store(emptyDirectory())
	return s
}

// emptyDirectory is older than any that was read.
func emptyDirectory() *models.Directory {
	d := &models.Directory{
		Version: -1, Users: map[int64]*models.User{}, Sources: map[int64]*models.Source{}, Groups: map[int64]*models.Group{},
		Tokens: map[string]*models.Token{}, Extensions: map[models.ExtKey]int64{},
	}
	d.Index()
	return d
}

// Get returns the current directory, never nil. It must not be changed.
func (s *Snapshot) Get() *models.Directory { return s.current.Load() }

// Set offers a directory that somebody read. An older one than the current
// (by Version) is ignored, so it does not matter who comes first; nil too.
func (s *Snapshot) Set(d *models.Directory) {
	if d == nil {
		return
	}
	for {
		old := s.current.Load()
		if d.Version <= old.Version {
			return
		}
		if s.current.CompareAndSwap(old, d) {
			break
		}
	}
	if fn := s.changed.Load(); fn != nil {
		(*fn)(d)
	}
}

// OnChange makes Set call fn, in Set's goroutine, with every directory that
// became the current one. fn must be quick, may be called concurrently and not
// in order of Version, and replaces an earlier one.
func (s *Snapshot) OnChange(fn func(*models.Directory)) { s.changed.Store(&fn) }

// Reload reads the directory and offers it to Set. On an error the current
// one stays.
func (s *Snapshot) Reload(ctx context.Context) error {
	d, err := s.load(ctx)
	if err != nil {
		return fmt.Errorf("read the set-up: %w", err)
	}
	s.Set(d)
	return nil
}
