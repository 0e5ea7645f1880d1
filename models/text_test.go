package models_test

import (
	"encoding/xml"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"zummer/models"
)

func TestCleanText(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, in, want string }{
		{"plain", "abc ", "abc "},
		{"Cyrillic", "Привет, мир", "Привет, мир"},
		{"outside the BMP", "😀", "😀"},
		{"line breaks", "a\r\nb\tc", "a  b c"},
		{"NUL and C0", "a\x00b\x1fc", "abc"},
		{"DEL and C1", "a\x7fb\u0085c\u009fd", "abcd"},
		{"byte order mark", "\ufeffa", "a"},
		{"non-characters", "a\ufffe\uffff\U0001fffeb", "ab"},
		{"broken UTF-8", "a\xffb", "a\ufffdb"},
		{"a lone surrogate", "a\xed\xa0\x80b", "a\ufffd\ufffd\ufffdb"},
	} {
		if got := models.CleanText(tc.in); got != tc.want {
			t.Errorf("%s: CleanText(%q): got %q, want %q", tc.name, tc.in, got, tc.want)
		}
	}
}

func TestCutText(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in   string
		max  int
		want string
	}{
		{"  abc ", 3, "abc"}, {"abcd", 3, "ab…"}, {"абвг", 4, "абвг"}, {"абвгд", 4, "абв…"}, {"ab", 1, "…"}, {"", 5, ""}, {"\n\n", 5, ""},
	} {
		if got := models.CutText(tc.in, tc.max); got != tc.want {
			t.Errorf("CutText(%q, %d): got %q, want %q", tc.in, tc.max, got, tc.want)
		}
	}
}

func FuzzCutText(f *testing.F) {
	for _, s := range []string{"", "abc", "Привет", "\x00\xff\ufffe", "a\u0085\u2028b", "😀😀", "\xed\xa0\x80"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		if limit < 1 || limit > 1000 {
			limit = 128
		}
		for what, got := range map[string]string{"CleanText": models.CleanText(s), "CutText": models.CutText(s, limit)} {
			if !utf8.ValidString(got) {
				t.Errorf("%s(%q) = %q is no UTF-8", what, s, got)
			}
			if strings.ContainsFunc(got, unicode.IsControl) {
				t.Errorf("%s(%q) = %q has control characters", what, s, got)
			}
			var b strings.Builder
			if err := xml.EscapeText(&b, []byte(got)); err != nil || strings.Contains(b.String(), "\ufffd") && !strings.Contains(got, "\ufffd") {
				t.Errorf("%s(%q) = %q does not fit into XML", what, s, got)
			}
			if models.CleanText(got) != got {
				t.Errorf("%s(%q) = %q is not clean", what, s, got)
			}
		}
		if n := utf8.RuneCountInString(models.CutText(s, limit)); n > limit {
			t.Errorf("CutText(%q, %d) has %d characters", s, limit, n)
		}
	})
}
