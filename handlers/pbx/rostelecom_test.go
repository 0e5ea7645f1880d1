package pbx_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"zummer/handlers/pbx"
	"zummer/models"
)

const (
	rostelecomID  = "5E61B2AB42BA100556C447F4BB8A572F"
	rostelecomKey = "A1B2C3D4E5F60718293A4B5C6D7E8F90"
)

func rostelecomSample() sample {
	return sample{
		kind: "rostelecom", config: pbx.Config{Secret: rostelecomKey, Settings: map[string]any{"client_id": rostelecomID}},
		fields: map[string]any{"session_id": "SDsnZugDFmTW7Sec", "timestamp": "2026-11-23 13:42:00.000", "type": "incoming", "state": "calling",
			"from_number": "sip:79031234567@example.rt.ru", "request_number": "sip:74951234567@example.rt.ru", "request_pin": "101", "is_record": "false"},
		write: jsonRequest,
		sign: func(req *pbx.Request, cfg pbx.Config) {
			sum := sha256.Sum256([]byte(rostelecomID + string(req.Body) + cfg.Secret))
			req.Header.Set("X-Client-ID", rostelecomID)
			req.Header.Set("X-Client-Sign", hex.EncodeToString(sum[:]))
		},
		want: models.EventRinging, ext: "101", call: "session_id", person: "request_pin", phone: "from_number", when: "timestamp",
		need: []string{"session_id"}, texts: []string{"request_pin"}, hidden: []any{"", "anonymous", "sip:anonymous@anonymous.invalid", nil},
		times: map[any]string{"2026-11-23 13:42:00.214": "2026-11-23T10:42:00.214Z", "2026-11-23 13:42:00": "2026-11-23T10:42:00Z"},
	}
}

func FuzzParseRostelecom(f *testing.F) { fuzzParse(f, "rostelecom") }

// The vector was computed with two other implementations of SHA-256.
func TestRostelecomSignature(t *testing.T) {
	const text = `{"session_id":"SDsnZugDFmTW7Sec","timestamp":"2018-04-23 15:01:27.214","type":"incoming","state":"new","from_number":"sip:79001234567@example.rt.ru","request_number":"sip:74951234567@example.rt.ru","is_record":"false"}`
	const sign = "ff12bf27bb22e21fca77cc0c40cb7a87e57713ded8685cb7e8a92bfb2fe1ba4a"
	a, _ := pbx.Lookup("rostelecom")
	for name, tc := range map[string]struct {
		body, sign, id, key, ours string
		code                      string
	}{
		"right":             {text, sign, rostelecomID, rostelecomKey, rostelecomID, ""},
		"capitals":          {text, strings.ToUpper(sign), rostelecomID, rostelecomKey, rostelecomID, ""},
		"another body":      {changed(text), sign, rostelecomID, rostelecomKey, rostelecomID, "signature_wrong"},
		"another signature": {text, changed(sign), rostelecomID, rostelecomKey, rostelecomID, "signature_wrong"},
		"another key":       {text, sign, rostelecomID, changed(rostelecomKey), rostelecomID, "signature_wrong"},
		"another id":        {text, sign, changed(rostelecomID), rostelecomKey, rostelecomID, "signature_wrong"},
		"moved border":      {"F" + text, sign, rostelecomID[:31], rostelecomKey, rostelecomID, "signature_wrong"},
		"no signature":      {text, "", rostelecomID, rostelecomKey, rostelecomID, "signature_missing"},
		"no key":            {text, sign, rostelecomID, "", rostelecomID, "signature_secret"},
		"no id":             {text, sign, rostelecomID, rostelecomKey, "", "signature_secret"},
	} {
		req := body(tc.body)
		req.Header.Set("X-Client-ID", tc.id)
		req.Header.Set("X-Client-Sign", tc.sign)
		err := a.Verify(req, pbx.Config{Secret: tc.key, Settings: map[string]any{"client_id": tc.ours}})
		if got := codeOf(err); got != tc.code {
			t.Errorf("%s: Verify = %v, want code %q", name, err, tc.code)
		}
	}
}

func TestRostelecomSettings(t *testing.T) {
	a, _ := pbx.Lookup("rostelecom")
	good := map[string]any{"client_id": "A", "api_url": "https://api-test.cloudpbx.rt.ru"}
	if err := a.CheckSettings(good, "key"); err != nil {
		t.Errorf("CheckSettings = %v", err)
	}
	checkField(t, a.CheckSettings(good, " "), "secret")
	checkField(t, a.CheckSettings(map[string]any{}, "key"), "settings.client_id")
	checkField(t, a.CheckSettings(map[string]any{"client_id": 7.0}, "key"), "settings.client_id")
	for _, s := range []string{"http://api.cloudpbx.rt.ru", "https://a:b@api.cloudpbx.rt.ru", "https://", "https://x?y=1", "https://%zz"} {
		checkField(t, a.CheckSettings(map[string]any{"client_id": "A", "api_url": s}, "key"), "settings.api_url")
	}
}

