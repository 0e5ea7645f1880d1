package zummer

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Me is the token's user.
type Me struct {
	Login      string        `json:"login"`
	ExternalID string        `json:"external_id"`
	Name       string        `json:"name"`
	PopOn      string        `json:"pop_on"` // answered, ringing, never
	Quiet      bool          `json:"quiet"`  // cards, no forms
	Timezone   string        `json:"timezone"`
	Extensions []MyExtension `json:"extensions"`
	Sessions   []Seen        `json:"sessions"`
}

// MyExtension is a phone that a user has, or shares.
type MyExtension struct {
	Source  string `json:"source"`
	Number  string `json:"number"`
	Mode    string `json:"mode"` // check_in or all of a shared phone; "": the user's own
	Mine    bool   `json:"mine"` // it rings for the user now
	Has     string `json:"has"`  // login of the one whose it is today
	HasName string `json:"has_name"`
}

// Seen is a client that polled in the last day.
type Seen struct {
	Session  string    `json:"session"`
	Client   string    `json:"client"`
	LastPoll time.Time `json:"last_poll"`
	Waiting  bool      `json:"waiting"`
	Busy     bool      `json:"busy"`
}

// Me tells who the token's user is: the way to try a token.
func (c *Client) Me(ctx context.Context) (Me, error) {
	return one[Me](ctx, c, http.MethodGet, "/v1/me", nil)
}

// SetMe changes what pops up for the user; nil leaves it as it is.
func (c *Client) SetMe(ctx context.Context, popOn *string, quiet *bool) (Me, error) {
	body := map[string]any{}
	if popOn != nil {
		body["pop_on"] = *popOn
	}
	if quiet != nil {
		body["quiet"] = *quiet
	}
	return one[Me](ctx, c, http.MethodPatch, "/v1/me", body)
}

// HistoryRow is a notification with what became of it.
type HistoryRow struct {
	Notification
	State   string    `json:"state"` // pending, processed, expired, removed
	Outcome Outcome   `json:"outcome"`
	At      time.Time `json:"at"`
}

// History lists processed and expired rows too, newest first; after is the next
// of the page before, limit 0 is 50. complete is false when retention cut what
// was asked for.
func (c *Client) History(ctx context.Context, since, until time.Time, after string, limit int) (rows []HistoryRow, next string, complete bool, err error) {
	q := url.Values{}
	for name, at := range map[string]time.Time{"since": since, "until": until} {
		if !at.IsZero() {
			q.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	var out struct {
		Items    []HistoryRow `json:"items"`
		Next     string       `json:"next"`
		Complete bool         `json:"complete"`
	}
	err = c.again(ctx, http.MethodGet, "/v1/notifications/history"+query(q, after, limit), nil, &out)
	return out.Items, out.Next, out.Complete, err
}

// query is the tail of an address that lists.
func query(q url.Values, after string, limit int) string {
	if after != "" {
		q.Set("after", after)
	}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}
