package models

import (
	"strings"
	"unicode/utf8"
)

// Limits of the values that clients get, in characters (contract §4.1).
const (
	MaxTitle = 128
	MaxText  = 512
	MaxName  = 128
	MaxLink  = 1024
	MaxData  = 4 << 10 // bytes of JSON
	MaxSet   = 500     // rows in a pending set
)

// CleanText makes s fit for every format and both databases: valid UTF-8,
// without NUL, C0/C1 controls (a line break or TAB becomes a space) and
// characters that XML 1.0 cannot carry.
func CleanText(s string) string {
	clean := true
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] >= 0x7f {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		switch {
		case r == utf8.RuneError && n <= 1:
			b.WriteRune('\uFFFD')
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteByte(' ')
		case r < 0x20, r >= 0x7f && r <= 0x9f, r == 0xfffe, r == 0xffff, r == 0xfeff:
		case r&0xfffe == 0xfffe:
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// CutText cleans s and cuts it to max characters, the last being «…» when
// something was cut. Surrounding spaces go.
func CutText(s string, max int) string {
	s = strings.TrimSpace(CleanText(s))
	if utf8.RuneCountInString(s) <= max {
		return s
	}
	r := []rune(s)
	return string(r[:max-1]) + "…"
}
