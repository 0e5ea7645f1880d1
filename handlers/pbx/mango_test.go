package pbx_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"zummer/handlers/pbx"
	"zummer/models"
)

const (
	mangoTestKey  = "testkey0000000000000000000000000"
	mangoTestSalt = "testsalt000000000000000000000000"
)

func mangoSource() pbx.Config {
	return pbx.Config{Secret: mangoTestSalt, Settings: map[string]any{"vpbx_api_key": mangoTestKey}}
}

// mangoPost is a request of Mango's; sign "" is left out.
func mangoPost(path, key, sign, text string) pbx.Request {
	form := url.Values{"vpbx_api_key": {key}, "json": {text}}
	if sign != "" {
		form.Set("sign", sign)
	}
	return pbx.Request{Method: "POST", Path: path, Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte(form.Encode())}
}

func mangoSigned(path, text string) pbx.Request {
	sum := sha256.Sum256([]byte(mangoTestKey + text + mangoTestSalt))
	return mangoPost(path, mangoTestKey, hex.EncodeToString(sum[:]), text)
}

func mangoSample() sample {
	return sample{
		kind: "mango", config: mangoSource(),
		fields: map[string]any{"entry_id": "MTIzNDU2Nzg5", "call_id": "MToxMDAx", "timestamp": "1795430520", "seq": "1", "call_state": "Appeared", "location": "abonent",
			"from.number": "79031234567", "to.extension": "101", "to.number": "74951110101", "to.line_number": "74951234567"},
		write: func(m map[string]any) pbx.Request {
			text, _ := json.Marshal(nested(m))
			return mangoPost("/events/call", mangoTestKey, "", string(text))
		},
		sign: func(req *pbx.Request, _ pbx.Config) {
			form, err := url.ParseQuery(string(req.Body))
			if err != nil {
				panic(err)
			}
			*req = mangoSigned(req.Path, form.Get("json"))
		},
		want: models.EventRinging, ext: "101", call: "entry_id", person: "to.extension", phone: "from.number", when: "timestamp", other: map[string]any{"call_id": "MToxMDAy"},
		need: []string{"call_state"}, texts: []string{"timestamp", "seq", "to.extension", "from.number", "to.number"}, hidden: []any{nil, "", "anonymous"},
		times: map[any]string{
			"1795430520":              "2026-11-23T10:42:00Z",
			json.Number("1795430520"): "2026-11-23T10:42:00Z",
			"1795441320":              "2026-11-23T10:42:00Z", // "UTC+3": the number itself is three hours ahead
			"1795428000":              "2026-11-23T10:00:00Z",
		},
	}
}

func FuzzParseMango(f *testing.F) { fuzzParse(f, "mango") }

