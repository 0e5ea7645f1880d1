package app_test

import (
	"strings"
	"testing"
	"time"

	"zummer/app/apptest"
	"zummer/clients/agent"
	zummer "zummer/clients/go"
)

// closed waits until a notification has been on the screen, and takes all away.
func (s *headless) closed(summary string) {
	s.t.Helper()
	eventually(s.t, summary, 60*time.Second, func() bool {
		_ = s.call("NotificationCloseAll").Err // then they are in the history
		return strings.Contains(strings.Join(s.history(), "\n"), summary)
	})
}

// TestAgentFailedDesktop: a form that the desktop cannot open does not vanish
// with its row: a real notification daemon shows that it did not open, whose it
// was and why, until the user puts it away.
func TestAgentFailedDesktop(t *testing.T) {
	in, hook, token := manned(t)
	s := newHeadless(t)
	if _, err := in.SDK(apptest.AdminToken).PutContact(t.Context(), "c1", zummer.Contact{Phones: []string{"+79031234567"}, Name: "ООО Ромашка", Responsible: "ivanov",
		Interests: []zummer.Object{{Type: "Документ", Name: "Интерес", UID: "51012ccc-397d-11de-b595-00055d80a2b9", Title: "Интерес 17", URL: "https://crm.example/cannot/17"}}}); err != nil {
		t.Fatal(err)
	}
	d := seatAgent(t, in, token, func(c *agent.Config) { c.Notify, c.Relay.Enabled = true, false })
	tell(in, hook, "ringing", "c1", "101", "+79031234567")
	tell(in, hook, "answered", "c1", "101", "+79031234567")
	eventually(t, "a try", 60*time.Second, func() bool { return len(d.opened()) == 1 })
	eventually(t, "an empty set", 60*time.Second, func() bool { return len(in.Poll(token, "").Rows) == 0 })
	rows, _, _, err := in.SDK(token).History(t.Context(), time.Time{}, time.Time{}, "", 50)
	if err != nil || len(rows) == 0 || rows[0].Outcome != zummer.Failed {
		t.Errorf("the row: %+v, %v", rows, err)
	}
	eventually(t, "the one notification that stays", 60*time.Second, func() bool { return s.displayed() == 1 })
	<-time.After(500 * time.Millisecond) // it is drawn
	s.picture("agent-failed")
	s.closed("Не открылось: ООО Ромашка")
	for _, line := range s.history() {
		if strings.HasPrefix(line, "Не открылось: ") && (!strings.Contains(line, "903 123-45-67") || !strings.Contains(line, "https://…")) {
			t.Errorf("it says %q", line)
		}
	}
}
