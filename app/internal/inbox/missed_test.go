package inbox

import (
	"testing"
	"time"

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
				time.Sleep(time.Second)
				r.accept(of("missed", models.EventRinging, "102"))
				time.Sleep(time.Second)
				r.accept(of("missed", models.EventEnded, ""))
				time.Sleep(time.Minute) // the closing state of the ring is over
				if got := kindsOf(r.poll(2, models.PollQuery{})); got != "call.missed/call_back/1 " {
					r.t.Fatalf("before the merge: %q", got)
				}
				time.Sleep(time.Second)
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
