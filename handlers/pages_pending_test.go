package handlers

import (
	"testing"
	"time"

	"zummer/models"
)

// TestPendingPartsAskForTheirOwn: each change renews two parts of the page, and
// neither reads from the database what only the other one shows.
func TestPendingPartsAskForTheirOwn(t *testing.T) {
	for _, tt := range []struct {
		part       string
		list, rest int
	}{{"", 1, 1}, {"pending", 1, 0}, {"numbers", 0, 1}} {
		f := newSetupFakes()
		e, _ := setupSurface(t, f)
		rec := call(t, e, "GET", "/admin/", "", asBrowser, "HX-Request: true", "HX-Target: "+tt.part)
		list, rest := 0, 0
		for _, q := range f.queries {
			switch q.(type) {
			case models.AdminQuery:
				list++
			case time.Time: // of the extensions that nobody owns
				rest++
			}
		}
		if rec.Code != 200 || list != tt.list || rest != tt.rest {
			t.Errorf("part %q: status %d, asked for rows %d times and for the figures %d times, want %d and %d", tt.part, rec.Code, list, rest, tt.list, tt.rest)
		}
	}
}
