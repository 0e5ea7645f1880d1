package pbx_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"zummer/handlers/pbx"
	"zummer/models"
)

const zadarmaSecret = "0123456789abcdef0123"

func zadarmaSample() sample {
	return sample{
		kind: "zadarma", config: pbx.Config{Secret: zadarmaSecret, Settings: map[string]any{"api_key": "key1"}},
		fields: map[string]any{"event": "NOTIFY_INTERNAL", "call_start": "2026-11-23 13:42:00", "pbx_call_id": "in_ae6b03b3b0765d127ec0b739209346bbc4f0d52d",
			"caller_id": "+79031234567", "called_did": "+74951234567", "internal": "101"},
		write: formRequest, sign: zadarmaSign,
		want: models.EventRinging, ext: "101", call: "pbx_call_id", person: "internal", phone: "caller_id",
		need: []string{"event", "pbx_call_id"}, texts: []string{"internal"}, hidden: []any{"", "anonymous", "Anonymous", nil},
	}
}

// zadarmaSign signs an incoming call's form as the PBX does.
func zadarmaSign(req *pbx.Request, cfg pbx.Config) {
	form, err := url.ParseQuery(string(req.Body))
	if err != nil {
		return // garbage is not signed
	}
	mac := hmac.New(sha1.New, []byte(cfg.Secret))
	mac.Write([]byte(form.Get("caller_id") + form.Get("called_did") + form.Get("call_start")))
	req.Header.Set("Signature", base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(mac.Sum(nil)))))
}

func FuzzParseZadarma(f *testing.F) { fuzzParse(f, "zadarma") }

// zadarmaVectors are requests with the signatures that the PBX, and the
// makers' TypeScript SDK, make of them.
func zadarmaVectors() map[string]struct{ form, sign, raw string } {
	const start = "&call_start=2026-01-15+12%3A34%3A56"
	const caller, did = "&caller_id=%2B79001234567", "&called_did=%2B74951234567"
	type v = struct{ form, sign, raw string }
	incoming := v{"event=NOTIFY_START" + caller + did + start, "YTZhYTU1MjE2ZDZhMjA1YWJlYWMxMTc4NjhhMmQwOTBkOGRhODc1MQ==", "pqpVIW1qIFq+rBF4aKLQkNjah1E="}
	internal, end := incoming, incoming
	internal.form = strings.Replace(incoming.form, "START", "INTERNAL", 1) + "&internal=100"
	end.form = strings.Replace(incoming.form, "START", "END", 1) + "&duration=65&disposition=answered"
	return map[string]v{
		"start": incoming, "internal": internal, "end": end,
		"answer": {"event=NOTIFY_ANSWER" + caller + "&destination=100" + start, "MzJjYTFhNTcxMzU5MTdjNWIwZGVkMTgzNjNjNTMxMTZhOGUxOGFmMg==", "MsoaVxNZF8Ww3tGDY8UxFqjhivI="},
		"out": {"event=NOTIFY_OUT_START&internal=100&destination=%2B79001234567" + start,
			"ZTBjMDQ0MmU0NTYyYWM3MGM1YmQxMGVlYTVkOTI4Yjk0Mjc2NzcwOQ==", "4MBELkVirHDFvRDupdkouUJ2dwk="},
		"record": {"event=NOTIFY_RECORD&pbx_call_id=in_ae6b03b3b0765d127ec0b739209346bbc4f0d52d&call_id_with_rec=1458832388.1585217",
			"ZDkwOGE2ZDBjZWM2OWI3ZDVkMzJlNDdmMjlhNTQwODkxMTkzZmZlNg==", "2Qim0M7Gm31dMuR/KaVAiRGT/+Y="},
	}
}

