package setup_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"zummer/models"
	"zummer/models/store"
)

func (w *world) byPhone(phone string) []models.Contact {
	w.t.Helper()
	cs, err := w.ContactsByPhone(w.ctx, phone)
	w.must(err)
	return cs
}

func TestPutContact(t *testing.T) {
	onBoth(t, func(w *world) {
		put := func(in models.ContactInput) bool {
			t.Helper()
			ok, err := w.PutContact(w.ctx, by(), in)
			w.must(err)
			return ok
		}
		version := w.Directory().Version
		in := models.ContactInput{ExternalID: "c-1", Name: "ООО\nРомашка", Phones: []string{"8 (903) 123-45-67", "+7 903 1234567", "нет", "+7 495 123-45-67"}, Responsible: "u-9", Seq: 7,
			Client:    &models.Object{Type: "Справочник", Name: "Контрагенты", UID: "51012ccc-397d-11de-b595-00055d80a2b9"},
			Interests: []models.Object{{Type: "Документ", Name: "Интерес", Title: "17", URL: "https://crm.example/i/17"}, {Title: "16"}}}
		if !put(in) {
			t.Fatal("a new contact was not stored")
		}
		got := w.byPhone("89031234567")
		if len(got) != 1 {
			t.Fatalf("found %+v", got)
		}
		c := got[0]
		if !slices.Equal(c.Phones, []string{"+74951234567", "+79031234567"}) || c.Name != "ООО Ромашка" || c.Seq != 7 || c.UpdatedAt.IsZero() {
			t.Fatalf("stored %+v", c)
		}
		if c.Client == nil || c.Client.Link != "e1cib/data/Справочник.Контрагенты?ref=b59500055d80a2b911de397d51012ccc" {
			t.Fatalf("client %+v", c.Client)
		}
		if len(c.Interests) != 2 || c.Interests[0].Title != "17" || c.Interests[0].URL != "https://crm.example/i/17" || c.Interests[1].Title != "16" {
			t.Fatalf("interests %+v", c.Interests)
		}
		for _, s := range []struct {
			name   string
			seq    int64
			title  string
			stored bool
			want   string
		}{
			{"lower is ignored", 6, "older", false, "ООО Ромашка"},
			{"equal replaces", 7, "same number, other text", true, "same number, other text"},
			{"higher replaces", 9, "newer", true, "newer"},
			{"lower than the new one", 8, "late", false, "newer"},
		} {
			if got := put(models.ContactInput{ExternalID: "c-1", Phones: []string{"+79031234567"}, Name: s.title, Seq: s.seq}); got != s.stored {
				t.Fatalf("%s: stored %v", s.name, got)
			}
			if got := w.byPhone("+79031234567"); len(got) != 1 || got[0].Name != s.want {
				t.Fatalf("%s: %+v, want name %q", s.name, got, s.want)
			}
		}
		if got := w.byPhone("+74951234567"); len(got) != 0 {
			t.Fatalf("a number that the contact has no more finds %+v", got)
		}
		w.must(w.DeleteContact(w.ctx, by(), "c-1"))
		w.must(w.DeleteContact(w.ctx, by(), "c-1"))
		if got := w.byPhone("+79031234567"); len(got) != 0 {
			t.Fatalf("deleted, and found: %+v", got)
		}
		if got, want := w.audit(0), []string{"contact.put c-1", "contact.put c-1", "contact.put c-1", "contact.delete c-1"}; !slices.Equal(got, want) {
			t.Fatalf("audit %q, want %q", got, want)
		}
		if d, err := w.st.LoadDirectory(w.ctx); err != nil || d.Version != version {
			t.Fatalf("contacts moved config_version from %d to %d (%v)", version, d.Version, err)
		}
	})
}

func TestContactsRefused(t *testing.T) {
	onBoth(t, func(w *world) {
		for _, c := range []struct {
			name, field string
			in          models.ContactInput
		}{
			{"no external id", "external_id", models.ContactInput{}},
			{"script in the address", "client.url", models.ContactInput{ExternalID: "1", Client: &models.Object{URL: "javascript:alert(1)"}}},
			{"address without a scheme", "interests[1].url", models.ContactInput{ExternalID: "1", Interests: []models.Object{{}, {URL: "//crm.example"}}}},
			{"link too long", "client.link", models.ContactInput{ExternalID: "1", Client: &models.Object{Link: strings.Repeat("x", 1025)}}},
		} {
			t.Run(c.name, func(t *testing.T) {
				w := w.in(t)
				_, err := w.PutContact(w.ctx, by(), c.in)
				w.refused(err, models.Invalid, c.field)
			})
		}
		_, err := w.ContactsByPhone(w.ctx, "нет")
		w.refused(err, models.Invalid, "phone")
	})
}

