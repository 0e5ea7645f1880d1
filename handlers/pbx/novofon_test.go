package pbx_test

import (
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"zummer/handlers/pbx"
	"zummer/handlers/pbx/simulate"
	"zummer/models"
)

func novofonSample() sample {
	s := zadarmaSample()
	s.kind, s.config.Settings = "novofon", map[string]any{"api_key": "key1"}
	return s
}

func FuzzParseNovofon(f *testing.F) { fuzzParse(f, "novofon") }

// novofonTwoConfig is a source on Novofon 2.0.
func novofonTwoConfig() pbx.Config {
	return pbx.Config{Secret: "s3cret", Region: "RU", Timezone: "Europe/Moscow",
		Settings: map[string]any{"platform": "2", "access_token": "tok1", "virtual_number": "74951234567"}}
}

func TestNovofonSettings(t *testing.T) {
	a, _ := pbx.Lookup("novofon")
	for _, s := range []map[string]any{nil, {"platform": "1", "api_key": "k", "redirect": "no"}, {"platform": ""}, novofonTwoConfig().Settings} {
		if err := a.CheckSettings(s, "s3cret"); err != nil {
			t.Errorf("CheckSettings(%v) = %v", s, err)
		}
		checkField(t, a.CheckSettings(s, ""), "secret")
	}
	checkField(t, a.CheckSettings(map[string]any{"platform": "3"}, "x"), "settings.platform")
	checkField(t, a.CheckSettings(map[string]any{"platform": 2.0}, "x"), "settings.platform")
	checkField(t, a.CheckSettings(map[string]any{"redirect": "maybe"}, "x"), "settings.redirect")
	checkField(t, a.CheckSettings(map[string]any{"platform": "2", "api_url": "http://x"}, "x"), "settings.api_url")
	checkField(t, a.CheckSettings(map[string]any{"platform": "2"}, `a"b`), "secret")
	if a.Info().Networks != nil {
		t.Errorf("Networks = %v: Zadarma's are not Novofon's", a.Info().Networks)
	}
}

// TestNovofonPlatforms: each platform's requests are refused as the other's.
func TestNovofonPlatforms(t *testing.T) {
	a, _ := pbx.Lookup("novofon")
	one, two := novofonSample().config, novofonTwoConfig()
	signed := novofonSample().request(novofonSample().fields)
	filled := body(`{"event":"ringing","secret":"s3cret","call":500123,"leg":701,"dir":"in","phone":"79031234567","employee_id":101,"t":"2026-11-23 13:42:00"}`)
	for name, tc := range map[string]struct {
		req  pbx.Request
		cfg  pbx.Config
		code string
		ext  string
	}{
		"1 to 1": {signed, one, "", "101"},
		"2 to 2": {filled, two, "", "id:101"},
		"1 to 2": {signed, two, "signature_missing", ""},
		"2 to 1": {filled, one, "signature_missing", ""},
	} {
		if err := a.Verify(tc.req, tc.cfg); zadarmaCode(err) != tc.code || (err == nil) != (tc.code == "") {
			t.Errorf("%s: Verify = %v, want code %q", name, err, tc.code)
		}
		if tc.ext == "" {
			continue
		}
		res, err := a.Parse(tc.req, tc.cfg)
		if err != nil || len(res.Events) != 1 || res.Events[0].Type != models.EventRinging || res.Events[0].Extension != tc.ext {
			t.Errorf("%s: Parse = %+v, %v, want ringing at %s", name, res.Events, err, tc.ext)
		}
	}
	echo := pbx.Request{Method: "GET", Query: map[string][]string{"zd_echo": {"77"}}}
	if r := a.(pbx.Greeter).Greet(echo, two); r != nil {
		t.Errorf("Novofon 2.0 has no handshake, yet Greet = %+v", r)
	}
	if r := a.(pbx.Greeter).Greet(echo, one); r == nil || string(r.Body) != "77" {
		t.Errorf("Greet = %+v, want 77", r)
	}
}

