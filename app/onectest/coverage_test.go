package onectest_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"

	"zummer/app"
	"zummer/clients/onec/bsltest"
)

// reached is what all tests together have run of the shipped modules.
var (
	reachedMu sync.Mutex
	reached   = bsltest.Coverage{}
)

// cover notes what a World has run, when its test ends.
func cover(t *testing.T, w *bsltest.World) {
	t.Cleanup(func() {
		reachedMu.Lock()
		defer reachedMu.Unlock()
		w.Cover(reached)
	})
}

// asProgram makes this test be the program, for the commands of documents.
const asProgram = "ZUMMER_TEST_AS_PROGRAM"

// TestMain lets more tests run beside each other than there are processors, for
// they wait most of the time. After a run of all tests no shipped module may
// be left that was never at work, and nine lines of ten were.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(app.Main(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	flag.Parse()
	if n := flag.Lookup("test.parallel"); n.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		_ = n.Value.Set("16") // a number
	}
	// As in package app: garbage is collected later, as long as there is little of it.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(2 << 30)
	}
	code := m.Run()
	if run := flag.Lookup("test.run").Value.String(); run == "" {
		if err := wholeShipmentRan(); err != nil {
			fmt.Fprintln(os.Stderr, "fatal error:", err) // which no test that is run again makes good: scripts/test.sh
			code = 1
		}
	}
	os.Exit(code)
}

func wholeShipmentRan() error {
	var never []string
	total, missed := 0, 0
	err := filepath.WalkDir(folder, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".bsl") || strings.Contains(file, "bsltest") {
			return err
		}
		lines, at := reached[file], 0
		for _, n := range lines {
			if total++; n == 0 {
				missed++
			} else {
				at++
			}
		}
		if at == 0 {
			never = append(never, file)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if testing.Verbose() {
		for _, place := range reached.Missed() {
			fmt.Println("never run:", place)
		}
	}
	if len(never) > 0 || missed*10 > total {
		return fmt.Errorf("modules that no test ran: %v; of %d lines %d were never reached", never, total, missed)
	}
	return nil
}
