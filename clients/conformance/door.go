package conformance

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// door is the listener. It can be closed for a while, so that connections are
// refused, or slammed: they are accepted and reset at once, and counted.
type door struct {
	addr  string
	conns chan net.Conn
	done  chan struct{}

	mu      sync.Mutex
	ln      net.Listener // nil: shut
	slam    bool
	slammed int
	open    map[net.Conn]bool
	closed  bool
}

// ErrListen is when the address of Options.Listen cannot be had.
var ErrListen = errors.New("listen for the client")

func openDoor(addr string) (*door, error) {
	ln, err := listen(addr)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrListen, err)
	}
	d := &door{addr: ln.Addr().String(), conns: make(chan net.Conn), done: make(chan struct{}), ln: ln, open: map[net.Conn]bool{}}
	go d.serve(ln) // ends when ln closes
	return d, nil
}

// listen listens at addr. A port left to choice (0) is one below those that
// systems give to connections, one of which could have it while the door is shut.
func listen(addr string) (net.Listener, error) {
	if host, port, err := net.SplitHostPort(addr); err == nil && port == "0" {
		for range 100 {
			if ln, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(15_000+rand.IntN(17_000)))); err == nil { //nolint:noctx // it listens at once
				return ln, nil
			}
		}
	}
	return net.Listen("tcp", addr) //nolint:noctx // it listens at once
}

func (d *door) serve(ln net.Listener) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		d.mu.Lock()
		slam := d.slam
		if slam {
			d.slammed++
		} else {
			d.open[c] = true
		}
		d.mu.Unlock()
		if slam {
			reset(c)
			continue
		}
		select {
		case d.conns <- &caller{c, d}:
		case <-d.done:
			c.Close()
			return
		}
	}
}

// caller is a connection that the door knows of.
type caller struct {
	net.Conn
	d *door
}

func (c *caller) Close() error {
	c.d.mu.Lock()
	delete(c.d.open, c.Conn)
	c.d.mu.Unlock()
	return c.Conn.Close()
}

// reset ends a connection as a killed process does.
func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // then Close resets; at worst it ends politely
	}
	c.Close()
}

// shut refuses connections from now on and resets those there are.
func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ln != nil {
		d.ln.Close()
		d.ln = nil
	}
	for c := range d.open {
		reset(c)
	}
	clear(d.open)
}

// reopen listens again at the same address; slam resets whoever comes until
// welcome.
func (d *door) reopen(slam bool) error {
	ln, err := net.Listen("tcp", d.addr) //nolint:noctx // it listens at once
	if err != nil {
		return fmt.Errorf("listen again: %w", err)
	}
	d.mu.Lock()
	d.ln, d.slam, d.slammed = ln, slam, 0
	closed := d.closed
	d.mu.Unlock()
	if closed {
		return ln.Close()
	}
	go d.serve(ln) // ends when ln closes
	return nil
}

// welcome lets connections in again and says how many were reset.
func (d *door) welcome() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.slam = false
	return d.slammed
}

// Accept implements net.Listener.
func (d *door) Accept() (net.Conn, error) {
	select {
	case c := <-d.conns:
		return c, nil
	case <-d.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (d *door) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	close(d.done)
	if d.ln != nil {
		return d.ln.Close()
	}
	return nil
}

// Addr implements net.Listener.
func (d *door) Addr() net.Addr {
	a, err := net.ResolveTCPAddr("tcp", d.addr)
	if err != nil {
		return &net.TCPAddr{}
	}
	return a
}
