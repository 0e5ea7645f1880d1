package pbx

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"zummer/models"
	"zummer/models/phone"
)

// mangoHost is where commands and questions go, and the credentials nowhere else.
const mangoHost = "https://app.mango-office.ru/vpbx/"

// mangoAsk sends one signed command or question; the caller closes the body.
func mangoAsk(ctx context.Context, do Doer, cfg Config, path string, ask any) (*http.Response, error) {
	key := cfg.setting(mangoKey)
	switch {
	case key == "":
		return nil, models.InvalidField("settings."+mangoKey, "is required to ask Mango for anything")
	case cfg.Secret == "":
		return nil, models.InvalidField("secret", "is required to ask Mango for anything")
	}
	text, err := json.Marshal(ask)
	if err != nil {
		return nil, unavailable("the question to Mango cannot be written")
	}
	form := url.Values{mangoKey: {key}, "sign": {mangoSign(key, string(text), cfg.Secret)}, "json": {string(text)}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, mangoHost+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, unavailable("the question to Mango cannot be written")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := do.Do(req)
	if err != nil {
		return nil, notReached(err, "Mango")
	}
	if resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden {
		_ = resp.Body.Close()
		return nil, unavailable("Mango refuses the key or the signature (HTTP %d)", resp.StatusCode)
	}
	return resp, nil
}

// mangoTell is mangoAsk for what is answered with a JSON object. A result other
// than 1000 is an error.
func mangoTell(ctx context.Context, do Doer, cfg Config, path string, ask any) (fields, error) {
	resp, err := mangoAsk(ctx, do, cfg, path, ask)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := readAnswer(resp.Body, "Mango")
	switch {
	case !success(resp.StatusCode):
		return nil, unavailable("Mango answers with HTTP %d", resp.StatusCode)
	case err != nil:
		return nil, err
	}
	m, err := decodeObject(string(body))
	if err != nil || m == nil {
		return nil, unavailable("the answer of Mango is not a JSON object")
	}
	f := lower(m)
	if code := f.text("result"); code != "" && code != "1000" {
		return nil, unavailable("Mango answers with result %s", models.CutText(code, 10))
	}
	return f, nil
}

// Employees asks config/users/request (§3.7.1 of the documentation).
func (mango) Employees(ctx context.Context, do Doer, cfg Config) ([]Employee, error) {
	f, err := mangoTell(ctx, do, cfg, "config/users/request", map[string]any{"ext_fields": []string{"general.sips", "general.mobile", "general.login"}})
	if err != nil {
		return nil, err
	}
	var out []Employee
	for _, u := range f.subs("users") {
		general, telephony := u.sub("general"), u.sub("telephony")
		e := Employee{Name: models.CutText(general.text("name"), models.MaxName), Email: general.text("email"), Addresses: mangoAddresses(general, telephony, cfg.Region)}
		if len(e.Addresses) > 0 {
			out = append(out, e)
		}
	}
	return out, nil
}

// mangoAddresses names an employee as the events do: by extension, then by
// each phone that can be rung.
func mangoAddresses(general, telephony fields, region string) []string {
	var out []string
	add := func(prefix, rest string) {
		if rest != "" && len(out) < 20 {
			out = append(out, prefix+rest)
		}
	}
	add("", telephony.text("extension"))
	for _, n := range telephony.subs("numbers") {
		number := n.text("number")
		if sip, ok := strings.CutPrefix(strings.ToLower(number), "sip:"); ok {
			add("sip:", sip)
		} else if n.text("protocol") == "tel" {
			add("tel:", phone.Parse(cmp.Or(n.text("number_normalized"), number), region).E164)
		}
	}
	if mobile := general.text("mobile"); mobile != "" {
		add("tel:", phone.Parse(mobile, region).E164)
	}
	return mangoUnique(out)
}

// mangoUnique drops what is there already.
func mangoUnique(list []string) []string {
	seen := make(map[string]bool, len(list))
	out := list[:0]
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// Recording asks for the link of a recording, which works once and is never
// kept (§3.5.1). do must not follow redirects.
func (mango) Recording(ctx context.Context, do Doer, cfg Config, ref, _ string) (*http.Request, error) {
	id, ok := strings.CutPrefix(ref, mangoRecording)
	if !ok || id == "" {
		return nil, models.Errorf(models.NotFound, "this is no recording of Mango's")
	}
	resp, err := mangoAsk(ctx, do, cfg, "queries/recording/post", map[string]string{"recording_id": id, "action": "download"})
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	switch {
	case resp.StatusCode == http.StatusNotFound || resp.StatusCode/100 == 2: // an answer in words: there is none yet
		return nil, models.Errorf(models.NotFound, "Mango does not have the recording yet; it can take some minutes")
	case resp.StatusCode/100 != 3:
		return nil, unavailable("Mango answers with HTTP %d", resp.StatusCode)
	}
	link, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || link.Host == "" || link.Scheme != "https" && link.Scheme != "http" {
		return nil, unavailable("Mango does not say where the recording is")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link.String(), http.NoBody)
	if err != nil {
		return nil, unavailable("Mango does not say where the recording is")
	}
	return req, nil
}

// Dial sends commands/callback (§3.2.1): it rings the employee, then the
// number. The events of the call carry Order.ID as command_id; its key is not
// told.
func (mango) Dial(ctx context.Context, do Doer, cfg Config, o Order) (string, error) {
	if o.From == "" || strings.Contains(o.From, ":") {
		return "", models.InvalidField("from", "Mango places calls for employees with an extension only")
	}
	_, err := mangoTell(ctx, do, cfg, "commands/callback", map[string]any{
		"command_id": o.ID, "from": map[string]string{"extension": o.From}, "to_number": strings.TrimPrefix(o.Phone, "+"),
	})
	return "", err
}
