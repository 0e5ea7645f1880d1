package pbx

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"zummer/models"
)

const twilioAPI = "https://api.twilio.com"

// Recording makes the request of a recording's MP3: RecordingUrl and ".mp3",
// with the account's SID and token, which go to Twilio's host alone.
func (twilio) Recording(ctx context.Context, _ Doer, cfg Config, ref, _ string) (*http.Request, error) {
	own := cpaasOwn(ref, cpaasAPI(cfg, twilioAPI))
	if own && !strings.HasSuffix(ref, ".mp3") && !strings.HasSuffix(ref, ".wav") {
		ref += ".mp3"
	}
	req, err := cpaasGet(ctx, ref)
	if err != nil || !own {
		return req, err
	}
	sid := cfg.setting("account_sid")
	if m := regexp.MustCompile(`/Accounts/(AC[0-9A-Za-z]+)/`).FindStringSubmatch(req.URL.Path); sid == "" && m != nil {
		sid = m[1]
	}
	if sid == "" {
		return nil, cpaasNeed(cfg, "account_sid")
	}
	req.SetBasicAuth(sid, cfg.Secret)
	return req, nil
}

// Dial rings the person's own phone and, when they answer, dials the number:
// the Calls resource with inline TwiML (twilio.com/docs/voice/api/call-resource).
// Unconfirmed: written from the documentation, never tried on an account. The
// events come to hook_url, the person and the number being in its parameters.
func (twilio) Dial(ctx context.Context, do Doer, cfg Config, o Order) (string, error) {
	if err := cpaasNeed(cfg, "account_sid", "caller_id", "hook_url"); err != nil {
		return "", err
	}
	hook := strings.TrimRight(cfg.setting("hook_url"), "/")
	own := url.Values{"ext": {o.From}, "dir": {"out"}, "phone": {o.Phone}}
	dial := twilioPost{}.dial(hook, []cpaasTarget{{name: o.From, address: o.Phone}}, "out", cfg.setting("caller_id"))
	form := url.Values{
		"To":             {cpaasDialable(cfg, o.From, func(name string) string { return "client:" + name })},
		"From":           {cfg.setting("caller_id")},
		"Twiml":          {string(dial.Body)},
		"StatusCallback": {hook + "/status?" + own.Encode()}, "StatusCallbackEvent": {"initiated", "ringing", "answered", "completed"},
	}
	address := cpaasAPI(cfg, twilioAPI) + "/2010-04-01/Accounts/" + url.PathEscape(cfg.setting("account_sid")) + "/Calls.json"
	req, err := cpaasPost(ctx, address, form)
	if err != nil {
		return "", err
	}
	req.SetBasicAuth(cfg.setting("account_sid"), cfg.Secret)
	answer, err := cpaasAsk(do, req)
	if err != nil {
		return "", err
	}
	if sid := answer.text("sid"); sid != "" && len(sid) <= models.MaxKeyLen {
		return sid, nil
	}
	return "", unavailable("the platform names no call")
}
