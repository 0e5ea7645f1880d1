package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
)

// bus is a desktop's org.freedesktop.Notifications, as often as there is one:
// the session bus and the daemon that shows notifications may come late, and go
// and come back. What they had on the screen when they went, and what could not
// be shown meanwhile, is shown once when they are back, if it is still to be.
type bus struct {
	told Told
	log  *slog.Logger
	end  context.CancelFunc
	all  sync.WaitGroup
	ill  bool          // it was said that nothing shows notifications; of the goroutine only
	slow chan struct{} // the daemon has hung: it is to be asked whether it still does

	mu     sync.Mutex
	conn   *dbus.Conn // nil: there is no bus
	daemon string     // who shows what is on the screen; "": not known
	hung   bool       // it took too long for its last answer: what comes waits until it answers again
	markup bool       // the text is read as markup
	shown  map[string]paper
	keys   map[uint32]string
	used   map[uint32]bool // it was clicked: its end is no dismissal
	over   []uint32        // to be taken away by a daemon that we do not reach now
	waits  []paper         // to be shown by the next daemon
}

// paper is a toast that is on the screen or waits for one.
type paper struct {
	key   string
	toast Toast
	at    time.Time // it was wanted
	id    uint32    // of the daemon; 0: it did not tell
}

const busName, busPath = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"

// errNoDaemon is when a bus has nobody who shows notifications.
var errNoDaemon = errors.New("no notification daemon answers on the session bus")

func newBus(told Told, log *slog.Logger) *bus {
	ctx, end := context.WithCancel(context.Background())
	b := &bus{told: told, log: log, end: end, slow: make(chan struct{}, 1), shown: map[string]paper{}, keys: map[uint32]string{}, used: map[uint32]bool{}}
	b.all.Go(func() { again(ctx, func() { b.stay(ctx) }) })
	return b
}

// tryBus says why no notification could be shown now; nil: one could.
func tryBus() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	conn, err := sessionBus(ctx)
	if err != nil {
		return fmt.Errorf("no session bus: %w", err)
	}
	defer func() { _ = conn.Close() }() // it was only tried
	if err := ask(conn.Object(busName, busPath), busName+".GetCapabilities").Err; err != nil {
		return fmt.Errorf("%w: %w", errNoDaemon, err)
	}
	return nil
}

// stay connects, and works until the bus is gone.
func (b *bus) stay(ctx context.Context) {
	conn, err := sessionBus(ctx)
	if err != nil {
		b.away(ctx, fmt.Errorf("no session bus: %w", err))
		return
	}
	defer func() { _ = conn.Close() }() // it is gone, or we leave
	signals := make(chan *dbus.Signal, 64)
	conn.Signal(signals)
	if err := errors.Join(conn.AddMatchSignal(dbus.WithMatchInterface(busName), dbus.WithMatchObjectPath(busPath)), follow(conn, busName)); err != nil {
		b.away(ctx, err)
		return
	}
	var later <-chan time.Time // a daemon that takes its time is asked again: no signal tells that it is ready
	greet := func() {
		later = nil
		if !b.greet(ctx, conn) {
			later = time.After(busTime)
		}
	}
	greet()
	for open := true; open; {
		var s *dbus.Signal
		select {
		case s, open = <-signals: // closed with the connection
		case <-later:
			greet()
		case <-b.slow:
			if later == nil {
				later = time.After(busTime)
			}
		}
		if s == nil {
			continue
		}
		old, now, owner := ownerOf(s, busName)
		if !owner {
			b.hear(s)
			continue
		}
		if old != "" {
			b.lose()
		}
		if now != "" || b.waiting() { // one that went by itself may be started by our asking
			greet()
		}
	}
	b.mu.Lock()
	b.conn = nil
	if b.daemon == "" { // whose numbers we have is not known
		b.forget()
	}
	b.mu.Unlock()
	b.away(ctx, errBusEnds)
}

// away says once that nothing shows notifications.
func (b *bus) away(ctx context.Context, err error) {
	if b.ill || ctx.Err() != nil {
		return
	}
	b.ill = true
	b.log.WarnContext(ctx, "no desktop notifications for now; zummer agent check says more", "error", err)
}

// greet asks who shows notifications, and has shown what waits. It reports
// whether it was answered, if only that there is nobody.
func (b *bus) greet(ctx context.Context, conn *dbus.Conn) (answered bool) {
	var can []string
	var owner, id string
	err := ask(conn.Object(busName, busPath), busName+".GetCapabilities").Store(&can)
	if err == nil {
		err = errors.Join(ask(conn.BusObject(), "org.freedesktop.DBus.GetNameOwner", busName).Store(&owner), ask(conn.BusObject(), "org.freedesktop.DBus.GetId").Store(&id))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.conn = conn // one that is asked to show something may start the daemon
	b.hung = errors.Is(err, context.DeadlineExceeded)
	if err != nil {
		b.away(ctx, fmt.Errorf("%w: %w", errNoDaemon, err))
		return !b.hung
	}
	if b.ill {
		b.ill = false
		b.log.InfoContext(ctx, "desktop notifications can be shown again")
	}
	b.markup = slices.Contains(can, "body-markup")
	if daemon := id + " " + owner; daemon != b.daemon {
		if b.daemon != "" {
			b.forget()
		}
		b.daemon = daemon
	}
	over := b.over // of the same one, else it is empty
	b.over = nil
	for _, id := range over {
		b.takeAway(id)
	}
	waits := worth(b.waits, time.Now())
	b.waits = nil
	for _, p := range waits {
		if err := b.put(p); err != nil {
			b.log.WarnContext(ctx, "a notification could not be shown", "error", Mask(err.Error()))
		}
	}
	return true
}

// lose is when who shows notifications has gone.
func (b *bus) lose() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forget()
	b.daemon = ""
}

