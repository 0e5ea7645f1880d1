package agent

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	zummer "zummer/clients/go"
)

// Agent is one running agent.
type Agent struct {
	Config  Config
	Name    string // shown in lists of sessions
	Russian bool
	Log     *slog.Logger
	Stdout  io.Writer
	Place   string // the session's file; "": none is written
	// Open gives a link that Links let through to the system; nil: OpenLink.
	Open func(ctx context.Context, link string) error

	session *zummer.Session
	ack     func(zummer.Key, zummer.Outcome, string) // the session's
	relay   *relay
	desk    *desk
	icon    *indicator // nil: none
}

// Client is the SDK's client of a configuration.
func Client(c Config, name string) (*zummer.Client, error) {
	roots, err := Roots(c.CA)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}, TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 90 * time.Second}
	return &zummer.Client{URL: c.URL, Token: c.Token, Name: name, HTTP: &http.Client{Transport: t}}, nil
}

// Roots are the system's authorities and those of a file; nil: the system's.
func Roots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("ca: %s holds no certificate in PEM", file)
	}
	return pool, nil
}

// errQuit is why the work ends when the user says so in the icon's menu.
var errQuit = errors.New("quit")

// Run works until ctx ends, or until its user quits: then there is no error.
func (a *Agent) Run(ctx context.Context) error {
	client, err := Client(a.Config, a.Name)
	if err != nil {
		return err
	}
	a.Open = orDefault(a.Open)
	a.session = client.NewSession("")
	a.session.App, a.ack = a.Config.App, a.session.Ack
	place := Place{PID: os.Getpid()}
	if a.Place != "" {
		free, err := alone(a.Place)
		if err != nil {
			return err
		}
		defer free()
	}
	out := &outputs{command: a.Config.Command, unchecked: a.Config.UDP.Unchecked, fail: func(what string, err error) {
		a.Log.WarnContext(ctx, "an output failed", "output", what, "error", Mask(err.Error()))
	}}
	if a.Config.Stdout {
		out.stdout = a.Stdout
	}
	if a.Config.UDP.Enabled {
		var free func()
		if place.UDP, free, err = udpPort(ctx, a.Config.UDP.Port); err != nil {
			return err
		}
		defer free()
		if err := out.dial(ctx, place.UDP); err != nil {
			return err
		}
		defer out.udp.Close()
	}
	if a.Config.Relay.Enabled {
		a.relay = newRelay(a.Config, client, a.session, a.Log)
		address, stop, err := a.relay.listen(ctx)
		if err != nil {
			return a.relayError(err)
		}
		defer stop()
		place.Relay, place.Secret = "http://"+address, a.Config.Relay.Secret
	}
	if a.Place != "" {
		if err := writePrivate(a.Place, place); err != nil {
			return fmt.Errorf("the session's file: %w", err)
		}
		defer func() { _ = os.Remove(a.Place) }() // a stale one names a dead port
	}
	a.desk = newDesk(out, a.Russian, a.linkOf, a.Log)
	if a.Config.Notify {
		a.desk.notifier, err = NewNotifier(runtime.GOOS, Told{Clicked: func(key string) { a.clicked(ctx, key) }, Dismissed: a.dismissed}, a.Log)
		if err != nil {
			a.Log.WarnContext(ctx, "no desktop notifications; zummer agent check says more", "error", err)
		}
	}
	work, stop := context.WithCancelCause(ctx)
	var all sync.WaitGroup
	finish := out.start()
	all.Go(func() { defer finish(); a.desk.run(work) })
	a.startIcon(work, &all, client, func() { stop(errQuit) })
	defer func() { stop(nil); all.Wait() }()

	a.Log.InfoContext(ctx, "the agent runs", "service", a.Config.URL, "relay", place.Relay, "udp", place.UDP, "session", a.session.Name())
	h := zummer.Handler{Show: a.show, State: func(st zummer.Status) { a.state(ctx, st) }}
	if a.Config.OpenForms || a.relay != nil {
		h.Open = a.open
	}
	err = a.session.Run(work, h)
	if errors.Is(context.Cause(work), errQuit) {
		a.Log.InfoContext(ctx, "the user quits")
		return nil
	}
	return err
}

// relayError says why the relay cannot listen, and what to do about a port of the
// configuration.
func (a *Agent) relayError(err error) error {
	port := a.Config.Relay.Port
	if port == 0 {
		return fmt.Errorf("relay: %w", err)
	}
	return fmt.Errorf("relay: %s (%w)", relayTaken(port, err, a.Russian), err)
}

