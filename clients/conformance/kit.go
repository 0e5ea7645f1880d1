package conformance

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"zummer/handlers"
	"zummer/models"
)

// Options of a Kit. The zero value is good for a client at the command line.
type Options struct {
	// Listen is the address to listen on; "": a free port of 127.0.0.1.
	Listen string
	// Token lets the client in; "": one is made.
	Token string
	// Wait is the longest wait of one poll; 0: 5 s. Longer ones are clamped, as
	// the service does too.
	Wait time.Duration
	// Slow is how much later than its wait the answer of the step "slow" comes;
	// 0: 8 s. A client waits 15 s longer than it asked to.
	Slow time.Duration
	// Patience is how long a client may take for what a step waits for; 0: 45 s.
	Patience time.Duration
	// Start is how long the first poll may take; 0: 5 min.
	Start time.Duration
	// Steps are names of the steps to run; nil: all.
	Steps []string
	// Lossy says that the line between kit and client is bad on purpose: what was
	// sent may not have arrived. Rules that only a good line can show (pace,
	// Retry-After, patience, the version of the picture) are not judged then; that
	// nothing is lost, opened twice or opened unseen, and that the picture is right
	// in the end, is.
	Lossy bool
	// Origins are pages whose scripts may ask, for clients in a browser.
	Origins []string
	// Progress is told of each step when it begins and when it is over; nil: nobody.
	Progress func(Step)
}

// Kit is a scripted service for one client. Make it with New, point the client
// at URL, and call Run once.
type Kit struct {
	opt     Options
	door    *door
	srv     *http.Server
	api     http.Handler
	serving sync.WaitGroup

	mu         sync.Mutex
	news       chan struct{} // closed and made anew when anything happens
	reg        register
	who        client
	faults     []*fault
	novelty    bool // answers have fields, columns and lines that nobody knows yet
	step       string
	violations []Violation
	notes      map[string]bool
}

// New listens, until Close.
func New(opt Options) (*Kit, error) {
	for p, v := range map[*time.Duration]time.Duration{&opt.Wait: 5 * time.Second, &opt.Slow: 8 * time.Second, &opt.Patience: 45 * time.Second, &opt.Start: 5 * time.Minute} {
		if *p == 0 {
			*p = v
		}
	}
	if opt.Listen == "" {
		opt.Listen = "127.0.0.1:0"
	}
	if opt.Token == "" {
		opt.Token = "kit-" + rand.Text()
	}
	for _, name := range opt.Steps {
		if !known(name) {
			return nil, fmt.Errorf("no step %q; there are: %s", name, strings.Join(StepNames(), ", "))
		}
	}
	d, err := openDoor(opt.Listen)
	if err != nil {
		return nil, err
	}
	k := &Kit{opt: opt, door: d, news: make(chan struct{}), notes: map[string]bool{}, reg: newRegister(), who: newClient()}
	surface := handlers.New(handlers.Deps{Register: script{k: k}, Setup: setup{d: directory()}, Journal: journal{}, Auth: auth{opt.Token},
		LongPoll: opt.Wait, LongPollMax: opt.Wait, PollInterval: pace, CORSOrigins: opt.Origins, Log: slog.New(slog.DiscardHandler)})
	k.api = surface.Handler()
	k.srv = &http.Server{Handler: k, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	k.serving.Go(func() { _ = k.srv.Serve(d) }) // ends with Close
	return k, nil
}

// URL is the address for the client.
func (k *Kit) URL() string { return "http://" + k.door.addr }

// Token is the token for the client.
func (k *Kit) Token() string { return k.opt.Token }

// Close ends it.
func (k *Kit) Close() {
	_ = k.door.Close() // it is over either way
	_ = k.srv.Close()  // whoever is still connected is cut off
	k.serving.Wait()
}

// Opened reports that the client opened a revision, "1042.2". A test that runs
// the client in the same process calls it; others use /kit/opened?row=1042.2.
func (k *Kit) Opened(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.judgeOpened(key)
	k.tell()
}

// Shown reports the picture that the client shows now: the revisions of all its
// rows. Others use /kit/shown?rows=1042.2,1043.1.
func (k *Kit) Shown(keys ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.who.shows, k.who.shown = true, keys
	k.tell()
}

// tell wakes everybody who waits for something; the caller holds k.mu.
func (k *Kit) tell() {
	close(k.news)
	k.news = make(chan struct{})
}

// until waits until ok, which is asked under k.mu, or for at most d. Time in which
// the machine stood still is not the client's: of it a twentieth of d counts.
func (k *Kit) until(ctx context.Context, d time.Duration, ok func() bool) bool {
	const parts = 20
	t := time.NewTicker(max(d/parts, 1))
	defer t.Stop()
	for left := parts; ; {
		k.mu.Lock()
		done, news := ok(), k.news
		k.mu.Unlock()
		if done || left <= 0 {
			return done
		}
		select {
		case <-news:
		case <-t.C:
			left--
		case <-ctx.Done():
			return false
		}
	}
}

// pace is told to clients that do not wait.
const pace = 2 * time.Second

// user is whose client is tried.
func user() *models.User {
	return &models.User{ID: 1, Login: "kit", Name: "Conformance kit", PopOn: models.PopAnswered, Active: true}
}
