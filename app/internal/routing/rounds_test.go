package routing_test

import (
	"testing"

	"zummer/models"
)

// A queue of whose rounds only the rings are told: a person's first phone never
// stops, as far as anybody knows, and every later round is told anew, for a row
// lasts a minute. Phones that ring together are one ring.
func TestRounds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		pop    string
		events []happens
	}{
		{"rounds without ends", models.PopAnswered, []happens{
			{"ringing 101 leg=a at=1", is("1 make call.ringing indicate")},
			{"ringing 102 leg=b at=1", is("2 make call.ringing indicate")},
			{"ringing 101 leg=c at=31", is("1 make call.ringing indicate")},
			{"ringing 101 leg=d at=61", is("1 make call.ringing indicate")},
			{"answered 101 leg=d at=63", is(noMissed, "1 make call.answered create", "2 revise call.answered_elsewhere none")},
		}},
		{"two phones together", models.PopAnswered, []happens{
			{"ringing 101 leg=a at=1", is("1 make call.ringing indicate")},
			{"ringing 901 leg=b at=3", nil},
			{"ringing 101 leg=c at=3", nil},
		}},
		{"opened in the first round", models.PopRinging, []happens{
			{"ringing 101 leg=a at=1", is("1 make call.ringing create")},
			{"ringing 101 leg=b at=31", is("1 make call.ringing indicate")},
			{"answered 101 leg=b at=33", is(noMissed, "1 make call.answered indicate")},
		}},
		{"rounds with ends: each is an attempt of its own and opens anew", models.PopRinging, []happens{
			{"ringing 101 leg=a at=1", is("1 make call.ringing create")},
			{"ring_ended 101 leg=a at=16", is("1 revise call.ring_ended none")},
			{"ringing 101 leg=b at=31", is("1 make call.ringing create")},
			{"answered 101 leg=b at=33", is(noMissed, "1 make call.answered indicate")},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPlay()
			p.ctx.Dir.Users[1].PopOn = tc.pop
			for _, h := range tc.events {
				want(t, h.event, lines(p.apply(t, h.event)), h.want...)
			}
		})
	}
}

// A colleague who is only asked, with the customer on hold, sees nothing of it
// until he gets him.
func TestRouteOfAConsultation(t *testing.T) {
	t.Parallel()
	p := newPlay()
	for _, h := range []happens{
		{"answered 101", is(noMissed, "1 make call.answered create")},
		{"ringing 103 phone=101", nil},
		{"answered 103 phone=101", nil},
		{"transferred 101 to=103", is("1 revise call.transferred none", "3 make call.answered create")},
		{"ended", is("3 revise call.ended show")},
	} {
		want(t, h.event, lines(p.apply(t, h.event)), h.want...)
	}
}

// What a row shows of its call is never left as it was (contract §7.5).
func TestWhatARowShowsIsRevised(t *testing.T) {
	t.Parallel()
	p := newPlay()
	for _, h := range []happens{
		{"ringing 101", is("1 make call.ringing indicate")},
		{"started name=Ivan", is("1 revise call.ringing indicate")},
		{"started did=+74951234567", is("1 revise call.ringing indicate")},
		{"started did=+74951234567", nil},
		{"answered 101", is(noMissed, "1 make call.answered create")},
		{"ended at=60", is("1 revise call.ended show")},
		{"recording talk=48", is("1 revise call.ended show")},
		{"recording talk=48", nil},
	} {
		drafts, steps := p.apply(t, h.event)
		want(t, h.event, lines(drafts, steps), h.want...)
		if h.event == "recording talk=48" && len(drafts) > 0 && *drafts[0].Payload.Call.TalkS != 48 {
			t.Errorf("the card tells of %d s", *drafts[0].Payload.Call.TalkS)
		}
	}
}
