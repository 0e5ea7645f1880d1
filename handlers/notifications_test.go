package handlers

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"zummer/models"
)

// What a poll asks the register for, however the client writes it.
func TestPollParameters(t *testing.T) {
	ack := func(id int64, raw string, rev int, o models.Outcome, detail, session string) models.Ack {
		return models.Ack{ID: id, Raw: raw, Rev: rev, Outcome: o, Detail: detail, Session: session}
	}
	for _, tt := range []struct {
		name, method, target, body string
		headers                    []string
		want                       models.PollQuery
	}{
		{name: "GET, nothing said", method: "GET", target: "/v1/notifications", want: models.PollQuery{Limit: 50}},
		{name: "POST waits by itself", method: "POST", target: "/v1/notifications/poll", want: models.PollQuery{Limit: 50, Wait: 25 * time.Second}},
		{name: "all of GET", method: "GET", target: "/v1/notifications?version=k3f.7&wait=10&limit=5&after=abc&session=desk-1&app=trade&ack=12.1,13.2.d&unknown=1",
			want: models.PollQuery{Version: "k3f.7", Wait: 10 * time.Second, Limit: 5, After: "abc", Session: "desk-1", App: "trade",
				Acks: []models.Ack{ack(12, "12", 1, models.OutcomeOpened, "", "desk-1"), ack(13, "13", 2, models.OutcomeDismissed, "", "desk-1")}}},
		{name: "JSON", method: "POST", target: "/v1/notifications/poll",
			body: `{"version":"k3f.7","wait":1.5,"limit":"5","session":"desk","ack":["12.1.b",{"id":13,"rev":"2","outcome":"failed","detail":"нет окна"}]}`,
			want: models.PollQuery{Version: "k3f.7", Wait: 1500 * time.Millisecond, Limit: 5, Session: "desk",
				Acks: []models.Ack{ack(12, "12", 1, models.OutcomeBusy, "", "desk"), ack(13, "13", 2, models.OutcomeFailed, "нет окна", "desk")}}},
		{name: "form, as 1C writes numbers", method: "POST", target: "/v1/notifications/poll", body: "version=k3f.7&wait=1%C2%A0000&limit=5%200&ack=1.1&ack=2.1",
			headers: []string{"Content-Type: application/x-www-form-urlencoded; charset=utf-8"},
			want: models.PollQuery{Version: "k3f.7", Wait: 50 * time.Second, Limit: 50,
				Acks: []models.Ack{ack(1, "1", 1, models.OutcomeOpened, "", ""), ack(2, "2", 1, models.OutcomeOpened, "", "")}}},
		{name: "BOM and no type", method: "POST", target: "/v1/notifications/poll", body: "\ufeff {\"wait\":\"3\"}", headers: []string{"Content-Type:"},
			want: models.PollQuery{Limit: 50, Wait: 3 * time.Second}},
		{name: "form without a type", method: "POST", target: "/v1/notifications/poll", body: "wait=3", headers: []string{"Content-Type:"},
			want: models.PollQuery{Limit: 50, Wait: 3 * time.Second}},
		{name: "nulls are absent", method: "POST", target: "/v1/notifications/poll", body: `{"version":null,"wait":null,"limit":null,"ack":null,"session":null}`,
			want: models.PollQuery{Limit: 50, Wait: 25 * time.Second}},
		{name: "a window is open", method: "GET", target: "/v1/notifications?session=desk&busy=1", want: models.PollQuery{Limit: 50, Session: "desk", Busy: true}},
		{name: "a window is open, JSON", method: "POST", target: "/v1/notifications/poll", body: `{"session":"desk","wait":0,"busy":true}`, want: models.PollQuery{Limit: 50, Session: "desk", Busy: true}},
		{name: "a window is open, 1C's form", method: "POST", target: "/v1/notifications/poll", body: "session=desk&wait=0&busy=%D0%98%D1%81%D1%82%D0%B8%D0%BD%D0%B0",
			headers: []string{"Content-Type: application/x-www-form-urlencoded"}, want: models.PollQuery{Limit: 50, Session: "desk", Busy: true}},
		{name: "no window is open", method: "GET", target: "/v1/notifications?session=desk&busy=", want: models.PollQuery{Limit: 50, Session: "desk"}},
		{name: "clamped", method: "GET", target: "/v1/notifications?wait=9999&limit=1000", want: models.PollQuery{Limit: 100, Wait: 50 * time.Second}},
		{name: "negative wait", method: "GET", target: "/v1/notifications?wait=-5", want: models.PollQuery{Limit: 50}},
		{name: "Prefer", method: "GET", target: "/v1/notifications", headers: []string{"Prefer: respond-async, wait=7"}, want: models.PollQuery{Limit: 50, Wait: 7 * time.Second}},
		{name: "wait beats Prefer", method: "GET", target: "/v1/notifications?wait=0", headers: []string{"Prefer: wait=7"}, want: models.PollQuery{Limit: 50}},
		{name: "Prefer nobody can read", method: "GET", target: "/v1/notifications", headers: []string{"Prefer: wait=soon"}, want: models.PollQuery{Limit: 50}},
		{name: "a version nobody gave", method: "GET", target: "/v1/notifications?version=" + strings.Repeat("x", 200), want: models.PollQuery{Limit: 50}},
		{name: "an ack of a foreign id", method: "GET", target: "/v1/notifications?ack=abc.1", want: models.PollQuery{Limit: 50, Acks: []models.Ack{ack(0, "abc", 1, models.OutcomeOpened, "", "")}}},
		{name: "If-None-Match", method: "GET", target: "/v1/notifications", headers: []string{`If-None-Match: "other", W/"k3f.7-json-50"`}, want: models.PollQuery{Version: "k3f.7", Limit: 50}},
		{name: "If-None-Match of another format", method: "GET", target: "/v1/notifications?format=xml", headers: []string{`If-None-Match: "k3f.7-json-50"`}, want: models.PollQuery{Limit: 50}},
		{name: "If-None-Match of another limit", method: "GET", target: "/v1/notifications?limit=10", headers: []string{`If-None-Match: "k3f.7-json-50"`}, want: models.PollQuery{Limit: 10}},
		{name: "If-None-Match beside a version", method: "GET", target: "/v1/notifications?version=k3f.6", headers: []string{`If-None-Match: "k3f.7-json-50"`}, want: models.PollQuery{Version: "k3f.6", Limit: 50}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakes()
			rec := call(t, surface(t, f), tt.method, tt.target, tt.body, append(tt.headers, asIvanov)...)
			if rec.Code != http.StatusOK {
				t.Fatalf("%s %s = %d %s", tt.method, tt.target, rec.Code, rec.Body)
			}
			if len(f.polled) != 1 || !reflect.DeepEqual(f.polled[0], tt.want) {
				t.Errorf("Poll got %+v\nwant %+v", f.polled, tt.want)
			}
			if u := f.callers[0].User; u == nil || u.ID != 1 {
				t.Errorf("Poll was called for %+v, want user 1", u)
			}
		})
	}
}

