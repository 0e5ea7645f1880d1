package handlers

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/handlers/pbx"
	"zummer/models"
)

// Simulator plays the telephone systems of all kinds: it makes the requests
// that one would send for a story. app passes handlers/pbx/simulate in.
type Simulator interface {
	// Stories lists what a kind can tell; none: it cannot be simulated.
	Stories(kind string) []Story
	// Play makes the requests of a story. Errors are public.
	Play(kind, story string, to TestTarget) ([]TestRequest, error)
}

// Story is one call that can be played.
type Story struct {
	Name  string
	Text  pbx.Text
	Loses string // what this kind does not tell of it; "": it tells all
}

// TestTarget is the source that a test call is told to, and who takes part.
type TestTarget struct {
	Hook       string // the source's address, which some kinds sign
	Secret     string
	Settings   map[string]any
	Zone       *time.Location
	Extensions []string
	Phone      string
	CallID     string
}

// TestRequest is one request of a story: wait After, then send what Make makes.
type TestRequest struct {
	After     time.Duration
	Event     string
	Extension string
	Make      func(now time.Time) (*http.Request, error)
}

// keptTests is how many test calls are remembered.
const keptTests = 20

// testCalls are the test calls of this process. They run beside the request
// that began them, until they are over or the API settles.
type testCalls struct {
	mu      sync.Mutex
	list    []*testCall // oldest first
	running sync.WaitGroup
	stopped bool
}

// testCall is one of them. Its fields but those of steps never change once it
// runs; those are under the list's lock.
type testCall struct {
	id, source, story string
	started           time.Time
	steps             []testStep
	running           bool
	err               string
	stop              context.CancelFunc
}

type testStep struct {
	event, extension string
	at               time.Time
	status           int
	outcome          string
	webhook          int64
	err              string
}

// of returns a copy of the test call with this id and source; ok is false when
// it is not remembered.
func (t *testCalls) of(source, id string) (out testCall, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, call := range t.list {
		if call.id == id && call.source == source {
			out = *call
			out.steps = slices.Clone(call.steps)
			return out, true
		}
	}
	return testCall{}, false
}

func (t *testCalls) set(fn func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fn()
}

// stop ends the test calls that run and waits for them. No more begin.
func (t *testCalls) stop() {
	t.mu.Lock()
	t.stopped = true
	for _, call := range t.list {
		call.stop()
	}
	t.mu.Unlock()
	t.running.Wait()
}

// placeTest begins a test call and returns its id. The requests go the way that
// those of the PBX go, signatures and all, but for the network and the
// allow-list. Errors: Invalid, Conflict "running", Unavailable at the end.
func (a *API) placeTest(ctx context.Context, s *models.Source, base, story string, to TestTarget) (string, error) {
	to.Hook, to.Secret, to.Settings = base+"/hooks/"+s.Slug+"/"+s.Token, s.Secret, s.Settings
	to.Zone = models.ZoneOf(s.Timezone, a.d.Timezone)
	id := strings.ToLower(rand.Text()[:12])
	to.CallID = "test-" + id
	requests, err := a.d.Simulator.Play(s.Kind, story, to)
	if err != nil {
		return "", err
	}
	call := &testCall{id: id, source: s.Slug, story: story, started: time.Now(), running: true}
	for _, r := range requests {
		call.steps = append(call.steps, testStep{event: r.Event, extension: r.Extension})
	}
	t := &a.tests
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return "", &models.Error{Kind: models.Unavailable, Message: "the service is stopping; try again"}
	}
	if slices.ContainsFunc(t.list, func(c *testCall) bool { return c.source == s.Slug && c.running }) {
		return "", models.Coded(models.Conflict, "running", "a test call of this source is still running")
	}
	if i := slices.IndexFunc(t.list, func(c *testCall) bool { return !c.running }); i >= 0 && len(t.list) >= keptTests {
		t.list = slices.Delete(t.list, i, i+1)
	}
	ctx, call.stop = context.WithCancel(context.WithoutCancel(ctx))
	t.list = append(t.list, call)
	t.running.Go(func() {
		defer call.stop()
		a.playTest(ctx, call, base, requests)
	})
	return id, nil
}

// ownURL is the public address as the hook sees it in a test call, which comes
// to us without TLS and without a proxy.
func (a *API) ownURL(c echo.Context) string {
	if a.d.PublicURL != "" {
		return strings.TrimRight(a.d.PublicURL, "/")
	}
	return "http://" + c.Request().Host
}

// playTest sends the requests of a test call, each at its time.
func (a *API) playTest(ctx context.Context, call *testCall, base string, requests []TestRequest) {
	t := &a.tests
	defer t.set(func() { call.running = false })
	for i, r := range requests {
		select {
		case <-time.After(r.After):
		case <-ctx.Done():
			t.set(func() { call.err = "the service is stopping; try again" })
			return
		}
		step := a.sendTest(ctx, base, r)
		t.set(func() {
			step.event, step.extension = call.steps[i].event, call.steps[i].extension
			call.steps[i] = step
		})
		if step.err != "" {
			return
		}
	}
}

// sendTest gives one request to the hook.
func (a *API) sendTest(ctx context.Context, base string, r TestRequest) testStep {
	step := testStep{at: time.Now()}
	req, err := r.Make(step.at)
	if err != nil {
		step.err = publicMessage(err)
		return step
	}
	// A proxy takes the public address's path off before a request comes to us.
	if u, err := url.Parse(base); err == nil {
		req.URL.Path = strings.TrimPrefix(req.URL.Path, u.Path)
	}
	req.RequestURI, req.RemoteAddr = req.URL.RequestURI(), "127.0.0.1:1"
	told := &testTold{}
	answer := &testAnswer{header: http.Header{}}
	a.serve.ServeHTTP(answer, req.WithContext(context.WithValue(ctx, testKey{}, told)))
	step.status, step.outcome, step.webhook = answer.code(), told.outcome, told.webhook
	if step.status/100 != 2 {
		step.err = models.CutText(fmt.Sprintf("%d %s", step.status, models.CleanText(answer.body.String())), 300)
	}
	return step
}

// testKey marks the request of a test call in its context, which nobody outside
// can set; testTold is what the hook says of it.
type testKey struct{}

type testTold struct {
	webhook int64
	outcome string
}

// testOf is set on the request of a test call; nil on all others.
func testOf(ctx context.Context) *testTold {
	told, _ := ctx.Value(testKey{}).(*testTold)
	return told
}

// testAnswer keeps an answer of ours, the body up to 4 KiB.
type testAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (t *testAnswer) Header() http.Header { return t.header }

func (t *testAnswer) WriteHeader(status int) {
	if t.status == 0 {
		t.status = status
	}
}

func (t *testAnswer) Write(b []byte) (int, error) {
	t.WriteHeader(http.StatusOK)
	t.body.Write(b[:min(len(b), max(0, 4096-t.body.Len()))])
	return len(b), nil
}

func (t *testAnswer) code() int {
	if t.status == 0 {
		return http.StatusOK
	}
	return t.status
}
