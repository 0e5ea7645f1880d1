package conformance_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain lets many tests run beside each other: they wait for pauses of the
// contract nearly all of their time, in seconds of the real clock.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "24"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
