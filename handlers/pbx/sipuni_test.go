package pbx_test

import (
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"zummer/handlers/pbx"
	"zummer/models"
)

func sipuniSample() sample {
	return sample{
		kind: "sipuni",
		fields: map[string]any{"event": "1", "call_id": "1599036844.83813", "src_num": "79031234567", "src_type": "1", "dst_num": "015856101", "dst_type": "2",
			"short_dst_num": "101", "timestamp": "1795430520", "user_id": "015856", "is_inner_call": "1", "treeName": "Входящая"},
		write: queryRequest,
		want:  models.EventRinging, ext: "101", call: "call_id", person: "short_dst_num", phone: "src_num", when: "timestamp",
		need: []string{"event", "call_id"}, texts: []string{"event", "call_id", "src_num", "src_type", "short_dst_num", "timestamp"}, hidden: []any{"anonymous", "Anonymous", ""},
		times: map[any]string{"1795430520": "2026-11-23T10:42:00Z", "1795430520.5": "2026-11-23T10:42:00.5Z"},
	}
}

func FuzzParseSipuni(f *testing.F) { fuzzParse(f, "sipuni") }

func sipuniAdapter() pbx.Adapter { a, _ := pbx.Lookup("sipuni"); return a }

// queryOf is a GET with those parameters.
func queryOf(query string) pbx.Request {
	v, _ := url.ParseQuery(query)
	return pbx.Request{Method: "GET", Header: http.Header{}, Query: v}
}

