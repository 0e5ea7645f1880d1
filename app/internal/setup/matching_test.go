package setup_test

import (
	"slices"
	"strings"
	"testing"

	"zummer/app/internal/auth"
	"zummer/app/internal/setup"
	"zummer/models"
	"zummer/models/store"
)

// TestWhoHasThisNumber is how contacts are matched: by the number alone, in
// whatever form either side writes it. The service is one of Moscow (495).
func TestWhoHasThisNumber(t *testing.T) {
	onBoth(t, func(w *world) {
		w.Setup = setup.New(setup.Options{Store: adapter{w.st}, Snapshot: w.snap, NewToken: auth.NewToken, NewURLToken: auth.NewURLToken, Region: "RU", AreaCode: "495"})
		for _, in := range []models.ContactInput{
			{ExternalID: "without phones", Name: "Без телефона", Interests: []models.Object{{Type: "Документ", Name: "Интерес", Title: "1"}}},
			{ExternalID: "empty phones", Phones: []string{"", " ", "-", "нет", "anonymous", "Скрытый номер"}},
			{ExternalID: "only a phone", Phones: []string{"+7 903 000-00-01"}},
			{ExternalID: "two phones", Name: "Ромашка", Phones: []string{"8 (903) 000-00-02", "+7 (495) 000-00-02 доб. 12"}},
			{ExternalID: "shares a phone", Name: "Лютик", Phones: []string{"89030000002"}},
			{ExternalID: "local", Name: "Местный", Phones: []string{"222-33-44"}},
			{ExternalID: "abroad", Name: "London", Phones: []string{"810 44 20 7946 0101"}},
			{ExternalID: "extension", Name: "Внутренний", Phones: []string{"101"}},
		} {
			if ok, err := w.PutContact(w.ctx, by(), in); err != nil || !ok {
				t.Fatalf("%s: %v, %v", in.ExternalID, ok, err)
			}
		}
		for _, tc := range []struct {
			name, raw string
			want      string
		}{
			{"international", "+79030000001", "only a phone"},
			{"international without the plus", "79030000001", "only a phone"},
			{"national", "8 (903) 000-00-01", "only a phone"},
			{"national without the 8", "903 000 00 01", "only a phone"},
			{"as a SIP address", "sip:+79030000001@pbx.example;user=phone", "only a phone"},
			{"with 00", "0079030000001", "only a phone"},
			{"second phone of a contact", "+7 495 000-00-02", "two phones"},
			{"no number of a town begins with 0", "0000002", ""},
			{"one phone, two clients", "+79030000002", "shares a phone, two phones"},
			{"contact stored with a local number, called from anywhere", "+7 495 222-33-44", "local"},
			{"local number as the town writes it", "222-33-44", "local"},
			{"local number without separators", "2223344", "local"},
			{"the same number in another town", "8 (812) 222-33-44", ""},
			{"abroad", "+442079460101", "abroad"},
			{"abroad with 00", "00442079460101", "abroad"},
			{"the end of a number is not the number", "9030000001 1", ""},
			{"an extension does not become a number of the town", "101", "extension"},
			{"unknown", "+79039999999", ""},
		} {
			t.Run(tc.name, func(t *testing.T) {
				w := w.in(t)
				var got []string
				for _, c := range w.byPhone(tc.raw) {
					got = append(got, c.ExternalID)
				}
				slices.Sort(got)
				if s := strings.Join(got, ", "); s != tc.want {
					t.Errorf("%q is %q, want %q", tc.raw, s, tc.want)
				}
			})
		}
		for _, raw := range []string{"", " ", "-", "anonymous", "Скрытый номер", "unknown", "sip:anonymous@anonymous.invalid"} {
			t.Run("hidden or empty matches nobody: "+raw, func(t *testing.T) {
				_, err := w.ContactsByPhone(w.ctx, raw)
				w.in(t).refused(err, models.Invalid, "phone")
			})
		}
		t.Run("an empty number in the database matches nobody", func(t *testing.T) {
			w := w.in(t)
			w.must(w.st.Write(w.ctx, func(tx *store.Tx) error {
				found, present, err := tx.ContactsByPhones(w.ctx, []string{"", "+79039999999"})
				if len(found) != 0 || !present {
					t.Errorf("found %+v, contacts at all: %v", found, present)
				}
				return err
			}))
		})
	})
}
