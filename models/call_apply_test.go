package models_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/models"
)

func zero() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) }

func sec(n int) time.Time { return zero().Add(time.Duration(n) * time.Second) }

// ev reads "answered 101@5 seq=3 leg=a reason=busy": type, extension, seconds
// and options. Without @ the event is undated.
func ev(text string) models.Event {
	words := strings.Fields(text)
	kind, at, dated := strings.Cut(words[0], "@")
	e := models.Event{Type: models.EventType(kind), Call: "c"}
	num := func(s string) int {
		var n int
		if _, err := fmt.Sscan(s, &n); err != nil {
			panic(text + ": " + err.Error())
		}
		return n
	}
	for _, w := range words[1:] {
		k, v, ok := strings.Cut(w, "=")
		switch {
		case !ok && !dated:
			e.Extension, at, dated = strings.Cut(w, "@")
		case !ok:
			e.Extension = w
		case k == "seq":
			e.Seq = int64(num(v))
		case k == "leg":
			e.Leg = v
		case k == "reason":
			e.Reason = v
		case k == "to":
			e.ToExtension = v
		case k == "dir":
			e.Direction = models.Direction(v)
		case k == "phone":
			e.Phone = v
		case k == "name":
			e.Name = v
		case k == "rec":
			e.Recording = v
		case k == "talk":
			n := num(v)
			e.TalkS = &n
		default:
			panic("bad option " + w)
		}
	}
	if dated {
		e.At = sec(num(at))
	}
	return e
}

// now is when every event of a test is received: after all that is dated.
const now = 100

func apply(c *models.Call, texts ...string) {
	for _, text := range texts {
		switch text {
		case "close":
			c.Close(sec(now))
			continue
		case "silent":
			c.CloseSilent()
			continue
		}
		e := ev(text)
		c.Apply(&e, e.Phone == "" && e.Name == "hidden", sec(now))
	}
}

func fresh() *models.Call {
	return &models.Call{ID: 7, Source: 1, Key: "c", State: models.Ringing}
}

