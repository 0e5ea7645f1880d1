package inbox

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"zummer/models"
)

// TestAQueryIsKeptWhole: of systems that send GET the query is all there is, and
// a replay reads it again.
func TestAQueryIsKeptWhole(t *testing.T) {
	path := "/x?call_record_link=" + strings.Repeat("%2F", 8000) + "&event=2"
	w := models.Webhook{Method: "GET", Path: path}
	if clean(&w); w.Path != path {
		t.Errorf("%d of %d bytes are kept, ending in %q", len(w.Path), len(path), w.Path[len(w.Path)-10:])
	}
}

// TestTheSameHeadersAreKept: which headers of too many are kept is not left to
// chance.
func TestTheSameHeadersAreKept(t *testing.T) {
	w := models.Webhook{Headers: map[string]string{}}
	for i := range 100 {
		w.Headers[fmt.Sprintf("X-%03d", i)] = "v"
	}
	clean(&w)
	kept := slices.Sorted(maps.Keys(w.Headers))
	if len(kept) != maxHeaders || kept[0] != "X-000" || kept[maxHeaders-1] != fmt.Sprintf("X-%03d", maxHeaders-1) {
		t.Errorf("%d headers are kept, from %s to %s; want the first %d by name", len(kept), kept[0], kept[len(kept)-1], maxHeaders)
	}
}
