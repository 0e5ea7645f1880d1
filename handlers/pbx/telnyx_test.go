package pbx_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

// telnyxPublic belongs to the private key with the seed 00 01 … 1f.
const telnyxPublic = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="

func telnyxSample() sample {
	return sample{
		kind: "telnyx", config: pbx.Config{Secret: telnyxPublic, Settings: map[string]any{"numbers": "+74951234567"}},
		fields: map[string]any{"data.event_type": "call.initiated", "data.id": "5001", "data.occurred_at": "2026-11-23T10:42:00.125Z", "data.payload.call_session_id": "7001",
			"data.payload.call_leg_id": "7002", "data.payload.direction": "outgoing", "data.payload.from": "+79031234567", "data.payload.to": "sip:101@sip.telnyx.com"},
		write: jsonRequest, sign: signTelnyx,
		want: models.EventRinging, ext: "sip:101@sip.telnyx.com", call: "data.payload.call_session_id", person: "data.payload.to", phone: "data.payload.from",
		other: map[string]any{"data.id": "5002", "data.payload.call_leg_id": "7003"}, when: "data.occurred_at",
		need: []string{"data.event_type", "data.payload.call_session_id"}, texts: []string{"data.id", "data.payload.call_session_id", "data.payload.call_leg_id"},
		hidden: []any{"anonymous", "Anonymous", "Restricted", "unknown"},
		times:  map[any]string{"2026-11-23T10:42:00.125000Z": "2026-11-23T10:42:00.125Z", "2026-11-23T13:42:00+03:00": "2026-11-23T10:42:00Z", "2026-11-23 10:42:00.5Z": "2026-11-23T10:42:00.5Z"},
	}
}

func signTelnyx(req *pbx.Request, _ pbx.Config) {
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = byte(i)
	}
	stamp := strconv.FormatInt(conformNow().Unix(), 10)
	req.Header.Set("telnyx-timestamp", stamp)
	req.Header.Set("telnyx-signature-ed25519", base64.StdEncoding.EncodeToString(ed25519.Sign(ed25519.NewKeyFromSeed(seed), append([]byte(stamp+"|"), req.Body...))))
}

func FuzzParseTelnyx(f *testing.F) { fuzzParse(f, "telnyx") }

func TestTelnyxSignature(t *testing.T) {
	const (
		stamp = "1614265330"
		text  = `{"data":{"event_type":"call.initiated","id":"0ccc7b54-4df3-4bca-a65a-3da1ecc777f0","occurred_at":"2018-02-02T22:25:27.521992Z","payload":{"call_control_id":"v2:x","call_leg_id":"leg-1","call_session_id":"sess-1","direction":"incoming","from":"+998901234567","state":"parked","to":"+998712000101"},"record_type":"event"}}`
		sig   = "6YmpesTOj7Z7E/O6oXZdMUKrk9IMjuBNkQy7V5oeP13SdNirl0a1s3BE9eZCQKbtga+qHkugp6dnFcKIsEsxCA=="
	)
	a, _ := pbx.Lookup("telnyx")
	at := func(d time.Duration) time.Time { return time.Unix(1614265330, 0).Add(d) }
	for name, tc := range map[string]struct {
		key, stamp, body, sig string
		now                   time.Time
		want                  string // code; "": taken
	}{
		"right":               {telnyxPublic, stamp, text, sig, at(0), ""},
		"5 minutes later":     {telnyxPublic, stamp, text, sig, at(5 * time.Minute), ""},
		"5 minutes early":     {telnyxPublic, stamp, text, sig, at(-5 * time.Minute), ""},
		"too late":            {telnyxPublic, stamp, text, sig, at(301 * time.Second), "signature_time"},
		"too early":           {telnyxPublic, stamp, text, sig, at(-301 * time.Second), "signature_time"},
		"body changed":        {telnyxPublic, stamp, strings.Replace(text, "leg-1", "leg-2", 1), sig, at(0), "signature_wrong"},
		"time changed":        {telnyxPublic, "1614265331", text, sig, at(0), "signature_wrong"},
		"signature changed":   {telnyxPublic, stamp, text, "7" + sig[1:], at(0), "signature_wrong"},
		"signature no base64": {telnyxPublic, stamp, text, "?", at(0), "signature_wrong"},
		"signature short":     {telnyxPublic, stamp, text, "AAAA", at(0), "signature_wrong"},
		"another key":         {"B" + telnyxPublic[1:], stamp, text, sig, at(0), "signature_wrong"},
		"no key":              {"", stamp, text, sig, at(0), "signature_secret"},
		"no time":             {telnyxPublic, "", text, sig, at(0), "signature_missing"},
		"no signature":        {telnyxPublic, stamp, text, "", at(0), "signature_missing"},
	} {
		h := http.Header{}
		h.Set("telnyx-timestamp", tc.stamp)
		h.Set("telnyx-signature-ed25519", tc.sig)
		err := a.Verify(pbx.Request{Method: "POST", Header: h, Body: []byte(tc.body)}, pbx.Config{Secret: tc.key, Now: tc.now})
		if cpaasCode(err) != tc.want {
			t.Errorf("%s: Verify = %v, want %q", name, err, tc.want)
		}
	}
}

func TestTelnyxSettings(t *testing.T) {
	a, _ := pbx.Lookup("telnyx")
	own := map[string]any{"numbers": "+74951234567"}
	if err := a.CheckSettings(own, telnyxPublic); err != nil {
		t.Errorf("CheckSettings = %v", err)
	}
	checkField(t, a.CheckSettings(nil, telnyxPublic), "settings.numbers")
	checkField(t, a.CheckSettings(map[string]any{"numbers": "+74951234567", "voice_url": "x"}, telnyxPublic), "settings.voice_url")
	for _, secret := range []string{"", "KEY0123", telnyxPublic[4:]} {
		checkField(t, a.CheckSettings(own, secret), "secret")
	}
}

// TestTelnyxLegs: what each webhook is about, though only the first one of a
// leg says which way it goes.
func TestTelnyxLegs(t *testing.T) {
	mobiles := map[string]any{"numbers": "+74951234567", "mobiles": "101=+79990000101"}
	state := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for name, tc := range map[string]struct {
		settings             map[string]any
		what, from, to, more string // more: further JSON of the payload
		want                 string
	}{
		"a caller":                  {nil, "call.initiated", "+79031234567", "+74951234567", `"direction":"incoming"`, "started in +79031234567"},
		"a machine takes it":        {nil, "call.answered", "+79031234567", "+74951234567", "", ""},
		"the caller hangs up":       {nil, "call.hangup", "+79031234567", "+74951234567", `"hangup_cause":"normal_clearing"`, "ended in +79031234567"},
		"a SIP phone rings":         {nil, "call.initiated", "+79031234567", "sip:101@sip.telnyx.com", `"direction":"outgoing"`, "ringing sip:101@sip.telnyx.com=101 +79031234567"},
		"it answers":                {nil, "call.answered", "+79031234567", "sip:101@sip.telnyx.com", "", "answered sip:101@sip.telnyx.com=101 +79031234567"},
		"nobody answers":            {nil, "call.hangup", "+79031234567", "sip:101@sip.telnyx.com", `"hangup_cause":"timeout"`, "ring_ended sip:101@sip.telnyx.com=101 +79031234567 no_answer"},
		"busy":                      {nil, "call.hangup", "+79031234567", "sip:a@b.example", `"hangup_cause":"user_busy"`, "ring_ended sip:a@b.example +79031234567 busy"},
		"declined":                  {nil, "call.hangup", "+79031234567", "sip:a@b.example", `"hangup_cause":"call_rejected"`, "ring_ended sip:a@b.example +79031234567 declined"},
		"cancelled":                 {nil, "call.hangup", "+79031234567", "sip:a@b.example", `"hangup_cause":"originator_cancel"`, "ring_ended sip:a@b.example +79031234567 caller_gave_up"},
		"unknown address":           {nil, "call.hangup", "+79031234567", "sip:a@b.example", `"hangup_cause":"not_found"`, "ring_ended sip:a@b.example +79031234567 unavailable"},
		"no reason":                 {nil, "call.hangup", "+79031234567", "sip:a@b.example", `"hangup_cause":null`, "ring_ended sip:a@b.example +79031234567"},
		"our number is shown":       {nil, "call.initiated", "+74951234567", "sip:a@b.example", `"direction":"outgoing"`, "ringing sip:a@b.example"},
		"a mobile answers":          {nil, "call.answered", "+79031234567", "+79990000102", "", "answered tel:+79990000102 +79031234567"},
		"a listed mobile answers":   {mobiles, "call.answered", "+79031234567", "+79990000101", "", "answered 101=tel:+79990000101 +79031234567"},
		"a number not listed":       {mobiles, "call.initiated", "+74951234567", "+79031234567", `"direction":"outgoing"`, "started out +79031234567"},
		"it answers, by nobody":     {mobiles, "call.answered", "+74951234567", "+79031234567", "", ""},
		"a person in client_state":  {nil, "call.answered", "+79031234567", "sip:gw@b.example", `"client_state":"` + state("ext=101") + `"`, "answered 101=sip:gw@b.example +79031234567"},
		"the same as an object":     {nil, "call.answered", "+79031234567", "sip:gw@b.example", `"client_state":"` + state(`{"ext":101}`) + `"`, "answered 101=sip:gw@b.example +79031234567"},
		"another program's state":   {nil, "call.answered", "+79031234567", "sip:gw@b.example", `"client_state":"` + state("%zz;") + `"`, "answered sip:gw@b.example +79031234567"},
		"state that is no base64":   {nil, "call.answered", "+79031234567", "sip:gw@b.example", `"client_state":"ext=101"`, "answered sip:gw@b.example +79031234567"},
		"out: the far end rings":    {nil, "call.initiated", "+74951234567", "+79031234567", `"direction":"outgoing","client_state":"` + state("ext=101&dir=out") + `"`, "started out 101 +79031234567"},
		"out: it answers":           {nil, "call.answered", "+74951234567", "+79031234567", `"client_state":"` + state("ext=101&dir=out") + `"`, "answered out 101 +79031234567"},
		"out: it is over":           {nil, "call.hangup", "+74951234567", "+79031234567", `"hangup_cause":"user_busy","client_state":"` + state("ext=101&dir=out") + `"`, "ended out +79031234567 busy"},
		"click: the manager rings":  {nil, "call.initiated", "+74951234567", "sip:101@b.example", `"direction":"outgoing","client_state":"` + state("ext=101&dir=out&phone=%2B79031234567") + `"`, "started out 101 +79031234567"},
		"click: the manager is on":  {nil, "call.answered", "+74951234567", "sip:101@b.example", `"client_state":"` + state("ext=101&dir=out&phone=%2B79031234567") + `"`, ""},
		"a SIP phone calls out":     {nil, "call.initiated", "sip:101@sip.telnyx.com", "+79031234567", `"direction":"incoming"`, "started out sip:101@sip.telnyx.com +79031234567"},
		"and hangs up":              {nil, "call.hangup", "sip:101@sip.telnyx.com", "+79031234567", "", "ended out +79031234567"},
		"a colleague calls":         {nil, "call.initiated", "sip:101@b.example", "sip:102@b.example", `"direction":"incoming"`, "started internal 101"},
		"a colleague's phone rings": {nil, "call.initiated", "sip:101@b.example", "sip:102@b.example", `"direction":"outgoing"`, "ringing internal sip:102@b.example=102 101"},
		"colleagues hang up":        {nil, "call.hangup", "sip:101@b.example", "sip:102@b.example", "", "ended internal 101"},
		"a recording":               {nil, "call.recording.saved", "", "", `"recording_urls":{"wav":"https://r.example/1.wav","mp3":"https://r.example/1.mp3"}`, "recording https://r.example/1.mp3"},
		"a public recording":        {nil, "call.recording.saved", "", "", `"recording_urls":{"mp3":"https://r.example/1.mp3"},"public_recording_urls":{"mp3":"https://r.example/p.mp3"}`, "recording https://r.example/p.mp3"},
		"a recording's long link":   {nil, "call.recording.saved", "", "", `"recording_urls":{"mp3":"https://r.example/` + strings.Repeat("x", models.MaxRecording) + `"}`, "recording telnyx:s1"},
		"what others tell":          {nil, "call.bridged", "+79031234567", "sip:a@b.example", "", ""},
		"nothing to do":             {nil, "call.dtmf.received", "+79031234567", "+74951234567", `"digit":"1"`, ""},
	} {
		settings := tc.settings
		if settings == nil {
			settings = map[string]any{"numbers": "+74951234567"}
		}
		if tc.more != "" {
			tc.more = "," + tc.more
		}
		text := `{"data":{"event_type":"` + tc.what + `","occurred_at":"2026-11-23T10:42:00Z","payload":{"call_session_id":"s1","call_leg_id":"l1","from":"` + tc.from + `","to":"` + tc.to + `"` + tc.more + `}}}`
		if !json.Valid([]byte(text)) {
			t.Fatalf("%s: %s", name, text)
		}
		if got := cpaasTold(cpaasParse(t, "telnyx", pbx.Config{Settings: settings}, "", "", text).Events); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
	// TeXML has Twilio's form, and its own time.
	res := cpaasParse(t, "telnyx", pbx.Config{}, "", "ext=101", "CallSid=l2&ParentCallSid=l1&CallStatus=ringing&CallbackSource=call-progress-events&From=%2B79031234567&To=sip:gw@b.example&Timestamp=2021-04-28+21:51:18.731479Z")
	if got := cpaasTold(res.Events); got != "ringing 101=sip:gw@b.example +79031234567" || res.Events[0].At.Format(time.RFC3339Nano) != "2021-04-28T21:51:18.731479Z" {
		t.Errorf("TeXML: %q at %s", got, res.Events[0].At)
	}
	res = cpaasParse(t, "telnyx", pbx.Config{Settings: map[string]any{"voice_url": "https://a.example/v"}}, "", "", "CallSid=l1&CallStatus=ringing&Direction=inbound&From=%2B79031234567&To=%2B74951234567")
	if res.Reply == nil || !strings.Contains(string(res.Reply.Body), "<Redirect") {
		t.Errorf("TeXML: reply %+v", res.Reply)
	}
	if res := cpaasParse(t, "telnyx", pbx.Config{}, "", "ext=105", `{"data":{"event_type":"call.answered","payload":{"call_session_id":"s1","call_leg_id":"l1","from":"+79031234567","to":"sip:gw@b.example"}}}`); res.Events[0].Extension != "105" {
		t.Errorf("ext in the address: %+v", res.Events)
	}
}

func TestTelnyxRecording(t *testing.T) {
	const ref = "https://r.example/1.mp3"
	keyed := pbx.Config{Settings: map[string]any{"api_key": "KEY1"}}
	if req, err := cpaasRecording(t, "telnyx", pbx.Config{}, nil, ref); err != nil || req.URL.String() != ref || req.Header.Get("Authorization") != "" {
		t.Errorf("without a key: %+v, %v", req, err)
	}
	_, err := cpaasRecording(t, "telnyx", pbx.Config{}, nil, "telnyx:s1")
	checkField(t, err, "settings.api_key")
	for links, want := range map[string]string{`{"mp3":"https://s.example/2.mp3"}`: "https://s.example/2.mp3", `{"wav":"https://s.example/2.wav"}`: "https://s.example/2.wav"} {
		p := &cpaasPlatform{status: 200, answer: `{"data":[{"id":"r1","download_urls":null},{"id":"r2","download_urls":` + links + `}]}`}
		req, err := cpaasRecording(t, "telnyx", keyed, p, ref)
		if err != nil || req.URL.String() != want || req.Header.Get("Authorization") != "" {
			t.Errorf("with a key: %+v, %v", req, err)
		}
		if p.asked[0] != "GET https://api.telnyx.com/v2/recordings?filter%5Bcall_session_id%5D=call-1" || p.auth[0] != "Bearer KEY1" {
			t.Errorf("asked %v with %v", p.asked, p.auth)
		}
	}
	if _, err := cpaasRecording(t, "telnyx", keyed, &cpaasPlatform{status: 200, answer: `{"data":[]}`}, ref); models.KindOf(err) != models.NotFound {
		t.Errorf("no recording: %v", err)
	}
	for name, p := range cpaasUnhelpful() {
		if name == "nothing in it" {
			continue
		}
		if _, err := cpaasRecording(t, "telnyx", keyed, p, ref); models.KindOf(err) != models.Unavailable {
			t.Errorf("%s: %v, want Unavailable", name, err)
		}
	}
	keyed.Settings["api_url"] = "http://[::1"
	if _, err := cpaasRecording(t, "telnyx", keyed, nil, ref); models.KindOf(err) != models.Invalid {
		t.Errorf("a wrong api_url: %v", err)
	}
}
