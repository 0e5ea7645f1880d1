package auth

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"

	"zummer/models"
)

// adminFresh is how long an administrator that was read may be used again. A
// replica learns within it that somebody was switched off.
const adminFresh = 2 * time.Second

// AdministratorsOptions configure Administrators. Store is required.
type AdministratorsOptions struct {
	Store Store
	Cost  int // of bcrypt; 0: its default, 10. Tests take bcrypt.MinCost
}

// Administrators are the people who sign in to the pages. Its methods may be
// called from any goroutine.
type Administrators struct {
	store     Store
	passwords *passwords
	throttle  throttle

	mu    sync.Mutex
	known map[int64]knownAdmin
}

type knownAdmin struct {
	admin models.Admin
	until time.Time
}

// NewAdministrators makes an Administrators.
func NewAdministrators(opt AdministratorsOptions) (*Administrators, error) {
	if opt.Cost == 0 {
		opt.Cost = bcrypt.DefaultCost
	}
	p, err := newPasswords(opt.Cost)
	if err != nil {
		return nil, err
	}
	return &Administrators{store: opt.Store, passwords: p, known: map[int64]knownAdmin{}}, nil
}

// SignIn checks a password, and notes in the audit that somebody signed in or
// failed to; never the password, nor a login that nobody has: it may be one.
// Errors: Unauthorized, the same for a wrong password, an unknown login and one
// who is switched off, after the same time; TooMany, with the time to wait,
// after several failures of one login or address.
func (a *Administrators) SignIn(ctx context.Context, login, password, from string) (models.Admin, error) {
	login = models.FoldLogin(login)
	if err := a.throttled(login, from); err != nil {
		return models.Admin{}, err
	}
	admin, err := a.store.AdministratorByLogin(ctx, login)
	if err != nil && !models.IsNotFound(err) {
		a.throttle.succeeded(login, from) // nobody's fault
		return models.Admin{}, err
	}
	right, err := a.passwords.is(ctx, admin.PasswordHash, password)
	if err != nil {
		return models.Admin{}, err
	}
	if !right || !admin.Active {
		why := "wrong password"
		switch {
		case admin.ID == 0:
			why = "unknown login"
		case right:
			why = "is switched off"
		}
		who := admin.Login
		if who == "" {
			who = "?"
		}
		err := a.store.Write(ctx, func(tx Tx) error {
			now, _, err := tx.Begin(ctx)
			if err != nil {
				return err
			}
			return tx.SaveAudit(ctx, now, note(models.Actor{Who: who, From: from}, "admin.sign_in_failed", admin.Login, why))
		})
		if err != nil {
			return models.Admin{}, err
		}
		return models.Admin{}, models.Errorf(models.Unauthorized, "the login or the password is wrong")
	}
	a.throttle.succeeded(login, from)
	err = a.store.Write(ctx, func(tx Tx) error {
		now, _, err := tx.Begin(ctx)
		if err != nil {
			return err
		}
		admin.SignedInAt = now
		if err := tx.SignedIn(ctx, now, admin.ID); err != nil {
			return err
		}
		return tx.SaveAudit(ctx, now, note(models.Actor{Who: admin.Login, From: from}, "admin.sign_in", admin.Login, "role "+admin.Role))
	})
	return admin, err
}

func (a *Administrators) throttled(login, from string) error {
	wait := a.throttle.take(login, from)
	if wait <= 0 {
		return nil
	}
	wait = (wait + time.Second - 1).Truncate(time.Second)
	e := models.Errorf(models.TooMany, "too many failed sign-ins; wait %s", wait)
	e.Retry = wait
	return e
}

// SignOut notes in the audit that somebody signed out.
func (a *Administrators) SignOut(ctx context.Context, by models.Actor) error {
	return a.store.Write(ctx, func(tx Tx) error {
		now, _, err := tx.Begin(ctx)
		if err != nil {
			return err
		}
		return tx.SaveAudit(ctx, now, note(by, "admin.sign_out", by.Who, ""))
	})
}