// show writes a call in short: its state, then each attempt.
func show(c *models.Call) string {
	out := []string{string(c.State)}
	if c.Missed {
		out[0] += " missed"
	}
	for i := range c.Legs {
		l := &c.Legs[i]
		s := fmt.Sprintf("%s/%d %s", strings.TrimPrefix(l.Key, "x:"), l.N, l.State)
		if l.Reason != "" {
			s += " " + l.Reason
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

func TestCallApply(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		events []string
		want   string
	}{
		{"answered and ended", []string{"ringing 101@1", "answered 101@3", "ended@9"}, "ended; 101/1 ended hangup"},
		{"only a menu", []string{"started@1"}, "ringing"},
		{"missed", []string{"ringing 101@1", "ended@9"}, "ended missed; 101/1 ended no_answer"},
		{"missed, said by the PBX", []string{"ringing 101@1", "missed@9 reason=caller_gave_up"}, "ended missed; 101/1 ended caller_gave_up"},
		{"missed in the menu", []string{"started@1", "ended@2"}, "ended missed"},
		{"outgoing is never missed", []string{"started@1 dir=out", "ended@9"}, "ended"},
		{"talked, by the PBX's account", []string{"started@1", "ended@9 talk=5"}, "ended"},
		{"talked, told by a later record", []string{"started@1", "ended@9", "ended@10 talk=5"}, "ended"},
		{"a phone that is off", []string{"ring_ended 101@1 reason=unavailable", "ended@2"}, "ended missed; 101/1 ended unavailable"},
		{"ring group", []string{"ringing 101@1", "ringing 102@1", "ringing 103@1", "answered 102@4"},
			"answered; 101/1 ended answered_elsewhere; 102/1 answered; 103/1 ended answered_elsewhere"},
		{"a loser's cancel is no miss", []string{"ringing 101@1", "ringing 102@1", "answered 102@4", "ring_ended 101@4 reason=no_answer", "ended@9"},
			"ended; 101/1 ended answered_elsewhere; 102/1 ended hangup"},
		{"a ring that ends does not end the talk", []string{"ringing 101@1", "answered 101@3", "ring_ended 101@4"}, "answered; 101/1 answered"},
		{"transfer", []string{"answered 101@1", "transferred 101@3 to=103", "ringing 103@4", "answered 103@6"},
			"answered; 101/1 ended transferred; 103/1 answered"},
		{"transfer that nobody takes", []string{"answered 101@1", "transferred 101@3 to=103", "ringing 103@4", "ended@9"},
			"ended; 101/1 ended hangup; 103/1 ended no_answer"},
		{"transfer and back", []string{"answered 101@1", "answered 103@4", "transferred 103@5 to=101", "ringing 101@6", "answered 101@7"},
			"answered; 101/1 ended transferred; 103/1 ended transferred; 101/2 answered"},
		{"second round", []string{"ringing 101@1", "ring_ended 101@3", "ringing 101@5"}, "ringing; 101/1 ended no_answer; 101/2 ringing"},
		{"second round, undated", []string{"ringing 101", "ring_ended 101", "ringing 101"}, "ringing; 101/1 ended no_answer; 101/2 ringing"},
		{"second round, by number", []string{"ringing 101 seq=1", "ring_ended 101 seq=2", "ringing 101 seq=3"}, "ringing; 101/1 ended no_answer; 101/2 ringing"},
		{"second round with leg ids", []string{"ringing 101@1 leg=a", "ring_ended 101@3 leg=a", "ringing 101@5 leg=b", "answered 101@6 leg=b"},
			"answered; a/1 ended no_answer; b/1 answered"},
		{"second round, one leg id", []string{"ringing 101@1 leg=a", "ring_ended 101@3 leg=a", "ringing 101@5 leg=a"}, "ringing; a/1 ended no_answer; a/2 ringing"},
		{"second round after a phone that was off", []string{"ring_ended 101 reason=unavailable", "ringing 101"}, "ringing; 101/1 ended unavailable; 101/2 ringing"},
		{"a leg id that only some events have", []string{"ringing 101@1", "answered 101@2 leg=a"}, "answered; 101/1 answered"},
		{"the exact leg comes before the extension", []string{"ringing 101@1 leg=a", "ring_ended 101@2 leg=a", "ringing 101@3", "ring_ended 101@4 leg=a"},
			"ringing; a/1 ended no_answer; 101/1 ringing"},
		{"two phones of one extension", []string{"ringing 101@1 leg=a", "ringing 101@1 leg=b", "answered 101@3 leg=b"},
			"answered; a/1 ended answered_elsewhere; b/1 answered"},
		{"pickup", []string{"ringing 101@1", "answered 103@3"}, "answered; 101/1 ended answered_elsewhere; 103/1 answered"},
		{"answered by somebody of whom nothing is told", []string{"ringing 101@1", "ring_ended 101@3 reason=answered_elsewhere", "ended@9"}, "ended; 101/1 ended answered_elsewhere"},
		{"the same, but the PBX says missed", []string{"ringing 101@1", "ring_ended 101@3 reason=answered_elsewhere", "missed@9"}, "ended missed; 101/1 ended answered_elsewhere"},

		{"late answer, before the end", []string{"ringing 101@1", "ended@9", "answered 101@4"}, "ended; 101/1 ended hangup"},
		{"late answer of nobody who rang", []string{"started@1", "ended@9", "answered 101@4"}, "ended; 101/1 ended hangup"},
		{"late answer, after the end", []string{"ringing 101@1", "ended@9", "answered 101@11"}, "ended missed; 101/1 ended no_answer"},
		{"late answer, undated", []string{"ringing 101@1", "ended@9", "answered 101"}, "ended missed; 101/1 ended no_answer"},
		{"late answer before the attempt's end", []string{"ringing 101@1", "ring_ended 101@5", "answered 101@3"}, "answered; 101/1 answered"},
		{"late ring of an attempt that is over", []string{"ringing 101@2", "ring_ended 101@5", "ringing 101@3"}, "ringing; 101/1 ended no_answer"},
		{"late earlier attempt", []string{"ringing 101@5", "ring_ended 101@3", "ringing 101@1"}, "ringing; 101/1 ended no_answer; 101/2 ringing"},
		{"two answers in one moment: the first one talks", []string{"ringing 102@1", "answered 101@3", "answered 102@3"}, "answered; 102/1 ended answered_elsewhere; 101/1 answered"},
		{"answered and handed on in one moment", []string{"ringing 102@1", "answered 102@3", "answered 101@3"}, "answered; 102/1 ended transferred; 101/1 answered"},
		{"some numbered: times decide", []string{"ringing 101@1 seq=1", "ring_ended 101@3"}, "ringing; 101/1 ended no_answer"},
		{"end comes first", []string{"ended@9", "answered 101@3", "ringing 101@1"}, "ended; 101/1 ended hangup"},
		{"numbers beat times", []string{"answered 101@5 seq=2", "ringing 101@9 seq=1", "ended@7 seq=3"}, "ended; 101/1 ended hangup"},
		{"undated ring overtaken by its end", []string{"ring_ended 101", "ringing 101"}, "ringing; 101/1 ended no_answer"},
		{"undated, after the end", []string{"ended", "ringing 101", "answered 101"}, "ended missed"},
		{"dated after an undated end", []string{"ringing 101@1", "ended", "ringing 101@200"}, "ended missed; 101/1 ended no_answer"},
		{"undated without number among numbered", []string{"ringing 101@1 seq=1", "answered 101@3 seq=2", "ended"}, "ended; 101/1 ended hangup"},

		{"repeated", []string{"ringing 101@1", "ringing 101@1", "ring_ended 101@2", "ring_ended 101@2", "ringing 101@1"}, "ringing; 101/1 ended no_answer"},
		{"repeated in other words", []string{"ringing 101@1", "ring_ended 101@2", "ringing 101@1 name=x", "ring_ended 101@2 name=y", "ended@3", "ended@3 name=z"},
			"ended missed; 101/1 ended no_answer"},
		{"repeated, undated", []string{"ringing 101", "ringing 101", "answered 101", "answered 101", "ended", "ended"}, "ended; 101/1 ended hangup"},

		{"stuck while it rings", []string{"ringing 101@1", "close"}, "ended missed; 101/1 ended no_answer"},
		{"stuck while they talk", []string{"answered 101@1", "close"}, "ended; 101/1 ended hangup"},
		{"fell silent", []string{"ringing 101@1", "ring_ended 101@3", "silent"}, "ended missed; 101/1 ended no_answer"},
		{"silent, and still rings", []string{"ringing 101@1", "ringing 102@1", "ring_ended 101@3", "silent"}, "ringing; 101/1 ended no_answer; 102/1 ringing"},
		{"silent in the menu", []string{"started@1", "silent"}, "ringing"},
		{"silent and outgoing", []string{"ringing 101@1 dir=out", "ring_ended 101@3", "silent"}, "ringing; 101/1 ended no_answer"},
		{"silent and internal", []string{"ringing 101@1 dir=internal", "ring_ended 101@3", "silent"}, "ringing; 101/1 ended no_answer"},
		{"silent after a talk", []string{"answered 101@1", "ring_ended 101@3", "silent"}, "answered; 101/1 answered"},
		{"silent, then the next round", []string{"ringing 101@1", "ring_ended 101@3", "silent", "ringing 101@99"}, "ringing; 101/1 ended no_answer; 101/2 ringing"},
		{"silent, then an answer", []string{"ringing 101@1", "ring_ended 101@3", "silent", "answered 102@99"}, "answered; 101/1 ended no_answer; 102/1 answered"},
		{"silent, then the next round, undated", []string{"ringing 101", "ring_ended 101", "silent", "ringing 102"}, "ringing; 101/1 ended no_answer; 102/1 ringing"},
		{"silent, then the next round, numbered", []string{"ringing 101@1 seq=1", "ring_ended 101@1 seq=2", "silent", "ringing 102@1 seq=3"},
			"ringing; 101/1 ended no_answer; 102/1 ringing"},
		{"silent, twice", []string{"ringing 101@1", "ring_ended 101@3", "silent", "ringing 101@99", "ring_ended 101@120", "silent"},
			"ended missed; 101/1 ended no_answer; 101/2 ended no_answer"},
		{"silent, then a late ring", []string{"ringing 101@1", "ring_ended 101@3", "silent", "ringing 102@2"}, "ended missed; 101/1 ended no_answer; 102/1 ended no_answer"},
		{"silent, then the talk that was late", []string{"ringing 101@1", "ring_ended 102@3", "ring_ended 101@3", "silent", "answered 102@2"},
			"answered; 101/1 ended answered_elsewhere; 102/1 answered"},
		{"silent, then its end", []string{"ringing 101@1", "ring_ended 101@3", "silent", "ended@99"}, "ended missed; 101/1 ended no_answer"},
		{"silent, its end, then a ring", []string{"ringing 101@1", "ring_ended 101@3", "silent", "ended@99", "ringing 101@120"}, "ended missed; 101/1 ended no_answer"},
		{"silent, then a recording", []string{"ringing 101@1", "ring_ended 101@3", "silent", "recording@99"}, "ended missed; 101/1 ended no_answer"},
		{"stuck, numbered", []string{"answered 101@1 seq=1", "close"}, "ended; 101/1 ended hangup"},
		{"closed, then the PBX goes on", []string{"ringing 101@1", "close", "answered 101@500"}, "ended missed; 101/1 ended no_answer"},
		{"closed, then a late answer", []string{"ringing 101@1", "close", "answered 101@3"}, "ended; 101/1 ended hangup"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := fresh()
			apply(c, tc.events...)
			if got := show(c); got != tc.want {
				t.Errorf("%q:\ngot  %s\nwant %s", tc.events, got, tc.want)
			}
		})
	}
}

func TestCallDerives(t *testing.T) {
	t.Parallel()
	c := fresh()
	apply(c, "started@1 dir=in name=hidden", "ringing 101@2 name=Anna", "answered 101@4 phone=+79031234567", "ended@64 rec=one", "recording@70 rec=two")
	if c.Phone != "+79031234567" || c.Hidden || c.Name != "hidden" || c.Direction != models.In || c.Recording != "two" {
		t.Errorf("phone %q hidden %v name %q direction %q recording %q", c.Phone, c.Hidden, c.Name, c.Direction, c.Recording)
	}
	if !c.StartedAt.Equal(sec(1)) || !c.AnsweredAt.Equal(sec(4)) || !c.EndedAt.Equal(sec(64)) || c.TalkS != 60 || !c.ByPBX {
		t.Errorf("started %v answered %v ended %v talk %d by PBX %v", c.StartedAt, c.AnsweredAt, c.EndedAt, c.TalkS, c.ByPBX)
	}
	l := c.Legs[0]
	if !l.RangAt.Equal(sec(2)) || !l.AnsweredAt.Equal(sec(4)) || !l.EndedAt.Equal(sec(64)) {
		t.Errorf("leg: %+v", l)
	}
	h := fresh()
	apply(h, "ringing 101@1 name=hidden")
	if !h.Hidden || h.Phone != "" {
		t.Error("a withheld number is not hidden")
	}
	s := fresh()
	apply(s, "answered 101@1", "close")
	if s.ByPBX || s.TalkS != 0 {
		t.Errorf("the job's end counts as the PBX's: by PBX %v, talk %d", s.ByPBX, s.TalkS)
	}
	apply(s, "ended@31")
	if !s.ByPBX || s.TalkS != 30 {
		t.Errorf("the PBX's own end comes late: by PBX %v, talk %d", s.ByPBX, s.TalkS)
	}
	n := fresh() // numbered events may bear times that run backwards
	apply(n, "answered 101@50 seq=1", "ended@20 seq=2")
	if n.TalkS < 0 || n.EndedAt.Before(n.AnsweredAt) {
		t.Errorf("talk %d, answered %v, ended %v", n.TalkS, n.AnsweredAt, n.EndedAt)
	}
}

func TestApplyTellsOfChange(t *testing.T) {
	t.Parallel()
	c := fresh()
	for _, tc := range []struct {
		event string
		want  bool
	}{
		{"ringing 101@1", true}, {"ringing 101@1", false}, {"ringing 101@2", false}, {"ringing 102 seq=4", true}, {"ringing 102 seq=4", false},
		{"answered 101@5", true}, {"ended", true}, {"ended", false}, {"ringing 101", false}, {"recording@9 rec=a", true},
	} {
		e := ev(tc.event)
		if got := c.Apply(&e, false, sec(now)); got != tc.want {
			t.Errorf("%s: got %v, want %v", tc.event, got, tc.want)
		}
	}
	if len(c.Facts) != 6 {
		t.Errorf("%d facts are kept, want 6: repeats tell nothing new", len(c.Facts))
	}
	if c.Close(sec(now)) {
		t.Error("closing an ended call changes it")
	}
}

func TestOwnersAreKept(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		first string
		late  []string // an earlier attempt
	}{
		{"ringing 101@5", []string{"ringing 101@1", "ring_ended 101@3"}},
		{"ringing 101@5", []string{"ring_ended 101@3", "ringing 101@1"}},
		{"ringing 101@5 leg=a", []string{"ringing 101@1 leg=a", "ring_ended 101@3 leg=a"}},
	} {
		c := fresh()
		apply(c, tc.first)
		c.SetOwner(0, 1)
		c.Legs[0].ID, c.Legs[0].Row, c.Legs[0].Opened = 50, 60, true
		apply(c, tc.late...)
		if len(c.Legs) != 2 || c.Legs[0].State != models.Ended || c.Legs[1].State != models.Ringing {
			t.Fatal(show(c))
		}
		if l := c.Legs[1]; l.ID != 50 || l.User != 1 || l.Row != 60 || !l.Opened {
			t.Errorf("%v: the attempt lost what it had: %+v", tc.late, l)
		}
		if l := c.Legs[0]; l.ID != 0 || l.User != 0 || l.Row != 0 || l.Opened {
			t.Errorf("%v: the earlier attempt took what is not its own: %+v", tc.late, l)
		}
	}
}

