package pbx_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"zummer/handlers/pbx"
	"zummer/models"
)

func freeswitchSample() sample {
	return sample{
		kind: "freeswitch", config: pbx.Config{Secret: "fsuser:secret"},
		fields: map[string]any{"core-uuid": "4f0c", "channel_data.direction": "outbound", "variables.uuid": "b7f1-02", "variables.originator": "b7f1-01",
			"variables.direction": "outbound", "variables.dialed_user": "101", "variables.caller_id_number": "+79031234567", "variables.destination_number": "101",
			"variables.start_epoch": "1795430520", "variables.answer_epoch": "0", "variables.end_epoch": "1795430540", "variables.hangup_cause": "NO_ANSWER"},
		write: jsonRequest,
		sign: func(r *pbx.Request, cfg pbx.Config) {
			r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(cfg.Secret)))
		},
		want: models.EventRinging, ext: "101", call: "variables.originator", person: "variables.dialed_user", phone: "variables.caller_id_number",
		when: "variables.start_epoch", other: map[string]any{"variables.uuid": "b7f1-03"},
		need: []string{"variables.uuid"}, texts: []string{"variables.start_epoch", "variables.answer_epoch", "variables.dialed_user"},
		hidden: []any{"anonymous", "0000000000", "Restricted", ""},
		times: map[any]string{"1795430520": "2026-11-23T10:42:00Z", "1795430520250000": "2026-11-23T10:42:00.25Z", "2026-11-23 13:42:00": "2026-11-23T10:42:00Z",
			"2026-11-23%2013%3A42%3A00": "2026-11-23T10:42:00Z"},
	}
}

func FuzzParseFreeswitch(f *testing.F) { fuzzParse(f, "freeswitch") }

func TestFreeswitchPassword(t *testing.T) {
	s := freeswitchSample()
	a, _ := pbx.Lookup("freeswitch")
	for header, ok := range map[string]bool{
		"Basic ZnN1c2VyOnNlY3JldA==": true,
		"basic ZnN1c2VyOnNlY3JldA==": true,
		"Basic ZnN1c2VyOnNlY3JldB==": true, // the same bytes
		"Basic ZnN1c2VyOnNlY3Jldg==": false,
		"Basic ZnN1c2VzOnNlY3JldA==": false,
		"Basic ZnN1c2VyOnNlY3JldDE=": false,
		"Basic !":                    false,
		"Bearer fsuser:secret":       false,
		"":                           false,
	} {
		req := s.write(s.fields)
		req.Header.Set("Authorization", header)
		if err := a.Verify(req, s.config); (err == nil) != ok {
			t.Errorf("Authorization: %s: %v, want accepted=%v", header, err, ok)
		}
		if err := a.Verify(req, pbx.Config{}); err != nil {
			t.Errorf("without a secret: %v", err)
		}
	}
	for _, secret := range []string{"fsuser", ":secret", "fsuser:"} {
		checkField(t, a.CheckSettings(nil, secret), "secret")
	}
	checkField(t, a.CheckSettings(map[string]any{"phones": "("}, ""), "settings.phones")
	if _, err := a.Parse(s.write(s.fields), pbx.Config{Settings: map[string]any{"phones": "("}}); err == nil {
		t.Errorf("Parse with settings that cannot be read: no error")
	}
}

