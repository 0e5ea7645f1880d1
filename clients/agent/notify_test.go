package agent

import (
	"slices"
	"strings"
	"testing"
)

// TestToastCommands: what came from the network is never in a script's text.
func TestToastCommands(t *testing.T) {
	evil := Toast{Title: "$(calc)\x00\"; calc", Text: "`calc`"}
	argv, env := balloon(evil)
	if strings.Contains(strings.Join(argv, " "), "calc") || !slices.Contains(env, "ZUMMER_TEXT=`calc`") || strings.Contains(env[0], "\x00") {
		t.Errorf("Windows: %q %q", argv, env)
	}
	argv, _ = banner(evil)
	end := slices.Index(argv, "--")
	if end < 0 || len(argv) != end+3 || strings.Contains(strings.Join(argv[:end], " "), "calc") {
		t.Errorf("macOS: %q", argv)
	}
}
