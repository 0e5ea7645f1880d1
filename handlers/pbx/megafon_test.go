package pbx_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
	"zummer/models/phone"
)

// The sample is a history: it is the only request of the kind that has a name.
func megafonSample() sample {
	return sample{
		kind: "megafon", config: pbx.Config{Secret: "a3f1c6e2-crm-token"},
		fields: map[string]any{"cmd": "history", "type": "in", "status": "Success", "callid": "28187487", "phone": "79031234567", "user": "user101", "ext": "101",
			"diversion": "74950000001", "start": "20261123T104200Z", "duration": "9"},
		write: formRequest,
		sign: func(req *pbx.Request, cfg pbx.Config) {
			req.Body = append(req.Body, "&crm_token="+url.QueryEscape(cfg.Secret)...)
		},
		want: models.EventEnded, ext: "login:user101", call: "callid", person: "user", phone: "phone",
		need: []string{"cmd", "callid", "type", "status"}, texts: []string{"callid", "duration", "phone"}, hidden: []any{"anonymous", "Anonymous", ""},
	}
}

func FuzzParseMegafon(f *testing.F) { fuzzParse(f, "megafon") }

func megafonAdapter() pbx.Adapter { a, _ := pbx.Lookup("megafon"); return a }

// brief is an event on one line: what a person reading a table needs.
func brief(e models.Event) string {
	s := string(e.Type)
	for _, part := range []struct{ name, value string }{
		{"", e.Extension}, {"+", strings.Join(e.Addresses, ",")}, {"to ", e.ToExtension}, {"", string(e.Direction)}, {"phone ", e.Phone}, {"did ", e.DID},
		{"name ", e.Name}, {"leg ", e.Leg}, {"same ", e.SameAs}, {"because ", e.Reason}, {"as ", e.Disposition}, {"rec ", e.Recording},
	} {
		if part.value != "" {
			s += " " + part.name + part.value
		}
	}
	if !e.At.IsZero() {
		s += e.At.Format(" at 15:04:05.999")
	}
	if e.TalkS != nil {
		s += fmt.Sprintf(" talk %d", *e.TalkS)
	}
	if e.DurationS != nil {
		s += fmt.Sprintf(" of %d", *e.DurationS)
	}
	return s
}

// briefs is what Parse makes of a request.
func briefs(t *testing.T, a pbx.Adapter, req pbx.Request, cfg pbx.Config) []string {
	t.Helper()
	res, err := a.Parse(req, cfg)
	if err != nil {
		return []string{"error: " + err.Error()}
	}
	var out []string
	for _, e := range res.Events {
		out = append(out, brief(e))
	}
	return out
}

// formOf is a request with that body.
func formOf(body string) pbx.Request {
	r := formRequest(nil)
	r.Body = []byte(body)
	return r
}