// TestFreeswitchEncodings: one record in every form that the modules have.
func TestFreeswitchEncodings(t *testing.T) {
	s := freeswitchSample()
	a, _ := pbx.Lookup("freeswitch")
	raw := string(s.write(s.fields).Body)
	coded := strings.ReplaceAll(raw, "+79031234567", "%2B79031234567")
	doc := `<?xml version="1.0"?><cdr><variables><uuid>b7f1-02</uuid><originator>b7f1-01</originator><dialed_user>101</dialed_user><caller_id_number>%2B79031234567</caller_id_number>` +
		`<start_epoch>1795430520</start_epoch><answer_epoch>0</answer_epoch><end_epoch>1795430540</end_epoch><hangup_cause>NO_ANSWER</hangup_cause></variables></cdr>`
	for name, body := range map[string]string{
		"raw JSON": raw, "encoded values": coded, "after a byte order mark": "\xef\xbb\xbf" + raw,
		"form": "cdr=" + url.QueryEscape(coded), "form as FreeSWITCH encodes it": "cdr=" + url.PathEscape(coded), "form, not encoded": "cdr=" + raw,
		"base64": "cdr=" + base64.StdEncoding.EncodeToString([]byte(coded)), "base64 in a form": "cdr=" + url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(coded))),
		"XML": doc, "XML in a form": "cdr=" + url.PathEscape(doc), "XML in a form, not encoded": "cdr=" + doc, "XML in base64": "cdr=" + base64.StdEncoding.EncodeToString([]byte(doc)),
	} {
		for _, typ := range []string{"application/json", "application/x-www-form-urlencoded", "text/xml", "application/x-www-form-base64-encoded"} {
			req := pbx.Request{Method: "POST", Header: http.Header{"Content-Type": {typ}}, Query: url.Values{"uuid": {"b7f1-02"}}, Body: []byte(body)}
			res, err := a.Parse(req, pbx.Config{})
			if err != nil || len(res.Events) != 2 || res.Events[0].Phone != "+79031234567" || res.Events[0].ID != "b7f1-02/ringing" {
				t.Errorf("%s as %s: %+v, %v", name, typ, res.Events, err)
			}
		}
	}
	for name, body := range map[string]string{"no record": "cdr=", "a list": `[{"event":"ringing"}]`, "cut off": "cdr=<cdr><variables><uuid>1", "not a record": "<html/>",
		"half of an escape": "cdr=%7", "deep": strings.Repeat("<a>", 100), "broken JSON": "cdr={", "no times": `{"variables":{"uuid":"1"}}`} {
		if res, err := a.Parse(pbx.Request{Method: "POST", Header: http.Header{}, Body: []byte(body)}, pbx.Config{}); err == nil || len(res.Events) > 0 {
			t.Errorf("%s: %+v, %v, want an error", name, res.Events, err)
		}
	}
}

// tell writes events in short.
func tell(events []models.Event) []string {
	var out []string
	for _, e := range events {
		s := string(e.Type)
		for _, v := range []string{string(e.Direction), e.Extension, e.Phone, e.Reason, e.ToExtension} {
			if v != "" {
				s += " " + v
			}
		}
		if e.TalkS != nil {
			b, _ := json.Marshal(e.TalkS)
			s += " talk " + string(b)
		}
		out = append(out, s)
	}
	return out
}

