package handlers

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"zummer/models"
)

func TestPublish(t *testing.T) {
	const form = "Content-Type: application/x-www-form-urlencoded"
	for _, tt := range []struct {
		name    string
		body    string
		headers []string
		want    models.Publication // of a 201
		field   string             // of a 422
		status  int
	}{
		{name: "for a user", body: `{"user":"ivanov","kind":"mail.received","action":"open","title":"T","text":"Tx","phone":"+7903","expires_in_s":3600,"collapse_key":"k","app":"trade"}`,
			want: models.Publication{User: "ivanov", Kind: "mail.received", Action: "open", CollapseKey: "k", TTL: time.Hour, Payload: models.Payload{Title: "T", Text: "Tx", Phone: "+7903", App: "trade"}}},
		{name: "as a form", body: "user=ivanov&kind=mail.received&expires_in_s=1%C2%A0000&object.type=%D0%94&data[a]=1", headers: []string{form},
			want: models.Publication{User: "ivanov", Kind: "mail.received", Action: "show", TTL: 1000 * time.Second, Payload: models.Payload{Object: &models.Object{Type: "Д"}, Data: map[string]any{"a": "1"}}}},
		{name: "for an extension", body: `{"extension":{"source":"office","number":"101"},"kind":"k"}`, want: models.Publication{Source: "office", Extension: "101", Kind: "k", Action: "show"}},
		{name: "for a group", body: `{"group":"sales","kind":"k"}`, want: models.Publication{Group: "sales", Kind: "k", Action: "show"}},
		{name: "objects and data", body: `{"user":"ivanov","kind":"k","object":{"type":"Документ","name":"Интерес","uid":"u","title":"T","link":"e1cib/x","url":"https://x/1"},"candidates":[{"type":"a"}],"data":{"n":1.5,"s":"a\u0000b","l":[1,{"x":null}]}}`,
			want: models.Publication{User: "ivanov", Kind: "k", Action: "show", Payload: models.Payload{Object: &models.Object{Type: "Документ", Name: "Интерес", UID: "u", Title: "T", Link: "e1cib/x", URL: "https://x/1"},
				Candidates: []models.Object{{Type: "a"}}, Data: map[string]any{"n": 1.5, "s": "ab", "l": []any{int64(1), map[string]any{"x": nil}}}}}},
		{name: "a long title is cut", body: `{"user":"ivanov","kind":"k","title":"` + strings.Repeat("я", 200) + `"}`,
			want: models.Publication{User: "ivanov", Kind: "k", Action: "show", Payload: models.Payload{Title: strings.Repeat("я", 127) + "…"}}},
		{name: "a quoted key", body: `{"user":"ivanov","kind":"k"}`, headers: []string{`Idempotency-Key: "a b"`}, want: models.Publication{User: "ivanov", Kind: "k", Action: "show", IdempotencyKey: "a b"}},
		{name: "a plain key", body: `{"user":"ivanov","kind":"k"}`, headers: []string{"Idempotency-Key: " + strings.Repeat("x", 128)}, want: models.Publication{User: "ivanov", Kind: "k", Action: "show", IdempotencyKey: strings.Repeat("x", 128)}},

		{name: "ninety days", body: `{"user":"ivanov","kind":"k","expires_in_s":7776000}`, want: models.Publication{User: "ivanov", Kind: "k", Action: "show", TTL: 90 * 24 * time.Hour}},
		{name: "one second", body: `{"user":"ivanov","kind":"k","expires_in_s":1}`, want: models.Publication{User: "ivanov", Kind: "k", Action: "show", TTL: time.Second}},
		{name: "an action of one's own", body: `{"user":"ivanov","kind":"callback.Wanted_2-x","action":"print.label"}`, want: models.Publication{User: "ivanov", Kind: "callback.Wanted_2-x", Action: "print.label"}},
		{name: "data with brackets counts as it is", body: `{"user":"ivanov","kind":"k","data":{"x":"` + strings.Repeat("<", 4088) + `"}}`,
			want: models.Publication{User: "ivanov", Kind: "k", Action: "show", Payload: models.Payload{Data: map[string]any{"x": strings.Repeat("<", 4088)}}}},
		{name: "a field that we do not know", body: `{"user":"ivanov","kind":"k","colour":"red"}`, want: models.Publication{User: "ivanov", Kind: "k", Action: "show"}},

		{name: "for nobody", body: `{"kind":"k"}`, status: 422, field: "user"},
		{name: "for a list of users", body: `{"user":["ivanov","петрова"],"kind":"k"}`, status: 422, field: "user"},
		{name: "for two users of a form", body: "user=ivanov&user=petrova&kind=k", headers: []string{form}, status: 422, field: "user"},
		{name: "for two groups of a form", body: "group=sales&group=service&kind=k", headers: []string{form}, status: 422, field: "group"},
		{name: "a kind of the rules", body: `{"user":"ivanov","kind":"call.answered"}`, status: 422, field: "kind"},
		{name: "a kind of the rules in capitals", body: `{"user":"ivanov","kind":"Call.Missed"}`, status: 422, field: "kind"},
		{name: "a kind that the rules may have one day", body: `{"user":"ivanov","kind":"call.parked"}`, status: 422, field: "kind"},
		{name: "the kind of what was folded", body: `{"user":"ivanov","kind":"digest"}`, status: 422, field: "kind"},
		{name: "two idempotency keys", body: `{"user":"ivanov","kind":"k"}`, headers: []string{"Idempotency-Key: a", "Idempotency-Key: b"}, status: 422, field: "Idempotency-Key"},
		{name: "half a second", body: `{"user":"ivanov","kind":"k","expires_in_s":0.5}`, status: 422, field: "expires_in_s"},
		{name: "a uid that would be cut", body: `{"user":"ivanov","kind":"k","object":{"uid":"` + strings.Repeat("x", 129) + `"}}`, status: 422, field: "object.uid"},
		{name: "21 candidates", body: `{"user":"ivanov","kind":"k","candidates":[` + strings.TrimSuffix(strings.Repeat(`{"type":"a"},`, 21), ",") + `]}`, status: 422, field: "candidates"},
		{name: "for two", body: `{"user":"ivanov","group":"sales","kind":"k"}`, status: 422, field: "user"},
		{name: "an extension of one source among several", body: `{"extension":"101","kind":"k"}`, status: 422, field: "extension.source"},
		{name: "an extension without a number", body: `{"extension":{"source":"office"},"kind":"k"}`, status: 422, field: "extension.number"},
		{name: "no kind", body: `{"user":"ivanov"}`, status: 422, field: "kind"},
		{name: "a kind with a space", body: `{"user":"ivanov","kind":"a b"}`, status: 422, field: "kind"},
		{name: "an action with a bracket", body: `{"user":"ivanov","kind":"k","action":"<b>"}`, status: 422, field: "action"},
		{name: "expired before it was made", body: `{"user":"ivanov","kind":"k","expires_in_s":0}`, status: 422, field: "expires_in_s"},
		{name: "more than 90 days", body: `{"user":"ivanov","kind":"k","expires_in_s":7776001}`, status: 422, field: "expires_in_s"},
		{name: "an address that runs a script", body: `{"user":"ivanov","kind":"k","object":{"url":"javascript:alert(1)"}}`, status: 422, field: "object.url"},
		{name: "an address that is too long", body: `{"user":"ivanov","kind":"k","client":{"link":"` + strings.Repeat("x", 1025) + `"}}`, status: 422, field: "client.link"},
		{name: "a candidate that is text", body: `{"user":"ivanov","kind":"k","candidates":["x"]}`, status: 422, field: "candidates[0]"},
		{name: "much data", body: `{"user":"ivanov","kind":"k","data":{"x":"` + strings.Repeat("x", 4096) + `"}}`, status: 422, field: "data"},
		{name: "a long collapse key", body: `{"user":"ivanov","kind":"k","collapse_key":"` + strings.Repeat("x", 201) + `"}`, status: 422, field: "collapse_key"},
		{name: "a long idempotency key", body: `{"user":"ivanov","kind":"k"}`, headers: []string{"Idempotency-Key: " + strings.Repeat("x", 129)}, status: 422, field: "Idempotency-Key"},
		{name: "an empty idempotency key", body: `{"user":"ivanov","kind":"k"}`, headers: []string{`Idempotency-Key: ""`}, status: 422, field: "Idempotency-Key"},
		{name: "no JSON", body: `{`, status: 400},
		{name: "a list", body: `[]`, status: 400},
		{name: "another type", body: `x`, headers: []string{"Content-Type: image/png"}, status: 415},
		{name: "too long", body: `{"user":"` + strings.Repeat("x", 64<<10) + `"}`, status: 413},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			e, _ := setupSurface(t, f)
			headers := append([]string{asPublish}, tt.headers...)
			if len(tt.headers) > 0 && strings.HasPrefix(tt.headers[0], "Content-Type") {
				headers = append(headers[:1], append([]string{"Content-Type:"}, headers[1:]...)...)
			}
			rec := call(t, e, "POST", "/v1/notifications", tt.body, headers...)
			if tt.status != 0 {
				if rec.Code != tt.status {
					t.Fatalf("status %d, want %d: %s", rec.Code, tt.status, rec.Body)
				}
				if p := problemIn(t, rec); tt.field != "" && (len(p.Errors) == 0 || p.Errors[0].Field != tt.field) {
					t.Errorf("errors %v, want one of %s", p.Errors, tt.field)
				}
				if len(f.pub) > 0 {
					t.Error("it was published all the same")
				}
				return
			}
			if rec.Code != http.StatusCreated {
				t.Fatalf("status %d, want 201: %s", rec.Code, rec.Body)
			}
			got := f.pub[0]
			if len(got.Hash) != 64 {
				t.Errorf("hash %q, want 64 digits", got.Hash)
			}
			got.Hash = ""
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("published %+v\nwant      %+v", got, tt.want)
			}
			if body := rec.Body.String(); !strings.Contains(body, `"user":"ivanov"`) || !strings.Contains(body, `"user":"петрова"`) || !strings.Contains(body, `"next":null`) {
				t.Errorf("answer %s, want the rows with their users", body)
			}
		})
	}
}

