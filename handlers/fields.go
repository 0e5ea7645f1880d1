package handlers

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"zummer/models"
)

// fields are the named values of one request. Every getter forgives what 1C
// and forms do to values and collects what is wrong; ask err once all values
// are read. An absent value and a JSON null are the same.
type fields struct {
	m     map[string]any // of a JSON object
	form  url.Values
	query url.Values
	top   []any // the body is a list; see readAny
	wrong []models.FieldError
}

// fail notes that a value is wrong.
func (f *fields) fail(name, format string, args ...any) {
	f.wrong = append(f.wrong, models.FieldError{Field: name, Message: fmt.Sprintf(format, args...)})
}

// err is nil, or the 422 with all that is wrong.
func (f *fields) err() error {
	if len(f.wrong) == 0 {
		return nil
	}
	return &models.Error{Kind: models.Invalid, Message: f.wrong[0].Field + ": " + f.wrong[0].Message, Fields: f.wrong}
}

// get finds a value: in the body, else in the query. ok is false for null.
func (f *fields) get(name string) (any, bool) {
	if v, ok := f.m[name]; ok {
		return v, v != nil
	}
	for _, q := range []url.Values{f.form, f.query} {
		vs, ok := q[name]
		if !ok {
			vs = q[name+"[]"]
		}
		switch len(vs) {
		case 0:
		case 1:
			return vs[0], true
		default:
			out := make([]any, len(vs))
			for i, v := range vs {
				out[i] = v
			}
			return out, true
		}
	}
	return nil, false
}

// has reports whether the request names the value and it is not null.
func (f *fields) has(name string) bool {
	_, ok := f.get(name)
	return ok
}

// isNull reports whether a JSON body says null.
func (f *fields) isNull(name string) bool {
	v, ok := f.m[name]
	return ok && v == nil
}

// scalar turns a value into text: a number keeps its digits, of a repeated
// form field the last counts. ok is false when absent or wrong.
func (f *fields) scalar(name string) (string, bool) {
	v, ok := f.get(name)
	if !ok {
		return "", false
	}
	if list, many := v.([]any); many && f.m[name] == nil && len(list) > 0 {
		v = list[len(list)-1]
	}
	s, ok := scalarText(v)
	if !ok {
		f.fail(name, "must be a single value")
	}
	return s, ok
}

func scalarText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// str is the cleaned text without surrounding space; "" when absent.
func (f *fields) str(name string) string {
	s, _ := f.scalar(name)
	return strings.TrimSpace(models.CleanText(s))
}

// strMax is str, refused when longer than max characters.
func (f *fields) strMax(name string, max int) string {
	s := f.str(name)
	if len(s) > max && len([]rune(s)) > max {
		f.fail(name, "longer than %d characters", max)
		return ""
	}
	return s
}

// required is strMax that must not be empty.
func (f *fields) required(name string, max int) string {
	before := len(f.wrong)
	s := f.strMax(name, max)
	if s == "" && len(f.wrong) == before {
		f.fail(name, "is required")
	}
	return s
}

// optStr is nil when absent or null.
func (f *fields) optStr(name string) *string {
	if !f.has(name) {
		return nil
	}
	s := f.str(name)
	return &s
}

// digits takes out what people and 1C put between digits: all kinds of spaces.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\ufeff' || r == '\'' {
			return -1
		}
		return r
	}, s)
}

// float is def when absent or empty. A decimal comma is a point.
func (f *fields) float(name string, def float64) float64 {
	s, ok := f.scalar(name)
	if s = digits(s); !ok || s == "" {
		return def
	}
	n, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		f.fail(name, "must be a number")
		return def
	}
	return n
}

// int is def when absent or empty. 5.0 is 5; 5.5 is wrong.
func (f *fields) int(name string, def int) int {
	s, ok := f.scalar(name)
	if s = digits(s); !ok || s == "" {
		return def
	}
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	n, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	if err != nil || n != math.Trunc(n) || math.Abs(n) > 1<<53 {
		f.fail(name, "must be a whole number")
		return def
	}
	return int(n)
}

// intIn is int that must lie in [min, max].
func (f *fields) intIn(name string, def, min, max int) int {
	before := len(f.wrong)
	n := f.int(name, def)
	if len(f.wrong) == before && (n < min || n > max) {
		f.fail(name, "must lie between %d and %d", min, max)
		return def
	}
	return n
}

// bool is def when absent or empty. 1C's words are understood.
func (f *fields) bool(name string, def bool) bool {
	s, ok := f.scalar(name)
	if !ok {
		return def
	}
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "":
		return def
	case "true", "1", "yes", "on", "истина", "да":
		return true
	case "false", "0", "no", "off", "ложь", "нет":
		return false
	}
	f.fail(name, "must be true or false")
	return def
}

// optBool is nil when absent or null.
func (f *fields) optBool(name string) *bool {
	if !f.has(name) {
		return nil
	}
	b := f.bool(name, false)
	return &b
}

