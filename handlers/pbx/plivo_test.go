package pbx_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"zummer/handlers/pbx"
	"zummer/models"
)

const plivoToken = "Y2Q2ZDgxZmY5YWRiOTI5YmQ1Njg0MTAxZWIyOTc4"

func plivoSample() sample {
	return sample{
		kind: "plivo", config: pbx.Config{Secret: plivoToken, Settings: map[string]any{"voice_url": "https://example.com/answer"}},
		fields: map[string]any{"dialaction": "answer", "dialaleguuid": "3001", "dialbleguuid": "3002", "dialblegfrom": "79031234567", "dialblegto": "sip:101@phone.plivo.com"},
		write:  formRequest, sign: signPlivo,
		want: models.EventAnswered, ext: "sip:101@phone.plivo.com", call: "dialaleguuid", person: "dialblegto", phone: "dialblegfrom", other: map[string]any{"dialbleguuid": "3003"},
		need: []string{"dialaleguuid"}, texts: []string{"dialaleguuid", "dialbleguuid", "dialblegfrom"}, hidden: []any{"anonymous", "Anonymous", "Restricted", "266696687"},
	}
}

func signPlivo(req *pbx.Request, cfg pbx.Config) {
	form, _ := url.ParseQuery(string(req.Body))
	req.Header.Set("X-Plivo-Signature-V3-Nonce", "31627761595286130198")
	req.Header.Set("X-Plivo-Signature-V3", pbx.SignPlivo(cfg.Secret, req.Method, req.URL, "31627761595286130198", form))
}

func FuzzParsePlivo(f *testing.F) { fuzzParse(f, "plivo") }

// plivoParams are the fields of the signature tests of Plivo's own libraries.
func plivoParams() url.Values {
	const uuid = "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36"
	return url.Values{"Direction": {"outbound"}, "From": {"19792014278"}, "ALegUUID": {uuid}, "CallStatus": {"in-progress"}, "BillRate": {"0.002"}, "ParentAuthID": {"MANWVLYTK4ZWU1YTY4QA"},
		"To": {"sip:PlivoSignature382029104058171078704104@phone-qa.voice.plivodev.com"}, "ALegRequestUUID": {uuid}, "CallUUID": {uuid}, "RequestUUID": {uuid},
		"SIP-H-To": {"<sip:PlivoSignature382029104058171078704104@52.9.11.55;transport=udp>;tag=1"}, "SessionStart": {"2020-04-08 11:34:33.238707"}, "Event": {"StartApp"}}
}

