package phone_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers/v2"

	"zummer/models"
	"zummer/models/phone"
)

func TestParse(t *testing.T) {
	t.Parallel()
	e := func(s string) phone.Number { return phone.Number{E164: s} }
	d := func(s string) phone.Number { return phone.Number{Digits: s} }
	hidden := phone.Number{Hidden: true}
	for _, tc := range []struct {
		raw, region string
		want        phone.Number
	}{
		{"8 (903) 123-45-67", "RU", e("+79031234567")},
		{"79031234567", "RU", e("+79031234567")},
		{"79031234567", "GB", e("+79031234567")},
		{"79031234567", "", e("+79031234567")},
		{"+7 903 123 45 67", "RU", e("+79031234567")},
		{"+7\u00a0903\u2009123-45-67", "ru", e("+79031234567")},
		{"9031234567", "RU", e("+79031234567")},
		{"74951234567", "RU", e("+74951234567")},
		{"8(495)123-45-67 доб. 101", "RU", e("+74951234567")},
		{"+7 903 123-45-67,,101", "RU", e("+79031234567")},
		{"sip:+79031234567@pbx.example;user=phone", "RU", e("+79031234567")},
		{"SIP:89031234567@10.0.0.1:5060", "RU", e("+79031234567")},
		{"tel:+7-903-123-45-67", "", e("+79031234567")},
		{"tel:+79031234567;ext=5", "", e("+79031234567")},
		{`"Dana Customer" <sip:+447700900123@host>`, "RU", e("+447700900123")},
		{"<79031234567>", "RU", e("+79031234567")},
		{"'+79031234567'", "RU", e("+79031234567")},
		{"%2B79031234567", "RU", e("+79031234567")},
		{"тел. +7 903 123-45-67", "RU", e("+79031234567")},
		{"００４４２０７９４６０１０１", "RU", e("+442079460101")},
		{"+٤٤٢٠٧٩٤٦٠١٠١", "GB", e("+442079460101")},
		{"۱۰۱", "GB", d("101")},
		{"00442079460101", "RU", e("+442079460101")},
		{"00447700900123", "GB", e("+447700900123")},
		{"0079031234567", "GB", e("+79031234567")},
		{"8 10 44 20 7946 0101", "RU", e("+442079460101")},
		{"+44 (0)7700 900123", "GB", e("+447700900123")},
		{"0044 (0)20 7946 0101", "GB", e("+442079460101")},
		{"7911123456", "GB", e("+447911123456")},
		{"020 7946 0101 ext. 5", "GB", e("+442079460101")},
		{"442079460101", "RU", e("+442079460101")},
		{"442079460101", "GB", e("+442079460101")},
		{"02079460999", "GB", e("+442079460999")},
		{"07700900321", "GB", e("+447700900321")},
		{"+447700900123", "GB", e("+447700900123")},
		{"+447700900123", "RU", e("+447700900123")},
		{"447700900123", "GB", e("+447700900123")},
		{"+998 90 123 45 67", "RU", e("+998901234567")},
		{"101", "RU", d("101")},
		{"101", "GB", d("101")},
		{"101", "", d("101")},
		{"+101", "RU", d("101")},
		{"+7101", "RU", d("7101")},
		{"0101", "GB", d("0101")},
		{"8101", "RU", d("8101")},
		{"0101", "DE", d("0101")},
		{"sip:101@pbx.example", "RU", d("101")},
		{"<sip:101@pbx.example>", "RU", d("101")},
		{"1234567", "RU", d("1234567")},
		{"112", "RU", d("112")},
		{"999", "GB", d("999")},
		{"118118", "GB", d("118118")},
		{"00", "GB", d("00")},
		{"0", "GB", d("0")},
		{"*72101", "GB", d("72101")},
		{"99999999999999999999", "RU", d("99999999999999999999")},
		{strings.Repeat("9", 100), "RU", d(strings.Repeat("9", 32))},
		{"sip:ivanov2@pbx.example", "RU", phone.Number{}},
		{"alice", "RU", phone.Number{}},
		{"", "RU", hidden},
		{"  ", "RU", hidden},
		{"anonymous", "RU", hidden},
		{"Anonymous", "GB", hidden},
		{"sip:anonymous@anonymous.invalid", "GB", hidden},
		{`"Anonymous" <sip:anonymous@anonymous.invalid>`, "GB", hidden},
		{"unknown", "RU", hidden},
		{"<unknown>", "RU", hidden},
		{"UNKNOWN_NUMBER", "RU", hidden},
		{"restricted", "RU", hidden},
		{"Private", "RU", hidden},
		{"withheld", "RU", hidden},
		{"Number Withheld", "GB", hidden},
		{"<sip:restricted@unknown.invalid>", "GB", hidden},
		{"No Caller ID", "GB", hidden},
		{"unavailable", "RU", hidden},
		{"Скрытый номер", "RU", hidden},
		{"Не определён", "RU", hidden},
		{"Анонимный", "RU", hidden},
		{"неизвестен", "RU", hidden},
		{"-", "RU", hidden},
	} {
		t.Run(tc.raw[:min(len(tc.raw), 40)]+"/"+tc.region, func(t *testing.T) {
			t.Parallel()
			got := phone.Parse(tc.raw, tc.region)
			if got != tc.want {
				t.Errorf("Parse(%q, %q) = %+v, want %+v", tc.raw, tc.region, got, tc.want)
			}
			if want := tc.want.E164 + tc.want.Digits; got.Key() != want {
				t.Errorf("Key() = %q, want %q", got.Key(), want)
			}
		})
	}
}

