package handlers

import (
	"strings"
	"testing"

	"zummer/models"
)

// TestMaskNamed: a field that is named like a secret is one, whoever sent it.
func TestMaskNamed(t *testing.T) {
	for in, want := range map[string]string{
		"vpbx_api_key=abc1&sign=00ff&json=x":           "vpbx_api_key=[masked]&sign=[masked]&json=x",
		"/events?apiKey=abc&call=1":                    "/events?apiKey=[masked]&call=1",
		"?crm_token=a%20b":                             "?crm_token=[masked]",
		`{"token":"a\"b","signal":"x","key": 17}`:      `{"token":"[masked]","signal":"x","key": "[masked]"}`,
		"json=%7B%22secret%22%3A%22x%22%7D&a=1":        "json=%7B%22secret%22%3A%22%5Bmasked%5D%22%7D&a=1",
		"json=%7B%22call%22%3A%22x%22%7D":              "json=%7B%22call%22%3A%22x%22%7D",
		"signal=1&keyboard=2&assigned=3&tokens_left=4": "signal=1&keyboard=2&assigned=3&tokens_left=4",
		"sign=&x=1":  "sign=&x=1",
		"plain text": "plain text",
		`{"url":"https://x/?a=b","data":{"password":""}}`: `{"url":"https://x/?a=b","data":{"password":""}}`,
	} {
		if got := maskNamed(in); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

// TestWebhookPageHidesNamedSecrets: for an administrator too, in the body as it
// came, in the decoded one and in the line of curl.
func TestWebhookPageHidesNamedSecrets(t *testing.T) {
	for who, cookie := range map[string]string{"root": asBrowser, "viewer": asViewer} {
		f := newSetupFakes()
		f.webhook = &models.Webhook{ID: 7, SourceID: 5, Method: "POST", Path: "/events/call?api_key=k3y7", Headers: map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
			Body: []byte("vpbx_api_key=k3y7&sign=51gn&json=%7B%22from%22%3A%7B%22number%22%3A%2279031234567%22%7D%2C%22token%22%3A%22t0k3n%22%7D&who=%D0%98%D0%B2%D0%B0%D0%BD"), ReceivedAt: at(), Outcome: models.WebhookStored}
		p := phonePages(t, f)
		page := call(t, p.e, "GET", "/admin/webhooks/7?lang=en", "", cookie).Body.String()
		for _, secret := range []string{"k3y7", "51gn", "t0k3n"} {
			if strings.Contains(page, secret) {
				t.Errorf("%s reads %q", who, secret)
			}
		}
		for _, want := range []string{"who = Иван", "vpbx_api_key=[masked]", "sign = [masked]", `{&#34;from&#34;:{&#34;number&#34;:&#34;`} {
			if !strings.Contains(page, want) {
				t.Errorf("the page of %s lacks %q", who, want)
			}
		}
		if shown := strings.Contains(page, "9031234567"); shown != (who == "root") {
			t.Errorf("%s sees the number: %t", who, shown)
		}
		if list := call(t, p.e, "GET", "/admin/webhooks?lang=en", "", cookie).Body.String(); strings.Contains(list, "k3y7") {
			t.Errorf("the list shows %s the key", who)
		}
	}
}
