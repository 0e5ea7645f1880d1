package setup

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode"

	"zummer/models"
)

// loose is text that may have been written as a number.
type loose string

// UnmarshalJSON implements json.Unmarshaler.
func (l *loose) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9') {
		*l = loose(raw)
		return nil
	}
	var s string
	err := json.Unmarshal(raw, &s)
	*l = loose(s)
	return err
}

// readContact reads one line as PUT reads a contact: a number may be text, with
// the spaces that 1C puts between its digits, and a phone may be a number.
// Errors: Malformed; Invalid with the field.
func readContact(line []byte) (models.ContactInput, error) {
	var l struct {
		models.ContactInput
		ExternalID loose   `json:"external_id"`
		Phones     []loose `json:"phones"`
		Seq        loose   `json:"seq"`
	}
	if err := json.Unmarshal(line, &l); err != nil {
		if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && e.Field != "" {
			return models.ContactInput{}, models.InvalidField(e.Field, "is a %s where another type belongs", e.Value)
		}
		return models.ContactInput{}, models.Errorf(models.Malformed, "is no JSON object")
	}
	in := l.ContactInput
	in.ExternalID = string(l.ExternalID)
	for _, p := range l.Phones {
		in.Phones = append(in.Phones, string(p))
	}
	digits := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, string(l.Seq))
	if digits == "" {
		return in, nil
	}
	var err error
	if in.Seq, err = strconv.ParseInt(strings.TrimSuffix(digits, ".0"), 10, 64); err != nil {
		return models.ContactInput{}, models.InvalidField("seq", "must be a whole number")
	}
	return in, nil
}
