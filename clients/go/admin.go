package zummer

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Admin has the calls of scope admin. Every Put creates or replaces, may be
// repeated, and gives what is absent its default.
type Admin struct{ c *Client }

// Admin is the set-up side of the service; the token needs scope admin.
func (c *Client) Admin() Admin { return Admin{c} }

// Page asks for a part of a list: After is the next of the page before, Limit 0
// is 50.
type Page struct {
	After string
	Limit int
}

// one asks for one thing.
func one[T any](ctx context.Context, c *Client, method, path string, in any) (T, error) {
	var out T
	err := c.again(ctx, method, path, in, &out)
	return out, err
}

// many asks for a page of a list.
func many[T any](ctx context.Context, c *Client, path string, q url.Values, p Page) (items []T, next string, err error) {
	var out struct {
		Items []T    `json:"items"`
		Next  string `json:"next"`
	}
	err = c.again(ctx, http.MethodGet, path+query(q, p.After, p.Limit), nil, &out)
	return out.Items, out.Next, err
}

// whole asks for a list that comes in one page.
func whole[T any](ctx context.Context, c *Client, path string) ([]T, error) {
	items, _, err := many[T](ctx, c, path, url.Values{}, Page{})
	return items, err
}

func (a Admin) gone(ctx context.Context, path string) error {
	return a.c.again(ctx, http.MethodDelete, path, nil, nil)
}

// at makes a path of parts that are escaped.
func at(parts ...string) string {
	path := ""
	for _, p := range parts {
		path += "/" + url.PathEscape(p)
	}
	return "/v1/admin" + path
}

// UserInput is what is set of a user.
type UserInput struct {
	Name       string `json:"name,omitempty"`
	ExternalID string `json:"external_id,omitempty"`
	PopOn      string `json:"pop_on,omitempty"` // answered (default), ringing, never
	Quiet      bool   `json:"quiet,omitempty"`
	Timezone   string `json:"timezone,omitempty"`
}

// User is a CRM user.
type User struct {
	Login      string      `json:"login"`
	ExternalID string      `json:"external_id"`
	Name       string      `json:"name"`
	PopOn      string      `json:"pop_on"`
	Quiet      bool        `json:"quiet"`
	Active     bool        `json:"active"`
	Pending    bool        `json:"pending"` // asked for a token before it was made
	Timezone   string      `json:"timezone"`
	Extensions []Extension `json:"extensions"`
	CreatedAt  time.Time   `json:"created_at"`
}

// PutUser creates or replaces a user.
func (a Admin) PutUser(ctx context.Context, login string, in UserInput) (User, error) {
	return one[User](ctx, a.c, http.MethodPut, at("users", login), in)
}

// User is one user.
func (a Admin) User(ctx context.Context, login string) (User, error) {
	return one[User](ctx, a.c, http.MethodGet, at("users", login), nil)
}

// Users are all users.
func (a Admin) Users(ctx context.Context) ([]User, error) { return whole[User](ctx, a.c, at("users")) }

// DeleteUser deactivates a user; the user's tokens stop working.
func (a Admin) DeleteUser(ctx context.Context, login string) error {
	return a.gone(ctx, at("users", login))
}

// Sessions are a user's clients of the last day.
func (a Admin) Sessions(ctx context.Context, login string) ([]Seen, error) {
	return whole[Seen](ctx, a.c, at("users", login)+"/sessions")
}