func TestFreeswitchLegs(t *testing.T) {
	s := freeswitchSample()
	a, _ := pbx.Lookup("freeswitch")
	for _, tc := range []struct {
		name   string
		change map[string]any
		want   []string
	}{
		{"no answer", nil, []string{"ringing in 101 +79031234567", "ring_ended in 101 +79031234567 no_answer"}},
		{"lost the race", map[string]any{"hangup_cause": "LOSE_RACE"}, []string{"ringing in 101 +79031234567", "ring_ended in 101 +79031234567 answered_elsewhere"}},
		{"picked up by another", map[string]any{"hangup_cause": "PICKED_OFF"}, []string{"ringing in 101 +79031234567", "ring_ended in 101 +79031234567 answered_elsewhere"}},
		{"the caller gave up", map[string]any{"hangup_cause": "ORIGINATOR_CANCEL"}, []string{"ringing in 101 +79031234567", "ring_ended in 101 +79031234567 caller_gave_up"}},
		{"busy without a ring", map[string]any{"hangup_cause": "USER_BUSY", "progress_uepoch": "0"}, []string{"ring_ended in 101 +79031234567 busy"}},
		{"declined", map[string]any{"hangup_cause": "CALL_REJECTED", "progress_uepoch": "1795430521000000"}, []string{"ringing in 101 +79031234567", "ring_ended in 101 +79031234567 declined"}},
		{"early media is a ring", map[string]any{"progress_epoch": "0", "progress_media_epoch": "1795430521"}, []string{"ringing in 101 +79031234567", "ring_ended in 101 +79031234567 no_answer"}},
		{"not registered", map[string]any{"hangup_cause": "USER_NOT_REGISTERED"}, []string{"ring_ended in 101 +79031234567 unavailable"}},
		{"a cause that says nothing", map[string]any{"hangup_cause": "NORMAL_CLEARING"}, []string{"ringing in 101 +79031234567", "ring_ended in 101 +79031234567"}},
		{"answered", map[string]any{"progress_epoch": "1795430521", "answer_epoch": "1795430525", "hangup_cause": "NORMAL_CLEARING"},
			[]string{"ringing in 101 +79031234567", "answered in 101 +79031234567"}},
		{"blind transfer", map[string]any{"answer_epoch": "1795430525", "hangup_cause": "BLIND_TRANSFER", "sip_refer_to": "%3Csip%3A102%40pbx.example%3E"},
			[]string{"answered in 101 +79031234567", "transferred in 101 +79031234567 102"}},
		{"attended transfer", map[string]any{"answer_epoch": "1795430525", "hangup_cause": "ATTENDED_TRANSFER"},
			[]string{"answered in 101 +79031234567", "transferred in 101 +79031234567"}},
		{"internal", map[string]any{"caller_id_number": "102"}, []string{"ringing internal 101 102", "ring_ended internal 101 102 no_answer"}},
		{"a name of the directory", map[string]any{"dialed_user": "sidorov", "dialed_domain": "pbx.example"},
			[]string{"ringing in login:sidorov +79031234567", "ring_ended in login:sidorov +79031234567 no_answer"}},
		{"dialled without the directory", map[string]any{"dialed_user": nil}, []string{"ringing in 101 +79031234567", "ring_ended in 101 +79031234567 no_answer"}},
		{"the line of a call out", map[string]any{"dialed_user": nil, "destination_number": "79990000000", "caller_id_number": "74951234567"}, nil},
		{"a call out, said so", map[string]any{"zummer_direction": "out"}, nil},
		{"forwarded outside", map[string]any{"dialed_user": nil, "destination_number": "79990000103", "zummer_direction": "in"},
			[]string{"ringing in tel:+79990000103 +79031234567", "ring_ended in tel:+79990000103 +79031234567 no_answer"}},
		{"forwarded to what is no number", map[string]any{"dialed_user": nil, "destination_number": "conference", "zummer_direction": "in"}, nil},
		{"an agent of mod_callcenter", map[string]any{"originator": nil, "cc_member_session_uuid": "b7f1-01"},
			[]string{"ringing in 101 +79031234567", "ring_ended in 101 +79031234567 no_answer"}},
		{"half of a wire", map[string]any{"channel_name": "loopback%2F101-a"}, nil},
	} {
		m := maps.Clone(s.fields)
		for k, v := range tc.change {
			if m["variables."+k] = v; v == nil {
				delete(m, "variables."+k)
			}
		}
		res, err := a.Parse(s.request(m), pbx.Config{Region: "RU"})
		if got := tell(res.Events); err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, %v, want %q", tc.name, got, err, tc.want)
		}
		for _, e := range res.Events {
			if e.Call != "b7f1-01" || e.Leg != "b7f1-02" {
				t.Errorf("%s: call %s, leg %s", tc.name, e.Call, e.Leg)
			}
		}
	}
}

