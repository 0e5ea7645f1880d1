package setup_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"zummer/models"
)

// su makes an entry; extensions like "101" or "office/101".
func su(id, login, group string, extensions ...string) models.SyncUser {
	u := models.SyncUser{ExternalID: id, Login: login, Name: "Name of " + id, Group: group}
	for _, e := range extensions {
		source, number, ok := strings.Cut(e, "/")
		if !ok {
			source, number = "", e
		}
		u.Extensions = append(u.Extensions, models.SyncExtension{Source: source, Number: number})
	}
	return u
}

// picture writes the users as "login id active [extensions] groups".
func (w *world) picture() []string {
	d := w.Directory()
	var out []string
	for _, u := range d.SortedUsers() {
		line := fmt.Sprintf("%s %s %v %v", u.Login, u.ExternalID, u.Active, d.ExtensionsOf(u.ID, 0))
		var groups []string
		for _, g := range d.Groups {
			if slices.Contains(g.Members, u.ID) {
				groups = append(groups, g.Name)
			}
		}
		slices.Sort(groups)
		out = append(out, strings.TrimSpace(line+" "+strings.Join(groups, ",")))
	}
	return out
}

func TestSyncUsers(t *testing.T) {
	full, partial := true, false
	type step struct {
		users  []models.SyncUser
		full   bool
		report models.SyncReport
		want   []string
	}
	for _, c := range []struct {
		name  string
		local []string // users that the administrator made, without external id
		steps []step
	}{
		{"made, repeated, changed", nil, []step{
			{[]models.SyncUser{su("1", "ivanov", "sales", "101", "102"), su("2", "petrova", "")}, partial, models.SyncReport{Created: 2},
				[]string{"ivanov 1 true [101 102] sales", "petrova 2 true []"}},
			{[]models.SyncUser{su("1", "ivanov", "sales", "102", "101"), su("2", "petrova", "")}, full, models.SyncReport{Unchanged: 2},
				[]string{"ivanov 1 true [101 102] sales", "petrova 2 true []"}},
			{[]models.SyncUser{su("1", "ivanov", "", "103"), su("2", "petrova2", "sales", "101")}, partial, models.SyncReport{Updated: 2},
				[]string{"ivanov 1 true [103] sales", "petrova2 2 true [101] sales"}},
			{[]models.SyncUser{su("1", "ivanov", "")}, partial, models.SyncReport{Unchanged: 1},
				[]string{"ivanov 1 true [103] sales", "petrova2 2 true [101] sales"}},
		}},
		{"full deactivates the absent, not the administrator's", []string{"boss"}, []step{
			{[]models.SyncUser{su("1", "a", ""), su("2", "b", "")}, partial, models.SyncReport{Created: 2}, []string{"a 1 true []", "b 2 true []", "boss  true []"}},
			{[]models.SyncUser{su("1", "a", "")}, full, models.SyncReport{Unchanged: 1, Deactivated: 1}, []string{"a 1 true []", "b 2 false []", "boss  true []"}},
			{[]models.SyncUser{su("1", "a", "")}, full, models.SyncReport{Unchanged: 1}, []string{"a 1 true []", "b 2 false []", "boss  true []"}},
			{[]models.SyncUser{su("2", "b", "")}, partial, models.SyncReport{Updated: 1}, []string{"a 1 true []", "b 2 true []", "boss  true []"}},
		}},
		{"a user of the administrator gets his external id", []string{"Boss"}, []step{
			{[]models.SyncUser{su("9", "boss", "")}, full, models.SyncReport{Updated: 1}, []string{"boss 9 true []"}},
		}},
		{"two swap their logins", nil, []step{
			{[]models.SyncUser{su("1", "a", ""), su("2", "b", "")}, partial, models.SyncReport{Created: 2}, []string{"a 1 true []", "b 2 true []"}},
			{[]models.SyncUser{su("1", "b", ""), su("2", "a", "")}, partial, models.SyncReport{Updated: 2}, []string{"a 2 true []", "b 1 true []"}},
		}},
		{"a namesake follows one who left", nil, []step{
			{[]models.SyncUser{su("1", "ivanov", "")}, full, models.SyncReport{Created: 1}, []string{"ivanov 1 true []"}},
			{[]models.SyncUser{su("2", "ivanov", "")}, full, models.SyncReport{Created: 1, Deactivated: 1}, []string{"ivanov 2 true []", "ivanov (1) 1 false []"}},
		}},
		{"full makes groups what is listed", []string{"boss"}, []step{
			{[]models.SyncUser{su("1", "a", "sales"), su("2", "b", "sales")}, full, models.SyncReport{Created: 2}, []string{"a 1 true [] sales", "b 2 true [] sales", "boss  true []"}},
			{[]models.SyncUser{su("1", "a", "sales"), su("2", "b", "support")}, full, models.SyncReport{Updated: 1, Unchanged: 1},
				[]string{"a 1 true [] sales", "b 2 true [] support", "boss  true []"}},
		}},
		{"an extension moves from a user who is not listed", nil, []step{
			{[]models.SyncUser{su("1", "a", "", "101"), su("2", "b", "", "102")}, partial, models.SyncReport{Created: 2}, []string{"a 1 true [101]", "b 2 true [102]"}},
			{[]models.SyncUser{su("2", "b", "", "office/101", "LOGIN:B")}, partial, models.SyncReport{Updated: 1}, []string{"a 1 true []", "b 2 true [101 login:b]"}},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			onBoth(t, func(w *world) {
				w.source("office")
				for _, l := range c.local {
					w.user(l)
				}
				for i, s := range c.steps {
					audit := "users.sync"
					if s.report == (models.SyncReport{Unchanged: s.report.Unchanged}) {
						audit = ""
					}
					w.changes(audit, func() {
						got, err := w.SyncUsers(w.ctx, by(), s.users, s.full)
						w.must(err)
						if got != s.report {
							t.Fatalf("step %d: report %+v, want %+v", i, got, s.report)
						}
					})
					got := w.picture()
					for j := range got { // ids of users differ by database
						if k := strings.Index(got[j], " ("); k > 0 {
							got[j] = got[j][:k+2] + "1" + got[j][strings.Index(got[j], ")"):]
						}
					}
					if !slices.Equal(got, s.want) {
						t.Fatalf("step %d: users %q, want %q", i, got, s.want)
					}
				}
			})
		})
	}
}

