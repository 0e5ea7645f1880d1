package inbox

import (
	"sync"
	"time"
	"unique"

	"zummer/models"
)

// elsewhere is what the table says of other processes, those that ended
// included. Times are of this process's clock.
type elsewhere struct {
	mu    sync.RWMutex
	users map[int64]map[string]other
	all   time.Time // when somebody polled last for all users

	since   time.Time // of the next read, on the database's clock
	read    time.Time // when the last read that succeeded began
	first   time.Time // when the first one did
	resumed time.Time // the latest poll that the first one found; zero: none
	failing bool
}

// other is one session of another process.
type other struct {
	client, app string
	polled      time.Time
}

func newElsewhere() *elsewhere { return &elsewhere{users: map[int64]map[string]other{}} }

// merge takes what a read that began at local time at found, when the
// database's clock was dbNow. own says when this process wrote a session last.
func (e *elsewhere) merge(rows []models.Seen, dbNow, at time.Time, own func(seenKey) time.Time) {
	var foreign []models.Seen
	for _, r := range rows {
		if r.PolledAt.After(own(seenKey{r.UserID, r.Session})) {
			foreign = append(foreign, r)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var newest time.Time
	for _, r := range foreign {
		polled := at.Add(r.PolledAt.Sub(dbNow))
		if polled.After(newest) {
			newest = polled
		}
		if r.UserID < 0 && polled.After(e.all) {
			e.all = polled
		}
		list := e.room(r.UserID, r.Session)
		if old := list[r.Session].polled; old.After(polled) { // heard of since
			polled = old
		}
		// Few programs poll for many sessions: their names are kept once.
		list[r.Session] = other{unique.Make(r.Client).Value(), unique.Make(r.App).Value(), polled}
	}
	if e.first.IsZero() {
		e.first, e.resumed = at, newest
	}
	e.since, e.read = dbNow.Add(-seenOverlap), at
}

// room is a user's list with room for a session: the one that was longest not
// seen makes it. e.mu is held.
func (e *elsewhere) room(user int64, session string) map[string]other {
	list := e.users[user]
	if list == nil {
		list = map[string]other{}
		e.users[user] = list
	}
	if _, ok := list[session]; !ok && len(list) >= maxSeen {
		oldest, found := "", false
		for name, o := range list {
			if !found || o.polled.Before(list[oldest].polled) {
				oldest, found = name, true
			}
		}
		delete(list, oldest)
	}
	return list
}

// heard notes that a session polls another process now, of which the table
// does not tell yet.
func (e *elsewhere) heard(user int64, session string, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := e.room(user, session)
	o := list[session]
	o.polled = now
	list[session] = o
	if user < 0 {
		e.all = now
	}
}

// polled reports whether a client of user polled another process within d, as
// far as the table knows. While the table cannot be read it did; doubt says that
// it did also while the process is too young to know.
func (e *elsewhere) polled(user int64, within time.Duration, now time.Time, doubt bool) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.first.IsZero() {
		return doubt
	}
	if now.Sub(e.read) > seenTrusted {
		return true
	}
	last := e.all
	for _, o := range e.users[user] {
		if o.polled.After(last) {
			last = o.polled
		}
	}
	from := now
	if now.Sub(e.first) < seenAfter && doubt {
		// Nobody could poll while no process ran, and clients need a moment to
		// come back: who was here when the last one stopped is here.
		if e.resumed.IsZero() {
			return true
		}
		from = e.resumed
	}
	return !last.IsZero() && from.Sub(last) <= within+seenSlack
}

// list returns a user's sessions of other processes that polled in the last day.
func (e *elsewhere) list(user int64, now time.Time) []models.Session {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var out []models.Session
	for name, o := range e.users[user] {
		if now.Sub(o.polled) < keepSeen {
			out = append(out, models.Session{Name: name, Client: o.client, LastPoll: o.polled})
		}
	}
	return out
}

// sweep forgets sessions that were not seen for a day.
func (e *elsewhere) sweep(now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for u, list := range e.users {
		for name, o := range list {
			if now.Sub(o.polled) >= keepSeen {
				delete(list, name)
			}
		}
		if len(list) == 0 {
			delete(e.users, u)
		}
	}
}