func TestSipuniEvents(t *testing.T) {
	const in = "call_id=1.1&src_num=79001234567&src_type=1&dst_num=015856205&dst_type=2&short_dst_num=205&user_id=015856&"
	const did = "call_id=1.1&src_num=79001234567&src_type=1&dst_num=74950000001&dst_type=1&user_id=015856&"
	const out = "call_id=1.1&src_num=015856205&src_type=2&short_src_num=205&dst_num=89001234567&dst_type=1&user_id=015856&"
	const own = "call_id=1.1&src_num=015856205&src_type=2&short_src_num=205&dst_num=015856206&dst_type=2&short_dst_num=206&user_id=015856&"
	const at0, at6, at37 = "timestamp=1795430520", "timestamp=1795430526", "timestamp=1795430557"
	const talked = "status=ANSWER&call_start_timestamp=1795430520&call_answer_timestamp=1795430526&" + at37
	const link = "&call_record_link=https%3A%2F%2Fsipuni.com%2Fapi%2Fcrm%2Frecord%3Fid%3D1"
	for _, tc := range []struct {
		name, query string
		want        []string
	}{
		{"a call arrives", did + "event=1&" + at0, []string{"started in phone 79001234567 did 74950000001 at 10:42:00"}},
		{"a phone rings", in + "event=1&" + at0, []string{"ringing 205 in phone 79001234567 at 10:42:00"}},
		{"an inner leg of an outside call", in + "event=1&is_inner_call=1&" + at0, []string{"ringing 205 in phone 79001234567 at 10:42:00"}},
		{"only the long number", "call_id=1.1&event=1&src_num=79001234567&src_type=1&dst_num=015856205&dst_type=2&user_id=015856&" + at0,
			[]string{"ringing 205 in phone 79001234567 at 10:42:00"}},
		{"without types", "call_id=1.1&event=1&src_num=79001234567&dst_num=015856205&user_id=015856&" + at0, []string{"ringing 205 in phone 79001234567 at 10:42:00"}},
		{"a plus that nobody encoded", strings.Replace(in, "79001234567", "+79001234567", 1) + "event=1&" + at0, []string{"ringing 205 in phone +79001234567 at 10:42:00"}},
		{"a phone without a number", "call_id=1.1&event=1&src_num=79001234567&src_type=1&dst_type=2&" + at0, []string{"error: short_dst_num: is required"}},
		{"the phone answers", in + "event=3&" + at6, []string{"answered 205 in phone 79001234567 at 10:42:06"}},
		{"a menu answers", did + "event=3&" + at6, nil},
		{"it stops ringing", in + "event=4&status=NOANSWER&" + at6, []string{"ring_ended 205 in phone 79001234567 because no_answer at 10:42:06"}},
		{"it is busy", in + "event=4&status=BUSY&" + at6, []string{"ring_ended 205 in phone 79001234567 because busy at 10:42:06"}},
		{"it is off", in + "event=4&status=CHANUNAVAIL&" + at6, []string{"ring_ended 205 in phone 79001234567 because unavailable at 10:42:06"}},
		{"it stops for a reason that is not said", in + "event=4&" + at6, []string{"ring_ended 205 in phone 79001234567 at 10:42:06"}},
		{"a talk ends by a transfer", in + "event=4&status=ANSWER&" + at6 + link, []string{"recording in phone 79001234567 rec https://sipuni.com/api/crm/record?id=1 at 10:42:06"}},
		{"the outer leg ends", out + "event=4&status=NOANSWER&" + at6, nil},
		{"the end of a talk", in + "event=2&" + talked + link,
			[]string{"ended in phone 79001234567 as ANSWER rec https://sipuni.com/api/crm/record?id=1 at 10:42:37 talk 31 of 37"}},
		{"the end of a talk with a menu", did + "event=2&" + talked, []string{"ended in phone 79001234567 did 74950000001 as ANSWER at 10:42:37 of 37"}},
		{"nobody answered", in + "event=2&status=NOANSWER&call_start_timestamp=1795430520&call_answer_timestamp=0&" + at37,
			[]string{"missed in phone 79001234567 because no_answer as NOANSWER at 10:42:37 of 37"}},
		{"the caller gave up", did + "event=2&status=CANCEL&" + at37, []string{"missed in phone 79001234567 did 74950000001 because caller_gave_up as CANCEL at 10:42:37"}},
		{"an end without a status", in + "event=2&" + at37, []string{"ended in phone 79001234567 at 10:42:37"}},
		{"an answer after the end", in + "event=2&status=ANSWER&call_answer_timestamp=1795430900&" + at37, []string{"ended in phone 79001234567 as ANSWER at 10:42:37"}},
		{"dialling", out + "event=1&" + at0, []string{"started 205 out phone 89001234567 at 10:42:00"}},
		{"the far end answers", out + "event=3&" + at6, []string{"answered 205 out phone 89001234567 at 10:42:06"}},
		{"the end of an outgoing call", out + "event=2&" + talked, []string{"ended out phone 89001234567 as ANSWER at 10:42:37 talk 31 of 37"}},
		{"the far end is busy", out + "event=2&status=BUSY&" + at37, []string{"ended out phone 89001234567 because busy as BUSY at 10:42:37"}},
		{"a colleague rings", own + "event=1&" + at0, []string{"ringing 206 internal phone 205 at 10:42:00"}},
		{"a colleague answers", own + "event=3&" + at6, []string{"answered 206 internal phone 205 at 10:42:06"}},
		{"the end of an internal call", own + "event=2&" + talked, []string{"ended internal phone 205 as ANSWER at 10:42:37 talk 31 of 37"}},
		{"an event of tomorrow", in + "event=9&" + at0, nil},
		{"a word for an event", in + "event=hello&" + at0, []string{"error: event: is not a number"}},
		{"a time nobody can read", in + "event=1&timestamp=soon", []string{`error: timestamp: cannot read the time "soon"`}},
		{"a call in another century", in + "event=1&timestamp=100000001", []string{"error: at: must lie between 2000 and 2100"}},
	} {
		if got := briefs(t, sipuniAdapter(), queryOf(tc.query), pbx.Config{Region: "RU"}); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: Parse(%s) = %q, want %q", tc.name, tc.query, got, tc.want)
		}
	}
}

