package web

import (
	"time"

	"zummer/models"
)

// SignInPage asks for login and password.
type SignInPage struct {
	Frame
	Login string // as typed
	Next  string // where it leads
	Error string
	Wait  int // seconds before the next try; 0: none
}

// AccountPage is a person's own: name, language, password, browsers.
type AccountPage struct {
	Frame
	Form     Form // name and language
	Password Form
	SignIns  []SignInRow
}

// SignInRow is a browser in which somebody is signed in.
type SignInRow struct {
	ID, From, Browser string
	Made, Seen, Ends  time.Time
	Current           bool
}

// AdministratorsPage lists who may sign in, and adds somebody.
type AdministratorsPage struct {
	Frame
	Rows []AdministratorRow
	Form Form
	New  Secret
}

// Secret is a text that is shown once. The zero Secret is none.
type Secret struct {
	Of   string // whose, or what for
	Text string
}

// AdministratorRow is somebody who may sign in.
type AdministratorRow struct {
	Login, Href, Name, Role string
	Masked, Active, Self    bool
	Made, SignedIn          time.Time
}

// AdministratorPage is one of them.
type AdministratorPage struct {
	Frame
	Row     AdministratorRow
	Form    Form
	New     Secret
	SignIns []SignInRow
}

// RoleOptions are the roles as a choice.
func (f Frame) RoleOptions(chosen string) []Option {
	var out []Option
	for _, r := range models.Roles {
		out = append(out, Option{Value: r, Text: f.Role(r) + " – " + f.mayWhat(r), Chosen: r == chosen})
	}
	return out
}

func (f Frame) mayWhat(role string) string {
	switch role {
	case models.RoleViewer:
		return f.T("смотрит", "looks")
	case models.RoleOperator:
		return f.T("разбирает уведомления, привязывает номера", "handles notifications, maps extensions")
	}
	return f.T("настраивает всё", "sets everything up")
}

// AuditPage tells who did what.
type AuditPage struct {
	Frame
	People, What []Option
	Text         string
	Narrowed     bool
	Rows         []AuditRow
	More, CSV    string
	Later        bool
}

// AuditRow is one entry.
type AuditRow struct {
	At                              time.Time
	Who, From, What, Object, Detail string
}

// WhatIn is what was done, in words.
func (r AuditRow) WhatIn(l Lang) string { return AuditIn(l, r.What) }

// DetailIn is the detail in words.
func (r AuditRow) DetailIn(l Lang) string { return AuditDetailIn(l, r.Detail) }

// UsersPage lists the users of the CRM, and who waits to be one.
type UsersPage struct {
	Frame
	Text, Group, State string // what is narrowed to
	Groups             []Option
	Rows               []UserRow
	Found, Total       int
	More               string
	Later              bool
	Announced          []UserRow
	Asked              []AskedRow
	Sources            []Option // that can list their people
	Form               Form     // a new user
}

// Narrowed reports whether something is filtered.
func (p UsersPage) Narrowed() bool { return p.Text != "" || p.Group != "" || p.State != "" }

// UserRow is one user.
type UserRow struct {
	Login, Href, Name, External string
	Extensions, Groups          []string
	Active, Pending, Quiet      bool
	Online                      bool
	LastPoll, Made              time.Time
}

// Named reports whether the user has a name beside the login.
func (r UserRow) Named() bool { return r.Name != "" && r.Name != r.Login }

// AskedRow is somebody's "this is my number today" that waits for an
// administrator.
type AskedRow struct {
	Login, Name, Href, Source, Number string
	At                                time.Time
}

// UserPage is one user with everything that belongs to the user.
type UserPage struct {
	Frame
	U          UserRow
	Form       Form // of the user's own fields
	Extensions []ExtensionRow
	Asked      []AskedRow
	Sources    []Option
	Others     []Option // users to share a phone with
	Groups     []Option
	Tokens     []TokenRow
	OldTokens  int // revoked and expired ones, which are not listed
	New        Secret
	Sessions   []SessionRow
	Screen     Screen
}

// Screen are measured times of a user, in words; "" where nothing was measured.
type Screen struct {
	Told, Opened                       int
	ToldP50, ToldP95, OpenP50, OpenP95 string
}

// ExtensionRow is a phone of a user.
type ExtensionRow struct {
	Source, SourceName, Number string
	Mode                       string // "" is the user's own
	Others                     string // who shares it
	Today                      string // whose it is today
	Mine                       bool   // it is this user's today
}

// TokenRow is a token without its text.
type TokenRow struct {
	ID, Name, Scopes string
	Made, Ends       time.Time
}

// SessionRow is a running client.
type SessionRow struct {
	Name, Client  string
	LastPoll      time.Time
	Waiting, Busy bool
}

// GroupsPage lists the groups.
type GroupsPage struct {
	Frame
	Rows  []GroupRow
	Users []Option
	Form  Form
}

// GroupRow is one group.
type GroupRow struct {
	Name, Href string
	Members    []string
	Sources    []string // that send it their missed calls
}

// GroupPage is one group with its members in the order in which they stand in
// for each other.
type GroupPage struct {
	Frame
	Name, Href string
	Members    []MemberRow
	Others     []Option
	Sources    []string
}

// MemberRow is a member of a group.
type MemberRow struct {
	N                 int
	Login, Name, Href string
	Active, Online    bool
	First, Last       bool
}

// PeoplePage holds the people of a PBX against the users.
type PeoplePage struct {
	Frame
	Source  string
	Sources []Option
	Rows    []PersonRow
	Users   []Option
	Ready   int // proposals
	Error   string
}

// PersonRow is somebody whom the PBX knows.
type PersonRow struct {
	Typed       bool // the user is typed: too many rows have a list of users already
	N           int
	Name, Email string
	Addresses   []string
	Mapped      string // the user who has the phone; "": nobody
	Match       string // login that is proposed; "": none
	Users       []Option
}
