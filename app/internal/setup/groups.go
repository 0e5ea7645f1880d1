package setup

import (
	"context"
	"fmt"
	"slices"

	"zummer/models"
)

// PutGroup makes the group with exactly these members, by login or external
// id, in the order in which they stand in for each other. Errors: Invalid with the field.
func (s *Setup) PutGroup(ctx context.Context, by models.Actor, group string, logins []string) (models.Group, error) {
	group, err := ownName("name", group, models.MaxName)
	if err != nil {
		return models.Group{}, err
	}
	var out models.Group
	err = s.write(ctx, by, func(c *change) error {
		g := models.Group{Name: group}
		old := c.dir.GroupByName(group)
		if old != nil {
			g.ID = old.ID
		}
		for i, l := range logins {
			u := c.dir.UserByName(l)
			if u == nil {
				return models.InvalidField(fmt.Sprintf("members[%d]", i), "no user %q", models.CutText(l, maxLogin))
			}
			g.Members = append(g.Members, u.ID)
		}
		g.Members = once(g.Members)
		out = g
		if old != nil && slices.Equal(g.Members, old.Members) {
			return errUnchanged
		}
		if err := c.SaveGroup(ctx, &g); err != nil {
			return err
		}
		out = g
		return c.audit(ctx, "group.put", group, fmt.Sprintf("%d members", len(g.Members)))
	})
	return out, err
}

// DeleteGroup removes a group that no source sends its missed calls to.
// Errors: NotFound, Conflict.
func (s *Setup) DeleteGroup(ctx context.Context, by models.Actor, group string) error {
	return s.write(ctx, by, func(c *change) error {
		g := c.dir.GroupByName(group)
		if g == nil {
			return models.Errorf(models.NotFound, "no group %q", models.CutText(group, models.MaxName))
		}
		for _, src := range c.dir.Sources {
			if src.GroupID == g.ID {
				return models.Coded(models.Conflict, "in_use", "source %q sends its missed calls to this group; give it another one first", src.Slug)
			}
		}
		if err := c.DeleteGroup(ctx, g.ID); err != nil {
			return err
		}
		return c.audit(ctx, "group.delete", g.Name, "")
	})
}

// once keeps the first of each.
func once(ids []int64) []int64 {
	var out []int64
	for _, id := range ids {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

func sorted(ids []int64) []int64 {
	slices.Sort(ids)
	return slices.Compact(ids)
}