func TestPretty(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ e164, region, want string }{
		{"+79031234567", "RU", "+7 903 123-45-67"},
		{"+79031234567", "GB", "+7 903 123-45-67"},
		{"+447700900123", "GB", "07700 900123"},
		{"+447700900123", "RU", "+44 7700 900123"},
		{"+442079460101", "gb", "020 7946 0101"},
		{"101", "RU", "101"},
		{"", "RU", ""},
		{"+", "RU", "+"},
	} {
		if got := phone.Pretty(tc.e164, tc.region); got != tc.want {
			t.Errorf("Pretty(%q, %q) = %q, want %q", tc.e164, tc.region, got, tc.want)
		}
	}
}

func TestExtension(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{" 101 ", "LOGIN:Иванов", "sip:User@Host", "id: 8412"} {
		if got, want := phone.Extension(raw), models.NormalizeExtension(raw); got != want {
			t.Errorf("Extension(%q) = %q, want %q", raw, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"8 (903) 123-45-67", "+447700900123", "101", "sip:+7@x", "<unknown>", "00442079460101", "0039 06 698", "+54 9 11 1234 5678"} {
		f.Add(s, "RU")
		f.Add(s, "GB")
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, raw, region string) {
		got := phone.Parse(raw, region)
		if got.E164 != "" && got.Digits != "" || got.Hidden && got.Key() != "" {
			t.Fatalf("Parse(%q, %q) = %+v: more than one of them", raw, region, got)
		}
		if got.E164 == "" {
			return
		}
		if again := phone.Parse(got.E164, region); again != got {
			t.Fatalf("Parse(%q, %q) = %+v, and again %+v", raw, region, got, again)
		}
		if phone.Pretty(got.E164, region) == "" {
			t.Fatalf("Pretty(%q, %q) is empty", got.E164, region)
		}
	})
}

// TestRussianMobile: the short way says what the library says.
func TestRussianMobile(t *testing.T) {
	for i := range 1000 {
		raw := fmt.Sprintf("+79%09d", (i*7919993)%1000000000)
		slow := phone.Parse(" "+raw, "RU") // the space takes the long way
		if fast := phone.Parse(raw, "GB"); fast != slow {
			t.Fatalf("Parse(%s) = %+v, the long way says %+v", raw, fast, slow)
		}
		n, err := phonenumbers.Parse(raw, "ZZ")
		if err != nil {
			t.Fatal(err)
		}
		if got, want := phone.Pretty(raw, "RU"), phonenumbers.Format(n, phonenumbers.INTERNATIONAL); got != want {
			t.Fatalf("Pretty(%s) = %q, the library says %q", raw, got, want)
		}
	}
}

// TestParseLocal: numbers of a town, as people and PBXs of that town write them.
func TestParseLocal(t *testing.T) {
	t.Parallel()
	e := func(s string) phone.Number { return phone.Number{E164: s} }
	d := func(s string) phone.Number { return phone.Number{Digits: s} }
	for _, tc := range []struct {
		name, raw, region, area string
		want                    phone.Number
	}{
		{"seven digits of Moscow", "123-45-67", "RU", "495", e("+74951234567")},
		{"without separators", "1234567", "ru", "495", e("+74951234567")},
		{"as a SIP address", "sip:1234567@pbx.example", "RU", "495", e("+74951234567")},
		{"the second code of Moscow", "123-45-67", "RU", "499", e("+74991234567")},
		{"six digits of Tver", "34-56-78", "RU", "4822", e("+74822345678")},
		{"seven digits of Lima, no code of Russia", "345 6789", "PE", "495", d("3456789")},
		{"a town of Britain", "345678", "GB", "1223", e("+441223345678")},
		{"seven digits of New York", "736-5000", "US", "212", e("+12127365000")},
		{"no area is known", "123-45-67", "RU", "", d("1234567")},
		{"national, the area does not matter", "8 (903) 123-45-67", "RU", "495", e("+79031234567")},
		{"international, the area does not matter", "+44 20 7946 0101", "RU", "495", e("+442079460101")},
		{"national of another area", "8 (812) 123-45-67", "RU", "495", e("+78121234567")},
		{"six digits, and the area takes seven", "123-456", "RU", "495", d("123456")},
		{"seven digits, and the area takes six", "123-45-67", "RU", "4822", d("1234567")},
		{"an extension of three digits", "101", "RU", "495", d("101")},
		{"an extension of four digits", "1234", "RU", "495", d("1234")},
		{"an extension of five digits", "12345", "RU", "84862", d("12345")},
		{"an extension of six digits, and the area takes seven", "100101", "RU", "495", d("100101")},
		{"a service", "112", "RU", "495", d("112")},
		{"behind the trunk prefix", "8123456", "RU", "495", d("8123456")},
		{"begins with 0", "0123456", "RU", "495", d("0123456")},
		{"a feature code", "*7212345", "RU", "495", d("7212345")},
		{"a plus, so no local number", "+1234567", "RU", "495", d("1234567")},
		{"eight digits", "12345678", "RU", "495", d("12345678")},
		{"a code that does not exist", "123-45-67", "RU", "100", d("1234567")},
		{"a region that does not exist", "123-45-67", "XX", "495", d("1234567")},
		{"hidden", "anonymous", "RU", "495", phone.Number{Hidden: true}},
		{"empty", "", "RU", "495", phone.Number{Hidden: true}},
		{"a SIP name", "sip:ivanov2@pbx.example", "RU", "495", phone.Number{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := phone.ParseLocal(tc.raw, tc.region, tc.area); got != tc.want {
				t.Errorf("ParseLocal(%q, %q, %q) = %+v, want %+v", tc.raw, tc.region, tc.area, got, tc.want)
			}
		})
	}
}

func TestValidArea(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		area, region string
		want         bool
	}{
		{"495", "RU", true}, {"499", "ru", true}, {"812", "RU", true}, {"4822", "RU", true}, {"1223", "GB", true}, {"212", "US", true},
		{"", "RU", false}, {"0", "RU", false}, {"100", "RU", false}, {"8495", "RU", false}, {"+7495", "RU", false}, {"(495)", "RU", false}, {"7495", "RU", false},
		{"495", "XX", false}, {"495", "", false}, {"495000", "RU", false},
	} {
		if got := phone.ValidArea(tc.area, tc.region); got != tc.want {
			t.Errorf("ValidArea(%q, %q) = %v, want %v", tc.area, tc.region, got, tc.want)
		}
	}
}

