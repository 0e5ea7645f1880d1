package agent

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"
)

// busTray is a StatusNotifierItem with its com.canonical.dbusmenu, as panels of
// Linux desktops show.
type busTray struct {
	conn   *dbus.Conn
	props  *prop.Properties
	chosen func(int)
	done   chan struct{}

	mu      sync.Mutex
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

func newBusTray(chosen func(int)) (Tray, error) {
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		return nil, fmt.Errorf("no session bus: %w", err)
	}
	b := &busTray{conn: conn, chosen: chosen, done: make(chan struct{}), version: 1}
	if err := b.export(); err != nil {
		return nil, noClose(err, conn)
	}
	if err := conn.AddMatchSignal(dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, watcherName)); err != nil {
		return nil, noClose(err, conn)
	}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	go b.stay(signals)
	return b, nil
}

func (b *busTray) export() error {
	fixed := func(v any) *prop.Prop { return &prop.Prop{Value: v, Emit: prop.EmitFalse} }
	var err error
	b.props, err = prop.Export(b.conn, itemPath, prop.Map{itemFace: {
		"Category": fixed("Communications"), "Id": fixed("zummer-agent"), "Title": fixed("Zummer"), "Status": fixed("Active"), "WindowId": fixed(int32(0)),
		"IconName": fixed(""), "IconThemePath": fixed(""), "IconPixmap": fixed(pixmaps(TrayLost)), "OverlayIconName": fixed(""), "AttentionIconName": fixed(""),
		"ToolTip": fixed(tip{Title: "Zummer"}), "ItemIsMenu": fixed(true), "Menu": fixed(dbus.ObjectPath(menuPath))}})
	if err != nil {
		return fmt.Errorf("icon: %w", err)
	}
	if err := b.conn.Export(clicks{}, itemPath, itemFace); err != nil {
		return fmt.Errorf("icon: %w", err)
	}
	if _, err := prop.Export(b.conn, menuPath, prop.Map{menuFace: {"Version": fixed(uint32(3)), "Status": fixed("normal"), "TextDirection": fixed("ltr"), "IconThemePath": fixed([]string{})}}); err != nil {
		return fmt.Errorf("menu: %w", err)
	}
	if err := b.conn.Export(menu{b}, menuPath, menuFace); err != nil {
		return fmt.Errorf("menu: %w", err)
	}
	return nil
}

// stay shows the icon to the panel there is, and to each that comes later. It
// ends with the connection.
func (b *busTray) stay(signals <-chan *dbus.Signal) {
	defer close(b.done)
	b.register()
	for s := range signals {
		if len(s.Body) < 3 || s.Name != "org.freedesktop.DBus.NameOwnerChanged" || s.Body[0] != any(watcherName) {
			continue
		}
		if owner, _ := s.Body[2].(string); owner != "" {
			b.register()
		}
	}
}

// register has no error: without a panel there is nobody to show it to.
func (b *busTray) register() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = b.conn.Object(watcherName, "/StatusNotifierWatcher").CallWithContext(ctx, watcherName+".RegisterStatusNotifierItem", dbus.FlagNoAutoStart, itemPath).Err
}

func pixmaps(state TrayState) []pixmap {
	return []pixmap{{iconSize, iconSize, pixels(state)}}
}

// Set implements Tray. A signal that does not leave is a bus that is gone.
func (b *busTray) Set(v TrayView) {
	b.mu.Lock()
	old := b.view
	b.view = v
	b.version++
	version := b.version
	b.mu.Unlock()
	if old.State != v.State {
		b.put("IconPixmap", pixmaps(v.State))
		_ = b.conn.Emit(itemPath, itemFace+".NewIcon")
	}
	if old.Tip != v.Tip {
		b.put("ToolTip", tip{Title: v.Tip})
		_ = b.conn.Emit(itemPath, itemFace+".NewToolTip")
	}
	_ = b.conn.Emit(menuPath, menuFace+".LayoutUpdated", version, int32(0))
}

// put changes a property. The signal is not left to props, which panics when the
// bus is gone.
func (b *busTray) put(name string, v any) {
	b.props.SetMust(itemFace, name, v)
	_ = b.conn.Emit(itemPath, "org.freedesktop.DBus.Properties.PropertiesChanged", itemFace, map[string]dbus.Variant{name: dbus.MakeVariant(v)}, []string{})
}

// Stop implements Tray.
func (b *busTray) Stop() {
	_ = b.conn.Close() // we are leaving
	<-b.done
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