func TestPublishErrorsAndScope(t *testing.T) {
	f := newSetupFakes()
	e, _ := setupSurface(t, f)
	if rec := call(t, e, "POST", "/v1/notifications", `{}`, asIvanov); rec.Code != http.StatusForbidden {
		t.Errorf("with a poll token: status %d, want 403", rec.Code)
	}
	f.err = &models.Error{Kind: models.Conflict, Code: "running", Message: "still running", Retry: time.Second}
	rec := call(t, e, "POST", "/v1/notifications", `{"user":"ivanov","kind":"k"}`, asPublish)
	if p := problemIn(t, rec); rec.Code != http.StatusConflict || p.Code != "running" || rec.Header().Get("Retry-After") != "1" {
		t.Errorf("status %d, code %q, Retry-After %q; want 409 running, 1", rec.Code, p.Code, rec.Header().Get("Retry-After"))
	}
}

func TestPublishHash(t *testing.T) {
	hash := func(body string, headers ...string) string {
		f := newSetupFakes()
		e, _ := setupSurface(t, f)
		if rec := call(t, e, "POST", "/v1/notifications", body, append([]string{asPublish}, headers...)...); rec.Code != http.StatusCreated {
			t.Fatalf("status %d: %s", rec.Code, rec.Body)
		}
		return f.pub[0].Hash
	}
	one := hash(`{"user":"ivanov","kind":"k","data":{"a":"1","b":"2"}}`, "Idempotency-Key: x")
	for name, same := range map[string]string{
		"other order": hash(`{"data":{"b":"2","a":"1"},"kind":"k","user":"ivanov"}`),
		"as a form":   hash("user=ivanov&kind=k&data[a]=1&data[b]=2", "Content-Type:", "Content-Type: application/x-www-form-urlencoded"),
	} {
		if same != one {
			t.Errorf("%s: another hash", name)
		}
	}
	if hash(`{"user":"ivanov","kind":"k","data":{"a":"1","b":"3"}}`) == one {
		t.Error("another payload has the same hash")
	}
}
