package pbx_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"zummer/handlers/pbx"
	"zummer/models"
)

// cpaasPlatform answers requests in place of a programmable platform.
type cpaasPlatform struct {
	status int
	answer string
	broken bool // the connection

	asked []string // method, address and body of each request
	auth  []string
}

func (p *cpaasPlatform) Do(req *http.Request) (*http.Response, error) {
	if p.broken {
		return nil, errors.New("connection refused")
	}
	text := req.Method + " " + req.URL.String()
	if req.Body != nil && req.Body != http.NoBody {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		text += " " + string(b)
	}
	p.asked, p.auth = append(p.asked, text), append(p.auth, req.Header.Get("Authorization"))
	return &http.Response{StatusCode: p.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(p.answer))}, nil
}

// cpaasUnhelpful lists platforms that do not answer as they should; each must be
// Unavailable, and what they said must not be quoted.
func cpaasUnhelpful() map[string]*cpaasPlatform {
	return map[string]*cpaasPlatform{
		"no connection": {broken: true}, "refusal": {status: 401, answer: `{"message":"s3cret"}`}, "no object": {status: 200, answer: "[1]"},
		"no JSON": {status: 200, answer: "<html>s3cret"}, "nothing in it": {status: 201, answer: "{}"},
	}
}

// cpaasDialTest places calls through a kind's Dialer.
func cpaasDialTest(t *testing.T, kind string, cfg pbx.Config, needs ...string) {
	t.Helper()
	a, _ := pbx.Lookup(kind)
	d, ok := a.(pbx.Dialer)
	if !ok {
		t.Fatalf("%s places no calls", kind)
	}
	order := pbx.Order{From: "101", Phone: "+79031234567", ID: "o1"}
	cfg.Now = conformNow()
	for name, p := range cpaasUnhelpful() {
		if kind == "plivo" && name == "nothing in it" {
			continue // its answer tells nothing that is needed
		}
		call, err := d.Dial(t.Context(), p, cfg, order)
		if models.KindOf(err) != models.Unavailable || call != "" || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: Dial = %q, %v, want Unavailable", name, call, err)
		}
	}
	for _, name := range needs {
		less := cfg
		less.Settings = map[string]any{}
		for k, v := range cfg.Settings {
			if k != name {
				less.Settings[k] = v
			}
		}
		p := &cpaasPlatform{status: 200, answer: "{}"}
		_, err := d.Dial(t.Context(), p, less, order)
		checkField(t, err, "settings."+name)
		if len(p.asked) > 0 {
			t.Errorf("without %s something is asked: %v", name, p.asked)
		}
	}
	bad := cfg
	bad.Settings = map[string]any{"api_url": "http://[::1"}
	for k, v := range cfg.Settings {
		if k != "api_url" {
			bad.Settings[k] = v
		}
	}
	if _, err := d.Dial(t.Context(), &cpaasPlatform{}, bad, order); err == nil {
		t.Errorf("an unusable api_url is taken")
	}
}

func cpaasRecording(t *testing.T, kind string, cfg pbx.Config, do pbx.Doer, ref string) (*http.Request, error) {
	t.Helper()
	a, _ := pbx.Lookup(kind)
	r, ok := a.(pbx.RecordingFetcher)
	if !ok {
		t.Fatalf("%s fetches no recordings", kind)
	}
	cfg.Now = conformNow()
	return r.Recording(t.Context(), do, cfg, ref, "call-1")
}

// cpaasCode is the code of an error, "" for none.
func cpaasCode(err error) string {
	var e *models.Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}

// TestNamesInAnyCase: fields whose names differ in case alone read the same
// each time.
func TestNamesInAnyCase(t *testing.T) {
	for _, text := range []string{"CAllSid=1&callSid=2&CALLSID=3&CallStatus=completed&From=%2B79031234567", `{"CAllSid":"1","callSid":"2","CALLSID":"3","CallStatus":"completed","From":"+79031234567"}`} {
		for range 50 {
			if res, err := twilioRead("twilio", text); err != nil || len(res.Events) != 1 || res.Events[0].Call != "2" {
				t.Fatalf("Parse(%s) = %+v, %v, want call 2", text, res.Events, err)
			}
		}
	}
}

// TestPlatformsAreAskedByHTTPS: our own requests carry the account's token.
func TestPlatformsAreAskedByHTTPS(t *testing.T) {
	for kind, secret := range map[string]string{"twilio": "x", "plivo": "x", "vonage": "x", "telnyx": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="} {
		a, _ := pbx.Lookup(kind)
		settings := map[string]any{"numbers": []any{"+74951234567"}, "api_url": "http://api.example.com"}
		checkField(t, a.CheckSettings(settings, secret), "settings.api_url")
		settings["api_url"] = "https://api.example.com"
		if err := a.CheckSettings(settings, secret); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
