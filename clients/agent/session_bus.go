package agent

import (
	"context"
	"errors"
	"time"

	"github.com/godbus/dbus/v5"
)

// busTime is how long the bus, and a program on it, may take for an answer.
const busTime = 5 * time.Second

// The pauses before the next try to reach a bus that is away: each is twice the
// one before.
const (
	firstPause = time.Second
	mostPause  = 30 * time.Second
)

// again calls stay until ctx ends, with pauses: it comes back when what it stays
// with is gone. One that stayed for long is tried again soon.
func again(ctx context.Context, stay func()) {
	for pause := firstPause; ; {
		began := time.Now()
		stay()
		if time.Since(began) >= mostPause {
			pause = firstPause
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return
		}
		pause = min(2*pause, mostPause)
	}
}

// errBusEnds is of a bus that was there.
var errBusEnds = errors.New("the session bus ended")

// sessionBus connects to the desktop's bus until ctx ends; it starts none.
func sessionBus(ctx context.Context) (*dbus.Conn, error) {
	conn, err := dbus.SessionBusPrivateNoAutoStartup(dbus.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	late := time.AfterFunc(busTime, func() { _ = conn.Close() }) // what waits for an answer ends then
	defer late.Stop()
	if err := conn.Auth(nil); err != nil {
		return nil, noClose(err, conn)
	}
	if err := conn.Hello(); err != nil {
		return nil, noClose(err, conn)
	}
	return conn, nil
}

func noClose(err error, conn *dbus.Conn) error {
	_ = conn.Close() // err says more
	return err
}

// ask calls a method with a time-out: a program that hangs shall not hold up the
// rest.
func ask(o dbus.BusObject, method string, args ...any) *dbus.Call {
	ctx, cancel := context.WithTimeout(context.Background(), busTime)
	defer cancel()
	return o.CallWithContext(ctx, method, 0, args...)
}

// ownerOf reads a signal that a name of the bus has come, gone or changed hands.
func ownerOf(s *dbus.Signal, name string) (old, now string, ok bool) {
	if s.Name != "org.freedesktop.DBus.NameOwnerChanged" || len(s.Body) < 3 || s.Body[0] != any(name) {
		return "", "", false
	}
	old, _ = s.Body[1].(string)
	now, _ = s.Body[2].(string)
	return old, now, true
}

// follow has the bus tell of a name's owners.
func follow(conn *dbus.Conn, name string) error {
	return conn.AddMatchSignal(dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, name))
}
