package zummer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Client speaks to one running service with one token. Set the fields before
// the first call and leave them alone afterwards; the methods may be called
// from many goroutines.
type Client struct {
	// URL is the address of the service, e.g. https://crm.example:8080, with a
	// path where a proxy puts one in front. Required.
	URL string
	// Token is a token of the scope that the calls need. It may be empty where
	// Renew gives one.
	Token string
	// Renew is asked for a token when there is none yet and when the service
	// answers 401, e.g. for today's token of a user. nil: Token is all there is.
	Renew func(ctx context.Context) (string, error)
	// HTTP sends the requests; nil: a client of its own without a time-out,
	// since every call has one, and without HTTP/2, whose one connection may die
	// unseen under all of them. Redirects are never followed: a token would go
	// with them.
	HTTP *http.Client
	// Name is NAME/VERSION (details), shown in lists of sessions; "": zummer-go.
	Name string
	// User is the external id or login for whom a token of scope relay calls;
	// "": the token's own user.
	User string

	mu    sync.Mutex
	own   *http.Client
	token string // of Renew
}

// callTimeout bounds a call that does not wait.
const callTimeout = 30 * time.Second

// maxAnswer bounds what is read of an answer.
const maxAnswer = 16 << 20

// call sends one request and reads the answer into out (nil: it is not looked
// at; an io.Writer: it is written there as it comes). in nil: no body; else it
// becomes JSON, but a []byte goes as it is. A 401 is tried once more with a token
// of Renew. Errors: *Error of the service, else
// what kept it from answering.
func (c *Client) call(ctx context.Context, method, path string, in, out any, header ...string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return c.try(ctx, method, path, in, out, header...)
}

// try is call without its time-out.
func (c *Client) try(ctx context.Context, method, path string, in, out any, header ...string) error {
	token, err := c.currentToken(ctx)
	if err != nil {
		return err
	}
	err = c.send(ctx, token, method, path, in, out, header)
	if c.Renew == nil || StatusOf(err) != http.StatusUnauthorized {
		return err
	}
	if token, err = c.renew(ctx, token); err != nil {
		return err
	}
	return c.send(ctx, token, method, path, in, out, header)
}

func (c *Client) send(ctx context.Context, token, method, path string, in, out any, header []string) error {
	var body io.Reader
	switch in := in.(type) {
	case nil:
	case []byte:
		body = bytes.NewReader(in)
	default:
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode the request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	if err := c.address(); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(c.URL, "/")+path, body)
	if err != nil {
		return fmt.Errorf("the address of the service: %w", inner(err))
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("X-Client", c.name())
	if c.User != "" {
		req.Header.Set("X-Zummer-User", c.User)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.http().Do(req)
	if err != nil {
		return fmt.Errorf("ask the service: %w", inner(err))
	}
	defer res.Body.Close()
	if w, ok := out.(io.Writer); ok && res.StatusCode/100 == 2 {
		if _, err := io.Copy(w, res.Body); err != nil {
			return fmt.Errorf("read the answer: %w", inner(err))
		}
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the answer: %w", inner(err))
	}
	if res.StatusCode/100 != 2 {
		return errorOf(res, text)
	}
	if out == nil || res.StatusCode == http.StatusNoContent {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%w: %w", ErrNoZummer, err)
	}
	return nil
}

// address says why URL can be no address of a service; nil: it can.
func (c *Client) address() error {
	if c.URL == "" {
		return errors.New("the client has no URL")
	}
	if scheme, _, _ := strings.Cut(strings.ToLower(c.URL), "://"); scheme != "https" && scheme != "http" {
		return errors.New("the address of the service has to begin with https:// or http://")
	}
	u, err := url.Parse(c.URL)
	if err != nil {
		return fmt.Errorf("the address of the service: %w", inner(err))
	}
	if u.Host == "" {
		return errors.New("the address of the service names no host")
	}
	return nil
}

// inner leaves the address out of an error: it may hold a phone number, and
// errors are logged.
func inner(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err
	}
	return err
}

func (c *Client) name() string {
	if c.Name != "" {
		return c.Name
	}
	return "zummer-go"
}

func (c *Client) http() *http.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.own == nil {
		own := http.Client{}
		if c.HTTP != nil {
			own = *c.HTTP
		} else if t, ok := http.DefaultTransport.(*http.Transport); ok {
			t = t.Clone()
			t.ForceAttemptHTTP2, t.Protocols = false, new(http.Protocols)
			t.Protocols.SetHTTP1(true)
			own.Transport = t
		}
		own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		c.own = &own
	}
	return c.own
}

func (c *Client) currentToken(ctx context.Context) (string, error) {
	c.mu.Lock()
	token := c.token
	c.mu.Unlock()
	switch {
	case token != "":
		return token, nil
	case c.Token != "" || c.Renew == nil:
		return c.Token, nil
	}
	return c.renew(ctx, "")
}

// renew asks for a token in place of old, unless somebody else has just done so.
func (c *Client) renew(ctx context.Context, old string) (string, error) {
	c.mu.Lock()
	token := c.token
	c.mu.Unlock()
	if token != "" && token != old {
		return token, nil
	}
	token, err := c.Renew(ctx)
	if err != nil {
		return "", fmt.Errorf("renew the token: %w", err)
	}
	c.mu.Lock()
	c.token = token
	c.mu.Unlock()
	return token, nil
}
