package crm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/singleflight"

	"zummer/models"
)

// Budget is how long a question may take. The PBX waits for our answer to its
// webhook meanwhile, and some show the caller's name only when it comes within
// half a second (handlers' lookupBudget); the commit needs the rest of that.
const Budget = 300 * time.Millisecond

const (
	keepFound  = time.Minute      // a call rings, is answered and transferred within it
	keepNobody = 30 * time.Second // whoever has just been entered is soon found
	maxKept    = 10_000           // numbers

	tripAfter = 5                // failures in a row
	pauseFor  = 10 * time.Second // then one question tries whether the CRM is back
)

// ErrPaused is the error of a question that was not asked: the CRM has failed
// too often just now.
var ErrPaused = errors.New("the CRM is not asked for a few seconds: it has failed several times in a row")

// Outcomes that Options.Observe is told.
const (
	Found   = "found"
	Nobody  = "nobody"
	Cached  = "cached" // answered from what is kept
	Failed  = "failed"
	Late    = "late"   // no answer within the budget
	Skipped = "paused" // see ErrPaused
)

// Options make a Client. URL, Secret and Contact are required.
type Options struct {
	URL    string // http or https, on any network; a name and a password before the host are sent as Basic authentication
	Secret string // whsec_ and base64, see ReadSecret

	// Contact checks and cleans one contact of an answer, as a synchronised one
	// is checked.
	Contact func(raw []byte) (models.Contact, error)

	// Observe is told of every question and how long it took; it must be quick.
	// nil: nobody.
	Observe func(outcome string, took time.Duration)

	// Transport carries the requests. nil: an own one; see New.
	Transport http.RoundTripper
}

// Client asks one CRM. Its methods may be called from any goroutine.
type Client struct {
	opt     Options
	host    string
	key     []byte
	http    *http.Client
	kept    *lru.Cache[string, answer]
	asking  singleflight.Group
	breaker *gobreaker.CircuitBreaker[[]models.Contact]
	life    context.Context
	stop    context.CancelFunc
}

// answer is what the CRM said of a number; no contacts: nobody has it.
type answer struct {
	contacts []models.Contact
	until    time.Time
}

// New makes a Client. Errors name what is wrong and show neither the address
// nor the secret.
func New(opt Options) (*Client, error) {
	u, err := ReadURL(opt.URL)
	if err != nil {
		return nil, err
	}
	key, err := ReadSecret(opt.Secret)
	if err != nil {
		return nil, err
	}
	if opt.Transport == nil {
		opt.Transport = &http.Transport{DialContext: (&net.Dialer{Timeout: Budget, KeepAlive: 30 * time.Second}).DialContext, ForceAttemptHTTP2: true,
			MaxIdleConnsPerHost: 32, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 16 << 10, DisableCompression: true}
	}
	kept, err := lru.New[string, answer](maxKept)
	if err != nil {
		return nil, fmt.Errorf("make a cache: %w", err)
	}
	c := &Client{opt: opt, host: u.Hostname(), key: key, kept: kept,
		http: &http.Client{Transport: opt.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	c.life, c.stop = context.WithCancel(context.Background())
	c.breaker = gobreaker.NewCircuitBreaker[[]models.Contact](gobreaker.Settings{Timeout: pauseFor, MaxRequests: 1,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= tripAfter },
		IsExcluded:  func(error) bool { return c.life.Err() != nil }})
	return c, nil
}

// ReadURL checks the address of a CRM.
func ReadURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Fragment != "" {
		return nil, errors.New("must look like https://crm.example/hs/zummer/lookup") // url's own error would show a password
	}
	return u, nil
}

// Lookup asks who has a number, in E.164. known says that the CRM has answered,
// now or a moment ago: no contacts mean that nobody has it. Else err says why
// it could not be asked, or is nil beside what is no such number: about a
// hidden caller or an extension there is nothing to ask. It returns within
// Budget and when ctx ends. Contacts come without an ID and with Responsible
// unset: the CRM names him in RespLogin. They are shared: leave what they point
// to alone.
func (c *Client) Lookup(ctx context.Context, phone string) (contacts []models.Contact, known bool, err error) {
	if len(phone) < 2 || phone[0] != '+' {
		return nil, false, nil
	}
	if contacts, known = c.Kept(phone); known {
		c.observe(Cached, 0)
		return contacts, true, nil
	}
	own, cancel := context.WithTimeout(ctx, Budget)
	defer cancel()
	select {
	case r := <-c.asking.DoChan(phone, func() (any, error) { return c.ask(phone) }):
		if r.Err != nil {
			return nil, false, r.Err
		}
		return slices.Clone(r.Val.([]models.Contact)), true, nil
	case <-own.Done():
		if ctx.Err() != nil { // whoever asked has left
			return nil, false, fmt.Errorf("ask the CRM at %s: %w", c.host, ctx.Err())
		}
		return nil, false, c.late()
	}
}

func (c *Client) late() error {
	return fmt.Errorf("ask the CRM at %s: no answer within %s", c.host, Budget)
}

// Kept is Lookup without asking: what the CRM said a moment ago.
func (c *Client) Kept(phone string) (contacts []models.Contact, known bool) {
	a, ok := c.kept.Get(phone)
	if !ok || !time.Now().Before(a.until) {
		return nil, false
	}
	return slices.Clone(a.contacts), true
}

// Close ends the questions that are being asked, and idle connections.
func (c *Client) Close() {
	c.stop()
	c.http.CloseIdleConnections()
}

// ask asks for all who want to know at this moment, so no single one of them
// ends it.
func (c *Client) ask(phone string) ([]models.Contact, error) {
	if contacts, known := c.Kept(phone); known { // it came between the look and here
		return contacts, nil
	}
	began := time.Now()
	contacts, err := c.breaker.Execute(func() ([]models.Contact, error) {
		ctx, cancel := context.WithTimeout(c.life, Budget)
		defer cancel()
		return c.request(ctx, phone)
	})
	took := time.Since(began)
	switch {
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		c.observe(Skipped, 0)
		return nil, ErrPaused
	case errors.Is(err, context.DeadlineExceeded):
		c.observe(Late, took)
		return nil, c.late()
	case err != nil:
		c.observe(Failed, took)
		return nil, fmt.Errorf("ask the CRM at %s: %w", c.host, err)
	}
	outcome, keep := Found, keepFound
	if len(contacts) == 0 {
		outcome, keep = Nobody, keepNobody
	}
	c.kept.Add(phone, answer{contacts, time.Now().Add(keep)})
	c.observe(outcome, took)
	return contacts, nil
}

func (c *Client) observe(outcome string, took time.Duration) {
	if c.opt.Observe != nil {
		c.opt.Observe(outcome, took)
	}
}
