package setup_test

import (
	"strings"
	"testing"

	"zummer/app/internal/auth"
	"zummer/models"
)

func TestPutSource(t *testing.T) {
	onBoth(t, func(w *world) {
		_, err := w.PutGroup(w.ctx, by(), "sales", nil)
		w.must(err)
		var made models.Source
		w.changes("source.put office", func() {
			made, err = w.PutSource(w.ctx, by(), "office", models.SourceInput{Kind: p("strict"), Name: p(" Офис\n"), Secret: p("s3cret"), Timezone: p("Asia/Omsk"), Region: p("kz"),
				Group: p("sales"), LineGroup: p("trunk"), LineRank: 2, Outgoing: p(true), Settings: map[string]any{"host": "pbx", "n": 1.0}})
			w.must(err)
		})
		s := w.Directory().SourceBySlug("office")
		if s == nil || s.ID != made.ID || s.Name != "Офис" || s.Region != "KZ" || s.Timezone != "Asia/Omsk" || s.GroupID == 0 || s.LineGroup != "trunk" || s.LineRank != 2 || !s.Outgoing || !s.Active ||
			s.Secret != "s3cret" || s.Settings["n"] != 1.0 || s.CreatedAt.IsZero() {
			t.Fatalf("stored %+v", s)
		}
		if len(s.Token) < 26 || s.TokenHash != auth.Hash(s.Token) || s.TokenHint != s.Token[len(s.Token)-4:] || s.OldTokenHash != "" {
			t.Fatalf("token %q, hash %q, hint %q, old %q", s.Token, s.TokenHash, s.TokenHint, s.OldTokenHash)
		}
		w.changes("", func() { // equal is no change, and what cannot be read back stays
			again, err := w.PutSource(w.ctx, by(), "office", models.SourceInput{Name: p("Офис"), Timezone: p("Asia/Omsk"), Region: p("KZ"), Group: p("sales"), LineGroup: p("trunk"), LineRank: 2, Outgoing: p(true),
				Settings: map[string]any{"n": 1.0, "host": "pbx"}})
			w.must(err)
			if again.ID != made.ID || again.Token != made.Token {
				t.Fatalf("put again: %+v", again)
			}
		})
		w.changes("source.put office", func() { // it replaces: what is absent gets its default
			_, err := w.PutSource(w.ctx, by(), "office", models.SourceInput{Active: p(false)})
			w.must(err)
		})
		s = w.Directory().SourceBySlug("office")
		if s.Active || s.GroupID != 0 || s.Name != "office" || s.Timezone != "" || s.Region != "" || s.LineGroup != "" || s.LineRank != 0 || s.Outgoing {
			t.Fatalf("after it was replaced %+v", s)
		}
		if s.ID != made.ID || s.Token != made.Token || s.TokenHash != made.TokenHash || s.Kind != "strict" || s.Secret != "s3cret" || s.Settings["host"] != "pbx" || !s.CreatedAt.Equal(made.CreatedAt) {
			t.Fatalf("what has to stay did not: %+v", s)
		}
	})
}

func TestPutSourceRefuses(t *testing.T) {
	onBoth(t, func(w *world) {
		for _, c := range []struct {
			name, slug, field string
			in                models.SourceInput
		}{
			{"capital in the slug", "Office", "slug", models.SourceInput{Kind: p("generic")}},
			{"dash first", "-a", "slug", models.SourceInput{Kind: p("generic")}},
			{"slug too long", strings.Repeat("a", 64), "slug", models.SourceInput{Kind: p("generic")}},
			{"slug with a line break", "a\n", "slug", models.SourceInput{Kind: p("generic")}},
			{"no kind", "a", "kind", models.SourceInput{}},
			{"unknown kind", "a", "kind", models.SourceInput{Kind: p("mango2")}},
			{"unknown zone", "a", "timezone", models.SourceInput{Kind: p("generic"), Timezone: p("Moscow")}},
			{"the machine's own zone", "a", "timezone", models.SourceInput{Kind: p("generic"), Timezone: p("Local")}},
			{"region that is no country", "a", "region", models.SourceInput{Kind: p("generic"), Region: p("XX")}},
			{"region of three letters", "a", "region", models.SourceInput{Kind: p("generic"), Region: p("RUS")}},
			{"unknown group", "a", "group", models.SourceInput{Kind: p("generic"), Group: p("nobody")}},
			{"secret too long", "a", "secret", models.SourceInput{Kind: p("generic"), Secret: p(strings.Repeat("x", 1025))}},
			{"name too long", "a", "name", models.SourceInput{Kind: p("generic"), Name: p(strings.Repeat("ы", 129))}},
			{"area code of no town", "a", "settings.area_code", models.SourceInput{Kind: p("generic"), Settings: map[string]any{"area_code": "100"}}},
			{"area code with the trunk prefix", "a", "settings.area_code", models.SourceInput{Kind: p("generic"), Settings: map[string]any{"area_code": "8495"}}},
			{"area code of another country", "a", "settings.area_code", models.SourceInput{Kind: p("generic"), Region: p("GB"), Settings: map[string]any{"area_code": "495"}}},
			{"settings of the kind", "a", "settings.host", models.SourceInput{Kind: p("strict"), Secret: p("x")}},
			{"secret of the kind", "a", "secret", models.SourceInput{Kind: p("strict"), Settings: map[string]any{"host": "pbx"}}},
		} {
			t.Run(c.name, func(t *testing.T) {
				w := w.in(t)
				w.changes("", func() {
					_, err := w.PutSource(w.ctx, by(), c.slug, c.in)
					w.refused(err, models.Invalid, c.field)
				})
			})
		}
	})
}

func TestRotateAndDeleteSource(t *testing.T) {
	onBoth(t, func(w *world) {
		first := w.source("office")
		u := w.user("ivanov")
		w.must(w.MapExtension(w.ctx, by(), "office", "101", u.ID))
		var second, third models.Source
		var err error
		w.changes("source.rotate office", func() {
			second, err = w.RotateSource(w.ctx, by(), "office")
			w.must(err)
		})
		if second.OldTokenHash != first.TokenHash || second.Token == first.Token || second.TokenHash != auth.Hash(second.Token) {
			t.Fatalf("first %+v, second %+v", first, second)
		}
		third, err = w.RotateSource(w.ctx, by(), "office")
		w.must(err)
		if s := w.Directory().SourceBySlug("office"); s.OldTokenHash != second.TokenHash || s.TokenHash != third.TokenHash {
			t.Fatalf("after two rotations %+v; the first token must be gone", s)
		}
		_, err = w.RotateSource(w.ctx, by(), "elsewhere")
		w.refused(err, models.NotFound, "")
		w.refused(w.DeleteSource(w.ctx, by(), "elsewhere"), models.NotFound, "")
		w.changes("source.delete office", func() { w.must(w.DeleteSource(w.ctx, by(), "office")) })
		if d := w.Directory(); d.SourceBySlug("office") != nil || len(d.Extensions) != 0 {
			t.Fatalf("left behind: %v %v", d.Sources, d.Extensions)
		}
		if again := w.source("office"); again.ID == first.ID {
			t.Fatalf("a new source took the id %d of the deleted one", first.ID)
		}
	})
}
