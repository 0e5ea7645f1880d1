package handlers

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"

	"zummer/models"
)

// plainValues makes a JSON document of a request fit to be kept: its texts
// cleaned, its numbers numbers.
func plainValues(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[models.CleanText(k)] = plainValue(v)
	}
	return out
}

func plainValue(v any) any {
	switch v := v.(type) {
	case string:
		return models.CleanText(v)
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if n, err := v.Float64(); err == nil {
			return n
		}
		return v.String()
	case map[string]any:
		return plainValues(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plainValue(v[i])
		}
		return out
	}
	return v
}

// readObject reads one thing of the CRM (models.Object) from the fields of a
// nested object. Names are cut, uids and addresses are refused when too long: a
// cut one leads elsewhere. Only http and https addresses are taken, for
// clients open them in a browser.
func readObject(f *fields) *models.Object {
	if f == nil {
		return nil
	}
	o := &models.Object{
		Type: models.CutText(f.str("type"), models.MaxName), Name: models.CutText(f.str("name"), models.MaxName), UID: f.strMax("uid", models.MaxName),
		Title: models.CutText(f.str("title"), models.MaxTitle), App: models.CutText(f.str("app"), 64), Link: f.strMax("link", models.MaxLink), URL: f.strMax("url", models.MaxLink),
	}
	if o.URL != "" {
		if u, err := url.Parse(o.URL); err != nil || !strings.EqualFold(u.Scheme, "http") && !strings.EqualFold(u.Scheme, "https") {
			f.fail("url", "is no http or https address")
		}
	}
	if *o == (models.Object{}) {
		return nil
	}
	return o
}

// readData reads a free JSON object of at most 4 KiB, written as clients get it.
func readData(f *fields, name string) map[string]any {
	inner := f.object(name)
	if inner == nil {
		return nil
	}
	out := plainValues(inner.m)
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil || len(bytes.TrimSpace(raw.Bytes())) > models.MaxData {
		f.fail(name, "longer than %d bytes", models.MaxData)
		return nil
	}
	return out
}

// decodeExactly decodes a JSON body into a struct. Errors: Malformed; Invalid
// that names the field.
func decodeExactly(raw []byte, into any) error {
	if _, err := parseJSON(raw); err != nil {
		return err
	}
	err := json.Unmarshal(raw, into)
	var wrong *json.UnmarshalTypeError
	var own *models.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own
	case errors.As(err, &wrong):
		return models.InvalidField(cmp.Or(wrong.Field, "body"), "must not be a JSON %s", wrong.Value)
	}
	return models.Errorf(models.Malformed, "the body cannot be read")
}

// validUTF8 is b as text; what is no UTF-8 is replaced.
func validUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}
