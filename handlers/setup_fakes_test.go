package handlers

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

const (
	syncToken = "sync-token"
	asAdmin   = "Authorization: Bearer " + adminToken
	asSync    = "Authorization: Bearer " + syncToken
	asPublish = "Authorization: Bearer " + publishToken
)

// setupFakes add the set-up side to the fakes. did tells what was asked of the
// use cases, one line each.
type setupFakes struct {
	dried       *models.DryRunResult         // what DryRun answers; nil: an answered call
	steps       []models.Step                // what CallTimeline answers; nil: an example
	row         *models.HistoryRow           // what Notification answers; nil: a ringing one
	pendingRows func() []models.Notification // what Notifications answers
	*fakes
	did        []string
	sources    []models.SourceInput
	users      []models.UserInput
	synced     []models.SyncUser
	contacts   []models.ContactInput
	imported   string
	importing  func(io.Reader, func(models.ImportReport)) (models.ImportReport, error) // nil: all is read at once
	pub        []models.Publication
	rules      []models.Rule // what was put
	dry        []models.DryRunQuery
	queries    []any
	changes    func(models.CallQuery) []models.Call // what Calls finds
	contactsOf func(ctx context.Context, phone string) ([]models.Contact, error)
	calledUp   *models.Call                              // what Call finds; nil: the example
	webhook    *models.Webhook                           // what Webhook and Webhooks find; nil: the example
	found      func(models.CallSearch) models.CallsFound // what SearchCalls finds; nil: the example
	err        error                                     // of every use case

	unroutedExt  string // that nobody owns; "": 105
	unroutedMore []models.Unrouted
	keys         keys
}

func newSetupFakes() *setupFakes {
	f := &setupFakes{fakes: newFakes(), keys: keys{}}
	d := f.dir
	d.Sources[5].Name, d.Sources[5].Token, d.Sources[5].GroupID = "Office", hookToken, 3
	d.Sources[5].Settings = map[string]any{"unlisted": "sealed"}
	d.Sources[5].CreatedAt = at()
	d.Groups = map[int64]*models.Group{3: {ID: 3, Name: "sales", Members: []int64{1, 2}}}
	d.Tokens = map[string]*models.Token{}
	for i := int64(1); i <= 3; i++ {
		d.Tokens[fmt.Sprint(i)] = &models.Token{ID: i, Hash: fmt.Sprint("hash-", i), UserID: i % 2, Name: "t", Scopes: []string{"poll"}, CreatedAt: at()}
	}
	d.Index()
	return f
}

// setupSurface is the API over setupFakes.
func setupSurface(t testing.TB, f *setupFakes, change ...func(*Deps)) (*echo.Echo, *API) {
	t.Helper()
	return surfaceAPI(t, f.fakes, append([]func(*Deps){func(d *Deps) {
		d.Register, d.Setup, d.Journal, d.Auth = f, f, f, f
	}}, change...)...)
}

func (f *setupFakes) note(by Actor, format string, args ...any) error {
	f.did = append(f.did, strings.TrimSpace(by.Who+" "+fmt.Sprintf(format, args...)))
	return f.err
}

func (f *setupFakes) Authenticate(ctx context.Context, token, as string) (models.Caller, error) {
	if token == syncToken {
		return models.Caller{Token: &models.Token{ID: 8, Name: "test", Scopes: []string{models.ScopeSync}}}, nil
	}
	return f.fakes.Authenticate(ctx, token, as)
}

func (f *setupFakes) Publish(_ context.Context, who models.Caller, p models.Publication) ([]models.Notification, error) {
	f.pub = append(f.pub, p)
	a, b := exampleRow(), plainRow()
	b.UserID = 2
	return []models.Notification{a, b}, f.note(Actor{Who: who.Token.Name}, "publish")
}

func (f *setupFakes) Administrate(_ context.Context, by Actor, id int64, action string, to int64) (models.Notification, error) {
	return exampleRow(), f.note(by, "%s %d to %d", action, id, to)
}

func (f *setupFakes) Replay(_ context.Context, by Actor, id int64) (models.AcceptResult, error) {
	return models.AcceptResult{ID: id, Outcome: models.WebhookFailed, Error: "no event"}, f.note(by, "replay %d", id)
}

func (f *setupFakes) PutSource(_ context.Context, by Actor, slug string, in models.SourceInput) (models.Source, error) {
	f.sources = append(f.sources, in)
	s := *f.dir.Sources[5]
	s.Slug = slug
	return s, f.note(by, "put source %s", slug)
}

func (f *setupFakes) DeleteSource(_ context.Context, by Actor, slug string) error {
	return f.note(by, "delete source %s", slug)
}

