package models_test

import (
	"strings"
	"testing"

	"zummer/models"
)

// What a call knew before an event is what it would have been had the event not
// come yet: its facts before, played one by one, end in that state.
func TestFactsBefore(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		events string // of the call, in order of arrival
		own    string // those that are asked about
		want   string // the call before them
	}{
		{"the first event", "ringing 101@1; answered 101@3", "ringing 101@1", "ringing"},
		{"an answer", "ringing 101@1; answered 101@3; ended@9", "answered 101@3", "ringing; 101/1 ringing"},
		{"the end", "ringing 101@1; answered 101@3; ended@9", "ended@9", "answered; 101/1 answered"},
		{"a webhook with two events", "ringing 101@1; ringing 102@1; answered 101@3", "ringing 101@1; ringing 102@1", "ringing"},
		{"a webhook with two events in the wrong order", "ringing 101@1; answered 101@3; ended@9", "ended@9; answered 101@3", "ringing; 101/1 ringing"},
		{"told after the end", "ended@9; ringing 101@1", "ringing 101@1", "ringing"},
		{"by numbers", "ringing 101 seq=1; answered 101 seq=2; ended seq=3", "answered 101 seq=2", "ringing; 101/1 ringing"},
		{"undated", "ringing 101@1; answered 101; ended", "answered 101", "ringing; 101/1 ringing"},
		{"undated, the second of its kind", "ringing 101@1; ring_ended 101; ringing 101; ring_ended 101", "ringing 101", "ringing; 101/1 ended no_answer"},
		{"one that tells nothing", "ringing 101@1; ended@9", "answered 102@5", "ringing; 101/1 ringing"},
		{"one after a silent closing", "ringing 101@1; ring_ended 101@5; silent; ringing 101@20", "ringing 101@20", "ended missed; 101/1 ended no_answer"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := fresh()
			apply(c, strings.Split(tc.events, "; ")...)
			var own []models.Fact
			for text := range strings.SplitSeq(tc.own, "; ") {
				e := ev(text)
				own = append(own, models.FactOf(&e, false, sec(now)))
			}
			before := fresh()
			for _, f := range c.FactsBefore(own...) {
				before.Learn(f)
			}
			if got := show(before); got != tc.want {
				t.Errorf("before: %q, want %q; the call: %+v", got, tc.want, c.Facts)
			}
		})
	}
}