// Admin reads one, as it was two seconds ago at most. Errors: NotFound. Who is
// switched off is still there.
func (a *Administrators) Admin(ctx context.Context, id int64) (models.Admin, error) {
	a.mu.Lock()
	known, ok := a.known[id]
	a.mu.Unlock()
	now := time.Now()
	if ok && now.Before(known.until) {
		return known.admin, nil
	}
	admin, err := a.store.Administrator(ctx, id)
	if err != nil {
		return models.Admin{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known[id] = knownAdmin{admin, now.Add(adminFresh)}
	return admin, nil
}

func (a *Administrators) forget(id int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.known, id)
}

// Admins lists all of them by login.
func (a *Administrators) Admins(ctx context.Context) ([]models.Admin, error) {
	return a.store.Administrators(ctx)
}

// PutAdmin makes an administrator or changes one; nil keeps. A new one needs a
// password. A new password, or Active false, ends the sign-ins of that one. The
// last active one of role admin stays so. Errors: Invalid with the field,
// Conflict last_admin.
func (a *Administrators) PutAdmin(ctx context.Context, by models.Actor, login string, in models.AdminInput) (models.Admin, error) {
	login = strings.TrimSpace(login)
	if err := checkAdmin(login, in); err != nil {
		return models.Admin{}, err
	}
	hash := ""
	if in.Password != nil {
		var err error
		if hash, err = a.passwords.hash(ctx, "password", login, *in.Password); err != nil {
			return models.Admin{}, err
		}
	}
	var out models.Admin
	err := a.store.Write(ctx, func(tx Tx) error {
		now, _, err := tx.BumpConfig(ctx)
		if err != nil {
			return fmt.Errorf("lock the set-up: %w", err)
		}
		all, err := tx.Administrators(ctx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(x models.Admin) bool { return models.FoldLogin(x.Login) == models.FoldLogin(login) })
		old := models.Admin{Login: login, Role: models.RoleViewer, Masked: true, Active: true}
		if at >= 0 {
			old = all[at]
		} else if hash == "" {
			return models.InvalidField("password", "is needed for a new administrator")
		}
		out = old
		if in.Name != nil {
			out.Name = strings.TrimSpace(*in.Name)
		}
		set(&out.Role, in.Role)
		set(&out.Lang, in.Lang)
		set(&out.Masked, in.Masked)
		set(&out.Active, in.Active)
		if hash != "" {
			out.PasswordHash = hash
		}
		if at >= 0 && out == old {
			return nil
		}
		if full(old) && old.ID != 0 && !full(out) && !slices.ContainsFunc(all, func(x models.Admin) bool { return x.ID != old.ID && full(x) }) {
			return models.Coded(models.Conflict, "last_admin", "%s is the last active administrator of role admin: somebody has to be", old.Login)
		}
		if err := tx.SaveAdministrator(ctx, now, &out); err != nil {
			return err
		}
		if old.ID != 0 && (hash != "" || !out.Active) {
			if err := tx.EndSignIns(ctx, old.ID, 0); err != nil {
				return err
			}
		}
		return tx.SaveAudit(ctx, now, note(by, "admin.put", out.Login, told(old, out)))
	})
	a.forget(out.ID)
	return out, err
}

// full reports whether one may set everything up.
func full(a models.Admin) bool { return a.Active && a.Role == models.RoleAdmin }

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func checkAdmin(login string, in models.AdminInput) error {
	switch {
	case login == "":
		return models.InvalidField("login", "must not be empty")
	case login == "." || login == "..": // no part of an address
		return models.InvalidField("login", "must not be dots only")
	case login != models.CutText(login, 64):
		return models.InvalidField("login", "must be plain text of at most 64 characters")
	case in.Name != nil && strings.TrimSpace(*in.Name) != models.CutText(strings.TrimSpace(*in.Name), models.MaxName):
		return models.InvalidField("name", "must be plain text of at most %d characters", models.MaxName)
	case in.Role != nil && !slices.Contains(models.Roles, *in.Role):
		return models.InvalidField("role", "is none of %s", strings.Join(models.Roles, ", "))
	case in.Lang != nil && !slices.Contains([]string{"", "ru", "en"}, *in.Lang):
		return models.InvalidField("lang", "is neither ru nor en")
	}
	return nil
}

// told says what is different, for the audit.
func told(old, put models.Admin) string {
	var out []string
	if old.ID == 0 {
		out = append(out, "made")
	}
	add := func(differs bool, format string, args ...any) {
		if differs {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	add(old.ID == 0 || old.Role != put.Role, "role %s", put.Role)
	add(old.Name != put.Name, "name")
	add(old.Lang != put.Lang, "language %q", put.Lang)
	add(old.Masked != put.Masked && put.Masked, "masked")
	add((old.ID == 0 || old.Masked) && !put.Masked, "not masked")
	add(old.Active != put.Active && put.Active, "switched on")
	add(old.Active != put.Active && !put.Active, "switched off")
	add(old.ID != 0 && old.PasswordHash != put.PasswordHash, "new password")
	return strings.Join(out, ", ")
}

// ChangePassword is a person's own; it ends all of the person's sign-ins.
// Errors: Invalid of field old or new, TooMany as SignIn.
func (a *Administrators) ChangePassword(ctx context.Context, by models.Actor, id int64, old, fresh string) error {
	admin, err := a.store.Administrator(ctx, id)
	if err != nil {
		return err
	}
	login := models.FoldLogin(admin.Login)
	if err := a.throttled(login, by.From); err != nil {
		return err
	}
	right, err := a.passwords.is(ctx, admin.PasswordHash, old)
	if err != nil {
		return err
	}
	if !right {
		return models.InvalidField("old", "is not your password")
	}
	a.throttle.succeeded(login, by.From)
	hash, err := a.passwords.hash(ctx, "new", admin.Login, fresh)
	if err != nil {
		return err
	}
	err = a.store.Write(ctx, func(tx Tx) error {
		now, _, err := tx.BumpConfig(ctx)
		if err != nil {
			return fmt.Errorf("lock the set-up: %w", err)
		}
		all, err := tx.Administrators(ctx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(x models.Admin) bool { return x.ID == id })
		if at < 0 || all[at].PasswordHash != admin.PasswordHash {
			return models.Coded(models.Conflict, "moved_on", "the password was changed meanwhile")
		}
		all[at].PasswordHash = hash
		if err := tx.SaveAdministrator(ctx, now, &all[at]); err != nil {
			return err
		}
		if err := tx.EndSignIns(ctx, id, 0); err != nil {
			return err
		}
		return tx.SaveAudit(ctx, now, note(by, "admin.password", admin.Login, "own password changed"))
	})
	a.forget(id)
	return err
}

// SignIns lists an administrator's, the last used first; token is the one that
// asks, "" for none.
func (a *Administrators) SignIns(ctx context.Context, admin int64, token string) ([]models.SignIn, error) {
	all, err := a.store.SignIns(ctx, admin)
	hash := Hash(token)
	for i := range all {
		all[i].Current = token != "" && all[i].TokenHash == hash
	}
	return all, err
}

// EndSignIns ends one sign-in of an administrator; id 0: all of them.
func (a *Administrators) EndSignIns(ctx context.Context, by models.Actor, admin, id int64) error {
	who, err := a.store.Administrator(ctx, admin)
	if err != nil {
		return err
	}
	which := "all sign-ins"
	if id != 0 {
		which = fmt.Sprintf("sign-in %d", id)
	}
	return a.store.Write(ctx, func(tx Tx) error {
		now, _, err := tx.Begin(ctx)
		if err != nil {
			return err
		}
		if err := tx.EndSignIns(ctx, admin, id); err != nil {
			return err
		}
		return tx.SaveAudit(ctx, now, note(by, "admin.sign_ins_ended", who.Login, which))
	})
}

func note(by models.Actor, what, object, detail string) *models.AuditEntry {
	return &models.AuditEntry{
		Who: models.CutText(by.Who, 128), From: models.CutText(by.From, 128), What: what,
		Object: models.CutText(object, 256), Detail: models.CutText(detail, 512),
	}
}