func TestPlivoSignatures(t *testing.T) {
	const at, nonce = "https://plivobin.non-prod.plivops.com/api/v1/validate_signature03.xml/", "31627761595286130198"
	params := plivoParams().Encode()
	bare := strings.TrimSuffix(at, "/")
	for name, tc := range map[string]struct {
		method, address, body, header, signature, nonce, token string
		settings                                               map[string]any
	}{
		"POST with a query":  {"POST", at + "?a=b&c=d", params, "V3", "k7Pusd4OxCIjR5IfA9iedDNu/h/gbdYqdzG/MiYtd1c=", nonce, plivoToken, nil},
		"GET with a query":   {"GET", at + "?a=b&c=d&" + params, "", "V3", "UBq8jAtd32wR8EK9VgxbBn4n5rpI/l1H9iN4WfSEHFQ=", nonce, plivoToken, nil},
		"POST":               {"POST", bare, params, "V3", "iAjE5QqI37mbkYe4w3jTMudqEzbDufdqi7sYwTu64e0=", nonce, plivoToken, nil},
		"GET":                {"GET", bare + "?" + params, "", "V3", "i/MQsaQSAd6fiKhOh2qeeeLHZ9faldADSb3/7+Akfbc=", nonce, plivoToken, nil},
		"one of several":     {"POST", bare, params, "V3", "AAAA, iAjE5QqI37mbkYe4w3jTMudqEzbDufdqi7sYwTu64e0=", nonce, plivoToken, nil},
		"the main account's": {"POST", bare, params, "Ma-V3", "iAjE5QqI37mbkYe4w3jTMudqEzbDufdqi7sYwTu64e0=", nonce, plivoToken, nil},
		"behind a port":      {"POST", strings.Replace(bare, ".com", ".com:443", 1), params, "V3", "iAjE5QqI37mbkYe4w3jTMudqEzbDufdqi7sYwTu64e0=", nonce, plivoToken, nil},
		"V2":                 {"POST", "https://answer.url?a=b", "CallUUID=1", "V2", "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc=", "12345", "my_auth_token", map[string]any{"signature": "v2"}},
	} {
		t.Run(name, func(t *testing.T) {
			a, _ := pbx.Lookup("plivo")
			verify := func(address, body, signature, nonce, token string, settings map[string]any) error {
				h := http.Header{}
				h.Set("X-Plivo-Signature-"+tc.header, signature)
				h.Set("X-Plivo-Signature-"+strings.TrimPrefix(tc.header, "Ma-")+"-Nonce", nonce)
				return a.Verify(pbx.Request{Method: tc.method, URL: address, Header: h, Body: []byte(body)}, pbx.Config{Secret: token, Settings: settings})
			}
			if err := verify(tc.address, tc.body, tc.signature, tc.nonce, tc.token, tc.settings); err != nil {
				t.Errorf("Verify = %v", err)
			}
			last := "B" + tc.signature[1:]
			if i := strings.Index(tc.signature, ", "); i > 0 {
				last = tc.signature[:i+2] + "B" + tc.signature[i+3:]
			}
			changed := map[string]error{
				"address":   verify(strings.Replace(tc.address, "//", "//x", 1), tc.body, tc.signature, tc.nonce, tc.token, tc.settings),
				"signature": verify(tc.address, tc.body, last, tc.nonce, tc.token, tc.settings),
				"nonce":     verify(tc.address, tc.body, tc.signature, tc.nonce+"1", tc.token, tc.settings),
				"secret":    verify(tc.address, tc.body, tc.signature, tc.nonce, tc.token+"1", tc.settings),
				"no nonce":  verify(tc.address, tc.body, tc.signature, "", tc.token, tc.settings),
				"no secret": verify(tc.address, tc.body, tc.signature, tc.nonce, "", tc.settings),
			}
			if tc.header != "V2" {
				changed["body"] = verify(tc.address, tc.body+"&x=1", tc.signature, tc.nonce, tc.token, tc.settings)
				changed["query"] = verify(tc.address+"?e=f", tc.body, tc.signature, tc.nonce, tc.token, tc.settings)
			} else {
				changed["V2 where V3 is asked for"] = verify(tc.address, tc.body, tc.signature, tc.nonce, tc.token, nil)
			}
			for what, err := range changed {
				if models.KindOf(err) != models.Unauthorized {
					t.Errorf("%s: Verify = %v, want Unauthorized", what, err)
				}
			}
		})
	}
}

// TestPlivoQuery: the query of a callback is signed as it is sent, or decoded.
func TestPlivoQuery(t *testing.T) {
	a, _ := pbx.Lookup("plivo")
	const sent, decoded = "https://z.example/hooks/a/b/leg?ext=login%3Aivanov&dir=out", "https://z.example/hooks/a/b/leg?ext=login:ivanov&dir=out"
	for _, signed := range []string{sent, decoded} {
		req := formRequest(plivoSample().fields)
		form, _ := url.ParseQuery(string(req.Body))
		req.URL = sent
		req.Header.Set("X-Plivo-Signature-V3-Nonce", "1")
		req.Header.Set("X-Plivo-Signature-V3", pbx.SignPlivo(plivoToken, "POST", signed, "1", form))
		if err := a.Verify(req, pbx.Config{Secret: plivoToken}); err != nil {
			t.Errorf("signed as %s: %v", signed, err)
		}
	}
}