func TestZadarmaSignature(t *testing.T) {
	for _, kind := range []string{"zadarma", "novofon"} {
		a, _ := pbx.Lookup(kind)
		verify := func(form, sign, secret string) error {
			req := body(form)
			if sign != "" {
				req.Header.Set("Signature", sign)
			}
			return a.Verify(req, pbx.Config{Secret: secret})
		}
		for name, v := range zadarmaVectors() {
			for how, sign := range map[string]string{"as the PBX": v.sign, "as the SDK": v.raw} {
				if err := verify(v.form, sign, zadarmaSecret); err != nil {
					t.Errorf("%s %s, signed %s: %v", kind, name, how, err)
				}
				for what, err := range map[string]error{
					"another value":     verify(strings.Replace(v.form, "1", "2", 1), sign, zadarmaSecret),
					"another signature": verify(v.form, zadarmaFlip(sign), zadarmaSecret),
					"another secret":    verify(v.form, sign, "1123456789abcdef0123"),
					"an unread body":    verify("?", sign, zadarmaSecret),
					"a list":            verify(`[{"event":"NOTIFY_START"}]`, sign, zadarmaSecret),
				} {
					if zadarmaCode(err) != "signature_wrong" {
						t.Errorf("%s %s, signed %s, with %s: %v, want signature_wrong", kind, name, how, what, err)
					}
				}
			}
			if err := verify(v.form, "", zadarmaSecret); zadarmaCode(err) != "signature_missing" {
				t.Errorf("%s %s unsigned: %v, want signature_missing", kind, name, err)
			}
			if err := verify(v.form, v.sign, ""); zadarmaCode(err) != "signature_secret" {
				t.Errorf("%s %s without a secret: %v, want signature_secret", kind, name, err)
			}
		}
	}
}

// What is signed is what was received: a JSON number, the first of two values,
// blanks around; of events beside calls it is their result.
func TestZadarmaSignedValues(t *testing.T) {
	a, _ := pbx.Lookup("zadarma")
	for form, signed := range map[string]string{
		`{"event":"NOTIFY_ANSWER","caller_id":"1","destination":100,"call_start":"x"}`: "1100x",
		"event=NOTIFY_START&caller_id=1&caller_id=2&called_did=3&call_start=x":         "13x",
		"event=NOTIFY_START&caller_id=+1&called_did=3&call_start=x%20":                 " 13x ",
		`event=SMS&result={"text":"hello"}`:                                            `{"text":"hello"}`,
		"event=NOTIFY_OUT_START&destination=5&call_start=x":                            "5x",
	} {
		mac := hmac.New(sha1.New, []byte(zadarmaSecret))
		mac.Write([]byte(signed))
		req := body(form)
		req.Header.Set("Signature", base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(mac.Sum(nil)))))
		if err := a.Verify(req, pbx.Config{Secret: zadarmaSecret}); err != nil {
			t.Errorf("Verify(%s): %v, want %q to be signed", form, err, signed)
		}
	}
}

// zadarmaFlip changes one byte of a signature.
func zadarmaFlip(s string) string {
	if s[5] == 'A' {
		return s[:5] + "B" + s[6:]
	}
	return s[:5] + "A" + s[6:]
}

func zadarmaCode(err error) string {
	var e *models.Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}

func TestZadarmaGreet(t *testing.T) {
	for _, kind := range []string{"zadarma", "novofon"} {
		a, _ := pbx.Lookup(kind)
		for name, tc := range map[string]struct{ method, query, want string }{
			"echo":         {"GET", "zd_echo=a1B2-c3", "a1B2-c3"},
			"beside more":  {"GET", "x=1&zd_echo=77", "77"},
			"HTML":         {"GET", "zd_echo=%3Cscript%3E", ""},
			"empty":        {"GET", "zd_echo=", ""},
			"too long":     {"GET", "zd_echo=" + strings.Repeat("a", 300), ""},
			"no handshake": {"GET", "event=NOTIFY_START", ""},
			"POST":         {"POST", "zd_echo=77", ""},
		} {
			q, _ := url.ParseQuery(tc.query)
			r := a.(pbx.Greeter).Greet(pbx.Request{Method: tc.method, Query: q}, pbx.Config{})
			switch {
			case r == nil && tc.want != "":
				t.Errorf("%s %s: no greeting, want %s", kind, name, tc.want)
			case r != nil && (string(r.Body) != tc.want || r.Status != 200 || !strings.HasPrefix(r.ContentType, "text/plain")):
				t.Errorf("%s %s: %+v, want %q", kind, name, r, tc.want)
			}
		}
	}
}

