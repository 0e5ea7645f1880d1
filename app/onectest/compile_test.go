package onectest_test

import "testing"

// TestModulesCompile: each set compiles for its platform, each with only what
// that version and kind of client has.
func TestModulesCompile(t *testing.T) {
	for _, k := range managedKinds {
		t.Run(k.name, func(t *testing.T) { newBase(t, k, false) })
	}
}
