package pbx_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"zummer/handlers/pbx"
	"zummer/models"
)

func uisSample() sample {
	return sample{
		kind: "uis", config: pbx.Config{Secret: "uis-example-0123456789abcdef", Settings: map[string]any{"access_token": "tok1", "virtual_number": "+74951234567"}},
		fields: map[string]any{"event": "ringing", "call": "500123", "leg": "701", "dir": "in", "phone": "+79031234567", "name": "Anna", "did": "74951234567",
			"employee_id": "101", "employee": "Иванов И.", "t": "2026-11-23 13:42:00"},
		write: jsonRequest, sign: uisSign,
		want: models.EventRinging, ext: "id:101", call: "call", person: "employee_id", phone: "phone", when: "t", other: map[string]any{"leg": "702"},
		need: []string{"event", "call"}, texts: []string{"call", "leg", "employee_id", "did"}, hidden: []any{nil, "", "anonymous", json.RawMessage("null")},
		times: looseTimes(), lenient: true,
	}
}

// uisSign puts the secret where the templates have it.
func uisSign(req *pbx.Request, cfg pbx.Config) {
	dec := json.NewDecoder(bytes.NewReader(req.Body))
	dec.UseNumber()
	var m map[string]any
	if dec.Decode(&m) != nil {
		return // garbage carries none
	}
	m["secret"] = cfg.Secret
	req.Body, _ = json.Marshal(m)
}

func FuzzParseUIS(f *testing.F) { fuzzParse(f, "uis") }

// TestUISTemplates: the document has what the code has, every template can be
// filled, and only the variables that the platform's templates are known to
// have are used.
func TestUISTemplates(t *testing.T) {
	a, _ := pbx.Lookup("uis")
	const file = "../../docs/pbx/uis.md"
	doc, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, tm := range pbx.UISTemplates() {
		for _, want := range []string{tm.Body, tm.Name.RU, tm.Name.EN} {
			if !strings.Contains(string(doc), want) {
				t.Errorf("%s lacks, of the template %s:\n%s", file, tm.Event, want)
			}
		}
	}
	known := "call_session_id contact_phone_number contact_full_name virtual_phone_number notification_time leg_id direction employee_id employee_full_name " +
		"talk_time_duration total_time_duration wait_time_duration employee_ids employee_phone_number file_link file_duration "
	variable := regexp.MustCompile(`\{\{([a-z_]+)\}\}`)
	for _, tm := range pbx.UISTemplates() {
		for _, m := range variable.FindAllStringSubmatch(tm.Body, -1) {
			if !strings.Contains(known, m[1]+" ") {
				t.Errorf("%s: the variable %s is not known", tm.Event, m[1])
			}
		}
		for how, value := range map[string]string{"null": "null", "texts": `"7"`, "numbers": "7", "nothing": "", "itself": "$0", "a bare text": "Anna O"} {
			req := body(strings.Replace(variable.ReplaceAllString(tm.Body, value), pbx.UISSecret, "s3cret", 1))
			if err := a.Verify(req, pbx.Config{Secret: "s3cret"}); err != nil {
				t.Errorf("%s filled with %s: Verify: %v", tm.Event, how, err)
			}
			_, err := a.Parse(req, pbx.Config{})
			if missing := how == "null" || how == "nothing" || how == "itself"; missing {
				checkField(t, err, "call")
			}
		}
	}
}

func TestUISSecret(t *testing.T) {
	a, _ := pbx.Lookup("uis")
	const right = `{"event":"ended","secret":"s3cret","call":1}`
	for name, tc := range map[string]struct{ body, ours, code string }{
		"right":             {right, "s3cret", ""},
		"a form":            {"event=ended&secret=s3cret&call=1", "s3cret", ""},
		"a number":          {`{"secret":12345678}`, "12345678", ""},
		"broken by a value": {`{"event":"ended","secret":"s3cret","call":,"phone":7}`, "s3cret", ""},
		"another body":      {strings.Replace(right, "s3", "s4", 1), "s3cret", "signature_wrong"},
		"longer":            {strings.Replace(right, "s3cret", "s3crets", 1), "s3cret", "signature_wrong"},
		"another secret":    {right, "s3crea", "signature_wrong"},
		"the placeholder":   {strings.Replace(right, "s3cret", "SECRET", 1), "s3cret", "signature_wrong"},
		"none":              {`{"event":"ended","call":1}`, "s3cret", "signature_missing"},
		"null":              {`{"event":"ended","call":1,"secret":null}`, "s3cret", "signature_missing"},
		"unreadable":        {"\x00", "s3cret", "signature_missing"},
		"a list":            {"[" + right + "]", "s3cret", "signature_missing"},
		"none of ours":      {right, "", "signature_secret"},
	} {
		if err := a.Verify(body(tc.body), pbx.Config{Secret: tc.ours}); zadarmaCode(err) != tc.code || (err == nil) != (tc.code == "") {
			t.Errorf("%s: Verify = %v, want code %q", name, err, tc.code)
		}
	}
}

