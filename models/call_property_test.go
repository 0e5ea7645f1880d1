package models_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zummer/models"
)

// drawLife draws the events of one call in the order in which they happen, at
// distinct moments (told by At, by Seq, or by both), with or without leg ids.
func drawLife(t *rapid.T) []models.Event {
	legs := rapid.Bool().Draw(t, "leg ids")
	how := rapid.SampledFrom([]string{"at", "seq", "both", "some seq"}).Draw(t, "order")
	types := []models.EventType{models.EventStarted, models.EventRinging, models.EventRinging, models.EventRinging, models.EventRingEnded,
		models.EventAnswered, models.EventTransferred, models.EventEnded, models.EventMissed, models.EventRecording}
	n := rapid.IntRange(1, 9).Draw(t, "events")
	out := make([]models.Event, n)
	for i := range out {
		e := models.Event{Type: rapid.SampledFrom(types).Draw(t, "type"), Call: "c", At: sec(i + 1)}
		if e.Type.HasExtension() {
			e.Extension = rapid.SampledFrom([]string{"101", "102", "103"}).Draw(t, "extension")
			if legs {
				e.Leg = e.Extension + rapid.SampledFrom([]string{"a", "b"}).Draw(t, "leg")
			}
		}
		if e.Type == models.EventTransferred {
			e.ToExtension = "103"
		}
		switch rapid.IntRange(0, 3).Draw(t, "with number") {
		case 0, 1:
			e.Phone, e.Name = fmt.Sprintf("+7903000000%d", i), fmt.Sprintf("n%d", i)
		case 2: // a consultation, if 101 talks
			e.Phone = "101"
		}
		e.Direction = rapid.SampledFrom([]models.Direction{"", models.In, models.Out}).Draw(t, "direction")
		if how == "seq" { // one moment for all
			e.At = sec(1)
		}
		if how == "seq" || how == "both" || how == "some seq" && i%2 == 0 {
			e.Seq = int64(i + 1)
		}
		out[i] = e
	}
	return out
}

func play(events []models.Event) *models.Call {
	c := fresh()
	for i := range events {
		c.Apply(&events[i], false, sec(now))
	}
	return c
}

// picture is everything that a call derives, in a form that compares.
func picture(c *models.Call) string {
	d := c.Clone()
	for i := range d.Facts {
		d.Facts[i].TalkS = nil
	}
	return fmt.Sprintf("%+v", *d)
}

func TestEventsConverge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		life := drawLife(t)
		want := picture(play(life))
		again := rapid.SliceOfN(rapid.SampledFrom(life), 0, 4).Draw(t, "repeated")
		mixed := rapid.Permutation(append(slices.Clone(life), again...)).Draw(t, "arrival")
		if got := picture(play(mixed)); got != want {
			t.Fatalf("arrived as %v\ngot  %s\nwant %s", mixed, got, want)
		}
	})
}

// Numbered events without times converge too, but for the times.
func TestNumberedUndatedEventsConverge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		life := drawLife(t)
		for i := range life {
			life[i].At, life[i].Seq = time.Time{}, int64(i+1)
		}
		inOrder := play(life)
		mixed := play(rapid.Permutation(append(slices.Clone(life), life[0])).Draw(t, "arrival"))
		if show(mixed) != show(inOrder) || len(mixed.Facts) > len(life) {
			t.Fatalf("in order %s, mixed %s with %d facts", show(inOrder), show(mixed), len(mixed.Facts))
		}
		checkAlive(t, mixed)
	})
}

// Merged in any way and order, two calls end up as one that heard everything.
func TestMergesConverge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		life := drawLife(t)
		want := picture(play(life))
		var first, second []models.Event
		for i := range life {
			switch rapid.IntRange(0, 2).Draw(t, "heard by") {
			case 0:
				first = append(first, life[i])
			case 1:
				second = append(second, life[i])
			default:
				first, second = append(first, life[i]), append(second, life[i])
			}
		}
		a, b := play(first), play(second)
		a.Merge(b)
		if got := picture(a); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}

func rank(s models.CallState) int {
	return slices.Index([]models.CallState{models.Ringing, models.Answered, models.Ended}, s)
}