func TestFreeswitchFirstLegs(t *testing.T) {
	a, _ := pbx.Lookup("freeswitch")
	profile := func(caller, dialled, bridged string, to ...any) map[string]any {
		p := map[string]any{"caller_id_number": caller, "destination_number": dialled}
		if len(to) == 1 {
			p["originatee"] = map[string]any{"originatee_caller_profile": to[0]}
		} else if len(to) > 1 {
			p["originatee"] = map[string]any{"originatee_caller_profiles": to}
		}
		return map[string]any{"caller_profile": p, "times": map[string]any{"created_time": "1795430520000000", "hangup_time": "1795430540000000", "bridged_time": bridged}}
	}
	other := func(uuid, number string) any { return map[string]any{"uuid": uuid, "destination_number": number} }
	for _, tc := range []struct {
		name string
		vars map[string]any
		flow []any
		want []string
	}{
		{"missed", map[string]any{"hangup_cause": "ORIGINATOR_CANCEL", "caller_id_number": "79031234567", "destination_number": "74951234567"}, nil,
			[]string{"started in 79031234567", "ended in 79031234567 caller_gave_up"}},
		{"a menu answered and the caller hung up", map[string]any{"answer_epoch": "1795430521", "hangup_cause": "NORMAL_CLEARING", "sip_hangup_disposition": "recv_bye", "caller_id_number": "79031234567"}, nil,
			[]string{"started in 79031234567", "ended in 79031234567 caller_gave_up"}},
		{"nobody took it", map[string]any{"hangup_cause": "NORMAL_CLEARING", "last_bridge_hangup_cause": "NO_ANSWER", "caller_id_number": "79031234567"}, nil,
			[]string{"started in 79031234567", "ended in 79031234567 no_answer"}},
		{"bridged to early media only", map[string]any{"bridge_uuid": "b", "answer_epoch": "0", "hangup_cause": "NO_ANSWER", "caller_id_number": "79031234567"},
			[]any{profile("79031234567", "7495", "1795430522000000", other("b", "101"))}, []string{"started in 79031234567", "ended in 79031234567 no_answer"}},
		{"talked, without a callflow", map[string]any{"bridge_uuid": "b", "answer_epoch": "1795430525", "billsec": "14", "caller_id_number": "79031234567"}, nil,
			[]string{"started in 79031234567", "ended in 79031234567 talk 14"}},
		{"talked, the bridge's time in a variable", map[string]any{"bridge_uuid": "b", "answer_epoch": "1795430525", "bridge_epoch": "1795430530", "billsec": "14", "caller_id_number": "79031234567"}, nil,
			[]string{"started in 79031234567", "ended in 79031234567 talk 10"}},
		{"talked, who is in the callflow", map[string]any{"bridge_uuid": "b", "answer_epoch": "1795430521"},
			[]any{profile("79031234567", "74951234567", "1795430528000000", other("x", "103"), other("b", "101"))},
			[]string{"started in 79031234567", "answered in 101 79031234567", "ended in 79031234567 talk 12"}},
		{"early media, then answered", map[string]any{"bridge_uuid": "b", "answer_epoch": "1795430530"},
			[]any{profile("79031234567", "74951234567", "1795430528000000", other("b", "101"))},
			[]string{"started in 79031234567", "answered in 101 79031234567", "ended in 79031234567 talk 10"}},
		{"transferred", map[string]any{"bridge_uuid": "c", "answer_epoch": "1795430521"},
			[]any{profile("79031234567", "102", "1795430530000000", other("c", "102")), profile("79031234567", "74951234567", "1795430523000000", other("b", "101"))},
			[]string{"started in 79031234567", "answered in 102 79031234567", "answered in 101 79031234567", "ended in 79031234567 talk 10"}},
		{"out", map[string]any{"user_name": "101", "bridge_uuid": "b", "answer_epoch": "1795430526"},
			[]any{profile("101", "79031234567", "1795430526000000", other("b", "79031234567"))},
			[]string{"started out 101 79031234567", "answered out 101 79031234567", "ended out 79031234567 talk 14"}},
		{"out, busy", map[string]any{"caller_id_number": "101", "destination_number": "79031234567", "hangup_cause": "USER_BUSY"}, nil,
			[]string{"started out 101 79031234567", "ended out 79031234567 busy"}},
		{"ordered by the CRM", map[string]any{"direction": "outbound", "dialed_user": "101", "bridge_uuid": "b", "answer_epoch": "1795430522"},
			[]any{profile("0000000000", "101", "1795430530000000", other("b", "79031234567"))},
			[]string{"started out 101 79031234567", "answered out 101 79031234567", "ended out 79031234567 talk 10"}},
		{"internal", map[string]any{"user_name": "101", "bridge_uuid": "b", "answer_epoch": "1795430526"},
			[]any{profile("101", "102", "1795430526000000", other("b", "102"))},
			[]string{"started internal 101", "answered internal 102 101", "ended internal 101 talk 14"}},
		{"our variables decide", map[string]any{"zummer_direction": "out", "zummer_extension": "105", "zummer_phone": "79991112233", "caller_id_number": "74951234567", "hangup_cause": "NO_ANSWER"}, nil,
			[]string{"started out 105 79991112233", "ended out 79991112233 no_answer"}},
		{"a recording", map[string]any{"caller_id_number": "79031234567", "zummer_recording": "https://pbx.example/1.wav", "hangup_cause": "X"}, nil,
			[]string{"started in 79031234567", "ended in 79031234567", "recording in 79031234567"}},
		{"half of a wire", map[string]any{"channel_name": "loopback/101-b"}, nil, nil},
	} {
		vars := map[string]any{"uuid": "a", "start_epoch": "1795430520", "end_epoch": "1795430540"}
		maps.Copy(vars, tc.vars)
		res, err := a.Parse(jsonRequest(map[string]any{"variables": vars, "callflow": tc.flow}), pbx.Config{Region: "RU"})
		if got := tell(res.Events); err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, %v, want %q", tc.name, got, err, tc.want)
		}
	}
}

