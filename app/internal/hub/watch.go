package hub

import (
	"sync"
	"sync/atomic"
)

// A user below 0 is one who waits for any user: Wake of anybody wakes these
// waiters too. In all else they are waiters like the others.

// watchers knows the lines of those who wait for any user.
type watchers struct {
	n    atomic.Int64 // waiters
	mu   sync.Mutex
	keys map[int64]int // user below 0 → waiters
}

// count notes that a waiter of user came (1) or went (-1).
func (w *watchers) count(user int64, by int) {
	if user >= 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.keys == nil {
		w.keys = map[int64]int{}
	}
	if w.keys[user] += by; w.keys[user] == 0 {
		delete(w.keys, user)
	}
	w.n.Add(int64(by))
}

// Watched reports whether somebody waits for any user.
func (h *Hub) Watched() bool { return h.watchers.n.Load() > 0 }

// WakeOnly is Wake of one user that those who wait for any user do not hear.
func (h *Hub) WakeOnly(user int64) { h.wake(user) }

// WakeWatchers tells those who wait for any user that there may be something
// new. It costs nothing while there are none.
func (h *Hub) WakeWatchers() {
	if !h.Watched() {
		return
	}
	h.watchers.mu.Lock()
	users := make([]int64, 0, len(h.watchers.keys))
	for u := range h.watchers.keys {
		users = append(users, u)
	}
	h.watchers.mu.Unlock()
	for _, u := range users {
		h.wake(u)
	}
}
