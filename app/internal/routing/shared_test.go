package routing_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"zummer/app/internal/routing"
	"zummer/models"
)

// sharedBy makes 150 a phone that the users share; 150 rings for today's owner
// when the mode is check_in and today is not 0.
func (p *play) sharedBy(mode string, today int64, users ...int64) {
	e := &models.Extension{SourceID: 1, Extension: "150", Mode: mode}
	for _, u := range users {
		o := models.Owner{UserID: u}
		if u == today {
			o.CheckedInAt = start()
		}
		e.Owners = append(e.Owners, o)
	}
	p.ctx.Dir.Shared = map[models.ExtKey]*models.Extension{{SourceID: 1, Extension: "150"}: e}
}

// present says who polls.
func (p *play) present(users ...int64) {
	p.here = func(u int64) bool { return slices.Contains(users, u) }
	p.ctx.Dir.Groups[6] = &models.Group{ID: 6, Name: "desk", Members: []int64{1, 2, 3, 4}}
}

// Whose a call on a shared phone is. The users share the phone 150; the group
// is 1, 2, 3, 4 in this order.
func TestWhoseASharedPhoneIs(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		mode    string
		today   int64
		owners  []int64
		here    []int64
		user    int64   // the leg's
		sharers []int64 // or theirs
		deputy  bool    // a step says why
	}{
		{"check_in: whose it is today, and he polls", models.SharedCheckIn, 1, []int64{1, 2}, []int64{1, 2}, 1, nil, false},
		{"check_in: he is away, another owner polls but did not say so: the deputy, who is the next in the group", models.SharedCheckIn, 1, []int64{1, 3}, []int64{3, 4}, 3, nil, true},
		{"check_in: the next in the group is away too: the one after him", models.SharedCheckIn, 1, []int64{1, 2}, []int64{4}, 4, nil, true},
		{"check_in: nobody at all is there: his who said so", models.SharedCheckIn, 1, []int64{1, 2}, nil, 1, nil, false},
		{"check_in: nobody has said so: a deputy of the owners", models.SharedCheckIn, 0, []int64{1, 2}, []int64{3}, 3, nil, true},
		{"check_in: nobody has said so and nobody is there: all owners", models.SharedCheckIn, 0, []int64{1, 2}, nil, 0, []int64{1, 2}, false},
		{"check_in: who said so has left the company", models.SharedCheckIn, 9, []int64{1, 9}, []int64{2}, 2, nil, true},
		{"all: those who poll", models.SharedAll, 0, []int64{1, 2, 3}, []int64{1, 3}, 0, []int64{1, 3}, false},
		{"all: the only one who polls has it", models.SharedAll, 0, []int64{1, 2, 3}, []int64{2}, 2, nil, false},
		{"all: nobody polls: all, and their deputy", models.SharedAll, 0, []int64{1, 2}, []int64{4}, 0, []int64{1, 2, 4}, true},
		{"all: nobody polls and nobody stands in: all", models.SharedAll, 0, []int64{1, 2}, nil, 0, []int64{1, 2}, false},
		{"all: one who was switched off is none of them", models.SharedAll, 0, []int64{1, 2, 9}, []int64{1, 2, 9}, 0, []int64{1, 2}, false},
		{"nobody of them works here any more", models.SharedAll, 0, []int64{9}, []int64{1}, 0, nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPlay()
			p.sharedBy(tc.mode, tc.today, tc.owners...)
			p.present(tc.here...)
			_, steps := p.apply(t, "ringing 150")
			l := p.call.Legs[0]
			deputy := slices.ContainsFunc(steps, func(s models.Step) bool { return s.What == models.StepDeputy && s.Reason != "" })
			if l.User != tc.user || !slices.Equal(l.Sharers, tc.sharers) || deputy != tc.deputy {
				t.Errorf("the leg is of %d, shared by %v, a deputy's: %t; want %d, %v, %t", l.User, l.Sharers, deputy, tc.user, tc.sharers, tc.deputy)
			}
			// It stays so for the attempt's life, whoever comes and goes.
			p.present(1, 2, 3, 4)
			p.apply(t, "answered 150")
			if l := p.call.Legs[0]; l.User != tc.user || !slices.Equal(l.Sharers, tc.sharers) {
				t.Errorf("after the answer the leg is of %d, shared by %v", l.User, l.Sharers)
			}
		})
	}
}