// TestFreeswitchTimes: a record without an end, or without a beginning.
func TestFreeswitchTimes(t *testing.T) {
	a, _ := pbx.Lookup("freeswitch")
	for name, vars := range map[string]map[string]any{"no end": {"start_epoch": "1795430520"}, "no start": {"end_stamp": "2026-11-23%2013:42:00"}, "numbers": {"start_epoch": json.Number("1795430520")}} {
		vars["uuid"], vars["caller_id_number"] = "a", "79031234567"
		res, err := a.Parse(jsonRequest(map[string]any{"variables": vars}), pbx.Config{Timezone: "Europe/Moscow"})
		if err != nil || len(res.Events) != 2 || !res.Events[0].At.Equal(res.Events[1].At) || res.Events[0].At.Unix() != 1795430520 {
			t.Errorf("%s: %+v, %v", name, res.Events, err)
		}
	}
}

func TestFreeswitchHTTAPI(t *testing.T) {
	a, _ := pbx.Lookup("freeswitch")
	ask := func(m map[string]any) pbx.Result {
		t.Helper()
		base := map[string]any{"session_id": "a1", "Caller-Caller-ID-Number": "+79031234567", "Caller-Destination-Number": "74951234567", "Caller-Channel-Created-Time": "1795430520000000"}
		maps.Copy(base, m)
		post, err := a.Parse(formRequest(base), pbx.Config{Region: "RU"})
		get, err2 := a.Parse(queryRequest(base), pbx.Config{Region: "RU"})
		if err != nil || err2 != nil || !slices.Equal(tell(post.Events), tell(get.Events)) {
			t.Fatalf("POST %+v, %v; GET %+v, %v", post, err, get, err2)
		}
		return get
	}
	for _, tc := range []struct {
		name   string
		change map[string]any
		want   string
		phone  string
	}{
		{"in", nil, "started in +79031234567", "+79031234567"},
		{"withheld", map[string]any{"Caller-Privacy-Hide-Number": "true"}, "started in anonymous", "anonymous"},
		{"out", map[string]any{"Caller-Username": "101", "Caller-Caller-ID-Number": "101", "Caller-Destination-Number": "79991112233"}, "started out 101 79991112233", "79991112233"},
		{"internal", map[string]any{"Caller-Caller-ID-Number": "101", "Caller-Destination-Number": "102"}, "started internal 101 101", "102"},
	} {
		res := ask(tc.change)
		if got := strings.Join(tell(res.Events), ", "); got != tc.want || res.Lookup == nil || res.Lookup.Phone != tc.phone {
			t.Errorf("%s: %s, lookup %+v, want %s and %s", tc.name, got, res.Lookup, tc.want, tc.phone)
		}
	}
	const empty = `<document type="xml/freeswitch-httapi"><params/><variables><zummer_found>false</zummer_found></variables><work><break/></work></document>`
	res := ask(nil)
	for _, r := range []*pbx.Reply{res.Lookup.Answer(pbx.Card{}), ask(map[string]any{"exiting": "true"}).Reply} {
		if r == nil || string(r.Body) != empty || !strings.HasPrefix(r.ContentType, "text/xml") {
			t.Errorf("the answer is %+v, want %s", r, empty)
		}
	}
	known := string(res.Lookup.Answer(knownCard()).Body)
	for _, part := range []string{"<effective_caller_id_name>ООО &#34;Ромашка&#34; &amp; &lt;Ко&gt;</effective_caller_id_name>", "<zummer_responsible>101</zummer_responsible>", "<work><break/></work>"} {
		if !strings.Contains(known, part) {
			t.Errorf("the answer %s lacks %s", known, part)
		}
	}
	bad, err := a.Parse(formRequest(map[string]any{"session_id": strings.Repeat("x", 300)}), pbx.Config{})
	if err == nil || bad.Reply == nil || string(bad.Reply.Body) != empty {
		t.Errorf("a request that cannot be read: %+v, %v, want an answer that ends the application", bad, err)
	}
}

