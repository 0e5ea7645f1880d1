package routing_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zummer/models"
)

// sets plays the pending sets of all users, without acknowledgements and time.
type sets map[int64]map[string]models.Draft

func (s sets) take(d models.Draft) {
	users := []int64{d.UserID}
	if d.UserID == 0 {
		users = nil
		for u := range s {
			users = append(users, u)
		}
	}
	for _, u := range users {
		if s[u] == nil {
			s[u] = map[string]models.Draft{}
		}
		_, there := s[u][d.CollapseKey]
		switch {
		case d.Mode == models.Remove:
			delete(s[u], d.CollapseKey)
		case d.Mode == models.Upsert || there:
			s[u][d.CollapseKey] = d
		}
	}
}

// drawEvent draws what may be told next of one call: any event of any phone, at
// any second or at none, with or without the caller.
func drawEvent(t *rapid.T, legs, dated bool, way string, i int) string {
	what := rapid.SampledFrom([]string{"started", "ringing", "ringing", "ringing", "ring_ended", "answered", "answered", "transferred", "ended", "recording", "missed"}).Draw(t, "event")
	words := []string{what}
	if models.EventType(what).HasExtension() {
		ext := rapid.SampledFrom([]string{"101", "102", "103", "901", "777"}).Draw(t, "extension")
		words = append(words, ext)
		if legs {
			words = append(words, "leg="+ext+rapid.SampledFrom([]string{"a", "b"}).Draw(t, "leg"))
		}
	}
	if what == "transferred" {
		words = append(words, "to="+rapid.SampledFrom([]string{"101", "103"}).Draw(t, "to"))
	}
	if dated {
		words = append(words, fmt.Sprintf("at=%d", rapid.IntRange(0, 30).Draw(t, "at")))
	} else {
		words = append(words, "at=none")
	}
	if p := rapid.SampledFrom([]string{"", "", "-", "hidden", "101"}).Draw(t, "phone"); p != "" {
		words = append(words, "phone="+p)
	}
	if rapid.Bool().Draw(t, "says the direction") {
		words = append(words, "dir="+way)
	}
	return strings.Join(append(words, fmt.Sprintf("name=n%d", i)), " ")
}

// Whatever is told of a call, in whatever order: after each event everybody's
// row is what his phone does now.
func TestRowsAreWhatThePhonesDo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		p := newPlay()
		p.ctx.Source.Outgoing = true
		p.ctx.Dir.Users[1].PopOn = rapid.SampledFrom([]string{models.PopAnswered, models.PopRinging, models.PopNever}).Draw(rt, "pop on")
		legs, dated := rapid.Bool().Draw(rt, "leg ids"), rapid.Bool().Draw(rt, "dated")
		way := rapid.SampledFrom([]string{"in", "in", "out", "internal"}).Draw(rt, "direction")
		seen, opened := sets{}, map[int64]int{}
		var told []string
		for i := range rapid.IntRange(1, 10).Draw(rt, "events") {
			text := drawEvent(rt, legs, dated, way, i)
			told = append(told, text)
			drafts, _ := p.apply(t, text)
			for _, d := range drafts {
				seen.take(d)
				for j := range p.call.Legs {
					if l := &p.call.Legs[j]; d.Action.Opens() && l.Key == d.LegKey && l.N == d.LegN && l.User == d.UserID {
						if opened[l.ID]++; opened[l.ID] > 1 {
							rt.Fatalf("%q: attempt %s/%d opens twice", told, l.Key, l.N)
						}
					}
				}
			}
			for u := int64(1); u <= 4; u++ {
				checkRow(rt, p, seen[u], u, told)
			}
		}
	})
}

func checkRow(t *rapid.T, p *play, rows map[string]models.Draft, u int64, told []string) {
	row, there := rows[fmt.Sprint("call:", callID)]
	l := p.call.LegOf(u)
	want := ""
	switch {
	case l == nil || p.call.Direction == models.InternalCall || l.State == models.Ended:
	case l.State == models.Answered:
		want = "call.answered or call.outgoing"
	case p.call.Direction == models.In || !p.call.AnsweredAt.IsZero():
		want = models.KindRinging
	}
	live := there && (row.Kind == models.KindRinging || row.Kind == models.KindAnswered || row.Kind == models.KindOutgoing)
	switch {
	case want == "" && live, want != "" && (!live || !strings.Contains(want, row.Kind)):
		t.Fatalf("%q: user %d has %q, want %q", told, u, row.Kind, want)
	case live && (row.Payload.Phone != p.call.Phone || row.Payload.Call.State == models.Ended):
		t.Fatalf("%q: the row of user %d tells of %q, %s; the call is of %q", told, u, row.Payload.Phone, row.Payload.Call.State, p.call.Phone)
	case there && !live && row.Payload.Call.State != p.call.State && row.Kind == models.KindEnded:
		t.Fatalf("%q: the card of user %d tells of a call that is %s", told, u, row.Payload.Call.State)
	}
	missed := 0
	for key := range rows {
		if strings.HasPrefix(key, "missed:") {
			missed++
		}
	}
	rung := l != nil && !l.RangAt.IsZero()
	if !p.call.Missed && missed > 0 || p.call.Missed && rung && missed == 0 || missed > 1 {
		t.Fatalf("%q: user %d has %d missed rows, rung %v, the call is missed: %v", told, u, missed, rung, p.call.Missed)
	}
}