func (f *setupFakes) RotateSource(_ context.Context, by Actor, slug string) (models.Source, error) {
	return *f.dir.Sources[5], f.note(by, "rotate %s", slug)
}

func (f *setupFakes) AuditNote(_ context.Context, by Actor, what, object, detail string) error {
	return f.note(by, "audit %s %s %s", what, object, detail)
}

func (f *setupFakes) PutUser(_ context.Context, by Actor, login string, in models.UserInput) (models.User, error) {
	f.users = append(f.users, in)
	return *f.dir.Users[1], f.note(by, "put user %s", login)
}

func (f *setupFakes) DeleteUser(_ context.Context, by Actor, login string) error {
	return f.note(by, "delete user %s", login)
}

func (f *setupFakes) SyncUsers(_ context.Context, by Actor, users []models.SyncUser, full bool) (models.SyncReport, error) {
	f.synced = users
	return models.SyncReport{Created: 1, Updated: 2, Unchanged: 3, Deactivated: 4}, f.note(by, "sync %d full=%t", len(users), full)
}

func (f *setupFakes) NewToken(_ context.Context, by Actor, user int64, in models.TokenInput) (models.Token, string, error) {
	return models.Token{ID: 12, Scopes: in.Scopes, ExpiresAt: in.ExpiresAt}, "shown-once", f.note(by, "token of %d %q %v", user, in.Name, in.Scopes)
}

func (f *setupFakes) TokenForToday(_ context.Context, by Actor, ext string, ttl time.Duration) (models.Token, string, error) {
	return models.Token{ID: 13, Scopes: []string{"poll"}, ExpiresAt: at()}, "for-today", f.note(by, "token for %s %s", ext, ttl)
}

func (f *setupFakes) RevokeToken(_ context.Context, by Actor, id int64) error {
	return f.note(by, "revoke %d", id)
}

func (f *setupFakes) MapExtension(_ context.Context, by Actor, source, ext string, user int64) error {
	return f.note(by, "map %s/%s to %d", source, ext, user)
}

func (f *setupFakes) ShareExtension(_ context.Context, by Actor, source, ext, mode string, users []int64) error {
	return f.note(by, "share %s/%s %s %v", source, ext, mode, users)
}

func (f *setupFakes) TakeExtension(_ context.Context, user int64, source, number string) (bool, error) {
	return number == "199", f.note(Actor{Who: "me"}, "user %d takes %s/%s", user, source, number)
}

func (f *setupFakes) LeaveExtension(_ context.Context, user int64, source, number string) error {
	return f.note(Actor{Who: "me"}, "user %d leaves %s/%s", user, source, number)
}

func (f *setupFakes) RefuseExtension(_ context.Context, by Actor, source, ext string) error {
	return f.note(by, "refuse %s/%s", source, ext)
}

func (f *setupFakes) PutGroup(_ context.Context, by Actor, name string, logins []string) (models.Group, error) {
	return models.Group{Name: name, Members: []int64{1}}, f.note(by, "put group %s %v", name, logins)
}

func (f *setupFakes) DeleteGroup(_ context.Context, by Actor, name string) error {
	return f.note(by, "delete group %s", name)
}

func exampleRules(version int64) models.RuleSet {
	waited := 5
	return models.RuleSet{Version: version, At: at(), Who: "root", Rules: []models.Rule{
		{Name: "night", Note: "duty", When: models.RuleWhen{Event: []string{"missed"}, Hours: &models.RuleHours{From: "09:00", To: "18:00", Outside: true}, WaitedMin: &waited},
			Then: models.RuleThen{To: []string{"group:sales"}, Data: map[string]any{"k": 1}}},
		{Name: "ringing", When: models.RuleWhen{Event: []string{"ringing"}}}}}
}

func (f *setupFakes) Rules() models.RuleSet { return exampleRules(7) }

func (f *setupFakes) RulesAt(_ context.Context, version int64) (models.RuleSet, error) {
	if version > 7 {
		return models.RuleSet{}, models.Errorf(models.NotFound, "no version %d of the rules", version)
	}
	return exampleRules(version), f.err
}

func (f *setupFakes) RuleVersions(_ context.Context, after string, limit int) ([]models.RuleSet, string, error) {
	f.queries = append(f.queries, fmt.Sprintf("%s/%d", after, limit))
	return []models.RuleSet{{Version: 7, At: at(), Who: "root"}, {}}, "r2", f.err
}

