package app_test

import (
	"testing"
	"time"

	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// The backlog of a PBX that could not reach us for a while comes as cards; what
// happens now opens a form.
func TestBacklogComesAsCards(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		in := apptest.Start(t, dsn)
		hook := in.Source("office", "generic", nil)
		token := in.User("ivanov", "office", "101")
		ago := func(d time.Duration) string { return time.Now().Add(-d).UTC().Format(time.RFC3339) }
		tell := func(call, event, at string) {
			t.Helper()
			body := map[string]any{"event": event, "call": call, "phone": "+79031234567", "at": at}
			if event != "ended" {
				body["extension"] = "101"
			}
			if a := in.Do("POST", hook, "", body); a.Status != 200 {
				t.Fatalf("%s: %d %s", event, a.Status, a.Body)
			}
		}
		sees := func(kind, action string) apptest.Row {
			t.Helper()
			rows := in.Poll(token, "").Rows
			for _, r := range rows {
				if r.Kind == kind && r.Action == action {
					return r
				}
			}
			t.Fatalf("sees %+v, want %s %s", rows, kind, action)
			return apptest.Row{}
		}
		tell("old", "ringing", ago(12*time.Minute))
		if rows := in.Poll(token, "").Rows; len(rows) != 0 {
			t.Errorf("an old ring shows %+v", rows)
		}
		tell("old", "answered", ago(11*time.Minute+10*time.Second))
		if late, _ := sees("call.answered", "show").Data["late_s"].(float64); late < 11*60 || late > 12*60 {
			t.Errorf("late_s is %v", late)
		}
		tell("old", "ended", ago(8*time.Minute))
		sees("call.ended", "show")
		tell("new", "answered", ago(0))
		sees("call.answered", "resolve")
	})
}
