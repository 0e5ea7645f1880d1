package handlers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// Tokens of the fake Auth and of the fake sources.
const (
	ivanovToken  = "poll-token-of-ivanov"
	relayToken   = "relay-token-of-the-crm"
	adminToken   = "admin-token"
	publishToken = "publish-token"
	dialToken    = "dial-token-of-ivanov"
	crmToken     = "dial-token-of-nobody"
	hookToken    = "hook-token-now"
	oldHookToken = "hook-token-before"
)

// at is the clock of all fakes.
func at() time.Time { return time.Date(2026, 11, 23, 10, 42, 2, 0, time.UTC) }

// fakes stand in for the use cases; each function field may be replaced.
type fakes struct {
	Register
	Setup
	Journal

	admins  *fakeAdmins
	mu      sync.Mutex
	dir     *models.Directory
	polled  []models.PollQuery
	callers []models.Caller
	acked   []models.Ack
	claims  []models.Claim
	ackAll  []string
	accepts []models.Accepted
	patched []string
	history []models.HistoryQuery
	asked   []models.CallQuery

	poll   func(context.Context, models.PollQuery) (models.PendingSet, error)
	wait   models.Waiting // of a poll that has nothing to answer yet
	accept func(models.Accepted) (models.AcceptResult, error)
	ack    func(models.Ack) models.AckResult
	ready  error

	claimErr error
	rows     models.HistoryPage
	log      bytes.Buffer
}

func (f *fakes) BeginPoll(ctx context.Context, who models.Caller, q models.PollQuery) (models.PendingSet, models.Waiting, error) {
	if f.wait != nil {
		return models.PendingSet{}, f.wait, nil
	}
	set, err := f.polls(ctx, who, q)
	return set, nil, err
}

func (f *fakes) polls(ctx context.Context, who models.Caller, q models.PollQuery) (models.PendingSet, error) {
	f.mu.Lock()
	f.polled = append(f.polled, q)
	f.callers = append(f.callers, who)
	f.mu.Unlock()
	if f.poll != nil {
		return f.poll(ctx, q)
	}
	return models.PendingSet{State: models.StateReset, Version: "k3f.1", ETag: "k3f.1", PollAfter: 5 * time.Second, Now: at()}, nil
}

func (f *fakes) Relay(ctx context.Context, who models.Caller, q models.PollQuery) (models.PendingSet, error) {
	set, err := f.polls(ctx, who, q)
	set.Users = f.dir.Users
	return set, err
}

func (f *fakes) Acknowledge(_ context.Context, _ int64, acks []models.Ack) ([]models.AckResult, error) {
	f.acked = append(f.acked, acks...)
	var out []models.AckResult
	for _, a := range acks {
		if f.ack != nil {
			out = append(out, f.ack(a))
			continue
		}
		out = append(out, models.AckResult{ID: a.Raw, Rev: a.Rev, Result: models.AckProcessed})
	}
	return out, nil
}

func (f *fakes) Claim(_ context.Context, _ int64, c models.Claim) (models.Claimed, error) {
	f.claims = append(f.claims, c)
	if f.claimErr != nil {
		return models.Claimed{}, f.claimErr
	}
	return models.Claimed{ID: c.ID, Rev: c.Rev, Session: c.Session, Lease: 59500 * time.Millisecond}, nil
}

func (f *fakes) Release(_ context.Context, _ int64, c models.Claim) (models.Claimed, error) {
	f.claims = append(f.claims, c)
	return models.Claimed{ID: c.ID, Rev: c.Rev + 1}, f.claimErr
}

func (f *fakes) AckAll(_ context.Context, _ int64, version, session string) (int, error) {
	f.ackAll = append(f.ackAll, version+"|"+session)
	return 3, nil
}

func (f *fakes) Accept(_ context.Context, in models.Accepted) (models.AcceptResult, error) {
	f.accepts = append(f.accepts, in)
	if f.accept != nil {
		return f.accept(in)
	}
	if in.Err != nil {
		return models.AcceptResult{Outcome: models.WebhookFailed, ID: 7}, nil
	}
	return models.AcceptResult{Outcome: models.WebhookStored, ID: 7}, nil
}

