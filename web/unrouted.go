package web

import "time"

// UnroutedPage is the extensions that rang and that nobody owns, and what
// users ask for.
type UnroutedPage struct {
	Frame
	Days     []Option
	Rows     []UnroutedRow
	Requests []RequestRow
	Users    []Option
	ListURL  string
}

// UnroutedRow is an extension that nobody owns.
type UnroutedRow struct {
	ID        string // unique on the page
	Source    string // slug; "": the source is gone
	Extension string
	Count     int
	Last      time.Time
	Typed     bool // the user is typed: too many rows have a list of users already
}

// RequestRow is a user who asks for an extension.
type RequestRow struct {
	Source, Extension string
	User, Login       string
	Asked             time.Time
}
