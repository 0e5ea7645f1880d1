package pbx_test

import (
	"reflect"
	"strings"
	"testing"

	"zummer/handlers/pbx"
	"zummer/models"
)

func telphinSample() sample {
	return sample{
		kind: "telphin", config: pbx.Config{Settings: map[string]any{"lines": []any{"099"}, "app_id": "app", "app_secret": "shh"}},
		fields: map[string]any{"EventType": "dial-in", "CallStatus": "CALLING", "CallFlow": "in", "CallID": "1505824724", "SubCallID": "124575-79a2", "CallerIDNum": "+79031234567",
			"CalledDID": "78123092854", "CalledNumber": "3515*101", "CalledExtension": "3515*101@sipproxy.telphin.ru", "CalledExtensionID": "124575",
			"CallerExtension": "3515*099@sipproxy.telphin.ru", "EventTime": "1795430520250000"},
		write: formRequest,
		want:  models.EventRinging, ext: "101", call: "CallID", person: "CalledExtension", phone: "CallerIDNum", when: "EventTime",
		other: map[string]any{"SubCallID": "124576-79a3"},
		need:  []string{"EventType", "CallID"}, texts: []string{"CallID", "CalledDID", "CalledExtensionID", "EventTime"}, hidden: []any{"anonymous", "Anonymous", ""},
		times: map[any]string{"1795430520250000": "2026-11-23T10:42:00.25Z", "1795430520": "2026-11-23T10:42:00Z", "2026-11-23 13:42:00": "2026-11-23T10:42:00Z"},
	}
}

func FuzzParseTelphin(f *testing.F) { fuzzParse(f, "telphin") }

func telphinAdapter() pbx.Adapter { a, _ := pbx.Lookup("telphin"); return a }

