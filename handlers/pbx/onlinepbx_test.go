package pbx_test

import (
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"zummer/handlers/pbx"
	"zummer/models"
)

func onlineSample() sample {
	return sample{
		kind: "onlinepbx", config: pbx.Config{Settings: map[string]any{"domain": "pbx12345.onpbx.ru", "api_key": "key-1"}},
		fields: map[string]any{"event": "call_start", "direction": "inbound", "uuid": "77", "caller": "+79031234567", "callee": "101", "gateway": "74951234567", "date": "1795430520"},
		write:  jsonRequest,
		want:   models.EventRinging, ext: "101", call: "uuid", person: "callee", phone: "caller", when: "date",
		need: []string{"event", "uuid"}, texts: []string{"uuid", "callee", "gateway", "date"}, hidden: []any{"anonymous", "", nil}, times: looseTimes(), lenient: true,
	}
}

func FuzzParseOnlinePBX(f *testing.F) { fuzzParse(f, "onlinepbx") }

// TestOnlinePBXTraps: who is who, and what a hook does not say.
func TestOnlinePBXTraps(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"to the company":                  {`{"event":"call_start","direction":"inbound","caller":"79031234567","callee":"74951234567","gateway":"74951234567"}`, "started in 79031234567 + 74951234567"},
		"to a number of ours, no trunk":   {`{"event":"call_start","direction":"inbound","caller":"79031234567","callee":"74951234567"}`, "started in 79031234567 + 74951234567"},
		"to one extension":                {`{"event":"call_start","direction":"inbound","caller":"79031234567","callee":"505"}`, "ringing in 79031234567 505 "},
		"no direction, in":                {`{"event":"call_start","caller":"79031234567","callee":"505"}`, "ringing in 79031234567 505 "},
		"no direction, out":               {`{"event":"call_start","caller":"505","callee":"79031234567"}`, "started out 79031234567 505 "},
		"an outgoing ring is no incoming": {`{"event":"call_start","direction":"outbound","caller":"505","callee":"79031234567","gateway":"74991111282"}`, "started out 79031234567 505 "},
		"the far end answers":             {`{"event":"call_answered","direction":"outbound","caller":"505","callee":"79031234567"}`, "answered out 79031234567 505 "},
		"internal, called inbound":        {`{"event":"call_start","direction":"inbound","caller":"505","callee":"506"}`, "ringing internal 505 506 "},
		"internal answer":                 {`{"event":"call_answered","direction":"local","caller":"505","callee":"506"}`, "answered internal 505 506 "},
		"answered at a mobile":            {`{"event":"call_answered","direction":"inbound","caller":"79031234567","callee":"79990000103","gateway":"74951234567"}`, "answered in 79031234567 tel:+79990000103 74951234567"},
		"answered by the trunk":           {`{"event":"call_answered","direction":"inbound","caller":"79031234567","callee":"74951234567","gateway":"74951234567"}`, ""},
		"dialled from a mobile":           {`{"event":"call_start","direction":"outbound","caller":"79990000103","callee":"79031234567"}`, "started out 79031234567 tel:+79990000103 "},
		"missed":                          {`{"event":"call_missed","direction":"inbound","caller":"79031234567","callee":"505"}`, "missed in 79031234567 + "},
		"end without talk":                {`{"event":"call_end","direction":"inbound","caller":"79031234567","callee":"505","dialog_duration":"0"}`, "ended in 79031234567 + "},
	} {
		t.Run(name, func(t *testing.T) {
			a, _ := pbx.Lookup("onlinepbx")
			res, err := a.Parse(body(`{"uuid":"u","date":"1528886454",`+tc.text[1:]), pbx.Config{Region: "RU"})
			if err != nil {
				t.Fatalf("Parse(%s): %v", tc.text, err)
			}
			got := ""
			for i := range res.Events {
				e := &res.Events[i]
				got += string(e.Type) + " " + string(e.Direction) + " " + e.Phone + " " + append(e.AllAddresses(), "+")[0] + " " + e.DID
			}
			if got != tc.want {
				t.Errorf("Parse(%s) = %q, want %q", tc.text, got, tc.want)
			}
		})
	}
}

