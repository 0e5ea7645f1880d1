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

func group(s *story) {
	s.begin()
	s.ring(300*time.Millisecond, s.Extensions...)
	s.answer(5*time.Second, s.ext(1))
	s.end(8 * time.Second)
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

func transfer(s *story) {
	direct(s)
	s.steps, s.seq = s.steps[:len(s.steps)-1], s.seq-1 // the talk goes on
	if !s.clock.IsZero() {
		s.clock = s.clock.Add(-9 * time.Second)
	}
	if s.ext(1) == s.ext(0) { // nobody to transfer to
		s.end(9 * time.Second)
		return
	}
	s.say(5*time.Second, models.Event{Type: models.EventTransferred, Extension: s.ext(0), ToExtension: s.ext(1), Leg: s.steps[1].Events[0].Leg})
	s.ring(200*time.Millisecond, s.ext(1))
	s.answer(3*time.Second, s.ext(1))
	s.end(7 * time.Second)
}

func queue(s *story) {
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

func repeat(s *story) {
	direct(s)
	var twice []Step
	for _, step := range s.steps {
		twice = append(twice, step, Step{After: 100 * time.Millisecond, Events: step.Events})
	}
	s.steps = twice
}

func hidden(s *story) {
	s.Phone, s.Name = "anonymous", ""
	direct(s)
}

func outgoing(s *story) {
	s.direction = models.Out
	s.say(0, models.Event{Type: models.EventStarted, Extension: s.ext(0)})
	s.answer(6*time.Second, s.ext(0))
	s.end(8 * time.Second)
}

func internal(s *story) {
	s.direction, s.Phone, s.Name = models.InternalCall, s.ext(0), ""
	s.ring(0, s.ext(1))
	s.answer(3*time.Second, s.ext(1))
	s.end(5 * time.Second)
}

// mixed plays every other scenario as a call of its own, two seconds apart.
func mixed(s *story) {
	var all []Step
	for i, sc := range Scenarios() {
		if sc.Name == "mixed" {
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
