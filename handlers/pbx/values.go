package pbx

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"zummer/models"
)

// text reads a field as text: numbers and booleans are written out, absent
// ones and null are "". A list counts by its first item.
func (f fields) text(name string) string {
	v := f[name]
	if list, ok := v.([]any); ok && len(list) > 0 {
		v = list[0]
	}
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(models.CleanText(v))
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// sub reads a field as an object: its own, or the JSON text of one. Absent or
// anything else: empty, never nil.
func (f fields) sub(name string) fields {
	m, err := f.object(name)
	if err != nil || m == nil {
		return fields{}
	}
	return lower(m)
}

// subs reads a field as a list of objects; what is no object is passed over.
func (f fields) subs(name string) []fields {
	list, _ := f[name].([]any)
	var out []fields
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			out = append(out, lower(m))
		}
	}
	return out
}

// number is text for phone numbers. A leading "+" that a form without
// percent-encoding turned into a space comes back.
func (f fields) number(name string) string {
	s, _ := f[name].(string)
	if len(s) > 1 && s[0] == ' ' && s[1] >= '0' && s[1] <= '9' {
		return "+" + f.text(name)
	}
	return f.text(name)
}

// texts reads a field as a list of texts: a JSON list, a repeated form field,
// or one text with commas.
func (f fields) texts(name string) []string {
	var out []string
	add := func(s string) {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	if list, ok := f[name].([]any); ok {
		for _, v := range list {
			add(fields{"": v}.text(""))
		}
		return out
	}
	for s := range strings.SplitSeq(f.text(name), ",") {
		add(s)
	}
	return out
}

// integer reads a whole number; blanks inside are ignored, a fraction is cut.
// ok is false when the field is absent or empty.
func (f fields) integer(name string) (n int64, ok bool, err error) {
	s := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, f.text(name))
	if s == "" {
		return 0, false, nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true, nil
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || math.Abs(x) > 1<<53 || math.IsNaN(x) {
		return 0, false, models.InvalidField(name, "is not a number")
	}
	return int64(x), true, nil
}

// seconds is integer for durations: at least 0, at most a year.
func (f fields) seconds(name string) (*int, error) {
	n, ok, err := f.integer(name)
	if err != nil || !ok {
		return nil, err
	}
	if n < 0 || n > 366*24*3600 {
		return nil, models.InvalidField(name, "must lie between 0 and a year of seconds")
	}
	s := int(n)
	return &s, nil
}

// time reads a moment: RFC 3339, the same without a zone (then in zone), 1C's
// forms, or seconds or milliseconds since 1970. Zero: absent.
func (f fields) time(name, zone string) (time.Time, error) {
	s := strings.TrimSpace(f.text(name))
	if s == "" {
		return time.Time{}, nil
	}
	if t, ok := unixTime(s); ok {
		return t, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z0700", "2006-01-02 15:04:05Z0700", time.RFC1123Z, time.RFC1123} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	loc := models.ZoneOf(zone)
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "20060102150405", "02.01.2006 15:04:05", "02.01.2006 15:04"} {
		if t, err := time.ParseInLocation(layout, s, loc); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, models.InvalidField(name, "cannot read the time %q", models.CutText(s, 40))
}

// unixTime reads seconds (9 to 10 digits, with or without a fraction) or
// milliseconds (12 to 13 digits).
func unixTime(s string) (time.Time, bool) {
	whole, frac, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || whole[0] == '+' || whole[0] == '-' || strings.Trim(frac, "0123456789") != "" {
		return time.Time{}, false
	}
	switch len(whole) {
	case 9, 10:
		ms, _ := strconv.ParseInt((frac + "000")[:3], 10, 64)
		return time.UnixMilli(n*1000 + ms).UTC(), true
	case 12, 13:
		return time.UnixMilli(n).UTC(), true
	}
	return time.Time{}, false
}

func at(name string, i int) string { return fmt.Sprintf("%s[%d]", name, i) }

// eventID names an event by what tells it from others; a repeat has the same name.
func eventID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// valid makes an event fit and checks it. What a call can do without is left
// out where it is too long, so that the rest is not lost with it.
func valid(e *models.Event) error {
	if len(e.Recording) > models.MaxRecording && e.Type != models.EventRecording {
		e.Recording = ""
	}
	if len(e.Disposition) > models.MaxKeyLen {
		e.Disposition = ""
	}
	return e.Validate()
}
