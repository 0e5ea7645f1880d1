package phone

import (
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers/v2"
)

// Lengths of a number as it is dialled within a town. What is shorter is an
// extension or a service, whatever the area.
const (
	minLocal = 6
	maxLocal = 7
)

// ParseLocal is Parse for numbers among which there may be some of a town,
// written without its area code: 123-45-67 where area is 495. Six or seven
// digits that are no public number become one when the area code before them
// makes a valid number of the region; all else stays what Parse says. area "":
// there are none.
func ParseLocal(raw, region, area string) Number {
	n := Parse(raw, region)
	if area == "" || len(n.Digits) < minLocal || len(n.Digits) > maxLocal || !plainDigits(raw) {
		return n
	}
	if e := local(n.Digits, strings.ToUpper(region), area); e != "" {
		return Number{E164: e}
	}
	return n
}

// ValidRegion reports whether there is a country of these two letters that has
// numbers.
func ValidRegion(region string) bool { return phonenumbers.GetCountryCodeForRegion(region) != 0 }

// ValidArea reports whether area is what is dialled between the trunk prefix
// and a local number of the region: digits alone, such as 495.
func ValidArea(area, region string) bool {
	if len(area) < 2 || len(area) > 5 {
		return false
	}
	for _, r := range area {
		if r < '0' || r > '9' {
			return false
		}
	}
	for first := '2'; first <= '9'; first++ {
		for n := minLocal; n <= maxLocal; n++ {
			if local(string(first)+"345678"[:n-1], strings.ToUpper(region), area) != "" {
				return true
			}
		}
	}
	return false
}

// local is digits behind the area code in E.164, "" when they are no number of
// that area. Local numbers begin neither with 0 nor with the trunk prefix: that
// is how exchanges tell them apart.
func local(digits, region, area string) string {
	code := phonenumbers.GetCountryCodeForRegion(region)
	trunk := phonenumbers.GetNddPrefixForRegion(region, true)
	if code == 0 || digits[0] == '0' || trunk != "" && strings.HasPrefix(digits, trunk) {
		return ""
	}
	want := "+" + strconv.Itoa(code) + area + digits
	if accept(want, "ZZ", valid) != want {
		return ""
	}
	return want
}

// plainDigits reports that raw was no feature code and had no country code.
func plainDigits(raw string) bool { return !strings.ContainsAny(bare(raw), "*#+＋") }
