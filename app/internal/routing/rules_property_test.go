package routing_test

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"zummer/app/internal/routing"
	"zummer/models"
)

// register is what clients would see: the pending rows that drafts made.
type register map[models.RowKey]models.Draft

func (g register) take(drafts []models.Draft) {
	for _, d := range drafts {
		k := models.RowKey{User: d.UserID, Key: d.CollapseKey}
		_, pending := g[k]
		switch {
		case d.UserID == 0:
			for have := range g {
				if have.Key == d.CollapseKey {
					delete(g, have)
				}
			}
		case d.Mode == models.Remove:
			delete(g, k)
		case d.Mode == models.Upsert || pending:
			g[k] = d
		}
	}
}

// ruleLists are lists of rules that people would write.
var ruleLists = []string{
	`[{"name":"never","off":true,"then":{"nothing":"off"}}]`,
	`[{"name":"r","when":{"event":["ringing"]},"then":{"action":"create","to":["user","group:sales"]}}]`,
	`[{"name":"r","when":{"event":["answered"]},"then":{"action":"create","to":["user","responsible","deputy"]}}]`,
	`[{"name":"r","when":{"event":["answered"],"caller":["unknown"]},"then":{"to":["group:sales"]}}]`,
	`[{"name":"r","when":{"event":["answered_elsewhere","ring_ended","transferred"]},"then":{"action":"show"}},{"name":"s","when":{"waited_max_s":3},"then":{"nothing":"too short"}}]`,
	`[{"name":"r","when":{"event":["ringing","answered"]},"then":{"lookup":true}}]`,
	`[{"name":"r","when":{"event":["ringing","answered"]},"then":{"lookup":true,"to":["user","responsible","group:sales"]}}]`,
}

// Whatever happens to a call, in whatever order it is told, under whatever
// rules, and whenever clients settle rows: a form is given at most once an
// attempt, at most one talker's row asks for one at a time, and beside it only
// rows of phones that ring; no row of a call that is over asks for one. And
// each decision comes out the same when it is made again.
func TestFormsProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		p := newPlay()
		withRules(t, p, rapid.SampledFrom(ruleLists).Draw(rt, "rules"))
		p.ctx.CanAsk = rapid.Bool().Draw(rt, "can ask")
		p.ctx.Dir.Users[1].PopOn = rapid.SampledFrom([]string{models.PopAnswered, models.PopRinging, models.PopNever}).Draw(rt, "pop_on")
		p.ctx.Dir.Users[2].Quiet = rapid.Bool().Draw(rt, "quiet")
		away := rapid.SampledFrom([]int64{0, 1, 3}).Draw(rt, "away")
		p.ctx.Present = func(u int64) bool { return u != away }
		rows, given := register{}, map[string]int{}
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			switch rapid.IntRange(0, 9).Draw(rt, "what") {
			case 0: // a client settles a row
				u := rapid.Int64Range(1, 4).Draw(rt, "whose")
				delete(rows, models.RowKey{User: u, Key: "call:7"})
				continue
			case 1: // the CRM answers
				if rapid.Bool().Draw(rt, "known") {
					p.ctx.Contacts = []models.Contact{{ID: 1, ExternalID: "c1", Name: "ООО Ромашка", Responsible: 4}}
				}
				drafts, _ := routing.Asked(p.call, p.ctx)
				rows.take(drafts)
				count(given, p.call, drafts)
			default:
				text := fmt.Sprintf("%s %s", rapid.SampledFrom([]string{"ringing", "answered", "ring_ended", "transferred", "ended", "ringing", "answered"}).Draw(rt, "event"),
					rapid.SampledFrom([]string{"101", "102", "103", "901", "777"}).Draw(rt, "extension"))
				if rapid.IntRange(0, 4).Draw(rt, "undated") == 0 {
					text += " at=none"
				} else if rapid.IntRange(0, 4).Draw(rt, "late") == 0 {
					text += fmt.Sprintf(" at=%d", rapid.IntRange(0, 20).Draw(rt, "at"))
				}
				if rapid.IntRange(0, 5).Draw(rt, "hidden") == 0 {
					text += " phone=hidden"
				}
				drafts := again(t, rt, p, text)
				rows.take(drafts)
				count(given, p.call, drafts)
			}
			for leg, n := range given {
				if n > 1 {
					rt.Fatalf("%d forms for leg %s", n, leg)
				}
			}
			asking := 0
			for k, d := range rows {
				if p.call.State == models.Ended && (d.Kind == models.KindRinging || d.Kind == models.KindAnswered) {
					rt.Fatalf("the call is over, and the row of user %d is %s", k.User, d.Kind)
				}
				if !d.Action.Opens() {
					continue
				}
				if p.call.State == models.Ended {
					rt.Fatalf("the call is over, and the row of user %d says %s", k.User, d.Action)
				}
				l := p.call.LegOf(k.User)
				switch {
				case l == nil || l.State == models.Ended:
					rt.Fatalf("user %d neither talks nor rings, and his row says %s", k.User, d.Action)
				case l.State == models.Answered:
					asking++
				case d.Kind != models.KindRinging: // given while it rang alone; an answer told late may lie before it
					rt.Fatalf("user %d rings, and his row %s says %s", k.User, d.Kind, d.Action)
				}
			}
			if asking > 1 {
				rt.Fatalf("%d rows ask for a form while one talks", asking)
			}
		}
	})
}

// again lets an event happen and checks that the decision can be repeated from
// what is stored: the call before and after, the rules, the contacts.
func again(t *testing.T, rt *rapid.T, p *play, text string) []models.Draft {
	before := p.call.Clone()
	probe := *p
	probe.call = p.call.Clone()
	twin, _ := probe.apply(t, text)
	drafts, _ := p.apply(t, text)
	if !reflect.DeepEqual(drafts, twin) {
		rt.Fatalf("%s: decided anew, differently:\n%v\n%v", text, lines(drafts, nil), lines(twin, nil))
	}
	var told []models.Draft
	stored := p.call.Clone()
	for i := range stored.Legs { // as they were before the decision
		stored.Legs[i].Opened = openedBefore(before, &stored.Legs[i])
	}
	stored.Told = before.Told
	for _, o := range routing.Explain(before, stored, p.ctx).Occasions {
		told = append(told, o.Drafts...)
	}
	for _, d := range told {
		same := false
		for _, x := range drafts {
			same = same || x.UserID == d.UserID && x.Rule == d.Rule && x.Action == d.Action && x.Kind == d.Kind && x.RulesVersion == d.RulesVersion
		}
		if !same {
			rt.Fatalf("%s: explained %v, decided %v", text, lines([]models.Draft{d}, nil), lines(drafts, nil))
		}
	}
	return drafts
}

func openedBefore(before *models.Call, l *models.Leg) bool {
	for i := range before.Legs {
		if o := &before.Legs[i]; o.ID != 0 && o.ID == l.ID {
			return o.Opened
		}
	}
	return false
}

// count notes which attempt a form was given for.
func count(given map[string]int, c *models.Call, drafts []models.Draft) {
	for _, d := range drafts {
		if !d.Action.Opens() {
			continue
		}
		for i := range c.Legs {
			if c.Legs[i].Key == d.LegKey && c.Legs[i].N == d.LegN {
				given[fmt.Sprint(c.Legs[i].ID)]++
			}
		}
	}
}
