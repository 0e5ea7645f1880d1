package models_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zummer/models"
)

func directory() *models.Directory {
	d := &models.Directory{
		Users: map[int64]*models.User{
			1: {ID: 1, Login: "Иванов", ExternalID: "guid-1", Name: "Иванов И.", Active: true},
			2: {ID: 2, Login: "petrova", Active: true},
			3: {ID: 3, Login: "gone"},
			4: {ID: 4, Login: "guid-1", Active: true}, // a login that looks like another one's id
		},
		Sources: map[int64]*models.Source{1: {ID: 1, Slug: "office"}},
		Groups:  map[int64]*models.Group{5: {ID: 5, Name: "sales", Members: []int64{2, 3, 1, 2, 99}}},
		Extensions: map[models.ExtKey]int64{
			{SourceID: 1, Extension: "101"}: 1, {SourceID: 1, Extension: "login:ivanov"}: 1, {SourceID: 2, Extension: "101"}: 2,
			{SourceID: 1, Extension: "103"}: 3, {SourceID: 1, Extension: "199"}: 99,
		},
	}
	d.Index()
	return d
}

func TestDirectoryFinds(t *testing.T) {
	t.Parallel()
	d := directory()
	id := func(u *models.User) int64 {
		if u == nil {
			return 0
		}
		return u.ID
	}
	for _, tc := range []struct {
		name string
		got  int64
		want int64
	}{
		{"login", id(d.UserByLogin("petrova")), 2},
		{"login in another case", id(d.UserByLogin(" ИВАНОВ ")), 1},
		{"unknown login", id(d.UserByLogin("nobody")), 0},
		{"external id before login", id(d.UserByName("guid-1")), 1},
		{"name that is a login", id(d.UserByName("Petrova")), 2},
		{"empty name", id(d.UserByName("")), 0},
		{"owner", d.Owner(1, []string{"101"}), 1},
		{"owner by the second address", d.Owner(1, []string{"777", "LOGIN:Ivanov"}), 1},
		{"owner of another source", d.Owner(2, []string{"101"}), 2},
		{"owner who is switched off", d.Owner(1, []string{"103"}), 0},
		{"owner who is switched off, then another", d.Owner(1, []string{"103", "101"}), 1},
		{"owner who is gone", d.Owner(1, []string{"199"}), 0},
		{"owner of nothing", d.Owner(1, nil), 0},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %d, want %d", tc.name, tc.got, tc.want)
		}
	}
	if d.SourceBySlug("office") == nil || d.SourceBySlug("x") != nil || d.GroupByName("sales") == nil || d.GroupByName("x") != nil {
		t.Error("sources or groups are not found by name")
	}
}

func TestDirectoryLists(t *testing.T) {
	t.Parallel()
	d := directory()
	if got := d.GroupMembers(5); !slices.Equal(got, []int64{1, 2}) {
		t.Errorf("active members: %v", got)
	}
	if got := d.GroupMembers(6); got != nil {
		t.Errorf("members of no group: %v", got)
	}
	if got := d.ExtensionsOf(1, 1); !slices.Equal(got, []string{"101", "login:ivanov"}) {
		t.Errorf("extensions: %q", got)
	}
	if got := d.ExtensionsOf(2, 1); got != nil {
		t.Errorf("extensions of another source: %q", got)
	}
	if got := d.ExtensionsOf(2, 0); !slices.Equal(got, []string{"101"}) {
		t.Errorf("extensions of all sources: %q", got)
	}
	var logins []string
	for _, u := range d.SortedUsers() {
		logins = append(logins, u.Login)
	}
	if !slices.Equal(logins, []string{"gone", "guid-1", "petrova", "Иванов"}) {
		t.Errorf("users: %q", logins)
	}
}

// A check_in phone is one more of the extensions of the one who said last that
// it is his; a phone that rings for all is nobody's.
func TestSharedPhonesOfADirectory(t *testing.T) {
	t.Parallel()
	d, at := directory(), time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	share := func(source int64, ext, mode string, owners ...models.Owner) {
		d.Shared[models.ExtKey{SourceID: source, Extension: ext}] = &models.Extension{SourceID: source, Extension: ext, Mode: mode, Owners: owners}
	}
	if d.SharedPhone(1, []string{"150"}) != nil {
		t.Error("a directory without shared phones has one")
	}
	d.Shared = map[models.ExtKey]*models.Extension{}
	share(1, "150", models.SharedCheckIn, models.Owner{UserID: 1, CheckedInAt: at.Add(time.Hour)}, models.Owner{UserID: 2, CheckedInAt: at})
	share(2, "151", models.SharedCheckIn, models.Owner{UserID: 1}, models.Owner{UserID: 2})
	share(1, "login:desk", models.SharedAll, models.Owner{UserID: 1, CheckedInAt: at})
	for _, tc := range []struct {
		name string
		got  any
		want any
	}{
		{"whose it is today", d.SharedPhone(1, []string{"150"}).Today(), int64(1)},
		{"nobody has said so", d.SharedPhone(2, []string{"151"}).Today(), int64(0)},
		{"a phone that rings for all is nobody's today", d.SharedPhone(1, []string{"x", "LOGIN:Desk"}).Today(), int64(0)},
		{"an owner", d.SharedPhone(1, []string{"150"}).OwnerOf(2) != nil, true},
		{"no owner", d.SharedPhone(1, []string{"150"}).OwnerOf(4) != nil, false},
		{"of another source", d.SharedPhone(3, []string{"150"}) != nil, false},
		{"his extensions", strings.Join(d.ExtensionsOf(1, 0), " "), "101 150 login:ivanov"},
		{"his at another source", strings.Join(d.ExtensionsOf(1, 2), " "), ""},
		{"who said so first has it no more", strings.Join(d.ExtensionsOf(2, 0), " "), "101"},
		{"it is nobody's own", d.Owner(1, []string{"150"}), int64(0)},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, tc.got, tc.want)
		}
	}
}

