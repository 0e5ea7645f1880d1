package models

import (
	"slices"
	"time"
)

// Admin is somebody who may sign in to the administrator's pages.
type Admin struct {
	ID           int64
	Login        string // compared as FoldLogin
	Name         string // "": the login is shown
	Role         string // of Roles
	PasswordHash string // never leaves the service
	Masked       bool   // is shown phone numbers without their middle
	Lang         string // ru, en; "": as the browser says
	Active       bool
	CreatedAt    time.Time
	SignedInAt   time.Time // last time; zero: never
}

// DisplayName is the name, else the login.
func (a *Admin) DisplayName() string {
	if a.Name != "" {
		return a.Name
	}
	return a.Login
}

// Roles, each may do what those before it may.
const (
	RoleViewer   = "viewer"   // looks
	RoleOperator = "operator" // processes, requeues, reassigns, expires, replays, maps extensions, sends tests
	RoleAdmin    = "admin"    // sets up
)

// Roles lists the roles, the least first.
var Roles = []string{RoleViewer, RoleOperator, RoleAdmin}

// May reports whether the role includes what role may do. An unknown role may nothing.
func (a *Admin) May(role string) bool {
	has, wants := slices.Index(Roles, a.Role), slices.Index(Roles, role)
	return has >= 0 && wants >= 0 && has >= wants
}

// AdminInput is what an administrator says of another one. Nil keeps what is
// stored; a new one has the role viewer, is masked and active.
type AdminInput struct {
	Name, Role, Password, Lang *string
	Masked, Active             *bool
}

// SignIn is one browser in which an administrator is signed in.
type SignIn struct {
	ID        int64
	TokenHash string // SHA-256 hex of the cookie's token
	AdminID   int64
	Data      []byte // what belongs to the sign-in besides; JSON
	From      string // remote address of the sign-in
	Agent     string // the browser, as it names itself
	MadeAt    time.Time
	SeenAt    time.Time // exact to a minute
	ExpiresAt time.Time
	Current   bool // the one that asks; not stored
}

// Values of a sign-in session: integers are int64, times Unix milliseconds.
const (
	SignInAdmin = "admin" // Admin.ID
	SignInMade  = "made"  // time
	SignInSeen  = "seen"  // time; as SignInMade: the session is new
	SignInFrom  = "from"  // text
	SignInAgent = "agent" // text
)
