package setup_test

import (
	"reflect"
	"testing"

	"zummer/models"
)

// TestAnotherKindGetsNoSecrets: what is a secret of one kind may be a setting of
// the same name that another kind shows.
func TestAnotherKindGetsNoSecrets(t *testing.T) {
	onBoth(t, func(w *world) {
		for slug, settings := range map[string]map[string]any{"kept": nil, "sent": {"host": "pbx"}} {
			_, err := w.PutSource(w.ctx, by(), slug, models.SourceInput{Kind: p("sealed"), Settings: map[string]any{"host": "pbx", "key": "s3cret"}})
			w.must(err)
			s, err := w.PutSource(w.ctx, by(), slug, models.SourceInput{Kind: p("sealed"), Name: p("again"), Settings: settings})
			w.must(err)
			if s.Settings["key"] != "s3cret" {
				w.t.Fatalf("%s: the same kind has %v, want the key kept", slug, s.Settings)
			}
			s, err = w.PutSource(w.ctx, by(), slug, models.SourceInput{Kind: p("generic"), Settings: settings})
			w.must(err)
			if want := map[string]any{"host": "pbx"}; !reflect.DeepEqual(s.Settings, want) {
				w.t.Errorf("%s: another kind has %v, want %v", slug, s.Settings, want)
			}
		}
	})
}
