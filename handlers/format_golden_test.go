package handlers

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"zummer/models"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// sharedSets are answers that clients' tests read too: those of 1C parse the
// files in every format and must get the same notifications.
func sharedSets() map[string]models.PendingSet {
	page := exampleSet()
	page.Version, page.Next, page.Acks, page.Rows = "", "NEXT-1", nil, page.Rows[:1]
	unchanged := models.PendingSet{State: models.StateUnchanged, Version: "k3f.7", ETag: "k3f.7", Now: at()}
	superseded := models.PendingSet{State: models.StateSuperseded, Now: at(), PollAfter: 2100 * time.Millisecond}
	return map[string]models.PendingSet{"set": exampleSet(), "page": page, "unchanged": unchanged, "superseded": superseded}
}

// TestSharedGoldens: the files in clients/onec/testdata/formats are what the
// service says; -update rewrites them.
func TestSharedGoldens(t *testing.T) {
	for name, set := range sharedSets() {
		for _, format := range []string{formatJSON, formatXML, formatText} {
			w := answer{set: set, wait: 25 * time.Second, zone: time.UTC}
			w.encode(format)
			file := filepath.Join("..", "clients", "onec", "testdata", "formats", name+"."+format)
			if *update {
				if err := os.WriteFile(file, []byte(joined(&w, format)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := joined(&w, format); got != string(want) {
				t.Errorf("%s:\n got %s\nwant %s", file, got, want)
			}
		}
	}
}
