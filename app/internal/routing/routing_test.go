package routing_test

import (
	"testing"
	"time"

	"zummer/app/internal/routing"
	"zummer/models"
)

// happens is one event and what the rules make of it.
type happens struct {
	event string
	want  []string
}

func is(lines ...string) []string { return lines }

const (
	noMissed = "all remove missed:" + caller
	missed1  = "1 make call.missed call_back missed:" + caller
)

func TestRoute(t *testing.T) {
	t.Parallel()
	pop := func(on string) func(*play) { return func(p *play) { p.ctx.Dir.Users[1].PopOn = on } }
	for _, tc := range []struct {
		name   string
		set    func(*play)
		events []happens
	}{
		{"direct call, answered and ended", nil, []happens{
			{"started", nil},
			{"ringing 101", is("1 make call.ringing indicate")},
			{"ringing 101", nil},
			{"answered 101", is(noMissed, "1 make call.answered create")},
			{"answered 101", nil},
			{"recording", nil},
			{"ended", is("1 revise call.ended show")},
			{"ended", nil},
		}},
		{"answer without a ring", nil, []happens{
			{"answered 101", is(noMissed, "1 make call.answered create")},
		}},
		{"the ring stops, another is tried", nil, []happens{
			{"ringing 101", is("1 make call.ringing indicate")},
			{"ring_ended 101 reason=no_answer", is("1 revise call.ring_ended none")},
			{"ringing 102", is("2 make call.ringing indicate")},
			{"answered 102", is(noMissed, "2 make call.answered create")},
			{"ended", is("2 revise call.ended show")},
		}},
		{"ring group of three", nil, []happens{
			{"ringing 101", is("1 make call.ringing indicate")},
			{"ringing 102", is("2 make call.ringing indicate")},
			{"ringing 103", is("3 make call.ringing indicate")},
			{"answered 102", is(noMissed, "1 revise call.answered_elsewhere none", "2 make call.answered create", "3 revise call.answered_elsewhere none")},
			{"ring_ended 101 reason=answered_elsewhere", nil},
			{"ring_ended 103 reason=answered_elsewhere", nil},
			{"ended", is("2 revise call.ended show")},
		}},
		{"the losers' cancels come before the answer", nil, []happens{
			{"ringing 101", is("1 make call.ringing indicate")},
			{"ringing 102", is("2 make call.ringing indicate")},
			{"ring_ended 101 reason=answered_elsewhere", is("1 revise call.answered_elsewhere none")},
			{"answered 102", is(noMissed, "1 revise call.answered_elsewhere none", "2 make call.answered create")},
		}},
		{"pop on ringing, alone", pop(models.PopRinging), []happens{
			{"ringing 101", is("1 make call.ringing create")},
			{"answered 101", is(noMissed, "1 make call.answered indicate")},
			{"ended", is("1 revise call.ended show")},
		}},
		{"pop on ringing, in a group", pop(models.PopRinging), []happens{
			{"ringing 102", is("2 make call.ringing indicate")},
			{"ringing 101", is("1 make call.ringing indicate")},
			{"answered 101", is(noMissed, "1 make call.answered create", "2 revise call.answered_elsewhere none")},
		}},
		{"pop on ringing, while a colleague talks", pop(models.PopRinging), []happens{
			{"answered 102", is(noMissed, "2 make call.answered create")},
			{"ringing 101", is("1 make call.ringing indicate")},
			{"answered 101", is("1 make call.answered create", "2 revise call.transferred none")},
		}},
		{"pop never", pop(models.PopNever), []happens{
			{"ringing 101", is("1 make call.ringing indicate")},
			{"answered 101", is(noMissed, "1 make call.answered show")},
		}},
		{"quiet", func(p *play) { p.ctx.Dir.Users[1].Quiet, p.ctx.Dir.Users[1].PopOn = true, models.PopRinging }, []happens{
			{"ringing 101", is("1 make call.ringing indicate")},
			{"answered 101", is(noMissed, "1 make call.answered show")},
		}},
		{"blind transfer", nil, []happens{
			{"answered 101", is(noMissed, "1 make call.answered create")},
			{"transferred 101 to=103", nil},
			{"ringing 103", is("3 make call.ringing indicate")},
			{"answered 103", is("1 revise call.transferred none", "3 make call.answered create")},
			{"ended", is("3 revise call.ended show")},
		}},
		{"transfer that nobody takes", nil, []happens{
			{"answered 101", is(noMissed, "1 make call.answered create")},
			{"transferred 101 to=103", nil},
			{"ringing 103", is("3 make call.ringing indicate")},
			{"ring_ended 103 reason=no_answer", is("3 revise call.ring_ended none")},
			{"ended", is("1 revise call.ended show")},
		}},
		{"transfer and back", nil, []happens{
			{"ringing 101", is("1 make call.ringing indicate")},
			{"answered 101", is(noMissed, "1 make call.answered create")},
			{"answered 103", is("1 revise call.transferred none", "3 make call.answered create")},
			{"transferred 103 to=101", nil},
			{"ringing 101", is("1 make call.ringing indicate")},
			{"answered 101", is("1 make call.answered create", "3 revise call.transferred none")},
			{"ended", is("1 revise call.ended show")},
		}},
		{"a queue's second round", nil, []happens{
			{"ringing 101", is("1 make call.ringing indicate")},
			{"ring_ended 101", is("1 revise call.ring_ended none")},
			{"ringing 101", is("1 make call.ringing indicate")},
			{"answered 101", is(noMissed, "1 make call.answered create")},
		}},
		{"a queue's second round, undated", nil, []happens{
			{"ringing 101 at=none", is("1 make call.ringing indicate")},
			{"ring_ended 101 at=none", is("1 revise call.ring_ended none")},
			{"ringing 101 at=none", is("1 make call.ringing indicate")},
			{"answered 101 at=none", is(noMissed, "1 make call.answered create")},
		}},
		{"pickup by a colleague whose phone never rang", nil, []happens{
			{"ringing 101", is("1 make call.ringing indicate")},
			{"answered 103", is(noMissed, "1 revise call.answered_elsewhere none", "3 make call.answered create")},
		}},
		{"two phones of one person open once", pop(models.PopRinging), []happens{
			{"ringing 101", is("1 make call.ringing create")},
			{"ringing 901", nil},
			{"answered 901", is(noMissed, "1 make call.answered indicate")},
			{"ended", is("1 revise call.ended show")},
		}},
		{"a person moves the talk to his other phone", nil, []happens{
			{"answered 101", is(noMissed, "1 make call.answered create")},
			{"answered 901", is("1 make call.answered indicate")},
		}},
		{"hidden caller", nil, []happens{
			{"ringing 101 phone=hidden", is("1 make call.ringing indicate")},
			{"answered 101 phone=hidden", is("1 make call.answered create")},
			{"ended phone=hidden", is("1 revise call.ended show")},
		}},
		{"the number becomes known while it rings", nil, []happens{
			{"ringing 101 phone=-", is("1 make call.ringing indicate")},
			{"started", is("1 revise call.ringing indicate")},
			{"answered 101", is(noMissed, "1 make call.answered create")},
		}},
		{"the name becomes known while it rings", nil, []happens{
			{"ringing 101 phone=-", is("1 make call.ringing indicate")},
			{"started phone=- name=Ivan", is("1 revise call.ringing indicate")},
			{"started phone=- name=Ivan", nil},
		}},
		{"the number becomes known in the conversation", nil, []happens{
			{"answered 101 phone=-", is("1 make call.answered create")},
			{"started", is(noMissed, "1 revise call.answered show")},
		}},
		{"outgoing, switched off", nil, []happens{
			{"started dir=out", nil},
			{"ringing 101 dir=out", nil},
			{"answered 101 dir=out", is(noMissed, "step nothing")},
			{"ended", is("1 revise call.ended show")},
		}},
		{"outgoing, switched on", func(p *play) { p.ctx.Source.Outgoing = true }, []happens{
			{"started dir=out", nil},
			{"answered 101 dir=out", is(noMissed, "1 make call.outgoing create")},
			{"ended", is("1 revise call.ended show")},
		}},
		{"outgoing, nobody answers", func(p *play) { p.ctx.Source.Outgoing = true }, []happens{
			{"started dir=out", nil},
			{"ended", nil},
		}},
		{"outgoing, handed to a colleague", nil, []happens{
			{"answered 101 dir=out", is(noMissed, "step nothing")},
			{"ringing 102", is("2 make call.ringing indicate")},
			{"answered 102", is("1 revise call.transferred none", "2 make call.answered create")},
		}},
		{"internal", nil, []happens{
			{"ringing 101 dir=internal", nil},
			{"answered 101 dir=internal", nil},
			{"ended", nil},
		}},
		{"internal, told too late", nil, []happens{
			{"ringing 101", is("1 make call.ringing indicate")},
			{"started dir=internal at=0", is("1 revise call.ring_ended none")},
			{"answered 101", nil},
		}},
		{"nobody owns the extension", nil, []happens{
			{"ringing 777", is("step unrouted")},
			{"ringing 777", nil},
			{"answered 777", is(noMissed)},
		}},
		{"the owner is switched off", nil, []happens{
			{"ringing 109", is("step unrouted")},
		}},
		{"missed by the one who was rung", nil, []happens{
			{"ringing 101", is("1 make call.ringing indicate")},
			{"ended", is("1 revise call.ring_ended none", missed1)},
		}},
		{"missed by a group", nil, []happens{
			{"ringing 102", is("2 make call.ringing indicate")},
			{"ringing 101", is("1 make call.ringing indicate")},
			{"ring_ended 101", is("1 revise call.ring_ended none")},
			{"missed", is(missed1, "2 revise call.ring_ended none", "2 make call.missed call_back missed:"+caller)},
		}},
		{"missed, the responsible is told", contacts(models.Contact{ID: 1, Responsible: 3}), []happens{
			{"ringing 101", is("1 make call.ringing indicate")},
			{"ended", is("1 revise call.ring_ended none", "3 make call.missed call_back missed:"+caller)},
		}},
		{"missed, the responsible has left", contacts(models.Contact{ID: 1, Responsible: 9}), []happens{
			{"ringing 101", is("1 make call.ringing indicate")},
			{"ended", is("1 revise call.ring_ended none", missed1)},
		}},
		{"missed in the menu: the source's group, active members", nil, []happens{
			{"started", nil},
			{"ended", is("3 make call.missed call_back missed:"+caller, "4 make call.missed call_back missed:"+caller)},
		}},
		{"missed by a phone that is off: the group", nil, []happens{
			{"ring_ended 101 reason=unavailable", nil},
			{"ended", is("3 make call.missed call_back missed:"+caller, "4 make call.missed call_back missed:"+caller)},
		}},
		{"missed, nobody is concerned", func(p *play) { p.ctx.Source.GroupID = 0 }, []happens{
			{"started", nil},
			{"ended", is("step nothing")},
		}},
		{"missed and hidden", nil, []happens{
			{"ringing 101 phone=hidden", is("1 make call.ringing indicate")},
			{"ended phone=hidden", is("1 revise call.ring_ended none", "1 make call.missed call_back missed:call:7")},
		}},
		{"answered after all, told late", nil, []happens{
			{"ringing 101", is("1 make call.ringing indicate")},
			{"ended at=9", is("1 revise call.ring_ended none", missed1)},
			{"answered 101 at=5", is(noMissed)},
		}},
		{"hidden and answered after all, told late", nil, []happens{
			{"ringing 101 phone=hidden", is("1 make call.ringing indicate")},
			{"ended at=9 phone=hidden", is("1 revise call.ring_ended none", "1 make call.missed call_back missed:call:7")},
			{"answered 101 at=5 phone=hidden", is("all remove missed:call:7")},
		}},
		{"the number is told after the call was missed", nil, []happens{
			{"ringing 101 phone=-", is("1 make call.ringing indicate")},
			{"ended phone=-", is("1 revise call.ring_ended none", "1 make call.missed call_back missed:call:7")},
			{"recording", is("all remove missed:call:7", missed1)},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPlay()
			if tc.set != nil {
				tc.set(p)
			}
			for _, h := range tc.events {
				want(t, h.event, lines(p.apply(t, h.event)), h.want...)
			}
		})
	}
}