func TestOwnersAreKeptOfEndedAttempts(t *testing.T) {
	t.Parallel()
	c := fresh()
	apply(c, "ringing 101@5", "ring_ended 101@7")
	c.Legs[0].ID, c.Legs[0].Row = 50, 60
	apply(c, "ring_ended 101@3", "ringing 101@1")
	if len(c.Legs) != 2 || c.Legs[0].ID != 0 || c.Legs[1].ID != 50 || c.Legs[1].Row != 60 {
		t.Errorf("%s: %+v", show(c), c.Legs)
	}
}

func TestAnsweredBy(t *testing.T) {
	t.Parallel()
	c := fresh()
	apply(c, "answered 101@1", "answered 102@5", "ringing 103@6")
	for i, u := range []int64{1, 0, 3} {
		c.SetOwner(i, u)
	}
	if c.AnsweredBy != 0 {
		t.Errorf("the last to talk is unknown, got %d", c.AnsweredBy)
	}
	c.SetOwner(1, 2)
	if c.AnsweredBy != 2 {
		t.Errorf("got %d, want 2", c.AnsweredBy)
	}
	apply(c, "ended@9")
	if c.AnsweredBy != 2 {
		t.Errorf("after the end: got %d, want 2", c.AnsweredBy)
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name        string
		into, other []string
		want        string
		rows        []int64 // of the legs, in order: 10+ of into, 20+ of other
	}{
		{"a consultation joins the customer's call", []string{"answered 101@1"}, []string{"ringing 103@5", "answered 103@7"},
			"answered; 101/1 ended transferred; 103/1 answered", []int64{10, 20}},
		{"colliding attempts of one extension", []string{"ringing 101@10"}, []string{"ringing 101@1", "ring_ended 101@3"},
			"ringing; 101/1 ended no_answer; 101/2 ringing", []int64{20, 10}},
		{"the other is the later one", []string{"ringing 101@1", "ring_ended 101@3"}, []string{"ringing 101@10"},
			"ringing; 101/1 ended no_answer; 101/2 ringing", []int64{10, 20}},
		{"the same facts under two keys", []string{"ringing 101@1"}, []string{"ringing 101@1"}, "ringing; 101/1 ringing", []int64{20}}, // joined: the later row
		{"two attempts turn out to be one", []string{"ringing 101@1"}, []string{"ringing 101@2"}, "ringing; 101/1 ringing", []int64{10}},
		{"one leg id, two people", []string{"ringing 101@1 leg=a"}, []string{"ringing 102@2 leg=b"}, "ringing; a/1 ringing; b/1 ringing", []int64{10, 20}},
		{"into an ended call", []string{"ended@3"}, []string{"ringing 101@1", "answered 101@5"}, "ended missed; 101/1 ended no_answer", []int64{20}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a, b := fresh(), &models.Call{ID: 8, Source: 1, Key: "d", State: models.Ringing}
			apply(a, tc.into...)
			apply(b, tc.other...)
			for i := range a.Legs {
				a.Legs[i].ID, a.Legs[i].Row = int64(110+i), int64(10+i)
			}
			for i := range b.Legs {
				b.Legs[i].ID, b.Legs[i].Row = int64(120+i), int64(20+i)
			}
			a.Merge(b)
			var rows []int64
			ids := map[int64]bool{}
			for _, l := range a.Legs {
				rows = append(rows, l.Row)
				if l.ID == 0 || ids[l.ID] {
					t.Errorf("leg %s/%d has id %d", l.Key, l.N, l.ID)
				}
				ids[l.ID] = true
			}
			if got := show(a); got != tc.want || !slices.Equal(rows, tc.rows) {
				t.Errorf("got  %s %v\nwant %s %v", got, rows, tc.want, tc.rows)
			}
			if b.MergedInto != 7 || len(b.Facts) != 0 || len(b.Legs) != 0 || b.State != models.Ended || b.Missed {
				t.Errorf("the merged call keeps %+v", b)
			}
		})
	}
}

