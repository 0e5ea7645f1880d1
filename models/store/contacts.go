package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"zummer/models"
)

// SaveContacts inserts or replaces contacts by external id, each of which may
// stand once in all, and says for each whether it was stored: a lower Seq than
// the stored one is not.
func (tx *Tx) SaveContacts(ctx context.Context, now time.Time, all []*models.Contact) ([]bool, error) {
	// In one order everywhere, so that two imports do not lock each other out.
	ordered := slices.Clone(all)
	slices.SortFunc(ordered, func(a, b *models.Contact) int { return cmp.Compare(a.ExternalID, b.ExternalID) })
	ids := make(map[string]int64, len(all))
	err := chunks(ordered, 8, func(part []*models.Contact) error { return tx.upsertContacts(ctx, now, part, ids) })
	if err != nil {
		return nil, err
	}
	if err := tx.replacePhones(ctx, ordered, ids); err != nil {
		return nil, err
	}
	stored := make([]bool, len(all))
	for i, c := range all {
		c.ID, stored[i] = ids[c.ExternalID], ids[c.ExternalID] != 0
	}
	return stored, nil
}

func (tx *Tx) upsertContacts(ctx context.Context, now time.Time, part []*models.Contact, ids map[string]int64) error {
	args := make([]any, 0, 8*len(part))
	row := "(?,?,?,?," + tx.d.json() + "," + tx.d.json() + ",?,?)"
	sql := "INSERT INTO contacts (external_id, name, responsible, responsible_folded, client, interests, seq, updated_at) VALUES "
	for i, c := range part {
		var client text
		interests := text("[]")
		var err error
		if c.Client != nil {
			if client, err = json.Marshal(c.Client); err != nil {
				return fmt.Errorf("encode the client of a contact: %w", err)
			}
		}
		if len(c.Interests) > 0 {
			if interests, err = json.Marshal(c.Interests); err != nil {
				return fmt.Errorf("encode the interests of a contact: %w", err)
			}
		}
		if i > 0 {
			sql += ","
		}
		sql += row
		args = append(args, c.ExternalID, c.Name, c.RespLogin, models.FoldLogin(c.RespLogin), client, interests, c.Seq, tx.d.ts(now))
	}
	sql += " ON CONFLICT (external_id) DO UPDATE SET name = excluded.name, responsible = excluded.responsible, responsible_folded = excluded.responsible_folded, " +
		"client = excluded.client, interests = excluded.interests, seq = excluded.seq, updated_at = excluded.updated_at " +
		"WHERE contacts.seq <= excluded.seq RETURNING external_id, id"
	return tx.each(ctx, func(r scanner) error {
		var external string
		var id int64
		err := r.Scan(&external, &id)
		ids[external] = id
		return err
	}, sql, args...)
}

// replacePhones writes the numbers of the contacts that were stored.
func (tx *Tx) replacePhones(ctx context.Context, all []*models.Contact, ids map[string]int64) error {
	type number struct {
		phone string
		id    int64
	}
	var stored []int64
	var numbers []number
	for _, c := range all {
		id := ids[c.ExternalID]
		if id == 0 {
			continue
		}
		stored = append(stored, id)
		for _, p := range c.Phones {
			numbers = append(numbers, number{p, id})
		}
	}
	if err := tx.deletePhones(ctx, stored); err != nil {
		return err
	}
	return chunks(numbers, 2, func(part []number) error {
		args := make([]any, 0, 2*len(part))
		for _, n := range part {
			args = append(args, n.phone, n.id)
		}
		return tx.exec(ctx, "INSERT INTO contact_phones (phone, contact_id) VALUES "+tuples(len(part), 2)+" ON CONFLICT DO NOTHING", args...)
	})
}

func (tx *Tx) deletePhones(ctx context.Context, contacts []int64) error {
	return chunks(contacts, 1, func(part []int64) error {
		return tx.exec(ctx, "DELETE FROM contact_phones WHERE contact_id IN ("+marks(len(part))+")", anys(part)...)
	})
}

// DeleteContacts removes the named contacts that were last stored not after
// until (zero: at any time) and counts them.
func (tx *Tx) DeleteContacts(ctx context.Context, externalIDs []string, until time.Time) (int, error) {
	var gone []int64
	err := chunks(externalIDs, 1, func(part []string) error {
		sql, args := "DELETE FROM contacts WHERE external_id IN ("+marks(len(part))+")", anys(part)
		if !until.IsZero() {
			sql, args = sql+" AND updated_at <= ?", append(args, tx.d.ts(until))
		}
		return tx.each(ctx, func(r scanner) error {
			var id int64
			err := r.Scan(&id)
			gone = append(gone, id)
			return err
		}, sql+" RETURNING id", args...)
	})
	if err != nil {
		return 0, err
	}
	return len(gone), tx.deletePhones(ctx, gone)
}

