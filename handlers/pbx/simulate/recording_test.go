package simulate_test

import (
	"io"
	"os"
	"strings"
	"testing"

	"zummer/handlers/pbx/simulate"
)

func TestReadRecordingOfAsterisk(t *testing.T) {
	f, err := os.Open("../testdata/asterisk-http/scenario-b.http")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rs, err := simulate.ReadRecording(f)
	if err != nil || len(rs) != 6 {
		t.Fatalf("ReadRecording = %d requests, %v, want 6", len(rs), err)
	}
	if got := rs[0].At.Format("15:04:05.000"); got != "12:26:03.343" {
		t.Errorf("At = %s", got)
	}
	req, err := rs[5].To("http://127.0.0.1:8080/hooks/office/token")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(body), `{"event":"hangup"`) || !strings.HasSuffix(string(body), `"NO ANSWER"}`) {
		t.Errorf("body of the last request: %s", body)
	}
	if req.Method != "POST" || req.URL.Path != "/hooks/office/token" || req.Header.Get("Content-Type") != "application/json" || req.Header.Get("Content-Length") != "" {
		t.Errorf("To = %s %s %v", req.Method, req.URL, req.Header)
	}
}

func TestReadRecordingRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no mark":         "POST / HTTP/1.1\r\n\r\n",
		"no time":         "; ==== soon 3\nabc",
		"too few bytes":   "; ==== 2026-11-23T10:00:00Z 300\nPOST / HTTP/1.1\n\n",
		"no request line": "; ==== 2026-11-23T10:00:00Z\nPOST\n\n",
		"nothing":         "; ==== 2026-11-23T10:00:00Z\n",
		"text between":    "; ==== 2026-11-23T10:00:00Z 19\nPOST / HTTP/1.1\r\n\r\nmore\n",
	} {
		if rs, err := simulate.ReadRecording(strings.NewReader(text)); err == nil {
			t.Errorf("%s: ReadRecording = %+v, want an error", name, rs)
		}
	}
}