func TestTelphinEvents(t *testing.T) {
	const call = "CallID=76c8&CallAPIID=35-76c8&EventTime=1795430520000000&"
	const to101 = call + "CallFlow=in&SubCallID=124575-79a2&CalledNumber=3515*101&CalledExtension=3515*101@sipproxy.telphin.ru&CalledExtensionID=124575&"
	const client = "CallerIDNum=%2B78123351127&CallerIDName=%2B78123351127&CalledDID=78123092854&"
	const menu = "CallerExtension=3515*099@sipproxy.telphin.ru&CallerExtensionID=124583&"
	const by101 = call + "CallFlow=out&SubCallID=124575-6d52&CallerIDNum=3515*101&CallerIDName=Иванов&CallerExtension=3515*101@sipproxy.telphin.ru&CallerExtensionID=124575&"
	const who = "101 +id:124575,sip:3515*101@sipproxy.telphin.ru"
	const outside = " in phone +78123351127 did 78123092854"
	const line = call + "CallFlow=in&SubCallID=124583-1&CalledExtension=3515*099@sipproxy.telphin.ru&" + client
	at := " at 10:42:00"
	for _, tc := range []struct {
		name, body string
		lines      any
		want       []string
	}{
		{"a phone rings", to101 + client + menu + "EventType=dial-in&CallStatus=CALLING", "099", []string{"ringing " + who + outside + " leg 124575-79a2" + at}},
		{"it answers, and CallerIDNum is its own", to101 + strings.Replace(client, "CallerIDNum=%2B78123351127", "CallerIDNum=101", 1) + menu + "EventType=answer&CallStatus=ANSWER", "099",
			[]string{"answered " + who + outside + " leg 124575-79a2" + at}},
		{"the same with the prefix", to101 + strings.Replace(client, "CallerIDNum=%2B78123351127", "CallerIDNum=3515*101", 1) + menu + "EventType=answer&CallStatus=ANSWER", "099",
			[]string{"answered " + who + outside + " leg 124575-79a2" + at}},
		{"answered, the client has a name", to101 + "CallerIDNum=101&CallerIDName=Dana&CalledDID=78123092854&EventType=answer&CallStatus=ANSWER", "099",
			[]string{"answered " + who + " in did 78123092854 name Dana leg 124575-79a2" + at}},
		{"a hidden caller is answered", to101 + "CallerIDNum=101&CallerIDName=anonymous&CalledDID=78123092854&EventType=answer&CallStatus=ANSWER", "099",
			[]string{"answered " + who + " in phone anonymous did 78123092854 leg 124575-79a2" + at}},
		{"a loser of a group", to101 + client + menu + "EventType=hangup&CallStatus=CANCEL", "099", []string{"ring_ended " + who + outside + " leg 124575-79a2 because caller_gave_up" + at}},
		{"nobody takes it", to101 + client + menu + "EventType=hangup&CallStatus=NOANSWER", "099", []string{"ring_ended " + who + outside + " leg 124575-79a2 because no_answer" + at}},
		{"no registration", to101 + client + "EventType=hangup&CallStatus=CHANUNAVAIL", nil, []string{"ring_ended " + who + outside + " leg 124575-79a2 because unavailable" + at}},
		{"given up, called directly", to101 + client + "EventType=hangup&CallStatus=CANCEL", nil, []string{
			"ring_ended " + who + outside + " leg 124575-79a2 because caller_gave_up" + at, "ended" + outside + " because caller_gave_up as CANCEL" + at}},
		{"a talk ends, the line tells the end of the call", to101 + client + menu + "EventType=hangup&CallStatus=ANSWER&Duration=83479977&RecID=124575-f7cb", "099",
			[]string{"recording" + outside + " rec telphin:124575-f7cb" + at}},
		{"the same, not recorded", to101 + client + menu + "EventType=hangup&CallStatus=ANSWER&Duration=83479977", "099", nil},
		{"the makers' sample, without lines", to101 + client + menu + "EventType=hangup&CallStatus=ANSWER&Duration=83479977", nil, []string{"ended" + outside + " as ANSWER" + at + " talk 83"}},
		{"a talk that came directly, with lines", to101 + client + "EventType=hangup&CallStatus=ANSWER&Duration=1000000", "099", []string{"ended" + outside + " as ANSWER" + at + " talk 1"}},

		{"the menu is reached", line + "EventType=dial-in&CallStatus=CALLING", "099", []string{"started" + outside + at}},
		{"the menu answers", line + "EventType=answer&CallStatus=ANSWER", "099", nil},
		{"somebody answered after it", line + "EventType=hangup&CallStatus=ANSWER&Bridged=yes&Duration=7000000", "099", []string{"ended" + outside + " as ANSWER" + at + " talk 7"}},
		{"nobody did", line + "EventType=hangup&CallStatus=ANSWER&Bridged=no&Duration=20000000", []any{"098", "099"}, []string{"missed" + outside + " as ANSWER" + at}},
		{"the caller gave up", line + "EventType=hangup&CallStatus=CANCEL&Bridged=no", nil, []string{"missed" + outside + " because caller_gave_up as CANCEL" + at}},
		{"not said whether", line + "EventType=hangup&CallStatus=ANSWER&Duration=20000000", "099", []string{"ended" + outside + " as ANSWER" + at}},
		{"a colleague in a queue", call + "CallFlow=in&CalledExtension=3515*099@x&CallerIDNum=102&EventType=hangup&CallStatus=CANCEL&Bridged=no", "099",
			[]string{"ended internal phone 102 because caller_gave_up as CANCEL" + at}},

		{"dialling", by101 + "CalledNumber=%2B74953730763&EventType=dial-out&CallStatus=CALLING", nil, []string{"started " + who + " out phone +74953730763" + at}},
		{"the far end answers", by101 + "CalledNumber=%2B74953730763&EventType=answer&CallStatus=ANSWER", nil, []string{"answered " + who + " out phone +74953730763 leg 124575-6d52" + at}},
		{"the end, ordered by the CRM, recorded", by101 + "CalledNumber=89523326838&EventType=hangup&CallStatus=ANSWER&Duration=6400005&RecID=124575-f7cb&CallBackID=ed70", nil,
			[]string{"ended out phone 89523326838 as ANSWER rec telphin:124575-f7cb" + at + " talk 6"}},
		{"the far end is busy", by101 + "CalledNumber=89523326838&EventType=hangup&CallStatus=BUSY", nil, []string{"ended out phone 89523326838 because busy as BUSY" + at}},

		{"the manager's own phone", to101 + "CallerIDNum=%2B74953730763&CallBackID=ed70&EventType=dial-in&CallStatus=CALLING", nil, []string{"started " + who + " out phone +74953730763" + at}},
		{"the manager's own phone, called by itself", to101 + "CallerIDNum=101&CallBackID=ed70&EventType=dial-in&CallStatus=CALLING", nil, []string{"started " + who + " out" + at}},
		{"the manager answers", to101 + "CallerIDNum=%2B74953730763&CallBackID=ed70&EventType=answer&CallStatus=ANSWER", nil, nil},
		{"the manager does not", to101 + "CallerIDNum=%2B74953730763&CallBackID=ed70&EventType=hangup&CallStatus=NOANSWER", nil, []string{"ended out phone +74953730763 because no_answer as NOANSWER" + at}},

		{"a colleague rings", to101 + "CallerIDNum=3515*102&CallerExtension=3515*102@sipproxy.telphin.ru&EventType=dial-in&CallStatus=CALLING", "099",
			[]string{"ringing " + who + " internal phone 102 leg 124575-79a2" + at}},
		{"a short number of outside", to101 + "CallerIDNum=900&CalledDID=78123092854&EventType=dial-in&CallStatus=CALLING", nil, []string{"ringing " + who + " in phone 900 did 78123092854 leg 124575-79a2" + at}},
		{"a colleague is answered", to101 + "CallerIDNum=101&CallerIDName=Petrov&CallerExtension=3515*102@sipproxy.telphin.ru&EventType=answer&CallStatus=ANSWER", "099",
			[]string{"answered " + who + " internal phone 102 leg 124575-79a2" + at}},
		{"a colleague hangs up", to101 + "CallerIDNum=3515*102&CallerExtension=3515*102@sipproxy.telphin.ru&EventType=hangup&CallStatus=ANSWER&Duration=5000000", "099",
			[]string{"ended internal phone 102 as ANSWER" + at + " talk 5"}},
		{"a colleague is dialled", by101 + "CalledNumber=3515*102&EventType=dial-out&CallStatus=CALLING", nil, []string{"started " + who + " internal phone 101" + at}},
		{"and answers", by101 + "CalledNumber=102&EventType=answer&CallStatus=ANSWER", nil, nil},

		{"transferred to a colleague", by101 + "Transfered=yes&CalledNumber=3515*102&EventType=dial-out&CallStatus=CALLING", "099", []string{"transferred " + who + " to 102" + at}},
		{"the colleague's own phone tells the answer", by101 + "Transfered=yes&CalledNumber=3515*102&EventType=answer&CallStatus=ANSWER", "099", nil},
		{"recorded there", by101 + "Transfered=yes&CalledNumber=3515*102&EventType=hangup&CallStatus=ANSWER&RecID=r1", "099", []string{"recording rec telphin:r1" + at}},
		{"transferred outside", by101 + "Transfered=yes&CalledNumber=89031112233&EventType=dial-out&CallStatus=CALLING", "099", []string{
			"transferred " + who + " to tel:+79031112233" + at, "ringing tel:+79031112233 leg 124575-6d52" + at}},
		{"answered outside", by101 + "Transfered=yes&CalledNumber=89031112233&EventType=answer&CallStatus=ANSWER", "099", []string{"answered tel:+79031112233 leg 124575-6d52" + at}},
		{"not answered outside", by101 + "Transfered=yes&CalledNumber=89031112233&EventType=hangup&CallStatus=NOANSWER", "099",
			[]string{"ring_ended tel:+79031112233 leg 124575-6d52 because no_answer" + at}},
		{"the end of the talk outside", by101 + "Transfered=yes&CalledNumber=89031112233&EventType=hangup&CallStatus=ANSWER&Duration=2000000", "099", []string{"ended as ANSWER" + at + " talk 2"}},
		{"dialling in, and transferred", by101 + "Transfered=yes&CalledNumber=89031112233&EventType=dial-in&CallStatus=CALLING", "099", nil},

		{"without a flow", strings.Replace(to101, "CallFlow=in&", "", 1) + client + "EventType=dial-in&CallStatus=CALLING", nil, []string{"ringing " + who + outside + " leg 124575-79a2" + at}},
		{"dial-out of an incoming flow", to101 + client + "EventType=dial-out&CallStatus=CALLING", nil, nil},
		{"only the dialled number", call + client + "CallFlow=in&CalledNumber=3515*101&EventType=dial-in", nil, []string{"ringing 101" + outside + at}},
		{"a dialled number and no phone", call + client + "CallFlow=in&CalledNumber=78123092854&EventType=dial-in", nil, []string{"error: CalledExtension: is required"}},
		{"only the calling number", call + "CallFlow=out&CallerIDNum=3515*101&CalledNumber=89031112233&EventType=dial-out", nil, []string{"started 101 out phone 89031112233" + at}},
		{"an unknown phone that calls", call + "CallFlow=out&CalledNumber=89031112233&EventType=dial-out", nil, []string{"error: CallerExtension: is required"}},
		{"a message", "EventType=message-in&From=1", nil, nil},
		{"unknown", call + "EventType=park", nil, []string{`error: EventType: unknown event "park"`}},
		{"a duration that is none", to101 + client + "EventType=hangup&CallStatus=ANSWER&Duration=long", nil, []string{"ended" + outside + " as ANSWER" + at}},
	} {
		cfg := pbx.Config{Region: "RU", Settings: map[string]any{"lines": tc.lines}}
		if got := briefs(t, telphinAdapter(), formOf(tc.body), cfg); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: Parse(%s) =\n %q, want\n %q", tc.name, tc.body, got, tc.want)
		}
	}
	if got := briefs(t, telphinAdapter(), formOf("EventType=dial-in"), pbx.Config{Settings: map[string]any{"lines": 7}}); !strings.Contains(got[0], "settings.lines") {
		t.Errorf("wrong lines: %q", got)
	}
	if got := briefs(t, telphinAdapter(), body("[{}]"), pbx.Config{}); !strings.Contains(got[0], "a list") {
		t.Errorf("a list: %q", got)
	}
}