// FuzzParseLocal: an area code makes public numbers of six or seven digits
// alone, and changes nothing else.
func FuzzParseLocal(f *testing.F) {
	for _, s := range []string{"123-45-67", "101", "34-56-78", "+1234567", "*7212345", "8123456", "sip:1234567@x", "", "anonymous", "8 (903) 123-45-67"} {
		f.Add(s, "RU", "495")
		f.Add(s, "RU", "4822")
		f.Add(s, "GB", "1223")
	}
	f.Fuzz(func(t *testing.T, raw, region, area string) {
		without, got := phone.Parse(raw, region), phone.ParseLocal(raw, region, area)
		if got == without {
			return
		}
		if n := len(without.Digits); n != 6 && n != 7 || got.Digits != "" || got.Hidden {
			t.Fatalf("ParseLocal(%q, %q, %q) = %+v, Parse says %+v", raw, region, area, got, without)
		}
		if again := phone.Parse(got.E164, region); again != got || !strings.HasSuffix(got.E164, area+without.Digits) {
			t.Fatalf("ParseLocal(%q, %q, %q) = %+v, and again %+v", raw, region, area, got, again)
		}
	})
}

// TestRussianNumbers: the short way says what the tables say, for every area
// code and in every form.
func TestRussianNumbers(t *testing.T) {
	t.Parallel()
	took := 0
	for area := range 1000 {
		for i, form := range []string{"7%03d%07d", "8%03d%07d", "%03d%07d"} {
			for _, plus := range []bool{true, false} {
				for _, region := range []string{"RU", "GB", ""} {
					digits := fmt.Sprintf(form, area, (area*7919+i*104729)%10_000_000)
					short := phone.Russian(digits, plus, region)
					if short == "" {
						continue
					}
					took++
					if long := phone.ByTables(digits, plus, region); short != long {
						t.Fatalf("%s, plus %v, region %q: %s, the tables say %q", digits, plus, region, short, long)
					}
				}
			}
		}
	}
	if took < 1000 {
		t.Errorf("the short way was taken %d times", took)
	}
}
