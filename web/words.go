package web

import "strings"

// Lang is a language of the pages.
type Lang string

// The languages.
const (
	Russian Lang = "ru"
	English Lang = "en"
)

// Choose takes the language that ?lang= names, else the one of ours that
// stands first in Accept-Language, else Russian.
func Choose(query, accept string) Lang {
	switch Lang(query) {
	case Russian, English:
		return Lang(query)
	}
	for part := range strings.SplitSeq(accept, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		switch base, _, _ := strings.Cut(strings.ToLower(tag), "-"); Lang(base) {
		case Russian, English:
			return Lang(base)
		}
	}
	return Russian
}
