package onectest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"zummer/clients/onec/bsltest"
)

func golden(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(folder, "testdata", "formats", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// parsed is an answer as a module reads it.
func parsed(t *testing.T, b *base, procedure, name string) map[string]any {
	t.Helper()
	v, err := b.Call(procedure, golden(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return bsltest.Go(v).(map[string]any)
}

// TestFormats: the files that the service's own tests compare with (see
// handlers/format_golden_test.go) give the same notifications in text, json
// and xml.
func TestFormats(t *testing.T) {
	b := newBase(t, managedKinds[0], true)
	s := newService(t)
	o := newOrdinary(t, s, ordinaryKinds[0], s.URL)
	for _, name := range []string{"set", "page", "unchanged", "superseded"} {
		text := parsed(t, b, "ЗмрФорматКлиент.РазобратьТекст", name+".text")
		other := parsed(t, b, "ЗмрФорматJSONКлиент.Разобрать", name+".json")
		xml := parsed(t, o, "змрРазобрать", name+".xml")
		for _, field := range []string{"Состояние", "Версия", "Страница"} {
			if text[field] != other[field] || text[field] != xml[field] {
				t.Errorf("%s: %s is %v in text, %v in json, %v in xml", name, field, text[field], other[field], xml[field])
			}
		}
		if text["Состояние"] != name && name != "page" || name == "page" && (text["Страница"] != "NEXT-1" || text["Версия"] != "") {
			t.Errorf("%s: %v", name, text)
		}
		rows := text["Уведомления"].([]any)
		if want := map[string]int{"set": 2, "page": 1}[name]; len(rows) != want {
			t.Fatalf("%s holds %d notifications, want %d", name, len(rows), want)
		}
		for i := range rows {
			inText, inJSON, inXML := rows[i].(map[string]any), other["Уведомления"].([]any)[i].(map[string]any), xml["Уведомления"].([]any)[i].(map[string]any)
			for field, want := range inText {
				if got := inJSON[field]; field != "Данные" && !reflect.DeepEqual(got, want) {
					t.Errorf("%s, row %d: %s is %v in text, %v in json", name, i, field, want, got)
				}
			}
			for field, got := range inXML {
				if want := inText[field]; !reflect.DeepEqual(got, want) {
					t.Errorf("%s, row %d: %s is %v in text, %v in xml", name, i, field, want, got)
				}
			}
		}
	}
	set := parsed(t, b, "ЗмрФорматКлиент.РазобратьТекст", "set.text")
	if acks := set["Подтверждения"].(map[string]any); acks["1041.1"] != "processed" {
		t.Errorf("acks %v", acks)
	}
	first := set["Уведомления"].([]any)[0].(map[string]any)
	if first["Ключ"] != "1042.2" || first["Ссылка"] != interestLink || first["Сеанс"] != "desk" || first["Ответил"] != "Иванов И." || first["Возраст"] != 1 {
		t.Errorf("the first notification: %v", first)
	}
	if c := set["Уведомления"].([]any)[1].(map[string]any)["Кандидаты"].([]any); len(c) != 1 || c[0].(map[string]any)["Заголовок"] != "Заказ & Co" {
		t.Errorf("candidates %v", c)
	}
}

// TestText: the text format line by line: what is new at the end is ignored,
// what is broken is skipped, what is no Z1 is refused.
func TestText(t *testing.T) {
	b := newBase(t, managedKinds[4], true) // a web client
	row := strings.Join(slices.Concat([]string{"7.1", "k", "show"}, make([]string, 21)), "\t")
	for _, c := range []struct {
		name, text string
		rows       int
		refused    bool
	}{
		{"empty set", "Z1\tv\t5\t\tset\n", 0, false},
		{"a row", "Z1\tv\t5\t\tset\n" + row + "\n", 1, false},
		{"more columns of a newer service", "Z1\tv\t5\t\tset\tnew\n" + row + "\tnew\tnewer\n", 1, false},
		{"too few columns", "Z1\tv\t5\t\tset\n7.1\tk\n" + row + "\n", 1, false},
		{"unknown line", "Z1\tv\t5\t\tset\n?\tx\n" + row + "\n", 1, false},
		{"a candidate of no row", "Z1\tv\t5\t\tset\n+\t7.1\tДокумент\tЗаказ\tu\tt\n" + row + "\n", 1, false},
		{"CRLF of a proxy", strings.ReplaceAll("Z1\tv\t5\t\tset\n"+row+"\n", "\n", "\r\n"), 1, false},
		{"a page of a proxy", "<html>\n", 0, true},
		{"nothing", "", 0, true},
		{"an error", "E1\tunauthorized\t0\n", 0, true},
		{"another version", "Z2\tv\t5\t\tset\n", 0, true},
	} {
		v, err := b.Call("ЗмрФорматКлиент.РазобратьТекст", c.text)
		if (err != nil) != c.refused {
			t.Errorf("%s: error %v", c.name, err)
			continue
		}
		if err == nil && len(bsltest.Go(v).(map[string]any)["Уведомления"].([]any)) != c.rows {
			t.Errorf("%s: %v", c.name, bsltest.Go(v))
		}
	}
}

// TestLinks: only data of the infobase may be followed.
func TestLinks(t *testing.T) {
	b := newBase(t, managedKinds[0], true)
	for link, want := range map[string]string{
		interestLink: interestLink, "": "", "calc.exe": "", "http://evil.example": "", "e1cib/app/Обработка.X": "", "e1cib/command/X": "", " e1cib/data/X": "", "E1CIB/data/X": "",
		"e1c://server/other/base#e1cib/data/X": "", "file:///etc/passwd": "", "tel:+7": "",
	} {
		if got, err := b.Call("ЗмрФорматКлиент.БезопаснаяСсылка", link); got != want || err != nil {
			t.Errorf("%q is followed as %q (%v), want %q", link, got, err, want)
		}
	}
}

// TestGoldensAreJSON guards the files themselves.
func TestGoldensAreJSON(t *testing.T) {
	for _, name := range []string{"set", "page", "unchanged", "superseded"} {
		if !json.Valid([]byte(golden(t, name+".json"))) {
			t.Errorf("%s.json is no JSON", name)
		}
	}
}
