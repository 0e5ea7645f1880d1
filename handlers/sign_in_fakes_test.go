package handlers

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"

	"zummer/models"
)

// Cookies of browsers in which the administrators of fakeAdmins are signed in.
const (
	asBrowser  = "Cookie: zummer=of-root" // role admin
	asOperator = "Cookie: zummer=of-operator"
	asViewer   = "Cookie: zummer=of-viewer" // masked
)

// fakeAdmins are three people and the sessions of their browsers, in memory.
// The first has the name that the fakes' tokens have.
type fakeAdmins struct {
	mu       sync.Mutex
	admins   []models.Admin
	sessions map[string][]byte
	commits  int // of sessions
	did      []string
	err      error // of every use case
}

func newFakeAdmins() *fakeAdmins {
	f := &fakeAdmins{sessions: map[string][]byte{}, admins: []models.Admin{
		{ID: 1, Login: "test", Name: "Рут", Role: models.RoleAdmin, Active: true, CreatedAt: at(), SignedInAt: at()},
		{ID: 2, Login: "operator", Role: models.RoleOperator, Active: true, CreatedAt: at()},
		{ID: 3, Login: "viewer", Role: models.RoleViewer, Active: true, Masked: true, CreatedAt: at()},
	}}
	now := time.Now()
	for i, token := range []string{"of-root", "of-operator", "of-viewer"} {
		f.session(token, int64(i+1), now, now)
	}
	return f
}

func (f *fakeAdmins) session(token string, admin int64, made, seen time.Time) {
	b, err := scs.GobCodec{}.Encode(made.Add(time.Hour), map[string]any{models.SignInAdmin: admin, models.SignInMade: made.UnixMilli(), models.SignInSeen: seen.UnixMilli()})
	if err != nil {
		panic(err)
	}
	f.sessions[token] = b
}

// manager is a session manager over f.
func (f *fakeAdmins) manager() *scs.SessionManager {
	return &scs.SessionManager{Lifetime: time.Hour, Store: sessionMap{f}, Codec: scs.GobCodec{},
		Cookie: scs.SessionCookie{Name: "zummer", HttpOnly: true, Path: "/admin", SameSite: http.SameSiteLaxMode, Persist: true}}
}

type sessionMap struct{ f *fakeAdmins }

func (m sessionMap) Find(token string) ([]byte, bool, error) {
	m.f.mu.Lock()
	defer m.f.mu.Unlock()
	b, ok := m.f.sessions[token]
	return b, ok, nil
}

func (m sessionMap) Commit(token string, b []byte, _ time.Time) error {
	m.f.mu.Lock()
	defer m.f.mu.Unlock()
	m.f.sessions[token] = b
	m.f.commits++
	return nil
}

func (m sessionMap) Delete(token string) error {
	m.f.mu.Lock()
	defer m.f.mu.Unlock()
	delete(m.f.sessions, token)
	return nil
}

func (f *fakeAdmins) note(line string) error {
	f.did = append(f.did, line)
	return f.err
}

func (f *fakeAdmins) SignIn(_ context.Context, login, password, from string) (models.Admin, error) {
	f.did = append(f.did, "sign in "+login+" from "+from)
	if f.err != nil {
		return models.Admin{}, f.err
	}
	for _, a := range f.admins {
		if a.Login == login && password == "right password" {
			return a, nil
		}
	}
	return models.Admin{}, models.Errorf(models.Unauthorized, "the login or the password is wrong")
}

func (f *fakeAdmins) SignOut(_ context.Context, by Actor) error { return f.note("sign out " + by.Who) }

func (f *fakeAdmins) Admin(_ context.Context, id int64) (models.Admin, error) {
	for _, a := range f.admins {
		if a.ID == id {
			return a, nil
		}
	}
	return models.Admin{}, models.Errorf(models.NotFound, "no administrator %d", id)
}

func (f *fakeAdmins) Admins(context.Context) ([]models.Admin, error) { return f.admins, nil }

func (f *fakeAdmins) PutAdmin(_ context.Context, by Actor, login string, in models.AdminInput) (models.Admin, error) {
	line := by.Who + " puts " + login
	for name, v := range map[string]*string{"name": in.Name, "role": in.Role, "lang": in.Lang} {
		if v != nil {
			line += " " + name + "=" + *v
		}
	}
	if in.Password != nil {
		line += " password"
	}
	a := models.Admin{ID: 9, Login: login, Role: models.RoleViewer, Active: true}
	return a, f.note(line)
}

func (f *fakeAdmins) ChangePassword(_ context.Context, by Actor, id int64, old, fresh string) error {
	if old != "right password" {
		return models.InvalidField("old", "is not your password")
	}
	return f.note(by.Who + " changes the password")
}

func (f *fakeAdmins) SignIns(_ context.Context, admin int64, token string) ([]models.SignIn, error) {
	return []models.SignIn{{ID: 4, AdminID: admin, From: "192.0.2.1", Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", MadeAt: at(), SeenAt: at(), ExpiresAt: at().Add(time.Hour), Current: true}}, f.err
}

func (f *fakeAdmins) EndSignIns(_ context.Context, by Actor, admin, id int64) error {
	return f.note(by.Who + " ends sign-ins")
}