// What is wrong is refused before anything is applied.
func TestPollBadInput(t *testing.T) {
	long := strings.Repeat("1.1,", models.MaxAcks+1)
	for _, tt := range []struct {
		name, method, target, body string
		headers                    []string
		status                     int
		code, field                string
	}{
		{name: "limit is no number", method: "GET", target: "/v1/notifications?limit=many", status: 422, code: "invalid", field: "limit"},
		{name: "limit zero", method: "GET", target: "/v1/notifications?limit=0", status: 422, code: "invalid", field: "limit"},
		{name: "wait is no number", method: "GET", target: "/v1/notifications?wait=soon", status: 422, code: "invalid", field: "wait"},
		{name: "wait is not finite", method: "GET", target: "/v1/notifications?wait=inf", status: 422, code: "invalid", field: "wait"},
		{name: "session", method: "GET", target: "/v1/notifications?session=a%20b", status: 422, code: "invalid", field: "session"},
		{name: "long session", method: "GET", target: "/v1/notifications?session=" + strings.Repeat("a", 65), status: 422, code: "invalid", field: "session"},
		{name: "busy", method: "GET", target: "/v1/notifications?session=desk&busy=maybe", status: 422, code: "invalid", field: "busy"},
		{name: "tz", method: "GET", target: "/v1/notifications?tz=Mars/Base", status: 422, code: "invalid", field: "tz"},
		{name: "tz goes for files", method: "GET", target: "/v1/notifications?tz=../../etc/passwd", status: 422, code: "invalid", field: "tz"},
		{name: "format", method: "GET", target: "/v1/notifications?format=yaml", status: 422, code: "invalid", field: "format"},
		{name: "ack without a revision", method: "GET", target: "/v1/notifications?ack=12", status: 422, code: "invalid", field: "ack"},
		{name: "ack of revision 0", method: "GET", target: "/v1/notifications?ack=12.0", status: 422, code: "invalid", field: "ack"},
		{name: "ack with another letter", method: "GET", target: "/v1/notifications?ack=12.1.x", status: 422, code: "invalid", field: "ack"},
		{name: "one good and one bad ack", method: "GET", target: "/v1/notifications?ack=12.1,13", status: 422, code: "invalid", field: "ack"},
		{name: "too many acks", method: "POST", target: "/v1/notifications/poll", body: `{"ack":"` + long + `"}`, status: 422, code: "invalid", field: "ack"},
		{name: "ack object without rev", method: "POST", target: "/v1/notifications/poll", body: `{"ack":[{"id":"1"}]}`, status: 422, code: "invalid", field: "ack.rev"},
		{name: "ack is a number", method: "POST", target: "/v1/notifications/poll", body: `{"ack":12}`, status: 422, code: "invalid", field: "ack"},
		{name: "version is an object", method: "POST", target: "/v1/notifications/poll", body: `{"version":{}}`, status: 422, code: "invalid", field: "version"},
		{name: "broken JSON", method: "POST", target: "/v1/notifications/poll", body: `{"wait":`, status: 400, code: "malformed"},
		{name: "more after JSON", method: "POST", target: "/v1/notifications/poll", body: `{} {}`, status: 400, code: "malformed"},
		{name: "a list", method: "POST", target: "/v1/notifications/poll", body: `[]`, status: 400, code: "malformed"},
		{name: "a bare word", method: "POST", target: "/v1/notifications/poll", body: `"wait"`, status: 400, code: "malformed"},
		{name: "broken form", method: "POST", target: "/v1/notifications/poll", body: `wait=%zz`, headers: []string{"Content-Type: application/x-www-form-urlencoded"}, status: 400, code: "malformed"},
		{name: "XML", method: "POST", target: "/v1/notifications/poll", body: `<wait/>`, headers: []string{"Content-Type: application/xml"}, status: 415, code: "unsupported_type"},
		{name: "another charset", method: "POST", target: "/v1/notifications/poll", body: `{}`, headers: []string{"Content-Type: application/json; charset=windows-1251"}, status: 415, code: "unsupported_type"},
		{name: "gzip", method: "POST", target: "/v1/notifications/poll", body: `{}`, headers: []string{"Content-Encoding: gzip"}, status: 415, code: "unsupported_type"},
		{name: "over 64 KiB", method: "POST", target: "/v1/notifications/poll", body: `{"app":"` + strings.Repeat("a", 64<<10) + `"}`, status: 413, code: "too_large"},
		{name: "wrong method", method: "DELETE", target: "/v1/notifications", status: 405, code: "method_not_allowed"},
		{name: "no such address", method: "GET", target: "/v1/notification", status: 404, code: "not_found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakes()
			rec := call(t, surface(t, f), tt.method, tt.target, tt.body, append(tt.headers, asIvanov)...)
			p := problemIn(t, rec)
			if rec.Code != tt.status || p.Status != tt.status || p.Code != tt.code {
				t.Fatalf("%s %s = %d %s, want %d %s", tt.method, tt.target, rec.Code, rec.Body, tt.status, tt.code)
			}
			if tt.field != "" && (len(p.Errors) == 0 || p.Errors[0].Field != tt.field || p.Errors[0].Message == "") {
				t.Errorf("errors = %+v, want one of field %s", p.Errors, tt.field)
			}
			if p.RequestID == "" || p.Title == "" || p.Type == "" || p.Detail == "" || p.Retryable {
				t.Errorf("problem is not complete: %+v", p)
			}
			if got := rec.Header().Get("Content-Type"); got != "application/problem+json; charset=utf-8" {
				t.Errorf("Content-Type = %q", got)
			}
			if len(f.polled) != 0 {
				t.Errorf("the register was asked: %+v", f.polled)
			}
		})
	}
}