// Who is responsible is asked when a contact is read, so he may come later.
func TestResponsibleAtReadTime(t *testing.T) {
	onBoth(t, func(w *world) {
		resp := func(phone string) int64 {
			t.Helper()
			got := w.byPhone(phone)
			if len(got) != 1 {
				t.Fatalf("found %+v", got)
			}
			return got[0].Responsible
		}
		for phone, r := range map[string]string{"+79030000001": "ИВАНОВ", "+79030000002": "u-1", "+79030000003": "", "+79030000004": "sidorov"} {
			_, err := w.PutContact(w.ctx, by(), models.ContactInput{ExternalID: phone, Phones: []string{phone}, Responsible: r})
			w.must(err)
		}
		if got := resp("+79030000001"); got != 0 {
			t.Fatalf("responsible %d before he exists", got)
		}
		u, err := w.PutUser(w.ctx, by(), "Иванов", models.UserInput{ExternalID: p("u-1")})
		w.must(err)
		other, err := w.PutUser(w.ctx, by(), "u-1", models.UserInput{}) // a login like somebody's external id
		w.must(err)
		for phone, want := range map[string]int64{"+79030000001": u.ID, "+79030000002": u.ID, "+79030000003": 0, "+79030000004": 0} {
			if got := resp(phone); got != want {
				t.Errorf("responsible of %s: %d, want %d (other %d)", phone, got, want, other.ID)
			}
		}
		w.must(w.DeleteUser(w.ctx, by(), "Иванов"))
		if got := resp("+79030000001"); got != 0 {
			t.Fatalf("responsible %d, who left", got)
		}
	})
}

func TestContactsByPhonesInABatch(t *testing.T) {
	onBoth(t, func(w *world) {
		find := func(phones ...string) (found map[string][]models.Contact, present bool) {
			t.Helper()
			w.must(w.st.Write(w.ctx, func(tx *store.Tx) (err error) {
				found, present, err = tx.ContactsByPhones(w.ctx, phones)
				return err
			}))
			return found, present
		}
		if found, present := find("+79030000001"); len(found) != 0 || present {
			t.Fatalf("empty table: %v %v", found, present)
		}
		for i := range 3 {
			_, err := w.PutContact(w.ctx, by(), models.ContactInput{ExternalID: fmt.Sprint(i), Phones: []string{"+79030000001", fmt.Sprintf("+7903000001%d", i)}})
			w.must(err)
		}
		if found, present := find(); len(found) != 0 || !present {
			t.Fatalf("no numbers asked: %v %v", found, present)
		}
		found, present := find("+79030000001", "+79030000012", "+79039999999")
		if !present || len(found) != 2 || len(found["+79030000001"]) != 3 || len(found["+79030000012"]) != 1 || found["+79030000012"][0].ExternalID != "2" {
			t.Fatalf("found %+v, %v", found, present)
		}
	})
}

func line(id int, seq int64) string {
	return fmt.Sprintf(`{"external_id":"c-%d","phones":["+7903%07d"],"name":"Name %d","seq":%d}`, id, id, id, seq) + "\n"
}

func TestImportContacts(t *testing.T) {
	onBoth(t, func(w *world) {
		imp := func(body string, full bool) models.ImportReport {
			t.Helper()
			r, err := w.ImportContacts(w.ctx, by(), iotest.OneByteReader(strings.NewReader(body)), full, nil)
			w.must(err)
			return r
		}
		count := func() int {
			t.Helper()
			ids, err := w.st.ContactIDs(w.ctx, "", 10_000)
			w.must(err)
			return len(ids)
		}
		var all strings.Builder
		all.WriteString("\xef\xbb\xbf")
		for i := range 1201 {
			all.WriteString(line(i, 5))
			if i == 600 {
				all.WriteString("\r\n  \n")
			}
		}
		if r := imp(strings.TrimSuffix(all.String(), "\n"), true); r.Lines != 1201 || r.Stored != 1201 || r.Ignored+r.Failed+r.Removed != 0 || count() != 1201 {
			t.Fatalf("first import %+v, %d stored", r, count())
		}
		if got := w.audit(0); !slices.Equal(got, []string{"contacts.import"}) {
			t.Fatalf("audit %q, want one row for the three transactions", got)
		}
		if r := imp(line(1, 4)+line(2, 5)+line(3, 6)+line(3, 7)+line(3, 6), false); r.Lines != 5 || r.Stored != 2 || r.Ignored != 3 || count() != 1201 {
			t.Fatalf("by seq %+v", r)
		}
		long := `{"external_id":"long","name":"` + strings.Repeat("x", 16<<10) + `"}`
		bad := line(1, 9) + "{oops\n" + `{"external_id":""}` + "\n" + `{"external_id":"x","seq":"nine"}` + "\n" + long + "\n" + line(2000, 1)
		r := imp(bad, true)
		if r.Lines != 6 || r.Stored != 2 || r.Failed != 4 || r.Removed != 0 || count() != 1202 {
			t.Fatalf("with bad lines %+v, %d stored: nothing may be removed", r, count())
		}
		var lines []int
		for _, e := range r.Errors {
			lines = append(lines, e.Line)
			if e.Message == "" {
				t.Errorf("line %d has no message", e.Line)
			}
		}
		if !slices.Equal(lines, []int{2, 3, 4, 5}) {
			t.Fatalf("errors at %v: %+v", lines, r.Errors)
		}
		if r := imp("", true); r.Removed != 0 || count() != 1202 {
			t.Fatalf("an empty list removed %d", r.Removed)
		}
		if r := imp(line(1, 9)+line(2, 1)+line(3000, 1), true); r.Stored != 2 || r.Ignored != 1 || r.Removed != 1200 || count() != 3 {
			t.Fatalf("full %+v, %d left", r, count())
		}
		if got := w.byPhone("+79030000002"); len(got) != 1 {
			t.Fatalf("a contact that was named with a lower seq must stay: %+v", got)
		}
		if got := w.byPhone("+79030000007"); len(got) != 0 {
			t.Fatalf("the numbers of what was removed still find %+v", got)
		}
	})
}