// TestSipuniAlwaysSucceeds: Sipuni stops sending to who answers otherwise.
func TestSipuniAlwaysSucceeds(t *testing.T) {
	right := func(name string, r *pbx.Reply) {
		if r == nil || r.Status != 200 || !strings.HasPrefix(r.ContentType, "application/json") || string(r.Body) != `{"success":true}` {
			t.Errorf("%s: the reply is %s", name, reply(r))
		}
	}
	for name, req := range map[string]pbx.Request{
		"an event": queryOf("event=1&call_id=1&src_num=79001234567&src_type=1&dst_num=205&dst_type=2"), "unknown": queryOf("event=9&call_id=1"), "no event": queryOf("colour=green"),
		"garbage": body("hello"), "a list": body("[{}]"), "posted": formOf("event=3&call_id=1&src_type=1&dst_num=205&dst_type=2&src_num=79001234567"),
	} {
		res, _ := sipuniAdapter().Parse(req, pbx.Config{})
		right(name, res.Reply)
	}
	greeter := sipuniAdapter().(pbx.Greeter)
	for name, req := range map[string]pbx.Request{"ping": queryOf(""), "ping by POST": body(" \r\n")} {
		right(name, greeter.Greet(req, pbx.Config{}))
	}
	if r := greeter.Greet(queryOf("event=1&call_id=1"), pbx.Config{}); r != nil {
		t.Errorf("an event is greeted with %s", reply(r))
	}
}

// TestSipuniNames: without a time the second ring would look like a repeat.
func TestSipuniNames(t *testing.T) {
	for query, named := range map[string]bool{
		"event=1&call_id=1&src_num=79001234567&src_type=1&dst_num=205&dst_type=2":                      false,
		"event=1&call_id=1&src_num=79001234567&src_type=1&dst_num=205&dst_type=2&timestamp=1795430520": true,
	} {
		res, err := sipuniAdapter().Parse(queryOf(query), pbx.Config{})
		if err != nil || len(res.Events) != 1 || (res.Events[0].ID != "") != named {
			t.Errorf("Parse(%s) = %+v, %v, want named %v", query, res.Events, err, named)
		}
	}
}

func TestSipuniSettings(t *testing.T) {
	if err := sipuniAdapter().CheckSettings(map[string]any{"user": "015856", "api_key": "0.k"}, ""); err != nil {
		t.Errorf("CheckSettings = %v", err)
	}
	checkField(t, sipuniAdapter().CheckSettings(map[string]any{"user": 15856.0}, ""), "settings.user")
	checkField(t, sipuniAdapter().CheckSettings(nil, "s3cret"), "secret")
}

func TestSipuniDial(t *testing.T) {
	dialer := sipuniAdapter().(pbx.Dialer)
	cfg := pbx.Config{Settings: map[string]any{"user": "015856", "api_key": "0.example"}}
	order := pbx.Order{From: "205", Phone: "+79031234567", ID: "z1"}
	sum := md5.Sum([]byte("0+79031234567+0+205+015856+0.example"))
	f := &fakePBX{answers: []string{`200 {"success":true}`}}
	if call, err := dialer.Dial(t.Context(), f, cfg, order); err != nil || call != "" {
		t.Errorf("Dial = %q, %v", call, err)
	}
	f.was(t, "Dial", "POST https://sipuni.com/api/callback/call_number antiaon=0&hash="+hex.EncodeToString(sum[:])+"&phone=79031234567&reverse=0&sipnumber=205&user=015856")
	for _, answer := range []string{"", "500 oops", `200 {"success":false,"message":"no"}`, "200 OK"} {
		if _, err := dialer.Dial(t.Context(), &fakePBX{answers: []string{answer}}, cfg, order); models.KindOf(err) != models.Unavailable || err == nil {
			t.Errorf("answer %q: Dial: %v, want Unavailable", answer, err)
		}
	}
	for _, from := range []string{"", "login:ivanov"} {
		_, err := dialer.Dial(t.Context(), &fakePBX{}, cfg, pbx.Order{From: from, Phone: "+79031234567"})
		checkField(t, err, "from")
	}
	_, err := dialer.Dial(t.Context(), &fakePBX{}, pbx.Config{Settings: map[string]any{"user": "015856"}}, order)
	checkField(t, err, "settings.api_key")
}
