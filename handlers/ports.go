package handlers

import (
	"context"
	"io"
	"time"

	"zummer/models"
)

// The interfaces of this file are what the HTTP surface needs of the use
// cases. app passes app/internal/inbox, setup and auth in.

// Actor says who changes the set-up, for the audit.
type Actor = models.Actor

// Register is the inbox: it changes and reads pending sets.
type Register interface {
	// Accept stores one webhook of a source with what its adapter made of it.
	// On return without an error everything is committed.
	Accept(ctx context.Context, in models.Accepted) (models.AcceptResult, error)
	// BeginPoll answers when the set differs from q.Version; else it returns
	// what waits for that, or until q.Wait is over.
	BeginPoll(ctx context.Context, who models.Caller, q models.PollQuery) (models.PendingSet, models.Waiting, error)
	// Relay is a poll for all active users at once, by a token of scope relay; the
	// answer's Users say whose rows they are.
	Relay(ctx context.Context, who models.Caller, q models.PollQuery) (models.PendingSet, error)
	// Acknowledge settles revisions and does not wait.
	Acknowledge(ctx context.Context, user int64, acks []models.Ack) ([]models.AckResult, error)
	// Claim gives a row to a session before it opens it. Errors: Conflict
	// "claimed" and "moved_on", NotFound.
	Claim(ctx context.Context, user int64, c models.Claim) (models.Claimed, error)
	// Release takes it away from the session again. Errors as Claim.
	Release(ctx context.Context, user int64, c models.Claim) (models.Claimed, error)
	// AckAll settles every row whose last revision is not newer than version.
	AckAll(ctx context.Context, user int64, version, session string) (settled int, err error)
	// Publish makes notifications from outside (contract §4.3).
	Publish(ctx context.Context, who models.Caller, p models.Publication) ([]models.Notification, error)
	// Administrate processes, requeues, reassigns or expires one row.
	Administrate(ctx context.Context, by Actor, id int64, action string, toUser int64) (models.Notification, error)
	// Replay runs a stored webhook again. Its repeat keys do not hold it back.
	Replay(ctx context.Context, by Actor, webhook int64) (models.AcceptResult, error)
	// DryRun tells what rules would make of a stored webhook or of events by
	// hand, and why. It changes nothing.
	DryRun(ctx context.Context, q models.DryRunQuery) (models.DryRunResult, error)
	// Changes returns a number that grows when something of the register, the
	// journal or the set-up may have changed: at once when it is not since, else
	// when it grows or after wait. 0 asks for the present one.
	Changes(ctx context.Context, since uint64, wait time.Duration) uint64
	// Sessions lists the clients seen in the last day, newest first, those of
	// other replicas too.
	Sessions(user int64) []models.Session
}

// Setup holds sources, users, tokens, groups and contacts. Every change is
// audited in its own transaction and raises config_version.
type Setup interface {
	ContactLines
	Directory() *models.Directory

	PutSource(ctx context.Context, by Actor, slug string, in models.SourceInput) (models.Source, error)
	DeleteSource(ctx context.Context, by Actor, slug string) error
	// RotateSource gives the source a second URL token; the older of two goes.
	RotateSource(ctx context.Context, by Actor, slug string) (models.Source, error)

	PutUser(ctx context.Context, by Actor, login string, in models.UserInput) (models.User, error)
	DeleteUser(ctx context.Context, by Actor, login string) error // deactivates
	PatchMe(ctx context.Context, user int64, popOn *string, quiet *bool) (models.User, error)
	SyncUsers(ctx context.Context, by Actor, users []models.SyncUser, full bool) (models.SyncReport, error)

	// NewToken returns the token's text, shown once. user 0: of nobody.
	NewToken(ctx context.Context, by Actor, user int64, in models.TokenInput) (models.Token, string, error)
	// TokenForToday makes a poll token for a user of the CRM. An unknown user
	// becomes a pending one and the error is 404 unknown_user.
	TokenForToday(ctx context.Context, by Actor, externalID string, ttl time.Duration) (models.Token, string, error)
	RevokeToken(ctx context.Context, by Actor, id int64) error

	// MapExtension gives an extension to a user; what waited unrouted for up
	// to 24 h is routed on the call's state now. user 0 unmaps.
	MapExtension(ctx context.Context, by Actor, source, extension string, user int64) error
	// ShareExtension makes an extension a phone of several people (models.SharedCheckIn or SharedAll).
	ShareExtension(ctx context.Context, by Actor, source, extension, mode string, users []int64) error
	// TakeExtension is a user's "this is my number today"; asked: the administrator has to allow it.
	TakeExtension(ctx context.Context, user int64, source, number string) (asked bool, err error)
	// LeaveExtension ends that, of one number or of all ("").
	LeaveExtension(ctx context.Context, user int64, source, number string) error
	// RefuseExtension drops what users asked for one extension.
	RefuseExtension(ctx context.Context, by Actor, source, extension string) error

	PutGroup(ctx context.Context, by Actor, name string, logins []string) (models.Group, error)
	DeleteGroup(ctx context.Context, by Actor, name string) error

	// PutRules makes a new version of the rules, a change of version based.
	// Errors: Conflict moved_on when another one is in force by now.
	PutRules(ctx context.Context, by Actor, based int64, rules []models.Rule) (models.RuleSet, error)
	CheckRules(rules []models.Rule) error // what PutRules would refuse
	Rules() models.RuleSet                // in force; version 0 are the built-in ones
	RulesAt(ctx context.Context, version int64) (models.RuleSet, error)
	// RuleVersions lists them without the rules themselves, the newest first.
	RuleVersions(ctx context.Context, after string, limit int) ([]models.RuleSet, string, error)

	PutContact(ctx context.Context, by Actor, in models.ContactInput) (stored bool, err error)
	DeleteContact(ctx context.Context, by Actor, externalID string) error
	// ImportContacts reads NDJSON, 16 KiB a line at most, in transactions of
	// 500; a bad line is counted and reported, the others are stored. full
	// removes the contacts that were not named, when every line was good.
	// progress is told after every transaction how far it is; nil: nobody.
	ImportContacts(ctx context.Context, by Actor, r io.Reader, full bool, progress func(models.ImportReport)) (models.ImportReport, error)
	ContactsByPhone(ctx context.Context, phone string) ([]models.Contact, error)
	// AuditNote writes down what was done or shown without a change of the set-up.
	// detail must hold no secret and no phone number.
	AuditNote(ctx context.Context, by Actor, what, object, detail string) error

	// TakeKey takes an Idempotency-Key of a token for 24 h, before something
	// that must not happen twice; then answer is nil, and KeepAnswer or FreeKey
	// follows. Else it is what was kept under the key, and nothing is to be
	// done. Errors: Conflict "running", Invalid "idempotency_mismatch".
	TakeKey(ctx context.Context, token int64, key, hash string) (answer []byte, err error)
	KeepAnswer(ctx context.Context, token int64, key string, answer []byte) error
	// FreeKey gives the key back: what it was taken for did not happen.
	FreeKey(ctx context.Context, token int64, key string) error
}