func TestZadarmaSettings(t *testing.T) {
	a, _ := pbx.Lookup("zadarma")
	for _, s := range []map[string]any{nil, {"api_key": "k"}, {"redirect": "no"}, {"redirect": "yes"}, {"redirect": ""}} {
		if err := a.CheckSettings(s, "x"); err != nil {
			t.Errorf("CheckSettings(%v) = %v", s, err)
		}
	}
	checkField(t, a.CheckSettings(nil, " "), "secret")
	checkField(t, a.CheckSettings(map[string]any{"redirect": "maybe"}, "x"), "settings.redirect")
	checkField(t, a.CheckSettings(map[string]any{"api_key": 7.0}, "x"), "settings.api_key")
}

// TestZadarmaTraps: what one might read wrongly.
func TestZadarmaTraps(t *testing.T) {
	a, _ := pbx.Lookup("zadarma")
	const in, out = "pbx_call_id=in_1&caller_id=%2B79031234567&", "pbx_call_id=out_1&"
	for name, tc := range map[string]struct {
		form string
		want []string // type direction extension phone reason talk recording
	}{
		"ring that names nobody":          {in + "event=NOTIFY_INTERNAL", []string{"started in  +79031234567  - "}},
		"answered, named by destination":  {in + "event=NOTIFY_ANSWER&destination=102", []string{"answered in 102 +79031234567  - "}},
		"answered on a mobile":            {in + "event=NOTIFY_ANSWER&destination=79990000103", []string{"answered in tel:+79990000103 +79031234567  - "}},
		"answered by who knows whom":      {in + "event=NOTIFY_ANSWER&destination=ivr", []string{"started in  +79031234567  - "}},
		"end, answered":                   {in + "event=NOTIFY_END&internal=101&disposition=answered&duration=65", []string{"answered in 101 +79031234567  - ", "ended in  +79031234567  65 "}},
		"end, answered, last extension":   {in + "event=NOTIFY_END&last_internal=102&disposition=answered&duration=65", []string{"answered in 102 +79031234567  - ", "ended in  +79031234567  65 "}},
		"end, answered by a menu perhaps": {in + "event=NOTIFY_END&disposition=answered&duration=20", []string{"ended in  +79031234567  - "}},
		"end, busy":                       {in + "event=NOTIFY_END&internal=101&disposition=busy&duration=0", []string{"ended in  +79031234567 busy - "}},
		"end, cancelled":                  {in + "event=NOTIFY_END&disposition=cancel", []string{"ended in  +79031234567 caller_gave_up - "}},
		"end, no answer":                  {in + "event=NOTIFY_END&disposition=no+answer&duration=", []string{"ended in  +79031234567 no_answer - "}},
		"end, no money":                   {in + "event=NOTIFY_END&disposition=no+money,+no+limit", []string{"ended in  +79031234567 unavailable - "}},
		"end with a recording":            {in + "event=NOTIFY_END&disposition=cancel&is_recorded=1&call_id_with_rec=77.1", []string{"ended in  +79031234567 caller_gave_up - zadarma:77.1"}},
		"a recording without an id":       {in + "event=NOTIFY_END&disposition=cancel&is_recorded=true", []string{"ended in  +79031234567 caller_gave_up - zadarma:in_1"}},
		"recording":                       {"event=NOTIFY_RECORD&pbx_call_id=in_1&call_id_with_rec=77.1", []string{"recording     - zadarma:77.1"}},
		"dialling":                        {out + "event=NOTIFY_OUT_START&internal=101&destination=79031234567", []string{"started out 101 79031234567  - "}},
		"dialled, answered":               {out + "event=NOTIFY_OUT_END&internal=101&destination=79031234567&disposition=answered&duration=5", []string{"answered out 101 79031234567  - ", "ended out  79031234567  5 "}},
		"dialled by who knows whom":       {out + "event=NOTIFY_OUT_END&destination=79031234567&disposition=answered&duration=5", []string{"ended out  79031234567  5 "}},
		"dialled, busy":                   {out + "event=NOTIFY_OUT_END&internal=101&destination=79031234567&disposition=busy", []string{"ended out  79031234567 busy - "}},
		"the ordering phone rings":        {out + "event=NOTIFY_INTERNAL&internal=101&caller_id=79031234567", []string{"started out 101   - "}},
		"the ordering phone answers":      {out + "event=NOTIFY_ANSWER&internal=101&destination=101", []string{"started out 101   - "}},
		"the far end answers":             {out + "event=NOTIFY_ANSWER&internal=101&destination=79031234567", []string{"answered out 101 79031234567  - "}},
		"an ordered call ends":            {out + "event=NOTIFY_END&internal=101&disposition=answered&duration=5", []string{"answered out 101   - ", "ended out    5 "}},
		"a colleague rings":               {"event=NOTIFY_INTERNAL&pbx_call_id=in_1&caller_id=101&internal=102", []string{"ringing internal 102 101  - "}},
		"a colleague is dialled":          {out + "event=NOTIFY_OUT_START&internal=101&destination=102", []string{"ringing internal 102 101  - "}},
		"a colleague was dialled":         {out + "event=NOTIFY_OUT_END&internal=101&destination=102&disposition=answered&duration=5", []string{"answered internal 102 101  - ", "ended internal  101  5 "}},
		"a short number from outside":     {"event=NOTIFY_START&pbx_call_id=in_1&caller_id=900", []string{"started in  900  - "}},
		"a menu's step":                   {in + "event=NOTIFY_IVR&wait_dtmf[name]=a&wait_dtmf[digits]=7", nil},
		"a message":                       {"event=SMS&result=%7B%7D", nil},
	} {
		res, err := a.Parse(body(tc.form), pbx.Config{Region: "RU", Timezone: "Europe/Moscow"})
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
			got = append(got, strings.Join([]string{string(e.Type), string(e.Direction), e.Extension, e.Phone, e.Reason, talk, e.Recording}, " "))
			if e.ID == "" || !e.At.IsZero() {
				t.Errorf("%s: %+v, want an id and no time", name, e)
			}
		}
		if !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
		if res.Lookup == nil && (res.Reply == nil || len(res.Reply.Body) > 0) {
			t.Errorf("%s: the reply %+v could steer the call", name, res.Reply)
		}
	}
	for form, field := range map[string]string{
		"event=NOTIFY_NOTHING&pbx_call_id=in_1":            "event",
		in + "event=NOTIFY_END&duration=soon":              "duration",
		out + "event=NOTIFY_OUT_END&duration=-1":           "duration",
		out + "event=NOTIFY_END&duration=x":                "duration",
		"event=NOTIFY_RECORD&call_id_with_rec=77.1":        "pbx_call_id",
		in + "event=NOTIFY_INTERNAL&internal=" + long300(): "extension",
	} {
		_, err := a.Parse(body(form), pbx.Config{})
		checkField(t, err, field)
	}
}