// checkAlive fails if something lives in an ended call.
func checkAlive(t *rapid.T, c *models.Call) {
	talking := 0
	for i := range c.Legs {
		l := &c.Legs[i]
		if c.State == models.Ended && l.State != models.Ended {
			t.Fatalf("leg %s/%d lives in an ended call", l.Key, l.N)
		}
		if (l.State == models.Ended) != !l.EndedAt.IsZero() || l.State == models.Answered && l.AnsweredAt.IsZero() {
			t.Fatalf("times do not fit the state: %+v", *l)
		}
		if !l.EndedAt.IsZero() && (l.EndedAt.Before(l.AnsweredAt) || l.EndedAt.Before(l.RangAt)) {
			t.Fatalf("times run backwards: %+v", *l)
		}
		if l.State == models.Answered {
			talking++
		}
	}
	if talking > 1 {
		t.Fatalf("%d attempts talk with one customer", talking)
	}
	if c.Missed && (!c.AnsweredAt.IsZero() || c.State != models.Ended) {
		t.Fatal("missed, and answered or alive")
	}
}

func TestStatesNeverGoBackInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := fresh()
		seen := map[string]int{}
		for _, e := range drawLife(t) {
			before := rank(c.State)
			c.Apply(&e, false, sec(now))
			checkAlive(t, c)
			if rank(c.State) < before {
				t.Fatalf("%s took the call back to %s", e.Type, c.State)
			}
			for i := range c.Legs {
				l := &c.Legs[i]
				name := fmt.Sprint(l.Key, "/", l.N)
				if rank(l.State) < seen[name] {
					t.Fatalf("%s took attempt %s back to %s", e.Type, name, l.State)
				}
				seen[name] = rank(l.State)
			}
		}
	})
}

// An ended call stays ended, and an attempt of it keeps no life, whatever comes
// in whatever order, dated or not.
func TestNothingLivesAfterTheEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.Permutation(drawLife(t)).Draw(t, "arrival")
		c := fresh()
		ended := false
		for i, e := range events {
			if rapid.Bool().Draw(t, "undated") {
				e.At = time.Time{}
			}
			if rapid.Bool().Draw(t, "without number") {
				e.Seq = 0
			}
			c.Apply(&e, false, sec(now+i))
			if rapid.IntRange(0, 9).Draw(t, "stuck") == 0 {
				c.Close(sec(now + i))
			}
			checkAlive(t, c)
			if ended && c.State != models.Ended {
				t.Fatalf("%s brought an ended call back", e.Type)
			}
			ended = c.State == models.Ended
		}
	})
}

// A silent closing changes nothing but that a call which nobody answered counts
// as ended: whatever comes, in whatever order, the call is else as it would be.
func TestSilentClosingsGiveWay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, without := fresh(), fresh()
		undated := rapid.Bool().Draw(t, "undated")
		closed := 0
		for i, e := range rapid.Permutation(drawLife(t)).Draw(t, "arrival") {
			if undated {
				e.At, e.Seq = time.Time{}, 0
			}
			c.Apply(&e, false, sec(now+i))
			without.Apply(&e, false, sec(now+i))
			if rapid.Bool().Draw(t, "silent") && c.CloseSilent() {
				closed++
			}
			checkAlive(t, c)
			if closed > 0 && c.State == models.Ended && without.State == models.Ringing && c.AnsweredAt.IsZero() {
				continue
			}
			if show(c) != show(without) {
				t.Fatalf("after %s: %s\nwithout the closing: %s", e.Type, show(c), show(without))
			}
		}
	})
}

// Events with neither At nor Seq, in a wrong order, never make a call livelier
// than in the right one, and never tell of two talks.
func TestUndatedIsNeverMoreAlive(t *testing.T) {
	t.Parallel()
	alive := func(c *models.Call) bool { return c.State != models.Ended }
	rapid.Check(t, func(t *rapid.T) {
		life := drawLife(t)
		for i := range life {
			life[i].At, life[i].Seq = time.Time{}, 0
		}
		inOrder := play(life)
		mixed := play(rapid.Permutation(life).Draw(t, "arrival"))
		checkAlive(t, mixed)
		if alive(mixed) && !alive(inOrder) {
			t.Fatalf("in order %s, mixed %s", show(inOrder), show(mixed))
		}
	})
}

// One attempt, undated: swapped or repeated, its ring and its end leave it
// ended.
func TestUndatedRingAndEndInAnyOrder(t *testing.T) {
	t.Parallel()
	for _, events := range [][]string{
		{"ringing 101", "ring_ended 101"}, {"ring_ended 101", "ringing 101"}, {"ring_ended 101", "ring_ended 101", "ringing 101"},
		{"ring_ended 101 leg=a", "ringing 101 leg=a"},
	} {
		c := fresh()
		apply(c, events...)
		if len(c.Legs) != 1 || c.Legs[0].State != models.Ended || c.Legs[0].RangAt.IsZero() {
			t.Errorf("%v: %s", events, show(c))
		}
	}
}
