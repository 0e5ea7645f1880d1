package handlers

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"zummer/models"
)

func TestContactLookup(t *testing.T) {
	known := func(_ context.Context, phone string) ([]models.Contact, error) {
		if phone != "+79031234567" {
			return nil, nil
		}
		return []models.Contact{{ExternalID: "k-1", Name: "ООО Ромашка", Responsible: 1, Client: &models.Object{URL: "https://crm.example/k-1"}}}, nil
	}
	for _, tc := range []struct {
		name, phone string
		find        func(context.Context, string) ([]models.Contact, error)
		want        string
	}{
		{"known", "79031234567", known, `{"contact_name":"ООО Ромашка","responsible":"101"}`},
		{"national form", "8 (903) 123-45-67", known, `{"contact_name":"ООО Ромашка","responsible":"101"}`},
		{"unknown", "79161112233", known, `{}`},
		{"hidden", "anonymous", known, `{}`},
		{"an extension", "101", known, `{}`},
		{"named by its client", "79031234567", func(context.Context, string) ([]models.Contact, error) {
			return []models.Contact{{Client: &models.Object{Title: "ИП Лютик"}}}, nil
		}, `{"contact_name":"ИП Лютик"}`},
		{"responsible without a phone here", "79031234567", func(context.Context, string) ([]models.Contact, error) {
			return []models.Contact{{Name: "ИП Лютик", Responsible: 2}}, nil
		}, `{"contact_name":"ИП Лютик"}`},
		{"the database is away", "79031234567", func(context.Context, string) ([]models.Contact, error) { return nil, errors.New("refused") }, `{}`},
		{"the database sleeps", "79031234567", func(ctx context.Context, _ string) ([]models.Contact, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, `{}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newSetupFakes()
				withPBX(f)
				f.contactsOf = tc.find
				e, _ := setupSurface(t, f)
				form := url.Values{"cmd": {"contact"}, "phone": {tc.phone}, "callid": {"c-1"}, "crm_token": {"crm-token-of-mega"}}
				rec := call(t, e, "POST", "/hooks/mega/"+hookToken, form.Encode(), "Content-Type: application/x-www-form-urlencoded")
				if rec.Code != 200 || strings.TrimSpace(rec.Body.String()) != tc.want {
					t.Errorf("%d %s, want %s", rec.Code, rec.Body, tc.want)
				}
			})
		})
	}
}

// A system that asks who calls shows the answer to people: whatever goes wrong,
// its body is a card, and only the status tells.
func TestContactLookupThatFails(t *testing.T) {
	failed := func(models.Accepted) (models.AcceptResult, error) {
		return models.AcceptResult{Outcome: models.WebhookFailed, Error: "no"}, nil
	}
	away := func(models.Accepted) (models.AcceptResult, error) {
		return models.AcceptResult{}, models.Away(errors.New("refused"))
	}
	const form, interactive = "Content-Type: application/x-www-form-urlencoded", `name="number"></SetVar>`
	for _, tc := range []struct {
		name, slug, body string
		accept           func(models.Accepted) (models.AcceptResult, error)
		status           int
		want             string
	}{
		{"not applied", "mega", "cmd=contact&callid=c-1&crm_token=crm-token-of-mega&phone=79161112233", failed, 200, "{}"},
		{"not stored", "mega", "cmd=contact&callid=c-1&crm_token=crm-token-of-mega&phone=79161112233", away, 503, "{}"},
		{"not stored, known", "mega", "cmd=contact&callid=c-1&crm_token=crm-token-of-mega&phone=79031234567", away, 503, `{"contact_name":"ООО Ромашка"}`},
		{"without a call", "mega", "cmd=contact&crm_token=crm-token-of-mega&phone=79161112233", nil, 200, "{}"},
		{"of no valid call", "mega", "cmd=contact&crm_token=crm-token-of-mega&phone=1&callid=" + strings.Repeat("c", 1000), nil, 200, "{}"},
		{"an event, no question", "mega", "cmd=event&crm_token=crm-token-of-mega&phone=1", nil, 200, `"parsed":false`},
		{"a name on phones, not stored", "miko", "ev=incoming&id=c-1&number=79161112233", away, 503, ""},
		{"a name on phones, not applied", "miko", "ev=incoming&id=c-1&number=79161112233", failed, 200, ""},
		{"a menu without a call", "tel", "EventType=call_interactive&CallerIDNum=79161112233", nil, 200, interactive},
		{"a menu, not stored", "tel", "EventType=call_interactive&CallID=1&CallerIDNum=79161112233", away, 503, interactive},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newSetupFakes()
			withPBX(f)
			f.dir.Sources[20] = &models.Source{ID: 20, Slug: "miko", Kind: "mikopbx", TokenHash: sha(hookToken), Active: true}
			f.dir.Sources[21] = &models.Source{ID: 21, Slug: "tel", Kind: "telphin", TokenHash: sha(hookToken), Active: true}
			f.dir.Index()
			f.accept = tc.accept
			f.contactsOf = func(_ context.Context, phone string) ([]models.Contact, error) {
				if phone != "+79031234567" {
					return nil, nil
				}
				return []models.Contact{{Name: "ООО Ромашка"}}, nil
			}
			e, _ := setupSurface(t, f)
			rec := call(t, e, "POST", "/hooks/"+tc.slug+"/"+hookToken, tc.body, form)
			got := strings.TrimSpace(rec.Body.String())
			if rec.Code != tc.status || !strings.Contains(got, tc.want) || tc.want == "" && got != "" || tc.want == "{}" && got != "{}" {
				t.Errorf("%d %q, want %d %q", rec.Code, got, tc.status, tc.want)
			}
			if retry := rec.Header().Get("Retry-After"); (retry != "") != (tc.status == 503) {
				t.Errorf("Retry-After %q with %d", retry, rec.Code)
			}
		})
	}
}

func TestHooksFromAddresses(t *testing.T) {
	for _, tc := range []struct {
		allow  any
		status int
	}{
		{nil, 200},
		{[]any{}, 200},
		{[]any{"192.0.2.0/24"}, 200}, // httptest's requests come from 192.0.2.1
		{"192.0.2.1, 10.0.0.0/8", 200},
		{[]any{"::ffff:192.0.2.1"}, 200},
		{[]any{"198.51.100.7"}, 403},
		{[]any{"nonsense"}, 403},
		{17, 403},
	} {
		f := newSetupFakes()
		f.dir.Sources[5].Settings = map[string]any{"allow_ips": tc.allow}
		e, api := setupSurface(t, f)
		rec := call(t, e, "POST", "/hooks/office/"+hookToken, `{"event":"ringing","call":"c","extension":"101"}`)
		if rec.Code != tc.status {
			t.Errorf("allow_ips %v: %d %s, want %d", tc.allow, rec.Code, rec.Body, tc.status)
		}
		if last, _ := api.Refused(); tc.status == 403 && (len(last) != 1 || last[0].Reason != RefusedAddress || !strings.Contains(rec.Body.String(), "wrong_address")) {
			t.Errorf("allow_ips %v: refused %+v, answer %s", tc.allow, last, rec.Body)
		}
	}
}

func TestHookHandshakeOnly(t *testing.T) {
	f := newSetupFakes()
	e, _ := setupSurface(t, f)
	if rec := call(t, e, "OPTIONS", "/hooks/office/"+hookToken, ""); rec.Code != 405 {
		t.Errorf("OPTIONS of a kind without handshakes: %d, want 405", rec.Code)
	}
}
