package inbox

import (
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
