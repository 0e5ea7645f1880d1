package setup

import (
	"context"
	"time"

	"zummer/models"
)

// Store is what setup needs of the database. app passes models/store in.
type Store interface {
	// Write runs fn in one transaction and commits; an error of fn rolls back
	// and comes back so that errors.Is finds it. fn may be run again from the
	// start.
	Write(ctx context.Context, fn func(Tx) error) error
	// ContactsByPhone finds the contacts that have exactly this number.
	ContactsByPhone(ctx context.Context, phone string) ([]models.Contact, error)
	// ContactIDs lists up to limit external ids above after, sorted.
	ContactIDs(ctx context.Context, after string, limit int) ([]string, error)
	// Rules reads one stored version of the rules; models.NotFound.
	Rules(ctx context.Context, version int64) (*models.RuleSet, error)
	// RuleVersions lists them without the rules themselves, the newest first.
	RuleVersions(ctx context.Context, after string, limit int) (sets []models.RuleSet, next string, err error)
}

// Tx is one change of the set-up. Save methods insert when the ID is 0, and
// set it.
type Tx interface {
	// Begin returns the database's clock and config_version.
	Begin(ctx context.Context) (now time.Time, config int64, err error)
	// BumpConfig raises config_version and holds it until the end, so that
	// changes of the set-up come one after the other.
	BumpConfig(ctx context.Context) (now time.Time, version int64, err error)
	// Directory reads the whole set-up, indexed.
	Directory(ctx context.Context) (*models.Directory, error)
	// SaveAudit inserts an entry, or replaces the Detail of one that has an ID.
	SaveAudit(ctx context.Context, now time.Time, e *models.AuditEntry) error

	SaveSource(ctx context.Context, now time.Time, s *models.Source) error
	// DeleteSource removes the source and its extensions; what it sent stays.
	DeleteSource(ctx context.Context, id int64) error
	SaveUser(ctx context.Context, now time.Time, u *models.User) error
	// UserActive reports whether the user is there and active.
	UserActive(ctx context.Context, id int64) (bool, error)
	// SaveExtensions maps extensions, with exactly their owners; without a user
	// and a mode it unmaps.
	SaveExtensions(ctx context.Context, all []models.Extension) error
	// SaveGroup writes the group with exactly its members.
	SaveGroup(ctx context.Context, g *models.Group) error
	DeleteGroup(ctx context.Context, id int64) error
	// SaveRules adds a version of the rules, which is in force from then on.
	SaveRules(ctx context.Context, now time.Time, set *models.RuleSet) error
	InsertToken(ctx context.Context, t *models.Token) error
	// RevokeTokens ends tokens; those that have ended stay as they are.
	RevokeTokens(ctx context.Context, now time.Time, ids []int64) error
	// DeleteExpiredTokens forgets a user's tokens of that name that ended
	// before.
	DeleteExpiredTokens(ctx context.Context, user int64, name string, before time.Time) error

	// SaveContacts inserts or replaces contacts by external id, each of which
	// may stand once in the list, and says for each whether it was stored: a
	// lower Seq than the stored one is not. It does not lock the set-up.
	SaveContacts(ctx context.Context, now time.Time, all []*models.Contact) ([]bool, error)
	// DeleteContacts removes the named ones that were last stored not after
	// until (zero: at any time) and counts them.
	DeleteContacts(ctx context.Context, externalIDs []string, until time.Time) (int, error)

	// Idempotency reads what was kept under a token's key; ok is false when the
	// key is new (or older than 24 h), and then it is now taken.
	Idempotency(ctx context.Context, now time.Time, token int64, key, hash string) (kept models.Idempotent, ok bool, err error)
	SaveIdempotency(ctx context.Context, token int64, key string, response []byte) error
	// DropIdempotency gives a taken key back.
	DropIdempotency(ctx context.Context, token int64, key string) error
}
