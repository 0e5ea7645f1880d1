package handlers

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"zummer/models"
)

func utf16Of(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func cp1251(t *testing.T, s string) string {
	t.Helper()
	out, err := charmap.Windows1251.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Files as people have them become lines of an import; what is refused keeps
// its line of the file.
func TestContactsFile(t *testing.T) {
	const ivanov = "c-1|Иванов|+7 903 1,+7 495 2|petrov||"
	for _, tt := range []struct {
		name, file string
		want       []string // id|name|numbers|responsible|seq|interest
		refused    string
		err        string
	}{
		{name: "Russian names, semicolons", file: "код;имя;телефоны;ответственный\r\nc-1;Иванов;+7 903 1, +7 495 2;petrov\r\n", want: []string{ivanov}},
		{name: "English names, commas", file: "external_id,name,phones,responsible\nc-1,Иванов,\"+7 903 1, +7 495 2\",petrov\n", want: []string{ivanov}},
		{name: "tabs, numbers in two columns, other order", file: "Телефон 1\tФИО\tМенеджер\tID\tТелефон 2\n+7 903 1\tИванов\tpetrov\tc-1\t+7 495 2\n", want: []string{ivanov}},
		{name: "windows-1251", file: cp1251(t, "Код;Наименование;Телефоны;Ответственный\nc-1;Иванов;+7 903 1,+7 495 2;petrov\n"), want: []string{ivanov}},
		{name: "names in ASCII, text in windows-1251", file: "id;name;phone;manager\n" + cp1251(t, "c-1;Иванов;+7 903 1|+7 495 2;petrov\n"), want: []string{ivanov}},
		{name: "UTF-8 with a mark", file: "\xef\xbb\xbfкод;имя;телефоны;ответственный\nc-1;Иванов;+7 903 1/+7 495 2;petrov", want: []string{ivanov}},
		{name: "UTF-16 of a spreadsheet", file: utf16Of("код\tимя\tтелефоны\tответственный\r\nc-1\tИванов\t+7 903 1,+7 495 2\tpetrov\r\n"), want: []string{ivanov}},
		{name: "quotes as 1C writes them", file: "код;имя;телефоны\nc-1;ООО \"Ромашка\";1\n", want: []string{`c-1|ООО "Ромашка"|1|||`}},
		{name: "a cell of two lines", file: "код;имя\nc-1;\"a\nb\"\nc-2;x\n", want: []string{"c-1|a\nb||||", "c-2|x||||"}},
		{name: "unknown columns, short and empty lines", file: "код;город;имя\nc-1;Омск;a\n;;\n\nc-2\n", want: []string{"c-1|a||||", "c-2|||||"}},
		{name: "without ids the first number is the id", file: "имя;телефон\nИванов;8 (903) 123-45-67\nПетров;\n", want: []string{"phone:79031234567|Иванов|8 (903) 123-45-67|||"}, refused: "3: there is no number in it, and no id"},
		{name: "quotes before formulas are taken off", file: "код;имя;телефоны\n'=1+1;''x;'+7 903 1, '+7 495 2\n", want: []string{"=1+1|'x|+7 903 1,+7 495 2|||"}},
		{name: "an interest in columns", file: "код;имя;версия;интерес;uid интереса\nc-1;a;1 042;Двери;u-1\n", want: []string{"c-1|a|||1 042|Двери"}},
		{name: "interests as JSON", file: `код;имя;интересы` + "\n" + `c-1;a;"[{""title"":""Двери""}]"` + "\nc-2;b;двери\n", want: []string{"c-1|a||||Двери"}, refused: "3: «интересы»: are no JSON list"},
		{name: "the line of the file is told, not of the record", file: "код;имя\n\n\"c-1\";\"a\nb\"\n;нет кода\n", want: []string{"c-1|a\nb||||"}, refused: "5: «код»: must not be empty"},
		{name: "NDJSON", file: "\n{\"external_id\":\"c-1\",\"name\":\"a\"}\n[]\n", want: []string{"c-1|a||||"}, refused: "3: is no JSON object"},
		{name: "NDJSON in windows-1251", file: cp1251(t, "{\"external_id\":\"c-1\",\"name\":\"Иванов\"}\n"), want: []string{"c-1|Иванов||||"}},
		{name: "a quote that is not closed", file: "код;имя\nc-1;a\nc-2;\"b\n" + strings.Repeat("x;y\n", 30), want: []string{"c-1|a||||"}, refused: "3: a quote is opened here and not closed"},
		{name: "a quote that is not closed in a long file", file: "код;имя\nc-1;a\nc-2;\"b\n" + strings.Repeat("c-3;y\n", 100_000), want: []string{"c-1|a||||"}, err: "line 3: a quote is opened here and not closed"},
		{name: "a quote that is open at the end", file: "код;имя\nc-1;a\nc-2;\"b\nc-3;x\nc-4;y\n", want: []string{"c-1|a||||"}, refused: "3: a quote is opened here and not closed"},
		{name: "a quote that is open in the last line", file: "код;имя\nc-1;a\nc-2;\"b", want: []string{"c-1|a||||"}, refused: "3: a quote is opened here and not closed"},
		{name: "a quote that another line's closes", file: "код;имя\nc-1;\"a\nc-2;\"b\"\nc-3;c\n", want: []string{"c-3|c||||"}, refused: "2: a quote is opened here and not closed"},
		{name: "the quote was opened in a line of its own", file: "код;имя;город\nc-1;\"a\nb\";\"Омск\nc-2;b;c\n", refused: "3: a quote is opened here and not closed"},
		{name: "quotes in quotes", file: "код;имя\nc-1;\"ООО \"\"Ромашка\"\"\nОмск\"\nc-2;\"ООО \"Ромашка\" Омск\"", want: []string{"c-1|ООО \"Ромашка\"\nОмск||||", "c-2|ООО \"Ромашка\" Омск||||"}},
		{name: "quotes in quotes that are not closed so", file: "код;имя\nc-1;\"ООО \"Ромашка\"\"\nc-2;b\n", refused: "2: a quote is opened here and not closed"},
		{name: "a long cell of lines", file: "код;имя\nc-1;\"a\n" + strings.Repeat("y", 17<<10) + "\"\nc-2;b\n", want: []string{"c-2|b||||"}, refused: "2: a quote is opened here and not closed"},
		{name: "a quote open in the line of names", file: "код;имя;\"город\nc-1;a;b\nc-2;a;b\n", err: "line 1: a quote is opened here and not closed"},
		{name: "the column as the file calls it", file: "Код контакта;Имя\n;x\n", refused: "2: «Код контакта»: must not be empty"},
		{name: "empty", file: " \n", err: "the file is empty"},
		{name: "no names of columns", file: "Иванов;+79031234567\n", err: "the first line names no column of ids or numbers: write external_id;name;phones there"},
		{name: "ids alone", file: "код;город\n1;Омск\n", err: "the first line names neither names nor numbers: write external_id;name;phones there"},
		{name: "a picture", file: "\x89PNG\r\n\x1a\n\x00\x00", err: "the first line names no column of ids or numbers: write external_id;name;phones there"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			refused := ""
			f := newSetupFakes()
			file, err := openContacts(strings.NewReader(tt.file))
			if err == nil {
				_, err = f.ImportLines(t.Context(), Actor{}, file, false, func(models.ImportReport) {}, func(e models.ImportError) {
					e = file.refused(e)
					refused = fmt.Sprintf("%d: %s", e.Line, file.inColumns(e.Message, func(s string) string { return s }))
				})
			}
			own := (*models.Error)(nil)
			if errors.As(err, &own); (err != nil) != (tt.err != "") || own != nil && own.Message != tt.err {
				t.Fatalf("error %v, want %q", err, tt.err)
			}
			for _, k := range f.contacts {
				line := k.ExternalID + "|" + k.Name + "|" + strings.Join(k.Phones, ",") + "|" + k.Responsible + "|"
				if k.Seq != 0 {
					line += strings.Replace(fmt.Sprint(k.Seq), "1", "1 042", 1)
				}
				line += "|"
				for _, o := range k.Interests {
					line += o.Title
				}
				got = append(got, line)
			}
			if !reflect.DeepEqual(got, tt.want) || refused != tt.refused {
				t.Errorf("contacts %q, want %q; refused %q, want %q", got, tt.want, refused, tt.refused)
			}
		})
	}
}

// What is exported is imported back unchanged, in both formats, and no cell is
// a formula to a spreadsheet.
func TestContactsThereAndBack(t *testing.T) {
	for _, format := range []string{"csv", "ndjson"} {
		for _, lang := range []string{"ru", "en"} {
			e, _ := setupSurface(t, newSetupFakes())
			rec := call(t, e, "GET", "/admin/contacts/contacts."+format+"?lang="+lang, "", asBrowser)
			if rec.Code != 200 || !strings.Contains(rec.Header().Get("Content-Disposition"), "contacts."+format) {
				t.Fatalf("%s: status %d, %v", format, rec.Code, rec.Header())
			}
			if format == "csv" {
				r := csv.NewReader(strings.NewReader(strings.TrimPrefix(rec.Body.String(), "\ufeff")))
				r.Comma = ';'
				all, err := r.ReadAll()
				if err != nil || len(all) != 4 || len(all[0]) != exportedColumns {
					t.Fatalf("export: %v, %q", err, all)
				}
				for _, record := range all {
					for _, cell := range record {
						if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
							t.Errorf("a formula: %q", cell)
						}
					}
				}
			}
			f := newSetupFakes()
			file, err := openContacts(bytes.NewReader(rec.Body.Bytes()))
			if err == nil {
				_, err = f.ImportLines(t.Context(), Actor{}, file, false, func(models.ImportReport) {}, func(e models.ImportError) { t.Errorf("refused: %+v", e) })
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, k := range exampleContacts() {
				want, _ := json.Marshal(contactLine(&k))
				got, _ := json.Marshal(f.contacts[i])
				if plain := strings.NewReplacer(`"phones":null`, `"phones":[]`); plain.Replace(string(got)) != plain.Replace(string(want)) {
					t.Errorf("%s %s: %s came back as %s", format, lang, want, got)
				}
			}
		}
	}
}

func FuzzContactsFile(f *testing.F) {
	f.Add([]byte("код;имя;телефоны\nc-1;\"a\";1\n"))
	f.Add([]byte("{\"external_id\":\"1\"}\n"))
	f.Add([]byte("\xff\xfea\x00;\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		file, err := openContacts(bytes.NewReader(raw))
		if err != nil {
			return
		}
		out, err := io.ReadAll(file)
		if err == nil && file.csv != nil && bytes.Count(out, []byte("\n")) != len(file.at) {
			t.Errorf("%d lines were given, %d are known", bytes.Count(out, []byte("\n")), len(file.at))
		}
	})
}
