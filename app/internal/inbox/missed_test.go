package inbox

import (
	"testing"
	"time"

	"zummer/app/internal/routing"
	"zummer/models"
)

// A missed call that turns out to be part of a conversation is none: its card
// goes with it, whichever of the two calls survives.
func TestMissedCallMergedIntoATalk(t *testing.T) {
	for _, older := range []string{"talk", "missed"} {
		t.Run("the older one is the "+older, func(t *testing.T) {
			bubble(t, func(r *rig) {
				of := func(call string, typ models.EventType, ext string) models.Event {
					e := event(typ, ext)
					e.Call = call
					return e
				}
				if older == "missed" {
					r.accept(of("missed", models.EventStarted, ""))
				}
				r.accept(of("talk", models.EventAnswered, "101"))
				<-time.After(time.Second)
				r.accept(of("missed", models.EventRinging, "102"))
				<-time.After(time.Second)
				r.accept(of("missed", models.EventEnded, ""))
				<-time.After(time.Minute) // the closing state of the ring is over
				if got := kindsOf(r.poll(2, models.PollQuery{})); got != "call.missed/call_back/1 " {
					r.t.Fatalf("before the merge: %q", got)
				}
				<-time.After(time.Second)
				e := of("talk", models.EventRecording, "")
				e.SameAs = "missed"
				r.accept(e)
				if got := kindsOf(r.poll(2, models.PollQuery{})); got != "" {
					r.t.Errorf("after the merge: %q, want nothing", got)
				}
			})
		})
	}
}

// A conversation takes out the missed calls before it, not those that came
// later, however late it is told; and always what it was itself missed for.
func TestALateConversationLeavesNewerMissedCalls(t *testing.T) {
	const card = "call.missed/call_back/1 "
	for _, tc := range []struct {
		name     string
		answered time.Duration // after the miss
		call     string
		want     string
	}{
		{"an earlier one", -10 * time.Minute, "talk", card},
		{"a later one", 10 * time.Minute, "talk", ""},
		{"of the same moment", 0, "talk", ""},
		{"the missed call itself", time.Second, "missed", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				<-time.After(time.Hour)
				began := time.Now()
				ring, end := event(models.EventRinging, "101"), event(models.EventEnded, "")
				ring.Call, end.Call, end.At = "missed", "missed", began.Add(20*time.Second)
				r.accept(ring)
				r.accept(end)
				<-time.After(20 * time.Minute)
				if got := kindsOf(r.poll(1, models.PollQuery{})); got != card {
					r.t.Fatalf("before: %q", got)
				}
				talk := event(models.EventAnswered, "102")
				talk.Call, talk.At = tc.call, began.Add(tc.answered)
				r.accept(talk)
				if got := kindsOf(r.poll(1, models.PollQuery{})); got != tc.want {
					r.t.Errorf("after: %q, want %q", got, tc.want)
				}
			})
		})
	}
}

// Of several missed calls the card tells the newest one, also when an older one
// is told after it.
func TestAMissedCallToldLate(t *testing.T) {
	bubble(t, func(r *rig) {
		<-time.After(time.Hour)
		now := time.Now()
		miss := func(call string, at time.Time) {
			end := event(models.EventMissed, "")
			ring := event(models.EventRinging, "101")
			ring.Call, ring.At, end.Call, end.At = call, at, call, at.Add(20*time.Second)
			r.accept(ring)
			r.accept(end)
			<-time.After(2 * time.Minute)
		}
		miss("second", now)
		miss("first", now.Add(-30*time.Minute))
		rows := r.poll(1, models.PollQuery{}).Rows
		if len(rows) != 1 || number(rows[0].Payload.Data["attempts"]) != 2 || !rows[0].Payload.Call.StartedAt.Equal(now) || rows[0].CallID != rows[0].Payload.Call.ID {
			r.t.Errorf("%+v, want one row of two attempts that tells of the call at %v", rows, now)
		}
		talk := event(models.EventAnswered, "102")
		talk.Call, talk.At = "talk", now.Add(-10*time.Minute)
		r.accept(talk)
		if got := kindsOf(r.poll(1, models.PollQuery{})); got != "call.missed/call_back/2 " {
			r.t.Errorf("after a talk between the two: %q", got)
		}
	})
}

// A title of a rule counts the attempts, as its text does.
func TestARuleCountsAttempts(t *testing.T) {
	bubble(t, func(r *rig) {
		r.dir.Rules = &models.RuleSet{Version: 1, Rules: append([]models.Rule{{Name: "mine", When: models.RuleWhen{Event: []string{models.RuleMissed}},
			Then: models.RuleThen{Title: "{phone} ×{attempts}", Text: "{attempts}"}}}, routing.Builtin()...)}
		r.miss("c-1")
		r.miss("c-2")
		if n := r.row(1); n.Payload.Title != "+79031234567 ×2" || n.Payload.Text != "2" {
			t.Errorf("title %q, text %q", n.Payload.Title, n.Payload.Text)
		}
	})
}
