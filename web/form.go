package web

import (
	"net/url"

	"zummer/models"
)

// Form is what somebody typed, and what is wrong with it. The zero Form is an
// empty one.
type Form struct {
	Values url.Values
	Wrong  map[string]string // by field, in the page's language
	Error  string            // of the whole form; "": none
}

// Get is what was typed into a field.
func (f Form) Get(field string) string { return f.Values.Get(field) }

// Has reports whether a field (a checkbox) holds value.
func (f Form) Has(field, value string) bool {
	for _, v := range f.Values[field] {
		if v == value {
			return true
		}
	}
	return false
}

// Bad reports whether something is wrong with a field.
func (f Form) Bad(field string) bool { return f.Wrong[field] != "" }

// Mistake is what is wrong with one field.
type Mistake struct{ Field, Text string }

// At is what is wrong with a field, for template "wrong-at".
func (f Form) At(field string) Mistake { return Mistake{field, f.Wrong[field]} }

// At is Form.At of the row's field.
func (r FieldRow) At() Mistake { return Mistake{r.Name, r.Wrong} }

// FormOf is the form with an error of the use case: at its field, else above.
func FormOf(l Lang, values url.Values, err *models.Error) Form {
	f := Form{Values: values, Wrong: map[string]string{}}
	if err == nil {
		return f
	}
	for _, e := range err.Fields {
		f.Wrong[e.Field] = ErrorIn(l, e.Message)
	}
	if len(err.Fields) == 0 {
		f.Error = ErrorIn(l, err.Message)
	}
	return f
}
