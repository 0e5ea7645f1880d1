package pbx

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"

	"zummer/models"
)

// fields is one object of a request: text for form fields, json.Number, bool,
// nil, map or list for JSON. Names are in lower case.
type fields map[string]any

// maxFields bounds the fields of a form.
const maxFields = 1000

// readBody reads a request as JSON or as a form, whatever its Content-Type
// claims: the first character decides. A byte order mark is skipped. A request
// without a body is its query. list tells a JSON list from a single object.
func readBody(req Request) (objects []fields, list bool, err error) {
	body := bareBody(req)
	typ, params, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	switch {
	case len(body) == 0 && len(req.Query) == 0:
		return nil, false, models.Errorf(models.Malformed, "the request is empty")
	case len(body) == 0:
		return []fields{formFields(req.Query)}, false, nil
	case body[0] == '{' || body[0] == '[':
		return readJSON(body)
	case typ == "multipart/form-data":
		form, err := readMultipart(body, params["boundary"])
		return []fields{form}, false, err
	}
	form, err := plainForm(body)
	if err != nil {
		return nil, false, err
	}
	return []fields{formFields(form)}, false, nil
}

// bareBody is the body without what may stand around it: blanks and a byte
// order mark.
func bareBody(req Request) []byte {
	body := bytes.TrimSpace(bytes.TrimPrefix(req.Body, []byte("\xef\xbb\xbf")))
	return bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
}

// queryIsRead reports that readBody takes the query for want of a body; a
// signature over the body says nothing of it.
func queryIsRead(req Request) bool { return len(bareBody(req)) == 0 && len(req.Query) > 0 }

func plainForm(body []byte) (url.Values, error) {
	switch {
	case bytes.IndexByte(body, '=') < 0 || bytes.IndexByte(body, 0) >= 0:
		return nil, models.Errorf(models.Malformed, "the body is neither JSON nor a form")
	case bytes.Count(body, []byte("&")) >= maxFields:
		return nil, models.Errorf(models.Malformed, "the form has more than %d fields", maxFields)
	}
	return readForm(string(body)), nil
}

// signedForm is the form that a signature over fields has to cover: exactly
// what readBody reads. Without a body it is empty; an error means that readBody
// reads something else (JSON, multipart), which such a signature says nothing of.
func signedForm(req Request) (url.Values, error) {
	body := bareBody(req)
	typ, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	switch {
	case len(body) == 0:
		return url.Values{}, nil
	case body[0] == '{' || body[0] == '[' || typ == "multipart/form-data":
		return nil, models.Errorf(models.Malformed, "the body is no form, and nothing signs it")
	}
	return plainForm(body)
}

// readForm reads form fields the way their senders meant them: a dialplan does
// not always encode, so a ";" is itself and a lone "%" too.
func readForm(body string) url.Values {
	plain := func(s string) string {
		if u, err := url.QueryUnescape(s); err == nil {
			return u
		}
		return strings.ReplaceAll(s, "+", " ")
	}
	form := url.Values{}
	for pair := range strings.SplitSeq(body, "&") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			form.Add(plain(name), plain(value))
		}
	}
	return form
}

func readJSON(body []byte) ([]fields, bool, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, false, models.Errorf(models.Malformed, "the body is not JSON (byte %d)", syntax.Offset)
		}
		return nil, false, models.Errorf(models.Malformed, "the body is not JSON: it breaks off")
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, false, models.Errorf(models.Malformed, "something follows the JSON (byte %d)", dec.InputOffset())
	}
	if m, ok := v.(map[string]any); ok {
		return []fields{lower(m)}, false, nil
	}
	objects, err := objectList(v.([]any), "")
	return objects, true, err
}

// objectList turns a JSON list into objects; name is of the field that held it.
func objectList(items []any, name string) ([]fields, error) {
	if len(items) > models.MaxEvents {
		return nil, models.Errorf(models.Invalid, "more than %d events in one webhook", models.MaxEvents)
	}
	out := make([]fields, len(items))
	for i, item := range items {
		m, ok := item.(map[string]any)
		if !ok {
			return nil, models.InvalidField(at(name, i), "must be an object")
		}
		out[i] = lower(m)
	}
	return out, nil
}

func readMultipart(body []byte, boundary string) (fields, error) {
	if boundary == "" {
		return nil, models.Errorf(models.Malformed, "the multipart form has no boundary")
	}
	form, err := multipart.NewReader(bytes.NewReader(body), boundary).ReadForm(2 << 20)
	if err != nil {
		return nil, models.Errorf(models.Malformed, "the multipart form cannot be read")
	}
	defer func() { _ = form.RemoveAll() }() // nothing is on disk at this size
	return formFields(form.Value), nil
}

// formFields reads a form. Of names that differ in case alone the last in byte
// order counts, so the one in lower case: a repeat must read the same.
func formFields(form url.Values) fields {
	f := make(fields, len(form))
	for _, name := range slices.Sorted(maps.Keys(form)) {
		values := form[name]
		name = strings.ToLower(strings.TrimSuffix(name, "[]"))
		if len(values) == 1 {
			f[name] = values[0]
			continue
		}
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		f[name] = list
	}
	return f
}

// lower is formFields for an object.
func lower(m map[string]any) fields {
	f := make(fields, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		f[strings.ToLower(name)] = m[name]
	}
	return f
}

// decodeObject reads one JSON object from text.
func decodeObject(s string) (map[string]any, error) {
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		return nil, err
	}
	return m, nil
}
