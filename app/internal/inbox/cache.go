package inbox

import (
	"sync"
	"time"

	"zummer/models"
)

// cache remembers the newest known version of inboxes, so that a poll that
// has nothing to get costs no SQL. Within an epoch a version only rises; it
// is believed only while the tail is fresh (Inbox.fresh).
type cache struct {
	shards [64]shard
}

type shard struct {
	mu      sync.Mutex
	m       map[int64]cached
	cleared time.Time
}

// cached is one entry. due is NextExpiry on this process's clock.
type cached struct {
	epoch   string
	version int64
	due     time.Time // zero: nothing expires
	checked time.Time // when the database last confirmed it, or told of a newer one
	hinted  bool      // version is only a floor: read the inbox before use
	calm    bool      // no row of it is for one session alone; false: unknown
}

func newCache() *cache {
	c := &cache{}
	for i := range c.shards {
		c.shards[i].m = map[int64]cached{}
	}
	return c
}

func (c *cache) shard(user int64) *shard { return &c.shards[uint64(user)%uint64(len(c.shards))] }

func (c *cache) get(user int64) (cached, bool) {
	s := c.shard(user)
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.m[user]
	return v, ok && !v.hinted
}

// checkedFor is how long an entry is believed without the database: a hint of
// something newer may have been lost.
const checkedFor = 30 * time.Second

// known is the present version of user's set as far as this process can say
// without the database: the tail is fresh, the entry was checked lately, and
// nothing has expired since.
func (in *Inbox) known(user int64, now time.Time) (cached, bool) {
	c, ok := in.cache.get(user)
	return c, ok && in.fresh(now) && now.Sub(c.checked) < checkedFor && (c.due.IsZero() || c.due.After(now))
}

// dueAt is an inbox's next expiry on this process's clock; it was read at
// local time at, when the database's clock was dbNow.
func dueAt(ib models.Inbox, dbNow, at time.Time) time.Time {
	if ib.NextExpiry.IsZero() {
		return time.Time{}
	}
	return at.Add(ib.NextExpiry.Sub(dbNow))
}

// put merges what the database said at local time at, when its own clock was
// dbNow. newer says that nobody here knew this version; stale that a higher
// one has been committed since the read began, so that the caller reads again.
// What was read before the last clear is not kept: the hint of something newer
// may have gone with it.
func (c *cache) put(ib models.Inbox, dbNow, at time.Time) (newer, stale bool) {
	next := cached{epoch: ib.Epoch, version: ib.Version, checked: at, due: dueAt(ib, dbNow, at)}
	s := c.shard(ib.UserID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if at.Before(s.cleared) {
		return false, false
	}
	old, ok := s.m[ib.UserID]
	if ok && (old.hinted || old.epoch == next.epoch) && old.version > next.version {
		return false, true
	}
	next.calm = ok && old.calm && old.epoch == next.epoch && old.version == next.version
	s.m[ib.UserID] = next
	return !ok || old.hinted || old.epoch != next.epoch || old.version < next.version, false
}

// hint tells that version was committed, here or elsewhere. It reports whether
// that is news. The entry must be read before it is used again; a read that
// began earlier will not bring the old version back.
func (c *cache) hint(user int64, version int64, at time.Time) bool {
	s := c.shard(user)
	s.mu.Lock()
	defer s.mu.Unlock()
	old, ok := s.m[user]
	if ok && old.version >= version {
		return false
	}
	s.m[user] = cached{version: version, hinted: true, checked: at}
	return true
}

// clear forgets everything: hints may have been lost.
func (c *cache) clear(now time.Time) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.m, s.cleared = map[int64]cached{}, now
		s.mu.Unlock()
	}
}

// forget drops entries that nobody has confirmed since before.
func (c *cache) forget(before time.Time) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		for u, v := range s.m {
			if v.checked.Before(before) {
				delete(s.m, u)
			}
		}
		s.mu.Unlock()
	}
}
