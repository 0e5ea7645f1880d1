package inbox

import (
	"testing"
	"time"

	"zummer/models"
)

// A form that was given for a call, and that its client has not seen yet, is
// still given when the call turns out to be another one's, and not once more.
func TestAFormSurvivesAMerge(t *testing.T) {
	for _, seen := range []bool{false, true} {
		bubble(t, func(r *rig) {
			r.accept(event(models.EventAnswered, "101"))
			<-time.After(5 * time.Second)
			e := event(models.EventAnswered, "102")
			e.Call = "c-2"
			r.accept(e)
			first := r.poll(2, models.PollQuery{})
			want := first.Rows[0].ID
			if seen {
				r.poll(2, models.PollQuery{Acks: []models.Ack{{ID: want, Rev: 1, Outcome: models.OutcomeOpened}}})
			}
			<-time.After(time.Second)
			e = event(models.EventTransferred, "101")
			e.ToExtension, e.SameAs = "102", "c-2"
			r.accept(e)
			rows := r.poll(2, models.PollQuery{}).Rows
			switch {
			case !seen && (len(rows) != 1 || rows[0].ID != want || !rows[0].Action.Opens()):
				r.t.Errorf("the form that nobody saw has become %+v", rows)
			case seen && len(rows) > 0 && rows[0].Action.Opens():
				r.t.Errorf("the form that was opened opens again: %+v", rows)
			}
			for _, n := range r.poll(1, models.PollQuery{}).Rows {
				if n.Action.Opens() {
					r.t.Errorf("the first talker still has %s %s", n.Kind, n.Action)
				}
			}
		})
	}
}
