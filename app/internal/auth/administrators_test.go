package auth_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"zummer/app/internal/auth"
	"zummer/models"
	"zummer/models/store"
	"zummer/models/store/storetest"
)

type authStore struct{ *store.Store }

func (s authStore) Write(ctx context.Context, fn func(auth.Tx) error) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error { return fn(tx) })
}

// people is an Administrators over a real, empty database.
type people struct {
	*auth.Administrators
	t  *testing.T
	st *store.Store
}

const from = "192.0.2.1"

func by() models.Actor { return models.Actor{Who: "root", From: from} }

func p[T any](v T) *T { return &v }

func newPeople(t *testing.T, st *store.Store) *people {
	t.Helper()
	a, err := auth.NewAdministrators(auth.AdministratorsOptions{Store: authStore{st}, Cost: bcrypt.MinCost})
	if err != nil {
		t.Fatal(err)
	}
	return &people{a, t, st}
}

func onBoth(t *testing.T, fn func(*people)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, dsn string) { fn(newPeople(t, storetest.Open(t, dsn))) })
}

func (w *people) put(login string, in models.AdminInput) models.Admin {
	w.t.Helper()
	a, err := w.PutAdmin(w.t.Context(), by(), login, in)
	if err != nil {
		w.t.Fatalf("PutAdmin(%s): %v", login, err)
	}
	return a
}

// refused checks kind, and code or field.
func (w *people) refused(err error, kind models.Kind, what string) {
	w.t.Helper()
	e, ok := errors.AsType[*models.Error](err)
	if !ok || e.Kind != kind {
		w.t.Fatalf("error %v, want kind %d", err, kind)
	}
	if what != "" && e.Code != what && (len(e.Fields) != 1 || e.Fields[0].Field != what) {
		w.t.Fatalf("error %v, code %q; want %s", err, e.Code, what)
	}
}

