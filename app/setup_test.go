package app_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// items of a list answer.
func items(v map[string]any) (out []map[string]any) {
	for _, i := range v["items"].([]any) {
		out = append(out, i.(map[string]any))
	}
	return out
}

// TestSyncWholeCompany: the CRM's server keeps thousands of users and contacts,
// with Cyrillic logins, and asks for a user's token of today.
func TestSyncWholeCompany(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		const lines = "application/x-ndjson"
		company := func(n int) string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, `{"external_id":"51012ccc-397d-11de-b595-%012d","login":"Ёлкин Ы. %d","name":"Ёлкин Ы.","extensions":["%d"],"group":"Отдел продаж"}`+"\n", i, i, 10_000+i)
			}
			return b.String()
		}
		sync := func(path, body string) map[string]any {
			t.Helper()
			a := s.Do("POST", path, s.sync, body, "Content-Type", lines)
			if a.Status != 200 {
				t.Fatalf("%s: %d %s", path, a.Status, a.Body)
			}
			return a.JSON(t)
		}
		if len(company(1000)) < 64<<10 {
			t.Fatal("the list would have fitted one body")
		}
		if rep := sync("/v1/sync/users?full=true", company(1000)); rep["created"] != 1000.0 || rep["deactivated"] != 0.0 {
			t.Errorf("the first list: %v", rep)
		}
		if rep := sync("/v1/sync/users?full=true", company(1000)); rep["unchanged"] != 1000.0 || rep["updated"] != 0.0 {
			t.Errorf("the same list: %v", rep)
		}
		if rep := sync("/v1/sync/users?full=true", company(999)); rep["unchanged"] != 999.0 || rep["deactivated"] != 1.0 {
			t.Errorf("one less: %v", rep)
		}
		if a := s.Do("POST", "/v1/sync/users?full=true", s.sync, company(3)+"{", "Content-Type", lines); a.Status != 400 {
			t.Errorf("a list that breaks off: %d %s", a.Status, a.Body)
		}
		if n := len(items(s.Admin("GET", "/v1/admin/groups", nil))[1]["members"].([]any)); n != 999 {
			t.Errorf("the group has %d members, want 999", n)
		}

		token := func(id string) apptest.Answer {
			return s.Do("POST", "/v1/sync/users/"+url.PathEscape(id)+"/token", s.sync, "ttl_s=3 600", "Content-Type", "")
		}
		a := token("51012ccc-397d-11de-b595-000000000007")
		if a.Status != 201 {
			t.Fatalf("a token for today: %d %s", a.Status, a.Body)
		}
		if me := s.Do("GET", "/v1/me", a.JSON(t)["token"].(string), nil); me.JSON(t)["login"] != "Ёлкин Ы. 7" {
			t.Errorf("the token is of %s", me.Body)
		}
		refused(t, "somebody who left", token("51012ccc-397d-11de-b595-000000000999"), 404, "unknown_user")
		refused(t, "a stranger", token("новый/сотрудник"), 404, "unknown_user")
		if u := s.Admin("GET", "/v1/admin/users/"+url.PathEscape("новый/сотрудник"), nil); u["pending"] != true {
			t.Errorf("the stranger waits for the administrator: %v", u)
		}
		s.Admin("POST", "/v1/admin/users/"+url.PathEscape("новый/сотрудник"), map[string]any{"name": "Новый"})
		if a := token("новый/сотрудник"); a.Status != 201 {
			t.Errorf("the stranger, confirmed: %d %s", a.Status, a.Body)
		}
		relayed := s.Do("GET", "/v1/me", s.relay, nil, "X-Zummer-User", url.PathEscape("Ёлкин Ы. 8"))
		if relayed.Status != 200 || relayed.JSON(t)["external_id"] != "51012ccc-397d-11de-b595-000000000008" {
			t.Errorf("the CRM's server for a user: %d %s", relayed.Status, relayed.Body)
		}

		s.Do("GET", "/v1/notifications", s.relay, nil, "X-Zummer-User", "51012ccc-397d-11de-b595-000000000008")
		s.Do("GET", "/v1/me", s.relay, nil, "X-Zummer-User", "nobody")
		spoke := 0
		for _, e := range items(s.Admin("GET", "/v1/admin/audit?limit=100", nil)) {
			if e["what"] == "relay.user" && e["object"] == "Ёлкин Ы. 8" && e["who"] == "relay" {
				spoke++
			}
		}
		if spoke != 1 {
			t.Errorf("the audit tells %d times that the CRM's server spoke for a user, want once a day", spoke)
		}

		var contacts strings.Builder
		for i := range 3000 {
			fmt.Fprintf(&contacts, `{"external_id":"k-%d","phones":["8903%07d"],"name":"ООО %d","seq":1}`+"\n", i, i, i)
		}
		if rep := sync("/v1/sync/contacts?mode=full", contacts.String()); rep["stored"] != 3000.0 || rep["failed"] != 0.0 {
			t.Errorf("contacts: %v", rep)
		}
		if rep := sync("/v1/sync/contacts", `{"external_id":"k-5","phones":["+79030000005"],"name":"new","seq":2}`); rep["stored"] != 1.0 || rep["removed"] != 0.0 {
			t.Errorf("one contact: %v", rep)
		}
		if rep := sync("/v1/sync/contacts?mode=full", contacts.String()[:strings.LastIndex(contacts.String(), `{"external_id":"k-2999"`)]); rep["stored"] != 2998.0 || rep["ignored"] != 1.0 || rep["removed"] != 1.0 {
			t.Errorf("one contact less: %v", rep)
		}
		if got := items(s.Admin("GET", "/v1/admin/contacts?phone=89030000005", nil)); len(got) != 1 || got[0]["name"] != "new" {
			t.Errorf("a lower seq replaced a higher one: %v", got)
		}
	})
}