func (f *setupFakes) PutRules(_ context.Context, by Actor, based int64, rules []models.Rule) (models.RuleSet, error) {
	if based < 7 {
		return models.RuleSet{}, models.Coded(models.Conflict, "moved_on", "the rules are at version 7 by now")
	}
	f.rules = rules
	set := exampleRules(based + 1)
	set.Rules = rules
	return set, f.note(by, "put %d rules on %d", len(rules), based)
}

func (f *setupFakes) CheckRules(rules []models.Rule) error {
	if len(rules) == 0 {
		return models.InvalidField("rules", "must not be empty")
	}
	return f.note(Actor{}, "check %d rules", len(rules))
}

func (f *setupFakes) DryRun(_ context.Context, q models.DryRunQuery) (models.DryRunResult, error) {
	if q.Webhook != 0 && q.Webhook != 7 {
		return models.DryRunResult{}, models.Errorf(models.NotFound, "no webhook %d", q.Webhook)
	}
	f.dry = append(f.dry, q)
	if f.dried != nil {
		return *f.dried, nil
	}
	row := exampleRow()
	draft := models.Draft{UserID: 1, CollapseKey: "call:1", Kind: row.Kind, Action: row.Action, Payload: row.Payload, TTL: 4 * time.Hour, Rule: "answered", Reason: "one open interest"}
	seven := int64(7)
	e := models.Event{Type: "answered", Call: "c-77", Extension: "101", Phone: "+79031234567"}
	return models.DryRunResult{Version: &seven, Source: 5, Events: []models.DryRunEvent{{Event: e, At: at(), State: models.Answered, Direction: models.In, Changed: true,
		Notes: []string{"no user owns this extension: 555"},
		Occasions: []models.Occasion{{User: 1, Event: models.RuleAnswered, Rule: "answered", Reason: "one open interest", Drafts: []models.Draft{draft},
			Verdicts: []models.Verdict{{Rule: "night", Why: "event is answered"}, {Rule: "answered", Fits: true}}}},
		Beside: []models.Draft{{CollapseKey: "missed:+79031234567", Mode: models.Remove, Rule: "talked", Reason: "somebody has talked with this number since"}}}}}, f.note(Actor{}, "dry run")
}

func (f *setupFakes) PutContact(_ context.Context, by Actor, in models.ContactInput) (bool, error) {
	f.contacts = append(f.contacts, in)
	return in.Seq != 1, f.note(by, "put contact %s", in.ExternalID)
}

func (f *setupFakes) DeleteContact(_ context.Context, by Actor, id string) error {
	return f.note(by, "delete contact %s", id)
}

func (f *setupFakes) ImportContacts(_ context.Context, by Actor, r io.Reader, full bool, progress func(models.ImportReport)) (models.ImportReport, error) {
	if f.importing != nil {
		return f.importing(r, progress)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return models.ImportReport{}, err
	}
	f.imported = string(b)
	lines := strings.Count(f.imported, "\n")
	return models.ImportReport{Lines: lines, Stored: lines - 1, Failed: 1, Errors: []models.ImportError{{Line: 2, Message: "is no JSON object"}}}, f.note(by, "import full=%t", full)
}

func (f *setupFakes) ContactsByPhone(ctx context.Context, phone string) ([]models.Contact, error) {
	if f.contactsOf != nil {
		return f.contactsOf(ctx, phone)
	}
	return []models.Contact{
		{ExternalID: "k-1", Phones: []string{phone}, Name: "ООО Ромашка", RespLogin: "nobody-yet", Client: &models.Object{Title: "ООО Ромашка"}, UpdatedAt: at()},
		{ExternalID: "k-2", Responsible: 1, Interests: []models.Object{{Type: "Документ"}}, UpdatedAt: at()},
	}, f.note(Actor{}, "contacts of %s", phone)
}

func (f *setupFakes) Calls(ctx context.Context, q models.CallQuery) ([]models.Call, string, error) {
	if f.changes == nil {
		f.queries = append(f.queries, q)
		return []models.Call{exampleCall()}, "c2", f.err
	}
	return f.changes(q), "", f.err
}

func (f *setupFakes) Call(_ context.Context, user, id int64) (models.Call, error) {
	if id != 77 {
		return models.Call{}, models.Errorf(models.NotFound, "no such call")
	}
	if f.calledUp != nil {
		f.queries = append(f.queries, user)
		return *f.calledUp, f.err
	}
	return exampleCall(), f.err
}

func (f *setupFakes) Notifications(_ context.Context, q models.AdminQuery) ([]models.Notification, string, error) {
	f.queries = append(f.queries, q)
	if f.pendingRows != nil {
		return f.pendingRows(), "", f.err
	}
	return []models.Notification{exampleRow(), plainRow()}, "n2", f.err
}