// What people see of a call on a phone that rings for 1 and 2.
func TestSharedPhone(t *testing.T) {
	t.Parallel()
	const missed2 = "2 make call.missed call_back missed:" + caller
	for _, tc := range []struct {
		name   string
		set    func(*play)
		events []happens
	}{
		{"it rings for both, is offered to both, and nobody takes it", nil, []happens{
			{"ringing 150", is("1 make call.ringing indicate", "2 make call.ringing indicate")},
			{"answered 150", is(noMissed, "1 make call.answered indicate", "2 make call.answered indicate")},
			{"answered 150", nil},
			{"ended", is("1 revise call.ended show", "2 revise call.ended show")},
		}},
		{"opening on ringing is for one's own phone", func(p *play) { p.ctx.Dir.Users[1].PopOn = models.PopRinging }, []happens{
			{"ringing 150", is("1 make call.ringing indicate", "2 make call.ringing indicate")},
		}},
		{"missed: one task of both", nil, []happens{
			{"ringing 150", is("1 make call.ringing indicate", "2 make call.ringing indicate")},
			{"ended", is("1 revise call.ring_ended none", missed1, "2 revise call.ring_ended none", missed2)},
		}},
		{"a colleague answers at his own phone", nil, []happens{
			{"ringing 150", is("1 make call.ringing indicate", "2 make call.ringing indicate")},
			{"ringing 103", is("3 make call.ringing indicate")},
			{"answered 103", is(noMissed, "1 revise call.answered_elsewhere none", "2 revise call.answered_elsewhere none", "3 make call.answered create")},
		}},
		{"answered at the shared phone: the colleague's row goes", nil, []happens{
			{"ringing 150", is("1 make call.ringing indicate", "2 make call.ringing indicate")},
			{"ringing 103", is("3 make call.ringing indicate")},
			{"answered 150", is(noMissed, "1 make call.answered indicate", "2 make call.answered indicate", "3 revise call.answered_elsewhere none")},
		}},
		{"transferred from it before anybody took it", nil, []happens{
			{"answered 150", is(noMissed, "1 make call.answered indicate", "2 make call.answered indicate")},
			{"transferred 150 to=103", nil},
			{"answered 103", is("1 revise call.transferred none", "2 revise call.transferred none", "3 make call.answered create")},
		}},
		{"one's own address beside it says whose it is", func(p *play) {
			p.ctx.Dir.Extensions[models.ExtKey{SourceID: 1, Extension: "150"}] = 3
		}, []happens{
			{"answered 150", is(noMissed, "3 make call.answered create")},
		}},
		{"internal", nil, []happens{{"ringing 150 dir=internal", nil}}},
		{"outgoing, switched off", nil, []happens{{"answered 150 dir=out", is(noMissed)}}},
		{"outgoing, switched on", func(p *play) { p.ctx.Source.Outgoing = true }, []happens{
			{"answered 150 dir=out", is(noMissed, "1 make call.outgoing indicate", "2 make call.outgoing indicate")},
		}},
		{"the number becomes known during the talk", nil, []happens{
			{"answered 150 phone=-", is("1 make call.answered indicate", "2 make call.answered indicate")},
			{"started", is(noMissed, "1 revise call.answered indicate", "2 revise call.answered indicate")},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPlay()
			p.sharedBy(models.SharedAll, 0, 1, 2)
			p.present(1, 2, 3, 4)
			if tc.set != nil {
				tc.set(p)
			}
			for i, e := range tc.events {
				drafts, steps := p.apply(t, e.event)
				want(t, fmt.Sprintf("%d: %s", i, e.event), lines(drafts, steps), e.want...)
				for _, d := range drafts {
					offer := d.Payload.Data[routing.TakeFlag] == true
					if wanted := len(p.call.Legs[0].Sharers) > 0 && d.UserID < 3 && d.UserID > 0 && (d.Kind == models.KindAnswered || d.Kind == models.KindOutgoing || d.Kind == models.KindEnded); offer != wanted {
						t.Errorf("%s: %s of %d is an offer: %t, want %t", e.event, d.Kind, d.UserID, offer, wanted)
					}
				}
			}
		})
	}
}

