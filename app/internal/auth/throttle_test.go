package auth

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var th throttle
		try := func(login, from string, want time.Duration) {
			t.Helper()
			if got := th.take(login, from); got != want {
				t.Errorf("take(%s, %s) = %s, want %s", login, from, got, want)
			}
		}
		for range 5 {
			try("ivanov", "192.0.2.1", 0)
		}
		try("ivanov", "192.0.2.1", 2*time.Second) // the fifth was the last free one
		try("ivanov", "192.0.2.9", 2*time.Second) // from wherever
		try("petrova", "192.0.2.1", 0)            // somebody else from there
		<-time.After(2 * time.Second)
		try("ivanov", "192.0.2.1", 0)
		try("ivanov", "192.0.2.1", 4*time.Second) // each failure doubles it
		<-time.After(4 * time.Second)
		try("ivanov", "192.0.2.1", 0)
		th.succeeded("ivanov", "192.0.2.1") // that one was right
		for range 5 {
			try("ivanov", "192.0.2.1", 0)
		}
		<-time.After(forgetAfter)
		for range 5 {
			try("ivanov", "192.0.2.1", 0)
		}
		for range 20 { // never more than the longest
			<-time.After(longestPause)
			try("ivanov", "192.0.2.2", 0)
		}
		try("ivanov", "192.0.2.3", longestPause)
	})
}

// One address is held whatever logins it tries; of IPv6 a whole /64 counts.
func TestThrottleOfAnAddress(t *testing.T) {
	for _, tt := range []struct{ name, first, then string }{
		{"IPv4", "192.0.2.1", "192.0.2.1"},
		{"IPv4 in IPv6", "192.0.2.1", "::ffff:192.0.2.1"},
		{"a neighbour in the subnet", "2001:db8::1", "2001:db8::ffff"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var th throttle
				for i := range 20 {
					if wait := th.take(fmt.Sprint("login-", i), tt.first); wait != 0 {
						t.Fatalf("try %d has to wait %s", i, wait)
					}
				}
				th.take("right", "192.0.2.77")
				if wait := th.take("another", tt.then); wait != 2*time.Second {
					t.Errorf("the 21st login has to wait %s, want 2s", wait)
				}
				if wait := th.take("another", "198.51.100.1"); wait != 0 {
					t.Errorf("from elsewhere it has to wait %s", wait)
				}
				<-time.After(2 * time.Second)
				th.take("own", tt.then)
				th.succeeded("own", tt.then)
				th.take("next", tt.then)
				if wait := th.take("more", tt.then); wait == 0 {
					t.Error("one right password opened the address again")
				}
			})
		})
	}
}

func TestThrottleIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var th throttle
		for i := range 3 * maxCounted {
			th.take(fmt.Sprint(i), fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
		}
		if len(th.seen) > maxCounted {
			t.Errorf("%d entries, want %d at most", len(th.seen), maxCounted)
		}
	})
}