func TestMegafonEvents(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		want       []string
	}{
		{"the makers' sample of 2017, without ext and direction",
			"callid=28187487-edcf&cmd=event&crm_token=1&phone=74951234567&type=CANCELLED&user=admin&z-flag=0",
			[]string{"ring_ended login:admin phone 74951234567 leg 28187487-edcf/login:admin"}},
		{"a newer incoming call",
			"cmd=event&type=INCOMING&phone=79161234567&diversion=74950000001&user=admin&groupRealName=%D0%9F&ext=510&telnum=79990001122&direction=in&callid=432&crm_token=S",
			[]string{"ringing login:admin +510,tel:+79990001122 in phone 79161234567 did 74950000001 leg 432/login:admin"}},
		{"incoming without direction", "cmd=event&type=INCOMING&phone=79161234567&user=admin&callid=432",
			[]string{"ringing login:admin in phone 79161234567 leg 432/login:admin"}},
		{"answered", "cmd=event&type=accepted&phone=%2B79161234567&user=admin&callid=432", []string{"answered login:admin phone +79161234567 leg 432/login:admin"}},
		{"a plus that nobody encoded", "cmd=event&type=ACCEPTED&phone=+79161234567&user=admin&callid=432", []string{"answered login:admin phone +79161234567 leg 432/login:admin"}},
		{"the end of one talk is not the call's", "cmd=event&type=COMPLETED&phone=79161234567&user=admin&callid=432", nil},
		{"dialling", "cmd=event&type=OUTGOING&phone=79161234567&diversion=74950000001&user=admin&direction=out&callid=432",
			[]string{"started login:admin out phone 79161234567"}},
		{"the manager's own phone of a call from the CRM", "cmd=event&type=INCOMING&phone=79161234567&user=admin&direction=out&callid=432",
			[]string{"started login:admin out phone 79161234567"}},
		{"the far end did not answer", "cmd=event&type=CANCELLED&phone=79161234567&user=admin&direction=out&callid=432", nil},
		{"a colleague rings", "cmd=event&type=INCOMING&phone=101&user=petrov&ext=102&direction=internal&callid=432",
			[]string{"ringing login:petrov +102 internal phone 101 leg 432/login:petrov"}},
		{"a colleague is dialled", "cmd=event&type=OUTGOING&phone=102&user=ivanov&ext=101&direction=internal&callid=432",
			[]string{"started login:ivanov +101 internal phone 101"}},
		{"transferred", "cmd=event&type=TRANSFERRED&callid=call-a&second_callid=call-b&crm_token=S&phone=%2B79990001122&user=operator-a&direction=in",
			[]string{"transferred login:operator-a in phone +79990001122 leg call-a/login:operator-a same call-b"}},
		{"transferred under the same id", "cmd=event&type=TRANSFERRED&callid=call-a&phone=%2B79990001122&user=operator-a",
			[]string{"transferred login:operator-a phone +79990001122 leg call-a/login:operator-a"}},
		{"somebody known by the extension only", "cmd=event&type=INCOMING&phone=79161234567&ext=510&callid=432", []string{"ringing 510 in phone 79161234567 leg 432/510"}},
		{"hidden", "cmd=event&type=INCOMING&phone=anonymous&user=admin&callid=432", []string{"ringing login:admin in phone anonymous leg 432/login:admin"}},
		{"nobody", "cmd=event&type=INCOMING&phone=79161234567&callid=432", []string{"error: user: is required"}},
		{"no type", "cmd=event&phone=79161234567&user=admin&callid=432", []string{"error: type: is required"}},
		{"unknown type", "cmd=event&type=PARKED&user=admin&callid=432", []string{`error: type: unknown event "PARKED"`}},
		{"unknown command", "cmd=dance&callid=432", []string{`error: cmd: unknown command "dance"`}},
		{"a list", `[{"cmd":"event"}]`, []string{"error: the body must be one object, not a list"}},
		{"rated", "cmd=rating&callid=432&rating=4&phone=79161234567&user=admin&ext=510&crm_token=S", nil},
		{"JSON", `{"cmd":"event","type":"INCOMING","phone":79161234567,"user":"admin","ext":510,"direction":"in","callid":432,"colour":null}`,
			[]string{"ringing login:admin +510 in phone 79161234567 leg 432/login:admin"}},
	} {
		if got := briefs(t, megafonAdapter(), formOf(tc.body), pbx.Config{Region: "RU"}); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: Parse(%s) = %q, want %q", tc.name, tc.body, got, tc.want)
		}
	}
}

