package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
)

// udpPort is the port to tell, until free is called. For 0 it is one that no
// other agent of this machine has: each holds the TCP port of the same number as
// long as it runs, since the port itself is its listener's to take.
func udpPort(ctx context.Context, port int) (n int, free func(), err error) {
	if port != 0 {
		return port, func() {}, nil
	}
	var why error
	for range 20 {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", "127.0.0.1:0")
		if err != nil {
			return 0, nil, fmt.Errorf("udp: %w", err)
		}
		at, _ := l.Addr().(*net.TCPAddr) // what listens on TCP has such an address
		if why = freeUDP(ctx, at.Port); why == nil {
			done := make(chan struct{})
			go func() { // it ends with the listener
				defer close(done)
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					_ = c.Close() // nobody is served here
				}
			}()
			return at.Port, func() { _ = l.Close(); <-done }, nil
		}
		_ = l.Close() // another one is tried
	}
	return 0, nil, fmt.Errorf("udp: %w", why)
}

// freeUDP says why a listener could not have a port; nil: it could.
func freeUDP(ctx context.Context, port int) error {
	c, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err == nil {
		_ = c.Close() // it was only tried
	}
	return err
}

// dial makes the socket that tells a port of the loopback.
func (o *outputs) dial(ctx context.Context, port int) error {
	c, err := (&net.Dialer{}).DialContext(ctx, "udp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("udp: %w", err)
	}
	from, err := netip.ParseAddrPort(c.LocalAddr().String())
	if err != nil {
		return errors.Join(err, c.Close())
	}
	o.udp, o.listener = c, func() owner { return systemOwners.udp(from, uint16(port)) }
	return nil
}

// ErrRuns is why a second agent does not run: its desktop session has one.
var ErrRuns = errors.New("an agent runs in this desktop session already")

// errHeld says that another process holds a file's lock.
var errHeld = errors.New("held")

// alone makes sure that one agent runs in a desktop session: it locks a file
// beside the session's, until free is called or the process dies.
func alone(place string) (free func(), err error) {
	f, err := openLock(place)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		_ = f.Close() // err says more
		if errors.Is(err, errHeld) {
			return nil, fmt.Errorf("%w (%s): quit it first", ErrRuns, place)
		}
		return nil, fmt.Errorf("lock the session's file: %w", err)
	}
	return func() { _ = f.Close() }, nil // closing lets go
}

// occupied reports whether an agent runs in the session of a file.
func occupied(place string) (bool, error) {
	f, err := openLock(place)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }() // closing lets go
	if err = lockFile(f); errors.Is(err, errHeld) {
		return true, nil
	}
	return false, err
}

func openLock(place string) (*os.File, error) {
	if err := privateFolder(place); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(place+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the session's lock: %w", err)
	}
	return f, nil
}
