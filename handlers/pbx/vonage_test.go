package pbx_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

const vonageSecret = "vonage-signature-secret-0123456789ab"

func vonageSample() sample {
	return sample{
		kind: "vonage", config: pbx.Config{Secret: vonageSecret, Settings: map[string]any{"ncco": `[{"action":"talk","text":"One moment"}]`}},
		fields: map[string]any{"status": "ringing", "direction": "outbound", "conversation_uuid": "4001", "uuid": "4002", "from": "79031234567", "to": "sip:101@pbx.example", "timestamp": "2026-11-23T10:42:00.000Z"},
		write:  jsonRequest,
		sign: func(req *pbx.Request, cfg pbx.Config) {
			token, err := pbx.SignVonage(cfg.Secret, "j1", conformNow(), req.Body)
			if err != nil {
				panic(err)
			}
			req.Header.Set("Authorization", "Bearer "+token)
		},
		want: models.EventRinging, ext: "sip:101@pbx.example", call: "conversation_uuid", person: "to", phone: "from", other: map[string]any{"uuid": "4003"}, when: "timestamp",
		need: []string{"conversation_uuid"}, texts: []string{"conversation_uuid", "uuid", "from"}, hidden: []any{"anonymous", "Anonymous", "unknown", "Private", "Restricted"},
		times: map[any]string{"2026-11-23T10:42:00.125Z": "2026-11-23T10:42:00.125Z", "2026-11-23T13:42:00+03:00": "2026-11-23T10:42:00Z", "2026-11-23 10:42:00 +0000": "2026-11-23T10:42:00Z"},
	}
}

func FuzzParseVonage(f *testing.F) { fuzzParse(f, "vonage") }

