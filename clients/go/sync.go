package zummer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Contact is a client of the CRM as the service knows it: who calls from which
// numbers, and what to open.
type Contact struct {
	ExternalID  string   `json:"external_id,omitempty"`
	Phones      []string `json:"phones"`
	Name        string   `json:"name,omitempty"`
	Responsible string   `json:"responsible,omitempty"` // login
	Client      *Object  `json:"client,omitempty"`
	Interests   []Object `json:"interests,omitempty"` // the open ones, newest first
	Seq         int64    `json:"seq,omitempty"`       // a lower one than the stored is ignored
}

// PutContact creates or replaces a contact; stored is false when a higher Seq
// was there. Scope sync.
func (c *Client) PutContact(ctx context.Context, externalID string, in Contact) (stored bool, err error) {
	var out struct {
		Stored bool `json:"stored"`
	}
	in.ExternalID = ""
	err = c.again(ctx, http.MethodPut, "/v1/sync/contacts/"+url.PathEscape(externalID), in, &out)
	return out.Stored, err
}

// DeleteContact removes a contact. Scope sync.
func (c *Client) DeleteContact(ctx context.Context, externalID string) error {
	return c.again(ctx, http.MethodDelete, "/v1/sync/contacts/"+url.PathEscape(externalID), nil, nil)
}

// ContactsReport is what became of many contacts.
type ContactsReport struct {
	Lines   int            `json:"lines"`
	Stored  int            `json:"stored"`
	Ignored int            `json:"ignored"` // they were stored with a higher Seq
	Removed int            `json:"removed"`
	Failed  int            `json:"failed"`
	Errors  []ContactError `json:"errors"` // the first of them
}

// ContactError is why a line was refused.
type ContactError struct {
	Line    int    `json:"line"`
	Message string `json:"message"`
}

// PutContacts stores many contacts, each with its ExternalID; full removes those
// that are not named, when every one of them was good. A bad one does not stop
// the others: the report tells. Scope sync.
func (c *Client) PutContacts(ctx context.Context, contacts []Contact, full bool) (ContactsReport, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b) // a line each
	for i := range contacts {
		if err := enc.Encode(contacts[i]); err != nil {
			return ContactsReport{}, fmt.Errorf("encode contact %d: %w", i+1, err)
		}
	}
	mode := "partial"
	if full {
		mode = "full"
	}
	var out ContactsReport
	err := c.try(ctx, http.MethodPost, "/v1/sync/contacts?mode="+mode, b.Bytes(), &out)
	return out, err
}

// Contacts are those of one number. Scope admin.
func (a Admin) Contacts(ctx context.Context, phone string) ([]Contact, error) {
	items, _, err := many[Contact](ctx, a.c, at("contacts"), filter("phone", phone), Page{})
	return items, err
}

// SyncUser is a user as the CRM has it.
type SyncUser struct {
	ExternalID string      `json:"external_id"`
	Login      string      `json:"login"`
	Name       string      `json:"name,omitempty"`
	Group      string      `json:"group,omitempty"`
	Extensions []Extension `json:"extensions,omitempty"`
}

// SyncReport is what a synchronisation changed.
type SyncReport struct {
	Created     int `json:"created"`
	Updated     int `json:"updated"`
	Unchanged   int `json:"unchanged"`
	Deactivated int `json:"deactivated"`
}

// SyncUsers stores the CRM's users, all of them or none; full deactivates those
// that are absent. Scope sync.
func (c *Client) SyncUsers(ctx context.Context, users []SyncUser, full bool) (SyncReport, error) {
	var out SyncReport
	err := c.again(ctx, http.MethodPost, "/v1/sync/users", map[string]any{"users": users, "full": full}, &out)
	return out, err
}

// TokenForToday makes a poll token for a user of the CRM, asked for at log-in
// and not stored; ttl 0: 12 h. Errors: Error with code unknown_user; the user is
// pending then, and an administrator lets him in. Scope sync.
func (c *Client) TokenForToday(ctx context.Context, externalID string, ttl time.Duration) (Token, error) {
	in := map[string]any{}
	if ttl > 0 {
		in["ttl_s"] = int64(ttl / time.Second)
	}
	var out Token
	err := c.call(ctx, http.MethodPost, "/v1/sync/users/"+url.PathEscape(externalID)+"/token", in, &out)
	return out, err
}
