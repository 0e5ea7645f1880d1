package routing_test

import (
	"slices"
	"strings"
	"testing"

	"zummer/models"
)

// sees says what is on a user's screen, in a word each: FORM is a form that
// opens, "gone: why" a row that leaves.
func (l *line) sees(u int64) string {
	var out []string
	for _, d := range l.rows[u] {
		word := strings.TrimPrefix(d.Kind, "call.")
		switch {
		case d.Action.Opens():
			word = "FORM"
		case d.Action == models.ActionNone:
			word = "gone: " + word
		case d.Kind == models.KindRinging:
			word = "rings"
		case d.Kind == models.KindAnswered && d.Action == models.ActionIndicate:
			word = "talks"
		case d.Kind == models.KindEnded:
			word = "card"
		}
		out = append(out, word)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

const (
	ringOver  = "gone: ring_ended"
	tookOther = "gone: answered_elsewhere"
	handedOn  = "gone: transferred"
)

// Ring groups, queues, transfers, pick-up, as a specification: an event, and what
// the users 101, 102 and 103 see after it. Only the one who talks with the
// customer has a form, and at no moment do two have one.
func TestWhoGetsTheForm(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		events [][4]string
	}{
		{"a ring group: the form is for the one who answers, the others' rows leave with it", [][4]string{
			{"ringing 101", "rings", "", ""},
			{"ringing 102", "rings", "rings", ""},
			{"ringing 103", "rings", "rings", "rings"},
			{"answered 102", tookOther, "FORM", tookOther},
			{"ring_ended 101 reason=answered_elsewhere", tookOther, "FORM", tookOther},
			{"ring_ended 103 reason=answered_elsewhere", tookOther, "FORM", tookOther},
			{"ended", tookOther, "card", tookOther},
		}},
		{"a ring group whose cancels are told before the answer", [][4]string{
			{"ringing 101", "rings", "", ""},
			{"ringing 102", "rings", "rings", ""},
			{"ring_ended 101 reason=answered_elsewhere", tookOther, "rings", ""},
			{"answered 102", tookOther, "FORM", ""},
		}},
		{"a ring group: one declines, the others ring on", [][4]string{
			{"ringing 101", "rings", "", ""},
			{"ringing 102", "rings", "rings", ""},
			{"ring_ended 101 reason=declined", ringOver, "rings", ""},
			{"answered 102", ringOver, "FORM", ""},
		}},
		{"a ring group that nobody answers: one task for each who was rung", [][4]string{
			{"ringing 101", "rings", "", ""},
			{"ringing 102", "rings", "rings", ""},
			{"missed", ringOver + ", missed", ringOver + ", missed", ""},
		}},
		{"one after the other", [][4]string{
			{"ringing 101", "rings", "", ""},
			{"ring_ended 101 reason=no_answer", ringOver, "", ""},
			{"ringing 102", ringOver, "rings", ""},
			{"answered 102", ringOver, "FORM", ""},
		}},
		{"a queue's second round", [][4]string{
			{"ringing 101", "rings", "", ""},
			{"ringing 102", "rings", "rings", ""},
			{"ring_ended 101 reason=no_answer", ringOver, "rings", ""},
			{"ring_ended 102 reason=no_answer", ringOver, ringOver, ""},
			{"ringing 101", "rings", ringOver, ""},
			{"ringing 102", "rings", "rings", ""},
			{"answered 101", "FORM", tookOther, ""},
			{"ended", "card", tookOther, ""},
		}},
		{"a queue of whose rounds only the rings are told", [][4]string{
			{"ringing 101 leg=a at=1", "rings", "", ""},
			{"ringing 102 leg=b at=2", "rings", "rings", ""},
			{"ringing 101 leg=c at=31", "rings", "rings", ""},
			{"ringing 102 leg=d at=32", "rings", "rings", ""},
			{"answered 102 leg=d at=35", tookOther, "FORM", ""},
		}},
		{"a blind transfer: his own form when the customer is connected, and not while it rings", [][4]string{
			{"answered 101", "FORM", "", ""},
			{"transferred 101 to=103", "FORM", "", ""},
			{"ringing 103", "FORM", "", "rings"},
			{"answered 103", handedOn, "", "FORM"},
			{"ended", handedOn, "", "card"},
		}},
		{"a blind transfer that nobody takes, and comes back", [][4]string{
			{"answered 101", "FORM", "", ""},
			{"transferred 101 to=103", "FORM", "", ""},
			{"ringing 103", "FORM", "", "rings"},
			{"ring_ended 103 reason=no_answer", "FORM", "", ringOver},
			{"ended", "card", "", ringOver},
		}},
		{"an attended transfer: nothing while he is only asked", [][4]string{
			{"answered 101", "FORM", "", ""},
			{"ringing 103 phone=101", "FORM", "", ""},
			{"answered 103 phone=101", "FORM", "", ""},
			{"transferred 101 to=103", handedOn, "", "FORM"},
			{"ended", handedOn, "", "card"},
		}},
		{"an attended transfer told as a call of its own, which joins the customer's", [][4]string{
			{"answered 101", "FORM", "", ""},
			{"ringing 103 call=2 dir=internal phone=101", "FORM", "", ""},
			{"answered 103 call=2 dir=internal phone=101", "FORM", "", ""},
			{"transferred 101 to=103 same=2", handedOn, "", "FORM"},
			{"ended", handedOn, "", "card"},
		}},
		{"a consultation that stays one", [][4]string{
			{"answered 101", "FORM", "", ""},
			{"ringing 103 call=2 dir=internal phone=101", "FORM", "", ""},
			{"answered 103 call=2 dir=internal phone=101", "FORM", "", ""},
			{"ended call=2 dir=internal phone=101", "FORM", "", ""},
			{"ended", "card", "", ""},
		}},
		{"a customer who is handed on under another key: the form stays with the one who talks", [][4]string{
			{"answered 101", "FORM", "", ""},
			{"ringing 103 call=2", "FORM", "", "rings"},
			{"answered 103 call=2 same=1", handedOn, "", "FORM"},
			{"ended call=2", handedOn, "", "card"},
		}},
		{"handed on twice", [][4]string{
			{"answered 101", "FORM", "", ""},
			{"answered 102", handedOn, "FORM", ""},
			{"answered 103", handedOn, handedOn, "FORM"},
			{"ended", handedOn, handedOn, "card"},
		}},
		{"and back: what he talks of anew opens anew", [][4]string{
			{"answered 101", "FORM", "", ""},
			{"answered 102", handedOn, "FORM", ""},
			{"ringing 101", "rings", "FORM", ""},
			{"answered 101", "FORM", handedOn, ""},
		}},
		{"pick-up: a phone that never rang answers, the one that rang lets go", [][4]string{
			{"ringing 101", "rings", "", ""},
			{"answered 103", tookOther, "", "FORM"},
			{"ended", tookOther, "", "card"},
		}},
		{"pick-up told as the end of a ring first", [][4]string{
			{"ringing 101", "rings", "", ""},
			{"ring_ended 101 reason=answered_elsewhere", tookOther, "", ""},
			{"answered 103", tookOther, "", "FORM"},
		}},
		{"pick-up out of a group", [][4]string{
			{"ringing 101", "rings", "", ""},
			{"ringing 102", "rings", "rings", ""},
			{"answered 103", tookOther, tookOther, "FORM"},
		}},
		{"forwarded: the phone that is forwarded to answers", [][4]string{
			{"ringing 101", "rings", "", ""},
			{"ring_ended 101 reason=forwarded", ringOver, "", ""},
			{"ringing 102", ringOver, "rings", ""},
			{"answered 102", ringOver, "FORM", ""},
		}},
		{"voice mail: nobody of us answers", [][4]string{
			{"ringing 101", "rings", "", ""},
			{"ring_ended 101 reason=no_answer", ringOver, "", ""},
			{"ended", ringOver + ", missed", "", ""},
		}},
		{"a group through a cloud PBX in front of an Asterisk", [][4]string{
			{"cloud ringing 101", "rings", "", ""},
			{"cloud ringing 102", "rings", "rings", ""},
			{"ringing 101", "rings", "rings", ""},
			{"ringing 102", "rings", "rings", ""},
			{"answered 102", tookOther, "FORM", ""},
			{"cloud answered 102", tookOther, "FORM", ""},
			{"cloud ended", tookOther, "FORM", ""},
			{"ended", tookOther, "card", ""},
		}},
		{"a transfer behind the cloud PBX, which knows nothing of it", [][4]string{
			{"cloud ringing 101", "rings", "", ""},
			{"ringing 101", "rings", "", ""},
			{"answered 101", "FORM", "", ""},
			{"cloud answered 101", "FORM", "", ""},
			{"answered 103", handedOn, "", "FORM"},
			{"cloud ended", handedOn, "", "FORM"},
			{"ended", handedOn, "", "card"},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := newLine()
			for _, e := range tc.events {
				text := e[0]
				if !strings.HasPrefix(text, "cloud ") {
					text = "asterisk " + text
				}
				l.tell(t, text)
				forms := 0
				for i, want := range e[1:] {
					got := l.sees(int64(i + 1))
					if got != want {
						t.Errorf("after %q %d sees %q, want %q", e[0], 101+i, got, want)
					}
					forms += strings.Count(got, "FORM")
				}
				if forms > 1 {
					t.Errorf("after %q %d have a form", e[0], forms)
				}
			}
		})
	}
}
