package zummer

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/url"
)

// Dialled is an order that a telephone system took.
type Dialled struct {
	Order     string `json:"order"`
	Source    string `json:"source"`
	Extension string `json:"extension"` // the user's phone, which rings first
	Call      string `json:"call"`      // "": not known yet
}

// Dial has the telephone system ring the user's phone, then the number. source
// and login may be "" where there is no choice; a token of nobody names the
// login. However often the answer is lost, the phone rings once. Errors: Error
// with code cannot_dial, or dial_unknown: the phone may ring all the same. Scope
// dial.
func (c *Client) Dial(ctx context.Context, phone, source, login string) (Dialled, error) {
	in := map[string]string{"phone": phone}
	if source != "" {
		in["source"] = source
	}
	if login != "" {
		in["user"] = login
	}
	var out Dialled
	err := c.again(ctx, http.MethodPost, "/v1/calls", in, &out, "Idempotency-Key", rand.Text())
	return out, err
}

// Calls are the user's own calls, newest first.
func (c *Client) Calls(ctx context.Context, p Page) (items []CallRecord, next string, err error) {
	return many[CallRecord](ctx, c, "/v1/calls", url.Values{}, p)
}

// Recording writes the sound of one of the user's own calls to w, as the
// telephone system has it; only ctx bounds how long that takes. It is asked once.
// Errors: Error with code not_found, also when there is none.
func (c *Client) Recording(ctx context.Context, id string, w io.Writer) error {
	return c.try(ctx, http.MethodGet, "/v1/calls/"+url.PathEscape(id)+"/recording", nil, w)
}

// TakeExtension says "this is my number today". asked: it is not one that the
// user shares, so the administrator has to allow it. source may be "" while
// there is one.
func (c *Client) TakeExtension(ctx context.Context, source, number string) (asked bool, err error) {
	in := map[string]string{"number": number}
	if source != "" {
		in["source"] = source
	}
	var out struct {
		State string `json:"state"`
	}
	err = c.again(ctx, http.MethodPut, "/v1/me/extension", in, &out)
	return out.State == "asked", err
}

// LeaveExtension says that a number is the user's no more; "": none of them.
func (c *Client) LeaveExtension(ctx context.Context, source, number string) error {
	return c.again(ctx, http.MethodDelete, "/v1/me/extension"+query(filter("source", source, "number", number), "", 0), nil, nil)
}
