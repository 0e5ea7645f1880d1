package pbx_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

const testSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

type vector struct {
	id   string
	ts   int64
	body string
	sig  string
}

func vectors() []vector {
	return []vector{
		{"msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, `{"test": 2432232314}`, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
		{"msg_0001", 1768473000, `{"type":"call.ringing","timestamp":"2026-01-15T10:30:00Z","data":{"call_id":"abc","extension":"101"}}`, "v1,+C1lLobD0enO7SD8pPi7RC37yJxUAbghlloh+zUtdhQ="},
	}
}

func (v vector) verify(secret, id, stamp, sig, body string, now time.Time) error {
	a, _ := pbx.Lookup("generic")
	h := http.Header{}
	for name, value := range map[string]string{"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": sig} {
		if value != "" {
			h.Set(name, value)
		}
	}
	return a.Verify(pbx.Request{Method: "POST", Header: h, Body: []byte(body)}, pbx.Config{Secret: secret, Now: now})
}

func TestStandardWebhooksVectors(t *testing.T) {
	for _, v := range vectors() {
		t.Run(v.id, func(t *testing.T) {
			now, stamp := time.Unix(v.ts, 0), strconv.FormatInt(v.ts, 10)
			if got, err := pbx.SignStandard(testSecret, v.id, now, []byte(v.body)); err != nil || got != v.sig {
				t.Errorf("SignStandard = %q, %v, want %q", got, err, v.sig)
			}
			wrong := "v1," + strings.Repeat("A", 43) + "="
			for name, tc := range map[string]struct {
				secret, id, stamp, sig string
				now                    time.Time
				ok                     bool
			}{
				"as signed":             {testSecret, v.id, stamp, v.sig, now, true},
				"secret without prefix": {strings.TrimPrefix(testSecret, "whsec_"), v.id, stamp, v.sig, now, true},
				"no secret":             {"", "", "", "", now, true},
				"second of two":         {testSecret, v.id, stamp, wrong + " " + v.sig, now, true},
				"unknown versions too":  {testSecret, v.id, stamp, "v1a,abc v9,x " + v.sig, now, true},
				"5 minutes old":         {testSecret, v.id, stamp, v.sig, now.Add(5 * time.Minute), true},
				"5 minutes ahead":       {testSecret, v.id, stamp, v.sig, now.Add(-5 * time.Minute), true},
				"older":                 {testSecret, v.id, stamp, v.sig, now.Add(5*time.Minute + time.Second), false},
				"further ahead":         {testSecret, v.id, stamp, v.sig, now.Add(-5*time.Minute - time.Second), false},
				"no id":                 {testSecret, "", stamp, v.sig, now, false},
				"no timestamp":          {testSecret, v.id, "", v.sig, now, false},
				"no signature":          {testSecret, v.id, stamp, "", now, false},
				"empty signature":       {testSecret, v.id, stamp, "v1,", now, false},
				"wrong signature":       {testSecret, v.id, stamp, wrong, now, false},
				"other version":         {testSecret, v.id, stamp, "v2" + v.sig[2:], now, false},
				"no version":            {testSecret, v.id, stamp, v.sig[3:], now, false},
				"timestamp no number":   {testSecret, v.id, "now", v.sig, now, false},
				"timestamp far off":     {testSecret, v.id, "-9223372036854775808", v.sig, now, false},
				"dot in id":             {testSecret, v.id + ".1", stamp, v.sig, now, false},
				"bare whsec_":           {"whsec_", v.id, stamp, v.sig, now, false},
				"secret no base64":      {"whsec_!!!!", v.id, stamp, v.sig, now, false},
			} {
				t.Run(name, func(t *testing.T) {
					err := v.verify(tc.secret, tc.id, tc.stamp, tc.sig, v.body, tc.now)
					if tc.ok != (err == nil) {
						t.Errorf("Verify = %v, want success: %v", err, tc.ok)
					}
					if !tc.ok && models.KindOf(err) != models.Unauthorized {
						t.Errorf("Verify: kind %v of %v, want Unauthorized", models.KindOf(err), err)
					}
				})
			}
		})
	}
}

// TestStandardWebhooksOneByteChanged changes every single byte of what is
// signed and of the signature.
func TestStandardWebhooksOneByteChanged(t *testing.T) {
	for _, v := range vectors() {
		stamp := strconv.FormatInt(v.ts, 10)
		parts := []string{v.id, stamp, v.sig, v.body}
		for p := range parts {
			for i := range len(parts[p]) {
				changed := append([]string(nil), parts...)
				b := []byte(changed[p])
				b[i] ^= 1
				changed[p] = string(b)
				if err := v.verify(testSecret, changed[0], changed[1], changed[2], changed[3], time.Unix(v.ts, 0)); err == nil {
					t.Errorf("Verify accepts %q instead of %q", changed[p], parts[p])
				}
			}
		}
	}
}

func TestGenericSecretIsChecked(t *testing.T) {
	a, _ := pbx.Lookup("generic")
	for secret, ok := range map[string]bool{
		"": true, testSecret: true, "whsec_": false, "whsec_short": false, "plain words": false, "whsec_" + strings.Repeat("A", 400): false,
	} {
		if err := a.CheckSettings(nil, secret); ok != (err == nil) {
			t.Errorf("CheckSettings(nil, %q) = %v, want success: %v", fmt.Sprintf("%.20s", secret), err, ok)
		}
	}
}
