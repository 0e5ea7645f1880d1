package pbx_test

import (
	"strings"
	"testing"

	"zummer/handlers/pbx"
)

// TestPlaces: every setting that says where our own requests go is marked, so
// that kept secrets do not move along with it. By their names these are the
// addresses of APIs; another name that reaches a request belongs here too.
func TestPlaces(t *testing.T) {
	found := 0
	for _, a := range pbx.Kinds() {
		for _, f := range a.Info().Settings {
			want := strings.HasSuffix(f.Name, "api_url") || strings.Contains(f.Name, "host")
			if f.Place != want {
				t.Errorf("%s: setting %s: Place is %t, want %t", a.Kind(), f.Name, f.Place, want)
			}
			if f.Place {
				found++
			}
		}
	}
	if found == 0 {
		t.Error("no kind has such a setting")
	}
}
