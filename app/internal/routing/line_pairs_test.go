package routing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zummer/models"
)

// What is one conversation, and what is not. want lists the calls by their
// conversation, in the order in which they were told first.
func TestPairs(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		events []string
		want   string
		user1  string // what user 1 has at the end
	}{
		{"the same user and number within ten seconds", []string{"cloud ringing 101 at=1", "asterisk ringing 101 at=11"}, "1 1", "call:1"},
		{"more than ten seconds apart", []string{"cloud ringing 101 at=1", "asterisk ringing 101 at=12"}, "1 2", "call:1 call:2"},
		{"another number", []string{"cloud ringing 101", "asterisk ringing 101 phone=+79990000000"}, "1 2", "call:1 call:2"},
		{"another user", []string{"cloud ringing 101", "asterisk ringing 102"}, "1 2", "call:1"},
		{"another direction", []string{"cloud answered 101 dir=in", "asterisk answered 101 dir=out"}, "1 2", "call:1 call:2"},
		{"internal calls", []string{"cloud ringing 101 dir=internal phone=102", "asterisk ringing 101 dir=internal phone=102"}, "1 2", ""},
		{"one of the two hidden", []string{"cloud ringing 101 phone=hidden", "asterisk ringing 101"}, "1 1", "call:1"},
		{"both without a number", []string{"cloud ringing 101 phone=-", "asterisk ringing 101 phone=hidden"}, "1 1", "call:1"},
		{"an answer beside a ring", []string{"cloud ringing 101", "asterisk answered 101"}, "1 1", "call:1"},
		{"two calls of one source", []string{"cloud ringing 101", "cloud ringing 101 call=2"}, "1 2", "call:1 call:2"},
		{"a second call of a source that tells already", []string{"cloud ringing 101", "asterisk ringing 101", "asterisk ringing 101 call=2"}, "1 1 3", "call:1 call:3"},
		{"a source in no group", []string{"cloud ringing 101", "other ringing 101"}, "1 2", "call:1 call:2"},
		{"nobody's extension", []string{"cloud ringing 777", "asterisk ringing 777"}, "1 2", ""},
		{"a user joins later", []string{"cloud ringing 102", "asterisk ringing 103", "cloud ringing 101", "asterisk ringing 101"}, "1 1", "call:1"},
		{"the direction becomes known late", []string{"cloud answered 101 dir=out", "asterisk answered 101", "asterisk started dir=out"}, "1 1", "call:1"},
		{"the number becomes known late and is the same", []string{"cloud ringing 101 phone=hidden", "asterisk ringing 101", "cloud started"}, "1 1", "call:1"},
		{"the number becomes known late and is another one", []string{"cloud ringing 101 phone=hidden", "asterisk ringing 101", "cloud started phone=+79990000000"}, "1 2", "call:1 call:2"},
		{"and the other way round", []string{"cloud ringing 101", "asterisk ringing 101 phone=hidden", "asterisk started phone=+79990000000"}, "1 2", "call:1 call:2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := newLine()
			l.p.ctx.Dir.Sources[asterisk].Outgoing, l.p.ctx.Dir.Sources[cloud].Outgoing = true, true
			for _, e := range tc.events {
				l.tell(t, e)
			}
			var got, keys []string
			for _, c := range l.calls {
				got = append(got, fmt.Sprint(c.ConversationID()))
			}
			for key, d := range l.rows[1] {
				if d.Payload.Call.State != models.Ended {
					keys = append(keys, key)
				}
			}
			slices.Sort(keys)
			if g := strings.Join(got, " "); g != tc.want {
				t.Errorf("conversations are %s, want %s", g, tc.want)
			}
			if g := strings.Join(keys, " "); g != tc.user1 {
				t.Errorf("user 1 has %q, want %q", g, tc.user1)
			}
		})
	}
}

// The timeline says once whose word did not count.
func TestToldAlready(t *testing.T) {
	t.Parallel()
	l := newLine()
	for _, e := range []string{"asterisk ringing 101", "cloud ringing 101", "cloud answered 101", "asterisk answered 101", "cloud ended"} {
		l.tell(t, e)
	}
	var got []string
	for _, s := range l.steps {
		got = append(got, fmt.Sprintf("%d %s %s", s.UserID, s.Rule, s.Reason))
	}
	if want := []string{"0 conversation one conversation with a call of source asterisk", "1 conversation told by source asterisk already"}; !slices.Equal(got, want) {
		t.Errorf("steps are %q, want %q", got, want)
	}
}

// Three sources of one line: the one that knows of a user and is believed most
// speaks, and the third joins by way of either.
func TestThreeSources(t *testing.T) {
	t.Parallel()
	l := newLine()
	third := l.p.ctx.Dir.Sources[other]
	third.LineGroup, third.LineRank = "trunk", 2
	for _, e := range []struct{ event, want string }{
		{"other ringing 101", "call:1 call.ringing indicate"},
		{"cloud ringing 101", "call:1 call.ringing indicate"},
		{"other answered 101", "call:1 call.ringing indicate"},
		{"cloud answered 101", "call:1 call.answered create"},
		{"asterisk ringing 101", "call:1 call.answered create"},
		{"asterisk answered 101", "call:1 call.answered create"},
		{"other ended", "call:1 call.answered create"},
		{"cloud ended", "call:1 call.answered create"},
		{"asterisk ended", "call:1 call.ended show"},
	} {
		l.tell(t, e.event)
		if got := l.has(1); got != e.want {
			t.Errorf("after %q user 1 has %q, want %q", e.event, got, e.want)
		}
	}
	if l.opens[1] != 1 {
		t.Errorf("user 1 was given %d forms", l.opens[1])
	}
}

