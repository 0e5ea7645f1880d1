package agent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	zummer "zummer/clients/go"
)

// RoundTrip answers without a network.
func (g *register) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	g.ServeHTTP(w, req)
	return w.Result(), nil
}

func (g *register) gaveBack() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Join(g.released, " ")
}

// claimed is a relay of a bubble with two cards, claimed by two programs.
func claimed(t *testing.T, g http.RoundTripper) (r *relay, one, two zummer.Key) {
	t.Helper()
	r = bench(t, 2)
	r.client.HTTP = &http.Client{Transport: g}
	one, two = zummer.Key{ID: "100", Rev: 1}, zummer.Key{ID: "101", Rev: 1}
	for name, k := range map[string]zummer.Key{"dies": one, "lives": two} {
		if c, err := r.claim(t.Context(), k, name); err != nil || c.Session != name {
			t.Fatal(c, err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	go r.watch(ctx)
	t.Cleanup(stop)
	return r, one, two
}

// holder is whose a row is as a program sees it.
func holder(t *testing.T, r *relay, name, id string) string {
	t.Helper()
	p := asked(t, r, "session="+name)
	for _, n := range p.Notifications {
		if n.ID == id && n.Session != nil {
			return *n.Session
		}
	}
	return ""
}

// TestRelayClaimantDies: a card is its program's as long as that polls; a minute
// after its last poll the card is released at the service too, and another
// program can have it.
func TestRelayClaimantDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &register{}
		r, one, two := claimed(t, g)
		<-time.After(30 * time.Second)
		if by := holder(t, r, "dies", one.ID); by != "dies" {
			t.Errorf("it has claimed it, and is told %q", by)
		}
		for range 5 { // the last poll of the other was 50 s ago
			<-time.After(10 * time.Second)
			asked(t, r, "session=lives")
		}
		if got := g.gaveBack(); got != "" {
			t.Errorf("released before the end of the lease: %s", got)
		}
		if _, err := r.claim(t.Context(), one, "third"); !errors.Is(err, errClaimed) {
			t.Errorf("it is another's for 10 s yet: %v", err)
		}
		for range 12 {
			<-time.After(10 * time.Second)
			asked(t, r, "session=lives")
		}
		if got := g.gaveBack(); got != one.ID {
			t.Errorf("released: %q", got)
		}
		if by := holder(t, r, "lives", two.ID); by != "lives" {
			t.Errorf("who polls has lost its card to %q", by)
		}
		if by := holder(t, r, "dies", one.ID); by == "dies" {
			t.Error("who comes back has its card still")
		}
		if c, err := r.claim(t.Context(), one, "third"); err != nil || c.Session != "third" {
			t.Errorf("another program: %+v, %v", c, err)
		}
	})
}

// TestRelayReleaseFails: while the service is away nothing is released, and who
// comes back meanwhile keeps its card; a service that refuses is asked again; a
// row that is not the agent's any more is not asked for again.
func TestRelayReleaseFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &register{}
		r, one, _ := claimed(t, g)
		r.connected(false)
		g.set(true)
		<-time.After(90 * time.Second)
		req := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8081/v1/notifications?session=lives", nil)
		req.RemoteAddr = "127.0.0.1:40000"
		req.Header.Set("Authorization", "Bearer "+r.config.Relay.Secret)
		w := httptest.NewRecorder()
		if r.ServeHTTP(w, req); w.Code != http.StatusServiceUnavailable {
			t.Errorf("a poll without the service: %d", w.Code)
		}
		g.set(false)
		r.connected(true)
		<-time.After(30 * time.Second)
		if got := g.gaveBack(); got != one.ID {
			t.Errorf("released: %q", got)
		}
		if by := holder(t, r, "lives", "101"); by != "lives" {
			t.Errorf("who came back has lost its card to %q", by)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		g := &register{}
		r, _, _ := claimed(t, g)
		g.set(true)
		<-time.After(2 * time.Minute)
		r.mu.Lock()
		if len(r.claims) != 2 {
			t.Errorf("claims that were not released are gone: %v", r.claims)
		}
		r.mu.Unlock()
		g.set(false)
		<-time.After(30 * time.Second)
		if got := g.gaveBack(); got != "100 101" && got != "101 100" {
			t.Errorf("released: %q", got)
		}
	})
	for _, status := range []int{http.StatusNotFound, http.StatusConflict} {
		synctest.Test(t, func(t *testing.T) {
			g, asks := &register{}, 0
			r, one, _ := claimed(t, transport(func(req *http.Request) (*http.Response, error) {
				if strings.HasSuffix(req.URL.Path, "/claim") {
					return g.RoundTrip(req)
				}
				asks++
				w := httptest.NewRecorder()
				w.WriteHeader(status)
				return w.Result(), nil
			}))
			<-time.After(3 * time.Minute)
			if r.mu.Lock(); r.claims[one] != nil || asks != 2 {
				t.Errorf("%d: %d requests for two cards, claimed yet: %t", status, asks, r.claims[one] != nil)
			}
			r.mu.Unlock()
		})
	}
}