// TestNovofonHosts: every request goes to Novofon's own hosts.
func TestNovofonHosts(t *testing.T) {
	a, _ := pbx.Lookup("novofon")
	one, two := novofonSample().config, novofonTwoConfig()
	s := &zadarmaServer{answers: map[string]string{
		"/v1/pbx/internal/":       `{"status":"success","numbers":[1001]}`,
		"/v1/pbx/record/request/": `{"status":"success","link":"https://api.novofon.com/v1/pbx/record/download/1.mp3"}`,
		"/v1/request/callback/":   `{"status":"success"}`,
		"/v2.0":                   `{"result":{"data":[{"id":8412,"full_name":"Сидоров С."}]}}`,
		"/v4.0":                   `{"result":{"data":{"call_session_id":7}}}`,
	}}
	for name, tc := range map[string]struct {
		cfg  pbx.Config
		want []pbx.Employee
		ref  string
		from string
		call string
		link string
	}{
		"1": {one, []pbx.Employee{{Addresses: []string{"1001"}}}, "novofon:77.1", "101", "", "https://api.novofon.com/v1/pbx/record/download/1.mp3"},
		"2": {two, []pbx.Employee{{Name: "Сидоров С.", Addresses: []string{"id:8412"}}}, "https://media.novofon.ru/1/2", "id:8412", "7", "https://media.novofon.ru/1/2"},
	} {
		if got, err := a.(pbx.EmployeeLister).Employees(t.Context(), s, tc.cfg); err != nil || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("platform %s: Employees = %+v, %v, want %+v", name, got, err, tc.want)
		}
		if req, err := a.(pbx.RecordingFetcher).Recording(t.Context(), s, tc.cfg, tc.ref, "1"); err != nil || req.URL.String() != tc.link || req.Method != http.MethodGet {
			t.Errorf("platform %s: Recording = %+v, %v, want %s", name, req, err, tc.link)
		}
		if key, err := a.(pbx.Dialer).Dial(t.Context(), s, tc.cfg, pbx.Order{From: tc.from, Phone: "+79031234567"}); err != nil || key != tc.call {
			t.Errorf("platform %s: Dial = %q, %v, want %q", name, key, err, tc.call)
		}
	}
	for _, r := range s.asked {
		if h := r.URL.Host; h != "api.novofon.com" && h != "dataapi-jsonrpc.novofon.ru" && h != "callapi-jsonrpc.novofon.ru" {
			t.Errorf("asked %s", r.URL)
		}
	}
	for _, ref := range []string{"", "http://media.novofon.ru/1", "novofon:1", "https://a:b@c/1", "https://%zz", "zadarma:1"} {
		for _, cfg := range []pbx.Config{one, two} {
			if cfg.Settings["platform"] == nil && ref == "novofon:1" {
				continue // its own
			}
			if _, err := a.(pbx.RecordingFetcher).Recording(t.Context(), s, cfg, ref, "1"); !models.IsNotFound(err) {
				t.Errorf("Recording(%q) on %v: %v, want NotFound", ref, cfg.Settings["platform"], err)
			}
		}
	}
}

// TestNovofonTwoIsTold: the simulator speaks as platform 2 where the source is
// on it.
func TestNovofonTwoIsTold(t *testing.T) {
	a, _ := pbx.Lookup("novofon")
	cfg := novofonTwoConfig()
	direct, _ := simulate.Lookup("direct")
	story, err := simulate.Speak("novofon", simulate.Target{Hook: "https://zummer.example/hooks/a/b", Secret: cfg.Secret, Settings: cfg.Settings}, direct,
		simulate.Params{CallID: "c1", Start: time.Date(2026, 11, 23, 10, 42, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range story {
		r, err := m.Request(conformNow())
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		req := pbx.Request{Method: r.Method, Header: r.Header, Body: b}
		if err := a.Verify(req, cfg); err != nil {
			t.Errorf("Verify(%s): %v", b, err)
		}
		res, err := a.Parse(req, cfg)
		if err != nil {
			t.Errorf("Parse(%s): %v", b, err)
		}
		for _, e := range res.Events {
			got = append(got, string(e.Type)+" "+e.Extension)
		}
	}
	if want := "started |ringing id:101|answered id:101|ended "; strings.Join(got, "|") != want {
		t.Errorf("told %q, want %s", got, want)
	}
}
