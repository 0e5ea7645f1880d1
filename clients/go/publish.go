package zummer

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"
)

// Publication is a notification that a program makes. Exactly one of User,
// Extension and Group is set.
type Publication struct {
	User        string         `json:"user,omitempty"` // login or external id
	Extension   *Extension     `json:"extension,omitempty"`
	Group       string         `json:"group,omitempty"`
	Kind        string         `json:"kind"`             // a word of your own, e.g. mail.received
	Action      Action         `json:"action,omitempty"` // "": Show
	Title       string         `json:"title,omitempty"`
	Text        string         `json:"text,omitempty"`
	Phone       string         `json:"phone,omitempty"`
	Name        string         `json:"name,omitempty"`
	App         string         `json:"app,omitempty"`
	Object      *Object        `json:"object,omitempty"`
	Client      *Object        `json:"client,omitempty"`
	Candidates  []Object       `json:"candidates,omitempty"`
	Data        map[string]any `json:"data,omitempty"`
	CollapseKey string         `json:"collapse_key,omitempty"` // revises the user's pending row of that key
	// ExpiresIn is how long it stays pending; 0: 14 days. Whole seconds are sent.
	ExpiresIn time.Duration `json:"-"`
	// IdempotencyKey makes a repeat of this publication harmless for 24 h; "":
	// one is made, so that Publish itself may repeat it.
	IdempotencyKey string `json:"-"`
}

// Extension names a phone of a source.
type Extension struct {
	Source string `json:"source,omitempty"` // "": the only one there is
	Number string `json:"number"`
}

// Published is a notification that was made, and whose it is.
type Published struct {
	Notification
	User string `json:"user"`
}

// Publish makes notifications and gives one for each user concerned. When the
// answer is lost it asks again, five times at most, under one key: however often
// it is asked, it is made once. Scope publish.
func (c *Client) Publish(ctx context.Context, p Publication) ([]Published, error) {
	key := p.IdempotencyKey
	if key == "" {
		key = rand.Text()
	}
	body := struct {
		Publication
		ExpiresInS int64 `json:"expires_in_s,omitempty"`
	}{p, int64(p.ExpiresIn / time.Second)}
	var out struct {
		Items []Published `json:"items"`
	}
	err := c.again(ctx, http.MethodPost, "/v1/notifications", body, &out, "Idempotency-Key", key)
	return out.Items, err
}
