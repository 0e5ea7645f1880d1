package pbx_test

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"zummer/handlers/pbx"
	"zummer/models"
)

func mikoSample() sample {
	return sample{
		kind: "mikopbx", config: pbx.Config{Settings: map[string]any{"api_url": "https://pbx.example", "api_key": "key-1"}},
		fields: map[string]any{"ev": "ring", "id": "1698228609", "uid": "mikopbx-1698228610.373", "date": "2026-11-23T13:42:00+03:00", "user": "101",
			"client": "+79031234567", "type": "incoming", "did": "74951234567"},
		write: queryRequest,
		want:  models.EventRinging, ext: "101", call: "id", person: "user", phone: "client", when: "date", other: map[string]any{"uid": "mikopbx-1698228610.374"},
		need: []string{"ev", "id", "user"}, texts: []string{"id", "user", "did"}, hidden: []any{"anonymous", "", nil}, times: looseTimes(), lenient: true,
	}
}

func FuzzParseMikoPBX(f *testing.F) { fuzzParse(f, "mikopbx") }

// TestMikoPBXTraps: what each request means, by the module's source.
func TestMikoPBXTraps(t *testing.T) {
	for name, tc := range map[string]struct{ query, want string }{
		"a call from outside":              {"ev=ring&user=101&client=79031234567&src=79031234567&dst=101&type=incoming", "ringing in 79031234567 101"},
		"an older module without a type":   {"ev=ring&user=101&src=79031234567&dst=101", "ringing in 79031234567 101"},
		"without our constant":             {"action=call&user=101&src=79031234567&dst=101", "ringing in 79031234567 101"},
		"outgoing is no ring":              {"ev=ring&user=101&client=79031234567&src=101&dst=79031234567&type=outgoing", "started out 79031234567 101"},
		"outgoing without a type":          {"ev=ring&user=101&src=101&dst=79031234567", "started out 79031234567 101"},
		"internal, told to the caller":     {"ev=ring&user=101&client=102&src=101&dst=102&type=inner", "started internal 101 +"},
		"internal, told to the callee":     {"ev=ring&user=102&client=102&src=101&dst=102&type=inner", "ringing internal 101 102"},
		"internal without a type":          {"ev=ring&user=102&src=101&dst=102", "ringing internal 101 102"},
		"a colleague is asked":             {"ev=ring&user=102&client=101&gsrc=79031234567&src=101&dst=102&type=incoming", ""},
		"the colleague answers":            {"ev=answer&user=102&src=101&dst=102", ""},
		"the customer is put through":      {"ev=answer&user=102&src=&dst=", "answered   102"},
		"answered from outside":            {"ev=answer&user=101&src=79031234567&dst=101", "answered in 79031234567 101"},
		"answered outside":                 {"ev=answer&user=101&src=101&dst=79031234567", "answered out 79031234567 101"},
		"internal answer is of the callee": {"ev=answer&user=101&src=101&dst=102", "answered internal 101 102"},
		"a phone stops":                    {"ev=hangup&user=101", "ring_ended   101"},
		"the end":                          {"ev=end&src=79031234567&dst=101&gmissed=", "ended in 79031234567 +"},
		"the end, by the module's name":    {"action=end-call-global&src=79031234567&dst=101&gmissed=", "ended in 79031234567 +"},
		"missed":                           {"ev=end&src=79031234567&dst=101&gmissed=1", "missed in 79031234567 +"},
		"an unanswered outgoing call":      {"ev=end&src=101&dst=79031234567&gmissed=1", "ended out 79031234567 +"},
		"the end of an internal call":      {"ev=end&src=101&dst=102&gmissed=true", "ended internal 101 +"},
		"the end without numbers":          {"ev=end&gmissed=1", "ended   +"},
		"a part of the call":               {"action=end-call&user=101", ""},
		"a channel":                        {"action=create-chan&user=101", ""},
		"no channel":                       {"action=end-dial&user=101", ""},
	} {
		t.Run(name, func(t *testing.T) {
			q, _ := url.ParseQuery(tc.query + "&id=c1&uid=u1&date=2026-11-23T13:42:00%2B03:00")
			a, _ := pbx.Lookup("mikopbx")
			res, err := a.Parse(pbx.Request{Method: "GET", Query: q}, pbx.Config{})
			if err != nil {
				t.Fatalf("Parse(%s): %v", tc.query, err)
			}
			got := ""
			for i := range res.Events {
				e := &res.Events[i]
				got += string(e.Type) + " " + string(e.Direction) + " " + e.Phone + " " + append(e.AllAddresses(), "+")[0]
				if ended := e.Type == models.EventEnded || e.Type == models.EventMissed; ended != e.At.IsZero() {
					t.Errorf("Parse(%s): At %v; only the end has a date that is not its own", tc.query, e.At)
				}
			}
			if got != tc.want {
				t.Errorf("Parse(%s) = %q, want %q", tc.query, got, tc.want)
			}
		})
	}
}

