package setup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"zummer/models"
	"zummer/models/phone"
)

// Bounds of one contact; what is beyond is dropped, for a CRM cannot mend its
// data because of a limit here.
const (
	maxPhones    = 50
	maxInterests = 50
)

// PutContact stores one client of the company; false: a higher Seq is stored.
// Contacts are not part of config_version. Errors: Invalid with the field.
func (s *Setup) PutContact(ctx context.Context, by models.Actor, in models.ContactInput) (bool, error) {
	contact, _, err := s.contact(in)
	if err != nil {
		return false, err
	}
	var stored bool
	err = s.writeContacts(ctx, func(tx Tx, now time.Time) error {
		ok, err := tx.SaveContacts(ctx, now, []*models.Contact{contact})
		if err != nil {
			return err
		}
		if stored = ok[0]; !stored {
			return errUnchanged
		}
		return tx.SaveAudit(ctx, now, auditEntry(by, "contact.put", contact.ExternalID, ""))
	})
	return stored, err
}

// DeleteContact removes a contact; one that is not there is no error.
func (s *Setup) DeleteContact(ctx context.Context, by models.Actor, externalID string) error {
	return s.writeContacts(ctx, func(tx Tx, now time.Time) error {
		n, err := tx.DeleteContacts(ctx, []string{models.CleanText(externalID)}, time.Time{})
		if err != nil {
			return err
		}
		if n == 0 {
			return errUnchanged
		}
		return tx.SaveAudit(ctx, now, auditEntry(by, "contact.delete", externalID, ""))
	})
}

// ContactsByPhone finds contacts by a number as people write it.
func (s *Setup) ContactsByPhone(ctx context.Context, raw string) ([]models.Contact, error) {
	key := phone.ParseLocal(raw, s.opt.Region, s.opt.AreaCode).Key()
	if key == "" {
		return nil, models.InvalidField("phone", "there is no number in it")
	}
	return s.opt.Store.ContactsByPhone(ctx, key)
}

// writeContacts is write for what is not part of the snapshot: it locks no
// set-up and raises no version.
func (s *Setup) writeContacts(ctx context.Context, fn func(tx Tx, now time.Time) error) error {
	err := s.opt.Store.Write(ctx, func(tx Tx) error {
		now, _, err := tx.Begin(ctx)
		if err != nil {
			return fmt.Errorf("read the clock: %w", err)
		}
		return fn(tx, now)
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// ReadContact checks and cleans one contact that a CRM wrote as a line of an
// import, without storing it: an answer to a lookup. Errors: Malformed; Invalid
// with the field.
func (s *Setup) ReadContact(raw []byte) (models.Contact, error) {
	in, err := readContact(raw)
	if err != nil {
		return models.Contact{}, err
	}
	c, _, err := s.contact(in)
	if err != nil {
		return models.Contact{}, err
	}
	return *c, nil
}

// contact checks and cleans what the CRM sent. A number that cannot be read is
// left out and counted: the client is still known by the others.
func (s *Setup) contact(in models.ContactInput) (_ *models.Contact, unread int, _ error) {
	out := &models.Contact{Name: models.CutText(in.Name, models.MaxName), RespLogin: models.CutText(in.Responsible, maxLogin), Seq: in.Seq}
	var err error
	if out.ExternalID, err = name("external_id", in.ExternalID, maxLogin); err != nil {
		return nil, 0, err
	}
	seen := map[string]bool{}
	for _, raw := range in.Phones {
		raw = strings.TrimSuffix(raw, ".0") // a spreadsheet's number
		key := phone.ParseLocal(raw, s.opt.Region, s.opt.AreaCode).Key()
		if key == "" && strings.TrimSpace(raw) != "" {
			unread++
		}
		if key == "" || seen[key] || len(seen) == maxPhones {
			continue
		}
		seen[key] = true
		out.Phones = append(out.Phones, key)
	}
	if out.Client, err = object("client", in.Client); err != nil {
		return nil, 0, err
	}
	for i := range in.Interests[:min(len(in.Interests), maxInterests)] {
		o, err := object(fmt.Sprintf("interests[%d]", i), &in.Interests[i])
		if err != nil {
			return nil, 0, err
		}
		out.Interests = append(out.Interests, *o)
	}
	return out, unread, nil
}