// A leg of a shared phone concerns all who share it, until one has taken it.
func TestSharersOfACall(t *testing.T) {
	t.Parallel()
	c := &models.Call{State: models.Ringing, Legs: []models.Leg{{Key: "x:101", User: 3, State: models.Ringing}, {Key: "x:150", Sharers: []int64{1, 2}, State: models.Ringing}}}
	if got := c.Users(); !slices.Equal(got, []int64{3, 1, 2}) {
		t.Errorf("users %v", got)
	}
	if l := c.LegOf(2); l == nil || l.Key != "x:150" || !l.Offered() {
		t.Errorf("the leg of one who shares it: %+v", l)
	}
	c.Legs[0].State = models.Ended
	if c.RingsAlone(&c.Legs[1]) {
		t.Error("a phone that rings for two rings for one alone")
	}
	c.SetOwner(1, 2)
	if c.LegOf(1) != nil || c.LegOf(2) == nil || c.Legs[1].Offered() || !slices.Equal(c.Users(), []int64{3, 2}) || !c.RingsAlone(&c.Legs[1]) {
		t.Errorf("after one has taken it: users %v, %+v", c.Users(), c.LegOf(1))
	}
}

func TestDeputy(t *testing.T) {
	t.Parallel()
	d := &models.Directory{
		Users: map[int64]*models.User{1: {ID: 1, Active: true}, 2: {ID: 2, Active: true}, 3: {ID: 3}, 4: {ID: 4, Active: true}, 5: {ID: 5, Active: true}, 6: {ID: 6, Active: true}},
		Groups: map[int64]*models.Group{
			1: {ID: 1, Name: "sales", Members: []int64{4, 2, 3, 1, 99}},
			2: {ID: 2, Name: "office", Members: []int64{5, 1}},
			3: {ID: 3, Name: "alone", Members: []int64{6}},
		},
	}
	for _, tc := range []struct {
		name string
		user int64
		here []int64 // nil: everybody
		want int64
	}{
		{"the next one of the group", 4, []int64{1, 2, 4, 5}, 2},
		{"the next one is away: the one after him; one who is switched off never", 4, []int64{1, 3, 4}, 1},
		{"round the end of the list", 2, []int64{4}, 4},
		{"of several groups the first by name, not by number", 1, []int64{2, 4, 5}, 5},
		{"nobody of the first group is there: the next group", 1, []int64{2, 4}, 4},
		{"nobody is there", 1, []int64{6}, 0},
		{"never himself", 1, []int64{1}, 0},
		{"in no group", 7, []int64{1, 2}, 0},
		{"alone in his group", 6, []int64{1, 6}, 0},
		{"everybody counts as present", 4, nil, 2},
	} {
		var present func(int64) bool
		if tc.here != nil {
			present = func(u int64) bool { return slices.Contains(tc.here, u) }
		}
		if got := d.Deputy(tc.user, present); got != tc.want {
			t.Errorf("%s: got %d, want %d", tc.name, got, tc.want)
		}
	}
}

func TestNormalizeExtension(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ in, want string }{
		{" 101 ", "101"}, {"LOGIN: Ivanov", "login:ivanov"}, {"Sip:User@Host", "sip:user@host"}, {"ID: Ab", "id:Ab"},
		{"Tel:+79031234567", "tel:+79031234567"}, {"Other:X", "Other:X"}, {"login:ИВАНОВ", "login:иванов"}, {"1\x0001", "101"}, {"", ""},
	} {
		if got := models.NormalizeExtension(tc.in); got != tc.want {
			t.Errorf("NormalizeExtension(%q): got %q, want %q", tc.in, got, tc.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`(?i)\s*(login|sip|id|tel)\s?:\s*[a-zа-я0-9@ ]{0,8}`)).Draw(t, "extension")
		once := models.NormalizeExtension(s)
		if twice := models.NormalizeExtension(once); twice != once {
			t.Fatalf("%q → %q → %q", s, once, twice)
		}
	})
}

func TestZoneOf(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		names []string
		want  string
	}{
		{[]string{"", "Europe/Moscow"}, "Europe/Moscow"}, {[]string{"Nowhere/Here", "Asia/Tokyo"}, "Asia/Tokyo"}, {nil, "UTC"}, {[]string{"x"}, "UTC"},
	} {
		if got := models.ZoneOf(tc.names...); got.String() != tc.want {
			t.Errorf("ZoneOf(%q): got %s, want %s", tc.names, got, tc.want)
		}
	}
}
