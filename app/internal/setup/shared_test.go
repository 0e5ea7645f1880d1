package setup_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"zummer/models"
)

// phone tells whose an extension of the source office is: "check_in a b* asked:c",
// * marks whose it is today.
func (w *world) phone(extension string) string {
	w.t.Helper()
	d := w.Directory()
	k := models.ExtKey{SourceID: d.SourceBySlug("office").ID, Extension: extension}
	out := []string{}
	if u := d.Users[d.Extensions[k]]; u != nil {
		out = append(out, "own "+u.Login)
	}
	if e := d.Shared[k]; e != nil {
		out = append(out, e.Mode)
		for _, o := range e.Owners {
			login := d.Users[o.UserID].Login
			if e.Today() == o.UserID {
				login += "*"
			}
			out = append(out, login)
		}
	}
	for _, o := range d.Asked[k] {
		out = append(out, "asked:"+d.Users[o.UserID].Login)
	}
	return strings.Join(out, " ")
}

// One row a step: what is done, and whose the phones are then.
func TestSharedPhones(t *testing.T) {
	onBoth(t, func(w *world) {
		w.source("office")
		id := map[string]int64{}
		for _, login := range []string{"a", "b", "c"} {
			id[login] = w.user(login).ID
		}
		share := func(ext, mode string, logins ...string) func() string {
			return func() string {
				var users []int64
				for _, l := range logins {
					users = append(users, id[l])
				}
				w.must(w.ShareExtension(w.ctx, by(), "office", ext, mode, users))
				return ""
			}
		}
		give := func(ext, login string) func() string {
			return func() string { w.must(w.MapExtension(w.ctx, by(), "office", ext, id[login])); return "" }
		}
		take := func(login, ext string) func() string {
			return func() string {
				asked, err := w.TakeExtension(w.ctx, id[login], "", ext)
				w.must(err)
				return map[bool]string{true: "asked", false: "taken"}[asked]
			}
		}
		leave := func(login, ext string) func() string {
			return func() string { w.must(w.LeaveExtension(w.ctx, id[login], "", ext)); return "" }
		}
		for _, step := range []struct {
			what     string
			do       func() string
			said     string
			ext      string
			want     string
			audit    string
			mappedTo string // told to the routing
		}{
			{"the administrator lets two share a phone", share("150", "check_in", "b", "a"), "", "150", "check_in a b", "extension.share office/150", "office/150"},
			{"again: nothing changes", share("150", "check_in", "a", "b"), "", "150", "check_in a b", "", "office/150"},
			{"a says that it is his today", take("a", "150"), "taken", "150", "check_in a* b", "extension.check_in office/150", ""},
			{"a says so again", take("a", "150"), "taken", "150", "check_in a* b", "", ""},
			{"b says so later: it is his, a has it no more", take("b", "150"), "taken", "150", "check_in a b*", "extension.check_in office/150", ""},
			{"a third owner comes; who has it keeps it", share("150", "check_in", "a", "b", "c"), "", "150", "check_in a b* c", "extension.share office/150", "office/150"},
			{"b leaves: nobody's, not a's again", leave("b", "150"), "", "150", "check_in a b c", "extension.leave 150", ""},
			{"b leaves twice", leave("b", "150"), "", "150", "check_in a b c", "", ""},
			{"a has it", take("a", "150"), "taken", "150", "check_in a* b c", "extension.check_in office/150", ""},
			{"another shared phone", share("151", "check_in", "a"), "", "151", "check_in a", "extension.share office/151", "office/151"},
			{"a sits down at that one", take("a", "151"), "taken", "151", "check_in a*", "extension.check_in office/151", ""},
			{"and has left the first", func() string { return "" }, "", "150", "check_in a b c", "", ""},
			{"a phone that rings for all needs no words", share("160", "all", "a", "b"), "", "160", "all a b", "extension.share office/160", "office/160"},
			{"an owner's words change nothing", take("a", "160"), "taken", "160", "all a b", "", ""},
			{"one who does not share it asks", take("c", "160"), "asked", "160", "all a b asked:c", "extension.ask office/160", ""},
			{"a number of nobody is asked for", take("c", "170"), "asked", "170", "asked:c", "extension.ask office/170", ""},
			{"once", take("c", "170"), "asked", "170", "asked:c", "", ""},
			{"by another one too", take("b", "170"), "asked", "170", "asked:b asked:c", "extension.ask office/170", ""},
			{"who takes it back", leave("b", "170"), "", "170", "asked:c", "extension.leave 170", ""},
			{"the administrator confirms by the usual PUT", give("170", "c"), "", "170", "own c", "extension.map office/170", "office/170"},
			{"one's own number needs no asking", take("c", "170"), "taken", "170", "own c", "", ""},
			{"somebody's own number is asked for", take("a", "170"), "asked", "170", "own c asked:a", "extension.ask office/170", ""},
			{"the administrator says no", func() string { w.must(w.RefuseExtension(w.ctx, by(), "office", "170")); return "" }, "", "170", "own c", "extension.refuse office/170", ""},
			{"a shared phone becomes one person's", give("160", "b"), "", "160", "own b", "extension.map office/160", "office/160"},
			{"and nobody's", give("151", ""), "", "151", "", "extension.map office/151", ""},
			{"a number that looks like a person's is not audited", take("a", "tel:+79031234567"), "asked", "tel:+79031234567", "asked:a", "extension.ask office/…67", ""},
			{"all is left at once", leave("a", ""), "", "tel:+79031234567", "", "extension.leave", ""},
		} {
			w.mapped = nil
			var said string
			w.changes(step.audit, func() { said = step.do() })
			if got := w.phone(step.ext); got != step.want || said != step.said || strings.Join(w.mapped, " ") != step.mappedTo {
				t.Errorf("%s: %q, said %q, routed %q; want %q, said %q, routed %q", step.what, got, said, w.mapped, step.want, step.said, step.mappedTo)
			}
		}
	})
}

