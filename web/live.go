package web

import (
	"time"

	"zummer/models"
)

// LivePage is who is on the telephone now, by group.
type LivePage struct {
	Frame
	Talking, Ringing, Free, Away int
	Groups                       []LiveGroup
	Waiting                      []LiveCall // callers whom no phone rings for
	Unowned                      []LiveCall // calls at phones that nobody owns
	Cut                          bool       // there are more calls than are shown
}

// LiveGroup is a group of users; Name "" is everybody who is in none.
type LiveGroup struct {
	ID     string
	Name   string
	Busy   int // of its people are talking
	People []LivePerson
}

// LivePerson is one user and what the phone does.
type LivePerson struct {
	Login     string
	Name      string
	State     string // talking, ringing, free, bare: has no extension
	Since     time.Time
	Calls     int // more than one: only the first is shown
	Call      string
	Direction models.Direction
	Phone     string
	Hidden    bool
	Contact   string
	Extension string
	Online    bool // a client is connected
	Busy      bool // it said that it opens nothing now
}

// StateIn says in a word what the phone does.
func (p LivePerson) StateIn(l Lang) string {
	switch p.State {
	case "talking":
		return said{"говорит", "talking"}.in(l)
	case "ringing":
		return said{"звонит", "ringing"}.in(l)
	case "bare":
		return said{"нет номера", "no extension"}.in(l)
	}
	return said{"свободен", "free"}.in(l)
}

// DirectionIn says which way the call goes.
func (p LivePerson) DirectionIn(l Lang) string { return DirectionIn(l, p.Direction) }

// LiveCall is a call that is nobody's yet.
type LiveCall struct {
	ID        string
	Since     time.Time
	Phone     string
	Hidden    bool
	Contact   string
	DID       string
	Extension string
	Source    string
	Talking   bool
}
