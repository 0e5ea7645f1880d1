package models

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Directory is one consistent snapshot of the set-up: what every request needs
// and no request may pay a query for. It is never changed once built.
type Directory struct {
	Version    int64 // config_version it was read at
	Users      map[int64]*User
	Sources    map[int64]*Source
	Groups     map[int64]*Group
	Tokens     map[string]*Token     // by hash; revoked and expired ones too
	Extensions map[ExtKey]int64      // of one person each
	Shared     map[ExtKey]*Extension // shared phones; nil: none
	Asked      map[ExtKey][]Owner    // who asks the administrator for an extension; nil: nobody
	Rules      *RuleSet              // in force; nil: the built-in ones

	bySlug  map[string]*Source
	byLogin map[string]*User
	byExtID map[string]*User
}

// ExtKey names an extension of a source.
type ExtKey struct {
	SourceID  int64
	Extension string
}

// Index builds the lookups; call it once after filling the maps.
func (d *Directory) Index() {
	d.bySlug, d.byLogin, d.byExtID = map[string]*Source{}, map[string]*User{}, map[string]*User{}
	for _, s := range d.Sources {
		d.bySlug[s.Slug] = s
	}
	for _, u := range d.Users {
		d.byLogin[FoldLogin(u.Login)] = u
		if u.ExternalID != "" {
			d.byExtID[u.ExternalID] = u
		}
	}
}

// FoldLogin is the form in which logins are compared: logins are any Unicode
// and not case-sensitive.
func FoldLogin(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// SourceBySlug returns nil when there is none.
func (d *Directory) SourceBySlug(slug string) *Source { return d.bySlug[slug] }

// UserByLogin returns nil when there is none.
func (d *Directory) UserByLogin(login string) *User { return d.byLogin[FoldLogin(login)] }

// UserByName finds a user by external id, else by login; nil when there is none.
func (d *Directory) UserByName(name string) *User {
	if u := d.byExtID[name]; u != nil {
		return u
	}
	return d.UserByLogin(name)
}

// GroupByName returns nil when there is none.
func (d *Directory) GroupByName(name string) *Group {
	for _, g := range d.Groups {
		if g.Name == name {
			return g
		}
	}
	return nil
}

// Owner returns the active user of the first mapped address; 0: nobody.
func (d *Directory) Owner(source int64, addresses []string) int64 {
	for _, a := range addresses {
		if id := d.Extensions[ExtKey{source, NormalizeExtension(a)}]; id != 0 {
			if u := d.Users[id]; u != nil && u.Active {
				return id
			}
		}
	}
	return 0
}

// SharedPhone returns the first of the addresses that is a shared phone; nil: none.
func (d *Directory) SharedPhone(source int64, addresses []string) *Extension {
	if len(d.Shared) == 0 {
		return nil
	}
	for _, a := range addresses {
		if e := d.Shared[ExtKey{source, NormalizeExtension(a)}]; e != nil {
			return e
		}
	}
	return nil
}

// ExtensionsOf lists a user's extensions of one source (all sources if 0),
// sorted: his own, and the shared phones that are his today.
func (d *Directory) ExtensionsOf(user, source int64) []string {
	var out []string
	for k, u := range d.Extensions {
		if u == user && (source == 0 || k.SourceID == source) {
			out = append(out, k.Extension)
		}
	}
	for k, e := range d.Shared {
		if e.Today() == user && user != 0 && (source == 0 || k.SourceID == source) {
			out = append(out, k.Extension)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// GroupMembers returns the active members of a group, sorted.
func (d *Directory) GroupMembers(id int64) []int64 {
	g := d.Groups[id]
	if g == nil {
		return nil
	}
	var out []int64
	for _, m := range g.Members {
		if u := d.Users[m]; u != nil && u.Active {
			out = append(out, m)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Deputy is who stands in for user: the next active member after him who is
// present, in the group's order and round its end, of his groups by name; 0:
// nobody. present nil: everybody is.
func (d *Directory) Deputy(user int64, present func(user int64) bool) int64 {
	groups := slices.Collect(maps.Values(d.Groups))
	slices.SortFunc(groups, func(a, b *Group) int { return strings.Compare(a.Name, b.Name) })
	for _, g := range groups {
		at := slices.Index(g.Members, user)
		if at < 0 {
			continue
		}
		for i := 1; i < len(g.Members); i++ {
			m := g.Members[(at+i)%len(g.Members)]
			if u := d.Users[m]; m != user && u != nil && u.Active && (present == nil || present(m)) {
				return m
			}
		}
	}
	return 0
}

// SortedUsers lists the users by login.
func (d *Directory) SortedUsers() []*User {
	out := slices.Collect(maps.Values(d.Users))
	slices.SortFunc(out, func(a, b *User) int { return strings.Compare(a.Login, b.Login) })
	return out
}

// NormalizeExtension makes the form in which extensions are stored and
// compared: no surrounding space, a known prefix (login:, id:, tel:, sip:) in
// lower case, what follows login: and sip: in lower case too.
func NormalizeExtension(s string) string {
	s = strings.TrimSpace(CleanText(s))
	i := strings.IndexByte(s, ':')
	if i < 0 {
		return s
	}
	switch p := strings.ToLower(s[:i]); p {
	case "login", "sip":
		return p + ":" + strings.ToLower(strings.TrimSpace(s[i+1:]))
	case "id", "tel":
		return p + ":" + strings.TrimSpace(s[i+1:])
	}
	return s
}

// ZoneOf returns the first of the names that is a known time zone, else UTC.
func ZoneOf(names ...string) *time.Location {
	for _, n := range names {
		if n == "" {
			continue
		}
		if l, err := time.LoadLocation(n); err == nil {
			return l
		}
	}
	return time.UTC
}
