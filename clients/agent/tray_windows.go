package agent

import (
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"
)

// shellTray is an icon of the notification area. All that has to do with its
// window happens on one thread of the system.
type shellTray struct {
	chosen func(int)
	w      shellWindow
	icon   uintptr
	shown  TrayState // that icon is of

	mu   sync.Mutex
	view TrayView
}

func newShellTray(chosen func(int)) (Tray, error) {
	s := &shellTray{chosen: chosen, view: TrayView{State: TrayLost, Tip: "Zummer"}}
	s.w.handle = s.handle
	if err := s.w.open("ZummerAgentIcon", func() { s.tell(nimAdd) }); err != nil { // without a taskbar it comes with TaskbarCreated
		return nil, err
	}
	return s, nil
}

// handle gets the window's messages.
func (s *shellTray) handle(window, what, _, lParam uintptr) bool {
	switch {
	case what == wmIcon && (lParam&0xffff == wmLeftUp || lParam&0xffff == wmRightUp):
		s.menu()
	case what == wmView:
		s.tell(nimModify)
	case what == s.w.created && what != 0: // the taskbar was started anew
		s.tell(nimAdd)
	case what == wmClose:
		s.tell(nimDelete)
		_, _, _ = procDestroyWindow.Call(window)
	default:
		return false
	}
	return true
}

func (s *shellTray) now() TrayView {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view
}

// tell gives the icon to the taskbar, as it is now.
func (s *shellTray) tell(what uintptr) {
	v := s.now()
	old := uintptr(0)
	if s.icon == 0 || s.shown != v.State {
		old, s.icon, s.shown = s.icon, drawn(v.State), v.State
	}
	n := notifyIcon{id: 1, flags: nifMessage | nifIcon | nifTip, icon: s.icon}
	fill(n.tip[:], v.Tip)
	s.w.notify(what, &n)
	if old != 0 {
		_, _, _ = procDestroyIcon.Call(old)
	}
}

// drawn makes an icon of the system: blue, green, red, alpha.
func drawn(state TrayState) uintptr {
	argb := pixels(state)
	bits := make([]byte, len(argb))
	for i := 0; i+3 < len(argb); i += 4 {
		bits[i], bits[i+1], bits[i+2], bits[i+3] = argb[i+3], argb[i+2], argb[i+1], argb[i]
	}
	mask := make([]byte, iconSize*((iconSize+15)/16)*2) // a row is a whole number of words
	icon, _, _ := procCreateIcon.Call(0, iconSize, iconSize, 1, 32, uintptr(unsafe.Pointer(&mask[0])), uintptr(unsafe.Pointer(&bits[0])))
	return icon
}

// menu shows the menu and waits for what is chosen.
func (s *shellTray) menu() {
	menu, _, _ := procCreateMenu.Call()
	if menu == 0 {
		return
	}
	defer func() { _, _, _ = procDestroyMenu.Call(menu) }()
	for _, i := range s.now().Items {
		flags := uintptr(0)
		if i.ID == 0 {
			flags = mfSeparator
		}
		if i.Plain {
			flags |= mfGrayed
		}
		if i.Checked {
			flags |= mfChecked
		}
		label, err := windows.UTF16PtrFromString(plain(i.Label))
		if err != nil {
			continue
		}
		_, _, _ = procAppendMenu.Call(menu, flags, uintptr(i.ID), uintptr(unsafe.Pointer(label)))
	}
	var at point
	_, _, _ = procGetCursor.Call(uintptr(unsafe.Pointer(&at)))
	_, _, _ = procSetForeground.Call(s.w.window) // else a click elsewhere does not close it
	id, _, _ := procTrackMenu.Call(menu, tpmReturn|tpmNoNotify|tpmRightBtn, uintptr(at.x), uintptr(at.y), 0, s.w.window, 0)
	s.w.post(wmNull)
	if id != 0 {
		s.chosen(int(id))
	}
}

// Set implements Tray.
func (s *shellTray) Set(v TrayView) {
	s.mu.Lock()
	s.view = v
	s.mu.Unlock()
	s.w.post(wmView)
}

// Stop implements Tray.
func (s *shellTray) Stop() {
	s.w.close()
}