func TestFreeswitchHooks(t *testing.T) {
	a, _ := pbx.Lookup("freeswitch")
	base := map[string]any{"call": "a1", "leg": "b1", "direction": "in", "phone": "+79031234567", "user": "101", "time": "1795430520"}
	for _, tc := range []struct {
		name   string
		change map[string]any
		want   string
		field  string
	}{
		{"ringing", map[string]any{"event": "ringing"}, "ringing in 101 +79031234567", ""},
		{"answered", map[string]any{"event": "answered"}, "answered in 101 +79031234567", ""},
		{"ended without an answer", map[string]any{"event": "hangup", "cause": "USER_BUSY"}, "ring_ended in 101 +79031234567 busy", ""},
		{"ended after an answer", map[string]any{"event": "hangup", "cause": "NORMAL_CLEARING"}, "", ""},
		{"the call ended", map[string]any{"event": "hangup", "leg": "a1", "cause": "NORMAL_CLEARING"}, "ended in +79031234567", ""},
		{"after a talk", map[string]any{"event": "hangup", "leg": "a1", "answered": "1795430500000000", "bridged": "1795430508000000", "time": "1795430520500000"}, "ended in +79031234567 talk 12", ""},
		{"after a menu", map[string]any{"event": "hangup", "leg": "a1", "answered": "1795430500000000", "bridged": "0", "cause": "ORIGINATOR_CANCEL"}, "ended in +79031234567 caller_gave_up", ""},
		{"after early media", map[string]any{"event": "hangup", "leg": "a1", "answered": "1795430510", "bridged": "1795430508"}, "ended in +79031234567 talk 10", ""},
		{"out", map[string]any{"event": "started", "direction": "out", "leg": "", "extension": "101"}, "started out 101 +79031234567", ""},
		{"out, answered", map[string]any{"event": "answered", "direction": "out", "extension": "101"}, "answered out 101 +79031234567", ""},
		{"out, the far end rings", map[string]any{"event": "ringing", "direction": "out", "extension": "101"}, "", ""},
		{"forwarded outside", map[string]any{"event": "ringing", "user": "", "number": "79990000103"}, "ringing in tel:+79990000103 +79031234567", ""},
		{"no event", map[string]any{"event": ""}, "", "event"},
		{"unknown event", map[string]any{"event": "parked"}, "", "event"},
		{"no call", map[string]any{"event": "ringing", "call": ""}, "", "call"},
		{"no leg", map[string]any{"event": "ringing", "leg": ""}, "", "leg"},
		{"no person", map[string]any{"event": "ringing", "user": ""}, "", "extension"},
		{"no time", map[string]any{"event": "ringing", "time": "soon"}, "", "time"},
	} {
		m := maps.Clone(base)
		maps.Copy(m, tc.change)
		res, err := a.Parse(queryRequest(m), pbx.Config{Region: "RU"})
		if tc.field != "" {
			checkField(t, err, tc.field)
		} else if got := strings.Join(tell(res.Events), ", "); err != nil || got != tc.want {
			t.Errorf("%s: %s, %v, want %s", tc.name, got, err, tc.want)
		}
	}
}

