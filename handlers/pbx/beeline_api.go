package pbx

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"zummer/models"
)

// beelineAPI is Beeline's portal API. Its methods and fields are seen in
// several public programs that use it.
const beelineAPI = "https://cloudpbx.beeline.ru/apis/portal"

// beelineRequest makes a request with the source's key.
func beelineRequest(ctx context.Context, cfg Config, method, path string) (*http.Request, error) {
	token := cfg.setting("api_token")
	if token == "" {
		return nil, missingSetting("api_token")
	}
	req, err := cloudRequest(ctx, method, beelineAPI+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-MPBX-API-AUTH-TOKEN", token)
	return req, nil
}

// Employees lists the subscribers (GET /abonents).
func (beeline) Employees(ctx context.Context, do Doer, cfg Config) ([]Employee, error) {
	req, err := beelineRequest(ctx, cfg, http.MethodGet, "/abonents")
	if err != nil {
		return nil, err
	}
	answer, err := cloudAsk(do, req)
	if err != nil {
		return nil, err
	}
	if _, ok := answer.([]any); !ok {
		return nil, unavailable("the system's list of people is no list")
	}
	var out []Employee
	for _, f := range (fields{"": answer}).subs("") {
		if f.text("userid") == "" {
			continue
		}
		first, more := beelineAddresses(f.text("userid"), f.text("extension"))
		out = append(out, Employee{
			Name:      strings.TrimSpace(f.text("lastname") + " " + f.text("firstname")),
			Email:     f.text("email"),
			Addresses: append([]string{first}, more...),
		})
	}
	return out, nil
}

// Recording makes the request for a recording by tracking id and subscriber
// (GET /v2/records/{trackingId}/{userId}/download).
func (beeline) Recording(ctx context.Context, _ Doer, cfg Config, ref, _ string) (*http.Request, error) {
	id, err := recordingRef(ref, "beeline")
	if err != nil {
		return nil, err
	}
	tracking, user, ok := strings.Cut(id, "/")
	if !ok || tracking == "" || user == "" {
		return nil, noRecording()
	}
	req, err := beelineRequest(ctx, cfg, http.MethodGet, "/v2/records/"+url.PathEscape(tracking)+"/"+url.PathEscape(user)+"/download")
	if err != nil {
		return nil, err
	}
	req.Header.Del("Accept")
	return req, nil
}

// Dial orders a call (POST /abonents/{pattern}/call). Unconfirmed: the form of
// the number, and that the answer is the tracking id of the call.
func (beeline) Dial(ctx context.Context, do Doer, cfg Config, o Order) (string, error) {
	from := o.From
	for _, prefix := range []string{"id:", "sip:", "tel:+7", "tel:"} {
		if rest, ok := strings.CutPrefix(from, prefix); ok {
			from = rest
			break
		}
	}
	if from == "" || strings.HasPrefix(from, "login:") {
		return "", models.InvalidField("from", "this system places calls of people with an id, a number or an extension")
	}
	number := strings.TrimPrefix(o.Phone, "+")
	req, err := beelineRequest(ctx, cfg, http.MethodPost, "/abonents/"+url.PathEscape(from)+"/call?phoneNumber="+url.QueryEscape(number))
	if err != nil {
		return "", err
	}
	answer, err := cloudAsk(do, req)
	if err != nil {
		return "", err
	}
	if cloudObject(answer).text("errorcode") != "" {
		return "", unavailable("the system refuses to place the call")
	}
	call := fields{"": answer}.text("")
	if len(call) > models.MaxKeyLen {
		call = ""
	}
	return call, nil
}
