package web

import "encoding/json"

// Types are the pages: the name of the template's file and the type of its
// data. A test checks every template against its type.
func Types() map[string]any {
	return map[string]any{
		"error":        ErrorPage{},
		"demo":         DemoPage{},
		"pending":      PendingPage{},
		"notification": NotificationPage{},
		"sign_in":      SignInPage{},

		"live":       LivePage{},
		"calls":      CallsPage{},
		"call":       CallPage{},
		"webhooks":   WebhooksPage{},
		"webhook":    WebhookPage{},
		"unrouted":   UnroutedPage{},
		"sources":    SourcesPage{},
		"kinds":      KindsPage{},
		"source":     SourcePage{},
		"source_new": NewSourcePage{},

		"account":        AccountPage{},
		"administrators": AdministratorsPage{},
		"administrator":  AdministratorPage{},
		"audit":          AuditPage{},
		"users":          UsersPage{},
		"user":           UserPage{},
		"people":         PeoplePage{},
		"groups":         GroupsPage{},
		"group":          GroupPage{},
	}
}

// ErrorPage says what went wrong.
type ErrorPage struct {
	Frame
	Status    int
	Detail    string
	RequestID string
	Back      string
}

// OldFrame is what the demonstration's page has.
type OldFrame struct {
	Lang    Lang
	W       Words
	Version string // of the program
	Title   string
	Other   string // address of this page in the other language
	Script  string // static file name; "": none
}

// DemoPage plays one user's client in the browser.
type DemoPage struct {
	OldFrame
	PollURL string
	Users   []DemoUser
	Ring    string // a curl line that rings; "": none
	Hook    string // path of the hook that the page's own call goes to; "": no such button
}

// Kinds are the kinds of notifications in words, as JSON for the page's script.
func (d DemoPage) Kinds() (string, error) {
	words := map[string]string{}
	for kind := range kinds() {
		words[kind] = KindIn(d.Lang, kind)
	}
	text, err := json.Marshal(words)
	return string(text), err
}

// DemoUser is somebody to play. The token is shown to the page's script: the
// demonstration's database is thrown away when it ends.
type DemoUser struct {
	Login, Name, Token string
	Extension          string // "": none
}