// TestShippedFreeswitchDialplan fills in the variables of the dialplan that we
// ship as FreeSWITCH would, and gives its requests to the adapter.
func TestShippedFreeswitchDialplan(t *testing.T) {
	data, err := os.ReadFile("../../docs/pbx/freeswitch/zummer.xml")
	if err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{"uuid": "a1", "leg": "b1", "caller_id_number": "+79031234567", "destination_number": "74951234567", "user_name": "101", "dialed_user": "102",
		"dialed_domain": "pbx.example", "Caller-Destination-Number": "102", "hangup_cause": "NO_ANSWER", "strepoch()": "1795430520", "answer_uepoch": "1795430520000000", "bridge_uepoch": "0", "end_uepoch": "1795430530000000", "zummer_phone": "+79031234567",
		"zummer_did": "74951234567", "zummer_hook": "http://zummer.example/hooks/office/token"}
	encoded := regexp.MustCompile(`\$\{url_encode\(\$\{([^}]*)\}\)\}`)
	plain := regexp.MustCompile(`(\\?)\$\{([^}]*)\}`)
	var got []string
	a, _ := pbx.Lookup("freeswitch")
	for _, m := range regexp.MustCompile(`curl \$\{zummer_hook\}\?([^ "]*)`).FindAllStringSubmatch(string(data), -1) {
		q := strings.ReplaceAll(m[1], "&amp;", "&")
		q = encoded.ReplaceAllStringFunc(q, func(s string) string { return url.QueryEscape(vars[encoded.FindStringSubmatch(s)[1]]) })
		q = plain.ReplaceAllStringFunc(q, func(s string) string {
			part := plain.FindStringSubmatch(s)
			if part[2] == "uuid" && part[1] != "" {
				return vars["leg"] // filled in on the leg, not on the call's channel
			}
			if _, known := vars[part[2]]; !known {
				t.Errorf("the dialplan uses %s", part[2])
			}
			return vars[part[2]]
		})
		query, err := url.ParseQuery(q)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		res, err := a.Parse(pbx.Request{Method: "GET", Header: http.Header{}, Query: query}, pbx.Config{Region: "RU"})
		if err != nil {
			t.Errorf("%s: %v", q, err)
		}
		for _, e := range res.Events {
			if e.Call != "a1" || e.Leg != "" && e.Leg != "b1" {
				t.Errorf("%s: call %q, leg %q", q, e.Call, e.Leg)
			}
		}
		got = append(got, tell(res.Events)...)
	}
	want := []string{
		"ringing in 102 +79031234567", "answered in 102 +79031234567", "ring_ended in 102 +79031234567 no_answer", "ended in +79031234567 no_answer",
		"started out 101 74951234567", "answered out 101 74951234567", "ended out 74951234567 no_answer",
		"ringing internal 102 101", "answered internal 102 101", "ring_ended internal 102 101 no_answer", "ended internal 101 no_answer",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}
