package handlers

import (
	"html"
	"strings"
	"testing"

	"zummer/models"
)

// TestFirstSteps: whoever opens a service that nothing is connected to is told
// what to do first, with the pages for it.
func TestFirstSteps(t *testing.T) {
	f := newSetupFakes()
	f.pendingRows = func() []models.Notification { return nil }
	p := phonePages(t, f)
	if page := call(t, p.e, "GET", "/admin/?lang=en", "", asBrowser).Body.String(); !strings.Contains(page, "Everything is processed.") || strings.Contains(page, "first-steps") {
		t.Error("with a source, the empty list is no welcome")
	}
	f.dir.Sources = map[int64]*models.Source{}
	for lang, word := range map[string]string{"en": "Connect a PBX", "ru": "Подключите АТС"} {
		page := call(t, p.e, "GET", "/admin/?lang="+lang, "", asBrowser).Body.String()
		_, steps, _ := strings.Cut(page, `<ol id="first-steps"`)
		steps, _, _ = strings.Cut(steps, "</ol>")
		at := 0
		for _, want := range []string{`href="/admin/new-source"`, word, `href="/admin/users"`, `href="/admin/unrouted"`, "токен", "token"} {
			if want == "токен" && lang == "en" || want == "token" && lang == "ru" {
				continue
			}
			i := strings.Index(steps[at:], want)
			if i < 0 {
				t.Fatalf("%s: the steps lack %q, or in this place: %s", lang, want, steps)
			}
			at += i
		}
	}
}

// TestHookAddressWarns: an address that a PBX cannot come to, or comes to in the
// open, is told as such where it is copied from.
func TestHookAddressWarns(t *testing.T) {
	for _, tt := range []struct{ public, want string }{
		{"http://127.0.0.1:8080", "only this computer"},
		{"http://localhost:8080", "only this computer"},
		{"https://[::1]:8443", "only this computer"},
		{"http://zummer.example", "without TLS"},
		{"https://zummer.example", ""},
	} {
		f := newSetupFakes()
		p := phonePages(t, f)
		p.a.d.PublicURL = tt.public
		page := call(t, p.e, "GET", "/admin/sources/office?lang=en", "", asBrowser).Body.String()
		_, warning, found := strings.Cut(page, `id="hook-warning"`)
		if found != (tt.want != "") || !strings.Contains(warning, tt.want) || found && !strings.Contains(warning, "ZUMMER_PUBLIC_URL") {
			t.Errorf("%s: warned %t, want %q", tt.public, found, tt.want)
		}
	}
}

// TestLiveWithoutExtension: nobody can call a user who has no extension, so he
// is not free.
func TestLiveWithoutExtension(t *testing.T) {
	f := newSetupFakes()
	f.dir.Users[77] = &models.User{ID: 77, Login: "bare", Name: "Новенький", Active: true}
	p := phonePages(t, f)
	free := func(page string) string {
		_, rest, _ := strings.Cut(page, "<dt>Свободны</dt><dd>")
		n, _, _ := strings.Cut(rest, "<")
		return n
	}
	page := call(t, p.e, "GET", "/admin/live?lang=ru", "", asBrowser).Body.String()
	_, row, _ := strings.Cut(page, "Новенький")
	if row, _, _ = strings.Cut(row, "</li>"); !strings.Contains(row, "нет номера") || strings.Contains(row, "свободен") {
		t.Errorf("the user without an extension: %s", row)
	}
	before := free(page)
	f.dir.Extensions[models.ExtKey{SourceID: 5, Extension: "177"}] = 77
	page = call(t, p.e, "GET", "/admin/live?lang=ru", "", asBrowser).Body.String()
	if _, row, _ = strings.Cut(page, "Новенький"); !strings.Contains(row, "свободен") || free(page) == before {
		t.Errorf("with one he is not counted as free: %s, then %s", before, free(page))
	}
}

// TestNamesakes: two of one name are told apart in a choice.
func TestNamesakes(t *testing.T) {
	f := newSetupFakes()
	f.dir.Users[77] = &models.User{ID: 77, Login: "ivanov2", Name: f.dir.Users[1].DisplayName(), Active: true}
	texts := map[string]string{}
	for _, o := range (names{f.dir}).userOptions("") {
		texts[o.Value] = o.Text
	}
	if texts["ivanov"] != "Иванов И. (ivanov)" || texts["ivanov2"] != "Иванов И. (ivanov2)" || strings.Contains(texts["петрова"], "(") {
		t.Errorf("the choice has %v", texts)
	}
}

// TestRangAt: the head of the column is a question that the names answer.
func TestRangAt(t *testing.T) {
	page := html.UnescapeString(call(t, phonePages(t, newSetupFakes()).e, "GET", "/admin/calls?lang=ru", "", asBrowser).Body.String())
	if !strings.Contains(page, "У кого звонило") || strings.Contains(page, "Звонило у") {
		t.Error("the column has another head")
	}
}