// TestTelphinNames: an event is known by its moment or its attempt.
func TestTelphinNames(t *testing.T) {
	for query, named := range map[string]bool{
		"EventType=dial-in&CallID=1&CallFlow=in&CalledExtension=1*101@x":                              false,
		"EventType=dial-in&CallID=1&CallFlow=in&CalledExtension=1*101@x&SubCallID=9":                  true,
		"EventType=dial-in&CallID=1&CallFlow=in&CalledExtension=1*101@x&EventTime=1795430520000000":   true,
		"EventType=call_interactive&CallID=1&CallFlow=IN&CalledExtension=1*099@x&CallerIDNum=7903112": true,
	} {
		res, err := telphinAdapter().Parse(queryOf(query), pbx.Config{})
		if err != nil || len(res.Events) != 1 || (res.Events[0].ID != "") != named {
			t.Errorf("Parse(%s) = %+v, %v, want named %v", query, res.Events, err, named)
		}
	}
}

func TestTelphinInteractive(t *testing.T) {
	res, err := telphinAdapter().Parse(formOf("CalledExtensionID=124583&CalledNumber=8123092854&EventType=call_interactive&CallerIDNum=%2B74953730763&CalledDID=78123092854&CallFlow=IN"+
		"&CalledExtension=3515*099@sipproxy.telphin.ru&CallAPIID=35-a312&CallerIDName=%2B74953730763&CallStatus=ANSWER&CallID=a312"), pbx.Config{})
	if err != nil || res.Lookup == nil || res.Lookup.Phone != "+74953730763" || len(res.Events) != 1 || res.Events[0].Type != models.EventStarted {
		t.Fatalf("Parse = %+v, %v, want a lookup of +74953730763 and the start of the call", res, err)
	}
	const head, tail = `<?xml version="1.0" encoding="UTF-8"?><Response>`, `</Response>`
	for _, tc := range []struct {
		card pbx.Card
		want string
	}{
		{pbx.Card{}, `<SetVar name="number"></SetVar>`},
		{pbx.Card{Found: true, Name: `ООО "Ромашка" & <Ко>`, Responsible: "101"},
			`<SetVar name="number">101</SetVar><SetCaller name="ООО &#34;Ромашка&#34; &amp; &lt;Ко&gt;"/>`},
		{pbx.Card{Found: true, Name: "A", Responsible: "sip:3515*101@sipproxy.telphin.ru"}, `<SetVar name="number">101</SetVar><SetCaller name="A"/>`},
		{pbx.Card{Found: true, Name: "A", Responsible: "tel:+79031112233"}, `<SetVar name="number">+79031112233</SetVar><SetCaller name="A"/>`},
		{pbx.Card{Found: true, Name: "A", Responsible: "id:124575"}, `<SetVar name="number"></SetVar><SetCaller name="A"/>`},
	} {
		r := res.Lookup.Answer(tc.card)
		if r.Status != 200 || !strings.HasPrefix(r.ContentType, "text/xml") || string(r.Body) != head+tc.want+tail {
			t.Errorf("Answer(%+v) = %s, want %s", tc.card, reply(r), tc.want)
		}
	}
}