func TestOnlinePBXReasons(t *testing.T) {
	a, _ := pbx.Lookup("onlinepbx")
	for cause, want := range map[string]string{
		"NORMAL_CLEARING": "", "": "", "originator_cancel": "caller_gave_up", "NO_ANSWER": "no_answer", "USER_BUSY": "busy", "CALL_REJECTED": "declined",
		"LOSE_RACE": "answered_elsewhere", "USER_NOT_REGISTERED": "unavailable",
	} {
		res, err := a.Parse(body(`{"event":"call_end","uuid":"u","caller":"79031234567","callee":"505","hangup_cause":"`+cause+`"}`), pbx.Config{})
		if err != nil || len(res.Events) != 1 || res.Events[0].Reason != want {
			t.Errorf("hangup_cause %q: %+v, %v, want reason %q", cause, res.Events, err, want)
		}
	}
	for _, field := range []string{"dialog_duration", "call_duration"} {
		_, err := a.Parse(body(`{"event":"call_end","uuid":"u","`+field+`":"long"}`), pbx.Config{})
		checkField(t, err, field)
	}
}

func TestOnlinePBXSettings(t *testing.T) {
	a, _ := pbx.Lookup("onlinepbx")
	if err := a.CheckSettings(nil, ""); err != nil {
		t.Errorf("CheckSettings without any = %v", err)
	}
	for _, tc := range []struct {
		settings map[string]any
		secret   string
		field    string
	}{
		{nil, "s", "secret"},
		{map[string]any{"domain": "pbx1.onpbx.ru"}, "", "settings.api_key"},
		{map[string]any{"api_key": "k"}, "", "settings.domain"},
		{map[string]any{"api_key": "k", "domain": "pbx1.onpbx.ru/../evil"}, "", "settings.domain"},
		{map[string]any{"api_key": "k", "domain": ".."}, "", "settings.domain"},
		{map[string]any{"api_key": 7.0}, "", "settings.api_key"},
	} {
		checkField(t, a.CheckSettings(tc.settings, tc.secret), tc.field)
	}
}

// onlineFake answers auth.json and then one question.
type onlineFake struct {
	auth, answer string
	status       int // of the answer; 0: 200
	err          error
	asked        []string
}

func (f *onlineFake) Do(req *http.Request) (*http.Response, error) {
	b, _ := io.ReadAll(req.Body)
	f.asked = append(f.asked, req.URL.String()+" "+req.Header.Get("X-Pbx-Authentication")+" "+string(b))
	status, text := 200, f.auth
	if text == "" {
		text = `{"status":"1","data":{"key_id":"id1","key":"k1"}}`
	}
	if !strings.HasSuffix(req.URL.Path, "/auth.json") {
		if text = f.answer; f.status > 0 {
			status = f.status
		}
		if f.err != nil {
			return nil, f.err
		}
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text))}, nil
}