// TokenInput is what is set of a token.
type TokenInput struct {
	Name      string     `json:"name,omitempty"`
	Scopes    []string   `json:"scopes,omitempty"` // poll, publish, relay, sync, dial, admin
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

// Token is a token; Text is only there when it was just made.
type Token struct {
	ID        string     `json:"id"`
	Text      string     `json:"token"`
	User      string     `json:"user"` // "": of nobody
	Name      string     `json:"name"`
	Scopes    []string   `json:"scopes"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"`
	RevokedAt *time.Time `json:"revoked_at"`
}

// NewToken makes a token for a user, "" for nobody. It is asked once: a token
// whose answer was lost is in the list of tokens, without its text.
func (a Admin) NewToken(ctx context.Context, login string, in TokenInput) (Token, error) {
	path := at("tokens")
	if login != "" {
		path = at("users", login) + "/tokens"
	}
	var out Token
	err := a.c.call(ctx, http.MethodPost, path, in, &out)
	return out, err
}

// Tokens lists tokens without their text, newest first; login "": all.
func (a Admin) Tokens(ctx context.Context, login string, p Page) (items []Token, next string, err error) {
	path := at("tokens")
	if login != "" {
		path = at("users", login) + "/tokens"
	}
	return many[Token](ctx, a.c, path, url.Values{}, p)
}

// Token is one token, without its text.
func (a Admin) Token(ctx context.Context, id string) (Token, error) {
	return one[Token](ctx, a.c, http.MethodGet, at("tokens", id), nil)
}

// RevokeToken ends a token and the polls that wait with it.
func (a Admin) RevokeToken(ctx context.Context, id string) error {
	return a.gone(ctx, at("tokens", id))
}

// Mapping is whose an extension is.
type Mapping struct {
	Source    string   `json:"source"`
	Extension string   `json:"extension"`
	User      string   `json:"user"` // "": shared
	Users     []string `json:"users"`
	Mode      string   `json:"mode"`  // check_in or all of a shared phone
	Today     string   `json:"today"` // who said last that it is his
}

// PutExtension gives an extension of a source to a user; what rang there
// unrouted in the last 24 h is routed.
func (a Admin) PutExtension(ctx context.Context, source, extension, login string) (Mapping, error) {
	return one[Mapping](ctx, a.c, http.MethodPut, at("extensions", source, extension), map[string]string{"user": login})
}

// ShareExtension makes an extension a phone of several people: mode check_in
// (whose it is today says who is there; "") or all.
func (a Admin) ShareExtension(ctx context.Context, source, extension, mode string, logins ...string) (Mapping, error) {
	in := map[string]any{"users": logins}
	if mode != "" {
		in["mode"] = mode
	}
	return one[Mapping](ctx, a.c, http.MethodPut, at("extensions", source, extension), in)
}

// Extensions lists who has which; source and login "": all.
func (a Admin) Extensions(ctx context.Context, source, login string) ([]Mapping, error) {
	items, _, err := many[Mapping](ctx, a.c, at("extensions"), filter("source", source, "user", login), Page{})
	return items, err
}

// Extension is whose one extension is.
func (a Admin) Extension(ctx context.Context, source, extension string) (Mapping, error) {
	return one[Mapping](ctx, a.c, http.MethodGet, at("extensions", source, extension), nil)
}

// ExtensionRequest is a user who says "this is my number" of one that is not
// free to take. PutExtension grants it.
type ExtensionRequest struct {
	Source    string    `json:"source"`
	Extension string    `json:"extension"`
	User      string    `json:"user"`
	Name      string    `json:"name"`
	AskedAt   time.Time `json:"asked_at"`
}

// ExtensionRequests are those that wait for an answer, the first one first.
func (a Admin) ExtensionRequests(ctx context.Context) ([]ExtensionRequest, error) {
	return whole[ExtensionRequest](ctx, a.c, at("extension-requests"))
}

// RefuseExtension refuses what was asked for a number.
func (a Admin) RefuseExtension(ctx context.Context, source, extension string) error {
	return a.gone(ctx, at("extension-requests", source, extension))
}

// DeleteExtension takes an extension away.
func (a Admin) DeleteExtension(ctx context.Context, source, extension string) error {
	return a.gone(ctx, at("extensions", source, extension))
}

// Group is a group; its members stand in for each other in this order.
type Group struct {
	Name    string   `json:"name"`
	Members []string `json:"members"`
}

// PutGroup creates or replaces a group.
func (a Admin) PutGroup(ctx context.Context, name string, logins ...string) (Group, error) {
	return one[Group](ctx, a.c, http.MethodPut, at("groups", name), map[string]any{"members": logins})
}

// Groups are all groups.
func (a Admin) Groups(ctx context.Context) ([]Group, error) {
	return whole[Group](ctx, a.c, at("groups"))
}

// Group is one group.
func (a Admin) Group(ctx context.Context, name string) (Group, error) {
	return one[Group](ctx, a.c, http.MethodGet, at("groups", name), nil)
}

// DeleteGroup removes a group.
func (a Admin) DeleteGroup(ctx context.Context, name string) error {
	return a.gone(ctx, at("groups", name))
}

// Stats are the numbers of now and today.
type Stats struct {
	Pending       int        `json:"pending"`
	Users         int        `json:"users"`
	Contacts      int        `json:"contacts"`
	OldestPending *time.Time `json:"oldest_pending"`
	CallsToday    int        `json:"calls_today"`
	MissedToday   int        `json:"missed_today"`
	WebhooksToday int        `json:"webhooks_today"`
	FailedToday   int        `json:"failed_today"`
	RepeatedToday int        `json:"repeated_today"`
	Waiting       int        `json:"waiting"`
}

// Stats tells the numbers.
func (a Admin) Stats(ctx context.Context) (Stats, error) {
	return one[Stats](ctx, a.c, http.MethodGet, at("stats"), nil)
}

// filter makes a query of pairs, without the empty ones.
func filter(pairs ...string) url.Values {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}