func TestMegafonHistory(t *testing.T) {
	const out = "callid=28187487&cmd=history&crm_token=1&duration=0&ext=701&phone=79161234567&start=20170905T150852Z&type=out&user=admin&z-flag=0&status="
	const in = "cmd=history&type=in&callid=call-003&phone=%2B79990001122&user=admin&diversion=74950000001&duration=120&wait=15&status="
	began := "started out phone 79161234567 at 15:08:52"
	for _, tc := range []struct {
		name, body string
		want       []string
	}{
		{"the makers' sample", out + "Busy", []string{began, "ended login:admin +701 out phone 79161234567 because busy as Busy of 0"}},
		{"not available", out + "NotAvailable", []string{began, "ended login:admin +701 out phone 79161234567 because unavailable as NotAvailable of 0"}},
		{"not found", out + "notfound", []string{began, "ended login:admin +701 out phone 79161234567 because unavailable as notfound of 0"}},
		{"cancelled", out + "Cancel", []string{began, "ended login:admin +701 out phone 79161234567 because caller_gave_up as Cancel of 0"}},
		{"a missed call out is no missed call", out + "missed", []string{began, "ended login:admin +701 out phone 79161234567 because no_answer as missed of 0"}},
		{"a word of tomorrow", out + "Parked", []string{began, "ended login:admin +701 out phone 79161234567 as Parked of 0"}},
		{"talked, and recorded", in + "Success&start=20260405T120000Z&link=https%3A%2F%2Fexample.com%2Frecord.mp3", []string{
			"started in phone +79990001122 did 74950000001 at 12:00:00",
			"answered login:admin in phone +79990001122 did 74950000001 leg call-003/login:admin",
			"ended login:admin in phone +79990001122 did 74950000001 as Success rec https://example.com/record.mp3 talk 120 of 120"}},
		{"missed", in + "Missed", []string{"missed login:admin in phone +79990001122 did 74950000001 as Missed of 120"}},
		{"given up", in + "Cancel", []string{"ended login:admin in phone +79990001122 did 74950000001 because caller_gave_up as Cancel of 120"}},
		{"a time that nobody can read", in + "Missed&start=soon", []string{"missed login:admin in phone +79990001122 did 74950000001 as Missed of 120"}},
		{"a time before telephones", in + "Missed&start=18761010T000000Z", []string{"missed login:admin in phone +79990001122 did 74950000001 as Missed of 120"}},
		{"a time to come", in + "Missed&start=20270101T000000Z", []string{"missed login:admin in phone +79990001122 did 74950000001 as Missed of 120"}},
		{"a time of another form", in + "Missed&start=2026-04-05+15:00:00", []string{
			"started in phone +79990001122 did 74950000001 at 12:00:00", "missed login:admin in phone +79990001122 did 74950000001 as Missed of 120"}},
		{"nobody was reached", "cmd=history&type=in&callid=1&phone=79990001122&user=&status=missed&duration=0", []string{"missed in phone 79990001122 as missed of 0"}},
		{"internal", "cmd=history&type=internal&callid=1&phone=101&user=petrov&status=Success&duration=5", []string{"ended login:petrov internal phone 101 as Success talk 5 of 5"}},
		{"no number", strings.Replace(in, "duration=120", "duration=long", 1) + "Success", []string{"error: duration: is not a number"}},
		{"another type", strings.Replace(out, "type=out", "type=sideways", 1) + "Busy", []string{"error: direction: must be in, out or internal"}},
	} {
		if got := briefs(t, megafonAdapter(), formOf(tc.body), pbx.Config{Region: "RU", Timezone: "Europe/Moscow", Now: conformNow()}); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: Parse(%s) = %q, want %q", tc.name, tc.body, got, tc.want)
		}
	}
}

// TestMegafonNames: what may happen twice in a call has no name; what comes
// once has one, another for another link.
func TestMegafonNames(t *testing.T) {
	id := func(body string) string {
		res, err := megafonAdapter().Parse(formOf(body), pbx.Config{})
		if err != nil || len(res.Events) == 0 {
			t.Fatalf("Parse(%s): %+v, %v", body, res.Events, err)
		}
		return res.Events[len(res.Events)-1].ID
	}
	for _, what := range []string{"INCOMING", "ACCEPTED", "CANCELLED", "OUTGOING", "TRANSFERRED"} {
		if got := id("cmd=event&callid=1&user=a&phone=79990001122&type=" + what); got != "" {
			t.Errorf("%s: ID = %q, want none", what, got)
		}
	}
	const history = "cmd=history&callid=1&user=a&type=in&status=Success&duration=9&start=20260405T120000Z"
	if a, b := id(history), id(history+"&link=https://example.com/1.mp3"); a == "" || a == b {
		t.Errorf("IDs of a history without and with a link: %q, %q", a, b)
	}
	if a, b := id("cmd=contact&callid=1&phone=79990001122"), id("cmd=contact&callid=2&phone=79990001122"); a == "" || a == b {
		t.Errorf("IDs of two calls' contact: %q, %q", a, b)
	}
}

