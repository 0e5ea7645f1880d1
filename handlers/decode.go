package handlers

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// maxBody is how long a /v1 body may be; streamed NDJSON has its own limit.
const maxBody = 64 << 10

// readFields reads the request as one map of named values: the JSON object or
// the form of the body, and behind it the query. What 1C and curl send by
// themselves is understood: a missing Content-Type is guessed, JSON under the
// form's type is JSON, a leading BOM is skipped. An empty body is no fields.
//
// Errors: TooLarge over 64 KiB, Unsupported for another type, Malformed for
// what cannot be read or is no object. Wrong values are told by fields.err.
func readFields(c echo.Context) (*fields, error) {
	f, err := readAny(c)
	if err != nil {
		return nil, err
	}
	if f.top != nil {
		return nil, models.Errorf(models.Malformed, "the body must be one JSON object, not a list")
	}
	return f, nil
}

// readAny is readFields for calls that take a JSON list too; then fields.top
// is that list and not nil.
func readAny(c echo.Context) (*fields, error) {
	f := queryFields(c)
	body, err := readBody(c, maxBody)
	if err != nil {
		return nil, err
	}
	asJSON, err := bodyIsJSON(c.Request().Header, body)
	if err != nil {
		return nil, err
	}
	switch {
	case len(body) == 0:
	case asJSON:
		v, err := parseJSON(body)
		if err != nil {
			return nil, err
		}
		switch v := v.(type) {
		case map[string]any:
			f.m = v
		case []any:
			f.top = v
		default:
			return nil, models.Errorf(models.Malformed, "the body must be a JSON object")
		}
	default:
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, models.Errorf(models.Malformed, "the form cannot be read")
		}
		f.form = form
	}
	return f, nil
}

// queryFields is readFields for requests without a body.
func queryFields(c echo.Context) *fields { return &fields{query: c.QueryParams()} }

// readBody reads a body of at most limit bytes, without a leading BOM.
func readBody(c echo.Context, limit int64) ([]byte, error) {
	req := c.Request()
	if req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	if e := req.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return nil, models.Errorf(models.Unsupported, "send the body without Content-Encoding")
	}
	if req.ContentLength > limit {
		return nil, models.Errorf(models.TooLarge, "the body is longer than %d bytes", limit)
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), req.Body, limit))
	if err != nil {
		var tooLong *http.MaxBytesError
		if errors.As(err, &tooLong) {
			return nil, models.Errorf(models.TooLarge, "the body is longer than %d bytes", limit)
		}
		return nil, &models.Error{Kind: models.Malformed, Message: "the body ended early", Cause: err}
	}
	return bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), nil
}

// bodyIsJSON decides between JSON and form: by Content-Type, by the first
// letter where that is missing. A form that begins like JSON is JSON: curl -d
// and 1C send it so.
func bodyIsJSON(h http.Header, body []byte) (bool, error) {
	text := bytes.TrimSpace(body)
	looks := len(text) > 0 && (text[0] == '{' || text[0] == '[')
	given := h.Get("Content-Type")
	if strings.TrimSpace(given) == "" || len(text) == 0 {
		return looks, nil
	}
	mt, params, err := mime.ParseMediaType(given)
	if err != nil {
		return false, models.Errorf(models.Unsupported, "the Content-Type cannot be read; send JSON or a form")
	}
	switch strings.ToLower(params["charset"]) {
	case "", "utf-8", "utf8", "us-ascii":
	default:
		return false, models.Errorf(models.Unsupported, "send UTF-8")
	}
	switch {
	case mt == "application/json", mt == "text/json", strings.HasSuffix(mt, "+json"):
		return true, nil
	case mt == "application/x-www-form-urlencoded":
		return looks, nil
	}
	return false, models.Errorf(models.Unsupported, "send application/json or application/x-www-form-urlencoded")
}

// parseJSON reads exactly one value; numbers keep their digits.
func parseJSON(body []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, models.Errorf(models.Malformed, "the body is no valid JSON")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, models.Errorf(models.Malformed, "something follows the JSON value")
	}
	return v, nil
}