type transport func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) { return t(req) }

// TestRelayClaimMeanwhile: nobody can claim a card while it is being released,
// since the service would release what was claimed anew.
func TestRelayClaimMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &register{}
		r, one, _ := claimed(t, g)
		var said []string
		g.onRelease(func() {
			for _, name := range []string{"dies", "third"} {
				_, err := r.claim(t.Context(), one, name)
				said = append(said, fmt.Sprint(zummer.StatusOf(err)))
			}
		})
		r.mu.Lock()
		delete(r.claims, zummer.Key{ID: "101", Rev: 1})
		r.mu.Unlock()
		<-time.After(70 * time.Second)
		g.mu.Lock()
		got := slices.Clone(said)
		g.mu.Unlock()
		if !slices.Equal(got, []string{"503", "503"}) {
			t.Errorf("claims meanwhile: %q", got)
		}
		if _, err := r.claim(t.Context(), one, "third"); err != nil {
			t.Errorf("a claim afterwards: %v", err)
		}
	})
}

// TestRelayRevisedMeanwhile: a card that gets its next revision while it is being
// given back stays its program's, if that comes back: it can be claimed, and is
// released when the program is gone again.
func TestRelayRevisedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &register{}
		r, one, two := claimed(t, g)
		next := zummer.Key{ID: one.ID, Rev: 2}
		r.mu.Lock()
		delete(r.claims, two)
		r.mu.Unlock()
		g.onRelease(func() {
			g.releases = nil
			r.set([]zummer.Notification{{ID: one.ID, Rev: 2, Action: zummer.Show, Session: r.session.Name()}})
		})
		<-time.After(61 * time.Second)
		if by := holder(t, r, "dies", one.ID); by != "dies" {
			t.Errorf("the next revision is %q's", by)
		}
		if _, err := r.claim(t.Context(), next, "third"); !errors.Is(err, errClaimed) {
			t.Errorf("another program claims: %v", err)
		}
		if _, err := r.claim(t.Context(), next, "dies"); err != nil {
			t.Errorf("its program comes back and claims: %v", err)
		}
	})
}

// TestRelayOpensMeanwhile: a card that becomes a form of the agent's while it is
// being given back, and was left to the claim, is passed on, not forgotten.
func TestRelayOpensMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &register{}
		next := zummer.Key{ID: "100", Rev: 2}
		var mu sync.Mutex // of what follows
		var r *relay
		var sent []string
		made, _, _ := claimed(t, transport(func(req *http.Request) (*http.Response, error) {
			switch {
			case strings.HasSuffix(req.URL.Path, "/claim"):
				return g.RoundTrip(req)
			case strings.HasSuffix(req.URL.Path, "/100/release"):
				mu.Lock()
				to := r
				mu.Unlock()
				if !to.hand(next) { // its picture comes in a moment
					t.Error("the agent opens what a program has claimed")
				}
			case !strings.HasSuffix(req.URL.Path, "/release"):
				var in strings.Builder
				_ = req.Write(&in)
				mu.Lock()
				sent = append(sent, in.String())
				mu.Unlock()
			}
			w := httptest.NewRecorder()
			w.WriteHeader(http.StatusConflict)
			return w.Result(), nil
		}))
		mu.Lock()
		r = made
		mu.Unlock()
		<-time.After(66 * time.Second)
		made.set([]zummer.Notification{{ID: "100", Rev: 2, Action: zummer.Open, Session: made.session.Name()}})
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		_ = made.session.Run(ctx, zummer.Handler{})
		mu.Lock()
		defer mu.Unlock()
		if len(sent) == 0 || !strings.Contains(sent[0], "100.2.b") && !strings.Contains(sent[0], `"busy"`) {
			t.Errorf("the service is told %q", sent)
		}
	})
}

