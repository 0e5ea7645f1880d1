package inbox

import (
	"context"
	"time"

	"zummer/models"
)

// Store is what the inbox needs of the database. app passes models/store in.
type Store interface {
	// Write runs fn in one transaction and commits. fn may be run again from
	// the start (serialisation failure, deadlock, lost connection), so it must
	// not change anything outside of what it builds anew. A database that
	// cannot be reached is a models.Unavailable error; any other error of a
	// statement comes back as it is, after a rollback.
	Write(ctx context.Context, fn func(Tx) error) error

	// Reserve hands out n consecutive ids that no other process gets. Ids are
	// used for webhooks, calls, legs and notifications alike; gaps are normal.
	Reserve(ctx context.Context, n int) (first int64, err error)

	// ReadSets reads the inboxes of users, each named once, and all of their
	// pending rows in one statement, from the primary. A user without an inbox
	// yet gets a zero Version and Epoch "0". Rows come in no particular order.
	ReadSets(ctx context.Context, users []int64) (map[int64]models.Set, error)

	// ReadInboxes reads the inboxes of up to 500 users; users without one are
	// absent.
	ReadInboxes(ctx context.Context, users []int64) ([]models.Inbox, time.Time, error)

	Reader
}

// Reader is what a dry run reads. Nothing of it locks or writes.
type Reader interface {
	// Webhook reads one journal entry; models.NotFound.
	Webhook(ctx context.Context, id int64) (models.Webhook, error)
	// CallByKey reads a call with facts and legs; of a merged one, what it was
	// merged into; models.NotFound.
	CallByKey(ctx context.Context, key models.CallKey) (models.Call, error)
	// ContactsByPhone finds contacts by exact E.164 number.
	ContactsByPhone(ctx context.Context, phone string) ([]models.Contact, error)
	// HasContacts reports whether the contacts table has rows at all.
	HasContacts(ctx context.Context) (bool, error)
	// Rules reads one stored version of the rules; models.NotFound.
	Rules(ctx context.Context, version int64) (*models.RuleSet, error)
}

// Tx is one batch's transaction. The methods stand in the order in which a
// batch may call them (docs/architecture.md, decision 1). Every slice may be
// empty, and then the method does nothing.
type Tx interface {
	// Begin returns the database's clock (milliseconds, UTC) and the version
	// of the set-up.
	Begin(ctx context.Context) (now time.Time, config int64, err error)
	// Directory reads the whole set-up snapshot, indexed.
	Directory(ctx context.Context) (*models.Directory, error)

	// TakeKeys inserts the repeat keys, sorted, and says for each (same index)
	// whether it is new, that is absent or past its TTL. A key that stands
	// twice in keys is new once.
	TakeKeys(ctx context.Context, now time.Time, keys []models.RepeatKey) ([]bool, error)
	InsertWebhooks(ctx context.Context, ws []*models.Webhook) error

	// LockLines keeps other batches from the calls of these line groups, named in
	// order, until this one ends.
	LockLines(ctx context.Context, groups []string) error
	// LockCalls makes missing calls (with ids from fresh, which has at least
	// as many as keys), locks all in key order and returns them with facts and
	// legs; a call that was merged is replaced by the one it was merged into.
	LockCalls(ctx context.Context, now time.Time, keys []models.CallKey, fresh []int64) (map[models.CallKey]*models.Call, error)
	// LockCallsByID locks existing calls; absent ones are absent.
	LockCallsByID(ctx context.Context, ids []int64) (map[int64]*models.Call, error)
	// LineCalls finds the conversations that have a leg as searched for.
	LineCalls(ctx context.Context, searches []models.LineSearch) (conversations []int64, err error)
	// ConversationCalls lists the calls of conversations, without merged ones.
	ConversationCalls(ctx context.Context, conversations []int64) ([]int64, error)
	// SaveCalls writes calls and their legs (every Leg.ID is set).
	SaveCalls(ctx context.Context, now time.Time, calls []*models.Call) error

	// ContactsByPhones finds contacts by exact E.164 number. any says whether
	// the contacts table has rows at all.
	ContactsByPhones(ctx context.Context, phones []string) (found map[string][]models.Contact, any bool, err error)
	// HoldersOf lists the users that have a pending row of one of the collapse keys.
	HoldersOf(ctx context.Context, collapseKeys []string) (map[string][]int64, error)

	// Committed reports whether a webhook or a row stands in the journal or the
	// timeline under one of the ids in [first, end): then the batch that these
	// were reserved for was committed, though its run was not told. Calls are
	// made early, by this transaction too, and do not count.
	Committed(ctx context.Context, first, end int64) (bool, error)
	// LockInboxes makes missing inboxes (with a random epoch) and locks all in
	// user order.
	LockInboxes(ctx context.Context, users []int64) (map[int64]*models.Inbox, error)
	// Rows reads pending rows of locked inboxes.
	Rows(ctx context.Context, sel models.RowSelect) ([]*models.Notification, error)
	// Settled tells the highest settled (processed, expired, removed) revision
	// of rows that are not pending any more; absent: that user never had it.
	Settled(ctx context.Context, refs []models.RowRef) (map[models.RowRef]int, error)
	// SaveRows inserts or replaces rows by (user, id).
	SaveRows(ctx context.Context, rows []*models.Notification) error
	DeleteRows(ctx context.Context, refs []models.RowRef) error
	InsertSteps(ctx context.Context, steps []*models.Step) error
	SaveInboxes(ctx context.Context, inboxes []*models.Inbox) error

	// Idempotency reads the stored outcome of a publisher's key; ok is false
	// when the key is new (or older than 24 h), and then it is now taken.
	Idempotency(ctx context.Context, now time.Time, token int64, key, hash string) (stored models.Idempotent, ok bool, err error)
	// FindIdempotency is the same without taking the key.
	FindIdempotency(ctx context.Context, now time.Time, token int64, key string) (stored models.Idempotent, ok bool, err error)
	SaveIdempotency(ctx context.Context, token int64, key string, response []byte) error

	// WebhookByID reads one journal entry (replay).
	WebhookByID(ctx context.Context, id int64) (*models.Webhook, error)
	// SetWebhookOutcome rewrites what became of a webhook (replay).
	SetWebhookOutcome(ctx context.Context, w *models.Webhook) error
	// UnroutedCalls lists calls of source, changed since, that have a leg of
	// extension (NormalizeExtension form) without a user.
	UnroutedCalls(ctx context.Context, source int64, extension string, since time.Time) ([]int64, error)
	// SettledRow reads the last body of a row that is no longer pending, for
	// requeue; models.NotFound when there is none.
	SettledRow(ctx context.Context, id int64) (*models.Notification, error)
	// OwnerOf returns the user of a pending or settled row; 0: unknown id.
	OwnerOf(ctx context.Context, id int64) (int64, error)
}
