package pbx

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"zummer/models"
)

// askJSON sends our own request to a system and reads its answer, of at most
// MaxAnswer bytes, into v. A status other than 2xx and an answer that is not
// JSON are Unavailable, but status tells them apart; what is the system's name
// for the error's text.
func askJSON(do Doer, req *http.Request, what string, v any) (status int, err error) {
	res, err := do.Do(req)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", unavailable("%s does not answer", what), err)
	}
	defer func() { _ = res.Body.Close() }() // read to its end or given up
	body, err := io.ReadAll(io.LimitReader(res.Body, MaxAnswer))
	switch {
	case err != nil:
		return res.StatusCode, unavailable("the answer of %s breaks off", what)
	case res.StatusCode < 200 || res.StatusCode > 299:
		return res.StatusCode, unavailable("%s answers %d", what, res.StatusCode)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return res.StatusCode, unavailable("the answer of %s is not what its makers describe", what)
	}
	return res.StatusCode, nil
}

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
