package setup_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"zummer/app/internal/auth"
	"zummer/app/internal/setup"
	"zummer/models"
	"zummer/models/store"
	"zummer/models/store/storetest"
)

// adapter is what app does: it gives the store's transaction the shape that
// setup declares.
type adapter struct{ *store.Store }

func (a adapter) Write(ctx context.Context, fn func(setup.Tx) error) error {
	return a.Store.Write(ctx, func(tx *store.Tx) error { return fn(tx) })
}

// world is a Setup over a real, empty database.
type world struct {
	*setup.Setup
	t      *testing.T
	ctx    context.Context
	st     *store.Store
	snap   *setup.Snapshot
	mapped []string // what Mapped was told
	fail   error    // what Mapped answers
	loads  *atomic.Int64
}

func by() models.Actor { return models.Actor{Who: "tests", From: "192.0.2.1"} }

// onBoth runs fn on a database of each kind.
func onBoth(t *testing.T, fn func(*world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, dsn string) {
		st := storetest.Open(t, dsn)
		w := &world{t: t, ctx: t.Context(), st: st, loads: &atomic.Int64{}}
		w.snap = setup.NewSnapshot(func(ctx context.Context) (*models.Directory, error) {
			w.loads.Add(1)
			return st.LoadDirectory(ctx)
		})
		if err := w.snap.Reload(w.ctx); err != nil {
			t.Fatal(err)
		}
		w.Setup = setup.New(setup.Options{
			Store: adapter{st}, Snapshot: w.snap, NewToken: auth.NewToken, NewURLToken: auth.NewURLToken,
			Kinds: []setup.Kind{
				{Name: "generic"},
				{Name: "sealed", Secrets: []string{"key", "pin"}, Places: []string{"host", "port"}},
				{Name: "sender", Secrets: []string{"key"}, Places: []string{"host"}, SendsSecret: true},
				{Name: "strict", Validate: func(settings map[string]any, secret string) error {
					if settings["host"] == nil {
						return models.InvalidField("settings.host", "is needed")
					}
					if secret == "" {
						return models.InvalidField("secret", "is needed")
					}
					return nil
				}},
			},
			Builtin: func() []models.Rule {
				return []models.Rule{{Name: "built in", When: models.RuleWhen{Event: []string{models.RuleMissed}}}}
			},
			CheckRules: func(rules []models.Rule) error {
				if len(rules) == 0 {
					return models.InvalidField("rules", "must not be empty")
				}
				return nil
			},
			Mapped: func(_ context.Context, source int64, extension string) error {
				w.mapped = append(w.mapped, fmt.Sprintf("%s/%s", w.Directory().Sources[source].Slug, extension))
				return w.fail
			},
		})
		fn(w)
	})
}

func p[T any](v T) *T { return &v }

// in is the same world for a subtest.
func (w *world) in(t *testing.T) *world {
	c := *w
	c.t, c.ctx = t, t.Context()
	return &c
}

// must ends the test on an error.
func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refused checks that err names the field (for Invalid) or is of the kind.
func (w *world) refused(err error, kind models.Kind, field string) {
	w.t.Helper()
	e, ok := errors.AsType[*models.Error](err)
	if !ok || e.Kind != kind {
		w.t.Fatalf("error %v, want kind %d", err, kind)
	}
	if field != "" && (len(e.Fields) != 1 || e.Fields[0].Field != field) {
		w.t.Fatalf("error %v names %v, want field %s", err, e.Fields, field)
	}
}

func (w *world) source(slug string) models.Source {
	w.t.Helper()
	s, err := w.PutSource(w.ctx, by(), slug, models.SourceInput{Kind: p("generic")})
	w.must(err)
	return s
}

func (w *world) user(login string) models.User {
	w.t.Helper()
	u, err := w.PutUser(w.ctx, by(), login, models.UserInput{})
	w.must(err)
	return u
}

// audit lists "what object detail", the oldest first, from the n-th on.
func (w *world) audit(from int) []string {
	w.t.Helper()
	all, _, err := w.st.Audit(w.ctx, "", 1000)
	w.must(err)
	slices.Reverse(all)
	var out []string
	for _, e := range all {
		if e.Who == "" || e.At.IsZero() {
			w.t.Fatalf("audit row %+v does not say who and when", e)
		}
		out = append(out, strings.TrimSpace(e.What+" "+e.Object))
	}
	return out[min(from, len(out)):]
}

// changes runs do and checks that it committed (or not) one audit row with a
// higher version, and that the snapshot is what the database holds.
func (w *world) changes(audit string, do func()) {
	w.t.Helper()
	before, rows := w.Directory().Version, len(w.audit(0))
	do()
	got := w.audit(rows)
	after := w.Directory().Version
	if audit == "" {
		if len(got) != 0 || after != before {
			w.t.Fatalf("audit %q, version %d → %d; want nothing changed", got, before, after)
		}
	} else if len(got) != 1 || got[0] != audit || after != before+1 {
		w.t.Fatalf("audit %q, version %d → %d; want %q and one more", got, before, after, audit)
	}
	stored, err := w.st.LoadDirectory(w.ctx)
	w.must(err)
	if stored.Version != after {
		w.t.Fatalf("snapshot %d, stored %d", after, stored.Version)
	}
}