func TestPollHeaders(t *testing.T) {
	for _, tt := range []struct {
		name, target, accept, wantType, wantETag string
	}{
		{"json", "/v1/notifications", "", typeJSON, `"k3f.1-json-50"`},
		{"xml by query", "/v1/notifications?format=xml&limit=7", "application/json", typeXML, `"k3f.1-xml-7"`},
		{"text by Accept", "/v1/notifications", "text/plain", typeText, `"k3f.1-text-50"`},
		{"xml by Accept", "/v1/notifications", "application/xml;q=0.9, application/json;q=0.1", typeXML, `"k3f.1-xml-50"`},
		{"a browser", "/v1/notifications", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", typeJSON, `"k3f.1-json-50"`},
		{"no ETag with a version", "/v1/notifications?version=k3f.0", "", typeJSON, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakes()
			rec := call(t, surface(t, f), "GET", tt.target, "", asIvanov, "Accept: "+tt.accept, "Accept-Encoding: gzip")
			h := rec.Header()
			for name, want := range map[string]string{
				"Content-Type": tt.wantType, "ETag": tt.wantETag, "Cache-Control": "private, no-store", "Vary": "Authorization, Accept",
				"X-Poll-Interval": "5", "Content-Encoding": "",
			} {
				if got := strings.Join(h[name], "; "); got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
			if got, want := h.Get("Content-Length"), rec.Body.Len(); got != string(appendInt(nil, int64(want))) {
				t.Errorf("Content-Length = %s for %d bytes", got, want)
			}
		})
	}
}

func TestNotModified(t *testing.T) {
	f := newFakes()
	f.poll = func(_ context.Context, q models.PollQuery) (models.PendingSet, error) {
		if q.Version == "k3f.7" {
			return models.PendingSet{State: models.StateUnchanged, Version: q.Version, ETag: q.Version, PollAfter: 5 * time.Second, Now: at()}, nil
		}
		return models.PendingSet{State: models.StateReset, Version: "k3f.7", ETag: "k3f.7", Now: at()}, nil
	}
	e := surface(t, f)
	etag := func(rec *httptest.ResponseRecorder) string {
		for name, values := range rec.Header() {
			if name == "ETag" { // in these letters
				return values[0]
			}
		}
		return ""
	}
	first := call(t, e, "GET", "/v1/notifications", "", asIvanov)
	second := call(t, e, "GET", "/v1/notifications", "", asIvanov, "If-None-Match: "+etag(first))
	if second.Code != http.StatusNotModified || second.Body.Len() != 0 || etag(second) != etag(first) || etag(first) == "" {
		t.Errorf("the same ETag again = %d %q, ETag %q", second.Code, second.Body, etag(second))
	}
	third := call(t, e, "GET", "/v1/notifications?version=k3f.7", "", asIvanov)
	if third.Code != http.StatusOK || !strings.Contains(third.Body.String(), `"state":"unchanged"`) {
		t.Errorf("the same version = %d %s, want 200 unchanged", third.Code, third.Body)
	}
}

// Errors of the register reach the client in its own format, with the pause.
func TestPollErrors(t *testing.T) {
	for _, tt := range []struct {
		name, target string
		err          error
		status       int
		retry, body  string
	}{
		{"away, json", "/v1/notifications", models.Away(context.DeadlineExceeded), 503, "5", `"code":"database_away"`},
		{"away, xml", "/v1/notifications?format=xml", models.Away(context.DeadlineExceeded), 503, "5", `<e code="database_away" retry_s="5"/>`},
		{"away, text", "/v1/notifications?format=text", models.Away(context.DeadlineExceeded), 503, "5", "E1\tdatabase_away\t5\n"},
		{"conflict", "/v1/notifications?format=text", &models.Error{Kind: models.Conflict, Code: "session_conflict", Message: "m", Retry: 10500 * time.Millisecond}, 409, "11", "E1\tsession_conflict\t11\n"},
		{"too many", "/v1/notifications?format=text", models.Errorf(models.TooMany, "m"), 429, "5", "E1\ttoo_many\t5\n"},
		{"revoked", "/v1/notifications?format=text", models.Errorf(models.Unauthorized, "revoked"), 401, "", "E1\tunauthorized\t0\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakes()
			f.poll = func(context.Context, models.PollQuery) (models.PendingSet, error) { return models.PendingSet{}, tt.err }
			rec := call(t, surface(t, f), "GET", tt.target, "", asIvanov)
			if rec.Code != tt.status || !strings.Contains(rec.Body.String(), tt.body) || rec.Header().Get("Retry-After") != tt.retry || rec.Header().Get("X-Request-ID") == "" {
				t.Errorf("= %d %s, Retry-After %q; want %d %s, %q", rec.Code, rec.Body, rec.Header().Get("Retry-After"), tt.status, tt.body, tt.retry)
			}
		})
	}
}

