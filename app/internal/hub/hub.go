package hub

import (
	"cmp"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"zummer/models"
)

// Options configure a Hub. The zero value is usable.
type Options struct {
	MaxWaiting int           // waiters of the process; 0: 100000
	PerUser    int           // waiters of one user; one more evicts the oldest; 0: 10
	Tick       time.Duration // resolution of deadlines; 0: 50 ms
}

// Hub holds the waiters of this process, in shards by user. All methods may be
// called from any goroutine; none of them waits for a waiter.
type Hub struct {
	opt      Options
	shards   [shardCount]shard
	waiting  atomic.Int64
	draining atomic.Bool
	watchers watchers
	pulse    Pulse
	wheel    wheel
	stopped  chan struct{} // closed when Run has returned
	stopOnce sync.Once
}

// shardCount bounds how often two users meet on one lock.
const (
	shardBits  = 7
	shardCount = 1 << shardBits
)

// shard is the registry of some users.
type shard struct {
	mu     sync.Mutex
	users  map[int64]line
	fights fights
	_      [64]byte // neighbours do not share a cache line
}

// line is the waiters of one user, the oldest first. A user without waiters
// has no line.
type line struct {
	head, tail *Waiter
	n          int
}

// New makes a hub. Deadlines are kept only while Run runs.
func New(opt Options) *Hub {
	opt.MaxWaiting = cmp.Or(opt.MaxWaiting, 100_000)
	opt.PerUser = cmp.Or(opt.PerUser, 10)
	opt.Tick = cmp.Or(opt.Tick, 50*time.Millisecond)
	h := &Hub{opt: opt, stopped: make(chan struct{})}
	for i := range h.shards {
		h.shards[i].users = map[int64]line{}
	}
	h.wheel.init(opt.Tick)
	return h
}

func (h *Hub) shard(user int64) *shard {
	return &h.shards[(uint64(user)*0x9e3779b97f4a7c15)>>(64-shardBits)] // Fibonacci hashing
}

// Enter registers interest in user; in any user, when it is below 0. Call it before the store is read, and
// Close the waiter when the request is answered.
//
// session names the running client: an older waiter of the same user and
// session gets Superseded. "" supersedes nobody. token is the id by which
// Revoke finds the waiter. More than Options.PerUser waiters of a user: the
// oldest gets Evicted.
//
// Errors: Unavailable "too_many_waiting" when the process holds
// Options.MaxWaiting waiters and none of them is replaced; Conflict "session_conflict" when the session was
// superseded three times in the last 10 s, which is two clients under one
// name: the one that waits is left in peace. While the hub drains, the waiter
// is not registered and its Wait says Drained at once.
func (h *Hub) Enter(user int64, session string, token int64) (*Waiter, error) {
	w := &Waiter{hub: h, user: user, session: session, token: token, since: time.Now().UnixNano(), poke: make(chan struct{}, 1)}
	s := h.shard(user)
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.draining.Load() {
		w.state.Store(uint32(Drained) << sticky)
		return w, nil
	}
	replaced, err := h.supersede(s, user, session, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	if l := s.users[user]; l.n >= h.opt.PerUser {
		h.release(s, l.head, Evicted)
		replaced = true
	}
	if h.waiting.Add(1) > int64(h.opt.MaxWaiting) && !replaced {
		h.waiting.Add(-1)
		return nil, &models.Error{Kind: models.Unavailable, Code: "too_many_waiting", Retry: 5 * time.Second,
			Message: "too many requests are waiting; poll without waiting"}
	}
	s.link(w)
	return w, nil
}

// Supersede releases, with Superseded, the waiter of user and session that
// entered at before or earlier: a newer request of that client has come, one
// that does not wait here. Errors: Conflict "session_conflict", as Enter.
func (h *Hub) Supersede(user int64, session string, before time.Time) error {
	s := h.shard(user)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := h.supersede(s, user, session, before.UnixNano())
	return err
}

// supersede is Supersede with s.mu held; done says that there was such a waiter.
func (h *Hub) supersede(s *shard, user int64, session string, before int64) (done bool, err error) {
	if session == "" {
		return false, nil
	}
	for old := s.users[user].head; old != nil; old = old.next {
		if old.session != session || old.since > before {
			continue
		}
		if !s.fights.allow(fightKey{user, session}, time.Now()) {
			return false, &models.Error{Kind: models.Conflict, Code: "session_conflict", Retry: 3 * time.Second,
				Message: "several clients poll under one session name; give each running client its own"}
		}
		h.release(s, old, Superseded)
		return true, nil
	}
	return false, nil
}

// Wake tells the waiters of users that there may be something new. It never
// blocks, and allocates nothing unless somebody waits for any user; several wakes before a Wait are one.
func (h *Hub) Wake(users ...int64) {
	for _, u := range users {
		h.wake(u)
	}
	if len(users) > 0 {
		h.WakeWatchers()
	}
}

func (h *Hub) wake(user int64) {
	s := h.shard(user)
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := s.users[user].head; w != nil; w = w.next {
		w.state.Or(woken)
		w.nudge()
	}
}

// Revoke releases, with Revoked, the waiters for whose user and token match
// says true.
// match must be quick and must not call the hub. A waiter that Enters
// meanwhile may be missed: change what tokens are valid first, call Revoke
// second, and look at the token after Enter.
func (h *Hub) Revoke(match func(user, token int64) bool) {
	for i := range h.shards {
		s := &h.shards[i]
		s.mu.Lock()
		for _, l := range s.users {
			for w := l.head; w != nil; {
				next := w.next
				if match(w.user, w.token) {
					h.release(s, w, Revoked)
				}
				w = next
			}
		}
		s.mu.Unlock()
	}
}

// Waiting counts the waiters that nothing has released yet.
func (h *Hub) Waiting() int { return int(h.waiting.Load()) }

// Users lists the users with waiters, each once, in no order, without those
// below 0. It is a picture
// of every shard at its own moment.
func (h *Hub) Users() []int64 {
	out := make([]int64, 0, h.Waiting())
	for i := range h.shards {
		s := &h.shards[i]
		s.mu.Lock()
		for u := range s.users {
			if u >= 0 {
				out = append(out, u)
			}
		}
		s.mu.Unlock()
	}
	return out
}

// link appends w to its user's line. s.mu is held.
func (s *shard) link(w *Waiter) {
	l := s.users[w.user]
	w.prev, w.linked = l.tail, true
	if l.tail != nil {
		l.tail.next = w
	} else {
		l.head = w
	}
	l.tail = w
	l.n++
	s.users[w.user] = l
	w.hub.watchers.count(w.user, 1)
}

// unlink takes w out of its user's line. s.mu is held.
func (s *shard) unlink(w *Waiter) {
	l := s.users[w.user]
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		l.head = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		l.tail = w.prev
	}
	w.prev, w.next, w.linked = nil, nil, false
	w.hub.watchers.count(w.user, -1)
	if l.n--; l.n == 0 {
		delete(s.users, w.user)
	} else {
		s.users[w.user] = l
	}
}

// release takes a linked waiter out for good and tells it why. s.mu is held.
func (h *Hub) release(s *shard, w *Waiter, why Signal) {
	s.unlink(w)
	h.waiting.Add(-1)
	w.state.Or(uint32(why) << sticky)
	w.nudge()
}
