package pbx

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"zummer/models"
)

// megafonPages bounds how many pages of employees are asked for.
const megafonPages = 50

// megafonAsk sends one request to {api_url}/crmapi/v1, with the key.
func megafonAsk(ctx context.Context, do Doer, cfg Config, method, path string, body, answer any) error {
	need, err := cfg.needSettings("api_url", "api_key")
	if err != nil {
		return err
	}
	var content []byte
	if body != nil {
		if content, err = json.Marshal(body); err != nil {
			return fmt.Errorf("write a request for MegaFon: %w", err)
		}
	}
	address := strings.TrimSuffix(strings.TrimRight(need[0], "/"), "/crmapi/v1") + "/crmapi/v1" + path
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(content))
	if err != nil {
		return badRequest("api_url", err)
	}
	req.Header.Set("X-API-KEY", need[1])
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	_, err = askJSON(do, req, "MegaFon", answer)
	return err
}

// megafonUsers is a page of GET /users; the form with items and info is seen
// in public clients, a bare list is taken too.
type megafonUsers struct {
	Items []megafonEmployee `json:"items"`
	Info  struct {
		Next looseText `json:"next"`
	} `json:"info"`
}

type megafonEmployee struct {
	Login  looseText `json:"login"`
	Name   looseText `json:"name"`
	Email  looseText `json:"email"`
	Ext    looseText `json:"ext"`
	Telnum looseText `json:"telnum"`
	Mobile looseText `json:"mobile"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (u *megafonUsers) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, &u.Items)
	}
	type page megafonUsers
	return json.Unmarshal(b, (*page)(u))
}

// Employees asks GET /crmapi/v1/users, page by page (?start=N).
func (megafon) Employees(ctx context.Context, do Doer, cfg Config) ([]Employee, error) {
	var out []Employee
	start := ""
	for range megafonPages {
		path := "/users"
		if start != "" {
			path += "?start=" + url.QueryEscape(start)
		}
		var page megafonUsers
		if err := megafonAsk(ctx, do, cfg, http.MethodGet, path, nil, &page); err != nil {
			return nil, err
		}
		for _, u := range page.Items {
			if e := u.employee(cfg.Region); len(e.Addresses) > 0 {
				out = append(out, e)
			}
		}
		next := string(page.Info.Next)
		if next == "" || next == "0" || next == start || len(page.Items) == 0 {
			break
		}
		start = next
	}
	return out, nil
}

// employee names somebody as the events do: login, extension, direct number.
func (u megafonEmployee) employee(region string) Employee {
	e := Employee{Name: models.CutText(string(cmp.Or(u.Name, u.Login)), models.MaxName), Email: string(u.Email)}
	if u.Login != "" {
		e.Addresses = append(e.Addresses, "login:"+string(u.Login))
	}
	if u.Ext != "" {
		e.Addresses = append(e.Addresses, string(u.Ext))
	}
	for _, number := range []looseText{u.Telnum, u.Mobile} {
		if number != "" {
			e.Addresses = append(e.Addresses, megafonTel(string(number), region))
		}
	}
	return e
}

// Dial posts /crmapi/v1/makecall with phone and user (a login or an extension);
// callid of the answer is the call that the events will name. Known from public
// clients of MegaFon and Kcell, not from a live account.
func (megafon) Dial(ctx context.Context, do Doer, cfg Config, o Order) (string, error) {
	user := megafonUser(o.From)
	if user == "" || strings.HasPrefix(o.From, "tel:") {
		return "", models.InvalidField("from", "MegaFon places calls for a login or an extension")
	}
	var answer struct {
		Call looseText `json:"callid"`
	}
	body := map[string]string{"phone": strings.TrimPrefix(o.Phone, "+"), "user": user}
	if err := megafonAsk(ctx, do, cfg, http.MethodPost, "/makecall", body, &answer); err != nil {
		return "", err
	}
	return string(answer.Call), nil
}

// Recording gets the link of history. The key goes along when the link is on
// the host of api_url: some accounts demand it (seen in public code).
func (megafon) Recording(ctx context.Context, _ Doer, cfg Config, ref, _ string) (*http.Request, error) {
	link, err := url.Parse(ref)
	if err != nil || link.Host == "" || link.Scheme != "https" && link.Scheme != "http" {
		return nil, models.Errorf(models.NotFound, "the recording has no address")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link.String(), http.NoBody)
	if err != nil {
		return nil, models.Errorf(models.NotFound, "the recording has no address")
	}
	base, err := url.Parse(cfg.setting("api_url"))
	if key := cfg.setting("api_key"); err == nil && key != "" && link.Scheme == "https" && strings.EqualFold(base.Host, link.Host) {
		req.Header.Set("X-API-KEY", key)
	}
	return req, nil
}