func TestSyncUsersRefusesAsAWhole(t *testing.T) {
	onBoth(t, func(w *world) {
		w.source("office")
		_, err := w.SyncUsers(w.ctx, by(), []models.SyncUser{su("1", "taken", "", "101")}, false)
		w.must(err)
		good := su("7", "good", "", "107")
		for _, c := range []struct {
			name, field string
			bad         []models.SyncUser
		}{
			{"no external id", "[1].external_id", []models.SyncUser{su("", "x", "")}},
			{"no login", "[1].login", []models.SyncUser{su("8", " ", "")}},
			{"external id twice", "[1].external_id", []models.SyncUser{su("7", "x", "")}},
			{"login twice", "[1].login", []models.SyncUser{su("8", "GOOD", "")}},
			{"login of an active user", "[1].login", []models.SyncUser{su("8", "Taken", "")}},
			{"unknown source", "[1].extensions[0]", []models.SyncUser{su("8", "x", "", "elsewhere/1")}},
			{"empty extension", "[1].extensions[1]", []models.SyncUser{su("8", "x", "", "1", "")}},
			{"extension of two", "[1].extensions[0]", []models.SyncUser{su("8", "x", "", "107")}},
			{"group too long", "[1].group", []models.SyncUser{su("8", "x", strings.Repeat("g", 129))}},
		} {
			t.Run(c.name, func(t *testing.T) {
				w := w.in(t)
				w.changes("", func() {
					_, err := w.SyncUsers(w.ctx, by(), append([]models.SyncUser{good}, c.bad...), false)
					w.refused(err, models.Invalid, c.field)
				})
			})
		}
		w.source("second")
		_, err = w.SyncUsers(w.ctx, by(), []models.SyncUser{su("8", "x", "", "1")}, false)
		w.refused(err, models.Invalid, "[0].extensions[0]") // which of the two sources?
	})
}

func TestSyncDeactivatesWithTokens(t *testing.T) {
	onBoth(t, func(w *world) {
		_, err := w.SyncUsers(w.ctx, by(), []models.SyncUser{su("1", "a", "")}, true)
		w.must(err)
		tok, _, err := w.TokenForToday(w.ctx, by(), "1", 0)
		w.must(err)
		_, err = w.SyncUsers(w.ctx, by(), []models.SyncUser{su("2", "b", "")}, true)
		w.must(err)
		if w.Directory().Tokens[tok.Hash].RevokedAt.IsZero() {
			t.Fatal("the token of a user who left is still valid")
		}
	})
}

