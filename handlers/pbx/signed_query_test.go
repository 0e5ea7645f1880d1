package pbx_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"zummer/handlers/pbx"
)

// TestSignatureOfABodyCoversNoQuery: a request without a body is read from its
// query, which a signature over the body says nothing of.
func TestSignatureOfABodyCoversNoQuery(t *testing.T) {
	now := time.Unix(1763900520, 0)
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	standard, err := pbx.SignStandard(secret, "m1", now, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed := http.Header{"Webhook-Id": {"m1"}, "Webhook-Timestamp": {"1763900520"}, "Webhook-Signature": {standard}}
	for kind, tc := range map[string]struct {
		cfg    pbx.Config
		header http.Header
	}{
		"generic":    {pbx.Config{Secret: secret, Now: now}, signed},
		"rostelecom": {pbx.Config{Secret: "key", Settings: map[string]any{"client_id": "id"}, Now: now}, http.Header{"X-Client-Id": {"id"}, "X-Client-Sign": {fmt.Sprintf("%x", sha256.Sum256([]byte("idkey")))}}},
	} {
		t.Run(kind, func(t *testing.T) {
			a, _ := pbx.Lookup(kind)
			for query, taken := range map[string]bool{"": true, "event=ended&call=1&session_id=1&state=end": false} {
				q, _ := url.ParseQuery(query)
				err := a.Verify(pbx.Request{Method: "GET", Query: q, Header: tc.header}, tc.cfg)
				if (err == nil) != taken {
					t.Errorf("query %q: Verify = %v, want taken %v", query, err, taken)
				}
			}
		})
	}
}