func TestRostelecomTraps(t *testing.T) {
	a, _ := pbx.Lookup("rostelecom")
	base := map[string]any{"session_id": "S1", "timestamp": "2026-11-23 13:42:00.000", "type": "incoming",
		"from_number": "sip:79031234567@x.rt.ru", "request_number": "sip:74951234567@x.rt.ru"}
	ev := func(t models.EventType, d models.Direction, phone, did, ext string, more ...string) models.Event {
		return models.Event{Type: t, Call: "S1", Direction: d, Phone: phone, DID: did, Extension: ext, Addresses: more}
	}
	const customer, did = "sip:79031234567@x.rt.ru", "74951234567"
	for name, tc := range map[string]struct {
		set  map[string]any
		want models.Event
	}{
		"new":                        {map[string]any{"state": "new"}, ev("started", "in", customer, did, "")},
		"new for somebody":           {map[string]any{"state": "new", "request_pin": "101"}, ev("ringing", "in", customer, did, "101")},
		"ringing by a SIP name":      {map[string]any{"state": "calling", "request_number": "sip:Ivanov@x.rt.ru"}, ev("ringing", "in", customer, "", "sip:ivanov@x.rt.ru")},
		"ringing by a SIP extension": {map[string]any{"state": "calling", "request_number": "sip:101@x.rt.ru"}, ev("ringing", "in", customer, "", "101", "sip:101@x.rt.ru")},
		"pin and SIP name":           {map[string]any{"state": "calling", "request_number": "sip:ivanov@x.rt.ru", "request_pin": 101}, ev("ringing", "in", customer, "", "101", "sip:ivanov@x.rt.ru")},
		"nobody is named":            {map[string]any{"state": "calling", "request_number": ""}, ev("started", "in", customer, "", "")},
		"only the number answers":    {map[string]any{"state": "connected"}, ev("answered", "in", customer, did, "tel:+74951234567")},
		"one side ended":             {map[string]any{"state": "disconnected", "request_pin": "101"}, ev("ring_ended", "in", customer, did, "101")},
		"nobody's side ended":        {map[string]any{"state": "disconnected"}, models.Event{}},
		"end":                        {map[string]any{"state": "end"}, ev("ended", "in", customer, did, "")},
		"unknown type":               {map[string]any{"state": "end", "type": "conference"}, ev("ended", "", customer, did, "")},
		"analytics":                  {map[string]any{"state": "analytics"}, models.Event{}},
		"out, dialling":              {map[string]any{"type": "outbound", "state": "calling", "from_pin": "101", "request_number": "79031234567"}, ev("started", "out", "79031234567", "", "101")},
		"out, connected":             {map[string]any{"type": "outgoing", "state": "connected", "from_number": "sip:101@x.rt.ru", "request_number": "79031234567"}, ev("answered", "out", "79031234567", "", "101", "sip:101@x.rt.ru")},
		"out, one side ended":        {map[string]any{"type": "out", "state": "disconnected", "from_pin": "101"}, models.Event{}},
		"internal":                   {map[string]any{"type": "internal", "state": "calling", "from_pin": "102", "request_number": "sip:101@x.rt.ru"}, ev("ringing", "internal", "102", "", "101", "sip:101@x.rt.ru")},
		"a colleague without number": {map[string]any{"state": "new", "from_number": nil, "from_pin": "102"}, ev("started", "in", "102", did, "")},
	} {
		m := map[string]any{}
		for _, from := range []map[string]any{base, tc.set} {
			for k, v := range from {
				m[k] = v
			}
		}
		res, err := a.Parse(jsonRequest(m), pbx.Config{})
		if err != nil {
			t.Errorf("%s: Parse: %v", name, err)
			continue
		}
		var got models.Event
		if len(res.Events) == 1 {
			got = res.Events[0]
		}
		if got.Type != "" && (got.ID == "" || got.At.IsZero()) {
			t.Errorf("%s: no ID or time: %+v", name, got)
		}
		got.ID, got.At = "", tc.want.At
		if !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
	}
	for field, set := range map[string]map[string]any{
		"state":          {"session_id": "S1", "state": "dancing"},
		"request_number": {"session_id": "S1", "state": "connected", "type": "incoming"},
		"from_number":    {"session_id": "S1", "state": "connected", "type": "outbound"},
		"call":           {"session_id": strings.Repeat("x", 300), "state": "end"},
	} {
		_, err := a.Parse(jsonRequest(set), pbx.Config{})
		checkField(t, err, field)
	}
	_, err := a.Parse(jsonRequest(map[string]any{"session_id": "S1"}), pbx.Config{})
	checkField(t, err, "state")
	if res, err := a.Parse(jsonRequest(map[string]any{"session_id": "S1", "state": "calling", "request_pin": "101"}), pbx.Config{}); err != nil || res.Events[0].ID != "" {
		t.Errorf("undated: %+v, %v, want an event without an id", res.Events, err)
	}
	if res, err := a.Parse(jsonRequest(map[string]any{"order_id": "7"}), pbx.Config{}); err != nil || len(res.Events) > 0 {
		t.Errorf("a finished file of history: %+v, %v", res, err)
	}
}

