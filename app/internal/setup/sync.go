package setup

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"zummer/models"
)

// maxSyncUsers bounds one list of users.
const maxSyncUsers = 20_000

// SyncUsers makes the users what the CRM says they are. A user is found by his
// external id, else by his login while he has no external id; who is listed is
// active. Extensions, unless nil, become exactly the listed ones; a listed
// extension leaves the user who had it. The group is made when there is none,
// and the user becomes a member. full deactivates the users that have an
// external id and are not listed, revokes their tokens, and makes the listed
// groups contain, of the CRM's users, only those who are listed so. A login
// that a deactivated user holds is free: he gets another.
//
// All or nothing. Errors: Invalid with the field, as "[2].login"; an error of
// routing what waited for a new extension, after which the list may be sent
// again.
func (s *Setup) SyncUsers(ctx context.Context, by models.Actor, users []models.SyncUser, full bool) (models.SyncReport, error) {
	list, err := cleanSync(users)
	if err != nil {
		return models.SyncReport{}, err
	}
	var report models.SyncReport
	var mapped []models.ExtKey
	err = s.write(ctx, by, func(c *change) error {
		y := &syncing{change: c, full: full, list: list, listed: map[int64]bool{}, touched: map[int64]bool{}}
		err := y.run(ctx)
		report, mapped = y.report, y.mapped
		return err
	})
	if err != nil {
		return models.SyncReport{}, err
	}
	return report, s.routeMapped(ctx, mapped)
}

// syncing is one SyncUsers inside its transaction.
type syncing struct {
	*change
	full    bool
	list    []models.SyncUser
	users   []*models.User // as list
	listed  map[int64]bool // users of the list who were there before
	touched map[int64]bool // users counted as made or changed
	mapped  []models.ExtKey
	report  models.SyncReport

	regrouped bool // a group was written
}

func (y *syncing) run(ctx context.Context) error {
	for i := range y.list {
		u, err := y.find(i)
		if err != nil {
			return err
		}
		y.users = append(y.users, u)
		if u.ID != 0 {
			y.listed[u.ID] = true
		}
	}
	moved, err := y.freeLogins(ctx)
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{y.deactivateAbsent, y.saveUsers, y.saveExtensions, y.saveGroups} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	y.report.Updated = len(y.touched) - y.report.Created
	y.report.Unchanged = len(y.list) - len(y.touched)
	if len(y.touched) == 0 && y.report.Deactivated == 0 && !moved && !y.regrouped {
		return errUnchanged
	}
	return y.audit(ctx, "users.sync", "", fmt.Sprintf("%d made, %d changed, %d deactivated, %d unchanged",
		y.report.Created, y.report.Updated, y.report.Deactivated, y.report.Unchanged))
}

// find makes the user as the i-th entry wants him; ID 0: a new one.
func (y *syncing) find(i int) (*models.User, error) {
	in := &y.list[i]
	old := userByExternalID(y.dir, in.ExternalID)
	if old == nil {
		if old = y.dir.UserByLogin(in.Login); old != nil && old.ExternalID != "" {
			old = nil // another person's login; freeLogins says whether it may be had
		}
	}
	u := &models.User{PopOn: models.PopAnswered, CreatedAt: y.now}
	if old != nil {
		if y.listed[old.ID] {
			return nil, models.InvalidField(fmt.Sprintf("[%d].login", i), "names a user whom another entry names too")
		}
		copied := *old
		u = &copied
	}
	u.ExternalID, u.Login, u.Name, u.Active, u.Pending = in.ExternalID, in.Login, in.Name, true, false
	return u, nil
}

// freeLogins takes wanted logins from those who hold them now: from users who
// get another one by this list, and from users who are or become inactive.
func (y *syncing) freeLogins(ctx context.Context) (moved bool, err error) {
	for i, u := range y.users {
		holder := y.dir.UserByLogin(u.Login)
		if holder == nil || holder.ID == u.ID {
			continue
		}
		absent := !y.listed[holder.ID] && (!holder.Active || y.full && holder.ExternalID != "")
		if !y.listed[holder.ID] && !absent {
			return false, models.InvalidField(fmt.Sprintf("[%d].login", i), "belongs to another user")
		}
		aside := *holder
		aside.Login = fmt.Sprintf("%s (%d)", models.CutText(holder.Login, maxLogin-24), holder.ID)
		if err := y.SaveUser(ctx, y.now, &aside); err != nil {
			return false, err
		}
		if absent {
			y.dir.Users[holder.ID] = &aside
		}
		moved = true
	}
	return moved, nil
}