// vonageJWT signs any head and claims.
func vonageJWT(head, claims string) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(head)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	m := hmac.New(sha256.New, []byte(vonageSecret))
	m.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func TestVonageSignature(t *testing.T) {
	const (
		text  = `{"from":"998901234567","to":"998712000101","uuid":"aaaaaaaa-bbbb-cccc-dddd-0123456789ab","conversation_uuid":"CON-aaaaaaaa-bbbb-cccc-dddd-0123456789ab","status":"ringing","direction":"inbound","timestamp":"2020-01-01T12:00:00.000Z"}`
		hash  = "6c3afc2005b18326a2e82621f72a1f99fbddcef0e89502b54f8aaf9038798aa2"
		token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE1ODc0OTQ5NjIsImp0aSI6ImM1YmE4ZjI0LTFhMTQtNGMxMC1iZmRmLTNmYmU4Y2U1MTFiNSIsImlzcyI6IlZvbmFnZSIsInBheWxvYWRfaGFzaCI6IjZjM2FmYzIwMDViMTgzMjZhMmU4MjYyMWY3MmExZjk5ZmJkZGNlZjBlODk1MDJiNTRmOGFhZjkwMzg3OThhYTIiLCJhcGlfa2V5IjoiYTFiMmMzZCIsImFwcGxpY2F0aW9uX2lkIjoiYWFhYWFhYWEtYmJiYi1jY2NjLWRkZGQtMDEyMzQ1Njc4OWFiIn0.KIHkgDRED-X7q7rzkotuZeQrk_Rqw3LwkkHXBDMIcdU"
		head  = `{"alg":"HS256","typ":"JWT"}`
	)
	a, _ := pbx.Lookup("vonage")
	iat := time.Unix(1587494962, 0)
	parts := strings.Split(token, ".")
	for name, tc := range map[string]struct {
		auth, body, secret string
		now                time.Time
		want               string // code; "": taken
	}{
		"right":                   {"Bearer " + token, text, vonageSecret, iat, ""},
		"in small letters":        {"bearer  " + token, text, vonageSecret, iat, ""},
		"5 minutes later":         {"Bearer " + token, text, vonageSecret, iat.Add(5 * time.Minute), ""},
		"5 minutes early":         {"Bearer " + token, text, vonageSecret, iat.Add(-5 * time.Minute), ""},
		"too late":                {"Bearer " + token, text, vonageSecret, iat.Add(301 * time.Second), "signature_time"},
		"too early":               {"Bearer " + token, text, vonageSecret, iat.Add(-301 * time.Second), "signature_time"},
		"a GET":                   {"Bearer " + token, "", vonageSecret, iat, ""},
		"body changed":            {"Bearer " + token, strings.Replace(text, "ringing", "started", 1), vonageSecret, iat, "signature_wrong"},
		"claims changed":          {"Bearer " + parts[0] + "." + strings.Replace(parts[1], "eyJpYXQiOjE1", "eyJpYXQiOjE2", 1) + "." + parts[2], text, vonageSecret, iat, "signature_wrong"},
		"signature changed":       {"Bearer " + parts[0] + "." + parts[1] + ".L" + parts[2][1:], text, vonageSecret, iat, "signature_wrong"},
		"signature no base64":     {"Bearer " + parts[0] + "." + parts[1] + ".???", text, vonageSecret, iat, "signature_wrong"},
		"another secret":          {"Bearer " + token, text, vonageSecret + "c", iat, "signature_wrong"},
		"no secret":               {"Bearer " + token, text, "", iat, "signature_secret"},
		"no token":                {"", text, vonageSecret, iat, "signature_missing"},
		"another scheme":          {"Basic " + token, text, vonageSecret, iat, "signature_missing"},
		"no JWT":                  {"Bearer " + parts[0], text, vonageSecret, iat, "signature_wrong"},
		"no algorithm":            {"Bearer " + vonageJWT(`{"alg":"none"}`, `{"iat":1587494962,"iss":"Vonage","payload_hash":"`+hash+`"}`), text, vonageSecret, iat, "signature_wrong"},
		"another algorithm":       {"Bearer " + vonageJWT(`{"alg":"RS256"}`, `{"iat":1587494962,"iss":"Vonage","payload_hash":"`+hash+`"}`), text, vonageSecret, iat, "signature_wrong"},
		"head no object":          {"Bearer " + vonageJWT(`HS256`, `{}`), text, vonageSecret, iat, "signature_wrong"},
		"another issuer":          {"Bearer " + vonageJWT(head, `{"iat":1587494962,"iss":"Nobody","payload_hash":"`+hash+`"}`), text, vonageSecret, iat, "signature_wrong"},
		"no time":                 {"Bearer " + vonageJWT(head, `{"iss":"Vonage","payload_hash":"`+hash+`"}`), text, vonageSecret, iat, "signature_time"},
		"no hash of a body":       {"Bearer " + vonageJWT(head, `{"iat":1587494962,"iss":"Vonage"}`), text, vonageSecret, iat, "signature_wrong"},
		"a time with a fraction":  {"Bearer " + vonageJWT(head, `{"iat":1587494962.5,"iss":"Vonage","payload_hash":"`+hash+`"}`), text, vonageSecret, iat, ""},
		"the hash in big letters": {"Bearer " + vonageJWT(head, `{"iat":1587494962,"iss":"Vonage","payload_hash":"`+strings.ToUpper(hash)+`"}`), text, vonageSecret, iat, ""},
	} {
		h := http.Header{}
		if tc.auth != "" {
			h.Set("Authorization", tc.auth)
		}
		err := a.Verify(pbx.Request{Method: "POST", Header: h, Body: []byte(tc.body)}, pbx.Config{Secret: tc.secret, Now: tc.now})
		if cpaasCode(err) != tc.want {
			t.Errorf("%s: Verify = %v, want %q", name, err, tc.want)
		}
	}
}

