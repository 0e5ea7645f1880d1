package pbx

import (
	"context"
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // part of the makers' signature
	"crypto/sha1" //nolint:gosec // the makers' choice
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"zummer/models"
)

// zadarmaNames bounds for how many extensions a name is asked: each costs a
// request, and the API takes a hundred a minute.
const zadarmaNames = 60

func (zadarma) Employees(ctx context.Context, do Doer, cfg Config) ([]Employee, error) {
	return zadarmaItself().employees(ctx, do, cfg)
}

func (zadarma) Recording(ctx context.Context, do Doer, cfg Config, ref, call string) (*http.Request, error) {
	return zadarmaItself().record(ctx, do, cfg, ref, call)
}

func (zadarma) Dial(ctx context.Context, do Doer, cfg Config, o Order) (string, error) {
	return zadarmaItself().dial(ctx, do, cfg, o)
}

// employees asks for the extensions (GET /v1/pbx/internal/) and then for the
// name of each (…/{number}/info/); one that cannot be had stays empty, and no
// more are asked for.
func (h zadarmaHouse) employees(ctx context.Context, do Doer, cfg Config) ([]Employee, error) {
	answer, status, err := h.ask(ctx, do, cfg, "/v1/pbx/internal/", nil)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK || answer.text("status") != "success" {
		return nil, h.refuses(status)
	}
	var out []Employee
	naming := true
	for _, ext := range answer.texts("numbers") {
		e := Employee{Addresses: []string{ext}}
		if naming = naming && zadarmaExtension(ext) && len(out) < zadarmaNames; naming {
			info, status, err := h.ask(ctx, do, cfg, "/v1/pbx/internal/"+ext+"/info/", nil)
			if naming = err == nil && status == http.StatusOK; naming {
				e.Name = models.CutText(info.text("name"), models.MaxName)
			}
		}
		out = append(out, e)
	}
	return out, nil
}

// record asks for a link to a recording (GET /v1/pbx/record/request/). The
// makers advise to wait 40 seconds after the end of the call.
func (h zadarmaHouse) record(ctx context.Context, do Doer, cfg Config, ref, call string) (*http.Request, error) {
	id, ours := strings.CutPrefix(ref, h.kind+":")
	none := models.Errorf(models.NotFound, "%s has no such recording, or not yet: it is there some 40 seconds after the call", h.name)
	if !ours || id == "" {
		return nil, none
	}
	query := url.Values{"lifetime": {"1800"}}
	if id == call || strings.HasPrefix(id, "in_") || strings.HasPrefix(id, "out_") {
		query.Set("pbx_call_id", id)
	} else {
		query.Set("call_id", id)
	}
	answer, status, err := h.ask(ctx, do, cfg, "/v1/pbx/record/request/", query)
	if err != nil {
		return nil, err
	}
	if status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusTooManyRequests || status >= 500 {
		return nil, h.refuses(status)
	}
	link := answer.text("link")
	if links := answer.texts("links"); link == "" && len(links) > 0 {
		link = links[0]
	}
	if link == "" || answer.text("status") != "success" {
		return nil, none
	}
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, unavailable("%s answers with something that is no link", h.name)
	}
	return http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
}

// dial orders a call (GET /v1/request/callback/): the extension rings first.
// The answer does not name the call.
func (h zadarmaHouse) dial(ctx context.Context, do Doer, cfg Config, o Order) (string, error) {
	query := url.Values{"to": {o.Phone}}
	switch mobile, isMobile := strings.CutPrefix(o.From, "tel:"); {
	case zadarmaExtension(o.From):
		query.Set("from", o.From)
		query.Set("sip", o.From) // its number is shown, its recording applies
	case isMobile:
		query.Set("from", mobile)
	default:
		return "", models.InvalidField("from", "%s places calls of people with an extension of three digits or a phone number", h.name)
	}
	answer, status, err := h.ask(ctx, do, cfg, "/v1/request/callback/", query)
	if err != nil {
		return "", err
	}
	if status != http.StatusOK || answer.text("status") != "success" {
		return "", h.refuses(status)
	}
	return "", nil
}

func (h zadarmaHouse) refuses(status int) error {
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		return models.InvalidField("settings.api_key", "%s does not accept this key with the secret of the source", h.name)
	}
	return unavailable("%s refuses the request (%d)", h.name, status)
}

// ask sends a signed GET. answer is never nil without an error, whatever the
// status.
func (h zadarmaHouse) ask(ctx context.Context, do Doer, cfg Config, path string, query url.Values) (answer fields, status int, err error) {
	key := cfg.setting("api_key")
	switch {
	case key == "":
		return nil, 0, models.InvalidField("settings.api_key", "is needed for this")
	case cfg.Secret == "":
		return nil, 0, models.InvalidField("secret", "is needed for this")
	}
	all := url.Values{"format": {"json"}}
	for name, values := range query {
		all[name] = values
	}
	qs := strings.ReplaceAll(all.Encode(), "~", "%7E") // as PHP writes queries (RFC 1738), sorted
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.api+path+"?"+qs, nil)
	if err != nil {
		return nil, 0, fmt.Errorf("make a request to %s: %w", h.name, err)
	}
	req.Header.Set("Authorization", key+":"+zadarmaAuthorize(cfg.Secret, path, qs))
	return zadarmaAnswer(do, req, h.name)
}

// zadarmaAuthorize signs a request of ours: base64 of the hexadecimal of
// HMAC-SHA1 over path, query and the query's MD5 in hexadecimal.
func zadarmaAuthorize(secret, path, query string) string {
	digest := md5.Sum([]byte(query)) //nolint:gosec // see the import
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(path + query + hex.EncodeToString(digest[:])))
	return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(mac.Sum(nil))))
}

// zadarmaAnswer sends a request and reads the JSON object that answers it. An
// answer of 2xx that is none is Unavailable; of other statuses it is empty.
func zadarmaAnswer(do Doer, req *http.Request, name string) (fields, int, error) {
	status, body, err := ask(do, req, name)
	if err != nil {
		return nil, status, err
	}
	m, err := decodeObject(string(body))
	if err != nil {
		if !success(status) {
			return fields{}, status, nil
		}
		return nil, status, unavailable("%s answers with something that is not the expected JSON", name)
	}
	return lower(m), status, nil
}
