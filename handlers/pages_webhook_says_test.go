package handlers

import (
	"strings"
	"testing"

	"zummer/models"
)

// TestWebhookListSays: a line of the journal, and of the dry run's list, tells
// what the request says; the number of a call is masked for whom it must be.
func TestWebhookListSays(t *testing.T) {
	w := exampleWebhook()
	w.Body, w.Outcome, w.Events = []byte(`{"event":"ringing","call":"c-1","extension":"105","phone":"+79031234567"}`), models.WebhookStored, 1
	for _, tt := range []struct{ name, target, cookie, want string }{
		{"the journal", "/admin/webhooks?lang=en", asBrowser, "the phone rings · 105 · &#43;7 903 123-45-67"},
		{"the journal, masked", "/admin/webhooks?lang=en", asViewer, "the phone rings · 105 · &#43;7 903 •••-••-67"},
		{"the journal in Russian", "/admin/webhooks?lang=ru", asBrowser, "телефон звонит · 105 · &#43;7 903 123-45-67"},
		{"the dry run", "/admin/rules/try?lang=en", asBrowser, "the phone rings · 105 · &#43;7 903 123-45-67"},
	} {
		f := newSetupFakes()
		f.webhook = &w
		p := phonePages(t, f)
		for range 2 { // the second time from memory
			if body := call(t, p.e, "GET", tt.target, "", tt.cookie).Body.String(); !strings.Contains(body, tt.want) {
				t.Errorf("%s lacks %q", tt.name, tt.want)
			}
		}
	}
	w.Body = []byte(`{`)
	f := newSetupFakes()
	f.webhook = &w
	if rec := call(t, phonePages(t, f).e, "GET", "/admin/webhooks", "", asBrowser); rec.Code != 200 || strings.Contains(rec.Body.String(), " · 105") {
		t.Errorf("of a request that cannot be read: status %d", rec.Code)
	}
}

// TestWebhookPageSaysWhyNothing: the event is named once, and an event that
// made nothing says why.
func TestWebhookPageSaysWhyNothing(t *testing.T) {
	w := exampleWebhook()
	w.Outcome, w.Events, w.CallID = models.WebhookStored, 1, 77
	f := newSetupFakes()
	f.webhook = &w
	f.dried = &models.DryRunResult{Events: []models.DryRunEvent{{Event: models.Event{Type: models.EventEnded, Call: "c-77"}, Changed: true}}}
	k := exampleCall()
	k.AnsweredBy = 0
	k.Legs = []models.Leg{{ID: 2, Extension: "105", State: models.Ended}}
	f.calledUp, f.steps = &k, []models.Step{{What: models.StepUnrouted, CallID: 77, Detail: "105", Reason: "no user owns this extension"}}
	page := call(t, phonePages(t, f).e, "GET", "/admin/webhooks/7?lang=en", "", asBrowser).Body.String()
	for _, want := range []string{`<h3 title="ended">the call ended</h3>`, "It makes nothing: it concerns no user.", "Of the whole call: No notification: the extension 105 belongs to nobody."} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	f.dried.Events[0].Changed = false
	if page := call(t, phonePages(t, f).e, "GET", "/admin/webhooks/7?lang=en", "", asBrowser).Body.String(); !strings.Contains(page, "Nothing new about the call") || strings.Contains(page, "no user.") {
		t.Error("of an event that changes nothing the page does not say so")
	}
	f.webhook.CallID = 0
	if page := call(t, phonePages(t, f).e, "GET", "/admin/webhooks/7?lang=en", "", asBrowser).Body.String(); strings.Contains(page, "Of the whole call") {
		t.Error("the page tells of a call that is not known")
	}
}
