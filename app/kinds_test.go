package app_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"zummer/handlers/pbx"
	"zummer/handlers/pbx/simulate"
	"zummer/models/store/storetest"
)

var update = flag.Bool("update", false, "rewrite testdata/kinds")

// TestEveryKindTellsEveryScenario plays each scenario in the words of each
// kind to the running program and compares the call record and what the users
// were shown with the same scenario told by kind generic. Where a kind says
// that it loses something the outcome is in testdata/kinds/KIND.txt; it may be
// the same, when only the moment is lost at which a form opens.
func TestEveryKindTellsEveryScenario(t *testing.T) {
	few := make(chan struct{}, 3) // a repeat is one for ten seconds of the real clock: a scenario must not take that long
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newTelephony(t, dsn)
		want := o.playAll(t, "generic")
		for _, a := range pbx.Kinds() {
			t.Run(a.Kind(), func(t *testing.T) {
				t.Parallel() // sources of their own, and a commit serves several
				few <- struct{}{}
				defer func() { <-few }()
				all := want
				if a.Kind() != "generic" {
					all = o.playAll(t, a.Kind())
				}
				var lost strings.Builder
				for _, sc := range simulate.Scenarios() {
					got, told := all[sc.Name]
					if !told {
						continue
					}
					why := simulate.Loses(a.Kind(), sc.Name)
					switch {
					case why == "" && maybe(a.Kind(), got) != maybe(a.Kind(), want[sc.Name]):
						t.Errorf("%s: got\n%s\nwant, as generic tells it,\n%s", sc.Name, got, want[sc.Name])
					case why != "" && got == want[sc.Name]:
						fmt.Fprintf(&lost, "# %s: %s\nthe end is the same\n\n", sc.Name, why)
					case why != "":
						fmt.Fprintf(&lost, "# %s: %s\n%s\n", sc.Name, why, maybe(a.Kind(), got))
					}
				}
				compareText(t, "testdata/kinds/"+a.Kind()+".txt", lost.String())
			})
		}
	})
}

// TestEveryKindCanBeSimulated: there is no kind that can only be tried with a
// real PBX.
func TestEveryKindCanBeSimulated(t *testing.T) {
	t.Parallel()
	var kinds []string
	for _, a := range pbx.Kinds() {
		kinds = append(kinds, a.Kind())
	}
	speaking := simulate.Kinds()
	slices.Sort(kinds)
	slices.Sort(speaking)
	if !slices.Equal(kinds, speaking) {
		t.Errorf("kinds %v, simulated %v", kinds, speaking)
	}
}

// speaks reports whether a kind can tell a scenario.
func speaks(kind string, sc simulate.Scenario) bool {
	_, err := simulate.Speak(kind, simulate.Target{Hook: "http://127.0.0.1/hooks/a/b"}, sc, simulate.Params{})
	var silent *simulate.Unspeakable
	return !errors.As(err, &silent)
}

// maybe leaves the length of the talk out where a kind's end has no time of its
// own: it then depends on when the requests of the test arrive.
func maybe(kind, outcome string) string {
	if !simulate.Undated(kind) {
		return outcome
	}
	return regexp.MustCompile(`talk=[0-9]+`).ReplaceAllString(outcome, "talk=?")
}

// compareText compares with a file; an empty text has none.
func compareText(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		err := os.Remove(file)
		if got != "" {
			err = os.WriteFile(file, []byte(got), 0o644)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil && (got != "" || !errors.Is(err, os.ErrNotExist)) {
		t.Fatalf("%v (run with -update once and read what it wrote)", err)
	}
	if string(want) != got {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}
