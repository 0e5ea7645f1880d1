package app

import (
	"context"
	"sync"
	"time"

	"zummer/handlers"
	"zummer/models"
)

// relayed has it written down, once a day and process, that a relay token
// spoke for a user: a CRM server does so with every request.
type relayed struct {
	handlers.Auth
	note func(ctx context.Context, by models.Actor, login string) error

	mu   sync.Mutex
	day  string
	told map[relay]bool
}

type relay struct{ token, user int64 }

// Authenticate implements handlers.Auth. What cannot be written down does not
// happen.
func (r *relayed) Authenticate(ctx context.Context, token, asUser string) (models.Caller, error) {
	who, err := r.Auth.Authenticate(ctx, token, asUser)
	if err != nil || asUser == "" || who.User == nil || who.Token == nil || who.Token.UserID == who.User.ID {
		return who, err
	}
	is := relay{who.Token.ID, who.User.ID}
	if !r.first(is) {
		return who, nil
	}
	if err := r.note(ctx, models.Actor{Who: who.Token.Name}, who.User.Login); err != nil {
		r.mu.Lock()
		delete(r.told, is)
		r.mu.Unlock()
		return models.Caller{}, err
	}
	return who, nil
}

// first reports whether is comes for the first time today.
func (r *relayed) first(is relay) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if day := time.Now().UTC().Format(time.DateOnly); day != r.day {
		r.day, r.told = day, map[relay]bool{}
	}
	if r.told[is] {
		return false
	}
	r.told[is] = true
	return true
}