func TestMaxFacts(t *testing.T) {
	t.Parallel()
	c := fresh()
	for i := range models.MaxFacts + 50 {
		apply(c, fmt.Sprintf("started@%d", i))
	}
	if len(c.Facts) != models.MaxFacts {
		t.Fatalf("%d facts, want %d", len(c.Facts), models.MaxFacts)
	}
	apply(c, "ringing 101@2000")
	if len(c.Legs) != 0 {
		t.Error("a ring beyond the bound was taken")
	}
	apply(c, "answered 101@2001", "answered 101@2002", "ended@2010", "ended@2011", "ended@2012")
	if c.State != models.Ended || c.TalkS != 9 {
		t.Errorf("state %s, talk %d", c.State, c.TalkS)
	}
	if len(c.Facts) != models.MaxFacts+2 {
		t.Errorf("%d facts, want the answer and the end beside %d", len(c.Facts), models.MaxFacts)
	}
}

func TestLegOf(t *testing.T) {
	t.Parallel()
	leg := func(key string, state models.CallState, rang, answered, ended int) models.Leg {
		l := models.Leg{Key: key, N: 1, User: 1, State: state}
		for _, p := range []struct {
			at *time.Time
			n  int
		}{{&l.RangAt, rang}, {&l.AnsweredAt, answered}, {&l.EndedAt, ended}} {
			if p.n > 0 {
				*p.at = sec(p.n)
			}
		}
		return l
	}
	stranger := leg("z", models.Answered, 1, 2, 0)
	stranger.User = 2
	for _, tc := range []struct {
		name string
		legs []models.Leg
		want string
	}{
		{"none", []models.Leg{stranger}, ""},
		{"talking before ringing", []models.Leg{leg("a", models.Answered, 1, 2, 0), leg("b", models.Ringing, 5, 0, 0), stranger}, "a"},
		{"ringing before ended", []models.Leg{leg("a", models.Ringing, 1, 0, 0), leg("b", models.Ended, 1, 0, 9)}, "a"},
		{"the latest of ended", []models.Leg{leg("a", models.Ended, 1, 0, 9), leg("b", models.Ended, 1, 0, 5)}, "a"},
		{"in one instant the one that talked", []models.Leg{leg("a", models.Ended, 1, 2, 9), leg("b", models.Ended, 1, 0, 9)}, "a"},
		{"in one instant the later attempt", []models.Leg{leg("a", models.Ringing, 1, 0, 0), leg("b", models.Ringing, 1, 0, 0)}, "b"},
	} {
		c := models.Call{Legs: tc.legs}
		got := ""
		if l := c.LegOf(1); l != nil {
			got = l.Key
		}
		if got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
	c := models.Call{Legs: []models.Leg{{Key: "a"}}}
	if c.LegOf(0) != nil {
		t.Error("nobody has a leg")
	}
}
