package routing

import (
	"cmp"
	"slices"
	"strconv"

	"zummer/models"
)

// maxCandidates bounds the choice in one row: nobody reads more.
const maxCandidates = 50

// opening is what the CRM knows of the caller, and what follows from it.
type opening struct {
	action     models.Action
	reason     string
	title      string // of the client; "": unknown
	object     *models.Object
	client     *models.Object
	candidates []models.Object
	interests  int // open ones
}

// open decides what a form would be opened on: exactly one open interest is
// opened, several are chosen from, a client without one and an unknown caller
// get a new one, and a CRM that has synchronised nothing looks itself.
func (r *router) open() *opening {
	if r.opening == nil {
		r.opening = decide(r.Contacts, r.AnyContacts, r.Language)
	}
	return r.opening
}

func decide(found []models.Contact, synced bool, in models.Language) *opening {
	contacts := slices.Clone(found)
	slices.SortFunc(contacts, func(a, b models.Contact) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.ExternalID, b.ExternalID))
	})
	o := &opening{}
	var interests, clients []models.Object
	var owner *models.Contact // of the only interest
	nameless := false         // a contact without a client
	for i := range contacts {
		c := &contacts[i]
		for _, in := range c.Interests {
			if !contains(interests, &in) {
				interests, owner = append(interests, in), c
			}
		}
		cl := clientOf(c)
		nameless = nameless || cl == nil
		if cl != nil && !contains(clients, cl) {
			clients = append(clients, *cl)
		}
	}
	if len(contacts) > 0 {
		o.title = titleOf(&contacts[0])
	}
	switch {
	case len(clients) == 1 && !nameless:
		o.client = &clients[0]
	}
	if n := max(len(clients), len(contacts)); n > 1 && o.client == nil && o.title != "" {
		o.title += in.T(" и ещё ", " and ") + strconv.Itoa(n-1) + in.T("", " more")
	}
	fresh := &models.Object{Type: "Документ", Name: "Интерес"}
	if o.client != nil {
		fresh.App = o.client.App
	}
	o.interests = len(interests)
	switch {
	case len(interests) == 1:
		o.action, o.reason = models.ActionOpen, "one open interest"
		o.object, o.client = &interests[0], clientOf(owner)
		o.title = titleOf(owner)
	case len(interests) > 1:
		o.action, o.reason, o.candidates = models.ActionChoose, "several open interests", interests
	case len(clients) > 1:
		o.action, o.reason, o.candidates = models.ActionChoose, "several clients have this number, none an open interest", clients
	case len(contacts) > 0:
		o.action, o.reason, o.object = models.ActionCreate, "the client has no open interest", fresh
	case synced:
		o.action, o.reason, o.object = models.ActionCreate, "the caller is unknown", fresh
	default:
		o.action, o.reason = models.ActionResolve, "no contacts are synchronised"
	}
	o.complete()
	return o
}

// complete fills in the links, on copies: contacts belong to the caller.
func (o *opening) complete() {
	o.candidates = slices.Clone(o.candidates[:min(len(o.candidates), maxCandidates)])
	for i := range o.candidates {
		o.candidates[i].Complete()
	}
	for _, p := range []**models.Object{&o.object, &o.client} {
		if *p != nil {
			c := **p
			c.Complete()
			*p = &c
		}
	}
}

// clientOf is the contact's client, with the contact's name where it has no
// title of its own; nil when the CRM named none.
func clientOf(c *models.Contact) *models.Object {
	if c.Client == nil {
		return nil
	}
	o := *c.Client
	o.Title = cmp.Or(o.Title, c.Name)
	return &o
}

func titleOf(c *models.Contact) string {
	if c.Client != nil && c.Client.Title != "" {
		return c.Client.Title
	}
	return c.Name
}

// contains reports whether the list has the same thing of the CRM already.
func contains(list []models.Object, o *models.Object) bool {
	return o.UID != "" && slices.ContainsFunc(list, func(x models.Object) bool {
		return x.UID == o.UID && x.Type == o.Type && x.Name == o.Name && x.App == o.App
	})
}
