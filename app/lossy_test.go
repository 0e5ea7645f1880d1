package app_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"zummer/app/apptest"
	"zummer/clients/conformance"
	zummer "zummer/clients/go"
	"zummer/models/store/storetest"
)

// line is a network between a client and the service that can be made bad.
type line struct {
	t     *testing.T
	proxy *toxiproxy.Proxy
}

func newLine(t *testing.T, to string) *line {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l := &line{t: t, proxy: toxiproxy.NewProxy(server, "line", apptest.Address(t), strings.TrimPrefix(to, "http://"))}
	if err := l.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.proxy.Stop)
	return l
}

func (l *line) url() string { return "http://" + l.proxy.Listen }

// bad makes the line bad for a while; a toxic as toxiproxy has them in JSON.
func (l *line) bad(ctx context.Context, d time.Duration, toxics ...string) {
	for i, toxic := range toxics {
		if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(strings.Replace(toxic, "{", fmt.Sprintf(`{"name":"t%d",`, i), 1))); err != nil {
			l.t.Errorf("%s: %v", toxic, err)
		}
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	l.proxy.Toxics.ResetToxics(context.Background())
}

// cut refuses connections and breaks those there are, for a while.
func (l *line) cut(ctx context.Context, d time.Duration) {
	l.proxy.Stop()
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	if err := l.proxy.Start(); err != nil {
		l.t.Error(err)
	}
}

// What a bad line does.
const (
	slowDown   = `{"type":"latency","stream":"downstream","attributes":{"latency":250,"jitter":200}}`
	slowUp     = `{"type":"latency","stream":"upstream","attributes":{"latency":250,"jitter":200}}`
	drip       = `{"type":"bandwidth","stream":"downstream","attributes":{"rate":1}}`
	sliced     = `{"type":"slicer","stream":"downstream","attributes":{"average_size":40,"size_variation":20,"delay":2000}}`
	breaksDown = `{"type":"limit_data","stream":"downstream","attributes":{"bytes":900}}` // in the middle of an answer
	breaksUp   = `{"type":"limit_data","stream":"upstream","attributes":{"bytes":700}}`
	resets     = `{"type":"reset_peer","stream":"downstream","attributes":{"timeout":30}}` // the request arrives, the answer does not
	deafDown   = `{"type":"timeout","stream":"downstream","attributes":{"timeout":0}}`     // half-open: what is sent is gone
	deafUp     = `{"type":"timeout","stream":"upstream","attributes":{"timeout":0}}`
)

// TestLossyNetwork: two clients of one user, each behind a line of its own that
// is slow, cut, half-open or breaks answers off. Calls and publications come all
// the while, the latter over a bad line too. Each row is opened by one of them,
// once, and none is lost or made twice.
func TestLossyNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes most of a minute")
	}
	t.Parallel()
	in := apptest.Start(t, storetest.SQLite(t))
	hook := in.Source("office", "generic", nil)
	token := in.User("ivanov", "office", "101")
	publisher := in.Admin("POST", "/v1/admin/tokens", map[string]any{"name": "crm", "scopes": []string{"publish"}})["token"].(string)

	opens := &openings{at: map[string][]string{}}
	desk, laptop, crm := newLine(t, in.URL), newLine(t, in.URL), newLine(t, in.URL)
	ctx, stop := context.WithCancel(t.Context())
	var clients, lines sync.WaitGroup
	var sessions []*zummer.Session
	for name, l := range map[string]*line{"desk": desk, "laptop": laptop} {
		c := &zummer.Client{URL: l.url(), Token: token}
		s := c.NewSession(name)
		s.Wait = 2 * time.Second
		sessions = append(sessions, s)
		clients.Go(func() { _ = s.Run(ctx, zummer.Handler{Open: opens.by(name)}) })
	}
	lines.Go(func() {
		desk.bad(ctx, 3*time.Second, slowDown, slowUp)
		desk.cut(ctx, 1500*time.Millisecond)
		desk.bad(ctx, 4*time.Second, breaksDown)
		desk.bad(ctx, 20*time.Second, deafDown) // longer than the client waits: it has to notice
		desk.bad(ctx, 4*time.Second, resets)
		desk.bad(ctx, 4*time.Second, drip)
	})
	lines.Go(func() {
		laptop.bad(ctx, 4*time.Second, resets)
		laptop.bad(ctx, 4*time.Second, sliced)
		laptop.bad(ctx, 5*time.Second, deafUp)
		laptop.cut(ctx, time.Second)
		laptop.bad(ctx, 4*time.Second, breaksUp)
		laptop.bad(ctx, 10*time.Second, slowDown, slowUp)
		laptop.bad(ctx, 4*time.Second, breaksDown)
	})
	lines.Go(func() {
		for range 12 {
			crm.bad(ctx, time.Second, resets)
			crm.cut(ctx, 500*time.Millisecond)
			crm.bad(ctx, time.Second)
		}
	})

	const rows = 60
	office := zummer.Hook{URL: in.URL + hook}
	crmClient := &zummer.Client{URL: crm.url(), Token: publisher}
	for i := range rows {
		phone := fmt.Sprintf("+7903123%04d", i)
		if i%2 == 0 {
			if err := office.Send(ctx, zummer.Event{Type: "answered", Call: "c" + phone, Extension: "101", Phone: phone, At: time.Now()}); err != nil {
				t.Fatal(err)
			}
		} else if made, err := publishUntil(ctx, crmClient, zummer.Publication{User: "ivanov", Kind: "callback.requested", Action: zummer.Open, Phone: phone, IdempotencyKey: phone}); err != nil || len(made) != 1 {
			t.Fatalf("publish: %v, %v", made, err)
		}
		<-time.After(300 * time.Millisecond)
	}
	lines.Wait()
	for deadline := time.Now().Add(3 * time.Minute); opens.count() < rows && time.Now().Before(deadline); {
		<-time.After(200 * time.Millisecond)
	}
	<-time.After(3 * time.Second) // for what would open once more
	stop()
	clients.Wait()

	opens.check(t, rows)
	if set := in.Poll(token, "limit=100"); len(set.Rows) != 0 {
		t.Errorf("%d rows are still pending: an ack was lost", len(set.Rows))
	}
	for _, s := range sessions {
		t.Logf("%s opened %d", s.Name(), opens.of(s.Name()))
	}
}

