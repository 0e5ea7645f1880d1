package web

import "strings"

// Mask hides the middle of every number of seven digits or more in a text:
// "+7 903 123-45-67" becomes "+7 903 •••-••-67"; of one of less than ten digits,
// which has no code to show, the last two stay. Digits that stand apart by
// one space, dash, dot or bracket are one number. Times and dates have colons
// or fewer digits; a longer run of digits that is no phone is hidden too,
// which is the safe mistake.
func Mask(s string) string {
	var b strings.Builder
	runes := []rune(s)
	for i := 0; i < len(runes); {
		end, digits := number(runes[i:])
		if digits < 7 {
			if end == 0 {
				end = 1
			}
			b.WriteString(string(runes[i : i+end]))
			i += end
			continue
		}
		seen, open := 0, 4
		if digits < 10 {
			open = 0
		}
		for _, r := range runes[i : i+end] {
			if isDigit(r) {
				if seen++; seen > open && seen <= digits-2 {
					r = '•'
				}
			}
			b.WriteRune(r)
		}
		i += end
	}
	return b.String()
}

// number measures the number that runes begin with: how many runes it takes
// and how many of them are digits.
func number(runes []rune) (end, digits int) {
	gap := 0
	for i, r := range runes {
		switch {
		case isDigit(r):
			digits, end, gap = digits+1, i+1, 0
		case digits > 0 && gap < 2 && strings.ContainsRune(" -.()\u00a0", r):
			gap++
		default:
			return end, digits
		}
	}
	return end, digits
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }
