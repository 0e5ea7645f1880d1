package pbx_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"zummer/handlers/pbx"
	"zummer/models"
)

func twilioSample() sample {
	return sample{
		kind: "twilio", config: pbx.Config{Secret: "12345", Settings: map[string]any{"voice_url": "https://example.com/menu"}},
		fields: map[string]any{"callsid": "2002", "parentcallsid": "2001", "callstatus": "ringing", "direction": "outbound-dial", "callbacksource": "call-progress-events",
			"from": "+79031234567", "to": "client:101", "sequencenumber": "1", "timestamp": "Mon, 23 Nov 2026 10:42:00 +0000"},
		write: formRequest, sign: signTwilio,
		want: models.EventRinging, ext: "login:101", call: "parentcallsid", person: "to", phone: "from", other: map[string]any{"callsid": "2003"}, when: "timestamp",
		need: []string{"callsid"}, texts: []string{"callsid", "parentcallsid", "sequencenumber"}, hidden: []any{"anonymous", "Anonymous", "unknown", "Restricted", "+266696687"},
		times: map[any]string{
			"Mon, 23 Nov 2026 10:42:00 +0000": "2026-11-23T10:42:00Z", "Mon, 23 Nov 2026 13:42:00 +0300": "2026-11-23T10:42:00Z", "2026-11-23 10:42:00.125Z": "2026-11-23T10:42:00.125Z",
		},
	}
}

func signTwilio(req *pbx.Request, cfg pbx.Config) {
	form, _ := url.ParseQuery(string(req.Body))
	req.Header.Set("X-Twilio-Signature", pbx.SignTwilio(cfg.Secret, req.URL, form))
}

func FuzzParseTwilio(f *testing.F) { fuzzParse(f, "twilio") }