func TestOnlinePBXEmployees(t *testing.T) {
	a, _ := pbx.Lookup("onlinepbx")
	lister := a.(pbx.EmployeeLister)
	cfg := onlineSample().config
	f := &onlineFake{answer: `{"status":"1","data":[{"num":"101","name":"Иванов И.","enabled":true},{"num":102,"name":"Петров П.","email":"p@example.com"},{"num":"103","enabled":false},{}]}`}
	got, err := lister.Employees(t.Context(), f, cfg)
	want := []pbx.Employee{{Name: "Иванов И.", Addresses: []string{"101"}}, {Name: "Петров П.", Email: "p@example.com", Addresses: []string{"102"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Employees = %+v, %v, want %+v", got, err, want)
	}
	if asked := []string{"https://api2.onlinepbx.ru/pbx12345.onpbx.ru/auth.json  auth_key=key-1", "https://api2.onlinepbx.ru/pbx12345.onpbx.ru/user/get.json id1:k1 "}; !reflect.DeepEqual(f.asked, asked) {
		t.Errorf("asked %q, want %q", f.asked, asked)
	}
	for name, f := range map[string]*onlineFake{
		"wrong key": {auth: `{"status":"0","comment":"API_KEY_CHECK_FAILED"}`}, "no session": {auth: `{"status":"1"}`}, "broken": {status: 500}, "no JSON": {answer: "<html>"},
		"null": {answer: "null"}, "refused": {answer: `{"status":"0"}`}, "away": {err: http.ErrHandlerTimeout},
	} {
		if got, err := lister.Employees(t.Context(), f, cfg); models.KindOf(err) != models.Unavailable {
			t.Errorf("%s: Employees = %+v, %v, want Unavailable", name, got, err)
		}
	}
	_, err = lister.Employees(t.Context(), f, pbx.Config{Settings: map[string]any{"api_key": "k"}})
	checkField(t, err, "settings.domain")
	_, err = lister.Employees(t.Context(), f, pbx.Config{Settings: map[string]any{"domain": "d"}})
	checkField(t, err, "settings.api_key")
}

func TestOnlinePBXRecording(t *testing.T) {
	a, _ := pbx.Lookup("onlinepbx")
	fetch := a.(pbx.RecordingFetcher)
	f := &onlineFake{answer: `{"status":"1","data":"https://records.example/fresh.mp3"}`}
	req, err := fetch.Recording(t.Context(), f, onlineSample().config, "https://records.example/old.mp3", "u-1")
	if err != nil || req.URL.String() != "https://records.example/fresh.mp3" || req.Method != "GET" || len(req.Header) > 0 {
		t.Errorf("Recording = %+v, %v", req, err)
	}
	if form, _ := url.ParseQuery(strings.Fields(f.asked[1])[2]); form.Get("uuid") != "u-1" || form.Get("download") != "1" {
		t.Errorf("asked %q", f.asked)
	}
	if req, err := fetch.Recording(t.Context(), nil, pbx.Config{}, "http://records.example/old.mp3", "u-1"); err != nil || req.URL.String() != "http://records.example/old.mp3" {
		t.Errorf("Recording without a key = %v, %v", req, err)
	}
	for name, tc := range map[string]struct {
		f    *onlineFake
		ref  string
		cfg  pbx.Config
		kind models.Kind
	}{
		"none yet": {&onlineFake{answer: `{"status":"1","data":[]}`}, "https://records.example/old.mp3", onlineSample().config, models.NotFound},
		"refused":  {&onlineFake{answer: `{"status":"0"}`}, "https://records.example/old.mp3", onlineSample().config, models.Unavailable},
		"no link":  {nil, "file:///etc/passwd", pbx.Config{}, models.NotFound},
		"bad link": {nil, "http://[::1", pbx.Config{}, models.NotFound},
	} {
		if req, err := fetch.Recording(t.Context(), tc.f, tc.cfg, tc.ref, "u-1"); models.KindOf(err) != tc.kind {
			t.Errorf("%s: Recording = %v, %v, want kind %v", name, req, err, tc.kind)
		}
	}
}

func TestOnlinePBXDial(t *testing.T) {
	a, _ := pbx.Lookup("onlinepbx")
	dialer := a.(pbx.Dialer)
	f := &onlineFake{answer: `{"status":"1","data":{"uuid":"u-9"}}`}
	if call, err := dialer.Dial(t.Context(), f, onlineSample().config, pbx.Order{From: "101", Phone: "+79031234567"}); err != nil || call != "u-9" {
		t.Errorf("Dial = %q, %v", call, err)
	}
	if got := f.asked[1]; got != "https://api2.onlinepbx.ru/pbx12345.onpbx.ru/call/now.json id1:k1 from=101&to=79031234567" {
		t.Errorf("asked %q", got)
	}
	_, err := dialer.Dial(t.Context(), f, onlineSample().config, pbx.Order{From: "tel:+79990000103"})
	checkField(t, err, "from")
	if _, err := dialer.Dial(t.Context(), &onlineFake{answer: `{"status":"0"}`}, onlineSample().config, pbx.Order{From: "101"}); models.KindOf(err) != models.Unavailable {
		t.Errorf("Dial that is refused = %v", err)
	}
}