// What 1C and others write differently is read as in a PUT.
func TestImportIsAsLenientAsPut(t *testing.T) {
	onBoth(t, func(w *world) {
		r, err := w.ImportContacts(w.ctx, by(), strings.NewReader(`{"external_id":17,"phones":[79030000001.0,"8 (903) 000-00-02"],"seq":"1 234"}
{"external_id":"b","phones":null,"seq":7.0,"name":null,"client":null}
{"external_id":"c","phones":["+79030000003"],"seq":null,"unknown":[1]}
{"external_id":"d","phones":[true]}
{"external_id":"e","seq":"1.5"}
{"external_id":"f","phones":"+79030000003"}
{"external_id":{},"seq":1}
`), false, nil)
		w.must(err)
		if r.Stored != 3 || r.Failed != 4 {
			t.Fatalf("report %+v", r)
		}
		if got := w.byPhone("+79030000001"); len(got) != 1 || got[0].ExternalID != "17" || got[0].Seq != 1234 || len(got[0].Phones) != 2 {
			t.Fatalf("stored %+v", got)
		}
		for i, want := range []string{"phones", "seq: must be a whole number", "phones", "external_id"} {
			if !strings.HasPrefix(r.Errors[i].Message, want) {
				t.Errorf("line %d: %q, want it to begin with %q", r.Errors[i].Line, r.Errors[i].Message, want)
			}
		}
	})
}