// TestAdministrator: what an administrator sees and does with one call, from
// the extension that nobody owned to the last row.
func TestAdministrator(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		sidorov := s.User("sidorov", "office")
		if a := s.Do("POST", s.hook, "", `{"event":"ringing","call":"c-1","extension":"103","phone":"+79031234567"}`); a.Status != 200 {
			t.Fatalf("webhook: %d %s", a.Status, a.Body)
		}
		if got := items(s.Admin("GET", "/v1/admin/unrouted", nil)); len(got) != 1 || got[0]["extension"] != "103" || got[0]["source"] != "office" {
			t.Fatalf("unrouted: %v", got)
		}
		s.Admin("PUT", "/v1/admin/extensions/office/103", map[string]any{"user": "sidorov"})
		if got := items(s.Admin("GET", "/v1/admin/unrouted", nil)); len(got) != 0 {
			t.Errorf("unrouted after the mapping: %v", got)
		}
		rows := s.Poll(sidorov, "").Rows
		if len(rows) != 1 || rows[0].Kind != "call.ringing" {
			t.Fatalf("the live call after the mapping: %+v", rows)
		}
		id := rows[0].ID
		act := func(id, action string, body any) map[string]any {
			t.Helper()
			return s.Admin("POST", "/v1/admin/notifications/"+id+"/"+action, body)
		}
		listed := func(state string) int {
			t.Helper()
			return len(items(s.Admin("GET", "/v1/admin/notifications?user=sidorov&source=office&state="+state, nil)))
		}
		act(id, "process", nil)
		if len(s.Poll(sidorov, "").Rows) != 0 || listed("pending") != 0 || listed("processed") != 1 {
			t.Errorf("processed: %+v, %d listed", s.Poll(sidorov, "").Rows, listed("processed"))
		}
		again := act(id, "requeue", nil)
		if rows = s.Poll(sidorov, "").Rows; len(rows) != 1 || rows[0].ID != again["id"] || again["follows"] != id {
			t.Fatalf("requeued: %v, %+v", again, rows)
		}
		moved := act(rows[0].ID, "reassign", map[string]any{"user": "petrova"})
		if len(s.Poll(sidorov, "").Rows) != 0 || moved["user"] != "petrova" {
			t.Errorf("reassigned: %v, and sidorov has %+v", moved, s.Poll(sidorov, "").Rows)
		}
		act(moved["id"].(string), "expire", nil)
		if got := s.Poll(s.petrova, "").Rows; len(got) != 1 || got[0].ID != s.foreignID {
			t.Errorf("expired: petrova has %+v", got)
		}
		var told []string
		for _, step := range items(s.Admin("GET", "/v1/admin/notifications/"+id+"/timeline", nil)) {
			told = append(told, step["what"].(string))
		}
		for _, want := range []string{"unrouted", "stored", "processed", "requeued", "reassigned", "expired"} {
			if !strings.Contains(strings.Join(told, " "), want) {
				t.Errorf("the timeline lacks %s: %q", want, told)
			}
		}
		calls := items(s.Admin("GET", "/v1/admin/calls?user=sidorov&source=office", nil))
		if len(calls) != 1 || calls[0]["state"] != "ringing" || calls[0]["phone"] != "+79031234567" {
			t.Errorf("calls: %v", calls)
		}
		if st := s.Admin("GET", "/v1/admin/stats", nil); st["pending"] != 1.0 || st["calls_today"] != 1.0 || st["webhooks_today"] != 1.0 || st["users"] != 3.0 {
			t.Errorf("stats: %v", st)
		}
		var audit []string
		for _, e := range items(s.Admin("GET", "/v1/admin/audit?limit=100", nil)) {
			audit = append(audit, fmt.Sprint(e["what"], " ", e["object"]))
		}
		if got := strings.Join(audit, ", "); !strings.Contains(got, "extension.map office/103") || !strings.Contains(got, "source.put office") {
			t.Errorf("audit: %s", got)
		}
	})
}