// TestMikoPBXLookup: the answer becomes the caller's name, so nothing else may
// be in it, and nothing that its command to Asterisk would trip over.
func TestMikoPBXLookup(t *testing.T) {
	a, _ := pbx.Lookup("mikopbx")
	for query, events := range map[string]int{"ev=incoming&id=c1&number=79031234567": 1, "ev=incoming&number=79031234567": 0, "ev=incoming&id=c1&date=soon": 1, "action=incoming-call&id=c1": 1} {
		q, _ := url.ParseQuery(query)
		res, err := a.Parse(pbx.Request{Method: "GET", Query: q}, pbx.Config{})
		if err != nil || res.Lookup == nil || len(res.Events) != events {
			t.Errorf("Parse(%s) = %+v, %v, want a lookup and %d events", query, res, err, events)
			continue
		}
		for name, want := range map[string]string{
			"": "", "ООО Ромашка": "ООО Ромашка", `ООО "Ромашка" <b>\n`: "ООО Ромашка bn", strings.Repeat("щ", 60): strings.Repeat("щ", 20), strings.Repeat("x", 60): strings.Repeat("x", 39),
		} {
			r := res.Lookup.Answer(pbx.Card{Found: name != "", Name: name})
			if got := string(r.Body); r.Status != 200 || got != want && !strings.HasPrefix(got, want) || len(got) > 40 || !utf8.ValidString(got) {
				t.Errorf("Answer(%q) = %d %q, want %q", name, r.Status, got, want)
			}
		}
	}
}

func TestMikoPBXRefusesWhatItCannotRead(t *testing.T) {
	a, _ := pbx.Lookup("mikopbx")
	for query, field := range map[string]string{
		"id=c1": "ev", "ev=flash&id=c1": "ev", "ev=ring&user=101": "id", "ev=ring&id=c1&src=79031234567": "user", "ev=hangup&id=c1&date=soon&user=101": "date",
	} {
		q, _ := url.ParseQuery(query)
		_, err := a.Parse(pbx.Request{Method: "GET", Query: q}, pbx.Config{})
		checkField(t, err, field)
	}
	if _, err := a.Parse(body(`[{"ev":"ring"}]`), pbx.Config{}); models.KindOf(err) != models.Malformed {
		t.Errorf("Parse of a list = %v", err)
	}
}

func TestMikoPBXSettings(t *testing.T) {
	a, _ := pbx.Lookup("mikopbx")
	if err := a.CheckSettings(nil, ""); err != nil {
		t.Errorf("CheckSettings without any = %v", err)
	}
	checkField(t, a.CheckSettings(nil, "s"), "secret")
	checkField(t, a.CheckSettings(map[string]any{"api_key": 7.0}, ""), "settings.api_key")
	for _, s := range []string{"pbx.example", "ftp://pbx.example", "https://pbx.example/api", "https://pbx.example?x=1", "http://[::1"} {
		checkField(t, a.CheckSettings(map[string]any{"api_url": s}, ""), "settings.api_url")
	}
}

func TestMikoPBXRecording(t *testing.T) {
	a, _ := pbx.Lookup("mikopbx")
	fetch := a.(pbx.RecordingFetcher)
	const file = "/storage/usbdisk1/mikopbx/astspool/monitor/1 &2.mp3"
	req, err := fetch.Recording(t.Context(), nil, mikoSample().config, "mikopbx:"+file, "c1")
	if err != nil || req.URL.Query().Get("view") != file || req.URL.Host != "pbx.example" || req.Header.Get("Authorization") != "Bearer key-1" {
		t.Errorf("Recording = %+v, %v", req, err)
	}
	req, err = fetch.Recording(t.Context(), nil, pbx.Config{Settings: map[string]any{"api_url": "http://10.0.0.2/"}}, "mikopbx:/a.mp3", "c1")
	if err != nil || req.URL.String() != "http://10.0.0.2/pbxcore/api/cdr/v2/playback?view=%2Fa.mp3" || req.Header.Get("Authorization") != "" {
		t.Errorf("Recording without a key = %+v, %v", req, err)
	}
	if _, err := fetch.Recording(t.Context(), nil, mikoSample().config, "https://elsewhere.example/a.mp3", "c1"); models.KindOf(err) != models.NotFound {
		t.Errorf("Recording of another system = %v", err)
	}
	for _, s := range []string{"", "http://[::1"} {
		_, err = fetch.Recording(t.Context(), nil, pbx.Config{Settings: map[string]any{"api_url": s}}, "mikopbx:/a.mp3", "c1")
		checkField(t, err, "settings.api_url")
	}
}