func TestSharedPhonesAreRefused(t *testing.T) {
	onBoth(t, func(w *world) {
		w.source("office")
		a := w.user("a")
		for _, tc := range []struct {
			what  string
			err   error
			kind  models.Kind
			field string
		}{
			{"no source", w.ShareExtension(w.ctx, by(), "x", "1", "all", []int64{a.ID}), models.NotFound, ""},
			{"no way to share", w.ShareExtension(w.ctx, by(), "office", "1", "some", []int64{a.ID}), models.Invalid, "mode"},
			{"nobody", w.ShareExtension(w.ctx, by(), "office", "1", "all", nil), models.Invalid, "users"},
			{"nobody known", w.ShareExtension(w.ctx, by(), "office", "1", "all", []int64{999}), models.Invalid, "users[0]"},
			{"no extension", w.ShareExtension(w.ctx, by(), "office", " ", "all", []int64{a.ID}), models.Invalid, "extension"},
			{"nothing asked", w.RefuseExtension(w.ctx, by(), "office", "1"), models.NotFound, ""},
			{"leave at an unknown source", w.LeaveExtension(w.ctx, a.ID, "x", "1"), models.Invalid, "source"},
		} {
			t.Run(tc.what, func(t *testing.T) { w.in(t).refused(tc.err, tc.kind, tc.field) })
		}
		_, err := w.TakeExtension(w.ctx, a.ID, "", " ")
		w.refused(err, models.Invalid, "number")
		_, err = w.TakeExtension(w.ctx, a.ID, "x", "1")
		w.refused(err, models.Invalid, "source")
		for i := range 5 {
			_, err := w.TakeExtension(w.ctx, a.ID, "office", fmt.Sprint(200+i))
			w.must(err)
		}
		_, err = w.TakeExtension(w.ctx, a.ID, "office", "205")
		w.refused(err, models.Conflict, "")
		w.source("second")
		_, err = w.TakeExtension(w.ctx, a.ID, "", "1")
		w.refused(err, models.Invalid, "source")
	})
}

// The CRM's list of people does not undo what the administrator shared, and
// keeps the order in which a group's members stand in for each other.
func TestSyncLeavesSharedPhonesAndOrder(t *testing.T) {
	onBoth(t, func(w *world) {
		w.source("office")
		a, b := w.user("a"), w.user("b")
		w.must(w.ShareExtension(w.ctx, by(), "office", "150", "check_in", []int64{a.ID, b.ID}))
		_, err := w.PutGroup(w.ctx, by(), "sales", []string{"b", "a"})
		w.must(err)
		_, err = w.SyncUsers(w.ctx, by(), []models.SyncUser{{ExternalID: "1", Login: "a", Group: "sales", Extensions: []models.SyncExtension{{Number: "150"}, {Number: "101"}}},
			{ExternalID: "3", Login: "c", Group: "sales"}}, false)
		w.must(err)
		if got := w.phone("150"); got != "check_in a b" {
			t.Errorf("the shared phone: %q", got)
		}
		if got := w.phone("101"); got != "own a" {
			t.Errorf("his own: %q", got)
		}
		c := w.Directory().UserByLogin("c")
		if got := w.Directory().GroupByName("sales").Members; !slices.Equal(got, []int64{b.ID, a.ID, c.ID}) {
			t.Errorf("members %v", got)
		}
	})
}
