package inbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"zummer/models"
)

// What a client gets is true now: user 1 is away while things happen, told in
// time, and polls then. want is what he sees: kind, action and text; he never
// gets a form for a call that is over or that somebody else talks in.
func TestAfterBeingAway(t *testing.T) {
	const number = "+7 903 123-45-67"
	type thing struct {
		after time.Duration // since the one before
		what  models.EventType
		ext   string
	}
	const ring, answer, end, stop = models.EventRinging, models.EventAnswered, models.EventEnded, models.EventRingEnded
	for _, tc := range []struct {
		name   string
		things []thing
		away   time.Duration // after the last of them
		pop    string
		want   string
	}{
		{"it rings still", []thing{{0, ring, "101"}}, 3 * time.Second, "", "call.ringing indicate Входящий " + number},
		{"it rang, and nothing more was told for a minute", []thing{{0, ring, "101"}}, 61 * time.Second, "", ""},
		{"a colleague has answered", []thing{{0, ring, "101"}, {0, ring, "102"}, {5 * time.Second, answer, "102"}}, 5 * time.Second, "",
			"call.answered_elsewhere none Ответил petrova"},
		{"a colleague answered a while ago", []thing{{0, ring, "101"}, {0, ring, "102"}, {5 * time.Second, answer, "102"}}, 5 * time.Minute, "", ""},
		{"it was missed", []thing{{0, ring, "101"}, {20 * time.Second, end, ""}}, time.Hour, "", "call.missed call_back Пропущенный " + number},
		{"the caller has given up on him and is talked to by a colleague", []thing{{0, ring, "101"}, {15 * time.Second, stop, "101"}, {time.Second, ring, "102"}, {3 * time.Second, answer, "102"}},
			time.Minute, "", ""},
		{"it was missed, and a colleague has called back since", []thing{{0, ring, "101"}, {20 * time.Second, end, ""}, {time.Minute, answer, "other call, 102"}}, time.Hour, "", ""},
		{"he answered, and talks", []thing{{0, ring, "101"}, {4 * time.Second, answer, "101"}}, 10 * time.Minute, "", "call.answered resolve Входящий " + number},
		{"he answered, and it is over", []thing{{0, ring, "101"}, {4 * time.Second, answer, "101"}, {90 * time.Second, end, ""}}, 10 * time.Minute, "", "call.ended show Разговор 1:30, " + number},
		{"he answered and handed the customer on", []thing{{0, ring, "101"}, {4 * time.Second, answer, "101"}, {30 * time.Second, answer, "103"}}, 5 * time.Second, "",
			"call.transferred none Переведён на 103, sidorov"},
		{"it rang alone, and he opens on ringing: it is over", []thing{{0, ring, "101"}, {20 * time.Second, end, ""}}, time.Hour, models.PopRinging, "call.missed call_back Пропущенный " + number},
		{"it rang alone, and he opens on ringing: a colleague has picked it up", []thing{{0, ring, "101"}, {5 * time.Second, answer, "103"}}, 5 * time.Second, models.PopRinging,
			"call.answered_elsewhere none Ответил sidorov"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				if tc.pop != "" {
					r.dir.Users[1].PopOn = tc.pop
				}
				for _, th := range tc.things {
					<-time.After(th.after)
					ext, other := strings.CutPrefix(th.ext, "other call, ")
					e := event(th.what, ext)
					if other {
						e.Call = "c-2"
					}
					r.accept(e)
				}
				<-time.After(tc.away)
				var got []string
				for _, n := range r.poll(1, models.PollQuery{}).Rows {
					got = append(got, fmt.Sprintf("%s %s %s", n.Kind, n.Action, n.Payload.Text))
				}
				if g := strings.Join(got, "; "); g != tc.want {
					r.t.Errorf("sees %q, want %q", g, tc.want)
				}
			})
		})
	}
}

// After an outage a PBX repeats what it could not tell: the backlog comes as
// history cards, and the first call after it pops up.
func TestBacklogAfterAnOutage(t *testing.T) {
	bubble(t, func(r *rig) {
		// An hour as usual.
		for i := range 3 {
			e := event(models.EventStarted, "")
			e.Call = fmt.Sprint("usual-", i)
			r.accept(e)
			<-time.After(20 * time.Minute)
		}
		began := time.Now()
		<-time.After(30 * time.Minute) // nothing gets through
		tell := func(call string, at time.Duration, typ models.EventType, ext, phone string) {
			e := event(typ, ext)
			e.Call, e.At, e.Phone = call, began.Add(at), phone
			r.accept(e)
		}
		tell("talked", 1*time.Minute, models.EventRinging, "101", "+79030000001")
		tell("talked", 65*time.Second, models.EventAnswered, "101", "+79030000001")
		if got := kindsOf(r.poll(1, models.PollQuery{})); got != "call.answered/show/1 " {
			r.t.Errorf("of an old answer: %q", got)
		}
		tell("talked", 3*time.Minute, models.EventEnded, "", "+79030000001")
		tell("missed", 10*time.Minute, models.EventRinging, "101", "+79030000002")
		tell("missed", 11*time.Minute, models.EventEnded, "", "+79030000002")
		tell("talks", 28*time.Minute, models.EventAnswered, "102", "+79030000003")
		for u, want := range map[int64]string{1: "call.ended/show/2 call.missed/call_back/1 ", 2: "call.answered/show/1 "} {
			sorted := kindsOf(r.poll(u, models.PollQuery{}))
			if !sameKinds(sorted, want) {
				r.t.Errorf("user %d has %q, want %q", u, sorted, want)
			}
		}
		<-time.After(time.Minute)
		e := event(models.EventAnswered, "101")
		e.Call, e.Phone = "now", "+79030000004"
		r.accept(e)
		if got := r.poll(1, models.PollQuery{}).Rows; len(got) != 3 || !got[0].Action.Opens() {
			r.t.Errorf("the first call after the backlog: %+v", got)
		}
	})
}

func sameKinds(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	if len(x) != len(y) {
		return false
	}
	for _, k := range x {
		if !strings.Contains(b, k+" ") {
			return false
		}
	}
	return true
}

// A source whose clock is wrong pops up all the same.
func TestAWrongClockPopsUp(t *testing.T) {
	for _, tc := range []struct {
		name string
		off  time.Duration
		want []string // what each of three calls, a minute and a half apart, gives
	}{
		{"a zone behind", 3*time.Hour + time.Second, []string{"resolve", "resolve", "resolve"}},
		{"seven minutes behind: from the second minute on", 7 * time.Minute, []string{"show", "resolve", "resolve"}},
		{"ahead", -3 * time.Hour, []string{"resolve", "resolve", "resolve"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				r.dir.Sources[1].Kind = "mango" // whose times do not name their zone
				<-time.After(4 * time.Hour)     // the bubble's clock begins with the first day that may be told
				for i, want := range tc.want {
					e := event(models.EventAnswered, "101")
					e.Call, e.At, e.Phone = fmt.Sprint("c-", i), time.Now().Add(-tc.off), fmt.Sprint("+7903000000", i)
					r.accept(e)
					rows := r.poll(1, models.PollQuery{}).Rows
					got := ""
					for _, n := range rows {
						if n.Payload.Phone == e.Phone {
							got = string(n.Action)
						}
					}
					if got != want {
						r.t.Errorf("call %d: %s, want %s", i, got, want)
					}
					<-time.After(90 * time.Second)
				}
			})
		})
	}
}