// audit lists "who from what object: detail", the oldest first.
func (w *people) audit() []string {
	w.t.Helper()
	all, _, err := w.st.Audit(w.t.Context(), "", 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Reverse(all)
	var out []string
	for _, e := range all {
		out = append(out, fmt.Sprintf("%s %s %s %s: %s", e.Who, e.From, e.What, e.Object, e.Detail))
	}
	return out
}

func TestSignIn(t *testing.T) {
	onBoth(t, func(w *people) {
		w.put("Иванов", models.AdminInput{Role: p(models.RoleAdmin), Password: p("верный пароль")})
		w.put("left", models.AdminInput{Password: p("verbatim password"), Active: p(false)})
		for _, c := range []struct {
			name, login, password string
			ok                    bool
		}{
			{"right", "Иванов", "верный пароль", true},
			{"in other letters", " иванов ", "верный пароль", true},
			{"wrong password", "Иванов", "Верный пароль", false},
			{"no password", "Иванов", "", false},
			{"a password that is too long", "Иванов", strings.Repeat("верный пароль", 10), false},
			{"unknown login", "sidorov", "верный пароль", false},
			{"no login", "", "", false},
			{"switched off", "left", "verbatim password", false},
		} {
			got, err := w.SignIn(t.Context(), c.login, c.password, from)
			if c.ok {
				if err != nil || got.Login != "Иванов" || got.SignedInAt.IsZero() {
					t.Errorf("%s: %+v, %v", c.name, got, err)
				}
				continue
			}
			w.refused(err, models.Unauthorized, "")
			if got.ID != 0 || err.Error() != "the login or the password is wrong" {
				t.Errorf("%s: %+v, %q", c.name, got, err)
			}
		}
		want := []string{
			"root 192.0.2.1 admin.put Иванов: made, role admin", "root 192.0.2.1 admin.put left: made, role viewer, switched off",
			"Иванов 192.0.2.1 admin.sign_in Иванов: role admin", "Иванов 192.0.2.1 admin.sign_in Иванов: role admin",
			"Иванов 192.0.2.1 admin.sign_in_failed Иванов: wrong password", "Иванов 192.0.2.1 admin.sign_in_failed Иванов: wrong password",
			"Иванов 192.0.2.1 admin.sign_in_failed Иванов: wrong password",
			"? 192.0.2.1 admin.sign_in_failed : unknown login", "? 192.0.2.1 admin.sign_in_failed : unknown login",
			"left 192.0.2.1 admin.sign_in_failed left: is switched off",
		}
		if got := w.audit(); !slices.Equal(got, want) {
			t.Errorf("the audit\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestSignInIsThrottled(t *testing.T) {
	w := newPeople(t, storetest.Open(t, storetest.SQLite(t)))
	w.put("root", models.AdminInput{Role: p(models.RoleAdmin), Password: p("right password")})
	for range 5 {
		_, err := w.SignIn(t.Context(), "root", "wrong password", from)
		w.refused(err, models.Unauthorized, "")
	}
	rows := len(w.audit())
	_, err := w.SignIn(t.Context(), "ROOT", "right password", from)
	w.refused(err, models.TooMany, "")
	if e, _ := errors.AsType[*models.Error](err); e.Retry <= 0 || e.Retry > 2*time.Second {
		t.Errorf("wait %s, want up to 2s", e.Retry)
	}
	if got := w.audit(); len(got) != rows {
		t.Errorf("a try that was not made is in the audit: %q", got[rows:])
	}
}

func TestPutAdmin(t *testing.T) {
	onBoth(t, func(w *people) {
		long := strings.Repeat("x", 200)
		for _, c := range []struct {
			name, login string
			in          models.AdminInput
			field       string
		}{
			{"no login", " ", models.AdminInput{Password: p("long enough")}, "login"},
			{"a login with a control", "a\x01b", models.AdminInput{Password: p("long enough")}, "login"},
			{"a long login", long, models.AdminInput{Password: p("long enough")}, "login"},
			{"a long name", "a", models.AdminInput{Password: p("long enough"), Name: &long}, "name"},
			{"no password", "a", models.AdminInput{}, "password"},
			{"a short one", "a", models.AdminInput{Password: p("123456789")}, "password"},
			{"a long one", "a", models.AdminInput{Password: p(strings.Repeat("ы", 37))}, "password"},
			{"the login", "administrator", models.AdminInput{Password: p("Administrator")}, "password"},
			{"no such role", "a", models.AdminInput{Password: p("long enough"), Role: p("god")}, "role"},
			{"no such language", "a", models.AdminInput{Password: p("long enough"), Lang: p("de")}, "lang"},
		} {
			_, err := w.PutAdmin(t.Context(), by(), c.login, c.in)
			if err == nil {
				t.Errorf("%s: was taken", c.name)
				continue
			}
			w.refused(err, models.Invalid, c.field)
		}
		if got := w.audit(); len(got) != 0 {
			t.Fatalf("what was refused is in the audit: %q", got)
		}

		a := w.put("root", models.AdminInput{Role: p(models.RoleAdmin), Password: p("long enough"), Masked: p(false)})
		v := w.put("viewer", models.AdminInput{Password: p("long enough"), Name: p(" В. Зритель ")})
		if v.Role != models.RoleViewer || !v.Masked || !v.Active || v.Name != "В. Зритель" || v.CreatedAt.IsZero() || v.ID == a.ID || strings.Contains(v.PasswordHash, "long") {
			t.Errorf("a new one is %+v", v)
		}
		if again := w.put("ROOT", models.AdminInput{Lang: p("ru")}); again.ID != a.ID || again.Login != "root" || again.Lang != "ru" || again.Masked {
			t.Errorf("changed: %+v", again)
		}
		w.put("root", models.AdminInput{}) // changes nothing

		for _, in := range []models.AdminInput{{Active: p(false)}, {Role: p(models.RoleOperator)}} {
			_, err := w.PutAdmin(t.Context(), by(), "root", in)
			w.refused(err, models.Conflict, "last_admin")
		}
		w.put("second", models.AdminInput{Role: p(models.RoleAdmin), Password: p("long enough")})
		w.put("root", models.AdminInput{Role: p(models.RoleOperator), Masked: p(true)})
		_, err := w.PutAdmin(t.Context(), by(), "second", models.AdminInput{Active: p(false)})
		w.refused(err, models.Conflict, "last_admin")
		w.put("viewer", models.AdminInput{Active: p(false), Password: p("another one"), Name: p("")})

		all, err := w.Admins(t.Context())
		if err != nil || len(all) != 3 || all[0].Login != "root" || all[1].Login != "second" || all[2].Login != "viewer" {
			t.Errorf("Admins = %+v, %v", all, err)
		}
		want := []string{
			"root 192.0.2.1 admin.put root: made, role admin, not masked", "root 192.0.2.1 admin.put viewer: made, role viewer, name", `root 192.0.2.1 admin.put root: language "ru"`,
			"root 192.0.2.1 admin.put second: made, role admin", "root 192.0.2.1 admin.put root: role operator, masked", "root 192.0.2.1 admin.put viewer: name, switched off, new password",
		}
		if got := w.audit(); !slices.Equal(got, want) {
			t.Errorf("the audit\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if _, err := w.Admin(t.Context(), 99); !models.IsNotFound(err) {
			t.Errorf("Admin(99): %v", err)
		}
	})
}

// signIn keeps a session for an administrator as the library does.
func (w *people) session(s *auth.Sessions, admin int64, token string, made, seen time.Time) {
	w.t.Helper()
	deadline := made.Add(24 * time.Hour)
	b, err := s.Encode(deadline, map[string]any{models.SignInAdmin: admin, models.SignInMade: made.UnixMilli(), models.SignInSeen: seen.UnixMilli(),
		models.SignInFrom: from, models.SignInAgent: "Firefox"})
	if err == nil {
		err = s.CommitCtx(w.t.Context(), token, b, deadline)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *people) isThere(s *auth.Sessions, token string) bool {
	w.t.Helper()
	_, ok, err := s.FindCtx(w.t.Context(), token)
	if err != nil {
		w.t.Fatal(err)
	}
	return ok
}

func TestSessions(t *testing.T) {
	onBoth(t, func(w *people) {
		s := &auth.Sessions{Store: authStore{w.st}, Idle: time.Hour}
		now := time.Now()
		w.session(s, 1, "first", now.Add(-10*time.Minute), now.Add(-10*time.Minute))
		w.session(s, 1, "second", now, now)
		w.session(s, 2, "others", now, now)
		w.session(s, 1, "idle", now.Add(-2*time.Hour), now.Add(-2*time.Hour))
		w.session(s, 1, "never made", now.Add(-time.Hour), now) // written back after it was ended
		for token, want := range map[string]bool{"first": true, "second": true, "others": true, "idle": false, "never made": false, "": false, auth.Hash("first"): false} {
			if got := w.isThere(s, token); got != want {
				t.Errorf("session %q is there: %t, want %t", token, got, want)
			}
		}
		b, _, err := s.FindCtx(t.Context(), "first")
		if err != nil {
			t.Fatal(err)
		}
		deadline, values, err := s.Decode(b)
		if err != nil || values[models.SignInAdmin] != int64(1) || values[models.SignInAgent] != "Firefox" || !deadline.Equal(now.Add(24*time.Hour-10*time.Minute).Truncate(time.Millisecond)) {
			t.Errorf("Decode = %s, %v, %v", deadline, values, err)
		}
		w.session(s, 1, "first", now.Add(-10*time.Minute), now) // touched
		all, err := w.SignIns(t.Context(), 1, "first")
		if err != nil || len(all) != 2 || !all[0].SeenAt.Equal(all[1].SeenAt) || all[0].From != from || all[0].Agent != "Firefox" {
			t.Fatalf("SignIns = %+v, %v", all, err)
		}
		for _, in := range all {
			if in.Current != (in.MadeAt.Before(now.Add(-time.Minute))) {
				t.Errorf("the current one is not the first: %+v", in)
			}
		}
		for _, in := range all {
			if strings.Contains(in.TokenHash, "first") || strings.Contains(string(in.Data), "first") {
				t.Errorf("the token itself is stored: %+v", in)
			}
		}
		if n, err := w.st.Purge(t.Context(), "sign_ins", 0, 10); n != 1 || err != nil {
			t.Errorf("Purge = %d, %v; want the one that was idle", n, err)
		}
		if err := s.DeleteCtx(t.Context(), "second"); err != nil || w.isThere(s, "second") || !w.isThere(s, "first") {
			t.Errorf("after DeleteCtx: %v, second %t, first %t", err, w.isThere(s, "second"), w.isThere(s, "first"))
		}
		if _, err := s.Encode(now, map[string]any{"x": 1.5}); err == nil {
			t.Error("Encode took a value that Decode would not give back")
		}
		if err := s.CommitCtx(t.Context(), "x", []byte(`{}`), now); err == nil {
			t.Error("a session of nobody was kept")
		}
	})
}

// What ends a person's sign-ins, and what does not.
func TestSignInsEnd(t *testing.T) {
	onBoth(t, func(w *people) {
		s := &auth.Sessions{Store: authStore{w.st}}
		w.put("root", models.AdminInput{Role: p(models.RoleAdmin), Password: p("long enough")})
		a := w.put("anna", models.AdminInput{Password: p("first password")})
		ctx := t.Context()
		ann := models.Actor{Who: "anna", From: from}
		for _, c := range []struct {
			name string
			do   func() error
			ends bool
		}{
			{"another role", func() error {
				_, err := w.PutAdmin(ctx, by(), "anna", models.AdminInput{Role: p(models.RoleOperator)})
				return err
			}, false},
			{"a password by somebody", func() error {
				_, err := w.PutAdmin(ctx, by(), "anna", models.AdminInput{Password: p("first password")})
				return err
			}, true},
			{"the own password", func() error { return w.ChangePassword(ctx, ann, a.ID, "first password", "other password") }, true},
			{"all of them by hand", func() error { return w.EndSignIns(ctx, ann, a.ID, 0) }, true},
			{"another one by hand", func() error { return w.EndSignIns(ctx, ann, a.ID, 999) }, false},
			{"switched off", func() error { _, err := w.PutAdmin(ctx, by(), "anna", models.AdminInput{Active: p(false)}); return err }, true},
		} {
			now := time.Now()
			w.session(s, a.ID, c.name, now, now)
			if err := c.do(); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if got := w.isThere(s, c.name); got == c.ends {
				t.Errorf("%s: still signed in: %t", c.name, got)
			}
		}
		if got, err := w.Admin(ctx, a.ID); err != nil || got.Active {
			t.Errorf("right after it was switched off: %+v, %v", got, err)
		}
		w.refused(w.ChangePassword(ctx, ann, a.ID, "wrong", "third password"), models.Invalid, "old")
		w.refused(w.ChangePassword(ctx, ann, a.ID, "other password", "short"), models.Invalid, "new")
	})
}

// Another replica learns within two seconds that somebody was switched off.
func TestAdminIsFresh(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	here, there := newPeople(t, st), newPeople(t, st)
	here.put("root", models.AdminInput{Role: p(models.RoleAdmin), Password: p("long enough")})
	b := here.put("anna", models.AdminInput{Password: p("long enough")})
	turns := func(active bool) time.Duration {
		here.put("anna", models.AdminInput{Active: p(active)})
		for began := time.Now(); ; <-time.After(50 * time.Millisecond) {
			got, err := there.Admin(t.Context(), b.ID)
			switch took := time.Since(began); {
			case err != nil:
				t.Fatal(err)
			case got.Active == active:
				return took
			case took > time.Minute:
				t.Fatal("the other replica does not hear of it")
			}
		}
	}
	for range 5 { // a busy machine may take a second more, but not each time
		turns(true)
		if took := turns(false); took <= 3*time.Second {
			return
		} else {
			t.Logf("it took %s", took)
		}
	}
	t.Error("it took longer each time")
}

// An unknown login takes the same work as a known one: the comparison is made.
func TestUnknownLoginsTakeAsLong(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	known, unknown := time.Hour, time.Hour
	for round := 0; round < 10; round++ { // one of them may be held up on a busy machine
		a, err := auth.NewAdministrators(auth.AdministratorsOptions{Store: authStore{st}, Cost: 9}) // who counts failures anew
		if err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			if _, err := a.PutAdmin(t.Context(), by(), "root", models.AdminInput{Password: p("right password")}); err != nil {
				t.Fatal(err)
			}
		}
		for login, best := range map[string]*time.Duration{"root": &known, "nobody": &unknown} {
			for range 3 {
				began := time.Now()
				_, _ = a.SignIn(t.Context(), login, "wrong password", "")
				*best = min(*best, time.Since(began))
			}
		}
		if unknown >= known/3 && known >= unknown/3 {
			return
		}
	}
	t.Errorf("a known login is answered after %s, an unknown one after %s", known, unknown)
}
