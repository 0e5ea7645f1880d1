package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"

	"zummer/app/internal/setup"
	"zummer/models"
)

// demoCRM is the server side of the sample CRM: it holds the clients and their
// interests in memory, and tells the register of every change.
type demoCRM struct {
	setup *setup.Setup
	by    models.Actor

	mu       sync.Mutex
	contacts []models.ContactInput
	number   int   // of the last interest
	seq      int64 // of the last change
}

// put stores a contact and tells the register; with mu held.
func (d *demoCRM) put(ctx context.Context, c models.ContactInput) error {
	d.seq++
	c.Seq = d.seq
	if _, err := d.setup.PutContact(ctx, d.by, c); err != nil {
		return err
	}
	i := slices.IndexFunc(d.contacts, func(o models.ContactInput) bool { return o.ExternalID == c.ExternalID })
	if i < 0 {
		d.contacts = append(d.contacts, c)
	} else {
		d.contacts[i] = c
	}
	return nil
}

// Contacts implements handlers.DemoCRM.
func (d *demoCRM) Contacts() []models.ContactInput {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.contacts)
}

// Begin implements handlers.DemoCRM.
func (d *demoCRM) Begin(ctx context.Context, id, name, phone, topic, responsible string) (models.ContactInput, models.Object, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(d.contacts, func(c models.ContactInput) bool { return c.ExternalID == id })
	var c models.ContactInput
	switch {
	case i >= 0:
		c = d.contacts[i]
	case id != "":
		return c, models.Object{}, models.Errorf(models.NotFound, "no client %q", id)
	default:
		c = models.ContactInput{ExternalID: "demo-" + newUID(), Name: name, Responsible: responsible,
			Client: &models.Object{Type: "Справочник", Name: "Контрагенты", UID: newUID(), Title: name}}
		if phone != "" {
			c.Phones = []string{phone}
		}
	}
	d.number++
	made := models.Object{Type: "Документ", Name: "Интерес", UID: newUID(), Title: fmt.Sprintf("Интерес %d: %s", d.number, topic)}
	c.Responsible = cmp.Or(c.Responsible, responsible)
	c.Interests = append([]models.Object{made}, c.Interests...)
	return c, made, d.put(ctx, c)
}

// Settle implements handlers.DemoCRM.
func (d *demoCRM) Settle(ctx context.Context, uid string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.contacts {
		left := slices.DeleteFunc(slices.Clone(c.Interests), func(o models.Object) bool { return o.UID == uid })
		if len(left) < len(c.Interests) {
			c.Interests = left
			return d.put(ctx, c)
		}
	}
	return models.Errorf(models.NotFound, "no open interest %q", uid)
}

// newUID is a random UUID, which 1C references are made of.
func newUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
