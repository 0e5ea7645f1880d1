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
