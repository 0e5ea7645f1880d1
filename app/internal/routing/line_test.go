package routing_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/app/internal/routing"
	"zummer/models"
)

// line is a line group of two sources, asterisk (believed) and cloud, that tell
// of calls, and what their users have pending. Source other is in no group.
type line struct {
	p     *play
	calls []*models.Call
	rows  map[int64]map[string]models.Draft
	opens map[int64]int // opening drafts by user
	steps []models.Step
}

const (
	asterisk = 1
	cloud    = 2
	other    = 3
)

func newLine() *line {
	p := newPlay()
	d := p.ctx.Dir
	d.Sources[asterisk].Slug, d.Sources[asterisk].LineGroup = "asterisk", "trunk"
	d.Sources[cloud] = &models.Source{ID: cloud, Slug: "cloud", LineGroup: "trunk", LineRank: 1}
	d.Sources[other] = &models.Source{ID: other, Slug: "other"}
	for k, u := range maps.Clone(d.Extensions) {
		for _, s := range []int64{cloud, other} {
			d.Extensions[models.ExtKey{SourceID: s, Extension: k.Extension}] = u
		}
	}
	d.Index()
	return &line{p: p, rows: map[int64]map[string]models.Draft{}, opens: map[int64]int{}}
}

// tell lets a source tell an event, as play.event reads it: "cloud ringing 101".
// call=2 names another call than the source's first one.
func (l *line) tell(t *testing.T, text string) {
	t.Helper()
	who, text, _ := strings.Cut(text, " ")
	source := map[string]int64{"asterisk": asterisk, "cloud": cloud, "other": other}[who]
	key, same, words := "c-1", "", strings.Fields(text)
	words = slices.DeleteFunc(words, func(w string) bool {
		k, n, _ := strings.Cut(w, "=")
		switch k {
		case "call":
			key = "c-" + n
		case "same":
			same = "c-" + n
		}
		return k == "call" || k == "same"
	})
	e, hidden := l.p.event(t, strings.Join(words, " "))
	c := l.call(source, key)
	before := c.Clone()
	merged := same != "" && l.call(source, same) != c
	if merged {
		c, before = l.merge(c, l.call(source, same))
	}
	now := start().Add(time.Duration(l.p.n) * time.Second)
	if !c.Apply(&e, hidden, now) && !merged {
		return
	}
	ctx := l.p.ctx
	ctx.Now, ctx.Source = now, ctx.Dir.Sources[source]
	routing.Owners(c, ctx.Dir)
	drafts, steps, _ := routing.Converse(before, c, l.known(c), ctx)
	l.steps = append(l.steps, steps...)
	for _, d := range drafts {
		l.take(d)
	}
	for i := range c.Legs {
		if c.Legs[i].ID == 0 {
			l.p.legs++
			c.Legs[i].ID = int64(100 + l.p.legs)
		}
	}
}

func (l *line) call(source int64, key string) *models.Call {
	for _, c := range l.calls {
		if c.Source == source && c.Key == key {
			for c.MergedInto != 0 {
				c = l.calls[c.MergedInto-1]
			}
			return c
		}
	}
	c := &models.Call{ID: int64(len(l.calls) + 1), Source: source, Key: key, State: models.Ringing}
	l.calls = append(l.calls, c)
	return c
}

// merge makes two calls of a source one, as the inbox does.
func (l *line) merge(x, y *models.Call) (kept, before *models.Call) {
	if y.ID < x.ID {
		x, y = y, x
	}
	before, gone := x.Clone(), y.Clone()
	x.Merge(y)
	drafts, _ := routing.Joined(gone, x, l.known(x), routing.Merged(gone, x))
	for _, d := range drafts {
		l.take(d)
	}
	return x, routing.Both(before, gone)
}

