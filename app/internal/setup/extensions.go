package setup

import (
	"context"
	"fmt"

	"zummer/models"
)

// MapExtension gives an extension of a source (by slug) to a user, whoever asked
// for it or shared it; user 0 unmaps it. What waited for an owner is routed before it returns. Errors:
// NotFound for the source, Invalid with the field; an error of the routing,
// after which the mapping stands and the call may be repeated.
func (s *Setup) MapExtension(ctx context.Context, by models.Actor, source, extension string, user int64) error {
	extension, err := name("extension", models.NormalizeExtension(extension), maxExtension)
	if err != nil {
		return err
	}
	var src int64
	err = s.write(ctx, by, func(c *change) error {
		found := c.dir.SourceBySlug(source)
		if found == nil {
			return noSource(source)
		}
		src = found.ID
		detail := "unmapped"
		if user != 0 {
			u := c.dir.Users[user]
			if u == nil {
				return models.InvalidField("user", "no such user")
			}
			detail = "to " + u.Login
		}
		k := models.ExtKey{SourceID: src, Extension: extension}
		if c.dir.Extensions[k] == user && c.dir.Shared[k] == nil && len(c.dir.Asked[k]) == 0 {
			return errUnchanged
		}
		if err := c.SaveExtensions(ctx, []models.Extension{{SourceID: src, Extension: extension, UserID: user}}); err != nil {
			return err
		}
		return c.audit(ctx, "extension.map", source+"/"+extensionForAudit(extension), detail)
	})
	if err != nil || user == 0 {
		return err
	}
	return s.routeMapped(ctx, []models.ExtKey{{SourceID: src, Extension: extension}})
}

// routeMapped tells Mapped of extensions that have an owner now.
func (s *Setup) routeMapped(ctx context.Context, keys []models.ExtKey) error {
	if s.opt.Mapped == nil {
		return nil
	}
	for _, k := range keys {
		if err := s.opt.Mapped(ctx, k.SourceID, k.Extension); err != nil {
			return fmt.Errorf("route what waited for an extension: %w", err)
		}
	}
	return nil
}

// extensionForAudit hides an extension that is a person's phone number.
func extensionForAudit(e string) string {
	digits := 0
	for _, r := range e {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	if digits >= 7 {
		r := []rune(e)
		return "…" + string(r[len(r)-2:])
	}
	return e
}
