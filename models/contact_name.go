package models

import (
	"slices"
	"strings"
	"unicode"
)

// ContactQuery asks for contacts: one by ID or ExternalID, those whose name
// begins with Name, or all.
type ContactQuery struct {
	ID         int64
	ExternalID string
	Name       string // compared as FoldName
	After      string
	Limit      int
}

// legalForms are what stands before, or behind, the name by which people know
// a firm.
var legalForms = []string{"ооо", "оао", "зао", "пао", "ао", "нао", "ип", "чп", "тоо", "нко", "ано", "гк", "тд", "фгуп", "муп", "гуп", "снт", "тсж", "llc", "ltd", "inc", "gmbh", "ag", "llp", "corp"}

// FoldName is a name as it is looked for: words in small letters, ё as е,
// without quotes, dots and the legal form before them: ООО «Ромашка-Юг» is
// "ромашка юг". A name of nothing else stays as it is.
func FoldName(name string) string {
	words := strings.FieldsFunc(strings.ReplaceAll(strings.ToLower(name), "ё", "е"), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for len(words) > 1 && slices.Contains(legalForms, words[0]) {
		words = words[1:]
	}
	return CutText(strings.Join(words, " "), MaxName)
}
