package pbx

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"zummer/models"
)

const (
	telphinHost      = "https://apiproxy.telphin.ru" // the credentials go nowhere else
	telphinRecording = "telphin:"                    // before RecID in Event.Recording
	telphinPages     = 50                            // of the list of extensions
)

// telphinToken asks for a token of an hour (grant client_credentials).
func telphinToken(ctx context.Context, do Doer, cfg Config) (string, error) {
	need, err := cfg.needSettings("app_id", "app_secret")
	if err != nil {
		return "", err
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {need[0]}, "client_secret": {need[1]}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, telphinHost+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", unavailable("no request can be made for Telphin")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var answer struct {
		Token string `json:"access_token"`
	}
	if _, err := askJSON(do, req, "Telphin", &answer); err != nil {
		return "", err
	}
	if answer.Token == "" {
		return "", unavailable("Telphin gives no token: check the settings app_id and app_secret")
	}
	return answer.Token, nil
}

// telphinAsk sends one request to the API 1.0.
func telphinAsk(ctx context.Context, do Doer, token, method, path string, body, answer any) (status int, err error) {
	var content []byte
	if body != nil {
		if content, err = json.Marshal(body); err != nil {
			return 0, fmt.Errorf("write a request for Telphin: %w", err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, telphinHost+"/api/ver1.0/"+path, bytes.NewReader(content))
	if err != nil {
		return 0, unavailable("no request can be made for Telphin")
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	return askJSON(do, req, "Telphin", answer)
}

// telphinPhone is an extension of type phone as the API lists it.
type telphinPhone struct {
	ID    looseText `json:"id"`
	Name  looseText `json:"name"`  // 3515*101
	Label looseText `json:"label"` // what phones show
}

// employee names an extension as the events do.
func (e telphinPhone) employee() Employee {
	extension := telphinExtension(string(e.Name))
	out := Employee{Name: models.CutText(string(cmp.Or(e.Label, e.Name)), models.MaxName), Addresses: []string{extension}}
	if e.ID != "" {
		out.Addresses = append(out.Addresses, "id:"+string(e.ID))
	}
	return out
}

func telphinPhones(ctx context.Context, do Doer, token string) ([]telphinPhone, error) {
	var out []telphinPhone
	for page := 1; page <= telphinPages; page++ {
		var items []telphinPhone
		path := fmt.Sprintf("client/@me/extension/?type=phone&page=%d&per_page=100", page)
		if _, err := telphinAsk(ctx, do, token, http.MethodGet, path, nil, &items); err != nil {
			return nil, err
		}
		if len(items) == 0 || len(out) > 0 && slices.Contains(out, items[0]) { // past the end
			break
		}
		out = append(out, items...)
	}
	return slices.DeleteFunc(out, func(e telphinPhone) bool { return telphinExtension(string(e.Name)) == "" }), nil
}

// Employees lists the extensions of type phone (GET client/@me/extension/, as a
// public SDK does; not tried on a live account). They have no e-mail.
func (telphin) Employees(ctx context.Context, do Doer, cfg Config) ([]Employee, error) {
	token, err := telphinToken(ctx, do, cfg)
	if err != nil {
		return nil, err
	}
	phones, err := telphinPhones(ctx, do, token)
	if err != nil {
		return nil, err
	}
	var out []Employee
	for _, e := range phones {
		out = append(out, e.employee())
	}
	return out, nil
}

// Recording asks for the storage's link to the recording and gets that; the
// link needs no credentials and gets none.
func (telphin) Recording(ctx context.Context, do Doer, cfg Config, ref, _ string) (*http.Request, error) {
	id, ok := strings.CutPrefix(ref, telphinRecording)
	if !ok || id == "" {
		return nil, models.Errorf(models.NotFound, "this is no recording of Telphin's")
	}
	token, err := telphinToken(ctx, do, cfg)
	if err != nil {
		return nil, err
	}
	var answer struct {
		URL string `json:"record_url"`
	}
	status, err := telphinAsk(ctx, do, token, http.MethodGet, "client/@me/record/"+url.PathEscape(id)+"/storage_url/", nil, &answer)
	switch {
	case status == http.StatusNotFound:
		return nil, models.Errorf(models.NotFound, "Telphin has no such recording (yet)")
	case err != nil:
		return nil, err
	}
	link, err := url.Parse(answer.URL)
	if err != nil || link.Scheme != "https" || link.Host == "" {
		return nil, unavailable("Telphin gives no link to the recording")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link.String(), http.NoBody)
	if err != nil {
		return nil, unavailable("Telphin gives no link to the recording")
	}
	return req, nil
}

// Dial posts extension/{id}/callback/: Telphin rings src_num first, then
// dst_num. call_id of the answer is taken for CallID of the events (so in public
// clients; unconfirmed).
func (telphin) Dial(ctx context.Context, do Doer, cfg Config, o Order) (string, error) {
	token, err := telphinToken(ctx, do, cfg)
	if err != nil {
		return "", err
	}
	phones, err := telphinPhones(ctx, do, token)
	if err != nil {
		return "", err
	}
	from := o.From
	if s, ok := strings.CutPrefix(from, "sip:"); ok {
		from = telphinExtension(s)
	}
	i := slices.IndexFunc(phones, func(e telphinPhone) bool { return slices.Contains(e.employee().Addresses, from) })
	if i < 0 || phones[i].ID == "" {
		return "", models.InvalidField("from", "Telphin has no such extension")
	}
	var answer struct {
		Call looseText `json:"call_id"`
	}
	body := map[string]any{"src_num": []string{telphinExtension(string(phones[i].Name))}, "dst_num": o.Phone}
	if _, err := telphinAsk(ctx, do, token, http.MethodPost, "extension/"+url.PathEscape(string(phones[i].ID))+"/callback/", body, &answer); err != nil {
		return "", err
	}
	return string(answer.Call), nil
}
