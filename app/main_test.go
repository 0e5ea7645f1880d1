package app_test

import (
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
)

// TestMain lets more tests run beside each other than there are processors, for
// they wait most of the time. A number given with -parallel stays.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", strconv.Itoa(max(6, runtime.GOMAXPROCS(0)))) // a number
	}
	// Collecting garbage is a sixth of the processor's time with the race detector:
	// it comes later, as long as there is little of it.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(2 << 30)
	}
	code := m.Run()
	endBrowser()
	os.Exit(code)
}