func (l *line) known(c *models.Call) []*models.Call {
	return slices.DeleteFunc(slices.Clone(l.calls), func(o *models.Call) bool {
		return o.ID == c.ID || l.p.ctx.Dir.Sources[o.Source].LineGroup == "" || len(o.Facts) == 0 || o.MergedInto != 0
	})
}

func (l *line) take(d models.Draft) {
	users := []int64{d.UserID}
	if d.UserID == 0 {
		users = slices.Collect(maps.Keys(l.rows))
	}
	for _, u := range users {
		if l.rows[u] == nil {
			l.rows[u] = map[string]models.Draft{}
		}
		set := l.rows[u]
		was, there := set[d.CollapseKey]
		switch {
		case d.Mode != models.Upsert && !there:
		case d.Mode == models.Move:
			if is, taken := set[d.To]; !taken || worth(was) > worth(is) {
				set[d.To] = was
			}
			delete(set, d.CollapseKey)
		case d.Mode == models.Remove:
			delete(set, d.CollapseKey)
		default:
			set[d.CollapseKey] = d
			l.mark(&d)
			if d.Action.Opens() {
				l.opens[u]++
			}
		}
	}
}

// worth is which of two rows stays.
func worth(d models.Draft) int {
	switch {
	case d.Action.Opens():
		return 2
	case d.Action != models.ActionNone && d.Payload.Call.State != models.Ended:
		return 1
	}
	return 0
}

// mark does what the ledger does of a row that was made.
func (l *line) mark(d *models.Draft) {
	id := d.LegCall
	if id == 0 {
		id = d.CallID
	}
	for _, c := range l.calls {
		for i := range c.Legs {
			if g := &c.Legs[i]; c.ID == id && g.Key == d.LegKey && g.N == d.LegN {
				g.Row = 1
			}
		}
	}
}

