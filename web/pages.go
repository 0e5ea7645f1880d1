package web

import "time"

// Frame is what every page has.
type Frame struct {
	Lang    Lang
	W       Words
	Version string // of the program
	Title   string
	Other   string // address of this page in the other language
	Script  string // static file name; "": none
}

// AdminPage lists what is pending and what went wrong. Its lists are brought
// up to date from DataURL.
type AdminPage struct {
	Frame
	DataURL  string
	Summary  Summary
	More     bool // there is more pending than Pending shows
	Pending  []PendingRow
	Unrouted []UnroutedRow
	Webhooks []WebhookRow
	Refused  []RefusedRow
}

// Summary is the line of numbers above the lists.
type Summary struct {
	Pending, Waiting, CallsToday, MissedToday, FailedToday, Refused int
}

// PendingRow is one pending notification.
type PendingRow struct {
	W       *Words
	ID      string
	Key     string // unique in its list and the same for the same thing
	Rev     int
	User    string
	Kind    string // as the register has it
	KindIn  string // in words
	Action  string // in words
	Title   string
	Text    string
	Phone   string
	Contact string
	Source  string
	Since   time.Time // of this revision
	Expires time.Time
}

// UnroutedRow is an extension that rang and that nobody owns.
type UnroutedRow struct {
	W         *Words
	Key       string
	Source    string
	Extension string
	Count     int
	Last      time.Time
}

// WebhookRow is one entry of the journal.
type WebhookRow struct {
	W       *Words
	Key     string
	ID      string
	Source  string
	At      time.Time
	Outcome string // of models.Webhook
	Result  string // in words
	Error   string
	RawURL  string
}

// RefusedRow is a webhook that was turned away.
type RefusedRow struct {
	W      *Words
	Key    string
	Source string
	At     time.Time
	From   string
	Reason string // in words
	Detail string
}

// TimelinePage tells why a notification is what it is.
type TimelinePage struct {
	Frame
	ID      string
	Back    string
	Steps   []StepRow
	Actions bool // offer the buttons
}

// StepRow is one step in words.
type StepRow struct {
	At      time.Time
	Text    string
	Why     string // the rule's reason as it was written down; the page says it in its language
	Rule    string
	Detail  string
	Webhook string // address of the raw webhook; "": none
	Own     bool   // of this notification, not of another row of its call
}

// ErrorPage says what went wrong.
type ErrorPage struct {
	Frame
	Status    int
	Detail    string
	RequestID string
	Back      string
}