func TestRostelecomRecordingAndDial(t *testing.T) {
	a, _ := pbx.Lookup("rostelecom")
	cfg := rostelecomSample().config
	const record, call = "POST https://api.cloudpbx.rt.ru/get_record", "POST https://api.cloudpbx.rt.ru/call_back"
	fetch := func(do pbx.Doer, cfg pbx.Config, ref string) (*http.Request, error) {
		return a.(pbx.RecordingFetcher).Recording(t.Context(), do, cfg, ref, "S1")
	}
	cloud := &fakeCloud{answers: map[string]string{record: `{"result":0,"url":"https://records.rt.ru/once/1"}`}}
	req, err := fetch(cloud, cfg, "rostelecom:S1")
	if err != nil || req.URL.String() != "https://records.rt.ru/once/1" || req.Method != http.MethodGet || req.Header.Get("X-Client-Sign") != "" {
		t.Fatalf("Recording = %+v, %v", req, err)
	}
	sum := sha256.Sum256([]byte(rostelecomID + `{"session_id":"S1"}` + rostelecomKey))
	if h := cloud.asked[0].Header; cloud.bodies[0] != `{"session_id":"S1"}` || h.Get("X-Client-Sign") != hex.EncodeToString(sum[:]) || h.Get("X-Client-ID") != rostelecomID {
		t.Errorf("asked %s with %v", cloud.bodies[0], h)
	}
	for answer, kind := range map[string]models.Kind{`{"result":"5"}`: models.NotFound, `{"result":"0"}`: models.NotFound, `[]`: models.NotFound,
		`{"result":"0","url":"http://records.rt.ru/1"}`: models.Unavailable, ``: models.NotFound} {
		if _, err := fetch(&fakeCloud{answers: map[string]string{record: answer}}, cfg, "rostelecom:S1"); err == nil || models.KindOf(err) != kind {
			t.Errorf("Recording with the answer %s: %v, want kind %v", answer, err, kind)
		}
	}
	if _, err := fetch(cloud, cfg, "https://elsewhere.example/1"); !models.IsNotFound(err) {
		t.Errorf("Recording of another kind's reference: %v", err)
	}
	_, err = fetch(cloud, pbx.Config{Secret: rostelecomKey}, "rostelecom:S1")
	checkField(t, err, "settings.client_id")
	_, err = fetch(cloud, pbx.Config{Settings: cfg.Settings}, "rostelecom:S1")
	checkField(t, err, "secret")
	askEverything(t, record, func(do pbx.Doer) error { _, err := fetch(do, cfg, "rostelecom:S1"); return err })

	dial := func(do pbx.Doer, from string) (string, error) {
		return a.(pbx.Dialer).Dial(t.Context(), do, cfg, pbx.Order{From: from, Phone: "+79031234567", ID: "1"})
	}
	for from, want := range map[string]string{
		"101":                `{"from_pin":"101","request_number":"+79031234567"}`,
		"sip:ivanov@x.rt.ru": `{"from_sipuri":"sip:ivanov@x.rt.ru","request_number":"+79031234567"}`,
	} {
		cloud := &fakeCloud{answers: map[string]string{call: `{"result":"0","resultMessage":"ok","session_id":"S9"}`}}
		if key, err := dial(cloud, from); err != nil || key != "S9" || cloud.bodies[0] != want {
			t.Errorf("Dial(%s) = %s, %v, sent %v, want %s", from, key, err, cloud.bodies, want)
		}
	}
	_, err = dial(cloud, "login:ivanov")
	checkField(t, err, "from")
	if _, err := dial(&fakeCloud{answers: map[string]string{call: `{"result":"12"}`}}, "101"); models.KindOf(err) != models.Unavailable {
		t.Errorf("Dial refused: %v", err)
	}
	askEverything(t, call, func(do pbx.Doer) error { _, err := dial(do, "101"); return err })
}