func long300() string { return strings.Repeat("9", 300) }

func TestZadarmaLookup(t *testing.T) {
	a, _ := pbx.Lookup("zadarma")
	for name, tc := range map[string]struct {
		card     pbx.Card
		settings map[string]any
		want     string
	}{
		"unknown":                   {pbx.Card{}, nil, ""},
		"known":                     {pbx.Card{Found: true, Name: "ООО Ромашка"}, nil, `{"caller_name":"ООО Ромашка"}`},
		"with a responsible":        {pbx.Card{Found: true, Name: "Anna", Responsible: "101"}, nil, `{"caller_name":"Anna","redirect":"101","return_timeout":20}`},
		"no redirect":               {pbx.Card{Found: true, Name: "Anna", Responsible: "101"}, map[string]any{"redirect": "no"}, `{"caller_name":"Anna"}`},
		"a responsible by a mobile": {pbx.Card{Found: true, Name: "Anna", Responsible: "tel:+79990000101"}, nil, `{"caller_name":"Anna"}`},
		"nameless":                  {pbx.Card{Found: true}, nil, `{}`},
	} {
		res, err := a.Parse(body("event=NOTIFY_START&pbx_call_id=in_1&caller_id=%2B79031234567&called_did=1"), pbx.Config{Settings: tc.settings})
		if err != nil || res.Lookup == nil || res.Lookup.Phone != "+79031234567" || len(res.Events) != 1 {
			t.Fatalf("%s: %+v, %v, want an event and a lookup", name, res, err)
		}
		if r := res.Lookup.Answer(tc.card); string(r.Body) != tc.want || r.Status != 200 {
			t.Errorf("%s: the answer is %d %s, want %s", name, r.Status, r.Body, tc.want)
		}
	}
}