func TestTelphinSettings(t *testing.T) {
	if err := telphinAdapter().CheckSettings(map[string]any{"lines": "099, 098", "app_id": "a", "app_secret": "b"}, ""); err != nil {
		t.Errorf("CheckSettings = %v", err)
	}
	checkField(t, telphinAdapter().CheckSettings(map[string]any{"lines": 7.0}, ""), "settings.lines")
	checkField(t, telphinAdapter().CheckSettings(map[string]any{"app_id": 7.0}, ""), "settings.app_id")
	checkField(t, telphinAdapter().CheckSettings(nil, "s3cret"), "secret")
	if !pbx.Allowed(telphinAdapter(), map[string]any{"allow_ips": "pbx"}, "213.170.84.100") || pbx.Allowed(telphinAdapter(), map[string]any{"allow_ips": "pbx"}, "213.170.85.1") {
		t.Errorf("the networks of the makers are not those of allow_ips")
	}
}

const (
	telphinGrant = "POST https://apiproxy.telphin.ru/oauth/token client_id=app&client_secret=shh&grant_type=client_credentials"
	telphinYes   = `200 {"access_token":"T","token_type":"Bearer","expires_in":3600}`
	telphinList  = "Bearer T GET https://apiproxy.telphin.ru/api/ver1.0/client/@me/extension/?type=phone&page="
)

