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
	ring := Heard{Yes: true, Told: "desk", After: 187 * time.Millisecond, Kind: models.KindRinging}
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
		{"shown, and the client left", Case{State: "pending", Heard: true, Told: "desk", After: time.Second, LastPoll: now.Add(-time.Hour)}, "Shown: session desk had it after 1.0 s. No client of Иванов is connected now: the last one asked the service 60 min ago.", "warn", "через 1,0 с. Сейчас программа пользователя «Иванов» не на связи: обращалась к службе 60 мин назад."},
		{"shown, and no client for long", Case{State: "pending", Heard: true, Told: "desk", After: time.Second}, "Shown: session desk had it after 1.0 s. No client of Иванов is connected now: none has asked the service within the last day.", "warn", "не на связи: за последние сутки она не обращалась к службе ни разу."},
		{"only the ring was shown", Case{State: "pending", Action: models.ActionOpen, Early: ring}, "The ring was shown (session desk after 187 ms), but the form is not yet: no client of Иванов has asked the service within the last day: check address and token there.", "warn", "Звонок был показан (сеанс desk через 187 мс), но форма – ещё нет: программа пользователя «Иванов» за последние сутки не обращалась"},
		{"only the ring was shown, and the card is on its way", Case{State: "pending", Action: models.ActionShow, Online: true, LastPoll: now, Early: ring}, "The ring was shown (session desk after 187 ms), but the card is not yet: a client is connected, usually that takes milliseconds.", "warn", "но карточка – ещё нет: программа на связи, обычно это доли секунды."},
		{"only an earlier revision was shown", Case{State: "pending", Action: models.ActionShow, LastPoll: now.Add(-3 * time.Hour), Early: Heard{Yes: true, Told: "desk", After: time.Second, Kind: "mail.received"}}, "An earlier revision was shown (session desk after 1.0 s), but the card is not yet: a client of Иванов asked the service 3 h ago; it gets it when it is back.", "warn", "Прежняя ревизия была показана (сеанс desk через 1,0 с), но карточка – ещё нет: "},
		{"expired, only the ring was shown", Case{State: "expired", Action: models.ActionOpen, LastPoll: now.Add(-3 * time.Hour), Early: ring}, "Expired: the ring was shown (session desk after 187 ms), but the form was not. A client of Иванов asked the service 3 h ago.", "warn", "Срок истёк: звонок был показан (сеанс desk через 187 мс), но форма – нет. Программа пользователя «Иванов» обращалась к службе 3 ч назад."},
		{"taken out after the ring", Case{State: "removed", By: models.ReasonElsewhere, Action: models.ActionNone, Early: ring}, "Taken out: somebody else answered. Before that the ring was shown (session desk after 187 ms).", "good", "До этого звонок был показан (сеанс desk через 187 мс)."},
		{"about to open", Case{State: "pending", Action: models.ActionOpen, Session: "desk", Heard: true, Told: "desk", Online: true}, "Delivered: session desk had it after 0 ms; the session desk opens the form and has not answered yet.", "good", "форму открывает сеанс desk"},
		{"opened", Case{State: "processed", Outcome: "opened", Session: "desk", Heard: true, After: 30 * time.Millisecond}, "Opened in session desk; the client knew of it after 30 ms.", "good", "Открыто в сеансе desk"},
		{"dismissed", Case{State: "processed", Outcome: "dismissed", Session: "desk"}, "The user dismissed it in session desk.", "good", "убрал его сам"},
		{"failed", Case{State: "processed", Outcome: "failed", Session: "desk", Detail: "no such document"}, "The client had it but could not open the form in session desk: no such document.", "bad", "не смогла открыть форму"},
		{"by an administrator", Case{State: "processed", By: "by root"}, "Processed: by root.", "good", "Обработано: сделал root."},
		{"expired unseen", Case{State: "expired"}, "Expired, and no client ever had it. No client of Иванов has asked the service within the last day: check address and token there.", "bad", "ни одна программа его не получила"},
		{"expired unseen, polled before", Case{State: "expired", LastPoll: now.Add(-3 * time.Hour)}, "Expired, and no client ever had it. A client of Иванов asked the service 3 h ago.", "bad", "обращалась к службе 3 ч назад."},
		{"expired though seen", Case{State: "expired", Heard: true, Told: "desk"}, "Expired: session desk had it after 0 ms, but nobody marked it as processed.", "warn", "никто не отметил"},
		{"answered elsewhere", Case{State: "removed", By: models.ReasonElsewhere, Heard: true, Told: "desk"}, "Taken out: somebody else answered. Before that session desk had it after 0 ms.", "good", "Снято: ответил другой."},
		{"taken out unseen", Case{State: "removed", By: "the call ended"}, "Taken out: the call ended. No client had it.", "warn", "Снято: звонок окончен. Программа его не получила."},
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

// TestOneStop: a name may end in an initial, a sentence ends in one full stop.
func TestOneStop(t *testing.T) {
	in := Case{State: "processed", Outcome: "failed", Session: "у Иванова И.", Detail: "no form for Иванов И.", User: "Иванов И."}
	for _, l := range []Lang{Russian, English} {
		text, _ := Verdict(l, in)
		call, _ := CallVerdict(l, CallCase{Notices: []CallNotice{{User: "Иванов И."}}, AnsweredBy: "Иванов И."})
		hook, _ := WebhookVerdict(l, WebhookRow{Outcome: "failed", Error: "no such day."}, 1)
		for _, text := range []string{text, call, hook, OneStop("Ждите.. Идёт...")} {
			if strings.Contains(strings.ReplaceAll(text, "...", ""), "..") {
				t.Errorf("two full stops: %s", text)
			}
		}
	}
	if got := OneStop("Ждите.. Идёт..."); got != "Ждите. Идёт..." {
		t.Errorf("OneStop: %q", got)
	}
}
