package app_test

import (
	"net/http"
	"strings"
	"testing"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// TestLocalNumbersFindTheirContact: from a PBX that leaves the area code out to
// the form on the screen, and to the name on the telephone.
func TestLocalNumbersFindTheirContact(t *testing.T) {
	t.Parallel()
	in := apptest.Start(t, storetest.SQLite(t), func(o *app.Options) { o.Config.AreaCode = "495" })
	in.Admin("PUT", "/v1/sync/contacts/moscow", map[string]any{"name": "Москва", "phones": []string{"123-45-67"}, "interests": []any{map[string]any{"type": "Документ", "name": "Интерес", "title": "В Москве"}}})
	in.Admin("PUT", "/v1/sync/contacts/petersburg", map[string]any{"name": "Петербург", "phones": []string{"8 (812) 123-45-67"}, "interests": []any{map[string]any{"type": "Документ", "name": "Интерес", "title": "В Петербурге"}}})
	for _, tc := range []struct {
		slug, area, phone string
		want              string // title of what opens; "": nothing is known
	}{
		{"moscow", "", "1234567", "В Москве"},
		{"neva", "812", "123-45-67", "В Петербурге"},
		{"volga", "4822", "1234567", ""},
	} {
		hook := in.Source(tc.slug, "generic", map[string]any{"settings": map[string]any{"area_code": tc.area}})
		token := in.User(tc.slug, tc.slug, "101")
		if a := in.Do(http.MethodPost, hook, "", map[string]any{"event": "answered", "call": "c-1", "extension": "101", "phone": tc.phone}); a.Status != http.StatusOK {
			t.Fatalf("%s: %d %s", tc.slug, a.Status, a.Body)
		}
		rows := in.Poll(token, "").Rows
		if len(rows) != 1 {
			t.Fatalf("%s: rows %+v", tc.slug, rows)
		}
		if got, _ := rows[0].Object["title"].(string); got != tc.want || rows[0].Action == "open" != (tc.want != "") {
			t.Errorf("%s: %s %q, want %q", tc.slug, rows[0].Action, got, tc.want)
		}

		secret := "crm-token-of-the-test"
		hook = in.Source(tc.slug+"-mega", "megafon", map[string]any{"secret": secret, "settings": map[string]any{"area_code": tc.area}})
		a := in.Do(http.MethodPost, hook, "", "cmd=contact&callid=1&crm_token="+secret+"&phone="+strings.ReplaceAll(tc.phone, "-", ""), "Content-Type", "application/x-www-form-urlencoded")
		names := map[string]string{"В Москве": "Москва", "В Петербурге": "Петербург"}
		if name := names[tc.want]; a.Status != http.StatusOK || name != "" && !strings.Contains(string(a.Body), name) || name == "" && strings.Contains(string(a.Body), "contact_name\":\"П") {
			t.Errorf("%s: the telephone shows %d %s, want %q", tc.slug, a.Status, a.Body, name)
		}
	}
}