// TestTwilioSignatures holds Verify to the vectors of Twilio's documentation
// and of its libraries' tests, and refuses each with something changed.
func TestTwilioSignatures(t *testing.T) {
	const (
		sdk    = "https://mycompany.com/myapp.php?foo=1&bar=2"
		params = "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309"
		object = `{"property": "value", "boolean": true}`
		hash   = "bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
	)
	plain := strings.Replace(sdk, "https", "http", 1)
	for name, tc := range map[string]struct{ address, body, signature string }{
		"the documentation's":    {"https://example.com/myapp.php?foo=1&bar=2", "CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2B14158675310&To=%2B18005551212", "L/OH5YylLD5NRKLltdqwSvS0BnU="},
		"the libraries'":         {sdk, params, "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
		"signed without port":    {strings.Replace(sdk, ".com", ".com:1234", 1), params, "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
		"signed with 443":        {sdk, params, "kvajT1Ptam85bY51eRf/AJRuM3w="},
		"http signed with 80":    {plain, params, "0ZXoZLH/DfblKGATFgpif+LLRf4="},
		"http with its port":     {strings.Replace(plain, ".com", ".com:1234", 1), params, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="},
		"with credentials":       {strings.Replace(sdk, "//", "//user:pass@", 1), params, "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
		"with a fragment":        {sdk + "#rc=2", params, "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
		"names in byte order":    {sdk, params + "&ReasonConferenceEnded=test&Reason=Participant", "vOEb5UThFn24KEfnOFLQY2AE5FY="},
		"a name three times":     {sdk, "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234", "IK+Dwps556ElfBT0I3Rgjkr1wJU="},
		"JSON by its hash":       {sdk + "&" + hash, object, "a9nBmqA0ju/hNViExpshrM61xv4="},
		"JSON, hash alone":       {"https://mycompany.com/myapp.php?" + hash, object, "y77kIzt2vzLz71DgmJGsen2scGs="},
		"GET: the address alone": {"https://mycompany.com/myapp.php?a=1", "", pbx.SignTwilio("12345", "https://mycompany.com/myapp.php?a=1", nil)},
	} {
		t.Run(name, func(t *testing.T) {
			a, _ := pbx.Lookup("twilio")
			verify := func(address, body, signature, secret string) error {
				u, err := url.Parse(address)
				if err != nil {
					t.Fatal(err)
				}
				return a.Verify(pbx.Request{Method: "POST", URL: address, Query: u.Query(), Header: http.Header{"X-Twilio-Signature": {signature}}, Body: []byte(body)}, pbx.Config{Secret: secret})
			}
			if err := verify(tc.address, tc.body, tc.signature, "12345"); err != nil {
				t.Errorf("Verify = %v", err)
			}
			for what, err := range map[string]error{
				"body":      verify(tc.address, tc.body+"1", tc.signature, "12345"),
				"address":   verify(strings.Replace(tc.address, "myapp", "myApp", 1), tc.body, tc.signature, "12345"),
				"signature": verify(tc.address, tc.body, "A"+tc.signature[1:], "12345"),
				"secret":    verify(tc.address, tc.body, tc.signature, "12346"),
			} {
				if models.KindOf(err) != models.Unauthorized {
					t.Errorf("changed %s: Verify = %v, want Unauthorized", what, err)
				}
			}
		})
	}
}

func TestTwilioSettings(t *testing.T) {
	a, _ := pbx.Lookup("twilio")
	checkField(t, a.CheckSettings(nil, " "), "secret")
	eleven := strings.Repeat("client:a,", 11)
	for name, tc := range map[string]struct {
		settings map[string]any
		field    string
	}{
		"all":            {map[string]any{"account_sid": "AC1", "dial": []any{"client:ivanov", "101=sip:101@a.example", "102=+79990000102"}, "voice_url": "https://a.example/v", "caller_id": "+15005550006", "hook_url": "https://z.example/hooks/a/b", "numbers": "+74951234567", "mobiles": []any{"101=+79990000101"}}, ""},
		"no name":        {map[string]any{"dial": "ivanov"}, "settings.dial"},
		"too many":       {map[string]any{"dial": eleven}, "settings.dial"},
		"dial no list":   {map[string]any{"dial": 7}, "settings.dial"},
		"no address":     {map[string]any{"voice_url": "menu"}, "settings.voice_url"},
		"other scheme":   {map[string]any{"api_url": "ftp://api.twilio.com"}, "settings.api_url"},
		"no text":        {map[string]any{"account_sid": 7}, "settings.account_sid"},
		"local number":   {map[string]any{"mobiles": "89990000101"}, "settings.mobiles"},
		"no number":      {map[string]any{"numbers": []any{"+office"}}, "settings.numbers"},
		"numbers nested": {map[string]any{"numbers": []any{[]any{}}}, "settings.numbers"},
	} {
		err := a.CheckSettings(tc.settings, "12345")
		if tc.field == "" && err != nil {
			t.Errorf("%s: CheckSettings = %v", name, err)
		}
		if tc.field != "" {
			checkField(t, err, tc.field)
		}
	}
}

// twilioParse reads fields, given as a form, at path with query.
func twilioParse(t *testing.T, settings map[string]any, path, query, form string) pbx.Result {
	t.Helper()
	return cpaasParse(t, "twilio", pbx.Config{Secret: "12345", Settings: settings}, path, query, form)
}

// cpaasParse lets a kind read a form that came to path with query.
func cpaasParse(t *testing.T, kind string, cfg pbx.Config, path, query, form string) pbx.Result {
	t.Helper()
	a, _ := pbx.Lookup(kind)
	cfg.Region, cfg.Timezone, cfg.Now = "RU", "Europe/Moscow", conformNow()
	hints, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	req := body(form)
	req.Path, req.Query, req.URL = path, hints, "https://z.example/hooks/office/token"+path+"?"+query
	res, err := a.Parse(req, cfg)
	if err != nil {
		t.Fatalf("Parse(%s?%s %s): %v", path, query, form, err)
	}
	return res
}

// cpaasTold writes events in short: type, direction, who, whom, why, how long.
func cpaasTold(events []models.Event) string {
	var out []string
	for _, e := range events {
		s := strings.TrimSpace(strings.Join([]string{string(e.Type), string(e.Direction), strings.Join(e.AllAddresses(), "="), e.Phone, e.Reason}, " "))
		if e.TalkS != nil {
			n, _ := json.Marshal(e.TalkS)
			s += " talk " + string(n)
		}
		if e.Recording != "" {
			s += " " + e.Recording
		}
		out = append(out, strings.Join(strings.Fields(s), " "))
	}
	return strings.Join(out, "; ")
}

// TestTwilioLegs: what each callback is about.
func TestTwilioLegs(t *testing.T) {
	const child = "&CallSid=CA2&ParentCallSid=CA1&CallbackSource=call-progress-events&SequenceNumber=2&From=%2B79031234567"
	const parent = "&CallSid=CA1&CallbackSource=call-progress-events&SequenceNumber=2"
	mobiles := map[string]any{"mobiles": []any{"101=+79990000101", "+79990000102"}, "numbers": "+74951234567"}
	for name, tc := range map[string]struct {
		settings    map[string]any
		query, form string
		want        string
	}{
		"initiated rings nobody":         {nil, "", "CallStatus=initiated&To=client:ivanov" + child, ""},
		"a browser":                      {nil, "", "CallStatus=ringing&To=client:ivanov" + child, "ringing login:ivanov +79031234567"},
		"a browser named by a number":    {nil, "", "CallStatus=ringing&To=client:101" + child, "ringing login:101=101 +79031234567"},
		"a SIP phone":                    {nil, "", "CallStatus=ringing&To=sip:101@acme.sip.twilio.com:5061;transport=tls" + child, "ringing sip:101@acme.sip.twilio.com=101 +79031234567"},
		"a mobile":                       {nil, "", "CallStatus=ringing&To=%2B79990000101" + child, "ringing tel:+79990000101 +79031234567"},
		"a mobile with a name":           {mobiles, "", "CallStatus=ringing&To=%2B79990000101" + child, "ringing 101=tel:+79990000101 +79031234567"},
		"a mobile of the list":           {mobiles, "", "CallStatus=ringing&To=%2B79990000102" + child, "ringing tel:+79990000102 +79031234567"},
		"no mobile of the list":          {mobiles, "", "CallStatus=ringing&To=%2B79060000000" + child, "started out +79060000000"},
		"a person in the address":        {nil, "ext=101", "CallStatus=ringing&To=client:ivanov" + child, "ringing 101=login:ivanov +79031234567"},
		"the company's number shown":     {mobiles, "ext=101", "CallStatus=ringing&To=client:101&From=%2B74951234567" + strings.TrimSuffix(child, "&From=%2B79031234567"), "ringing 101=login:101"},
		"answered":                       {nil, "", "CallStatus=in-progress&To=client:ivanov" + child, "answered login:ivanov +79031234567"},
		"completed tells of an answer":   {nil, "", "CallStatus=completed&CallDuration=9&To=client:ivanov" + child, "answered login:ivanov +79031234567"},
		"completed after nothing":        {nil, "", "CallStatus=completed&CallDuration=0&To=client:ivanov" + child, ""},
		"busy":                           {nil, "", "CallStatus=busy&SipResponseCode=486&To=client:ivanov" + child, "ring_ended login:ivanov +79031234567 busy"},
		"declined":                       {nil, "", "CallStatus=busy&SipResponseCode=603&To=client:ivanov" + child, "ring_ended login:ivanov +79031234567 declined"},
		"failed":                         {nil, "", "CallStatus=failed&SipResponseCode=404&To=client:ivanov" + child, "ring_ended login:ivanov +79031234567 unavailable"},
		"from a colleague":               {nil, "", "CallStatus=ringing&To=client:ivanov&From=client:petrova" + strings.TrimSuffix(child, "&From=%2B79031234567"), "ringing internal login:ivanov petrova"},
		"the far end rings":              {nil, "ext=101&dir=out", "CallStatus=ringing&To=%2B79031234567" + child, "started out 101 +79031234567"},
		"the far end answers":            {nil, "ext=101&dir=out", "CallStatus=in-progress&To=%2B79031234567" + child, "answered out 101 +79031234567"},
		"the far end is busy":            {nil, "ext=101&dir=out", "CallStatus=busy&To=%2B79031234567" + child, ""},
		"a caller hangs up":              {nil, "", "CallStatus=completed&CallDuration=30&Direction=inbound&From=%2B79031234567&To=%2B74951234567" + parent, "ended in +79031234567"},
		"TwiML answers a caller":         {nil, "", "CallStatus=in-progress&Direction=inbound&From=%2B79031234567&To=%2B74951234567" + parent, ""},
		"a softphone hangs up":           {nil, "", "CallStatus=completed&Direction=inbound&From=client:ivanov&To=%2B79031234567" + parent, "ended out +79031234567"},
		"REST: the customer rings":       {nil, "", "CallStatus=ringing&Direction=outbound-api&From=%2B74951234567&To=%2B79031234567" + parent, "started out +79031234567"},
		"REST: the customer, by whom":    {nil, "ext=101", "CallStatus=in-progress&Direction=outbound-api&From=%2B74951234567&To=%2B79031234567" + parent, "answered out 101 +79031234567"},
		"REST: the customer answered":    {nil, "", "CallStatus=in-progress&Direction=outbound-api&From=%2B74951234567&To=%2B79031234567" + parent, ""},
		"REST: the talk is over":         {nil, "", "CallStatus=completed&CallDuration=49&Direction=outbound-api&To=%2B79031234567" + parent, "ended out +79031234567 talk 49"},
		"REST: nobody at home":           {nil, "", "CallStatus=no-answer&Direction=outbound-api&To=%2B79031234567" + parent, "ended out +79031234567 no_answer"},
		"REST: the person's own phone":   {nil, "", "CallStatus=ringing&Direction=outbound-api&To=client:ivanov" + parent, "started out login:ivanov"},
		"REST: the person's mobile":      {mobiles, "", "CallStatus=ringing&Direction=outbound-api&To=%2B79990000101" + parent, "started out 101"},
		"click: the manager's phone":     {nil, "ext=101&dir=out&phone=%2B79031234567", "CallStatus=ringing&Direction=outbound-api&To=client:ivanov" + parent, "started out 101 +79031234567"},
		"click: the manager picks up":    {nil, "ext=101&dir=out&phone=%2B79031234567", "CallStatus=in-progress&Direction=outbound-api&To=client:ivanov" + parent, ""},
		"a recording":                    {nil, "", "RecordingStatus=completed&RecordingUrl=https://api.twilio.com/r/RE1&RecordingSid=RE1&CallSid=CA1", "recording https://api.twilio.com/r/RE1"},
		"a recording that is none":       {nil, "", "RecordingStatus=absent&RecordingUrl=https://api.twilio.com/r/RE1&CallSid=CA1", ""},
		"a recording at the leg's end":   {nil, "", "CallStatus=completed&CallDuration=9&To=client:ivanov&RecordingUrl=https://api.twilio.com/r/RE1" + child, "answered login:ivanov +79031234567; recording https://api.twilio.com/r/RE1"},
		"a SIP trunk's customer":         {nil, "", "CallStatus=completed&Direction=inbound&From=sip:%2B79031234567@trunk.example&To=%2B74951234567" + parent, "ended in sip:+79031234567@trunk.example"},
		"somebody without any name":      {nil, "", "CallStatus=ringing&Direction=inbound&From=&To=%2B74951234567" + parent, "started in"},
		"an unknown state of a leg":      {nil, "", "CallStatus=paused&To=client:ivanov" + child, ""},
		"a browser with a custom field":  {nil, "", "CallStatus=ringing&To=client:ivanov%3Fa%3D1" + child, "ringing login:ivanov +79031234567"},
		"a SIP address without a server": {nil, "", "CallStatus=ringing&To=sip:101" + child, "ringing login:101=101 +79031234567"},
		"a short number":                 {nil, "", "CallStatus=ringing&To=101" + child, "ringing 101 +79031234567"},
	} {
		if got := cpaasTold(twilioParse(t, tc.settings, "/status", tc.query, tc.form).Events); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
	if _, err := twilioRead("twilio", "CallSid=CA2&ParentCallSid=CA1&CallStatus=ringing&CallbackSource=x"); err == nil {
		t.Errorf("a ringing leg of nobody is taken")
	}
	if _, err := twilioRead("twilio", `[{"CallSid":"CA1"}]`); models.KindOf(err) != models.Malformed {
		t.Errorf("a list: %v, want Malformed", err)
	}
}

func twilioRead(kind, form string) (pbx.Result, error) {
	a, _ := pbx.Lookup(kind)
	return a.Parse(body(form), pbx.Config{Region: "RU"})
}

// TestTwilioTwiML: what a request that steers the call is answered. None of
// the answers to a caller's first request may end the call.
func TestTwilioTwiML(t *testing.T) {
	const in = "CallSid=CA1&CallStatus=ringing&Direction=inbound&From=%2B79031234567&To=%2B74951234567"
	dial := map[string]any{"dial": []any{"client:ivanov", "101=sip:101@a.example", "+79990000102"}, "caller_id": "+15005550006"}
	both := map[string]any{"dial": "client:ivanov", "voice_url": "https://a.example/v?a=1&b=2"}
	for name, tc := range map[string]struct {
		settings map[string]any
		form     string
		status   int
		events   string
		parts    []string
	}{
		"nothing is known": {nil, in, 503, "started in +79031234567", nil},
		"a redirect":       {map[string]any{"voice_url": "https://a.example/v?a=1&b=2"}, in, 200, "started in +79031234567", []string{`<Response><Redirect method="POST">https://a.example/v?a=1&amp;b=2</Redirect></Response>`}},
		"people": {dial, in, 200, "started in +79031234567", []string{`<Dial answerOnBridge="true" timeout="25" action="https://z.example/hooks/office/token/dial-done">`,
			`<Client statusCallbackEvent="initiated ringing answered completed" statusCallback="https://z.example/hooks/office/token/status?ext=login%3Aivanov">ivanov</Client>`,
			`<Sip statusCallbackEvent="initiated ringing answered completed" statusCallback="https://z.example/hooks/office/token/status?ext=101">sip:101@a.example</Sip>`,
			`status?ext=tel%3A%2B79990000102">+79990000102</Number></Dial></Response>`}},
		"a softphone dials": {dial, "CallSid=CA1&CallStatus=ringing&Direction=inbound&From=client:ivanov&To=%2B79031234567", 200, "started out login:ivanov +79031234567",
			[]string{`callerId="+15005550006"`, `statusCallback="https://z.example/hooks/office/token/status?dir=out&amp;ext=login%3Aivanov">+79031234567</Number>`}},
		"a colleague by name":   {dial, "CallSid=CA1&CallStatus=ringing&Direction=inbound&From=client:ivanov&To=client:petrova", 200, "started internal ivanov", []string{`status?dir=internal&amp;ext=login%3Apetrova">petrova</Client>`}},
		"a colleague by number": {dial, "CallSid=CA1&CallStatus=ringing&Direction=inbound&From=client:ivanov&To=101", 200, "started internal ivanov", []string{`ext=101">sip:101@a.example</Sip>`}},
		"a number not listed":   {dial, "CallSid=CA1&CallStatus=ringing&Direction=inbound&From=client:ivanov&To=105", 200, "started internal ivanov", []string{`ext=105">105</Client>`}},
		"the REST API's call":   {both, "CallSid=CA1&CallStatus=in-progress&Direction=outbound-api&From=%2B74951234567&To=%2B79031234567", 200, "", []string{"<Redirect"}},
		"dialled, talked":       {both, "CallSid=CA1&CallStatus=completed&DialCallStatus=completed&DialCallSid=CA2&DialCallDuration=9", 200, "ended talk 9", []string{"<Response><Hangup/></Response>"}},
		"dialled, nobody":       {both, "CallSid=CA1&CallStatus=in-progress&DialCallStatus=no-answer", 200, "", []string{"<Redirect"}},
		"dialled, not bridged":  {both, "CallSid=CA1&CallStatus=in-progress&DialCallStatus=answered&DialBridged=false", 200, "", []string{"<Redirect"}},
		"dialled, nobody left":  {dial, "CallSid=CA1&CallStatus=in-progress&DialCallStatus=busy", 200, "ended busy", []string{"<Response><Hangup/></Response>"}},
	} {
		t.Run(name, func(t *testing.T) {
			res := twilioParse(t, tc.settings, "/voice", "", tc.form)
			if got := cpaasTold(res.Events); got != tc.events || res.Reply == nil || res.Reply.Status != tc.status {
				t.Fatalf("%q, reply %+v, want %q and status %d", got, res.Reply, tc.events, tc.status)
			}
			doc := string(res.Reply.Body)
			for _, part := range tc.parts {
				if !strings.Contains(doc, part) {
					t.Errorf("%s\nlacks %s", doc, part)
				}
			}
			if strings.Contains(doc, "<Response></Response>") || strings.Contains(doc, "<Response/>") {
				t.Errorf("an empty answer hangs up: %s", doc)
			}
		})
	}
}

func TestTwilioRecording(t *testing.T) {
	const link = "https://api.twilio.com/2010-04-01/Accounts/AC17/Recordings/RE1"
	for name, tc := range map[string]struct {
		settings       map[string]any
		ref, want, sid string
		err            bool
	}{
		"with the account of the link": {nil, link, link + ".mp3", "AC17", false},
		"with the configured account":  {map[string]any{"account_sid": "AC2"}, link, link + ".mp3", "AC2", false},
		"a format is given":            {nil, link + ".wav", link + ".wav", "AC17", false},
		"a region's host":              {map[string]any{"api_url": "https://api.dublin.ie1.twilio.com"}, strings.Replace(link, "api.", "api.dublin.ie1.", 1), strings.Replace(link, "api.", "api.dublin.ie1.", 1) + ".mp3", "AC17", false},
		"another host":                 {nil, "https://api.twilio.com.example/Accounts/AC17/RE1", "https://api.twilio.com.example/Accounts/AC17/RE1", "", false},
		"without TLS":                  {nil, strings.Replace(link, "https", "http", 1), strings.Replace(link, "https", "http", 1), "", false},
		"no account":                   {nil, "https://api.twilio.com/RE1", "", "", true},
		"no address":                   {nil, "RE1", "", "", true},
		"no URL":                       {nil, "https://[", "", "", true},
	} {
		req, err := cpaasRecording(t, "twilio", pbx.Config{Secret: "12345", Settings: tc.settings}, nil, tc.ref)
		if tc.err != (err != nil) {
			t.Errorf("%s: Recording: %v", name, err)
		}
		if err != nil || tc.err {
			continue
		}
		sid, token, _ := req.BasicAuth()
		if req.URL.String() != tc.want || sid != tc.sid || (token == "12345") != (sid != "") {
			t.Errorf("%s: %s as %q:%q, want %s as %q", name, req.URL, sid, token, tc.want, tc.sid)
		}
	}
}

func TestTwilioDial(t *testing.T) {
	cfg := pbx.Config{Secret: "12345", Settings: map[string]any{"account_sid": "AC17", "caller_id": "+15005550006", "hook_url": "https://z.example/hooks/office/token/", "dial": "102=sip:102@a.example"}}
	cpaasDialTest(t, "twilio", cfg, "account_sid", "caller_id", "hook_url")
	a, _ := pbx.Lookup("twilio")
	for from, to := range map[string]string{"101": "client:101", "login:ivanov": "client:ivanov", "102": "sip:102@a.example", "sip:a@b.example": "sip:a@b.example", "tel:+79990000101": "+79990000101"} {
		p := &cpaasPlatform{status: 201, answer: `{"sid":"CA9","status":"queued"}`}
		call, err := a.(pbx.Dialer).Dial(t.Context(), p, cfg, pbx.Order{From: from, Phone: "+79031234567"})
		if err != nil || call != "CA9" || len(p.asked) != 1 {
			t.Fatalf("Dial(%s) = %q, %v after %v", from, call, err, p.asked)
		}
		head, text, _ := strings.Cut(strings.TrimPrefix(p.asked[0], "POST "), " ")
		form, _ := url.ParseQuery(text)
		if head != "https://api.twilio.com/2010-04-01/Accounts/AC17/Calls.json" || form.Get("To") != to || p.auth[0] != "Basic QUMxNzoxMjM0NQ==" {
			t.Errorf("Dial(%s): %s %s, %s", from, head, form.Get("To"), p.auth[0])
		}
		hints := url.Values{"ext": {from}, "dir": {"out"}, "phone": {"+79031234567"}}
		if want := "https://z.example/hooks/office/token/status?" + hints.Encode(); form.Get("StatusCallback") != want {
			t.Errorf("Dial(%s): StatusCallback %s, want %s", from, form.Get("StatusCallback"), want)
		}
		if doc := form.Get("Twiml"); !strings.Contains(doc, ">+79031234567</Number></Dial></Response>") || !strings.Contains(doc, `callerId="+15005550006"`) {
			t.Errorf("Dial(%s): %s", from, doc)
		}
	}
}

// TestTwilioUnreadable: a request that steers a call is answered so that the
// call goes on, also when nothing can be made of it.
func TestTwilioUnreadable(t *testing.T) {
	a, _ := pbx.Lookup("twilio")
	cfg := pbx.Config{Settings: map[string]any{"voice_url": "https://a.example/v"}}
	for name, tc := range map[string]struct {
		form   string
		status int
	}{
		"no CallSid":         {"CallStatus=ringing&Direction=inbound", 503},
		"an endless CallSid": {"CallStatus=ringing&Direction=inbound&CallSid=" + strings.Repeat("x", 300), 200},
		"a callback":         {"CallStatus=completed", 0},
	} {
		res, err := a.Parse(body(tc.form), cfg)
		status := 0
		if res.Reply != nil {
			status = res.Reply.Status
		}
		if err == nil || status != tc.status {
			t.Errorf("%s: %+v, %v, want an error and status %d", name, res.Reply, err, tc.status)
		}
	}
}
