package models

import "time"

// Seen is one session as the table of presence has it. Below 0 UserID is a
// token of scope relay, which polls for all users.
type Seen struct {
	UserID   int64
	Session  string
	Client   string
	App      string
	PolledAt time.Time
}

// Delivery says that an answer carried a revision of a row to a client.
type Delivery struct {
	NotificationID int64
	Rev            int
	Session        string // "": a client without a name
	UserID         int64
	Client         string
	At             time.Time
}
