package pbx_test

import (
	"net/http"
	"net/url"
	"testing"

	"zummer/handlers/pbx"
)

// TestSignedFormIsWhatIsRead: a signature over the fields of a form must not let
// a body in that is read as something else. Somebody who has seen the signature
// of a request without fields could make up the rest.
func TestSignedFormIsWhatIsRead(t *testing.T) {
	const at, nonce = "https://zummer.example/hooks/office/t0k3n/status?ext=101", "31627761595286130198"
	sign := map[string]http.Header{
		"twilio": {"X-Twilio-Signature": {pbx.SignTwilio("12345", at, nil)}},
		"plivo":  {"X-Plivo-Signature-V3-Nonce": {nonce}, "X-Plivo-Signature-V3": {pbx.SignPlivo("12345", "POST", at, nonce, nil)}},
	}
	for name, tc := range map[string]struct {
		typ, body string
		taken     bool
	}{
		"no body":                   {"", "", true},
		"blanks":                    {"", " \r\n", true}, // read as no body
		"JSON":                      {"application/json", `{"CallSid":"CA1","CallUUID":"1"}`, false},
		"JSON with a field":         {"application/x-www-form-urlencoded", `{"CallSid":"CA1","CallUUID":"1","x":"&=&"}`, false},
		"JSON behind a mark":        {"application/json", "\xef\xbb\xbf" + `{"CallSid":"CA1","CallUUID":"1","x":"&=&"}`, false},
		"a list":                    {"application/json", `[{"CallSid":"CA1","CallUUID":"1","x":"&=&"}]`, false},
		"another form":              {"application/x-www-form-urlencoded", "CallSid=CA1&CallUUID=1", false},
		"multipart":                 {"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"CallSid\"\r\n\r\nCA1\r\n--b--\r\n", false},
		"more fields than are read": {"application/x-www-form-urlencoded", manyFields(), false},
	} {
		for kind, header := range sign {
			t.Run(kind+" "+name, func(t *testing.T) {
				u, _ := url.Parse(at)
				a, _ := pbx.Lookup(kind)
				h := header.Clone()
				h.Set("Content-Type", tc.typ)
				err := a.Verify(pbx.Request{Method: "POST", URL: at, Path: "/status", Query: u.Query(), Header: h, Body: []byte(tc.body)}, pbx.Config{Secret: "12345"})
				if (err == nil) != tc.taken {
					t.Errorf("Verify = %v, want taken %v", err, tc.taken)
				}
			})
		}
	}
}

func manyFields() string {
	b := make([]byte, 0, 8000)
	for range 2000 {
		b = append(b, "&=&x"...)
	}
	return string(b)
}

// TestPlivoRepeatedParameter: Plivo signs one value of a name, so a second one
// could be read instead.
func TestPlivoRepeatedParameter(t *testing.T) {
	const at, nonce = "https://zummer.example/hooks/office/t0k3n/leg", "31627761595286130198"
	signature := pbx.SignPlivo("12345", "POST", at+"?ext=101", nonce, url.Values{"DialALegUUID": {"1"}})
	for query, taken := range map[string]bool{"?ext=101": true, "?ext=999&ext=101": false, "?ext&ext=101": false, "?ext=101&ext=101": false} {
		u, _ := url.Parse(at + query)
		a, _ := pbx.Lookup("plivo")
		err := a.Verify(pbx.Request{Method: "POST", URL: at + query, Path: "/leg", Query: u.Query(), Body: []byte("DialALegUUID=1"),
			Header: http.Header{"X-Plivo-Signature-V3-Nonce": {nonce}, "X-Plivo-Signature-V3": {signature}}}, pbx.Config{Secret: "12345"})
		if (err == nil) != taken {
			t.Errorf("%s: Verify = %v, want taken %v", query, err, taken)
		}
	}
}
