package pbx_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

// cloudSign signs a request as Standard Webhooks; the time is the suite's.
func cloudSign(req *pbx.Request, cfg pbx.Config) {
	signature, err := pbx.SignStandard(cfg.Secret, "msg-1", conformNow(), req.Body)
	if err != nil {
		panic(err)
	}
	req.Header.Set(pbx.HeaderID, "msg-1")
	req.Header.Set(pbx.HeaderTimestamp, strconv.FormatInt(conformNow().Unix(), 10))
	req.Header.Set(pbx.HeaderSignature, signature)
}

func cloudSample() sample {
	return sample{
		kind: "cloudevents", config: pbx.Config{Secret: testSecret},
		fields: map[string]any{"specversion": "1.0", "id": "e1", "source": "/pbx/acme", "type": "zummer.call.ringing", "time": "2026-11-23T10:42:00Z",
			"data.call": "77", "data.extension": "101", "data.phone": "+79031234567"},
		write: func(m map[string]any) pbx.Request {
			req := jsonRequest(m)
			req.Header.Set("Content-Type", "application/cloudevents+json; charset=utf-8")
			return req
		},
		sign: cloudSign,
		want: models.EventRinging, ext: "101", call: "data.call", person: "data.extension", phone: "data.phone", when: "time", other: map[string]any{"id": "e2"},
		need: []string{"specversion", "id", "source", "type", "data.call", "data.extension"}, texts: []string{"data.call", "data.extension"},
		hidden: []any{"anonymous", ""}, times: looseTimes(),
	}
}

func FuzzParseCloudEvents(f *testing.F) { fuzzParse(f, "cloudevents") }