// While it drains the service asks clients to connect anew.
func TestDrainingClosesConnection(t *testing.T) {
	f := newFakes()
	f.poll = func(context.Context, models.PollQuery) (models.PendingSet, error) {
		return models.PendingSet{State: models.StateUnchanged, Version: "e.1", ETag: "e.1", Draining: true, Now: at()}, nil
	}
	if got := call(t, surface(t, f), "POST", "/v1/notifications/poll", "", asIvanov).Header().Get("Connection"); got != "close" {
		t.Errorf("Connection = %q, want close", got)
	}
}

// deadlines is a connection that takes notice of its deadlines.
type deadlines struct {
	*httptest.ResponseRecorder
	write, read time.Time
}

func (d *deadlines) SetWriteDeadline(t time.Time) error { d.write = t; return nil }
func (d *deadlines) SetReadDeadline(t time.Time) error  { d.read = t; return nil }

// A long-poll outlives the server's time-outs, and says how long it may take.
func TestWaitExtendsDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakes()
		e, a := surfaceAPI(t, f)
		f.poll = func(ctx context.Context, q models.PollQuery) (models.PendingSet, error) {
			if a.Waiting() != 1 {
				t.Errorf("Waiting = %d, want 1", a.Waiting())
			}
			select {
			case <-time.After(q.Wait):
			case <-ctx.Done():
			}
			return models.PendingSet{State: models.StateUnchanged, Version: "e.1", ETag: "e.1", Now: time.Now()}, nil
		}
		began := time.Now()
		rec := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		req := httptest.NewRequest("GET", "/v1/notifications?wait=50&version=e.1", nil)
		req.Header.Set("Authorization", "Bearer "+ivanovToken)
		e.ServeHTTP(rec, req)
		if took := time.Since(began); took != 50*time.Second {
			t.Errorf("answered after %s, want 50s", took)
		}
		for name, got := range map[string]time.Time{"write": rec.write, "read": rec.read} {
			if want := began.Add(50*time.Second + writeGrace); !got.Equal(want) {
				t.Errorf("%s deadline = %s, want %s", name, got, want)
			}
		}
		var body struct {
			Timeout int `json:"client_timeout_s"`
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil || body.Timeout != 65 {
			t.Errorf("client_timeout_s = %d (%v), want 65", body.Timeout, err)
		}
		if a.Waiting() != 0 {
			t.Errorf("Waiting = %d after the answer", a.Waiting())
		}
	})
}

