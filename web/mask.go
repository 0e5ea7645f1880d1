package web

import (
	"strings"
	"unicode"
)

// Mask hides the middle of every number of seven digits or more in a text:
// "+7 903 123-45-67" becomes "+7 903 •••-••-67"; of one of less
// than ten digits, which has no code to show, the last two stay. Digits that stand apart by
// up to four spaces, dashes, dots or brackets, also as an address or a form
// spells them, are one number. Times and dates have colons or fewer digits; a
// longer run of digits that is no phone is hidden too, which is the safe mistake.
func Mask(s string) string {
	runes := []rune(s)
	for i := 0; i < len(runes); {
		end, digits := number(runes[i:])
		if len(digits) >= 7 {
			open := 4
			if len(digits) < 10 { // no code to show
				open = 0
			}
			for _, at := range digits[open : len(digits)-2] {
				runes[i+at] = '•'
			}
		}
		i += max(end, 1)
	}
	return string(runes)
}

// number measures the number that runes begin with: how many runes it takes
// and where its digits are.
func number(runes []rune) (end int, digits []int) {
	if len(runes) == 0 || !unicode.IsDigit(runes[0]) {
		return 0, nil
	}
	gap := 0
	for i := 0; i < len(runes) && gap <= 4; {
		if unicode.IsDigit(runes[i]) {
			digits = append(digits, i)
			i++
			end, gap = i, 0
			continue
		}
		wide := between(runes[i:])
		if wide == 0 {
			break
		}
		i, gap = i+wide, gap+1
	}
	return end, digits
}

// between measures what runes begin with if it may stand between two digits of
// one number; 0: it may not.
func between(runes []rune) int {
	switch r := runes[0]; {
	case r == '%':
		for _, escape := range []string{"%20", "%28", "%29", "%2D", "%2E", "%C2%A0"} {
			if n := len(escape); len(runes) >= n && strings.EqualFold(string(runes[:n]), escape) {
				return n
			}
		}
	case r == '.' || r == '(' || r == ')' || r == '+', unicode.Is(unicode.Zs, r), unicode.Is(unicode.Pd, r), r == '\u2212':
		return 1
	}
	return 0
}