// TestMangoVectors: the worked signatures, and what they are not.
func TestMangoVectors(t *testing.T) {
	a, _ := pbx.Lookup("mango")
	for text, sign := range map[string]string{
		`{"entry_id":"MTIzNDU2Nzg5","call_id":"MToxMDAxMjM6NDAxOjYyODMxMTI1OTox","timestamp":1700000000,"seq":1,"call_state":"Appeared","location":"abonent","from":{"number":"79001234567"},"to":{"extension":"101","number":"sip:user101@example.mangosip.ru","line_number":"74951234567"}}`:                                     "7449da57442f4afa13e5c24471ba334c4c8180817567b574bb1c2224dd1261c0",
		`{"entry_id":"MTIzNDU2Nzg5","call_direction":1,"from":{"number":"79001234567"},"to":{"extension":"101","number":"sip:user101@example.mangosip.ru"},"line_number":"74951234567","create_time":1700000000,"forward_time":1700000002,"talk_time":1700000010,"end_time":1700000075,"entry_result":1,"disconnect_reason":1110}`: "fcb4cda7e363f0bcc6494928465b9362eb232723b86f7c8bbee833364f366b16",
		`{"entry_id":"a/b","x":"Иван"}`:                      "2d590d85b1b160e1286091e9958bf3bf991dac34299c84278bc4575845c8392d",
		`{"entry_id":"a\/b","x":"\u0418\u0432\u0430\u043d"}`: "204f4054144653939d8122a8eed8a167f1cbe109bea0fffd756ae9e579cd86b4",
	} {
		if err := a.Verify(mangoPost("/events/call", mangoTestKey, sign, text), mangoSource()); err != nil {
			t.Errorf("%.30s…: Verify = %v", text, err)
		}
		if err := a.Verify(mangoPost("/events/call", mangoTestKey, strings.ToUpper(sign), text), mangoSource()); err != nil {
			t.Errorf("%.30s…: Verify of the signature in capitals = %v", text, err)
		}
		for what, tc := range map[string]struct{ key, sign, text, salt string }{
			"body":      {mangoTestKey, sign, mangoFlip(text), mangoTestSalt},
			"signature": {mangoTestKey, mangoFlip(sign), text, mangoTestSalt},
			"salt":      {mangoTestKey, sign, text, mangoFlip(mangoTestSalt)},
			"key":       {mangoFlip(mangoTestKey), sign, text, mangoTestSalt},
			"no sign":   {mangoTestKey, "", text, mangoTestSalt},
			"no salt":   {mangoTestKey, sign, text, ""},
		} {
			err := a.Verify(mangoPost("/events/call", tc.key, tc.sign, tc.text), pbx.Config{Secret: tc.salt, Settings: mangoSource().Settings})
			if models.KindOf(err) != models.Unauthorized {
				t.Errorf("%.30s… with another %s: Verify = %v, want Unauthorized", text, what, err)
			}
		}
	}
	pasted := mangoSource()
	pasted.Secret = " " + mangoTestSalt + "\n"
	if err := a.Verify(mangoSigned("/events/call", `{"entry_id":"e"}`), pasted); err != nil {
		t.Errorf("Verify with blanks around the salt = %v", err)
	}
	plain, escaped := `{"entry_id":"a/b","x":"Иван"}`, `{"entry_id":"a\/b","x":"\u0418\u0432\u0430\u043d"}`
	if err := a.Verify(mangoPost("", mangoTestKey, mangoSignOf(plain), escaped), mangoSource()); err == nil {
		t.Errorf("Verify takes the signature of another spelling of the same JSON")
	}
}

func mangoSignOf(text string) string {
	sum := sha256.Sum256([]byte(mangoTestKey + text + mangoTestSalt))
	return hex.EncodeToString(sum[:])
}

// mangoFlip changes one byte in the middle.
func mangoFlip(s string) string {
	b := []byte(s)
	if b[len(b)/2]++; b[len(b)/2] > '~' {
		b[len(b)/2] = '0'
	}
	return string(b)
}

func TestMangoForms(t *testing.T) {
	a, _ := pbx.Lookup("mango")
	text := `{"entry_id":"e","call_state":"Appeared","to":{"extension":"101"}}`
	multi := pbx.Request{Method: "POST", Path: "/events/call", Header: http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}, Body: []byte("--x\r\nContent-Disposition: form-data; name=\"vpbx_api_key\"\r\n\r\n" + mangoTestKey +
		"\r\n--x\r\nContent-Disposition: form-data; name=\"sign\"\r\n\r\n" + mangoSignOf(text) + "\r\n--x\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n" + text + "\r\n--x--\r\n")}
	if err := a.Verify(multi, mangoSource()); err != nil {
		t.Errorf("Verify(multipart) = %v", err)
	}
	if res, err := a.Parse(multi, mangoSource()); err != nil || len(res.Events) != 1 {
		t.Errorf("Parse(multipart) = %+v, %v", res, err)
	}
	for name, req := range map[string]pbx.Request{
		"no boundary":     {Header: http.Header{"Content-Type": {"multipart/form-data"}}, Body: []byte("x")},
		"too many fields": body(strings.Repeat("a=1&", 2000)),
	} {
		if err := a.Verify(req, mangoSource()); models.KindOf(err) != models.Unauthorized {
			t.Errorf("%s: Verify = %v, want Unauthorized", name, err)
		}
		if _, err := a.Parse(req, mangoSource()); err == nil {
			t.Errorf("%s: Parse takes it", name)
		}
	}
}