// cloudHeader is the headers of a binary request.
func cloudHeader(pairs ...string) http.Header {
	h := http.Header{"Content-Type": {"application/json"}, "Ce-Specversion": {"1.0"}, "Ce-Id": {"e1"}, "Ce-Source": {"/pbx/acme"}, "Ce-Type": {"zummer.call.ringing"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

// TestCloudEventsModes: the same event in each mode is the same event.
func TestCloudEventsModes(t *testing.T) {
	a, _ := pbx.Lookup("cloudevents")
	const structured = `{"specversion":"1.0","id":"e1","source":"/pbx/acme","type":"zummer.call.ringing","data":{"call":"77","extension":"101"}}`
	for name, req := range map[string]pbx.Request{
		"structured":             {Header: http.Header{"Content-Type": {"application/cloudevents+json"}}, Body: []byte(structured)},
		"structured, both":       {Header: cloudHeader("Content-Type", "Application/CloudEvents+JSON", "Ce-Type", "call.ended"), Body: []byte(structured)},
		"structured, no type":    {Header: http.Header{}, Body: []byte(structured)},
		"batch":                  {Header: http.Header{"Content-Type": {"application/cloudevents-batch+json"}}, Body: []byte("[" + structured + "]")},
		"binary":                 {Header: cloudHeader(), Body: []byte(`{"call":"77","extension":"101"}`)},
		"binary, a form":         {Header: cloudHeader("Content-Type", "application/x-www-form-urlencoded"), Body: []byte("call=77&extension=101")},
		"binary, subject":        {Header: cloudHeader("Ce-Subject", "77"), Body: []byte(`{"extension":101}`)},
		"binary, quoted":         {Header: cloudHeader("Ce-Subject", `"\77"`, "Ce-Type", "zummer.call.%72inging"), Body: []byte(`{"extension":101}`)},
		"binary, data names it":  {Header: cloudHeader("Ce-Type", "com.example.anything"), Body: []byte(`{"event":"Ringing","call":"77","extension":"101"}`)},
		"binary, an id in data":  {Header: cloudHeader(), Body: []byte(`{"id":"other","call":"77","extension":"101"}`)},
		"data as text":           {Header: http.Header{}, Body: []byte(`{"specversion":"1.0","id":"e1","source":"/pbx/acme","type":"ringing","data":"{\"call\":\"77\",\"extension\":\"101\"}"}`)},
		"data in base64":         {Header: http.Header{}, Body: []byte(`{"specversion":"1.0","id":"e1","source":"/pbx/acme","type":"a/ringing","data_base64":"eyJjYWxsIjoiNzciLCJleHRlbnNpb24iOiIxMDEifQ=="}`)},
		"the number of version":  {Header: http.Header{}, Body: []byte(`{"specversion":1,"id":"e1","source":"/pbx/acme","type":"ringing","subject":"77","data":{"extension":"101"}}`)},
		"extension in a subject": {Header: http.Header{}, Body: []byte(`{"specversion":"1.0","id":"e1","source":"/pbx/acme","type":"call:ringing","subject":"77","data":{"addresses":["101"]}}`)},
	} {
		res, err := a.Parse(req, pbx.Config{})
		if err != nil || len(res.Events) != 1 {
			t.Errorf("%s: Parse = %+v, %v", name, res, err)
			continue
		}
		first, _ := a.Parse(pbx.Request{Header: http.Header{}, Body: []byte(structured)}, pbx.Config{})
		if e := res.Events[0]; e.Type != models.EventRinging || e.Call != "77" || e.AllAddresses()[0] != "101" || e.ID != first.Events[0].ID {
			t.Errorf("%s: %+v, want that of %+v", name, e, first.Events[0])
		}
	}
}

// TestCloudEventsRepeatKey: source and id together, and neither alone.
func TestCloudEventsRepeatKey(t *testing.T) {
	a, _ := pbx.Lookup("cloudevents")
	seen := map[string]string{}
	for _, key := range [][2]string{{"/a", "1"}, {"/a", "2"}, {"/b", "1"}, {"/", "a1"}} {
		res, err := a.Parse(pbx.Request{Header: cloudHeader("Ce-Source", key[0], "Ce-Id", key[1]), Body: []byte(`{"call":"c","extension":"1"}`)}, pbx.Config{})
		if err != nil || len(res.Events) != 1 {
			t.Fatalf("Parse(%v) = %+v, %v", key, res, err)
		}
		if other, taken := seen[res.Events[0].ID]; taken {
			t.Errorf("%v has the name of %s", key, other)
		}
		seen[res.Events[0].ID] = key[0] + " " + key[1]
	}
}

func TestCloudEventsRefusesWhatItCannotRead(t *testing.T) {
	a, _ := pbx.Lookup("cloudevents")
	for name, tc := range map[string]struct {
		req   pbx.Request
		field string
	}{
		"not UTF-8":         {pbx.Request{Header: cloudHeader("Ce-Subject", "%ff")}, "ce-subject"},
		"half an escape":    {pbx.Request{Header: cloudHeader("Ce-Subject", "%f")}, "ce-subject"},
		"a list as data":    {pbx.Request{Header: cloudHeader(), Body: []byte(`[{}]`)}, "data"},
		"no object as data": {body(`{"specversion":"1.0","id":"1","source":"/","type":"ended","data":7}`), "data"},
		"base64 of nothing": {body(`{"specversion":"1.0","id":"1","source":"/","type":"ended","data_base64":"bnVsbA"}`), "data_base64"},
		"an older version":  {body(`{"specversion":"0.3","id":"1","source":"/","type":"ended","subject":"c"}`), "specversion"},
		"another type":      {body(`{"specversion":"1.0","id":"1","source":"/","type":"com.github.push","subject":"c"}`), "type"},
		"in a batch":        {body(`[{"specversion":"1.0","id":"1","source":"/","type":"ended","subject":"c"},{"specversion":"1.0","id":"2","source":"/","type":"ended"}]`), "[1].data.call"},
	} {
		res, err := a.Parse(tc.req, pbx.Config{})
		if len(res.Events) > 0 {
			t.Errorf("%s: %+v", name, res.Events)
		}
		checkField(t, err, tc.field)
	}
	if _, err := a.Parse(pbx.Request{Header: cloudHeader(), Body: []byte("garbage")}, pbx.Config{}); models.KindOf(err) != models.Malformed {
		t.Errorf("a binary event of garbage: %v", err)
	}
	if err := a.CheckSettings(nil, "whsec_short"); err == nil {
		t.Errorf("CheckSettings takes a secret that cannot be used")
	}
}

// TestCloudEventsSignature: the vectors of Standard Webhooks, and each with
// something changed.
func TestCloudEventsSignature(t *testing.T) {
	a, _ := pbx.Lookup("cloudevents")
	verify := func(secret, id, stamp, sig, body string, now time.Time) error {
		h := http.Header{}
		h.Set(pbx.HeaderID, id)
		h.Set(pbx.HeaderTimestamp, stamp)
		h.Set(pbx.HeaderSignature, sig)
		return a.Verify(pbx.Request{Method: "POST", Header: h, Body: []byte(body)}, pbx.Config{Secret: secret, Now: now})
	}
	for _, v := range vectors() {
		now, stamp := time.Unix(v.ts, 0), strconv.FormatInt(v.ts, 10)
		if err := verify(testSecret, v.id, stamp, v.sig, v.body, now); err != nil {
			t.Errorf("%s: Verify = %v", v.id, err)
		}
		for what, err := range map[string]error{
			"body":      verify(testSecret, v.id, stamp, v.sig, v.body+" ", now),
			"id":        verify(testSecret, v.id+"x", stamp, v.sig, v.body, now),
			"time":      verify(testSecret, v.id, strconv.FormatInt(v.ts+1, 10), v.sig, v.body, now),
			"signature": verify(testSecret, v.id, stamp, "v1,A"+v.sig[4:], v.body, now),
			"secret":    verify("whsec_AAAArGKYqrTwjUPD8ILPZIo2LaLaSw00", v.id, stamp, v.sig, v.body, now),
			"hour":      verify(testSecret, v.id, stamp, v.sig, v.body, now.Add(time.Hour)),
		} {
			if models.KindOf(err) != models.Unauthorized {
				t.Errorf("%s with another %s: Verify = %v, want Unauthorized", v.id, what, err)
			}
		}
	}
	if err := a.Verify(pbx.Request{Header: http.Header{}}, pbx.Config{}); err != nil {
		t.Errorf("Verify without a secret = %v", err)
	}
}

func TestCloudEventsHandshake(t *testing.T) {
	a, _ := pbx.Lookup("cloudevents")
	g := a.(pbx.Greeter)
	for origin, want := range map[string]string{"eventemitter.example.com": "eventemitter.example.com", "Host:8443": "Host:8443", "evil, *": "*"} {
		r := g.Greet(pbx.Request{Method: "OPTIONS", Header: http.Header{"Webhook-Request-Origin": {origin}}}, pbx.Config{})
		if r == nil || r.Status != 200 || r.Header["WebHook-Allowed-Origin"] != want || r.Header["WebHook-Allowed-Rate"] == "" || r.Header["Allow"] != "POST" {
			t.Errorf("Greet(%s) = %+v, want leave for %s", origin, r, want)
		}
	}
	for _, req := range []pbx.Request{{Method: "OPTIONS", Header: http.Header{}}, {Method: "POST", Header: http.Header{"Webhook-Request-Origin": {"a.example"}}}} {
		if r := g.Greet(req, pbx.Config{}); r != nil {
			t.Errorf("Greet(%+v) = %+v, want none", req, r)
		}
	}
}