func TestTelphinEmployees(t *testing.T) {
	lister := telphinAdapter().(pbx.EmployeeLister)
	f := &fakePBX{answers: []string{telphinYes, `200 [{"id":124575,"name":"3515*101","label":"Иванов И.","type":"phone"},{"id":124576,"name":"3515*102","label":null},{"id":1,"name":""}]`,
		`200 [{"id":124577,"name":"3515*103"}]`, `200 []`}}
	got, err := lister.Employees(t.Context(), f, telphinSample().config)
	want := []pbx.Employee{{Name: "Иванов И.", Addresses: []string{"101", "id:124575"}}, {Name: "3515*102", Addresses: []string{"102", "id:124576"}}, {Name: "3515*103", Addresses: []string{"103", "id:124577"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Employees = %+v, %v, want %+v", got, err, want)
	}
	f.was(t, "Employees", telphinGrant, telphinList+"1&per_page=100", telphinList+"2&per_page=100", telphinList+"3&per_page=100")

	again := &fakePBX{answers: []string{telphinYes, `200 [{"id":1,"name":"3515*101"}]`, `200 [{"id":1,"name":"3515*101"}]`}} // one page for every number
	if got, err := lister.Employees(t.Context(), again, telphinSample().config); err != nil || len(got) != 1 {
		t.Errorf("Employees of one page = %+v, %v", got, err)
	}
	for _, answers := range [][]string{{""}, {"401 {}"}, {`200 {}`}, {"200 <html>"}, {telphinYes, "500 oops"}, {telphinYes, `200 {"message":"no"}`}} {
		if _, err := lister.Employees(t.Context(), &fakePBX{answers: answers}, telphinSample().config); models.KindOf(err) != models.Unavailable || err == nil {
			t.Errorf("answers %q: Employees: %v, want Unavailable", answers, err)
		}
	}
	_, err = lister.Employees(t.Context(), &fakePBX{}, pbx.Config{Settings: map[string]any{"app_id": "app"}})
	checkField(t, err, "settings.app_secret")
}

func TestTelphinRecording(t *testing.T) {
	fetcher := telphinAdapter().(pbx.RecordingFetcher)
	f := &fakePBX{answers: []string{telphinYes, `200 {"record_url":"https://storage.telphin.ru/12345"}`}}
	req, err := fetcher.Recording(t.Context(), f, telphinSample().config, "telphin:124575-f7cb", "76c8")
	if err != nil || req.Method != "GET" || req.URL.String() != "https://storage.telphin.ru/12345" || req.Header.Get("Authorization") != "" {
		t.Errorf("Recording = %+v, %v, want a GET of the link without credentials", req, err)
	}
	f.was(t, "Recording", telphinGrant, "Bearer T GET https://apiproxy.telphin.ru/api/ver1.0/client/@me/record/124575-f7cb/storage_url/")
	for _, tc := range []struct {
		ref     string
		answers []string
		want    models.Kind
	}{
		{"telphin:", nil, models.NotFound},
		{"https://storage.telphin.ru/12345", nil, models.NotFound},
		{"telphin:1", []string{telphinYes, "404 {}"}, models.NotFound},
		{"telphin:1", []string{"401 {}"}, models.Unavailable},
		{"telphin:1", []string{telphinYes, "500 {}"}, models.Unavailable},
		{"telphin:1", []string{telphinYes, `200 {"record_url":"http://storage.telphin.ru/1"}`}, models.Unavailable},
		{"telphin:1", []string{telphinYes, `200 {}`}, models.Unavailable},
	} {
		if _, err := fetcher.Recording(t.Context(), &fakePBX{answers: tc.answers}, telphinSample().config, tc.ref, ""); models.KindOf(err) != tc.want || err == nil {
			t.Errorf("Recording(%s) with %q: %v, want kind %v", tc.ref, tc.answers, err, tc.want)
		}
	}
}

func TestTelphinDial(t *testing.T) {
	dialer := telphinAdapter().(pbx.Dialer)
	const list = `200 [{"id":124575,"name":"3515*101"}]`
	for _, from := range []string{"101", "id:124575", "sip:3515*101@sipproxy.telphin.ru"} {
		f := &fakePBX{answers: []string{telphinYes, list, "200 []", `201 {"call_api_id":"cb-1","call_id":"ed70"}`}}
		call, err := dialer.Dial(t.Context(), f, telphinSample().config, pbx.Order{From: from, Phone: "+79031234567", ID: "z1"})
		if err != nil || call != "ed70" {
			t.Errorf("Dial from %s = %q, %v, want call ed70", from, call, err)
		}
		f.was(t, "Dial", telphinGrant, telphinList+"1&per_page=100", telphinList+"2&per_page=100",
			`Bearer T POST https://apiproxy.telphin.ru/api/ver1.0/extension/124575/callback/ {"dst_num":"+79031234567","src_num":["101"]}`)
	}
	_, err := dialer.Dial(t.Context(), &fakePBX{answers: []string{telphinYes, list, "200 []"}}, telphinSample().config, pbx.Order{From: "999", Phone: "+79031234567"})
	checkField(t, err, "from")
	for _, answers := range [][]string{{"401 {}"}, {telphinYes, "500 {}"}, {telphinYes, list, "200 []", "400 {}"}} {
		if _, err := dialer.Dial(t.Context(), &fakePBX{answers: answers}, telphinSample().config, pbx.Order{From: "101", Phone: "+79031234567"}); models.KindOf(err) != models.Unavailable || err == nil {
			t.Errorf("answers %q: Dial: %v, want Unavailable", answers, err)
		}
	}
}
