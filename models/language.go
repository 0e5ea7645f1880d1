package models

// Language is what the texts of notifications are written in. The zero
// Language is Russian.
type Language string

// The languages there are.
const (
	Russian Language = "ru"
	English Language = "en"
)

// T is the one of two texts that is in this language.
func (l Language) T(russian, english string) string {
	if l == English {
		return english
	}
	return russian
}
