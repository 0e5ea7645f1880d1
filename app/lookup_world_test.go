package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// A rule has the CRM asked for a caller whom no contact has: the webhook is
// answered at once, and the form opens on what the CRM says. A CRM that hangs
// costs no webhook anything.
func TestRuleAsksTheCRM(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		t.Parallel()
		var hang atomic.Bool
		var asked atomic.Int32
		crm := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			var q struct{ Phone string }
			text, _ := io.ReadAll(r.Body) // a short one reads as another number
			if json.Unmarshal(text, &q) != nil || !strings.HasPrefix(r.Header.Get("webhook-signature"), "v1,") {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			if hang.Load() {
				<-r.Context().Done()
				return
			}
			if q.Phone != "+79161112233" {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			_, _ = io.WriteString(w, `{"contacts":[{"external_id":"c1","phones":["+79161112233"],"name":"ООО Ромашка","interests":[{"type":"Документ","name":"Интерес","uid":"51012ccc-397d-11de-b595-00055d80a2b9","title":"Интерес 17"}]}]}`)
		}))
		t.Cleanup(crm.Close)
		in := apptest.Start(t, dsn, func(o *app.Options) {
			o.Config.LookupURL = app.Secret(crm.URL)
			o.Config.LookupSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
		})
		hook := in.Source("office", "generic", nil)
		anna := in.User("anna", "office", "101")
		rules := in.Admin("GET", "/v1/admin/rules", nil)
		for _, r := range rules["rules"].([]any) {
			if rule := r.(map[string]any); rule["name"] == "answered" {
				rule["then"] = map[string]any{"lookup": true}
			}
		}
		in.Admin("PUT", "/v1/admin/rules", map[string]any{"version": rules["version"], "rules": rules["rules"]})
		answer := func(call, phone string) {
			t.Helper()
			if a := in.Do("POST", hook, "", map[string]any{"event": "answered", "call": call, "extension": "101", "phone": phone}); a.Status != 200 {
				t.Fatalf("%s: %d %s", call, a.Status, a.Body)
			}
		}
		opens := func(call, phone, action, title string) {
			t.Helper()
			in.Until(anna, call+": "+action, func(s apptest.Set) bool {
				for _, r := range s.Rows {
					if r.Phone == phone {
						return r.Action == action && r.Title == title
					}
				}
				return false
			})
		}
		answer("known", "+79161112233")
		opens("known", "+79161112233", "open", "ООО Ромашка")
		answer("unknown", "+79161112234")
		opens("unknown", "+79161112234", "create", "+7 916 111-22-34")
		before := asked.Load()
		answer("again", "+79161112233")
		if n := asked.Load(); n != before {
			t.Errorf("the same number was asked for again: %d questions more", n-before)
		}
		hang.Store(true)
		answer("hangs", "+79161112235")
		in.Until(anna, "row of the call", func(s apptest.Set) bool { return len(s.Rows) == 4 })
		opens("hangs", "+79161112235", "resolve", "+7 916 111-22-35")
	})
}