// A rule that tells others too of an answered call offers it to those who share
// the phone alone.
func TestAnOfferIsForThoseWhoShareThePhone(t *testing.T) {
	t.Parallel()
	p := newPlay()
	p.sharedBy(models.SharedAll, 0, 1, 2)
	p.present(1, 2, 3)
	p.ctx.Contacts = []models.Contact{{ID: 1, Responsible: 3}}
	rules := routing.Builtin()
	for i := range rules {
		if rules[i].Name == "answered" {
			rules[i].Then.To = []string{"user", "responsible"}
		}
	}
	p.ctx.Rules = &models.RuleSet{Version: 1, Rules: rules}
	drafts, _ := p.apply(t, "answered 150")
	told := map[int64]bool{}
	for _, d := range drafts {
		if d.Kind == models.KindAnswered {
			told[d.UserID] = d.Payload.Data[routing.TakeFlag] == true
			if d.Action.Opens() {
				t.Errorf("it opens for %d, and nobody has taken it", d.UserID)
			}
		}
	}
	if !told[1] || !told[2] || told[3] || len(told) != 3 {
		t.Errorf("offered to %v, want 1 and 2, and 3 told of it", told)
	}
}

// Who takes an offered call, and what each of the two sees.
func TestTake(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		set   func(*play)
		after string // an event before it is taken
		user  int64
		claim bool
		want  []string
		open  bool // the leg counts as opened
	}{
		{"claimed: his row opens, the other one's goes", nil, "", 1, true, is("1 revise call.answered create", "2 revise call.answered_elsewhere none"), true},
		{"claimed by the other", nil, "", 2, true, is("1 revise call.answered_elsewhere none", "2 revise call.answered create"), true},
		{"acknowledged: he has opened it himself", nil, "", 2, false, is("1 revise call.answered_elsewhere none"), true},
		{"claimed by one who wants cards", func(p *play) { p.ctx.Dir.Users[1].Quiet = true }, "", 1, true, is("1 revise call.answered show", "2 revise call.answered_elsewhere none"), false},
		{"claimed when the talk is over", nil, "ended", 1, true, is("1 revise call.ended show", "2 revise call.answered_elsewhere none"), false},
		{"one to whom it was not offered", nil, "", 3, true, nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPlay()
			p.sharedBy(models.SharedAll, 0, 1, 2)
			p.present(1, 2, 3)
			if tc.set != nil {
				tc.set(p)
			}
			p.apply(t, "ringing 150")
			p.apply(t, "answered 150")
			if tc.after != "" {
				p.apply(t, tc.after)
			}
			drafts, ok := routing.Take(p.call, tc.user, tc.claim, p.ctx)
			want(t, "taken", lines(drafts, nil), tc.want...)
			if !ok || tc.want == nil {
				if ok != (tc.want != nil) {
					t.Errorf("offered: %t", ok)
				}
				return
			}
			if l := p.call.Legs[0]; l.User != tc.user || l.Opened != tc.open || p.call.AnsweredBy != tc.user {
				t.Errorf("the leg is of %d, opened %t, the call answered by %d", l.User, l.Opened, p.call.AnsweredBy)
			}
			for _, d := range drafts {
				if d.UserID != tc.user && d.Payload.Text != "Взял "+p.ctx.Dir.Users[tc.user].DisplayName() || d.Payload.Data[routing.TakeFlag] != nil {
					t.Errorf("draft of %d: %q, %v", d.UserID, d.Payload.Text, d.Payload.Data)
				}
			}
			if again, ok := routing.Take(p.call, 3-tc.user, tc.claim, p.ctx); ok {
				t.Errorf("it was taken twice: %v", lines(again, nil))
			}
			// From now on it is his call alone.
			if tc.after == "" {
				drafts, _ := p.apply(t, "ended")
				want(t, "ended", lines(drafts, nil), fmt.Sprintf("%d revise call.ended show", tc.user))
			}
		})
	}
}

