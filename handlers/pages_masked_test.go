package handlers

import (
	"net/url"
	"strings"
	"testing"

	"zummer/models"
)

// TestMaskedAdministrators: who sees numbers without their middle stores no
// masked number, takes none away, and is told none by a page's words.
func TestMaskedAdministrators(t *testing.T) {
	const number = "79031234567"
	f := newSetupFakes()
	for i := range f.admins.admins {
		f.admins.admins[i].Masked = true
	}
	f.dir.Users[1].Name = "Иванов " + number
	f.dir.Asked = map[models.ExtKey][]models.Owner{{SourceID: 5, Extension: "tel:+" + number}: {{UserID: 2, AskedAt: at()}}}
	e, _ := setupSurface(t, f)
	if rec := postForm(t, e, "/admin/contacts/1/delete", nil); rec.Code != 403 || len(f.did) > 0 {
		t.Errorf("a contact is deleted: status %d, did %v", rec.Code, f.did)
	}
	if page := call(t, e, "GET", "/admin/contacts/1", "", asBrowser).Body.String(); strings.Contains(page, "/admin/contacts/1/delete") {
		t.Error("the contact's page offers to delete it")
	}
	if page := call(t, e, "GET", "/admin/users/ivanov", "", asBrowser).Body.String(); !strings.Contains(page, `name="name" value="Иванов `+number+`"`) {
		t.Error("saving a user would store the name with its number masked")
	}
	rec := postForm(t, e, "/admin/unrouted/map?lang=en", url.Values{"source": {"office"}, "extension": {"tel:+" + number}, "user": {"ivanov"}})
	flash := rec.Result().Cookies()
	if len(flash) != 1 {
		t.Fatalf("status %d sets %v", rec.Code, flash)
	}
	page := call(t, e, "GET", "/admin/unrouted?lang=en", "", asOperator+"; "+flash[0].Name+"="+flash[0].Value).Body.String()
	if words := page[strings.Index(page, `class="flash`):]; !strings.Contains(words, "belongs to ") || strings.Contains(words[:strings.Index(words, "</p>")], number) {
		t.Errorf("the words about what was done show the number: %.300s", words)
	}
}

// TestUnroutedIsReadOutMasked: what a screen reader says of a row is masked as
// what stands in it.
func TestUnroutedIsReadOutMasked(t *testing.T) {
	f := newSetupFakes()
	f.admins.admins[1].Masked = true
	f.unroutedExt = "tel:+79031234567"
	e, _ := setupSurface(t, f)
	page := call(t, e, "GET", "/admin/unrouted?lang=en", "", asOperator).Body.String()
	if !strings.Contains(page, "Who gets the extension tel:&#43;7903") || strings.Contains(page, "Who gets the extension tel:&#43;79031234567") {
		t.Error("the label of the choice has the whole number")
	}
}

// TestSettingsOfAnAnnouncedUser: storing them takes the user in, rather than
// dropping who waits from the list unseen.
func TestSettingsOfAnAnnouncedUser(t *testing.T) {
	f := newSetupFakes()
	f.dir.Users[7] = &models.User{ID: 7, Login: "u-77", ExternalID: "u-77", Pending: true}
	f.dir.Index()
	e, _ := setupSurface(t, f)
	if page := call(t, e, "GET", "/admin/users/u-77?lang=en", "", asBrowser).Body.String(); !strings.Contains(page, "Save and take in") {
		t.Error("the button does not say so")
	}
	rec := postForm(t, e, "/admin/users/u-77", url.Values{"name": {"Пётр"}, "pop_on": {"ringing"}})
	if rec.Code != 303 || len(f.users) != 1 || f.users[0].Active == nil || !*f.users[0].Active {
		t.Errorf("status %d, put %+v", rec.Code, f.users)
	}
}