// TestRelayClaimRevised: a claim is of the row: its next revision is the same
// program's, at the service and here; when the program is gone, that one is
// released. A revision that is another session's is not.
func TestRelayClaimRevised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &register{}
		r, one, two := claimed(t, g)
		r.set([]zummer.Notification{{ID: one.ID, Rev: 2, Action: zummer.Show, Session: r.session.Name()}, {ID: two.ID, Rev: 2, Action: zummer.Show, Session: "a-phone"}})
		if by := holder(t, r, "dies", one.ID); by != "dies" {
			t.Errorf("the next revision is %q's", by)
		}
		if by := holder(t, r, "lives", two.ID); by != "a-phone" {
			t.Errorf("what a phone has is %q's", by)
		}
		<-time.After(2 * time.Minute)
		if got := g.gaveBack(); got != one.ID {
			t.Errorf("released: %q", got)
		}
	})
}

// TestRelayOpenerDies: what one session opens is passed on, as the service does
// with what a busy session has: a release would leave it to nobody.
func TestRelayOpenerDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &register{}
		r, one, two := claimed(t, g)
		r.set([]zummer.Notification{{ID: one.ID, Rev: 2, Action: zummer.Open, Session: r.session.Name()}, {ID: two.ID, Rev: 1, Action: zummer.Show}})
		if !r.hand(zummer.Key{ID: one.ID, Rev: 2}) {
			t.Error("the agent opens what a program has claimed")
		}
		if pass, release := r.overdue(time.Now().Add(59 * time.Second)); len(pass)+len(release) > 0 {
			t.Errorf("after 59 s: %v, %v", pass, release)
		}
		pass, release := r.overdue(time.Now().Add(60 * time.Second))
		if !slices.Equal(pass, []zummer.Key{{ID: one.ID, Rev: 2}}) || !slices.Equal(release, []zummer.Key{two}) {
			t.Errorf("passed on %v, released %v", pass, release)
		}
	})
}

// TestRelayClaimFails: what the agent had to open and left to a claim that the
// service then refused is passed on, not forgotten.
func TestRelayClaimFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := bench(t, 0)
		k := zummer.Key{ID: "7", Rev: 1}
		var mu sync.Mutex // of sent
		var sent []string
		r.client.HTTP = &http.Client{Transport: transport(func(req *http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			switch {
			case strings.HasSuffix(req.URL.Path, "/claim"):
				r.set([]zummer.Notification{{ID: "7", Rev: 1, Action: zummer.Open, Session: r.session.Name()}})
				if !r.hand(k) {
					t.Error("the agent opens what is being claimed")
				}
				w.WriteHeader(http.StatusForbidden)
			default:
				var in strings.Builder
				_ = req.Write(&in)
				mu.Lock()
				sent = append(sent, in.String())
				mu.Unlock()
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprint(w, `{"state":"set","version":"v.1","notifications":[],"acks":[{"id":"7","rev":1,"result":"processed"}],"poll_after_ms":5000}`)
			}
			return w.Result(), nil
		})}
		if _, err := r.claim(t.Context(), k, "onec"); zummer.StatusOf(err) != http.StatusForbidden {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		_ = r.session.Run(ctx, zummer.Handler{})
		mu.Lock()
		defer mu.Unlock()
		if len(sent) == 0 || !strings.Contains(sent[0], `"busy"`) && !strings.Contains(sent[0], "7.1.b") {
			t.Errorf("the service is told %q", sent)
		}
	})
}
