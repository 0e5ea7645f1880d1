package models_test

import "testing"

// What a PBX tells of an extension as a whole, without the leg's id.
func TestRingEndOfAnExtension(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		events []string
		want   string
	}{
		{"two phones of it", []string{"ringing 101@1 leg=a", "ringing 101@1 leg=b", "ring_ended 101@9"}, "ringing; a/1 ended no_answer; b/1 ended no_answer"},
		{"two phones, in one instant", []string{"ringing 101@1 leg=a", "ringing 101@1 leg=b", "ring_ended 101@1 reason=busy"}, "ringing; a/1 ended busy; b/1 ended busy"},
		{"another extension rings on", []string{"ringing 101@1 leg=a", "ringing 102@1 leg=b", "ring_ended 101@9"}, "ringing; a/1 ended no_answer; b/1 ringing"},
		{"tried again at once", []string{"ringing 101@1 leg=a", "ring_ended 101@9", "ringing 101@9 leg=b"}, "ringing; a/1 ended no_answer; b/1 ringing"},
		{"tried again, and no answer again", []string{"ringing 101@1 leg=a", "ring_ended 101@9", "ringing 101@9 leg=b", "ring_ended 101@20"},
			"ringing; a/1 ended no_answer; b/1 ended no_answer"},
		{"one phone talks", []string{"ringing 101@1 leg=a", "ringing 101@1 leg=b", "answered 101@3 leg=a", "ring_ended 101@4"}, "answered; a/1 answered; b/1 ended answered_elsewhere"},
		{"the answer is told without it, too", []string{"ringing 101@1 leg=a", "ringing 101@1 leg=b", "answered 101@3 leg=a", "answered 101@4"},
			"answered; a/1 answered; b/1 ended answered_elsewhere"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := fresh()
			apply(c, tc.events...)
			if got := show(c); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			events := make([]string, len(tc.events))
			for i := range events {
				events[len(events)-1-i] = tc.events[i]
			}
			d := fresh()
			if apply(d, events...); show(d) != show(c) {
				t.Errorf("reversed: %s", show(d))
			}
		})
	}
}