func TestMegafonContact(t *testing.T) {
	res, err := megafonAdapter().Parse(formOf("cmd=contact&phone=79990001122&callid=432&diversion=74950000001&crm_token=S"), pbx.Config{})
	if err != nil || res.Lookup == nil || res.Lookup.Phone != "79990001122" {
		t.Fatalf("Parse = %+v, %v, want a lookup of 79990001122", res, err)
	}
	for _, tc := range []struct {
		card pbx.Card
		want string
	}{
		{pbx.Card{}, `{}`},
		{pbx.Card{Found: true, Name: "ООО Ромашка", Responsible: "login:ivanov"}, `{"contact_name":"ООО Ромашка","responsible":"ivanov"}`},
		{pbx.Card{Found: true, Name: "ООО Ромашка", Responsible: "510"}, `{"contact_name":"ООО Ромашка","responsible":"510"}`},
		{pbx.Card{Found: true, Name: "ООО Ромашка", Responsible: "tel:+79031112233"}, `{"contact_name":"ООО Ромашка","responsible":"79031112233"}`},
		{pbx.Card{Found: true, Name: "ООО Ромашка", Responsible: "id:17"}, `{"contact_name":"ООО Ромашка"}`},
		{pbx.Card{Found: true, Name: "ООО Ромашка"}, `{"contact_name":"ООО Ромашка"}`},
	} {
		r := res.Lookup.Answer(tc.card)
		if r.Status != 200 || !strings.HasPrefix(r.ContentType, "application/json") || string(r.Body) != tc.want {
			t.Errorf("Answer(%+v) = %d %s %s, want %s", tc.card, r.Status, r.ContentType, r.Body, tc.want)
		}
	}
}

func TestMegafonToken(t *testing.T) {
	const token = "809ad6a1-79bd-4a9e"
	for _, tc := range []struct {
		name, body, secret, code string
	}{
		{"right", "cmd=event&crm_token=" + token, token, ""},
		{"right, JSON", `{"cmd":"event","crm_token":"` + token + `"}`, token, ""},
		{"a number", `{"crm_token":17}`, "17", ""},
		{"one byte of the token changed", "cmd=event&crm_token=809ad6a1-79bd-4a9f", token, "signature_wrong"},
		{"one byte of the secret changed", "cmd=event&crm_token=" + token, "809ad6a1-79bd-4a9d", "signature_wrong"},
		{"a shorter token", "cmd=event&crm_token=809ad6a1", token, "signature_wrong"},
		{"none", "cmd=event", token, "signature_missing"},
		{"empty", "cmd=event&crm_token=", token, "signature_missing"},
		{"unreadable", "hello", token, "signature_missing"},
		{"none configured", "cmd=event&crm_token=", "", "signature_secret"},
	} {
		err := megafonAdapter().Verify(formOf(tc.body), pbx.Config{Secret: tc.secret})
		if got := askCodeOf(err); got != tc.code {
			t.Errorf("%s: Verify(%s) = %v, want code %q", tc.name, tc.body, err, tc.code)
		}
	}
}