// When a form opens: one row is a setting, an event and whether the user's phone
// rings alone; in words what he gets.
func TestWhenFormsOpen(t *testing.T) {
	t.Parallel()
	const form, sign, card, nothing = "create", "indicate", "show", ""
	for _, tc := range []struct {
		popOn   string
		quiet   bool
		alone   bool
		ringing string // when his phone rings
		answer  string // when he answers
		end     string // when he hangs up and has not acknowledged
	}{
		{models.PopAnswered, false, true, sign, form, card},
		{models.PopAnswered, false, false, sign, form, card},
		{models.PopAnswered, true, true, sign, card, card},
		{models.PopAnswered, true, false, sign, card, card},
		{models.PopRinging, false, true, form, sign, card}, // it is open already
		{models.PopRinging, false, false, sign, form, card},
		{models.PopRinging, true, true, sign, card, card},
		{models.PopRinging, true, false, sign, card, card},
		{models.PopNever, false, true, sign, card, card},
		{models.PopNever, false, false, sign, card, card},
		{models.PopNever, true, true, sign, card, card},
		{models.PopNever, true, false, sign, card, card},
		{"", false, true, sign, form, card}, // not said: answered
	} {
		t.Run(fmt.Sprintf("pop_on=%s quiet=%t alone=%t", tc.popOn, tc.quiet, tc.alone), func(t *testing.T) {
			t.Parallel()
			p := newPlay()
			p.ctx.Dir.Users[1].PopOn, p.ctx.Dir.Users[1].Quiet = tc.popOn, tc.quiet
			if !tc.alone {
				p.apply(t, "ringing 102")
			}
			for _, e := range []struct{ event, want string }{{"ringing 101", tc.ringing}, {"answered 101", tc.answer}, {"ended", tc.end}} {
				drafts, _ := p.apply(t, e.event)
				got := nothing
				for _, d := range drafts {
					if d.UserID == 1 {
						got = string(d.Action)
					}
				}
				if got != e.want {
					t.Errorf("%s: %q, want %q", e.event, got, e.want)
				}
			}
		})
	}
}

// What a row of a task says once somebody has taken it.
func TestTaken(t *testing.T) {
	t.Parallel()
	row := &models.Notification{ID: 5, UserID: 2, CollapseKey: "missed:" + caller, Kind: models.KindMissed, Action: models.ActionCallBack, CallID: 7, SourceID: 1,
		Payload: models.Payload{Title: "ООО Ромашка", Text: "5 попыток, последняя 10:42", Phone: caller, Data: map[string]any{"attempts": 5}}}
	by := &models.User{ID: 1, Login: "ivanov", Name: "Иванов И."}
	d := routing.Taken(row, by, 20*time.Second, "")
	if d.Kind != models.KindElsewhere || d.Action != models.ActionNone || d.Payload.Text != "Взял Иванов И." || d.Payload.Title != "ООО Ромашка" || d.Payload.Data != nil || d.TTL != 40*time.Second {
		t.Errorf("%+v", d)
	}
	if row.Payload.Data["attempts"] != 5 {
		t.Error("the row itself was changed")
	}
	for _, tc := range []struct {
		key    string
		action models.Action
		want   string
	}{
		{"missed:" + caller, models.ActionCallBack, "missed:" + caller}, {"missed:" + caller, models.ActionNone, ""}, {"call:7", models.ActionOpen, ""}, {"p:missed:1", models.ActionCallBack, ""},
	} {
		if got := routing.Task(&models.Notification{CollapseKey: tc.key, Action: tc.action}); got != tc.want {
			t.Errorf("%s %s: task %q, want %q", tc.key, tc.action, got, tc.want)
		}
	}
}