// publishUntil publishes under one key until it is answered.
func publishUntil(ctx context.Context, c *zummer.Client, p zummer.Publication) (made []zummer.Published, err error) {
	for range 10 {
		if made, err = c.Publish(ctx, p); err == nil {
			return made, nil
		}
	}
	return nil, err
}

// openings are what clients opened: by the phone of the row.
type openings struct {
	mu sync.Mutex
	at map[string][]string
}

// by is the Open of one client. Some forms take a while, so that their rows come
// again before the ack is on its way.
func (o *openings) by(name string) func(context.Context, zummer.Notification) zummer.Outcome {
	return func(_ context.Context, n zummer.Notification) zummer.Outcome {
		o.mu.Lock()
		o.at[n.Phone] = append(o.at[n.Phone], name+" "+n.Key().String())
		slow := time.Duration(len(o.at)%3) * 400 * time.Millisecond
		o.mu.Unlock()
		<-time.After(slow)
		return zummer.Opened
	}
}

func (o *openings) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.at)
}

func (o *openings) of(session string) (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, by := range o.at {
		for _, s := range by {
			if name, _, _ := strings.Cut(s, " "); strings.HasPrefix(session, name) {
				n++
			}
		}
	}
	return n
}

func (o *openings) check(t *testing.T, rows int) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	for phone, by := range o.at {
		if len(by) > 1 {
			t.Errorf("the row of …%s was opened %d times: %v", phone[len(phone)-4:], len(by), by)
		}
	}
	if len(o.at) != rows {
		t.Errorf("%d of %d rows were opened", len(o.at), rows)
	}
}

// TestKitOnASlowLine: the SDK passes the conformance kit over a line that is
// slow and comes in crumbs.
func TestKitOnASlowLine(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	t.Parallel()
	kit, err := conformance.New(conformance.Options{Wait: 2 * time.Second, Slow: 3 * time.Second, Patience: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer kit.Close()
	l := newLine(t, kit.URL())
	ctx, stop := context.WithCancel(t.Context())
	var client, weather sync.WaitGroup
	weather.Go(func() { l.bad(ctx, time.Hour, slowDown, slowUp, sliced) })
	client.Go(func() {
		c := &zummer.Client{URL: l.url(), Token: kit.Token()}
		_ = c.Run(ctx, zummer.Handler{Open: func(_ context.Context, n zummer.Notification) zummer.Outcome {
			kit.Opened(n.Key().String())
			return zummer.Opened
		}})
	})
	report := kit.Run(t.Context())
	stop()
	client.Wait()
	weather.Wait()
	for _, v := range report.Violations {
		t.Errorf("%s: %s [%s] %s", v.Step, v.Rule, v.Detail, v.Text.EN)
	}
	if !report.OK() || len(report.Steps) != len(conformance.StepNames()) {
		t.Errorf("%d polls, %d steps", report.Polls, len(report.Steps))
	}
}
