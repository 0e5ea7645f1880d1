package pbx_test

import (
	"encoding/xml"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

func threeCXSample() sample {
	return sample{
		kind: "3cx", config: pbx.Config{Secret: "0123456789abcdefghij"},
		fields: map[string]any{"callType": "Inbound", "number": "0079031234567", "name": "", "agentExtension": "101", "agentEmail": "a@example.com", "queueExtension": "",
			"durationSeconds": "20", "startTimeUtc": "2026-11-23T10:41:30Z", "endTimeUtc": "2026-11-23T10:42:00Z", "entityId": "[EntityId]", "recordingUrl": ""},
		write: func(m map[string]any) pbx.Request { r := jsonRequest(m); r.Path = "/report-call"; return r },
		sign:  func(r *pbx.Request, cfg pbx.Config) { r.Header.Set("Authorization", "Bearer "+cfg.Secret) },
		want:  models.EventAnswered, ext: "101", call: "number", person: "agentExtension", phone: "number", when: "endTimeUtc",
		need: []string{"callType"}, hidden: []any{"anonymous", "", nil}, texts: []string{"agentExtension", "durationSeconds"},
		times: map[any]string{"2026-11-23T10:42:00Z": "2026-11-23T10:41:40Z", "2026-11-23T13:42:00+03:00": "2026-11-23T10:41:40Z"},
	}
}

func FuzzParse3CX(f *testing.F) { fuzzParse(f, "3cx") }

func TestThreeCXReports(t *testing.T) {
	s := threeCXSample()
	a, _ := pbx.Lookup("3cx")
	at := time.Date(2026, 11, 23, 10, 42, 0, 0, time.UTC)
	for _, tc := range []struct {
		name   string
		change map[string]any
		want   []string // type direction extension reason
		at     time.Time
	}{
		{"answered", nil, []string{"answered in 101 ", "ended in  "}, at.Add(-20 * time.Second)},
		{"answered by nobody with a phone", map[string]any{"agentExtension": ""}, []string{"ended in  "}, at},
		{"missed", map[string]any{"callType": "Missed", "durationSeconds": "0"}, []string{"ringing in 101 ", "missed in  "}, at.Add(-30 * time.Second)},
		{"missed in a menu", map[string]any{"callType": "Missed", "agentExtension": ""}, []string{"missed in  "}, at},
		{"outgoing", map[string]any{"callType": "Outbound"}, []string{"answered out 101 ", "ended out  "}, at.Add(-20 * time.Second)},
		{"outgoing, no answer", map[string]any{"callType": "Notanswered"}, []string{"started out 101 ", "ended out  no_answer"}, at.Add(-30 * time.Second)},
		{"recorded", map[string]any{"recordingUrl": "https://pbx.example/r/1.wav"}, []string{"answered in 101 ", "ended in  ", "recording in  "}, at.Add(-20 * time.Second)},
		{"variables that 3CX did not fill", map[string]any{"agentExtension": "[Agent]", "recordingUrl": "[RecordingUrl]"}, []string{"ended in  "}, at},
		{"without an end", map[string]any{"endTimeUtc": ""}, []string{"answered in 101 ", "ended in  "}, at.Add(-50 * time.Second)},
	} {
		m := s.with("callType", "Inbound")
		for k, v := range tc.change {
			m[k] = v
		}
		res, err := a.Parse(s.request(m), s.config)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		var got []string
		for _, e := range res.Events {
			got = append(got, strings.Join([]string{string(e.Type), string(e.Direction), e.Extension, e.Reason}, " "))
		}
		if !slices.Equal(got, tc.want) || !res.Events[0].At.Equal(tc.at) {
			t.Errorf("%s: %q at %s, want %q at %s", tc.name, got, res.Events[0].At, tc.want, tc.at)
		}
	}
	for name, change := range map[string]map[string]any{"unknown type": {"callType": "Voicemail"}, "no time": {"startTimeUtc": "", "endTimeUtc": ""}, "no start": {"startTimeUtc": "soon"}, "long": {"durationSeconds": "-1"}} {
		m := s.with("callType", "Inbound")
		for k, v := range change {
			m[k] = v
		}
		if res, err := a.Parse(s.request(m), s.config); models.KindOf(err) != models.Invalid {
			t.Errorf("%s: %+v, %v, want Invalid", name, res.Events, err)
		}
	}
	if _, err := a.Parse(body(`[{"callType":"Missed"}]`), s.config); models.KindOf(err) != models.Malformed {
		t.Errorf("a list: %v, want Malformed", err)
	}
}

func TestThreeCXKey(t *testing.T) {
	s := threeCXSample()
	a, _ := pbx.Lookup("3cx")
	for header, ok := range map[string]bool{
		"Bearer " + s.config.Secret:                  true,
		"bearer " + s.config.Secret:                  true,
		"Basic MDEyMzQ1Njc4OWFiY2RlZmdoaWo6WA==":     true, // the key and X
		"Basic MDEyMzQ1Njc4OWFiY2RlZmdoaWs6WA==":     false,
		"Bearer " + strings.ToUpper(s.config.Secret): false,
		s.config.Secret:                              false,
		"":                                           false,
		"Bearer ":                                    false,
		"Bearer " + s.config.Secret[:len(s.config.Secret)-1]: false,
	} {
		req := s.write(s.fields)
		req.Header.Set("Authorization", header)
		if err := a.Verify(req, s.config); (err == nil) != ok {
			t.Errorf("Authorization: %s: %v, want accepted=%v", header, err, ok)
		}
	}
	for _, secret := range []string{"", "short"} {
		checkField(t, a.CheckSettings(nil, secret), "secret")
	}
}

// TestThreeCXTemplate holds the template that we ship to what Parse reads.
func TestThreeCXTemplate(t *testing.T) {
	data, err := os.ReadFile("../../docs/pbx/3cx/zummer.xml")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Scenarios []struct {
			ID      string `xml:"Id,attr"`
			Request struct {
				URL     string `xml:"Url,attr"`
				Type    string `xml:"RequestType,attr"`
				Headers []struct {
					Key  string `xml:"Key,attr"`
					Text string `xml:",chardata"`
				} `xml:"Headers>Value"`
				Values []struct {
					Key string `xml:"Key,attr"`
				} `xml:"PostValues>Value"`
			} `xml:"Request"`
			Variables []struct {
				Path string `xml:"Path,attr"`
			} `xml:"Variables>Variable"`
		} `xml:"Scenarios>Scenario"`
	}
	if err := xml.Unmarshal(data, &doc); err != nil || len(doc.Scenarios) != 2 {
		t.Fatalf("%d scenarios, %v", len(doc.Scenarios), err)
	}
	for _, sc := range doc.Scenarios {
		if len(sc.Request.Headers) != 1 || sc.Request.Headers[0].Key != "Authorization" || sc.Request.Headers[0].Text != "Bearer [ApiKey]" {
			t.Errorf("scenario %q: headers %+v", sc.ID, sc.Request.Headers)
		}
	}
	lookup, report := doc.Scenarios[0].Request, doc.Scenarios[1].Request
	if lookup.URL != "[HookUrl]/lookup?number=[Number]" || lookup.Type != "Get" || report.URL != "[HookUrl]/report-call" || report.Type != "Post" {
		t.Errorf("addresses %q and %q", lookup.URL, report.URL)
	}
	fields := threeCXSample().fields
	for _, v := range report.Values {
		if _, ok := fields[v.Key]; !ok {
			t.Errorf("the template posts %s, which nobody reads", v.Key)
		}
		delete(fields, v.Key)
	}
	if len(fields) > 0 {
		t.Errorf("the template does not post %v", fields)
	}
	a, _ := pbx.Lookup("3cx")
	req := queryRequest(map[string]any{"number": "0079031234567"})
	req.Path = "/lookup"
	res, err := a.Parse(req, threeCXSample().config)
	if err != nil || res.Lookup == nil || res.Lookup.Phone != "+79031234567" || len(res.Events) > 0 {
		t.Fatalf("lookup: %+v, %v", res, err)
	}
	known := string(res.Lookup.Answer(knownCard()).Body)
	for _, v := range doc.Scenarios[0].Variables {
		if name, ok := strings.CutPrefix(v.Path, "contacts."); !ok || !strings.Contains(known, `"`+name+`":`) {
			t.Errorf("the template reads %s, the answer is %s", v.Path, known)
		}
	}
	if unknown := string(res.Lookup.Answer(pbx.Card{}).Body); unknown != `{"contacts":[]}` {
		t.Errorf("not found: %s", unknown)
	}
}