func contacts(cs ...models.Contact) func(*play) { return func(p *play) { p.ctx.Contacts = cs } }

func TestRouteSkipsStepsBetween(t *testing.T) {
	t.Parallel()
	p := newPlay()
	before := p.call.Clone()
	for _, text := range []string{"ringing 101", "answered 101", "answered 102"} {
		e, hidden := p.event(t, text)
		p.call.Apply(&e, hidden, start())
	}
	routing.Owners(p.call, p.ctx.Dir)
	want(t, "three events at once", lines(routing.Route(before, p.call, p.ctx)), noMissed, "2 make call.answered create")
}

func TestOpenedIsGivenOncePerAttempt(t *testing.T) {
	t.Parallel()
	p := newPlay()
	p.apply(t, "ringing 101")
	if p.call.Legs[0].Opened {
		t.Error("an indication counts as opened")
	}
	p.apply(t, "answered 101")
	if !p.call.Legs[0].Opened {
		t.Error("the opening is not recorded on the leg")
	}
	q := newPlay()
	q.ctx.Dir.Users[1].Quiet = true
	q.apply(t, "answered 101")
	if q.call.Legs[0].Opened {
		t.Error("a card counts as opened")
	}
}

func TestCurrent(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		events []string
		set    func(*play)
		want   []string
	}{
		{"rings", []string{"ringing 777"}, nil, is("1 make call.ringing indicate")},
		{"rings alone, pop on ringing", []string{"ringing 777"}, func(p *play) { p.ctx.Dir.Users[1].PopOn = models.PopRinging }, is("1 make call.ringing create")},
		{"talks", []string{"ringing 777", "answered 777"}, nil, is("1 make call.answered create")},
		{"stopped ringing", []string{"ringing 777", "ring_ended 777"}, nil, nil},
		{"missed", []string{"ringing 777", "ended"}, nil, is(missed1)},
		{"missed, another is responsible", []string{"ringing 777", "ended"}, contacts(models.Contact{ID: 1, Responsible: 3}), nil},
		{"over", []string{"ringing 777", "answered 777", "ended"}, nil, nil},
		{"internal", []string{"ringing 777 dir=internal"}, nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPlay()
			if tc.set != nil {
				tc.set(p)
			}
			for _, e := range tc.events {
				p.apply(t, e)
			}
			p.ctx.Dir.Extensions[models.ExtKey{SourceID: 1, Extension: "777"}] = 1
			want(t, "steps of Owners", lines(nil, routing.Owners(p.call, p.ctx.Dir)))
			want(t, "drafts", lines(routing.Current(p.call, []int64{1, 1}, p.ctx), nil), tc.want...)
		})
	}
}

