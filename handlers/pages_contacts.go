package handlers

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

const (
	pageContacts = 50
	phonesOpened = 5 // of one contact, of which the page says what a call opens
	spareSlots   = 2 // empty interests in the form
)

// contacts lists them: all, or those that a text finds.
func (p *pages) contacts(c echo.Context) error {
	d := web.ContactsPage{Frame: p.frame(c, "contacts", "Контакты", "Contacts"), Query: models.CutText(strings.TrimSpace(c.QueryParam("q")), 100), Total: -1}
	ctx, after := c.Request().Context(), c.QueryParam("after")
	d.Later = after != ""
	found, next, err := p.findContacts(c, d.Query, after)
	if err != nil {
		return err
	}
	n := names{p.a.d.Setup.Directory()}
	for i := range found {
		d.Rows = append(d.Rows, n.contactRow(&found[i]))
	}
	if next != "" {
		q := url.Values{"after": {next}}
		if d.Query != "" {
			q.Set("q", d.Query)
		}
		d.More = "/admin/contacts?" + q.Encode()
	}
	if d.Query == "" && !d.Later {
		if d.Total, err = p.a.d.Journal.CountContacts(ctx); err != nil {
			return err
		}
	}
	return p.show(c, "contacts", d)
}

// findContacts looks for a text as a number and as an id, and then for names
// that begin with it.
func (p *pages) findContacts(c echo.Context, text, after string) ([]models.Contact, string, error) {
	ctx := c.Request().Context()
	var first []models.Contact
	if text != "" && after == "" {
		byID, _, err := p.a.d.Journal.Contacts(ctx, models.ContactQuery{ExternalID: text, Limit: 1})
		if err != nil {
			return nil, "", err
		}
		first = byID
		if digits := countDigits(text); digits >= 5 && digits*2 > len([]rune(text)) {
			byPhone, err := p.a.d.Setup.ContactsByPhone(ctx, text)
			if err != nil && publicError(err) == nil {
				return nil, "", err
			}
			first = append(first, byPhone...)
		}
	}
	rest, next, err := p.a.d.Journal.Contacts(ctx, models.ContactQuery{Name: text, After: after, Limit: pageContacts})
	if err != nil {
		return nil, "", err
	}
	var out []models.Contact
	for _, k := range append(first, rest...) {
		if !slices.ContainsFunc(out, func(o models.Contact) bool { return o.ExternalID == k.ExternalID }) {
			out = append(out, k)
		}
	}
	return out, next, nil
}

func countDigits(s string) int {
	n := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n
}

func (n names) contactRow(k *models.Contact) web.ContactRow {
	row := web.ContactRow{ID: k.ID, ExternalID: k.ExternalID, Name: k.Name, Phones: k.Phones, Responsible: cmp.Or(n.person(k.Responsible), k.RespLogin), Interests: len(k.Interests), Updated: k.UpdatedAt}
	if k.Client != nil && k.Client.Title != k.Name {
		row.Client = k.Client.Title
	}
	return row
}

