package app_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"zummer/handlers/pbx/simulate"
	"zummer/models/store/storetest"
)

// told lists the recordings of which HTTP tells the whole truth; half those of
// which it does not: a transfer by a desk phone, a queue and a pickup.
var (
	told = [...]string{"a", "b", "c", "c2", "c5", "d", "e", "f", "i", "m", "u"}
	half = [...]string{"d5", "g", "h"}
)

// TestRecordedCallsReachTheRightPeople replays the requests that a real
// Asterisk made, one by one, and compares what everybody sees after each of
// them with what the recordings are said to contain.
func TestRecordedCallsReachTheRightPeople(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newOffice(t, dsn, "office")
		for _, scenario := range told {
			s := readStory(t, scenario)
			for i, r := range recording(t, scenario) {
				before, f := s.picture(), said(t, r)
				s.tell(f)
				o.moment(fmt.Sprintf("scenario %s, request %d (%s %s)", scenario, i+1, f["event"], f["ext"]), before, s.picture(), func() { o.send("office", r) })
			}
			s.over()
			o.settle()
		}
	})
}

// TestRecordedCallsThatHTTPHalfTells compares what is seen of the other
// recordings with a table of what their requests do tell.
func TestRecordedCallsThatHTTPHalfTells(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/asterisk-pjsip/http-tells.txt")
	if err != nil {
		t.Fatal(err)
	}
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newOffice(t, dsn, "office")
		for _, scenario := range half {
			var b strings.Builder
			for _, r := range recording(t, scenario) {
				o.send("office", r)
				f, seen := said(t, r), o.look()
				fmt.Fprintf(&b, "%s\n", strings.TrimSpace(f["event"]+" "+f["ext"]))
				for _, p := range people {
					for _, row := range seen[p] {
						fmt.Fprintf(&b, "    %s  %s\n", p, row)
					}
				}
			}
			_, want, _ := strings.Cut(string(text), "== scenario-"+scenario+"\n")
			want, _, _ = strings.Cut(want, "\n\n")
			if got := strings.TrimSpace(b.String()); got != strings.TrimSpace(want) {
				t.Errorf("scenario %s: seen\n%s\nthe table says\n%s", scenario, got, strings.TrimSpace(want))
			}
			o.settle()
		}
	})
}

// TestRecordedRequestsRepeated sends every request twice, and after the call
// all of them once more: nothing changes, and the journal lists repeats.
func TestRecordedRequestsRepeated(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newOffice(t, dsn, "office")
		for _, scenario := range slices.Concat(told[:], half[:]) {
			all := recording(t, scenario)
			for i, r := range all {
				o.send("office", r)
				seen := o.look()
				o.moment(fmt.Sprintf("scenario %s, request %d repeated", scenario, i+1), seen, seen, func() { o.send("office", r) })
			}
			seen, calls := o.look(), o.calls("office")
			o.moment("scenario "+scenario+" repeated", seen, seen, func() {
				for _, r := range all {
					o.send("office", r)
				}
			})
			for key, call := range o.calls("office") {
				if calls[key] != call {
					t.Errorf("scenario %s repeated: the call was\n%s\nand is\n%s", scenario, calls[key], call)
				}
			}
			last := o.Admin("GET", fmt.Sprintf("/v1/admin/webhooks?limit=%d", len(all)), nil)["items"].([]any)
			for _, item := range last {
				if got := item.(map[string]any)["outcome"]; got != "repeat" {
					t.Errorf("scenario %s repeated: the journal says %v", scenario, got)
				}
			}
			o.settle()
		}
	})
}

// TestRecordedRequestsReversed sends each recording from its end to its
// beginning. With dated ends the call log is the same in the end; with the ends
// as they were recorded, undated, nothing lives after them.
func TestRecordedRequestsReversed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newOffice(t, dsn, "forward", "backward", "undated")
		for _, scenario := range slices.Concat(told[:], half[:]) {
			all := recording(t, scenario)
			for _, r := range all {
				o.send("forward", dated(t, r))
			}
			inOrder := o.look()
			o.settle()
			for _, r := range slices.Backward(all) {
				o.send("backward", dated(t, r))
			}
			reversed := o.look()
			if got, want := live(reversed), live(inOrder); !slices.Equal(got, want) {
				t.Errorf("scenario %s reversed: these live in the end: %q, in order %q", scenario, got, want)
			}
			for _, p := range people {
				if got, want := missedOf(reversed[p]), missedOf(inOrder[p]); want && !got {
					t.Errorf("scenario %s reversed: %s was not told of the missed call, only %q", scenario, p, reversed[p])
				}
			}
			o.settle()
			for _, r := range slices.Backward(all) {
				o.send("undated", r)
			}
			if got, want := live(o.look()), live(inOrder); !slices.Equal(got, want) {
				t.Errorf("scenario %s reversed, its end undated: these live in the end: %q, in order %q", scenario, got, want)
			}
			o.settle()
		}
		forward, backward := o.calls("forward"), o.calls("backward")
		if len(forward) != len(told)+len(half)+2 || len(backward) != len(forward) {
			t.Fatalf("%d calls in order, %d reversed", len(forward), len(backward))
		}
		for key, want := range forward {
			if got := backward[key]; got != want {
				t.Errorf("reversed, the call is\n%s\nin order it is\n%s", got, want)
			}
		}
	})
}

// dated gives a hangup the second in which it was recorded; the dialplan of
// the recordings dates everything else.
func dated(t *testing.T, r simulate.Recorded) simulate.Recorded {
	t.Helper()
	f := said(t, r)
	if f["event"] != "hangup" {
		return r
	}
	f["time"] = strconv.FormatInt(r.At.Unix(), 10)
	body, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	r.Request.Body = body
	return r
}

func missedOf(rows []string) bool {
	return slices.ContainsFunc(rows, func(row string) bool { return strings.HasPrefix(row, "call.missed ") })
}