func TestMegafonSettings(t *testing.T) {
	for _, tc := range []struct {
		settings map[string]any
		secret   string
		field    string
	}{
		{map[string]any{"api_url": "https://company.megapbx.ru", "api_key": "k"}, "token", ""},
		{map[string]any{"api_url": "https://company.megapbx.ru/crmapi/v1/"}, "token", ""},
		{nil, "", "secret"},
		{nil, " token", "secret"},
		{nil, strings.Repeat("x", 300), "secret"},
		{map[string]any{"api_url": "company.megapbx.ru"}, "token", "settings.api_url"},
		{map[string]any{"api_url": "http://company.megapbx.ru"}, "token", "settings.api_url"},
		{map[string]any{"api_url": "https://company.megapbx.ru/?x=1"}, "token", "settings.api_url"},
		{map[string]any{"api_key": 7.0}, "token", "settings.api_key"},
	} {
		err := megafonAdapter().CheckSettings(tc.settings, tc.secret)
		if tc.field == "" {
			if err != nil {
				t.Errorf("CheckSettings(%v) = %v", tc.settings, err)
			}
			continue
		}
		checkField(t, err, tc.field)
	}
}

func megafonAPI() pbx.Config {
	return pbx.Config{Region: "RU", Settings: map[string]any{"api_url": "https://c.megapbx.ru/", "api_key": "KEY"}}
}

