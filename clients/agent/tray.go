package agent

import (
	"errors"
	"log/slog"
	"runtime"
)

// TrayState is what the icon shows.
type TrayState string

// The states of the icon; Lost goes before Quiet.
const (
	TrayConnected TrayState = "connected"
	TrayLost      TrayState = "lost"
	TrayQuiet     TrayState = "quiet"
)

// TrayItem is a line of the icon's menu.
type TrayItem struct {
	ID      int    // given to whoever is told of a click; 0: a line between
	Label   string // plain text
	Plain   bool   // it only says something
	Check   bool   // it is on or off
	Checked bool
}

// TrayView is an icon as it shall be.
type TrayView struct {
	State TrayState
	Tip   string
	Items []TrayItem
}

// Tray is an icon beside the clock. Its methods may be called from one
// goroutine.
type Tray interface {
	Set(v TrayView)
	Stop()
}

// NewTray is the icon of a system (GOOS); chosen is told the ID of a line that
// was clicked, and must not block. No icon is seen while nothing shows icons,
// which is no error: it comes when a panel does, and comes back with it. Errors:
// there will never be one here.
func NewTray(system string, chosen func(id int), log *slog.Logger) (Tray, error) {
	switch system {
	case "windows":
		return newShellTray(chosen)
	case "darwin":
		return nil, errNoTray
	}
	return newBusTray(chosen, log), nil
}

var errNoTray = errors.New("there is no icon on " + runtime.GOOS)

// iconSize is the width and height of an icon in points.
const iconSize = 22

// pixels draws an icon, four bytes a point: alpha, red, green, blue. The states
// differ in their shape too, for those who cannot tell the colours: a disc, a
// ring, a disc with a bar.
func pixels(state TrayState) []byte {
	red, green, blue := byte(0x2e), byte(0x9e), byte(0x4f)
	switch state {
	case TrayLost:
		red, green, blue = 0xd0, 0x3a, 0x2f
	case TrayQuiet:
		red, green, blue = 0x80, 0x80, 0x80
	}
	out := make([]byte, 0, iconSize*iconSize*4)
	for y := range iconSize {
		for x := range iconSize {
			dx, dy := 2*x-iconSize+1, 2*y-iconSize+1
			r := dx*dx + dy*dy // of twice the radius
			switch {
			case r > 20*20, state == TrayLost && r < 12*12:
				out = append(out, 0, 0, 0, 0)
			case state == TrayQuiet && dy*dy < 4*4 && dx*dx < 13*13:
				out = append(out, 0xff, 0xff, 0xff, 0xff)
			default:
				out = append(out, 0xff, red, green, blue)
			}
		}
	}
	return out
}
