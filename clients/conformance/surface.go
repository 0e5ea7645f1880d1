package conformance

import (
	"context"
	"crypto/subtle"
	"time"

	"zummer/handlers"
	"zummer/models"
)

// What the HTTP surface asks beside the register. Addresses that are no
// client's never get there (serve.go), so the rest is left out.

type setup struct {
	handlers.Setup
	d *models.Directory
}

func (s setup) Directory() *models.Directory { return s.d }

func directory() *models.Directory {
	d := &models.Directory{Users: map[int64]*models.User{1: user()}, Sources: map[int64]*models.Source{}, Groups: map[int64]*models.Group{},
		Tokens: map[string]*models.Token{}, Extensions: map[models.ExtKey]int64{}}
	d.Index()
	return d
}

type journal struct{ handlers.Journal }

func (journal) Ready(context.Context) error { return nil }

// auth lets one token in.
type auth struct{ token string }

func (a auth) Authenticate(_ context.Context, token, _ string) (models.Caller, error) {
	if subtle.ConstantTimeCompare([]byte(token), []byte(a.token)) == 0 {
		return models.Caller{}, models.Errorf(models.Unauthorized, "this is not the token of the kit")
	}
	return models.Caller{User: user(), Token: &models.Token{ID: 1, UserID: 1, Name: "kit", Scopes: []string{models.ScopePoll}, CreatedAt: time.Now()}}, nil
}
