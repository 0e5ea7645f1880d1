package pbx

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"zummer/models"
)

// What the adapters of systems with a JSON API over HTTPS share.

// cloudRequest makes a request to a system's API; body nil: none.
func cloudRequest(ctx context.Context, method, address string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, unavailable("the address of the system's API is wrong")
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// cloudAsk sends a request and reads the JSON of the answer, nil when it is
// empty. Errors: NotFound for 404, else Unavailable. Neither quotes the answer.
func cloudAsk(do Doer, req *http.Request) (any, error) {
	status, data, err := ask(do, req, "the system's API")
	switch {
	case status == http.StatusNotFound:
		return nil, models.Coded(models.NotFound, "pbx_not_found", "the system does not know what it was asked for")
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return nil, unavailable("the system's API refuses the credentials of this source")
	case status != 0 && !success(status):
		return nil, unavailable("the system's API answers with status %d", status)
	case err != nil:
		return nil, err
	case len(bytes.TrimSpace(data)) == 0:
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, unavailable("the answer of the system's API is not JSON")
	}
	return v, nil
}

// cloudObject is an answer that is an object; anything else is empty.
func cloudObject(v any) fields {
	m, _ := v.(map[string]any)
	return lower(m)
}

// cloudSound makes the request for a recording behind a link that the system
// gave. It carries no credentials: the link may lead anywhere.
func cloudSound(ctx context.Context, link string) (*http.Request, error) {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, unavailable("the system gives no usable link to the recording")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, unavailable("the system gives no usable link to the recording")
	}
	return req, nil
}

// missingSetting is the error of an API call without what it needs.
func missingSetting(name string) error {
	return models.InvalidField("settings."+name, "is needed for this")
}

// noRecording is the error when there is none (yet).
func noRecording() error {
	return models.Coded(models.NotFound, "no_recording", "the system has no recording of this call, or not yet")
}

// recordingRef takes the kind's name off a reference that Parse made.
func recordingRef(ref, kind string) (string, error) {
	id, ok := strings.CutPrefix(ref, kind+":")
	if !ok || id == "" || len(id) > 512 {
		return "", noRecording()
	}
	return id, nil
}
