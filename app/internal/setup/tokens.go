package setup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"zummer/models"
)

// Life of a token for today.
const (
	dayToken    = 12 * time.Hour
	maxDayToken = 7 * 24 * time.Hour
)

// dayTokenName is how tokens for today are told from those that people made.
const dayTokenName = "for today"

// NewToken makes a token of user, of nobody when user is 0, and returns its
// text, which is shown once. Without scopes a user's token gets poll. Errors:
// NotFound for the user, Invalid with the field.
func (s *Setup) NewToken(ctx context.Context, by models.Actor, user int64, in models.TokenInput) (models.Token, string, error) {
	scopes, err := validScopes(user, in.Scopes)
	if err != nil {
		return models.Token{}, "", err
	}
	label, err := optional("name", in.Name, models.MaxName)
	if err != nil {
		return models.Token{}, "", err
	}
	if label == "" {
		label = strings.Join(scopes, " ")
	}
	var t models.Token
	var text string
	err = s.write(ctx, by, func(c *change) error {
		owner := "nobody"
		if user != 0 {
			u := c.dir.Users[user]
			if u == nil {
				return models.Errorf(models.NotFound, "no such user")
			}
			owner = u.Login
		}
		if !in.ExpiresAt.IsZero() && !in.ExpiresAt.After(c.now) {
			return models.InvalidField("expires_at", "is in the past")
		}
		t = models.Token{UserID: user, Name: label, Scopes: scopes, CreatedAt: c.now, ExpiresAt: in.ExpiresAt}
		text, t.Hash = s.opt.NewToken()
		if err := c.InsertToken(ctx, &t); err != nil {
			return err
		}
		return c.audit(ctx, "token.new", owner, fmt.Sprintf("token %d %q: %s", t.ID, label, strings.Join(scopes, " ")))
	})
	if err != nil {
		return models.Token{}, "", err
	}
	return t, text, nil
}

func validScopes(user int64, in []string) ([]string, error) {
	var out []string
	for _, s := range in {
		if !slices.Contains(models.Scopes, s) {
			return nil, models.InvalidField("scopes", "%q is none of %s", models.CutText(s, 40), strings.Join(models.Scopes, ", "))
		}
		if user == 0 && (s == models.ScopePoll || s == models.ScopeDial) {
			return nil, models.InvalidField("scopes", "%s needs a user: make the token for one", s)
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if len(out) == 0 && user != 0 {
		out = []string{models.ScopePoll}
	}
	if len(out) == 0 {
		return nil, models.InvalidField("scopes", "must not be empty")
	}
	return out, nil
}

// TokenForToday makes a poll token for a user of the CRM, by external id (or
// login). ttl 0 is 12 h; more than 7 days is refused. A user nobody knows is
// kept as a pending one for the administrator. Errors: NotFound with code
// unknown_user for him and for one who is not active; Invalid with the field.
func (s *Setup) TokenForToday(ctx context.Context, by models.Actor, externalID string, ttl time.Duration) (models.Token, string, error) {
	if ttl == 0 {
		ttl = dayToken
	}
	if ttl < 0 || ttl > maxDayToken {
		return models.Token{}, "", models.InvalidField("ttl_s", "must be between 1 and %d", int(maxDayToken/time.Second))
	}
	externalID, err := name("external_id", externalID, maxLogin)
	if err != nil {
		return models.Token{}, "", err
	}
	// At log-in time every user of the company comes here: who is known costs
	// no look at the whole set-up.
	if u := s.Directory().UserByName(externalID); u != nil && u.Active {
		if t, text, ok, err := s.dayToken(ctx, by, u, ttl); ok || err != nil {
			return t, text, err
		}
	}
	var found *models.User
	err = s.write(ctx, by, func(c *change) error {
		if found = c.dir.UserByName(externalID); found != nil {
			return errUnchanged
		}
		return c.announce(ctx, externalID)
	})
	if err != nil {
		return models.Token{}, "", err
	}
	if found != nil && found.Active {
		if t, text, ok, err := s.dayToken(ctx, by, found, ttl); ok || err != nil {
			return t, text, err
		}
	}
	return models.Token{}, "", models.Coded(models.NotFound, "unknown_user", "no active user %q", externalID)
}

// dayToken makes the token, unless u is not active any more: then ok is false.
func (s *Setup) dayToken(ctx context.Context, by models.Actor, u *models.User, ttl time.Duration) (t models.Token, text string, ok bool, err error) {
	err = s.writeBlind(ctx, by, func(c *change) (err error) {
		if ok, err = c.UserActive(ctx, u.ID); err != nil {
			return err
		}
		if !ok {
			return errUnchanged
		}
		t = models.Token{UserID: u.ID, Name: dayTokenName, Scopes: []string{models.ScopePoll}, CreatedAt: c.now, ExpiresAt: c.now.Add(ttl)}
		text, t.Hash = s.opt.NewToken()
		if err := c.DeleteExpiredTokens(ctx, u.ID, dayTokenName, c.now.Add(-24*time.Hour)); err != nil {
			return err
		}
		if err := c.InsertToken(ctx, &t); err != nil {
			return err
		}
		return c.audit(ctx, "token.today", u.Login, fmt.Sprintf("token %d for %s", t.ID, ttl))
	})
	if err != nil || !ok {
		return models.Token{}, "", false, err
	}
	return t, text, true, nil
}

// announce keeps a user whom the CRM named and nobody knows.
func (c *change) announce(ctx context.Context, externalID string) error {
	u := &models.User{Login: externalID, ExternalID: externalID, PopOn: models.PopAnswered, Pending: true, CreatedAt: c.now}
	if err := c.SaveUser(ctx, c.now, u); err != nil {
		return err
	}
	return c.audit(ctx, "user.pending", u.Login, "named by the CRM")
}

// NoteRelay writes into the audit that a token spoke for a user; it changes
// nothing else.
func (s *Setup) NoteRelay(ctx context.Context, by models.Actor, login string) error {
	return s.writeContacts(ctx, func(tx Tx, now time.Time) error {
		return tx.SaveAudit(ctx, now, auditEntry(by, "relay.user", login, "the first time today"))
	})
}

// RevokeToken ends a token at once. Errors: NotFound.
func (s *Setup) RevokeToken(ctx context.Context, by models.Actor, id int64) error {
	return s.write(ctx, by, func(c *change) error {
		for _, t := range c.dir.Tokens {
			if t.ID != id {
				continue
			}
			if !t.RevokedAt.IsZero() {
				return errUnchanged
			}
			if err := c.RevokeTokens(ctx, c.now, []int64{id}); err != nil {
				return err
			}
			return c.audit(ctx, "token.revoke", fmt.Sprint(id), t.Name)
		}
		return models.Errorf(models.NotFound, "no token %d", id)
	})
}
