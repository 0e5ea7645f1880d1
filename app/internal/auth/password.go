package auth

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"

	"zummer/models"
)

// Bounds of a password. bcrypt reads no more than 72 bytes.
const (
	minPassword = 10
	maxPassword = 72
)

// passwords makes and compares the hashes. A comparison costs a processor a
// quarter of a second on purpose, so no more run at once than there are
// processors.
type passwords struct {
	cost  int
	slots chan struct{}
	dummy []byte // for logins that nobody has: they take as long
}

// dummyHash is of a password that nobody has, at bcrypt's default cost. Making
// it at each start would hold up every command.
const dummyHash = "$2a$10$0/qIVn7nliBzp1/LYS/KFewQy1zgx0IdenxzrA6Hw5uw0cOiOtc8."

func newPasswords(cost int) (*passwords, error) {
	dummy := []byte(dummyHash)
	if cost != bcrypt.DefaultCost {
		var err error
		if dummy, err = bcrypt.GenerateFromPassword([]byte("nobody has this password"), cost); err != nil {
			return nil, fmt.Errorf("hash passwords: %w", err)
		}
	}
	return &passwords{cost: cost, slots: make(chan struct{}, runtime.GOMAXPROCS(0)), dummy: dummy}, nil
}

// slot waits for a processor; free gives it back.
func (p *passwords) slot(ctx context.Context) (free func(), err error) {
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// is compares; hash "" is of nobody and takes the same time.
func (p *passwords) is(ctx context.Context, hash, password string) (bool, error) {
	free, err := p.slot(ctx)
	if err != nil {
		return false, err
	}
	defer free()
	known := []byte(hash)
	if hash == "" || len(password) > maxPassword {
		known = p.dummy
	}
	same := bcrypt.CompareHashAndPassword(known, []byte(password[:min(len(password), maxPassword)])) == nil
	return same && hash != "" && len(password) <= maxPassword, nil
}

// hash checks a new password of login and hashes it. Errors: Invalid of field.
func (p *passwords) hash(ctx context.Context, field, login, password string) (string, error) {
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		return "", models.InvalidField(field, "must have at least %d characters", minPassword)
	case len(password) > maxPassword:
		return "", models.InvalidField(field, "must have at most %d bytes; a letter that is not Latin takes two", maxPassword)
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		return "", models.InvalidField(field, "holds what is no text")
	case models.FoldLogin(password) == models.FoldLogin(login):
		return "", models.InvalidField(field, "is the login")
	}
	free, err := p.slot(ctx)
	if err != nil {
		return "", err
	}
	defer free()
	h, err := bcrypt.GenerateFromPassword([]byte(password), p.cost)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return string(h), nil
}