// time reads RFC 3339, the forms that 1C writes, and Unix seconds; a time
// without a zone is in zone. Zero when absent or empty.
func (f *fields) time(name string, zone *time.Location) time.Time {
	s, ok := f.scalar(name)
	if s = strings.TrimSpace(s); !ok || s == "" {
		return time.Time{}
	}
	t, ok := parseTime(s, zone)
	if !ok {
		f.fail(name, "must be a time like 2026-11-23T10:42:00Z or 20261123104200")
	}
	return t
}

func parseTime(s string, zone *time.Location) (time.Time, bool) {
	if d := digits(s); len(d) == 10 && !strings.ContainsAny(d, "-.T") {
		if n, err := strconv.ParseInt(d, 10, 64); err == nil {
			return time.Unix(n, 0).UTC(), true
		}
	}
	// In a query a + that stands for itself arrives as a space.
	if i := len(s) - 6; i > 10 && s[i] == ' ' && s[i+3] == ':' && strings.ContainsRune(s[:i], 'T') {
		s = s[:i] + "+" + s[i+1:]
	}
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05", "20060102150405",
		"02.01.2006 15:04:05", "2006-01-02T15:04", "2006-01-02", "20060102", "02.01.2006",
	} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t.UTC(), t.Year() >= 1970 && t.Year() < 9999
		}
	}
	return time.Time{}, false
}

// list is the items of a list, of a repeated form field or of text: JSON text,
// else separated by commas. nil when absent.
func (f *fields) list(name string) []any {
	v, ok := f.get(name)
	if !ok {
		return nil
	}
	switch v := v.(type) {
	case []any:
		return v
	case string:
		if t := strings.TrimSpace(v); strings.HasPrefix(t, "[") {
			if parsed, err := parseJSON([]byte(t)); err == nil {
				if list, ok := parsed.([]any); ok {
					return list
				}
			}
			f.fail(name, "must be a list")
			return nil
		}
		out := []any{}
		for s := range strings.SplitSeq(v, ",") {
			if s = strings.TrimSpace(s); s != "" {
				out = append(out, s)
			}
		}
		return out
	}
	f.fail(name, "must be a list")
	return nil
}

// strs is list of texts, cleaned, without empty ones.
func (f *fields) strs(name string) []string {
	var out []string
	for i, v := range f.list(name) {
		s, ok := scalarText(v)
		if !ok {
			f.fail(fmt.Sprintf("%s[%d]", name, i), "must be text")
			continue
		}
		if s = strings.TrimSpace(models.CleanText(s)); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// object is the fields of a nested object: a JSON object, JSON text, or form
// fields named name.x or name[x]. nil when absent. What is wrong inside goes
// up with adopt.
func (f *fields) object(name string) *fields {
	if v, ok := f.get(name); ok {
		if s, isText := v.(string); isText && strings.HasPrefix(strings.TrimSpace(s), "{") {
			if parsed, err := parseJSON([]byte(s)); err == nil {
				v = parsed
			}
		}
		if m, isMap := v.(map[string]any); isMap {
			return &fields{m: m}
		}
		if s, isText := v.(string); !isText || strings.TrimSpace(s) != "" {
			f.fail(name, "must be an object")
		}
		return nil
	}
	if f.isNull(name) {
		return nil
	}
	m := map[string]any{}
	for _, q := range []url.Values{f.query, f.form} {
		for k, vs := range q {
			if rest, ok := strings.CutPrefix(k, name+"."); ok && rest != "" {
				m[rest] = vs[len(vs)-1]
			} else if rest, ok := strings.CutPrefix(k, name+"["); ok && len(rest) > 1 && strings.HasSuffix(rest, "]") {
				m[strings.TrimSuffix(rest, "]")] = vs[len(vs)-1]
			}
		}
	}
	if len(m) == 0 {
		return nil
	}
	return &fields{m: m}
}

// only refuses what the body names beside names: the set-up side replaces what
// is absent by its default, so a misspelled field must not pass for an absent
// one. Parameters of the address and what is inside of a field are not looked at.
func (f *fields) only(names ...string) {
	unknown := map[string]bool{}
	for name := range f.m {
		unknown[name] = true
	}
	for name := range f.form {
		if i := strings.IndexAny(name, ".["); i > 0 { // a part of an object, or of a list
			name = name[:i]
		}
		unknown[name] = true
	}
	for _, name := range names {
		delete(unknown, name)
	}
	for i, name := range slices.Sorted(maps.Keys(unknown)) {
		if i == maxUnknown {
			break
		}
		f.fail(models.CutText(name, 80), "is not known here")
	}
}

// maxUnknown fields are named in one answer.
const maxUnknown = 10

// same refuses a value that names something else than the address does; absent
// is right, and case does not matter.
func (f *fields) same(name, address string) {
	if f.has(name) && models.FoldLogin(f.str(name)) != models.FoldLogin(address) {
		f.fail(name, "is another one than that of the address")
	}
}

// adopt takes over what is wrong inside a nested object.
func (f *fields) adopt(name string, inner *fields) {
	if inner == nil {
		return
	}
	for _, w := range inner.wrong {
		f.wrong = append(f.wrong, models.FieldError{Field: name + "." + w.Field, Message: w.Message})
	}
}