func (y *syncing) deactivateAbsent(ctx context.Context) error {
	if !y.full {
		return nil
	}
	for _, u := range y.dir.SortedUsers() {
		if u.ExternalID == "" || y.listed[u.ID] || !u.Active && !u.Pending {
			continue
		}
		if err := y.deactivate(ctx, u); err != nil {
			return err
		}
		y.report.Deactivated++
	}
	return nil
}

func (y *syncing) saveUsers(ctx context.Context) error {
	for _, u := range y.users {
		old := y.dir.Users[u.ID]
		if u.ID != 0 && *old == *u {
			continue
		}
		if u.ID == 0 {
			y.report.Created++
		}
		if err := y.SaveUser(ctx, y.now, u); err != nil {
			return err
		}
		y.touched[u.ID] = true
	}
	return nil
}

func (y *syncing) saveExtensions(ctx context.Context) error {
	want, where := map[models.ExtKey]int64{}, map[models.ExtKey]int{}
	exact := map[int64]bool{} // users whose extensions are given
	for i, in := range y.list {
		if in.Extensions == nil {
			continue
		}
		exact[y.users[i].ID] = true
		for j, e := range in.Extensions {
			k, err := y.extension(fmt.Sprintf("[%d].extensions[%d]", i, j), e)
			if err != nil {
				return err
			}
			if at, twice := where[k]; twice && at != i {
				return models.InvalidField(fmt.Sprintf("[%d].extensions[%d]", i, j), "%q stands at [%d] too", k.Extension, at)
			}
			want[k], where[k] = y.users[i].ID, i
		}
	}
	var save []models.Extension
	for k, user := range y.dir.Extensions {
		if _, wanted := want[k]; !wanted && exact[user] {
			save = append(save, models.Extension{SourceID: k.SourceID, Extension: k.Extension})
			y.touched[user] = true
		}
	}
	for k, user := range want {
		if y.dir.Extensions[k] != user && y.dir.Shared[k] == nil { // who shares a phone is the administrator's word
			save = append(save, models.Extension{SourceID: k.SourceID, Extension: k.Extension, UserID: user})
			y.touched[user] = true
			y.mapped = append(y.mapped, k)
		}
	}
	order := func(a, b models.ExtKey) int {
		return cmp.Or(cmp.Compare(a.SourceID, b.SourceID), strings.Compare(a.Extension, b.Extension))
	}
	slices.SortFunc(y.mapped, order)
	slices.SortFunc(save, func(a, b models.Extension) int {
		return order(models.ExtKey{SourceID: a.SourceID, Extension: a.Extension}, models.ExtKey{SourceID: b.SourceID, Extension: b.Extension})
	})
	return y.SaveExtensions(ctx, save)
}

// extension finds the source of one, which may go unsaid while there is only
// one.
func (y *syncing) extension(field string, e models.SyncExtension) (models.ExtKey, error) {
	number, err := name(field, models.NormalizeExtension(e.Number), maxExtension)
	if err != nil {
		return models.ExtKey{}, err
	}
	if e.Source != "" {
		src := y.dir.SourceBySlug(e.Source)
		if src == nil {
			return models.ExtKey{}, models.InvalidField(field, "no source %q", models.CutText(e.Source, 80))
		}
		return models.ExtKey{SourceID: src.ID, Extension: number}, nil
	}
	if len(y.dir.Sources) != 1 {
		return models.ExtKey{}, models.InvalidField(field, "there are %d sources; name one", len(y.dir.Sources))
	}
	for id := range y.dir.Sources {
		return models.ExtKey{SourceID: id, Extension: number}, nil
	}
	return models.ExtKey{}, nil
}

func (y *syncing) saveGroups(ctx context.Context) error {
	want := map[string][]int64{}
	for i, in := range y.list {
		if in.Group != "" {
			want[in.Group] = append(want[in.Group], y.users[i].ID)
		}
	}
	names := make([]string, 0, len(want))
	for n := range want {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		g, had := models.Group{Name: n}, []int64(nil)
		if old := y.dir.GroupByName(n); old != nil {
			g.ID, had = old.ID, old.Members
		}
		for _, id := range had {
			if u := y.dir.Users[id]; !y.full || u == nil || u.ExternalID == "" || slices.Contains(want[n], id) {
				g.Members = append(g.Members, id)
			}
		}
		g.Members = once(append(g.Members, want[n]...)) // in their order; new ones stand last
		if g.ID != 0 && slices.Equal(had, g.Members) {
			continue
		}
		for _, id := range want[n] {
			if !slices.Contains(had, id) {
				y.touched[id] = true
			}
		}
		if err := y.SaveGroup(ctx, &g); err != nil {
			return err
		}
		y.regrouped = true
	}
	return nil
}
