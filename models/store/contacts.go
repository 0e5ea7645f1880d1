package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
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
	known := map[int64]bool{}
	for part := range slices.Chunk(ordered, tx.d.rows(9)) {
		if err := tx.upsertContacts(ctx, now, part, ids, known); err != nil {
			return nil, err
		}
	}
	if err := tx.replacePhones(ctx, ordered, ids, known); err != nil {
		return nil, err
	}
	stored := make([]bool, len(all))
	for i, c := range all {
		c.ID, stored[i] = ids[c.ExternalID], ids[c.ExternalID] != 0
	}
	return stored, nil
}

// upsertContacts fills in the ids of what it stored, and which of them were
// there before.
func (tx *Tx) upsertContacts(ctx context.Context, now time.Time, part []*models.Contact, ids map[string]int64, known map[int64]bool) error {
	args := make([]any, 0, 9*len(part))
	for _, c := range part {
		var client any
		interests := "[]"
		if c.Client != nil {
			s, err := json.Marshal(c.Client)
			if err != nil {
				return fmt.Errorf("encode the client of a contact: %w", err)
			}
			client = string(s)
		}
		if len(c.Interests) > 0 {
			s, err := json.Marshal(c.Interests)
			if err != nil {
				return fmt.Errorf("encode the interests of a contact: %w", err)
			}
			interests = string(s)
		}
		args = append(args, c.ExternalID, c.Name, c.RespLogin, models.FoldLogin(c.RespLogin), client, interests, c.Seq, tx.d.ts(now), models.FoldName(c.Name))
	}
	values, args := tx.d.values("ssssjjits", args)
	isNew := "(xmax = 0)"
	if tx.d.sqlite { // it has no way to tell
		isNew = "0"
	}
	sql := "INSERT INTO contacts (external_id, name, responsible, responsible_folded, client, interests, seq, updated_at, name_folded) " + values + " ON CONFLICT (external_id) DO UPDATE SET name = excluded.name, responsible = excluded.responsible, responsible_folded = excluded.responsible_folded, " +
		"client = excluded.client, interests = excluded.interests, seq = excluded.seq, updated_at = excluded.updated_at, name_folded = excluded.name_folded " +
		"WHERE contacts.seq <= excluded.seq RETURNING external_id, id, " + isNew
	return tx.each(ctx, func(r scanner) error {
		var external string
		var id int64
		var fresh bool
		err := r.Scan(&external, &id, &fresh)
		ids[external] = id
		if !fresh {
			known[id] = true
		}
		return err
	}, sql, args...)
}

// phoneOf is one row of contact_phones.
type phoneOf struct {
	phone   string
	contact int64
}

// replacePhones makes the numbers of the contacts that were stored what they
// are now. Most stay as they were when a CRM sends all its contacts again, so
// only what differs is written.
func (tx *Tx) replacePhones(ctx context.Context, all []*models.Contact, ids map[string]int64, known map[int64]bool) error {
	var wanted []phoneOf
	for _, c := range all {
		for _, p := range c.Phones {
			if id := ids[c.ExternalID]; id != 0 {
				wanted = append(wanted, phoneOf{p, id})
			}
		}
	}
	stored, err := tx.phonesOf(ctx, slices.Sorted(maps.Keys(known)))
	if err != nil {
		return err
	}
	stays := map[phoneOf]bool{}
	wanted = slices.DeleteFunc(wanted, func(p phoneOf) bool {
		stays[p] = true
		return stored[p]
	})
	maps.DeleteFunc(stored, func(p phoneOf, _ bool) bool { return stays[p] })
	gone := slices.SortedFunc(maps.Keys(stored), func(a, b phoneOf) int {
		return cmp.Or(cmp.Compare(a.contact, b.contact), cmp.Compare(a.phone, b.phone))
	})
	for part := range slices.Chunk(gone, tx.d.rows(2)) {
		in, args := tx.d.in("si", phoneArgs(part))
		if err := tx.exec(ctx, "DELETE FROM contact_phones WHERE (phone, contact_id)"+in, args...); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(wanted, tx.d.rows(2)) {
		values, args := tx.d.values("si", phoneArgs(part))
		if err := tx.exec(ctx, "INSERT INTO contact_phones (phone, contact_id) "+values+" ON CONFLICT DO NOTHING", args...); err != nil {
			return err
		}
	}
	return nil
}

func phoneArgs(part []phoneOf) []any {
	args := make([]any, 0, 2*len(part))
	for _, p := range part {
		args = append(args, p.phone, p.contact)
	}
	return args
}

// phonesOf reads the numbers of contacts. On PostgreSQL each is looked up by
// the index: right after a first import the planner knows nothing of the table
// and would rather read all of it.
func (tx *Tx) phonesOf(ctx context.Context, contacts []int64) (map[phoneOf]bool, error) {
	out := map[phoneOf]bool{}
	for part := range slices.Chunk(contacts, tx.d.rows(1)) {
		sql, args := "SELECT phone, contact_id FROM contact_phones WHERE contact_id IN ("+marks(len(part))+")", anys(part)
		if !tx.d.sqlite {
			var from string
			from, args = tx.d.unnest("i", args)
			sql = "SELECT p.phone, p.contact_id FROM " + from + " CROSS JOIN LATERAL (SELECT phone, contact_id FROM contact_phones WHERE contact_id = v.c0 OFFSET 0) p"
		}
		err := tx.each(ctx, func(r scanner) error {
			var p phoneOf
			err := r.Scan(&p.phone, &p.contact)
			out[p] = true
			return err
		}, sql, args...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
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
