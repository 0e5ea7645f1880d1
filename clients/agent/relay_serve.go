package agent

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The limits of the relay. A desktop has a handful of clients; what is above
// them is one that runs wild, or another user's.
const (
	maxConnections = 128 // open ones; of the second half only this user's are taken
	maxHeader      = 16 << 10
	maxBody        = 64 << 10 // as the service's
	headerTime     = 5 * time.Second
	requestTime    = 15 * time.Second // header and body
	answerTime     = 30 * time.Second // for each piece of an answer
)

// listen serves on the loopback until stop.
func (r *relay) listen(ctx context.Context) (address string, stop func(), err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(r.config.Relay.Port)))
	if err != nil {
		return "", nil, err
	}
	_, r.port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	srv := &http.Server{Handler: r, ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return ctx }, ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) }, ErrorLog: slog.NewLogLogger(r.log.Handler(), slog.LevelDebug)}
	srv.SetKeepAlivesEnabled(false) // clients of HTTP/1.0 wait for the end
	var all sync.WaitGroup
	all.Go(func() {
		if err := srv.Serve(&gate{Listener: l, peer: r.peer}); err != nil && !errors.Is(err, http.ErrServerClosed) {
			r.log.ErrorContext(ctx, "the relay ended", "error", err)
		}
	})
	all.Go(func() { r.watch(ctx) })
	return l.Addr().String(), func() {
		cancel()
		_ = srv.Close() // local clients ask again
		all.Wait()
	}, nil
}

// gate bounds the open connections, so that another user of the machine cannot
// take them all.
type gate struct {
	net.Listener
	peer func(peer, here netip.AddrPort) owner
	open atomic.Int32
}

// Accept implements net.Listener.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if n := g.open.Add(1); n <= maxConnections/2 || n <= maxConnections && mayBeOurs(g.peer(addressOf(c.RemoteAddr().String()), addressOf(c.LocalAddr().String()))) {
			return &passed{Conn: c, leave: sync.OnceFunc(func() { g.open.Add(-1) })}, nil
		}
		g.open.Add(-1)
		_ = c.Close() // it asks again
	}
}

// passed is a connection that counts.
type passed struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (p *passed) Close() error {
	p.leave()
	return p.Conn.Close()
}

// connKey is under which a request's context has its connection.
type connKey struct{}

// reset makes the end of a connection an error for its client, who would take
// an end for that of the answer.
func reset(ctx context.Context) {
	p, _ := ctx.Value(connKey{}).(*passed)
	if p == nil {
		return
	}
	if c, ok := p.Conn.(*net.TCPConn); ok {
		_ = c.SetLinger(0) // it is closed next
	}
}

// addressOf is an address of the loopback; one that is none is no one's.
func addressOf(text string) netip.AddrPort {
	a, err := netip.ParseAddrPort(text)
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// ServeHTTP refuses what is not of this machine, or comes from a page of a
// browser, before it looks at anything else.
func (r *relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	f := formatOf(req)
	peer := addressOf(req.RemoteAddr)
	switch {
	case !peer.Addr().IsLoopback():
		f.refuse(w, http.StatusForbidden, "not_local", "the relay answers this machine only", 0)
		return
	case !r.ownName(req.Host):
		f.refuse(w, http.StatusForbidden, "foreign_host", "ask for 127.0.0.1 or localhost", 0)
		return
	case req.Header.Get("Origin") != "", req.Header.Get("Sec-Fetch-Site") != "":
		f.refuse(w, http.StatusForbidden, "cross_origin", "the relay is not for pages of a browser", 0)
		return
	}
	token := tokenOf(req)
	paired, ownToken := same(token, r.config.Relay.Secret), same(token, r.config.Token)
	if paired || ownToken {
		who := r.peer(peer, r.address())
		if paired && who == ownerOther {
			r.log.WarnContext(req.Context(), "another user of this machine has the pairing secret: put a new one into the configuration")
		}
		if paired && !mayBeOurs(who) {
			token = ""
		}
		paired = mayBeOurs(who)
	}
	if token == "" {
		w.Header().Set("WWW-Authenticate", `Basic realm="Zummer"`)
		f.refuse(w, http.StatusUnauthorized, "unauthorized", "send a token of yours, or the secret of the session's file", 0)
		return
	}
	if !relayed(req.URL.Path) {
		f.refuse(w, http.StatusNotFound, "not_found", "the relay has the calls of a client only", 0)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		f.refuse(w, http.StatusRequestEntityTooLarge, "too_large", "64 KiB at most", 0)
		return
	case err != nil:
		f.refuse(w, http.StatusBadRequest, "bad_request", "the request broke off", 0)
		return
	}
	if paired && r.own(w, req, f, body) {
		return
	}
	if paired {
		token = r.config.Token
	}
	r.pass(w, req, f, body, token, paired)
}

// mayBeOurs reports whether who is at the other end may be this user, as far as
// the system tells. One that has gone may have been anybody: it waits for no
// answer, and would be an easy way to ask for something as another user.
func mayBeOurs(who owner) bool { return who == ownerUs || who == ownerUnknown }

// address is where the relay listens.
func (r *relay) address() netip.AddrPort { return addressOf("127.0.0.1:" + r.port) }

// ownName reports whether a request asks for this machine by a name that no DNS
// gives: then it is none that a page was led to. Old clients leave the port out,
// or name no host at all (which the server takes of HTTP/1.0 only).
func (r *relay) ownName(host string) bool {
	if host == "" {
		return true
	}
	name, port, named := strings.Cut(host, ":")
	return (name == "127.0.0.1" || strings.EqualFold(name, "localhost")) && (!named || port == r.port)
}

// relayed reports whether a path is a client's.
func relayed(path string) bool {
	for _, of := range []string{"/v1/notifications", "/v1/me", "/v1/calls"} {
		if rest, ok := strings.CutPrefix(path, of); ok && (rest == "" || rest[0] == '/') {
			return !strings.Contains(path, "..")
		}
	}
	return false
}

// same compares without telling where two words differ; an empty one is never
// the same.
func same(got, want string) bool {
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return want != "" && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// tokenOf is a request's token, of Bearer or as the password of Basic; "" for
// what can be none.
func tokenOf(req *http.Request) string {
	_, token, ok := req.BasicAuth()
	if !ok {
		kind, rest, _ := strings.Cut(req.Header.Get("Authorization"), " ")
		if strings.EqualFold(kind, "Bearer") {
			token = strings.TrimSpace(rest)
		}
	}
	if strings.ContainsFunc(token, notOfToken) {
		return ""
	}
	return token
}
