package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"zummer/models"
)

// contactColumns are read by scanFullContact.
const contactColumns = "c.id, c.external_id, c.name, c.responsible, COALESCE(a.id, b.id, 0), c.client, c.interests, c.seq, c.updated_at, COALESCE(c.name_folded, '')"

const contactOwners = " LEFT JOIN users a ON a.external_id = c.responsible AND a.active" +
	" LEFT JOIN users b ON b.login_folded = c.responsible_folded AND c.responsible_folded <> '' AND b.active"

// Contacts lists contacts with all their numbers: of a name by name, else the
// last that was made first. Every page is read by an index, however many
// contacts there are. Errors: Invalid for an unknown cursor.
func (s *Store) Contacts(ctx context.Context, q models.ContactQuery) ([]models.Contact, string, error) {
	var f filter
	order := "c.id DESC"
	name := models.FoldName(q.Name)
	switch {
	case q.ID != 0:
		f.and("c.id = ?", q.ID)
	case q.ExternalID != "":
		f.and("c.external_id = ?", q.ExternalID)
	case q.Name != "" && name == "":
		return nil, "", nil
	case name != "":
		order = "c.name_folded, c.id"
		after, id, err := readNameCursor(q.After)
		if err != nil {
			return nil, "", err
		}
		if q.After != "" { // alone, so that the index is entered there
			f.and("(c.name_folded, c.id) > (?, ?)", after, id)
		} else {
			f.and("c.name_folded >= ?", name)
		}
		f.and("c.name_folded < ?", name+"\U0010FFFF")
	default:
		at, err := readCursor("k", q.After, 1)
		if err != nil {
			return nil, "", err
		}
		if at[0] != 0 {
			f.and("c.id < ?", at[0])
		}
	}
	limit := pageSize(q.Limit)
	var out []models.Contact
	var folded []string
	err := each(ctx, s.read, func(r scanner) error {
		c, name, err := scanFullContact(r)
		out, folded = append(out, c), append(folded, name)
		return err
	}, "SELECT "+contactColumns+" FROM (SELECT * FROM contacts c"+f.where()+" ORDER BY "+order+" LIMIT ?) c"+contactOwners+" ORDER BY "+order, append(f.args, limit+1)...)
	if err != nil {
		return nil, "", reading(err, "list contacts")
	}
	out, more := cut(out, limit)
	if err := s.numbers(ctx, out); err != nil {
		return nil, "", reading(err, "read the numbers of contacts")
	}
	switch {
	case !more:
		return out, "", nil
	case name != "":
		return out, nameCursor(folded[limit-1], out[limit-1].ID), nil
	}
	return out, cursor("k", out[limit-1].ID), nil
}

// CountContacts counts them all.
func (s *Store) CountContacts(ctx context.Context) (n int, err error) {
	err = each(ctx, s.read, func(r scanner) error { return r.Scan(&n) }, "SELECT COUNT(*) FROM contacts")
	return n, reading(err, "count contacts")
}

// numbers fills in the numbers of contacts.
func (s *Store) numbers(ctx context.Context, all []models.Contact) error {
	at := make(map[int64]*models.Contact, len(all))
	ids := make([]int64, 0, len(all))
	for i := range all {
		at[all[i].ID] = &all[i]
		ids = append(ids, all[i].ID)
	}
	return chunks(ids, 1, func(part []int64) error {
		in, args := s.dialect.in("i", anys(part))
		return each(ctx, s.read, func(r scanner) error {
			var id int64
			var phone string
			err := r.Scan(&id, &phone)
			if c := at[id]; c != nil {
				c.Phones = append(c.Phones, phone)
			}
			return err
		}, "SELECT contact_id, phone FROM contact_phones WHERE contact_id"+in+" ORDER BY contact_id, phone", args...)
	})
}

func scanFullContact(r scanner) (c models.Contact, folded string, err error) {
	var client, interests text
	var updated dbTime
	if err := r.Scan(&c.ID, &c.ExternalID, &c.Name, &c.RespLogin, &c.Responsible, &client, &interests, &c.Seq, &updated, &folded); err != nil {
		return c, "", err
	}
	c.UpdatedAt = updated.Time
	if client != nil {
		if err := json.Unmarshal(client, &c.Client); err != nil {
			return c, "", fmt.Errorf("decode the client of contact %d: %w", c.ID, err)
		}
	}
	if err := json.Unmarshal(interests, &c.Interests); err != nil {
		return c, "", fmt.Errorf("decode the interests of contact %d: %w", c.ID, err)
	}
	return c, folded, nil
}

// nameCursor is a cursor of a list by name: names are no numbers.
func nameCursor(name string, id int64) string {
	return "m" + strconv.FormatInt(id, 36) + "." + base64.RawURLEncoding.EncodeToString([]byte(name))
}

func readNameCursor(s string) (name string, id int64, err error) {
	if s == "" {
		return "", 0, nil
	}
	rest, ok := strings.CutPrefix(s, "m")
	number, text, cut := strings.Cut(rest, ".")
	id, nerr := strconv.ParseInt(number, 36, 64)
	raw, terr := base64.RawURLEncoding.DecodeString(text)
	if !ok || !cut || nerr != nil || terr != nil || id < 0 || len(raw) > 4*models.MaxName {
		return "", 0, badCursor()
	}
	return models.CleanText(string(raw)), id, nil
}

// FoldContacts makes up to limit names ready to be looked for, of contacts that
// an older version stored, and counts them.
func (s *Store) FoldContacts(ctx context.Context, limit int) (n int, err error) {
	names := map[int64]string{}
	err = each(ctx, s.read, func(r scanner) error {
		var id int64
		var name string
		err := r.Scan(&id, &name)
		names[id] = name
		return err
	}, "SELECT id, name FROM contacts WHERE name_folded IS NULL ORDER BY name_folded, id LIMIT ?", limit)
	if err != nil || len(names) == 0 {
		return 0, reading(err, "look for names to be folded")
	}
	err = s.Write(ctx, func(tx *Tx) error {
		if !tx.d.sqlite {
			args := make([]any, 0, 2*len(names))
			for id, name := range names {
				args = append(args, id, models.FoldName(name))
			}
			from, args := tx.d.unnest("is", args)
			return tx.exec(ctx, "UPDATE contacts SET name_folded = v.c1 FROM "+from+" WHERE id = v.c0 AND name_folded IS NULL", args...)
		}
		for id, name := range names {
			if err := tx.exec(ctx, "UPDATE contacts SET name_folded = ? WHERE id = ? AND name_folded IS NULL", models.FoldName(name), id); err != nil {
				return err
			}
		}
		return nil
	})
	return len(names), err
}
