package store_test

import (
	"database/sql"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store"
	"zummer/models/store/storetest"
)

// Contacts are listed page by page: all of them the last one first, those of a
// name by name, and one by either of its ids.
func TestContactsList(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		ctx := t.Context()
		s := storetest.Open(t, dsn)
		names := []string{"ООО «Ромашка»", "Ромашка-Юг, АО", "ромашкин Пётр", "Иванов", "Ёлкин", "ООО", "100% Чистота", ""}
		all := make([]*models.Contact, 0, len(names))
		for i, n := range names {
			all = append(all, &models.Contact{ExternalID: fmt.Sprintf("k/%d", i), Name: n, Phones: []string{fmt.Sprintf("+7903123450%d", i), fmt.Sprintf("+7495123450%d", i)}, Seq: int64(i)})
		}
		all[0].Client, all[0].Interests, all[0].RespLogin = &models.Object{Title: "Р"}, []models.Object{{UID: "u"}}, "Ivanov"
		err := s.Write(ctx, func(tx *store.Tx) error {
			if err := tx.SaveUser(ctx, time.Now(), &models.User{Login: "ivanov", Active: true}); err != nil {
				return err
			}
			_, err := tx.SaveContacts(ctx, time.Now(), all)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			name  string
			q     models.ContactQuery
			limit int
			want  string
		}{
			{"all, in pages of three", models.ContactQuery{}, 3, "7 6 5|4 3 2|1 0"},
			{"a name, without its legal form and in any case", models.ContactQuery{Name: "рОмаш"}, 2, "0 1|2"},
			{"a name with its legal form", models.ContactQuery{Name: `ООО "Ромашка`}, 9, "0 1"},
			{"ё is е", models.ContactQuery{Name: "елк"}, 9, "4"},
			{"signs of a pattern are text", models.ContactQuery{Name: "100%"}, 9, "6"},
			{"no letters at all", models.ContactQuery{Name: "%"}, 9, ""},
			{"a name of a legal form only", models.ContactQuery{Name: "ооо"}, 9, "5"},
			{"by external id", models.ContactQuery{ExternalID: "k/3"}, 9, "3"},
			{"by an unknown external id", models.ContactQuery{ExternalID: "3"}, 9, ""},
			{"by id", models.ContactQuery{ID: all[1].ID}, 9, "1"},
		} {
			var pages []string
			for q := tt.q; ; {
				q.Limit = tt.limit
				found, next, err := s.Contacts(ctx, q)
				if err != nil {
					t.Fatalf("%s: %v", tt.name, err)
				}
				var page []string
				for _, c := range found {
					page = append(page, strings.TrimPrefix(c.ExternalID, "k/"))
					if len(c.Phones) != 2 {
						t.Errorf("%s: %s has the numbers %v", tt.name, c.ExternalID, c.Phones)
					}
				}
				pages = append(pages, strings.Join(page, " "))
				if q.After = next; next == "" {
					break
				}
			}
			if got := strings.Join(pages, "|"); got != tt.want {
				t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
			}
		}
		one, _, err := s.Contacts(ctx, models.ContactQuery{ExternalID: "k/0"})
		if err != nil || len(one) != 1 || one[0].Responsible == 0 || one[0].RespLogin != "Ivanov" || one[0].Client.Title != "Р" || len(one[0].Interests) != 1 || !reflect.DeepEqual(one[0].Phones, []string{"+74951234500", "+79031234500"}) {
			t.Errorf("one contact: %+v, %v", one, err)
		}
		for _, after := range []string{"x", "m", "m1.%", "k-1"} {
			if _, _, err := s.Contacts(ctx, models.ContactQuery{Name: "р", After: after}); models.KindOf(err) != models.Invalid {
				t.Errorf("cursor %q: %v", after, err)
			}
		}
		if n, err := s.CountContacts(ctx); err != nil || n != len(names) {
			t.Errorf("count %d, %v", n, err)
		}
	})
}

// Contacts that an older version stored are made ready to be found by name.
func TestFoldContacts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		ctx := t.Context()
		s := storetest.Open(t, dsn)
		driver, address := "pgx", dsn
		now := "now()"
		if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
			driver, address, now = "sqlite", path, "1"
		}
		db, err := sql.Open(driver, address)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for i := range 5 {
			if _, err := db.ExecContext(ctx, fmt.Sprintf("INSERT INTO contacts (external_id, name, updated_at) VALUES ('k%d', 'ООО Ромашка %d', %s)", i, i, now)); err != nil {
				t.Fatal(err)
			}
		}
		var did []int
		for {
			n, err := s.FoldContacts(ctx, 3)
			if err != nil {
				t.Fatal(err)
			}
			if did = append(did, n); n == 0 {
				break
			}
		}
		found, _, err := s.Contacts(ctx, models.ContactQuery{Name: "ромашка"})
		if err != nil || len(found) != 5 || !reflect.DeepEqual(did, []int{3, 2, 0}) {
			t.Errorf("folded %v, found %d, %v", did, len(found), err)
		}
	})
}