func (f *fakes) Changes(context.Context, uint64, time.Duration) uint64 { return 1 }

func (f *fakes) Sessions(user int64) []models.Session {
	return []models.Session{{Name: "desk", Client: "curl/8", LastPoll: at(), Waiting: true, Busy: true}}
}

func (f *fakes) Directory() *models.Directory { return f.dir }

func (f *fakes) PatchMe(_ context.Context, user int64, popOn *string, quiet *bool) (models.User, error) {
	u := *f.dir.Users[user]
	if popOn != nil {
		u.PopOn = *popOn
		f.patched = append(f.patched, "pop_on="+*popOn)
	}
	if quiet != nil {
		u.Quiet = *quiet
		f.patched = append(f.patched, "quiet")
	}
	return u, nil
}

func (f *fakes) History(_ context.Context, _ int64, q models.HistoryQuery) (models.HistoryPage, error) {
	f.history = append(f.history, q)
	return f.rows, nil
}

func (f *fakes) Calls(_ context.Context, q models.CallQuery) ([]models.Call, string, error) {
	f.asked = append(f.asked, q)
	return []models.Call{exampleCall()}, "c2", nil
}

func (f *fakes) Call(_ context.Context, user, id int64) (models.Call, error) {
	if user != 1 || id != 77 {
		return models.Call{}, models.Errorf(models.NotFound, "no such call")
	}
	return exampleCall(), nil
}

func (f *fakes) Ready(context.Context) error { return f.ready }

// Authenticate knows the tokens above.
func (f *fakes) Authenticate(_ context.Context, token, asUser string) (models.Caller, error) {
	scopes := map[string]string{ivanovToken: models.ScopePoll, relayToken: models.ScopeRelay, adminToken: models.ScopeAdmin, publishToken: models.ScopePublish,
		dialToken: models.ScopeDial, crmToken: models.ScopeDial}
	scope, ok := scopes[token]
	if !ok {
		return models.Caller{}, models.Errorf(models.Unauthorized, "no valid token")
	}
	who := models.Caller{Token: &models.Token{ID: 9, Name: "test", Scopes: []string{scope}}}
	if token == ivanovToken || token == dialToken {
		who.User = f.dir.Users[1]
	}
	if asUser == "" {
		return who, nil
	}
	if scope != models.ScopeRelay {
		return models.Caller{}, models.Errorf(models.Forbidden, "this token lacks the scope relay")
	}
	if who.User = f.dir.UserByName(asUser); who.User == nil {
		return models.Caller{}, models.Coded(models.NotFound, "unknown_user", "no active user")
	}
	return who, nil
}

func sha(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// newFakes has one user and two sources, one of them switched off.
func newFakes() *fakes {
	d := &models.Directory{
		Users: map[int64]*models.User{
			1: {ID: 1, Login: "ivanov", ExternalID: "u-1", Name: "Иванов И.", PopOn: "answered", Active: true, Timezone: "Europe/Moscow"},
			2: {ID: 2, Login: "петрова", Name: "Петрова", Active: true},
		},
		Sources: map[int64]*models.Source{
			5: {ID: 5, Slug: "office", Kind: "generic", TokenHash: sha(hookToken), OldTokenHash: sha(oldHookToken), Active: true},
			6: {ID: 6, Slug: "closed", Kind: "generic", TokenHash: sha(hookToken)},
			7: {ID: 7, Slug: "signed", Kind: "generic", TokenHash: sha(hookToken), Active: true, Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
			8: {ID: 8, Slug: "strange", Kind: "from-the-future", TokenHash: sha(hookToken), Active: true},
		},
		Extensions: map[models.ExtKey]int64{{SourceID: 5, Extension: "101"}: 1},
	}
	d.Index()
	return &fakes{admins: newFakeAdmins(), dir: d}
}

// surface is the API over fakes, served by echo.
func surface(t testing.TB, f *fakes, change ...func(*Deps)) *echo.Echo {
	t.Helper()
	e, _ := surfaceAPI(t, f, change...)
	return e
}

// parsed is the pages' templates, read once for all tests.
var parsed = sync.OnceValues(web.New)

func surfaceAPI(t testing.TB, f *fakes, change ...func(*Deps)) (*echo.Echo, *API) {
	t.Helper()
	pages, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	d := Deps{Pages: pages, Register: f, Setup: f, Journal: f, Auth: f, Version: "test", Administrators: f.admins, Sessions: f.admins.manager(), AdminIdle: 8 * time.Hour,
		Log: slog.New(slog.NewTextHandler(&f.log, &slog.HandlerOptions{Level: slog.LevelInfo}))}
	for _, c := range change {
		c(&d)
	}
	a, e := New(d), echo.New()
	a.Register(e)
	return e, a
}

// call makes one request. headers are "Name: value"; a body makes it typed as
// JSON unless a header says otherwise ("Content-Type:" takes the type away).
func call(t testing.TB, h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ":")
		if value = strings.TrimSpace(value); value == "" {
			req.Header.Del(name)
			continue
		}
		if name == "Content-Type" {
			req.Header.Del(name)
		}
		req.Header.Add(name, value)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec
}

// asIvanov is the header of a client.
const asIvanov = "Authorization: Bearer " + ivanovToken

// problemIn reads a problem+json answer.
func problemIn(t testing.TB, rec *httptest.ResponseRecorder) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil {
		t.Fatalf("body %q is no problem: %v", rec.Body, err)
	}
	return p
}