// TestImportTellsItsProgress: after every transaction, and never more than is
// committed.
func TestImportTellsItsProgress(t *testing.T) {
	onBoth(t, func(w *world) {
		var all strings.Builder
		for i := range 1201 {
			all.WriteString(line(i, 5))
		}
		var told []string
		progress := func(r models.ImportReport) {
			ids, err := w.st.ContactIDs(w.ctx, "", 10_000)
			w.must(err)
			told = append(told, fmt.Sprintf("%d lines, %d stored, %d ignored, %d removed, %d there", r.Lines, r.Stored, r.Ignored, r.Removed, len(ids)))
		}
		_, err := w.ImportContacts(w.ctx, by(), strings.NewReader(all.String()), true, progress)
		w.must(err)
		_, err = w.ImportContacts(w.ctx, by(), strings.NewReader(line(1, 4)+line(2, 5)), true, progress)
		w.must(err)
		if want := []string{
			"500 lines, 500 stored, 0 ignored, 0 removed, 500 there", "1000 lines, 1000 stored, 0 ignored, 0 removed, 1000 there", "1201 lines, 1201 stored, 0 ignored, 0 removed, 1201 there",
			"2 lines, 1 stored, 1 ignored, 0 removed, 1201 there", "2 lines, 1 stored, 1 ignored, 500 removed, 701 there",
			"2 lines, 1 stored, 1 ignored, 1000 removed, 201 there", "2 lines, 1 stored, 1 ignored, 1199 removed, 2 there",
		}; !slices.Equal(told, want) {
			t.Errorf("told\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
		}
	})
}

// TestPhonesFollowTheContact: only what differs is written, and what differs is.
func TestPhonesFollowTheContact(t *testing.T) {
	onBoth(t, func(w *world) {
		for _, step := range []struct {
			name   string
			phones []string
		}{
			{"new", []string{"+79030000001", "+79030000002"}},
			{"the same again", []string{"+79030000001", "+79030000002"}},
			{"in another order", []string{"+79030000002", "+79030000001"}},
			{"one goes, one comes", []string{"+79030000002", "+79030000003"}},
			{"all go", nil},
			{"one comes back", []string{"+79030000001"}},
		} {
			_, err := w.ImportContacts(w.ctx, by(), strings.NewReader(fmt.Sprintf(`{"external_id":"a","phones":["%s"]}`, strings.Join(step.phones, `","`))), false, nil)
			w.must(err)
			_, err = w.PutContact(w.ctx, by(), models.ContactInput{ExternalID: "b", Phones: []string{"+79030000001", "+79030000004"}})
			w.must(err)
			for _, phone := range []string{"+79030000001", "+79030000002", "+79030000003", "+79030000004"} {
				var got, want []string
				for _, c := range w.byPhone(phone) {
					got = append(got, c.ExternalID)
				}
				slices.Sort(got)
				if slices.Contains(step.phones, phone) {
					want = append(want, "a")
				}
				if phone == "+79030000001" || phone == "+79030000004" {
					want = append(want, "b")
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: %s is of %q, want %q", step.name, phone, got, want)
				}
			}
		}
	})
}

func TestImportReportsManyErrors(t *testing.T) {
	onBoth(t, func(w *world) {
		r, err := w.ImportContacts(w.ctx, by(), strings.NewReader(strings.Repeat("[]\n", 250)), false, nil)
		w.must(err)
		if r.Failed != 250 || len(r.Errors) != 100 || r.Errors[99].Line != 100 {
			t.Fatalf("%d failed, %d told, the last at %d", r.Failed, len(r.Errors), r.Errors[len(r.Errors)-1].Line)
		}
	})
}

// What is stored without a number that was not understood, or with an interest
// that nothing can open, is told by line; nothing of it counts as refused.
func TestImportLinesTellsWhatWasLeftOut(t *testing.T) {
	onBoth(t, func(w *world) {
		var told []string
		r, err := w.ImportLines(w.ctx, by(), strings.NewReader(`{"external_id":"a","phones":["нет телефона","8 (903) 000-00-02"," "]}
{"external_id":"b","phones":["8 (903) 000-00-03"],"interests":[{"title":"Двери"}]}
{"external_id":"c","interests":[{"title":"Двери","type":"Документ","name":"Интерес","uid":"8c1f3a52-64ab-11ee-a2b1-00155d0a0b0c"},{"title":"Окна","url":"https://crm.example/1"}]}
`), false, nil, func(e models.ImportError) { told = append(told, fmt.Sprint(e.Line, e.Stored, " ", e.Message[:28])) })
		w.must(err)
		if want := []string{"1 true stored, but numbers were not", "2 true stored, but an interest of i"}; !slices.Equal(told, want) || r.Unread != 1 || r.Failed != 0 || r.Stored != 3 {
			t.Errorf("told %q, want %q; %+v", told, want, r)
		}
	})
}

// ImportLines tells of every refused line, not only of those in the report.
func TestImportLinesTellsAllRefused(t *testing.T) {
	onBoth(t, func(w *world) {
		var told []models.ImportError
		r, err := w.ImportLines(w.ctx, by(), strings.NewReader(strings.Repeat("[]\n", 250)+"{}\n"), false, nil, func(e models.ImportError) { told = append(told, e) })
		w.must(err)
		if len(told) != 251 || told[249] != (models.ImportError{Line: 250, Message: "is no JSON object"}) || told[250].Message != "external_id: must not be empty" || len(r.Errors) != 100 || r.Failed != 251 {
			t.Errorf("told %d, the last %+v; report %d of %d", len(told), told[len(told)-2:], len(r.Errors), r.Failed)
		}
	})
}

func TestImportBreaksOff(t *testing.T) {
	onBoth(t, func(w *world) {
		_, err := w.PutContact(w.ctx, by(), models.ContactInput{ExternalID: "old"})
		w.must(err)
		broken := errors.New("connection reset")
		r, err := w.ImportContacts(w.ctx, by(), io.MultiReader(strings.NewReader(line(1, 1)+line(2, 1)+`{"external_id":"c-3","na`), iotest.ErrReader(broken)), true, nil)
		w.refused(err, models.Malformed, "")
		if !errors.Is(err, broken) || r.Stored != 2 || r.Removed != 0 || r.Failed != 0 {
			t.Fatalf("report %+v, error %v", r, err)
		}
		ids, err := w.st.ContactIDs(w.ctx, "", 10)
		w.must(err)
		if !slices.Equal(ids, []string{"c-1", "c-2", "old"}) {
			t.Fatalf("stored %q: the whole lines, and nothing removed", ids)
		}
	})
}
