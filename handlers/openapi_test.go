package handlers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/labstack/echo/v4"

	"zummer/models"
)

// document reads openapi.yaml. With strict a member of an answer that it does
// not name is an error, though clients must live with such members.
func document(t *testing.T, strict bool) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	if err != nil {
		t.Fatalf("read openapi.yaml: %v", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatalf("openapi.yaml: %v", err)
	}
	if strict {
		seen := map[*openapi3.Schema]bool{}
		for _, s := range doc.Components.Schemas {
			closeSchema(s, seen)
		}
		for _, r := range doc.Components.Responses {
			for _, m := range r.Value.Content {
				closeSchema(m.Schema, seen)
			}
		}
		for _, p := range doc.Paths.Map() {
			for _, op := range p.Operations() {
				for _, r := range op.Responses.Map() {
					for _, m := range r.Value.Content {
						closeSchema(m.Schema, seen)
					}
				}
			}
		}
	}
	return doc
}

// closeSchema merges allOf into one object and forbids other members.
func closeSchema(ref *openapi3.SchemaRef, seen map[*openapi3.Schema]bool) {
	if ref == nil || ref.Value == nil || seen[ref.Value] {
		return
	}
	s := ref.Value
	seen[s] = true
	if len(s.AllOf) > 0 {
		props := openapi3.Schemas{}
		for _, part := range s.AllOf {
			closeSchema(part, seen)
			maps.Copy(props, part.Value.Properties)
			s.Required = append(s.Required, part.Value.Required...)
		}
		s.Properties, s.AllOf, s.Type = props, nil, &openapi3.Types{"object"}
	}
	for _, p := range s.Properties {
		closeSchema(p, seen)
	}
	closeSchema(s.Items, seen)
	if len(s.Properties) > 0 && s.AdditionalProperties.Schema == nil && s.AdditionalProperties.Has == nil {
		no := false
		s.AdditionalProperties.Has = &no
	}
}

// documentPath writes an Echo path as OpenAPI does.
func documentPath(p string) string {
	parts := strings.Split(p, "/")
	for i, s := range parts {
		if name, ok := strings.CutPrefix(s, ":"); ok {
			parts[i] = "{" + name + "}"
		} else if s == "*" {
			parts[i] = "{path}"
		}
	}
	return strings.Join(parts, "/")
}

func TestEveryRouteIsDocumented(t *testing.T) {
	e, _ := setupSurface(t, newSetupFakes(), func(d *Deps) { d.Demo = &Demo{} })
	var routes []string
	for _, r := range e.Routes() {
		isPage := r.Path == "/" || strings.HasPrefix(r.Path, "/admin") || strings.HasPrefix(r.Path, "/static/") || strings.HasPrefix(r.Path, "/demo")
		isPreflight := r.Method == http.MethodOptions && strings.HasPrefix(r.Path, "/v1/")
		if !isPage && !isPreflight && r.Method != echo.RouteNotFound {
			routes = append(routes, r.Method+" "+documentPath(r.Path))
		}
	}
	var documented []string
	for path, item := range document(t, false).Paths.Map() {
		for method := range item.Operations() {
			documented = append(documented, method+" "+path)
		}
	}
	for _, r := range routes {
		if !slices.Contains(documented, r) {
			t.Errorf("the route %s is missing in openapi.yaml", r)
		}
	}
	for _, d := range documented {
		if !slices.Contains(routes, d) {
			t.Errorf("openapi.yaml has %s, which is no route", d)
		}
	}
}

// exchange is one request whose answer must be the documented one.
type exchange struct {
	method, target, body, header string
	status                       int
}