// startIcon shows the icon where there is one.
func (a *Agent) startIcon(ctx context.Context, all *sync.WaitGroup, client *zummer.Client, quit func()) {
	if !a.Config.Tray {
		return
	}
	i := newIndicator()
	tray, err := NewTray(runtime.GOOS, i.choose, a.Log)
	if err != nil {
		a.Log.InfoContext(ctx, "no icon in the tray", "error", err)
		return
	}
	i.tray, i.client, i.russian, i.open, i.quit, i.log = tray, client, a.Russian, a.Open, quit, a.Log
	i.page = cmp.Or(a.Config.Page, a.Config.URL+"/admin/")
	a.icon = i
	all.Go(func() { i.run(ctx) })
}

func orDefault(open func(context.Context, string) error) func(context.Context, string) error {
	if open != nil {
		return open
	}
	return OpenLink
}

func (a *Agent) show(p zummer.Picture) {
	if a.relay != nil {
		a.relay.set(p.Rows)
	}
	if a.icon != nil {
		a.icon.rows(len(p.Rows))
	}
	a.desk.set(p)
}

func (a *Agent) state(ctx context.Context, st zummer.Status) {
	switch {
	case a.relay == nil:
	case st.Connected:
		a.relay.connected(true)
	default:
		a.relay.lost(st.Err)
	}
	if a.icon != nil {
		a.icon.connected(st.Connected)
	}
	if st.Connected {
		a.Log.InfoContext(ctx, "connected")
		return
	}
	a.Log.WarnContext(ctx, "not connected", "error", Mask(st.Err.Error()), "next_s", int(st.Next.Seconds()))
}

// open is the handler of rows that this session shall open. A local client of
// the relay goes first: it has the CRM's window. What the agent has no link for
// it passes on.
func (a *Agent) open(ctx context.Context, n zummer.Notification) zummer.Outcome {
	if a.relay != nil && a.relay.hand(n.Key()) {
		return zummer.Later
	}
	link := a.linkOf(&n)
	if !a.Config.OpenForms || link == "" || n.Action != zummer.Open && n.Action != zummer.Create {
		a.Log.InfoContext(ctx, "passed on: not for the agent to open", "row", n.Key().String(), "action", n.Action, "open_forms", a.Config.OpenForms, "link", link != "", "infobase", a.Config.Infobase != "")
		return zummer.Busy
	}
	return a.follow(ctx, &n, link)
}

// follow opens a link if it may be opened; else its user is told.
func (a *Agent) follow(ctx context.Context, n *zummer.Notification, link string) zummer.Outcome {
	if err := a.Config.Links.Check(link); err != nil {
		a.Log.WarnContext(ctx, "a link is refused: links in the configuration says which are opened", "row", n.Key().String(), "error", err)
		a.desk.fail(n, link, err)
		return zummer.Failed
	}
	if err := a.Open(ctx, link); err != nil {
		a.Log.WarnContext(ctx, "a link could not be opened: is there a program for its scheme? zummer agent check says more", "row", n.Key().String(), "scheme", schemeOf(link), "error", Mask(err.Error()))
		a.desk.fail(n, link, err)
		return zummer.Failed
	}
	a.Log.InfoContext(ctx, "opened", "row", n.Key().String(), "kind", n.Kind)
	a.desk.mend(failedKey(n))
	return zummer.Opened
}

// linkOf is where a row's object is; "": nowhere that the agent could open.
func (a *Agent) linkOf(n *zummer.Notification) string {
	for _, o := range []*zummer.Object{n.Object, n.Client} {
		switch {
		case o == nil:
		case a.Config.Infobase != "" && strings.HasPrefix(o.Link, "e1cib/"):
			return a.Config.Infobase + "#" + o.Link
		case o.URL != "":
			return o.URL
		case strings.HasPrefix(o.Link, "https://"), strings.HasPrefix(o.Link, "e1c://"):
			return o.Link
		}
	}
	return ""
}

// clicked opens what a toast is about. A call that still rings stays pending, and
// so does what could not be opened: nobody has seen it yet.
func (a *Agent) clicked(ctx context.Context, key string) {
	n, pending, ok := a.desk.row(key)
	link := a.linkOf(&n)
	if !ok || link == "" {
		return
	}
	outcome := a.follow(ctx, &n, link)
	if outcome == zummer.Opened && pending && (n.Call == nil || n.Call.State != "ringing") {
		a.ack(n.Key(), outcome, "agent")
	}
}

// dismissed settles a card that the user put away. What another program shall
// open, and a call that rings, are not cards; what could not be opened was told,
// no more.
func (a *Agent) dismissed(key string) {
	if a.desk.mend(key) {
		return
	}
	n, _, ok := a.desk.row(key)
	if ok && !n.Action.Opens() && (n.Call == nil || n.Call.State == "ended") {
		a.ack(n.Key(), zummer.Dismissed, "agent")
	}
}

// caption is a toast's title: the caller's name where there is one.
func caption(n *zummer.Notification) string {
	return oneLine(cmp.Or(n.Title, n.Name, n.Phone, "Zummer"))
}