// vonageKeyPair is made once; making it takes a while.
var vonageKeyPair = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func vonagePEM(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(vonageKeyPair())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func TestVonageSettings(t *testing.T) {
	a, _ := pbx.Lookup("vonage")
	checkField(t, a.CheckSettings(nil, ""), "secret")
	old := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(vonageKeyPair())}))
	for name, tc := range map[string]struct {
		settings map[string]any
		field    string
	}{
		"all":           {map[string]any{"ncco": `[{"action":"talk"}]`, "application_id": "a", "private_key": vonagePEM(t), "caller_id": "+1", "hook_url": "https://z.example/h"}, ""},
		"an older key":  {map[string]any{"private_key": old}, ""},
		`a key with \n`: {map[string]any{"private_key": strings.ReplaceAll(vonagePEM(t), "\n", `\n`)}, ""},
		"no key":        {map[string]any{"private_key": "secret"}, "settings.private_key"},
		"half a key":    {map[string]any{"private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}, "settings.private_key"},
		"key no text":   {map[string]any{"private_key": 7}, "settings.private_key"},
		"an empty NCCO": {map[string]any{"ncco": "[]"}, "settings.ncco"},
		"no NCCO":       {map[string]any{"ncco": `{"action":"talk"}`}, "settings.ncco"},
		"a long NCCO":   {map[string]any{"ncco": strings.Repeat(" ", 17<<10)}, "settings.ncco"},
		"no address":    {map[string]any{"api_url": "api.nexmo.com"}, "settings.api_url"},
		"no text":       {map[string]any{"caller_id": 7}, "settings.caller_id"},
	} {
		err := a.CheckSettings(tc.settings, vonageSecret)
		if tc.field == "" && err != nil {
			t.Errorf("%s: CheckSettings = %v", name, err)
		}
		if tc.field != "" {
			checkField(t, err, tc.field)
		}
	}
}

func TestVonageEvents(t *testing.T) {
	const (
		in  = `"direction":"inbound","conversation_uuid":"CON-1","uuid":"u1","timestamp":"2026-11-23T10:42:00.000Z","from":"79031234567","to":"74951234567"`
		out = `"direction":"outbound","conversation_uuid":"CON-1","uuid":"u2","timestamp":"2026-11-23T10:42:00.000Z","from":"79031234567"`
	)
	for name, tc := range map[string]struct {
		settings    map[string]any
		query, text string
		want        string
	}{
		"a caller":                 {nil, "", `{"status":"started",` + in + `}`, "started in +79031234567"},
		"the NCCO takes the call":  {nil, "", `{"status":"answered",` + in + `}`, ""},
		"the caller hangs up":      {nil, "", `{"status":"completed","duration":"30",` + in + `}`, "ended in +79031234567"},
		"the caller gives up":      {nil, "", `{"status":"cancelled",` + in + `}`, "ended in +79031234567 caller_gave_up"},
		"a leg begins":             {nil, "", `{"status":"started","to":"79990000101",` + out + `}`, ""},
		"a mobile rings":           {nil, "", `{"status":"ringing","to":"79990000101",` + out + `}`, "ringing tel:+79990000101 +79031234567"},
		"a SIP phone rings":        {nil, "", `{"status":"ringing","to":"sip:101@pbx.example",` + out + `}`, "ringing sip:101@pbx.example=101 +79031234567"},
		"a user of the app rings":  {nil, "", `{"status":"ringing","to":"ivanov",` + out + `}`, "ringing login:ivanov +79031234567"},
		"the user has a field":     {nil, "", `{"status":"ringing","to_user":"ivanov",` + out + `}`, "ringing login:ivanov +79031234567"},
		"a person in the address":  {nil, "ext=101", `{"status":"ringing","to":"ivanov",` + out + `}`, "ringing 101=login:ivanov +79031234567"},
		"our number is shown":      {map[string]any{"numbers": "+79031234567"}, "ext=101", `{"status":"ringing","to":"ivanov",` + out + `}`, "ringing 101=login:ivanov"},
		"answered":                 {nil, "", `{"status":"answered","start_time":null,"to":"ivanov",` + out + `}`, "answered login:ivanov +79031234567"},
		"after the talk":           {nil, "", `{"status":"completed","duration":"9","to":"ivanov",` + out + `}`, ""},
		"busy":                     {nil, "", `{"status":"busy","to":"ivanov",` + out + `}`, "ring_ended login:ivanov +79031234567 busy"},
		"cancelled":                {nil, "", `{"status":"cancelled","to":"ivanov",` + out + `}`, "ring_ended login:ivanov +79031234567 caller_gave_up"},
		"unanswered":               {nil, "", `{"status":"unanswered","detail":"timeout","to":"ivanov",` + out + `}`, "ring_ended login:ivanov +79031234567 no_answer"},
		"unavailable":              {nil, "", `{"status":"unanswered","detail":"unavailable","to":"ivanov",` + out + `}`, "ring_ended login:ivanov +79031234567 unavailable"},
		"timed out":                {nil, "", `{"status":"timeout","to":"ivanov",` + out + `}`, "ring_ended login:ivanov +79031234567 no_answer"},
		"declined":                 {nil, "", `{"status":"rejected","detail":"declined","to":"ivanov",` + out + `}`, "ring_ended login:ivanov +79031234567 declined"},
		"no such number":           {nil, "", `{"status":"rejected","detail":"invalid_number","to":"ivanov",` + out + `}`, "ring_ended login:ivanov +79031234567 unavailable"},
		"failed":                   {nil, "", `{"status":"failed","detail":"cannot_route","to":"ivanov",` + out + `}`, "ring_ended login:ivanov +79031234567 unavailable"},
		"out: it rings":            {nil, "ext=101&dir=out", `{"status":"ringing","to":"79031234567",` + out + `}`, "started out 101 +79031234567"},
		"out: it answers":          {nil, "ext=101&dir=out", `{"status":"answered","to":"79031234567",` + out + `}`, "answered out 101 +79031234567"},
		"out: by nobody":           {nil, "dir=out", `{"status":"answered","to":"79031234567",` + out + `}`, ""},
		"out: it is over":          {nil, "ext=101&dir=out", `{"status":"completed","duration":"9","to":"79031234567",` + out + `}`, "ended out +79031234567 talk 9"},
		"out: busy":                {nil, "ext=101&dir=out", `{"status":"busy","to":"79031234567",` + out + `}`, "ended out +79031234567 busy"},
		"no mobile of the list":    {map[string]any{"mobiles": "+79990000101"}, "", `{"status":"ringing","to":"79060000000",` + out + `}`, "started out +79060000000"},
		"click: the manager":       {nil, "ext=101&dir=out&phone=%2B79031234567", `{"status":"ringing","to":"ivanov",` + out + `}`, "started out 101 +79031234567"},
		"click: on the line":       {nil, "ext=101&dir=out&phone=%2B79031234567", `{"status":"answered","to":"ivanov",` + out + `}`, ""},
		"a user calls out":         {nil, "", `{"status":"started","direction":"inbound","conversation_uuid":"CON-1","uuid":"u1","from_user":"ivanov","to":"79031234567"}`, "started out login:ivanov +79031234567"},
		"a colleague rings":        {nil, "", `{"status":"ringing","direction":"outbound","conversation_uuid":"CON-1","uuid":"u1","from":"ivanov","to":"petrova"}`, "ringing internal login:petrova ivanov"},
		"a recording":              {nil, "", `{"recording_url":"https://api.nexmo.com/v1/files/f1","recording_uuid":"r1","conversation_uuid":"CON-1","timestamp":"2026-11-23T10:43:00.000Z"}`, "recording https://api.nexmo.com/v1/files/f1"},
		"joined":                   {nil, "", `{"conversation_uuid_from":"CON-1","conversation_uuid_to":"CON-2","uuid":"u1","timestamp":"2026-11-23T10:43:00.000Z"}`, "started"},
		"a machine answers":        {nil, "", `{"status":"machine","call_uuid":"u1","from":"79031234567","to":"74951234567"}`, ""},
		"an error":                 {nil, "", `{"reason":"Syntax error in NCCO","conversation_uuid":"CON-1","timestamp":"2026-11-23T10:43:00.000Z"}`, ""},
		"digits":                   {nil, "", `{"dtmf":{"digits":"1"},"uuid":"u1","conversation_uuid":"CON-1","timestamp":"2026-11-23T10:43:00.000Z"}`, ""},
		"a websocket disconnected": {nil, "", `{"status":"disconnected",` + in + `}`, ""},
	} {
		if got := cpaasTold(cpaasParse(t, "vonage", pbx.Config{Settings: tc.settings}, "/event", tc.query, tc.text).Events); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
	joined := cpaasParse(t, "vonage", pbx.Config{}, "", "", `{"conversation_uuid_from":"CON-1","conversation_uuid_to":"CON-2"}`).Events
	if len(joined) != 1 || joined[0].Call != "CON-1" || joined[0].SameAs != "CON-2" {
		t.Errorf("joined conversations: %+v", joined)
	}
	a, _ := pbx.Lookup("vonage")
	if _, err := a.Parse(body("[{}]"), pbx.Config{}); models.KindOf(err) != models.Malformed {
		t.Errorf("a list: %v, want Malformed", err)
	}
}

// TestVonageAnswer: an empty NCCO would hang up, so there is never one.
func TestVonageAnswer(t *testing.T) {
	const ncco = `[{"action":"connect","endpoint":[{"type":"app","user":"ivanov"}]}]`
	const ask = `{"from":"79031234567","to":"74951234567","uuid":"u1","conversation_uuid":"CON-1"}`
	a, _ := pbx.Lookup("vonage")
	known := pbx.Config{Settings: map[string]any{"ncco": ncco}}
	if res := cpaasParse(t, "vonage", known, "/answer", "", ask); cpaasTold(res.Events) != "started in +79031234567" || res.Reply == nil || string(res.Reply.Body) != ncco || !strings.HasPrefix(res.Reply.ContentType, "application/json") {
		t.Errorf("with an NCCO: %+v", res)
	}
	if res := cpaasParse(t, "vonage", pbx.Config{}, "/answer", "", ask); res.Reply == nil || res.Reply.Status != 503 {
		t.Errorf("without one: %+v", res.Reply)
	}
	query := url.Values{"from": {"79031234567"}, "to": {"74951234567"}, "uuid": {"u1"}, "conversation_uuid": {"CON-1"}, "SipHeader_X-a": {"1"}}
	if res, err := a.Parse(pbx.Request{Method: "GET", Header: http.Header{}, Query: query}, known); err != nil || res.Reply == nil || cpaasTold(res.Events) != "started in +79031234567" {
		t.Errorf("a GET: %+v, %v", res, err)
	}
	for text, want := range map[string]int{`{"uuid":"u1"}`: 200, `{"status":"ringing","uuid":"u1"}`: 0, `{"status":"ringing","conversation_uuid":"CON-1","timestamp":"soon"}`: 0} {
		res, err := a.Parse(body(text), known)
		if got := res.Reply; err == nil || (got == nil) != (want == 0) {
			t.Errorf("%s: %+v, %v, want an error and status %d", text, got, err, want)
		}
	}
}

// vonageBearer checks that a header bears a token of the application's.
func vonageBearer(t *testing.T, header string) {
	t.Helper()
	part := strings.Split(strings.TrimPrefix(header, "Bearer "), ".")
	if len(part) != 3 {
		t.Fatalf("Authorization: %q", header)
	}
	sum := sha256.Sum256([]byte(part[0] + "." + part[1]))
	sig, err := base64.RawURLEncoding.DecodeString(part[2])
	if err != nil {
		t.Fatal(err)
	}
	if err := rsa.VerifyPKCS1v15(&vonageKeyPair().PublicKey, crypto.SHA256, sum[:], sig); err != nil {
		t.Errorf("the token's signature: %v", err)
	}
	claims, err := base64.RawURLEncoding.DecodeString(part[1])
	if err != nil || !strings.Contains(string(claims), `"application_id":"app-1"`) || !strings.Contains(string(claims), `"iat":1795430521`) {
		t.Errorf("claims %s, %v", claims, err)
	}
}

func TestVonageAPI(t *testing.T) {
	cfg := pbx.Config{Secret: vonageSecret, Settings: map[string]any{"application_id": "app-1", "private_key": vonagePEM(t), "caller_id": "+15005550006", "hook_url": "https://z.example/hooks/office/token/"}}
	cpaasDialTest(t, "vonage", cfg, "caller_id", "hook_url", "application_id", "private_key")
	a, _ := pbx.Lookup("vonage")
	cfg.Now = conformNow()
	for from, to := range map[string]string{"login:ivanov": `{"type":"app","user":"ivanov"}`, "101": `{"type":"app","user":"101"}`, "tel:+79990000101": `{"number":"79990000101","type":"phone"}`, "sip:a@b.example": `{"type":"sip","uri":"sip:a@b.example"}`} {
		p := &cpaasPlatform{status: 201, answer: `{"uuid":"u1","status":"started","direction":"outbound","conversation_uuid":"CON-9"}`}
		call, err := a.(pbx.Dialer).Dial(t.Context(), p, cfg, pbx.Order{From: from, Phone: "+79031234567"})
		if err != nil || call != "CON-9" {
			t.Fatalf("Dial(%s) = %q, %v", from, call, err)
		}
		for _, part := range []string{"POST https://api.nexmo.com/v1/calls ", `"to":[` + to + `]`, `"endpoint":[{"number":"79031234567","type":"phone"}]`, `"from":{"number":"15005550006","type":"phone"}`,
			`phone=%2B79031234567"],"from"`, `"eventUrl":["https://z.example/hooks/office/token/event?dir=out\u0026ext=` + url.QueryEscape(from) + `"]`} {
			if !strings.Contains(p.asked[0], part) {
				t.Errorf("Dial(%s) asks %s\nwithout %s", from, p.asked[0], part)
			}
		}
		vonageBearer(t, p.auth[0])
	}
	for ref, own := range map[string]bool{"https://api.nexmo.com/v1/files/f1": true, "https://api-us.nexmo.com/v1/files/f1": true, "https://api-eu-3.vonage.com/v1/files/f1": true,
		"http://api.nexmo.com/v1/files/f1": false, "https://api.nexmo.com.example/f1": false, "https://evil.example/api.nexmo.com": false} {
		req, err := cpaasRecording(t, "vonage", cfg, nil, ref)
		if err != nil {
			t.Fatal(err)
		}
		if got := req.Header.Get("Authorization"); (got != "") != own {
			t.Errorf("%s is asked for with %q", ref, got)
		} else if own {
			vonageBearer(t, got)
		}
	}
	_, err := cpaasRecording(t, "vonage", pbx.Config{}, nil, "https://api.nexmo.com/v1/files/f1")
	checkField(t, err, "settings.application_id")
	_, err = cpaasRecording(t, "vonage", pbx.Config{Settings: map[string]any{"application_id": "a", "private_key": "x"}}, nil, "https://api.nexmo.com/v1/files/f1")
	checkField(t, err, "settings.private_key")
	if _, err := cpaasRecording(t, "vonage", cfg, nil, "f1"); models.KindOf(err) != models.NotFound {
		t.Errorf("a recording without an address: %v", err)
	}
}