// TestPublishing: to a user, to the owner of an extension and to a group; a
// collapse key revises the row; a repeat under its key changes nothing; the
// time it was given is when it ends.
func TestPublishing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		publish := func(body string, headers ...string) []map[string]any {
			t.Helper()
			a := s.Do("POST", "/v1/notifications", s.publish, body, headers...)
			if a.Status != 201 {
				t.Fatalf("publish %s: %d %s", body, a.Status, a.Body)
			}
			return items(a.JSON(t))
		}
		users := func(rows []map[string]any) (out []string) {
			for _, r := range rows {
				out = append(out, r["user"].(string))
			}
			slices.Sort(out)
			return out
		}
		if got := users(publish(`{"user":"Ivanov","kind":"mail.received","action":"open","title":"1","collapse_key":"m-1","expires_in_s":3600}`)); !slices.Equal(got, []string{"ivanov"}) {
			t.Errorf("to a user: %v", got)
		}
		if got := users(publish(`{"extension":{"source":"office","number":"102"},"kind":"note","title":"2"}`)); !slices.Equal(got, []string{"petrova"}) {
			t.Errorf("to an extension's owner: %v", got)
		}
		if got := users(publish(`{"extension":"102","kind":"note","title":"2"}`)); !slices.Equal(got, []string{"petrova"}) {
			t.Errorf("to an extension of the only source: %v", got)
		}
		if got := users(publish(`{"group":"sales","kind":"note","title":"3"}`)); !slices.Equal(got, []string{"ivanov", "petrova"}) {
			t.Errorf("to a group: %v", got)
		}
		revised := publish(`{"user":"ivanov","kind":"mail.received","action":"open","title":"1, again","collapse_key":"m-1","expires_in_s":3600}`)[0]
		rows := s.Poll(s.ivanov, "").Rows
		if len(rows) != 2 || revised["rev"] != 2.0 {
			t.Errorf("with a collapse key: %v, and %+v", revised, rows)
		}
		created, err := time.Parse(time.RFC3339, revised["updated_at"].(string))
		if err != nil {
			t.Fatal(err)
		}
		if expires, err := time.Parse(time.RFC3339, revised["expires_at"].(string)); err != nil || expires.Sub(created) != time.Hour {
			t.Errorf("made at %s, ends at %s (%v); want an hour later", created, expires, err)
		}
		first := publish(`{"group":"sales","kind":"note"}`, "Idempotency-Key", "k")
		before := s.Poll(s.ivanov, "").Version
		again := publish("kind=note&group=sales", "Idempotency-Key", `"k"`, "Content-Type", "application/x-www-form-urlencoded")
		if fmt.Sprint(first) != fmt.Sprint(again) || s.Poll(s.ivanov, "").Version != before {
			t.Errorf("the first time %v, again %v", first, again)
		}
		s.Admin("DELETE", "/v1/admin/users/petrova", nil)
		refused(t, "to somebody who left", s.Do("POST", "/v1/notifications", s.publish, `{"user":"petrova","kind":"note"}`), 422, "invalid")
		if got := users(publish(`{"group":"sales","kind":"note"}`)); !slices.Equal(got, []string{"ivanov"}) {
			t.Errorf("to a group that somebody left: %v", got)
		}
		s.Admin("PUT", "/v1/admin/groups/sales", map[string]any{"members": []string{"petrova"}})
		refused(t, "to a group that everybody left", s.Do("POST", "/v1/notifications", s.publish, `{"group":"sales","kind":"note","title":"x"}`, "Idempotency-Key", "new"), 422, "invalid")
		if late := publish(`{"group":"sales","kind":"note"}`, "Idempotency-Key", "k"); fmt.Sprint(late) != fmt.Sprint(first) {
			t.Errorf("the retry of what was taken, after everybody left: %v, want %v", late, first)
		}
		refused(t, "another request under that key", s.Do("POST", "/v1/notifications", s.publish, `{"group":"sales","kind":"other"}`, "Idempotency-Key", "k"), 422, "idempotency_mismatch")
		s.Admin("PUT", "/v1/admin/groups/sales", map[string]any{"members": []string{"ivanov"}})
		if got := users(publish(`{"group":"sales","kind":"note","title":"x"}`, "Idempotency-Key", "new")); !slices.Equal(got, []string{"ivanov"}) {
			t.Errorf("a refused request under its key, once it is right: %v", got)
		}
	})
}
