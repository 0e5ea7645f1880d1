package app

import (
	"maps"
	"net"
	"net/http"
	"sync"
)

// resumed is a listener of connections that the program has already: their
// waiting polls were answered outside of net/http, and further requests are to
// be served. To net/http each of them is a new one.
type resumed struct {
	conns chan net.Conn
	done  chan struct{}
	addr  net.Addr

	mu    sync.Mutex
	idle  map[net.Conn]bool // no request was begun since
	over  bool
	close sync.Once
}

func newResumed(addr net.Addr) *resumed {
	return &resumed{conns: make(chan net.Conn), done: make(chan struct{}), addr: addr, idle: map[net.Conn]bool{}}
}

// take gives a connection to the server; false when that has stopped.
func (l *resumed) take(c net.Conn) bool {
	select {
	case l.conns <- c:
		return true
	case <-l.done:
		return false
	}
}

// Accept implements net.Listener.
func (l *resumed) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *resumed) Close() error {
	l.close.Do(func() { close(l.done) })
	return nil
}

// Addr implements net.Listener.
func (l *resumed) Addr() net.Addr { return l.addr }

// server serves the connections as main does. What waits for a request is idle,
// not slow: the time-outs of a first request are those of an idle connection.
func (l *resumed) server(main *http.Server) *http.Server {
	return &http.Server{Handler: main.Handler, ReadHeaderTimeout: main.IdleTimeout, ReadTimeout: main.IdleTimeout + main.ReadTimeout, IdleTimeout: main.IdleTimeout,
		MaxHeaderBytes: main.MaxHeaderBytes, ErrorLog: main.ErrorLog, ConnState: l.state}
}

// state keeps the connections that have not begun a request: to Shutdown they
// are busy for five seconds.
func (l *resumed) state(c net.Conn, s http.ConnState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case s != http.StateNew:
		delete(l.idle, c)
	case l.over:
		_ = c.Close()
	default:
		l.idle[c] = true
	}
}

// stop closes the connections that are idle, and from now on each that would
// be. Call it before Shutdown, which closes the listener.
func (l *resumed) stop() {
	l.mu.Lock()
	l.over = true
	idle := maps.Clone(l.idle)
	l.mu.Unlock()
	for c := range idle {
		_ = c.Close()
	}
}