// ContactIDs lists up to limit external ids above after, in the database's
// order.
func (s *Store) ContactIDs(ctx context.Context, after string, limit int) ([]string, error) {
	var out []string
	err := each(ctx, s.read, func(r scanner) error {
		var id string
		err := r.Scan(&id)
		out = append(out, id)
		return err
	}, "SELECT external_id FROM contacts WHERE external_id > ? ORDER BY external_id LIMIT ?", after, limit)
	return out, reading(err, "list contacts")
}

// ContactsByPhones finds contacts by exact number, in one statement, the last
// stored first. Of their numbers each has only the one it was found by. any
// says whether there are contacts at all, also when phones is empty.
func (tx *Tx) ContactsByPhones(ctx context.Context, phones []string) (map[string][]models.Contact, bool, error) {
	return contactsByPhones(ctx, tx.d, tx.db, phones)
}

func contactsByPhones(ctx context.Context, d dialect, db *gorm.DB, phones []string) (found map[string][]models.Contact, present bool, err error) {
	found = map[string][]models.Contact{}
	if len(phones) == 0 {
		phones = []string{""} // nobody has it
	}
	err = chunks(phones, 1, func(part []string) error {
		in, args := d.in("s", anys(part))
		return each(ctx, db, func(r scanner) error { return scanContact(r, found, &present) },
			"SELECT one.present, p.phone, c.id, c.external_id, c.name, c.responsible, COALESCE(a.id, b.id, 0), c.client, c.interests, c.seq, c.updated_at "+
				"FROM (SELECT EXISTS (SELECT 1 FROM contacts) AS present) one "+
				"LEFT JOIN contact_phones p ON p.phone"+in+" "+
				"LEFT JOIN contacts c ON c.id = p.contact_id "+
				"LEFT JOIN users a ON a.external_id = c.responsible AND a.active "+
				"LEFT JOIN users b ON b.login_folded = c.responsible_folded AND c.responsible_folded <> '' AND b.active "+
				"ORDER BY c.updated_at DESC, c.id DESC", args...)
	})
	return found, present, err
}

func scanContact(r scanner, found map[string][]models.Contact, present *bool) error {
	var phone, external, name, responsible *string
	var id, seq *int64
	var c models.Contact
	var client, interests text
	var updated dbTime
	if err := r.Scan(present, &phone, &id, &external, &name, &responsible, &c.Responsible, &client, &interests, &seq, &updated); err != nil {
		return err
	}
	if phone == nil || id == nil {
		return nil
	}
	c.ID, c.ExternalID, c.Name, c.RespLogin, c.Seq, c.UpdatedAt, c.Phones = *id, *external, *name, *responsible, *seq, updated.Time, []string{*phone}
	if client != nil {
		if err := json.Unmarshal(client, &c.Client); err != nil {
			return fmt.Errorf("decode the client of contact %d: %w", c.ID, err)
		}
	}
	if err := json.Unmarshal(interests, &c.Interests); err != nil {
		return fmt.Errorf("decode the interests of contact %d: %w", c.ID, err)
	}
	if len(c.Interests) == 0 {
		c.Interests = nil
	}
	found[*phone] = append(found[*phone], c)
	return nil
}

// ContactsByPhone finds the contacts that have exactly this number, with all
// their numbers, the last stored first.
func (s *Store) ContactsByPhone(ctx context.Context, phone string) ([]models.Contact, error) {
	byPhone, _, err := contactsByPhones(ctx, s.dialect, s.read, []string{phone})
	if err != nil {
		return nil, reading(err, "find contacts")
	}
	found := byPhone[phone]
	for i := range found {
		c := &found[i]
		c.Phones = nil
		err := each(ctx, s.read, func(r scanner) error {
			var p string
			err := r.Scan(&p)
			c.Phones = append(c.Phones, p)
			return err
		}, "SELECT phone FROM contact_phones WHERE contact_id = ? ORDER BY phone", c.ID)
		if err != nil {
			return nil, reading(err, "read the numbers of contact %d", c.ID)
		}
	}
	return found, nil
}
