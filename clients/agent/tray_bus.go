package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"
)

// busTray is a StatusNotifierItem with its com.canonical.dbusmenu, as panels of
// Linux desktops show. It is shown on each session bus that comes.
type busTray struct {
	chosen func(int)
	log    *slog.Logger
	end    context.CancelFunc
	all    sync.WaitGroup
	ill    bool // it was said that there is no icon; of the goroutine only

	mu      sync.Mutex
	conn    *dbus.Conn // nil: there is no bus
	props   *prop.Properties
	view    TrayView
	version uint32
}

const (
	itemFace    = "org.kde.StatusNotifierItem"
	itemPath    = "/StatusNotifierItem"
	menuFace    = "com.canonical.dbusmenu"
	menuPath    = "/StatusNotifierItem/Menu"
	watcherName = "org.kde.StatusNotifierWatcher"
)

// pixmap and tip are structures of the bus.
type pixmap struct {
	Width, Height int32
	Data          []byte
}

type tip struct {
	Icon   string
	Pixmap []pixmap
	Title  string
	Text   string
}

func newBusTray(chosen func(int), log *slog.Logger) *busTray {
	ctx, end := context.WithCancel(context.Background())
	b := &busTray{chosen: chosen, log: log, end: end, view: TrayView{State: TrayLost, Tip: "Zummer"}, version: 1}
	b.all.Go(func() { again(ctx, func() { b.away(ctx, b.stay(ctx)) }) })
	return b
}

// stay shows the icon to the panel there is, and to each that comes later, until
// the bus is gone.
func (b *busTray) stay(ctx context.Context) error {
	conn, err := sessionBus(ctx)
	if err != nil {
		return fmt.Errorf("no session bus: %w", err)
	}
	defer func() {
		_ = conn.Close() // it is gone, or we leave
		b.mu.Lock()
		b.conn, b.props = nil, nil
		b.mu.Unlock()
	}()
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	if err := errors.Join(b.export(conn), follow(conn, watcherName)); err != nil {
		return err
	}
	b.ill = false
	enrol(conn)
	for s := range signals { // closed with the connection
		if _, now, ok := ownerOf(s, watcherName); ok && now != "" {
			enrol(conn)
		}
	}
	return errBusEnds
}

// away says once that there is no icon.
func (b *busTray) away(ctx context.Context, err error) {
	if b.ill || ctx.Err() != nil {
		return
	}
	b.ill = true
	b.log.InfoContext(ctx, "no icon in the tray for now", "error", err)
}

// export makes the icon known under a connection, as it shall be now.
func (b *busTray) export(conn *dbus.Conn) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	fixed := func(v any) *prop.Prop { return &prop.Prop{Value: v, Emit: prop.EmitFalse} }
	props, err := prop.Export(conn, itemPath, prop.Map{itemFace: {
		"Category": fixed("Communications"), "Id": fixed("zummer-agent"), "Title": fixed("Zummer"), "Status": fixed("Active"), "WindowId": fixed(int32(0)),
		"IconName": fixed(""), "IconThemePath": fixed(""), "IconPixmap": fixed(pixmaps(b.view.State)), "OverlayIconName": fixed(""), "AttentionIconName": fixed(""),
		"ToolTip": fixed(tip{Title: b.view.Tip}), "ItemIsMenu": fixed(true), "Menu": fixed(dbus.ObjectPath(menuPath))}})
	if err != nil {
		return fmt.Errorf("icon: %w", err)
	}
	if err := conn.Export(clicks{}, itemPath, itemFace); err != nil {
		return fmt.Errorf("icon: %w", err)
	}
	if _, err := prop.Export(conn, menuPath, prop.Map{menuFace: {"Version": fixed(uint32(3)), "Status": fixed("normal"), "TextDirection": fixed("ltr"), "IconThemePath": fixed([]string{})}}); err != nil {
		return fmt.Errorf("menu: %w", err)
	}
	if err := conn.Export(menu{b}, menuPath, menuFace); err != nil {
		return fmt.Errorf("menu: %w", err)
	}
	b.conn, b.props = conn, props
	return nil
}

// enrol has no error: without a panel there is nobody to show it to.
func enrol(conn *dbus.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), busTime)
	defer cancel()
	_ = conn.Object(watcherName, "/StatusNotifierWatcher").CallWithContext(ctx, watcherName+".RegisterStatusNotifierItem", dbus.FlagNoAutoStart, itemPath).Err
}

func pixmaps(state TrayState) []pixmap {
	return []pixmap{{iconSize, iconSize, pixels(state)}}
}

// Set implements Tray. A signal that does not leave is a bus that is gone.
func (b *busTray) Set(v TrayView) {
	b.mu.Lock()
	defer b.mu.Unlock() // also across the signals: a new bus has the icon as it is after or before them
	old := b.view
	b.view = v
	b.version++
	if b.conn == nil {
		return
	}
	if old.State != v.State {
		b.put("IconPixmap", pixmaps(v.State))
		_ = b.conn.Emit(itemPath, itemFace+".NewIcon")
	}
	if old.Tip != v.Tip {
		b.put("ToolTip", tip{Title: v.Tip})
		_ = b.conn.Emit(itemPath, itemFace+".NewToolTip")
	}
	_ = b.conn.Emit(menuPath, menuFace+".LayoutUpdated", b.version, int32(0))
}

// put changes a property; the caller holds b.mu. The signal is not left to
// props, which panics when the bus is gone.
func (b *busTray) put(name string, v any) {
	b.props.SetMust(itemFace, name, v)
	_ = b.conn.Emit(itemPath, "org.freedesktop.DBus.Properties.PropertiesChanged", itemFace, map[string]dbus.Variant{name: dbus.MakeVariant(v)}, []string{})
}

// Stop implements Tray.
func (b *busTray) Stop() {
	b.end()
	b.all.Wait()
}

// clicks are those on the icon itself: the panel shows the menu.
type clicks struct{}

// Activate is a click of a panel that does not know ItemIsMenu.
func (clicks) Activate(_, _ int32) *dbus.Error { return nil }

// SecondaryActivate is a click of the middle button.
func (clicks) SecondaryActivate(_, _ int32) *dbus.Error { return nil }

// ContextMenu is answered by the menu.
func (clicks) ContextMenu(_, _ int32) *dbus.Error { return nil }

// Scroll does nothing.
func (clicks) Scroll(_ int32, _ string) *dbus.Error { return nil }
