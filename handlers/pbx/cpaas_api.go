package pbx

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"zummer/models"
)

// cpaasAPI is a platform's own host: what api_url says, else its constant.
func cpaasAPI(cfg Config, constant string) string {
	if s := cfg.setting("api_url"); s != "" {
		return strings.TrimRight(s, "/")
	}
	return constant
}

// cpaasOwn reports whether link leads to the host of api by HTTPS (or by the
// scheme of api itself): only there go credentials.
func cpaasOwn(link, api string) bool {
	l, err := url.Parse(link)
	if err != nil {
		return false
	}
	a, err := url.Parse(api)
	return err == nil && l.Host != "" && strings.EqualFold(l.Host, a.Host) && (l.Scheme == "https" || l.Scheme == a.Scheme)
}

// cpaasGet makes the request of a recording at link.
func cpaasGet(ctx context.Context, link string) (*http.Request, error) {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, models.Errorf(models.NotFound, "the recording has no address that can be fetched")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, http.NoBody)
	if err != nil {
		return nil, models.Errorf(models.NotFound, "the recording has no address that can be fetched")
	}
	return req, nil
}

// cpaasNeed refuses a source that lacks settings which an order needs.
func cpaasNeed(cfg Config, names ...string) error {
	for _, name := range names {
		if cfg.setting(name) == "" {
			return models.InvalidField("settings."+name, "is required for this")
		}
	}
	return nil
}

// cpaasAsk sends a request and reads the object that a 2xx answers.
func cpaasAsk(do Doer, req *http.Request) (fields, error) {
	status, body, err := ask(do, req, "the platform")
	switch {
	case err != nil:
		return nil, err
	case !success(status):
		return nil, unavailable("the platform answers with status %d", status)
	}
	objects, list, err := readJSON(body)
	if err != nil || list {
		return nil, unavailable("the platform's answer cannot be read")
	}
	return objects[0], nil
}

// cpaasPost makes a request with values as a form, or anything else as JSON.
func cpaasPost(ctx context.Context, address string, content any) (*http.Request, error) {
	typ, body := "application/json", ""
	if form, ok := content.(url.Values); ok {
		typ, body = "application/x-www-form-urlencoded", form.Encode()
	} else {
		b, err := json.Marshal(content)
		if err != nil {
			return nil, models.Errorf(models.Invalid, "the order cannot be written")
		}
		body = string(b)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return nil, models.InvalidField("settings.api_url", "is not an address")
	}
	req.Header.Set("Content-Type", typ)
	return req, nil
}

// cpaasDialable is the address of a person as a platform dials it: who is in
// the list by that name, a number, a SIP address, or the user of a browser or
// app, which client makes of a name.
func cpaasDialable(cfg Config, person string, client func(name string) string) string {
	for _, t := range cpaasTargets(cfg) {
		if t.name == person {
			return t.address
		}
	}
	kind, rest, ok := strings.Cut(person, ":")
	switch {
	case !ok:
		return client(person)
	case kind == "sip":
		return person
	case kind == "tel":
		return rest
	}
	return client(rest)
}
