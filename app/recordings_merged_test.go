package app_test

import (
	"fmt"
	"slices"
	"testing"

	"zummer/models/store/storetest"
)

// TestCallsThatMerge tells of a customer at 101, of 101's own call to 103, that
// the two are one, and the same once more from 103 to 102: whichever call is the
// older one, whichever key names the other, in single requests or in one list,
// the customer's number stays and the last one who was asked has the row.
func TestCallsThatMerge(t *testing.T) {
	t.Parallel()
	const customerNumber = "+447700900123"
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newOffice(t, dsn, "office")
		hook := o.Source("pbx", "generic", map[string]any{"region": "GB", "group": "team"})
		for _, p := range people {
			o.tokens[p] = o.User(p, "pbx", p)
		}
		for i := range 16 {
			bit := func(n int) bool { return i>>n&1 == 1 }
			key := func(name string) string { return fmt.Sprintf("%d-%s", i, name) }
			at := func(second int) int { return 1795600000 + 1000*i + second }
			event := func(second int, what, call, extension string, more ...string) map[string]any {
				e := map[string]any{"event": what, "call": key(call), "extension": extension, "at": at(second)}
				for j := 0; j < len(more); j += 2 {
					e[more[j]] = more[j+1]
				}
				return e
			}
			customer := []map[string]any{event(10, "ringing", "a", "101", "phone", customerNumber, "direction", "in"), event(12, "answered", "a", "101")}
			asked := []map[string]any{event(20, "ringing", "b", "103", "phone", "101", "direction", "internal"), event(22, "answered", "b", "103", "direction", "internal")}
			if bit(0) { // 101 spoke with 103 before
				asked[0]["at"], asked[1]["at"] = at(1), at(3)
			}
			first := slices.Concat(customer, asked)
			if bit(0) {
				first = slices.Concat(asked, customer)
			}
			one := event(30, "transferred", "a", "101", "to_extension", "103", "same_as", key("b"))
			if bit(1) {
				one["call"], one["same_as"] = one["same_as"], one["call"]
			}
			again := []map[string]any{event(40, "ringing", "c", "102", "phone", "103", "direction", "internal"), event(42, "answered", "c", "102", "direction", "internal")}
			two := event(50, "transferred", "c", "103", "to_extension", "102", "same_as", key("b"))
			if bit(2) {
				two["call"], two["same_as"] = key("a"), key("c")
			}
			name := fmt.Sprintf("talk before %v, keys swapped %v %v, in one list %v", bit(0), bit(1), bit(2), bit(3))
			post := func(events ...map[string]any) {
				t.Helper()
				if bit(3) {
					if a := o.Do("POST", hook, "", events); a.Status != 200 || decodeHook(t, a).Parsed != nil {
						t.Fatalf("%s: %d %s", name, a.Status, a.Body)
					}
					return
				}
				for _, e := range events {
					if a := o.Do("POST", hook, "", e); a.Status != 200 || decodeHook(t, a).Parsed != nil {
						t.Fatalf("%s: %d %s", name, a.Status, a.Body)
					}
				}
			}
			sees := func(when string, want ...string) {
				t.Helper()
				if got := flat(o.look()); !slices.Equal(got, want) {
					t.Errorf("%s: %s: everybody sees %q, want %q", name, when, got, want)
				}
			}
			post(append(first, one)...)
			sees("after the first merge", "101 call.transferred none", "103 call.answered open")
			post(append(again, two)...)
			sees("after the second merge", "101 call.transferred none", "102 call.answered open", "103 call.transferred none")
			post(event(60, "ended", []string{"a", "b", "c"}[i%3], ""))
			sees("after the end", "101 call.transferred none", "102 call.ended show", "103 call.transferred none")
			calls := o.Admin("GET", "/v1/admin/calls?limit=100&source=pbx", nil)["items"].([]any)
			if c := calls[0].(map[string]any); len(calls) != i+1 || c["phone"] != customerNumber || c["direction"] != "in" || c["missed"] != false {
				t.Errorf("%s: %d calls, want %d; the last one %v", name, len(calls), i+1, c)
			}
			o.settle()
		}
	})
}
