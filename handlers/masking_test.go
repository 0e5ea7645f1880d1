package handlers

import (
	"strings"
	"testing"

	"zummer/models"
)

// TestWebhookHidesTheSourcesSecrets: some systems send their key in each
// request. An administrator reads the request, not the key.
func TestWebhookHidesTheSourcesSecrets(t *testing.T) {
	const secret = `k+y/"ключ"&=1`
	for name, tc := range map[string]struct {
		kind, path, body string
		headers          map[string]string
		settings         map[string]any
		want             string // in the raw webhook
	}{
		"a form":              {kind: "megafon", body: "cmd=event&crm_token=k%2By%2F%22%D0%BA%D0%BB%D1%8E%D1%87%22%26%3D1&callid=c-1", want: "cmd=event&crm_token=[masked]&callid=c-1"},
		"a form, lower":       {kind: "megafon", body: "crm_token=k%2by%2f%22%d0%ba%d0%bb%d1%8e%d1%87%22%26%3d1&callid=c-1", want: "crm_token=[masked]&callid=c-1"},
		"JSON":                {kind: "aircall", body: `{"token":"k+y/\"ключ\"&=1","event":"x"}`, want: `{"token":"[masked]","event":"x"}`},
		"JSON, all escaped":   {kind: "aircall", body: `{"token":"k+y\/\"\u043a\u043b\u044E\u0447\"\u0026=1"}`, want: `{"token":"[masked]"}`},
		"as it is":            {kind: "megafon", body: "crm_token=" + secret, want: "crm_token=[masked]"},
		"the query":           {kind: "megafon", path: "?a=1&crm_token=k%2By%2F%22%D0%BA%D0%BB%D1%8E%D1%87%22%26%3D1", body: "x", want: "POST ?a=1&crm_token=[masked] HTTP/1.1"},
		"a header":            {kind: "3cx", headers: map[string]string{"X-Other": secret}, body: "x", want: "X-Other: [masked]"},
		"a setting":           {kind: "megafon", settings: map[string]any{"api_key": "aaaa-bbbb", "api_url": "https://m.example"}, body: "key=aaaa-bbbb&url=https://m.example", want: "key=[masked]&url=https://m.example"},
		"one within another":  {kind: "megafon", settings: map[string]any{"api_key": secret + "tail"}, body: "key=" + secret + "tail", want: "key=[masked]"},
		"too short to be one": {kind: "megafon", settings: map[string]any{"api_key": "a"}, body: "banana", want: "banana"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newSetupFakes()
			s := f.dir.Sources[5]
			s.Kind, s.Secret, s.Settings = tc.kind, secret, tc.settings
			f.webhook = &models.Webhook{ID: 7, SourceID: 5, Method: "POST", Path: tc.path, Headers: tc.headers, Body: []byte(tc.body), Error: "what: " + secret, ReceivedAt: at()}
			e, _ := setupSurface(t, f)
			raw := call(t, e, "GET", "/v1/admin/webhooks/7/raw", "", asAdmin).Body.String()
			if !strings.Contains(raw, tc.want) {
				t.Errorf("raw: %s\nwant %s", raw, tc.want)
			}
			for _, target := range []string{"/v1/admin/webhooks/7", "/v1/admin/webhooks"} {
				rec := call(t, e, "GET", target, "", asAdmin)
				if rec.Code != 200 || strings.Contains(rec.Body.String(), "%D0%BA%D0%BB") || strings.Contains(rec.Body.String(), "ключ") || strings.Contains(rec.Body.String(), "043a") || strings.Contains(rec.Body.String(), "aaaa-bbbb") {
					t.Errorf("%s: %d %s", target, rec.Code, rec.Body)
				}
			}
		})
	}
}
