package pbx

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"zummer/models"
)

// onlineHost is where questions go, and the key nowhere else. The shape of the
// API is that of public code that uses it; the vendor's own text was not seen.
const onlineHost = "https://api2.onlinepbx.ru/"

// onlineAsk asks one question and returns the member data of the answer's
// object. Each question begins with auth.json, which turns the key of the
// account into the one of a session: adapters remember nothing.
func onlineAsk(ctx context.Context, do Doer, cfg Config, path string, form url.Values) (fields, error) {
	domain, key := cfg.setting("domain"), cfg.setting("api_key")
	switch {
	case domain == "":
		return nil, models.InvalidField("settings.domain", "is required to ask OnlinePBX for anything")
	case key == "":
		return nil, models.InvalidField("settings.api_key", "is required to ask OnlinePBX for anything")
	}
	host := onlineHost + url.PathEscape(domain) + "/"
	f, err := onlinePost(ctx, do, host+"auth.json", "", url.Values{"auth_key": {key}})
	if err != nil {
		return nil, err
	}
	session := f.sub("data")
	if session.text("key_id") == "" || session.text("key") == "" {
		return nil, unavailable("OnlinePBX gives no session for this key")
	}
	return onlinePost(ctx, do, host+path, session.text("key_id")+":"+session.text("key"), form)
}

// onlinePost sends one form and reads an answer whose status is 1.
func onlinePost(ctx context.Context, do Doer, address, session string, form url.Values) (fields, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, unavailable("the question to OnlinePBX cannot be written")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if session != "" {
		req.Header.Set("X-Pbx-Authentication", session)
	}
	status, body, err := ask(do, req, "OnlinePBX")
	switch {
	case err != nil:
		return nil, err
	case !success(status):
		return nil, unavailable("OnlinePBX answers with HTTP %d", status)
	}
	m, err := decodeObject(string(body))
	if err != nil || m == nil {
		return nil, unavailable("the answer of OnlinePBX is not a JSON object")
	}
	f := lower(m)
	if f.text("status") != "1" {
		return nil, unavailable("OnlinePBX refuses the question %s", address[strings.LastIndexByte(address, '/')+1:])
	}
	return f, nil
}

// Employees asks user/get.json.
func (onlinePBX) Employees(ctx context.Context, do Doer, cfg Config) ([]Employee, error) {
	f, err := onlineAsk(ctx, do, cfg, "user/get.json", nil)
	if err != nil {
		return nil, err
	}
	var out []Employee
	for _, u := range f.subs("data") {
		if num := u.text("num"); num != "" && u.text("enabled") != "false" {
			out = append(out, Employee{Name: models.CutText(u.text("name"), models.MaxName), Email: u.text("email"), Addresses: []string{num}})
		}
	}
	return out, nil
}

// Recording asks for a fresh link, for the one in the hook expires. Without a
// key of the API that one is all there is.
func (onlinePBX) Recording(ctx context.Context, do Doer, cfg Config, ref, call string) (*http.Request, error) {
	link := ref
	if cfg.setting("api_key") != "" && call != "" {
		f, err := onlineAsk(ctx, do, cfg, "mongo_history/search.json", url.Values{"uuid": {call}, "download": {"1"}})
		if err != nil {
			return nil, err
		}
		if link = f.text("data"); link == "" {
			return nil, models.Errorf(models.NotFound, "OnlinePBX has no recording of this call (yet)")
		}
	}
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, models.Errorf(models.NotFound, "OnlinePBX does not say where the recording is")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, unavailable("OnlinePBX does not say where the recording is")
	}
	return req, nil
}

// Dial sends call/now.json: it rings the person, then the number. That the
// uuid it returns is the one of the hooks is unconfirmed.
func (onlinePBX) Dial(ctx context.Context, do Doer, cfg Config, o Order) (string, error) {
	if onlineExtension(o.From) == "" {
		return "", models.InvalidField("from", "OnlinePBX places calls for extensions only")
	}
	f, err := onlineAsk(ctx, do, cfg, "call/now.json", url.Values{"from": {o.From}, "to": {strings.TrimPrefix(o.Phone, "+")}})
	if err != nil {
		return "", err
	}
	return f.sub("data").text("uuid"), nil
}