func (f *setupFakes) Notification(_ context.Context, _ int64) (models.HistoryRow, error) {
	if f.row != nil {
		return *f.row, f.err
	}
	return models.HistoryRow{Notification: models.Notification{ID: 9, UserID: 1, Rev: 1, Kind: models.KindRinging, Action: models.ActionIndicate, CallID: 77, SourceID: 5, CreatedAt: at(), UpdatedAt: at()}, State: "pending", At: at()}, f.err
}

func (f *setupFakes) Told(context.Context, []models.Notification) (map[int64][]string, error) {
	return map[int64][]string{1042: {"desk"}}, f.err
}

func (f *setupFakes) Timeline(_ context.Context, id int64) ([]models.Step, error) {
	return []models.Step{
		{What: models.StepStored, NotificationID: id, UserID: 1, Rev: 1, Kind: models.KindRinging, Action: models.ActionIndicate, WebhookID: 7, SourceID: 5, Rule: "ringing", RulesVersion: 7, Reason: "extension 101 rings", At: at()},
		{What: models.StepDelivered, NotificationID: id, UserID: 1, Rev: 1, Session: "desk", Detail: "1C/8.3", After: 41 * time.Millisecond, At: at()},
		{What: models.StepProcessed, NotificationID: id, UserID: 1, Rev: 2, Session: "desk", Detail: "opened", At: at()},
		{What: models.StepUnrouted, Reason: "nobody owns 105", At: at()},
	}, f.err
}

func exampleWebhook() models.Webhook {
	return models.Webhook{ID: 7, SourceID: 5, Method: "POST", Path: "/events?x=1", Headers: map[string]string{"Content-Type": "application/json", "Authorization": "Basic c2VjcmV0", "X-Api-Key": "secret"},
		Body: []byte("{\"event\":\"\xff\"}"), RemoteAddr: "203.0.113.9", ReceivedAt: at(), Outcome: models.WebhookFailed, Error: "event: is required", Events: 0}
}

func (f *setupFakes) Webhooks(_ context.Context, q models.WebhookQuery) ([]models.Webhook, string, error) {
	f.queries = append(f.queries, q)
	if f.webhook != nil {
		return []models.Webhook{*f.webhook}, "", f.err
	}
	return []models.Webhook{exampleWebhook()}, "", f.err
}

func (f *setupFakes) Webhook(_ context.Context, id int64) (models.Webhook, error) {
	if id != 7 {
		return models.Webhook{}, models.Errorf(models.NotFound, "no such webhook")
	}
	if f.webhook != nil {
		return *f.webhook, f.err
	}
	return exampleWebhook(), f.err
}

func (f *setupFakes) Unrouted(_ context.Context, since time.Time) ([]models.Unrouted, error) {
	f.queries = append(f.queries, since)
	return append([]models.Unrouted{{SourceID: 5, Extension: cmp.Or(f.unroutedExt, "105"), Count: 2, LastAt: at()}, {SourceID: 99, Extension: "106", Count: 1, LastAt: at().Add(time.Minute)}}, f.unroutedMore...), f.err
}

func (f *setupFakes) Audit(_ context.Context, after string, limit int) ([]models.AuditEntry, string, error) {
	f.queries = append(f.queries, fmt.Sprintf("%s/%d", after, limit))
	return []models.AuditEntry{{ID: 3, At: at(), Who: "root", What: "source.put", Object: "office"}}, "a2", f.err
}

func (f *setupFakes) Stats(context.Context) (models.Stats, error) {
	return models.Stats{Pending: 2, Users: 2, OldestPending: at()}, f.err
}

func (f *setupFakes) AuditList(_ context.Context, q models.AuditQuery) ([]models.AuditEntry, string, error) {
	f.queries = append(f.queries, q)
	if q.After != "" {
		return nil, "", f.err
	}
	return []models.AuditEntry{{ID: 3, At: at(), Who: "root", From: "192.0.2.1", What: "token.revoke", Object: "=7", Detail: "desk"},
		{ID: 2, At: at(), Who: "?", From: "192.0.2.9", What: "admin.sign_in_failed", Detail: "unknown login"}}, "a2", f.err
}

func (f *setupFakes) AuditWho(context.Context) ([]string, error) {
	return []string{"cli", "root"}, f.err
}

func (f *setupFakes) ScreenTimes(context.Context, int64, time.Time) (models.ScreenTimes, error) {
	return models.ScreenTimes{Told: 12, ToldP50: 41 * time.Millisecond, ToldP95: 3 * time.Second, Opened: 3, OpenedP50: time.Second, OpenedP95: 5 * time.Second}, f.err
}
