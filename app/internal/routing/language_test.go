package routing_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"zummer/app/internal/routing"
	"zummer/models"
)

func cyrillic(s string) bool {
	return slices.ContainsFunc([]rune(s), func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) })
}

// Whatever happens to a call, a company that reads English sees no Russian word
// that is not a name; and one that reads Russian no English one.
func TestLanguageProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		p := newPlay()
		english := rapid.Bool().Draw(rt, "english")
		if english {
			p.ctx.Language = models.English
			for id, u := range p.ctx.Dir.Users {
				u.Name = fmt.Sprintf("User %d", id)
			}
		}
		withRules(t, p, rapid.SampledFrom(ruleLists).Draw(rt, "rules"))
		away := rapid.SampledFrom([]int64{0, 1, 3}).Draw(rt, "away")
		p.ctx.Present = func(u int64) bool { return u != away }
		way := rapid.SampledFrom([]string{"in", "out", "internal"}).Draw(rt, "direction")
		for range rapid.IntRange(1, 15).Draw(rt, "steps") {
			text := fmt.Sprintf("%s %s dir=%s", rapid.SampledFrom([]string{"ringing", "answered", "ring_ended", "transferred to=102", "ended", "missed"}).Draw(rt, "event"),
				rapid.SampledFrom([]string{"101", "102", "103", "777"}).Draw(rt, "extension"), way)
			if rapid.IntRange(0, 3).Draw(rt, "hidden") == 0 {
				text += " phone=hidden"
			}
			drafts, _ := p.apply(t, text)
			for _, d := range drafts {
				for _, s := range []string{d.Payload.Title, d.Payload.Text} {
					if s != "" && english && cyrillic(s) || !english && d.Payload.Text != "" && !cyrillic(d.Payload.Text) {
						rt.Fatalf("after %q the row says %q (english: %t)", text, s, english)
					}
				}
			}
		}
	})
}

// What the register itself says, in English.
func TestEnglish(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 7, 42, 0, 0, time.UTC)
	if got := routing.MissedText(models.Payload{Text: "Missed"}, 2, at, nil, models.English); got != "2 attempts, last at 07:42" {
		t.Errorf("two missed calls: %q", got)
	}
	by := &models.User{ID: 1, Login: "smith", Name: "J. Smith"}
	if got := routing.Taken(&models.Notification{ID: 5}, by, time.Second, models.English).Payload.Text; got != "Taken by J. Smith" {
		t.Errorf("a task that somebody took: %q", got)
	}
	p := newPlay()
	p.ctx.Language = models.English
	for _, tc := range [][2]string{
		{"ringing 101 phone=hidden", "Incoming, number withheld"},
		{"ringing 101", "Incoming +7 903 123-45-67"},
		{"answered 101", "Incoming +7 903 123-45-67"},
		{"ended 101 talk=65", "Talked 1:05, +7 903 123-45-67"},
	} {
		drafts, _ := p.apply(t, tc[0])
		if len(drafts) == 0 || drafts[len(drafts)-1].Payload.Text != tc[1] {
			t.Errorf("%s: %+v, want %q", tc[0], drafts, tc[1])
		}
	}
}
