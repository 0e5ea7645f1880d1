package handlers

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

func observeInto(route *string, status *int) func(string, string, int, time.Duration) {
	return func(r, _ string, s int, _ time.Duration) { *route, *status = r, s }
}

func TestProcessed(t *testing.T) {
	form := "Content-Type: application/x-www-form-urlencoded"
	for _, tt := range []struct {
		name, method, id, body string
		headers                []string
		result                 string
		status                 int
		code, want             string
		ack                    models.Ack
	}{
		{name: "PUT", method: "PUT", id: "12", body: `{"rev":2,"outcome":"dismissed","detail":"позже"}`, result: models.AckProcessed, status: 200,
			want: `{"id":"12","rev":2,"result":"processed"}`, ack: models.Ack{ID: 12, Raw: "12", Rev: 2, Outcome: models.OutcomeDismissed, Detail: "позже"}},
		{name: "POST with a form", method: "POST", id: "12", body: "rev=2&session=desk", headers: []string{form}, result: models.AckAlready, status: 200,
			want: `{"id":"12","rev":2,"result":"already"}`, ack: models.Ack{ID: 12, Raw: "12", Rev: 2, Outcome: models.OutcomeOpened, Session: "desk"}},
		{name: "1C's id", method: "PUT", id: "1%C2%A0042", body: `{"rev":"1"}`, result: models.AckStale, status: 200,
			want: `{"id":"1042","rev":1,"result":"stale_rev"}`, ack: models.Ack{ID: 1042, Raw: "1042", Rev: 1, Outcome: models.OutcomeOpened}},
		{name: "somebody else's", method: "PUT", id: "12", body: `{"rev":2}`, result: models.AckNotFound, status: 404, code: "not_found",
			ack: models.Ack{ID: 12, Raw: "12", Rev: 2, Outcome: models.OutcomeOpened}},
		{name: "no id of ours", method: "PUT", id: "abc", body: `{"rev":2}`, status: 404, code: "not_found"},
		{name: "no rev", method: "PUT", id: "12", body: `{}`, status: 422, code: "invalid"},
		{name: "empty body", method: "PUT", id: "12", status: 422, code: "invalid"},
		{name: "rev 0", method: "PUT", id: "12", body: `{"rev":0}`, status: 422, code: "invalid"},
		{name: "rev is half", method: "PUT", id: "12", body: `{"rev":1.5}`, status: 422, code: "invalid"},
		{name: "another outcome", method: "PUT", id: "12", body: `{"rev":1,"outcome":"eaten"}`, status: 422, code: "invalid"},
		{name: "broken", method: "PUT", id: "12", body: `{"rev"`, status: 400, code: "malformed"},
		{name: "too long", method: "PUT", id: "12", body: `{"detail":"` + strings.Repeat("x", 65<<10) + `"}`, status: 413, code: "too_large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakes()
			f.ack = func(a models.Ack) models.AckResult { return models.AckResult{ID: a.Raw, Rev: a.Rev, Result: tt.result} }
			rec := call(t, surface(t, f), tt.method, "/v1/notifications/"+tt.id+"/processed", tt.body, append(tt.headers, asIvanov)...)
			if rec.Code != tt.status || tt.want != "" && rec.Body.String() != tt.want {
				t.Fatalf("= %d %s, want %d %s", rec.Code, rec.Body, tt.status, tt.want)
			}
			if tt.code != "" && problemIn(t, rec).Code != tt.code {
				t.Errorf("code = %s, want %s", problemIn(t, rec).Code, tt.code)
			}
			if tt.ack.ID != 0 && (len(f.acked) != 1 || !reflect.DeepEqual(f.acked[0], tt.ack)) {
				t.Errorf("acked %+v, want %+v", f.acked, tt.ack)
			}
			if tt.ack.ID == 0 && len(f.acked) != 0 {
				t.Errorf("acked %+v, want nothing", f.acked)
			}
		})
	}
}