// theContact reads the one that the address names.
func (p *pages) theContact(c echo.Context) (*models.Contact, error) {
	id := models.ParseID(c.Param("id"))
	if id == 0 {
		return nil, models.Errorf(models.NotFound, "no such contact")
	}
	found, _, err := p.a.d.Journal.Contacts(c.Request().Context(), models.ContactQuery{ID: id, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, models.Errorf(models.NotFound, "no such contact")
	}
	return &found[0], nil
}

// contact shows one, and what a call from it would open.
func (p *pages) contact(c echo.Context) error {
	k, err := p.theContact(c)
	if err != nil {
		return err
	}
	n := names{p.a.d.Setup.Directory()}
	d := web.ContactPage{Frame: p.frame(c, "contacts", "Контакт", "Contact"), ID: k.ID, Row: n.contactRow(k), Client: k.Client, Interests: k.Interests, Seq: k.Seq}
	for _, phone := range k.Phones[:min(len(k.Phones), phonesOpened)] {
		all, err := p.a.d.Setup.ContactsByPhone(c.Request().Context(), phone)
		if err != nil && publicError(err) == nil {
			return err
		}
		row := web.OpensRow{Phones: []string{phone}, Text: web.Opens(d.Lang, all)}
		for i := range all {
			if all[i].ExternalID != k.ExternalID {
				row.Others = append(row.Others, n.contactRow(&all[i]))
			}
		}
		if last := len(d.Opens) - 1; last >= 0 && d.Opens[last].Text == row.Text && len(row.Others)+len(d.Opens[last].Others) == 0 {
			d.Opens[last].Phones = append(d.Opens[last].Phones, phone)
			continue
		}
		d.Opens = append(d.Opens, row)
	}
	return p.show(c, "contact", d)
}

// unmasked refuses who does not see whole numbers: he would store, or take
// away, what is masked.
func unmasked(c echo.Context) error {
	if who := adminOf(c); who != nil && who.Masked {
		return models.Errorf(models.Forbidden, "your account shows numbers without their middle: contacts cannot be changed or exported")
	}
	return nil
}

var objectParts = [...]string{"type", "name", "uid", "title", "link", "url", "app"}

// editContact shows the form.
func (p *pages) editContact(c echo.Context) error {
	if err := unmasked(c); err != nil {
		return err
	}
	v := url.Values{}
	var k *models.Contact
	if c.Param("id") != "" {
		var err error
		if k, err = p.theContact(c); err != nil {
			return err
		}
		v = contactForm(k)
	}
	return p.showContactForm(c, http.StatusOK, k, web.Form{Values: v})
}

func contactForm(k *models.Contact) url.Values {
	v := url.Values{"external_id": {k.ExternalID}, "name": {k.Name}, "phones": {strings.Join(k.Phones, "\n")}, "responsible": {k.RespLogin}, "seen": {seenOf(k)}}
	put := func(at string, o *models.Object) {
		for i, text := range []string{o.Type, o.Name, o.UID, o.Title, o.Link, o.URL, o.App} {
			v.Set(at+objectParts[i], text)
		}
	}
	if k.Client != nil {
		put("client.", k.Client)
	}
	for i := range k.Interests {
		put(fmt.Sprintf("interests[%d].", i), &k.Interests[i])
	}
	return v
}

// seenOf names the state of a contact that a form was filled from.
func seenOf(k *models.Contact) string { return strconv.FormatInt(k.UpdatedAt.UnixMilli(), 10) }

func (p *pages) showContactForm(c echo.Context, status int, k *models.Contact, form web.Form) error {
	d := web.ContactPage{Frame: p.frame(c, "contacts", "Новый контакт", "New contact"), Edit: true, Form: form}
	n := names{p.a.d.Setup.Directory()}
	d.Users = n.userOptions(form.Get("responsible"))
	if k != nil {
		d.Title, d.ID, d.Row = d.T("Контакт", "Contact"), k.ID, n.contactRow(k)
	}
	filled := 0
	for i := range maxFormInterests {
		if objectOfForm(form.Values, fmt.Sprintf("interests[%d].", i)) != nil {
			filled = i + 1
		}
	}
	for i := range min(filled+spareSlots, maxFormInterests) {
		d.Slots = append(d.Slots, i)
	}
	return p.showAs(c, status, "contact", d)
}

// maxFormInterests is how many a contact may have.
const maxFormInterests = 50

func objectOfForm(v url.Values, at string) *models.Object {
	get := func(part string) string { return strings.TrimSpace(v.Get(at + part)) }
	o := models.Object{Type: get("type"), Name: get("name"), UID: get("uid"), Title: get("title"), Link: get("link"), URL: get("url"), App: get("app")}
	if o == (models.Object{}) {
		return nil
	}
	return &o
}

// putContactPage stores what the form says.
func (p *pages) putContactPage(c echo.Context) error {
	if err := unmasked(c); err != nil {
		return err
	}
	v, err := c.FormParams()
	if err != nil {
		return models.Errorf(models.Malformed, "the form cannot be read")
	}
	ctx := c.Request().Context()
	var k *models.Contact
	if c.Param("id") != "" {
		if k, err = p.theContact(c); err != nil {
			return err
		}
		v.Set("external_id", k.ExternalID)
	}
	stored, err := p.storeContact(c, k, v)
	if own := publicError(err); own != nil {
		return p.showContactForm(c, http.StatusUnprocessableEntity, k, web.FormOf(p.lang(c), v, own))
	} else if err != nil {
		return err
	}
	back := "/admin/contacts"
	if found, _, err := p.a.d.Journal.Contacts(ctx, models.ContactQuery{ExternalID: stored, Limit: 1}); err == nil && len(found) == 1 {
		back += "/" + idText(found[0].ID)
	}
	return p.done(c, back, "Контакт сохранён.", "The contact is stored.", nil)
}

func (p *pages) storeContact(c echo.Context, k *models.Contact, v url.Values) (id string, err error) {
	ctx := c.Request().Context()
	in := models.ContactInput{ExternalID: strings.TrimSpace(v.Get("external_id")), Name: v.Get("name"), Responsible: strings.TrimSpace(v.Get("responsible")), Client: objectOfForm(v, "client.")}
	for line := range strings.Lines(v.Get("phones")) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if _, err := p.a.d.Setup.ContactsByPhone(ctx, line); err != nil { // the form says what an import passes over
			if publicError(err) == nil {
				return "", err
			}
			return "", models.InvalidField("phones", "there is no number to be read in: %s", models.CutText(line, 40))
		}
		in.Phones = append(in.Phones, line)
	}
	for i := range maxFormInterests {
		if o := objectOfForm(v, fmt.Sprintf("interests[%d].", i)); o != nil {
			in.Interests = append(in.Interests, *o)
		}
	}
	if k != nil {
		in.Seq = k.Seq // the CRM's next version is to take the place of this one
		if v.Get("seen") != seenOf(k) {
			return "", models.Errorf(models.Conflict, "the CRM has sent a newer version of this contact meanwhile: open it again")
		}
	} else {
		same, _, err := p.a.d.Journal.Contacts(ctx, models.ContactQuery{ExternalID: in.ExternalID, Limit: 1})
		if err != nil {
			return "", err
		}
		if in.ExternalID != "" && len(same) > 0 {
			return "", models.InvalidField("external_id", "there is a contact with this id already")
		}
	}
	stored, err := p.a.d.Setup.PutContact(ctx, actorOf(c), in)
	if err == nil && !stored {
		err = models.Errorf(models.Conflict, "the CRM has sent a newer version of this contact meanwhile: open it again")
	}
	return models.CleanText(in.ExternalID), err
}

// dropContact removes one.
func (p *pages) dropContact(c echo.Context) error {
	if err := unmasked(c); err != nil {
		return err
	}
	k, err := p.theContact(c)
	if err != nil {
		return err
	}
	err = p.a.d.Setup.DeleteContact(c.Request().Context(), actorOf(c), k.ExternalID)
	return p.done(c, "/admin/contacts", "Контакт удалён.", "The contact is removed.", err)
}
