package auth

import (
	"net/netip"
	"sync"
	"time"
)

// How failures are answered. The first ones of a login or an address cost
// nothing; each further one doubles the pause before the next try.
const (
	freeOfLogin   = 5
	freeOfAddress = 20
	firstPause    = 2 * time.Second
	longestPause  = 5 * time.Minute
	forgetAfter   = 30 * time.Minute // without a further failure
	maxCounted    = 10_000           // logins and addresses; strangers cannot fill the memory
)

// throttle counts failed sign-ins by login and by address. It lives in the
// memory of this process: each replica counts for itself.
type throttle struct {
	mu   sync.Mutex
	seen map[string]*tries
}

type tries struct {
	failed int
	last   time.Time
	until  time.Time // no further try before
}

// take counts a try of login from an address as failed, in advance, so that
// tries at the same time are not free. wait above 0: it is too early, and
// nothing was counted.
func (t *throttle) take(login, address string) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	keys := t.keys(login, address)
	for key := range keys {
		if e := t.seen[key]; e != nil {
			wait = max(wait, e.until.Sub(now))
		}
	}
	if wait > 0 {
		return wait
	}
	for key, free := range keys {
		e := t.entry(key, now)
		e.failed++
		e.last = now
		if over := e.failed - free; over >= 0 {
			e.until = now.Add(min(firstPause<<min(over, 20), longestPause))
		}
	}
	return 0
}

// succeeded takes the counted try back, and what was counted of the login
// before. The address stays with its other failures: one right password does
// not open the way to guess those of others.
func (t *throttle) succeeded(login, address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key := range t.keys(login, address) {
		e := t.seen[key]
		if e == nil {
			continue
		}
		e.failed--
		e.until = time.Time{}
		if e.failed <= 0 || key == "l:"+login {
			delete(t.seen, key)
		}
	}
}

// keys are what a try counts for, with how many failures are free. Addresses
// of IPv6 count by /64, which one subscriber has.
func (t *throttle) keys(login, address string) map[string]int {
	keys := map[string]int{"l:" + login: freeOfLogin}
	if a, err := netip.ParseAddr(address); err == nil {
		a = a.Unmap().WithZone("")
		address = a.String()
		if a.Is6() {
			if p, err := a.Prefix(64); err == nil {
				address = p.String()
			}
		}
	}
	if address != "" {
		keys["a:"+address] = freeOfAddress
	}
	return keys
}

// entry finds or makes the entry of a key, forgotten when it is old. When there
// are too many, the oldest of some goes: map order is by chance.
func (t *throttle) entry(key string, now time.Time) *tries {
	if t.seen == nil {
		t.seen = map[string]*tries{}
	}
	if e := t.seen[key]; e != nil && now.Sub(e.last) < forgetAfter {
		return e
	}
	for len(t.seen) >= maxCounted {
		oldest, looked := "", 0
		for k, e := range t.seen {
			if oldest == "" || e.last.Before(t.seen[oldest].last) {
				oldest = k
			}
			if looked++; looked == 16 {
				break
			}
		}
		delete(t.seen, oldest)
	}
	e := &tries{}
	t.seen[key] = e
	return e
}
