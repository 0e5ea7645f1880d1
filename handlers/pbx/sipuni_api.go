package pbx

import (
	"context"
	"crypto/md5" //nolint:gosec // the makers' formula for this command, no secret of ours rests on it
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"zummer/models"
)

// sipuniCall is the address of the command; it takes no other host.
const sipuniCall = "https://sipuni.com/api/callback/call_number"

// Dial posts call_number: reverse 0 rings the person first. The hash is the MD5
// of the values and the key, joined with "+", as the makers' examples have it
// (seen in many public clients, not tried on a live account). Which call_id the
// events will bear is not told.
func (sipuni) Dial(ctx context.Context, do Doer, cfg Config, o Order) (string, error) {
	need, err := cfg.needSettings("user", "api_key")
	if err != nil {
		return "", err
	}
	if o.From == "" || strings.Trim(o.From, "0123456789") != "" {
		return "", models.InvalidField("from", "Sipuni places calls for an extension")
	}
	number := strings.TrimPrefix(o.Phone, "+")
	form := url.Values{"antiaon": {"0"}, "phone": {number}, "reverse": {"0"}, "sipnumber": {o.From}, "user": {need[0]},
		"hash": {sipuniHash("0", number, "0", o.From, need[0], need[1])}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, sipuniCall, strings.NewReader(form.Encode()))
	if err != nil {
		return "", unavailable("no request can be made for Sipuni")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var answer struct {
		Success looseText `json:"success"`
	}
	if _, err := askJSON(do, req, "Sipuni", &answer); err != nil {
		return "", err
	}
	if answer.Success != "true" && answer.Success != "1" {
		return "", unavailable("Sipuni refuses the call: check the settings user and api_key and the extension")
	}
	return "", nil
}

// sipuniHash is the formula of the makers.
func sipuniHash(values ...string) string {
	sum := md5.Sum([]byte(strings.Join(values, "+"))) //nolint:gosec // as above
	return hex.EncodeToString(sum[:])
}
