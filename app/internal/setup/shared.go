package setup

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"zummer/models"
)

// maxAsked bounds what one user asks the administrator for at a time.
const maxAsked = 5

// ShareExtension makes an extension of a source (by slug) a phone of several
// people, whoever had it. Who of them said that it is his today stays so. What
// waited for an owner is routed before it returns. Errors: NotFound for the
// source, Invalid with the field; an error of the routing, after which the
// mapping stands and the call may be repeated.
func (s *Setup) ShareExtension(ctx context.Context, by models.Actor, source, extension, mode string, users []int64) error {
	extension, err := name("extension", models.NormalizeExtension(extension), maxExtension)
	if err != nil {
		return err
	}
	if mode != models.SharedCheckIn && mode != models.SharedAll {
		return models.InvalidField("mode", "%q is none of check_in, all", models.CutText(mode, 40))
	}
	if users = sorted(slices.Clone(users)); len(users) == 0 {
		return models.InvalidField("users", "must name at least one user")
	}
	var k models.ExtKey
	err = s.write(ctx, by, func(c *change) error {
		found := c.dir.SourceBySlug(source)
		if found == nil {
			return noSource(source)
		}
		k = models.ExtKey{SourceID: found.ID, Extension: extension}
		e := models.Extension{SourceID: k.SourceID, Extension: k.Extension, Mode: mode}
		old := c.dir.Shared[k]
		for i, u := range users {
			if c.dir.Users[u] == nil {
				return models.InvalidField("users["+strconv.Itoa(i)+"]", "no such user")
			}
			o := models.Owner{UserID: u}
			if old != nil && mode == models.SharedCheckIn && old.Today() == u {
				o.CheckedInAt = old.OwnerOf(u).CheckedInAt
			}
			e.Owners = append(e.Owners, o)
		}
		if old != nil && old.Mode == mode && slices.EqualFunc(old.Owners, e.Owners, func(a, b models.Owner) bool { return a.UserID == b.UserID }) && len(c.dir.Asked[k]) == 0 {
			return errUnchanged
		}
		if err := c.SaveExtensions(ctx, []models.Extension{e}); err != nil {
			return err
		}
		var logins []string
		for _, u := range users {
			logins = append(logins, c.dir.Users[u].Login)
		}
		return c.audit(ctx, "extension.share", source+"/"+extensionForAudit(extension), mode+" of "+strings.Join(logins, ", "))
	})
	if err != nil {
		return err
	}
	return s.routeMapped(ctx, []models.ExtKey{k})
}

// TakeExtension carries out a user's "this is my number today": a check_in
// phone that he shares is his at once, and whoever had it has it no more, nor
// has he another one of that source; for any other number the administrator is
// asked. His own number and one that rings for all who share it need no asking.
// source (a slug) may be empty while there is one. Errors: Invalid with the
// field; Conflict when he asks for too many.
func (s *Setup) TakeExtension(ctx context.Context, user int64, source, number string) (asked bool, err error) {
	number, err = name("number", models.NormalizeExtension(number), maxExtension)
	if err != nil {
		return false, err
	}
	err = s.write(ctx, models.Actor{}, func(c *change) error {
		asked = false
		u := c.dir.Users[user]
		if u == nil {
			return models.Errorf(models.NotFound, "no such user")
		}
		src, err := c.onlySource(source)
		if err != nil {
			return err
		}
		c.by.Who = u.Login
		k := models.ExtKey{SourceID: src.ID, Extension: number}
		object := src.Slug + "/" + extensionForAudit(number)
		shared := c.dir.Shared[k]
		switch mine := shared != nil && shared.OwnerOf(user) != nil; {
		case c.dir.Extensions[k] == user, mine && (shared.Mode == models.SharedAll || shared.Today() == user):
			return errUnchanged
		case mine:
			save := append(c.left(user, src.ID, ""), c.extension(k))
			e := &save[len(save)-1]
			for i := range e.Owners {
				e.Owners[i].CheckedInAt = time.Time{}
			}
			e.OwnerOf(user).CheckedInAt = c.now
			if err := c.SaveExtensions(ctx, save); err != nil {
				return err
			}
			return c.audit(ctx, "extension.check_in", object, "")
		}
		asked = true
		wants := 0
		for at, list := range c.dir.Asked {
			for _, o := range list {
				if o.UserID == user && at == k {
					return errUnchanged
				}
				if o.UserID == user {
					wants++
				}
			}
		}
		if wants >= maxAsked {
			return models.Coded(models.Conflict, "asked_enough", "the administrator was asked for %d numbers already; wait, or leave one", wants)
		}
		e := c.extension(k)
		e.Owners = append(e.Owners, models.Owner{UserID: user, AskedAt: c.now})
		if err := c.SaveExtensions(ctx, []models.Extension{e}); err != nil {
			return err
		}
		return c.audit(ctx, "extension.ask", object, "")
	})
	return asked, err
}

