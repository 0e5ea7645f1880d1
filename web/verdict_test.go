package web

import (
	"strings"
	"testing"
	"time"

	"zummer/models"
)

// TestVerdict is the sentence an administrator reads first.
func TestVerdict(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 42, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		in     Case
		want   string
		tone   string
		wantRu string
	}{
		{"never polled", Case{State: "pending"}, "Not shown. No client of Иванов has asked the service within the last day: check address and token there.", "bad", "не обращалась к службе ни разу"},
		{"polled before", Case{State: "pending", LastPoll: now.Add(-3 * time.Hour)}, "Not shown. A client of Иванов asked the service 3 h ago; it gets it when it is back.", "bad", "обращалась к службе 3 ч назад"},
		{"on its way", Case{State: "pending", Online: true, LastPoll: now}, "A client is connected but does not have this revision yet: usually that takes milliseconds.", "warn", "доли секунды"},
		{"shown", Case{State: "pending", Online: true, Heard: true, Told: "desk", After: 41 * time.Millisecond}, "Shown: session desk had it after 41 ms. It waits for the user.", "good", "сеанс desk получил его через 41 мс"},
		{"shown to a client without a name", Case{State: "pending", Online: true, Heard: true}, "Shown: session without a name had it after 0 ms. It waits for the user.", "good", "без имени"},
		{"shown, and the client left", Case{State: "pending", Heard: true, Told: "desk", After: time.Second, LastPoll: now.Add(-time.Hour)}, "Shown: session desk had it after 1.0 s, but no client is connected now. A client of Иванов asked the service 60 min ago; it gets it when it is back.", "warn", "сейчас клиент не на связи"},
		{"about to open", Case{State: "pending", Action: models.ActionOpen, Session: "desk", Heard: true, Told: "desk", Online: true}, "Delivered: session desk had it after 0 ms; the session desk opens the form and has not answered yet.", "good", "форму открывает сеанс desk"},
		{"opened", Case{State: "processed", Outcome: "opened", Session: "desk", Heard: true, After: 30 * time.Millisecond}, "Opened in session desk; the client knew of it after 30 ms.", "good", "Открыто в сеансе desk"},
		{"dismissed", Case{State: "processed", Outcome: "dismissed", Session: "desk"}, "The user dismissed it in session desk.", "good", "убрал его сам"},
		{"failed", Case{State: "processed", Outcome: "failed", Session: "desk", Detail: "no such document"}, "The client had it but could not open the form in session desk: no such document.", "bad", "не смог открыть форму"},
		{"by an administrator", Case{State: "processed", By: "by root"}, "Processed: by root.", "good", "Обработано: сделал root."},
		{"expired unseen", Case{State: "expired"}, "Expired, and no client ever had it. No client of Иванов has asked the service within the last day: check address and token there.", "bad", "ни один клиент его не получил"},
		{"expired though seen", Case{State: "expired", Heard: true, Told: "desk"}, "Expired: session desk had it after 0 ms, but nobody marked it as processed.", "warn", "никто не отметил"},
		{"answered elsewhere", Case{State: "removed", By: models.ReasonElsewhere, Heard: true, Told: "desk"}, "Taken out: somebody else answered. Before that session desk had it after 0 ms.", "good", "Снято: ответил другой."},
		{"taken out unseen", Case{State: "removed", By: "the call ended"}, "Taken out: the call ended. No client had it.", "warn", "Снято: звонок окончен. Клиент его не получил."},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.in.User, c.in.Now = "Иванов", now
			got, tone := Verdict(English, c.in)
			if got != c.want || tone != c.tone {
				t.Errorf("%q (%s)\nwant %q (%s)", got, tone, c.want, c.tone)
			}
			if ru, _ := Verdict(Russian, c.in); !strings.Contains(ru, c.wantRu) {
				t.Errorf("in Russian %q, want %q in it", ru, c.wantRu)
			}
		})
	}
}
