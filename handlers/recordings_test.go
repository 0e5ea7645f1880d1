package handlers

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zummer/models"
)

func TestRecordingIsStreamed(t *testing.T) {
	for _, tc := range []struct {
		name      string
		recording string // "": the usual one
		system    system
		header    string
		status    int
		body      string // part of it
		typ       string
	}{
		{"sound", "", system{"/r/1.mp3": sound()}, "", 200, "ID3", "audio/mpeg"},
		{"a part", "", system{"/r/1.mp3": func(r *http.Request) *http.Response {
			return answerOf(206, "D", "Content-Type: audio/mpeg", "Content-Range: bytes 1-1/3 "+r.Header.Get("Range"))(r)
		}}, "Range: bytes=1-1", 206, "D", "audio/mpeg"},
		{"no such part", "", system{"/r/1.mp3": answerOf(416, "", "Content-Range: bytes */3")}, "Range: bytes=9-", 416, "", "application/octet-stream"},
		{"a page instead", "", system{"/r/1.mp3": answerOf(200, "<script>", "Content-Type: text/html")}, "", 200, "<script>", "application/octet-stream"},
		{"elsewhere", "", system{"/r/1.mp3": answerOf(302, "", "Location: https://cdn.example/once"), "/once": func(r *http.Request) *http.Response {
			if r.Header.Get("X-Api-Key") != "" {
				return answerOf(200, "the key went along")(r)
			}
			return sound()(r)
		}}, "", 200, "ID3", "audio/mpeg"},
		{"in a circle", "", system{"/r/1.mp3": answerOf(302, "", "Location: https://mega.example/r/1.mp3")}, "", 503, "pbx_unavailable", "application/problem+json"},
		{"gone", "", system{"/r/1.mp3": answerOf(404, "")}, "", 404, "no_recording", "application/problem+json"},
		{"log in first", "", system{"/r/1.mp3": answerOf(401, "")}, "", 503, "pbx_unavailable", "application/problem+json"},
		{"no answer", "", system{}, "", 503, "pbx_unavailable", "application/problem+json"},
		{"no recording", "-", system{}, "", 404, "no_recording", "application/problem+json"},
		{"no address", "r-500", system{}, "", 404, "", "application/problem+json"},
		{"a file", "file:///etc/passwd", system{}, "", 404, "", "application/problem+json"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newSetupFakes()
			withPBX(f)
			if tc.recording != "" {
				f.calledUp.Recording = strings.TrimPrefix(tc.recording, "-")
			}
			e, _ := setupSurface(t, f, func(d *Deps) { d.Outbound = tc.system.of })
			headers := []string{asIvanov}
			if tc.header != "" {
				headers = append(headers, tc.header)
			}
			rec := call(t, e, "GET", "/v1/calls/77/recording", "", headers...)
			if rec.Code != tc.status || !strings.Contains(rec.Body.String(), tc.body) || !strings.HasPrefix(rec.Header().Get("Content-Type"), tc.typ) {
				t.Errorf("%d %s %q, want %d %s %q", rec.Code, rec.Header().Get("Content-Type"), rec.Body, tc.status, tc.typ, tc.body)
			}
			if strings.Contains(rec.Body.String(), "mega.example") || rec.Header().Get("Location") != "" {
				t.Errorf("the link went to the client: %s %v", rec.Body, rec.Header())
			}
			if tc.status/100 == 2 && (rec.Header().Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(rec.Header().Get("Content-Disposition"), "attachment") ||
				len(f.did) != 1 || f.did[0] != "test audit recording.get call 77") {
				t.Errorf("headers %v, did %q", rec.Header(), f.did)
			}
			if tc.status == 206 && !strings.Contains(rec.Header().Get("Content-Range"), "bytes=1-1") {
				t.Errorf("Content-Range %q: the PBX was not asked for the part", rec.Header().Get("Content-Range"))
			}
		})
	}
}

func TestRecordingIsTheUsersOwn(t *testing.T) {
	f := newSetupFakes()
	system := withPBX(f)
	system["/r/1.mp3"] = sound()
	e, _ := setupSurface(t, f, func(d *Deps) { d.Outbound = system.of })
	if rec := call(t, e, "GET", "/v1/calls/77/recording", "", asIvanov); rec.Code != 200 || f.queries[0] != int64(1) {
		t.Errorf("%d, asked for the calls of user %v, want 1", rec.Code, f.queries[0])
	}
	if rec := call(t, e, "GET", "/v1/admin/calls/77/recording", "", asAdmin); rec.Code != 200 || f.queries[1] != int64(0) {
		t.Errorf("%d, asked for the calls of user %v, want any", rec.Code, f.queries[1])
	}
	for target, header := range map[string]string{"/v1/calls/78/recording": asIvanov, "/v1/calls/x/recording": asIvanov, "/v1/admin/calls/78/recording": asAdmin} {
		if rec := call(t, e, "GET", target, "", header); rec.Code != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", target, rec.Code)
		}
	}
	if rec := call(t, e, "GET", "/v1/admin/calls/77/recording", "", asIvanov); rec.Code != http.StatusForbidden {
		t.Errorf("a client at the administrator's address: %d, want 403", rec.Code)
	}
	// A plain kind: the address that the event told.
	f.calledUp.Source = 5
	if rec := call(t, e, "GET", "/v1/calls/77/recording", "", asIvanov); rec.Code != 200 || rec.Body.String() != "ID3" {
		t.Errorf("generic: %d %s", rec.Code, rec.Body)
	}
	f.calledUp.Recording = "r-500"
	if rec := call(t, e, "GET", "/v1/calls/77/recording", "", asIvanov); rec.Code != http.StatusNotFound {
		t.Errorf("generic without an address: %d, want 404", rec.Code)
	}
	f.err = models.Away(nil)
	if rec := call(t, e, "GET", "/v1/calls/77/recording", "", asIvanov); rec.Code != http.StatusServiceUnavailable {
		t.Errorf("the database is away: %d, want 503", rec.Code)
	}
}

// deadlined notes until when an answer may be written.
type deadlined struct {
	*httptest.ResponseRecorder
	until time.Time
}

func (d *deadlined) SetWriteDeadline(t time.Time) error {
	d.until = t
	return nil
}

// TestRecordingHasAnEnd: a client that stops reading must not hold the PBX's
// connection for ever.
func TestRecordingHasAnEnd(t *testing.T) {
	f := newSetupFakes()
	system := withPBX(f)
	system["/r/1.mp3"] = sound()
	e, _ := setupSurface(t, f, func(d *Deps) { d.Outbound = system.of })
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/calls/77/recording", http.NoBody)
	name, value, _ := strings.Cut(asIvanov, ": ")
	req.Header.Set(name, value)
	w := &deadlined{ResponseRecorder: httptest.NewRecorder()}
	e.ServeHTTP(w, req)
	if left := time.Until(w.until); w.Code != http.StatusOK || left <= 0 || left > recordingBudget {
		t.Errorf("%d, %v are left to write in, want at most %v", w.Code, left, recordingBudget)
	}
}
