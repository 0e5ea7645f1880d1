package inbox

import (
	"testing"
	"time"

	"zummer/models"
)

// A call on a shared phone has one taker also when its rows were made for a call
// that is part of another one by now.
func TestASharedCallIsTakenByOneAfterAll(t *testing.T) {
	for _, tc := range []struct {
		name string
		do   func(r *rig)
	}{
		{"the call was merged into an older one", func(r *rig) {
			r.accept(event(models.EventAnswered, "101"))
			<-time.After(5 * time.Second)
			e := event(models.EventAnswered, "150")
			e.Call = "c-2"
			r.accept(e)
			<-time.After(time.Second)
			e = event(models.EventTransferred, "101")
			e.ToExtension, e.SameAs = "150", "c-2"
			r.accept(e)
		}},
		{"two sources tell of it, and the believed one knows of the phone", func(r *rig) {
			cloud := r.lined()
			r.acceptFrom(cloud, event(models.EventRinging, "101"))
			<-time.After(time.Second)
			r.accept(event(models.EventRinging, "101"))
			<-time.After(time.Second)
			r.accept(event(models.EventRinging, "150"))
			<-time.After(time.Second)
			r.accept(event(models.EventAnswered, "150"))
		}},
		{"two sources tell of it, and the other one knows of the phone", func(r *rig) {
			cloud := r.lined()
			r.accept(event(models.EventRinging, "101"))
			<-time.After(time.Second)
			r.acceptFrom(cloud, event(models.EventRinging, "101"))
			<-time.After(time.Second)
			r.dir.Shared[models.ExtKey{SourceID: 2, Extension: "150"}] = &models.Extension{SourceID: 2, Extension: "150", Mode: models.SharedAll, Owners: []models.Owner{{UserID: 2}, {UserID: 3}}}
			r.acceptFrom(cloud, event(models.EventRinging, "150"))
			<-time.After(time.Second)
			r.acceptFrom(cloud, event(models.EventAnswered, "150"))
		}},
	} {
		for _, how := range []string{"claimed", "opened"} {
			t.Run(tc.name+", "+how, func(t *testing.T) {
				bubble(t, func(r *rig) {
					r.share(models.SharedAll, 2, 3)
					tc.do(r)
					<-time.After(20 * time.Second) // closing states are over
					a, b := r.row(2), r.row(3)
					if a.Payload.Data["take"] != true || b.Payload.Data["take"] != true {
						r.t.Fatalf("not offered: %+v %+v", a, b)
					}
					if how == "claimed" {
						if _, err := r.in.Claim(r.t.Context(), 2, models.Claim{ID: a.ID, Session: "desk", Rev: a.Rev}); err != nil {
							r.t.Errorf("the first one is refused: %v", err)
						}
						if got := r.row(2); !got.Action.Opens() {
							r.t.Errorf("the claimer has %s/%s", got.Kind, got.Action)
						}
					} else if got := r.ack(2, a, models.OutcomeOpened); got != models.AckProcessed {
						r.t.Errorf("the first one is told %s", got)
					}
					if got, want := r.rows(3), "call.answered_elsewhere/none Взял petrova"; got != want {
						r.t.Errorf("the other one sees %q, want %q", got, want)
					}
				})
			})
		}
	}
}

// A shared phone of a source in a line group that nobody answers is a missed
// call of those who share it.
func TestASharedPhoneOfALineIsMissed(t *testing.T) {
	bubble(t, func(r *rig) {
		r.share(models.SharedAll, 2, 3)
		r.lined()
		r.accept(event(models.EventRinging, "150"))
		for _, user := range []int64{2, 3} {
			if got := kindsOf(r.poll(user, models.PollQuery{})); got != "call.ringing/indicate/1 " {
				r.t.Errorf("while it rings user %d has %q", user, got)
			}
		}
		<-time.After(time.Second)
		r.accept(event(models.EventEnded, ""))
		<-time.After(time.Minute)
		for _, user := range []int64{2, 3} {
			if got := r.row(user); got.Kind != models.KindMissed || got.Action != models.ActionCallBack {
				r.t.Errorf("afterwards user %d has %s/%s", user, got.Kind, got.Action)
			}
		}
	})
}