func exampleCall() models.Call {
	return models.Call{
		ID: 77, Source: 5, Key: "c-77", State: models.Ended, Direction: models.In, Phone: "+79031234567", Name: "Ivan P.", DID: "+74951234567",
		StartedAt: at().Add(-time.Minute), AnsweredAt: at().Add(-50 * time.Second), EndedAt: at(), TalkS: 50, AnsweredBy: 1, Recording: "rec.wav",
		Legs: []models.Leg{{ID: 1, Key: "x:101", N: 1, Extension: "101", State: models.Ended, RangAt: at().Add(-time.Minute), AnsweredAt: at().Add(-50 * time.Second), EndedAt: at(), Reason: "hangup", User: 1}},
	}
}

// exampleRow is the row of the contract.
func exampleRow() models.Notification {
	return models.Notification{
		ID: 1042, UserID: 1, Rev: 2, Kind: models.KindAnswered, Action: models.ActionOpen, CallID: 77, Session: "desk", Leased: at().Add(time.Minute),
		CreatedAt: at().Add(-10 * time.Second), UpdatedAt: time.Date(2026, 11, 23, 10, 42, 0, 123e6, time.UTC), ExpiresAt: at().Add(4 * time.Hour),
		Payload: models.Payload{
			Title: "ООО Ромашка", Text: "Входящий +7 903 123-45-67", Phone: "+79031234567", Name: "Ivan P.",
			Object: &models.Object{Type: "Документ", Name: "Интерес", UID: "51012ccc-397d-11de-b595-00055d80a2b9", Title: "Интерес 17",
				Link: "e1cib/data/Документ.Интерес?ref=b59500055d80a2b911de397d51012ccc", URL: "https://crm.example/i/17?a=1&b=2"},
			Client: &models.Object{Type: "Справочник", Name: "Контрагенты", UID: "11111111-2222-3333-4444-555555555555", Title: "ООО Ромашка"},
			Call: &models.CallInfo{ID: 77, State: models.Answered, Direction: models.In, Extension: "101", DID: "+74951234567", AnsweredBy: "ivanov",
				AnsweredByName: "Иванов И.", StartedAt: at().Add(-12 * time.Second), AnsweredAt: at().Add(-2 * time.Second)},
		},
	}
}

// plainRow has nothing that can be absent, and one candidate.
func plainRow() models.Notification {
	return models.Notification{
		ID: 9, UserID: 1, Rev: 1, Follows: 8, Kind: "mail.received", Action: models.ActionChoose, CreatedAt: at(), UpdatedAt: at(), ExpiresAt: at().Add(time.Hour),
		Payload: models.Payload{Title: "a\tb\n<c> \"d\" & 'e'", Text: "e\u0301", App: "trade",
			Candidates: []models.Object{{Type: "Документ", Name: "Заказ", UID: "u<1>", Title: "Заказ & Co"}}, Data: map[string]any{"k": "<v>\u0001", "n": 1.5}},
	}
}
