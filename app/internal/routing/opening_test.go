package routing_test

import (
	"strings"
	"testing"

	"zummer/models"
)

// TestWhatOpens is the specification of an answered call: what the CRM knows of
// the number, and what opens on the screen. The CRM sends open interests only,
// so a closed one is a list without it.
func TestWhatOpens(t *testing.T) {
	t.Parallel()
	in := func(app string, o models.Object) models.Object { o.App = app; return o }
	clientIn := func(app, n string) *models.Object { o := in(app, *client(n, "Клиент "+n)); return &o }
	person := func(id int64, c *models.Object, interests ...models.Object) models.Contact {
		return models.Contact{ID: id, Name: "Контакт", Client: c, Interests: interests}
	}
	responsible := func(c models.Contact, user int64) models.Contact { c.Responsible = user; return c }
	for _, tc := range []struct {
		name     string
		contacts []models.Contact
		nothing  bool // was synchronised
		opens    string
	}{
		{"one client, no open interest: a new one for the client", []models.Contact{person(1, client("1", ""))}, false, "create new, client 1"},
		{"one client, one open interest: it opens", []models.Contact{person(1, client("1", ""), interest("5"))}, false, "open 5, client 1"},
		{"one client, several: a choice, the newest first", []models.Contact{person(1, client("1", ""), interest("7"), interest("5"), interest("6"))}, false, "choose 7 5 6, client 1"},
		{"one client, the last was closed: as if there had been none", []models.Contact{person(1, client("1", ""))}, false, "create new, client 1"},
		{"one client, all but one were closed: the other opens", []models.Contact{person(1, client("1", ""), interest("6"))}, false, "open 6, client 1"},
		{"several clients, no open interest: the client is chosen", []models.Contact{person(1, client("1", "")), person(2, client("2", ""))}, false, "choose 1 2"},
		{"several clients, one open interest: it opens, with its own client", []models.Contact{person(1, client("1", "")), person(2, client("2", ""), interest("5"))}, false, "open 5, client 2"},
		{"several clients, several: a choice among all", []models.Contact{person(1, client("1", ""), interest("5")), person(2, client("2", ""), interest("6"))}, false, "choose 5 6"},
		{"two people of one client: it is one client", []models.Contact{person(1, client("1", ""), interest("5")), person(2, client("1", ""))}, false, "open 5, client 1"},
		{"two people know the same interest: it is one interest", []models.Contact{person(1, client("1", ""), interest("5")), person(2, client("1", ""), interest("5"))}, false, "open 5, client 1"},
		{"a person without a client, one open interest", []models.Contact{person(1, nil, interest("5"))}, false, "open 5"},
		{"a contact of which only the phone is known", []models.Contact{{ID: 1}}, false, "create new"},
		{"a client beside a person without one: nobody guesses whose the new one is", []models.Contact{person(1, client("1", "")), person(2, nil)}, false, "create new"},
		{"the responsible is another: who answered gets the form all the same", []models.Contact{responsible(person(1, client("1", ""), interest("5")), 3)}, false, "open 5, client 1"},
		{"two responsibles: no reason to prefer one", []models.Contact{responsible(person(1, client("1", ""), interest("5")), 1), responsible(person(2, client("2", ""), interest("6")), 3)}, false, "choose 5 6"},
		{"the interest is in the infobase where it opens", []models.Contact{person(1, clientIn("sales", "1"), in("sales", interest("5")))}, false, "open 5 in sales, client 1 in sales, app sales"},
		{"a new one is made in the client's infobase", []models.Contact{person(1, clientIn("sales", "1"))}, false, "create new in sales, client 1 in sales, app sales"},
		{"a choice within one infobase", []models.Contact{person(1, clientIn("sales", "1"), in("sales", interest("5")), in("sales", interest("6")))}, false, "choose 5 in sales 6 in sales, client 1 in sales, app sales"},
		{"a choice across infobases: each candidate says where it is", []models.Contact{person(1, clientIn("sales", "1"), in("sales", interest("5"))), person(2, clientIn("service", "2"), in("service", interest("6")))}, false,
			"choose 5 in sales 6 in service"},
		{"the same ids in two infobases are two things", []models.Contact{person(1, clientIn("sales", "1"), in("sales", interest("5"))), person(2, clientIn("service", "1"), in("service", interest("5")))}, false,
			"choose 5 in sales 5 in service"},
		{"an unknown caller: a new one", nil, false, "create new"},
		{"the CRM has sent no contacts at all: it looks itself", nil, true, "resolve"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPlay()
			p.ctx.Contacts, p.ctx.AnyContacts = tc.contacts, !tc.nothing
			drafts, _ := p.apply(t, "answered 101")
			if got := opens(&drafts[len(drafts)-1]); got != tc.opens {
				t.Errorf("got  %s\nwant %s", got, tc.opens)
			}
		})
	}
}

// opens writes a draft as "choose 5 in sales 6, client 1, app sales".
func opens(d *models.Draft) string {
	thing := func(o *models.Object) string {
		s := " " + short(o)
		if o != nil && o.App != "" {
			s += " in " + o.App
		}
		return s
	}
	out := string(d.Action)
	if d.Payload.Object != nil {
		out += thing(d.Payload.Object)
	}
	for i := range d.Payload.Candidates {
		out += thing(&d.Payload.Candidates[i])
	}
	if d.Payload.Client != nil {
		out += ", client" + thing(d.Payload.Client)
	}
	if d.Payload.App != "" {
		out += ", app " + d.Payload.App
	}
	return strings.TrimSpace(out)
}
