package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// A call of a system that keeps its end to itself: everybody's phone falls
// silent, and the running program's job makes it a missed one without being
// told. The same call of a system that does tell the end is left to it. A later
// round lives, and its answer takes the card away.
func TestSilentCallsOfARunningInstance(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		t.Parallel()
		in := apptest.Start(t, dsn)
		silent := in.Source("mega", "megafon", map[string]any{"secret": "key-of-mega"})
		telling := in.Source("office", "generic", nil)
		ivanov := in.User("ivanov", "mega", "login:ivanov", "101")
		in.Admin("PUT", "/v1/admin/extensions/office/102", map[string]any{"user": "ivanov"})
		event := func(what string) {
			t.Helper()
			a := in.Do("POST", silent, "", "cmd=event&crm_token=key-of-mega&callid=c-1&phone=79031234567&user=ivanov&ext=101&diversion=74951234567&type="+what,
				"Content-Type", "application/x-www-form-urlencoded")
			if a.Status != 200 || strings.Contains(string(a.Body), `"parsed":false`) {
				t.Fatalf("%s: %d %s", what, a.Status, a.Body)
			}
		}
		event("INCOMING")
		event("CANCELLED")
		for _, e := range []string{"ringing", "ring_ended"} {
			in.Do("POST", telling, "", map[string]any{"event": e, "call": "c-2", "extension": "102", "phone": "+79161112233"})
		}
		past := "UPDATE calls SET created_at = created_at - INTERVAL '2 minutes', updated_at = updated_at - INTERVAL '2 minutes'"
		if strings.HasPrefix(dsn, "sqlite:") {
			past = "UPDATE calls SET created_at = created_at - 120000, updated_at = updated_at - 120000"
		}
		execute(t, dsn, past)
		missed := func(s apptest.Set) int {
			n := 0
			for _, r := range s.Rows {
				if r.Kind == "call.missed" {
					n++
				}
			}
			return n
		}
		deadline := time.Now().Add(3 * time.Minute)
		set := in.Poll(ivanov, "")
		for missed(set) == 0 && time.Now().Before(deadline) {
			if next := in.Poll(ivanov, "wait=5&version="+set.Version); next.State != "unchanged" {
				set = next
			}
		}
		if missed(set) != 1 || slices.ContainsFunc(set.Rows, func(r apptest.Row) bool { return r.Kind == "call.missed" && r.Phone != "+79031234567" }) { // the other's end may still be shown
			t.Fatalf("want the card of the silent call alone: %+v", set.Rows)
		}
		event("ACCEPTED")
		in.Until(ivanov, "conversation instead of the missed call", func(s apptest.Set) bool {
			return missed(s) == 0 && len(s.Rows) > 0 && s.Rows[0].Kind == "call.answered"
		})
	})
}