func TestOwnersNamesTheAnswerer(t *testing.T) {
	t.Parallel()
	p := newPlay()
	drafts, _ := p.apply(t, "answered 103")
	if p.call.AnsweredBy != 3 {
		t.Fatalf("AnsweredBy: got %d, want 3", p.call.AnsweredBy)
	}
	last := drafts[len(drafts)-1].Payload.Call
	if last.AnsweredBy != "user3" || last.AnsweredByName != "Сидорова С." {
		t.Errorf("the row names %q %q", last.AnsweredBy, last.AnsweredByName)
	}
}

// A consultation becomes the customer's call: its rows go, and the one who
// talks gets a row of the surviving call.
func TestMerged(t *testing.T) {
	t.Parallel()
	p := newPlay()
	p.apply(t, "answered 101")
	gone := &models.Call{ID: 8, Source: 1, Key: "c-8", State: models.Ringing}
	e := models.Event{Type: models.EventAnswered, Call: "c-8", Extension: "103", At: start().Add(time.Minute)}
	gone.Apply(&e, false, start())
	routing.Owners(gone, p.ctx.Dir)

	before, was := p.call.Clone(), gone.Clone()
	p.call.Merge(gone)
	want(t, "rows of the merged call", lines(routing.Merged(was, p.call), nil), "3 remove call:8")
	routing.Owners(p.call, p.ctx.Dir)
	want(t, "rows of the surviving call", lines(routing.Route(before, p.call, p.ctx)), "1 revise call.transferred none", "3 make call.answered create")
}
