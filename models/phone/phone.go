// Package phone turns the numbers that PBXs and CRMs write into the one form
// in which they are compared: E.164 for people, plain digits for extensions
// and short numbers, and "hidden" as a value of its own. It is pure.
package phone

import (
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers/v2"

	"zummer/models"
)

// Number is what a raw number means. At most one of E164 and Digits is set; the
// zero value is text without a number in it, such as a SIP name.
type Number struct {
	E164   string // "+" and 7 to 15 digits
	Digits string // what is no public number: an extension, a service number
	Hidden bool   // the caller withheld the number, or the PBX was told none
}

// Key is the number as calls and contacts store it: E164, else Digits, else "".
func (n Number) Key() string {
	if n.E164 != "" {
		return n.E164
	}
	return n.Digits
}

const (
	maxRaw    = 512 // bytes of raw that are looked at
	minPublic = 7   // digits; what is shorter is an extension
	maxDigits = 32
)

// Parse reads a number as a PBX wrote it: with or without sip:, tel:, angle
// brackets, quotes, a host, parameters and separators. region (ISO 3166, any
// case; "" means none) says how numbers without a country code are meant. An
// empty number is Hidden, as are the words PBXs send instead of one.
func Parse(raw, region string) Number {
	if russianMobile(raw) {
		return Number{E164: raw}
	}
	s := bare(raw)
	if s == "" || isHidden(s) {
		return Number{Hidden: true}
	}
	digits, plus := digitsOf(s)
	if digits == "" {
		return Number{}
	}
	if e := e164(digits, plus, strings.ToUpper(region)); e != "" {
		return Number{E164: e}
	}
	return Number{Digits: digits[:min(len(digits), maxDigits)]}
}

// Extension is the form in which extensions are stored and compared.
func Extension(raw string) string { return models.NormalizeExtension(raw) }

// Pretty writes an E.164 number for people: the way it is dialled at home when
// it is of that region, else internationally. Numbers of the +7 zone are always
// written with +7. What is not E.164 comes back as it is.
func Pretty(e164, region string) string {
	if !strings.HasPrefix(e164, "+") {
		return e164
	}
	if russianMobile(e164) {
		return "+7 " + e164[2:5] + " " + e164[5:8] + "-" + e164[8:10] + "-" + e164[10:]
	}
	n, err := phonenumbers.Parse(e164, "ZZ")
	if err != nil {
		return e164
	}
	home := phonenumbers.GetCountryCodeForRegion(strings.ToUpper(region))
	if home != 7 && home == int(n.GetCountryCode()) {
		return phonenumbers.Format(n, phonenumbers.NATIONAL)
	}
	return phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
}

// russianMobile reports whether s is +79 and nine digits. That is most of what
// comes here, and needs neither the tables nor the patterns of the library.
func russianMobile(s string) bool {
	if len(s) != 12 || s[:3] != "+79" {
		return false
	}
	for i := 3; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// bare cuts raw down to the user part: no display name, scheme, host,
// parameters or quotes.
func bare(raw string) string {
	s := strings.ToValidUTF8(raw[:min(len(raw), maxRaw)], "")
	s = trim(models.CleanText(s))
	if i := strings.LastIndexByte(s, '<'); i >= 0 {
		in, _, _ := strings.Cut(s[i+1:], ">")
		if in = trim(in); in == "" {
			in = trim(s[:i])
		}
		s = in
	}
	for _, scheme := range []string{"sips:", "sip:", "tel:", "callto:"} {
		if len(s) >= len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			s = s[len(scheme):]
			break
		}
	}
	s, _, _ = strings.Cut(s, "@")
	s, _, _ = strings.Cut(s, ";")
	if len(s) > 3 && strings.EqualFold(s[:3], "%2b") {
		s = "+" + s[3:]
	}
	return trim(s)
}

func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`"'«»“”`, r) })
}

// isHidden knows the words that stand where a number should.
func isHidden(s string) bool {
	s = strings.ReplaceAll(strings.ToLower(strings.Trim(s, "-_.*[]() ")), "ё", "е")
	switch strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '_' || r == '-' }), " ") {
	case "anonymous", "anonym", "unknown", "unknown number", "unknown caller", "restricted", "private", "private number",
		"withheld", "number withheld", "unavailable", "not available", "hidden", "hidden number", "blocked", "no caller id", "none", "null",
		"аноним", "анонимный", "анонимный номер", "неизвестен", "неизвестный", "неизвестный номер", "неизвестно", "номер неизвестен",
		"скрыт", "скрытый", "скрытый номер", "номер скрыт", "не определен", "номер не определен", "неопределен", "неопределенный номер",
		"ограничен", "закрыт", "закрытый номер", "приватный", "приватный номер", "частный номер", "недоступен", "номер недоступен", "":
		return true
	}
	return false
}

// digitsOf collects the digits of s up to what ends a number (an extension
// after a letter or a pause), and reports a leading "+". Letters before the
// first digit are only accepted before something as long as a public number.
func digitsOf(s string) (digits string, plus bool) {
	var b strings.Builder
	letters := false
scan:
	for _, r := range s {
		d := digit(r)
		switch {
		case d >= 0:
			b.WriteByte(byte('0' + d))
		case (r == '+' || r == '＋') && b.Len() == 0:
			plus = true
		case unicode.IsLetter(r) && b.Len() == 0:
			letters = true
		case unicode.IsLetter(r) || r == ',' || b.Len() > 0 && r == '+':
			break scan
		}
	}
	if letters && b.Len() < minPublic {
		return "", false
	}
	return b.String(), plus
}

// digit is the value of a decimal digit, of full-width and Arabic ones too; -1
// for everything else.
func digit(r rune) int {
	for _, zero := range []rune{'0', '０', '٠', '۰'} {
		if r >= zero && r <= zero+9 {
			return int(r - zero)
		}
	}
	return -1
}
