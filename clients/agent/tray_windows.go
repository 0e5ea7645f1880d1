package agent

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"
)

// shellTray is an icon of the notification area. All that has to do with its
// window happens on one thread of the system.
type shellTray struct {
	chosen func(int)
	done   chan struct{}
	window uintptr
	icon   uintptr
	shown  TrayState // that icon is of

	mu   sync.Mutex
	view TrayView
}

var (
	user32  = windows.NewLazySystemDLL("user32.dll")
	shell32 = windows.NewLazySystemDLL("shell32.dll")
	kernel  = windows.NewLazySystemDLL("kernel32.dll")

	procRegisterClass  = user32.NewProc("RegisterClassExW")
	procCreateWindow   = user32.NewProc("CreateWindowExW")
	procDestroyWindow  = user32.NewProc("DestroyWindow")
	procDefWindow      = user32.NewProc("DefWindowProcW")
	procGetMessage     = user32.NewProc("GetMessageW")
	procDispatch       = user32.NewProc("DispatchMessageW")
	procPostMessage    = user32.NewProc("PostMessageW")
	procPostQuit       = user32.NewProc("PostQuitMessage")
	procRegisterWord   = user32.NewProc("RegisterWindowMessageW")
	procCreateIcon     = user32.NewProc("CreateIcon")
	procDestroyIcon    = user32.NewProc("DestroyIcon")
	procCreateMenu     = user32.NewProc("CreatePopupMenu")
	procAppendMenu     = user32.NewProc("AppendMenuW")
	procTrackMenu      = user32.NewProc("TrackPopupMenu")
	procDestroyMenu    = user32.NewProc("DestroyMenu")
	procSetForeground  = user32.NewProc("SetForegroundWindow")
	procGetCursor      = user32.NewProc("GetCursorPos")
	procNotifyIcon     = shell32.NewProc("Shell_NotifyIconW")
	procGetModule      = kernel.NewProc("GetModuleHandleW")
	errShellTrayWindow = errors.New("the icon's window could not be made")
)

// Of winuser.h and shellapi.h.
const (
	wmNull, wmDestroy, wmClose          = 0x0000, 0x0002, 0x0010
	wmLeftUp, wmRightUp                 = 0x0202, 0x0205
	wmIcon, wmView                      = 0x8001, 0x8002 // our own, from WM_APP on
	nimAdd, nimModify, nimDelete        = 0, 1, 2
	nifMessage, nifIcon, nifTip         = 1, 2, 4
	mfGrayed, mfChecked, mfSeparator    = 0x0001, 0x0008, 0x0800
	tpmReturn, tpmNoNotify, tpmRightBtn = 0x0100, 0x0080, 0x0002
)

type windowClass struct {
	size, style                        uint32
	proc                               uintptr
	classExtra, windowExtra            int32
	instance, icon, cursor, background uintptr
	menuName, className                *uint16
	iconSmall                          uintptr
}

type point struct{ x, y int32 }

type message struct {
	window         uintptr
	message        uint32
	wParam, lParam uintptr
	time           uint32
	at             point
	private        uint32
}

type notifyIcon struct {
	size                uint32
	window              uintptr
	id, flags, callback uint32
	icon                uintptr
	tip                 [128]uint16
	state, stateMask    uint32
	info                [256]uint16
	version             uint32
	infoTitle           [64]uint16
	infoFlags           uint32
	guid                windows.GUID
	balloonIcon         uintptr
}

func newShellTray(chosen func(int)) (Tray, error) {
	s := &shellTray{chosen: chosen, done: make(chan struct{}), view: TrayView{State: TrayLost, Tip: "Zummer"}}
	ready := make(chan error, 1)
	go s.run(ready)
	if err := <-ready; err != nil {
		return nil, err
	}
	return s, nil
}

// run is the window's thread.
func (s *shellTray) run(ready chan<- error) {
	defer close(s.done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := s.make(); err != nil {
		ready <- err
		return
	}
	s.tell(nimAdd) // without a taskbar it comes with TaskbarCreated
	ready <- nil
	for {
		var m message
		if got, _, _ := procGetMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0); int32(got) <= 0 {
			return
		}
		_, _, _ = procDispatch.Call(uintptr(unsafe.Pointer(&m)))
	}
}

func (s *shellTray) make() error {
	name, err := windows.UTF16PtrFromString("ZummerAgentIcon")
	if err != nil {
		return err
	}
	word, err := windows.UTF16PtrFromString("TaskbarCreated")
	if err != nil {
		return err
	}
	instance, _, _ := procGetModule.Call(0)
	created, _, _ := procRegisterWord.Call(uintptr(unsafe.Pointer(word)))
	class := windowClass{instance: instance, className: name, proc: windows.NewCallback(func(window, what, wParam, lParam uintptr) uintptr {
		switch {
		case what == wmIcon && (lParam&0xffff == wmLeftUp || lParam&0xffff == wmRightUp):
			s.menu()
		case what == wmView:
			s.tell(nimModify)
		case what == created && created != 0: // the taskbar was started anew
			s.tell(nimAdd)
		case what == wmClose:
			s.tell(nimDelete)
			_, _, _ = procDestroyWindow.Call(window)
		case what == wmDestroy:
			_, _, _ = procPostQuit.Call(0)
		default:
			r, _, _ := procDefWindow.Call(window, what, wParam, lParam)
			return r
		}
		return 0
	})}
	class.size = uint32(unsafe.Sizeof(class))
	if got, _, err := procRegisterClass.Call(uintptr(unsafe.Pointer(&class))); got == 0 {
		return fmt.Errorf("%w: %w", errShellTrayWindow, err)
	}
	window, _, err := procCreateWindow.Call(0, uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(name)), 0, 0, 0, 0, 0, 0, 0, instance, 0)
	if window == 0 {
		return fmt.Errorf("%w: %w", errShellTrayWindow, err)
	}
	s.window = window
	return nil
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
	n := notifyIcon{window: s.window, id: 1, flags: nifMessage | nifIcon | nifTip, callback: wmIcon, icon: s.icon}
	n.size = uint32(unsafe.Sizeof(n))
	if text, err := windows.UTF16FromString(plain(v.Tip)); err == nil {
		copy(n.tip[:len(n.tip)-1], text) // the last one stays 0
	}
	_, _, _ = procNotifyIcon.Call(what, uintptr(unsafe.Pointer(&n))) // without a taskbar there is nobody to show it
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
	_, _, _ = procSetForeground.Call(s.window) // else a click elsewhere does not close it
	id, _, _ := procTrackMenu.Call(menu, tpmReturn|tpmNoNotify|tpmRightBtn, uintptr(at.x), uintptr(at.y), 0, s.window, 0)
	_, _, _ = procPostMessage.Call(s.window, wmNull, 0, 0)
	if id != 0 {
		s.chosen(int(id))
	}
}

// Set implements Tray.
func (s *shellTray) Set(v TrayView) {
	s.mu.Lock()
	s.view = v
	s.mu.Unlock()
	_, _, _ = procPostMessage.Call(s.window, wmView, 0, 0)
}

// Stop implements Tray.
func (s *shellTray) Stop() {
	_, _, _ = procPostMessage.Call(s.window, wmClose, 0, 0)
	<-s.done
}
