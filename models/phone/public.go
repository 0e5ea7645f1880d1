package phone

import (
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers/v2"
)

// e164 decides whether digits are a public number, and which. With "+" or "00"
// a possible number of an existing country is enough, for numbering plans
// change faster than libraries. Without them it must be a valid number of the
// region, or a valid one that begins with a country code, or a possible one of
// the region written with its trunk prefix or its country code.
func e164(digits string, plus bool, region string) string {
	if len(digits) < minPublic {
		return ""
	}
	if e := russian(digits, plus, region); e != "" {
		return e
	}
	return byTables(digits, plus, region)
}

// russian is the short way for what most imports of this market consist of: it
// says what byTables says, a hundred times sooner, or "".
func russian(digits string, plus bool, region string) string {
	switch {
	case len(digits) == 11 && digits[0] == '7' && plus && (digits[1] == '9' || digits[1] == '4' || digits[1] == '3'):
		return "+" + digits
	case plus || region != "RU":
		return ""
	case len(digits) == 11 && (digits[0] == '7' || digits[0] == '8') && digits[1] == '9':
		return "+7" + digits[1:]
	case len(digits) == 10 && digits[0] == '9':
		return "+7" + digits
	}
	return ""
}

// byTables is e164 as the library's tables and patterns have it.
func byTables(digits string, plus bool, region string) string {
	if plus {
		return accept("+"+digits, "ZZ", phonenumbers.IsPossibleNumberWithReason)
	}
	if rest := strings.TrimPrefix(digits, "00"); rest != digits && len(rest) >= minPublic {
		if e := accept("+"+rest, "ZZ", phonenumbers.IsPossibleNumberWithReason); e != "" {
			return e
		}
	}
	code := phonenumbers.GetCountryCodeForRegion(region)
	if code != 0 {
		if e := accept(digits, region, valid); e != "" {
			return e
		}
	}
	if len(digits) >= 10 {
		if e := accept("+"+digits, "ZZ", valid); e != "" {
			return e
		}
	}
	if code == 0 || len(digits) < 9 {
		return ""
	}
	trunk := phonenumbers.GetNddPrefixForRegion(region, true)
	if trunk != "" && strings.HasPrefix(digits, trunk) || strings.HasPrefix(digits, strconv.Itoa(code)) && len(digits) >= 10 {
		if e := accept(digits, region, phonenumbers.IsPossibleNumberWithReason); e != "" && shorter(e, digits, code) {
			return e
		}
	}
	return ""
}

// shorter reports whether the library took a prefix off digits: the trunk
// prefix or the country code. Else they were no prefix but the number itself.
func shorter(e, digits string, code int) bool {
	return len(e)-1-len(strconv.Itoa(code)) < len(digits)
}

func valid(n *phonenumbers.PhoneNumber) phonenumbers.ValidationResult {
	if phonenumbers.IsValidNumber(n) {
		return phonenumbers.IS_POSSIBLE
	}
	return phonenumbers.INVALID_LENGTH
}

// accept parses s and returns it in E.164 when check says IS_POSSIBLE and the
// result reads back as itself.
func accept(s, region string, check func(*phonenumbers.PhoneNumber) phonenumbers.ValidationResult) string {
	n, err := phonenumbers.Parse(s, region)
	if err != nil || n.GetCountryCode() == 0 || check(n) != phonenumbers.IS_POSSIBLE {
		return ""
	}
	e := phonenumbers.Format(n, phonenumbers.E164)
	if len(e) < 1+minPublic || len(e) > 16 {
		return ""
	}
	again, err := phonenumbers.Parse(e, "ZZ")
	if err != nil || phonenumbers.IsPossibleNumberWithReason(again) != phonenumbers.IS_POSSIBLE || phonenumbers.Format(again, phonenumbers.E164) != e {
		return ""
	}
	return e
}
