package setup_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"zummer/app/internal/auth"
	"zummer/app/internal/setup"
	"zummer/models"
)

func TestPutUser(t *testing.T) {
	onBoth(t, func(w *world) {
		w.changes("user.put Иванов И.", func() {
			u, err := w.PutUser(w.ctx, by(), " Иванов И. ", models.UserInput{Name: p("Иван"), ExternalID: p("u-1"), PopOn: p("ringing"), Quiet: p(true), Timezone: p("Asia/Omsk")})
			w.must(err)
			if u.ID == 0 || !u.Active || u.CreatedAt.IsZero() {
				t.Fatalf("made %+v", u)
			}
		})
		same := models.UserInput{Name: p("Иван"), ExternalID: p("u-1"), PopOn: p("ringing"), Quiet: p(true), Timezone: p("Asia/Omsk")}
		w.changes("", func() {
			u, err := w.PutUser(w.ctx, by(), "Иванов И.", same)
			w.must(err)
			if u.ID == 0 {
				t.Fatal("an unchanged user came back without an id")
			}
		})
		w.changes("user.put ИВАНОВ И.", func() { // the login's case may change, the user is the same
			u, err := w.PutUser(w.ctx, by(), "ИВАНОВ И.", models.UserInput{})
			w.must(err)
			if u.ExternalID != "u-1" {
				t.Fatalf("the external id got lost: %+v", u)
			}
			if u.PopOn != models.PopAnswered || u.Quiet || !u.Active || u.Name != "" || u.Timezone != "" {
				t.Fatalf("nil did not mean the default: %+v", u)
			}
		})
		w.changes("user.put ИВАНОВ И.", func() {
			u, err := w.PutUser(w.ctx, by(), "ИВАНОВ И.", models.UserInput{ExternalID: p("")})
			w.must(err)
			if u.ExternalID != "" {
				t.Fatalf("the external id stayed: %+v", u)
			}
		})
		if n := len(w.Directory().Users); n != 1 {
			t.Fatalf("%d users, want 1", n)
		}
		_, err := w.PutUser(w.ctx, by(), "a", models.UserInput{ExternalID: p("u-2")})
		w.must(err)
		for _, c := range []struct {
			name, login, field string
			in                 models.UserInput
		}{
			{"login too long", strings.Repeat("ы", 129), "login", models.UserInput{}},
			{"login that is no part of an address", "..", "login", models.UserInput{}},
			{"login that is a dot", " . ", "login", models.UserInput{}},
			{"pop_on", "b", "pop_on", models.UserInput{PopOn: p("always")}},
			{"zone", "b", "timezone", models.UserInput{Timezone: p("Omsk")}},
			{"external id of another", "b", "external_id", models.UserInput{ExternalID: p("u-2")}},
		} {
			t.Run(c.name, func(t *testing.T) {
				w := w.in(t)
				w.changes("", func() {
					_, err := w.PutUser(w.ctx, by(), c.login, c.in)
					w.refused(err, models.Invalid, c.field)
				})
			})
		}
		_, err = w.PutUser(w.ctx, by(), " \t ", models.UserInput{})
		w.refused(err, models.Invalid, "login")
		if _, err := w.PutUser(w.ctx, by(), strings.Repeat("ы", 128), models.UserInput{}); err != nil {
			t.Fatalf("128 characters: %v", err)
		}
	})
}

func TestDeleteUserRevokesTokens(t *testing.T) {
	onBoth(t, func(w *world) {
		u := w.user("ivanov")
		_, text, err := w.NewToken(w.ctx, by(), u.ID, models.TokenInput{})
		w.must(err)
		_, other, err := w.NewToken(w.ctx, by(), w.user("petrova").ID, models.TokenInput{})
		w.must(err)
		a := auth.New(w.Directory, "")
		if _, err := a.Authenticate(w.ctx, text, ""); err != nil {
			t.Fatal(err)
		}
		w.changes("user.delete ivanov", func() { w.must(w.DeleteUser(w.ctx, by(), "Ivanov")) })
		w.changes("", func() { w.must(w.DeleteUser(w.ctx, by(), "ivanov")) })
		if w.Directory().UserByLogin("ivanov").Active {
			t.Fatal("still active")
		}
		_, err = a.Authenticate(w.ctx, text, "")
		w.refused(err, models.Unauthorized, "")
		_, err = w.PutUser(w.ctx, by(), "ivanov", models.UserInput{})
		w.must(err)
		_, err = a.Authenticate(w.ctx, text, "")
		w.refused(err, models.Unauthorized, "") // activation brings no token back
		if _, err := a.Authenticate(w.ctx, other, ""); err != nil {
			t.Fatalf("the colleague's token: %v", err)
		}
		w.refused(w.DeleteUser(w.ctx, by(), "nobody"), models.NotFound, "")
	})
}

func TestPatchMe(t *testing.T) {
	onBoth(t, func(w *world) {
		u := w.user("ivanov")
		w.changes("user.me ivanov", func() {
			got, err := w.PatchMe(w.ctx, u.ID, p(models.PopNever), nil)
			w.must(err)
			if got.PopOn != models.PopNever || got.Quiet {
				t.Fatalf("got %+v", got)
			}
		})
		w.changes("user.me ivanov", func() { _, err := w.PatchMe(w.ctx, u.ID, nil, p(true)); w.must(err) })
		w.changes("", func() { _, err := w.PatchMe(w.ctx, u.ID, p(models.PopNever), p(true)); w.must(err) })
		_, err := w.PatchMe(w.ctx, u.ID, p("x"), nil)
		w.refused(err, models.Invalid, "pop_on")
		_, err = w.PatchMe(w.ctx, 999, nil, p(true))
		w.refused(err, models.NotFound, "")
	})
}