func TestMegafonEmployees(t *testing.T) {
	f := &fakePBX{answers: []string{
		`200 {"items":[{"login":"admin","name":"Иванов И.","email":"i@example.com","ext":510,"telnum":"79990001122","mobile":null},{"name":"nobody"}],"info":{"start":0,"next":2}}`,
		`200 {"items":[{"login":"petrov","mobile":"+79990001133","ext":{"odd":1}}],"info":{"start":2,"next":null}}`,
	}}
	got, err := megafonAdapter().(pbx.EmployeeLister).Employees(t.Context(), f, megafonAPI())
	want := []pbx.Employee{
		{Name: "Иванов И.", Email: "i@example.com", Addresses: []string{"login:admin", "510", "tel:+79990001122"}},
		{Name: "petrov", Addresses: []string{"login:petrov", "tel:+79990001133"}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Employees = %+v, %v, want %+v", got, err, want)
	}
	f.was(t, "Employees", "KEY GET https://c.megapbx.ru/crmapi/v1/users", "KEY GET https://c.megapbx.ru/crmapi/v1/users?start=2")

	f = &fakePBX{answers: []string{`200 [{"login":"admin"}]`}}
	if got, err := megafonAdapter().(pbx.EmployeeLister).Employees(t.Context(), f, megafonAPI()); err != nil || len(got) != 1 {
		t.Errorf("Employees of a bare list = %+v, %v", got, err)
	}
}

func TestMegafonAPIErrors(t *testing.T) {
	lister := megafonAdapter().(pbx.EmployeeLister)
	for _, answer := range []string{"", "500 oops", "401 {}", "200 <html>", "200 BREAKS", `200 {"items":17}`} {
		_, err := lister.Employees(t.Context(), &fakePBX{answers: []string{answer}}, megafonAPI())
		if models.KindOf(err) != models.Unavailable || err == nil {
			t.Errorf("answer %q: Employees: %v, want Unavailable", answer, err)
		}
	}
	for missing, settings := range map[string]map[string]any{
		"settings.api_url": {"api_key": "KEY"}, "settings.api_key": {"api_url": "https://c.megapbx.ru"},
	} {
		f := &fakePBX{}
		_, err := lister.Employees(t.Context(), f, pbx.Config{Settings: settings})
		checkField(t, err, missing)
		f.was(t, missing)
	}
	_, err := lister.Employees(t.Context(), &fakePBX{}, pbx.Config{Settings: map[string]any{"api_url": "https://c\x7f", "api_key": "KEY"}})
	checkField(t, err, "settings.api_url")
}

func TestMegafonDial(t *testing.T) {
	dialer := megafonAdapter().(pbx.Dialer)
	for from, user := range map[string]string{"login:ivanov": "ivanov", "510": "510"} {
		f := &fakePBX{answers: []string{`200 {"callid":432}`}}
		call, err := dialer.Dial(t.Context(), f, megafonAPI(), pbx.Order{From: from, Phone: "+79031234567", ID: "z1"})
		if err != nil || call != "432" {
			t.Errorf("Dial from %s = %q, %v, want call 432", from, call, err)
		}
		body, _ := json.Marshal(map[string]string{"phone": "79031234567", "user": user})
		f.was(t, "Dial", "KEY POST https://c.megapbx.ru/crmapi/v1/makecall "+string(body))
	}
	for _, from := range []string{"tel:+79031112233", "sip:a@b", ""} {
		_, err := dialer.Dial(t.Context(), &fakePBX{}, megafonAPI(), pbx.Order{From: from, Phone: "+79031234567"})
		checkField(t, err, "from")
	}
	if _, err := dialer.Dial(t.Context(), &fakePBX{answers: []string{"400 {}"}}, megafonAPI(), pbx.Order{From: "510", Phone: "+79031234567"}); models.KindOf(err) != models.Unavailable {
		t.Errorf("Dial, refused: %v, want Unavailable", err)
	}
}

func TestMegafonRecording(t *testing.T) {
	fetcher := megafonAdapter().(pbx.RecordingFetcher)
	for ref, key := range map[string]string{
		"https://c.megapbx.ru/records/1.mp3": "KEY", "https://C.megapbx.ru/1": "KEY",
		"https://records.example/1.mp3": "", "http://c.megapbx.ru/1": "", "https://c.megapbx.ru.evil.example/1": "",
	} {
		req, err := fetcher.Recording(t.Context(), &fakePBX{}, megafonAPI(), ref, "432")
		if err != nil || req.URL.String() != ref || req.Header.Get("X-API-KEY") != key {
			t.Errorf("Recording(%s) = %v, %v, want key %q", ref, req, err, key)
		}
	}
	for _, ref := range []string{"", "records/1.mp3", "ftp://c.megapbx.ru/1", "https://c\x7f/"} {
		if _, err := fetcher.Recording(t.Context(), &fakePBX{}, megafonAPI(), ref, "432"); models.KindOf(err) != models.NotFound {
			t.Errorf("Recording(%q): %v, want NotFound", ref, err)
		}
	}
}

// TestMegafonTransferAnsweredFirst: the next one's ACCEPTED comes under another
// id, and before the TRANSFERRED that says whose call it is.
func TestMegafonTransferAnsweredFirst(t *testing.T) {
	var a, b models.Call
	calls := map[string]*models.Call{"a": &a, "b": &b}
	now := conformNow()
	for _, body := range []string{
		"cmd=event&type=INCOMING&callid=a&phone=79990001122&user=first&direction=in",
		"cmd=event&type=ACCEPTED&callid=a&phone=79990001122&user=first&direction=in",
		"cmd=event&type=ACCEPTED&callid=b&phone=79990001122&user=second&direction=in",
		"cmd=event&type=TRANSFERRED&callid=a&second_callid=b&phone=79990001122&user=first&direction=in",
		"cmd=history&type=in&status=Success&callid=b&phone=79990001122&user=second&duration=12",
	} {
		res, err := megafonAdapter().Parse(formOf(body), pbx.Config{Region: "RU"})
		if err != nil {
			t.Fatalf("Parse(%s): %v", body, err)
		}
		now = now.Add(time.Second)
		for _, e := range res.Events {
			if e.SameAs == "b" {
				a.Merge(&b)
				calls["b"] = &a
			}
			e.Phone = phone.Parse(e.Phone, "RU").Key()
			calls[e.Call].Apply(&e, false, now)
		}
	}
	if a.State != models.Ended || a.TalkS != 12 || len(a.Legs) != 2 || a.Legs[0].Reason != models.ReasonTransferred || a.Legs[1].Reason != models.ReasonHangup {
		t.Errorf("the call is %+v, want two legs, the first transferred", a)
	}
}
