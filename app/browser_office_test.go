package app_test

import (
	"fmt"
	"net/http"
	"testing"

	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// busyOffice is a small company at ten in the morning: people, two PBXs, clients,
// and calls in every state.
func busyOffice(t *testing.T) *apptest.Instance {
	t.Helper()
	in := apptest.Start(t, storetest.SQLite(t))
	hook := in.Source("office", "generic", map[string]any{"name": "Офис, Москва", "outgoing": true})
	in.Source("spb", "mango", map[string]any{"name": "Филиал, Петербург", "settings": map[string]any{"vpbx_api_key": "example-key"}, "secret": "example-salt"})
	people := []struct{ login, name, ext string }{{"ivanov", "Иванов Иван", "101"}, {"petrova", "Петрова Анна", "102"}, {"sidorov", "Сидоров Виктор", "103"}}
	token := map[string]string{}
	for _, u := range people {
		token[u.login] = in.User(u.login, "office", u.ext)
		in.Admin("PUT", "/v1/admin/users/"+u.login, map[string]any{"name": u.name})
	}
	in.Admin("PUT", "/v1/admin/groups/sales", map[string]any{"members": []string{"ivanov", "petrova"}})
	in.Admin("PUT", "/v1/admin/groups/support", map[string]any{"members": []string{"sidorov"}})
	in.Admin("PUT", "/v1/sync/contacts/c1", client("ООО «Ромашка»"))
	in.Admin("PUT", "/v1/sync/contacts/c2", map[string]any{"phones": []string{"+79161112233"}, "name": "ИП Лютик", "responsible": "petrova",
		"client":    map[string]any{"type": "Справочник", "name": "Контрагенты", "uid": "0d4f6c52-7f0f-4b6e-9d2a-3a2b6c1d0e02", "title": "ИП Лютик"},
		"interests": []any{map[string]any{"type": "Документ", "name": "Интерес", "uid": "51012ccc-397d-11de-b595-00055d80a2c1", "title": "Интерес 21"}, map[string]any{"type": "Документ", "name": "Интерес", "uid": "51012ccc-397d-11de-b595-00055d80a2c2", "title": "Интерес 19"}}})
	tell(in, hook, "ringing", "a", "101", "+79031234567")
	in.Do("GET", "/v1/notifications?session=desk-ivanov", token["ivanov"], nil, "X-Client", "1C/8.3.25 (УТ 11.5)")
	tell(in, hook, "answered", "a", "101", "+79031234567")
	tell(in, hook, "ringing", "b", "102", "+79161112233")
	in.Do("GET", "/v1/notifications?session=crm-tab-2", token["petrova"], nil, "X-Client", "Browser/1.0")
	for i, ext := range []string{"103", "102", "101"} { // missed
		call := fmt.Sprintf("m%d", i)
		tell(in, hook, "ringing", call, ext, fmt.Sprintf("+7812555010%d", i))
		tell(in, hook, "ended", call, ext, fmt.Sprintf("+7812555010%d", i))
	}
	for _, ext := range []string{"777", "777", "888"} { // nobody's
		tell(in, hook, "ringing", "u"+ext, ext, "+74957654321")
	}
	in.Do("POST", hook, "", `{"event":"ringing"`) // cannot be read
	in.Do("POST", "/hooks/office/wrong-token", "", `{}`)
	publish := in.Admin("POST", "/v1/admin/tokens", map[string]any{"name": "почта", "scopes": []string{"publish"}})["token"].(string)
	if a := in.Do("POST", "/v1/notifications", publish, map[string]any{"user": "sidorov", "kind": "mail.received", "action": "show", "title": "Счёт на оплату", "text": "buh@romashka.example: просим выставить счёт"}); a.Status != http.StatusCreated {
		t.Fatalf("publish: %d %s", a.Status, a.Body)
	}
	return in
}