func TestNewToken(t *testing.T) {
	onBoth(t, func(w *world) {
		u := w.user("ivanov")
		tomorrow := time.Now().Add(24 * time.Hour).UTC().Truncate(time.Millisecond)
		for _, c := range []struct {
			name  string
			user  int64
			in    models.TokenInput
			field string
			want  []string
		}{
			{"of a user, by default poll", u.ID, models.TokenInput{Name: "desk"}, "", []string{"poll"}},
			{"of nobody", 0, models.TokenInput{Scopes: []string{"relay", "sync", "relay"}, ExpiresAt: tomorrow}, "", []string{"relay", "sync"}},
			{"of nobody without scopes", 0, models.TokenInput{}, "scopes", nil},
			{"poll of nobody", 0, models.TokenInput{Scopes: []string{"poll"}}, "scopes", nil},
			{"unknown scope", u.ID, models.TokenInput{Scopes: []string{"root"}}, "scopes", nil},
			{"in the past", u.ID, models.TokenInput{ExpiresAt: time.Now().Add(-time.Minute)}, "expires_at", nil},
			{"long name", u.ID, models.TokenInput{Name: strings.Repeat("x", 129)}, "name", nil},
		} {
			t.Run(c.name, func(t *testing.T) {
				w := w.in(t)
				tok, text, err := w.NewToken(w.ctx, by(), c.user, c.in)
				if c.field != "" {
					w.refused(err, models.Invalid, c.field)
					return
				}
				w.must(err)
				stored := w.Directory().Tokens[auth.Hash(text)]
				if stored == nil || stored.ID != tok.ID || stored.UserID != c.user || fmt.Sprint(stored.Scopes) != fmt.Sprint(c.want) || !stored.ExpiresAt.Equal(c.in.ExpiresAt) {
					t.Fatalf("stored %+v", stored)
				}
			})
		}
		_, _, err := w.NewToken(w.ctx, by(), 999, models.TokenInput{})
		w.refused(err, models.NotFound, "")
		tok, _, err := w.NewToken(w.ctx, by(), u.ID, models.TokenInput{})
		w.must(err)
		w.changes(fmt.Sprintf("token.revoke %d", tok.ID), func() { w.must(w.RevokeToken(w.ctx, by(), tok.ID)) })
		w.changes("", func() { w.must(w.RevokeToken(w.ctx, by(), tok.ID)) })
		w.refused(w.RevokeToken(w.ctx, by(), 12345), models.NotFound, "")
	})
}

func TestTokenForToday(t *testing.T) {
	onBoth(t, func(w *world) {
		_, err := w.PutUser(w.ctx, by(), "ivanov", models.UserInput{ExternalID: p("u-1")})
		w.must(err)
		var tok models.Token
		var text string
		w.changes("token.today ivanov", func() {
			tok, text, err = w.TokenForToday(w.ctx, by(), "u-1", 0)
			w.must(err)
		})
		if life := tok.ExpiresAt.Sub(tok.CreatedAt); life != 12*time.Hour || !tok.Has(models.ScopePoll) {
			t.Fatalf("a token for today lives %s: %+v", life, tok)
		}
		if who, err := auth.New(w.Directory, "").Authenticate(w.ctx, text, ""); err != nil || who.User.Login != "ivanov" {
			t.Fatalf("authenticate: %+v, %v", who, err)
		}
		if tok, _, err = w.TokenForToday(w.ctx, by(), "IVANOV", 7*24*time.Hour); err != nil || tok.ExpiresAt.Sub(tok.CreatedAt) != 7*24*time.Hour {
			t.Fatalf("seven days, by login: %+v, %v", tok, err)
		}
		for _, ttl := range []time.Duration{-time.Second, 7*24*time.Hour + time.Second} {
			_, _, err := w.TokenForToday(w.ctx, by(), "u-1", ttl)
			w.refused(err, models.Invalid, "ttl_s")
		}
		unknown := func() {
			t.Helper()
			_, _, err := w.TokenForToday(w.ctx, by(), "u-2", 0)
			w.refused(err, models.NotFound, "")
			if e, ok := errors.AsType[*models.Error](err); !ok || e.Code != "unknown_user" {
				t.Fatalf("%v has no code unknown_user", err)
			}
		}
		w.changes("user.pending u-2", unknown)
		if u := w.Directory().UserByName("u-2"); u == nil || !u.Pending || u.Active || u.ExternalID != "u-2" {
			t.Fatalf("announced %+v", u)
		}
		w.changes("", unknown)
		_, err = w.PutUser(w.ctx, by(), "u-2", models.UserInput{ExternalID: p("u-2")}) // the administrator says yes
		w.must(err)
		_, _, err = w.TokenForToday(w.ctx, by(), "u-2", time.Minute)
		w.must(err)
		old := w.Directory()
		w.must(w.DeleteUser(w.ctx, by(), "u-2"))
		stale := setup.NewSnapshot(w.st.LoadDirectory) // of a replica that has not heard of it
		stale.Set(old)
		late := setup.New(setup.Options{Store: adapter{w.st}, Snapshot: stale, NewToken: auth.NewToken, NewURLToken: auth.NewURLToken})
		_, _, err = late.TokenForToday(w.ctx, by(), "u-2", 0)
		w.refused(err, models.NotFound, "")
		w.changes("", unknown)
		if w.Directory().UserByName("u-2").Pending {
			t.Fatal("a deactivated user became pending again")
		}
	})
}
