package setup_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"zummer/models"
)

// TestAnotherKind: a source stays of its kind. Its calls, its people and its
// secrets are of that PBX; the error says what to do instead.
func TestAnotherKind(t *testing.T) {
	onBoth(t, func(w *world) {
		_, err := w.PutSource(w.ctx, by(), "office", models.SourceInput{Kind: p("sealed"), Settings: map[string]any{"host": "pbx", "key": "s3cret"}})
		w.must(err)
		for name, in := range map[string]models.SourceInput{
			"another kind":            {Kind: p("generic")},
			"with settings":           {Kind: p("generic"), Settings: map[string]any{}},
			"with settings of before": {Kind: p("generic"), Settings: map[string]any{"host": "pbx"}},
		} {
			w.changes("", func() {
				_, err := w.PutSource(w.ctx, by(), "office", in)
				w.refused(err, models.Conflict, "")
				if e, _ := errors.AsType[*models.Error](err); e.Code != "kind_differs" {
					w.t.Errorf("%s: code %q, want kind_differs", name, e.Code)
				}
			})
		}
		_, err = w.PutSource(w.ctx, by(), "office", models.SourceInput{Kind: p("no-such")})
		w.refused(err, models.Invalid, "kind")
		w.must(w.DeleteSource(w.ctx, by(), "office"))
		s, err := w.PutSource(w.ctx, by(), "office", models.SourceInput{Kind: p("generic")}) // the way out
		w.must(err)
		if s.Kind != "generic" || len(s.Settings) > 0 {
			w.t.Errorf("made anew: %+v", s)
		}
	})
}

// TestSecretsStayWhereTheyWereGiven: who changes where our own requests go gives
// the secrets anew, or takes them away. Else whoever may set up, but never saw
// a secret, could have it sent to a host of their own.
func TestSecretsStayWhereTheyWereGiven(t *testing.T) {
	stored := map[string]any{"host": "pbx", "port": 80.0, "key": "s3cret", "note": "a"}
	cases := []struct {
		name, kind string
		in         models.SourceInput
		fields     []string       // of a refusal
		want       map[string]any // else
		secret     string
	}{
		{name: "nothing about settings", kind: "sealed", in: models.SourceInput{Name: p("x")}, want: stored, secret: "hook"},
		{name: "put back as it was read", kind: "sealed", in: models.SourceInput{Settings: map[string]any{"host": "pbx", "port": 80.0, "note": "b"}},
			want: map[string]any{"host": "pbx", "port": 80.0, "key": "s3cret", "note": "b"}, secret: "hook"},
		{name: "spelled otherwise", kind: "sealed", in: models.SourceInput{Settings: map[string]any{"host": " pbx/ ", "port": 80.0}},
			want: map[string]any{"host": " pbx/ ", "port": 80.0, "key": "s3cret"}, secret: "hook"},
		{name: "another host", kind: "sealed", in: models.SourceInput{Settings: map[string]any{"host": "evil", "port": 80.0}}, fields: []string{"settings.key"}},
		{name: "no host, which may mean the maker's own", kind: "sealed", in: models.SourceInput{Settings: map[string]any{"port": 80.0}}, fields: []string{"settings.key"}},
		{name: "another port", kind: "sealed", in: models.SourceInput{Settings: map[string]any{"host": "pbx", "port": 81.0}}, fields: []string{"settings.key"}},
		{name: "with the secret", kind: "sealed", in: models.SourceInput{Settings: map[string]any{"host": "new", "key": "k2"}}, want: map[string]any{"host": "new", "key": "k2"}, secret: "hook"},
		{name: "without it on purpose", kind: "sealed", in: models.SourceInput{Settings: map[string]any{"host": "new", "key": nil}}, want: map[string]any{"host": "new"}, secret: "hook"},
		{name: "a secret that is sent, too", kind: "sender", in: models.SourceInput{Settings: map[string]any{"host": "evil"}}, fields: []string{"secret", "settings.key"}},
		{name: "that one given", kind: "sender", in: models.SourceInput{Secret: p("s2"), Settings: map[string]any{"host": "new"}}, fields: []string{"settings.key"}},
		{name: "both given", kind: "sender", in: models.SourceInput{Secret: p("s2"), Settings: map[string]any{"host": "new", "key": "k2"}}, want: map[string]any{"host": "new", "key": "k2"}, secret: "s2"},
		{name: "that one taken away", kind: "sender", in: models.SourceInput{Secret: p(""), Settings: map[string]any{"host": "new", "key": ""}}, want: map[string]any{"host": "new"}, secret: ""},
	}
	onBoth(t, func(w *world) {
		for i, c := range cases {
			w.t.Run(c.name, func(t *testing.T) {
				w, slug := w.in(t), fmt.Sprint("office-", i)
				_, err := w.PutSource(w.ctx, by(), slug, models.SourceInput{Kind: p(c.kind), Secret: p("hook"), Settings: stored})
				w.must(err)
				s, err := w.PutSource(w.ctx, by(), slug, c.in)
				if len(c.fields) > 0 {
					e, ok := errors.AsType[*models.Error](err)
					var got []string
					if ok {
						for _, f := range e.Fields {
							got = append(got, f.Field)
						}
					}
					if !reflect.DeepEqual(got, c.fields) {
						t.Fatalf("error %v names %v, want %v", err, got, c.fields)
					}
					if s := w.Directory().SourceBySlug(slug); !reflect.DeepEqual(s.Settings, stored) || s.Secret != "hook" {
						t.Errorf("stored all the same: %v %s", s.Settings, s.Secret)
					}
					return
				}
				w.must(err)
				if !reflect.DeepEqual(s.Settings, c.want) || s.Secret != c.secret {
					t.Errorf("settings %v, secret %q; want %v, %q", s.Settings, s.Secret, c.want, c.secret)
				}
			})
		}
	})
}
