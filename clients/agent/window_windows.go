package agent

import (
	"errors"
	"fmt"
	"runtime"
	"unicode/utf16"
	"unsafe"

	"golang.org/x/sys/windows"
)

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
	nifInfo, niifInfo                   = 0x10, 1
	balloonTimeout, balloonClick        = 0x0404, 0x0405
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

// shellWindow is a window that nobody sees, for an icon of the notification
// area. All that has to do with it happens on one thread of the system.
type shellWindow struct {
	// handle gets its messages on that thread; false: the system does what it
	// always does.
	handle  func(window, what, wParam, lParam uintptr) bool
	window  uintptr
	created uintptr // the message of a taskbar that has just come; 0: none
	done    chan struct{}
}

// open makes it, and calls begin on its thread.
func (w *shellWindow) open(class string, begin func()) error {
	w.done = make(chan struct{})
	ready := make(chan error, 1)
	go w.run(class, begin, ready)
	return <-ready
}

func (w *shellWindow) run(class string, begin func(), ready chan<- error) {
	defer close(w.done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := w.make(class); err != nil {
		ready <- err
		return
	}
	begin()
	ready <- nil
	for {
		var m message
		if got, _, _ := procGetMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0); int32(got) <= 0 {
			return
		}
		_, _, _ = procDispatch.Call(uintptr(unsafe.Pointer(&m)))
	}
}

func (w *shellWindow) make(class string) error {
	name, err := windows.UTF16PtrFromString(class)
	if err != nil {
		return err
	}
	word, err := windows.UTF16PtrFromString("TaskbarCreated")
	if err != nil {
		return err
	}
	instance, _, _ := procGetModule.Call(0)
	w.created, _, _ = procRegisterWord.Call(uintptr(unsafe.Pointer(word)))
	c := windowClass{instance: instance, className: name, proc: windows.NewCallback(func(window, what, wParam, lParam uintptr) uintptr {
		switch {
		case w.handle(window, what, wParam, lParam):
		case what == wmDestroy:
			_, _, _ = procPostQuit.Call(0)
		default:
			r, _, _ := procDefWindow.Call(window, what, wParam, lParam)
			return r
		}
		return 0
	})}
	c.size = uint32(unsafe.Sizeof(c))
	if got, _, err := procRegisterClass.Call(uintptr(unsafe.Pointer(&c))); got == 0 {
		return fmt.Errorf("%w: %w", errShellTrayWindow, err)
	}
	window, _, err := procCreateWindow.Call(0, uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(name)), 0, 0, 0, 0, 0, 0, 0, instance, 0)
	if window == 0 {
		return fmt.Errorf("%w: %w", errShellTrayWindow, err)
	}
	w.window = window
	return nil
}

// post sends the window a message from any thread.
func (w *shellWindow) post(what uintptr) { _, _, _ = procPostMessage.Call(w.window, what, 0, 0) }

// close takes it away.
func (w *shellWindow) close() {
	w.post(wmClose)
	<-w.done
}

// notify tells the taskbar of the window's icon.
func (w *shellWindow) notify(what uintptr, n *notifyIcon) {
	n.size, n.window, n.callback = uint32(unsafe.Sizeof(*n)), w.window, wmIcon
	_, _, _ = procNotifyIcon.Call(what, uintptr(unsafe.Pointer(n))) // without a taskbar there is nobody to show it
}

// fill puts a text into a field of the system, cut between two characters; the
// last unit stays 0.
func fill(field []uint16, text string) {
	at := 0
	for _, r := range plain(text) {
		units := utf16.AppendRune(nil, r)
		if at+len(units) >= len(field) {
			return
		}
		at += copy(field[at:], units)
	}
}
