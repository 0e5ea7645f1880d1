package setup

import (
	"context"
	"maps"
	"reflect"
	"strings"

	"zummer/models"
)

// PutSource makes the source, or replaces what is stored: nil fields get their
// defaults, but the kind, the secret and the settings, which cannot be read
// back: nil keeps them. A new one needs a kind and gets its hook token here;
// replacing keeps the token. Errors: Invalid with the wrong field.
func (s *Setup) PutSource(ctx context.Context, by models.Actor, slug string, in models.SourceInput) (models.Source, error) {
	if err := validSlug(slug); err != nil {
		return models.Source{}, err
	}
	var out models.Source
	err := s.write(ctx, by, func(c *change) error {
		old := c.dir.SourceBySlug(slug)
		src := models.Source{Slug: slug, Name: slug, Active: true}
		if old != nil {
			src.ID, src.CreatedAt = old.ID, old.CreatedAt
			src.Token, src.TokenHash, src.OldTokenHash, src.TokenHint = old.Token, old.TokenHash, old.OldTokenHash, old.TokenHint
			src.Kind, src.Secret, src.Settings = old.Kind, old.Secret, old.Settings
		}
		if err := s.fillSource(c.dir, &src, in); err != nil {
			return err
		}
		out = src
		what := "changed"
		switch {
		case old == nil:
			src.Token, src.TokenHash = s.opt.NewURLToken()
			src.TokenHint = hint(src.Token)
			src.CreatedAt = c.now
			what = "made, kind " + src.Kind
		case reflect.DeepEqual(*old, src):
			return errUnchanged
		}
		if err := c.SaveSource(ctx, c.now, &src); err != nil {
			return err
		}
		out = src
		return c.audit(ctx, "source.put", slug, what)
	})
	return out, err
}

// fillSource puts in's fields into src, checked.
func (s *Setup) fillSource(d *models.Directory, src *models.Source, in models.SourceInput) (err error) {
	was := src.Kind
	src.Kind = value(in.Kind, src.Kind)
	kind, err := s.kind(src.Kind)
	if err != nil {
		return err
	}
	if was != "" && was != src.Kind {
		src.Settings = s.openSettings(was, src.Settings)
	}
	if in.Name != nil {
		if src.Name, err = optional("name", *in.Name, models.MaxName); err != nil {
			return err
		}
		if src.Name == "" {
			src.Name = src.Slug
		}
	}
	if in.Secret != nil {
		if len(*in.Secret) > maxSecret || models.CleanText(*in.Secret) != *in.Secret {
			return models.InvalidField("secret", "must be at most %d bytes without control characters", maxSecret)
		}
		src.Secret = *in.Secret
	}
	if src.Timezone, err = zone("timezone", value(in.Timezone, src.Timezone)); err != nil {
		return err
	}
	if in.Region != nil {
		if src.Region, err = region(*in.Region); err != nil {
			return err
		}
	}
	if in.Group != nil {
		src.GroupID = 0
		if g := strings.TrimSpace(*in.Group); g != "" {
			found := d.GroupByName(g)
			if found == nil {
				return models.InvalidField("group", "no group %q", models.CutText(g, models.MaxName))
			}
			src.GroupID = found.ID
		}
	}
	if in.LineGroup != nil {
		if src.LineGroup, err = optional("line_group", *in.LineGroup, models.MaxName); err != nil {
			return err
		}
	}
	if in.LineRank < 0 || in.LineRank > models.MaxLineRank {
		return models.InvalidField("line_rank", "must lie between 0 and %d", models.MaxLineRank)
	}
	src.LineRank = in.LineRank
	src.Outgoing = value(in.Outgoing, src.Outgoing)
	src.Active = value(in.Active, src.Active)
	if in.Settings != nil {
		src.Settings = keepSecrets(kind, src.Settings, in.Settings)
	}
	if src.Settings == nil {
		src.Settings = map[string]any{}
	}
	if kind.Validate == nil {
		return nil
	}
	return kind.Validate(src.Settings, src.Secret)
}

// openSettings is settings without what is secret in a kind: another one may
// show a setting of the same name. Of a kind that is not known all may be.
func (s *Setup) openSettings(kind string, settings map[string]any) map[string]any {
	k, err := s.kind(kind)
	if err != nil {
		return nil
	}
	out := maps.Clone(settings)
	for _, name := range k.Secrets {
		delete(out, name)
	}
	return out
}

// keepSecrets is the new settings with the stored secrets that they do not
// name: who reads a source, changes it and puts it back never saw those. A
// secret that is named as null or "" goes.
func keepSecrets(kind Kind, old, now map[string]any) map[string]any {
	out := maps.Clone(now)
	for _, name := range kind.Secrets {
		v, named := now[name]
		if was, stored := old[name]; stored && !named {
			out[name] = was
		}
		if named && (v == nil || v == "") {
			delete(out, name)
		}
	}
	return out
}

// DeleteSource removes a source with its extensions. Its calls, webhooks and
// notifications stay. Errors: NotFound.
func (s *Setup) DeleteSource(ctx context.Context, by models.Actor, slug string) error {
	return s.write(ctx, by, func(c *change) error {
		src := c.dir.SourceBySlug(slug)
		if src == nil {
			return noSource(slug)
		}
		if err := c.DeleteSource(ctx, src.ID); err != nil {
			return err
		}
		return c.audit(ctx, "source.delete", slug, "kind "+src.Kind)
	})
}

// RotateSource gives the source another hook token. The one it had stays valid
// until the next rotation; an older one ends now. Errors: NotFound.
func (s *Setup) RotateSource(ctx context.Context, by models.Actor, slug string) (models.Source, error) {
	var out models.Source
	err := s.write(ctx, by, func(c *change) error {
		src := c.dir.SourceBySlug(slug)
		if src == nil {
			return noSource(slug)
		}
		out = *src
		out.OldTokenHash = src.TokenHash
		out.Token, out.TokenHash = s.opt.NewURLToken()
		out.TokenHint = hint(out.Token)
		if err := c.SaveSource(ctx, c.now, &out); err != nil {
			return err
		}
		return c.audit(ctx, "source.rotate", slug, "new token …"+out.TokenHint)
	})
	return out, err
}

func noSource(slug string) error {
	return models.Errorf(models.NotFound, "no source %q", models.CutText(slug, 80))
}

func hint(token string) string { return token[max(0, len(token)-4):] }