func exchanges() []exchange {
	contact := `{"phones":["+79031234567"],"name":"ООО Ромашка","client":{"type":"Справочник"},"interests":[],"seq":7}`
	return []exchange{
		{"GET", "/v1/notifications", "", asIvanov, 200},
		{"GET", "/v1/notifications?wait=0&format=xml", "", asIvanov, 200},
		{"GET", "/v1/notifications?format=text", "", asIvanov, 200},
		{"GET", "/v1/relay/notifications?version=abc.def&limit=5000&ack=9.1", "", "Authorization: Bearer " + relayToken, 200},
		{"GET", "/v1/relay/notifications", "", asIvanov, 403},
		{"GET", "/v1/notifications", "", "Authorization: Bearer wrong", 401},
		{"POST", "/v1/notifications/poll", `{"version":"k3f.1","wait":0,"ack":[{"id":"9","rev":1,"outcome":"opened"}]}`, asIvanov, 200},
		{"POST", "/v1/notifications", `{"user":"ivanov","kind":"mail.received","title":"T"}`, asPublish, 201},
		{"POST", "/v1/notifications", `{"kind":"mail.received"}`, asPublish, 422},
		{"PUT", "/v1/notifications/9/processed", `{"rev":1}`, asIvanov, 200},
		{"POST", "/v1/notifications/9/processed", `{"rev":1,"outcome":"dismissed"}`, asIvanov, 200},
		{"GET", "/v1/notifications?session=desk&busy=true", "", asIvanov, 200},
		{"POST", "/v1/notifications/9/claim", `{"session":"desk","rev":1}`, asIvanov, 200},
		{"POST", "/v1/notifications/9/claim", `{"session":"desk"}`, asIvanov, 422},
		{"POST", "/v1/notifications/9/release", `{"session":"desk","rev":1}`, asIvanov, 200},
		{"POST", "/v1/notifications/ack-all", `{"version":"k3f.1"}`, asIvanov, 200},
		{"GET", "/v1/notifications/history?limit=2", "", asIvanov, 200},
		{"GET", "/v1/me", "", asIvanov, 200},
		{"PATCH", "/v1/me", `{"pop_on":"never"}`, asIvanov, 200},
		{"POST", "/v1/me", `{"quiet":true}`, asIvanov, 200},
		{"PUT", "/v1/me/extension", `{"source":"office","number":"101"}`, asIvanov, 200},
		{"PUT", "/v1/me/extension", `{"number":"199"}`, asIvanov, 202},
		{"PUT", "/v1/me/extension", `{"number":null}`, asIvanov, 204},
		{"POST", "/v1/me/extension", `{"number":"101"}`, asIvanov, 200},
		{"DELETE", "/v1/me/extension?source=office&number=101", "", asIvanov, 204},
		{"GET", "/v1/calls", "", asIvanov, 200},
		{"GET", "/v1/calls/77", "", asIvanov, 200},
		{"GET", "/v1/calls/78", "", asIvanov, 404},
		{"GET", "/v1/calls/77/recording", "", asIvanov, 200},
		{"GET", "/v1/calls/78/recording", "", asIvanov, 404},
		{"POST", "/v1/calls", `{"phone":"+79031234567"}`, asDial, 202},
		{"POST", "/v1/calls", `{"phone":"101"}`, asDial, 422},

		{"GET", "/hooks/office/" + hookToken + "?event=ringing&call=c&extension=101", "", "", 200},
		{"POST", "/hooks/office/" + hookToken, `{"event":"ringing","call":"c","extension":"101"}`, "", 200},
		{"GET", "/hooks/office/" + hookToken + "/more?event=ringing&call=c&extension=101", "", "", 200},
		{"POST", "/hooks/office/" + hookToken + "/more", `{"event":"ringing","call":"c","extension":"101"}`, "", 200},
		{"OPTIONS", "/hooks/events/" + hookToken, "", "WebHook-Request-Origin: events.example.com", 200},
		{"OPTIONS", "/hooks/office/" + hookToken, "", "", 405},
		{"POST", "/hooks/office/wrong", `{}`, "", 404},

		{"POST", "/v1/sync/users", `{"users":[{"external_id":"u-1","login":"ivanov","extensions":["101",{"source":"office","number":"102"}]}],"full":true}`, asSync, 200},
		{"POST", "/v1/sync/users/u-1/token", `{"ttl_s":600}`, asSync, 201},
		{"PUT", "/v1/sync/contacts/k-1", contact, asSync, 200},
		{"POST", "/v1/sync/contacts/k-1", contact, asSync, 200},
		{"DELETE", "/v1/sync/contacts/k-1", "", asSync, 204},
		{"POST", "/v1/sync/contacts?mode=full", `"{}"`, asSync, 200},
		{"GET", "/v1/sync/calls?after=c1&limit=10", "", asSync, 200},

		{"GET", "/v1/admin/source-kinds", "", asAdmin, 200},
		{"GET", "/v1/admin/sources", "", asAdmin, 200},
		{"GET", "/v1/admin/sources/office", "", asAdmin, 200},
		{"PUT", "/v1/admin/sources/office", `{"kind":"generic","group":null,"settings":{}}`, asAdmin, 200},
		{"POST", "/v1/admin/sources/office", `{"kind":"generic"}`, asAdmin, 200},
		{"DELETE", "/v1/admin/sources/office", "", asAdmin, 204},
		{"POST", "/v1/admin/sources/office/rotate", "", asAdmin, 200},
		{"GET", "/v1/admin/users", "", asAdmin, 200},
		{"GET", "/v1/admin/users/ivanov", "", asAdmin, 200},
		{"PUT", "/v1/admin/users/ivanov", `{"name":"Иванов","timezone":null}`, asAdmin, 200},
		{"POST", "/v1/admin/users/ivanov", `{"name":"Иванов"}`, asAdmin, 200},
		{"DELETE", "/v1/admin/users/ivanov", "", asAdmin, 204},
		{"GET", "/v1/admin/users/ivanov/sessions", "", asAdmin, 200},
		{"GET", "/v1/admin/users/ivanov/tokens", "", asAdmin, 200},
		{"POST", "/v1/admin/users/ivanov/tokens", `{"name":"desk","scopes":["poll"],"expires_at":null}`, asAdmin, 201},
		{"GET", "/v1/admin/tokens?limit=2", "", asAdmin, 200},
		{"POST", "/v1/admin/tokens", `{"scopes":["sync"],"expires_at":"2027-01-01T00:00:00Z"}`, asAdmin, 201},
		{"GET", "/v1/admin/tokens/2", "", asAdmin, 200},
		{"DELETE", "/v1/admin/tokens/2", "", asAdmin, 204},
		{"GET", "/v1/admin/extensions?source=office&user=ivanov", "", asAdmin, 200},
		{"GET", "/v1/admin/extensions/office/101", "", asAdmin, 200},
		{"PUT", "/v1/admin/extensions/office/102", `{"user":"ivanov"}`, asAdmin, 200},
		{"POST", "/v1/admin/extensions/office/102", `{"user":"ivanov"}`, asAdmin, 200},
		{"DELETE", "/v1/admin/extensions/office/101", "", asAdmin, 204},
		{"PUT", "/v1/admin/extensions/office/102", `{"users":["ivanov"],"mode":"check_in"}`, asAdmin, 200},
		{"GET", "/v1/admin/extension-requests", "", asAdmin, 200},
		{"DELETE", "/v1/admin/extension-requests/office/102", "", asAdmin, 204},
		{"GET", "/v1/admin/groups", "", asAdmin, 200},
		{"GET", "/v1/admin/groups/sales", "", asAdmin, 200},
		{"PUT", "/v1/admin/groups/sales", `{"members":["ivanov"]}`, asAdmin, 200},
		{"POST", "/v1/admin/groups/sales", `{"members":["ivanov"]}`, asAdmin, 200},
		{"DELETE", "/v1/admin/groups/sales", "", asAdmin, 204},
		{"GET", "/v1/admin/rules", "", asAdmin, 200},
		{"GET", "/v1/admin/rules?version=8", "", asAdmin, 404},
		{"PUT", "/v1/admin/rules", `{"version":7,"rules":[{"name":"a","then":{"nothing":"a test"}}]}`, asAdmin, 200},
		{"PUT", "/v1/admin/rules", `{"version":6,"rules":[{"name":"a","then":{"nothing":"a test"}}]}`, asAdmin, 409},
		{"POST", "/v1/admin/rules", `{"version":7,"rules":[{"name":"a","when":{"event":["missed"],"present":false},"then":{"to":["user"]}}]}`, asAdmin, 200},
		{"GET", "/v1/admin/rules/versions?limit=2", "", asAdmin, 200},
		{"POST", "/v1/admin/rules/check", `{"rules":[{"name":"a","then":{}}]}`, asAdmin, 200},
		{"POST", "/v1/admin/rules/dry-run", `{"webhook":"7"}`, asAdmin, 200},
		{"POST", "/v1/admin/rules/dry-run", `{"source":"office","event":{"event":"ringing","call":"c","extension":"101"},"absent":["ivanov"]}`, asAdmin, 200},
		{"GET", "/v1/admin/contacts?phone=89031234567", "", asAdmin, 200},
		{"GET", "/v1/admin/notifications?state=pending&user=ivanov", "", asAdmin, 200},
		{"POST", "/v1/admin/notifications/9/process", "", asAdmin, 200},
		{"POST", "/v1/admin/notifications/9/expire", "", asAdmin, 200},
		{"POST", "/v1/admin/notifications/9/requeue", "", asAdmin, 200},
		{"POST", "/v1/admin/notifications/9/reassign", `{"user":"петрова"}`, asAdmin, 200},
		{"GET", "/v1/admin/notifications/9/timeline", "", asAdmin, 200},
		{"GET", "/v1/admin/webhooks?outcome=failed", "", asAdmin, 200},
		{"GET", "/v1/admin/webhooks/7", "", asAdmin, 200},
		{"GET", "/v1/admin/webhooks/7/raw", "", asAdmin, 200},
		{"POST", "/v1/admin/webhooks/7/replay", "", asAdmin, 200},
		{"GET", "/v1/admin/refused", "", asAdmin, 200},
		{"GET", "/v1/admin/unrouted?since=2026-11-22T00:00:00Z", "", asAdmin, 200},
		{"GET", "/v1/admin/calls?user=ivanov&source=office", "", asAdmin, 200},
		{"GET", "/v1/admin/calls/77", "", asAdmin, 200},
		{"GET", "/v1/admin/calls/77/recording", "", asAdmin, 200},
		{"GET", "/v1/admin/sources/mega/employees", "", asAdmin, 200},
		{"GET", "/v1/admin/sources/office/employees", "", asAdmin, 409},
		{"GET", "/v1/admin/stats", "", asAdmin, 200},
		{"GET", "/v1/admin/audit?limit=5", "", asAdmin, 200},
		{"GET", "/v1/admin/stats", "", asIvanov, 403},

		{"GET", "/healthz", "", "", 200},
		{"GET", "/readyz", "", "", 200},
		{"GET", "/metrics", "", asAdmin, 200},
		{"GET", "/openapi.yaml", "", "", 200},
		{"GET", "/docs", "", "", 200},
	}
}

