package routing_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/app/internal/routing"
	"zummer/models"
)

// applyAt lets an event be told at now.
func (p *play) applyAt(t *testing.T, text string, now time.Time) ([]models.Draft, []models.Step) {
	t.Helper()
	e, hidden := p.event(t, text)
	before := p.call.Clone()
	if !p.call.Apply(&e, hidden, now) {
		return nil, nil
	}
	p.ctx.Now = now
	steps := routing.Owners(p.call, p.ctx.Dir)
	drafts, more := routing.Route(before, p.call, p.ctx)
	return drafts, append(steps, more...)
}

// What is told late is history: nothing pops up. Events happen at= seconds after
// the start; told is when they are told, in minutes after it.
func TestLate(t *testing.T) {
	t.Parallel()
	const nothing = "step nothing"
	type event struct {
		told float64
		text string
		want []string
	}
	for _, tc := range []struct {
		name   string
		lag    time.Duration
		pop    string
		events []event
	}{
		{"a whole call after an outage", 0, models.PopAnswered, []event{
			{12, "ringing 101 at=1", is(nothing)},
			{12, "answered 101 at=5", is(noMissed, "1 make call.answered show")},
			{12, "started at=2 name=Ivan phone=+79990000000", is()},
			{12, "ended at=60", is("1 revise call.ended show")},
		}},
		{"a ring that would have opened", 0, models.PopRinging, []event{
			{12, "ringing 101 at=1", is(nothing)},
		}},
		{"an answer told late of a ring told in time", 0, models.PopAnswered, []event{
			{0.1, "ringing 101 at=1", is("1 make call.ringing indicate")},
			{12, "answered 101 at=5", is(noMissed, "1 make call.answered show")},
		}},
		{"an answer told in time of a ring told late", 0, models.PopAnswered, []event{
			{2, "ringing 101 at=1", is(nothing)},
			{2, "answered 101 at=115", is(noMissed, "1 make call.answered create")},
		}},
		{"ninety seconds are in time", 0, models.PopAnswered, []event{
			{1.5, "ringing 101 at=0", is("1 make call.ringing indicate")},
			{1.55, "answered 101 at=3", is(noMissed, "1 make call.answered create")},
		}},
		{"a clock that is wrong", 3 * time.Hour, models.PopAnswered, []event{
			{180, "ringing 101 at=0", is("1 make call.ringing indicate")},
			{180.2, "answered 101 at=10", is(noMissed, "1 make call.answered create")},
		}},
		{"a backlog of a clock that is wrong", 3 * time.Hour, models.PopAnswered, []event{
			{192, "ringing 101 at=0", is(nothing)},
			{192, "answered 101 at=10", is(noMissed, "1 make call.answered show")},
		}},
		{"days ago: no backlog lasts so long, its clock was never set", 0, models.PopAnswered, []event{
			{3 * 24 * 60, "ringing 101 at=1", is("1 make call.ringing indicate")},
			{3 * 24 * 60, "answered 101 at=5", is(noMissed, "1 make call.answered create")},
		}},
		{"no dates: nobody can know", 0, models.PopAnswered, []event{
			{12, "ringing 101 at=none", is("1 make call.ringing indicate")},
			{12, "answered 101 at=none", is(noMissed, "1 make call.answered create")},
		}},
		{"the number becomes known: what was told late does not open by it", 0, models.PopAnswered, []event{
			{12, "answered 101 at=5 phone=-", is("1 make call.answered show")},
			{12, "started at=6", is(noMissed, "1 revise call.answered show")},
		}},
		{"a transfer told in time of a call that was told late", 0, models.PopAnswered, []event{
			{12, "answered 101 at=5", is(noMissed, "1 make call.answered show")},
			{12, "answered 103 at=715", is("1 revise call.transferred none", "3 make call.answered create")},
		}},
		{"missed", 0, models.PopAnswered, []event{
			{12, "ringing 101 at=1", is(nothing)},
			{12, "ended at=20", is("1 revise call.ring_ended none", missed1)},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPlay()
			p.ctx.Lag, p.ctx.Dir.Users[1].PopOn = tc.lag, tc.pop
			for _, e := range tc.events {
				drafts, steps := p.applyAt(t, e.text, start().Add(time.Duration(e.told*float64(time.Minute))))
				want(t, e.text, lines(drafts, steps), e.want...)
			}
		})
	}
}

// A late card says how late in words and data; a missed call names its time in
// the reader's zone.
func TestLateWords(t *testing.T) {
	t.Parallel()
	p := newPlay()
	p.ctx.Dir.Users[1].Timezone = "Europe/Moscow"
	_, steps := p.applyAt(t, "ringing 101 at=1", start().Add(12*time.Minute))
	if len(steps) != 1 || !strings.Contains(steps[0].Reason, "told 11 minutes late") || steps[0].UserID != 1 {
		t.Errorf("steps are %+v", steps)
	}
	drafts, _ := p.applyAt(t, "ended at=30", start().Add(12*time.Minute))
	i := slices.IndexFunc(drafts, func(d models.Draft) bool { return d.Kind == models.KindMissed })
	if got := drafts[i].Payload.Text; got != "Пропущенный в 13:42 +7 903 123-45-67" {
		t.Errorf("missed: %q", got)
	}
	p = newPlay()
	p.applyAt(t, "ringing 101 at=1", start().Add(time.Second))
	drafts, _ = p.applyAt(t, "ended at=30", start().Add(32*time.Second))
	i = slices.IndexFunc(drafts, func(d models.Draft) bool { return d.Kind == models.KindMissed })
	if got := drafts[i].Payload.Text; got != "Пропущенный +7 903 123-45-67" {
		t.Errorf("missed, told in time: %q", got)
	}
	p = newPlay()
	p.applyAt(t, "ringing 101 at=1", start().Add(15*time.Hour))
	drafts, _ = p.applyAt(t, "ended at=30", start().Add(15*time.Hour))
	i = slices.IndexFunc(drafts, func(d models.Draft) bool { return d.Kind == models.KindMissed })
	if got := drafts[i].Payload.Text; got != "Пропущенный 23.11 в 10:42 +7 903 123-45-67" {
		t.Errorf("missed the day before: %q", got)
	}
	p = newPlay()
	drafts, _ = p.applyAt(t, "answered 101 at=5", start().Add(12*time.Minute))
	d := drafts[len(drafts)-1]
	if d.Payload.Data["late_s"] != 715 || !strings.Contains(d.Reason, "told 11 minutes late") {
		t.Errorf("answered: %v, %q", d.Payload.Data, d.Reason)
	}
}
