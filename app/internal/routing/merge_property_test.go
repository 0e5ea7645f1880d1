package routing_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zummer/models"
)

// Whatever was told of two calls of a source before they turn out to be one, and
// after: everybody's row is what his phone does in the one that is left, and
// nothing is left of the other.
func TestRowsAfterAMerge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		l := newLine()
		source := rapid.SampledFrom([]string{"other", "asterisk"}).Draw(rt, "source")
		inside := rapid.Bool().Draw(rt, "the second is a consultation")
		var told []string
		tell := func(text string) {
			told = append(told, text)
			l.tell(t, source+" "+text)
		}
		draw := func(i, calls int) string {
			what := rapid.SampledFrom([]string{"ringing", "ringing", "answered", "ring_ended", "ended"}).Draw(rt, "event")
			if what != "ended" {
				what += " " + rapid.SampledFrom([]string{"101", "102", "103"}).Draw(rt, "extension")
			}
			what += fmt.Sprintf(" at=%d", i)
			if n := rapid.IntRange(1, calls).Draw(rt, "call"); n == 2 {
				if what += " call=2"; inside {
					what += " dir=internal phone=101"
				}
			} else {
				what += " dir=in"
			}
			return what
		}
		n := rapid.IntRange(1, 6).Draw(rt, "events before")
		for i := range n {
			tell(draw(i, 2))
		}
		tell(fmt.Sprintf("recording at=%d dir=in same=2", n))
		for i := range rapid.IntRange(0, 3).Draw(rt, "events after") {
			tell(draw(n+1+i, 1))
		}
		var kept *models.Call
		for _, c := range l.calls {
			if c.MergedInto == 0 {
				kept = c
			}
		}
		for u := int64(1); u <= 3; u++ {
			checkKept(rt, l, kept, u, told)
		}
	})
}

func checkKept(t *rapid.T, l *line, kept *models.Call, u int64, told []string) {
	leg, key := kept.LegOf(u), fmt.Sprintf("call:%d", kept.ID)
	row, there := l.rows[u][key]
	want := ""
	switch {
	case leg == nil || leg.State == models.Ended:
	case leg.State == models.Answered:
		want = models.KindAnswered
	default:
		want = models.KindRinging
	}
	live := there && (row.Kind == models.KindRinging || row.Kind == models.KindAnswered)
	if want == "" && live || want != "" && (!live || row.Kind != want) {
		t.Fatalf("%q: user %d has %q, want %q", told, u, row.Kind, want)
	}
	for k := range l.rows[u] {
		if strings.HasPrefix(k, "call:") && k != key {
			t.Fatalf("%q: user %d still has %s, %s", told, u, k, l.rows[u][k].Kind)
		}
		if strings.HasPrefix(k, "missed:") && !kept.Missed {
			t.Fatalf("%q: user %d has %s of a call that was not missed", told, u, k)
		}
	}
}
