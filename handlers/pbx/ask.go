package pbx

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"zummer/models"
)

// notReached is the error of a system that cannot be reached: Unavailable,
// unless the Doer's own says more. what is the system's name for the text.
func notReached(err error, what string) error {
	var known *models.Error
	if errors.As(err, &known) {
		return err
	}
	e := models.Coded(models.Unavailable, "pbx_unavailable", "%s does not answer", what)
	e.Retry, e.Cause = unavailableRetry, err
	return e
}

// readAnswer reads a whole answer, of at most MaxAnswer bytes.
func readAnswer(r io.Reader, what string) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, MaxAnswer+1))
	switch {
	case err != nil:
		return nil, unavailable("the answer of %s breaks off", what)
	case len(body) > MaxAnswer:
		return nil, unavailable("the answer of %s is too long", what)
	}
	return body, nil
}

// ask sends our own request to a system and reads its answer, whatever the status.
func ask(do Doer, req *http.Request, what string) (status int, body []byte, err error) {
	res, err := do.Do(req)
	if err != nil {
		return 0, nil, notReached(err, what)
	}
	defer func() { _ = res.Body.Close() }() // read to its end or given up
	body, err = readAnswer(res.Body, what)
	return res.StatusCode, body, err
}

// askJSON is ask for an answer of 2xx whose JSON is read into v. A status other
// than 2xx and an answer that is not JSON are Unavailable, but status tells them
// apart.
func askJSON(do Doer, req *http.Request, what string, v any) (status int, err error) {
	status, body, err := ask(do, req, what)
	switch {
	case status != 0 && !success(status):
		return status, unavailable("%s answers %d", what, status)
	case err != nil:
		return status, err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return status, unavailable("the answer of %s is not what its makers describe", what)
	}
	return status, nil
}

func success(status int) bool { return status/100 == 2 }

// looseText is a text of a system's answer that may come as a number or null.
type looseText string

// UnmarshalJSON implements json.Unmarshaler.
func (t *looseText) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		if s = strings.TrimSpace(string(b)); s == "null" || s == "" || s[0] == '{' || s[0] == '[' {
			s = ""
		}
	}
	*t = looseText(strings.TrimSpace(models.CleanText(s)))
	return nil
}

// checkBase refuses a setting that is no address of a server: https, a host, a
// path at most.
func checkBase(settings map[string]any, name string) error {
	s, _ := settings[name].(string)
	if s = strings.TrimSpace(s); s == "" {
		return nil
	}
	if u, err := url.Parse(s); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return models.InvalidField("settings."+name, "must be an address such as https://company.example")
	}
	return nil
}

// needSettings reads settings that are texts; the error names the first that
// is missing.
func (c Config) needSettings(names ...string) ([]string, error) {
	out := make([]string, len(names))
	for i, name := range names {
		if out[i] = c.setting(name); out[i] == "" {
			return nil, models.InvalidField("settings."+name, "is required for this")
		}
	}
	return out, nil
}

// badRequest is the error of a request that could not be made, which only a
// setting can bring about.
func badRequest(setting string, err error) error {
	e := models.InvalidField("settings."+setting, "no request can be made of it")
	e.Cause = fmt.Errorf("make a request: %w", err)
	return e
}
