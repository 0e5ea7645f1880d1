package simulate

import (
	"cmp"
	"fmt"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

// Scenario is one story a telephone system can tell.
type Scenario struct {
	Name        string
	Description pbx.Text
	play        func(*story)
}

// Params says who takes part. Every field may be left at its zero value.
type Params struct {
	Extensions []string  // who rings, in order; none: 101, 102, 103. Fewer than a story needs take several parts
	Phone      string    // the customer; "": +79031234567
	Name       string    // the caller's name as the PBX has it; may be ""
	DID        string    // the dialled number of the company; "": +74951234567
	CallID     string    // key of the call, unique per source; "": made of Start
	Start      time.Time // when it begins; zero: the events are undated
}

// Step is what happens at one moment: wait After, then send Events. The steps
// of the scenarios here have one event each.
type Step struct {
	After  time.Duration
	Events []models.Event
}

// Build makes the steps of one run. Events carry an id and a number in their
// call, so the same Params make the same events.
func (s Scenario) Build(p Params) []Step {
	if len(p.Extensions) == 0 {
		p.Extensions = []string{"101", "102", "103"}
	}
	p.Phone, p.DID = cmp.Or(p.Phone, "+79031234567"), cmp.Or(p.DID, "+74951234567")
	if p.CallID == "" {
		p.CallID = "sim-" + fmt.Sprint(max(p.Start.UnixMilli(), 0))
	}
	st := &story{Params: p, direction: models.In, clock: p.Start}
	s.play(st)
	return st.steps
}

// Lookup finds a scenario by its name.
func Lookup(name string) (Scenario, bool) {
	for _, s := range Scenarios() {
		if s.Name == name {
			return s, true
		}
	}
	return Scenario{}, false
}

// Scenarios lists all stories.
func Scenarios() []Scenario {
	return []Scenario{
		{"direct", pbx.Text{RU: "звонок одному сотруднику, он отвечает", EN: "a call to one person, who answers"}, direct},
		{"group", pbx.Text{RU: "звонит вся группа, отвечает один", EN: "the whole group rings, one answers"}, group},
		{"missed", pbx.Text{RU: "никто не отвечает, АТС кладёт трубку", EN: "nobody answers, the PBX gives up"}, missed},
		{"abandoned", pbx.Text{RU: "клиент кладёт трубку, не дождавшись ответа", EN: "the caller gives up while it rings"}, abandoned},
		{"transfer", pbx.Text{RU: "первый отвечает и переводит звонок второму", EN: "the first answers and transfers to the second"}, transfer},
		{"queue", pbx.Text{RU: "очередь: первый круг без ответа, на втором отвечают", EN: "a queue: nobody in the first round, an answer in the second"}, queue},
		{"repeat", pbx.Text{RU: "каждый запрос приходит дважды", EN: "every request arrives twice"}, repeat},
		{"hidden", pbx.Text{RU: "номер клиента скрыт", EN: "the caller withholds the number"}, hidden},
		{"outgoing", pbx.Text{RU: "исходящий звонок, клиент отвечает", EN: "an outgoing call that the customer answers"}, outgoing},
		{"internal", pbx.Text{RU: "внутренний звонок двух сотрудников", EN: "an internal call between two people"}, internal},
		{"mixed", pbx.Text{RU: "все остальные по очереди", EN: "all the others, one after another"}, mixed},
	}
}

// story collects the steps of one run.
type story struct {
	Params
	direction models.Direction
	clock     time.Time
	seq       int64
	round     int
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
	s.steps = append(s.steps, Step{After: after, Events: []models.Event{e}})
}

func (s *story) leg(after time.Duration, t models.EventType, ext, reason string) {
	s.say(after, models.Event{Type: t, Extension: ext, Leg: fmt.Sprintf("%s/%s/%d", s.CallID, ext, s.round), Reason: reason})
}

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

// end: somebody hangs up after a talk.
func (s *story) end(after time.Duration) {
	talk := int(after / time.Second)
	s.say(after, models.Event{Type: models.EventEnded, TalkS: &talk})
}

func (s *story) fail(after time.Duration, reason string) {
	s.say(after, models.Event{Type: models.EventEnded, Reason: reason})
}
