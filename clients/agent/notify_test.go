package agent

import (
	"slices"
	"strings"
	"testing"
)

// TestToastCommands: what came from the network is never in a script's text.
func TestToastCommands(t *testing.T) {
	evil := Toast{Title: "$(calc)\x00\"; calc", Text: "`calc`"}
	argv := banner(evil)
	end := slices.Index(argv, "--")
	if end < 0 || len(argv) != end+3 || strings.Contains(strings.Join(argv[:end], " "), "calc") {
		t.Errorf("macOS: %q", argv)
	}
}