func TestAckAll(t *testing.T) {
	f := newFakes()
	e := surface(t, f)
	if rec := call(t, e, "POST", "/v1/notifications/ack-all", `{"version":"k3f.7","session":"desk"}`, asIvanov); rec.Body.String() != `{"settled":3}` {
		t.Errorf("= %d %s", rec.Code, rec.Body)
	}
	if rec := call(t, e, "POST", "/v1/notifications/ack-all", "", asIvanov); rec.Code != 422 {
		t.Errorf("without a version = %d %s, want 422", rec.Code, rec.Body)
	}
	if want := []string{"k3f.7|desk"}; !reflect.DeepEqual(f.ackAll, want) {
		t.Errorf("AckAll got %v, want %v", f.ackAll, want)
	}
}

func TestHistory(t *testing.T) {
	f := newFakes()
	f.rows = models.HistoryPage{Rows: []models.HistoryRow{{Notification: plainRow(), State: "processed", Outcome: "opened", At: at()}}, Next: "h2"}
	e := surface(t, f)
	rec := call(t, e, "GET", "/v1/notifications/history?since=20261101120000&until=2026-11-23T10:00:00Z&limit=5&after=h1", "", asIvanov)
	body := rec.Body.String()
	if rec.Code != 200 || !strings.HasPrefix(body, `{"items":[{"id":"9",`) ||
		!strings.HasSuffix(body, `,"state":"processed","outcome":"opened","at":"2026-11-23T10:42:02.000Z"}],"next":"h2","complete":false}`) {
		t.Errorf("= %d %s", rec.Code, body)
	}
	want := models.HistoryQuery{Since: time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC), Until: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), After: "h1", Limit: 5}
	if len(f.history) != 1 || !reflect.DeepEqual(f.history[0], want) {
		t.Errorf("History got %+v, want %+v (a time without zone is the user's)", f.history, want)
	}
	for _, q := range []string{"since=yesterday", "limit=0", "since=2026-11-23&until=2026-11-22", "tz=Mars"} {
		if rec := call(t, e, "GET", "/v1/notifications/history?"+q, "", asIvanov); rec.Code != 422 {
			t.Errorf("%s = %d, want 422", q, rec.Code)
		}
	}
}

func TestMe(t *testing.T) {
	const ivanov = `{"login":"ivanov","external_id":"u-1","name":"Иванов И.","pop_on":"answered","quiet":false,"timezone":"Europe/Moscow","extensions":[{"source":"office","number":"101","mode":null,"mine":true,"has":null,"has_name":null}],"asked":[],` +
		`"sessions":[{"session":"desk","client":"curl/8","last_poll":"2026-11-23T10:42:02.000Z","waiting":true,"busy":true}]}`
	for _, tt := range []struct {
		name, method, body string
		status             int
		want               string
		patched            []string
	}{
		{"read", "GET", "", 200, ivanov, nil},
		{"patch", "PATCH", `{"pop_on":"ringing","quiet":"Истина"}`, 200, strings.Replace(ivanov, `"pop_on":"answered","quiet":false`, `"pop_on":"ringing","quiet":true`, 1), []string{"pop_on=ringing", "quiet"}},
		{"POST does the same", "POST", `{"pop_on":"never"}`, 200, strings.Replace(ivanov, `"answered","quiet"`, `"never","quiet"`, 1), []string{"pop_on=never"}},
		{"wrong pop_on", "PATCH", `{"pop_on":"always"}`, 422, "", nil},
		{"wrong quiet", "PATCH", `{"quiet":"maybe"}`, 422, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakes()
			rec := call(t, surface(t, f), tt.method, "/v1/me", tt.body, asIvanov)
			if rec.Code != tt.status || tt.want != "" && rec.Body.String() != tt.want {
				t.Errorf("= %d %s\nwant %d %s", rec.Code, rec.Body, tt.status, tt.want)
			}
			if !reflect.DeepEqual(f.patched, tt.patched) {
				t.Errorf("patched %v, want %v", f.patched, tt.patched)
			}
		})
	}
}