// Journal reads what was stored: lists for clients and administrators. after
// is an opaque cursor; an unknown one is an Invalid error.
type Journal interface {
	ContactList
	Overview
	History(ctx context.Context, user int64, q models.HistoryQuery) (models.HistoryPage, error)
	Calls(ctx context.Context, q models.CallQuery) ([]models.Call, string, error)
	// Call returns one call; user 0 is an administrator, else it must have had a leg of that user's.
	Call(ctx context.Context, user, id int64) (models.Call, error)
	// SearchCalls narrows the call log; it looks at a bounded number of calls.
	SearchCalls(ctx context.Context, q models.CallSearch) (models.CallsFound, error)
	// CallTimeline is what became of a call, for all users, oldest first; none:
	// nothing was noted, or it is older than the retention.
	CallTimeline(ctx context.Context, call int64) ([]models.Step, error)
	// SourceHealth counts the webhooks of each source since a time.
	SourceHealth(ctx context.Context, since time.Time) (map[int64]models.SourceHealth, error)
	Notifications(ctx context.Context, q models.AdminQuery) ([]models.Notification, string, error)
	// Notification is a row as it is, or as it last was. Errors: NotFound.
	Notification(ctx context.Context, id int64) (models.HistoryRow, error)
	// Told says which sessions were told of the present revision of rows; a
	// client without a name is "".
	Told(ctx context.Context, rows []models.Notification) (map[int64][]string, error)
	// Timeline of a notification: its steps and those of its call, oldest first.
	Timeline(ctx context.Context, id int64) ([]models.Step, error)
	Webhooks(ctx context.Context, q models.WebhookQuery) ([]models.Webhook, string, error)
	Webhook(ctx context.Context, id int64) (models.Webhook, error)
	Unrouted(ctx context.Context, since time.Time) ([]models.Unrouted, error)
	Audit(ctx context.Context, after string, limit int) ([]models.AuditEntry, string, error)
	AuditList(ctx context.Context, q models.AuditQuery) ([]models.AuditEntry, string, error)
	AuditWho(ctx context.Context) ([]string, error) // who stands in it, by name
	// ScreenTimes measures how long a user's rows took to a client, and to the
	// form that was opened.
	ScreenTimes(ctx context.Context, user int64, since time.Time) (models.ScreenTimes, error)
	Stats(ctx context.Context) (models.Stats, error)
	// Ready reports why the service cannot work; nil: it can.
	Ready(ctx context.Context) error
}

// Auth turns a presented secret into the one who calls.
type Auth interface {
	// Authenticate finds the token; asUser (external id or login) is only for
	// scope relay. Errors: Unauthorized, NotFound unknown_user.
	Authenticate(ctx context.Context, token, asUser string) (models.Caller, error)
}

// Administrators are the people who sign in to the pages.
type Administrators interface {
	// SignIn checks a password. Errors: Unauthorized, the same for a wrong
	// password, an unknown login and one who is switched off; TooMany, with the
	// time to wait, after several failures of one login or address.
	SignIn(ctx context.Context, login, password, from string) (models.Admin, error)
	// Admin reads one. Errors: NotFound. Who is switched off is still there.
	Admin(ctx context.Context, id int64) (models.Admin, error)
	Admins(ctx context.Context) ([]models.Admin, error) // by login
	// PutAdmin makes or changes one, audited; the last active one of role admin
	// stays so (Conflict "last_admin"). A new password, or Active false, ends the sign-in
	// sessions of that administrator.
	PutAdmin(ctx context.Context, by Actor, login string, in models.AdminInput) (models.Admin, error)
	// ChangePassword is a person's own; it ends all of the person's sign-ins.
	// Errors: Invalid of field old or new; TooMany as SignIn.
	ChangePassword(ctx context.Context, by Actor, id int64, old, fresh string) error
	// SignOut notes in the audit that somebody signed out.
	SignOut(ctx context.Context, by Actor) error
	// SignIns lists the browsers in which one is signed in, the last used first;
	// the one of token (of Deps.Sessions) is the current one.
	SignIns(ctx context.Context, admin int64, token string) ([]models.SignIn, error)
	// EndSignIns ends one of them, audited; id 0: all.
	EndSignIns(ctx context.Context, by Actor, admin, id int64) error
}
