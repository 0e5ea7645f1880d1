package setup

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"zummer/models"
	"zummer/models/phone"
)

// PutSource makes the source, or replaces what is stored: nil fields get their
// defaults, but the kind, the secret and the settings, which cannot be read
// back: nil keeps them. A new one needs a kind and gets its hook token here;
// replacing keeps the token. Errors: Invalid with the wrong field, also with
// each secret that has to be given anew since our requests go elsewhere now;
// Conflict "kind_differs" for another kind than it has.
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
	if was != "" && was != src.Kind { // its calls, people and secrets are of that PBX
		return models.Coded(models.Conflict, "kind_differs", "source %q is of kind %s and stays so: make another source, or delete this one first (its extensions go with it)", src.Slug, was)
	}
	if in.Name != nil {
		if src.Name, err = optional("name", *in.Name, models.MaxName); err != nil {
			return err
		}
		if src.Name == "" {
			src.Name = src.Slug
		}
	}
	if err := newPlace(kind, src, in); err != nil {
		return err
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
	if kind.Validate != nil {
		if err := kind.Validate(src.Settings, src.Secret); err != nil {
			return err
		}
	}
	if at, code := src.Numbering(s.opt.Region, ""); code != "" && !phone.ValidArea(code, at) {
		return models.InvalidField("settings."+models.SettingAreaCode, "%s has no area code %q; give its digits alone, such as 495", at, models.CutText(code, 20))
	}
	return nil
}

// newPlace refuses to keep secrets for another place than the one they were
// given for: who may change where our requests go, but never saw a secret, could
// have it sent to a host of their own.
func newPlace(kind Kind, src *models.Source, in models.SourceInput) error {
	if in.Settings == nil {
		return nil
	}
	moved := slices.IndexFunc(kind.Places, func(name string) bool { return place(src.Settings[name]) != place(in.Settings[name]) })
	if moved < 0 {
		return nil
	}
	var kept []models.FieldError
	keep := func(field, none string) {
		kept = append(kept, models.FieldError{Field: field, Message: "give it anew, or " + none + " to forget it: settings." + kind.Places[moved] + " leads elsewhere now"})
	}
	if kind.SendsSecret && src.Secret != "" && in.Secret == nil {
		keep("secret", `""`)
	}
	for _, name := range kind.Secrets {
		_, named := in.Settings[name]
		if was, stored := src.Settings[name]; stored && was != nil && was != "" && !named {
			keep("settings."+name, "null")
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return &models.Error{Kind: models.Invalid, Message: kept[0].Field + ": " + kept[0].Message, Fields: kept}
}

// place is a setting that says where we connect, for comparing; "" when absent.
func place(v any) string {
	if v == nil {
		return ""
	}
	return strings.TrimRight(strings.TrimSpace(fmt.Sprint(v)), "/")
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