func TestMapExtensionRoutesWhatWaited(t *testing.T) {
	onBoth(t, func(w *world) {
		w.source("office")
		u, v := w.user("ivanov"), w.user("petrova")
		w.changes("extension.map office/login:ivanov", func() { w.must(w.MapExtension(w.ctx, by(), "office", " Login:IVANOV ", u.ID)) })
		if got := w.Directory().Owner(w.Directory().SourceBySlug("office").ID, []string{"login:Ivanov"}); got != u.ID {
			t.Fatalf("owner %d, want %d", got, u.ID)
		}
		w.changes("", func() { w.must(w.MapExtension(w.ctx, by(), "office", "login:ivanov", u.ID)) })
		w.changes("extension.map office/login:ivanov", func() { w.must(w.MapExtension(w.ctx, by(), "office", "login:ivanov", v.ID)) })
		w.changes("extension.map office/login:ivanov", func() { w.must(w.MapExtension(w.ctx, by(), "office", "login:ivanov", 0)) })
		w.changes("", func() { w.must(w.MapExtension(w.ctx, by(), "office", "login:ivanov", 0)) })
		want := []string{"office/login:ivanov", "office/login:ivanov", "office/login:ivanov"}
		if !slices.Equal(w.mapped, want) { // a repeat routes again: the first time may have failed
			t.Fatalf("told of %q, want %q", w.mapped, want)
		}
		w.changes("extension.map office/…67", func() { w.must(w.MapExtension(w.ctx, by(), "office", "tel:+79031234567", u.ID)) })
		w.refused(w.MapExtension(w.ctx, by(), "elsewhere", "1", u.ID), models.NotFound, "")
		w.refused(w.MapExtension(w.ctx, by(), "office", " ", u.ID), models.Invalid, "extension")
		w.refused(w.MapExtension(w.ctx, by(), "office", "1", 999), models.Invalid, "user")

		w.mapped, w.fail = nil, errors.New("queue full")
		if err := w.MapExtension(w.ctx, by(), "office", "105", u.ID); !errors.Is(err, w.fail) {
			t.Fatalf("error %v, want the routing's", err)
		}
		if got := w.Directory().ExtensionsOf(u.ID, 0); !slices.Contains(got, "105") {
			t.Fatalf("the mapping itself was lost: %v", got)
		}
		w.mapped, w.fail = nil, nil
		_, err := w.SyncUsers(w.ctx, by(), []models.SyncUser{su("1", "new", "", "202", "201", "105")}, false)
		w.must(err)
		if want := []string{"office/105", "office/201", "office/202"}; !slices.Equal(w.mapped, want) {
			t.Fatalf("a synchronised list told of %q, want %q", w.mapped, want)
		}
	})
}

func TestGroups(t *testing.T) {
	onBoth(t, func(w *world) {
		a, b := w.user("a"), w.user("b")
		w.changes("group.put Продажи", func() {
			g, err := w.PutGroup(w.ctx, by(), " Продажи ", []string{"B", "a", "b"})
			w.must(err)
			if !slices.Equal(g.Members, []int64{b.ID, a.ID}) {
				t.Fatalf("members %v, want the order given", g.Members)
			}
		})
		w.changes("", func() { _, err := w.PutGroup(w.ctx, by(), "Продажи", []string{"b", "a"}); w.must(err) })
		w.changes("group.put Продажи", func() { _, err := w.PutGroup(w.ctx, by(), "Продажи", []string{"a", "b"}); w.must(err) })
		if g := w.Directory().GroupByName("Продажи"); !slices.Equal(g.Members, []int64{a.ID, b.ID}) {
			t.Fatalf("members %v, want the new order", g.Members)
		}
		w.changes("", func() {
			_, err := w.PutGroup(w.ctx, by(), "Продажи", []string{"a", "nobody"})
			w.refused(err, models.Invalid, "members[1]")
		})
		w.changes("group.put Продажи", func() { _, err := w.PutGroup(w.ctx, by(), "Продажи", []string{"b"}); w.must(err) })
		if g := w.Directory().GroupByName("Продажи"); !slices.Equal(g.Members, []int64{b.ID}) {
			t.Fatalf("members %v", g.Members)
		}
		_, err := w.PutSource(w.ctx, by(), "office", models.SourceInput{Kind: p("generic"), Group: p("Продажи")})
		w.must(err)
		w.changes("", func() { w.refused(w.DeleteGroup(w.ctx, by(), "Продажи"), models.Conflict, "") })
		_, err = w.PutSource(w.ctx, by(), "office", models.SourceInput{Group: p("")})
		w.must(err)
		w.changes("group.delete Продажи", func() { w.must(w.DeleteGroup(w.ctx, by(), "Продажи")) })
		w.refused(w.DeleteGroup(w.ctx, by(), "Продажи"), models.NotFound, "")
	})
}
