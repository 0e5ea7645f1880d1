package handlers

import (
	"fmt"
	"strings"
	"testing"

	"zummer/models"
)

const ringing = `{"event":"ringing","call":"c-1","extension":"101","phone":"+79031234567"}`

func TestHook(t *testing.T) {
	ok := `{"ok":true}`
	for _, tt := range []struct {
		name, method, path, body string
		headers                  []string
		accept                   func(models.Accepted) (models.AcceptResult, error)
		status                   int
		answer                   string
		stored                   int // webhooks that reached the register
		parsed                   int // events in the first of them
		refused                  string
	}{
		{name: "an event", method: "POST", path: "/hooks/office/" + hookToken, body: ringing, status: 200, answer: ok, stored: 1, parsed: 1},
		{name: "a path beneath", method: "POST", path: "/hooks/office/" + hookToken + "/events/call?x=1", body: ringing, status: 200, answer: ok, stored: 1, parsed: 1},
		{name: "GET", method: "GET", path: "/hooks/office/" + hookToken + "?event=ringing&call=c-1&extension=101", status: 200, answer: ok, stored: 1, parsed: 1},
		{name: "the token before the rotation", method: "POST", path: "/hooks/office/" + oldHookToken, body: ringing, status: 200, answer: ok, stored: 1, parsed: 1},
		{name: "a repeat", method: "POST", path: "/hooks/office/" + hookToken, body: ringing, status: 200, answer: ok, stored: 1, parsed: 1,
			accept: func(models.Accepted) (models.AcceptResult, error) {
				return models.AcceptResult{Outcome: models.WebhookRepeat}, nil
			}},
		{name: "cannot be parsed", method: "POST", path: "/hooks/office/" + hookToken, body: `{"event":`, status: 200, answer: `{"ok":true,"stored":true,"parsed":false,"error":"`, stored: 1},
		{name: "a field is missing", method: "POST", path: "/hooks/office/" + hookToken, body: `{"event":"ringing"}`, status: 200, answer: `"parsed":false,"error":"call: is required"`, stored: 1},
		{name: "could not be applied", method: "POST", path: "/hooks/office/" + hookToken, body: ringing, status: 200, answer: `{"ok":true,"stored":true,"parsed":false,"error":"no"}`, stored: 1, parsed: 1,
			accept: func(models.Accepted) (models.AcceptResult, error) {
				return models.AcceptResult{Outcome: models.WebhookFailed, Error: "no"}, nil
			}},
		{name: "a kind of a later version", method: "POST", path: "/hooks/strange/" + hookToken, body: ringing, status: 200, answer: `"parsed":false`, stored: 1},
		{name: "database away", method: "POST", path: "/hooks/office/" + hookToken, body: ringing, status: 503, answer: `"code":"database_away"`, stored: 1, parsed: 1,
			accept: func(models.Accepted) (models.AcceptResult, error) {
				return models.AcceptResult{}, models.Away(fmt.Errorf("x"))
			}},
		{name: "unknown source", method: "POST", path: "/hooks/nowhere/" + hookToken, body: ringing, status: 404, answer: `"code":"not_found"`, refused: RefusedSource},
		{name: "wrong token", method: "POST", path: "/hooks/office/wrong", body: ringing, status: 404, answer: `"code":"not_found"`, refused: RefusedToken},
		{name: "hash instead of token", method: "POST", path: "/hooks/office/" + sha(hookToken), body: ringing, status: 404, answer: `"code":"not_found"`, refused: RefusedToken},
		{name: "switched off", method: "POST", path: "/hooks/closed/" + hookToken, body: ringing, status: 404, answer: `"code":"not_found"`, refused: RefusedInactive},
		{name: "no token", method: "POST", path: "/hooks/office/", body: ringing, status: 404, answer: `"code":"not_found"`},
		{name: "unsigned", method: "POST", path: "/hooks/signed/" + hookToken, body: ringing, status: 401, answer: `"code":"wrong_signature"`, refused: RefusedSignature},
		{name: "too long", method: "POST", path: "/hooks/office/" + hookToken, body: strings.Repeat(" ", 1<<20+1), status: 413, answer: `"code":"too_large"`, refused: RefusedTooLarge},
		{name: "just short enough", method: "POST", path: "/hooks/office/" + hookToken, body: strings.Repeat(" ", 1<<20-len(ringing)) + ringing, status: 200, answer: ok, stored: 1, parsed: 1},
		{name: "another method", method: "PUT", path: "/hooks/office/" + hookToken, body: ringing, status: 405, answer: `"code":"method_not_allowed"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakes()
			f.accept = tt.accept
			var seen []string
			e, a := surfaceAPI(t, f, func(d *Deps) { d.ObserveHook = func(kind, outcome string) { seen = append(seen, kind+"/"+outcome) } })
			rec := call(t, e, tt.method, tt.path, tt.body, tt.headers...)
			if rec.Code != tt.status || !strings.Contains(rec.Body.String(), tt.answer) {
				t.Errorf("%s %s = %d %s, want %d %s", tt.method, tt.path, rec.Code, rec.Body, tt.status, tt.answer)
			}
			if len(f.accepts) != tt.stored || tt.stored > 0 && len(f.accepts[0].Events) != tt.parsed {
				t.Fatalf("Accept got %+v, want %d with %d events", f.accepts, tt.stored, tt.parsed)
			}
			if tt.stored > 0 && string(f.accepts[0].Webhook.Body) != tt.body {
				t.Error("the body is not stored as it came")
			}
			last, total := a.Refused()
			switch {
			case tt.refused == "" && total != 0:
				t.Errorf("refused %+v, want none", last)
			case tt.refused != "" && (total != 1 || last[0].Reason != tt.refused || last[0].Status != tt.status || len(seen) != 1 || !strings.HasSuffix(seen[0], tt.refused)):
				t.Errorf("refused %+v, observed %v; want %s", last, seen, tt.refused)
			}
			if tt.status < 500 && strings.TrimSpace(f.log.String()) != "" {
				t.Errorf("logged: %s", f.log.String())
			}
		})
	}
}

// The journal keeps the request as it came, but nothing that lets somebody in.
func TestHookStoresRequest(t *testing.T) {
	f := newFakes()
	call(t, surface(t, f), "POST", "/hooks/office/"+hookToken+"/events/call?a=1", ringing,
		"Authorization: Basic c2VjcmV0", "Cookie: a=secret", "X-Mango-Signature: secret", "Webhook-Id: evt-1", "X-Auth-Token: secret")
	w := f.accepts[0].Webhook
	if w.Path != "/events/call?a=1" || w.Method != "POST" || w.SourceID != 5 || w.RemoteAddr == "" || w.ReceivedAt.IsZero() {
		t.Errorf("webhook = %+v", w)
	}
	if w.Headers["Webhook-Id"] != "evt-1" {
		t.Errorf("headers = %v, want Webhook-Id kept", w.Headers)
	}
	for name, v := range w.Headers {
		if strings.Contains(v, "secret") || strings.Contains(v, "c2VjcmV0") {
			t.Errorf("header %s = %q is kept", name, v)
		}
	}
	if strings.Contains(w.Path, hookToken) {
		t.Error("the token is kept")
	}
	if got := f.accepts[0].Events[0].ID; !strings.HasPrefix(got, "evt-1") {
		t.Errorf("event id = %q, want it from the header", got)
	}
}

func TestRefusedKeepsTheLast200(t *testing.T) {
	f := newFakes()
	e, a := surfaceAPI(t, f)
	if last, total := a.Refused(); len(last) != 0 || total != 0 {
		t.Fatalf("at the start: %d, %d", len(last), total)
	}
	for i := range keptRefusals + 5 {
		call(t, e, "GET", fmt.Sprintf("/hooks/s%d/x", i), "")
	}
	last, total := a.Refused()
	if total != keptRefusals+5 || len(last) != keptRefusals || last[0].Source != "s204" || last[keptRefusals-1].Source != "s5" {
		t.Errorf("Refused = %d of %d, first %s, last %s", len(last), total, last[0].Source, last[len(last)-1].Source)
	}
}
