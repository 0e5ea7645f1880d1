package models_test

import (
	"testing"

	"pgregory.net/rapid"

	"zummer/models"
)

// A talker who asks a colleague with the customer on hold has his own number on
// the colleague's phone. The customer stays his until he hands him over.
func TestConsultation(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		events []string
		want   string
		phone  string
	}{
		{"asked, and the talk goes on", []string{"answered 101@1 phone=+7903", "ringing 103@5 phone=101", "answered 103@7 phone=101"}, "answered; 101/1 answered", "+7903"},
		{"asked in vain", []string{"answered 101@1 phone=+7903", "ringing 103@5 phone=101", "ring_ended 103@7 phone=101", "ended@9"}, "ended; 101/1 ended hangup", "+7903"},
		{"the caller is hidden", []string{"answered 101@1 name=hidden", "ringing 103@5 phone=101", "answered 103@7 phone=101"}, "answered; 101/1 answered", ""},
		{"asked, then handed over", []string{"answered 101@1 phone=+7903", "answered 103@7 phone=101", "transferred 101@9 to=103"},
			"answered; 101/1 ended transferred; 103/1 answered", "+7903"},
		{"handed over while it rings", []string{"answered 101@1 phone=+7903", "ringing 103@5 phone=101", "transferred 101@6 to=103", "answered 103@8 phone=101"},
			"answered; 101/1 ended transferred; 103/1 answered", "+7903"},
		{"only the first event has a number", []string{"answered 101@1 phone=+7903", "ringing 103@5 phone=101", "answered 103@7"}, "answered; 101/1 answered", "+7903"},
		{"told again with the customer's number", []string{"answered 101@1 phone=+7903", "answered 103@7 phone=101", "answered 103@9 phone=+7903"},
			"answered; 101/1 ended transferred; 103/1 answered", "+7903"},
		{"a blind transfer that shows who made it", []string{"answered 101@1 phone=+7903", "transferred 101@3 to=103", "ringing 103@4 phone=101", "answered 103@7 phone=101"},
			"answered; 101/1 ended transferred; 103/1 answered", "+7903"},
		{"a customer with a short number", []string{"answered 101@1 phone=112", "ringing 103@4 phone=112", "answered 103@7 phone=112"},
			"answered; 101/1 ended transferred; 103/1 answered", "112"},
		{"internal, by both phones", []string{"ringing 102@1 phone=101 dir=internal", "answered 102@2 phone=101 dir=internal"}, "answered; 102/1 answered", "101"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { // dated: the order of arrival is nothing
				c := fresh()
				apply(c, rapid.Permutation(tc.events).Draw(t, "arrival")...)
				if got := show(c); got != tc.want || c.Phone != tc.phone {
					t.Errorf("got  %s, phone %q\nwant %s, phone %q", got, c.Phone, tc.want, tc.phone)
				}
			})
		})
	}
}

// A call with the outside stays one, with the customer's number, whichever of
// two merged calls is the older one and whichever key goes on.
func TestMergeOfAnInternalCall(t *testing.T) {
	t.Parallel()
	customer := []string{"ringing 101@10 dir=in phone=+7903 name=Anna", "answered 101@12"}
	for _, tc := range []struct {
		name            string
		customer, other []string
		after           []string
		want            string
	}{
		{"a later consultation", customer, []string{"ringing 103@15 dir=internal phone=101", "answered 103@17 phone=101"}, nil,
			"answered; 101/1 ended transferred; 103/1 answered"},
		{"an earlier talk with the colleague", customer, []string{"ringing 103@1 dir=internal phone=101", "answered 103@3 phone=101"}, []string{"transferred 101@20 to=103"},
			"answered; 103/1 ended transferred; 101/1 ended transferred; 103/2 answered"},
		{"a later consultation, announced", customer, []string{"ringing 103@15 dir=internal phone=101", "answered 103@17 phone=101"}, []string{"transferred 101@20 to=103"},
			"answered; 101/1 ended transferred; 103/1 answered"},
	} {
		for _, older := range []string{"customer", "colleague"} {
			t.Run(tc.name+", the older call is the "+older+"'s", func(t *testing.T) {
				t.Parallel()
				a, b := fresh(), &models.Call{ID: 8, Source: 1, Key: "d", State: models.Ringing}
				if older == "customer" {
					apply(a, tc.customer...)
					apply(b, tc.other...)
				} else {
					apply(a, tc.other...)
					apply(b, tc.customer...)
				}
				a.Merge(b)
				apply(a, tc.after...)
				if got := show(a); got != tc.want || a.Direction != models.In || a.Phone != "+7903" || a.Name != "Anna" {
					t.Errorf("got  %s, %s, %q %q\nwant %s, in, +7903 Anna", got, a.Direction, a.Phone, a.Name, tc.want)
				}
				n := len(a.Facts)
				if apply(a, tc.other...); len(a.Facts) != n {
					t.Errorf("%d facts after a repeat, want %d", len(a.Facts), n)
				}
			})
		}
	}
}

// Merges in a chain end up as one call that heard everything, in any order.
func TestMergesInAChainConverge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		life := drawLife(t)
		want := picture(play(life))
		heard := make([][]models.Event, 3)
		for i := range life {
			by := rapid.IntRange(0, 2).Draw(t, "heard by")
			heard[by] = append(heard[by], life[i])
		}
		a, b, c := play(heard[0]), play(heard[1]), play(heard[2])
		if rapid.Bool().Draw(t, "the tail first") {
			b.Merge(c)
			a.Merge(b)
		} else {
			a.Merge(b)
			a.Merge(c)
		}
		if got := picture(a); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}
