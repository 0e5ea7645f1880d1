package simulate

import (
	"fmt"
	"time"

	"zummer/models"
)

// story collects the steps of one run.
type story struct {
	Params
	direction models.Direction
	clock     time.Time
	seq       int64
	round     int
	note      Note // of the steps that are told now
	steps     []Step
}

// ext is the i-th person, counted from 0.
func (s *story) ext(i int) string { return s.Extensions[i%len(s.Extensions)] }

// say adds one event, after a wait.
func (s *story) say(after time.Duration, e models.Event) {
	s.seq++
	if !s.clock.IsZero() {
		s.clock = s.clock.Add(after)
	}
	e.Call, e.Seq, e.At, e.Direction = s.CallID, s.seq, s.clock, s.direction
	e.ID = fmt.Sprintf("%s-%d", s.CallID, s.seq)
	if e.Phone == "" {
		e.Phone, e.Name = s.Phone, s.Name
	}
	if s.direction == models.In {
		e.DID = s.DID
	}
	s.steps = append(s.steps, Step{After: after, Event: e, Note: s.note})
}

// leg tells of one person. Each round of rings is an attempt of its own.
func (s *story) leg(after time.Duration, t models.EventType, ext, reason string) {
	s.say(after, models.Event{Type: t, Extension: ext, Leg: s.legKey(ext), Reason: reason})
}

func (s *story) legKey(ext string) string { return fmt.Sprintf("%s/%s/%d", s.CallID, ext, s.round) }

// begin: the call arrives and is routed.
func (s *story) begin() { s.say(0, models.Event{Type: models.EventStarted}) }

func (s *story) ring(after time.Duration, exts ...string) {
	s.round++
	for _, ext := range exts {
		s.leg(after, models.EventRinging, ext, "")
		after = 0
	}
}

func (s *story) answer(after time.Duration, ext string) { s.leg(after, models.EventAnswered, ext, "") }

// end: somebody hangs up after a talk of that length.
func (s *story) end(after time.Duration) {
	talk := int(after / time.Second)
	s.say(after, models.Event{Type: models.EventEnded, TalkS: &talk})
}

func (s *story) fail(after time.Duration, reason string) {
	s.say(after, models.Event{Type: models.EventEnded, Reason: reason})
}

// swap tells the last step before the one before it, without a change of when
// they happened.
func (s *story) swap() {
	n := len(s.steps)
	a, b := s.steps[n-2], s.steps[n-1]
	b.After, a.After = a.After+b.After, 0
	s.steps[n-2], s.steps[n-1] = b, a
}