func TestAnswersAreTheDocumentedOnes(t *testing.T) {
	openapi3filter.RegisterBodyDecoder("application/xml", openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/yaml", openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/html", openapi3filter.FileBodyDecoder)

	f := newSetupFakes()
	f.poll = func(_ context.Context, q models.PollQuery) (models.PendingSet, error) {
		set := models.PendingSet{State: models.StateSet, Version: "k3f.2", ETag: "k3f.2", Now: at(), Rows: []models.Notification{exampleRow(), plainRow()}}
		for _, a := range q.Acks {
			set.Acks = append(set.Acks, models.AckResult{ID: a.Raw, Rev: a.Rev, Result: models.AckAlready})
		}
		return set, nil
	}
	f.rows = models.HistoryPage{Rows: []models.HistoryRow{{Notification: exampleRow(), State: "processed", Outcome: "opened", At: at()}, {Notification: plainRow(), State: "expired", At: at()}}, Next: "h2"}
	f.dir.Sources[10] = &models.Source{ID: 10, Slug: "events", Kind: "cloudevents", TokenHash: sha(hookToken), Active: true}
	system := withPBX(f)
	system["/crmapi/v1/users"], system["/crmapi/v1/makecall"], system["/r/1.mp3"] = answerOf(200, `{"items":[{"login":"ivanov","name":"Иванов И.","ext":"101"}]}`), answerOf(200, `{"callid":"c-1"}`), sound()
	openapi3filter.RegisterBodyDecoder("audio/mpeg", openapi3filter.FileBodyDecoder)
	e, api := setupSurface(t, f, func(d *Deps) {
		d.Outbound = system.of
		d.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			fmt.Fprintln(w, "zummer_up 1")
		})
	})
	api.refused.add(Refusal{At: at(), Source: "x", Method: "POST", RemoteAddr: "203.0.113.9", Reason: RefusedToken})

	strict, err := gorillamux.NewRouter(document(t, true))
	if err != nil {
		t.Fatal(err)
	}
	lenient := document(t, false)
	asDocumented, err := gorillamux.NewRouter(lenient)
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]bool{}
	for path, item := range lenient.Paths.Map() {
		for method := range item.Operations() {
			left[method+" "+path] = true
		}
	}
	for _, x := range exchanges() {
		t.Run(fmt.Sprintf("%s %s %d", x.method, x.target, x.status), func(t *testing.T) {
			if x.status < 400 {
				validateRequest(t, asDocumented, x)
			}
			rec := call(t, e, x.method, x.target, x.body, headersOf(x)...)
			if rec.Code != x.status {
				t.Fatalf("status %d, want %d; body %s", rec.Code, x.status, rec.Body)
			}
			route, params, err := strict.FindRoute(requestOf(x))
			if err != nil {
				t.Fatalf("no such operation: %v", err)
			}
			if x.status < 300 {
				delete(left, x.method+" "+route.Path)
			}
			in := &openapi3filter.ResponseValidationInput{
				RequestValidationInput: &openapi3filter.RequestValidationInput{Request: requestOf(x), PathParams: params, Route: route},
				Status:                 rec.Code, Header: rec.Header(), Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
			}
			in.SetBodyBytes(rec.Body.Bytes())
			if err := openapi3filter.ValidateResponse(context.Background(), in); err != nil {
				t.Errorf("the answer is not the documented one: %v\n%s", err, rec.Body)
			}
		})
	}
	for op := range left {
		t.Errorf("no request was made to %s", op)
	}
}

func headersOf(x exchange) []string {
	if x.header == "" {
		return nil
	}
	return []string{x.header}
}

func requestOf(x exchange) *http.Request {
	var body io.Reader
	if x.body != "" {
		body = bytes.NewBufferString(x.body)
	}
	req := httptest.NewRequest(x.method, x.target, body)
	if x.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if name, value, ok := strings.Cut(x.header, ": "); ok {
		req.Header.Set(name, value)
	}
	return req
}

func validateRequest(t *testing.T, r routers.Router, x exchange) {
	t.Helper()
	req := requestOf(x)
	route, params, err := r.FindRoute(req)
	if err != nil {
		t.Fatalf("no such operation: %v", err)
	}
	err = openapi3filter.ValidateRequest(context.Background(), &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}})
	if err != nil {
		t.Errorf("the request is not a documented one: %v", err)
	}
}
