package auth

import (
	"context"
	"time"

	"zummer/models"
)

// Store is what administrators need of the database. app passes models/store
// in.
type Store interface {
	// Write runs fn in one transaction and commits; an error of fn rolls back
	// and comes back so that errors.Is finds it. fn may be run again from the
	// start.
	Write(ctx context.Context, fn func(Tx) error) error
	// Administrators lists all of them by login; the others find one, or
	// models.NotFound.
	Administrators(ctx context.Context) ([]models.Admin, error)
	Administrator(ctx context.Context, id int64) (models.Admin, error)
	AdministratorByLogin(ctx context.Context, login string) (models.Admin, error)

	// SignIn finds the one of a token's hash that has not ended; models.NotFound.
	SignIn(ctx context.Context, tokenHash string) (models.SignIn, error)
	// SignIns lists an administrator's that have not ended, the last used first.
	SignIns(ctx context.Context, admin int64) ([]models.SignIn, error)
	InsertSignIn(ctx context.Context, in models.SignIn) error
	// UpdateSignIn writes data, seen and end of one that is still there.
	UpdateSignIn(ctx context.Context, in models.SignIn) (found bool, err error)
	DeleteSignIn(ctx context.Context, tokenHash string) error
}

// Tx is one change of the administrators.
type Tx interface {
	// Begin returns the database's clock and config_version.
	Begin(ctx context.Context) (now time.Time, config int64, err error)
	// BumpConfig returns the database's clock and lets changes come one after
	// the other.
	BumpConfig(ctx context.Context) (now time.Time, version int64, err error)
	SaveAudit(ctx context.Context, now time.Time, e *models.AuditEntry) error
	Administrators(ctx context.Context) ([]models.Admin, error)
	// SaveAdministrator inserts when the ID is 0, and sets it.
	SaveAdministrator(ctx context.Context, now time.Time, a *models.Admin) error
	// SignedIn notes when an administrator signed in last.
	SignedIn(ctx context.Context, now time.Time, id int64) error
	// EndSignIns ends one sign-in of an administrator; id 0: all of them.
	EndSignIns(ctx context.Context, admin, id int64) error
}
