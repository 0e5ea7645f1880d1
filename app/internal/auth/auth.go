package auth

import (
	"context"
	"crypto/subtle"
	"strings"
	"time"

	"zummer/models"
)

// maxToken bounds what is hashed for a caller whom nobody knows yet.
const maxToken = 512

// Auth finds the caller behind a token. Its methods may be called from any
// goroutine.
type Auth struct {
	directory func() *models.Directory
	adminHash string
}

// New makes an Auth over the current set-up snapshot; directory must never
// return nil. adminHash is Hash of ZUMMER_ADMIN_TOKEN, a token with scope admin
// that stands in no database; "": there is none.
func New(directory func() *models.Directory, adminHash string) *Auth {
	return &Auth{directory: directory, adminHash: adminHash}
}

// Authenticate finds the token and the user it speaks for. asUser (external id
// or login, "" for none) names somebody else, which only a token of scope
// relay may. A token of no user that names none comes back with a nil User.
//
// Errors: Unauthorized for a token that is unknown, revoked, expired or of a
// user who is not active; Forbidden for asUser without the scope; NotFound
// with code unknown_user when asUser is nobody, or not active.
func (a *Auth) Authenticate(_ context.Context, token, asUser string) (models.Caller, error) {
	d := a.directory()
	t := a.find(d, strings.TrimSpace(token))
	if t == nil || !t.ValidAt(time.Now()) {
		return models.Caller{}, models.Errorf(models.Unauthorized, "no valid token")
	}
	who := models.Caller{Token: t}
	if t.UserID != 0 {
		u := d.Users[t.UserID]
		if u == nil || !u.Active {
			return models.Caller{}, models.Errorf(models.Unauthorized, "no valid token")
		}
		who.User = u
	}
	asUser = strings.TrimSpace(asUser)
	if asUser == "" {
		return who, nil
	}
	named := d.UserByName(asUser)
	if !t.Has(models.ScopeRelay) {
		if named != nil && who.User != nil && named.ID == who.User.ID {
			return who, nil
		}
		return models.Caller{}, models.Errorf(models.Forbidden, "this token may not speak for other users: it lacks the scope relay")
	}
	if named == nil || !named.Active {
		return models.Caller{}, models.Coded(models.NotFound, "unknown_user", "no active user %q", models.CutText(asUser, models.MaxName))
	}
	who.User = named
	return who, nil
}

// find looks the token up by its hash. The map is keyed by a SHA-256 that
// nobody can steer, so the look-up's timing tells nothing; the comparison with
// the administrator's hash takes the same time for every token.
func (a *Auth) find(d *models.Directory, token string) *models.Token {
	if token == "" || len(token) > maxToken {
		return nil
	}
	h := Hash(token)
	if a.adminHash != "" && subtle.ConstantTimeCompare([]byte(h), []byte(a.adminHash)) == 1 {
		return &models.Token{Hash: h, Name: "ZUMMER_ADMIN_TOKEN", Scopes: []string{models.ScopeAdmin}}
	}
	return d.Tokens[h]
}
