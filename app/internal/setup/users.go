package setup

import (
	"context"
	"slices"

	"zummer/models"
)

// PutUser makes the user, or replaces what is stored: nil fields get their
// defaults, but the external id, which never changes by itself: nil keeps it,
// "" takes it away. A pending user is confirmed by it. Errors: Invalid with
// the field.
func (s *Setup) PutUser(ctx context.Context, by models.Actor, login string, in models.UserInput) (models.User, error) {
	u := models.User{Quiet: value(in.Quiet, false), Active: value(in.Active, true)}
	var err error
	if u.Login, err = ownName("login", login, maxLogin); err != nil {
		return models.User{}, err
	}
	if u.Name, err = optional("name", value(in.Name, ""), models.MaxName); err != nil {
		return models.User{}, err
	}
	if u.ExternalID, err = optional("external_id", value(in.ExternalID, ""), maxLogin); err != nil {
		return models.User{}, err
	}
	if u.PopOn, err = popOn("pop_on", value(in.PopOn, models.PopAnswered)); err != nil {
		return models.User{}, err
	}
	if u.Timezone, err = zone("timezone", value(in.Timezone, "")); err != nil {
		return models.User{}, err
	}
	var out models.User
	err = s.write(ctx, by, func(c *change) error {
		old, put := c.dir.UserByLogin(u.Login), u
		what := "made"
		if old != nil {
			put.ID, put.CreatedAt = old.ID, old.CreatedAt
			if in.ExternalID == nil {
				put.ExternalID = old.ExternalID
			}
			what = "changed"
		}
		if other := userByExternalID(c.dir, put.ExternalID); other != nil && other.ID != put.ID {
			return models.InvalidField("external_id", "belongs to %q", other.Login)
		}
		out = put
		if old != nil && put == *old {
			return errUnchanged
		}
		if old == nil {
			put.CreatedAt = c.now
		}
		if err := c.SaveUser(ctx, c.now, &put); err != nil {
			return err
		}
		out = put
		return c.audit(ctx, "user.put", put.Login, what)
	})
	return out, err
}

// DeleteUser deactivates the user and revokes his tokens; what he owns stays.
// Errors: NotFound.
func (s *Setup) DeleteUser(ctx context.Context, by models.Actor, login string) error {
	return s.write(ctx, by, func(c *change) error {
		u := c.dir.UserByLogin(login)
		if u == nil {
			return noUser(login)
		}
		tokens := validTokens(c, u.ID)
		if !u.Active && !u.Pending && len(tokens) == 0 {
			return errUnchanged
		}
		if err := c.deactivate(ctx, u); err != nil {
			return err
		}
		return c.audit(ctx, "user.delete", u.Login, "deactivated")
	})
}

// deactivate also takes a user off the list of those who wait for the
// administrator.
func (c *change) deactivate(ctx context.Context, u *models.User) error {
	off := *u
	off.Active, off.Pending = false, false
	if err := c.SaveUser(ctx, c.now, &off); err != nil {
		return err
	}
	return c.RevokeTokens(ctx, c.now, validTokens(c, u.ID))
}

// validTokens lists a user's tokens that are not revoked.
func validTokens(c *change, user int64) []int64 {
	var ids []int64
	for _, t := range c.dir.Tokens {
		if t.UserID == user && t.RevokedAt.IsZero() {
			ids = append(ids, t.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// PatchMe changes what a user may change himself; nil keeps. Errors: NotFound,
// Invalid with the field.
func (s *Setup) PatchMe(ctx context.Context, user int64, pop *string, quiet *bool) (models.User, error) {
	if pop != nil {
		if _, err := popOn("pop_on", *pop); err != nil {
			return models.User{}, err
		}
	}
	var out models.User
	err := s.write(ctx, models.Actor{}, func(c *change) error {
		u := c.dir.Users[user]
		if u == nil {
			return models.Errorf(models.NotFound, "no such user")
		}
		out = *u
		out.PopOn = value(pop, u.PopOn)
		out.Quiet = value(quiet, u.Quiet)
		if out == *u {
			return errUnchanged
		}
		if err := c.SaveUser(ctx, c.now, &out); err != nil {
			return err
		}
		c.by.Who = u.Login
		return c.audit(ctx, "user.me", u.Login, "pop_on "+out.PopOn)
	})
	return out, err
}

func noUser(login string) error {
	return models.Errorf(models.NotFound, "no user %q", models.CutText(login, maxLogin))
}

// userByExternalID returns nil when there is none.
func userByExternalID(d *models.Directory, id string) *models.User {
	if u := d.UserByName(id); id != "" && u != nil && u.ExternalID == id {
		return u
	}
	return nil
}