// told is one event of a source and when it happened.
type told struct {
	source, text string
}

// drawConversation draws what a source tells of one conversation: some phones
// ring, perhaps one answers, all ends.
func drawConversation(t *rapid.T, source string, rung []string, answers, caller string, dated bool) []told {
	skew := rapid.IntRange(0, 3).Draw(t, source+" skew")
	var out []told
	add := func(text string, at int) {
		when := fmt.Sprintf(" at=%d", at+skew)
		if !dated {
			when = " at=none"
		}
		out = append(out, told{source, text + when + caller})
	}
	for i, ext := range rung {
		add("ringing "+ext, 1+i)
	}
	if answers != "" {
		add("answered "+answers, 12)
		for _, ext := range rung {
			if ext != answers && rapid.Bool().Draw(t, source+" tells of the others") {
				add("ring_ended "+ext+" reason=answered_elsewhere", 12)
			}
		}
	}
	add("ended", 70)
	return out
}

// Whatever two sources tell of one conversation, in any interleaving: nobody gets
// two forms for a talk, nor two rows; and when all is told, nothing lives. In any
// order of arrival even, as far as events are dated.
func TestOneFormForATalk(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		l := newLine()
		for u := int64(1); u <= 3; u++ {
			l.p.ctx.Dir.Users[u].PopOn = rapid.SampledFrom([]string{models.PopAnswered, models.PopRinging}).Draw(rt, "pop on")
		}
		rung := rapid.SampledFrom([][]string{{"101"}, {"101", "102"}, {"102", "101", "103"}}).Draw(rt, "rung")
		answers := rapid.SampledFrom([]string{"", "101", rung[0]}).Draw(rt, "answers")
		dated := rapid.Bool().Draw(rt, "dated")
		var all []told
		for _, source := range []string{"cloud", "asterisk"} {
			hidden := rapid.SampledFrom([]string{"", "", " phone=-"}).Draw(rt, source+" number")
			all = append(all, drawConversation(rt, source, rung, answers, hidden, dated)...)
		}
		inOrder := !dated || rapid.Bool().Draw(rt, "in order")
		all = shuffle(rt, all, inOrder)
		for i, e := range all {
			l.tell(t, e.source+" "+e.text)
			for u := int64(1); u <= 3; u++ {
				checkOne(rt, l, u, all[:i+1])
			}
		}
		for _, c := range l.calls {
			if c.ConversationID() != 1 {
				rt.Fatalf("%v: call %d is of conversation %d", all, c.ID, c.ConversationID())
			}
		}
		for u, rows := range l.rows {
			for key, d := range rows {
				if d.Payload.Call.State != models.Ended && d.Action != models.ActionNone {
					rt.Fatalf("%v: when all is over user %d still has %s, %s", all, u, key, d.Kind)
				}
			}
		}
		talker := l.p.ctx.Dir.Extensions[models.ExtKey{SourceID: 1, Extension: answers}]
		if answers != "" && inOrder && l.opens[talker] != 1 {
			rt.Fatalf("%v: the talker, %d, was given %d forms", all, talker, l.opens[talker])
		}
	})
}

func checkOne(t *rapid.T, l *line, u int64, all []told) {
	if l.opens[u] > 1 {
		t.Fatalf("%v: user %d was given %d forms", all, u, l.opens[u])
	}
	rows := 0
	for key := range l.rows[u] {
		if strings.HasPrefix(key, "call:") {
			rows++
		}
	}
	if rows > 1 {
		t.Fatalf("%v: user %d has %s", all, u, l.has(u))
	}
}

// shuffle mixes what two sources tell; inOrder keeps each source's own order.
func shuffle(t *rapid.T, all []told, inOrder bool) []told {
	if !inOrder {
		return rapid.Permutation(all).Draw(t, "order")
	}
	queues := map[string][]told{}
	for _, e := range all {
		queues[e.source] = append(queues[e.source], e)
	}
	var out []told
	for len(out) < len(all) {
		source := rapid.SampledFrom([]string{"cloud", "asterisk"}).Draw(t, "next")
		if q := queues[source]; len(q) > 0 {
			out, queues[source] = append(out, q[0]), q[1:]
		}
	}
	return out
}

// Calls with different numbers, with different people, or of one source are
// never one conversation, however they are told.
func TestNeverPaired(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		l := newLine()
		kind := rapid.SampledFrom([]string{"numbers", "users", "source"}).Draw(rt, "differ in")
		first := drawConversation(rt, "cloud", []string{"101"}, rapid.SampledFrom([]string{"", "101"}).Draw(rt, "answers"), "", true)
		source, ext, more := "asterisk", "101", ""
		switch kind {
		case "numbers":
			more = " phone=+79990000000"
		case "users":
			ext = "102"
		default:
			source, more = "cloud", " call=2"
		}
		second := drawConversation(rt, source, []string{ext}, rapid.SampledFrom([]string{"", ext}).Draw(rt, "answers too"), more, true)
		for _, e := range rapid.Permutation(append(first, second...)).Draw(rt, "order") {
			l.tell(t, e.source+" "+e.text)
			for _, c := range l.calls {
				if c.Conversation != 0 {
					rt.Fatalf("differ in %s, paired after %q", kind, e)
				}
			}
		}
	})
}
