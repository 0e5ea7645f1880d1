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