// The same on a real connection whose server cuts everything short. On a busy
// machine the request itself may take that long: then all is longer.
func TestLongPollOutlivesServerTimeouts(t *testing.T) {
	for _, short := range []time.Duration{50 * time.Millisecond, 500 * time.Millisecond, 5 * time.Second} {
		err := pollBeyond(t, short)
		if err == nil {
			return
		}
		t.Logf("where the server cuts after %s: %v", short, err)
	}
	t.Error("the poll was cut each time")
}

// pollBeyond polls for four times as long as the server reads and writes.
func pollBeyond(t *testing.T, short time.Duration) error {
	t.Helper()
	f := newFakes()
	f.poll = func(ctx context.Context, q models.PollQuery) (models.PendingSet, error) {
		select {
		case <-time.After(4 * short):
			return models.PendingSet{State: models.StateUnchanged, Version: "e.1", ETag: "e.1", Now: at()}, nil
		case <-ctx.Done():
			return models.PendingSet{}, ctx.Err()
		}
	}
	srv := httptest.NewUnstartedServer(surface(t, f))
	srv.Config.ReadTimeout, srv.Config.WriteTimeout = short, short
	srv.Start()
	defer srv.Close()
	req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/v1/notifications/poll", strings.NewReader(`{"wait":1}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+ivanovToken)
	res, err := srv.Client().Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && (res.StatusCode != 200 || int64(len(body)) != res.ContentLength || len(res.TransferEncoding) != 0) {
		t.Errorf("= %d %q, Content-Length %d, %v", res.StatusCode, body, res.ContentLength, res.TransferEncoding)
	}
	return err
}

func TestZones(t *testing.T) {
	a := New(Deps{})
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for name, want := range map[string]string{
		"Europe/Moscow": "20261123150000", "Asia/Yekaterinburg": "20261123170000", "UTC": "20261123120000", "+05:30": "20261123173000", "GMT+3": "20261123150000",
		"UTC-10:00": "20261123020000",
	} {
		for range 2 { // the second time from memory
			z, ok := a.zone(name)
			if got := string(appendStamp(nil, noon, z)); !ok || got != want {
				t.Errorf("zone(%s) gives %s (%v), want %s", name, got, ok, want)
			}
		}
	}
	for _, name := range []string{"", "Local", "+25:00", "GMT+x", "../x", "+"} {
		if _, ok := a.zone(name); ok {
			t.Errorf("zone(%q) is known", name)
		}
	}
}
