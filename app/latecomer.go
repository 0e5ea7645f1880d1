package app

import (
	"context"
	"sync"
	"time"

	"zummer/app/internal/setup"
	"zummer/handlers"
	"zummer/models"
)

// latecomer lets in a token that was made on another replica a moment ago: one
// that nobody knows makes this process look at the set-up, at most every
// lookEvery, before it is refused.
type latecomer struct {
	handlers.Auth
	snapshot *setup.Snapshot
	version  func(context.Context) (int64, error) // of the set-up, now

	mu   sync.Mutex
	last time.Time
}

// lookEvery bounds what strangers can cost.
const lookEvery = 250 * time.Millisecond

// Authenticate implements handlers.Auth.
func (l *latecomer) Authenticate(ctx context.Context, token, asUser string) (models.Caller, error) {
	who, err := l.Auth.Authenticate(ctx, token, asUser)
	if models.KindOf(err) != models.Unauthorized && !models.IsNotFound(err) {
		return who, err
	}
	before := l.snapshot.Get().Version
	l.look(ctx)
	if l.snapshot.Get().Version == before {
		return who, err
	}
	return l.Auth.Authenticate(ctx, token, asUser)
}

// look reads the set-up, unless that was done just now. A failure leaves the
// refusal as it is.
func (l *latecomer) look(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Sub(l.last) >= lookEvery {
		l.last = now
		if v, err := l.version(ctx); err == nil && v != l.snapshot.Get().Version {
			_ = l.snapshot.Reload(ctx)
		}
	}
}
