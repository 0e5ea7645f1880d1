package handlers

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// syncUserBody is one user as the CRM sends it.
type syncUserBody struct {
	ExternalID string              `json:"external_id"`
	Login      string              `json:"login"`
	Name       string              `json:"name"`
	Extensions []syncExtensionBody `json:"extensions"`
	Group      string              `json:"group"`
}

// syncExtensionBody is "101", 101 or {"source":"office","number":"101"}.
type syncExtensionBody models.SyncExtension

// UnmarshalJSON implements json.Unmarshaler.
func (e *syncExtensionBody) UnmarshalJSON(raw []byte) error {
	raw = bytes.TrimSpace(raw)
	var o struct {
		Source string          `json:"source"`
		Number json.RawMessage `json:"number"`
	}
	number := raw
	if len(raw) > 0 && raw[0] == '{' {
		if err := json.Unmarshal(raw, &o); err != nil {
			return models.InvalidField("extensions", "an extension is text, or an object with source and number")
		}
		number = o.Number
	}
	var v any
	dec := json.NewDecoder(bytes.NewReader(number))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return models.InvalidField("extensions", "an extension needs a number")
	}
	text, ok := scalarText(v)
	if _, isBool := v.(bool); !ok || isBool {
		return models.InvalidField("extensions", "an extension is text, or an object with source and number")
	}
	e.Source, e.Number = strings.TrimSpace(o.Source), strings.TrimSpace(text)
	return nil
}

// syncReportBody answers a list of users.
type syncReportBody struct {
	Created     int `json:"created"`
	Updated     int `json:"updated"`
	Unchanged   int `json:"unchanged"`
	Deactivated int `json:"deactivated"`
}

// syncUsers takes {"users":[…],"full":true}, the list alone, a form whose users
// is that list, or NDJSON, one user a line, for lists over 64 KiB; where the
// body has no full, the query may.
func (a *API) syncUsers(c echo.Context) error {
	list, full, err := readUsers(c)
	if err != nil {
		return err
	}
	users := make([]models.SyncUser, len(list))
	for i, u := range list {
		users[i] = models.SyncUser{ExternalID: u.ExternalID, Login: u.Login, Name: u.Name, Group: u.Group}
		if u.Extensions != nil {
			users[i].Extensions = make([]models.SyncExtension, len(u.Extensions))
		}
		for j, e := range u.Extensions {
			users[i].Extensions[j] = models.SyncExtension(e)
		}
	}
	rep, err := a.d.Setup.SyncUsers(c.Request().Context(), actorOf(c), users, full)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, syncReportBody(rep))
}

func readUsers(c echo.Context) (users []syncUserBody, full bool, err error) {
	f := queryFields(c)
	if isLines(c.Request().Header) {
		users, err = readUserLines(c)
		return users, f.bool("full", false), cmp.Or(err, f.err())
	}
	raw, err := readBody(c, maxBody)
	if err != nil {
		return nil, false, err
	}
	isJSON, err := bodyIsJSON(c.Request().Header, raw)
	if err != nil {
		return nil, false, err
	}
	var body struct {
		Users *[]syncUserBody `json:"users"`
		Full  *bool           `json:"full"`
	}
	into := any(&body)
	if !isJSON {
		if f.form, err = url.ParseQuery(string(raw)); err != nil {
			return nil, false, models.Errorf(models.Malformed, "the form cannot be read")
		}
		raw = []byte(cmp.Or(f.form.Get("users"), "null"))
	}
	if !isJSON || bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		into = &body.Users
	} else {
		_ = json.Unmarshal(raw, &f.m) // what is no JSON object is told below
	}
	if err := decodeExactly(raw, into); err != nil {
		return nil, false, err
	}
	if body.Users == nil {
		f.fail("users", "is required")
	}
	f.only("users", "full")
	if err := f.err(); err != nil {
		return nil, false, err
	}
	if body.Full == nil {
		f.m = nil // the query may say it
		full = f.bool("full", false)
		body.Full = &full
	}
	return *body.Users, *body.Full, f.err()
}

// Bounds of NDJSON.
const (
	maxLine      = 16 << 10
	maxUserLines = 20_000
)

// isLines reports whether the body says that it is NDJSON.
func isLines(h http.Header) bool {
	mt, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return mt == "application/x-ndjson" || mt == "application/ndjson" || mt == "application/jsonl"
}

// readUserLines reads users as they arrive. Unlike contacts they are taken
// whole or not at all, so the first bad line is the error.
func readUserLines(c echo.Context) ([]syncUserBody, error) {
	req := c.Request()
	if e := req.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return nil, models.Errorf(models.Unsupported, "send the lines without Content-Encoding")
	}
	lines := bufio.NewScanner(&steadyReader{r: req.Body, rc: http.NewResponseController(c.Response())})
	lines.Buffer(nil, maxLine+2) // and its CR LF
	users := []syncUserBody{}
	n := 0
	for lines.Scan() {
		n++
		line := lines.Bytes()
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if len(users) == maxUserLines {
			return nil, models.InvalidField("users", "at most %d are allowed", maxUserLines)
		}
		var u syncUserBody
		if err := decodeExactly(line, &u); err != nil {
			return nil, inLine(n, err)
		}
		users = append(users, u)
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, models.Errorf(models.TooLarge, "line %d is longer than %d bytes", n+1, maxLine)
	case err != nil:
		return nil, &models.Error{Kind: models.Malformed, Code: "cut_off", Message: fmt.Sprintf("the lines broke off after line %d", n), Cause: err}
	}
	return users, nil
}

// inLine says in which line of NDJSON err is.
func inLine(n int, err error) error {
	var own *models.Error
	if !errors.As(err, &own) {
		return err
	}
	told := *own
	told.Message = fmt.Sprintf("line %d: %s", n, own.Message)
	return &told
}
