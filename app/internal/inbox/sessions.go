package inbox

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"zummer/models"
)

// abroadFor is how long it is believed that a session which was heard of on
// another replica still polls there: a working day. Being wrong costs a row
// that nobody can open a short offer before it becomes a card.
const abroadFor = 12 * time.Hour

// lately is how long a session that polled here is believed to come again: one
// that is woken when there is something asks by itself once a minute.
const lately = 90 * time.Second

// maxDeclined bounds what is remembered of the rows that a session passed on:
// all of a set, for what is forgotten too soon comes back to who passed it on,
// and is no card as long as another session may come.
const maxDeclined = models.MaxSet

// choice is what is asked of a session that shall open a row.
type choice struct {
	row    int64
	app    string        // of the row
	except string        // the session that gives it away
	recent time.Duration // who was answered less than that ago counts too: it is about to poll again; 0: only who polls
}

// choose names the session of a user that shall open a row; "": nobody who
// polls here could. A session that said it is busy, or passed this row on
// before, is never chosen. The row's own app comes first, then a session
// without one, then the one that waits longest.
func (p *presence) choose(user int64, c choice, now time.Time) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	type candidate struct {
		name string
		rank int
		last time.Time
	}
	var all []candidate
	for name, s := range p.users[user] {
		switch {
		case name == "", name == c.except, s.busy, !sees(s.app, c.app), s.declines(c.row, now):
		case s.waiting > 0:
			all = append(all, candidate{name, fit(s.app, c.app), s.last})
		case !s.answered.IsZero() && now.Sub(s.answered) < c.recent:
			all = append(all, candidate{name, 3 + fit(s.app, c.app), s.last})
		}
	}
	if len(all) == 0 {
		return ""
	}
	return slices.MinFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), a.last.Compare(b.last), strings.Compare(a.name, b.name))
	}).name
}

// sees reports whether a session that polls with an app is shown a row of row's app.
func sees(session, row string) bool { return session == "" || row == "" || session == row }

// fit is how well a session's app suits a row's; less is better.
func fit(session, row string) int {
	switch session {
	case row:
		return 0
	case "":
		return 1
	}
	return 2
}

// attended is when a session of a user was last here: now while it polls. Zero:
// never, or it polls another replica since.
func (p *presence) attended(user int64, session string, now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch s := p.users[user][session]; {
	case s == nil:
		return time.Time{}
	case s.waiting > 0:
		return now
	default:
		return s.answered
	}
}

// declined is a row that a session passed on.
type declined struct {
	row   int64
	until time.Time // it is not asked again before
}

// declines reports whether the session is not to be asked to open a row.
func (s *seen) declines(row int64, now time.Time) bool {
	return slices.ContainsFunc(s.declined, func(d declined) bool { return d.row == row && d.until.After(now) })
}

// decline notes that a session passed a row on.
func (p *presence) decline(user int64, session string, row int64, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.users[user][session]
	if s == nil || session == "" {
		return
	}
	s.declined = slices.DeleteFunc(s.declined, func(d declined) bool { return d.row == row })
	if len(s.declined) >= maxDeclined {
		s.declined = slices.Delete(s.declined, 0, 1)
	}
	s.declined = append(s.declined, declined{row, until})
}

// declined reports whether a session is not to be asked to open a row.
func (p *presence) declined(user int64, session string, row int64, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.users[user][session]
	return s != nil && s.declines(row, now)
}

// goAbroad notes that a session polls another replica; of maxSeen the one that
// was longest not heard of makes room. p.mu is held.
func (p *presence) goAbroad(user int64, session string, now time.Time) {
	list := p.abroad[user]
	if list == nil {
		list = map[string]time.Time{}
		p.abroad[user] = list
	}
	if _, ok := list[session]; !ok && len(list) >= maxSeen {
		oldest := ""
		for name, heard := range list {
			if oldest == "" || heard.Before(list[oldest]) {
				oldest = name
			}
		}
		delete(list, oldest)
	}
	list[session] = now
}

// comeHome notes that a session polls here. p.mu is held.
func (p *presence) comeHome(user int64, session string) {
	if list := p.abroad[user]; list != nil {
		delete(list, session)
		if len(list) == 0 {
			delete(p.abroad, user)
		}
	}
}

// othersMayCome reports whether another session of a user than c.except may come
// for a row that nobody who polls here can open: one was heard of on another
// replica, or polled here lately and neither said that it is busy nor passed
// this row on.
func (p *presence) othersMayCome(user int64, c choice, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, heard := range p.abroad[user] {
		if name != c.except && now.Sub(heard) < abroadFor {
			return true
		}
	}
	for name, s := range p.users[user] {
		if name != "" && name != c.except && !s.busy && sees(s.app, c.app) && !s.declines(c.row, now) && now.Sub(s.answered) < lately {
			return true
		}
	}
	return false
}

// sweepAbroad forgets who was not heard of for long. p.mu is held.
func (p *presence) sweepAbroad(now time.Time) {
	for user, list := range p.abroad {
		for name, heard := range list {
			if now.Sub(heard) >= abroadFor {
				delete(list, name)
			}
		}
		if len(list) == 0 {
			delete(p.abroad, user)
		}
	}
}
