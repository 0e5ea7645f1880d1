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

// A call that fell silent is missed at once, once; its next round rings again
// while the card stays, and the answer takes the card away.
func TestCallsThatFallSilent(t *testing.T) {
	bubble(t, func(r *rig) {
		var id int64
		check := func(when string, closed int, want string) {
			r.t.Helper()
			for _, c := range r.mem.calls {
				id = c.ID
			}
			if n, err := r.in.CloseSilent(r.t.Context(), []int64{id, 999}); n != closed || err != nil {
				r.t.Errorf("%s: CloseSilent = %d, %v; want %d", when, n, err, closed)
			}
			if got := kindsOf(r.poll(1, models.PollQuery{})); got != want {
				r.t.Errorf("%s: %q, want %q", when, got, want)
			}
		}
		r.accept(event(models.EventRinging, "101"))
		check("while it rings", 0, "call.ringing/indicate/1 ")
		<-time.After(20 * time.Second)
		r.accept(event(models.EventRingEnded, "101"))
		<-time.After(100 * time.Second)
		check("silent", 1, "call.missed/call_back/1 ")
		check("again", 0, "call.missed/call_back/1 ")

		<-time.After(10 * time.Second)
		r.accept(event(models.EventRinging, "101"))
		check("the next round", 0, "call.ringing/indicate/1 call.missed/call_back/1 ")
		<-time.After(20 * time.Second)
		r.accept(event(models.EventRingEnded, "101"))
		<-time.After(100 * time.Second)
		check("silent again", 1, "call.missed/call_back/2 ")
		if n := r.poll(1, models.PollQuery{}).Rows[0]; number(n.Payload.Data["attempts"]) != 1 {
			r.t.Errorf("one call that fell silent twice counts as %v", n.Payload.Data["attempts"])
		}

		<-time.After(10 * time.Second)
		r.accept(event(models.EventAnswered, "101"))
		check("answered after all", 0, "call.answered/resolve/1 ")
	})
}

// The end that the PBX tells takes the place of ours and counts nothing twice;
// when it tells of a talk, the call was no missed one.
func TestTheEndOfASilentCall(t *testing.T) {
	for _, tc := range []struct {
		name string
		talk int
		want string
	}{{"missed", 0, "call.missed/call_back/1 "}, {"talked", 60, ""}} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				r.accept(event(models.EventRinging, "101"))
				<-time.After(time.Second)
				r.accept(event(models.EventRingEnded, "101"))
				<-time.After(2 * time.Minute)
				for _, c := range r.mem.calls {
					if n, err := r.in.CloseSilent(r.t.Context(), []int64{c.ID}); n != 1 || err != nil {
						r.t.Fatalf("CloseSilent: %d, %v", n, err)
					}
					break
				}
				end := event(models.EventEnded, "")
				end.TalkS = &tc.talk
				r.accept(end)
				if got := kindsOf(r.poll(1, models.PollQuery{})); got != tc.want {
					r.t.Errorf("after the end: %q, want %q", got, tc.want)
				}
				for _, c := range r.mem.calls {
					if !c.ByPBX || !c.EndedAt.Equal(end.At) {
						r.t.Errorf("ended at %v, by the PBX %v; want %v", c.EndedAt, c.ByPBX, end.At)
					}
				}
			})
		})
	}
}
