package simulate

import (
	"fmt"
	"time"

	"zummer/models"
)

func direct(s *story) {
	s.begin()
	s.ring(300*time.Millisecond, s.ext(0))
	s.answer(4*time.Second, s.ext(0))
	s.end(9 * time.Second)
}

func missed(s *story) {
	s.begin()
	s.ring(300*time.Millisecond, s.ext(0))
	s.leg(12*time.Second, models.EventRingEnded, s.ext(0), models.ReasonNoAnswer)
	s.fail(200*time.Millisecond, models.ReasonNoAnswer)
}

func abandoned(s *story) {
	s.begin()
	s.ring(300*time.Millisecond, s.Extensions...)
	s.fail(4*time.Second, models.ReasonGaveUp)
}

func group(s *story) {
	s.begin()
	s.ring(300*time.Millisecond, s.Extensions...)
	s.answer(5*time.Second, s.ext(1))
	s.end(8 * time.Second)
}

// handOver lets the first answer and transfer to the second; without a second
// the first goes on talking and false is returned.
func handOver(s *story, how Note) bool {
	s.begin()
	s.ring(300*time.Millisecond, s.ext(0))
	s.answer(4*time.Second, s.ext(0))
	if s.ext(1) == s.ext(0) {
		s.end(9 * time.Second)
		return false
	}
	s.note = how
	s.say(5*time.Second, models.Event{Type: models.EventTransferred, Extension: s.ext(0), ToExtension: s.ext(1), Leg: s.legKey(s.ext(0))})
	return true
}

func transfer(s *story) {
	if handOver(s, Blind) {
		s.ring(200*time.Millisecond, s.ext(1))
		s.answer(3*time.Second, s.ext(1))
		s.end(7 * time.Second)
	}
}

// consult: the second is connected at the moment of the transfer, and not
// before: while the two talked it was no call of the customer's.
func consult(s *story) {
	if handOver(s, Attended) {
		s.round++
		s.answer(200*time.Millisecond, s.ext(1))
		s.end(7 * time.Second)
	}
}

func back(s *story) {
	if !handOver(s, Blind) {
		return
	}
	s.ring(200*time.Millisecond, s.ext(1))
	s.leg(10*time.Second, models.EventRingEnded, s.ext(1), models.ReasonNoAnswer)
	s.note = Returned
	s.ring(500*time.Millisecond, s.ext(0))
	s.answer(3*time.Second, s.ext(0))
	s.end(6 * time.Second)
}

func queue(s *story) {
	s.note = FromQueue
	s.begin()
	s.ring(2*time.Second, s.Extensions...)
	after := 10 * time.Second
	for _, ext := range s.Extensions {
		s.leg(after, models.EventRingEnded, ext, models.ReasonNoAnswer)
		after = 0
	}
	s.ring(5*time.Second, s.Extensions...)
	s.answer(4*time.Second, s.ext(2))
	s.end(9 * time.Second)
}

func internal(s *story) {
	s.direction, s.Phone, s.Name, s.note = models.InternalCall, s.ext(0), "", Internally
	s.ring(0, s.ext(1))
	s.answer(3*time.Second, s.ext(1))
	s.end(5 * time.Second)
}

// dialled is a call to the customer.
func dialled(s *story, how Note) {
	s.direction, s.note = models.Out, how
	s.say(0, models.Event{Type: models.EventStarted, Extension: s.ext(0)})
	s.answer(6*time.Second, s.ext(0))
	s.end(8 * time.Second)
}

func outgoing(s *story) { dialled(s, "") }
func click(s *story)    { dialled(s, Click) }
func callback(s *story) { dialled(s, Callback) }

func hidden(s *story) {
	s.Phone, s.Name = "anonymous", ""
	direct(s)
}

// nameless: whoever answers has no extension; the system knows them by a
// login, a number of its own, a mobile phone or a SIP address.
func nameless(s *story) {
	s.begin()
	s.round++
	key := s.legKey("nameless")
	for _, step := range []struct {
		after time.Duration
		t     models.EventType
	}{{300 * time.Millisecond, models.EventRinging}, {4 * time.Second, models.EventAnswered}} {
		s.say(step.after, models.Event{Type: step.t, Addresses: s.Nameless, Leg: key})
	}
	s.end(9 * time.Second)
}

func repeat(s *story) {
	direct(s)
	var twice []Step
	for _, step := range s.steps {
		again := step
		again.After = 100 * time.Millisecond
		twice = append(twice, step, again)
	}
	s.steps = twice
}

func earlyEnd(s *story) {
	direct(s)
	s.swap()
}

func late(s *story) {
	s.begin()
	s.ring(300*time.Millisecond, s.ext(0), s.ext(1))
	s.answer(5*time.Second, s.ext(1))
	if s.ext(0) != s.ext(1) {
		s.leg(100*time.Millisecond, models.EventRingEnded, s.ext(0), models.ReasonElsewhere)
		s.end(8 * time.Second)
		s.swap()
		return
	}
	s.end(8 * time.Second)
}

func recording(s *story) {
	s.note = Taped
	direct(s)
	s.say(3*time.Second, models.Event{Type: models.EventRecording, Recording: "https://pbx.example/recordings/" + s.CallID + ".mp3"})
}

// mixed plays every other scenario as a call of its own, two seconds apart.
func mixed(s *story) {
	var all []Step
	for i, sc := range Scenarios() {
		if sc.Name == Mixed {
			continue
		}
		one := &story{Params: s.Params, direction: models.In, clock: s.clock}
		one.CallID = fmt.Sprintf("%s-%d", s.CallID, i+1)
		sc.play(one)
		if len(all) > 0 {
			one.steps[0].After += 2 * time.Second
		}
		all = append(all, one.steps...)
		if !s.clock.IsZero() {
			s.clock = one.clock.Add(2 * time.Second)
		}
	}
	s.steps = all
}
