package inbox

import (
	"testing"
	"time"

	"zummer/models"
)

// Calls whose end never comes: the job's end makes the one that nobody answered
// a missed one, the talk is over, and what the PBX tells afterwards of a later
// moment brings nothing back.
func TestCallsThatNeverEnd(t *testing.T) {
	bubble(t, func(r *rig) {
		talk := event(models.EventAnswered, "102")
		talk.Call = "c-2"
		r.accept(event(models.EventRinging, "101"))
		r.accept(talk)
		if got := kindsOf(r.poll(2, models.PollQuery{})); got != "call.answered/resolve/1 " {
			r.t.Fatalf("while they talk: %q", got)
		}
		<-time.After(4*time.Hour + time.Minute)
		var ids []int64
		for _, c := range r.mem.calls {
			ids = append(ids, c.ID)
		}
		if n, err := r.in.CloseCalls(r.t.Context(), ids); n != 2 || err != nil {
			r.t.Fatalf("CloseCalls: %d closed, %v", n, err)
		}
		if n, err := r.in.CloseCalls(r.t.Context(), ids); n != 0 || err != nil {
			r.t.Errorf("closed again: %d, %v", n, err)
		}
		for range 2 {
			if one, two := kindsOf(r.poll(1, models.PollQuery{})), kindsOf(r.poll(2, models.PollQuery{})); one != "call.missed/call_back/1 " || two != "" {
				r.t.Errorf("after the job: %q and %q", one, two)
			}
			<-time.After(time.Minute)
			late := event(models.EventAnswered, "101")
			r.accept(late)
			late.Call, late.Type = "c-2", models.EventRinging
			r.accept(late)
		}
	})
}
