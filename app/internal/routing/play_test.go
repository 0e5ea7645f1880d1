package routing_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"zummer/app/internal/routing"
	"zummer/models"
)

const (
	caller = "+79031234567"
	callID = 7
)

func start() time.Time { return time.Date(2026, 11, 23, 10, 42, 0, 0, time.UTC) }

// play is one call that events happen to, with what the rules know.
type play struct {
	call *models.Call
	ctx  routing.Context
	n    int                   // events so far; each comes a second after the one before
	legs int                   // that have an id
	here func(user int64) bool // who is present; nil: everybody
}

func newPlay() *play {
	d := &models.Directory{
		Users:   map[int64]*models.User{},
		Sources: map[int64]*models.Source{1: {ID: 1, Slug: "office", Region: "RU", GroupID: 5}},
		Groups:  map[int64]*models.Group{5: {ID: 5, Name: "sales", Members: []int64{4, 3, 9}}},
		Extensions: map[models.ExtKey]int64{
			{SourceID: 1, Extension: "101"}: 1, {SourceID: 1, Extension: "102"}: 2, {SourceID: 1, Extension: "103"}: 3,
			{SourceID: 1, Extension: "login:ivanov"}: 1, {SourceID: 1, Extension: "901"}: 1, {SourceID: 1, Extension: "109"}: 9,
		},
	}
	for id, name := range map[int64]string{1: "Иванов И.", 2: "Петров П.", 3: "Сидорова С.", 4: "", 9: "Уволен У."} {
		d.Users[id] = &models.User{ID: id, Login: fmt.Sprintf("user%d", id), Name: name, PopOn: models.PopAnswered, Active: id != 9}
	}
	d.Index()
	return &play{
		call: &models.Call{ID: callID, Source: 1, Key: "c-7", State: models.Ringing},
		ctx: routing.Context{Dir: d, Source: d.Sources[1], AnyContacts: true, Now: start(), PollInterval: 5 * time.Second,
			Zone: time.UTC, WebhookID: 70},
	}
}

// event reads "answered 101 reason=busy leg=a phone=- at=3": type, extension
// and options. The number is the caller's unless told; phone=- is none,
// phone=hidden is withheld; at is in seconds, "none" undated.
func (p *play) event(t *testing.T, text string) (models.Event, bool) {
	t.Helper()
	p.n++
	words := strings.Fields(text)
	e := models.Event{Type: models.EventType(words[0]), Call: "c-7", Phone: caller, At: start().Add(time.Duration(p.n) * time.Second)}
	hidden := false
	for _, w := range words[1:] {
		k, v, ok := strings.Cut(w, "=")
		switch {
		case !ok:
			e.Extension = w
		case k == "reason":
			e.Reason = v
		case k == "to":
			e.ToExtension = v
		case k == "leg":
			e.Leg = v
		case k == "dir":
			e.Direction = models.Direction(v)
		case k == "name":
			e.Name = v
		case k == "did":
			e.DID = v
		case k == "talk":
			n, err := strconv.Atoi(v)
			if err != nil {
				t.Fatal(err)
			}
			e.TalkS = &n
		case k == "phone":
			e.Phone, hidden = "", v == "hidden"
			if v != "-" && v != "hidden" {
				e.Phone = v
			}
		case k == "at":
			e.At = time.Time{}
			if v != "none" {
				s, err := time.ParseDuration(v + "s")
				if err != nil {
					t.Fatal(err)
				}
				e.At = start().Add(s)
			}
		default:
			t.Fatalf("bad option %q", w)
		}
	}
	if err := e.Validate(); err != nil {
		t.Fatalf("event %q: %v", text, err)
	}
	return e, hidden
}

// apply lets one event happen and returns what the rules made of it.
func (p *play) apply(t *testing.T, text string) ([]models.Draft, []models.Step) {
	t.Helper()
	e, hidden := p.event(t, text)
	before := p.call.Clone()
	now := start().Add(time.Duration(p.n) * time.Second)
	if !p.call.Apply(&e, hidden, now) {
		return nil, nil
	}
	p.ctx.Now = now
	steps := routing.Share(p.call, p.ctx.Dir, p.here)
	steps = append(steps, routing.Owners(p.call, p.ctx.Dir)...)
	drafts, more := routing.Route(before, p.call, p.ctx)
	for i := range p.call.Legs {
		if p.call.Legs[i].ID == 0 {
			p.legs++
			p.call.Legs[i].ID = int64(100 + p.legs)
		}
	}
	return drafts, append(steps, more...)
}

// lines writes drafts and steps in short, in their order: "1 make call.ringing
// indicate". The collapse key is told when it is not the call's.
func lines(drafts []models.Draft, steps []models.Step) []string {
	var out []string
	for _, d := range drafts {
		who := fmt.Sprint(d.UserID)
		if d.UserID == 0 {
			who = "all"
		}
		key := ""
		if d.CollapseKey != fmt.Sprintf("call:%d", callID) {
			key = " " + d.CollapseKey
		}
		switch d.Mode {
		case models.Remove:
			out = append(out, who+" remove"+key)
		case models.ReviseOnly:
			out = append(out, fmt.Sprintf("%s revise %s %s%s", who, d.Kind, d.Action, key))
		default:
			out = append(out, fmt.Sprintf("%s make %s %s%s", who, d.Kind, d.Action, key))
		}
	}
	for _, s := range steps {
		out = append(out, "step "+s.What)
	}
	return out
}

func want(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\ngot  %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}
