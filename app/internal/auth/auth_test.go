package auth_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"zummer/app/internal/auth"
	"zummer/models"
)

// start is the clock of a synctest bubble.
func start() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

func directory() *models.Directory {
	d := &models.Directory{Users: map[int64]*models.User{}, Tokens: map[string]*models.Token{}}
	for _, u := range []models.User{
		{ID: 1, Login: "Иванов", ExternalID: "u-1", Active: true},
		{ID: 2, Login: "petrova", Active: true},
		{ID: 3, Login: "left", ExternalID: "u-3"},
		{ID: 4, Login: "new", ExternalID: "u-4", Pending: true},
	} {
		d.Users[u.ID] = &u
	}
	add := func(text string, user int64, scope string, edit func(*models.Token)) {
		t := &models.Token{ID: int64(len(d.Tokens) + 1), Hash: auth.Hash(text), UserID: user, Scopes: []string{scope}}
		if edit != nil {
			edit(t)
		}
		d.Tokens[t.Hash] = t
	}
	add("desk", 1, models.ScopePoll, nil)
	add("left", 3, models.ScopePoll, nil)
	add("orphan", 99, models.ScopePoll, nil)
	add("relay", 0, models.ScopeRelay, nil)
	add("sync", 0, models.ScopeSync, nil)
	add("admin", 0, models.ScopeAdmin, nil)
	add("today", 1, models.ScopePoll, func(t *models.Token) { t.ExpiresAt = start().Add(time.Hour) })
	add("revoked", 1, models.ScopePoll, func(t *models.Token) { t.RevokedAt = start() })
	d.Index()
	return d
}

func TestAuthenticate(t *testing.T) {
	cases := []struct {
		name, token, as string
		after           time.Duration
		kind            models.Kind // with fail
		fail            bool
		code            string
		user            int64
		scope           string
	}{
		{name: "the token's user", token: "desk", user: 1, scope: models.ScopePoll},
		{name: "spaces around it", token: " desk\r\n", user: 1, scope: models.ScopePoll},
		{name: "unknown", token: "desk2", fail: true, kind: models.Unauthorized},
		{name: "empty", token: "", fail: true, kind: models.Unauthorized},
		{name: "a hash is no token", token: auth.Hash("desk"), fail: true, kind: models.Unauthorized},
		{name: "too long", token: strings.Repeat("x", 10_000), fail: true, kind: models.Unauthorized},
		{name: "revoked", token: "revoked", fail: true, kind: models.Unauthorized},
		{name: "before it expires", token: "today", after: time.Hour - 1, user: 1, scope: models.ScopePoll},
		{name: "expired", token: "today", after: time.Hour, fail: true, kind: models.Unauthorized},
		{name: "user not active", token: "left", fail: true, kind: models.Unauthorized},
		{name: "user gone", token: "orphan", fail: true, kind: models.Unauthorized},
		{name: "of nobody", token: "sync", scope: models.ScopeSync},
		{name: "relay names nobody", token: "relay", scope: models.ScopeRelay},
		{name: "relay by external id", token: "relay", as: "u-1", user: 1, scope: models.ScopeRelay},
		{name: "relay by login in another case", token: "relay", as: "ИВАНОВ", user: 1, scope: models.ScopeRelay},
		{name: "relay for an unknown user", token: "relay", as: "sidorov", fail: true, kind: models.NotFound, code: "unknown_user"},
		{name: "relay for one who left", token: "relay", as: "u-3", fail: true, kind: models.NotFound, code: "unknown_user"},
		{name: "relay for a pending one", token: "relay", as: "u-4", fail: true, kind: models.NotFound, code: "unknown_user"},
		{name: "poll for himself", token: "desk", as: "u-1", user: 1, scope: models.ScopePoll},
		{name: "poll for another", token: "desk", as: "petrova", fail: true, kind: models.Forbidden},
		{name: "poll for an unknown one tells nothing", token: "desk", as: "sidorov", fail: true, kind: models.Forbidden},
		{name: "admin is no relay", token: "admin", as: "u-1", fail: true, kind: models.Forbidden},
		{name: "from the environment", token: "env", scope: models.ScopeAdmin},
		{name: "from the environment for a user", token: "env", as: "u-1", fail: true, kind: models.Forbidden},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := directory()
				a := auth.New(func() *models.Directory { return d }, auth.Hash("env"))
				<-time.After(c.after) // fake time
				who, err := a.Authenticate(context.Background(), c.token, c.as)
				if c.fail {
					if err == nil || models.KindOf(err) != c.kind {
						t.Fatalf("Authenticate(%q, %q) = %v, %v; want kind %d", c.token, c.as, who, err, c.kind)
					}
					if e, ok := errors.AsType[*models.Error](err); !ok || e.Code != c.code {
						t.Fatalf("%v, want code %q", err, c.code)
					}
					return
				}
				if err != nil {
					t.Fatalf("Authenticate(%q, %q): %v", c.token, c.as, err)
				}
				var got int64
				if who.User != nil {
					got = who.User.ID
				}
				if got != c.user || !who.Token.Has(c.scope) {
					t.Fatalf("user %d scopes %v, want user %d scope %s", got, who.Token.Scopes, c.user, c.scope)
				}
			})
		})
	}
}

func TestNoAdminTokenConfigured(t *testing.T) {
	d := directory()
	a := auth.New(func() *models.Directory { return d }, "")
	for _, token := range []string{"", "env"} {
		if _, err := a.Authenticate(context.Background(), token, ""); models.KindOf(err) != models.Unauthorized {
			t.Errorf("Authenticate(%q) without an administrator's token: %v, want Unauthorized", token, err)
		}
	}
}

func TestSecrets(t *testing.T) {
	bearer := regexp.MustCompile(`^zt_[a-z2-7]{32}$`)
	path := regexp.MustCompile(`^[a-z2-7]{32}$`)
	seen := map[string]bool{}
	for range 100 {
		text, hash := auth.NewToken()
		url, urlHash := auth.NewURLToken()
		if !bearer.MatchString(text) || !path.MatchString(url) {
			t.Fatalf("NewToken %q, NewURLToken %q", text, url)
		}
		if hash != auth.Hash(text) || urlHash != auth.Hash(url) || len(hash) != 64 {
			t.Fatalf("hash %q of %q", hash, text)
		}
		if seen[text] || seen[url] {
			t.Fatalf("%q or %q came twice", text, url)
		}
		seen[text], seen[url] = true, true
	}
	const want = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	if got := auth.Hash("hello"); got != want {
		t.Fatalf("Hash(hello) = %s, want %s", got, want)
	}
}
