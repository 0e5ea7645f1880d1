package inbox

import (
	"slices"
	"strings"
	"sync"
	"time"

	"zummer/models"
)

// presence remembers the clients that polled this process, for the session
// list and for the hot-loop guard. It is memory only and may be lost; seen.go
// tells the other replicas of it.
type presence struct {
	mu     sync.Mutex
	users  map[int64]map[string]*seen
	abroad map[int64]map[string]time.Time // sessions that poll another replica, and when that was heard
	attend attend                         // what goes to the table: seen.go
}

// seen is one session.
type seen struct {
	client   string
	last     time.Time // when its last poll arrived
	answered time.Time // when the last poll was answered
	asked    string    // the version that this poll named
	version  string    // that it was answered with
	waiting  int
	here     bool       // the other replicas were told that it polls here
	app      string     // that its last poll named
	busy     bool       // a modal window or an unsaved form is open there
	declined []declined // rows that it passed on, the last ones

	noted  time.Time // the poll that the table was told last
	wrote  time.Time // the same on the database's clock
	queued bool      // stands in presence.attend
}

// keepSeen is how long a session stays listed; maxSeen bounds a user's list.
const (
	keepSeen = 24 * time.Hour
	maxSeen  = 50
)

func newPresence() *presence {
	return &presence{users: map[int64]map[string]*seen{}, abroad: map[int64]map[string]time.Time{}}
}

// arrive notes a poll that names the version q.Version. given is the version that
// the session was answered with, less than a second ago, when it asked the same
// ("": it was not). moved says that the other replicas are to be told that the
// session polls here now.
func (p *presence) arrive(user int64, client string, q *models.PollQuery, now time.Time) (given string, moved bool) {
	session, asked := q.Session, q.Version
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.users[user]
	if list == nil {
		list = map[string]*seen{}
		p.users[user] = list
	}
	s := list[session]
	if s == nil {
		if len(list) >= maxSeen {
			p.dropOldest(list)
		}
		s = &seen{}
		list[session] = s
	}
	if session != "" {
		if asked == s.asked && !s.answered.IsZero() && now.Sub(s.answered) < time.Second {
			given = s.version
		}
		moved, s.here = !s.here, true
		s.app, s.busy = q.App, q.Busy
		p.comeHome(user, session)
	}
	s.client, s.last = client, now
	s.waiting++
	p.note(user, session, s)
	return given, moved
}

// leave notes the answer to a poll that named the version asked; version is ""
// when nothing was told.
func (p *presence) leave(user int64, session, asked, version string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.users[user][session]
	if s == nil {
		return
	}
	s.waiting--
	s.answered, s.asked, s.version = now, asked, version
}

// elsewhere notes that a session polls another replica now.
func (p *presence) elsewhere(user int64, session string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.users[user][session]; s != nil {
		s.here = false
	}
	p.goAbroad(user, session, time.Now())
}

// unsure forgets what the other replicas were told: it may have been lost.
func (p *presence) unsure() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, list := range p.users {
		for _, s := range list {
			s.here = false
		}
	}
}

func (p *presence) dropOldest(list map[string]*seen) {
	oldest := ""
	for name, s := range list {
		if o := list[oldest]; o == nil || s.last.Before(o.last) {
			oldest = name
		}
	}
	delete(list, oldest)
}

// list returns a user's sessions, newest first.
func (p *presence) list(user int64, now time.Time) []models.Session {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []models.Session
	for name, s := range p.users[user] {
		if now.Sub(s.last) < keepSeen {
			out = append(out, models.Session{Name: name, Client: s.client, LastPoll: s.last, Waiting: s.waiting > 0, Busy: s.busy})
		}
	}
	slices.SortFunc(out, func(a, b models.Session) int {
		if c := b.LastPoll.Compare(a.LastPoll); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

// sweep forgets sessions that were not seen for a day.
func (p *presence) sweep(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for u, list := range p.users {
		for name, s := range list {
			if s.waiting <= 0 && now.Sub(s.last) >= keepSeen {
				delete(list, name)
			}
		}
		if len(list) == 0 {
			delete(p.users, u)
		}
	}
	p.sweepAbroad(now)
}
