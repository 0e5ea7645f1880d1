package zummer

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Owner is whose row it is, in a picture of all users.
type Owner struct {
	Login      string `json:"login"`
	ExternalID string `json:"external_id"`
}

// PollAll asks for one page of the pending sets of all active users, as Poll
// does for one; each row names its Owner. A page has 5000 rows at most and 1000
// unless told. Busy means nothing here, and an ack goes without its detail.
// While such a poll waits every user counts as present. Scope relay.
func (c *Client) PollAll(ctx context.Context, q PollQuery) (Set, error) {
	v := filter("version", q.Version, "after", q.After, "session", q.Session, "app", q.App)
	if q.Wait > 0 {
		v.Set("wait", strconv.FormatFloat(q.Wait.Seconds(), 'f', -1, 64))
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	if len(q.Acks) > 0 {
		v.Set("ack", ackList(q.Acks))
	}
	path := "/v1/relay/notifications"
	if len(v) > 0 {
		path += "?" + v.Encode()
	}
	return c.ask(ctx, q, http.MethodGet, path, nil)
}

// PollAllWhole is PollAll through all pages: Version names the picture of all
// users, and only a complete one may replace the picture before. It begins again
// when the picture moves on between two pages; with a Limit above the number of
// pending rows there is one page only.
func (c *Client) PollAllWhole(ctx context.Context, q PollQuery) (Set, error) {
	return gather(ctx, q, c.PollAll)
}

// ackList writes acks as an address has them: ID.REV.X,…
func ackList(acks []Ack) string {
	letters := map[Outcome]string{Dismissed: ".d", Failed: ".f", Busy: ".b"}
	var b strings.Builder
	for i, a := range acks {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(a.Key().String() + letters[a.Outcome])
	}
	return b.String()
}

// Call is one of the user's own calls. Errors: Error with code not_found.
func (c *Client) Call(ctx context.Context, id string) (CallRecord, error) {
	return one[CallRecord](ctx, c, http.MethodGet, "/v1/calls/"+url.PathEscape(id), nil)
}

// SyncCalls gives calls of all users, each again whenever it changes, in the
// order of the changes. next is always given: keep it and ask on from there,
// also after a restart. wait is for how long the service may hold an empty
// answer. Scope sync.
func (c *Client) SyncCalls(ctx context.Context, wait time.Duration, p Page) (items []CallRecord, next string, err error) {
	q := url.Values{}
	if wait > 0 {
		q.Set("wait", strconv.FormatFloat(wait.Seconds(), 'f', -1, 64))
	}
	ctx, cancel := context.WithTimeout(ctx, max(wait, 0)+waitGrace)
	defer cancel()
	var out struct {
		Items []CallRecord `json:"items"`
		Next  string       `json:"next"`
	}
	err = c.try(ctx, http.MethodGet, "/v1/sync/calls"+query(q, p.After, p.Limit), nil, &out)
	return out.Items, out.Next, err
}
