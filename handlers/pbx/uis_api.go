package pbx

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"zummer/models"
	"zummer/models/phone"
)

// uisPage is how many employees are asked for at once; uisPages bounds how
// often.
const (
	uisPage  = 1000
	uisPages = 20
)

func (uis) Employees(ctx context.Context, do Doer, cfg Config) ([]Employee, error) {
	return uisItself().employees(ctx, do, cfg)
}

func (uis) Dial(ctx context.Context, do Doer, cfg Config, o Order) (string, error) {
	return uisItself().dial(ctx, do, cfg, o)
}

// employees asks the Data API (get.employees) page by page.
func (h uisHouse) employees(ctx context.Context, do Doer, cfg Config) ([]Employee, error) {
	var out []Employee
	for page := range uisPages {
		result, err := h.call(ctx, do, cfg, cmp.Or(cfg.setting("api_url"), h.data), "get.employees", map[string]any{"limit": uisPage, "offset": page * uisPage})
		if err != nil {
			return nil, err
		}
		people := result.subs("data")
		for _, f := range people {
			if e := uisEmployee(f, cfg.Region); len(e.Addresses) > 0 {
				out = append(out, e)
			}
		}
		if len(people) < uisPage {
			break
		}
	}
	return out, nil
}

// uisEmployee reads one of them: the id that notifications carry, the
// extension, and numbers outside.
func uisEmployee(f fields, region string) Employee {
	e := Employee{Name: models.CutText(f.text("full_name"), models.MaxName), Email: f.text("email")}
	if id := f.text("id"); id != "" {
		e.Addresses = append(e.Addresses, "id:"+id)
	}
	if ext := f.sub("extension").text("extension_phone_number"); ext != "" {
		e.Addresses = append(e.Addresses, ext)
	}
	for _, number := range f.subs("phone_numbers") {
		if n := phone.Parse(number.text("phone_number"), region); n.E164 != "" {
			e.Addresses = append(e.Addresses, "tel:"+n.E164)
		}
	}
	return e
}

// dial orders a call of the Call API (start.employee_call): the employee's
// phone rings first. The parameters are those of a public description of
// Novofon 2.0's API; that UIS takes the same, and that the events of such a
// call say "out", is unconfirmed.
func (h uisHouse) dial(ctx context.Context, do Doer, cfg Config, o Order) (string, error) {
	own := strings.TrimPrefix(cfg.setting("virtual_number"), "+")
	if own == "" {
		return "", models.InvalidField("settings.virtual_number", "is needed for this")
	}
	id, err := strconv.ParseInt(strings.TrimPrefix(o.From, "id:"), 10, 64)
	if err != nil || !strings.HasPrefix(o.From, "id:") {
		return "", models.InvalidField("from", "%s places calls of people known by their employee id (id:8412)", h.name)
	}
	params := map[string]any{"first_call": "employee", "switch_at_once": true, "direction": "out", "virtual_phone_number": own,
		"contact": strings.TrimPrefix(o.Phone, "+"), "employee": map[string]any{"id": id}}
	if o.ID != "" {
		params["external_id"] = o.ID
	}
	result, err := h.call(ctx, do, cfg, cmp.Or(cfg.setting("call_api_url"), h.calls), "start.employee_call", params)
	if err != nil {
		return "", err
	}
	return result.sub("data").text("call_session_id"), nil
}

// uisRecording is a plain request for the link that a notification gave.
func uisRecording(ctx context.Context, ref string) (*http.Request, error) {
	u, err := url.Parse(ref)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, models.Errorf(models.NotFound, "the link to this recording is unusable")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("make a request for a recording: %w", err)
	}
	return req, nil
}

// call asks one of the two APIs (JSON-RPC 2.0) and returns the result.
func (h uisHouse) call(ctx context.Context, do Doer, cfg Config, address, method string, params map[string]any) (fields, error) {
	token := cfg.setting("access_token")
	if token == "" {
		return nil, models.InvalidField("settings.access_token", "is needed for this")
	}
	params["access_token"] = token
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		return nil, fmt.Errorf("write a request to %s: %w", h.name, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make a request to %s: %w", h.name, err)
	}
	req.Header.Set("Content-Type", "application/json; charset=UTF-8")
	answer, status, err := zadarmaAnswer(do, req, h.name)
	if err != nil {
		return nil, err
	}
	result, ok := answer["result"].(map[string]any)
	if failed := answer.sub("error"); !ok || len(failed) > 0 {
		if strings.HasPrefix(failed.sub("data").text("mnemonic"), "access_token_") || status == http.StatusUnauthorized {
			return nil, models.InvalidField("settings.access_token", "%s does not accept it", h.name)
		}
		return nil, unavailable("%s refuses %s (%d)", h.name, method, status)
	}
	return lower(result), nil
}