// forget makes what was on the screen wait for the next daemon, whose numbers
// are others; the caller holds b.mu.
func (b *bus) forget() {
	lost := make([]paper, 0, len(b.shown))
	for key, p := range b.shown {
		if !slices.ContainsFunc(b.waits, func(w paper) bool { return w.key == key }) {
			lost = append(lost, p)
		}
	}
	slices.SortFunc(lost, func(x, y paper) int { return x.at.Compare(y.at) })
	b.waits = append(lost, b.waits...)
	b.over = nil
	clear(b.shown)
	clear(b.keys)
	clear(b.used)
}

func (b *bus) waiting() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waits) > 0
}

// worth leaves what is still news: all that is urgent, the newest of the rest.
func worth(waits []paper, now time.Time) (out []paper) {
	cards := 0
	for _, p := range slices.Backward(waits) {
		if !p.toast.Urgent {
			if cards++; cards > mostAtStart || now.Sub(p.at) > oldAtStart {
				continue
			}
		}
		out = append(out, p)
	}
	slices.Reverse(out)
	return out
}

// hear takes what the daemon says of a toast.
func (b *bus) hear(s *dbus.Signal) {
	if len(s.Body) < 2 {
		return
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
			delete(b.shown, key)
		}
	}
	b.mu.Unlock()
	switch {
	case !ours:
	case s.Name == busName+".ActionInvoked" && b.told.Clicked != nil:
		b.told.Clicked(key)
	case s.Name == busName+".NotificationClosed" && !used && s.Body[1] == any(uint32(2)) && b.told.Dismissed != nil: // 2: by the user
		b.told.Dismissed(key)
	}
}

// Show implements Notifier. What cannot be shown now is when there is a daemon.
func (b *bus) Show(key string, t Toast) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.skip(key)
	return b.put(paper{key: key, toast: t, at: time.Now()})
}

// skip takes back what waits; the caller holds b.mu.
func (b *bus) skip(key string) {
	b.waits = slices.DeleteFunc(b.waits, func(p paper) bool { return p.key == key })
}

// put shows a toast, or has it wait. The caller holds b.mu, also across the call:
// a signal of the new toast waits for its number.
func (b *bus) put(p paper) error {
	if b.conn == nil || b.hung {
		b.waits = append(b.waits, p)
		return nil
	}
	text := p.toast.Text
	if b.markup {
		text = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
	}
	actions, timeout := []string{}, int32(-1)
	if p.toast.Action != "" {
		actions = []string{"default", p.toast.Action}
	}
	if p.toast.Urgent {
		timeout = 0
	}
	old := b.shown[p.key].id
	err := ask(b.conn.Object(busName, busPath), busName+".Notify", "Zummer", old, "call-start", p.toast.Title, text, actions,
		map[string]dbus.Variant{"urgency": dbus.MakeVariant(byte(1)), "category": dbus.MakeVariant("im.received")}, timeout).Store(&p.id)
	switch {
	case err != nil && gone(err):
		delete(b.keys, old)
		delete(b.shown, p.key)
		b.waits = append(b.waits, p)
		b.log.InfoContext(context.Background(), "a notification waits for who shows it", "error", Mask(err.Error()))
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		b.hang()   // it may show it yet; if it goes instead, the next one does
		p.id = old // which it keeps
		b.shown[p.key] = p
		return err
	case err != nil:
		return err
	}
	delete(b.keys, old)
	b.shown[p.key], b.keys[p.id] = p, p.key
	return nil
}

// gone reports whether a call failed because nobody was there, so that nothing
// was shown that anybody sees. A daemon that only takes its time is there.
func gone(err error) bool {
	var e dbus.Error
	if errors.As(err, &e) {
		switch e.Name {
		case "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner", "org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.Disconnected":
			return true
		}
		return strings.HasPrefix(e.Name, "org.freedesktop.DBus.Error.Spawn.")
	}
	return !errors.Is(err, context.DeadlineExceeded)
}

// Close implements Notifier.
func (b *bus) Close(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.skip(key)
	p, shown := b.shown[key]
	if !shown {
		return
	}
	delete(b.shown, key)
	delete(b.keys, p.id)
	if p.id == 0 { // its number never came
		return
	}
	b.takeAway(p.id)
}

// takeAway closes a toast of the daemon, now or when it can be asked again; the
// caller holds b.mu.
func (b *bus) takeAway(id uint32) {
	if b.conn == nil || b.hung {
		b.over = append(b.over, id) // it may be the connection alone that is gone
		return
	}
	if err := ask(b.conn.Object(busName, busPath), busName+".CloseNotification", id).Err; errors.Is(err, context.DeadlineExceeded) { // else it may be gone by itself
		b.over = append(b.over, id)
		b.hang()
	}
}

// hang notes that the daemon takes too long: what comes next waits, instead of
// taking that long each; the caller holds b.mu.
func (b *bus) hang() {
	b.hung = true
	select {
	case b.slow <- struct{}{}:
	default:
	}
}

// Stop implements Notifier.
func (b *bus) Stop() {
	b.mu.Lock()
	b.waits = nil
	if b.conn != nil {
		for _, p := range b.shown {
			if p.id != 0 {
				b.over = append(b.over, p.id)
			}
		}
		for _, id := range b.over { // no answer is waited for: a daemon that hangs takes them away when it goes on
			b.conn.Object(busName, busPath).Go(busName+".CloseNotification", dbus.FlagNoReplyExpected, nil, id)
		}
	}
	b.mu.Unlock()
	b.end()
	b.all.Wait()
}