// has lists the rows of a user: "call:1 call.answered create".
func (l *line) has(u int64) string {
	var out []string
	for key, d := range l.rows[u] {
		out = append(out, fmt.Sprintf("%s %s %s", key, d.Kind, d.Action))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// Two sources tell of one conversation. want is what the users 1, 2 and 3 have
// after each event ("-": nothing, "=": as before).
func TestOneCallSeenTwice(t *testing.T) {
	t.Parallel()
	const rings, talks, ended = "call:1 call.ringing indicate", "call:1 call.answered create", "call:1 call.ended show"
	const ringOver, elsewhere, missed = "call:1 call.ring_ended none", "call:1 call.answered_elsewhere none", "missed:" + caller + " call.missed call_back"
	for _, tc := range []struct {
		name   string
		events [][]string // event, what user 1 has, what user 2 has
		opens  int        // of user 1
	}{
		{"the believed source first: the other one adds nothing", [][]string{
			{"asterisk ringing 101", rings, "-"},
			{"cloud ringing 101", "=", "-"},
			{"asterisk answered 101", talks, "-"},
			{"cloud answered 101", "=", "-"},
			{"asterisk ended", ended, "-"},
			{"cloud ended", "=", "-"},
		}, 1},
		{"the other source first: the believed one goes on with its row", [][]string{
			{"cloud ringing 101", rings, "-"},
			{"asterisk ringing 101", "=", "-"},
			{"asterisk answered 101", talks, "-"},
			{"cloud answered 101", "=", "-"},
			{"cloud ended", "=", "-"},
			{"asterisk ended", ended, "-"},
		}, 1},
		{"the other source is ahead: what it opened stays open, and is not opened again", [][]string{
			{"cloud ringing 101 at=1", rings, "-"},
			{"cloud answered 101 at=4", talks, "-"},
			{"asterisk ringing 101 at=1", "=", "-"},
			{"asterisk answered 101 at=4", "=", "-"},
			{"cloud ended at=60", "=", "-"},
			{"asterisk ended at=60", ended, "-"},
		}, 1},
		{"the believed source says that he does not talk", [][]string{
			{"asterisk ringing 101", rings, "-"},
			{"cloud ringing 101", "=", "-"},
			{"cloud answered 101", "=", "-"},
			{"asterisk answered 102", elsewhere, talks},
			{"cloud ended", "=", "="},
			{"asterisk ended", "=", ended},
		}, 0},
		{"who is known to one source only is told by it, with the same key", [][]string{
			{"cloud ringing 101", rings, "-"},
			{"asterisk ringing 101", "=", "-"},
			{"cloud ringing 102", "=", rings},
			{"asterisk answered 101", talks, elsewhere},
			{"cloud ring_ended 102 reason=answered_elsewhere", "=", "="},
			{"asterisk ended", ended, "="},
		}, 1},
		{"one answer told of two people: the believed source's is right", [][]string{
			{"asterisk ringing 101", rings, "-"},
			{"cloud ringing 101", "=", "-"},
			{"cloud ringing 102", "=", rings},
			{"asterisk answered 101", talks, elsewhere},
			{"cloud answered 102", "=", "="},
		}, 1},
		{"missed in both: one task", [][]string{
			{"asterisk ringing 101", rings, "-"},
			{"cloud ringing 101", "=", "-"},
			{"asterisk ended", ringOver + ", " + missed, "-"},
			{"cloud ended", "=", "-"},
		}, 0},
		{"missed in the other one, which ends first: nothing yet", [][]string{
			{"asterisk ringing 101", rings, "-"},
			{"cloud ringing 101", "=", "-"},
			{"cloud ended", "=", "-"},
			{"asterisk ended", ringOver + ", " + missed, "-"},
		}, 0},
		{"missed for the cloud, answered behind the Asterisk", [][]string{
			{"cloud ringing 101", rings, "-"},
			{"asterisk ringing 101", "=", "-"},
			{"asterisk ringing 102", "=", rings},
			{"asterisk answered 102", elsewhere, talks},
			{"cloud missed", "=", "="},
			{"asterisk ended", "=", ended},
		}, 0},
		{"after the believed source's end nothing lives", [][]string{
			{"asterisk answered 101", talks, "-"},
			{"cloud answered 101", "=", "-"},
			{"asterisk ended", ended, "-"},
			{"cloud ringing 102", "=", "-"},
			{"cloud answered 101 at=90", "=", "-"},
			{"cloud ended at=91", "=", "-"},
		}, 1},
		{"the believed source tells everything when all is over", [][]string{
			{"cloud ringing 101 at=1", rings, "-"},
			{"cloud answered 101 at=4", talks, "-"},
			{"cloud ended at=9", ended, "-"},
			{"asterisk ringing 101 at=1", "=", "-"},
			{"asterisk answered 101 at=4", "=", "-"},
			{"asterisk ended at=9", "=", "-"},
		}, 1},
		{"the number is hidden for the one that tells first", [][]string{
			{"cloud ringing 101 phone=hidden", rings, "-"},
			{"asterisk ringing 101", "=", "-"},
			{"asterisk answered 101", talks, "-"},
			{"cloud answered 101 phone=hidden", "=", "-"},
		}, 1},
		{"paired late: the direction of one becomes known, the open row stays", [][]string{
			{"cloud answered 101 at=2 dir=in", talks, "-"},
			{"asterisk started at=1 dir=in", "=", "-"},
			{"asterisk answered 101 at=2", "=", "-"},
		}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := newLine()
			last := []string{"", ""}
			for _, e := range tc.events {
				l.tell(t, e[0])
				for i, want := range e[1:] {
					switch want {
					case "-":
						want = ""
					case "=":
						want = last[i]
					}
					if last[i] = l.has(int64(i + 1)); last[i] != want {
						t.Errorf("after %q user %d has %q, want %q", e[0], i+1, last[i], want)
					}
				}
			}
			if l.opens[1] != tc.opens {
				t.Errorf("user 1 was given %d forms, want %d", l.opens[1], tc.opens)
			}
		})
	}
}