func TestUISSettings(t *testing.T) {
	a, _ := pbx.Lookup("uis")
	if err := a.CheckSettings(map[string]any{"api_url": "https://dataapi.comagic.ru/v2.0", "call_api_url": "", "access_token": "x", "virtual_number": "7495"}, "s3cret"); err != nil {
		t.Errorf("CheckSettings = %v", err)
	}
	for _, secret := range []string{"", " ", "SECRET", `a"b`, `a\b`, "a{b", " a", "a\nb"} {
		checkField(t, a.CheckSettings(nil, secret), "secret")
	}
	for _, s := range []string{"http://dataapi.uiscom.ru", "https://", "https://a:b@c", "https://c?d", "https://%zz"} {
		checkField(t, a.CheckSettings(map[string]any{"api_url": s}, "s3cret"), "settings.api_url")
		checkField(t, a.CheckSettings(map[string]any{"call_api_url": s}, "s3cret"), "settings.call_api_url")
	}
	checkField(t, a.CheckSettings(map[string]any{"access_token": 7.0}, "s3cret"), "settings.access_token")
}

// TestUISTraps: what one might read wrongly.
func TestUISTraps(t *testing.T) {
	a, _ := pbx.Lookup("uis")
	for name, tc := range map[string]struct {
		body string
		want []string // type direction extension addresses leg phone talk
	}{
		"arrived":                      {`{"event":"incoming","call":1,"phone":"79031234567"}`, []string{"started in    79031234567 -"}},
		"arrived, withheld":            {`{"event":"incoming","call":1,"phone":null}`, []string{"started in    anonymous -"}},
		"rings":                        {`{"event":"ringing","call":1,"leg":7,"dir":"in","phone":"7903","employee_id":8412}`, []string{"ringing in id:8412  7/id:8412 7903 -"}},
		"rings without a leg":          {`{"event":"ringing","call":1,"dir":"in","phone":"7903","employee_id":8412}`, []string{"ringing in id:8412   7903 -"}},
		"rings at nobody's":            {`{"event":"ringing","call":1,"leg":7,"phone":"7903","employee_id":null}`, []string{"started in    7903 -"}},
		"employee 0 is nobody":         {`{"event":"ringing","call":1,"leg":7,"phone":"7903","employee_id":0}`, []string{"started in    7903 -"}},
		"the customer's phone rings":   {`{"event":"ringing","call":1,"leg":7,"dir":"out","phone":"7903","employee_id":8412}`, []string{"started out id:8412   7903 -"}},
		"answered":                     {`{"event":"answered","call":1,"dir":"in","phone":"7903","employee_id":8412}`, []string{"answered in id:8412   7903 -"}},
		"answered by nobody":           {`{"event":"answered","call":1,"dir":"in","phone":"7903"}`, []string{"started in    7903 -"}},
		"the customer answers":         {`{"event":"answered","call":1,"dir":"out","phone":"7903","employee_id":8412}`, []string{"answered out id:8412   7903 -"}},
		"dialled":                      {`{"event":"outgoing","call":1,"phone":"7903","employee_id":8412,"employee_phone":"101"}`, []string{"started out id:8412 101  7903 -"}},
		"dialled from a mobile":        {`{"event":"outgoing","call":1,"phone":"7903","employee_phone":"79990000101"}`, []string{"started out tel:+79990000101   7903 -"}},
		"dialled from somewhere":       {`{"event":"outgoing","call":1,"phone":"7903","employee_phone":"softphone"}`, []string{"started out    7903 -"}},
		"ended after a talk":           {`{"event":"ended","call":1,"dir":"in","phone":"7903","employee_id":8412,"talk":"65","total":80,"wait":15}`, []string{"ended in    7903 65"}},
		"ended without a talk":         {`{"event":"ended","call":1,"dir":"in","phone":"7903","talk":0,"total":80}`, []string{"ended in    7903 -"}},
		"lost":                         {`{"event":"missed","call":1,"phone":"7903","employee_ids":[8412,"8413",null]}`, []string{"ring_ended in id:8412   7903 -", "ring_ended in id:8413   7903 -", "missed in    7903 -"}},
		"lost, nobody rang":            {`{"event":"missed","call":1,"phone":"7903","employee_ids":null}`, []string{"missed in    7903 -"}},
		"recorded":                     {`{"event":"record","call":1,"link":"https://media.example/1","seconds":9,"employee_id":8412}`, []string{"recording      -"}},
		"recorded, several links":      {`{"event":"record","call":1,"link":["https://media.example/1","b"]}`, []string{"recording      -"}},
		"values without quotes":        {`{"event":"ringing","secret":"s","call":1,"leg":7,"dir":in,"phone":79031234567,"name":Anna, of "Daisy","employee_id":8412,"employee":,"t":2026-11-23 13:42:00}`, []string{"ringing in id:8412  7/id:8412 79031234567 -"}},
		"a name that says an event":    {`{"event":"ringing","call":1,"name":x,"event":"ended","employee_id":8412,"leg":}`, []string{"ringing in id:8412   anonymous -"}},
		"variables that nobody filled": {`{"event":"ended","call":1,"dir":{{direction}},"phone":{{contact_phone_number}}}`, []string{"ended in    anonymous -"}},
	} {
		res, err := a.Parse(body(tc.body), pbx.Config{Region: "RU", Timezone: "Europe/Moscow"})
		if err != nil {
			t.Errorf("%s: Parse: %v", name, err)
			continue
		}
		var got []string
		for _, e := range res.Events {
			talk := "-"
			if e.TalkS != nil {
				talk = text(*e.TalkS)
			}
			got = append(got, strings.Join([]string{string(e.Type), string(e.Direction), e.Extension, strings.Join(e.Addresses, ","), e.Leg, e.Phone, talk}, " "))
			if undated := e.At.IsZero() && e.Leg == "" && (e.Type == models.EventRinging || e.Type == models.EventAnswered); undated == (e.ID != "") {
				t.Errorf("%s: the id of %+v", name, e)
			}
		}
		if !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
	many := `{"event":"missed","call":1,"employee_ids":[` + strings.Repeat("1,", 300) + `1]}`
	if res, err := a.Parse(body(many), pbx.Config{}); err != nil || len(res.Events) != 101 {
		t.Errorf("300 employees: %d events, %v", len(res.Events), err)
	}
	for text, field := range map[string]string{
		`{"event":"dancing","call":1}`:                                    "event",
		`{"event":"ended","call":1,"talk":"soon"}`:                        "talk",
		`{"event":"ended","call":1,"total":-1}`:                           "total",
		`{"event":"record","call":1,"link":null}`:                         "link",
		`{"event":"ringing","call":1,"employee_id":"` + long300() + `"}`:  "extension",
		`{"event":"ended","call":1,"dir":"in","did":"` + long300() + `"}`: "did",
	} {
		_, err := a.Parse(body(text), pbx.Config{})
		checkField(t, err, field)
	}
	for _, text := range []string{`{"event":"ended",` + strings.Repeat(" ", 65<<10), "[1", `{"a":1`} {
		if res, err := a.Parse(body(text), pbx.Config{}); err == nil {
			t.Errorf("Parse of %.20q… = %+v, want an error", text, res)
		}
	}
}

func TestUISEmployees(t *testing.T) {
	a, _ := pbx.Lookup("uis")
	cfg := uisSample().config
	cfg.Region = "RU"
	list := func(s *zadarmaServer, cfg pbx.Config) ([]pbx.Employee, error) {
		return a.(pbx.EmployeeLister).Employees(t.Context(), s, cfg)
	}
	s := &zadarmaServer{answers: map[string]string{"/v2.0": `{"jsonrpc":"2.0","id":1,"result":{"data":[
		{"id":8412,"full_name":"Сидоров С.","email":"s@example.com","extension":{"extension_phone_number":"103"},"phone_numbers":[{"phone_number":"79990000103"},{"phone_number":"0123"}]},
		{"id":8413,"full_name":"Петрова П.","email":null,"extension":null,"phone_numbers":null},{"full_name":"nobody"}],"metadata":{"total_items":3}}}`}}
	got, err := list(s, cfg)
	want := []pbx.Employee{{Name: "Сидоров С.", Email: "s@example.com", Addresses: []string{"id:8412", "103", "tel:+79990000103"}}, {Name: "Петрова П.", Addresses: []string{"id:8413"}}}
	if err != nil || !reflect.DeepEqual(got, want) || len(s.asked) != 1 {
		t.Errorf("Employees = %+v, %v after %d requests, want %+v", got, err, len(s.asked), want)
	}
	const sent = `{"id":1,"jsonrpc":"2.0","method":"get.employees","params":{"access_token":"tok1","limit":1000,"offset":0}}`
	if r := s.asked[0]; r.Method != "POST" || r.URL.String() != "https://dataapi.uiscom.ru/v2.0" || s.bodies[0] != sent {
		t.Errorf("asked %s %s with %s, want %s", r.Method, r.URL, s.bodies[0], sent)
	}
	full := &zadarmaServer{answers: map[string]string{"/v2.0": `{"result":{"data":[` + strings.Repeat(`{"id":1},`, 999) + `{"id":1}]}}`}}
	if got, err := list(full, cfg); err != nil || len(got) != 20000 || !strings.Contains(full.bodies[19], `"offset":19000`) {
		t.Errorf("pages without an end: %d employees, %v", len(got), err)
	}
	own := pbx.Config{Settings: map[string]any{"access_token": "t", "api_url": "https://dataapi.comagic.ru/v2.0"}}
	if _, err := list(s, own); err != nil || s.asked[1].URL.Host != "dataapi.comagic.ru" {
		t.Errorf("another address: %v, asked %v", err, s.asked[1].URL)
	}
	for answer, kind := range map[string]models.Kind{
		`{"error":{"code":-32001,"message":"x","data":{"mnemonic":"access_token_invalid"}}}`: models.Invalid,
		`401 {}`: models.Invalid,
		`{"error":{"code":-32602,"data":{"mnemonic":"limit_exceeded"}}}`: models.Unavailable,
		`400 {"error":{"code":-32602}}`:                                  models.Unavailable,
		`{}`:                                                             models.Unavailable,
		`502 bad`:                                                        models.Unavailable,
		`[]`:                                                             models.Unavailable,
		``:                                                               models.Unavailable,
	} {
		if _, err := list(&zadarmaServer{answers: map[string]string{"/v2.0": answer}}, cfg); err == nil || models.KindOf(err) != kind {
			t.Errorf("Employees with the answer %q: %v, want kind %v", answer, err, kind)
		}
	}
	_, err = list(s, pbx.Config{})
	checkField(t, err, "settings.access_token")
	if _, err := list(s, pbx.Config{Settings: map[string]any{"access_token": "t", "api_url": "https://%zz"}}); err == nil {
		t.Errorf("Employees of an address that is none: no error")
	}
}

func TestUISDial(t *testing.T) {
	a, _ := pbx.Lookup("uis")
	cfg := uisSample().config
	dial := func(answer, from, id string, cfg pbx.Config) (string, *zadarmaServer, error) {
		s := &zadarmaServer{answers: map[string]string{"/v4.0": answer}}
		key, err := a.(pbx.Dialer).Dial(t.Context(), s, cfg, pbx.Order{From: from, Phone: "+79031234567", ID: id})
		return key, s, err
	}
	const params = `{"id":1,"jsonrpc":"2.0","method":"start.employee_call","params":{"access_token":"tok1","contact":"79031234567","direction":"out","employee":{"id":8412},`
	for id, rest := range map[string]string{
		"o-1": `"external_id":"o-1","first_call":"employee","switch_at_once":true,"virtual_phone_number":"74951234567"}}`,
		"":    `"first_call":"employee","switch_at_once":true,"virtual_phone_number":"74951234567"}}`,
	} {
		key, s, err := dial(`{"result":{"data":{"call_session_id":500123}}}`, "id:8412", id, cfg)
		if err != nil || key != "500123" || s.bodies[0] != params+rest || s.asked[0].URL.String() != "https://callapi.uiscom.ru/v4.0" || s.asked[0].Method != http.MethodPost {
			t.Errorf("Dial = %q, %v, sent %v to %v, want %s", key, err, s.bodies, s.asked[0].URL, params+rest)
		}
	}
	for _, from := range []string{"101", "id:", "id:ivanov", "8412"} {
		_, _, err := dial("{}", from, "", cfg)
		checkField(t, err, "from")
	}
	_, _, err := dial("{}", "id:8412", "", pbx.Config{Settings: map[string]any{"access_token": "t"}})
	checkField(t, err, "settings.virtual_number")
	if _, _, err := dial(`{"error":{"code":-32602,"data":{"mnemonic":"employee_not_found"}}}`, "id:8412", "", cfg); models.KindOf(err) != models.Unavailable {
		t.Errorf("Dial refused: %v", err)
	}
}