// LeaveExtension ends a user's "this is my number today", and what he asks the
// administrator for: of one number, or of all when it is empty. It does nothing
// to what the administrator gave him. Errors: Invalid with the field.
func (s *Setup) LeaveExtension(ctx context.Context, user int64, source, number string) error {
	number = models.NormalizeExtension(number)
	return s.write(ctx, models.Actor{}, func(c *change) error {
		u := c.dir.Users[user]
		if u == nil {
			return models.Errorf(models.NotFound, "no such user")
		}
		var only int64
		if number != "" || source != "" {
			src, err := c.onlySource(source)
			if err != nil {
				return err
			}
			only = src.ID
		}
		save := c.left(user, only, number)
		for k, list := range c.dir.Asked {
			if only != 0 && k.SourceID != only || number != "" && k.Extension != number {
				continue
			}
			if slices.ContainsFunc(list, func(o models.Owner) bool { return o.UserID == user }) {
				e := c.extension(k)
				e.Owners = slices.DeleteFunc(e.Owners, func(o models.Owner) bool { return o.UserID == user })
				save = append(save, e)
			}
		}
		if len(save) == 0 {
			return errUnchanged
		}
		if err := c.SaveExtensions(ctx, save); err != nil {
			return err
		}
		c.by.Who = u.Login
		return c.audit(ctx, "extension.leave", extensionForAudit(number), "")
	})
}

// RefuseExtension drops what users asked for one extension. Errors: NotFound.
func (s *Setup) RefuseExtension(ctx context.Context, by models.Actor, source, extension string) error {
	return s.write(ctx, by, func(c *change) error {
		src := c.dir.SourceBySlug(source)
		if src == nil {
			return noSource(source)
		}
		k := models.ExtKey{SourceID: src.ID, Extension: models.NormalizeExtension(extension)}
		if len(c.dir.Asked[k]) == 0 {
			return models.Errorf(models.NotFound, "nobody asks for the extension %q of %s", models.CutText(k.Extension, 80), src.Slug)
		}
		e := c.extension(k)
		e.Owners = slices.DeleteFunc(e.Owners, func(o models.Owner) bool { return !o.AskedAt.IsZero() })
		if err := c.SaveExtensions(ctx, []models.Extension{e}); err != nil {
			return err
		}
		return c.audit(ctx, "extension.refuse", source+"/"+extensionForAudit(k.Extension), "")
	})
}

// left are the check_in phones that user gives up, as they are to be saved: of
// one source (0: any) and one number ("": any).
func (c *change) left(user, source int64, number string) []models.Extension {
	var out []models.Extension
	for k, e := range c.dir.Shared {
		if e.Today() != user || source != 0 && k.SourceID != source || number != "" && k.Extension != number {
			continue
		}
		free := c.extension(k)
		free.OwnerOf(user).CheckedInAt = time.Time{}
		out = append(out, free)
	}
	return out
}

// extension is what is stored of one, with those who ask for it, to be changed.
func (c *change) extension(k models.ExtKey) models.Extension {
	e := models.Extension{SourceID: k.SourceID, Extension: k.Extension, UserID: c.dir.Extensions[k]}
	if s := c.dir.Shared[k]; s != nil {
		e.Mode, e.Owners = s.Mode, slices.Clone(s.Owners)
	}
	e.Owners = append(e.Owners, c.dir.Asked[k]...)
	return e
}

// onlySource finds a source by slug; it may go unsaid while there is one.
func (c *change) onlySource(slug string) (*models.Source, error) {
	if slug == "" {
		if len(c.dir.Sources) != 1 {
			return nil, models.InvalidField("source", "is required: there are several")
		}
		for _, s := range c.dir.Sources {
			return s, nil
		}
	}
	if s := c.dir.SourceBySlug(slug); s != nil {
		return s, nil
	}
	return nil, models.InvalidField("source", "no source %q", models.CutText(slug, 80))
}
