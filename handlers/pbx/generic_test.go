package pbx_test

import (
	"strconv"
	"strings"
	"testing"

	"zummer/handlers/pbx"
	"zummer/models"
)

func genericSample() sample {
	return sample{
		kind: "generic", config: pbx.Config{Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
		fields: map[string]any{"event": "ringing", "id": "e1", "call": "77", "extension": "101", "phone": "+79031234567", "at": "2026-11-23T10:42:00Z"},
		write:  jsonRequest,
		sign: func(req *pbx.Request, cfg pbx.Config) {
			signature, err := pbx.SignStandard(cfg.Secret, "msg-1", conformNow(), req.Body)
			if err != nil {
				panic(err)
			}
			req.Header.Set(pbx.HeaderID, "msg-1")
			req.Header.Set(pbx.HeaderTimestamp, strconv.FormatInt(conformNow().Unix(), 10))
			req.Header.Set(pbx.HeaderSignature, signature)
		},
		want: models.EventRinging, ext: "101", call: "call", person: "extension", phone: "phone", when: "at", other: map[string]any{"id": "e2"},
		need: []string{"event", "call", "extension"}, texts: []string{"call"}, hidden: []any{"anonymous"}, times: looseTimes(), lenient: true,
	}
}

// looseTimes are the forms of a time that kinds without a format of their own take.
func looseTimes() map[any]string {
	return map[any]string{
		"2026-11-23T13:42:00":           "2026-11-23T10:42:00Z",
		"2026-11-23 13:42:00":           "2026-11-23T10:42:00Z",
		"20261123134200":                "2026-11-23T10:42:00Z",
		"2026-11-23T10:42:00Z":          "2026-11-23T10:42:00Z",
		"2026-11-23T15:42:00+05:00":     "2026-11-23T10:42:00Z",
		"2026-11-23T15:42:00.125+0500":  "2026-11-23T10:42:00.125Z",
		"1795430520":                    "2026-11-23T10:42:00Z",
		"1795430520.5":                  "2026-11-23T10:42:00.5Z",
		"1795430520250":                 "2026-11-23T10:42:00.25Z",
		"23.11.2026 13:42:00":           "2026-11-23T10:42:00Z",
		"Mon, 23 Nov 2026 10:42:00 GMT": "2026-11-23T10:42:00Z",
	}
}

func FuzzParseGeneric(f *testing.F) { fuzzParse(f, "generic") }

func TestGenericTooManyEvents(t *testing.T) {
	a, _ := pbx.Lookup("generic")
	list := strings.Repeat(`{"event":"ended","call":"1"},`, models.MaxEvents+1)
	if _, err := a.Parse(body("["+strings.TrimSuffix(list, ",")+"]"), pbx.Config{}); err == nil {
		t.Errorf("Parse takes %d events", models.MaxEvents+1)
	}
}