func TestCalls(t *testing.T) {
	const one = `{"id":"77","conversation":"77","source":"office","key":"c-77","state":"ended","direction":"in","phone":"+79031234567","hidden":false,"name":"Ivan P.","did":"+74951234567",` +
		`"started_at":"2026-11-23T10:41:02.000Z","answered_at":"2026-11-23T10:41:12.000Z","ended_at":"2026-11-23T10:42:02.000Z","talk_s":50,"missed":false,` +
		`"answered_by":"ivanov","answered_by_name":"Иванов И.","recording":true,"legs":[{"extension":"101","n":1,"user":"ivanov","user_name":"Иванов И.","state":"ended",` +
		`"rang_at":"2026-11-23T10:41:02.000Z","answered_at":"2026-11-23T10:41:12.000Z","ended_at":"2026-11-23T10:42:02.000Z","reason":"hangup","to_extension":null}]}`
	f := newFakes()
	e := surface(t, f)
	for _, tt := range []struct {
		target string
		status int
		want   string
	}{
		{"/v1/calls?limit=10&after=c1", 200, `{"items":[` + one + `],"next":"c2"}`},
		{"/v1/calls/77", 200, one},
		{"/v1/calls/78", 404, ""},
		{"/v1/calls/abc", 404, ""},
		{"/v1/calls?limit=x", 422, ""},
	} {
		if rec := call(t, e, "GET", tt.target, "", asIvanov); rec.Code != tt.status || tt.want != "" && rec.Body.String() != tt.want {
			t.Errorf("GET %s = %d %s\nwant %d %s", tt.target, rec.Code, rec.Body, tt.status, tt.want)
		}
	}
	if want := []models.CallQuery{{User: 1, After: "c1", Limit: 10}}; !reflect.DeepEqual(f.asked, want) {
		t.Errorf("Calls got %+v, want %+v", f.asked, want)
	}
}

func TestHealth(t *testing.T) {
	f := newFakes()
	draining := false
	e := surface(t, f, func(d *Deps) { d.Draining = func() bool { return draining } })
	check := func(name, path string, status int, body string) {
		t.Helper()
		if rec := call(t, e, "GET", path, ""); rec.Code != status || !strings.Contains(rec.Body.String(), body) {
			t.Errorf("%s: %s = %d %s, want %d %s", name, path, rec.Code, rec.Body, status, body)
		}
	}
	check("alive", "/healthz", 200, "ok")
	check("ready", "/readyz", 200, "ready")
	f.ready = errors.New("dial 10.0.0.5")
	check("no database", "/readyz", 503, `"code":"not_ready"`)
	check("no database", "/healthz", 200, "ok")
	f.ready, draining = nil, true
	check("draining", "/readyz", 503, `"code":"draining"`)
	check("document", "/openapi.yaml", 200, "openapi: 3")
	check("page", "/docs", 200, "/v1/notifications/poll")
}

func TestMetricsNeedsAdmin(t *testing.T) {
	served := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("up 1\n")) })
	e := surface(t, newFakes(), func(d *Deps) { d.Metrics = served })
	for token, want := range map[string]int{adminToken: 200, ivanovToken: 403, "": 401} {
		if rec := call(t, e, "GET", "/metrics", "", "Authorization: Bearer "+token); rec.Code != want {
			t.Errorf("/metrics with %q = %d, want %d", token, rec.Code, want)
		}
	}
	if rec := call(t, surface(t, newFakes()), "GET", "/metrics", "", "Authorization: Bearer "+adminToken); rec.Code != 404 {
		t.Errorf("/metrics without a handler = %d, want 404", rec.Code)
	}
}

// The docs page lists every address of the client's side with its summary.
func TestDocsListsEndpoints(t *testing.T) {
	got := endpoints(openapiYAML)
	found := map[string]string{}
	for _, e := range got {
		found[e.method+" "+e.path] = e.summary
	}
	for _, want := range []string{"GET /v1/notifications", "POST /v1/notifications/poll", "GET /v1/me", "GET /v1/calls/{id}", "GET /healthz"} {
		if found[want] == "" {
			t.Errorf("no summary of %s in %d endpoints", want, len(got))
		}
	}
}

// The second address serves the hooks and nothing else.
func TestHooksAddress(t *testing.T) {
	f := newFakes()
	_, a := surfaceAPI(t, f)
	e := echo.New()
	a.RegisterHooks(e)
	for path, want := range map[string]int{"/healthz": 200, "/hooks/office/" + hookToken: 200, "/v1/me": 404, "/v1/notifications": 404, "/metrics": 404, "/readyz": 404, "/admin/": 404} {
		if rec := call(t, e, "GET", path, "", asIvanov); rec.Code != want {
			t.Errorf("GET %s = %d, want %d", path, rec.Code, want)
		}
	}
}
