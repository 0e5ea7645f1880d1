package pbx_test

import (
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"zummer/handlers/pbx"
	"zummer/models"
)

// zadarmaServer answers requests by their address and remembers them.
type zadarmaServer struct {
	answers map[string]string // by path; "401 …" answers with that status, "" breaks off
	asked   []*http.Request
	bodies  []string
}

func (s *zadarmaServer) Do(req *http.Request) (*http.Response, error) {
	s.asked = append(s.asked, req)
	sent := ""
	if req.Body != nil {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		sent = string(b)
	}
	s.bodies = append(s.bodies, sent)
	answer, ok := s.answers[req.URL.Path]
	if !ok {
		return nil, errors.New("connection refused")
	}
	status := http.StatusOK
	if code, rest, found := strings.Cut(answer, " "); found && len(code) == 3 && code[0] >= '4' && code[0] <= '5' {
		status, answer = int(code[0]-'0')*100+int(code[1]-'0')*10+int(code[2]-'0'), rest
	}
	var r io.Reader = strings.NewReader(answer)
	if answer == "" {
		r = zadarmaBroken{}
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(r)}, nil
}

type zadarmaBroken struct{}

func (zadarmaBroken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestZadarmaEmployees(t *testing.T) {
	a, _ := pbx.Lookup("zadarma")
	cfg := zadarmaSample().config
	list := func(s *zadarmaServer, cfg pbx.Config) ([]pbx.Employee, error) {
		return a.(pbx.EmployeeLister).Employees(t.Context(), s, cfg)
	}
	s := &zadarmaServer{answers: map[string]string{
		"/v1/pbx/internal/":          `{"status":"success","pbx_id":1234,"numbers":[100,"101",102,103]}`,
		"/v1/pbx/internal/100/info/": `{"status":"success","number":100,"name":"Иванов И."}`,
		"/v1/pbx/internal/101/info/": `{"status":"success","number":101,"name":null}`,
		"/v1/pbx/internal/102/info/": `429 {"status":"error"}`,
	}}
	got, err := list(s, cfg)
	want := []pbx.Employee{{Name: "Иванов И.", Addresses: []string{"100"}}, {Addresses: []string{"101"}}, {Addresses: []string{"102"}}, {Addresses: []string{"103"}}}
	if err != nil || !reflect.DeepEqual(got, want) || len(s.asked) != 4 {
		t.Errorf("Employees = %+v, %v after %d requests, want %+v", got, err, len(s.asked), want)
	}
	// Computed with another implementation of HMAC, SHA-1 and MD5.
	const authorization = "key1:MmNiNTFiYzI3NGU2ZTY5YWE1ODc1OTQ1NWJkZTBmZDAxOGFkNTIwMA=="
	if r := s.asked[0]; r.URL.String() != "https://api.zadarma.com/v1/pbx/internal/?format=json" || r.Header.Get("Authorization") != authorization || r.Method != "GET" {
		t.Errorf("asked %s %s with %q, want %q", r.Method, r.URL, r.Header.Get("Authorization"), authorization)
	}
	for answer, kind := range map[string]models.Kind{
		`401 {"status":"error","message":"Not authorized"}`: models.Invalid,
		`500 <html>`:         models.Unavailable,
		`{"status":"error"}`: models.Unavailable,
		`<html>`:             models.Unavailable,
		``:                   models.Unavailable,
	} {
		if _, err := list(&zadarmaServer{answers: map[string]string{"/v1/pbx/internal/": answer}}, cfg); err == nil || models.KindOf(err) != kind {
			t.Errorf("Employees with the answer %q: %v, want kind %v", answer, err, kind)
		}
	}
	if _, err := list(&zadarmaServer{}, cfg); models.KindOf(err) != models.Unavailable || err == nil {
		t.Errorf("Employees without an answer: %v", err)
	}
	_, err = list(s, pbx.Config{Secret: "x"})
	checkField(t, err, "settings.api_key")
	_, err = list(s, pbx.Config{Settings: cfg.Settings})
	checkField(t, err, "secret")
}

func TestZadarmaRecording(t *testing.T) {
	a, _ := pbx.Lookup("zadarma")
	cfg := zadarmaSample().config
	const path = "/v1/pbx/record/request/"
	fetch := func(answer, ref, call string) (*http.Request, *zadarmaServer, error) {
		s := &zadarmaServer{answers: map[string]string{path: answer}}
		req, err := a.(pbx.RecordingFetcher).Recording(t.Context(), s, cfg, ref, call)
		return req, s, err
	}
	const link = "https://api.zadarma.com/v1/pbx/record/download/NjM3M/1.mp3"
	for ref, query := range map[string]string{
		"zadarma:1458832388.1585217": "call_id=1458832388.1585217&format=json&lifetime=1800",
		"zadarma:in_ae6b":            "format=json&lifetime=1800&pbx_call_id=in_ae6b",
		"zadarma:c 1~2":              "call_id=c+1%7E2&format=json&lifetime=1800",
		"zadarma:odd":                "format=json&lifetime=1800&pbx_call_id=odd",
	} {
		req, s, err := fetch(`{"status":"success","link":"`+link+`","lifetime_till":"2026-01-01 00:00:00"}`, ref, "odd")
		if err != nil || req.URL.String() != link || req.Header.Get("Authorization") != "" || s.asked[0].URL.RawQuery != query {
			t.Errorf("Recording(%s) = %+v, %v, asked %v, want %s", ref, req, err, s.asked, query)
		}
	}
	if req, _, err := fetch(`{"status":"success","links":["`+link+`","b"]}`, "zadarma:in_1", "in_1"); err != nil || req.URL.String() != link {
		t.Errorf("several links: %+v, %v", req, err)
	}
	for answer, kind := range map[string]models.Kind{
		`404 {"status":"error","message":"Call not found"}`: models.NotFound,
		`{"status":"success","links":[]}`:                   models.NotFound,
		`403 {"status":"error"}`:                            models.Invalid,
		`429 {"status":"error"}`:                            models.Unavailable,
		`502 bad gateway`:                                   models.Unavailable,
		`{"status":"success","link":"http://plain/1"}`:      models.Unavailable,
		`{"status":"success","link":"https://%zz"}`:         models.Unavailable,
		``: models.Unavailable,
	} {
		if _, _, err := fetch(answer, "zadarma:1", "in_1"); err == nil || models.KindOf(err) != kind {
			t.Errorf("Recording with the answer %q: %v, want kind %v", answer, err, kind)
		}
	}
	for _, ref := range []string{"https://elsewhere.example/1.mp3", "zadarma:", "novofon:1"} {
		if _, s, err := fetch("{}", ref, "in_1"); !models.IsNotFound(err) || len(s.asked) > 0 {
			t.Errorf("Recording(%s): %v after %d requests, want NotFound and none", ref, err, len(s.asked))
		}
	}
}

func TestZadarmaDial(t *testing.T) {
	a, _ := pbx.Lookup("zadarma")
	cfg := zadarmaSample().config
	const path = "/v1/request/callback/"
	dial := func(answer, from string) (string, *zadarmaServer, error) {
		s := &zadarmaServer{answers: map[string]string{path: answer}}
		key, err := a.(pbx.Dialer).Dial(t.Context(), s, cfg, pbx.Order{From: from, Phone: "+79031234567", ID: "o-1"})
		return key, s, err
	}
	for from, query := range map[string]string{
		"101":              "format=json&from=101&sip=101&to=%2B79031234567",
		"tel:+79990000101": "format=json&from=%2B79990000101&to=%2B79031234567",
	} {
		key, s, err := dial(`{"status":"success","from":442037691880,"to":442037691881,"time":1435573082}`, from)
		if err != nil || key != "" || s.asked[0].URL.RawQuery != query {
			t.Errorf("Dial(%s) = %q, %v, asked %v, want %s", from, key, err, s.asked, query)
		}
	}
	_, _, err := dial("{}", "login:ivanov")
	checkField(t, err, "from")
	for answer, kind := range map[string]models.Kind{`401 {}`: models.Invalid, `400 {"status":"error"}`: models.Unavailable, ``: models.Unavailable} {
		if _, _, err := dial(answer, "101"); err == nil || models.KindOf(err) != kind {
			t.Errorf("Dial with the answer %q: %v, want kind %v", answer, err, kind)
		}
	}
}
