package agent

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
)

// bus is a desktop's org.freedesktop.Notifications.
type bus struct {
	conn   *dbus.Conn
	object dbus.BusObject
	markup bool // the text is read as markup

	mu   sync.Mutex
	ids  map[string]uint32
	keys map[uint32]string
	used map[uint32]bool // it was clicked: its end is no dismissal
}

const busName, busPath = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"

func newBus(told Told) (Notifier, error) { // no *bus: a nil one would not be nil there
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		return nil, fmt.Errorf("no session bus: %w", err)
	}
	b := &bus{conn: conn, object: conn.Object(busName, busPath), ids: map[string]uint32{}, keys: map[uint32]string{}, used: map[uint32]bool{}}
	var can []string
	if err := b.call("GetCapabilities").Store(&can); err != nil {
		return nil, fmt.Errorf("no notification daemon answers on the session bus: %w", noClose(err, conn))
	}
	b.markup = slices.Contains(can, "body-markup")
	if err := conn.AddMatchSignal(dbus.WithMatchInterface(busName), dbus.WithMatchObjectPath(busPath)); err != nil {
		return nil, noClose(err, conn)
	}
	signals := make(chan *dbus.Signal, 64)
	conn.Signal(signals)
	go b.listen(signals, told)
	return b, nil
}

func noClose(err error, conn *dbus.Conn) error {
	_ = conn.Close() // err says more
	return err
}

// call has a time-out: a daemon that hangs shall not hold up the outputs.
func (b *bus) call(method string, args ...any) *dbus.Call {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return b.object.CallWithContext(ctx, busName+"."+method, 0, args...)
}

func (b *bus) listen(signals <-chan *dbus.Signal, told Told) {
	for s := range signals { // closed with the connection
		if len(s.Body) < 2 {
			continue
		}
		id, _ := s.Body[0].(uint32)
		b.mu.Lock()
		key, ours := b.keys[id]
		used := b.used[id]
		switch {
		case ours && s.Name == busName+".ActionInvoked":
			b.used[id] = true
		case s.Name == busName+".NotificationClosed":
			delete(b.used, id)
			if ours {
				delete(b.keys, id)
				delete(b.ids, key)
			}
		}
		b.mu.Unlock()
		switch {
		case !ours:
		case s.Name == busName+".ActionInvoked" && told.Clicked != nil:
			told.Clicked(key)
		case s.Name == busName+".NotificationClosed" && !used && s.Body[1] == any(uint32(2)) && told.Dismissed != nil: // 2: by the user
			told.Dismissed(key)
		}
	}
}

// Show holds the lock across the call: a signal of the new toast waits for its id.
func (b *bus) Show(key string, t Toast) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := t.Text
	if b.markup {
		text = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
	}
	actions, timeout := []string{}, int32(-1)
	if t.Action != "" {
		actions = []string{"default", t.Action}
	}
	if t.Urgent {
		timeout = 0
	}
	old := b.ids[key]
	var id uint32
	err := b.call("Notify", "Zummer", old, "call-start", t.Title, text, actions, map[string]dbus.Variant{"urgency": dbus.MakeVariant(byte(1)), "category": dbus.MakeVariant("im.received")}, timeout).Store(&id)
	if err != nil {
		return err
	}
	delete(b.keys, old)
	b.ids[key], b.keys[id] = id, key
	return nil
}

func (b *bus) Close(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if id, shown := b.ids[key]; shown {
		delete(b.ids, key)
		delete(b.keys, id)
		_ = b.call("CloseNotification", id).Err // it may be gone by itself
	}
}

func (b *bus) Stop() {
	b.mu.Lock()
	for _, id := range b.ids {
		_ = b.call("CloseNotification", id).Err // it may be gone by itself
	}
	b.mu.Unlock()
	_ = b.conn.Close() // we are leaving
}