// TestMangoTraps: what the documentation and public code warn of.
func TestMangoTraps(t *testing.T) {
	const client, employee = `"from":{"number":"79031234567"}`, `"to":{"extension":"101","number":"sip:u101@x.mangosip.ru"}`
	for name, tc := range map[string]struct{ path, text, want string }{
		"menu's end is not the call's":         {"/events/call", `{"call_state":"Disconnected","location":"ivr",` + client + `,"to":{"number":"74951234567","line_number":"74951234567"}}`, ""},
		"location misspelt":                    {"/events/call", `{"call_state":"Appeared","locaton":"ivr",` + client + `,"to":{"number":"74951234567"}}`, "started in +"},
		"an order rings the manager first":     {"/events/call", `{"call_state":"Appeared","command_id":"c",` + client + `,` + employee + `}`, "started out 101"},
		"the manager's answer is not the call": {"/events/call", `{"call_state":"Connected","command_id":"c",` + client + `,` + employee + `}`, ""},
		"a routed call stays incoming":         {"/events/call", `{"call_state":"Appeared","command_id":"c","from":{"number":"79031234567","taken_from_call_id":"a"},` + employee + `}`, "ringing  101"},
		"a callback with a Cyrillic С":         {"/events/call", `{"call_state":"Appeared","callback_initiator":"СС",` + client + `,` + employee + `}`, "started out 101"},
		"an ordered call to a colleague":       {"/events/call", `{"call_state":"Appeared","command_id":"c","from":{"extension":"101","taken_from_call_id":"a"},"to":{"extension":"102"}}`, "ringing internal 102"},
		"a consultation is not the customer's": {"/events/call", `{"call_state":"Connected","from":{"extension":"101","taken_from_call_id":"a"},"to":{"extension":"102"}}`, ""},
		"outgoing":                             {"/events/call", `{"call_state":"Appeared","from":{"extension":101},"to":{"number":"79031234567"}}`, "started out 101"},
		"outgoing without an extension":        {"/events/call", `{"call_state":"Connected","from":{"number":"sip:u7@x.mangosip.ru"},"to":{"number":"79031234567"}}`, "answered out sip:u7@x.mangosip.ru"},
		"outgoing hang-up":                     {"/events/call", `{"call_state":"Disconnected","from":{"extension":101},"to":{"number":"79031234567"}}`, ""},
		"an employee calls the group":          {"/events/call", `{"call_state":"Appeared","location":"queue","from":{"extension":"101"},"to":{"number":"500"}}`, ""},
		"on hold":                              {"/events/call", `{"call_state":"OnHold",` + client + `,` + employee + `}`, ""},
		"a line is no person":                  {"/events/call", `{"call_state":"Appeared","location":"abonent",` + client + `,"to":{"number":"74951234567","line_number":"74951234567"}}`, "started in +"},
		"answered by nobody known":             {"/events/call", `{"call_state":"Connected",` + client + `,"to":{"number":"?"}}`, ""},
		"a far end without anybody of ours":    {"/events/call", `{"call_state":"Connected","from":{"extension":" ","number":"sip:@mangosip.ru"},"to":{"number":"79031234567"}}`, "answered out sip:@mangosip.ru"},
		"talk_time decides, not entry_result":  {"/events/summary", `{"call_direction":1,"from":{},"to":{},"talk_time":0,"end_time":1399906990,"entry_result":1,"disconnect_reason":1170}`, "ended in +"},
		"missed":                               {"/events/summary", `{"call_direction":1,` + client + `,"to":{},"talk_time":"0","end_time":"1399906990","entry_result":"0"}`, "missed in +"},
		"an unanswered outgoing call":          {"/events/summary", `{"call_direction":2,"from":{"extension":"101"},"to":{"number":"79031234567"},"talk_time":0,"entry_result":0}`, "ended out +"},
		"internal":                             {"/events/summary", `{"call_direction":0,"from":{"extension":"101"},"to":{"extension":"102"},"talk_time":0}`, "ended internal +"},
		"a recording that was not kept":        {"/events/recording", `{"recording_id":"r","recording_state":"Completed","completion_code":4002}`, ""},
		"a recording that goes by mail":        {"/events/recording", `{"recording_id":"r","recording_state":"Completed","completion_code":1000,"recipient":"Mail"}`, ""},
		"a recording in the cloud":             {"/events/recording", `{"recording_id":"r","recording_state":"Completed","completion_code":"1000","recipient":"Cloud"}`, "recording  +"},
		"topics of a recording":                {"/events/record/tagged", `{"recording_id":"r"}`, ""},
		"the path is lost: call":               {"", `{"call_state":"Appeared",` + client + `,` + employee + `}`, "ringing in 101"},
		"the path is lost: summary":            {"/", `{"call_direction":1,"talk_time":0,"entry_result":1}`, "ended in +"},
		"the path is lost: recording":          {"", `{"recording_id":"r","recording_state":"Started"}`, ""},
		"the path is lost: added":              {"", `{"recording_id":"r"}`, "recording  +"},
		"nothing of a call":                    {"", `{"colour":"green"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a, _ := pbx.Lookup("mango")
			res, err := a.Parse(mangoSigned(tc.path, `{"entry_id":"e",`+tc.text[1:]), pbx.Config{Region: "RU", Now: conformNow()})
			if err != nil {
				t.Fatalf("Parse(%s): %v", tc.text, err)
			}
			got := ""
			for i := range res.Events {
				e := &res.Events[i]
				got += strings.TrimSpace(string(e.Type) + " " + string(e.Direction) + " " + append(e.AllAddresses(), "+")[0])
			}
			if got != tc.want {
				t.Errorf("Parse(%s) = %q, want %q (%+v)", tc.text, got, tc.want, res.Events)
			}
		})
	}
}

func TestMangoRefusesWhatItCannotRead(t *testing.T) {
	a, _ := pbx.Lookup("mango")
	for _, tc := range []struct{ path, text, field string }{
		{"/events/summary", `{"entry_id":"e","end_time":"soon"}`, "end_time"},
		{"/events/summary", `{"entry_id":"e","talk_time":"soon"}`, "talk_time"},
		{"/events/record/added", `{"entry_id":"e"}`, "recording_id"},
		{"/events/record/added", `{"entry_id":"e","recording_id":"r","timestamp":"soon"}`, "timestamp"},
		{"/events/call", `{"call_state":"Appeared","to":{"extension":"101"}}`, "call"},
		{"/events/call", `null`, "json"},
		{"/events/call", ``, "json"},
	} {
		_, err := a.Parse(mangoSigned(tc.path, tc.text), pbx.Config{})
		checkField(t, err, tc.field)
	}
}

func TestMangoReasons(t *testing.T) {
	a, _ := pbx.Lookup("mango")
	for code, want := range map[string]string{
		"1100": "", "1110": "caller_gave_up", "1111": "no_answer", "1121": "busy", "1122": "declined", "1123": "unavailable", "1131": "unavailable",
		"1160": "no_answer", "1182": "answered_elsewhere", "1183": "forwarded", "1190": "unavailable", "1310": "", "2219": "unavailable", "4299": "unavailable", "5003": "unavailable", "": "", "7": "",
	} {
		res, err := a.Parse(mangoSigned("/events/call", `{"entry_id":"e","call_state":"Disconnected","from":{"number":"79031234567"},"to":{"extension":"101"},"disconnect_reason":"`+code+`"}`), pbx.Config{})
		if err != nil || len(res.Events) != 1 || res.Events[0].Type != models.EventRingEnded || res.Events[0].Reason != want {
			t.Errorf("disconnect_reason %q: %+v, %v, want reason %q", code, res.Events, err, want)
		}
	}
}

func TestMangoGreets(t *testing.T) {
	a, _ := pbx.Lookup("mango")
	g := a.(pbx.Greeter)
	if r := g.Greet(pbx.Request{Method: "POST", Path: "/ping"}, pbx.Config{}); r == nil || r.Status != 200 {
		t.Errorf("Greet(/ping) = %+v", r)
	}
	if r := g.Greet(pbx.Request{Method: "POST", Path: "/events/call"}, pbx.Config{}); r != nil {
		t.Errorf("Greet(/events/call) = %+v", r)
	}
}

func TestMangoSettings(t *testing.T) {
	a, _ := pbx.Lookup("mango")
	checkField(t, a.CheckSettings(map[string]any{}, "salt"), "settings.vpbx_api_key")
	checkField(t, a.CheckSettings(map[string]any{"vpbx_api_key": 7.0}, "salt"), "settings.vpbx_api_key")
	checkField(t, a.CheckSettings(mangoSource().Settings, ""), "secret")
}

// mangoFake answers our requests and keeps them.
type mangoFake struct {
	status   int
	body     string
	location string
	err      error
	asked    []*http.Request
	forms    []url.Values
}

func (f *mangoFake) Do(req *http.Request) (*http.Response, error) {
	b, _ := io.ReadAll(req.Body)
	form, _ := url.ParseQuery(string(b))
	f.asked, f.forms = append(f.asked, req), append(f.forms, form)
	if f.err != nil {
		return nil, f.err
	}
	resp := &http.Response{StatusCode: f.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(f.body))}
	if f.location != "" {
		resp.Header.Set("Location", f.location)
	}
	return resp, nil
}

func TestMangoEmployees(t *testing.T) {
	a, _ := pbx.Lookup("mango")
	lister := a.(pbx.EmployeeLister)
	cfg := mangoSource()
	cfg.Region = "RU"
	f := &mangoFake{status: 200, body: `{"users":[{"general":{"name":"Иванов И.","email":"ivanov@example.com","mobile":"+7 903 000-01-01","login":null},
		"telephony":{"extension":"101","numbers":[{"number":"sip:Ivanov@x.mangosip.ru","protocol":"sip"},{"number":"89030000102","number_normalized":"79030000102","protocol":"tel"},
		{"number":"skype:i","protocol":"skype"},{"number":"79030000101","protocol":"tel"}]}},
		{"general":{"name":"No phone"},"telephony":{"extension":"","numbers":[{"number":"mobile","number_normalized":"","protocol":"tel"}]}}, 7]}`}
	got, err := lister.Employees(t.Context(), f, cfg)
	want := []pbx.Employee{{Name: "Иванов И.", Email: "ivanov@example.com", Addresses: []string{"101", "sip:ivanov@x.mangosip.ru", "tel:+79030000102", "tel:+79030000101"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Employees = %+v, %v, want %+v", got, err, want)
	}
	if u := f.asked[0].URL.String(); u != "https://app.mango-office.ru/vpbx/config/users/request" || f.forms[0].Get("sign") != mangoSignOf(f.forms[0].Get("json")) {
		t.Errorf("asked %s with %v", u, f.forms[0])
	}
	for name, f := range map[string]*mangoFake{
		"away": {err: http.ErrHandlerTimeout}, "refused": {status: 401}, "broken": {status: 503}, "no JSON": {status: 200, body: "<html>"}, "a code": {status: 200, body: `{"result":3100}`},
	} {
		if got, err := lister.Employees(t.Context(), f, cfg); models.KindOf(err) != models.Unavailable {
			t.Errorf("%s: Employees = %+v, %v, want Unavailable", name, got, err)
		}
	}
	_, err = lister.Employees(t.Context(), f, pbx.Config{Secret: "s"})
	checkField(t, err, "settings.vpbx_api_key")
	_, err = lister.Employees(t.Context(), f, pbx.Config{Settings: cfg.Settings})
	checkField(t, err, "secret")
}

func TestMangoRecording(t *testing.T) {
	a, _ := pbx.Lookup("mango")
	fetch := a.(pbx.RecordingFetcher)
	f := &mangoFake{status: 302, location: "https://files.mango-office.ru/once"}
	req, err := fetch.Recording(t.Context(), f, mangoSource(), "mango:MToxMDAwNjA4NTo1MDA5NDExMDIyOjE=", "e")
	if err != nil || req.Method != "GET" || req.URL.String() != f.location || len(req.Header) > 0 {
		t.Errorf("Recording = %+v, %v", req, err)
	}
	if j := f.forms[0].Get("json"); j != `{"action":"download","recording_id":"MToxMDAwNjA4NTo1MDA5NDExMDIyOjE="}` {
		t.Errorf("asked %s", j)
	}
	for name, tc := range map[string]struct {
		f    *mangoFake
		ref  string
		kind models.Kind
	}{
		"not Mango's":  {&mangoFake{}, "https://elsewhere.example/a.mp3", models.NotFound},
		"no number":    {&mangoFake{}, "mango:", models.NotFound},
		"not yet":      {&mangoFake{status: 404}, "mango:1", models.NotFound},
		"in words":     {&mangoFake{status: 200, body: `{"result":4002}`}, "mango:1", models.NotFound},
		"broken":       {&mangoFake{status: 500}, "mango:1", models.Unavailable},
		"nowhere":      {&mangoFake{status: 302}, "mango:1", models.Unavailable},
		"a bad place":  {&mangoFake{status: 302, location: "file:///etc/passwd"}, "mango:1", models.Unavailable},
		"away":         {&mangoFake{err: http.ErrHandlerTimeout}, "mango:1", models.Unavailable},
		"wrong salt":   {&mangoFake{status: 403}, "mango:1", models.Unavailable},
		"a bad answer": {&mangoFake{status: 302, location: "http://[::1"}, "mango:1", models.Unavailable},
	} {
		if req, err := fetch.Recording(t.Context(), tc.f, mangoSource(), tc.ref, "e"); models.KindOf(err) != tc.kind {
			t.Errorf("%s: Recording = %v, %v, want kind %v", name, req, err, tc.kind)
		}
	}
}

func TestMangoDial(t *testing.T) {
	a, _ := pbx.Lookup("mango")
	dialer := a.(pbx.Dialer)
	f := &mangoFake{status: 200, body: `{"result":1000}`}
	if _, err := dialer.Dial(t.Context(), f, mangoSource(), pbx.Order{From: "101", Phone: "+79031234567", ID: "z-1"}); err != nil {
		t.Errorf("Dial = %v", err)
	}
	if j := f.forms[0].Get("json"); j != `{"command_id":"z-1","from":{"extension":"101"},"to_number":"79031234567"}` || !strings.HasSuffix(f.asked[0].URL.Path, "/commands/callback") {
		t.Errorf("asked %s with %s", f.asked[0].URL, j)
	}
	_, err := dialer.Dial(t.Context(), f, mangoSource(), pbx.Order{From: "sip:u@x", Phone: "+79031234567"})
	checkField(t, err, "from")
	if _, err := dialer.Dial(t.Context(), &mangoFake{status: 200, body: `{"result":"2210"}`}, mangoSource(), pbx.Order{From: "101"}); models.KindOf(err) != models.Unavailable {
		t.Errorf("Dial that is refused = %v", err)
	}
}

// TestMangoLooksFromItsOwnNetworks: the word pbx stands for what the makers name.
func TestMangoLooksFromItsOwnNetworks(t *testing.T) {
	a, _ := pbx.Lookup("mango")
	s := map[string]any{"allow_ips": "pbx"}
	if !pbx.Allowed(a, s, "81.88.82.44") || pbx.Allowed(a, s, "203.0.113.7") {
		t.Errorf("allow_ips pbx: the networks of %v", a.Info().Networks)
	}
}
