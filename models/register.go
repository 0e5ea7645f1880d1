package models

import "time"

// RowRef names a row of the register.
type RowRef struct {
	User, ID int64
}

// RowKey names a row by its collapse key.
type RowKey struct {
	User int64
	Key  string
}

// RowSelect says which pending rows to read; the parts are joined by or.
type RowSelect struct {
	Refs []RowRef
	Keys []RowKey
	All  []int64   // users: all rows
	Now  time.Time // the transaction's clock
}

// Idempotent is the stored outcome of a publisher's Idempotency-Key.
type Idempotent struct {
	Hash     string
	Response []byte // nil: still running
}

// Set is one user's inbox with its pending rows, in no particular order.
type Set struct {
	Inbox Inbox
	Rows  []Notification
	Now   time.Time // the database's clock
}

// Calm reports whether no row of the set is for one session alone, and none is
// held: there is nothing that a session would have to do about it.
func (s *Set) Calm() bool {
	for i := range s.Rows {
		if !s.Rows[i].Calm() {
			return false
		}
	}
	return true
}

// Hint tells that a user's inbox has reached a version or, when Session is set,
// that this session of the user polls the process From now.
type Hint struct {
	UserID  int64  `json:"u"`
	Version int64  `json:"v,omitempty"`
	Session string `json:"s,omitempty"`
	From    string `json:"f,omitempty"`
}
