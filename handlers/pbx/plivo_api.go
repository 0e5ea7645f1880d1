package pbx

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

const (
	plivoAPI   = "https://api.plivo.com"
	plivoMedia = "https://media.plivo.com"
)

// Recording makes the request of a recording: its address is public unless the
// account protects recordings, and then Plivo's media host takes the account's
// id and token. The name of that host is unconfirmed.
func (plivo) Recording(ctx context.Context, _ Doer, cfg Config, ref, _ string) (*http.Request, error) {
	req, err := cpaasGet(ctx, ref)
	if err != nil {
		return nil, err
	}
	if id := cfg.setting("auth_id"); id != "" && (cpaasOwn(ref, plivoMedia) || cpaasOwn(ref, cpaasAPI(cfg, plivoAPI))) {
		req.SetBasicAuth(id, cfg.Secret)
	}
	return req, nil
}

// Dial rings the person's own phone, and answer_url then has it dial the
// number: Plivo's Make a call (plivo.com/docs/voice/api/call). Unconfirmed:
// written from the documentation, never tried on an account. The answer names
// no call that later events would carry for sure.
func (plivo) Dial(ctx context.Context, do Doer, cfg Config, o Order) (string, error) {
	if err := cpaasNeed(cfg, "auth_id", "caller_id", "hook_url"); err != nil {
		return "", err
	}
	hook := strings.TrimRight(cfg.setting("hook_url"), "/")
	hints := url.Values{"ext": {o.From}, "dir": {"out"}, "phone": {o.Phone}}.Encode()
	to := cpaasDialable(cfg, o.From, func(name string) string { return "sip:" + name + "@phone.plivo.com" })
	req, err := cpaasPost(ctx, cpaasAPI(cfg, plivoAPI)+"/v1/Account/"+url.PathEscape(cfg.setting("auth_id"))+"/Call/", map[string]any{
		"from": strings.TrimPrefix(cfg.setting("caller_id"), "+"), "to": strings.TrimPrefix(to, "+"),
		"answer_url": hook + "/click?" + hints, "answer_method": "POST", "ring_url": hook + "/click?" + hints, "ring_method": "POST",
		"hangup_url": hook + "/click?" + hints, "hangup_method": "POST",
	})
	if err != nil {
		return "", err
	}
	req.SetBasicAuth(cfg.setting("auth_id"), cfg.Secret)
	_, err = cpaasAsk(do, req)
	return "", err
}