func TestPlivoSettings(t *testing.T) {
	a, _ := pbx.Lookup("plivo")
	checkField(t, a.CheckSettings(nil, ""), "secret")
	for name, tc := range map[string]struct {
		settings map[string]any
		field    string
	}{
		"all":            {map[string]any{"dial": []any{"101=sip:ivanov@phone.plivo.com", "+79990000102"}, "voice_url": "https://a.example/v", "caller_id": "+15005550006", "auth_id": "MA1", "hook_url": "https://z.example/hooks/a/b", "signature": "v2"}, ""},
		"a browser":      {map[string]any{"dial": "client:ivanov"}, "settings.dial"},
		"nobody":         {map[string]any{"dial": "ivanov"}, "settings.dial"},
		"no address":     {map[string]any{"hook_url": "hooks/a/b"}, "settings.hook_url"},
		"which is that?": {map[string]any{"signature": "v1"}, "settings.signature"},
	} {
		err := a.CheckSettings(tc.settings, plivoToken)
		if tc.field == "" && err != nil {
			t.Errorf("%s: CheckSettings = %v", name, err)
		}
		if tc.field != "" {
			checkField(t, err, tc.field)
		}
	}
}

func TestPlivoLegs(t *testing.T) {
	const leg = "&DialALegUUID=a1&DialBLegUUID=b1&DialBLegFrom=79031234567"
	const own = "&CallUUID=a1&From=79031234567&To=74951234567&Direction=inbound"
	dial := map[string]any{"dial": []any{"101=sip:ivanov@phone.plivo.com", "+79990000102"}, "numbers": "+74951234567"}
	for name, tc := range map[string]struct {
		settings    map[string]any
		query, form string
		want        string
	}{
		"an endpoint answers":         {nil, "", "DialAction=answer&DialBLegTo=sip:ivanov@phone.plivo.com" + leg, "answered sip:ivanov@phone.plivo.com +79031234567"},
		"and is connected":            {nil, "", "DialAction=connected&DialBLegTo=sip:ivanov@phone.plivo.com" + leg, "answered sip:ivanov@phone.plivo.com +79031234567"},
		"a listed one":                {dial, "", "DialAction=answer&DialBLegTo=sip:ivanov@phone.plivo.com" + leg, "answered 101=sip:ivanov@phone.plivo.com +79031234567"},
		"a listed mobile":             {dial, "", "DialAction=answer&DialBLegTo=79990000102" + leg, "answered tel:+79990000102 +79031234567"},
		"our number is shown":         {dial, "", "DialAction=answer&DialBLegTo=79990000103&DialALegUUID=a1&DialBLegFrom=74951234567", "answered tel:+79990000103"},
		"From comes first":            {nil, "", "DialAction=answer&DialBLegTo=sip:a@b.example&From=79060000000" + leg, "answered sip:a@b.example +79060000000"},
		"ext in the address":          {nil, "ext=105", "DialAction=answer&DialBLegTo=sip:a@b.example" + leg, "answered 105=sip:a@b.example +79031234567"},
		"a colleague calls":           {nil, "", "DialAction=answer&DialBLegTo=sip:a@b.example&DialBLegFrom=sip:101@b.example&DialALegUUID=a1", "answered internal sip:a@b.example 101"},
		"the far end answers":         {nil, "ext=101&dir=out", "DialAction=answer&DialBLegTo=79031234567" + leg, "answered out 101 +79031234567"},
		"by nobody":                   {nil, "dir=out", "DialAction=answer&DialBLegTo=79031234567" + leg, ""},
		"the person answers last":     {nil, "ext=101&dir=out", "DialAction=answer&DialBLegTo=sip:a@b.example" + leg, "answered out 101"},
		"the far end hangs up":        {nil, "ext=101&dir=out", "DialAction=hangup&DialBLegTo=79031234567" + leg, ""},
		"digits":                      {nil, "", "DialAction=digits&DialDigitsMatch=1&DialBLegTo=sip:a@b.example" + leg, ""},
		"busy":                        {nil, "", "DialAction=hangup&DialBLegHangupCauseName=Busy+Line&DialBLegTo=sip:a@b.example" + leg, "ring_ended sip:a@b.example +79031234567 busy"},
		"declined":                    {nil, "", "DialAction=hangup&DialBLegHangupCauseName=Rejected&DialBLegTo=sip:a@b.example" + leg, "ring_ended sip:a@b.example +79031234567 declined"},
		"timed out":                   {nil, "", "DialAction=hangup&DialBLegHangupCauseName=Ring+Timeout+Reached&DialBLegTo=sip:a@b.example" + leg, "ringing sip:a@b.example +79031234567; ring_ended sip:a@b.example +79031234567 no_answer"},
		"another word for it":         {nil, "", "DialAction=hangup&DialBLegHangupCause=NO_ANSWER&DialBLegTo=sip:a@b.example" + leg, "ringing sip:a@b.example +79031234567; ring_ended sip:a@b.example +79031234567 no_answer"},
		"cancelled":                   {nil, "", "DialAction=hangup&DialBLegHangupCauseName=Canceled&DialBLegTo=sip:a@b.example" + leg, "ringing sip:a@b.example +79031234567; ring_ended sip:a@b.example +79031234567 caller_gave_up"},
		"somebody else was faster":    {nil, "", "DialAction=hangup&DialBLegHangupCause=LOSE_RACE&DialBLegTo=sip:a@b.example" + leg, "ringing sip:a@b.example +79031234567; ring_ended sip:a@b.example +79031234567 answered_elsewhere"},
		"nobody is there":             {nil, "", "DialAction=hangup&DialBLegHangupCauseName=Endpoint+Not+Registered&DialBLegTo=sip:a@b.example" + leg, "ring_ended sip:a@b.example +79031234567 unavailable"},
		"after a talk":                {nil, "", "DialAction=hangup&DialBLegHangupCauseName=Normal+Hangup&DialBLegTo=sip:a@b.example" + leg, "ring_ended sip:a@b.example +79031234567"},
		"the caller hangs up":         {nil, "", "Event=Hangup&CallStatus=completed&Duration=30" + own, "ended in +79031234567"},
		"without being answered":      {nil, "", "Event=Hangup&CallStatus=no-answer&Duration=0" + own, "ended in +79031234567 no_answer"},
		"a phone hangs up":            {nil, "", "Event=Hangup&CallStatus=completed&CallUUID=a1&From=sip:101@b.example&To=79031234567&Direction=inbound", "ended out +79031234567"},
		"a colleague hangs up":        {nil, "", "Event=Hangup&CallStatus=completed&CallUUID=a1&From=sip:101@b.example&To=sip:102@b.example&Direction=inbound", "ended internal 101"},
		"ordered: the customer":       {nil, "ext=101&dir=out", "Event=Ring&CallStatus=ringing&RequestUUID=a1&From=74951234567&To=79031234567&Direction=outbound", "started out 101 +79031234567"},
		"ordered: they hang up":       {nil, "ext=101&dir=out", "Event=Hangup&CallStatus=completed&Duration=42&CallUUID=a1&From=74951234567&To=79031234567&Direction=outbound", "ended out +79031234567 talk 42"},
		"ordered: they are busy":      {nil, "ext=101&dir=out", "Event=Hangup&CallStatus=busy&Duration=0&CallUUID=a1&To=79031234567&Direction=outbound", "ended out +79031234567 busy"},
		"ordered: the manager":        {nil, "ext=101&dir=out&phone=%2B79031234567", "Event=Ring&CallStatus=ringing&CallUUID=a1&To=sip:101@b.example&Direction=outbound", "started out 101 +79031234567"},
		"ordered by somebody":         {nil, "", "Event=Ring&CallStatus=ringing&CallUUID=a1&To=sip:101@b.example&Direction=outbound", "started out sip:101@b.example"},
		"a recording":                 {nil, "", "RecordUrl=https://media.plivo.com/r1.mp3&RecordingID=r1&RecordingDuration=9&CallUUID=a1", "recording https://media.plivo.com/r1.mp3"},
		"a recording that began":      {nil, "", "RecordUrl=https://media.plivo.com/r1.mp3&RecordingID=r1&RecordingDuration=-1&CallUUID=a1", ""},
		"the direction is said":       {nil, "dir=in", "Event=Hangup&CallStatus=completed&CallUUID=a1&From=sip:gw@trunk.example&To=74951234567", "ended in sip:gw@trunk.example"},
		"the list of mobiles decides": {map[string]any{"mobiles": "101=+79990000101"}, "ext=&dir=", "DialAction=hangup&DialBLegTo=79031234567" + leg, ""},
	} {
		if got := cpaasTold(cpaasParse(t, "plivo", pbx.Config{Settings: tc.settings}, "/x", tc.query, tc.form).Events); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
	a, _ := pbx.Lookup("plivo")
	for form, status := range map[string]int{"CallStatus=ringing&Event=StartApp": 503, "DialAction=answer": 0, "CallStatus=completed": 0} {
		res, err := a.Parse(body(form), pbx.Config{})
		if got := res.Reply; err == nil || (got == nil) != (status == 0) || got != nil && got.Status != status {
			t.Errorf("%s: %+v, %v, want an error and status %d", form, got, err, status)
		}
	}
	if _, err := a.Parse(body("[{}]"), pbx.Config{}); models.KindOf(err) != models.Malformed {
		t.Errorf("a list: %v, want Malformed", err)
	}
}

// TestPlivoXML: what a request that steers the call is answered. None of the
// answers to a caller's first request may end the call.
func TestPlivoXML(t *testing.T) {
	const in = "CallUUID=a1&CallStatus=ringing&Event=StartApp&Direction=inbound&From=79031234567&To=74951234567"
	dial := map[string]any{"dial": []any{"101=sip:ivanov@phone.plivo.com", "+79990000102"}, "caller_id": "+15005550006"}
	next := map[string]any{"voice_url": "https://a.example/v?a=1&b=2"}
	for name, tc := range map[string]struct {
		settings    map[string]any
		query, form string
		status      int
		events      string
		parts       []string
	}{
		"nothing is known": {nil, "", in, 503, "started in +79031234567", nil},
		"a redirect":       {next, "", in, 200, "started in +79031234567", []string{`<Response><Redirect method="POST">https://a.example/v?a=1&amp;b=2</Redirect></Response>`}},
		"people": {dial, "", in, 200, "started in +79031234567; ringing in 101 +79031234567; ringing in tel:+79990000102 +79031234567", []string{
			`<Dial timeout="25" action="https://z.example/hooks/office/token/dial-done" callbackUrl="https://z.example/hooks/office/token/leg" callbackMethod="POST"><User>sip:ivanov@phone.plivo.com</User><Number>79990000102</Number></Dial>`}},
		"a phone dials": {dial, "", "CallUUID=a1&CallStatus=ringing&Event=StartApp&Direction=inbound&From=sip:101@phone.plivo.com&To=79031234567", 200, "started out sip:101@phone.plivo.com +79031234567",
			[]string{`callerId="+15005550006"`, `/leg?dir=out&amp;ext=sip%3A101%40phone.plivo.com"`, "<Number>79031234567</Number>"}},
		"a colleague":          {dial, "", "CallUUID=a1&CallStatus=ringing&Event=StartApp&From=sip:101@phone.plivo.com&To=sip:102@phone.plivo.com", 200, "started internal 101", []string{"/leg?dir=internal", "<User>sip:102@phone.plivo.com</User>"}},
		"an ordered call":      {dial, "ext=101&dir=out&phone=%2B79031234567", "CallUUID=a1&CallStatus=in-progress&Event=StartApp&Direction=outbound&To=sip:101@b.example", 200, "", []string{"/leg?dir=out&amp;ext=101", "<Number>79031234567</Number>"}},
		"another ordered call": {next, "", "CallUUID=a1&CallStatus=in-progress&Event=StartApp&Direction=outbound&To=79031234567", 200, "started out +79031234567", []string{"<Redirect"}},
		"dialled, talked":      {next, "", "DialALegUUID=a1&DialStatus=completed&CallUUID=a1", 200, "", []string{"<Response><Hangup/></Response>"}},
		"dialled, nobody":      {next, "", "DialALegUUID=a1&DialStatus=no-answer&CallUUID=a1", 200, "", []string{"<Redirect"}},
		"dialled, nobody left": {dial, "", "DialALegUUID=a1&DialStatus=timeout&CallUUID=a1", 200, "", []string{"<Response><Hangup/></Response>"}},
	} {
		res := cpaasParse(t, "plivo", pbx.Config{Settings: tc.settings}, "/answer", tc.query, tc.form)
		if got := cpaasTold(res.Events); got != tc.events || res.Reply == nil || res.Reply.Status != tc.status {
			t.Errorf("%s: %q, reply %+v, want %q and status %d", name, got, res.Reply, tc.events, tc.status)
			continue
		}
		for _, part := range tc.parts {
			if !strings.Contains(string(res.Reply.Body), part) {
				t.Errorf("%s: %s\nlacks %s", name, res.Reply.Body, part)
			}
		}
	}
}

func TestPlivoAPI(t *testing.T) {
	cfg := pbx.Config{Secret: "t0ken", Settings: map[string]any{"auth_id": "MA1", "caller_id": "+15005550006", "hook_url": "https://z.example/hooks/office/token/", "dial": "102=+79990000102"}}
	cpaasDialTest(t, "plivo", cfg, "auth_id", "caller_id", "hook_url")
	a, _ := pbx.Lookup("plivo")
	for from, to := range map[string]string{"101": `"sip:101@phone.plivo.com"`, "102": `"79990000102"`, "sip:a@b.example": `"sip:a@b.example"`} {
		p := &cpaasPlatform{status: 201, answer: `{"message":"call fired","request_uuid":"r1","api_id":"x"}`}
		call, err := a.(pbx.Dialer).Dial(t.Context(), p, cfg, pbx.Order{From: from, Phone: "+79031234567"})
		hints := url.Values{"ext": {from}, "dir": {"out"}, "phone": {"+79031234567"}}.Encode()
		if err != nil || call != "" || !strings.HasPrefix(p.asked[0], "POST https://api.plivo.com/v1/Account/MA1/Call/ ") || !strings.Contains(p.asked[0], `"to":`+to) ||
			!strings.Contains(p.asked[0], `"answer_url":"https://z.example/hooks/office/token/click?`+strings.ReplaceAll(hints, "&", `\u0026`)+`"`) || p.auth[0] != "Basic TUExOnQwa2Vu" {
			t.Errorf("Dial(%s) = %q, %v: %v %v", from, call, err, p.asked, p.auth)
		}
	}
	for ref, id := range map[string]string{"https://media.plivo.com/v1/Account/MA1/Recording/r1.mp3": "MA1", "https://s3.amazonaws.com/recordings_2013/r1.mp3": "", "http://media.plivo.com/r1.mp3": ""} {
		req, err := cpaasRecording(t, "plivo", cfg, nil, ref)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, _ := req.BasicAuth(); got != id {
			t.Errorf("%s is asked for as %q, want %q", ref, got, id)
		}
	}
	if _, err := cpaasRecording(t, "plivo", cfg, nil, "r1"); models.KindOf(err) != models.NotFound {
		t.Errorf("a recording without an address: %v", err)
	}
}
