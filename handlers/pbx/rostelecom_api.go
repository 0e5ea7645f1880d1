package pbx

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"zummer/models"
)

// rostelecomAPI is where the integration API is, unless api_url says otherwise.
const rostelecomAPI = "https://api.cloudpbx.rt.ru"

// rostelecomAsk calls one method of the integration API. Its answers carry
// result: "0" is success.
func rostelecomAsk(ctx context.Context, do Doer, cfg Config, method string, params map[string]string) (fields, error) {
	id := cfg.setting("client_id")
	switch {
	case id == "":
		return nil, missingSetting("client_id")
	case cfg.Secret == "":
		return nil, models.InvalidField("secret", "is needed for this")
	}
	body, err := json.Marshal(params)
	if err != nil {
		return nil, unavailable("the request cannot be written")
	}
	req, err := cloudRequest(ctx, http.MethodPost, strings.TrimRight(cmp.Or(cfg.setting("api_url"), rostelecomAPI), "/")+"/"+method, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Client-ID", id)
	req.Header.Set("X-Client-Sign", rostelecomSign(id, cfg.Secret, body))
	answer, err := cloudAsk(do, req)
	return cloudObject(answer), err
}

// Recording asks for the link to a recording (get_record). The link works once
// and only from the address that asked for it, so nobody else may have it.
func (rostelecom) Recording(ctx context.Context, do Doer, cfg Config, ref, _ string) (*http.Request, error) {
	session, err := recordingRef(ref, "rostelecom")
	if err != nil {
		return nil, err
	}
	answer, err := rostelecomAsk(ctx, do, cfg, "get_record", map[string]string{"session_id": session})
	if err != nil {
		return nil, err
	}
	if answer.text("result") != "0" || answer.text("url") == "" {
		return nil, noRecording()
	}
	return cloudSound(ctx, answer.text("url"))
}

// Dial orders a call (call_back): the PBX rings the person, then the number.
// The method and its fields are seen in public programs; session_id in the
// answer is unconfirmed.
func (rostelecom) Dial(ctx context.Context, do Doer, cfg Config, o Order) (string, error) {
	params := map[string]string{"request_number": o.Phone}
	switch {
	case strings.HasPrefix(o.From, "sip:"):
		params["from_sipuri"] = o.From
	case o.From != "" && strings.Trim(o.From, "0123456789") == "":
		params["from_pin"] = o.From
	default:
		return "", models.InvalidField("from", "this system places calls of people with an extension or a SIP address")
	}
	answer, err := rostelecomAsk(ctx, do, cfg, "call_back", params)
	if err != nil {
		return "", err
	}
	if answer.text("result") != "0" && !strings.EqualFold(answer.text("resultmessage"), "ok") {
		return "", unavailable("the system refuses to place the call")
	}
	return answer.text("session_id"), nil
}
